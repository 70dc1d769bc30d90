// The macros that go over a list or a map, and those that bind one name.
#include <algorithm>

#include "engine/base/diagnostic.h"
#include "engine/cel/eval.h"

namespace plenum::cel {

Value Evaluator::macro(const Node& node) {
  if (node.macro == Macro::bind) return bind(node);
  if (node.macro == Macro::opt_map || node.macro == Macro::opt_flat_map) return optional_map(node);
  const Node& operand = *node.operands[0];
  const Value range = eval(operand);
  if (range.failed()) return range;
  if (!range.is(Tag::list) && !range.is(Tag::map)) {
    return wrong(node.place, "no such overload: a macro goes over a list or a map, " +
                                 plenum::quote(text(operand)) + " is " +
                                 std::string(word_for(range.tag)) +
                                 (range.is(Tag::null) ? "; test it with `!= null` first" : ""));
  }
  const size_t size = range.is(Tag::list) ? list_size(range) : map_size(range);
  switch (node.macro) {
    case Macro::all:
    case Macro::exists:
      return tested(node, range, size);
    case Macro::exists_one:
      return exists_one(node, range, size);
    case Macro::transform_map:
      return made_map(node, range, size);
    case Macro::transform_map_entry:
      return merged_map(node, range, size);
    case Macro::sort_by:
      return sorted_by(node, range, size);
    default:
      return made_list(node, range, size);
  }
}

Value Evaluator::bind(const Node& node) {
  const Value value = eval(*node.operands[0]);
  if (value.failed()) return value;
  locals_[node.slot] = value;
  return eval(*node.operands[1]);
}

Value Evaluator::optional_map(const Node& node) {
  const Value value = eval(*node.operands[0]);
  if (value.failed()) return value;
  if (!value.is(Tag::optional)) {
    return wrong(node.place, "no such overload: " + plenum::quote(text(*node.operands[0])) +
                                 " is " + std::string(word_for(value.tag)) + ", not an optional");
  }
  if (!value.inner) return value;
  locals_[node.slot] = *value.inner;
  const Value made = eval(*node.operands[1]);
  if (made.failed()) return made;
  if (node.macro == Macro::opt_map) return context_.optional(made);
  if (made.is(Tag::optional)) return made;
  return wrong(node.place,
               "no such overload: `optFlatMap` needs an optional as its result, this is " +
                   std::string(word_for(made.tag)));
}

// Sets the macro's variables to the element at `index`; false when the limit is reached.
bool Evaluator::next(const Node& node, const Value& range, size_t index) {
  if (!context_.meter.take(1)) return false;
  Value* variables = locals_ + node.slot;
  if (range.is(Tag::map)) {
    const Entry entry = map_at(range, index);
    variables[0] = entry.key;
    if (node.variables == 2) variables[1] = entry.value;
  } else if (node.variables == 2) {
    variables[0] = Value::integer(static_cast<int64_t>(index));
    variables[1] = list_at(range, index);
  } else {
    variables[0] = list_at(range, index);
  }
  return true;
}

// all and exists: one element may decide, whatever is wrong with the others.
Value Evaluator::tested(const Node& node, const Value& range, size_t size) {
  const bool decisive = node.macro == Macro::exists;
  Value first_error;
  for (size_t i = 0; i < size; ++i) {
    if (!next(node, range, i)) return context_.limit();
    Value value = eval(*node.operands[1]);
    if (value.is(Tag::boolean)) {
      if (value.flag == decisive) return value;
      continue;
    }
    if (context_.meter.stopped) return context_.limit();
    value = not_boolean(value, *node.operands[1], decisive ? "exists" : "all");
    if (!first_error.failed()) first_error = value;
  }
  return first_error.failed() ? first_error : Value::boolean(!decisive);
}

// Whether the condition (operand 1) holds; `error` when it has no answer.
bool Evaluator::passes(const Node& node, Value& error) {
  const Value value = eval(*node.operands[1]);
  if (value.is(Tag::boolean)) return value.flag;
  error = not_boolean(value, *node.operands[1], "the condition");
  return false;
}

Value Evaluator::exists_one(const Node& node, const Value& range, size_t size) {
  size_t found = 0;
  for (size_t i = 0; i < size; ++i) {
    if (!next(node, range, i)) return context_.limit();
    Value error;
    if (passes(node, error)) ++found;
    if (error.failed()) return error;
  }
  return Value::boolean(found == 1);
}

// map, filter, transformList
Value Evaluator::made_list(const Node& node, const Value& range, size_t size) {
  Value* items = context_.values(size);
  if (!items) return context_.limit();
  const bool conditional = node.macro == Macro::filter || node.count == 3;
  size_t count = 0;
  for (size_t i = 0; i < size; ++i) {
    if (!next(node, range, i)) return context_.limit();
    Value error;
    if (conditional && !passes(node, error)) {
      if (error.failed()) return error;
      continue;
    }
    const Value value =
        node.macro == Macro::filter ? locals_[node.slot] : eval(*node.operands[node.count - 1u]);
    if (value.failed()) return value;
    items[count++] = value;
  }
  return Value::list(items, count);
}

Value Evaluator::made_map(const Node& node, const Value& range, size_t size) {
  if (!context_.meter.take(size * 2)) return context_.limit();
  MapBuilder made(context_.arena, size);
  for (size_t i = 0; i < size; ++i) {
    if (!next(node, range, i)) return context_.limit();
    Value error;
    if (node.count == 3 && !passes(node, error)) {
      if (error.failed()) return error;
      continue;
    }
    const Value key = locals_[node.slot];
    const Value value = eval(*node.operands[node.count - 1u]);
    if (value.failed()) return value;
    made.add(key, value);
  }
  return made.done();
}

Value Evaluator::merged_map(const Node& node, const Value& range, size_t size) {
  const Node& body = *node.operands[node.count - 1u];
  std::vector<Entry> entries;
  for (size_t i = 0; i < size; ++i) {
    if (!next(node, range, i)) return context_.limit();
    Value error;
    if (node.count == 3 && !passes(node, error)) {
      if (error.failed()) return error;
      continue;
    }
    const Value value = eval(body);
    if (value.failed()) return value;
    if (!value.is(Tag::map)) {
      return wrong(body.start, "no such overload: `transformMapEntry` needs a map, this is " +
                                   std::string(word_for(value.tag)));
    }
    if (!context_.meter.take(map_size(value) * 2)) return context_.limit();
    for (size_t k = 0; k < map_size(value); ++k) entries.push_back(map_at(value, k));
  }
  MapBuilder made(context_.arena, entries.size());
  for (const Entry& entry : entries) {
    if (const Value error = add_entry(body, made, entry.key, entry.value); error.failed())
      return error;
  }
  return made.done();
}

Value Evaluator::sorted_by(const Node& node, const Value& range, size_t size) {
  if (!range.is(Tag::list))
    return wrong(node.place, "no such overload: `sortBy` sorts a list, not a map");
  Value* items = context_.values(size);
  Value* keys = context_.values(size);
  if (!items || !keys) return context_.limit();
  for (size_t i = 0; i < size; ++i) {
    if (!next(node, range, i)) return context_.limit();
    items[i] = locals_[node.slot];
    keys[i] = eval(*node.operands[1]);
    if (keys[i].failed()) return keys[i];
  }
  context_.place = node.place;
  return sorted(context_, keys, items, size);
}

}  // namespace plenum::cel
