// The tree of an expression: what the parser makes, the checker resolves and the evaluator walks.
// Nodes live in the arena of their program and never change once it is compiled.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/cel/value.h"

namespace re2 {
class RE2;
}

namespace plenum::cel {

struct FunctionGroup;

enum class Op : uint8_t {
  constant,     // value
  name,         // text: not resolved yet; unknown after checking without types
  global,       // slot: index into the program's globals
  local,        // slot
  select,       // operands[0].text; `optional` for .?
  has,          // has(operands[0].text)
  index,        // operands[0][operands[1]]; `optional` for [?]
  call,         // text(operands…); `member`: operands[0] is the receiver
  list,         // operands; `optional_bits` tells which are ?
  map,          // operands: key, value, key, value …
  logical_and,  // any number of operands
  logical_or,
  logical_not,
  negate,
  arithmetic,   // operands joined by `operators`, from left to right
  relation,     // operands[0] operator operands[1]
  conditional,  // operands: condition, then, else
  macro,        // operands as `macro` says, variables `text` and `text2` in slots slot and slot + 1
  matches,      // operands[0].matches(pattern)
  or_value,     // operands[0].orValue(operands[1]) and .or(…), the second only when needed
};

enum class Macro : uint8_t {
  none,
  all,
  exists,
  exists_one,
  map,  // range, [filter,] result
  filter,
  transform_list,
  transform_map,
  transform_map_entry,
  sort_by,
  bind,  // value, body
  opt_map,
  opt_flat_map,
};

// '=' is ==, '!' is !=, 'l' is <=, 'g' is >=, 'i' is in; the rest are themselves.
struct Operator {
  char symbol = 0;
  uint16_t place = 0;
};

struct Node {
  Op op = Op::constant;
  Macro macro = Macro::none;
  uint8_t height = 1;
  bool optional = false;  // select, index: `.?`, `[?`
  bool member = false;    // call
  bool absolute = false;  // name: written with a leading dot
  bool flat = false;      // or_value: the result stays optional (`or`)
  bool parenthesized = false;
  uint8_t variables = 0;                    // macro: how many
  uint16_t start = 0, end = 0;              // the text, without parentheses around it
  uint16_t outer_start = 0, outer_end = 0;  // with them
  uint16_t place = 0;  // of the operator, field or function name: where errors point
  uint16_t count = 0;  // of operands
  uint16_t slot = 0;
  Node** operands = nullptr;
  const Operator* operators = nullptr;       // arithmetic: count - 1; relation: 1
  const bool* optional_bits = nullptr;       // list: per operand; map: per pair; nullptr: none
  std::string_view text, text2;              // a name, field or function
  uint16_t name_place = 0, name_place2 = 0;  // of a macro's variables
  Value value;                               // constant
  const FunctionGroup* function = nullptr;   // call; nullptr: no such function
  const re2::RE2* pattern = nullptr;         // matches
};

constexpr int kDeepest = 64;           // levels of a tree
constexpr size_t kLongest = 16 << 10;  // bytes of a text

}  // namespace plenum::cel
