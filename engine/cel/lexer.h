// Text to tokens.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "engine/base/problem.h"
#include "engine/cel/value.h"

namespace plenum::cel {

enum class Lexeme : uint8_t { end, name, quoted_name, literal, symbol };

struct Token {
  Lexeme kind = Lexeme::end;
  char symbol =
      0;  // '=' ==, '!' is ! and 'n' !=, 'l' <=, 'g' >=, '&' &&, '|' ||, else the character
  bool space_before = false;
  uint16_t start = 0, end = 0;
  std::string_view text;  // a name
  Value value;       // a literal: int (its size in u; see `big`), uint, double, string or bytes
  bool big = false;  // 9223372036854775808, which is an int only behind a minus
};

// Offsets of an expression as lines and columns.
class Places {
 public:
  explicit Places(std::string_view text);
  Position at(size_t offset) const;

 private:
  std::vector<size_t> lines_;  // where each but the first begins
};

// All tokens, ending with Lexeme::end; or the first mistake.  Literals are decoded into the arena.
std::optional<Problem> tokenize(std::string_view text, Arena& arena, std::vector<Token>* tokens);

}  // namespace plenum::cel
