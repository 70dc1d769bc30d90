// What models may still cost today: daily budgets that calls at the same time cannot overspend.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/store/store.h"

namespace plenum {

// A call reserves the worst that it can cost before it leaves, and settles what it did cost; both
// count for the UTC day on which it left.  One thread only; times are the wall clock's.
class Spending {
 public:
  struct Limits {
    double app_usd_per_day = 0, user_usd_per_day = 0;  // 0: no limit
  };
  struct Hold {
    Owner owner;
    int64_t day = 0;
    double usd = 0;
  };

  explicit Spending(Limits limits) : limits_(limits) {}

  // What was spent on a day (since 1970) before.
  void load(const Owner& owner, int64_t day, double usd);
  // `limited`, code "daily_budget", with the time until midnight UTC, when a budget has not so much
  // left.
  Result<Hold> reserve(const Owner& owner, double usd, Millis now);
  void settle(const Hold& hold, double usd);
  // Whether anything is left for a new run; the same error.
  Result<> open(const Owner& owner, Millis now) const;

 private:
  using Day = std::map<std::string, double>;  // by app, or by app and owner: spent and reserved
  bool limited() const { return limits_.app_usd_per_day > 0 || limits_.user_usd_per_day > 0; }
  Result<> check(const Owner& owner, double usd, Millis now) const;
  void add(const Owner& owner, int64_t day, double usd);
  double used(const std::string& key, int64_t day) const;

  Limits limits_;
  std::map<int64_t, Day> days_;  // today's, and yesterday's while calls of it are under way
};

}  // namespace plenum
