// Whether a failed effect is tried again, and when (specification section 5).
#pragma once

#include <chrono>

#include "engine/app/app.h"
#include "engine/base/result.h"

namespace plenum::run {

using std::chrono::milliseconds;

// Whether trying the same thing again can help, by the policy's `on` list.
bool retryable(const Error& error, const app::Retry& policy);

// The call did not leave, because its peer is down or wants a pause: it is no attempt.
bool held(const Error& error);

// `share` (uniform in [0, 1)) of min(60 s, wait · factor^(attempt - 1)), or the peer's Retry-After
// (which counts for at most 15 minutes) and up to a tenth more, whichever is later.
milliseconds delay(const Error& error, const app::Retry& policy, int attempt, double share);

}  // namespace plenum::run
