// What operators do to runs, beyond the table of statuses.
#pragma once

#include <catch2/catch.hpp>

#include "tests/store/asking.h"

namespace plenum::testing {

inline void lets_operators_act(const MakePlace& make) {
  const auto place = make();
  Asking store(place->open());

  SECTION("a failed run that is tried again keeps what it has done, and its time begins anew") {
    Run asked = a_run(RunStatus::queued);
    asked.deadline = 4000;
    asked.expires_at = 11'000;
    store.accepted(asked);
    const Run run = store.claim(1000, 1).value().at(0);
    Checkpoint end = a_checkpoint(run, RunStatus::failed);
    end.error = R"({"code":"x"})";
    end.steps = {{"extract", "done", "{}"}, {"score", "failed", "{}"}};
    must(store.checkpoint(end));

    const Run again = store.operate(kAda, run.id, Store::Act::retry, 50'000).value();
    CHECK(told(again) == R"(queued e1 state={"v":1} started=1000)");
    CHECK(again.available_at == 50'000);
    CHECK(again.deadline == 50'000 + 86'400'000);
    CHECK(again.expires_at == 60'000);
    CHECK(store.steps(kAda, run.id)->size() == 2);
    CHECK(store.claim(50'000, 1).value().at(0).epoch == 2);
  }

  SECTION("a run that is tried again counts among its owner's queued and running ones") {
    Run asked = a_run(RunStatus::queued);
    asked.concurrency = 1;
    store.accepted(asked);
    const Run run = store.claim(1000, 1).value().at(0);
    must(store.checkpoint(a_checkpoint(run, RunStatus::failed)));
    store.operate(kAda, run.id, Store::Act::retry).value();
    CHECK(outcome(store.accept(a_run(RunStatus::queued), {}, {}, {}, {1, 0})) ==
          "limited too_many_queued");
    CHECK(store.claim(9000, 5).value().size() == 1);
    asked.id = new_id("job");
    store.accepted(asked);
    CHECK(store.claim(9000, 5).value().empty());
  }

  SECTION("a run that waited waits again after a pause, for the same answer") {
    const Run run = store.accepted(a_run());
    Checkpoint wait = a_checkpoint(run, RunStatus::waiting);
    wait.at = "gate";
    wait.returned = "1";
    must(store.checkpoint(wait));
    const std::string before = store.whole(run);
    store.operate(kAda, run.id, Store::Act::pause).value();
    CHECK(outcome(store.take_waiting(kAda, run.id, "gate")) == "conflict not_waiting");
    store.operate(kAda, run.id, Store::Act::resume).value();
    CHECK(store.whole(run) == before);
    CHECK(outcome(store.take_waiting(kAda, run.id, "gate")) == "ok");
  }

  SECTION("a pause that outlasted the run's deadline does not end it when it goes on") {
    Run asked = a_run(RunStatus::queued);
    asked.deadline = 4000;
    store.accepted(asked);
    store.operate(kAda, asked.id, Store::Act::pause).value();
    CHECK(store.operate(kAda, asked.id, Store::Act::resume, 9000)->deadline == 9000 + 86'400'000);
  }

  SECTION("another's run is not there") {
    const Run run = store.accepted(a_run(RunStatus::queued));
    for (const Owner& other : {kBob, kAdaElsewhere})
      CHECK(outcome(store.operate(other, run.id, Store::Act::pause)) == "not_found");
    CHECK(store.run(kAda, run.id)->status == RunStatus::queued);
  }
}

}  // namespace plenum::testing
