// Where in an app something stands: in which node, under which of its keys.
#pragma once

#include <string>

#include "engine/lint/check.h"

namespace plenum::lint {

// Whether a part begins inside another one, of the same file.
bool within(const Span& part, const Span& whole);

struct Place {
  const app::NodeDef* node = nullptr;  // the innermost; nullptr: outside of nodes
  std::string key;                     // of the node, or of its kind: "next", "until"
};
Place place_of(const Subject& subject, const app::Graph& graph, const Span& span);

// The graphs of the file that the loader read without an error in them, with their maps.
template <typename Look>
void each_sound_graph(const Subject& subject, Look look) {
  const yaml::Node* graphs = subject.root.find("graphs");
  if (!graphs) return;
  for (const auto& [name, graph] : subject.app.graphs)
    if (const yaml::Node* node = graphs->find(name); node && subject.sound(*node))
      look(graph, *node);
}

}  // namespace plenum::lint
