#include "engine/base/anchored_clock.h"

#include <cstdlib>
#include <ctime>
#include <utility>

namespace plenum {

namespace {

// Goes on while the machine sleeps; nobody can set it.
Millis since_boot() {
  timespec time{};
  clock_gettime(CLOCK_BOOTTIME, &time);
  return Millis{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000;
}

}  // namespace

AnchoredClock::AnchoredClock(Jumped jumped)
    : AnchoredClock(
          std::move(jumped), [] { return SystemClock().now(); }, since_boot) {}

AnchoredClock::AnchoredClock(Jumped jumped, Read wall, Read since_boot)
    : jumped_(std::move(jumped)),
      wall_(std::move(wall)),
      since_boot_(std::move(since_boot)),
      anchor_(wall_() - since_boot_()) {}

Millis AnchoredClock::now() const {
  const Millis wall = wall_(), since = since_boot_();
  const Millis ours = since + anchor_, off = wall - ours;
  if (std::abs(off) <= kStep) {
    told_ = 0;
    return wall;
  }
  const Millis told = told_;
  if (std::abs(off - told) > kStep && jumped_) {
    told_ = off;
    jumped_(off - told);
  }
  return ours;
}

Millis AnchoredClock::monotonic() const {
  return SystemClock().monotonic();
}

}  // namespace plenum
