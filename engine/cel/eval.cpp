// Walks the tree of a program.
//
// Values are 16 bytes and borrow: reading a field costs a look-up and nothing else.  Errors are
// values, too, because
// `&&`, `||`, all and exists may ignore them; only the limit cannot be ignored.  Every node charges
// the meter, so a walk ends.
#include <re2/re2.h>

#include <algorithm>

#include "engine/base/diagnostic.h"
#include "engine/cel/arithmetic.h"
#include "engine/cel/eval.h"

namespace plenum::cel {

Evaluator::Evaluator(const Compiled& program, const Source* source, Context& context)
    : program_(program), source_(source), context_(context) {
  const size_t globals = program.globals.size();
  values_ = context.arena.make<Value>(globals + program.locals);
  locals_ = values_ + globals;
  std::fill_n(values_, globals, Value::error(nullptr));  // not looked up yet
}

Value Evaluator::wrong(uint32_t place, std::string_view message) {
  context_.place = place;
  return context_.fail(message);
}

std::string_view Evaluator::text(const Node& node) const {
  return std::string_view(program_.text)
      .substr(node.outer_start, node.outer_end - node.outer_start);
}

Value Evaluator::eval(const Node& node) {
  if (!context_.meter.take(1)) return context_.limit();
  switch (node.op) {
    case Op::constant:
      return node.value;
    case Op::global:
      return global(node);
    case Op::local:
      return locals_[node.slot];
    case Op::name:
      return wrong(node.start, "undeclared reference: unknown name " + plenum::quote(node.text));
    case Op::select:
      return select(node);
    case Op::has:
      return has(node);
    case Op::index:
      return index(node);
    case Op::call:
      return call(node);
    case Op::list:
      return list(node);
    case Op::map:
      return map(node);
    case Op::logical_and:
      return logical(node, false);
    case Op::logical_or:
      return logical(node, true);
    case Op::logical_not: {
      const Value value = eval(*node.operands[0]);
      return value.is(Tag::boolean) ? Value::boolean(!value.flag)
                                    : not_boolean(value, *node.operands[0], "!");
    }
    case Op::negate: {
      const Value value = eval(*node.operands[0]);
      context_.place = node.place;
      return value.failed() ? value : negated(context_, value);
    }
    case Op::arithmetic:
      return arithmetic(node);
    case Op::relation:
      return relation(node);
    case Op::conditional: {
      const Value condition = eval(*node.operands[0]);
      if (!condition.is(Tag::boolean)) return not_boolean(condition, *node.operands[0], "?:");
      return eval(*node.operands[condition.flag ? 1 : 2]);
    }
    case Op::macro:
      return macro(node);
    case Op::matches:
      return matches(node);
    case Op::or_value:
      return or_value(node);
  }
  return context_.limit();
}

Value Evaluator::global(const Node& node) {
  Value& value = values_[node.slot];
  if (!value.failed() || value.fault) return value;
  const Compiled::Global& name = program_.globals[node.slot];
  context_.place = node.start;
  if (!source_ || !source_->find(name, context_, &value))
    value = wrong(node.start, plenum::quote(name.name) + " has no value here");
  return value;
}

Value Evaluator::no_field(const Node& operand, const Value& value, std::string_view name,
                          uint32_t place) {
  if (value.is(Tag::null)) {
    return wrong(place, plenum::quote(text(operand)) + " is null, it has no field " +
                            plenum::quote(name) + "; test it with `" + std::string(text(operand)) +
                            " != null` first, or write `.?" + std::string(name) + "`");
  }
  return wrong(place, "no such overload: " + plenum::quote(text(operand)) + " is " +
                          std::string(word_for(value.tag)) + ", it has no field " +
                          plenum::quote(name));
}

Value Evaluator::select(const Node& node) {
  const Node& operand = *node.operands[0];
  const Value value = eval(operand);
  Value found;
  if (value.is(Tag::map)) {
    const bool there = field_find(value, node.text, context_.meter, &found);
    if (!node.optional)
      return there ? found : wrong(node.place, "no such key: " + plenum::quote(node.text));
    return there ? context_.optional(found) : Value::optional(nullptr);
  }
  if (value.failed()) return value;
  if (value.is(Tag::optional)) {
    if (!value.inner) return value;
    if (value.inner->is(Tag::map)) {
      const bool there = field_find(*value.inner, node.text, context_.meter, &found);
      return there ? context_.optional(found) : Value::optional(nullptr);
    }
    if (value.inner->is(Tag::null) && node.optional) return Value::optional(nullptr);
    return wrong(node.place, "no such key: " + plenum::quote(node.text) + ", the optional holds " +
                                 std::string(word_for(value.inner->tag)));
  }
  if (node.optional && value.is(Tag::null)) return Value::optional(nullptr);
  return no_field(operand, value, node.text, node.place);
}

Value Evaluator::has(const Node& node) {
  const Node& operand = *node.operands[0];
  Value value = eval(operand);
  if (value.failed()) return value;
  if (value.is(Tag::optional)) {
    if (!value.inner) return Value::boolean(false);
    value = *value.inner;
  }
  Value found;
  if (value.is(Tag::map))
    return Value::boolean(field_find(value, node.text, context_.meter, &found));
  return no_field(operand, value, node.text, node.place);
}

Value Evaluator::index(const Node& node) {
  const Node& operand = *node.operands[0];
  Value container = eval(operand);
  if (container.failed()) return container;
  const Value key = eval(*node.operands[1]);
  if (key.failed()) return key;
  bool optional = node.optional;
  if (container.is(Tag::optional)) {
    if (!container.inner) return container;
    container = *container.inner;
    optional = true;
  }
  if (optional && container.is(Tag::null)) return Value::optional(nullptr);
  Value found;
  if (const Value error = look_up(node, container, key, &found); error.failed()) {
    return optional && !error.fault ? Value::optional(nullptr)
           : error.fault            ? error
                                    : missing(node, container, key);
  }
  return optional ? context_.optional(found) : found;
}

// null, and `found` is the element; or an error: without a fault when there is no such element.
Value Evaluator::look_up(const Node& node, const Value& container, const Value& key, Value* found) {
  if (container.is(Tag::map)) {
    return map_find(container, key, context_.meter, found) ? Value() : Value::error(nullptr);
  }
  if (!container.is(Tag::list)) {
    const std::string message = plenum::quote(text(*node.operands[0])) + " is " +
                                std::string(word_for(container.tag)) + ", it has no elements";
    return wrong(node.place, container.is(Tag::null) ? message : "no such overload: " + message);
  }
  uint64_t at = UINT64_MAX;
  if (key.is(Tag::integer) || key.is(Tag::uint)) {
    at = key.u;
  } else if (key.is(Tag::real) && key.d >= 0 && key.d < 1e15 &&
             key.d == static_cast<double>(static_cast<uint64_t>(key.d))) {
    at = static_cast<uint64_t>(key.d);
  } else {
    return wrong(node.place,
                 "invalid_argument: an element's place is a whole number, not " +
                     (key.is(Tag::real) ? number_text(key.d) : std::string(word_for(key.tag))));
  }
  if (at >= list_size(container)) return Value::error(nullptr);
  *found = list_at(container, at);
  return Value();
}

Value Evaluator::missing(const Node& node, const Value& container, const Value& key) {
  std::string shown;
  if (key.is(Tag::string))
    shown = plenum::quote(key.text());
  else if (key.is(Tag::integer))
    shown = std::to_string(key.i);
  else if (key.is(Tag::uint))
    shown = std::to_string(key.u);
  else if (key.is(Tag::real))
    shown = number_text(key.d);
  else if (key.is(Tag::boolean))
    shown = key.flag ? "true" : "false";
  else
    shown = word_for(key.tag);
  if (container.is(Tag::map)) return wrong(node.place, "no such key: " + shown);
  const size_t size = list_size(container);
  return wrong(node.place, "index out of range: " + shown + "; " +
                               plenum::quote(text(*node.operands[0])) + " has " +
                               std::to_string(size) + (size == 1 ? " element" : " elements"));
}

Value Evaluator::call(const Node& node) {
  Value few[4];
  Value* arguments = node.count <= 4 ? few : context_.values(node.count);
  if (!arguments) return context_.limit();
  if (!node.function) {
    return wrong(node.place, "unbound function: no function " + plenum::quote(node.text) +
                                 " with " + std::to_string(node.count) + " arguments");
  }
  for (size_t i = 0; i < node.count; ++i) {
    arguments[i] = eval(*node.operands[i]);
    if (arguments[i].failed()) return arguments[i];
  }
  context_.place = node.place;
  return invoke(*node.function, context_, arguments, node.count);
}

Value Evaluator::matches(const Node& node) {
  const Value value = eval(*node.operands[0]);
  if (value.failed()) return value;
  context_.place = node.place;
  if (!value.is(Tag::string)) {
    const Value both[] = {value, node.operands[1]->value};
    return invoke(*node.function, context_, both, 2);
  }
  if (!context_.meter.copies(value.size)) return context_.limit();
  return Value::boolean(
      re2::RE2::PartialMatch(re2::StringPiece(value.chars, value.size), *node.pattern));
}

Value Evaluator::or_value(const Node& node) {
  const Value value = eval(*node.operands[0]);
  if (value.failed()) return value;
  if (!value.is(Tag::optional)) {
    return wrong(node.place, "no such overload: " + plenum::quote(text(*node.operands[0])) +
                                 " is " + std::string(word_for(value.tag)) + ", not an optional");
  }
  if (value.inner) return node.flat ? value : *value.inner;
  const Value other = eval(*node.operands[1]);
  if (node.flat && !other.failed() && !other.is(Tag::optional)) {
    return wrong(node.place, "no such overload: `or` needs another optional, not " +
                                 std::string(word_for(other.tag)));
  }
  return other;
}

// The optional at a `?` of a literal: its value into `value`; false: leave the entry out, or
// `value` is an error.
bool Evaluator::unwrapped(const Node& at, Value& value) {
  if (value.failed()) return false;
  if (!value.is(Tag::optional)) {
    value = wrong(at.start, "no such overload: `?` needs an optional, this is " +
                                std::string(word_for(value.tag)));
    return false;
  }
  if (!value.inner) return false;
  value = *value.inner;
  return true;
}

Value Evaluator::list(const Node& node) {
  Value* items = context_.values(node.count);
  if (!items) return context_.limit();
  size_t count = 0;
  for (size_t i = 0; i < node.count; ++i) {
    Value value = eval(*node.operands[i]);
    const bool maybe = node.optional_bits && node.optional_bits[i];
    const bool there = !maybe || unwrapped(*node.operands[i], value);
    if (value.failed()) return value;
    if (there) items[count++] = value;
  }
  return Value::list(items, count);
}

Value Evaluator::add_entry(const Node& key_node, MapBuilder& made, const Value& key,
                           const Value& value) {
  if (!key.is(Tag::string) && !key.is(Tag::integer) && !key.is(Tag::uint) &&
      !key.is(Tag::boolean)) {
    return wrong(key_node.start,
                 "unsupported key type: a key is a string, an int, a uint or a bool, not " +
                     std::string(word_for(key.tag)));
  }
  if (made.add(key, value)) return Value();
  return wrong(key_node.start, "repeated key: " + plenum::quote(text(key_node)));
}

Value Evaluator::map(const Node& node) {
  if (!context_.meter.take(node.count)) return context_.limit();
  MapBuilder made(context_.arena, node.count / 2);
  for (size_t i = 0; i + 1 < node.count; i += 2) {
    const Value key = eval(*node.operands[i]);
    if (key.failed()) return key;
    Value value = eval(*node.operands[i + 1]);
    const bool maybe = node.optional_bits && node.optional_bits[i / 2];
    const bool there = !maybe || unwrapped(*node.operands[i + 1], value);
    if (value.failed()) return value;
    if (!there) continue;
    if (const Value error = add_entry(*node.operands[i], made, key, value); error.failed())
      return error;
  }
  return made.done();
}

Value Evaluator::not_boolean(const Value& value, const Node& operand, std::string_view who) {
  if (value.failed()) return value;
  return wrong(operand.start, "no such overload: no matching overload, `" + std::string(who) +
                                  "` needs true or false, " + plenum::quote(text(operand)) +
                                  " is " + std::string(word_for(value.tag)));
}

// && and || give an answer as soon as one operand decides it, whatever is wrong with the others.
Value Evaluator::logical(const Node& node, bool decisive) {
  Value first_error;
  for (size_t i = 0; i < node.count; ++i) {
    Value value = eval(*node.operands[i]);
    if (value.is(Tag::boolean)) {
      if (value.flag == decisive) return value;
      continue;
    }
    if (context_.meter.stopped) return context_.limit();
    value = not_boolean(value, *node.operands[i], decisive ? "||" : "&&");
    if (!first_error.failed()) first_error = value;
  }
  return first_error.failed() ? first_error : Value::boolean(!decisive);
}

Value Evaluator::arithmetic(const Node& node) {
  Value value = eval(*node.operands[0]);
  for (size_t i = 1; i < node.count && !value.failed(); ++i) {
    const Value right = eval(*node.operands[i]);
    value = right.failed() ? right : calculate(context_, program_.text, node, i - 1, value, right);
  }
  return value;
}

Value Evaluator::relation(const Node& node) {
  const Value a = eval(*node.operands[0]);
  if (a.failed()) return a;
  const Value b = eval(*node.operands[1]);
  if (b.failed()) return b;
  const char symbol = node.operators->symbol;
  if (symbol == '=') return Value::boolean(equal(a, b, context_.meter));
  if (symbol == '!') return Value::boolean(!equal(a, b, context_.meter));
  if (symbol == 'i') return contains(node, a, b);
  const int result = order(a, b);
  switch (result) {
    case 2:
      return Value::boolean(false);
    case 3:
      return no_order(node, a, b);
    default:
      break;
  }
  switch (symbol) {
    case '<':
      return Value::boolean(result < 0);
    case 'l':
      return Value::boolean(result <= 0);
    case '>':
      return Value::boolean(result > 0);
    default:
      return Value::boolean(result >= 0);
  }
}

Value Evaluator::no_order(const Node& node, const Value& a, const Value& b) {
  std::string message = "no such overload: " + std::string(word_for(a.tag)) + " and " +
                        std::string(word_for(b.tag)) + " have no order";
  if (a.is(Tag::null) || b.is(Tag::null)) {
    message += "; " + plenum::quote(text(*node.operands[a.is(Tag::null) ? 0 : 1])) +
               " is null, test it with `!= null` first";
  }
  return wrong(node.place, message);
}

Value Evaluator::contains(const Node& node, const Value& element, const Value& container) {
  if (container.is(Tag::map)) {
    Value found;
    return Value::boolean(map_find(container, element, context_.meter, &found));
  }
  if (!container.is(Tag::list)) {
    return wrong(node.place, "no such overload: `in` needs a list or a map, " +
                                 plenum::quote(text(*node.operands[1])) + " is " +
                                 std::string(word_for(container.tag)));
  }
  const size_t size = list_size(container);
  if (!context_.meter.take(size / 4)) return context_.limit();
  for (size_t i = 0; i < size; ++i)
    if (equal(element, list_at(container, i), context_.meter)) return Value::boolean(true);
  return Value::boolean(false);
}

Value run(const Compiled& program, const Source& source, Context& context) {
  const Value value = Evaluator(program, &source, context).eval(*program.root);
  return context.meter.stopped && !value.failed() ? context.limit() : value;
}

}  // namespace plenum::cel
