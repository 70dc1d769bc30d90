// What a checkpoint keeps, what an answer and a cancel give back, what lists show.
#pragma once

#include <catch2/catch.hpp>

#include "tests/store/asking.h"

namespace plenum::testing {

inline std::string ids(const std::vector<Run>& runs) {
  std::string text;
  for (const Run& run : runs) text += (text.empty() ? "" : " ") + run.id;
  return text;
}

inline void moves_runs_on(const MakePlace& make) {
  const auto place = make();
  Asking store(place->open());

  SECTION("a checkpoint keeps state, progress, steps and events together") {
    const Run run = store.accepted(a_run());
    Checkpoint c = a_checkpoint(run, RunStatus::running);
    c.percent = 40;
    c.message = "reading";
    c.cost_usd = 0.25;
    c.steps = {{"extract", "done", R"({"a":1})", 1100, 1200, 2},
               {"each[0].part", "skipped", "null"}};
    c.events = {{1, "step", R"({"node":"extract"})"}, {2, "progress", "{}"}};
    REQUIRE(store.checkpoint(c));
    CHECK(
        store.whole(run) ==
        R"(running e1 state={"v":1} percent=40 message=reading started=1000 | extract done {"a":1})"
        R"( | each[0].part skipped null #1 step #2 progress)");
    CHECK(store.run(kAda, run.id).value().cost_usd == 0.25);
    const StepRow step = store.steps(kAda, run.id).value().at(0);
    CHECK(step.started_at == 1100);
    CHECK(step.finished_at == 1200);
    CHECK(step.attempts == 2);
  }
  SECTION("steps keep the order in which they were finished, over many checkpoints") {
    const Run run = store.accepted(a_run());
    std::string expected;
    for (int i = 0; i < 12; ++i) {
      Checkpoint c = a_checkpoint(run, RunStatus::running);
      c.steps = {{"loop[" + std::to_string(11 - i) + "]", "done", "1"}};
      REQUIRE(store.checkpoint(c));
      expected += " | loop[" + std::to_string(11 - i) + "] done 1";
    }
    CHECK(store.whole(run).find(expected) != std::string::npos);
  }
  SECTION("a waiting run shows where it waits and what it shows, and no longer when it goes on") {
    const Run run = store.accepted(a_run());
    Checkpoint c = a_checkpoint(run, RunStatus::waiting);
    c.at = "approve";
    c.returned = R"({"draft":"hi"})";
    c.wake_at = 9000;
    REQUIRE(store.checkpoint(c));
    CHECK(told(store.run(kAda, run.id).value()) ==
          R"(waiting e1 state={"v":1} at=approve returned={"draft":"hi"} started=1000 wake=9000)");
    CHECK(told(store.take_waiting(kAda, run.id, "approve").value()) ==
          R"(running e2 state={"v":1} started=1000)");
    CHECK(store.whole(run) == R"(running e2 state={"v":1} started=1000)");
  }
  SECTION("a finished run keeps its output and end, and is changed by nothing") {
    const Run run = store.accepted(a_run());
    Checkpoint c = a_checkpoint(run, RunStatus::completed);
    c.output = R"({"answer":42})";
    c.percent = 100;
    REQUIRE(store.checkpoint(c));
    const std::string end =
        R"(completed e1 state={"v":1} output={"answer":42} percent=100 started=1000 finished=2000)";
    CHECK(store.whole(run) == end);
    CHECK(outcome(store.checkpoint(a_checkpoint(run, RunStatus::failed))) == "conflict lost");
    CHECK(told(store.cancel(kAda, run.id).value()) == end);
  }
  SECTION("a failed run keeps its error") {
    const Run run = store.accepted(a_run());
    Checkpoint c = a_checkpoint(run, RunStatus::failed);
    c.error = R"({"code":"x"})";
    REQUIRE(store.checkpoint(c));
    CHECK(store.whole(run) ==
          R"(failed e1 state={"v":1} error={"code":"x"} started=1000 finished=2000)");
  }
  SECTION("a checkpoint leaves the run's expiry as it is unless it gives one") {
    Run asked = a_run();
    asked.expires_at = 7000;
    const Run run = store.accepted(asked);
    REQUIRE(store.checkpoint(a_checkpoint(run, RunStatus::running)));
    CHECK(store.run(kAda, run.id).value().expires_at == 7000);
    Checkpoint c = a_checkpoint(run, RunStatus::completed);
    c.expires_at = 8000;
    REQUIRE(store.checkpoint(c));
    CHECK(store.run(kAda, run.id).value().expires_at == 8000);
  }
  SECTION("an event that is there already refuses the whole checkpoint") {
    const Run run = store.accept(a_run(), {{1, "created", "{}"}}).value().run;
    Checkpoint c = a_checkpoint(run, RunStatus::completed);
    c.steps = {{"extract", "done", "1"}};
    c.events = {{2, "step", "{}"}, {1, "again", "{}"}};
    const std::string before = store.whole(run);
    CHECK(outcome(store.checkpoint(c)) == "conflict event_exists");
    CHECK(store.whole(run) == before);
  }
  SECTION("a checkpoint of no run, or to a status it cannot give, is refused") {
    Run run = a_run();
    run.epoch = 1;
    CHECK(outcome(store.checkpoint(a_checkpoint(run, RunStatus::running))) == "conflict run_gone");
    const Run there = store.accepted(run);
    for (const RunStatus status : {RunStatus::paused, RunStatus::cancelling, RunStatus::dead})
      CHECK(outcome(store.checkpoint(a_checkpoint(there, status))) == "invalid");
    CHECK(store.whole(there) == R"(running e1 state={"v":0} started=1000)");
  }
  SECTION("a refused write tells an owner that its run is being cancelled") {
    const Run run = store.accepted(a_run());
    CHECK(told(store.cancel(kAda, run.id).value()) ==
          R"(cancelling e1 state={"v":0} started=1000)");
    const auto late = store.checkpoint(a_checkpoint(run, RunStatus::completed));
    CHECK(outcome(late) == "conflict cancelling");
    CHECK(late.error().message ==
          "the run " + run.id + " is cancelling in epoch 1: the write of epoch 1 is dropped");
    REQUIRE(store.checkpoint(a_checkpoint(run, RunStatus::cancelled)));
    CHECK(store.whole(run) == R"(cancelled e1 state={"v":1} started=1000 finished=2000)");
  }
  SECTION("an answer to another interrupt, or to none, is a conflict") {
    const Run run = store.accepted(a_run());
    CHECK(outcome(store.take_waiting(kAda, run.id, "approve")) == "conflict not_waiting");
    Checkpoint c = a_checkpoint(run, RunStatus::waiting);
    c.at = "approve";
    REQUIRE(store.checkpoint(c));
    CHECK(outcome(store.take_waiting(kAda, run.id, "other")) == "conflict not_waiting");
    CHECK(outcome(store.take_waiting(kAda, run.id, "")) == "conflict not_waiting");
    CHECK(outcome(store.take_waiting(kAda, run.id, "approve")) == "ok");
    CHECK(outcome(store.take_waiting(kAda, run.id, "approve")) == "conflict not_waiting");
  }
  SECTION("an answer with a key is taken once, and replayed once its run has stopped") {
    const Run run = store.accepted(a_run());
    Checkpoint c = a_checkpoint(run, RunStatus::waiting);
    c.at = "approve";
    REQUIRE(store.checkpoint(c));
    const Idempotency key{"POST /answer k1", "f1"};
    const Run taken = store.take_waiting(kAda, run.id, "approve", key).value().run;
    CHECK(told(taken) == R"(running e2 state={"v":1} started=1000)");
    CHECK(outcome(store.take_waiting(kAda, run.id, "approve", key)) ==
          "conflict idempotency_in_progress");
    CHECK(outcome(store.take_waiting(kAda, run.id, "approve", Idempotency{key.key, "f2"})) ==
          "invalid idempotency_mismatch");
    CHECK(outcome(store.take_waiting(kAda, run.id, "approve")) == "conflict not_waiting");
    REQUIRE(store.checkpoint(a_checkpoint(taken, RunStatus::completed)));
    const Accepted again = store.take_waiting(kAda, run.id, "approve", key).value();
    CHECK(again.replayed);
    CHECK(again.run.status == RunStatus::completed);
    CHECK(outcome(store.take_waiting(kBob, run.id, "approve", key)) == "not_found");
  }
  SECTION("an answer that was refused does not use its key up") {
    const Run run = store.accepted(a_run());
    const Idempotency key{"POST /answer k1", "f1"};
    CHECK(outcome(store.take_waiting(kAda, run.id, "approve", key)) == "conflict not_waiting");
    Checkpoint c = a_checkpoint(run, RunStatus::waiting);
    c.at = "approve";
    REQUIRE(store.checkpoint(c));
    CHECK_FALSE(store.take_waiting(kAda, run.id, "approve", key).value().replayed);
  }
  SECTION("a run that waits for time and not for an answer takes none") {
    const Run run = store.accepted(a_run());
    Checkpoint c = a_checkpoint(run, RunStatus::waiting);
    c.wake_at = 9000;
    REQUIRE(store.checkpoint(c));
    CHECK(outcome(store.take_waiting(kAda, run.id, "")) == "conflict not_waiting");
  }
  SECTION("a cancelled queued or waiting run is final at once") {
    const Run queued = store.accepted(a_run(RunStatus::queued));
    CHECK(told(store.cancel(kAda, queued.id, 4000).value()) ==
          R"(cancelled e0 state={"v":0} finished=4000)");
    const Run run = store.accepted(a_run());
    Checkpoint c = a_checkpoint(run, RunStatus::waiting);
    c.at = "approve";
    c.wake_at = 9000;
    REQUIRE(store.checkpoint(c));
    CHECK(told(store.cancel(kAda, run.id, 4000).value()) ==
          R"(cancelled e1 state={"v":1} started=1000 finished=4000)");
    CHECK(store.claim(10'000, 10).value().empty());
  }

  SECTION("lists show the newest first, a page at a time, without states") {
    std::vector<std::string> all;
    for (int i = 0; i < 5; ++i) all.push_back(store.accepted(a_run()).id);
    CHECK(ids(store.runs(kAda, "", {}, "", {2, ""}).value()) == all[4] + " " + all[3]);
    CHECK(ids(store.runs(kAda, "", {}, "", {2, all[3]}).value()) == all[2] + " " + all[1]);
    CHECK(ids(store.runs(kAda, "", {}, "", {2, all[1]}).value()) == all[0]);
    CHECK(ids(store.runs(kAda, "", {}, "", {2, all[0]}).value()).empty());
    CHECK(store.runs(kAda).value().at(0).state.empty());
    CHECK(outcome(store.runs(kAda, "", {}, "", {2, "run_unknown"})) == "not_found");
  }
  SECTION("a page is 1 to 100 long, whatever is asked") {
    for (int i = 0; i < 103; ++i) store.accepted(a_run());
    CHECK(store.runs(kAda, "", {}, "", {1000, ""}).value().size() == 100);
    CHECK(store.runs(kAda, "", {}, "", {0, ""}).value().size() == 1);
    CHECK(store.runs(kAda, "", {}, "", {-7, ""}).value().size() == 1);
  }
  SECTION("lists are filtered by graph, status and interrupt") {
    Run other = a_run();
    other.graph = "letter";
    other = store.accepted(other);
    const Run queued = store.accepted(a_run(RunStatus::queued));
    std::vector<Run> waiting;
    for (const char* at : {"approve", "sign"}) {
      waiting.push_back(store.accepted(a_run()));
      Checkpoint c = a_checkpoint(waiting.back(), RunStatus::waiting);
      c.at = at;
      REQUIRE(store.checkpoint(c));
    }
    CHECK(ids(store.runs(kAda, "letter").value()) == other.id);
    CHECK(ids(store.runs(kAda, "nothing").value()).empty());
    CHECK(ids(store.runs(kAda, "", RunStatus::queued).value()) == queued.id);
    CHECK(ids(store.runs(kAda, "", RunStatus::waiting).value()) ==
          waiting[1].id + " " + waiting[0].id);
    CHECK(ids(store.runs(kAda, "", {}, "approve").value()) == waiting[0].id);
    CHECK(ids(store.runs(kAda, "analyze", RunStatus::waiting, "sign").value()) == waiting[1].id);
    CHECK(ids(store.runs(kAda, "letter", RunStatus::waiting, "sign").value()).empty());
    CHECK(ids(store.runs(kAda, "", RunStatus::queued, "sign").value()).empty());
  }
  SECTION("events are given from after the last one seen") {
    const Run run =
        store.accept(a_run(), {{1, "a", "1"}, {2, "b", "2"}, {3, "c", "3"}}).value().run;
    const std::vector<EventRow> later = store.events(kAda, run.id, 1).value();
    REQUIRE(later.size() == 2);
    CHECK(later[0].type + later[0].data + later[1].type == "b2c");
    CHECK(store.events(kAda, run.id, 3).value().empty());
  }
  SECTION("a read asked for after an answer has what was answered") {
    const Run run = store.accepted(a_run());
    std::promise<Result<Run>> read;
    Checkpoint c = a_checkpoint(run, RunStatus::completed);
    store.store().checkpoint(c, [&](Result<>) {
      store.store().run(kAda, run.id, [&](Result<Run> now) { read.set_value(std::move(now)); });
    });
    CHECK(read.get_future().get().value().status == RunStatus::completed);
  }
  SECTION("closing performs and answers everything that was asked before") {
    std::vector<std::string> answered;
    std::vector<std::string> asked;
    for (int i = 0; i < 500; ++i) {
      Run run = a_run();
      asked.push_back(run.id);
      store.store().accept(run, {}, {}, {}, {}, {}, [&answered](Result<Accepted> a) {
        answered.push_back(a.value().run.id);
      });
    }
    store.close();
    CHECK(answered == asked);
  }
}

}  // namespace plenum::testing
