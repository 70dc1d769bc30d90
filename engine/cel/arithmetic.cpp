// Arithmetic never wraps: what leaves the range of its type is an error, as the language definition
// wants.
#include "engine/cel/arithmetic.h"

#include <cmath>
#include <cstring>

#include "engine/base/diagnostic.h"
#include "engine/cel/time.h"

namespace plenum::cel {
namespace {

std::string_view piece(std::string_view text, size_t start, size_t end) {
  return text.substr(start, end - start);
}

Value overflow(Context& context, const std::string& a, char symbol, const std::string& b) {
  return context.fail("integer overflow: " + a + " " + symbol + " " + b);
}

Value integers(Context& context, char symbol, int64_t a, int64_t b) {
  int64_t made = 0;
  bool over = false;
  switch (symbol) {
    case '+':
      over = __builtin_add_overflow(a, b, &made);
      break;
    case '-':
      over = __builtin_sub_overflow(a, b, &made);
      break;
    case '*':
      over = __builtin_mul_overflow(a, b, &made);
      break;
    default:
      if (b == 0) return context.fail(symbol == '/' ? "divide by zero" : "modulus by zero");
      over = a == INT64_MIN && b == -1;
      if (!over) made = symbol == '/' ? a / b : a % b;
  }
  return over ? overflow(context, std::to_string(a), symbol, std::to_string(b))
              : Value::integer(made);
}

Value uints(Context& context, char symbol, uint64_t a, uint64_t b) {
  uint64_t made = 0;
  bool over = false;
  switch (symbol) {
    case '+':
      over = __builtin_add_overflow(a, b, &made);
      break;
    case '-':
      over = __builtin_sub_overflow(a, b, &made);
      break;
    case '*':
      over = __builtin_mul_overflow(a, b, &made);
      break;
    default:
      if (b == 0) return context.fail(symbol == '/' ? "divide by zero" : "modulus by zero");
      made = symbol == '/' ? a / b : a % b;
  }
  return over ? overflow(context, std::to_string(a), symbol, std::to_string(b)) : Value::uint(made);
}

Value joined_texts(Context& context, const Value& a, const Value& b) {
  const size_t size = size_t{a.size} + b.size;
  if (!context.meter.copies(size) || size > UINT32_MAX) return context.limit();
  char* made = static_cast<char*>(context.arena.take(size));
  if (a.size) std::memcpy(made, a.chars, a.size);
  if (b.size) std::memcpy(made + a.size, b.chars, b.size);
  return a.is(Tag::string) ? Value::string({made, size}) : Value::bytes({made, size});
}

Value joined_lists(Context& context, const Value& a, const Value& b) {
  const size_t first = list_size(a), second = list_size(b);
  if (first == 0) return b;
  if (second == 0) return a;
  Value* items = context.values(first + second);
  if (!items) return context.limit();
  for (size_t i = 0; i < first; ++i) items[i] = list_at(a, i);
  for (size_t i = 0; i < second; ++i) items[first + i] = list_at(b, i);
  return Value::list(items, first + second);
}

// Sums of other things than numbers; an error value without a fault when there is no such sum.
Value sum(Context& context, const Value& a, const Value& b) {
  if (a.tag == b.tag) {
    if (a.is(Tag::string) || a.is(Tag::bytes)) return joined_texts(context, a, b);
    if (a.is(Tag::list)) return joined_lists(context, a, b);
    if (a.is(Tag::duration)) return sum_durations(context, a.i, b.i, false);
  }
  if (a.is(Tag::timestamp) && b.is(Tag::duration)) return plus_duration(context, a, b.i, false);
  if (a.is(Tag::duration) && b.is(Tag::timestamp)) return plus_duration(context, b, a.i, false);
  return Value::error(nullptr);
}

Value difference(Context& context, const Value& a, const Value& b) {
  if (a.is(Tag::timestamp) && b.is(Tag::timestamp)) return minus_timestamp(context, a, b);
  if (a.is(Tag::timestamp) && b.is(Tag::duration)) return plus_duration(context, a, b.i, true);
  if (a.is(Tag::duration) && b.is(Tag::duration)) return sum_durations(context, a.i, b.i, true);
  return Value::error(nullptr);
}

Value no_overload(Context& context, std::string_view text, const Node& node, size_t i,
                  const Value& a, const Value& b) {
  const auto name = [](const Value& v) { return v.is(Tag::null) ? "null" : type_name(v.tag); };
  const std::string_view left = name(a), right = name(b);
  if (a.is_number() && b.is_number() && a.tag != b.tag) {
    const MixedNumbers mixed = mixed_numbers(text, node, i, left, right);
    return context.fail("no such overload: " + mixed.message + "; write " + mixed.help);
  }
  const std::string_view shown =
      piece(text, node.operands[0]->outer_start, node.operands[i + 1]->outer_end);
  std::string message = "no such overload: " + plenum::quote(shown) + ": " + std::string(left) +
                        " " + std::string(operation_word(node.operators[i].symbol)) + " " +
                        std::string(right);
  if (a.is(Tag::null) || b.is(Tag::null)) {
    const Node& null = *node.operands[a.is(Tag::null) ? i : i + 1];
    message += "; " + plenum::quote(piece(text, null.outer_start, null.outer_end)) +
               " is null, test it with `!= null` first";
  }
  return context.fail(message);
}

}  // namespace

std::string_view operation_word(char symbol) {
  switch (symbol) {
    case '+':
      return "plus";
    case '-':
      return "minus";
    case '*':
      return "times";
    case '/':
      return "divided by";
    default:
      return "modulo";
  }
}

MixedNumbers mixed_numbers(std::string_view text, const Node& node, size_t i, std::string_view left,
                           std::string_view right) {
  const Node& first = *node.operands[0];
  const Node& before = *node.operands[i];
  const Node& last = *node.operands[i + 1];
  const char symbol = node.operators[i].symbol;
  const bool has_double = left == "double" || right == "double";
  const bool wrap_left = has_double ? left != "double" : left == "uint";
  const std::string convert = has_double ? "double(" : "int(";
  const auto shown = [&](size_t start, size_t end) { return std::string(piece(text, start, end)); };
  const std::string a = i == 0 && wrap_left ? shown(before.start, before.end)
                                            : shown(first.outer_start, before.outer_end);
  const std::string b =
      wrap_left ? shown(last.outer_start, last.outer_end) : shown(last.start, last.end);
  const std::string joint = std::string(" ") + symbol + " ";
  return {plenum::quote(shown(first.outer_start, last.outer_end)) + ": " + std::string(left) + " " +
              std::string(operation_word(symbol)) + " " + std::string(right),
          "`" + (wrap_left ? convert + a + ")" + joint + b : a + joint + convert + b + ")") + "`"};
}

Value calculate(Context& context, std::string_view text, const Node& node, size_t i, const Value& a,
                const Value& b) {
  const char symbol = node.operators[i].symbol;
  context.place = node.operators[i].place;
  if (a.tag == b.tag) {
    if (a.is(Tag::integer)) return integers(context, symbol, a.i, b.i);
    if (a.is(Tag::uint)) return uints(context, symbol, a.u, b.u);
    if (a.is(Tag::real)) {
      switch (symbol) {
        case '+':
          return Value::real(a.d + b.d);
        case '-':
          return Value::real(a.d - b.d);
        case '*':
          return Value::real(a.d * b.d);
        case '/':
          return Value::real(a.d / b.d);
        default:
          break;
      }
    }
  }
  Value made = Value::error(nullptr);
  if (symbol == '+') made = sum(context, a, b);
  if (symbol == '-') made = difference(context, a, b);
  if (!made.failed() || made.fault) return made;
  return no_overload(context, text, node, i, a, b);
}

Value negated(Context& context, const Value& a) {
  if (a.is(Tag::real)) return Value::real(-a.d);
  if (!a.is(Tag::integer)) {
    return context.fail("no such overload: `-` needs an int or a double, this is " +
                        std::string(word_for(a.tag)));
  }
  if (a.i == INT64_MIN) return context.fail("integer overflow: -(" + std::to_string(a.i) + ")");
  return Value::integer(-a.i);
}

}  // namespace plenum::cel
