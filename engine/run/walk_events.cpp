// What each kind of event does to a run.
#include "engine/run/walk.h"

#include <nlohmann/json.hpp>

#include "engine/base/diagnostic.h"
#include "engine/run/retry.h"
#include "engine/run/step.h"

namespace plenum::run {

namespace {

// A run that has nothing to do for longer than this frees everything meanwhile.
constexpr Millis kStaysAwake = 30'000;

Error out_of_retries(Error error) {
  error.kind = Kind::unavailable;
  error.code = "retry_budget";
  error.message += "; it is not tried again, because too many calls of this app have failed there";
  return error;
}

}  // namespace

void Walk::on(const Restarted&) {
  if (state_.status != Status::running) return;
  std::vector<uint64_t> working;
  each(state_.root, [&](const Frame& f) {
    if (f.phase == Phase::working) working.push_back(f.call);
  });
  set_timers();
  for (const uint64_t call : working) {
    if (!at_call(call, Phase::working)) continue;
    settle(0);
    call_again_ = call;
    begin();
    call_again_ = 0;
  }
}

void Walk::on(const Replied& event) {
  if (!at_call(event.call, Phase::working)) return;
  settle(event.cost_usd);
  if (!event.model.empty()) state_.model = event.model;
  Visit at = visit();
  apply(node().body->on(at, event.result));
}

void Walk::on(const Failed& event) {
  if (!at_call(event.call, Phase::working)) return;
  settle(event.cost_usd);
  chance_ = event.chance;
  Error error = event.error;
  const bool again =
      !held(error) && frame().attempt <= node().retry.max && retryable(error, node().retry);
  if (again && event.chance.granted && back_off(error)) return;
  if (again && !event.chance.granted) error = out_of_retries(std::move(error));
  Visit at = visit();
  Result<std::optional<Next>> other = node().body->instead(at, error);
  if (!other) return trouble(std::move(other).error());
  if (*other) {
    frame().attempt = 1;
    return apply(**std::move(other));
  }
  if (held(error) && hold_off(error)) return;
  trouble(std::move(error));
}

void Walk::on(const TimerDue& event) {
  if (state_.status == Status::waiting) {
    const auto waits = [&](const Frame& f) {
      return f.call == event.call &&
             (f.phase == Phase::paused || f.phase == Phase::asleep || f.phase == Phase::backoff);
    };
    if (!seek(waits)) return;
    state_.status = Status::running;
    set_timers(event.call);
    if (frame().phase == Phase::paused) return expire();
    return frame().phase == Phase::asleep ? wake() : try_again();
  }
  if (at_call(event.call, Phase::asleep)) return wake();
  if (at_call(event.call, Phase::within))
    return trouble(
        Error{Kind::timeout, "the nodes in " + quote(node().id) + " took too long", "timeout", {}});
  if (at_call(event.call, Phase::backoff)) try_again();
}

void Walk::on(const Answered& event) {
  if (state_.status != Status::waiting ||
      !seek([](const Frame& f) { return f.phase == Phase::paused; }))
    return;
  state_.status = Status::running;
  set_timers();
  Visit at = visit();
  apply(node().body->on(at, event.answer));
}

void Walk::on(const Cancelled&) {
  if (ended()) return;
  abandon(state_.root);
  state_.status = Status::cancelled;
  publish("run.cancelled", "{}");
}

void Walk::on(const DeadlinePassed&) {
  if (ended()) return;
  fail_run(Error{Kind::timeout, "the run took longer than it may", "deadline", {}});
}

bool Walk::ended() const {
  return state_.status != Status::running && state_.status != Status::waiting;
}

void Walk::try_again() {
  ++frame().attempt;
  begin();
}

void Walk::wake() {
  Visit at = visit();
  apply(node().body->on(at, Json()));
}

void Walk::expire() {
  trouble(
      Error{
          Kind::timeout, "nobody answered " + quote(node().id) + " in time", "answer_expired", {}},
      node().on_timeout);
}

void Walk::set_timers(uint64_t done) {
  each(state_.root, [&](const Frame& f) {
    const bool timed = f.phase == Phase::backoff || f.phase == Phase::asleep ||
                       (f.phase == Phase::within && f.due);
    if (timed && f.call != done) out_.commands.push_back(StartTimer{f.call, f.due});
  });
}

void Walk::settle(double cost_usd) {
  state_.cost_usd += cost_usd;
  state_.reserved_usd = std::max(0.0, state_.reserved_usd - std::exchange(frame().reserved, 0));
  frame().phase = Phase::ready;
}

void Walk::abandon(Frame& from) {
  each(from, [&](Frame& f) {
    if (f.phase == Phase::working) out_.commands.push_back(Abandon{f.call});
    state_.reserved_usd = std::max(0.0, state_.reserved_usd - std::exchange(f.reserved, 0));
  });
}

void Walk::drop_bodies() {
  for (Frame& child : frame().children) abandon(child);
  frame().children.clear();
}

void Walk::park() {
  if (state_.status != Status::running) return;
  Millis earliest = INT64_MAX;
  each(state_.root, [&](const Frame& f) {
    if (f.phase == Phase::asleep || (f.phase == Phase::backoff && chance_.patient))
      earliest = std::min(earliest, f.due);
    else if (f.phase != Phase::within)
      earliest = INT64_MIN;
  });
  if (earliest == INT64_MIN || earliest - now_ <= kStaysAwake) return;
  state_.status = Status::waiting;
  publish("run.waiting", to_text(Json{{"at", waiting_at(state_)}, {"until", rfc3339(earliest)}}));
}

}  // namespace plenum::run
