#include "engine/lint/places.h"

#include "engine/lint/flow.h"

namespace plenum::lint {

bool within(const Span& part, const Span& whole) {
  return part.file && whole.file && *part.file == *whole.file && whole.start <= part.start &&
         part.start < whole.end;
}

Place place_of(const Subject& subject, const app::Graph& graph, const Span& span) {
  Place place;
  const yaml::Node* map = nullptr;
  for (const app::NodeDef* def : all_nodes(graph.nodes)) {  // a body's nodes come after its own
    const yaml::Node* node = subject.node(*def);
    if (node && within(span, node->span)) place.node = def, map = node;
  }
  if (!map) return place;
  for (const yaml::Member& member : map->members) {
    if (!within(span, member.value.span)) continue;
    place.key = member.key;
    if (member.key != place.node->kind) continue;
    for (const yaml::Member& argument : member.value.members)
      if (within(span, argument.value.span)) place.key = argument.key;
  }
  return place;
}

}  // namespace plenum::lint
