// + - * / % on two values.
#pragma once

#include <string>
#include <string_view>

#include "engine/cel/ast.h"
#include "engine/cel/functions.h"

namespace plenum::cel {

// The i-th operator of an arithmetic node, applied to what stands before it and its right operand.
// `text` is the whole expression, for messages.
Value calculate(Context& context, std::string_view text, const Node& node, size_t i, const Value& a,
                const Value& b);
Value negated(Context& context, const Value& a);

// What is wrong with mixing an int, a uint and a double, and the same with one side converted:
// "`score * 1.5`: int times double" and "`double(score) * 1.5`".  The help is empty when no
// conversion is the obvious one.
struct MixedNumbers {
  std::string message, help;
};
MixedNumbers mixed_numbers(std::string_view text, const Node& node, size_t i, std::string_view left,
                           std::string_view right);
std::string_view operation_word(char symbol);  // "times"

}  // namespace plenum::cel
