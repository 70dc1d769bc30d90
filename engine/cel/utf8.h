// Text by code points.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace plenum::cel {

size_t utf8_size(std::string_view text);  // in code points
// The offset behind the character at `at`, and of the `count`-th character behind `from`; at most
// the text's size.
size_t utf8_next(std::string_view text, size_t at);
size_t utf8_offset(std::string_view text, size_t count, size_t from = 0);
uint32_t utf8_decode(std::string_view text, size_t at);

// Whether the text is UTF-8 without surrogates; if not, where it is not.
bool is_utf8(std::string_view text, size_t* where = nullptr);
void append_utf8(std::string& text, uint32_t code_point);

}  // namespace plenum::cel
