// D402: a state key that is read where some path has not written it.
#include "engine/lint/check.h"
#include "engine/lint/flow.h"
#include "engine/lint/places.h"

namespace plenum::lint {

namespace {

// What a text of this node can rely on.
const Keys* known_at(const Certain& certain, const Place& place) {
  const auto& map = place.key == "next"                              ? certain.after
                    : place.key == "until" || place.key == "collect" ? certain.inside
                                                                     : certain.before;
  const auto it = map.find(place.node);
  return it == map.end() ? nullptr : &it->second;
}

// Why a key may be missing: the node that sets it and may be skipped, or one that leads past it.
std::string reason(const app::Graph& graph, const std::string& key) {
  for (const app::NodeDef* def : all_nodes(graph.nodes)) {
    if (!set_by(*def).contains(key)) continue;
    if (def->when) return "when " + quote(def->id) + " is skipped";
    if (def->on_error.then == app::OnError::Then::next) return "when " + quote(def->id) + " fails";
    break;
  }
  for (const app::NodeDef* def : all_nodes(graph.nodes))
    for (const app::Edge& edge : def->next)
      if (edge.to.node == app::Target::kEnd) return "when " + quote(def->id) + " ends early";
  for (const app::NodeDef* def : all_nodes(graph.nodes))
    if (!def->next.empty() || def->on_error.then == app::OnError::Then::next)
      return "when " + quote(def->id) + " jumps ahead";
  return "on some path";
}

// The same condition on the node that writes and the one that reads: they run together or not at
// all.
bool same_condition(const app::Graph& graph, const app::NodeDef& reader, const std::string& key) {
  if (!reader.when) return false;
  for (const app::NodeDef* def : all_nodes(graph.nodes))
    if (set_by(*def).contains(key) && def->when &&
        def->when.code->text() == reader.when.code->text())
      return true;
  return false;
}

void look(const Subject& subject, const app::Graph& graph, const yaml::Node& node, Report& report) {
  const Certain known = certain(graph);
  for (const app::Use& use : subject.draft.uses) {
    if (use.graph != graph.name) continue;
    const app::Field* field = find(graph.state, use.path[0]);
    if (!field || !field->required()) continue;
    const Place place = place_of(subject, graph, use.from);
    const bool in_output = !place.node && node.find("output") && use.from.file &&
                           within(use.from, node.find("output")->span);
    const Keys* keys = place.node               ? known_at(known, place)
                       : in_output && known.end ? &*known.end
                                                : nullptr;
    if (!keys || keys->contains(use.path[0])) continue;
    if (place.node && same_condition(graph, *place.node, use.path[0])) continue;
    report.warning("D402", use.span, quote(use.path[0]) + " is unset " + reason(graph, use.path[0]),
                   "declare it optional<…>, give it a default, or write it on every path");
  }
}

}  // namespace

Check maybe_unset_check() {
  return {"D402",
          Severity::warning,
          "a state key that some path has not written",
          "Where a node is skipped, fails over to another one, or ends the graph early, what it "
          "sets stays "
          "unset. Say what holds then: `optional<…>`, a default, or a value on that path.",
          R"(state: {verdict: string}
input: {text: {type: string, maxLength: 900}}
nodes:
  - {id: sort, next: [{when: text == '', to: end}]}
  - {id: judge, llm: {model: quick, prompt: "Judge {{text}}"}, set: verdict}
output: {verdict: =«verdict»}
)",
          R"(state: {verdict: optional<string>}
input: {text: {type: string, maxLength: 900}}
nodes:
  - {id: sort, next: [{when: text == '', to: end}]}
  - {id: judge, llm: {model: quick, prompt: "Judge {{text}}"}, set: verdict}
output: {verdict: =verdict}
)",
          [](const Subject& subject, Report& report) {
            each_sound_graph(subject, [&](const app::Graph& graph, const yaml::Node& node) {
              look(subject, graph, node, report);
            });
          }};
}

}  // namespace plenum::lint
