// QtWebKit, under wkhtmltopdf, measures a word with a left-to-right base: its letters then lie over
// their neighbours.  A word that stands between right-to-left marks is measured as it is drawn.
//
// The marks have no width and no glyph, so they are put into every text that runs from right to
// left, and nothing else is touched: not the template, whose author chose every character.
#include "engine/nodes/right_to_left.h"

#include <nlohmann/json.hpp>

#include "engine/base/utf8.h"

namespace plenum::nodes {

namespace {

constexpr std::string_view kMark = "\xE2\x80\x8F";

char32_t point_at(std::string_view text, size_t at, size_t length) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[at + i]); };
  if (length == 1) return byte(0);
  char32_t point = byte(0) & (0xFFu >> (length + 1));
  for (size_t i = 1; i < length; ++i) point = point << 6 | (byte(i) & 0x3Fu);
  return point;
}

bool in(char32_t point, char32_t first, char32_t last) {
  return point >= first && point <= last;
}

// Arabic digits and the signs over letters take the direction of what is around them.
bool right_to_left(char32_t point) {
  if (in(point, 0x0660, 0x0669) || in(point, 0x06F0, 0x06F9) || in(point, 0x064B, 0x065F))
    return false;
  return in(point, 0x0590, 0x08FF) || in(point, 0xFB1D, 0xFDFF) || in(point, 0xFE70, 0xFEFC);
}

bool left_to_right(char32_t point) {
  if (point < 0xAA) return in(point, 'A', 'Z') || in(point, 'a', 'z');
  if (in(point, 0xAB, 0xBF)) return point == 0xB5 || point == 0xBA;
  if (point == 0xD7 || point == 0xF7) return false;
  if (in(point, 0x0300, 0x036F) || in(point, 0x0590, 0x08FF)) return false;
  if (in(point, 0x2000, 0x2BFF) || in(point, 0x3000, 0x3004)) return false;
  if (in(point, 0x1F000, 0x1FAFF)) return false;  // pictures
  return !in(point, 0xFB1D, 0xFDFF) && !in(point, 0xFE00, 0xFEFF);
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

}  // namespace

bool runs_right_to_left(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t length = utf8_length(text, at);
    if (length == 0) return false;
    const char32_t point = point_at(text, at, length);
    if (right_to_left(point)) return true;
    if (left_to_right(point)) return false;
    at += length;
  }
  return false;
}

std::string mark_words(std::string_view text) {
  if (!runs_right_to_left(text)) return std::string(text);
  std::string out;
  out.reserve(text.size() * 2);
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && is_space(text[end]) == is_space(text[at])) ++end;
    const std::string_view piece = text.substr(at, end - at);
    if (is_space(text[at]))
      out += piece;
    else
      out.append(kMark).append(piece).append(kMark);
    at = end;
  }
  return out;
}

Json marked(const Json& value) {
  if (value.is_string()) return mark_words(value.get_ref<const std::string&>());
  if (!value.is_structured()) return value;
  Json out = value;
  for (Json& item : out) item = marked(item);
  return out;
}

const Json* MarkedScope::find(std::string_view name) const {
  if (const auto known = marked_.find(name); known != marked_.end()) return &known->second;
  const Json* value = scope_.find(name);
  if (!value) return nullptr;
  return &marked_.emplace(std::string(name), marked(*value)).first->second;
}

}  // namespace plenum::nodes
