// Cuts between two characters only: every place is the first byte of one.
#include "engine/nodes/chunks.h"

#include <algorithm>

namespace plenum::nodes {

namespace {

bool is_inside(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}
bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

// `count` characters on from a place, or the text's end.
size_t forward(std::string_view text, size_t at, int count) {
  for (; count > 0 && at < text.size(); --count) {
    ++at;
    while (at < text.size() && is_inside(text[at])) ++at;
  }
  return at;
}

size_t back(std::string_view text, size_t at, int count) {
  for (; count > 0 && at > 0; --count) {
    --at;
    while (at > 0 && is_inside(text[at])) --at;
  }
  return at;
}

bool ends_sentence(std::string_view text, size_t at) {
  const std::string_view before = text.substr(0, at);
  for (const std::string_view wide : {"。", "！", "？"})
    if (before.ends_with(wide)) return true;
  if (before.ends_with('\n')) return true;
  return is_space(text[at]) && !before.empty() &&
         std::string_view(".!?:;").find(before.back()) != std::string_view::npos;
}

// The last good place behind `from` and not behind `limit`: before a paragraph in the latter half,
// else a sentence there, else before a word anywhere.
size_t break_in(std::string_view text, size_t from, size_t limit) {
  const size_t half = from + (limit - from) / 2;
  const size_t paragraph = text.substr(half, limit - half).rfind("\n\n");
  if (paragraph != std::string_view::npos && half + paragraph > from) return half + paragraph;
  for (size_t at = limit; at > half; --at)
    if (!is_inside(text[at]) && ends_sentence(text, at)) return at;
  for (size_t at = limit; at > from; --at)
    if (is_space(text[at])) return at;
  return limit;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// Where the next piece begins: at a word, if one begins in the overlap.
size_t begin_of_next(std::string_view text, size_t from, size_t end, int overlap) {
  const size_t start = std::max(back(text, end, overlap), from + 1);
  for (size_t at = start; at < end; ++at)
    if (is_space(text[at - 1]) && !is_space(text[at])) return at;
  // No word begins there; a text without spaces overlaps anyway.
  const bool spaced = text.substr(from, end - from).find(' ') != std::string_view::npos;
  size_t at = spaced ? end : start;
  while (at < end && is_inside(text[at])) ++at;
  return at;
}

}  // namespace

std::vector<std::string> cut(std::string_view text, const app::Chunking& chunking) {
  std::vector<std::string> pieces;
  for (size_t from = 0; from < text.size();) {
    while (from < text.size() && is_space(text[from])) ++from;
    const size_t limit = forward(text, from, chunking.size);
    const size_t end = limit == text.size() ? limit : break_in(text, from, limit);
    const std::string_view piece = trimmed(text.substr(from, end - from));
    if (!piece.empty()) pieces.emplace_back(piece);
    if (end == text.size()) break;
    from = begin_of_next(text, from, end, chunking.overlap);
  }
  return pieces;
}

}  // namespace plenum::nodes
