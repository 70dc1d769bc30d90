// Reading runs.  Every read starts from the owner: another's run and no run are the same answer.
#include <algorithm>
#include <limits>

#include "engine/store/sqlite/operations.h"

namespace plenum::sqlite {

// The columns of run_whole, in its order.
Run run_of(const Statement& row) {
  int column = 3;
  const auto text = [&] { return row.text(column++); };
  const auto integer = [&] { return row.integer(column++); };
  Run run;
  run.id = text();
  run.owner.app = text();
  run.owner.owner = text();
  run.bundle = text();
  run.graph = text();
  run.route = text();
  run.thread = text();
  run.user = text();
  run.job = integer() != 0;
  run.priority = static_cast<int>(integer());
  run.concurrency = static_cast<int>(integer());
  run.status = static_cast<RunStatus>(integer());
  run.epoch = integer();
  run.rescues = static_cast<int>(integer());
  run.at = text();
  run.returned = text();
  run.output = text();
  run.error = text();
  run.percent = static_cast<int>(integer());
  run.message = text();
  run.cost_usd = row.real(column++);
  run.created_at = integer();
  run.started_at = integer();
  run.finished_at = integer();
  run.available_at = integer();
  run.wake_at = integer();
  run.deadline = integer();
  run.expires_at = integer();
  return run;
}

namespace {

Result<Run> with_state(Connection& db, const Statement& row) {
  Run run = run_of(row);
  Statement state = db.use("state_of");
  if (TRY(state.bind(row.integer(0)).next())) run.state = state.text(0);
  return run;
}

tl::unexpected<Error> no_run(const std::string& id) {
  return fail(Kind::not_found, "there is no run " + id);
}

constexpr int64_t kNewest = std::numeric_limits<int64_t>::max();

}  // namespace

Result<Run> read_run(Connection& db, const Owner& owner, const std::string& id) {
  Statement row = db.use("run_by_id");
  if (!TRY(row.bind(id, owner.app, owner.owner).next())) return no_run(id);
  return with_state(db, row);
}

Result<Run> read_run(Connection& db, int64_t number) {
  Statement row = db.use("run_by_number");
  if (!TRY(row.bind(number).next())) return no_run(std::to_string(number));
  return with_state(db, row);
}

Result<int64_t> number_of(Connection& db, const Owner& owner, const std::string& run) {
  const int64_t scope = TRY(find_scope(db, owner));
  Statement row = db.use("standing");
  if (!TRY(row.bind(run).next()) || row.integer(1) != scope) return no_run(run);
  return row.integer(0);
}

Result<std::vector<Run>> read_runs(Connection& db, const Owner& owner, const Listing& listing) {
  std::vector<Run> runs;
  const int64_t scope = TRY(find_scope(db, owner));
  const int64_t graph = listing.graph.empty() ? 0 : TRY(find_word(db, listing.graph));
  const int64_t before =
      listing.page.after.empty() ? kNewest : TRY(number_of(db, owner, listing.page.after));
  if (scope == 0 || (graph == 0 && !listing.graph.empty())) return runs;
  const bool waiting = listing.status == RunStatus::waiting || !listing.at.empty();
  if (waiting && listing.status && *listing.status != RunStatus::waiting) return runs;
  Statement row = db.use(waiting ? "waiting_of_scope" : "runs_of_scope");
  row.bind(scope, before, graph, listing.status ? static_cast<int>(*listing.status) : -1,
           listing.at, std::clamp(listing.page.limit, 1, 100));
  while (TRY(row.next())) runs.push_back(run_of(row));
  return runs;
}

Result<std::string> read_owner(Connection& db, const std::string& app, const std::string& run) {
  Statement row = db.use("owner_of_run");
  if (!TRY(row.bind(run, app).next())) return no_run(run);
  return row.text(0);
}

Result<std::vector<Run>> read_waiting(Connection& db, const std::string& app,
                                      const Listing& listing) {
  int64_t before = kNewest;
  if (const std::string& after = listing.page.after; !after.empty())
    before = TRY(number_of(db, {app, TRY(read_owner(db, app, after))}, after));
  std::vector<Run> runs;
  Statement row = db.use("waiting_of_app");
  row.bind(app, before, listing.graph, listing.at, std::clamp(listing.page.limit, 1, 100));
  while (TRY(row.next())) runs.push_back(run_of(row));
  return runs;
}

Result<std::vector<StepRow>> read_steps(Connection& db, const Owner& owner,
                                        const std::string& run) {
  std::vector<StepRow> steps;
  Statement row = db.use("steps_of");
  row.bind(TRY(number_of(db, owner, run)));
  while (TRY(row.next()))
    steps.push_back({row.text(0), row.text(1), row.text(2), row.integer(3), row.integer(4),
                     static_cast<int>(row.integer(5))});
  return steps;
}

Result<std::vector<EventRow>> read_events(Connection& db, const Owner& owner,
                                          const std::string& run, int64_t after) {
  std::vector<EventRow> events;
  Statement row = db.use("events_of");
  row.bind(TRY(number_of(db, owner, run)), after);
  while (TRY(row.next())) events.push_back({row.integer(0), row.text(1), row.text(2)});
  return events;
}

Result<Millis> read_next_due(Connection& db) {
  Statement row = db.use("next_due");
  TRY(row.next());
  Millis next = 0;
  for (const int column : {0, 1}) {
    if (row.is_null(column)) continue;
    const Millis due = std::max<Millis>(row.integer(column), 1);  // 0 would mean that there is none
    next = next == 0 ? due : std::min(next, due);
  }
  return next;
}

}  // namespace plenum::sqlite
