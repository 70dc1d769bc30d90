// The door of the core: new runs, one event at a time, and what may be asked of a run as it stands.
#include "engine/run/step.h"

#include <nlohmann/json.hpp>

#include "engine/run/names.h"
#include "engine/run/retry.h"
#include "engine/run/walk.h"

namespace plenum::run {

Json initial(const app::Graph& graph, Json input) {
  for (const app::FieldMap* fields : {&graph.input, &graph.state})
    for (const app::Field& field : *fields)
      if (!find(input, field.name)) {
        if (field.type.fallback)
          input[field.name] = *field.type.fallback;
        else if (field.type.optional)
          input[field.name] = Json();
      }
  return input;
}

State open(const app::App& app, const app::Graph& graph, std::string id, Json input, Json about,
           Json user) {
  State state;
  state.run = std::move(id);
  state.graph = graph.name;
  state.root.vars = values_of(initial(graph, std::move(input)));
  state.about = std::move(about);
  state.user = std::move(user);
  state.cost_limit = app.limits.cost_per_run;
  state.root.block = &graph.nodes;
  state.root.graph = &graph;
  return state;
}

Outcome step(State& state, const app::App& app, const Event& event, Millis now, Pace pace) {
  return Walk(state, app, now).handle(event, pace);
}

namespace {
bool works(const Frame& frame) {
  return frame.phase == Phase::working ||
         std::any_of(frame.children.begin(), frame.children.end(), works);
}

const Frame* at_work(const Frame& frame, uint64_t call) {
  if (frame.phase == Phase::working && frame.call == call) return &frame;
  for (const Frame& child : frame.children)
    if (const Frame* found = at_work(child, call)) return found;
  return nullptr;
}
}  // namespace

bool would_retry(const State& state, uint64_t call, const Error& error) {
  if (state.status != Status::running || held(error)) return false;
  const Frame* frame = at_work(state.root, call);
  if (!frame) return false;
  const app::Retry& policy = frame->block->nodes[static_cast<size_t>(frame->at)].retry;
  return frame->attempt <= policy.max && retryable(error, policy);
}

bool rests(const State& state) {
  return state.status == Status::running && !works(state.root);
}

Result<Json> compute(const State& state, const app::App& app, const app::Value& value,
                     const Json& result, Millis now) {
  const Path path{const_cast<Frame*>(&state.root)};  // only read
  Names names(state, app, path, now);
  names.own_name = "result";
  names.own = &result;
  return value.in(names);
}

namespace {

// The one that is paused, or else the one that wakes first.
const Frame* find_waiting(const Frame& frame) {
  if (frame.phase == Phase::paused || frame.phase == Phase::asleep || frame.phase == Phase::backoff)
    return &frame;
  const Frame* best = nullptr;
  for (const Frame& child : frame.children) {
    const Frame* found = find_waiting(child);
    if (!found) continue;
    if (found->phase == Phase::paused) return found;
    if (!best || found->due < best->due) best = found;
  }
  return best;
}

bool paused(const Frame& frame) {
  const Frame* found = find_waiting(frame);
  return found && found->phase == Phase::paused;
}

const app::Graph* graph_of(const Frame& frame, const Frame* wanted, const app::Graph* around) {
  if (frame.sees == Vars::own) around = frame.graph;
  if (&frame == wanted) return around;
  for (const Frame& child : frame.children)
    if (const app::Graph* found = graph_of(child, wanted, around)) return found;
  return nullptr;
}

}  // namespace

const Frame* waits(const State& state) {
  return state.status == Status::waiting ? find_waiting(state.root) : nullptr;
}

const Json* expected(const State& state) {
  const Frame* frame = waits(state);
  return frame ? find(frame->memory, "expects") : nullptr;
}

Json returned(const State& state) {
  const Frame* frame = waits(state);
  const Json* returns = frame ? find(frame->memory, "returns") : nullptr;
  return returns ? *returns : Json();
}

std::string waiting_at(const State& state) {
  const Frame* frame = waits(state);
  if (!frame) return {};
  const std::string& id = frame->block->nodes[static_cast<size_t>(frame->at)].id;
  const app::Graph* graph = graph_of(state.root, frame, nullptr);
  return graph == state.root.graph ? id : graph->name + "." + id;
}

Millis wakes_at(const State& state) {
  const Frame* frame = waits(state);
  return frame ? frame->due : 0;
}

void again(State& state, const app::App& app) {
  if (state.status != Status::failed) return;
  state.status = paused(state.root) ? Status::waiting : Status::running;
  state.error.reset();
  state.failed_at.clear();
  state.steps = 0;
  state.cost_limit = state.cost_usd + app.limits.cost_per_run;
}

void take_over(State& state, const app::App& app, const Json& kept) {
  const app::FieldMap& fields = app.graphs.at(state.graph).state;
  for (const auto& [key, value] : kept.items()) {
    const app::Field* field = app::find(fields, key);
    if (field && field->type.schema.validate(value, 1).empty()) state.root.vars[key] = value;
  }
}

}  // namespace plenum::run
