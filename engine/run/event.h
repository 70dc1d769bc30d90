// What happens to a run, and what it wants done: the values that cross the border of the pure core.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/json.h"
#include "engine/base/result.h"
#include "engine/run/effect.h"

namespace plenum::run {

// What a model call used.
struct Usage {
  int64_t input_tokens = 0, output_tokens = 0;
  int64_t cached_tokens = 0;  // of the input
};

struct Started {};    // the run begins
struct Restarted {};  // the process died meanwhile; what was under way is asked for again
struct Replied {
  uint64_t call = 0;
  Json result;
  double cost_usd = 0;
  std::string model;  // of a model call: who answered
  Usage usage = {};
};                    // an effect is done
// What the core can't know when something has failed: it comes in with the event.
struct Chance {
  double share = 0.5;    // uniform in [0, 1): where in its range a delay falls
  bool granted = true;   // the peer's retry budget had one more
  bool patient = false;  // no client waits for the run: it may rest for long
  Millis deadline = 0;   // of the run; 0: none
};
struct Failed {
  uint64_t call = 0;
  Error error;
  double cost_usd = 0;
  Chance chance = {};
};  // … or is not
struct TimerDue {
  uint64_t call = 0;
};
struct Answered {
  Json answer;
};  // to the interrupt it waits at; validated
struct Cancelled {};
struct DeadlinePassed {};

using Event = std::variant<Started, Restarted, Replied, Failed, TimerDue, Answered, Cancelled,
                           DeadlinePassed>;

// An effect to perform; its answer comes back as Replied or Failed with the same call.
// Where the reply may come from and goes to.
struct Kept {
  milliseconds ttl{0};
  std::optional<Json> key;  // instead of the effect itself
  bool app_wide = false;
};

struct Perform {
  uint64_t call = 0;
  std::string path;  // of the node: "each/generate"
  int attempt = 1;
  std::string key;          // the effect's idempotency key (specification section 3)
  milliseconds timeout{0};  // 0: the effect's own
  Effect effect;
  bool again = false;  // asked for before a crash: whether it was carried out is unknown
  std::optional<Kept> kept = std::nullopt;
  std::string place = {};  // its path with rounds and items: "each[3]/generate"
  double worst_usd = 0;  // what it may cost at most
};
struct StartTimer {
  uint64_t call = 0;
  Millis due = 0;
};
struct Abandon {
  uint64_t call = 0;
};  // the answer is not wanted any more: abort it

using Command = std::variant<Perform, StartTimer, Abandon>;

// A node that finished, for the record.
struct Finished {
  std::string path, status;  // done, failed, skipped
  Json result;
  Millis entered = 0;
  int attempts = 1;
};

// What clients may see: type and data as in the language's list of events.
struct Published {
  int64_t id = 0;  // counts from 1 within the run
  std::string type;
  std::string data;  // JSON
};

// What one event led to.
struct Outcome {
  std::vector<Command> commands;
  std::vector<Finished> finished;
  std::vector<Published> published;
};

}  // namespace plenum::run
