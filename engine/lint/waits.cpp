// How long a call waits at most: an interrupt, wherever it stands, answers it.
//
// A stretch of nodes is known by two times: to the first answer on the way, and through it without
// one.  Loops go round while nothing answers; a call that goes on behind an interrupt inside a
// loop's body finishes that round and then starts the next, or leaves the loop.
#include "engine/lint/flow.h"
#include "engine/lint/worst.h"

namespace plenum::lint {

using app::Block;
using app::NodeDef;
using app::Target;
using std::chrono::milliseconds;

namespace {

struct Stretch {
  std::optional<milliseconds> answered, through;  // nullopt: no path does that
};

using Time = std::optional<milliseconds>;

Time sum(Time a, Time b) {
  if (!a || !b) return std::nullopt;
  return *a + *b;
}

void longer(Time& time, Time other) {
  if (other && (!time || *time < *other)) time = other;
}

class Waits {
 public:
  explicit Waits(const Subject& subject) : subject_(subject) {}

  Stretch from_start(const Block& block) { return from(block, 0); }

  // nullopt: the interrupt is not in this block, nor in a body of it.
  std::optional<Stretch> from_interrupt(const Block& block, const std::string& id) {
    for (size_t i = 0; i < block.nodes.size(); ++i) {
      const NodeDef& def = block.nodes[i];
      if (def.id == id) return behind(block, i, {{}, milliseconds(0)});
      for (const auto& body : def.bodies)
        if (const auto inside = from_interrupt(*body, id))
          return behind(block, i, rounds_after(def, *body, *inside));
    }
    return std::nullopt;
  }

 private:
  // A node whose work takes that long, and what follows it.
  Stretch behind(const Block& block, size_t index, const Stretch& own) {
    Stretch all{own.answered, {}};
    for (const Way& way : ways(block, index))
      if (way.ran) join(all, own.through, rest(block, way));
    return all;
  }

  Stretch rest(const Block& block, const Way& way) {
    if (way.to == Target::kEnd) return {milliseconds(0), {}};
    if (way.to == Target::kBreak) return {{}, milliseconds(0)};
    return from(block, static_cast<size_t>(way.to));
  }

  static void join(Stretch& all, Time before, const Stretch& rest) {
    longer(all.answered, sum(before, rest.answered));
    longer(all.through, sum(before, rest.through));
  }

  Stretch from(const Block& block, size_t start) {
    std::vector<Stretch> at(block.nodes.size() + 1);
    at.back().through = milliseconds(0);
    for (size_t i = block.nodes.size(); i-- > start;) {
      const Stretch own = node(block.nodes[i]);
      longer(at[i].answered, own.answered);
      for (const Way& way : ways(block, i)) {
        const Stretch rest = way.to >= 0 ? at[static_cast<size_t>(way.to)] : this->rest(block, way);
        join(at[i], way.ran ? own.through : Time(milliseconds(0)), rest);
      }
      if (block.nodes[i].kind == "fail") longer(at[i].answered, own.through);
    }
    return at[start];
  }

  Stretch node(const NodeDef& def) {
    if (def.kind == "interrupt") return {milliseconds(0), {}};
    if (!def.calls.empty()) return called(def);
    if (def.bodies.empty()) return {{}, def.timeout};
    Stretch all;
    for (const auto& body : def.bodies) {
      const Stretch one = from(*body, 0);
      const int64_t turns = turns_of(subject_, def);
      longer(all.answered,
             one.through ? sum(one.answered, *one.through * (turns - 1)) : one.answered);
      if (one.through) longer(all.through, *one.through * turns);
    }
    return all;
  }

  // Circles of graphs are refused, and looked into once.
  Stretch called(const NodeDef& def) {
    const auto graph = subject_.app.graphs.find(def.calls);
    if (graph == subject_.app.graphs.end() || !waits_for(def) || !open_.insert(def.calls).second)
      return {{}, def.timeout};
    Stretch inner = from(graph->second.nodes, 0);
    open_.erase(def.calls);
    // The end of the called graph is not yet an answer; its interrupts are.
    if (!graph->second.pauses) longer(inner.through, std::exchange(inner.answered, std::nullopt));
    return inner;
  }

  bool waits_for(const NodeDef& def) const {
    const yaml::Node* node = subject_.node(def);
    const yaml::Node* call = node ? node->find("graph") : nullptr;
    const yaml::Node* wait = call ? call->find("wait") : nullptr;
    return !wait || !wait->is(yaml::Node::Kind::boolean) || wait->boolean;
  }

  // From inside of a body to its end, and on with the rounds that are left.
  Stretch rounds_after(const NodeDef& def, const Block& body, const Stretch& inside) {
    Stretch all = inside;
    const int64_t left = turns_of(subject_, def) - 1;
    if (left < 1) return all;
    const Stretch round = from(body, 0);
    const milliseconds skipped = round.through.value_or(milliseconds(0));
    longer(all.answered, sum(inside.through, sum(round.answered, skipped * (left - 1))));
    if (round.through) longer(all.through, sum(inside.through, skipped * left));
    return all;
  }

  const Subject& subject_;
  std::set<std::string> open_;
};

}  // namespace

milliseconds longest_wait(const Subject& subject, const app::Graph& graph,
                          const std::string& from_interrupt) {
  Waits waits(subject);
  const Stretch all = from_interrupt.empty()
                          ? waits.from_start(graph.nodes)
                          : waits.from_interrupt(graph.nodes, from_interrupt).value_or(Stretch());
  return std::max(all.answered.value_or(milliseconds(0)), all.through.value_or(milliseconds(0)));
}

}  // namespace plenum::lint
