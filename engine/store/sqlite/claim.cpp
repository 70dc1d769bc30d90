// Which runs are next (T2): the most urgent first, and among equals the owners take turns, so that
// one owner's thousand jobs delay another's single one by no more than one job.
//
// Queued runs form lanes (urgency, owner, route) in one index.  A claim walks the heads of lanes,
// one seek each, starting after the owner who was served last; it never reads past a lane that is
// full or not due yet.
#include <algorithm>
#include <limits>

#include "engine/store/sqlite/operations.h"

namespace plenum::sqlite {

namespace {

constexpr int kWokenAtOnce = 1000;
constexpr int64_t kBelowAll = std::numeric_limits<int64_t>::min();
constexpr int64_t kAboveAll = std::numeric_limits<int64_t>::max();

struct Head {  // the oldest run of a lane
  int64_t urgency = 0, scope = 0, route = 0;
  Millis due = 0;
  int64_t number = 0;
  bool job = false;
  int64_t concurrency = 0;
};
using Turn = std::vector<Head>;  // the lanes of one owner

Result<std::optional<Head>> head(Connection& db, std::string_view statement, int64_t urgency,
                                 int64_t scope, int64_t route) {
  Statement found = db.use(statement);
  if (!TRY(found.bind(urgency, scope, route).next())) return std::nullopt;
  return Head{found.integer(0), found.integer(1),      found.integer(2), found.integer(3),
              found.integer(4), found.integer(5) != 0, found.integer(6)};
}

class Claim {
 public:
  Claim(Session& session, Millis now, size_t limit) : session_(session), now_(now), limit_(limit) {}

  Result<std::vector<int64_t>> take() {
    auto next = TRY(head(session_.db, "lane_after", kBelowAll, 0, 0));
    while (next && taken_.size() < limit_) {
      TRY(serve(next->urgency));
      next = TRY(head(session_.db, "lane_after", next->urgency, kAboveAll, kAboveAll));
    }
    return std::move(taken_);
  }

 private:
  Result<> serve(int64_t urgency) {
    std::vector<Turn> turns = TRY(turns_of(urgency));
    for (bool any = true; any && taken_.size() < limit_;) {
      any = false;
      for (Turn& turn : turns)
        if (taken_.size() < limit_ && TRY(take_oldest(turn))) any = true;
    }
    return {};
  }

  // Owners with something to take, in turn, and no more of them than runs are wanted.
  Result<std::vector<Turn>> turns_of(int64_t urgency) {
    std::vector<Turn> turns;
    const int64_t last = session_.last_scope;
    TRY(gather(urgency, last, kAboveAll, turns));
    TRY(gather(urgency, kBelowAll, last, turns));
    return turns;
  }

  // The owners after `from`, up to and with `to`.
  Result<> gather(int64_t urgency, int64_t from, int64_t to, std::vector<Turn>& turns) {
    const size_t wanted = limit_ - taken_.size();
    auto lane = TRY(head(session_.db, "lane_after", urgency, from, kAboveAll));
    for (; lane && lane->urgency == urgency && lane->scope <= to;
         lane = TRY(head(session_.db, "lane_after", urgency, lane->scope, lane->route))) {
      if (!takable(*lane)) continue;
      const bool same = !turns.empty() && turns.back().front().scope == lane->scope;
      if (!same && turns.size() == wanted) return {};
      if (!same) turns.emplace_back();
      turns.back().push_back(*lane);
    }
    return {};
  }

  bool takable(const Head& lane) const {
    return lane.due <= now_ &&
           !(lane.job && lane.concurrency > 0 &&
             session_.tally.running(lane.scope, lane.route) >= lane.concurrency);
  }

  Result<bool> take_oldest(Turn& turn) {
    std::erase_if(turn, [&](const Head& lane) { return !takable(lane); });
    const auto oldest =
        std::min_element(turn.begin(), turn.end(), [](const Head& a, const Head& b) {
          return std::pair(a.due, a.number) < std::pair(b.due, b.number);
        });
    if (oldest == turn.end()) return false;
    TRY(take(*oldest));
    if (auto next =
            TRY(head(session_.db, "lane_head", oldest->urgency, oldest->scope, oldest->route)))
      *oldest = *next;
    else
      turn.erase(oldest);
    return true;
  }

  Result<> take(const Head& run) {
    if (TRY(session_.db.use("claim").bind(run.number, now_, session_.boot).finish()) != 1)
      return fail(Kind::internal,
                  "the index of queued runs and the runs differ: check the database's integrity");
    const Scope scope = TRY(scope_of(run.scope));
    session_.tally.moved({scope.scope, scope.app, run.route, run.job}, RunStatus::queued,
                         RunStatus::running);
    session_.last_scope = run.scope;
    taken_.push_back(run.number);
    return {};
  }

  Result<Scope> scope_of(int64_t scope) {
    Statement app = session_.db.use("app_of_scope");
    TRY(app.bind(scope).next());
    return Scope{app.integer(0), scope};
  }

  Session& session_;
  Millis now_;
  size_t limit_;
  std::vector<int64_t> taken_;
};

Result<> wake(Session& session, Millis now) {
  if (!TRY(session.db.use("asleep_too_long").bind(now).next())) return {};
  Statement woken = session.db.use("wake");
  woken.bind(now, kWokenAtOnce);
  while (TRY(woken.next()))
    session.tally.moved(
        {woken.integer(0), woken.integer(1), woken.integer(2), woken.integer(3) != 0},
        RunStatus::waiting, RunStatus::queued);
  return {};
}

}  // namespace

Result<std::vector<Run>> claim(Session& session, Millis now, int limit) {
  TRY(session.space.enough());
  TRY(wake(session, now));
  std::vector<Run> runs;
  for (const int64_t number :
       TRY(Claim(session, now, static_cast<size_t>(std::max(limit, 0))).take()))
    runs.push_back(TRY(read_run(session.db, number)));
  return runs;
}

}  // namespace plenum::sqlite
