// The core: one event happens to a run, and this is what follows.  A pure function of its
// arguments.
#pragma once

#include "engine/run/event.h"
#include "engine/run/state.h"

namespace plenum::run {

// The state of a graph before its first node: `input`, which is checked already, and the defaults.
Json initial(const app::Graph& graph, Json input);

// A new run of `graph`: input is checked already.  `kept`: values by state key that an earlier run
// of the thread or the user has left.
State open(const app::App& app, const app::Graph& graph, std::string id, Json input, Json about,
           Json user);

// Walks on until every line of control waits for something or the run has ended.  `now`: wall
// clock.  Late events (for calls that are not under way) and events for a run that has ended change
// nothing.
// Pace::rest: what is under way takes its course, but no further node is entered; the next
// Restarted goes on.
enum class Pace { on, rest };
Outcome step(State& state, const app::App& app, const Event& event, Millis now,
             Pace pace = Pace::on);

// Whether the node that asked for the call tries again after this error, if the retry budget of the
// peer has one more.
bool would_retry(const State& state, uint64_t call, const Error& error);

// Whether a running run has nothing under way but time: it can be put down and taken up later.
bool rests(const State& state);

// A failed run that is to be tried again: it stands before the outermost node that failed, as if
// that had not been entered, or, when its time ran out, where it stood; step() it with Restarted.
// Its steps are counted anew, and it may cost once more what its app allows.  Any other run is left
// as it is.
void again(State& state, const app::App& app);

// Data outside the graph that sees its state, with `result`: a route's `output`.
Result<Json> compute(const State& state, const app::App& app, const app::Value& value,
                     const Json& result, Millis now);

// The frame whose interrupt or sleep the run waits at, while it is waiting; nullptr: it is not.
const Frame* waits(const State& state);
// The schema that an answer to the interrupt must satisfy; nullptr: no answer is waited for.
const Json* expected(const State& state);
// What the client is shown meanwhile: null when nothing is.
Json returned(const State& state);
// The id of the node that it waits at, "" when it is not waiting; of a called graph's: "graph.id".
std::string waiting_at(const State& state);
// When it stops waiting by itself; 0: never.
Millis wakes_at(const State& state);
// Values by state key that an earlier run of the thread or the user has left, for a run that has
// not begun.  A value that does not fit its key any more is left out.
void take_over(State& state, const app::App& app, const Json& kept);

}  // namespace plenum::run
