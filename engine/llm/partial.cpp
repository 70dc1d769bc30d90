// The beginning of a JSON value as a value: for clients that show a structured answer while it
// comes.
//
// One scan remembers the last place where everything that is open could be closed.  What would
// change its meaning by going on (a number, half a word, a key without its value) is left out; a
// string is shown as far as it is there.
#include "engine/llm/stream.h"

namespace plenum::llm {
namespace {

constexpr size_t kDeepest = 64;

class Prefix {
 public:
  explicit Prefix(std::string_view text) : text_(text) {}

  std::string closed() {
    while (at_ < text_.size() && step()) {
    }
    return std::string(text_.substr(0, safe_)) + safe_end_ + closers();
  }

 private:
  enum State { value, first_value, key, first_key, colon, after };

  // False: this is the end, or no JSON any more.
  bool step() {
    const char c = text_[at_];
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') return ++at_, true;
    switch (state_) {
      case first_value:
        if (c == ']') return close(c);
        [[fallthrough]];
      case value:
        return read_value(c);
      case first_key:
        if (c == '}') return close(c);
        [[fallthrough]];
      case key:
        return c == '"' && skip_string() && go(colon);
      case colon:
        return c == ':' && (++at_, go(value));
      case after:
        if (c != ',') return close(c);
        ++at_;
        return go(open_.back() == '{' ? key : value);
    }
    return false;
  }

  bool go(State next) {
    state_ = next;
    return true;
  }

  bool read_value(char c) {
    if (c == '{' || c == '[') {
      if (open_.size() == kDeepest) return false;
      ++at_;
      open_ += c;
      keep();
      return go(c == '{' ? first_key : first_value);
    }
    if (c == '"') return skip_string() ? done() : half_string();
    const size_t end = text_.find_first_of(",]} \t\r\n", at_);
    if (end == text_.npos || !parse_json(text_.substr(at_, end - at_))) return false;
    at_ = end;
    return done();
  }

  bool close(char c) {
    if (open_.empty() || c != (open_.back() == '{' ? '}' : ']')) return false;
    ++at_;
    open_.pop_back();
    return done();
  }

  bool done() {
    keep();
    return !open_.empty() && go(after);
  }

  void keep() {
    safe_ = at_;
    safe_open_ = open_;
    safe_end_.clear();
  }

  // Past the string's end; false, and nowhere, when it has none.
  bool skip_string() {
    for (size_t i = at_ + 1; i < text_.size(); ++i) {
      if (text_[i] == '"') return at_ = i + 1, true;
      if (text_[i] == '\\') ++i;
    }
    return false;
  }

  bool half_string() {
    size_t i = at_ + 1;
    while (i < text_.size())
      if (const size_t length = character(i); i + length <= text_.size())
        i += length;
      else
        break;
    safe_ = i;
    safe_open_ = open_;
    safe_end_ = "\"";
    return false;
  }

  // The bytes of the character at `i`, as far as they can be told.
  size_t character(size_t i) const {
    const auto c = static_cast<unsigned char>(text_[i]);
    if (c == '\\') {
      if (i + 1 >= text_.size() || text_[i + 1] != 'u') return 2;
      const bool first_half = i + 3 < text_.size() &&
                              (text_[i + 2] == 'd' || text_[i + 2] == 'D') &&
                              std::string_view("89abAB").find(text_[i + 3]) != std::string::npos;
      return first_half ? 12 : 6;
    }
    return c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
  }

  std::string closers() const {
    std::string end;
    for (size_t i = safe_open_.size(); i-- > 0;) end += safe_open_[i] == '{' ? '}' : ']';
    return end;
  }

  const std::string_view text_;
  size_t at_ = 0, safe_ = 0;
  std::string open_, safe_open_, safe_end_;
  State state_ = value;
};

}  // namespace

std::string closed_prefix(std::string_view text) {
  const size_t start = text.find_first_of("{[");
  return start == text.npos ? "" : Prefix(text.substr(start)).closed();
}

Json partial_value(std::string_view text) {
  const std::string closed = closed_prefix(text);
  Result<Json> value = closed.empty() ? Result<Json>(Json()) : parse_json(closed);
  return value ? *std::move(value) : Json();
}

}  // namespace plenum::llm
