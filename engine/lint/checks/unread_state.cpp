// D403: a state key that is written, or not even that, and never read.
#include "engine/lint/check.h"
#include "engine/lint/deletion.h"
#include "engine/lint/flow.h"
#include "engine/lint/places.h"

namespace plenum::lint {

namespace {

bool is_read(const Subject& subject, const app::Graph& graph, const std::string& key) {
  // Route outputs stand outside of graphs and see the state of theirs.
  return std::any_of(subject.draft.uses.begin(), subject.draft.uses.end(),
                     [&](const app::Use& use) {
                       return use.path[0] == key && (use.graph == graph.name || use.graph.empty());
                     });
}

bool is_set(const app::Graph& graph, const std::string& key) {
  for (const app::NodeDef* def : all_nodes(graph.nodes))
    if (set_by(*def).contains(key)) return true;
  return false;
}

void run(const Subject& subject, Report& report) {
  each_sound_graph(subject, [&](const app::Graph& graph, const yaml::Node& node) {
    const yaml::Node* state = node.find("state");
    for (const app::Field& field : graph.state) {
      const yaml::Node* declared = state ? state->find(field.name) : nullptr;
      const bool kept = declared && declared->find("keep");  // for the next run
      if (kept || is_read(subject, graph, field.name)) continue;
      const yaml::Member* member = state ? state->find_member(field.name) : nullptr;
      report.add(
          {"D403", Severity::warning, field.span, "state " + quote(field.name) + " is never read",
           "remove it, with what sets it, or use it",
           member && !is_set(graph, field.name) ? deletion(*state, *member) : std::vector<Fix>()});
    }
  });
}

}  // namespace

Check unread_state_check() {
  return {
      "D403",
      Severity::warning,
      "a state key that is never read",
      "What no expression, template or output reads is carried through every run for nothing, or "
      "the prompt that was to use it forgot it.",
      R"(state: {«note»: string}
nodes:
  - {id: a, llm: {model: quick, prompt: Hello}, set: note}
)",
      R"(state: {note: string}
nodes:
  - {id: a, llm: {model: quick, prompt: Hello}, set: note}
output: {note: =note}
)",
      run};
}

}  // namespace plenum::lint
