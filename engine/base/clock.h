// Time as the engine sees it.  Tests hand in their own.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace plenum {

using std::chrono::milliseconds;

// Stored times are UTC milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
using Millis = int64_t;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Millis now() const = 0;        // wall clock, for what is stored and shown
  virtual Millis monotonic() const = 0;  // never jumps, for waits inside this process
  // A clock that a test moves runs `wake` when it has got to `time` (monotonic), on the test's
  // thread, and says true.  One that goes by itself says false: the caller waits.
  virtual bool wake_at(Millis /*time*/, std::function<void()> /*wake*/) const { return false; }
};

class SystemClock final : public Clock {
 public:
  Millis now() const override;
  Millis monotonic() const override;
};

std::string rfc3339(Millis time);  // "2026-11-21T09:30:00.123Z"
// The time that an RFC 3339 date-time names, fractions cut to milliseconds; nothing when it is
// none.
std::optional<Millis> parse_rfc3339(const std::string& text);

}  // namespace plenum
