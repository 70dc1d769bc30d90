// A run as a value: where control stands, what the state keys hold, what is under way.  Saved after
// every node.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/app/app.h"
#include "engine/base/clock.h"
#include "engine/base/json.h"

namespace plenum::run {

enum class Status { running, waiting, completed, failed, cancelled };
const char* name(Status status);

// What the node at a frame's place is doing.
enum class Phase {
  ready,    // about to be entered
  working,  // an effect is under way: `call`
  backoff,  // waits until `due` before it tries again: `call`
  paused,   // an interrupt: waits for a client's answer until `due` (0: without end)
  asleep,   // waits until `due`: `call`
  within,   // its bodies are under way, until `due` at the latest (0: without end): `call`
};

// What a body sees of the state around it.
enum class Vars {
  shared,  // reads and writes it
  copy,    // reads it; what it writes, it alone sees
  own,     // has a state of its own
};

// Values by name, in the order they came in.
using Values = Json::object_t;
const Json* value_of(const Values& values, std::string_view name);  // nullptr: none
Values values_of(Json object);                                      // none of anything else

// One line of control: a list of nodes being walked.  Frames are a tree: a node that holds others
// has a child for each of its bodies that is under way.
struct Frame {
  const app::Block* block = nullptr;  // of the run's bundle, which outlives the state
  int at = 0;                         // index of the node; the list's size when it is finished
  Phase phase = Phase::ready;
  int attempt = 0;    // of the current node, from 1
  uint64_t call = 0;  // id of what is under way; events that carry another one are late and ignored
  Millis due = 0;
  Millis entered = 0;   // when the current node was entered
  double reserved = 0;  // USD that what is under way may cost at most
  Json memory;          // what the current node keeps from event to event
  Json result;          // of the last node that finished

  std::string path;  // of the current node, "improve[2]/revise"; "" until it is asked for

  int slot = 0;  // of a body: which one, in the words of the node that entered it
  Vars sees = Vars::own;
  Values vars;    // state keys and input (own), or what was written over them (copy)
  Values locals;  // names that only this body sees
  const app::Graph* graph = nullptr;  // when the block is a whole graph
  std::list<Frame> children;          // frames do not move when others come and go
};

struct State {
  std::string run;  // the run's id
  std::string graph;
  Status status = Status::running;
  Json about;  // what expressions see as `run`
  Json user;   // … and as `user`
  Frame root;  // the graph's own list, with the state
  uint64_t last_call = 0;
  int steps = 0;
  double cost_usd = 0;
  double cost_limit = 0;
  double reserved_usd = 0;  // of cost_limit, by what is under way
  int percent = 0;
  std::string say;
  int64_t last_event = 0;
  std::string model;  // the model that answered last, as it names itself; "offline" says so
  Json output;        // when completed
  std::optional<Error> error;  // when failed
  std::string failed_at;       // the node's path
};

// How deep bodies may stand in each other, called graphs included.
inline constexpr int kDeepest = 16;

// Compact JSON, and back; `app` is the bundle that the run is pinned to.  A state that does not fit
// it is `internal`.
std::string save(const State& state);
Result<State> restore(std::string_view text, const app::App& app);

}  // namespace plenum::run
