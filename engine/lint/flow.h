// The ways a run can take through a graph, and what is certainly written on all of them.
//
// Edges lead forwards only, so one pass in the file's order is enough.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/app/app.h"

namespace plenum::lint {

// One way out of a node.  `to`: the index of a node of the same block, `nodes.size()` behind the
// last, or Target::kEnd or kBreak.
struct Way {
  int to = 0;
  bool ran = true;  // false: it was skipped, or it failed: its `set` was not done
};
std::vector<Way> ways(const app::Block& block, size_t index);

// By index: whether any path from the first node leads there.
std::vector<bool> reachable(const app::Block& block);

using Keys = std::set<std::string>;

// What is written on every path to a place.
struct Certain {
  std::map<const app::NodeDef*, Keys> before;  // when the node starts
  std::map<const app::NodeDef*, Keys> after;   // behind its `set`
  std::map<const app::NodeDef*, Keys> inside;  // when its body has run once
  std::optional<Keys> end;                     // when the graph ends without an error
};
Certain certain(const app::Graph& graph);

// The state keys a node sets itself.
Keys set_by(const app::NodeDef& def);

}  // namespace plenum::lint
