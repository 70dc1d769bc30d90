#include "tools/editor/places.h"

#include <nlohmann/json.hpp>

namespace plenum::editor {

namespace {

// Bytes and UTF-16 units of the character that starts with this byte.
int bytes_of(unsigned char c) {
  return c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}
int units_of(unsigned char c) {
  return c < 0xF0 ? 1 : 2;
}

int number(const Json& object, const char* key) {
  const Json* value = find(object, key);
  return value && value->is_number_integer() && *value >= 0 && *value < 1'000'000'000
             ? value->get<int>()
             : 0;
}

int hex(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

}  // namespace

std::string_view line_of(std::string_view text, int line) {
  for (int i = 1; i < line; ++i) {
    const size_t end = text.find('\n');
    if (end == text.npos) return {};
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

Json to_editor(std::string_view text, Position position) {
  const std::string_view line = line_of(text, position.line);
  int units = 0;
  for (size_t i = 0; i < line.size() && static_cast<int>(i) < position.column - 1;) {
    const auto c = static_cast<unsigned char>(line[i]);
    units += units_of(c);
    i += static_cast<size_t>(bytes_of(c));
  }
  return Json{{"line", std::max(0, position.line - 1)}, {"character", units}};
}

Position from_editor(std::string_view text, const Json& position) {
  Position out{number(position, "line") + 1, 1};
  const std::string_view line = line_of(text, out.line);
  int left = number(position, "character");
  size_t at = 0;
  while (at < line.size() && left > 0) {
    const auto c = static_cast<unsigned char>(line[at]);
    left -= units_of(c);
    at += static_cast<size_t>(bytes_of(c));
  }
  out.column = static_cast<int>(std::min(at, line.size())) + 1;
  return out;
}

Json range_of(std::string_view text, Position start, Position end) {
  return Json{{"start", to_editor(text, start)}, {"end", to_editor(text, end)}};
}

std::string path_of(const std::string& uri) {
  if (!uri.starts_with("file://")) return {};
  std::string path;
  for (size_t i = uri.find('/', 7); i < uri.size(); ++i) {
    const int high = uri[i] == '%' && i + 2 < uri.size() ? hex(uri[i + 1]) : -1;
    const int low = high >= 0 ? hex(uri[i + 2]) : -1;
    path += low >= 0 ? static_cast<char>(high * 16 + low) : uri[i];
    if (low >= 0) i += 2;
  }
  return path;
}

std::string uri_of(const std::string& path) {
  std::string uri = "file://";
  for (const char c : path) {
    if (isalnum(static_cast<unsigned char>(c)) || strchr("/._-~", c)) {
      uri += c;
      continue;
    }
    char text[4];
    snprintf(text, sizeof text, "%%%02X", static_cast<unsigned char>(c));
    uri += text;
  }
  return uri;
}

}  // namespace plenum::editor
