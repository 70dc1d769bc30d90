#include "engine/effects/spending.h"

#include <cstdio>

namespace plenum {

namespace {

constexpr Millis kDay = 86'400'000;

std::string app_key(const Owner& owner) {
  return owner.app;
}
std::string owner_key(const Owner& owner) {
  return owner.app + "\n" + owner.owner;
}

Error over(const char* whose, const char* setting, double limit, double used, double usd,
           Millis now) {
  char text[240];
  snprintf(
      text, sizeof text,
      "the day's budget of %s is used up: a call may cost up to %.4f USD, and %.4f of %.4f USD "
      "are spent or reserved (%s); it starts anew at midnight UTC",
      whose, usd, used, limit, setting);
  return Error{
      Kind::limited, text, "daily_budget", {}, std::chrono::milliseconds(kDay - now % kDay)};
}

}  // namespace

void Spending::load(const Owner& owner, int64_t day, double usd) {
  if (limited()) add(owner, day, usd);
}

Result<Spending::Hold> Spending::reserve(const Owner& owner, double usd, Millis now) {
  Hold hold{owner, now / kDay, usd};
  if (!limited()) return hold;
  TRY(check(owner, usd, now));
  days_.erase(days_.begin(), days_.lower_bound(hold.day - 1));
  add(owner, hold.day, usd);
  return hold;
}

void Spending::settle(const Hold& hold, double usd) {
  if (days_.contains(hold.day)) add(hold.owner, hold.day, usd - hold.usd);
}

Result<> Spending::open(const Owner& owner, Millis now) const {
  constexpr double kLeast = 1e-9;
  return limited() ? check(owner, kLeast, now) : Result<>();
}

Result<> Spending::check(const Owner& owner, double usd, Millis now) const {
  constexpr double kDust = 1e-12;  // of adding and taking away
  const int64_t day = now / kDay;
  const double app = used(app_key(owner), day), user = used(owner_key(owner), day);
  if (limits_.app_usd_per_day > 0 && app + usd > limits_.app_usd_per_day + kDust)
    return fail(
        over("this app", "budgets.app_usd_per_day", limits_.app_usd_per_day, app, usd, now));
  if (limits_.user_usd_per_day > 0 && user + usd > limits_.user_usd_per_day + kDust)
    return fail(
        over("this user", "budgets.user_usd_per_day", limits_.user_usd_per_day, user, usd, now));
  return {};
}

void Spending::add(const Owner& owner, int64_t day, double usd) {
  days_[day][app_key(owner)] += usd;
  if (limits_.user_usd_per_day > 0) days_[day][owner_key(owner)] += usd;
}

double Spending::used(const std::string& key, int64_t day) const {
  const auto found = days_.find(day);
  if (found == days_.end()) return 0;
  const auto spent = found->second.find(key);
  return spent == found->second.end() ? 0 : spent->second;
}

}  // namespace plenum
