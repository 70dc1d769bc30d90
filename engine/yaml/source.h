// A YAML file's text with its lines: turns the parser's byte offsets into places and finds where
// things end.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/mark.h"

namespace plenum::yaml {

class Source {
 public:
  Source(std::string file, std::string_view text);

  const std::string& text() const { return text_; }
  size_t size() const { return text_.size(); }
  char operator[](size_t at) const { return at < text_.size() ? text_[at] : '\0'; }
  std::string_view between(size_t begin, size_t end) const;

  Position place(size_t at) const;
  Span span(size_t begin, size_t end) const;
  size_t column(size_t at) const { return at - line_begin(at); }  // from 0
  size_t line_begin(size_t at) const;
  size_t line_end(size_t at) const;   // before the line break
  size_t next_line(size_t at) const;  // after it; size() when there is none

  size_t skip_blanks(size_t at) const;                 // spaces and tabs
  size_t skip_trivia(size_t at) const;                 // and line breaks and comments
  size_t trim_blanks(size_t begin, size_t end) const;  // `end` without the blanks before it

  // Puts a plain word of the same length in the place of [begin, end), so that everything else
  // keeps its offset.
  void blot_out(size_t begin, size_t end);

 private:
  std::shared_ptr<const std::string> file_;
  std::string text_;
  std::vector<size_t> lines_;  // where each begins
};

bool is_blank(char c);
bool is_break(char c);

}  // namespace plenum::yaml
