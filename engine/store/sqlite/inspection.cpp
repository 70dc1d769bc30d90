// The operator's connection: read-only, so that it cannot disturb the server that writes.  SQLite
// lets readers of other processes see each commit whole.
#include "engine/store/inspection.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <limits>

#include "engine/store/sqlite/migrate.h"
#include "engine/store/sqlite/operations.h"

namespace plenum {

namespace {

using sqlite::Access;
using sqlite::Connection;
using sqlite::Statement;

class SqliteInspection final : public Inspection {
 public:
  explicit SqliteInspection(Connection db) : db_(std::move(db)) {}

  Result<std::vector<Run>> runs(const RunFilter& filter) override {
    int64_t before = std::numeric_limits<int64_t>::max();
    if (!filter.after.empty()) before = TRY(number(filter.after));
    Statement row = db_.use("inspect_runs");
    row.bind(before, filter.app, filter.owner,
             filter.status ? static_cast<int>(*filter.status) : -1, filter.jobs, filter.limit);
    return all(row);
  }
  Result<Run> run(const std::string& id) override { return sqlite::read_run(db_, TRY(number(id))); }
  Result<bool> knows(const Owner& owner) override {
    return TRY(sqlite::find_scope(db_, owner)) != 0;
  }
  Result<std::vector<StepRow>> steps(const Run& run) override {
    return sqlite::read_steps(db_, run.owner, run.id);
  }
  Result<std::vector<EffectRow>> effects(const Run& run) override {
    return sqlite::read_effects(db_, run.owner, run.id);
  }
  Result<std::vector<Spent>> spent(int64_t from_day, const std::string& app,
                                   const std::string& owner) override {
    std::vector<Spent> all;
    Statement row = db_.use("inspect_spent");
    row.bind(from_day, app, owner);
    while (TRY(row.next())) all.push_back(sqlite::spent_of(row));
    return all;
  }
  Result<std::vector<FileRow>> files(Millis now) override {
    std::vector<FileRow> files;
    Statement row = db_.use("inspect_files");
    row.bind(now);
    while (TRY(row.next()))
      files.push_back({row.text(0),
                       {row.text(1), row.text(2)},
                       row.text(3),
                       row.text(4),
                       row.text(5),
                       row.integer(6),
                       row.integer(7),
                       row.integer(8)});
    return files;
  }

  Result<std::vector<Grant>> grants(const std::string& app) override {
    std::vector<Grant> grants;
    Statement row = db_.use("inspect_grants");
    row.bind(app);
    while (TRY(row.next()))
      grants.push_back({row.text(0), row.text(1), row.text(2), row.integer(3), row.integer(4)});
    return grants;
  }
  Result<std::vector<ApiKey>> api_keys(const std::string& app) override {
    return sqlite::read_api_keys(db_, app);
  }
  Result<std::vector<AuditRow>> audit(const AuditFilter& filter) override {
    return sqlite::read_audit(db_, filter);
  }
  Result<AuditVerdict> verify_audit(const std::string& contains) override {
    return sqlite::verify_audit(db_, contains);
  }

  Result<std::vector<std::string>> damages() override {
    std::vector<std::string> found;
    for (const char* check : {"PRAGMA integrity_check", "PRAGMA foreign_key_check"}) {
      const std::string said = TRY(db_.value(check));
      if (said != "ok" && !said.empty())
        found.push_back(check == std::string_view("PRAGMA foreign_key_check")
                            ? "rows of the table " + said + " refer to rows that are not there"
                            : said);
    }
    return found;
  }
  Result<std::vector<std::pair<RunStatus, int64_t>>> counts() override {
    std::vector<std::pair<RunStatus, int64_t>> counts;
    Statement row = db_.use("inspect_counts");
    while (TRY(row.next()))
      counts.emplace_back(static_cast<RunStatus>(row.integer(0)), row.integer(1));
    return counts;
  }
  Result<std::vector<Run>> lost() override {
    Statement row = db_.use("inspect_lost");
    return all(row);
  }
  Result<std::vector<Run>> left(bool served) override {
    Statement row = db_.use("inspect_left");
    row.bind(served);
    return all(row);
  }
  Result<int64_t> overdue(Millis time) override {
    Statement row = db_.use("inspect_overdue");
    TRY(row.bind(time).next());
    return row.integer(0);
  }

  Result<> copy_to(const std::string& file) override {
    return sqlite::copy_whole(db_, file, "the copy");
  }

 private:
  Result<int64_t> number(const std::string& id) {
    Statement row = db_.use("inspect_number");
    if (!TRY(row.bind(id).next())) return fail(Kind::not_found, "there is no run " + quoted(id));
    return row.integer(0);
  }
  static std::string quoted(const std::string& id) { return "`" + id + "`"; }

  static Result<std::vector<Run>> all(Statement& row) {
    std::vector<Run> runs;
    while (TRY(row.next())) runs.push_back(sqlite::run_of(row));
    return runs;
  }

  Connection db_;
};

}  // namespace

Result<std::unique_ptr<Inspection>> Inspection::open(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error))
    return fail(Kind::not_found,
                "there is no database " + path + ": name the data folder of a server with --data");
  Connection db =
      TRY(Connection::open(std::filesystem::weakly_canonical(path, error).string(), Access::read));
  TRY(sqlite::check_schema(db, sqlite::migrations(), path));
  TRY(db.prepare_all());
  return std::make_unique<SqliteInspection>(std::move(db));
}

Result<int> pause_unfinished(const std::string& path, Millis now) {
  Connection db = TRY(Connection::open(path, Access::write));
  TRY(sqlite::check_schema(db, sqlite::migrations(), path));
  TRY(db.prepare_all());
  TRY(db.execute("BEGIN IMMEDIATE"));
  TRY(db.use("cancel_unfinished").bind(now).finish());
  const int paused = TRY(db.use("pause_unfinished").finish());
  TRY(db.execute("COMMIT"));
  return paused;
}

}  // namespace plenum
