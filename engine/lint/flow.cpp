#include "engine/lint/flow.h"

namespace plenum::lint {

using app::Block;
using app::NodeDef;
using app::Target;

namespace {

int index_of(const Target& target, size_t index) {
  return target.node == Target::kNext ? static_cast<int>(index) + 1 : target.node;
}

// What two paths have both written; a path that does not exist takes nothing away.
void meet(std::optional<Keys>& both, const Keys& more) {
  if (!both) {
    both = more;
    return;
  }
  std::erase_if(*both, [&](const std::string& key) { return !more.contains(key); });
}

class Analysis {
 public:
  Certain run(const app::Graph& graph) {
    Keys given;
    for (const app::Field& field : graph.input) given.insert(field.name);
    for (const app::Field& field : graph.state)
      if (!field.required()) given.insert(field.name);
    if (const auto done = block(graph.nodes, given)) meet(out_.end, *done);
    return std::move(out_);
  }

 private:
  // What is written when the block is through; nullopt: it never is.
  std::optional<Keys> block(const Block& block, const Keys& given) {
    std::vector<std::optional<Keys>> at(block.nodes.size() + 1);
    std::optional<Keys> broken;  // by `break`
    at[0] = given;
    for (size_t i = 0; i < block.nodes.size(); ++i) {
      if (!at[i]) continue;
      const NodeDef& def = block.nodes[i];
      const Keys after = node(def, *at[i]);
      for (const Way& way : ways(block, i)) {
        const Keys& keys = way.ran ? after : *at[i];
        if (way.to == Target::kEnd)
          meet(out_.end, keys);
        else if (way.to == Target::kBreak)
          meet(broken, keys);
        else
          meet(at[static_cast<size_t>(way.to)], keys);
      }
    }
    std::optional<Keys> done = at.back();
    if (broken) meet(done, *broken);
    return done;
  }

  Keys node(const NodeDef& def, const Keys& before) {
    out_.before[&def] = before;
    Keys after = before;
    for (const auto& body : def.bodies) {
      const auto done = block(*body, before);
      if (!done) continue;
      out_.inside[&def].insert(done->begin(), done->end());
      // A map works on copies of the state; of branches that need not all finish nothing is
      // certain.
      if (def.kind == "loop" || def.kind == "parallel") after.insert(done->begin(), done->end());
    }
    const Keys own = set_by(def);
    after.insert(own.begin(), own.end());
    out_.after[&def] = after;
    return after;
  }

  Certain out_;
};

}  // namespace

std::vector<Way> ways(const Block& block, size_t index) {
  const NodeDef& def = block.nodes[index];
  const int next = static_cast<int>(index) + 1;
  std::vector<Way> all;
  if (def.when) all.push_back({next, false});
  if (def.on_error.then == app::OnError::Then::next)
    all.push_back({index_of(def.on_error.next, index), false});
  if (def.on_timeout.then == app::OnError::Then::next)  // an interrupt that nobody answered
    all.push_back({index_of(def.on_timeout.next, index), false});
  if (def.kind == "fail") return all;
  bool falls = true;
  for (const app::Edge& edge : def.next) {
    all.push_back({index_of(edge.to, index), true});
    falls = falls && static_cast<bool>(edge.when);
  }
  if (falls) all.push_back({next, true});
  return all;
}

std::vector<bool> reachable(const Block& block) {
  std::vector<bool> seen(block.nodes.size() + 1);
  seen[0] = true;
  for (size_t i = 0; i < block.nodes.size(); ++i)
    if (seen[i])
      for (const Way& way : ways(block, i))
        if (way.to >= 0) seen[static_cast<size_t>(way.to)] = true;
  seen.pop_back();
  return seen;
}

Keys set_by(const NodeDef& def) {
  Keys keys;
  for (const app::Set& set : def.sets) keys.insert(set.key);
  return keys;
}

Certain certain(const app::Graph& graph) {
  return Analysis().run(graph);
}

}  // namespace plenum::lint
