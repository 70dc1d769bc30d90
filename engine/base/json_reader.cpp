// Foreign JSON to a value in one pass.
//
// The reader builds the value directly: limits are counted while reading, so a bomb costs no more
// than its first bytes. Members are gathered aside and moved into the object once, because
// ordered_json's own insertion looks for the key first (quadratic) and its vector copies every
// member when it grows.
#include "engine/base/json.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "engine/base/diagnostic.h"
#include "engine/base/json_plain.h"
#include "engine/base/utf8.h"

namespace plenum {

namespace {

constexpr size_t kLinearKeys = 16;  // up to here a new key is compared with all before it
constexpr size_t kNumberLetters = 64;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Numbers past every double are refused, numbers below the least become 0: which one it is follows
// from the place of the first digit that counts.
bool is_beyond_double(std::string_view number) {
  const size_t e = number.find_first_of("eE");
  std::string_view digits = number.substr(0, e);
  if (digits.front() == '-') digits.remove_prefix(1);
  long exponent = 0;
  if (e != std::string_view::npos) {
    std::string_view power = number.substr(e + 1);
    if (power.front() == '+') power.remove_prefix(1);
    const auto [end, error] = std::from_chars(power.data(), power.data() + power.size(), exponent);
    if (error != std::errc()) exponent = power.front() == '-' ? -1'000'000 : 1'000'000;
  }
  const size_t first = digits.find_first_of("123456789");
  if (first == std::string_view::npos) return false;
  const size_t point = std::min(digits.find('.'), digits.size());
  return exponent + static_cast<long>(point) - static_cast<long>(first) > 0;
}

class Reader {
 public:
  Reader(std::string_view text, const JsonLimits& limits) : text_(text), limits_(limits) {}

  Result<Json> read() {
    if (text_.size() > limits_.bytes)
      return invalid("the JSON text has " + std::to_string(text_.size()) + " bytes; at most " +
                     std::to_string(limits_.bytes) + " are accepted");
    if (text_.substr(0, 3) == "\xEF\xBB\xBF") {
      wrong(0, "a byte order mark stands before the JSON text; send it without one");
      return error();
    }
    Json value;
    skip_space();
    if (!read_value(value, 0)) return error();
    skip_space();
    if (at_ != text_.size()) {
      expected("the end of the text after the value");
      return error();
    }
    return value;
  }

 private:
  struct Member {
    std::string key;
    Json value;
  };

  static tl::unexpected<Error> invalid(std::string message) {
    return fail(Kind::invalid, std::move(message), "invalid_json");
  }

  tl::unexpected<Error> error() const {
    const std::string_view before = text_.substr(0, wrong_at_);
    const size_t line = 1 + static_cast<size_t>(std::count(before.begin(), before.end(), '\n'));
    const size_t column = wrong_at_ - (before.rfind('\n') + 1) + 1;  // npos + 1 is 0
    return invalid("line " + std::to_string(line) + ", column " + std::to_string(column) + ": " +
                   wrong_);
  }

  bool wrong(size_t at, std::string what) {
    wrong_at_ = at;
    wrong_ = std::move(what);
    return false;
  }

  bool expected(std::string what) { return wrong(at_, "expected " + what + ", found " + here()); }

  std::string here() const {
    if (at_ >= text_.size()) return "the end of the text";
    const unsigned char c = static_cast<unsigned char>(text_[at_]);
    if (c > 0x20 && c < 0x7f) {
      size_t end = at_ + 1;
      if (std::isalpha(c))
        while (end < text_.size() && end < at_ + 20 &&
               std::isalnum(static_cast<unsigned char>(text_[end])))
          ++end;
      return plenum::quote(text_.substr(at_, end - at_));
    }
    if (const size_t length = utf8_length(text_, at_); length > 1)
      return plenum::quote(text_.substr(at_, length));
    char byte[32];
    snprintf(byte, sizeof byte, "the byte 0x%02X", c);
    return byte;
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
      ++at_;
  }

  bool read_value(Json& value, size_t depth) {
    if (++values_ > limits_.values)
      return wrong(at_, "more than " + std::to_string(limits_.values) + " values");
    switch (peek()) {
      case '{':
        return read_object(value, depth + 1);
      case '[':
        return read_array(value, depth + 1);
      case '"': {
        std::string text;
        if (!read_string(text, false)) return false;
        value = std::move(text);
        return true;
      }
      case 't':
        return read_word("true", true, value);
      case 'f':
        return read_word("false", false, value);
      case 'n':
        return read_word("null", nullptr, value);
      default:
        break;
    }
    if (peek() == '-' || is_digit(peek())) return read_number(value);
    return expected("a JSON value");
  }

  bool read_word(std::string_view word, Json meaning, Json& value) {
    if (text_.substr(at_, word.size()) != word) return expected("a JSON value");
    at_ += word.size();
    value = std::move(meaning);
    return true;
  }

  bool too_deep(size_t depth) {
    if (depth <= limits_.depth) return false;
    wrong(at_, "nested deeper than " + std::to_string(limits_.depth) + " levels");
    return true;
  }

  bool read_array(Json& value, size_t depth) {
    if (too_deep(depth)) return false;
    ++at_;
    value = Json::array();
    auto& items = value.get_ref<Json::array_t&>();
    skip_space();
    if (peek() == ']') return ++at_, true;
    for (;;) {
      Json item;
      if (!read_value(item, depth)) return false;
      items.push_back(std::move(item));
      skip_space();
      if (peek() == ']') return ++at_, true;
      if (peek() != ',') return expected("`,` or `]` after an element");
      ++at_;
      skip_space();
      if (peek() == ']') return expected("a value after `,`");
    }
  }

  bool read_object(Json& value, size_t depth) {
    if (too_deep(depth)) return false;
    const size_t first = members_.size();
    std::vector<size_t> places;  // of the keys from the 17th on
    ++at_;
    skip_space();
    if (peek() == '}')
      ++at_;
    else if (!read_members(first, places, depth))
      return false;
    if (!places.empty() && !large_object_has_distinct_keys(first, places)) return false;
    value = Json::object();
    auto& object = value.get_ref<Json::object_t&>();
    object.reserve(members_.size() - first);
    for (size_t i = first; i < members_.size(); ++i)
      object.emplace_back(std::move(members_[i].key), std::move(members_[i].value));
    members_.resize(first);
    return true;
  }

  bool read_members(size_t first, std::vector<size_t>& places, size_t depth) {
    for (;;) {
      if (peek() != '"') return expected("a key in double quotes");
      const size_t place = at_;
      if (members_.size() - first == limits_.members)
        return wrong(at_, "more than " + std::to_string(limits_.members) + " keys in one object");
      std::string key;
      if (!read_string(key, true)) return false;
      if (members_.size() - first >= kLinearKeys)
        places.push_back(place);
      else
        for (size_t i = first; i < members_.size(); ++i)
          if (members_[i].key == key) return duplicate(place, key);
      skip_space();
      if (peek() != ':') return expected("`:` after the key " + plenum::quote(key));
      ++at_;
      skip_space();
      Json value;
      if (!read_value(value, depth)) return false;
      members_.push_back({std::move(key), std::move(value)});
      skip_space();
      if (peek() == '}') return ++at_, true;
      if (peek() != ',') return expected("`,` or `}` after a member");
      ++at_;
      skip_space();
    }
  }

  bool duplicate(size_t place, std::string_view key) {
    return wrong(place, "the key " + plenum::quote(key) + " is there twice in one object");
  }

  // Sorted, not hashed: keys that a stranger chose cannot make sorting slow.
  bool large_object_has_distinct_keys(size_t first, const std::vector<size_t>& places) {
    std::vector<size_t> order(members_.size() - first);
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    const auto key = [&](size_t i) -> const std::string& { return members_[first + i].key; };
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      const int difference = key(a).compare(key(b));
      return difference < 0 || (difference == 0 && a < b);
    });
    size_t again = order.size();
    for (size_t i = 1; i < order.size(); ++i)
      if (key(order[i - 1]) == key(order[i])) again = std::min(again, order[i]);
    return again == order.size() || duplicate(places[again - kLinearKeys], key(again));
  }

  bool read_string(std::string& text, bool is_key) {
    const size_t open = at_++;
    for (;;) {
      const size_t run = at_;
      at_ = plain_until(text_, at_);
      text.append(text_, run, at_ - run);
      if (text.size() > limits_.string_bytes)
        return wrong(open,
                     "a string longer than " + std::to_string(limits_.string_bytes) + " bytes");
      if (at_ >= text_.size()) return wrong(open, "this string is never closed; expected `\"`");
      const unsigned char c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') return ++at_, true;
      if (c == '\\') {
        if (!read_escape(text, is_key)) return false;
      } else if (c < 0x20) {
        return wrong(at_, "a control character (" + here() + ") inside a string; write it as `" +
                              escape_of(c) + "`");
      } else {
        const size_t length = utf8_length(text_, at_);
        if (length == 0) return wrong(at_, here() + " is not valid UTF-8");
        text.append(text_, at_, length);
        at_ += length;
      }
    }
  }

  static std::string escape_of(unsigned char c) {
    if (c == '\n') return "\\n";
    if (c == '\r') return "\\r";
    if (c == '\t') return "\\t";
    char escape[8];
    snprintf(escape, sizeof escape, "\\u%04x", c);
    return escape;
  }

  bool read_escape(std::string& text, bool is_key) {
    const size_t start = at_++;
    const char kind = peek();
    ++at_;
    switch (kind) {
      case '"':
      case '\\':
      case '/':
        text += kind;
        return true;
      case 'b':
        text += '\b';
        return true;
      case 'f':
        text += '\f';
        return true;
      case 'n':
        text += '\n';
        return true;
      case 'r':
        text += '\r';
        return true;
      case 't':
        text += '\t';
        return true;
      case 'u':
        break;
      default:
        return wrong(start,
                     "no such escape in a string; after `\\` comes one of "
                     "`\" \\ / b f n r t u`");
    }
    char32_t point = 0;
    if (!read_hex(start, point)) return false;
    if (point >= 0xD800 && point < 0xE000) {
      char32_t low = 0;
      const bool pair = point < 0xDC00 && text_.substr(at_, 2) == "\\u";
      if (pair) {
        at_ += 2;
        if (!read_hex(start, low)) return false;
      }
      if (low < 0xDC00 || low >= 0xE000)
        return wrong(start, "half of a surrogate pair; both halves must follow one another");
      point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
    }
    if (point == 0 && is_key) return wrong(start, "a NUL character in a key");
    append_utf8(text, point);
    return true;
  }

  bool read_hex(size_t start, char32_t& point) {
    const std::string_view digits = text_.substr(at_, 4);
    if (digits.size() < 4 ||
        digits.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos)
      return wrong(start, "expected four hexadecimal digits after `\\u`");
    uint32_t value = 0;
    std::from_chars(digits.data(), digits.data() + 4, value, 16);
    point = value;
    at_ += 4;
    return true;
  }

  bool skip_digits(const char* where) {
    if (!is_digit(peek())) return expected(std::string("a digit ") + where);
    while (is_digit(peek())) ++at_;
    return true;
  }

  bool read_number(Json& value) {
    const size_t start = at_;
    bool whole = true;
    if (peek() == '-') ++at_;
    const bool zero = peek() == '0';
    if (!skip_digits("after `-`")) return false;
    if (zero && at_ > start + 1 + (text_[start] == '-'))
      return wrong(start, "a number must not begin with a zero: " +
                              plenum::quote(text_.substr(start, at_ - start)));
    if (peek() == '.') {
      whole = false;
      ++at_;
      if (!skip_digits("after the decimal point")) return false;
    }
    if (peek() == 'e' || peek() == 'E') {
      whole = false;
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (!skip_digits("in the exponent")) return false;
    }
    const std::string_view number = text_.substr(start, at_ - start);
    if (number.size() > kNumberLetters)
      return wrong(start, "a number of more than " + std::to_string(kNumberLetters) +
                              " characters; send it as a string");
    return store_number(number, whole, start, value);
  }

  bool store_number(std::string_view number, bool whole, size_t start, Json& value) {
    const char* begin = number.data();
    const char* end = begin + number.size();
    int64_t integer = 0;
    uint64_t natural = 0;
    double real = 0;
    if (whole && std::from_chars(begin, end, integer).ec == std::errc()) {
      value = integer;
    } else if (whole && *begin != '-' && std::from_chars(begin, end, natural).ec == std::errc()) {
      value = natural;
    } else if (std::from_chars(begin, end, real).ec == std::errc()) {
      value = real;
    } else {
      if (is_beyond_double(number))
        return wrong(start, "the number " + plenum::quote(number) + " is too large");
      value = *begin == '-' ? -0.0 : 0.0;
    }
    return true;
  }

  std::string_view text_;
  const JsonLimits& limits_;
  size_t at_ = 0;
  size_t values_ = 0;
  std::vector<Member> members_;  // of the objects being read, the innermost last
  size_t wrong_at_ = 0;
  std::string wrong_;
};

}  // namespace

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  return Reader(text, limits).read();
}

}  // namespace plenum
