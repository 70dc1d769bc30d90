// From node to node until every line of control waits, and what a node asks for.
#include "engine/run/walk.h"

#include <nlohmann/json.hpp>

#include "engine/base/diagnostic.h"
#include "engine/base/ids.h"
#include "engine/run/retry.h"
#include "engine/run/step.h"

namespace plenum::run {

Outcome Walk::handle(const Event& event, Pace pace) {
  std::visit([&](const auto& e) { on(e); }, event);
  while (pace == Pace::on && state_.status == Status::running && seek_ready()) turn();
  park();
  return std::move(out_);
}

void Walk::turn() {
  if (frame().at < static_cast<int>(frame().block->nodes.size())) return enter();
  if (path_.size() == 1) return complete_run();
  end_body();
}

void Walk::enter() {
  if (++state_.steps > app_.limits.steps)
    return fail_run(Error{Kind::limited,
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
  publish("node.started", about_node());
  if (!report_progress()) return;
  begin();
}

bool Walk::report_progress() {
  if (node().percent < 0) return true;
  state_.percent = node().percent;
  const Result<Json> say = node().say.in(names_);
  if (!say) {
    trouble(say.error());
    return false;
  }
  state_.say = say->is_string() ? say->get<std::string>() : say->is_null() ? "" : to_text(*say);
  std::string told = about_node();
  told.pop_back();
  publish("node.progress", std::move(told) + ",\"percent\":" + std::to_string(state_.percent) +
                               ",\"message\":" + to_text(state_.say) + "}");
  return true;
}

void Walk::begin() {
  if (!node().body) return done(Json());
  Visit at = visit();
  apply(node().body->start(at));
}

Visit Walk::visit() {
  names_.at(frame().entered);
  return {names_, frame().memory, node().id,
          state_.cost_limit - state_.cost_usd - state_.reserved_usd, frame().entered};
}

void Walk::apply(Result<Next> next) {
  names_.at(now_);
  if (!next) return trouble(std::move(next).error());
  std::visit([&](auto& what) { follow(std::move(what)); }, next->what);
}

void Walk::follow(Next::Act what) {
  Frame& f = frame();
  Result<std::optional<Kept>> kept = where_kept();
  if (!kept) return trouble(std::move(kept).error());
  const bool again = call_again_ != 0;
  f.call = next_call();
  f.phase = Phase::working;
  f.reserved = what.worst_usd;
  state_.reserved_usd += what.worst_usd;
  out_.commands.push_back(Perform{f.call, path_without_indexes(), f.attempt, effect_key(),
                                  node().timeout, std::move(what.effect), again, *std::move(kept),
                                  path_text(), what.worst_usd});
}

// As the node saw its names when it was entered: the key is the same again after a crash.
Result<std::optional<Kept>> Walk::where_kept() {
  const std::optional<app::Cache>& cache = node().cache;
  if (!cache) return std::nullopt;
  Kept kept{cache->ttl, std::nullopt, cache->app_wide};
  if (!cache->key) return kept;
  names_.at(frame().entered);
  kept.key = TRY(cache->key->in(names_));
  names_.at(now_);
  return kept;
}

void Walk::follow(Next::Pause what) {
  Frame& f = frame();
  f.call = next_call();
  f.phase = Phase::paused;
  f.due = what.ttl ? now_ + what.ttl->count() : 0;
  f.memory["returns"] = std::move(what.returns);
  f.memory["expects"] = std::move(what.expects);
  state_.status = Status::waiting;
  publish("run.waiting",
          to_text(Json{{"at", waiting_at(state_)}, {"output", f.memory["returns"]}}));
}

void Walk::follow(Next::Sleep what) {
  Frame& f = frame();
  f.call = next_call();
  f.phase = Phase::asleep;
  f.due = what.until;
  out_.commands.push_back(StartTimer{f.call, f.due});
}

void Walk::follow(Next::Bodies what) {
  Frame& f = frame();
  if (path_.size() >= kDeepest)
    return trouble(Error{Kind::limited, "bodies stand too deep in each other", "too_deep", {}});
  if (f.phase != Phase::within) {
    f.phase = Phase::within;
    f.call = next_call();
    f.due = node().timeout.count() > 0 ? now_ + node().timeout.count() : 0;
    if (f.due) out_.commands.push_back(StartTimer{f.call, f.due});
  }
  for (Enter& enter : what.enter) {
    Frame& child = f.children.emplace_back();
    child.block = enter.block;
    child.slot = enter.slot;
    child.sees = enter.vars;
    child.locals = std::move(enter.locals);
    child.graph = enter.graph;
    if (enter.vars == Vars::own) child.vars = std::move(enter.own);
  }
}

bool Walk::back_off(const Error& error) {
  Frame& f = frame();
  const Millis due = now_ + delay(error, node().retry, f.attempt, chance_.share).count();
  if (!chance_.patient && chance_.deadline && due >= chance_.deadline) return false;
  wait_until(due);
  return true;
}

bool Walk::hold_off(const Error& error) {
  constexpr Millis kPatience = 86'400'000;
  Frame& f = frame();
  const Millis due = now_ + delay(error, node().retry, 1, chance_.share).count();
  if (!chance_.patient || due > f.entered + kPatience) return false;
  --f.attempt;  // it was none
  wait_until(due);
  return true;
}

void Walk::wait_until(Millis due) {
  Frame& f = frame();
  f.due = due;
  f.phase = Phase::backoff;
  f.call = next_call();
  out_.commands.push_back(StartTimer{f.call, f.due});
}

}  // namespace plenum::run
