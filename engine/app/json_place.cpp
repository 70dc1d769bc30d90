// A second walk over a text that is known to be JSON, along one pointer: errors are rare, so places
// are not kept while reading.
#include "engine/app/json_place.h"

#include <cstdio>

namespace plenum::app {

namespace {

class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) {}

  JsonPlace find(std::string_view pointer) {
    space();
    JsonPlace place = here();
    place.key_start = place.value_start;
    place.key_end = place.value_end;
    while (!pointer.empty() && pointer[0] == '/') {
      pointer.remove_prefix(1);
      const std::string_view token = pointer.substr(0, pointer.find('/'));
      pointer.remove_prefix(token.size());
      const bool found = peek() == '{'   ? member(unescaped(token), place)
                         : peek() == '[' ? item(token, place)
                                         : false;
      if (!found) break;
    }
    return place;
  }

 private:
  static std::string unescaped(std::string_view token) {
    std::string out;
    for (size_t i = 0; i < token.size(); ++i) {
      const bool escape = token[i] == '~' && i + 1 < token.size();
      out += escape ? (token[++i] == '1' ? '/' : '~') : token[i];
    }
    return out;
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  Position position(size_t offset) const {
    const std::string_view before = text_.substr(0, offset);
    const size_t line = before.rfind('\n');
    return {1 + static_cast<int>(std::count(before.begin(), before.end(), '\n')),
            1 + static_cast<int>(offset - (line == std::string_view::npos ? 0 : line + 1))};
  }

  void space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string::npos)
      ++at_;
  }

  // The value at this place: a scalar whole, a list or an object by its bracket.
  JsonPlace here() const {
    JsonPlace place;
    place.value_start = position(at_);
    Walker after(text_);
    after.at_ = at_;
    if (peek() == '{' || peek() == '[')
      ++after.at_;
    else
      after.skip();
    place.value_end = position(after.at_);
    return place;
  }

  std::string_view string() {  // with its quotes
    const size_t start = at_++;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    ++at_;
    return text_.substr(start, at_ - start);
  }

  void skip() {
    int depth = 0;
    do {
      space();
      const char c = peek();
      if (c == '"') {
        string();
      } else if (c == '{' || c == '[') {
        ++depth;
        ++at_;
      } else if (c == '}' || c == ']') {
        --depth;
        ++at_;
      } else if (c == ',' || c == ':') {
        ++at_;
      } else {
        while (at_ < text_.size() &&
               std::string_view(",:]} \t\r\n").find(text_[at_]) == std::string_view::npos)
          ++at_;
      }
    } while (depth > 0 && at_ < text_.size());
  }

  bool member(const std::string& name, JsonPlace& place) {
    ++at_;
    for (space(); peek() == '"'; space()) {
      const Position start = position(at_);
      const std::string_view key = string();
      const Position end = position(at_);
      space();
      ++at_;  // the colon
      space();
      if (key.substr(1, key.size() - 2) == name) {
        place = here();
        place.key_start = start;
        place.key_end = end;
        return true;
      }
      skip();
      space();
      if (peek() == ',') ++at_;
    }
    return false;
  }

  bool item(std::string_view token, JsonPlace& place) {
    ++at_;
    size_t left = 0;
    for (const char c : token) left = left * 10 + static_cast<size_t>(c - '0');
    for (space(); peek() != ']' && at_ < text_.size(); space(), --left) {
      if (left == 0) {
        place = here();
        place.key_start = place.value_start;
        place.key_end = place.value_end;
        return true;
      }
      skip();
      space();
      if (peek() == ',') ++at_;
    }
    return false;
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

JsonPlace json_place(std::string_view text, std::string_view pointer) {
  return Walker(text).find(pointer);
}

std::optional<Position> place_in_message(const std::string& message) {
  Position place;
  if (sscanf(message.c_str(), "line %d, column %d", &place.line, &place.column) != 2)
    return std::nullopt;
  return place;
}

}  // namespace plenum::app
