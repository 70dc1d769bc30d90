// What goes when its time is over, or when its owner goes.
#pragma once

#include <catch2/catch.hpp>

#include "tests/store/asking.h"

namespace plenum::testing {

// Everything that can be kept for an owner.
inline void keep_everything(Asking& store, const Owner& owner, int times = 1) {
  for (int i = 0; i < times; ++i) {
    const std::string number = std::to_string(i);
    Run run = a_run(RunStatus::running, owner);
    run.expires_at = kFileGrace;
    run = store
              .accept(run, {{1, "created", "{}"}}, Charge{"quota", 100, 0, 10'000},
                      Idempotency{"key" + number, "f"})
              .value()
              .run;
    Checkpoint end = a_checkpoint(run, RunStatus::completed);
    end.steps = {{"extract", "done", "{}"}};
    must(store.checkpoint(end));
    store.put_row(owner, "notes", {number, "{}", 1000, 0}).value();
    store.put_file({"file_" + number, owner, "cv.pdf", "m", "digest" + number, 3, 1000, 0}).value();
    must(store.put_cached(owner, "cached" + number, "{}", 9'000'000));
  }
}

inline std::string kept(Asking& store, const Owner& owner, int times = 1) {
  std::string text = std::to_string(store.runs(owner).value().size()) + " runs, " +
                     std::to_string(store.rows(owner, "notes").value().size()) + " rows";
  for (int i = 0; i < times; ++i) {
    const std::string number = std::to_string(i);
    if (store.file(owner, "file_" + number)) text += ", a file";
    if (store.cached(owner, "cached" + number, 2000)) text += ", a reply";
  }
  return text;
}

inline void lets_go(const MakePlace& make) {
  const auto place = make();
  Asking store(place->open());

  SECTION("what is kept for an owner is deleted, and nothing of another's") {
    for (const Owner& owner : {kAda, kBob, kAdaElsewhere}) keep_everything(store, owner);
    const Swept swept = store.forget(kAda).value();
    CHECK_FALSE(swept.more);
    REQUIRE(swept.files.size() == 1);
    CHECK(swept.files[0].owner == kAda);
    CHECK(kept(store, kAda) == "0 runs, 0 rows");
    CHECK(kept(store, kBob) == "1 runs, 1 rows, a file, a reply");
    CHECK(kept(store, kAdaElsewhere) == "1 runs, 1 rows, a file, a reply");
    // Keys and counters went, too: the same key is a new request, and no quota is used up.
    Run run = a_run();
    CHECK_FALSE(store.accept(run, {}, Charge{"quota", 1, 0, 10'000}, Idempotency{"key0", "other"})
                    .value()
                    .replayed);
  }

  SECTION("it is deleted in parts, until there is no more") {
    keep_everything(store, kAda, 5);
    std::vector<size_t> files;
    for (bool more = true; more;) {
      const Swept swept = store.forget(kAda, 2).value();
      files.push_back(swept.files.size());
      more = swept.more;
    }
    CHECK(files == std::vector<size_t>{2, 2, 1});
    CHECK(kept(store, kAda, 5) == "0 runs, 0 rows");
    CHECK_FALSE(store.forget(kAda).value().more);
    CHECK_FALSE(store.forget({"shop", "nobody"}).value().more);
  }

  SECTION("a run that was under way finds that it is gone, and frees its owner's places") {
    Run asked = a_run(RunStatus::queued);
    asked.concurrency = 1;
    store.accepted(asked);
    const Run run = store.claim(1000, 1).value().at(0);
    store.forget(kAda).value();
    CHECK(outcome(store.checkpoint(a_checkpoint(run, RunStatus::completed))) ==
          "conflict run_gone");
    asked.id = new_id("job");
    store.accepted(asked);
    CHECK(store.claim(1000, 1).value().size() == 1);
  }

  SECTION("a sweep that reached its limit says that there is more") {
    for (int i = 0; i < 5; ++i)
      REQUIRE(store.put_row(kAda, "notes", {std::to_string(i), "{}", 1000, 5000}));
    CHECK(store.sweep_once(5000, 3).value().more);
    CHECK_FALSE(store.sweep_once(5000, 3).value().more);
    CHECK(store.rows(kAda, "notes").value().empty());
  }

  SECTION("of an app's definitions those of runs stay, and of the others the latest twenty") {
    const auto put = [&](int n) {
      const std::string text = std::to_string(n);
      must(wait_for<void>([&](auto done) { store.store().put_bundle("shop", text, text, done); }));
    };
    const auto there = [&](int n) {
      return wait_for<std::string>(
                 [&](auto done) { store.store().bundle("shop", std::to_string(n), done); })
          .has_value();
    };
    put(1);
    put(2);
    put(3);
    Run run = a_run();
    run.bundle = "2";
    run.expires_at = 5000;
    run = store.accepted(run);
    for (int n = 4; n <= 21; ++n) put(n);
    put(3);  // served again: it is the latest now
    for (int n = 22; n <= 30; ++n) put(n);
    CHECK_FALSE(there(1));
    CHECK(there(2));
    CHECK(there(3));
    CHECK_FALSE(there(11));
    CHECK(there(12));
    must(store.checkpoint(a_checkpoint(run, RunStatus::completed)));
    REQUIRE(store.sweep(5000));
    put(31);
    CHECK_FALSE(there(2));
  }
}

}  // namespace plenum::testing
