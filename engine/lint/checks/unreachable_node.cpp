// G301: a node that no path reaches.
#include "engine/lint/check.h"
#include "engine/lint/flow.h"
#include "engine/lint/places.h"

namespace plenum::lint {

namespace {

// The last node before it that leads past it, or ends the graph.
std::string past(const app::Block& block, size_t index, const std::vector<bool>& seen) {
  for (size_t i = index; i-- > 0;)
    if (seen[i]) return block.nodes[i].id;
  return {};
}

void look(const app::Block& block, Report& report) {
  const std::vector<bool> seen = reachable(block);
  for (size_t i = 0; i < block.nodes.size(); ++i) {
    const app::NodeDef& def = block.nodes[i];
    for (const auto& body : def.bodies) look(*body, report);
    // What follows an unreachable node follows from it.
    if (seen[i] || (i > 0 && !seen[i - 1])) continue;
    report.warning("G301", def.span, "no path reaches " + quote(def.id),
                   "node " + quote(past(block, i, seen)) +
                       " never goes on to it: remove it, or lead an edge here");
  }
}

}  // namespace

Check unreachable_node_check() {
  return {
      "G301",
      Severity::warning,
      "a node that no path reaches",
      "Every way of the nodes before it leads past it or ends the run, so it never does anything.",
      R"(input: {kind: {type: string, maxLength: 9}}
nodes:
  - {id: triage, next: [{when: kind == 'a', to: send}, {to: end}]}
  - {id: «refund», render: {template: Refunded}}
  - {id: send, render: {template: Sent}}
)",
      R"(input: {kind: {type: string, maxLength: 9}}
nodes:
  - {id: triage, next: [{when: kind == 'a', to: send}]}
  - {id: refund, render: {template: Refunded}}
  - {id: send, render: {template: Sent}}
)",
      [](const Subject& subject, Report& report) {
        each_sound_graph(subject, [&](const app::Graph& graph, const yaml::Node&) {
          look(graph.nodes, report);
        });
      }};
}

}  // namespace plenum::lint
