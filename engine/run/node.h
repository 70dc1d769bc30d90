// What a node of some kind does: the interface of the nodes/ family.  Pure: no clock, no I/O, no
// threads.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/app/app.h"
#include "engine/base/clock.h"
#include "engine/base/json.h"
#include "engine/base/result.h"
#include "engine/base/scope.h"
#include "engine/run/effect.h"
#include "engine/run/state.h"

namespace plenum::run {

// One body to be walked beside the node that holds it.
struct Enter {
  const app::Block* block = nullptr;
  int slot = 0;        // tells bodies apart that run at the same time, and names rounds
  Values locals = {};  // names that only this body sees: {"item": …, "index": 0}
  Vars vars = Vars::shared;
  Values own = {};                    // with Vars::own: the first values
  const app::Graph* graph = nullptr;  // when the body is a whole graph: its fields and output
};

// What a node wants to happen next.
struct Next {
  struct Done {
    Json result;
    std::vector<std::pair<std::string, Json>> events = {};  // for clients
  };
  struct Act {
    Effect effect;
    double worst_usd = 0;  // held back from the run's budget until the answer is there
  };                       // come back with its answer
  struct Pause {           // wait for a client's answer
    Json returns;          // what the client is shown
    Json expects;          // JSON Schema of the answer
    std::optional<milliseconds> ttl;
  };
  struct Sleep {
    Millis until = 0;  // wall clock; then on() is called with null
  };
  struct Again {};  // start() is called again, with the memory as it is
  struct Bodies {
    std::vector<Enter> enter;  // besides those that are under way; none: wait for these
  };
  std::variant<Done, Act, Pause, Sleep, Bodies, Again> what;

  static Next done(Json result) { return {Done{std::move(result)}}; }
  static Next perform(Effect effect, double worst_usd = 0) {
    return {Act{std::move(effect), worst_usd}};
  }
  static Next pause(Pause pause) { return {std::move(pause)}; }
  static Next sleep(Millis until) { return {Sleep{until}}; }
  static Next again() { return {Again{}}; }
  static Next enter(std::vector<Enter> bodies) { return {Bodies{std::move(bodies)}}; }
};

// One node at work: what it sees, and what it keeps between events.
struct Visit {
  const Scope& scope;
  Json& memory;  // null when it starts; saved with the run
  const std::string& path;
  double cost_left = 0;  // USD until the run's limit
  Millis entered = 0;    // when the node was entered, wall clock
};

// A body that came to its end.  While on_body runs, the scope is the body's own, with `result`.
struct Ended {
  int slot = 0;
  Json result;         // of its last node; of a graph: its output
  bool broke = false;  // it was left by `next: break`
};

class Node {
 public:
  virtual ~Node() = default;
  // Called when the node is entered, and again for a retry or after a crash with the memory as it
  // was left: what it then asks for must follow from scope and memory alone.
  virtual Result<Next> start(Visit& visit) const = 0;
  // The effect's result, or the client's answer, or null after a sleep.
  virtual Result<Next> on(Visit&, Json result) const { return Next::done(std::move(result)); }
  // After the last retry of a failed effect: another way, or nullopt to let the node fail.
  virtual Result<std::optional<Next>> instead(Visit&, const Error&) const { return std::nullopt; }
  // A body has ended; those that are still under way when the node is done are abandoned.
  virtual Result<Next> on_body(Visit&, Ended&) const { return Next::done(Json()); }
  // A body has failed for good: an error fails the node.
  virtual Result<Next> on_body_failed(Visit&, int, const Error& error) const {
    return tl::unexpected(error);
  }
  // The type of its result, once its fields are read.
  virtual Type result() const { return {}; }
};

}  // namespace plenum::run
