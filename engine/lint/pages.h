// What `plenum explain CODE` prints, and the page of all checks.
#pragma once

#include <string>
#include <string_view>

namespace plenum::lint {

// A check with its reason, examples and what is said of the bad one; "" for a code that there is
// not.
std::string explained(std::string_view code);

// README.md of this folder: every check, as Markdown.
std::string reference_page();

}  // namespace plenum::lint
