// Deadlines, expiry, and what a restart finds.
#pragma once

#include <catch2/catch.hpp>

#include "tests/store/asking.h"

namespace plenum::testing {

inline void follows_the_time(const MakePlace& make) {
  const auto place = make();
  Asking store(place->open());
  const auto restart = [&] {
    store.close();
    store = Asking(place->open());
  };
  const auto ended = [&](const std::string& thread, Millis expires_at) {
    Run run = a_run();
    run.thread = thread;
    run.expires_at = expires_at;
    const Run accepted = store.accept(run, {{1, "created", "{}"}}).value().run;
    Checkpoint c = a_checkpoint(accepted, RunStatus::completed);
    c.steps = {{"extract", "done", "1"}};
    must(store.checkpoint(c));
    return accepted;
  };

  SECTION("a queued or waiting run past its deadline fails and says so") {
    Run queued = a_run(RunStatus::queued);
    queued.deadline = 5000;
    queued = store.accepted(queued);
    REQUIRE(store.sweep(4999));
    CHECK(store.run(kAda, queued.id).value().status == RunStatus::queued);
    REQUIRE(store.sweep(5000));
    CHECK(
        store.whole(queued) ==
        R"(failed e0 state={"v":0} error={"code":"deadline","message":"The run did not finish before its deadline.")"
        R"(,"node":"","status":504} finished=5000)");
    CHECK(store.claim(6000, 10).value().empty());
  }
  SECTION("a run that waits for a client longer than it may work is not ended before it is woken") {
    const auto waiting = [&](Millis wake_at) {
      Run run = a_run();
      run.deadline = 5000;
      run = store.accepted(run);
      Checkpoint c = a_checkpoint(run, RunStatus::waiting);
      c.at = "gate";
      c.wake_at = wake_at;
      must(store.checkpoint(c));
      return run;
    };
    const auto status = [&](const Run& run) {
      return std::string(name(store.run(kAda, run.id).value().status));
    };
    const Run soon = waiting(4000), late = waiting(9000), never = waiting(0);
    REQUIRE(store.sweep(8999));
    CHECK(status(soon) == "failed");
    CHECK(status(late) == "waiting");
    CHECK(status(never) == "waiting");
    const std::vector<Run> woken = store.claim(9000, 10).value();
    REQUIRE(woken.size() == 1);
    CHECK(woken[0].id == late.id);
    REQUIRE(store.sweep(INT64_MAX / 2));
    CHECK(status(never) == "waiting");
  }
  SECTION("a sweep ends no more deadlines than its limit, the earliest first") {
    std::vector<Run> runs;
    for (int i = 0; i < 5; ++i) {
      Run run = a_run(RunStatus::queued);
      run.deadline = 5000 - i;
      runs.push_back(store.accepted(run));
    }
    REQUIRE(store.sweep(6000, 2));
    std::string left;
    for (const Run& run : runs) left += name(store.run(kAda, run.id).value().status)[0];
    CHECK(left == "qqqff");
    REQUIRE(store.sweep(6000, 0));
    CHECK(store.runs(kAda, "", RunStatus::queued).value().size() == 3);
  }
  SECTION("an expired run goes with its steps and events, one that is not final stays") {
    const Run old = ended("old", 5000), young = ended("young", 5001), forever = ended("forever", 0);
    Run busy = a_run();
    busy.expires_at = 100;
    busy = store.accepted(busy);
    REQUIRE(store.sweep(5000));
    CHECK(outcome(store.run(kAda, old.id)) == "not_found");
    CHECK(outcome(store.steps(kAda, old.id)) == "not_found");
    CHECK(outcome(store.events(kAda, old.id)) == "not_found");
    CHECK(outcome(store.run(kAda, young.id)) == "ok");
    CHECK(outcome(store.run(kAda, forever.id)) == "ok");
    CHECK(outcome(store.run(kAda, busy.id)) == "ok");
    CHECK(store.steps(kAda, young.id).value().size() == 1);
  }
  SECTION("a sweep deletes no more than its limit of each kind") {
    for (int i = 0; i < 5; ++i) {
      ended("run", 5000);
      REQUIRE(store.put_row(kAda, "notes", {std::to_string(i), "{}", 1000, 5000}));
      REQUIRE(store.put_file(
          {std::to_string(i), kAda, "n", "m", "digest" + std::to_string(i), 1, 1000, 5000}));
    }
    CHECK(store.sweep(kFileGrace + 6000, 2).value().size() == 2);
    CHECK(store.runs(kAda).value().size() == 3);
    CHECK(store.rows(kAda, "notes").value().size() == 3);
    CHECK(store.sweep(kFileGrace + 6000, 10).value().size() == 3);
    CHECK(store.runs(kAda).value().empty());
    CHECK(store.rows(kAda, "notes").value().empty());
  }
  SECTION("an expired row goes, one without expiry stays") {
    REQUIRE(store.put_row(kAda, "notes", {"old", "{}", 1000, 5000}));
    REQUIRE(store.put_row(kAda, "notes", {"kept", "{}", 1000, 0}));
    REQUIRE(store.sweep(4999));
    CHECK(outcome(store.row(kAda, "notes", "old")) == "ok");
    REQUIRE(store.sweep(5000));
    CHECK(outcome(store.row(kAda, "notes", "old")) == "not_found");
    CHECK(outcome(store.row(kAda, "notes", "kept")) == "ok");
  }
  SECTION("a sweep names an expired file once nothing of its owner needs the bytes") {
    const auto put = [&](const std::string& id, const Owner& owner, Millis expires_at) {
      REQUIRE(
          store.put_file({id, owner, "cv.pdf", "application/pdf", "abcd", 3, 1000, expires_at}));
    };
    put("file_1", kAda, 5000);
    put("file_2", kAda, 6000);
    put("file_1", kBob, 0);
    CHECK(store.sweep(kFileGrace + 4999).value().empty());
    CHECK(outcome(store.file(kAda, "file_1")) == "ok");
    CHECK(store.sweep(kFileGrace + 5000).value().empty());
    CHECK(outcome(store.file(kAda, "file_1")) == "not_found");
    const std::vector<FileRow> gone = store.sweep(kFileGrace + 6000).value();
    REQUIRE(gone.size() == 1);
    CHECK(gone[0].id + gone[0].owner.app + gone[0].owner.owner + gone[0].digest ==
          "file_2shopadaabcd");
    CHECK(outcome(store.file(kBob, "file_1")) == "ok");
  }
  SECTION("two records of the same bytes that expire together name them once") {
    REQUIRE(store.put_file({"file_1", kAda, "a", "m", "abcd", 3, 1000, 5000}));
    REQUIRE(store.put_file({"file_2", kAda, "b", "m", "abcd", 3, 1000, 5000}));
    CHECK(store.sweep(kFileGrace + 5000).value().size() == 1);
  }
  SECTION("a counter is swept after its window, not before") {
    const Charge charge{"quota", 1, 1000, 61'000};
    CHECK(outcome(store.accept(a_run(), {}, charge)) == "ok");
    REQUIRE(store.sweep(60'999));
    CHECK(outcome(store.accept(a_run(), {}, charge)) == "limited quota_exceeded");
    REQUIRE(store.sweep(61'000));
    CHECK(outcome(store.accept(a_run(), {}, charge)) == "ok");
  }

  SECTION("recovering leaves this process's own runs alone") {
    const Run run = store.accepted(a_run());
    CHECK(store.recover(3000).value() == 0);
    CHECK(store.run(kAda, run.id).value().status == RunStatus::running);
  }
  if (!place->lasts()) return;

  SECTION(
      "what was running is queued after a restart, with its state; what was cancelling is "
      "cancelled") {
    const Run running = store.accepted(a_run());
    const Run cancelling = store.accepted(a_run());
    const Run queued = store.accepted(a_run(RunStatus::queued));
    REQUIRE(store.cancel(kAda, cancelling.id));
    REQUIRE(store.checkpoint(a_checkpoint(running, RunStatus::running)));
    restart();
    CHECK(store.recover(3000).value() == 1);
    CHECK(store.whole(running) == R"(queued e1 rescues=1 state={"v":1} started=1000)");
    CHECK(store.whole(cancelling) == R"(cancelled e1 state={"v":0} started=1000 finished=3000)");
    CHECK(store.whole(queued) == R"(queued e0 state={"v":0})");
    CHECK(outcome(store.checkpoint(a_checkpoint(running, RunStatus::completed))) ==
          "conflict lost");
    CHECK(store.claim(3000, 10).value().size() == 2);
    CHECK(store.recover(3000).value() == 0);
  }
  SECTION("a run that finishes nodes between its rescues is none that ends the server") {
    const Run run = store.accepted(a_run(RunStatus::queued));
    for (int stops = 0; stops < 12; ++stops) {
      const Run claimed = store.claim(3000, 1).value().at(0);
      Checkpoint c = a_checkpoint(claimed, RunStatus::running);
      if (stops % 5 == 4) c.steps = {{"each[" + std::to_string(stops) + "]", "done", "1"}};
      must(store.checkpoint(c));
      restart();
      CHECK(store.recover(3000).value() == 1);
    }
    CHECK(store.run(kAda, run.id).value().rescues == 3);
  }
  SECTION("a run that outlived five rescues is dead with the code poison") {
    const Run run = store.accepted(a_run());
    for (int stops = 1; stops <= 5; ++stops) {
      restart();
      CHECK(store.recover(3000).value() == 1);
      CHECK(store.claim(3000, 1).value().at(0).rescues == stops);
    }
    restart();
    CHECK(store.recover(3000).value() == 0);
    const Run dead = store.run(kAda, run.id).value();
    CHECK(dead.status == RunStatus::dead);
    CHECK(dead.finished_at == 3000);
    CHECK(dead.error.find(R"("code":"poison")") != std::string::npos);
    CHECK(store.claim(3000, 1).value().empty());
  }
  SECTION("concurrency and queue limits are counted on after a restart") {
    const auto job = [&] {
      Run run = a_run(RunStatus::queued);
      run.concurrency = 1;
      return store.accept(run, {}, {}, {}, {2, 0});
    };
    REQUIRE(job());
    REQUIRE(job());
    restart();
    CHECK(outcome(job()) == "limited too_many_queued");
    CHECK(store.claim(2000, 10).value().size() == 1);
    restart();
    CHECK(store.claim(2000, 10)
              .value()
              .empty());  // the first one still holds its place, until recovery
    CHECK(store.recover(2000).value() == 1);
    CHECK(outcome(job()) == "limited too_many_queued");
    CHECK(store.claim(2000, 10).value().size() == 1);
  }
  SECTION("everything is there after a restart") {
    const Run run = ended("old", 0);
    REQUIRE(store.put_row(kAda, "notes", {"n1", R"({"a":1})", 1000, 0}));
    REQUIRE(store.put_file({"file_1", kAda, "cv.pdf", "application/pdf", "abcd", 3, 1000, 0}));
    REQUIRE(store.put_bundle("shop", "b1", "text"));
    const std::string before = store.whole(run);
    restart();
    CHECK(store.whole(run) == before);
    CHECK(store.row(kAda, "notes", "n1").value().data == R"({"a":1})");
    CHECK(store.file(kAda, "file_1").value().name == "cv.pdf");
    CHECK(store.bundle("shop", "b1").value() == "text");
  }
}

}  // namespace plenum::testing
