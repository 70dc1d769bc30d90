// The contract of cel.h over the internal program.
#include <nlohmann/json.hpp>

#include "engine/cel/cel.h"
#include "engine/cel/program.h"

namespace plenum::cel {

struct Expression::Program {
  std::shared_ptr<const Compiled> compiled;
};

namespace {

// The values of a scope.  What is declared a timestamp or a duration is text in Json and is read
// here.
class ScopeSource final : public Source {
 public:
  explicit ScopeSource(const Scope& scope) : scope_(scope) {}

  bool find(const Compiled::Global& global, Context& context, Value* value) const override {
    const Json* json = scope_.find(global.name);
    if (!json) return false;
    *value = Value::of(*json);
    if (value->is(Tag::null)) return true;
    if (global.kind == Type::Kind::timestamp) convert("timestamp", context, value);
    if (global.kind == Type::Kind::duration) convert("duration", context, value);
    return true;
  }

 private:
  static void convert(std::string_view function, Context& context, Value* value) {
    const Value text = *value;
    *value = invoke(*library().find(function, false, 1), context, &text, 1);
  }

  const Scope& scope_;
};

// Operands are told apart until one is a value of its own; a macro's body knows names that nobody
// else does.
void collect(const Node& node, const std::string& text, std::vector<std::string>& parts) {
  const auto descend = [&] {
    for (uint16_t i = 0; i < node.count; ++i) collect(*node.operands[i], text, parts);
  };
  switch (node.op) {
    case Op::constant:
      return;
    case Op::logical_and:
    case Op::logical_or:
    case Op::logical_not:
    case Op::relation:
    case Op::conditional:
      return descend();
    default:
      break;
  }
  std::string part = text.substr(node.start, node.end - node.start);
  if (std::find(parts.begin(), parts.end(), part) == parts.end()) parts.push_back(std::move(part));
  if (node.op == Op::call || node.op == Op::arithmetic || node.op == Op::matches) descend();
  if (node.op == Op::macro && node.macro != Macro::bind) collect(*node.operands[0], text, parts);
}

// Finds `name.field == other` in a conjunction.
class Equalities {
 public:
  Equalities(const Compiled& program, std::string_view name) : program_(program), name_(name) {}

  void gather(const Node& node) {
    if (node.op == Op::logical_and)
      for (uint16_t i = 0; i < node.count; ++i) gather(*node.operands[i]);
    if (node.op != Op::relation || node.operators[0].symbol != '=') return;
    for (const int side : {0, 1}) {
      const Node& field = *node.operands[side];
      const Node& other = *node.operands[1 - side];
      if (field.op != Op::select || field.optional || !is_name(*field.operands[0]) ||
          reads_name(other))
        continue;
      found.push_back(
          {std::string(field.text),
           program_.text.substr(other.outer_start, other.outer_end - other.outer_start)});
      return;
    }
  }

  std::vector<Equality> found;

 private:
  bool is_name(const Node& node) const {
    return node.op == Op::global && program_.globals[node.slot].name == name_;
  }
  // A variable of a macro would mean nothing outside of it.
  bool reads_name(const Node& node) const {
    if (is_name(node) || node.op == Op::local) return true;
    for (uint16_t i = 0; i < node.count; ++i)
      if (node.operands[i] && reads_name(*node.operands[i])) return true;
    return false;
  }

  const Compiled& program_;
  const std::string_view name_;
};

Error placed(Error error) {
  error.message = "1:1: " + error.message;
  return error;
}

}  // namespace

tl::expected<Expression, Problems> Expression::compile(std::string_view text, const Names& names) {
  auto compiled = cel::compile(text, names, Checking::strict);
  if (!compiled) return tl::unexpected(std::move(compiled).error());
  Expression expression;
  expression.program_ = std::make_shared<const Program>(Program{*std::move(compiled)});
  return expression;
}

const Type& Expression::type() const {
  return program_->compiled->type;
}
const std::vector<Read>& Expression::reads() const {
  return program_->compiled->reads;
}
const std::string& Expression::text() const {
  return program_->compiled->text;
}
std::vector<Equality> Expression::equalities(std::string_view name) const {
  Equalities all(*program_->compiled, name);
  all.gather(*program_->compiled->root);
  return std::move(all.found);
}

std::vector<std::string> Expression::parts() const {
  std::vector<std::string> parts;
  const Compiled& compiled = *program_->compiled;
  collect(*compiled.root, compiled.text, parts);
  std::erase(parts, compiled.text);
  return parts;
}

Result<Json> Expression::evaluate(const Scope& scope, const Limits& limits) const {
  Arena arena;
  Meter meter{limits.steps};
  Context context(arena, meter);
  const Value value = run(*program_->compiled, ScopeSource(scope), context);
  if (value.failed()) return fail(error_of(*program_->compiled, value));
  Result<Json> json = to_json(value, limits.result_bytes);
  if (!json) return fail(placed(std::move(json).error()));
  return json;
}

Result<bool> Expression::holds(const Scope& scope, const Limits& limits) const {
  Arena arena;
  Meter meter{limits.steps};
  Context context(arena, meter);
  const Value value = run(*program_->compiled, ScopeSource(scope), context);
  if (value.failed()) return fail(error_of(*program_->compiled, value));
  if (value.is(Tag::boolean)) return value.flag;
  return fail(Kind::invalid, "1:1: the condition must be true or false, it is " +
                                 std::string(word_for(value.tag)));
}

}  // namespace plenum::cel
