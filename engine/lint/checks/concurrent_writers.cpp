// D407: two branches that run at the same time and set the same state key.
#include "engine/lint/check.h"
#include "engine/lint/flow.h"
#include "engine/lint/places.h"

namespace plenum::lint {

namespace {

std::string branch_name(const app::Block& block) {
  return block.id.substr(block.id.rfind('/') + 1);
}

// Where a node sets the key.
Span place_of_set(const Subject& subject, const app::NodeDef& def, const std::string& key) {
  const yaml::Node* node = subject.node(def);
  const yaml::Node* set = node ? node->find("set") : nullptr;
  if (!set) return def.span;
  const yaml::Member* member = set->find_member(key);
  return member ? member->key_span : set->span;
}

bool has_reducer(const yaml::Node& graph, const std::string& key) {
  const yaml::Node* state = graph.find("state");
  const yaml::Node* declared = state ? state->find(key) : nullptr;
  return declared && declared->find("reduce");
}

void judge(const Subject& subject, const yaml::Node& graph, const app::NodeDef& parallel,
           Report& report) {
  std::map<std::string, std::string> writer;  // of each key: the first branch
  for (const app::Block* branch : bodies_of(parallel)) {
    const std::string name = branch_name(*branch);
    for (const app::NodeDef* def : all_nodes(*branch))
      for (const std::string& key : set_by(*def)) {
        const auto [first, is_new] = writer.emplace(key, name);
        if (is_new || first->second == name || has_reducer(graph, key)) continue;
        report.error(
            "D407", place_of_set(subject, *def, key),
            "branches " + quote(first->second) + " and " + quote(name) + " both set " + quote(key),
            "give it a `reduce`, or set different keys");
      }
  }
}

}  // namespace

Check concurrent_writers_check() {
  return {
      "D407",
      Severity::error,
      "two concurrent writers of a state key",
      "Branches run at the same time, so the last of them would win by chance. A `reduce` says how "
      "both values become one.",
      R"(state: {facts: string}
nodes:
  - id: both
    parallel:
      branches:
        a: [{id: x, llm: {model: quick, prompt: Hello}, set: facts}]
        b: [{id: y, llm: {model: quick, prompt: Hello}, set: «facts»}]
output: {facts: =facts}
)",
      R"(state: {facts: string, more: string}
nodes:
  - id: both
    parallel:
      branches:
        a: [{id: x, llm: {model: quick, prompt: Hello}, set: facts}]
        b: [{id: y, llm: {model: quick, prompt: Hello}, set: more}]
output: {facts: =facts, more: =more}
)",
      [](const Subject& subject, Report& report) {
        const yaml::Node* graphs = subject.root.find("graphs");
        for (const auto& [name, graph] : subject.app.graphs)
          for (const app::NodeDef* def : all_nodes(graph.nodes))
            if (const yaml::Node* node = graphs ? graphs->find(name) : nullptr;
                node && def->kind == "parallel")
              judge(subject, *node, *def, report);
      },
      "`parallel`"};
}

}  // namespace plenum::lint
