// UTF-8, byte by byte: what is well formed, and how a code point is written.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace plenum {

// The length of the well-formed sequence that starts at `at` (Unicode table 3-7: no overlong forms,
// no surrogates, nothing past U+10FFFF), or 0.
size_t utf8_length(std::string_view text, size_t at);

// Where the first byte stands that is not part of well-formed UTF-8, or npos.
size_t find_bad_utf8(std::string_view text);

// `point` must be a scalar value: at most 0x10FFFF and no surrogate.
void append_utf8(std::string& text, char32_t point);

}  // namespace plenum
