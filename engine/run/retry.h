// Whether a failed effect is tried again, and when (specification section 5).
#pragma once

#include <chrono>
#include <string_view>

#include "engine/app/app.h"
#include "engine/base/result.h"

namespace plenum::run {

using std::chrono::milliseconds;

// Whether trying the same thing again can help, by the policy's `on` list.
bool retryable(const Error& error, const app::Retry& policy);

// A uniform delay between 0 and min(60 s, wait · factor^(attempt - 1)), at least the peer's
// Retry-After (which counts for at most 15 minutes).  The same for the same seed: the core has no
// randomness of its own.
milliseconds delay(const Error& error, const app::Retry& policy, int attempt,
                   std::string_view seed);

}  // namespace plenum::run
