// G304: a loop whose body changes nothing that its `until` reads.
#include "engine/lint/check.h"
#include "engine/lint/flow.h"
#include "engine/lint/places.h"

namespace plenum::lint {

namespace {

Keys changed_in(const app::NodeDef& loop) {
  Keys keys = {"round", "now"};
  for (const auto& body : loop.bodies)
    for (const app::NodeDef* def : all_nodes(*body)) {
      const Keys own = set_by(*def);
      keys.insert(own.begin(), own.end());
    }
  return keys;
}

void judge(const Subject& subject, const app::Graph& graph, const app::NodeDef& loop,
           Report& report) {
  const yaml::Node* node = subject.node(loop);
  const yaml::Node* args = node ? node->find("loop") : nullptr;
  const yaml::Node* until = args ? args->find("until") : nullptr;
  if (!until) return;
  const Keys changed = changed_in(loop);
  const app::Use* first = nullptr;
  for (const app::Use& use : subject.draft.uses) {
    if (use.graph != graph.name || !(use.from == until->span)) continue;
    if (changed.contains(use.path[0])) return;
    if (!first) first = &use;
  }
  if (!first) return;
  report.warning(
      "G304", first->span,
      "nothing in the body changes " + quote(first->path[0]) + ": it runs `max` times, or once",
      "set it in the body, or ask for something that changes");
}

}  // namespace

Check unchanged_loop_check() {
  return {"G304",
          Severity::warning,
          "a loop whose body changes nothing that `until` reads",
          "The condition stays what it was, so the loop ends after one round or runs to its `max`.",
          R"(input: {review: {type: string, maxLength: 9}}
nodes:
  - {id: again, loop: {max: 3, until: «review» == 'good', do: [{id: a, render: {template: Hello}}]}}
)",
          R"(state: {review: string}
nodes:
  - {id: again, loop: {max: 3, until: review == 'good', do: [{id: a, render: {template: good}, set: review}]}}
)",
          [](const Subject& subject, Report& report) {
            each_sound_graph(subject, [&](const app::Graph& graph, const yaml::Node&) {
              for (const app::NodeDef* def : all_nodes(graph.nodes))
                if (def->kind == "loop") judge(subject, graph, *def, report);
            });
          }};
}

}  // namespace plenum::lint
