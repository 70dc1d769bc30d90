// Whether calls to one endpoint with one credential may leave (specification section 5).
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "engine/base/clock.h"

namespace plenum::peers {

// What became of a call, for the endpoint's health: `neither` says nothing about it (cancelled, or
// refused for going too fast); `unconnected`: no byte of it can have left.
enum class End { good, bad, unconnected, neither };

// Closed, calls pass.  It opens when at least half of no fewer than `calls` calls of the last 30 s
// were bad, or five in a row could not connect; then none passes for 30 s and up to a tenth more.
// After that one at a time is let through to probe: three good ones in a row close it, a bad one
// opens it for twice as long, up to 5 minutes.
//
// A value: time (monotonic) and chance (`share`, uniform in [0, 1)) are handed in.
class Breaker {
 public:
  static constexpr Millis kWindow = 30'000, kOpen = 30'000, kLongest = 300'000;
  static constexpr int kConnects = 5, kProbes = 3;

  explicit Breaker(int calls = 20) : calls_(calls) {}

  // A call that was let through carries it until it ends.
  struct Pass {
    uint64_t era = 0;
  };
  // Nothing: the call must not leave; wait() says for how long.
  std::optional<Pass> ask(Millis now);
  Millis wait(Millis now) const;  // at least 1: while a probe is under way, a second
  // Once for each pass, in any order.  What began before the breaker last changed is not counted.
  void ended(Pass pass, End end, Millis now, double share);

  bool closed() const { return gate_ == Gate::closed; }
  // Nothing is remembered that a new one would not know.
  bool forgettable(Millis now) const;

 private:
  enum class Gate { closed, open, probing };
  struct Second {
    Millis at = -1;  // in seconds
    int calls = 0, bad = 0;
  };

  void count(bool bad, Millis now);
  bool failing(Millis now) const;
  void open(Millis now, double share);
  void close();

  int calls_;
  Gate gate_ = Gate::closed;
  uint64_t era_ = 1;  // grows when the gate opens or closes
  std::array<Second, kWindow / 1000> seconds_;
  int unconnected_ = 0;  // in a row
  Millis until_ = 0, next_open_ = kOpen;
  bool probe_out_ = false;
  int good_probes_ = 0;
};

}  // namespace plenum::peers
