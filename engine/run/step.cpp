// One event, and what follows from it.
//
// A run is walked node by node until every line of control waits.  What all kinds of nodes share is
// here: conditions, progress, retries, error handling, setting state, leaving to another node. What
// a node itself does is its own file.
#include "engine/run/step.h"

#include <nlohmann/json.hpp>

#include "engine/base/diagnostic.h"
#include "engine/base/ids.h"
#include "engine/run/node.h"
#include "engine/run/retry.h"

namespace plenum::run {

namespace {

using app::NodeDef;
using app::Target;

// What expressions and templates see: the place's own names, the state keys, then run, user, env,
// now.
class Names final : public Scope {
 public:
  Names(const State& state, const app::App& app, Millis now)
      : state_(state), app_(app), time_(now) {}

  // What `now` is from here on.
  void at(Millis time) {
    if (time != time_) now_ = Json();
    time_ = time;
  }

  const Json* find(std::string_view name) const override {
    if (own && name == own_name) return own;
    if (const Json* value = plenum::find(state_.vars, name)) return value;
    if (name == "run") return &state_.about;
    if (name == "user") return &state_.user;
    if (name == "env") return app_.env.get();
    if (name != "now") return nullptr;
    if (now_.is_null()) now_ = rfc3339(time_);
    return &now_;
  }

  std::string_view own_name;  // "result" or "error"
  const Json* own = nullptr;

 private:
  const State& state_;
  const app::App& app_;
  Millis time_;
  mutable Json now_;  // as text, made when it is first asked for
};

// About as long as the value's JSON text.
size_t weight(const Json& value) {
  size_t sum = 2;
  if (value.is_string()) return sum + value.get_ref<const std::string&>().size();
  if (value.is_array())
    for (const Json& item : value) sum += weight(item) + 1;
  else if (value.is_object())
    for (const auto& [key, item] : value.get_ref<const Json::object_t&>())
      sum += key.size() + 4 + weight(item);
  else
    sum = 5;
  return sum;
}

class Walk {
 public:
  Walk(State& state, const app::App& app, Millis now)
      : state_(state), app_(app), now_(now), names_(state, app, now) {}

  Outcome handle(const Event& event) {
    std::visit([&](const auto& e) { on(e); }, event);
    walk();
    return std::move(out_);
  }

 private:
  Frame& frame() { return state_.root; }
  const NodeDef& node() { return frame().block->nodes[static_cast<size_t>(frame().at)]; }
  bool waits_for(uint64_t call, Phase phase) {
    return state_.status == Status::running && frame().call == call && frame().phase == phase;
  }

  void on(const Started&) { publish("run.started", Json::object()); }

  // What was under way is asked for again, from the scope and the memory it was asked from, and
  // under the same call: its key stays the same, so that a row that was put before the crash is put
  // over, not beside.
  void on(const Restarted&) {
    if (state_.status != Status::running) return;
    if (frame().phase == Phase::working) {
      state_.last_call = frame().call - 1;
      begin();
    } else if (frame().phase == Phase::backoff) {
      out_.commands.push_back(StartTimer{frame().call, frame().due});
    }
  }

  void on(const Replied& event) {
    if (!waits_for(event.call, Phase::working)) return;
    state_.cost_usd += event.cost_usd;
    if (!event.model.empty()) state_.model = event.model;
    Visit at = visit();
    apply(node().body->on(at, event.result));
  }

  void on(const Failed& event) {
    if (!waits_for(event.call, Phase::working)) return;
    state_.cost_usd += event.cost_usd;
    if (frame().attempt <= node().retry.max && retryable(event.error, node().retry))
      return back_off(event.error);
    Visit at = visit();
    Result<std::optional<Next>> other = node().body->instead(at, event.error);
    if (!other) return trouble(std::move(other).error());
    if (*other) {
      frame().attempt = 1;
      return apply(**std::move(other));
    }
    trouble(event.error);
  }

  void on(const TimerDue& event) {
    if (waits_for(event.call, Phase::backoff)) {
      ++frame().attempt;
      return begin();
    }
    if (state_.status == Status::waiting && frame().call == event.call) {
      state_.status = Status::running;
      trouble(Error{
          Kind::timeout, "nobody answered " + quote(node().id) + " in time", "answer_expired", {}});
    }
  }

  void on(const Answered& event) {
    if (state_.status != Status::waiting || frame().phase != Phase::paused) return;
    state_.status = Status::running;
    Visit at = visit();
    apply(node().body->on(at, event.answer));
  }

  void on(const Cancelled&) {
    if (ended()) return;
    abandon();
    state_.status = Status::cancelled;
    publish("run.cancelled", Json::object());
  }

  void on(const DeadlinePassed&) {
    if (ended()) return;
    abandon();
    fail_run(Error{Kind::timeout, "the run took longer than it may", "deadline", {}});
  }

  bool ended() const {
    return state_.status != Status::running && state_.status != Status::waiting;
  }

  void abandon() {
    if (frame().phase == Phase::working) out_.commands.push_back(Abandon{frame().call});
  }

  void walk() {
    while (state_.status == Status::running && frame().phase == Phase::ready) {
      if (frame().at >= static_cast<int>(frame().block->nodes.size())) return complete_run();
      enter();
    }
  }

  void enter() {
    if (++state_.steps > app_.limits.steps)
      return fail_run(
          Error{Kind::limited,
                "the run took more than " + std::to_string(app_.limits.steps) + " steps",
                "step_limit",
                {}});
    Frame& f = frame();
    f.entered = now_;
    f.attempt = 1;
    f.memory = Json();
    if (node().when) {
      const Result<bool> holds = node().when.holds(names_);
      if (!holds) return trouble(holds.error());
      if (!*holds) {
        finish("skipped", Json());
        return leave(Target{});
      }
    }
    publish("node.started", Json{{"node", node().id}});
    if (!report_progress()) return;
    begin();
  }

  bool report_progress() {
    if (node().percent < 0) return true;
    state_.percent = node().percent;
    const Result<Json> say = node().say.in(names_);
    if (!say) {
      trouble(say.error());
      return false;
    }
    state_.say = say->is_string() ? say->get<std::string>() : say->is_null() ? "" : to_text(*say);
    publish("node.progress",
            Json{{"node", node().id}, {"percent", state_.percent}, {"message", state_.say}});
    return true;
  }

  // Lets the node act, for the first time, again after a delay, or again after a crash.
  void begin() {
    if (!node().body) return done(Json());
    Visit at = visit();
    apply(node().body->start(at));
  }

  // For the node itself `now` is when it was entered: what it asks for is the same again after a
  // delay or a crash.
  Visit visit() {
    names_.at(frame().entered);
    return {names_, frame().memory, node().id, state_.cost_limit - state_.cost_usd};
  }

  void apply(Result<Next> next) {
    names_.at(now_);
    if (!next) return trouble(std::move(next).error());
    Frame& f = frame();
    if (auto* result = std::get_if<Next::Done>(&next->what)) return done(std::move(result->result));
    f.call = ++state_.last_call;
    if (auto* act = std::get_if<Next::Act>(&next->what)) {
      f.phase = Phase::working;
      out_.commands.push_back(Perform{f.call, node().id, f.attempt, effect_key(), node().timeout,
                                      std::move(act->effect)});
      return;
    }
    auto& pause = std::get<Next::Pause>(next->what);
    f.phase = Phase::paused;
    f.due = pause.ttl ? now_ + pause.ttl->count() : 0;
    f.memory = Json{{"returns", std::move(pause.returns)}, {"expects", std::move(pause.expects)}};
    state_.status = Status::waiting;
    publish("run.waiting", Json{{"at", node().id}, {"output", f.memory["returns"]}});
  }

  // Stable over restarts: the count of calls is part of the saved state.
  std::string effect_key() {
    return sha256_hex(state_.run + "\n" + frame().block->id + "/" + node().id + "\n" +
                      std::to_string(frame().call));
  }

  void back_off(const Error& error) {
    Frame& f = frame();
    const std::string seed = state_.run + node().id + std::to_string(f.call);
    f.due = now_ + delay(error, node().retry, f.attempt, seed).count();
    f.phase = Phase::backoff;
    f.call = ++state_.last_call;
    out_.commands.push_back(StartTimer{f.call, f.due});
  }

  void done(Json result) {
    names_.own_name = "result";
    names_.own = &result;
    const Result<> set = set_state(result);
    Result<Target> target = set ? choose() : Result<Target>(tl::unexpected(set.error()));
    names_.own = nullptr;
    if (!target) return trouble(std::move(target).error());
    publish("node.completed", Json{{"node", node().id}});
    frame().result = result;
    finish("done", std::move(result));
    leave(*target);
  }

  Result<> set_state(const Json& result) {
    std::vector<std::pair<std::string, Json>> values;  // all are computed before any is set
    for (const app::Set& set : node().sets) {
      Json value = node().sets_whole ? result : TRY(set.value.in(names_));
      if (set.check) TRY(check(set.key, value));
      values.emplace_back(set.key, std::move(value));
    }
    TRY(within_limit(values));
    for (auto& [key, value] : values) state_.vars[key] = std::move(value);
    return {};
  }

  Result<> within_limit(const std::vector<std::pair<std::string, Json>>& values) const {
    size_t size = values.empty() ? 0 : weight(state_.vars);
    for (const auto& [key, value] : values) {
      const Json* before = find(state_.vars, key);
      size += weight(value) - (before ? weight(*before) : 0);
    }
    if (size <= app_.limits.state_bytes) return {};
    return fail(Kind::limited,
                "the state would be larger than the " +
                    std::to_string(app_.limits.state_bytes >> 10) +
                    " KB of `limits.state`; keep less in it, or raise the limit",
                "state_limit");
  }

  Result<> check(const std::string& key, const Json& value) {
    const app::Field* field = graph().field(key);
    const std::vector<Violation> violations = field->type.schema.validate(value, 3);
    if (violations.empty()) return {};
    return fail(Error{Kind::invalid,
                      "the value for " + quote(key) + " does not fit its type: " +
                          violations[0].pointer + " " + violations[0].message,
                      "wrong_type",
                      {},
                      {},
                      violations});
  }

  const app::Graph& graph() const { return app_.graphs.at(state_.graph); }

  Result<Target> choose() {
    for (const app::Edge& edge : node().next)
      if (!edge.when || TRY(edge.when.holds(names_))) return edge.to;
    return Target{};
  }

  void leave(Target target) {
    Frame& f = frame();
    f.phase = Phase::ready;
    f.memory = Json();
    f.due = 0;
    if (target.node == Target::kNext)
      ++f.at;
    else
      f.at = target.node >= 0 ? target.node : static_cast<int>(f.block->nodes.size());
  }

  // The node has failed for good: what does the author want then?
  void trouble(Error error) {
    names_.at(now_);
    const app::OnError& otherwise = node().on_error;
    if (otherwise.then == app::OnError::Then::fail) return give_up(std::move(error));
    if (otherwise.then == app::OnError::Then::next) {
      finish("failed", Json{{"code", error.stable_code()}, {"message", error.message}});
      return leave(otherwise.next);
    }
    const Json seen{{"code", error.stable_code()}, {"message", error.message}, {"node", node().id}};
    names_.own_name = "error";
    names_.own = &seen;
    Result<Json> value = otherwise.value.in(names_);
    names_.own = nullptr;
    if (!value) return give_up(std::move(value).error());
    names_.own_name = "result";
    names_.own = &*value;
    Result<> set = set_state(*value);
    Result<Target> target = set ? choose() : Result<Target>(tl::unexpected(set.error()));
    names_.own = nullptr;
    if (!target) return give_up(std::move(target).error());
    publish("node.completed", Json{{"node", node().id}});
    frame().result = *value;
    finish("done", *std::move(value));
    leave(*target);
  }

  void give_up(Error error) {
    finish("failed", Json{{"code", error.stable_code()}, {"message", error.message}});
    state_.failed_at = node().id;
    fail_run(std::move(error));
  }

  void finish(const char* status, Json result) {
    out_.finished.push_back(
        {node().id, status, std::move(result), frame().entered, frame().attempt});
  }

  void fail_run(Error error) {
    state_.status = Status::failed;
    const std::string at = state_.failed_at;
    error = std::move(error).during(app_.name + "/" + state_.graph +
                                    (at.empty() ? "" : ": node " + at));
    publish("run.failed", Json{{"code", error.stable_code()}, {"message", error.message}});
    state_.error = std::move(error);
  }

  void complete_run() {
    Result<Json> output =
        graph().output ? graph().output->in(names_) : Result<Json>(frame().result);
    if (!output) return fail_run(std::move(output).error());
    state_.output = *std::move(output);
    state_.status = Status::completed;
    state_.percent = 100;
    publish("run.completed", Json{{"output", state_.output}});
  }

  void publish(const char* type, Json data) {
    out_.published.push_back({++state_.last_event, type, std::move(data)});
  }

  State& state_;
  const app::App& app_;
  const Millis now_;
  Names names_;
  Outcome out_;
};

}  // namespace

State open(const app::App& app, const app::Graph& graph, std::string id, Json input, Json about,
           Json user) {
  State state;
  state.run = std::move(id);
  state.graph = graph.name;
  state.vars = std::move(input);
  for (const app::FieldMap* fields : {&graph.input, &graph.state})
    for (const app::Field& field : *fields)
      if (!find(state.vars, field.name)) {
        if (field.type.fallback)
          state.vars[field.name] = *field.type.fallback;
        else if (field.type.optional)
          state.vars[field.name] = Json();
      }
  state.about = std::move(about);
  state.user = std::move(user);
  state.cost_limit = app.limits.cost_per_run;
  state.root.block = &graph.nodes;
  return state;
}

Outcome step(State& state, const app::App& app, const Event& event, Millis now) {
  return Walk(state, app, now).handle(event);
}

Result<Json> compute(const State& state, const app::App& app, const app::Value& value,
                     const Json& result, Millis now) {
  Names names(state, app, now);
  names.own_name = "result";
  names.own = &result;
  return value.in(names);
}

const Json* expected(const State& state) {
  return state.status == Status::waiting ? find(state.root.memory, "expects") : nullptr;
}

std::string waiting_at(const State& state) {
  if (state.status != Status::waiting) return {};
  return state.root.block->nodes[static_cast<size_t>(state.root.at)].id;
}

Millis wakes_at(const State& state) {
  return state.status == Status::waiting ? state.root.due : 0;
}

}  // namespace plenum::run
