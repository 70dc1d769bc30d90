// X508: a condition that is always true, or never.
#include "engine/cel/parser.h"
#include "engine/lint/check.h"
#include "engine/lint/flow.h"

namespace plenum::lint {

namespace {

using cel::Op;

bool is_size(const cel::Node& node) {
  return node.op == Op::call && node.text == "size";
}

bool is_zero(const cel::Node& node) {
  return node.op == Op::constant && node.value.is(cel::Tag::integer) && node.value.i == 0;
}

// The type of `tone` or `analysis.tone`, from the graph's fields.
std::optional<Type> type_of(const cel::Node& node, const app::Graph& graph) {
  if (node.op == Op::name) {
    const app::Field* field = graph.field(node.text);
    return field ? std::optional<Type>(field->type.type) : std::nullopt;
  }
  if (node.op != Op::select || node.optional) return std::nullopt;
  const auto owner = type_of(*node.operands[0], graph);
  const Type::Field* field = owner ? owner->field(node.text) : nullptr;
  return field ? std::optional<Type>(field->type) : std::nullopt;
}

// `tone == 'frendly'` where tone can only be some other words.
std::optional<bool> never_equal(const cel::Node& name, const cel::Node& value, char symbol,
                                const app::Graph& graph) {
  if (value.op != Op::constant || !value.value.is(cel::Tag::string)) return std::nullopt;
  const auto type = type_of(name, graph);
  if (!type || type->values().empty()) return std::nullopt;
  const std::string text(value.value.text());
  for (const std::string& known : type->values())
    if (known == text) return std::nullopt;
  return symbol == '!';
}

// What the relation always is; nullopt: it depends.
std::optional<bool> outcome(const cel::Node& root, const app::Graph& graph) {
  if (root.op != Op::relation) return std::nullopt;
  const cel::Node& left = *root.operands[0];
  const cel::Node& right = *root.operands[1];
  const char symbol = root.operators[0].symbol;
  if (is_size(left) && is_zero(right)) {
    if (symbol == 'g') return true;
    if (symbol == '<') return false;
  }
  if (symbol != '=' && symbol != '!') return std::nullopt;
  if (const auto never = never_equal(left, right, symbol, graph)) return never;
  return never_equal(right, left, symbol, graph);
}

void judge(const app::Expr& expr, const app::Graph& graph, Report& report) {
  if (!expr) return;
  const std::string& text = expr.code->text();
  if (text == "true" || text == "false") return;  // switched on or off on purpose
  std::optional<bool> always;
  if (expr.code->reads().empty()) {
    const Json nothing = Json::object();
    if (const Result<bool> holds = expr.code->holds(ObjectScope(nothing))) always = *holds;
  } else {
    cel::Arena arena;
    if (const cel::Parsed parsed = cel::parse(text, arena); parsed.root && !parsed.problem)
      always = outcome(*parsed.root, graph);
  }
  if (always)
    report.warning("X508", expr.span,
                   std::string("always ") + (*always ? "true" : "false") + ": " + quote(text),
                   *always ? "drop the condition, or compare with what was meant"
                           : "this never happens: compare with what was meant");
}

void run(const Subject& subject, Report& report) {
  for (const auto& [name, graph] : subject.app.graphs)
    for (const app::NodeDef* def : all_nodes(graph.nodes)) {
      judge(def->when, graph, report);
      for (const app::Edge& edge : def->next) judge(edge.when, graph, report);
    }
}

}  // namespace

Check constant_condition_check() {
  return {"X508",
          Severity::warning,
          "a condition that is always true, or always false",
          "A size is never below 0, and a value with a list of words is never another word: the "
          "condition decides nothing.",
          R"(input: {tone: {enum: [calm, friendly]}}
nodes:
  - {id: a, when: «tone == 'frendly'», fail: {code: no, message: No.}}
)",
          R"(input: {tone: {enum: [calm, friendly]}}
nodes:
  - {id: a, when: tone == 'friendly', fail: {code: no, message: No.}}
)",
          run};
}

}  // namespace plenum::lint
