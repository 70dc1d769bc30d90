// Plain text, and the form that every text leaves in.  Compatibility characters (ligatures,
// full-width letters, Kangxi radicals) become the ordinary ones, so that a search or a model finds
// them.
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include "tools/extract/extract.h"

namespace plenum::extract {

namespace {

// What Windows-1252 has at 0x80 to 0x9F; 0: nothing.
constexpr std::array<char32_t, 32> kWindows = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

bool is_utf8(std::string_view text) {
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    utf8proc_int32_t point = 0;
    const utf8proc_ssize_t n = utf8proc_iterate(at, left, &point);
    if (n <= 0) return false;
    at += n;
    left -= n;
  }
  return true;
}

std::string from_utf16(std::string_view bytes, bool big) {
  const auto unit = [&](size_t i) -> char32_t {
    const auto a = static_cast<unsigned char>(bytes[i]),
               b = static_cast<unsigned char>(bytes[i + 1]);
    return big ? static_cast<char32_t>(a << 8 | b) : static_cast<char32_t>(b << 8 | a);
  };
  std::string text;
  for (size_t i = 2; i + 1 < bytes.size(); i += 2) {
    char32_t point = unit(i);
    const bool pair = point >= 0xD800 && point < 0xDC00 && i + 3 < bytes.size() &&
                      unit(i + 2) >= 0xDC00 && unit(i + 2) < 0xE000;
    if (pair) {
      point = 0x10000 + ((point - 0xD800) << 10) + (unit(i + 2) - 0xDC00);
      i += 2;
    } else if (point >= 0xD800 && point < 0xE000) {
      point = 0xFFFD;
    }
    append_utf8(text, point);
  }
  return text;
}

std::string from_windows(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    const bool special = byte >= 0x80 && byte < 0xA0;
    const char32_t point = special ? kWindows[byte - 0x80] : byte;
    append_utf8(text, point == 0 && special ? 0xFFFD : point);
  }
  return text;
}

// Characters that are no text: controls, the byte order mark, soft hyphens, marks that turn the
// reading direction.
bool is_dropped(utf8proc_int32_t c) {
  if (c == '\n' || c == '\t') return false;
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0xFEFF ||
         (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || (c & 0xFFFE) == 0xFFFE;
}

utf8proc_int32_t one_line_end(utf8proc_int32_t c) {
  return c == '\r' || c == '\f' || c == '\v' || c == 0x85 || c == 0x2028 || c == 0x2029 ? '\n' : c;
}

// Before the normal form is made, so that a letter and an accent that stood apart come together.
// False: not UTF-8.
bool clean(std::string& text) {
  std::string out;
  out.reserve(text.size());
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  for (bool after_return = false; left > 0;) {
    utf8proc_int32_t point = 0;
    const utf8proc_ssize_t n = utf8proc_iterate(at, left, &point);
    if (n <= 0) return false;
    const bool second_half = after_return && point == '\n';
    after_return = point == '\r';
    const utf8proc_int32_t c = one_line_end(point);
    if (!second_half && !is_dropped(c)) append_utf8(out, static_cast<char32_t>(c));
    at += n;
    left -= n;
  }
  text = std::move(out);
  return true;
}

void tidy_lines(std::string& text) {
  std::string out;
  out.reserve(text.size());
  bool gap = false;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = std::string_view(text).substr(begin, end - begin);
    line = line.substr(0, line.find_last_not_of(" \t") + 1);  // npos + 1 is 0
    begin = end + 1;
    if (line.empty()) {
      gap = !out.empty();
      continue;
    }
    if (gap) out += '\n';
    gap = false;
    out.append(line) += '\n';
  }
  text = std::move(out);
}

}  // namespace

void append_utf8(std::string& text, char32_t point) {
  utf8proc_uint8_t bytes[4];
  const utf8proc_ssize_t n = utf8proc_encode_char(static_cast<utf8proc_int32_t>(point), bytes);
  if (n > 0) text.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(n));
}

std::string to_utf8(std::string_view bytes) {
  if (bytes.starts_with("\xFF\xFE")) return from_utf16(bytes, false);
  if (bytes.starts_with("\xFE\xFF")) return from_utf16(bytes, true);
  return is_utf8(bytes) ? std::string(bytes) : from_windows(bytes);
}

bool normalise(std::string& text) {
  if (text.size() > kTextBytes || !clean(text)) return false;
  utf8proc_uint8_t* made = nullptr;
  const auto options =
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                   static_cast<utf8proc_ssize_t>(text.size()), &made, options);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(made, &std::free);
  if (size < 0) return false;
  text.assign(reinterpret_cast<const char*>(made), static_cast<size_t>(size));
  tidy_lines(text);
  return text.size() <= kTextBytes;
}

Answer read_text(std::string_view bytes) {
  return {{}, {}, to_utf8(bytes), 0};
}

}  // namespace plenum::extract
