// The state machine, as a table: every status against every operation, allowed and forbidden.
#pragma once

#include <catch2/catch.hpp>

#include <map>

#include "tests/store/asking.h"

namespace plenum::testing {

constexpr RunStatus kAllStatuses[] = {
    RunStatus::queued, RunStatus::running,    RunStatus::waiting,
    RunStatus::paused, RunStatus::cancelling, RunStatus::completed,
    RunStatus::failed, RunStatus::cancelled,  RunStatus::dead};

// "-": refused as a conflict; "=": answered, and nothing changes; else what the run becomes.
struct TableRow {
  const char* status;
  std::map<std::string, std::string> becomes;
};
inline const std::vector<TableRow>& status_table() {
  static const std::vector<TableRow> kTable = {
      {"queued",
       {{"claim", "running"},
        {"go on", "-"},
        {"wait", "-"},
        {"release", "-"},
        {"complete", "-"},
        {"fail", "-"},
        {"stop", "-"},
        {"answer", "-"},
        {"retry", "-"},
        {"pause", "paused"},
        {"resume", "-"},
        {"cancel", "cancelled"},
        {"deadline", "failed"},
        {"wake", "running"},
        {"restart", "="},
        {"expiry", "="}}},
      {"running",
       {{"claim", "="},
        {"go on", "running"},
        {"wait", "waiting"},
        {"release", "queued"},
        {"complete", "completed"},
        {"fail", "failed"},
        {"stop", "cancelled"},
        {"answer", "-"},
        {"retry", "-"},
        {"pause", "-"},
        {"resume", "-"},
        {"cancel", "cancelling"},
        {"deadline", "="},
        {"wake", "="},
        {"restart", "queued"},
        {"expiry", "="}}},
      {"waiting",
       {{"claim", "="},
        {"go on", "-"},
        {"wait", "-"},
        {"release", "-"},
        {"complete", "-"},
        {"fail", "-"},
        {"stop", "-"},
        {"answer", "running"},
        {"retry", "-"},
        {"pause", "paused"},
        {"resume", "-"},
        {"cancel", "cancelled"},
        {"deadline", "failed"},
        {"wake", "running"},
        {"restart", "="},
        {"expiry", "="}}},
      {"paused",
       {{"claim", "="},
        {"go on", "-"},
        {"wait", "-"},
        {"release", "-"},
        {"complete", "-"},
        {"fail", "-"},
        {"stop", "-"},
        {"answer", "-"},
        {"retry", "-"},
        {"pause", "-"},
        {"resume", "queued"},
        {"cancel", "cancelled"},
        {"deadline", "="},
        {"wake", "="},
        {"restart", "="},
        {"expiry", "="}}},
      {"cancelling",
       {{"claim", "="},
        {"go on", "-"},
        {"wait", "-"},
        {"release", "-"},
        {"complete", "-"},
        {"fail", "-"},
        {"stop", "cancelled"},
        {"answer", "-"},
        {"retry", "-"},
        {"pause", "-"},
        {"resume", "-"},
        {"cancel", "="},
        {"deadline", "="},
        {"wake", "="},
        {"restart", "cancelled"},
        {"expiry", "="}}},
      {"completed",
       {{"claim", "="},
        {"go on", "-"},
        {"wait", "-"},
        {"release", "-"},
        {"complete", "-"},
        {"fail", "-"},
        {"stop", "-"},
        {"answer", "-"},
        {"retry", "-"},
        {"pause", "-"},
        {"resume", "-"},
        {"cancel", "="},
        {"deadline", "="},
        {"wake", "="},
        {"restart", "="},
        {"expiry", "gone"}}},
  };
  return kTable;
}
inline std::map<std::string, std::string> row_of(const std::string& status) {
  const bool final = status == "failed" || status == "cancelled" || status == "dead";
  for (const TableRow& row : status_table()) {
    if (row.status != (final ? "completed" : status)) continue;
    std::map<std::string, std::string> becomes = row.becomes;
    if (final && status != "cancelled") becomes["retry"] = "queued";
    return becomes;
  }
  return {};
}

constexpr Millis kNow = 5000, kWake = 8000, kDeadline = 10'000, kExpiry = 20'000;

// A run in this status, reached as runs reach it.
class InStatus {
 public:
  explicit InStatus(const MakePlace& make) : place(make()), store(place->open()) {}

  bool bring(RunStatus status) {
    const bool idle = status == RunStatus::queued || status == RunStatus::paused;
    Run asked = a_run(idle ? RunStatus::queued : RunStatus::running);
    asked.deadline = kDeadline;
    asked.expires_at = kExpiry;
    run = store.accept(asked, {{1, "created", "{}"}}).value().run;
    switch (status) {
      case RunStatus::queued:
      case RunStatus::running:
        break;
      case RunStatus::waiting:
      case RunStatus::completed:
      case RunStatus::failed:
        checkpoint(status);
        break;
      case RunStatus::cancelling:
        store.cancel(kAda, run.id).value();
        break;
      case RunStatus::cancelled:
        store.cancel(kAda, run.id).value();
        checkpoint(status);
        break;
      case RunStatus::paused:
        store.operate(kAda, run.id, Store::Act::pause).value();
        break;
      case RunStatus::dead:
        if (!place->lasts()) return false;
        for (int stops = 0; stops < 6; ++stops) {
          restart();
          store.claim(kNow, 1).value();
        }
        break;
    }
    run = store.run(kAda, run.id).value();
    return run.status == status;
  }

  // Whether it was refused.
  std::string perform(const std::string& operation, int64_t epoch) {
    static const std::map<std::string, RunStatus> kWrites = {
        {"go on", RunStatus::running},  {"wait", RunStatus::waiting},
        {"release", RunStatus::queued}, {"complete", RunStatus::completed},
        {"fail", RunStatus::failed},    {"stop", RunStatus::cancelled}};
    if (const auto write = kWrites.find(operation); write != kWrites.end()) {
      Checkpoint c = a_checkpoint(run, write->second);
      c.epoch = epoch;
      c.steps = {{"step", "done", "{}"}};
      c.events = {{2, "step", "{}"}};
      return outcome(store.checkpoint(c));
    }
    if (operation == "claim") return outcome(store.claim(kNow, 10));
    if (operation == "wake") return outcome(store.claim(kWake, 10));
    if (operation == "answer") return outcome(store.take_waiting(kAda, run.id, "gate"));
    if (operation == "cancel") return outcome(store.cancel(kAda, run.id));
    if (operation == "retry") return outcome(store.operate(kAda, run.id, Store::Act::retry));
    if (operation == "pause") return outcome(store.operate(kAda, run.id, Store::Act::pause));
    if (operation == "resume") return outcome(store.operate(kAda, run.id, Store::Act::resume));
    if (operation == "deadline") return outcome(store.sweep(kDeadline));
    if (operation == "expiry") return outcome(store.sweep(kExpiry + 1));
    restart();
    return "ok";
  }

  std::unique_ptr<Place> place;
  Asking store;
  Run run;

 private:
  void checkpoint(RunStatus status) {
    Checkpoint c = a_checkpoint(run, status);
    if (status == RunStatus::waiting) {
      c.at = "gate";
      c.returned = "{}";
      c.wake_at = kWake;
    }
    must(store.checkpoint(c));
  }
  void restart() {
    store.close();
    store = Asking(place->open());
    store.recover(kNow).value();
  }
};

inline bool leaves_alone(const std::string& becomes) {
  return becomes == "-" || becomes == "=";
}

inline void check_cell(InStatus& in, const std::string& operation, const std::string& becomes) {
  // Where nothing lasts there is no restart.  Past its expiry a queued or waiting run is past its
  // deadline, too, which is another column.
  const bool idle = in.run.status == RunStatus::queued || in.run.status == RunStatus::waiting;
  if ((operation == "restart" && !in.place->lasts()) || (operation == "expiry" && idle)) return;
  INFO(name(in.run.status) << ", then " << operation);
  const std::string before = in.store.whole(in.run);
  const std::string answer = in.perform(operation, in.run.epoch);
  CHECK((answer == "ok") == (becomes != "-"));
  if (leaves_alone(becomes)) {
    CHECK(in.store.whole(in.run) == before);
  } else if (becomes == "gone") {
    CHECK(in.store.whole(in.run) == "not_found");
  } else {
    const Run after = in.store.run(kAda, in.run.id).value();
    CHECK(name(after.status) == becomes);
    CHECK(after.epoch == in.run.epoch + (becomes == "running" && operation != "go on" ? 1 : 0));
    CHECK((after.finished_at != 0) == is_final(after.status));
  }
}

// What leaves a run alone is tried on the same run, one after the other; each change on a run of
// its own.
inline void check_status(const MakePlace& make, RunStatus status) {
  const auto row = row_of(name(status));
  InStatus same(make);
  if (!same.bring(status)) return;
  for (const auto& [operation, becomes] : row) {
    if (leaves_alone(becomes)) {
      check_cell(same, operation, becomes);
      continue;
    }
    InStatus own(make);
    REQUIRE(own.bring(status));
    check_cell(own, operation, becomes);
  }
}

inline void moves_runs_by_the_table(const MakePlace& make) {
  SECTION("a run changes its status as the table says, and in no other way") {
    for (const RunStatus status : kAllStatuses) check_status(make, status);
  }
  SECTION("a write with an old or a future epoch is dropped, whatever it wants to do") {
    for (const RunStatus status : kAllStatuses) {
      InStatus in(make);
      if (!in.bring(status)) continue;
      const std::string before = in.store.whole(in.run);
      for (const char* operation : {"go on", "wait", "release", "complete", "fail", "stop"})
        for (const int64_t off : {-1, 1}) {
          INFO(name(status) << ", then " << operation << " with an epoch off by " << off);
          const std::string answer = in.perform(operation, in.run.epoch + off);
          CHECK(answer == "conflict lost");
          CHECK(in.store.whole(in.run) == before);
        }
    }
  }
}

}  // namespace plenum::testing
