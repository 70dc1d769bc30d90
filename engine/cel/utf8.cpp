// UTF-8 by code points.  Text of Json is UTF-8 already; the functions stay inside it even where it
// is not.
#include "engine/cel/utf8.h"

#include <algorithm>

namespace plenum::cel {
namespace {

bool starts_character(char c) {
  return (c & 0xC0) != 0x80;
}

}  // namespace

size_t utf8_size(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

size_t utf8_next(std::string_view text, size_t at) {
  do {
    ++at;
  } while (at < text.size() && !starts_character(text[at]));
  return std::min(at, text.size());
}

size_t utf8_offset(std::string_view text, size_t count, size_t from) {
  while (count-- > 0 && from < text.size()) from = utf8_next(text, from);
  return from;
}

uint32_t utf8_decode(std::string_view text, size_t at) {
  const auto c = static_cast<uint8_t>(text[at]);
  if (c < 0x80) return c;
  const size_t length = utf8_next(text, at) - at;
  if (length < 2 || length > 4) return 0xFFFD;
  uint32_t point = c & (0xFF >> (length + 1));
  for (size_t i = 1; i < length; ++i)
    point = point << 6 | (static_cast<uint8_t>(text[at + i]) & 0x3F);
  return point;
}

bool is_utf8(std::string_view text, size_t* where) {
  size_t i = 0;
  while (i < text.size()) {
    const auto c = static_cast<uint8_t>(text[i]);
    if (c < 0x80) {
      ++i;
      continue;
    }
    const size_t length = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    bool good = c >= 0xC2 && c <= 0xF4 && text.size() - i >= length;
    uint32_t point = c & (0xFF >> (length + 1));
    for (size_t k = 1; good && k < length; ++k) {
      const auto next = static_cast<uint8_t>(text[i + k]);
      good = (next & 0xC0) == 0x80;
      point = point << 6 | (next & 0x3F);
    }
    good = good && (length != 3 || point >= 0x800) && (length != 4 || point >= 0x10000) &&
           point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
    if (!good) {
      if (where) *where = i;
      return false;
    }
    i += length;
  }
  return true;
}

void append_utf8(std::string& text, uint32_t c) {
  const auto put = [&](uint32_t byte) { text += static_cast<char>(byte); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xC0 | c >> 6);
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3F));
  } else {
    put(0xF0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3F));
    put(0x80 | (c >> 6 & 0x3F));
  }
  put(0x80 | (c & 0x3F));
}

}  // namespace plenum::cel
