// The clock of a running server: the wall clock, but for its jumps.
#pragma once

#include <atomic>
#include <functional>

#include "engine/base/clock.h"

namespace plenum {

// Somebody who sets the system's clock by an hour must not end every wait of that hour, or hold up
// the queue for as long: what is due is compared with stored times.  So the wall clock is believed
// while it is within kStep of where it stood at the start plus the time since; else that is the
// time, until the process starts anew.  Sleep of the machine is no jump.  Any thread.
class AnchoredClock final : public Clock {
 public:
  static constexpr Millis kStep = 5'000;
  using Read = std::function<Millis()>;
  using Jumped = std::function<void(Millis by)>;  // from then on ahead (or behind, < 0) of ours

  // `jumped` is called once for each jump, on the thread that found it.  A test hands in its own
  // wall clock, and the time since some start that no one can set.
  explicit AnchoredClock(Jumped jumped);
  AnchoredClock(Jumped jumped, Read wall, Read since_boot);

  Millis now() const override;
  Millis monotonic() const override;

 private:
  Jumped jumped_;
  Read wall_, since_boot_;
  Millis anchor_;                        // wall minus since_boot, at the start
  mutable std::atomic<Millis> told_{0};  // how far the wall clock was off when that was told
};

}  // namespace plenum
