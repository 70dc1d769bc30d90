// Two that want the same run at the same time: one of them gets it.
#include <catch2/catch.hpp>

#include <barrier>

#include "tests/store/places.h"

using namespace plenum;
using namespace plenum::testing;

namespace {

// Each returns "" when it lost, or what it made of the run.
using Trigger = std::function<std::string(Asking&, const Run&)>;

std::string won(bool yes, const char* what) {
  return yes ? what : "";
}

const std::map<std::string, Trigger> kTriggers = {
    {"complete",
     [](Asking& store, const Run& run) {
       return won(store.checkpoint(a_checkpoint(run, RunStatus::completed)).has_value(),
                  "completed");
     }},
    {"wait",
     [](Asking& store, const Run& run) {
       Checkpoint c = a_checkpoint(run, RunStatus::waiting);
       c.at = "gate";
       return won(store.checkpoint(c).has_value(), "waiting");
     }},
    {"answer",
     [](Asking& store, const Run& run) {
       return won(store.take_waiting(kAda, run.id, "gate").has_value(), "running");
     }},
    {"cancel",
     [](Asking& store, const Run& run) {
       const Run now = store.cancel(kAda, run.id).value();
       const bool mine = now.status == RunStatus::cancelled || now.status == RunStatus::cancelling;
       return won(mine, name(now.status));
     }},
    {"claim", [](Asking& store,
                 const Run&) { return won(store.claim(5000, 1).value().size() == 1, "running"); }},
    {"wake", [](Asking& store,
                const Run&) { return won(store.claim(9000, 1).value().size() == 1, "running"); }},
    {"deadline",
     [](Asking& store, const Run& run) {
       store.sweep(10'000).value();
       return won(store.run(kAda, run.id)->status == RunStatus::failed, "failed");
     }},
};

Run brought_to(Asking& store, RunStatus status) {
  Run run = a_run(status == RunStatus::queued ? status : RunStatus::running);
  run.deadline = 10'000;
  run = store.accepted(run);
  if (status == RunStatus::waiting) {
    Checkpoint c = a_checkpoint(run, status);
    c.at = "gate";
    c.wake_at = 8000;
    must(store.checkpoint(c));
  }
  return run;
}

struct Pair {
  RunStatus from;
  const char *one, *other;
  bool both;  // the second may still follow on what the first made: then two winners are right, too
};
const Pair kPairs[] = {
    {RunStatus::running, "complete", "complete", false},
    {RunStatus::running, "complete", "wait", false},
    {RunStatus::running, "complete", "cancel", false},
    {RunStatus::running, "wait", "cancel", true},
    {RunStatus::waiting, "answer", "answer", false},
    {RunStatus::waiting, "answer", "wake", false},
    {RunStatus::waiting, "answer", "cancel", true},
    {RunStatus::waiting, "answer", "deadline", false},
    {RunStatus::waiting, "wake", "wake", false},
    {RunStatus::waiting, "wake", "cancel", true},
    {RunStatus::waiting, "cancel", "deadline", false},
    {RunStatus::queued, "claim", "claim", false},
    {RunStatus::queued, "claim", "cancel", true},
    {RunStatus::queued, "claim", "deadline", false},
    {RunStatus::queued, "cancel", "deadline", false},
};

void race(Asking& store, const Pair& pair, int rounds) {
  std::barrier start(2);
  Run run;
  std::string second;
  std::thread other([&] {
    for (int i = 0; i < rounds; ++i) {
      start.arrive_and_wait();
      second = kTriggers.at(pair.other)(store, run);
      start.arrive_and_wait();
    }
  });
  int wrong = 0;
  for (int i = 0; i < rounds; ++i) {
    run = brought_to(store, pair.from);
    start.arrive_and_wait();
    const std::string first = kTriggers.at(pair.one)(store, run);
    start.arrive_and_wait();
    const std::string now = name(store.run(kAda, run.id)->status);
    const bool one = first.empty() != second.empty() && now == (first.empty() ? second : first);
    const bool two =
        pair.both && !first.empty() && !second.empty() && (now == first || now == second);
    if (!one && !two) ++wrong;
    if (!is_final(
            store.run(kAda, run.id)->status)) {  // so that the next round's claims do not find it
      store.cancel(kAda, run.id).value();
    }
  }
  other.join();
  INFO(name(pair.from) << ": " << pair.one << " against " << pair.other);
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("of two triggers at once exactly one wins, 100 rounds each", "[store][races]") {
  SqliteMemory memory;
  Asking store(memory.open());
  for (const Pair& pair : kPairs) race(store, pair, 100);
}

TEST_CASE("of two triggers at once exactly one wins, 10,000 rounds each", "[slow][races]") {
  SqliteMemory memory;
  Asking store(memory.open());
  for (const Pair& pair : kPairs) race(store, pair, 10'000);
}
