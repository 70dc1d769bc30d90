// How runs become live: a request starts one, an answer resumes one, the queue hands one over.
#include "engine/runner.h"

#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "engine/app/per_plan.h"
#include "engine/base/ids.h"
#include "engine/run_view.h"

namespace plenum {

namespace {

constexpr Millis kSweepEvery = 30'000, kSweepOn = 20;
constexpr int kSweepAtOnce = 500;
constexpr milliseconds kFileIdle{3'600'000};  // bytes that were put again meanwhile stay
constexpr Millis kHeartbeatEvery = 15'000;
constexpr int kClaimAtOnce = 64;
constexpr Millis kHeldBack = 500;

// The fixed window that `now` falls in, counted from the start of 1970 in UTC: a day's quota starts
// anew at midnight UTC.
std::optional<Charge> charge_for(const app::Route& route, const std::string& plan, Millis now) {
  const app::Quota* quota = app::of_plan(route.quota, plan);
  if (!quota) return std::nullopt;
  const Millis period = quota->period.count();
  const Millis start = now / period * period;
  return Charge{"quota " + route.key(), quota->count, start, start + period};
}

}  // namespace

Runner::Runner(Parts parts) : parts_(std::move(parts)), timers_(*parts_.io, *parts_.clock) {}

// How long a run may work without a pause: its route's word, its app's, or the server's.
milliseconds Runner::time_for(const app::App& app, const Run& row) const {
  for (const app::Route& route : app.routes)
    if (route.key() == row.route && route.timeout) return *route.timeout;
  return app.limits.timeout.value_or(row.job ? parts_.settings->job_time
                                             : parts_.settings->run_time);
}

void Runner::start(std::shared_ptr<const app::App> app, const app::Route& route, Caller caller,
                   Json input, StartOptions options, OnRun done) {
  const Millis now = parts_.clock->now();
  const Settings& settings = *parts_.settings;
  if (!options.job && live_.size() >= static_cast<size_t>(settings.runs_at_once))
    return done(fail(Error{Kind::unavailable,
                           "the server is working on as many runs as it can",
                           "overloaded",
                           {},
                           milliseconds(1000)}));
  if (const Result<> left = parts_.effects->may_spend({app->name, caller.owner}); !left)
    return done(fail(left.error()));
  const app::Graph& graph = app->graphs.at(route.graph);
  Run row = row_for(*app, graph, {app->name, caller.owner}, caller.user, options.id,
                    std::move(options.thread));
  row.route = route.key();
  row.job = options.job;
  row.priority = route.priority;
  row.concurrency = route.concurrency;
  if (route.ttl) row.expires_at = now + route.ttl->count();
  run::State state = state_for(*app, graph, row, std::move(input), std::move(caller.user));
  std::optional<Charge> charge = charge_for(route, caller.plan, now);

  if (options.job) {
    row.state = run::save(state);
    return parts_.store->accept(std::move(row), {}, std::move(charge),
                                std::move(options.idempotency),
                                {settings.jobs_per_owner, settings.jobs_queued}, {},
                                [this, done](Result<Accepted> accepted) {
                                  if (!accepted)
                                    return done(tl::unexpected(std::move(accepted).error()));
                                  RunView seen = view(accepted->run);
                                  seen.replayed = accepted->replayed;
                                  done(std::move(seen));
                                  pump();
                                });
  }
  row.status = RunStatus::running;
  row.deadline = now + time_for(*app, row).count();
  row.epoch = 1;
  row.started_at = now;
  LivePtr live = adopt(std::move(row), std::move(app), std::move(state), std::move(done));
  if (!graph.keeps)
    return begin(std::move(live), std::move(charge), std::move(options.idempotency),
                 std::move(options.events));
  const Run& known = live->row;
  with_kept(known.owner, known.thread, graph,
            [this, live, charge, key = std::move(options.idempotency),
             events = std::move(options.events)](Result<Json> kept) mutable {
              if (kept) {
                run::take_over(live->state, *live->app, *kept);
                return begin(live, std::move(charge), std::move(key), std::move(events));
              }
              live->over = true;
              forget(live);
              std::exchange(live->answer, nullptr)(tl::unexpected(std::move(kept).error()));
            });
}

// A job that is queued now, with the server's limits; callers change what they know better.
Run Runner::row_for(const app::App& app, const app::Graph& graph, Owner owner, const Json& user,
                    std::string id, std::string thread) const {
  const Millis now = parts_.clock->now();
  Run row;
  row.id = std::move(id);
  row.owner = std::move(owner);
  row.bundle = app.hash;
  row.graph = graph.name;
  row.route = "graph " + graph.name;
  row.thread = thread.empty() ? new_id("thread") : std::move(thread);
  row.job = true;
  row.user = to_text(user);
  row.status = RunStatus::queued;
  row.created_at = row.available_at = now;
  row.deadline = now + milliseconds(std::chrono::hours(24)).count();
  row.expires_at = now + parts_.settings->run_ttl.count();
  return row;
}

run::State Runner::state_for(const app::App& app, const app::Graph& graph, const Run& row,
                             Json input, Json user) const {
  Json about{{"id", row.id}, {"thread_id", row.thread}, {"app", app.name}, {"graph", graph.name}};
  return run::open(app, graph, row.id, std::move(input), std::move(about), std::move(user));
}

void Runner::begin(LivePtr live, std::optional<Charge> charge, std::optional<Idempotency> key,
                   EventSink events) {
  const std::string fresh = run::save(live->state);
  run::Outcome outcome = run::step(live->state, *live->app, run::Started{}, parts_.clock->now());
  finish_output(*live);
  // The first step goes into the transaction that accepts the run, unless it has finished nodes to
  // record.
  const bool plain = outcome.finished.empty() && live->state.status == run::Status::running;
  live->row.state = plain ? run::save(live->state) : fresh;
  accept_sync(std::move(live), std::move(outcome), std::move(charge), std::move(key),
              std::move(events));
}

void Runner::accept_sync(LivePtr live, run::Outcome outcome, std::optional<Charge> charge,
                         std::optional<Idempotency> key, EventSink events) {
  const bool plain = outcome.finished.empty() && live->state.status == run::Status::running;
  live->committing = true;
  // Made before the call, whose arguments move the outcome away in an order of the compiler's.
  Run row = live->row;
  std::vector<EventRow> published;
  std::vector<EffectRow> first;
  if (plain) published = rows(outcome.published);
  if (plain) first = begun(outcome);
  parts_.store->accept(std::move(row), std::move(published), std::move(charge), std::move(key), {},
                       std::move(first),
                       [this, live, plain, outcome = std::move(outcome),
                        events = std::move(events)](Result<Accepted> accepted) mutable {
                         live->committing = false;
                         if (accepted && !accepted->replayed) {
                           if (events.take) subscribe(live->row.id, std::move(events), 0);
                           if (plain) return committed(live, std::move(outcome), {});
                           return commit(live, std::move(outcome));
                         }
                         live->over = true;
                         forget(live);
                         const OnRun answer = std::move(live->answer);
                         if (!accepted) return answer(tl::unexpected(std::move(accepted).error()));
                         RunView seen = view(accepted->run);
                         seen.replayed = true;
                         answer(std::move(seen));
                       });
}

Runner::LivePtr Runner::adopt(Run row, std::shared_ptr<const app::App> app, run::State state,
                              OnRun answer) {
  auto live = std::make_shared<Live>();
  live->row = std::move(row);
  live->app = std::move(app);
  live->state = std::move(state);
  live->answer = std::move(answer);
  adopt(live);
  return live;
}

void Runner::adopt(const LivePtr& live) {
  live_[live->row.id] = live;
  live_count_ = live_.size();
  if (live->row.job) ++jobs_;
  if (live->row.deadline)
    live->deadline_timer = timers_.at(live->row.deadline, [this, weak = std::weak_ptr(live)] {
      if (const LivePtr late = weak.lock()) take(late, run::DeadlinePassed{});
    });
}

void Runner::resume(const std::string& app, const app::Route& route, Caller caller, std::string id,
                    Json answer, ResumeOptions options, OnRun done) {
  const Owner owner{app, caller.owner};
  parts_.store->run(
      owner, id,
      [this, owner, graph = route.graph, at = route.interrupt, answer = std::move(answer),
       options = std::move(options), done = std::move(done)](Result<Run> row) mutable {
        const bool called = row && row->at == graph + "." + at;  // by the run's own graph
        if (row && row->graph != graph && !called) row = fail(Kind::not_found, "");
        if (!row && row.error().kind == Kind::not_found)
          return done(
              fail(Kind::not_found, "there is no such run of `" + graph + "`", "not_found"));
        if (!row) return done(tl::unexpected(std::move(row).error()));
        if (called) at = row->at;
        if (row->status != RunStatus::waiting || row->at != at)  // too late, or the same again
          return take_waiting(owner, row->id, at, std::move(options.idempotency), std::nullopt,
                              std::move(done), [](const Run&) {});
        Run found = *std::move(row);
        const std::string hash = found.bundle;
        parts_.bundle(owner.app, hash,
                      [this, owner, row = std::move(found), answer = std::move(answer),
                       options = std::move(options), done = std::move(done)](
                          Result<std::shared_ptr<const app::App>> app) mutable {
                        if (!app) return done(tl::unexpected(std::move(app).error()));
                        answer_waiting(owner, std::move(row), *std::move(app), std::move(answer),
                                       std::move(options), std::move(done));
                      });
      });
}

// An answer that does not fit changes nothing; of two that fit, the store lets one through.
void Runner::answer_waiting(Owner owner, Run row, std::shared_ptr<const app::App> app, Json answer,
                            ResumeOptions options, OnRun done) {
  Result<run::State> state = run::restore(row.state, *app);
  if (!state) return done(tl::unexpected(std::move(state).error()));
  if (const Json* expects = run::expected(*state)) {
    const auto schema = schema::Schema::compile(*expects);
    if (!schema)
      return done(fail(Kind::internal,
                       "the answer's schema does not compile: " + schema.error()[0].message));
    std::vector<Violation> violations = schema->validate(answer);
    if (!violations.empty()) {
      Error error{Kind::invalid,
                  "the answer does not fit what `" + row.at + "` expects",
                  "invalid_answer",
                  {}};
      error.violations = std::move(violations);
      error.status = 422;
      return done(fail(std::move(error)));
    }
  }
  // The step that the answer leads to is committed with it: an answer that was taken is not lost.
  auto live = std::make_shared<Live>();
  live->row = std::move(row);
  live->app = std::move(app);
  live->state = *std::move(state);
  const int64_t seen = live->state.last_event;
  run::Outcome outcome =
      run::step(live->state, *live->app, run::Answered{std::move(answer)}, parts_.clock->now());
  finish_output(*live);
  Checkpoint point = checkpoint(*live, outcome);
  const std::string id = live->row.id, at = live->row.at;
  take_waiting(std::move(owner), id, at, std::move(options.idempotency), std::move(point), done,
               [this, live, outcome = std::move(outcome), events = std::move(options.events),
                background = options.background, seen, done](Run taken) mutable {
                 taken.deadline = parts_.clock->now() + time_for(*live->app, taken).count();
                 if (background) done(view(taken));
                 live->row = std::move(taken);
                 if (!background) live->answer = std::move(done);
                 adopt(live);
                 if (events.take) subscribe(live->row.id, std::move(events), seen);
                 committed(live, std::move(outcome), {});
               });
}

// Calls either `taken`, with the run that is now ours, or `done`, with the run as an earlier
// request with the same key left it, or with why not.
void Runner::take_waiting(Owner owner, const std::string& run, const std::string& at,
                          std::optional<Idempotency> key, std::optional<Checkpoint> step,
                          OnRun done, std::function<void(Run)> taken) {
  parts_.store->take_waiting(
      std::move(owner), run, at, parts_.clock->now(), std::move(key), std::move(step),
      [done = std::move(done), taken = std::move(taken)](Result<Accepted> accepted) {
        if (!accepted) return done(tl::unexpected(std::move(accepted).error()));
        if (!accepted->replayed) return taken(std::move(accepted->run));
        RunView seen = view(accepted->run);
        seen.replayed = true;
        done(std::move(seen));
      });
}

// ── the queue
// ────────────────────────────────────────────────────────────────────────────────────────────────────────

void Runner::serve() {
  claiming_allowed_ = true;
  pump();
  sweep();
  heartbeat();
}

void Runner::pump_at(Millis due) {
  timers_.cancel(pump_timer_);
  pump_timer_ = timers_.at(due, [this] { pump(); });
}

// Claims until the queue has nothing due or enough jobs are under way.
void Runner::pump() {
  const auto most = static_cast<size_t>(parts_.settings->jobs_at_once);
  if (!claiming_allowed_ || jobs_ >= most) return;
  if (claiming_) {
    claim_again_ = true;
    return;
  }
  claiming_ = true;
  const int limit = static_cast<int>(std::min<size_t>(kClaimAtOnce, most - jobs_));
  parts_.store->claim(parts_.clock->now(), limit, [this, limit](Result<std::vector<Run>> runs) {
    claiming_ = false;
    const bool again = std::exchange(claim_again_, false);
    if (!runs) {
      spdlog::warn("claiming jobs: {}", runs.error().message);
      return pump_at(parts_.clock->now() + 1000);
    }
    const bool full = static_cast<int>(runs->size()) == limit;
    for (Run& row : *runs) adopt_claimed(std::move(row));
    if (full || again) return pump();
    parts_.store->next_due([this](Result<Millis> due) {
      if (!due || *due == 0) return;
      // What is due and was not claimed is held back by its owner's `concurrency`: the end of
      // one of those jobs claims it, so looking again in a while is only a precaution.
      const Millis now = parts_.clock->now();
      pump_at(*due > now ? *due : now + kHeldBack);
    });
  });
}

void Runner::adopt_claimed(Run row) {
  const std::string app = row.owner.app, hash = row.bundle;
  parts_.bundle(
      app, hash, [this, row = std::move(row)](Result<std::shared_ptr<const app::App>> app) mutable {
        Result<run::State> state =
            app ? run::restore(row.state, **app) : Result<run::State>(tl::unexpected(app.error()));
        if (!state) {
          spdlog::error("run {} cannot be continued: {}", row.id, state.error().message);
          Checkpoint end;
          end.run = row.id;
          end.epoch = row.epoch;
          end.status = RunStatus::failed;
          end.state = row.state;
          end.now = parts_.clock->now();
          end.error = to_text(error_json(state.error(), ""));
          end.expires_at = row.expires_at;
          return parts_.store->checkpoint(std::move(end), [](Result<>) {});
        }
        const Millis now = parts_.clock->now();
        run::again(*state, **app);
        const Millis wakes = run::wakes_at(*state);
        const bool waits = state->status == run::Status::waiting;
        const bool woken = waits && wakes && wakes <= now;
        if (row.job || woken)
          row.deadline = std::min(row.deadline && !woken ? row.deadline : INT64_MAX,
                                  now + time_for(**app, row).count());
        const bool fresh = state->last_event == 0;
        const uint64_t wake = woken ? run::waits(*state)->call : 0;
        const app::Graph& graph = (*app)->graphs.at(state->graph);
        LivePtr live = adopt(std::move(row), *std::move(app), *std::move(state), nullptr);
        if (woken) return take(std::move(live), run::TimerDue{wake});
        if (waits) return commit(std::move(live), {});  // tried again before its time: waits on
        if (!fresh) return take(std::move(live), run::Restarted{});
        if (!graph.keeps) return take(std::move(live), run::Started{});
        with_kept(live->row.owner, live->row.thread, graph, [this, live](Result<Json> kept) {
          if (live->over) return;
          if (kept) run::take_over(live->state, *live->app, *kept);
          if (!kept) spdlog::warn("run {}: {}", live->row.id, kept.error().message);
          take(live, run::Started{});
        });
      });
}

// Tells a client that the line is open, and finds out which ones have left.
void Runner::heartbeat() {
  if (!claiming_allowed_) return;
  std::vector<std::string> runs;
  for (const auto& [run, subscribers] : subscribers_) {
    for (const auto& subscriber : subscribers)
      if (!subscriber->done && !subscriber->sink.take({0, "heartbeat", "{}"}, false))
        subscriber->done = true;
    runs.push_back(run);
  }
  for (const std::string& run : runs) drop_finished(run);
  timers_.at(parts_.clock->now() + kHeartbeatEvery, [this] { heartbeat(); });
}

// What expires faster than a sweep deletes is swept on at once, so that it cannot pile up.
void Runner::sweep() {
  if (!claiming_allowed_) return;
  parts_.store->sweep(parts_.clock->now(), kSweepAtOnce, [this](Result<Swept> swept) {
    const bool more = swept && swept->more;
    if (swept && !swept->files.empty()) parts_.remove_files(std::move(swept->files), kFileIdle);
    timers_.at(parts_.clock->now() + (more ? kSweepOn : kSweepEvery), [this] { sweep(); });
  });
}

// Runs of theirs that are under way find that they are gone, and end.  The first piece is the one
// that is recorded.
void Runner::forget(const Owner& owner, std::optional<Actor> actor,
                    std::function<void(Result<>)> done) {
  std::optional<AuditRow> record;
  if (actor) record = forgetting(owner, *actor, parts_.clock->now());
  const auto forgotten = [this, owner, done = std::move(done)](Result<Swept> swept) {
    if (!swept) return done(tl::unexpected(std::move(swept).error()));
    if (!swept->files.empty()) parts_.remove_files(std::move(swept->files), milliseconds(0));
    if (swept->more) return forget(owner, std::nullopt, done);
    std::vector<LivePtr> live;
    for (const auto& [id, run] : live_)
      if (run->row.owner == owner) live.push_back(run);
    for (const LivePtr& run : live) take(run, run::Cancelled{});
    done({});
  };
  parts_.store->forget(owner, kSweepAtOnce, forgotten, std::move(record));
}

}  // namespace plenum
