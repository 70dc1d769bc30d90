// Looking into a database from outside the server that has it: what operators' commands show.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/store/store.h"

namespace plenum {

struct RunFilter {
  std::string app, owner;           // "": any
  std::optional<RunStatus> status;  // nothing: any
  bool jobs = false;                // nothing but jobs
  std::string after;                // the id of the last one seen
  int limit = 50;
};

// Reads a database file, whether a server has it or not; changes nothing, blocks, and is used by
// one thread.  It has no owner: it is for whoever can read the file, never for a client.
class Inspection {
 public:
  // `not_found` when there is no such file; `conflict` as open_sqlite_store(), also for a database
  // of an older schema ("schema_older").
  static Result<std::unique_ptr<Inspection>> open(const std::string& path);
  virtual ~Inspection() = default;

  // Newest first, without their states.
  virtual Result<std::vector<Run>> runs(const RunFilter& filter) = 0;
  virtual Result<Run> run(const std::string& id) = 0;
  // Whether anything was ever kept for them.
  virtual Result<bool> knows(const Owner& owner) = 0;
  virtual Result<std::vector<StepRow>> steps(const Run& run) = 0;
  virtual Result<std::vector<EffectRow>> effects(const Run& run) = 0;
  // What was spent on model calls from that day (since 1970) on, by day, app and owner; "": any.
  virtual Result<std::vector<Spent>> spent(int64_t from_day, const std::string& app,
                                           const std::string& owner) = 0;
  // Those that have not expired.
  virtual Result<std::vector<FileRow>> files(Millis now) = 0;

  virtual Result<std::vector<Grant>> grants(const std::string& app) = 0;     // "": of all
  virtual Result<std::vector<ApiKey>> api_keys(const std::string& app) = 0;  // "": of all
  // The newest first.
  virtual Result<std::vector<AuditRow>> audit(const AuditFilter& filter) = 0;
  // Reads the whole record; `contains`: a hash that it once ended with.
  virtual Result<AuditVerdict> verify_audit(const std::string& contains) = 0;

  // What SQLite finds wrong with the file and with references between rows; empty: nothing.
  virtual Result<std::vector<std::string>> damages() = 0;
  // Runs by status.
  virtual Result<std::vector<std::pair<RunStatus, int64_t>>> counts() = 0;
  // Waiting runs that nothing can wake.
  virtual Result<std::vector<Run>> lost() = 0;
  // Runs marked as running that no server works on; `served`: one is there, and those that it took
  // are its own.
  virtual Result<std::vector<Run>> left(bool served) = 0;
  // Queued runs that were due before `time`.
  virtual Result<int64_t> overdue(Millis time) = 0;
  // Writes all of it, as it stands now, to a new file.
  virtual Result<> copy_to(const std::string& file) = 0;
};

// For a copy of a database that no server has: unfinished runs become paused, since what they did
// after the copy was made may have happened; those being cancelled are cancelled.  Returns how many
// are paused now.
Result<int> pause_unfinished(const std::string& path, Millis now);

}  // namespace plenum
