#include "engine/yaml/extents.h"

#include <algorithm>

namespace plenum::yaml {

bool starts_comment(const Source& source, size_t at) {
  return source[at] == '#' && at > 0 && is_blank(source[at - 1]);
}

size_t quote_end(const Source& source, size_t begin) {
  const size_t end = source.line_end(begin);
  for (size_t i = begin + 1; i < end; ++i) {
    if (source[begin] == '"' && source[i] == '\\') {
      ++i;
    } else if (source[i] == source[begin]) {
      if (source[begin] == '"' || source[i + 1] != '\'') return i + 1;
      ++i;
    }
  }
  return std::string::npos;
}

std::string in_quotes(std::string_view text) {
  if (text.find_first_of("\"\\") == std::string_view::npos) return "\"" + std::string(text) + "\"";
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "''" : std::string(1, c);
  return out + "'";
}

size_t block_value_end(const Source& source, size_t begin) {
  size_t end = source.line_end(begin);
  size_t from = begin;
  if (source[begin] == '"' || source[begin] == '\'')
    if (const size_t quote = quote_end(source, begin); quote != std::string::npos) from = quote;
  for (size_t i = from; i < end; ++i)
    if (starts_comment(source, i)) end = i;
  return source.trim_blanks(begin, end);
}

size_t flow_value_end(const Source& source, size_t begin) {
  const size_t end = source.line_end(begin);
  int depth = 0;
  size_t i = begin;
  for (; i < end; ++i) {
    const char c = source[i];
    const bool opens =
        c == '"' ||
        (c == '\'' && (i == begin || !std::isalnum(static_cast<unsigned char>(source[i - 1]))));
    if (opens) {
      if (const size_t quote = quote_end(source, i); quote != std::string::npos) i = quote - 1;
    } else if (std::string_view("([{").find(c) != std::string_view::npos) {
      ++depth;
    } else if (depth > 0 && std::string_view(")]}").find(c) != std::string_view::npos) {
      --depth;
    } else if (depth == 0 && (c == ',' || c == ']' || c == '}')) {
      break;
    }
  }
  if (depth == 0) return source.trim_blanks(begin, i);
  // Brackets that never close enclose nothing.
  for (i = begin; i < end && source[i] != ',' && source[i] != ']' && source[i] != '}';) ++i;
  return source.trim_blanks(begin, i);
}

}  // namespace plenum::yaml
