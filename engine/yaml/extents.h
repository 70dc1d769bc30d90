// Where things end that were meant as one text.
#pragma once

#include <string>
#include <string_view>

#include "engine/yaml/source.h"

namespace plenum::yaml {

bool starts_comment(const Source& source, size_t at);

// The place behind the closing quote on the same line, or npos.
size_t quote_end(const Source& source, size_t begin);

// Where a value that was meant as one text ends: outside of brackets at the line's end or a
// comment, inside at the comma or bracket that no bracket or quote of the value itself encloses.
size_t block_value_end(const Source& source, size_t begin);
size_t flow_value_end(const Source& source, size_t begin);

// The text in quotes, for a help: `"{{tone}}"`.
std::string in_quotes(std::string_view text);

}  // namespace plenum::yaml
