// Tokens to a tree.
#pragma once

#include <optional>
#include <string_view>

#include "engine/base/problem.h"
#include "engine/cel/ast.h"

namespace plenum::cel {

// The tree, or the first mistake.  The tree refers to `text` and lives in `arena`.
struct Parsed {
  Node* root = nullptr;
  std::optional<Problem> problem;
};
Parsed parse(std::string_view text, Arena& arena);

// The macro that a call with this name, receiver and number of arguments is.  `Macro::none`: it is
// an ordinary call.
struct MacroRule {
  std::string_view name;
  bool member;        // x.name(…)
  uint8_t arguments;  // how many
  uint8_t variables;  // how many of them, from the first, are names
  Macro macro;
};
const MacroRule* find_macro(std::string_view name, bool member, size_t arguments,
                            bool second_is_name);
// How the macro is written, when `name` is one: "`list.map(x, expression)`"; or "".
std::string_view macro_form(std::string_view name);
const MacroRule* macro_rules(size_t* count);

}  // namespace plenum::cel
