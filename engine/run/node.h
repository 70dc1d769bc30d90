// What a node of some kind does: the interface of the nodes/ family.  Pure: no clock, no I/O, no
// threads.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/app/app.h"
#include "engine/base/json.h"
#include "engine/base/result.h"
#include "engine/base/scope.h"
#include "engine/run/effect.h"

namespace plenum::run {

// What a node wants to happen next.
struct Next {
  struct Done {
    Json result;
  };
  struct Act {
    Effect effect;
  };               // come back with its answer
  struct Pause {   // wait for a client's answer
    Json returns;  // what the client is shown
    Json expects;  // JSON Schema of the answer
    std::optional<milliseconds> ttl;
  };
  std::variant<Done, Act, Pause> what;

  static Next done(Json result) { return {Done{std::move(result)}}; }
  static Next perform(Effect effect) { return {Act{std::move(effect)}}; }
  static Next pause(Pause pause) { return {std::move(pause)}; }
};

// One node at work: what it sees, and what it keeps between events.
struct Visit {
  const Scope& scope;
  Json& memory;  // null when it starts; saved with the run
  const std::string& path;
  double cost_left = 0;  // USD until the run's limit
};

class Node {
 public:
  virtual ~Node() = default;
  // Called when the node is entered, and again for a retry or after a crash with the memory as it
  // was left: what it then asks for must follow from scope and memory alone.
  virtual Result<Next> start(Visit& visit) const = 0;
  // The effect's result, or the client's answer.
  virtual Result<Next> on(Visit&, Json result) const { return Next::done(std::move(result)); }
  // After the last retry of a failed effect: another way, or nullopt to let the node fail.
  virtual Result<std::optional<Next>> instead(Visit&, const Error&) const { return std::nullopt; }
  // The type of its result, once its fields are read.
  virtual Type result() const { return {}; }
};

}  // namespace plenum::run
