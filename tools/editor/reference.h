// What may stand in app files, in words: from the tables that the loader, the editor's schema and
// the expressions' documentation are made of.
#pragma once

#include <string>

namespace plenum::editor {

// Keys, node kinds and functions, as Markdown: docs/reference.md.
std::string reference_page();

// A node kind, a key or a function; "" when there is none of that name, and `near` is then a name
// that is close, or "".
std::string explained(const std::string& name, std::string& near);

}  // namespace plenum::editor
