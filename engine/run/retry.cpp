// The delay is drawn from a hash of the run, the node and the call, so that the core stays pure and
// a thousand runs that failed together do not come back together.
#include "engine/run/retry.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace plenum::run {

namespace {
constexpr milliseconds kCap{60'000};
constexpr milliseconds kLongestRetryAfter{15 * 60'000};

uint64_t mix(std::string_view text) {  // FNV-1a, then a finalizer: spread, not secrecy
  uint64_t hash = 14695981039346656037ull;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdull;
  return hash ^ (hash >> 33);
}
}  // namespace

bool retryable(const Error& error, const app::Retry& policy) {
  if (error.code == "quota_exhausted" || error.code == "cost_limit" || error.code == "cancelled")
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

milliseconds delay(const Error& error, const app::Retry& policy, int attempt,
                   std::string_view seed) {
  const double longest =
      static_cast<double>(policy.wait.count()) * std::pow(policy.factor, attempt - 1);
  const double most = std::min(longest, static_cast<double>(kCap.count()));
  const double share = static_cast<double>(mix(seed) >> 11) / static_cast<double>(1ull << 53);
  const milliseconds wait{static_cast<int64_t>(most * share)};
  return std::max(wait, std::min(error.retry_after.value_or(milliseconds(0)), kLongestRetryAfter));
}

}  // namespace plenum::run
