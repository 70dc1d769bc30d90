// Accepting a run: what is stored, what is counted, what a key does.
#pragma once

#include <catch2/catch.hpp>

#include "tests/store/asking.h"

namespace plenum::testing {

constexpr Millis kDay = 24LL * 60 * 60 * 1000;

inline void accepts_runs(const MakePlace& make) {
  const auto place = make();
  Asking store(place->open());
  const Idempotency key{"POST /analyze k1", "f1"};
  const Charge quota{"quota POST /analyze", 2, 1000, 61'000};

  SECTION("an accepted run is read back as it was given") {
    Run run = a_run(RunStatus::queued);
    run.thread = "t1";
    run.user = R"({"id":"ada"})";
    run.priority = 7;
    run.concurrency = 3;
    run.available_at = 1500;
    run.deadline = 90'000;
    run.expires_at = 95'000;
    const Accepted accepted = store.accept(run, {{1, "created", "{}"}}).value();
    CHECK_FALSE(accepted.replayed);
    const Run stored = store.run(kAda, run.id).value();
    CHECK(told(stored) == told(accepted.run));
    CHECK(told(stored) == R"(queued e0 state={"v":0})");
    CHECK(stored.owner == kAda);
    CHECK(stored.bundle + stored.graph + stored.route == "b1analyzePOST /analyze");
    CHECK(stored.thread + stored.user == R"(t1{"id":"ada"})");
    CHECK(stored.job);
    CHECK(stored.priority == 7);
    CHECK(stored.concurrency == 3);
    CHECK(stored.created_at == 1000);
    CHECK(stored.available_at == 1500);
    CHECK(stored.deadline == 90'000);
    CHECK(stored.expires_at == 95'000);
    CHECK(store.events(kAda, run.id).value().at(0).type == "created");
  }
  SECTION("a run accepted as running is held in epoch 1") {
    CHECK(told(store.accepted(a_run())) == R"(running e1 state={"v":0} started=1000)");
  }
  SECTION("a run is not accepted as anything but queued or running") {
    for (const RunStatus status :
         {RunStatus::waiting, RunStatus::paused, RunStatus::cancelling, RunStatus::completed,
          RunStatus::failed, RunStatus::cancelled, RunStatus::dead}) {
      const Run run = a_run(status);
      CHECK(outcome(store.accept(run)) == "invalid");
      CHECK(outcome(store.run(kAda, run.id)) == "not_found");
    }
  }
  SECTION("an id is used once, by whoever was first") {
    const Run first = store.accepted(a_run());
    Run second = a_run(RunStatus::queued, kBob);
    second.id = first.id;
    CHECK(outcome(store.accept(second)) == "conflict run_exists");
    CHECK(told(store.run(kAda, first.id).value()) == told(first));
    CHECK(outcome(store.run(kBob, first.id)) == "not_found");
  }
  SECTION("a run without app, owner or id is refused") {
    CHECK(outcome(store.accept(a_run(RunStatus::running, {"", "ada"}))) == "invalid");
    CHECK(outcome(store.accept(a_run(RunStatus::running, {"shop", ""}))) == "invalid");
    Run nameless = a_run();
    nameless.id = "";
    CHECK(outcome(store.accept(nameless)) == "invalid");
  }
  SECTION("texts come back byte for byte, with nul, quotes and what is not UTF-8") {
    Run run = a_run();
    run.state = std::string("a\0b'\"\xff\xfe%s", 10);
    run.message = "žluť; DROP TABLE run; --";
    store.accept(run).value();
    CHECK(store.run(kAda, run.id).value().state == run.state);
    CHECK(store.run(kAda, run.id).value().message == run.message);
  }
  SECTION("a state of a few megabytes is kept whole") {
    Run run = a_run();
    run.state.assign(5 << 20, 'x');
    store.accept(run).value();
    CHECK(store.run(kAda, run.id).value().state == run.state);
  }

  SECTION("a known key whose run is finished gives that run, once more and uncharged") {
    const Run first = store.accept(a_run(), {}, quota, key).value().run;
    Checkpoint end = a_checkpoint(first, RunStatus::completed);
    end.output = R"({"answer":42})";
    REQUIRE(store.checkpoint(end));
    const Run again = a_run();
    const Accepted replay = store.accept(again, {}, quota, key).value();
    CHECK(replay.replayed);
    CHECK(replay.run.id == first.id);
    CHECK(replay.run.output == R"({"answer":42})");
    CHECK(outcome(store.run(kAda, again.id)) == "not_found");
    CHECK(outcome(store.accept(a_run(), {}, quota)) == "ok");
    CHECK(outcome(store.accept(a_run(), {}, quota)) == "limited quota_exceeded");
  }
  SECTION("a known key whose run goes on is a conflict that says when to ask again") {
    store.accept(a_run(), {}, {}, key).value();
    const auto again = store.accept(a_run(), {}, {}, key);
    CHECK(outcome(again) == "conflict idempotency_in_progress");
    CHECK(again.error().retry_after == std::chrono::seconds(1));
  }
  SECTION("a known key whose request does not wait for its run is replayed while it goes on") {
    const Idempotency job{key.key, key.fingerprint, false};
    const Run first = store.accept(a_run(RunStatus::queued), {}, {}, job).value().run;
    const Accepted again = store.accept(a_run(RunStatus::queued), {}, {}, job).value();
    CHECK(again.replayed);
    CHECK(again.run.id == first.id);
  }
  SECTION("a known key whose run waits for an answer is replayed: its request was answered") {
    const Run first = store.accept(a_run(), {}, {}, key).value().run;
    Checkpoint c = a_checkpoint(first, RunStatus::waiting);
    c.at = "approve";
    REQUIRE(store.checkpoint(c));
    const Accepted again = store.accept(a_run(), {}, {}, key).value();
    CHECK(again.replayed);
    CHECK(again.run.status == RunStatus::waiting);
  }
  SECTION("a known key with another request is refused, finished or not") {
    const Run first = store.accept(a_run(), {}, {}, key).value().run;
    const Idempotency other{key.key, "f2"};
    CHECK(outcome(store.accept(a_run(), {}, {}, other)) == "invalid idempotency_mismatch");
    REQUIRE(store.checkpoint(a_checkpoint(first, RunStatus::completed)));
    CHECK(outcome(store.accept(a_run(), {}, {}, other)) == "invalid idempotency_mismatch");
  }
  SECTION("the same key of another owner or app is another key") {
    CHECK(outcome(store.accept(a_run(), {}, {}, key)) == "ok");
    CHECK(outcome(store.accept(a_run(RunStatus::running, kBob), {}, {}, key)) == "ok");
    CHECK(outcome(store.accept(a_run(RunStatus::running, kAdaElsewhere), {}, {}, key)) == "ok");
  }
  SECTION("a key is known for a day, then it is new") {
    const Run first = store.accept(a_run(), {}, {}, key).value().run;
    REQUIRE(store.checkpoint(a_checkpoint(first, RunStatus::completed)));
    Run later = a_run();
    later.created_at = 1000 + kDay - 1;
    CHECK(store.accept(later, {}, {}, key).value().replayed);
    later.created_at = 1000 + kDay;
    CHECK_FALSE(store.accept(later, {}, {}, key).value().replayed);
  }
  SECTION("a run with a key is kept as long as the key, even if it may go sooner") {
    Run run = a_run();
    run.expires_at = 5000;
    const Run first = store.accept(run, {}, {}, key).value().run;
    Checkpoint end = a_checkpoint(first, RunStatus::completed);
    end.expires_at = 6000;
    REQUIRE(store.checkpoint(end));
    REQUIRE(store.sweep(1000 + kDay - 1));
    CHECK(outcome(store.run(kAda, run.id)) == "ok");
    REQUIRE(store.sweep(1000 + kDay));
    CHECK(outcome(store.run(kAda, run.id)) == "not_found");
  }
  SECTION("a refused run leaves no key and no count behind") {
    const Charge none{"quota POST /analyze", 0, 1000, 61'000};
    CHECK(outcome(store.accept(a_run(), {}, none, key)) == "limited quota_exceeded");
    CHECK_FALSE(store.accept(a_run(), {}, quota, key).value().replayed);
    CHECK(outcome(store.accept(a_run(), {}, quota)) == "ok");
    CHECK(outcome(store.accept(a_run(), {}, quota)) == "limited quota_exceeded");
  }

  SECTION("a quota counts runs of its window, per owner and counter") {
    CHECK(outcome(store.accept(a_run(), {}, quota)) == "ok");
    CHECK(outcome(store.accept(a_run(), {}, quota)) == "ok");
    const auto third = store.accept(a_run(), {}, quota);
    CHECK(outcome(third) == "limited quota_exceeded");
    CHECK(third.error().message ==
          "the quota POST /analyze of 2 is used up until 1970-01-01T00:01:01.000Z: ask again after "
          "that");
    CHECK(third.error().retry_after == std::chrono::seconds(60));
    CHECK(outcome(store.accept(a_run(RunStatus::running, kBob), {}, quota)) == "ok");
    CHECK(outcome(store.accept(a_run(), {}, Charge{"other", 2, 1000, 61'000})) == "ok");
    CHECK(outcome(store.accept(a_run(), {}, Charge{quota.counter, 2, 61'000, 121'000})) == "ok");
  }
  SECTION("an owner queues up to a limit, and so does an app") {
    const Store::Limits limits{2, 3};
    const auto queue = [&](const Owner& owner) {
      return outcome(store.accept(a_run(RunStatus::queued, owner), {}, {}, {}, limits));
    };
    CHECK(queue(kAda) == "ok");
    CHECK(queue(kAda) == "ok");
    CHECK(queue(kAda) == "limited too_many_queued");
    CHECK(queue(kBob) == "ok");
    CHECK(queue(kBob) == "limited queue_full");
    CHECK(queue(kAdaElsewhere) == "ok");
    CHECK(outcome(store.accept(a_run(), {}, {}, {}, limits)) ==
          "ok");  // running: it does not queue
  }
  SECTION(
      "a place in the queue is free again once its run is claimed, cancelled or past its "
      "deadline") {
    const auto queue = [&] {
      Run run = a_run(RunStatus::queued);
      run.deadline = 9000;
      return store.accept(run, {}, {}, {}, {1, 1});
    };
    CHECK(outcome(queue()) == "ok");
    CHECK(outcome(queue()) == "limited too_many_queued");
    CHECK(store.claim(2000, 1).value().size() == 1);
    const auto second = queue();
    CHECK(outcome(second) == "ok");
    REQUIRE(store.cancel(kAda, second->run.id));
    CHECK(outcome(queue()) == "ok");
    CHECK(outcome(queue()) == "limited too_many_queued");
    REQUIRE(store.sweep(9000));
    CHECK(outcome(queue()) == "ok");
  }
}

}  // namespace plenum::testing
