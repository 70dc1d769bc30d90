// What moves a run on: its own checkpoints (T3 to T6), an answer to its interrupt, a cancel (T8).
// Each is one UPDATE whose WHERE names the status, and where it is the owner's write the epoch,
// that it expects; a write that lost says to what.
#include "engine/store/sqlite/operations.h"

namespace plenum::sqlite {

namespace {

struct Found : Standing {
  int64_t number = 0;
  RunStatus status = RunStatus::queued;
  int64_t epoch = 0;
};

Result<std::optional<Found>> find_run(Connection& db, const std::string& id) {
  Statement statement = db.use("standing");
  if (!TRY(statement.bind(id).next())) return std::nullopt;
  Found found;
  found.number = statement.integer(0);
  found.scope = statement.integer(1);
  found.app = statement.integer(2);
  found.route = statement.integer(3);
  found.job = statement.integer(4) != 0;
  found.status = static_cast<RunStatus>(statement.integer(5));
  found.epoch = statement.integer(6);
  return found;
}

// The owner's run, or `not_found` whether it is another's or nobody's.
Result<Found> find_own(Session& session, const Owner& owner, const std::string& id) {
  const std::optional<Found> found = TRY(find_run(session.db, id));
  if (!found || found->scope != TRY(find_scope(session.db, owner)))
    return fail(Kind::not_found, "there is no run " + id);
  return *found;
}

bool may_become(RunStatus status) {
  return status == RunStatus::running || status == RunStatus::waiting ||
         status == RunStatus::queued || status == RunStatus::completed ||
         status == RunStatus::failed || status == RunStatus::cancelled;
}

tl::unexpected<Error> lost(const Checkpoint& checkpoint, const std::optional<Found>& found) {
  const std::string refused =
      ": the write of epoch " + std::to_string(checkpoint.epoch) + " is dropped";
  if (!found)
    return fail(Kind::conflict, "there is no run " + checkpoint.run + refused, "run_gone");
  const bool cancelling =
      found->status == RunStatus::cancelling && found->epoch == checkpoint.epoch;
  return fail(Kind::conflict,
              "the run " + checkpoint.run + " is " + name(found->status) + " in epoch " +
                  std::to_string(found->epoch) + refused,
              cancelling ? "cancelling" : "lost");
}

Result<int> update_run(Session& session, const Checkpoint& c, int64_t number) {
  if (c.status == RunStatus::running)
    return session.db.use("go_on")
        .bind(number, c.epoch, c.percent, c.message, c.cost_usd, !c.steps.empty())
        .finish();
  const bool waits = c.status == RunStatus::waiting;
  const std::string_view none;
  return session.db.use("move_on")
      .bind(number, c.epoch, static_cast<int>(c.status), c.percent, c.message, c.cost_usd,
            waits ? std::string_view(c.at) : none, waits ? std::string_view(c.returned) : none,
            c.output, c.error, is_final(c.status) ? c.now : 0, waits ? c.wake_at : 0, c.expires_at)
      .finish();
}

}  // namespace

Result<> checkpoint(Session& session, const Checkpoint& checkpoint) {
  if (!may_become(checkpoint.status))
    return fail(Kind::invalid, "a checkpoint cannot make the run " + checkpoint.run + " " +
                                   name(checkpoint.status));
  const std::optional<Found> run = TRY(find_run(session.db, checkpoint.run));
  if (!run || TRY(update_run(session, checkpoint, run->number)) != 1) return lost(checkpoint, run);
  session.tally.moved(*run, run->status, checkpoint.status);
  TRY(session.db.use("set_state").bind(run->number, checkpoint.state).finish());
  for (const StepRow& step : checkpoint.steps)
    TRY(session.db.use("add_step")
            .bind(run->number, step.attempts, step.started_at, step.finished_at, step.path,
                  step.status, step.result)
            .finish());
  TRY(end_effects(session.db, run->number, checkpoint.ended));
  if (checkpoint.status != RunStatus::running)  // nobody waits for what is still open
    TRY(doubt_effects(session.db, run->number, checkpoint.now));
  TRY(begin_effects(session.db, run->number, checkpoint.begun));
  for (const auto& [collection, row] : checkpoint.rows) {
    TRY(put_row(session, run->scope, collection, row));
  }
  return add_events(session.db, run->number, checkpoint.run, checkpoint.events);
}

Result<Accepted> take_waiting(Session& session, const Owner& owner, const std::string& id,
                              const std::string& at, Millis now,
                              const std::optional<Idempotency>& idempotency,
                              std::optional<Checkpoint>& step) {
  const Found run = TRY(find_own(session, owner, id));
  if (idempotency)
    if (std::optional<Run> first = TRY(earlier(session, run.scope, owner, *idempotency, now)))
      return Accepted{*std::move(first), true};
  // A step that was made from an earlier pause at the same place is none of this one.
  const bool stale = step && step->epoch != run.epoch;
  if (stale || TRY(session.db.use("take_waiting").bind(run.number, at, session.boot).finish()) != 1)
    return fail(Kind::conflict,
                "the run " + id + " does not wait for an answer at `" + at + "`: it is " +
                    name(run.status) + "; read the run to see what it waits for",
                "not_waiting");
  session.tally.moved(run, run.status, RunStatus::running);
  if (idempotency) TRY(put_key(session, run.scope, *idempotency, id, now));
  if (step) {
    step->epoch = run.epoch + 1;
    TRY(checkpoint(session, *step));
  }
  return Accepted{TRY(read_run(session.db, run.number)), false};
}

namespace {

Result<> record_act(Session& session, const Run& run, const char* action, Millis now,
                    const std::optional<Actor>& actor) {
  if (!actor) return {};
  return record(session, {0, now, actor->name, run.owner.app, run.owner.owner, action, run.id,
                          name(run.status), actor->request, "", ""});
}

const char* word_of(Store::Act act) {
  switch (act) {
    case Store::Act::retry:
      return "retry";
    case Store::Act::pause:
      return "pause";
    case Store::Act::resume:
      return "resume";
  }
  return "";
}

}  // namespace

Result<Run> cancel(Session& session, const Owner& owner, const std::string& id, Millis now,
                   const std::optional<Actor>& actor) {
  const Found run = TRY(find_own(session, owner, id));
  bool changed = true;
  if (TRY(session.db.use("cancel_idle").bind(run.number, now).finish()) == 1)
    session.tally.moved(run, run.status, RunStatus::cancelled);
  else if (TRY(session.db.use("cancel_running").bind(run.number).finish()) == 1)
    session.tally.moved(run, run.status, RunStatus::cancelling);
  else
    changed = false;
  Run after = TRY(read_run(session.db, run.number));
  if (changed) TRY(record_act(session, after, "cancel", now, actor));
  return after;
}

Result<Run> operate(Session& session, const Owner& owner, const std::string& id, Store::Act act,
                    Millis now, const std::optional<Actor>& actor) {
  const Found run = TRY(find_own(session, owner, id));
  const bool retry = act == Store::Act::retry, pause = act == Store::Act::pause;
  Statement change = session.db.use(word_of(act));
  if (pause)
    change.bind(run.number);
  else
    change.bind(run.number, now);
  if (TRY(change.finish()) != 1)
    return fail(Kind::conflict,
                "the run " + id + " is " + name(run.status) +
                    (retry   ? ": only a failed one is tried again"
                     : pause ? ": only a queued or waiting one is paused"
                             : ": only a paused one is resumed"),
                "wrong_status");
  Run changed = TRY(read_run(session.db, run.number));
  session.tally.moved(run, run.status, changed.status);
  TRY(record_act(session, changed, word_of(act), now, actor));
  return changed;
}

}  // namespace plenum::sqlite
