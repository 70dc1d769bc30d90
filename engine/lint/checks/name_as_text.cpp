// X509: an output that is the name of a state key, as text.
#include "engine/lint/check.h"
#include "engine/lint/flow.h"
#include "engine/lint/places.h"

namespace plenum::lint {

namespace {

void judge(const yaml::Node* value, const app::Graph& graph, Report& report) {
  if (!value) return;
  for (const yaml::Member& member : value->members) judge(&member.value, graph, report);
  if (value->style != yaml::Node::Style::plain || !graph.field(value->text)) return;
  report.add({"X509",
              Severity::warning,
              value->span,
              quote(value->text) + " here is the text itself, not the state key",
              quote("=" + value->text),
              {{"write " + quote("=" + value->text), true, {{value->span, "=" + value->text}}}}});
}

void run(const Subject& subject, Report& report) {
  each_sound_graph(subject, [&](const app::Graph& graph, const yaml::Node& node) {
    judge(node.find("output"), graph, report);
    for (const app::NodeDef* def : all_nodes(graph.nodes)) {
      const yaml::Node* map = subject.node(*def);
      const yaml::Node* args = map ? map->find("interrupt") : nullptr;
      if (args) judge(args->find("returns"), graph, report);
    }
  });
}

}  // namespace

Check name_as_text_check() {
  return {"X509",
          Severity::warning,
          "an output that is the name of a state key, as text",
          "In data, text is text: clients would get the word. The value of the key is computed "
          "with `=`.",
          R"(input: {draft: {type: string, maxLength: 99}}
nodes:
  - {id: a, render: {template: "{{draft}}"}}
output: «draft»
)",
          R"(input: {draft: {type: string, maxLength: 99}}
nodes:
  - {id: a, render: {template: "{{draft}}"}}
output: =draft
)",
          run};
}

}  // namespace plenum::lint
