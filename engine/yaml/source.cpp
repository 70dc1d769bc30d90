#include "engine/yaml/source.h"

#include <algorithm>

namespace plenum::yaml {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}
bool is_break(char c) {
  return c == '\n' || c == '\r';
}

Source::Source(std::string file, std::string_view text)
    : file_(std::make_shared<const std::string>(std::move(file))), text_(text), lines_{0} {
  for (size_t i = 0; i < text_.size(); ++i)
    if (text_[i] == '\n') lines_.push_back(i + 1);
}

std::string_view Source::between(size_t begin, size_t end) const {
  begin = std::min(begin, text_.size());
  return std::string_view(text_).substr(begin, std::max(begin, end) - begin);
}

size_t Source::line_begin(size_t at) const {
  return *std::prev(std::upper_bound(lines_.begin(), lines_.end(), std::min(at, text_.size())));
}

size_t Source::next_line(size_t at) const {
  const auto next = std::upper_bound(lines_.begin(), lines_.end(), std::min(at, text_.size()));
  return next == lines_.end() ? text_.size() : *next;
}

size_t Source::line_end(size_t at) const {
  size_t end = next_line(at);
  if (end > 0 && end > line_begin(at) && text_[end - 1] == '\n') --end;
  if (end > line_begin(at) && text_[end - 1] == '\r') --end;
  return end;
}

Position Source::place(size_t at) const {
  at = std::min(at, text_.size());
  const auto line = std::prev(std::upper_bound(lines_.begin(), lines_.end(), at));
  return {static_cast<int>(line - lines_.begin()) + 1, static_cast<int>(at - *line) + 1};
}

Span Source::span(size_t begin, size_t end) const {
  return {file_, place(begin), place(std::max(begin, end))};
}

size_t Source::skip_blanks(size_t at) const {
  while (is_blank((*this)[at])) ++at;
  return at;
}

size_t Source::skip_trivia(size_t at) const {
  for (;;) {
    while (is_blank((*this)[at]) || is_break((*this)[at])) ++at;
    const bool comment =
        (*this)[at] == '#' && (at == 0 || is_blank(text_[at - 1]) || is_break(text_[at - 1]));
    if (!comment) return std::min(at, text_.size());
    at = line_end(at);
  }
}

size_t Source::trim_blanks(size_t begin, size_t end) const {
  while (end > begin && is_blank(text_[end - 1])) --end;
  return end;
}

void Source::blot_out(size_t begin, size_t end) {
  std::fill(text_.begin() + static_cast<std::ptrdiff_t>(begin),
            text_.begin() + static_cast<std::ptrdiff_t>(end), 'x');
}

}  // namespace plenum::yaml
