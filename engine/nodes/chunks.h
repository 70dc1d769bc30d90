// A text in pieces of limited size.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/app/app.h"

namespace plenum::nodes {

// At most `size` characters each, cut where a paragraph, else a sentence, else a word ends, and at
// the worst between two characters; each begins with up to `overlap` characters of the end of the
// one before, from the start of a word on.  White space around them is dropped; none is empty.
std::vector<std::string> cut(std::string_view text, const app::Chunking& chunking);

}  // namespace plenum::nodes
