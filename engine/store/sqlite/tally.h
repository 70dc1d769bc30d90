// How many jobs are queued and running, kept in memory: a count in the database would cost every
// accept under overload.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/store/sqlite/connection.h"
#include "engine/store/store.h"

namespace plenum::sqlite {

// What a run is counted under.
struct Standing {
  int64_t scope = 0, app = 0, route = 0;
  bool job = false;
};

// Only the writer's thread uses it.  It is exact because this process is the only one that writes:
// an operation tells it each change of a job's status, and what an operation told is taken back
// when the operation is.
class Tally {
 public:
  Result<> load(Connection& db);

  // `from` nothing: a new run.
  void moved(const Standing& run, std::optional<RunStatus> from, RunStatus to);
  int64_t queued_of_scope(int64_t scope) const;
  int64_t queued_of_app(int64_t app) const;
  int64_t running(int64_t scope, int64_t route) const;

  void keep() { told_.clear(); }
  void take_back();

 private:
  struct Told {
    Standing run;
    RunStatus status;
    int change;
  };
  void count(const Standing& run, RunStatus status, int64_t change);

  std::unordered_map<int64_t, int64_t> queued_of_scope_, queued_of_app_;
  std::map<std::pair<int64_t, int64_t>, int64_t> running_;
  std::vector<Told> told_;  // by the operation that is going on
};

}  // namespace plenum::sqlite
