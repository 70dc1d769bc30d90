// Which run is next.
#pragma once

#include <catch2/catch.hpp>

#include "tests/store/asking.h"

namespace plenum::testing {

inline void claims_in_turn(const MakePlace& make) {
  const auto place = make();
  Asking store(place->open());

  // Queues a run that is told by its thread.
  const auto queue = [&](const std::string& label, const Owner& owner, int priority = 0,
                         int concurrency = 0, const std::string& route = "POST /analyze",
                         Millis available_at = 0) {
    Run run = a_run(RunStatus::queued, owner);
    run.thread = label;
    run.priority = priority;
    run.concurrency = concurrency;
    run.route = route;
    run.available_at = available_at;
    return store.accepted(run);
  };
  const auto claim = [&](int limit, Millis now = 2000) {
    std::string order;
    const std::vector<Run> runs = store.claim(now, limit).value();
    for (const Run& run : runs) order += (order.empty() ? "" : " ") + run.thread;
    return order;
  };
  const auto finish = [&](const Run& run) {
    Run now = store.run(run.owner, run.id).value();
    must(store.checkpoint(a_checkpoint(now, RunStatus::completed)));
  };

  SECTION("a claimed run is running in a new epoch, with its state") {
    const Run run = queue("a", kAda);
    CHECK(told(store.claim(2000, 1).value().at(0)) == R"(running e1 state={"v":0} started=2000)");
    CHECK(store.whole(run) == R"(running e1 state={"v":0} started=2000)");
    CHECK(claim(10).empty());
  }
  SECTION("the oldest goes first, and no more than were asked for") {
    for (const char* label : {"a", "b", "c"}) queue(label, kAda);
    CHECK(claim(0).empty());
    CHECK(claim(-1).empty());
    CHECK(claim(2) == "a b");
    CHECK(claim(2) == "c");
  }
  SECTION("a higher priority goes first, whoever's it is") {
    queue("low", kAda, -5);
    queue("usual", kBob);
    queue("high", kAda, 9);
    CHECK(claim(1) == "high");
    CHECK(claim(2) == "usual low");
  }
  SECTION("owners take turns within a claim") {
    for (const char* label : {"a1", "a2", "a3", "a4"}) queue(label, kAda);
    queue("b1", kBob);
    queue("e1", kAdaElsewhere);
    CHECK(claim(10) == "a1 b1 e1 a2 a3 a4");
  }
  SECTION("owners take turns from claim to claim") {
    for (const char* label : {"a1", "a2", "a3", "a4"}) queue(label, kAda);
    for (const char* label : {"b1", "b2"}) queue(label, kBob);
    std::string order;
    for (int i = 0; i < 6; ++i) order += claim(1) + " ";
    CHECK(order == "a1 b1 a2 b2 a3 a4 ");
  }
  SECTION("an owner with a thousand jobs delays another's by one") {
    for (int i = 0; i < 1000; ++i) queue("many", kAda);
    CHECK(claim(3) == "many many many");
    queue("one", kBob);
    CHECK(claim(2).find("one") != std::string::npos);
  }
  SECTION(
      "an owner's jobs of one route run up to their concurrency, across claims and priorities") {
    std::vector<Run> jobs;
    for (const char* label : {"a1", "a2", "a3"}) jobs.push_back(queue(label, kAda, 0, 2));
    queue("urgent", kAda, 5, 2);
    CHECK(claim(10) == "urgent a1");
    CHECK(claim(10).empty());
    finish(jobs[0]);
    CHECK(claim(10) == "a2");
  }
  SECTION("a full route holds up neither the owner's other routes nor other owners") {
    for (const char* label : {"a1", "a2"}) queue(label, kAda, 0, 1);
    queue("letter", kAda, 0, 1, "POST /letter");
    queue("b1", kBob, 0, 1);
    CHECK(claim(10) == "a1 b1 letter");
  }
  SECTION("a job that is being cancelled holds its place, one that waits does not") {
    const Run first = queue("a1", kAda, 0, 1);
    queue("a2", kAda, 0, 1);
    queue("a3", kAda, 0, 1);
    CHECK(claim(10) == "a1");
    REQUIRE(store.cancel(kAda, first.id));
    CHECK(claim(10).empty());
    Run now = store.run(kAda, first.id).value();
    REQUIRE(store.checkpoint(a_checkpoint(now, RunStatus::cancelled)));
    const std::vector<Run> second = store.claim(2000, 10).value();
    REQUIRE(second.size() == 1);
    REQUIRE(store.checkpoint(a_checkpoint(second[0], RunStatus::waiting)));
    CHECK(claim(10) == "a3");
  }
  SECTION("a refused end of a job frees no place") {
    const Run first = queue("a1", kAda, 0, 1);
    queue("a2", kAda, 0, 1);
    CHECK(claim(10) == "a1");
    Checkpoint end = a_checkpoint(store.run(kAda, first.id).value(), RunStatus::completed);
    end.events = {{1, "end", "{}"}, {1, "again", "{}"}};
    CHECK(outcome(store.checkpoint(end)) == "conflict event_exists");
    CHECK(claim(10).empty());
    end.events.pop_back();
    CHECK(outcome(store.checkpoint(end)) == "ok");
    CHECK(claim(10) == "a2");
  }
  SECTION("a run is not claimed before it is available, and holds up no other") {
    queue("later", kAda, 9, 0, "POST /analyze", 5000);
    queue("now", kAda);
    CHECK(claim(10) == "now");
    CHECK(claim(10, 4999).empty());
    CHECK(claim(10, 5000) == "later");
  }
  SECTION("a released run is claimed again, before younger ones") {
    queue("a1", kAda);
    queue("a2", kAda);
    const Run first = store.claim(2000, 1).value().at(0);
    REQUIRE(store.checkpoint(a_checkpoint(first, RunStatus::queued)));
    const std::vector<Run> again = store.claim(2000, 2).value();
    REQUIRE(again.size() == 2);
    CHECK(again[0].thread + again[1].thread == "a1a2");
    CHECK(told(again[0]) == R"(running e2 state={"v":1} started=2000)");
  }
  SECTION("a waiting run is claimed when its time has come, and its interrupt is closed then") {
    const Run run = store.accepted(a_run());
    Checkpoint c = a_checkpoint(run, RunStatus::waiting);
    c.at = "approve";
    c.returned = "{}";
    c.wake_at = 8000;
    REQUIRE(store.checkpoint(c));
    CHECK(store.claim(7999, 10).value().empty());
    CHECK(told(store.claim(8000, 10).value().at(0)) == R"(running e2 state={"v":1} started=1000)");
    CHECK(outcome(store.take_waiting(kAda, run.id, "approve")) == "conflict not_waiting");
  }
  SECTION("a run that waits for an answer only is never claimed") {
    const Run run = store.accepted(a_run());
    Checkpoint c = a_checkpoint(run, RunStatus::waiting);
    c.at = "approve";
    REQUIRE(store.checkpoint(c));
    CHECK(store.claim(1'000'000'000'000'000, 10).value().empty());
  }
  SECTION("the next due time is the earliest of what is queued and what is to be woken") {
    CHECK(store.next_due().value() == 0);
    const Run run = store.accepted(a_run());
    CHECK(store.next_due().value() == 0);
    Checkpoint c = a_checkpoint(run, RunStatus::waiting);
    c.wake_at = 8000;
    REQUIRE(store.checkpoint(c));
    CHECK(store.next_due().value() == 8000);
    queue("later", kAda, 0, 0, "POST /analyze", 6000);
    CHECK(store.next_due().value() == 6000);
    CHECK(store.claim(6000, 1).value().size() == 1);
    CHECK(store.next_due().value() == 8000);
    CHECK(store.claim(8000, 1).value().size() == 1);
    CHECK(store.next_due().value() == 0);
  }
  SECTION("due at the epoch is due, not nothing") {
    Run run = a_run(RunStatus::queued);
    run.created_at = 0;
    store.accepted(run);
    CHECK(store.next_due().value() == 1);
  }
}

}  // namespace plenum::testing
