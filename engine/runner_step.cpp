// What happens to a live run: an event, the core's step, the commit, and only then commands and
// answers.
//
// So what a client or a peer has seen is on disk, and a crash at any point repeats at most what had
// no result yet.
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "engine/effects/journal.h"
#include "engine/run_view.h"
#include "engine/runner.h"

namespace plenum {

namespace {
constexpr Millis kCommitRetry =
    1000;  // after a commit that could not be made: disk full, read-only

void count_effect(Metrics& metrics, const std::string& app, const char* kind, milliseconds took,
                  const Result<EffectReply>& reply) {
  metrics.add("plenum_effects_total",
              {{"app", app}, {"kind", kind}, {"outcome", reply ? "done" : "failed"}});
  metrics.observe("plenum_effect_seconds", {{"app", app}, {"kind", kind}}, took);
  if (!reply && reply.error().code == "ambiguous_effect")
    metrics.add("plenum_effects_ambiguous_total", {{"app", app}, {"kind", kind}, {"then", "fail"}});
  if (reply && reply->cost_usd > 0)
    metrics.add("plenum_cost_usd_total", {{"app", app}, {"kind", kind}}, reply->cost_usd);
}

// What was under way when the process before this one ended, and is asked for again.
void count_repeated(Metrics& metrics, const std::string& app, const std::vector<EffectRow>& begun) {
  for (const EffectRow& effect : begun)
    metrics.add("plenum_effects_ambiguous_total",
                {{"app", app}, {"kind", effect.kind}, {"then", "retry"}});
}
}  // namespace

void Runner::take(LivePtr live, run::Event event) {
  if (live->over) return;
  if (live->committing) {
    live->inbox.push_back(std::move(event));
    return;
  }
  const run::Pace pace = may_rest(*live) ? run::Pace::rest : run::Pace::on;
  run::Outcome outcome = run::step(live->state, *live->app, event, parts_.clock->now(), pace);
  const bool still = live->state.status == run::Status::running;
  if (outcome.commands.empty() && outcome.finished.empty() && outcome.published.empty() && still)
    return;
  if (std::optional<EffectRow> end = journal_end(event, parts_.clock->now()))
    live->ended.push_back(*std::move(end));
  if (std::holds_alternative<run::Restarted>(event))
    count_repeated(*parts_.metrics, live->row.owner.app, begun(outcome));
  finish_output(*live);
  commit(std::move(live), std::move(outcome));
}

// A route's `output` is computed once, when the run completes, and stored with it.
void Runner::finish_output(Live& live) {
  if (live.state.status != run::Status::completed) return;
  for (const app::Route& route : live.app->routes) {
    if (route.key() != live.row.route || !route.output) continue;
    Result<Json> output =
        run::compute(live.state, *live.app, *route.output, live.state.output, parts_.clock->now());
    if (output) {
      live.state.output = *std::move(output);
    } else {
      live.state.status = run::Status::failed;
      live.state.error = std::move(output).error();
    }
    return;
  }
}

// The journal's rows of what the step asks for.
std::vector<EffectRow> Runner::begun(const run::Outcome& outcome) const {
  std::vector<EffectRow> rows;
  for (const run::Command& command : outcome.commands)
    if (const auto* what = std::get_if<run::Perform>(&command))
      if (std::optional<EffectRow> row = journal_row(*what, parts_.clock->now()))
        rows.push_back(*std::move(row));
  return rows;
}

Checkpoint Runner::checkpoint(Live& live, run::Outcome& outcome) {
  run::State& state = live.state;
  Checkpoint point;
  point.state = run::save(state);
  if (point.state.size() > live.app->limits.state_bytes && state.status == run::Status::running) {
    state.status = run::Status::failed;
    state.error =
        Error{Kind::limited,
              "the run's state grew past " + std::to_string(live.app->limits.state_bytes >> 10) +
                  " KB (limits.state)",
              "state_limit",
              {}};
    point.state = run::save(state);
  }
  if (state.status == run::Status::failed)  // nothing is begun; what goes on is aborted
    std::erase_if(outcome.commands, [](const run::Command& command) {
      return !std::holds_alternative<run::Abandon>(command);
    });
  point.run = live.row.id;
  point.epoch = live.row.epoch;
  point.status = may_rest(live) && run::rests(state) ? RunStatus::queued : status_of(state.status);
  point.now = parts_.clock->now();
  point.at = run::waiting_at(state);
  point.percent = state.percent;
  point.message = state.say;
  point.cost_usd = state.cost_usd;
  point.wake_at = run::wakes_at(state);
  point.expires_at = live.row.expires_at;
  if (state.status == run::Status::waiting) point.returned = to_text(run::returned(state));
  if (state.status == run::Status::completed) point.output = to_text(state.output);
  if (state.error) point.error = to_text(error_json(*state.error, state.failed_at));
  for (const run::Finished& node : outcome.finished)
    point.steps.push_back(
        {node.path, node.status, to_text(node.result), node.entered, point.now, node.attempts});
  point.events = rows(outcome.published);
  point.begun = begun(outcome);
  point.ended = live.ended;
  for (const run::Command& command : outcome.commands)
    if (const auto* abandon = std::get_if<run::Abandon>(&command))
      point.ended.push_back(journal_doubt(abandon->call, point.now));
  if (state.status == run::Status::completed) keep(live, point);
  return point;
}

void Runner::commit(LivePtr live, run::Outcome outcome) {
  live->committing = true;
  Checkpoint point = checkpoint(*live, outcome);
  const bool released = point.status == RunStatus::queued;
  parts_.store->checkpoint(std::move(point), [this, live, released, outcome = std::move(outcome)](
                                                 Result<> result) mutable {
    live->committing = false;
    if (!released || !result) return committed(live, std::move(outcome), std::move(result));
    publish(live->row, rows(outcome.published));
    live->over = true;
    forget(live);
  });
}

void Runner::committed(LivePtr live, run::Outcome outcome, Result<> result) {
  if (live->over) return;  // it was released meanwhile: nothing is begun any more
  if (!result && result.error().kind == Kind::conflict) return lost(live, std::move(outcome));
  if (!result) {
    // Nothing of the step has left the process: it is committed again as it is, until the disk
    // takes it.
    spdlog::warn("run {}: a commit failed, again in {} ms: {}", live->row.id, kCommitRetry,
                 result.error().message);
    live->committing = true;
    timers_.at(
        parts_.clock->now() + kCommitRetry,
        [this, live, outcome = std::move(outcome)]() mutable { commit(live, std::move(outcome)); });
    return;
  }
  live->ended.clear();
  for (const run::Finished& node : outcome.finished) live->half_told.erase(node.path);
  publish(live->row, rows(outcome.published));
  perform(live, outcome.commands);
  if (live->state.status != run::Status::running) return conclude(live);
  if (may_rest(*live) && live->inbox.empty() && run::rests(live->state)) return release(live);
  while (!live->inbox.empty() && !live->committing && !live->over) {
    run::Event next = std::move(live->inbox.front());
    live->inbox.pop_front();
    take(live, std::move(next));
  }
}

// Somebody else has the run, or it was cancelled meanwhile: what this process made of it is not
// kept.
void Runner::lost(LivePtr live, run::Outcome) {
  for (const auto& [call, handle] : live->calls) parts_.effects->cancel(handle);
  live->calls.clear();
  const bool tried = live->state.status == run::Status::cancelled;
  parts_.store->run(live->row.owner, live->row.id, [this, live, tried](Result<Run> row) {
    if (row && row->status == RunStatus::cancelling && !tried) {
      live->state.status = run::Status::running;
      live->state.error.reset();
      return take(live, run::Cancelled{});
    }
    live->over = true;
    if (live->answer) {
      const OnRun answer = std::exchange(live->answer, nullptr);
      if (row)
        answer(view(*row));
      else
        answer(tl::unexpected(std::move(row).error()));
    }
    forget(live);
  });
}

void Runner::perform(LivePtr live, const std::vector<run::Command>& commands) {
  for (const run::Command& command : commands) {
    if (const auto* what = std::get_if<run::Perform>(&command)) {
      if (std::holds_alternative<run::StartRun>(what->effect)) {
        start_child(live, *what);
        continue;
      }
      const EffectContext context{live->row.owner, live->row.id, live->row.graph,
                                  live->row.expires_at, open_flow(live, *what)};
      const uint64_t call = what->call;
      live->calls[call] = parts_.effects->perform(
          *what, context,
          [this, weak = std::weak_ptr(live), call, kind = run::kind_of(what->effect),
           peer = peer_name(what->effect),
           began = parts_.clock->monotonic()](Result<EffectReply> reply) {
            const LivePtr live = weak.lock();
            if (!live) return;
            count_effect(*parts_.metrics, live->row.owner.app, kind,
                         milliseconds(parts_.clock->monotonic() - began), reply);
            live->calls.erase(call);
            close_flow(*live, call, reply ? nullptr : &reply.error());
            if (reply)
              return take(live, run::Replied{call, std::move(reply->result), reply->cost_usd,
                                             std::move(reply->model), reply->usage});
            const run::Chance chance = this->chance(*live, call, peer, reply.error());
            take(live, run::Failed{call, std::move(reply).error(), 0, chance});
          });
    } else if (const auto* timer = std::get_if<run::StartTimer>(&command)) {
      timers_.at(timer->due, [this, weak = std::weak_ptr(live), call = timer->call] {
        if (const LivePtr live = weak.lock()) take(live, run::TimerDue{call});
      });
    } else if (const auto* abandon = std::get_if<run::Abandon>(&command)) {
      if (const auto it = live->calls.find(abandon->call); it != live->calls.end())
        parts_.effects->cancel(it->second);
    }
  }
}

// What the core can't know when a call has failed.
run::Chance Runner::chance(const Live& live, uint64_t call, const std::string& peer,
                           const Error& error) {
  run::Chance chance;
  chance.share = parts_.chance();
  chance.granted = !run::would_retry(live.state, call, error) ||
                   parts_.effects->take_retry(live.row.owner.app, peer);
  chance.patient = !live.answer;
  chance.deadline = live.row.deadline;
  return chance;
}

void Runner::conclude(LivePtr live) {
  live->over = true;
  parts_.metrics->add("plenum_runs_total", {{"app", live->row.owner.app},
                                            {"graph", live->row.graph},
                                            {"status", name(status_of(live->state.status))}});
  if (live->state.status == run::Status::failed)
    // Its message may quote what the user sent; `plenum runs show` has it.
    spdlog::warn("run {} failed: {} ({})", live->row.id, live->state.error->stable_code(),
                 live->state.error->trail);
  if (live->answer) std::exchange(live->answer, nullptr)(live_view(*live));
  forget(live);
  if (live->state.status == run::Status::waiting && run::wakes_at(live->state)) pump();
}

void Runner::forget(const LivePtr& live) {
  timers_.cancel(live->deadline_timer);
  const auto it = live_.find(live->row.id);
  if (it == live_.end() || it->second != live) return;
  live_.erase(it);
  live_count_ = live_.size();
  if (!live->row.job) return;
  --jobs_;
  pump();
}

void Runner::cancel(Owner owner, std::string run, std::optional<Actor> actor, OnRun done) {
  const auto cancelled = [this, run, done = std::move(done)](Result<Run> row) {
    if (!row) return done(tl::unexpected(std::move(row).error()));
    if (const auto it = live_.find(run); it != live_.end() && row->status == RunStatus::cancelling)
      take(it->second, run::Cancelled{});
    else if (row->status == RunStatus::cancelled)
      publish(*row, {last_event(*row)});
    done(view(*row));
  };
  parts_.store->cancel(std::move(owner), run, parts_.clock->now(), cancelled, std::move(actor));
}

void Runner::operate(Owner owner, std::string run, Store::Act act, Actor actor, OnRun done) {
  const auto operated = [this, done = std::move(done)](Result<Run> row) {
    if (!row) return done(tl::unexpected(std::move(row).error()));
    done(view(*row));
    pump();
  };
  parts_.store->operate(std::move(owner), std::move(run), act, parts_.clock->now(), operated,
                        std::move(actor));
}

// Unfinished work goes back to the queue as it was last committed; what it had under way is
// aborted, and in doubt.
void Runner::release_all() {
  const auto live_runs = live_;
  for (const auto& [id, live] : live_runs) {
    release(live);
    if (live->answer)
      std::exchange(live->answer, nullptr)(
          fail(Kind::unavailable, "the server is shutting down; the run goes on later",
               "shutting_down"));
  }
}

void Runner::release(const LivePtr& live) {
  live->over = true;
  for (const auto& [call, handle] : live->calls) parts_.effects->cancel(handle);
  run::Outcome nothing;
  Checkpoint point = checkpoint(*live, nothing);
  point.status = RunStatus::queued;
  parts_.store->checkpoint(std::move(point), [](Result<>) {});
  forget(live);
}

void Runner::rest() {
  claiming_allowed_ = false;
  resting_ = true;
  const auto live_runs = live_;
  for (const auto& [id, live] : live_runs)
    if (may_rest(*live) && !live->committing && run::rests(live->state)) release(live);
}

}  // namespace plenum
