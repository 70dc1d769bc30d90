// Delays are spread by chance, so that a thousand runs that failed together do not come back
// together.
#include "engine/run/retry.h"

#include <algorithm>
#include <cmath>

namespace plenum::run {

namespace {
constexpr milliseconds kCap{60'000};
constexpr milliseconds kLongestRetryAfter{15 * 60'000};
}  // namespace

bool retryable(const Error& error, const app::Retry& policy) {
  if (error.code == "quota_exhausted" || error.code == "cost_limit" || error.code == "cancelled" ||
      error.code == "retry_budget" || error.code == "daily_budget" || error.code == "line_full" ||
      error.code == "query_limit")
    return false;
  switch (error.kind) {
    case Kind::timeout:
      return policy.timeout;
    case Kind::limited:
      return policy.rate_limit;
    case Kind::unavailable:
      return policy.server;
    default:
      return false;
  }
}

bool held(const Error& error) {
  return error.code == "circuit_open" || error.code == "peer_paused";
}

milliseconds delay(const Error& error, const app::Retry& policy, int attempt, double share) {
  const double longest =
      static_cast<double>(policy.wait.count()) * std::pow(policy.factor, attempt - 1);
  const double most = std::min(longest, static_cast<double>(kCap.count()));
  const auto asked = static_cast<double>(
      std::min(error.retry_after.value_or(milliseconds(0)), kLongestRetryAfter).count());
  return milliseconds(static_cast<int64_t>(std::max(most * share, asked * (1 + share / 10))));
}

}  // namespace plenum::run
