// Who may call next, where a provider's key allows only so many calls at once or in a minute.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "engine/base/clock.h"

namespace plenum::peers {

struct LineLimits {  // of one key; 0: no limit
  int concurrency = 0;
  int requests_per_minute = 0;
  int64_t tokens_per_minute = 0;
  size_t waiting = 10'000;
  bool any() const { return concurrency || requests_per_minute || tokens_per_minute; }
};

// Apps take turns, and within an app its owners; of one owner the first that came is first.  Rates
// hold for every 60 seconds, wherever they begin.  A call that is larger than a minute's tokens has
// a minute of its own.  A value on a clock (monotonic) that is handed in.
class Line {
 public:
  explicit Line(LineLimits limits) : limits_(limits) {}

  struct Caller {
    std::string app, owner;
    int64_t tokens = 0;  // the most it may use
  };
  bool join(uint64_t id, Caller caller);  // false: the line is full
  bool leave(uint64_t id);                // whether it stood in it
  // Whose turn it is, if somebody's; it is under way until done().  Ask until there is nobody.
  std::optional<uint64_t> next(Millis now);
  void done() { --under_way_; }
  // It did not call after all.
  void took_nothing();
  // When next() can say more though nobody is done(); 0: not before somebody is, or joins.
  Millis due(Millis now) const;

  size_t waiting() const { return callers_.size(); }

 private:
  // Keys in turn, each with what waits under it.
  template <typename Under>
  struct Turns {
    std::deque<std::string> order;
    std::map<std::string, Under> under;
  };
  using Owners = Turns<std::deque<uint64_t>>;
  struct Used {
    Millis at = 0;
    int64_t tokens = 0;
  };

  std::optional<uint64_t> first();  // and the next app's turn comes after it
  Millis room_at(int64_t tokens, Millis now) const;  // at most `now`: there is room

  LineLimits limits_;
  Turns<Owners> apps_;
  std::unordered_map<uint64_t, Caller> callers_;
  std::optional<uint64_t> chosen_;  // its turn has come, and it waits for room
  std::deque<Used> used_;           // within the last minute
  int64_t tokens_used_ = 0;
  int under_way_ = 0;
};

}  // namespace plenum::peers
