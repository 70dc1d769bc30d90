// Accepting a run (T1): whether the key was seen before, whether there is room, what it costs, and
// the run itself, in this order, so that a replay is never counted and a refused run never charged.
#include <algorithm>

#include "engine/store/sqlite/operations.h"

namespace plenum::sqlite {

namespace {

Error refused(Kind kind, std::string message, std::string code, Millis retry_after) {
  Error error{kind, std::move(message), std::move(code), {}};
  error.retry_after = std::chrono::milliseconds(std::max<Millis>(retry_after, 1000));
  return error;
}

Result<> check_room(const Session& session, const Scope& scope, const Acceptance& asked) {
  if (asked.run.status != RunStatus::queued) return {};
  const auto full = [](int64_t most, int64_t queued) { return most > 0 && queued >= most; };
  if (full(asked.limits.max_queued, session.tally.queued_of_scope(scope.scope)))
    return fail(refused(
        Kind::limited,
        std::to_string(asked.limits.max_queued) +
            " jobs of yours are waiting, which is the most: ask again when one of them is finished",
        "too_many_queued", 1000));
  if (full(asked.limits.max_queue, session.tally.queued_of_app(scope.app)))
    return fail(refused(Kind::limited, "the queue of this app is full: ask again later",
                        "queue_full", 5000));
  return {};
}

Result<> charge(Session& session, int64_t scope, const Acceptance& asked) {
  const Charge& charge = *asked.charge;
  const bool counted = charge.limit > 0 && TRY(session.db.use("charge")
                                                   .bind(scope, charge.counter, charge.window_start,
                                                         charge.window_end, charge.limit)
                                                   .finish()) == 1;
  if (counted) return {};
  return fail(refused(Kind::limited,
                      "the " + charge.counter + " of " + std::to_string(charge.limit) +
                          " is used up until " + rfc3339(charge.window_end) +
                          ": ask again after that",
                      "quota_exceeded", charge.window_end - asked.run.created_at));
}

// As it will be stored.
Result<> complete(Run& run, bool keyed) {
  if (run.status != RunStatus::queued && run.status != RunStatus::running)
    return fail(Kind::invalid,
                std::string("a run is accepted as queued or running, not as ") + name(run.status));
  if (run.id.empty()) return fail(Kind::invalid, "a run is accepted with an id");
  const bool running = run.status == RunStatus::running;
  run.epoch = running ? 1 : 0;
  if (running && run.started_at == 0) run.started_at = run.created_at;
  if (run.available_at == 0) run.available_at = run.created_at;
  if (keyed && run.expires_at > 0)
    run.expires_at = std::max(run.expires_at, run.created_at + kKeyLife);
  run.rescues = 0;
  run.cost_usd = 0;
  run.finished_at = run.wake_at = 0;
  run.at.clear();
  run.returned.clear();
  run.output.clear();
  run.error.clear();
  return {};
}

Result<int64_t> add_run(Session& session, const Run& run, const Scope& scope, bool keyed) {
  const int64_t bundle = TRY(session.names.word(session.db, run.bundle));
  const int64_t graph = TRY(session.names.word(session.db, run.graph));
  const int64_t route = TRY(session.names.word(session.db, run.route));
  Statement add = session.db.use("add_run");
  add.bind(run.id, scope.scope, static_cast<int>(run.status), run.epoch, session.boot, run.job,
           keyed, -run.priority, run.concurrency, bundle, graph, route, run.percent, run.created_at,
           run.started_at, run.available_at, run.deadline, run.expires_at, run.thread, run.user,
           run.message);
  if (TRY(add.finish()) != 1)
    return fail(Kind::conflict, "a run with the id " + run.id + " exists: use a new id",
                "run_exists");
  session.tally.moved({scope.scope, scope.app, route, run.job}, std::nullopt, run.status);
  return session.db.last_number();
}

}  // namespace

Result<std::optional<Run>> earlier(Session& session, int64_t scope, const Owner& owner,
                                   const Idempotency& idempotency, Millis now) {
  std::string fingerprint, id;
  {
    Statement key = session.db.use("find_key");
    if (!TRY(key.bind(scope, idempotency.key).next())) return std::nullopt;
    if (key.integer(2) <= now) return std::nullopt;  // kept for a day, and not swept yet
    fingerprint = key.text(0);
    id = key.text(1);
  }
  Result<Run> run = read_run(session.db, owner, id);
  if (!run && run.error().kind == Kind::not_found) return std::nullopt;
  if (!run) return fail(std::move(run).error());
  if (fingerprint != idempotency.fingerprint)
    return fail(Kind::invalid,
                "this Idempotency-Key was used before for a request that asked for something else: "
                "use a new key",
                "idempotency_mismatch");
  // A run that waits for its client has answered the request that brought it there.
  const bool stopped = is_final(run->status) || run->status == RunStatus::waiting;
  if (idempotency.waits && !stopped)
    return fail(refused(Kind::conflict,
                        "the first request with this Idempotency-Key is still being worked on: ask "
                        "again in a second",
                        "idempotency_in_progress", 1000));
  return *std::move(run);
}

Result<> put_key(Session& session, int64_t scope, const Idempotency& idempotency,
                 const std::string& run, Millis now) {
  TRY(session.db.use("put_key")
          .bind(scope, idempotency.key, idempotency.fingerprint, run, now + kKeyLife)
          .finish());
  return {};
}

Result<> add_events(Connection& db, int64_t run, const std::string& id,
                    const std::vector<EventRow>& events) {
  for (const EventRow& event : events)
    if (TRY(db.use("add_event").bind(run, event.id, event.type, event.data).finish()) != 1)
      return fail(Kind::conflict,
                  "the run " + id + " has an event " + std::to_string(event.id) +
                      " already: nothing was written",
                  "event_exists");
  return {};
}

Result<Accepted> accept(Session& session, Acceptance& asked) {
  Run& run = asked.run;
  const bool keyed = asked.idempotency.has_value();
  TRY(complete(run, keyed));
  const Scope scope = TRY(session.names.scope(session.db, run.owner));
  if (keyed)
    if (std::optional<Run> first =
            TRY(earlier(session, scope.scope, run.owner, *asked.idempotency, run.created_at)))
      return Accepted{*std::move(first), true};
  TRY(session.space.enough());
  TRY(check_room(session, scope, asked));
  if (asked.charge) TRY(charge(session, scope.scope, asked));
  const int64_t number = TRY(add_run(session, run, scope, keyed));
  TRY(session.db.use("add_state").bind(number, run.state).finish());
  TRY(add_events(session.db, number, run.id, asked.events));
  TRY(begin_effects(session.db, number, asked.begun));
  if (keyed) TRY(put_key(session, scope.scope, *asked.idempotency, run.id, run.created_at));
  return Accepted{std::move(run), false};
}

}  // namespace plenum::sqlite
