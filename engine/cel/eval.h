// The evaluator.
#pragma once

#include <string_view>

#include "engine/cel/program.h"

namespace plenum::cel {

class Evaluator {
 public:
  // Without a source every name is an error: for constants.
  Evaluator(const Compiled& program, const Source* source, Context& context);

  Value eval(const Node& node);

 private:
  // eval.cpp
  Value global(const Node& node);
  Value select(const Node& node);
  Value has(const Node& node);
  Value index(const Node& node);
  Value look_up(const Node& node, const Value& container, const Value& key, Value* found);
  Value missing(const Node& node, const Value& container, const Value& key);
  Value call(const Node& node);
  Value matches(const Node& node);
  Value or_value(const Node& node);
  Value list(const Node& node);
  Value map(const Node& node);
  Value add_entry(const Node& key_node, MapBuilder& made, const Value& key, const Value& value);
  bool unwrapped(const Node& at, Value& value);
  Value logical(const Node& node, bool decisive);
  Value arithmetic(const Node& node);
  Value relation(const Node& node);
  Value contains(const Node& node, const Value& element, const Value& container);
  Value no_field(const Node& operand, const Value& value, std::string_view name, uint32_t place);
  Value no_order(const Node& node, const Value& a, const Value& b);
  Value not_boolean(const Value& value, const Node& operand, std::string_view who);

  // eval_macros.cpp
  Value macro(const Node& node);
  Value bind(const Node& node);
  Value optional_map(const Node& node);
  bool next(const Node& node, const Value& range, size_t index);
  Value tested(const Node& node, const Value& range, size_t size);
  Value exists_one(const Node& node, const Value& range, size_t size);
  Value made_list(const Node& node, const Value& range, size_t size);
  Value made_map(const Node& node, const Value& range, size_t size);
  Value merged_map(const Node& node, const Value& range, size_t size);
  Value sorted_by(const Node& node, const Value& range, size_t size);
  bool passes(const Node& node, Value& error);

  Value wrong(uint32_t place, std::string_view message);
  std::string_view text(const Node& node) const;

  const Compiled& program_;
  const Source* source_;
  Context& context_;
  Value* values_;  // of globals, looked up once
  Value* locals_;
};

}  // namespace plenum::cel
