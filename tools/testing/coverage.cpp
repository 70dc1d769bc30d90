// What no test reached: nodes, branches, routes.
//
// A branch is one outcome of a `when`, or one edge of a `next`; which edge was taken is told by the
// node that came next in the same list.
#include <functional>
#include <map>

#include "tools/testing/run.h"

namespace plenum::testing {

namespace {

struct Tally {
  int all = 0, reached = 0;
  std::vector<std::string> missed;

  void add(bool yes, const std::string& what) {
    ++all;
    if (yes)
      ++reached;
    else
      missed.push_back(what);
  }
  std::string line(const std::string& what) const {
    std::string text = what + " " + std::to_string(reached) + " of " + std::to_string(all);
    for (size_t i = 0; i < missed.size(); ++i) text += (i ? ", " : "; never: ") + missed[i];
    return text;
  }
};

std::string list_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

// Where the node of a path stands: "reply/improve/critique", and behind the call of a graph that
// graph's own "sort/read".
std::string place_of(const app::App& app, const std::string& graph, const std::string& path) {
  const app::Block* block = app.block(graph);
  for (size_t at = 0; block;) {
    const size_t slash = path.find('/', at);
    const std::string id = path.substr(at, slash - at);
    const int index = block->index_of(id);
    if (slash == std::string::npos) return block->id + "/" + id;
    if (index < 0) break;
    const app::NodeDef& node = block->nodes[static_cast<size_t>(index)];
    at = slash + 1;
    const std::string branch = path.substr(at, path.find('/', at) - at);
    block = node.calls.empty() ? nullptr : app.block(node.calls);
    for (const auto& body : node.bodies)
      if (body->name.empty() || body->name == branch) block = body.get();
    if (block && !block->name.empty()) at = path.find('/', at) + 1;
  }
  return graph + "/" + path;
}

class Coverage {
 public:
  Coverage(const app::App& app, const Reached& reached) {
    for (const auto& run : reached.runs)
      for (size_t i = 0; i < run.size(); ++i) {
        const std::string key = place_of(app, run[i].graph, run[i].path);
        states_[key].insert(run[i].status);
        after_[key].insert(next_of(run, i));
      }
  }

  void add(const app::Block& block, const std::string& prefix) {
    for (const app::NodeDef& node : block.nodes) {
      const std::string key = prefix + "/" + node.id;
      const std::set<std::string>& states = states_[key];
      const bool entered = states.size() > (states.contains("skipped") ? 1u : 0u);
      nodes.add(entered, key);
      if (node.when) {
        branches.add(entered, key + " when true");
        branches.add(states.contains("skipped"), key + " when false");
      }
      if (node.next.size() > 1 || (node.next.size() == 1 && node.next[0].when))
        for (const app::Edge& edge : node.next) add_edge(block, key, edge);
      for (const auto& body : node.bodies) add(*body, body->id);
    }
  }

  Tally nodes, branches;

 private:
  void add_edge(const app::Block& block, const std::string& key, const app::Edge& edge) {
    std::string to = "end";
    if (edge.to.node == app::Target::kBreak) to = "break";
    if (edge.to.node >= 0) to = block.nodes[static_cast<size_t>(edge.to.node)].id;
    const std::string seen = edge.to.node >= 0 ? to : "";
    branches.add(after_[key].contains(seen), key + " next " + to);
  }

  // The id of the node that followed in the same list; "": none did.
  static std::string next_of(const std::vector<Reached::Node>& run, size_t at) {
    const std::string list = list_of(run[at].path);
    for (size_t i = at + 1; i < run.size(); ++i)
      if (run[i].graph == run[at].graph && list_of(run[i].path) == list)
        return run[i].path.substr(list.empty() ? 0 : list.size() + 1);
    return {};
  }

  std::map<std::string, std::set<std::string>> states_, after_;
};

}  // namespace

std::vector<std::string> coverage(const app::App& app, const Reached& reached) {
  Coverage all(app, reached);
  for (const auto& [name, graph] : app.graphs) all.add(graph.nodes, name);
  Tally routes;
  for (const app::Route& route : app.routes)
    routes.add(reached.routes.contains(route.key()), route.key());
  std::vector<std::string> lines = {all.nodes.line("nodes")};
  if (all.branches.all) lines.push_back(all.branches.line("branches"));
  lines.push_back(routes.line("routes"));
  return lines;
}

}  // namespace plenum::testing
