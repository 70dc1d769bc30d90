// graph: calls another graph of the app, as a part of this run or as a run of its own.
#include <nlohmann/json.hpp>

#include "engine/nodes/kind_of.h"
#include "engine/run/step.h"

namespace plenum::nodes {

namespace {

struct Call final : run::Node {
  app::GraphRef name;
  app::Value input{Json::object()};
  bool wait = true;
  app::Value key;

  Result<run::Next> start(run::Visit& visit) const override {
    const app::Graph& graph = *name.graph;
    Json given = TRY(input.in(visit.scope));
    const std::vector<Violation> violations = graph.input_schema.validate(given, 3);
    if (!violations.empty())
      return fail(Error{Kind::invalid,
                        "the input for graph " + quote(graph.name) +
                            " does not fit: " + violations[0].pointer + " " + violations[0].message,
                        "wrong_type",
                        {},
                        {},
                        violations});
    if (!wait) return start_run(visit, std::move(given));
    visit.memory = Json::object();
    std::vector<run::Enter> bodies(1);
    bodies[0].block = &graph.nodes;
    bodies[0].graph = &graph;
    bodies[0].vars = run::Vars::own;
    bodies[0].own = run::values_of(run::initial(graph, std::move(given)));
    return run::Next::enter(std::move(bodies));
  }

  Result<run::Next> start_run(run::Visit& visit, Json given) const {
    const Json once = TRY(key.in(visit.scope));
    const std::string text = once.is_null()     ? ""
                             : once.is_string() ? once.get<std::string>()
                                                : to_text(once);
    return run::Next::perform(run::StartRun{name.graph->name, std::move(given), text});
  }

  Result<run::Next> on_body(run::Visit&, run::Ended& ended) const override {
    return run::Next::done(std::move(ended.result));
  }

  Type result() const override {
    if (!wait) return Type::Kind::string;
    return name.graph ? name.graph->output_type : Type();
  }
};

// What the called graph needs is there, and fits.
void check_input(Reader& reader, const yaml::Node& yaml, const Call& call) {
  const app::Graph& graph = *call.name.graph;
  const yaml::Node* node = yaml.find("input");
  const Type& given = call.input.type();
  if (node && !given.is(Type::Kind::object)) {
    reader.wants(*node, call.input, Type::object({}, true), "`input`");
    return;
  }
  std::vector<std::string> known;
  for (const app::Field& field : graph.input) known.push_back(field.name);
  for (const auto& [name, field] : given.fields()) {
    if (app::find(graph.input, name)) continue;
    const yaml::Member* member = node ? node->find_member(name) : nullptr;
    const std::string near = nearest(name, known);
    reader.report.error("D408", member ? member->key_span : yaml.span,
                        "graph " + quote(graph.name) + " has no input " + quote(name),
                        !near.empty()   ? quote(near)
                        : known.empty() ? "it has none at all"
                                        : "it has " + any_of(known));
  }
  for (const app::Field& field : graph.input) {
    const Type::Field* value = given.field(field.name);
    if (!value && field.required() && !given.is_open())
      reader.report.error("D408", node ? node->span : yaml.span,
                          "graph " + quote(graph.name) + " needs input " + quote(field.name),
                          "add it: it is " + Reader::word(field.type.type));
    else if (value && !value->type.fits(field.type.type)) {
      const yaml::Member* member = node ? node->find_member(field.name) : nullptr;
      reader.report.error("D405", member ? member->value.span : yaml.span,
                          quote(field.name) + " is " + Reader::word(field.type.type) +
                              ", this gives " + Reader::word(value->type));
    }
  }
}

void check_call(Reader& reader, const yaml::Node& yaml, Call& call) {
  if (!call.name.graph) return;
  check_input(reader, yaml, call);
  const yaml::Member* key = yaml.find_member("key");
  if (key && call.wait)
    reader.report.error("S101", key->key_span,
                        "`key` has no meaning for a graph that is waited for",
                        "remove it, or add wait: false");
  if (call.wait && call.name.graph->keeps)
    reader.unsupported(yaml.span, "waiting for a graph that keeps values (`keep`)");
  if (call.wait && call.name.graph->pauses && reader.concurrent)
    reader.report.error("G305", yaml.span,
                        "graph " + quote(call.name.graph->name) +
                            " has an interrupt, which cannot stand inside a `map` or `parallel`",
                        "call it after them, or with wait: false");
}

}  // namespace

NodeKind graph_kind() {
  return KindOf<Call>("graph",
                      "Calls another graph of the app; the result is its output, or the id of its "
                      "run when it is not waited for.")
      .needs("name", &Call::name, "The graph.")
      .takes("input", &Call::input, "Its input, by field.")
      .takes("wait", &Call::wait, "false: starts it as a job of its own and goes on (true).")
      .takes("key", &Call::key,
             "With wait: false: text; a second start with the same key is the first run.")
      .shorthand("name")
      .check(check_call);
}

}  // namespace plenum::nodes
