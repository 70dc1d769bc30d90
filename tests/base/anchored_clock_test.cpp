// The wall clock is set while a server runs: nothing that waits may notice.
#include <catch2/catch.hpp>

#include "engine/base/anchored_clock.h"

using namespace plenum;

namespace {

constexpr Millis kHour = 3'600'000, kDay = 24 * kHour;

// A machine: its wall clock can be set, the time since its start cannot.
struct Machine {
  Millis wall = 1'000'000'000'000, boot = 5'000;
  std::string told;
  AnchoredClock clock{[this](Millis by) { told += std::to_string(by) + " "; },
                      [this] { return wall; }, [this] { return boot; }};

  void pass(Millis time) {
    wall += time;
    boot += time;
  }
};

}  // namespace

TEST_CASE("without jumps it is the wall clock", "[clock]") {
  Machine machine;
  for (int i = 0; i < 100; ++i) {
    CHECK(machine.clock.now() == machine.wall);
    machine.pass(977);
  }
  CHECK(machine.told == "");
}

TEST_CASE("a jump of the wall clock ends no wait early and none late, and is told once",
          "[clock]") {
  for (const Millis jump : {kHour, -kHour, kDay, -kDay, Millis{5'001}, Millis{-5'001}}) {
    CAPTURE(jump);
    Machine machine;
    const Millis due = machine.clock.now() + 60'000;
    machine.wall += jump;
    machine.pass(59'999);
    CHECK(machine.clock.now() < due);
    machine.pass(1);
    CHECK(machine.clock.now() == due);
    CHECK(machine.told == std::to_string(jump) + " ");
    machine.wall += jump;
    CHECK(machine.clock.now() == due);
    CHECK(machine.told == std::to_string(jump) + " " + std::to_string(jump) + " ");
  }
}

TEST_CASE("a wall clock that is set back to what it was is followed again", "[clock]") {
  Machine machine;
  machine.wall += kDay;
  machine.clock.now();
  machine.pass(1'000);
  machine.wall -= kDay;
  CHECK(machine.clock.now() == machine.wall);
  machine.pass(1'000);
  CHECK(machine.clock.now() == machine.wall);
}

TEST_CASE("a wall clock that is set to 1970, or stands still, holds up nothing", "[clock]") {
  Machine machine;
  const Millis due = machine.clock.now() + 60'000;
  machine.wall = 0;
  machine.pass(60'000);
  CHECK(machine.clock.now() == due);

  Machine frozen;
  const Millis later = frozen.clock.now() + 60'000;
  for (int i = 0; i < 66; ++i) {
    frozen.boot += 1'000;
    frozen.clock.now();
  }
  CHECK(frozen.clock.now() >= later);
}

TEST_CASE("small steps, as a time service makes them, are followed at once", "[clock]") {
  Machine machine;
  for (const Millis step : {4'900, -4'900, 300, -5'000, 4'700}) {
    machine.wall += step;
    CHECK(machine.clock.now() == machine.wall);
    machine.pass(1'000);
  }
  CHECK(machine.told == "");
}

TEST_CASE("the server's clock tells the time", "[clock]") {
  const AnchoredClock clock([](Millis) {});
  CHECK(std::abs(clock.now() - SystemClock().now()) < 1'000);
  CHECK(clock.monotonic() <= SystemClock().monotonic());
}
