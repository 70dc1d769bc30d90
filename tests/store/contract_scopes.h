// What is another's is not there: for every call that takes an owner, the same answer as for
// nothing.
#pragma once

#include <catch2/catch.hpp>

#include "tests/store/asking.h"

namespace plenum::testing {

inline void keeps_scopes_apart(const MakePlace& make) {
  const auto place = make();
  Asking store(place->open());
  const Run running = store.accept(a_run(), {{1, "created", "{}"}}).value().run;
  const Run waiting = store.accepted(a_run());
  Checkpoint c = a_checkpoint(waiting, RunStatus::waiting);
  c.at = "approve";
  c.steps = {{"draft", "done", "1"}};
  must(store.checkpoint(c));
  store.put_row(kAda, "notes", {"n1", R"({"secret":1})", 1000, 0}).value();
  store.put_file({"file_1", kAda, "cv.pdf", "application/pdf", "abcd", 3, 1000, 0}).value();
  const std::string before = store.whole(running) + store.whole(waiting);

  // Another owner of the app, the same owner of another app, one that the store never saw, and one
  // without a name.
  const Owner foreign[] = {kBob, kAdaElsewhere, {"nowhere", "nobody"}, {"", ""}};
  store.accepted(a_run(RunStatus::queued, kBob));
  store.accepted(a_run(RunStatus::queued, kAdaElsewhere));

  SECTION("no call gives or changes what is another's") {
    for (const Owner& owner : foreign) {
      INFO(owner.app << " " << owner.owner);
      CHECK(outcome(store.run(owner, running.id)) == "not_found");
      CHECK(outcome(store.steps(owner, waiting.id)) == "not_found");
      CHECK(outcome(store.events(owner, running.id)) == "not_found");
      CHECK(outcome(store.cancel(owner, running.id)) == "not_found");
      CHECK(outcome(store.take_waiting(owner, waiting.id, "approve")) == "not_found");
      CHECK(outcome(store.runs(owner, "", {}, "", {10, running.id})) == "not_found");
      const std::vector<Run> own = store.runs(owner).value();
      for (const Run& run : own) CHECK(run.owner == owner);
      CHECK(store.runs(owner, "", RunStatus::waiting).value().empty());
      CHECK(store.runs(owner, "", {}, "approve").value().empty());
      CHECK(outcome(store.row(owner, "notes", "n1")) == "not_found");
      CHECK(outcome(store.delete_row(owner, "notes", "n1")) == "not_found");
      CHECK(store.rows(owner, "notes").value().empty());
      CHECK(outcome(store.rows(owner, "notes", {10, "n1"})) == "not_found");
      CHECK(outcome(store.file(owner, "file_1")) == "not_found");
    }
    CHECK(store.whole(running) + store.whole(waiting) == before);
    CHECK(store.row(kAda, "notes", "n1").value().data == R"({"secret":1})");
  }
  SECTION("another's answer is the one for what is not there") {
    CHECK(store.run(kBob, running.id).error().message == "there is no run " + running.id);
    const std::string unknown = new_id("run");
    CHECK(store.run(kBob, unknown).error().message == "there is no run " + unknown);
  }
  SECTION("putting under another's id makes one's own and leaves the other's") {
    REQUIRE(store.put_row(kBob, "notes", {"n1", R"({"mine":1})", 2000, 0}));
    CHECK(store.row(kAda, "notes", "n1").value().data == R"({"secret":1})");
    CHECK(store.row(kBob, "notes", "n1").value().data == R"({"mine":1})");
    const FileRow mine = store.put_file({"file_1", kBob, "b.pdf", "x", "ef", 1, 1, 0}).value();
    CHECK(mine.name == "b.pdf");
    CHECK(store.file(kAda, "file_1").value().name == "cv.pdf");
    REQUIRE(store.delete_row(kBob, "notes", "n1"));
    CHECK(outcome(store.row(kAda, "notes", "n1")) == "ok");
  }
  SECTION("names are compared whole: an app and owner that run together are not each other") {
    store.put_row({"ab", "c"}, "notes", {"x", "{}", 1, 0}).value();
    CHECK(outcome(store.row({"a", "bc"}, "notes", "x")) == "not_found");
    CHECK(outcome(store.row({"AB", "C"}, "notes", "x")) == "not_found");
  }
}

}  // namespace plenum::testing
