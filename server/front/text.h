// Small questions about bytes that head, body and multipart parsers all ask.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace plenum::front {

// The lower-case form of a byte that may stand in an RFC 9110 token, 0 for any other.
inline constexpr std::array<char, 256> kTokenLower = [] {
  std::array<char, 256> table{};
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<uint8_t>(c)] = c;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<uint8_t>(c)] = static_cast<char>(c + 32);
  for (char c = '0'; c <= '9'; ++c) table[static_cast<uint8_t>(c)] = c;
  for (char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<uint8_t>(c)] = c;
  return table;
}();

inline bool is_token(std::string_view text) {
  for (const char c : text)
    if (!kTokenLower[static_cast<uint8_t>(c)]) return false;
  return !text.empty();
}

inline char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

inline bool equal_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

// Without the spaces and tabs at both ends.
inline std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Whether the text may be a header's value: no control bytes but the tab.
inline bool is_field_value(std::string_view text) {
  for (const char c : text)
    if ((static_cast<uint8_t>(c) < 0x20 && c != '\t') || c == 0x7f) return false;
  return true;
}

inline int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Well-formed UTF-8 as RFC 3629 has it: shortest forms, no surrogates, nothing above U+10FFFF.
inline bool is_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto byte = [&](size_t k) {
      return i + k < text.size() ? static_cast<uint8_t>(text[i + k]) : 0;
    };
    const auto follows = [&](size_t k) { return (byte(k) & 0xC0) == 0x80; };
    const uint8_t c = byte(0);
    if (c < 0x80) {
      i += 1;
    } else if (c >= 0xC2 && c <= 0xDF && follows(1)) {
      i += 2;
    } else if ((c & 0xF0) == 0xE0 && follows(1) && follows(2) && !(c == 0xE0 && byte(1) < 0xA0) &&
               !(c == 0xED && byte(1) > 0x9F)) {
      i += 3;
    } else if (c >= 0xF0 && c <= 0xF4 && follows(1) && follows(2) && follows(3) &&
               !(c == 0xF0 && byte(1) < 0x90) && !(c == 0xF4 && byte(1) > 0x8F)) {
      i += 4;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace plenum::front
