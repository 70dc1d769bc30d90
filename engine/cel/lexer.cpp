// Text to tokens, by the lexical rules of the language definition.  Literals are decoded here, so
// the parser sees values.
#include "engine/cel/lexer.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "engine/base/diagnostic.h"
#include "engine/cel/ast.h"
#include "engine/cel/utf8.h"

namespace plenum::cel {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

class Lexer {
 public:
  Lexer(std::string_view text, Arena& arena, std::vector<Token>& tokens)
      : text_(text), arena_(arena), tokens_(tokens) {}

  std::optional<Problem> run() {
    tokens_.reserve(text_.size() / 3 + 4);
    while (!problem_) {
      skip_space();
      start_ = at_;
      if (at_ == text_.size()) {
        add(Lexeme::end);
        break;
      }
      next();
    }
    return std::move(problem_);
  }

 private:
  char peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  void skip_space() {
    space_ = false;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
        ++at_;
      } else if (c == '/' && peek(1) == '/') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else {
        return;
      }
      space_ = true;
    }
  }

  Token& add(Lexeme kind) {
    Token token;
    token.kind = kind;
    token.space_before = space_;
    token.start = static_cast<uint16_t>(start_);
    token.end = static_cast<uint16_t>(at_);
    token.text = text_.substr(start_, at_ - start_);
    return tokens_.emplace_back(std::move(token));
  }

  void wrong(size_t from, size_t to, std::string message, std::string help = {}) {
    if (problem_) return;
    const Places places(text_);
    problem_ = Problem{"X501", places.at(from), places.at(to), std::move(message), std::move(help)};
  }

  void next() {
    const char c = peek();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (c == '"' || c == '\'') return string(false, false);
    if (is_letter(c)) return word();
    if (c == '`') return quoted_name();
    symbol();
  }

  void word() {
    bool raw = false, bytes = false;
    size_t prefix = 0;
    while (prefix < 2) {
      const char c = static_cast<char>(peek(prefix) | 32);
      if (c == 'r' && !raw) {
        raw = true;
      } else if (c == 'b' && !bytes) {
        bytes = true;
      } else {
        break;
      }
      ++prefix;
    }
    if (prefix && (peek(prefix) == '"' || peek(prefix) == '\'')) {
      at_ += prefix;
      return string(raw, bytes);
    }
    while (is_letter(peek()) || is_digit(peek())) ++at_;
    add(Lexeme::name);
  }

  void quoted_name() {
    const size_t end = text_.find('`', at_ + 1);
    const auto allowed = [](char c) {
      return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '/' || c == ' ';
    };
    size_t i = at_ + 1;
    while (i < text_.size() && allowed(text_[i])) ++i;
    if (end == text_.npos) {
      return wrong(start_, text_.size(), "this backquote is never closed",
                   "close it with a backquote");
    }
    if (i != end || end == at_ + 1) {
      return wrong(start_, end + 1,
                   "a quoted field holds only letters, digits, `_`, `.`, `-`, `/` and spaces",
                   "for other names write `[\"…\"]`");
    }
    at_ = end + 1;
    Token& token = add(Lexeme::quoted_name);
    token.text = text_.substr(start_ + 1, end - start_ - 1);
  }

  void number() {
    if (peek() == '0' && (peek(1) | 32) == 'x') return hexadecimal();
    while (is_digit(peek())) ++at_;
    bool real = false;
    if (peek() == '.' && is_digit(peek(1))) {
      real = true;
      ++at_;
      while (is_digit(peek())) ++at_;
    }
    if ((peek() | 32) == 'e') {
      const size_t sign = peek(1) == '+' || peek(1) == '-' ? 2 : 1;
      if (is_digit(peek(sign))) {
        real = true;
        at_ += sign;
        while (is_digit(peek())) ++at_;
      }
    }
    if (real) return real_number();
    integer(10, start_);
  }

  void hexadecimal() {
    at_ += 2;
    const size_t digits = at_;
    while (hex_digit(peek()) >= 0) ++at_;
    if (at_ == digits) return wrong(start_, at_, "`0x` needs hexadecimal digits", "e.g. `0x1F`");
    integer(16, digits);
  }

  void real_number() {
    // strtod rounds what is too small to 0, as the language wants; too large is a mistake.
    const std::string digits(text_.substr(start_, at_ - start_));
    const double value = std::strtod(digits.c_str(), nullptr);
    if (std::isinf(value))
      return wrong(start_, at_, "`" + digits + "` is larger than a double can hold");
    if (!end_of_number()) return;
    add(Lexeme::literal).value = Value::real(value);
  }

  void integer(int base, size_t digits) {
    uint64_t value = 0;
    const auto read = std::from_chars(text_.data() + digits, text_.data() + at_, value, base);
    const size_t end = at_;
    const bool is_uint = (peek() | 32) == 'u';
    if (is_uint) ++at_;
    if (!end_of_number()) return;
    constexpr uint64_t kMost = INT64_MAX;
    if (read.ec != std::errc{} || (!is_uint && value > kMost + 1)) {
      return wrong(start_, at_,
                   "`" + std::string(text_.substr(start_, end - start_)) +
                       (is_uint ? "` is larger than a uint (64 bits) can hold"
                                : "` is larger than an int (64 bits) can hold"));
    }
    Token& token = add(Lexeme::literal);
    token.value = is_uint ? Value::uint(value) : Value::integer(static_cast<int64_t>(value));
    token.big = !is_uint && value > kMost;
  }

  bool end_of_number() {
    if (!is_letter(peek())) return true;
    size_t end = at_;
    while (end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end]))) ++end;
    wrong(
        start_, end,
        "`" + std::string(text_.substr(start_, end - start_)) + "` is neither a number nor a name",
        "put a space or an operator between them");
    return false;
  }

  void string(bool raw, bool bytes) {
    const char quote = peek();
    const bool triple = peek(1) == quote && peek(2) == quote;
    at_ += triple ? 3 : 1;
    const size_t body = at_;
    std::string decoded;
    bool plain = true;  // then the text itself serves
    for (;;) {
      if (at_ >= text_.size()) return unclosed(quote, triple);
      const char c = text_[at_];
      if (c == quote && (!triple || (peek(1) == quote && peek(2) == quote))) break;
      if (!triple && (c == '\n' || c == '\r')) return unclosed(quote, triple);
      if (c == '\\' && !raw) {
        if (plain) decoded.assign(text_.substr(body, at_ - body));
        plain = false;
        if (!escape(decoded, bytes)) return;
        continue;
      }
      if (!plain) decoded += c;
      ++at_;
    }
    const std::string_view value =
        arena_.copy(plain ? text_.substr(body, at_ - body) : std::string_view(decoded));
    at_ += triple ? 3 : 1;
    add(Lexeme::literal).value = bytes ? Value::bytes(value) : Value::string(value);
  }

  void unclosed(char quote, bool triple) {
    const std::string mark(triple ? 3 : 1, quote);
    wrong(start_, std::min(at_, text_.size()), "this " + mark + " is never closed",
          "close it with " + mark +
              (triple ? "" : "; text over several lines stands in three quotes"));
  }

  // One escape sequence, its backslash at at_.
  bool escape(std::string& out, bool bytes) {
    const size_t from = at_++;
    const char c = peek();
    static constexpr std::string_view kFrom = "abfnrtv\\?\"'`", kTo = "\a\b\f\n\r\t\v\\?\"'`";
    if (const size_t simple = kFrom.find(c); c && simple != kFrom.npos) {
      out += kTo[simple];
      ++at_;
      return true;
    }
    uint32_t value = 0;
    if (c == 'x' || c == 'X') return digits(from, 2, value) && put(out, value, bytes);
    if (c >= '0' && c <= '3') return octal(from, value) && put(out, value, bytes);
    if ((c == 'u' || c == 'U') && !bytes) {
      if (!digits(from, c == 'u' ? 4 : 8, value)) return false;
      if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) {
        wrong(from, at_,
              "`" + std::string(text_.substr(from, at_ - from)) + "` is no Unicode character");
        return false;
      }
      append_utf8(out, value);
      return true;
    }
    wrong(from, std::min(at_ + 1, text_.size()),
          bytes && (c == 'u' || c == 'U')
              ? "bytes have no `\\u` escape"
              : "`\\" + std::string(1, c ? c : ' ') + "` is not an escape sequence",
          bytes && (c == 'u' || c == 'U') ? "write the bytes as `\\x…`"
                                          : "a backslash itself is `\\\\`, or use r\"…\"");
    return false;
  }

  bool digits(size_t from, size_t count, uint32_t& value) {
    ++at_;
    for (size_t i = 0; i < count; ++i, ++at_) {
      const int digit = hex_digit(peek());
      if (digit < 0) {
        wrong(from, at_,
              "`" + std::string(text_.substr(from, 2)) + "` needs " + std::to_string(count) +
                  " hexadecimal digits");
        return false;
      }
      value = value * 16 + static_cast<uint32_t>(digit);
    }
    return true;
  }

  bool octal(size_t from, uint32_t& value) {
    for (int i = 0; i < 3; ++i, ++at_) {
      if (peek() < '0' || peek() > '7') {
        wrong(from, at_, "an octal escape has three digits, `\\000` to `\\377`");
        return false;
      }
      value = value * 8 + static_cast<uint32_t>(peek() - '0');
    }
    return true;
  }

  bool put(std::string& out, uint32_t value, bool bytes) {
    if (bytes) {
      out += static_cast<char>(value);
    } else {
      append_utf8(out, value);
    }
    return true;
  }

  void symbol() {
    static constexpr struct {
      std::string_view text;
      char symbol;
    } kPairs[] = {{"==", '='}, {"!=", 'n'}, {"<=", 'l'}, {">=", 'g'}, {"&&", '&'}, {"||", '|'}};
    for (const auto& pair : kPairs) {
      if (text_.substr(at_, 2) != pair.text) continue;
      at_ += 2;
      if (pair.symbol == '=' && peek() == '=') {
        return wrong(start_, at_ + 1, "`===` is not an operator", "`==` compares");
      }
      add(Lexeme::symbol).symbol = pair.symbol;
      return;
    }
    const char c = peek();
    if (c && std::string_view("+-*/%!<>()[]{}.,?:").find(c) != std::string_view::npos) {
      ++at_;
      add(Lexeme::symbol).symbol = c;
      return;
    }
    if (c == '=') return wrong(start_, at_ + 1, "`=` does not compare", "write `==`");
    if (c == '&' || c == '|') {
      const std::string one(1, c);
      return wrong(start_, at_ + 1, "`" + one + "` is not an operator",
                   "write `" + one + one + "`");
    }
    size_t end = at_ + 1;
    while (end < text_.size() && (text_[end] & 0xC0) == 0x80) ++end;
    wrong(start_, end,
          plenum::quote(text_.substr(start_, end - start_)) + " means nothing in an expression",
          static_cast<uint8_t>(c) >= 0x80
              ? "text stands in quotes, names have only letters, digits and `_`"
              : "");
  }

  std::string_view text_;
  Arena& arena_;
  std::vector<Token>& tokens_;
  size_t at_ = 0, start_ = 0;
  bool space_ = false;
  std::optional<Problem> problem_;
};

}  // namespace

Places::Places(std::string_view text) {
  for (size_t at = text.find('\n'); at != text.npos; at = text.find('\n', at + 1)) {
    lines_.push_back(at + 1);
  }
}

Position Places::at(size_t offset) const {
  const auto line = std::upper_bound(lines_.begin(), lines_.end(), offset) - lines_.begin();
  const size_t start = line == 0 ? 0 : lines_[static_cast<size_t>(line) - 1];
  return {static_cast<int>(line) + 1, static_cast<int>(offset - start) + 1};
}

std::optional<Problem> tokenize(std::string_view text, Arena& arena, std::vector<Token>* tokens) {
  if (text.size() > kLongest) {
    return Problem{
        "X501",
        {1, 1},
        {1, 1},
        "the expression has " + std::to_string(text.size()) + " bytes; at most 16384 are allowed",
        "split it over several nodes"};
  }
  if (size_t where = 0; !is_utf8(text, &where)) {
    const Position at = Places(text).at(where);
    return Problem{"X501", at, at, "the expression is not UTF-8 here", "save the file as UTF-8"};
  }
  return Lexer(text, arena, *tokens).run();
}

}  // namespace plenum::cel
