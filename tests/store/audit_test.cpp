// The record: written with what it tells, and no line of it can be changed unnoticed.
#include <sqlite3.h>

#include <catch2/catch.hpp>

#include "engine/store/inspection.h"
#include "tests/store/asking.h"

using namespace plenum;
using namespace plenum::testing;

namespace {

std::unique_ptr<Store> open_in(const TempFolder& folder) {
  return open_sqlite_store(folder / "plenum.db", at_once()).value();
}

std::unique_ptr<Inspection> look_into(const TempFolder& folder) {
  return Inspection::open(folder / "plenum.db").value();
}

// "cancel run_… cancelled by owner", the oldest first, with `id` for the run's id.
std::string record_of(const TempFolder& folder, const std::string& id = "-") {
  std::string text;
  const std::vector<AuditRow> rows = look_into(folder)->audit({}).value();
  for (auto row = rows.rbegin(); row != rows.rend(); ++row)
    text += (text.empty() ? "" : "; ") + row->action + " " +
            (row->object == id ? "id" : row->object) + " " + row->outcome + " by " + row->actor;
  return text;
}

std::string verdict(const TempFolder& folder, const std::string& contains = "") {
  const AuditVerdict found = look_into(folder)->verify_audit(contains).value();
  if (!found.broken.empty()) return found.broken;
  return std::to_string(found.rows) + " rows" + (found.contains ? "" : ", without that hash");
}

void edit(const TempFolder& folder, const std::string& sql) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open((folder / "plenum.db").c_str(), &db) == SQLITE_OK);
  char* error = nullptr;
  sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &error);
  const std::string said = error ? error : "";
  sqlite3_free(error);
  sqlite3_close(db);
  INFO(said);
  REQUIRE(said.empty());
}

const std::string kUnlocked = "DROP TRIGGER audit_stays; DROP TRIGGER audit_is_kept; ";

void give_plans(Store& store, int count) {
  for (int i = 0; i < count; ++i)
    must(wait_for<void>([&](Done<> done) {
      store.grant({"shop", "ada", "plan" + std::to_string(i), 1000 + i, 0}, {"operator 7", "req_1"},
                  std::move(done));
    }));
}

}  // namespace

TEST_CASE("what operators and owners do to a run is recorded, when it changes something",
          "[store][audit]") {
  const TempFolder folder;
  const auto store = open_in(folder);
  const Run run = a_run(RunStatus::queued);
  must(wait_for<Accepted>([&](Done<Accepted> done) {
         store->accept(run, {}, {}, {}, {}, {}, std::move(done));
       }).map([](const Accepted&) {}));
  const auto act = [&](Store::Act what, const std::string& who) {
    return outcome(wait_for<Run>([&](Done<Run> done) {
      store->operate(kAda, run.id, what, 2000, std::move(done), Actor{who});
    }));
  };
  CHECK(act(Store::Act::pause, "operator 7") == "ok");
  CHECK(act(Store::Act::retry, "operator 7") == "conflict wrong_status");
  CHECK(act(Store::Act::resume, "operator 8") == "ok");
  for (int again = 0; again < 2; ++again)
    wait_for<Run>([&](Done<Run> done) {
      store->cancel(kAda, run.id, 3000, std::move(done), Actor{"owner", "req_9"});
    }).value();
  wait_for<Swept>([&](Done<Swept> done) {
    store->forget(
        kAda, 100, std::move(done),
        AuditRow{0, 4000, "operator 7", "shop", "ada", "forget", "everything", "done", "", "", ""});
  }).value();
  CHECK(record_of(folder, run.id) ==
        "pause id paused by operator 7; resume id queued by operator 8; "
        "cancel id cancelled by owner; forget everything done by operator 7");
  CHECK(verdict(folder) == "4 rows");
}

TEST_CASE("grants are recorded without the user's id", "[store][audit]") {
  const TempFolder folder;
  const auto store = open_in(folder);
  give_plans(*store, 1);
  wait_for<int>([&](Done<int> done) {
    store->revoke({"shop", "ada", "", 0, 0}, 2000, {"operator 7"}, std::move(done));
  }).value();
  CHECK(record_of(folder) == "grant plan0 for ever by operator 7; revoke  done by operator 7");
  const std::vector<AuditRow> rows = look_into(folder)->audit({}).value();
  for (const AuditRow& row : rows) CHECK(row.owner == user_digest("shop", "ada"));
}

TEST_CASE("the chain goes on after a restart, and is found by filters", "[store][audit]") {
  const TempFolder folder;
  give_plans(*open_in(folder), 2);
  const std::string head = look_into(folder)->verify_audit("")->head;
  give_plans(*open_in(folder), 1'200);
  CHECK(verdict(folder, head) == "1202 rows");
  CHECK(verdict(folder, std::string(64, '0')) == "1202 rows, without that hash");
  AuditFilter filter;
  filter.limit = 2;
  filter.before = 3;
  CHECK(look_into(folder)->audit(filter)->front().object == "plan1");
  filter.app = "clinic";
  CHECK(look_into(folder)->audit(filter)->empty());
}

TEST_CASE("a record that was tampered with is found broken", "[store][audit]") {
  const TempFolder folder;
  give_plans(*open_in(folder), 5);
  REQUIRE(verdict(folder) == "5 rows");
  const std::string head = look_into(folder)->verify_audit("")->head;

  SECTION("a field was changed") {
    for (const char* field : {"actor", "app", "owner", "action", "object", "outcome", "request"}) {
      const TempFolder other;
      give_plans(*open_in(other), 3);
      edit(other, kUnlocked + "UPDATE audit SET " + field + " = 'x' WHERE n = 2");
      CHECK(verdict(other) == "row 2 was changed");
    }
    edit(folder, kUnlocked + "UPDATE audit SET at = at + 1 WHERE n = 5");
    CHECK(verdict(folder) == "row 5 was changed");
  }
  SECTION("what stands in one field was moved to the next") {
    edit(folder,
         kUnlocked + "UPDATE audit SET app = app || 'a', owner = substr(owner, 2) WHERE n = 3");
    CHECK(verdict(folder) == "row 3 was changed");
  }
  SECTION("a line was taken out") {
    edit(folder, kUnlocked + "DELETE FROM audit WHERE n = 3");
    CHECK(verdict(folder) == "row 3 is missing");
  }
  SECTION("the first was taken out and the others moved up") {
    edit(folder, kUnlocked + "DELETE FROM audit WHERE n = 1; UPDATE audit SET n = n - 1");
    CHECK(verdict(folder) == "row 1 does not follow the one before");
  }
  SECTION("two were exchanged") {
    edit(folder, kUnlocked +
                     "UPDATE audit SET n = 99 WHERE n = 2; UPDATE audit SET n = 2 WHERE n = 3; "
                     "UPDATE audit SET n = 3 WHERE n = 99");
    CHECK(verdict(folder) == "row 2 does not follow the one before");
  }
  SECTION("the end was cut off, which only a hash that was kept elsewhere shows") {
    edit(folder, kUnlocked + "DELETE FROM audit WHERE n = 5");
    CHECK(verdict(folder) == "4 rows");
    CHECK(verdict(folder, head) == "4 rows, without that hash");
  }
}

TEST_CASE("the database itself lets nobody change the record by accident", "[store][audit]") {
  const TempFolder folder;
  give_plans(*open_in(folder), 2);
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open((folder / "plenum.db").c_str(), &db) == SQLITE_OK);
  for (const char* sql : {"DELETE FROM audit", "UPDATE audit SET actor = 'x'"})
    CHECK(sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK);
  sqlite3_close(db);
  CHECK(verdict(folder) == "2 rows");
}
