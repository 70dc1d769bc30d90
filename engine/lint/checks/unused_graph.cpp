// G309: a graph that nothing starts.
#include "engine/lint/check.h"

namespace plenum::lint {

namespace {

// A graph's name as the value of any key but those of its own map: routes, schedules, `graph`
// nodes.
bool named(const yaml::Node& node, const std::string& name) {
  for (const yaml::Node& item : node.items)
    if (named(item, name)) return true;
  for (const yaml::Member& member : node.members) {
    const bool starts = member.key == "start" || member.key == "name" || member.key == "graph";
    if ((starts && member.value.text == name) || named(member.value, name)) return true;
  }
  return false;
}

void run(const Subject& subject, Report& report) {
  const yaml::Node* routes = subject.root.find("routes");
  // A library has no routes: its graphs are for others.
  if (!routes || !subject.sound(*routes)) return;
  for (const auto& [name, graph] : subject.app.graphs)
    if (!named(subject.root, name) && !subject.spoken_of(name))
      report.warning(
          "G309", graph.span, "nothing starts graph " + quote(name),
          "remove it, or start it from a route: POST /" + name + ": {start: " + name + "}");
}

}  // namespace

Check unused_graph_check() {
  return {"G309",
          Severity::warning,
          "a graph that nothing starts",
          "No route, schedule or other graph starts it: it is left over, or its route is missing.",
          R"(plenum: 1
app: test
routes: {POST /go: {start: main}}
graphs:
  main: {nodes: [{id: a, render: {template: Hello}}]}
  «old»: {nodes: [{id: a, render: {template: Hello}}]}
)",
          R"(plenum: 1
app: test
routes: {POST /go: {start: main}, POST /old: {start: old}}
graphs:
  main: {nodes: [{id: a, render: {template: Hello}}]}
  old: {nodes: [{id: a, render: {template: Hello}}]}
)",
          run};
}

}  // namespace plenum::lint
