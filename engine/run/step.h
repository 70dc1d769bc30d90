// The core: one event happens to a run, and this is what follows.  A pure function of its
// arguments.
#pragma once

#include "engine/run/event.h"
#include "engine/run/state.h"

namespace plenum::run {

// A new run of `graph`: input is checked already and has its defaults.
State open(const app::App& app, const app::Graph& graph, std::string id, Json input, Json about,
           Json user);

// Walks on until every line of control waits for something or the run has ended.  `now`: wall
// clock.  Late events (for calls that are not under way) and events for a run that has ended change
// nothing.
Outcome step(State& state, const app::App& app, const Event& event, Millis now);

// Data outside the graph that sees its state, with `result`: a route's `output`.
Result<Json> compute(const State& state, const app::App& app, const app::Value& value,
                     const Json& result, Millis now);

// The schema that an answer to the interrupt must satisfy, while the run is waiting there; nullptr:
// it is not waiting.
const Json* expected(const State& state);
// The id of that interrupt, "" when it is not waiting.
std::string waiting_at(const State& state);
// When it stops waiting by itself; 0: never.
Millis wakes_at(const State& state);

}  // namespace plenum::run
