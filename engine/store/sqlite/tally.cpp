// Counts are kept only where they are not 0, so memory follows what is queued and running and
// nothing else.
#include "engine/store/sqlite/tally.h"

namespace plenum::sqlite {

namespace {
template <typename Map, typename Key>
void add(Map& map, const Key& key, int64_t change) {
  const auto found = map.emplace(key, 0).first;
  found->second += change;
  if (found->second == 0) map.erase(found);
}

template <typename Map, typename Key>
int64_t at(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? 0 : found->second;
}
}  // namespace

Result<> Tally::load(Connection& db) {
  *this = Tally();
  Statement statement = db.use("tally");
  while (TRY(statement.next())) {
    const Standing run{statement.integer(0), statement.integer(1), statement.integer(2), true};
    count(run, static_cast<RunStatus>(statement.integer(3)), statement.integer(4));
  }
  return {};
}

void Tally::moved(const Standing& run, std::optional<RunStatus> from, RunStatus to) {
  if (!run.job) return;
  if (from) told_.push_back({run, *from, -1});
  told_.push_back({run, to, +1});
  if (from) count(run, *from, -1);
  count(run, to, +1);
}

void Tally::take_back() {
  for (auto told = told_.rbegin(); told != told_.rend(); ++told)
    count(told->run, told->status, -told->change);
  told_.clear();
}

void Tally::count(const Standing& run, RunStatus status, int64_t change) {
  if (status == RunStatus::queued) {
    add(queued_of_scope_, run.scope, change);
    add(queued_of_app_, run.app, change);
  } else if (status == RunStatus::running || status == RunStatus::cancelling) {
    add(running_, std::pair(run.scope, run.route), change);
  }
}

int64_t Tally::queued_of_scope(int64_t scope) const {
  return at(queued_of_scope_, scope);
}
int64_t Tally::queued_of_app(int64_t app) const {
  return at(queued_of_app_, app);
}
int64_t Tally::running(int64_t scope, int64_t route) const {
  return at(running_, std::pair(scope, route));
}

}  // namespace plenum::sqlite
