// The reader makes the text a second time, noting a run wherever neighbouring characters of the
// text do not stand side by side in the file (escapes, folded lines, indentation).  Where its text
// differs from the parser's, the runs are given up for the scalar's beginning alone: a place that
// is near, never one that is wrong.
#include "engine/yaml/scalar.h"

#include <charconv>

#include "engine/base/utf8.h"

namespace plenum::yaml {

namespace {

class Reader {
 public:
  Reader(const Source& source, size_t begin, const std::string& value)
      : source_(source), at_(begin), value_(value) {}

  ScalarSource read() {
    const size_t begin = at_;
    switch (source_[at_]) {
      case '\'':
        single_quoted();
        break;
      case '"':
        double_quoted();
        break;
      case '|':
        literal();
        break;
      case '>':
        folded();
        break;
      default:
        plain();
        break;
    }
    const bool own = out_.style == Node::Style::double_quoted && out_.closed;
    if (!own && text_ != value_) out_.runs.assign(1, {0, source_.place(begin)});
    out_.text = own ? std::move(text_) : value_;
    return std::move(out_);
  }

 private:
  void run(size_t at) { out_.runs.push_back({text_.size(), source_.place(at)}); }

  void plain() {
    out_.style = Node::Style::plain;
    run(at_);
    while (text_.size() < value_.size() && at_ < source_.size()) {
      if (!fold()) text_ += source_[at_++];
    }
    out_.end = at_;
  }

  // Blanks around line breaks become one space, or one break less than there are.
  bool fold() {
    const size_t blanks = source_.skip_blanks(at_);
    if (!is_break(source_[blanks])) return false;
    size_t next = source_.next_line(blanks);
    size_t empty = 0;
    for (;; ++empty) {
      const size_t content = source_.skip_blanks(next);
      if (!is_break(source_[content])) {
        if (empty == 0) text_ += ' ';
        at_ = content;
        run(at_);
        return true;
      }
      run(next);
      text_ += '\n';
      next = source_.next_line(content);
    }
  }

  void close(bool closed) {
    out_.closed = closed;
    run(at_);
    out_.end = closed ? at_ + 1 : at_;
  }

  void single_quoted() {
    out_.style = Node::Style::single_quoted;
    run(++at_);
    while (at_ < source_.size()) {
      if (fold()) continue;
      if (source_[at_] != '\'') {
        text_ += source_[at_++];
      } else if (source_[at_ + 1] == '\'') {
        text_ += '\'';
        at_ += 2;
        run(at_);
      } else {
        return close(true);
      }
    }
    close(false);
  }

  void double_quoted() {
    out_.style = Node::Style::double_quoted;
    run(++at_);
    while (at_ < source_.size()) {
      if (fold()) continue;
      if (source_[at_] == '"') return close(true);
      if (source_[at_] == '\\')
        escape();
      else
        text_ += source_[at_++];
    }
    close(false);
  }

  void escape() {
    run(at_);
    const size_t start = at_++;
    const char kind = source_[at_];
    if (is_break(kind)) return continue_line();
    if (at_ < source_.size()) ++at_;
    static constexpr std::string_view kNames = "0abtnvfre \"/\\\t";
    static constexpr std::string_view kMeanings("\0\a\b\t\n\v\f\r\x1b \"/\\\t", 14);
    if (const size_t i = kNames.find(kind); i != std::string_view::npos)
      text_ += kMeanings[i];
    else if (kind == 'N')
      append_utf8(text_, 0x85);
    else if (kind == '_')
      append_utf8(text_, 0xA0);
    else if (kind == 'L')
      append_utf8(text_, 0x2028);
    else if (kind == 'P')
      append_utf8(text_, 0x2029);
    else if (kind == 'x' || kind == 'u' || kind == 'U')
      code_point(start, kind == 'x' ? 2 : kind == 'u' ? 4 : 8);
    else if (out_.bad_escape == ScalarSource::npos)
      out_.bad_escape = start;
    run(at_);
  }

  void code_point(size_t start, size_t digits) {
    const std::string_view hex = source_.between(at_, at_ + digits);
    uint32_t point = 0;
    const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), point, 16);
    const bool whole = error == std::errc() && hex.size() == digits && end == hex.data() + digits;
    if (!whole || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) {
      if (out_.bad_escape == ScalarSource::npos) out_.bad_escape = start;
      return;
    }
    append_utf8(text_, point);
    at_ += digits;
  }

  void continue_line() {
    at_ = source_.skip_blanks(source_.next_line(at_));
    while (is_break(source_[at_])) {
      text_ += '\n';
      at_ = source_.skip_blanks(source_.next_line(at_));
    }
    run(at_);
  }

  // Each line of the text is a line of the file, less the indentation.
  void literal() {
    out_.style = Node::Style::literal;
    out_.end = source_.trim_blanks(at_, source_.line_end(at_));
    size_t line = source_.next_line(at_);
    while (text_.size() < value_.size() && line < source_.size()) {
      const size_t stop = std::min(value_.find('\n', text_.size()), value_.size());
      const std::string_view wanted =
          std::string_view(value_).substr(text_.size(), stop - text_.size());
      const std::string_view there = source_.between(line, source_.line_end(line));
      const bool blank = there.find_first_not_of(" \t") == std::string_view::npos;
      if (there.size() < wanted.size() || !there.ends_with(wanted)) {
        if (!blank || !wanted.empty()) return;
      }
      run(line + there.size() - wanted.size());
      text_ += wanted;
      if (stop < value_.size()) text_ += '\n';
      if (!blank) out_.end = line + there.size();
      line = source_.next_line(line);
    }
  }

  // Every line's content stands in the text as it is; between contents there are only blanks and
  // breaks.
  void folded() {
    out_.style = Node::Style::folded;
    out_.end = source_.trim_blanks(at_, source_.line_end(at_));
    size_t line = source_.next_line(at_);
    while (line < source_.size()) {
      const size_t next = value_.find_first_not_of(" \t\n", text_.size());
      if (next == std::string::npos) break;
      const size_t content = source_.skip_blanks(line);
      const size_t end = source_.line_end(line);
      if (content < end) {
        const std::string_view there = source_.between(content, source_.trim_blanks(content, end));
        if (value_.compare(next, there.size(), there) != 0) return;
        add_folded_line(content, next, there);
        out_.end = content + there.size();
      }
      line = source_.next_line(line);
    }
    text_ += value_.substr(text_.size());
  }

  void add_folded_line(size_t content, size_t next, std::string_view there) {
    size_t indented = next;  // blanks that belong to this line
    while (indented > text_.size() && is_blank(value_[indented - 1])) --indented;
    const size_t blanks = std::min(next - indented, source_.column(content));
    text_ += value_.substr(text_.size(), next - blanks - text_.size());
    run(content - blanks);
    text_ += value_.substr(text_.size(), blanks);
    text_ += there;
  }

  const Source& source_;
  size_t at_;
  const std::string& value_;
  std::string text_;
  ScalarSource out_;
};

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool read_integer(std::string_view text, int64_t& integer) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0o")) {
    base = text[1] == 'x' ? 16 : 8;
    text.remove_prefix(2);
    if (text.empty() || text.front() == '-') return false;
  } else if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return false;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), integer, base);
  return error == std::errc() && end == text.data() + text.size();
}

bool is_float(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (const size_t e = text.find_first_of("eE"); e != std::string_view::npos) {
    std::string_view power = text.substr(e + 1);
    if (power.starts_with('-') || power.starts_with('+')) power.remove_prefix(1);
    if (!all_digits(power)) return false;
    text = text.substr(0, e);
  }
  const size_t point = text.find('.');
  if (point == std::string_view::npos) return all_digits(text);
  const std::string_view whole = text.substr(0, point), part = text.substr(point + 1);
  return (whole.empty() || all_digits(whole)) && (part.empty() ? !whole.empty() : all_digits(part));
}

}  // namespace

ScalarSource read_scalar(const Source& source, size_t begin, const std::string& value) {
  return Reader(source, begin, value).read();
}

void resolve(Node& node) {
  node.kind = Node::Kind::string;
  if (node.style != Node::Style::plain) return;
  const std::string_view text = node.text;
  if (one_of(text, {"", "~", "null", "Null", "NULL"})) {
    node.kind = Node::Kind::null;
  } else if (one_of(text, {"true", "True", "TRUE", "false", "False", "FALSE"})) {
    node.kind = Node::Kind::boolean;
    node.boolean = text.front() == 't' || text.front() == 'T';
  } else if (read_integer(text, node.integer)) {
    node.kind = Node::Kind::integer;
    node.number = static_cast<double>(node.integer);
  } else if (is_float(text)) {
    const std::string_view digits = text.substr(text.starts_with('+') ? 1 : 0);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), node.number);
    if (error == std::errc()) node.kind = Node::Kind::number;
  }
}

}  // namespace plenum::yaml
