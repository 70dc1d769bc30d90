// The SQLite store keeps the contract, and what is its own: files, locks, migrations, plans.
#include <catch2/catch.hpp>

#include <fstream>

#include "engine/store/sqlite/migrate.h"
#include "tests/store/contract.h"
#include "tests/store/places.h"

using namespace plenum;
using namespace plenum::testing;

TEST_CASE("a SQLite file keeps the store's contract", "[store][sqlite]") {
  keeps_the_store_contract([] { return std::make_unique<SqliteFile>(); });
}

TEST_CASE("a SQLite database in memory keeps the store's contract", "[store][sqlite]") {
  keeps_the_store_contract([] { return std::make_unique<SqliteMemory>(); });
}

namespace {

mode_t mode_of(const std::string& path) {
  struct stat is = {};
  return stat(path.c_str(), &is) == 0 ? is.st_mode & 0777 : 0;
}

std::string opening(const std::string& path) {
  const auto store = open_sqlite_store(path, at_once());
  return store ? "ok" : code_of(store.error()) + ": " + store.error().message;
}

}  // namespace

TEST_CASE("a second store on the same data is refused and told who has it", "[store][sqlite]") {
  SqliteFile file;
  Asking first(file.open());
  CHECK(opening(file.path()) ==
        "conflict data_in_use: the data is in use by process " + std::to_string(getpid()) +
            ", which holds " + file.path() +
            ".lock: one server per data folder; stop that one, or use another folder");
  // By another way to the same file, too.
  std::filesystem::create_directory_symlink(file.folder.path(), file.folder / "link");
  CHECK(opening(file.folder / "link/plenum.db").substr(0, 20) == "conflict data_in_use");
  CHECK(outcome(first.accept(a_run())) == "ok");
  first.close();
  CHECK(opening(file.path()) == "ok");
}

TEST_CASE("the database and its log are private, whatever the process's mask is",
          "[store][sqlite]") {
  const mode_t mask = umask(0);
  SqliteFile file;
  Asking store(file.open());
  store.accepted(a_run());
  umask(mask);
  for (const char* name : {"", "-wal", "-shm", ".lock"}) {
    INFO(name);
    CHECK(mode_of(file.path() + name) == 0600);
  }
  store.close();
  chmod(file.path().c_str(), 0644);
  store = Asking(file.open());
  CHECK(mode_of(file.path()) == 0600);
}

TEST_CASE("a place that cannot hold a database is refused with the reason", "[store][sqlite]") {
  const TempFolder folder;
  CHECK(opening(folder / "none/plenum.db").find("the data folder must exist and be writable") !=
        std::string::npos);
  std::ofstream(folder / "text.db") << std::string(5000, 'x');
  CHECK(opening(folder / "text.db").find("the database is damaged") != std::string::npos);
  RawDatabase(folder / "other.db").query("CREATE TABLE t (x)");
  CHECK(opening(folder / "other.db").find("is a database of another program") != std::string::npos);
  CHECK(opening(folder.path()).find("is not a file") != std::string::npos);
  CHECK(mode_of(folder.path()) == 0700);
}

TEST_CASE(
    "a database of a newer schema, or of another edition of this one, is refused and left alone",
    "[store][sqlite]") {
  SqliteFile file;
  file.open();
  RawDatabase(file.path()).query("INSERT INTO migration VALUES (99, 'x', 0)");
  CHECK(opening(file.path()).substr(0, 21) == "conflict schema_newer");
  RawDatabase(file.path())
      .query("DELETE FROM migration WHERE number = 99; UPDATE migration SET checksum = 'x'");
  CHECK(opening(file.path()).substr(0, 23) == "conflict schema_changed");
  CHECK(RawDatabase(file.path()).query("SELECT count(*) FROM migration") ==
        std::to_string(sqlite::migrations().size()));
}

TEST_CASE("a migration is applied once, after a backup, and whole or not at all",
          "[store][sqlite]") {
  const TempFolder folder;
  const std::string path = folder / "plenum.db";
  const auto migrate = [&](const std::vector<sqlite::Migration>& known) {
    sqlite::Connection db = sqlite::Connection::open(path, sqlite::Access::write).value();
    return outcome(sqlite::migrate(db, known, path, 1000));
  };
  const sqlite::Migration first{1, "CREATE TABLE a (x); INSERT INTO a VALUES (1)"};
  const sqlite::Migration second{2, "ALTER TABLE a ADD COLUMN y DEFAULT 7"};
  const sqlite::Migration broken{2, "ALTER TABLE a ADD COLUMN y; CREATE TABLE a (z)"};

  CHECK(migrate({first}) == "ok");
  CHECK_FALSE(std::filesystem::exists(path + ".before-1"));
  CHECK(migrate({first, broken}) == "internal");
  CHECK(RawDatabase(path).query("SELECT group_concat(name) FROM pragma_table_info('a')") == "x");
  CHECK(migrate({first, second}) == "ok");
  CHECK(migrate({first, second}) == "ok");
  CHECK(RawDatabase(path).query("SELECT x || y FROM a") == "17");
  CHECK(RawDatabase(path).query("SELECT count(*) FROM migration") == "2");
  CHECK(RawDatabase(path + ".before-2").query("SELECT count(*) FROM migration") == "1");
  CHECK(mode_of(path + ".before-2") == 0600);
  CHECK(migrate({first}) == "conflict schema_newer");
}

TEST_CASE("no statement reads a whole table", "[store][sqlite]") {
  sqlite::Connection db = sqlite::Connection::open(":memory:", sqlite::Access::write).value();
  REQUIRE(sqlite::migrate(db, sqlite::migrations(), "", 0));
  REQUIRE(db.prepare_all());
  for (const auto& [name, sql] : sqlite::statements()) {
    sqlite3_stmt* raw = nullptr;
    REQUIRE(sqlite3_prepare_v2(db.raw(), ("EXPLAIN QUERY PLAN " + sql).c_str(), -1, &raw,
                               nullptr) == SQLITE_OK);
    while (sqlite3_step(raw) == SQLITE_ROW) {
      const std::string step = reinterpret_cast<const char*>(sqlite3_column_text(raw, 3));
      INFO(name << ": " << step);
      // These indexes are partial, and as long as what is queued or running; tables of one row and
      // constants are short.
      const auto uses = [&](const char* index) { return step.find(index) != std::string::npos; };
      const bool scan =
          step.rfind("SCAN ", 0) == 0 && !uses("run_ready") && !uses("run_due") &&
          !uses("run_held") && step.rfind("SCAN (subquery", 0) != 0 && step != "SCAN boot" &&
          step != "SCAN CONSTANT ROW" && !uses("VIRTUAL TABLE") && name.rfind("inspect_", 0) != 0 &&
          name.rfind("_unfinished") == std::string::npos &&
          name != "add_word";  // its scans are of foreign keys, and run only if one is broken
      CHECK_FALSE(scan);
      CHECK(step.find("AUTOMATIC") == std::string::npos);
    }
    sqlite3_finalize(raw);
  }
}

TEST_CASE("beyond its limit the queue of writes refuses at once, and what it took is done",
          "[store][sqlite]") {
  constexpr int kMost = 20'000;
  SqliteFile file;
  std::promise<void> gate, held;
  std::shared_future<void> opened = gate.get_future().share();
  const std::thread::id asker = std::this_thread::get_id();
  std::atomic<bool> first = true;
  // The writer's first answer stops it until the gate opens: all that is asked meanwhile waits.
  const Post post = [&](const std::function<void()>& answer) {
    if (std::this_thread::get_id() != asker && first.exchange(false)) {
      held.set_value();
      opened.wait();
    }
    answer();
  };
  std::unique_ptr<Store> store = open_sqlite_store(file.path(), post).value();
  std::atomic<int> done = 0, refused = 0;
  std::string said;
  const auto put = [&](int i, size_t bytes = 2) {
    store->put_row(kAda, "notes", {std::to_string(i), std::string(bytes, 'x'), 1, 0},
                   [&](const Result<Row>& row) {
                     ++(row ? done : refused);
                     if (!row) said = code_of(row.error());
                   });
  };
  put(-1);
  held.get_future().wait();

  SECTION("counted in writes") {
    for (int i = 0; i < kMost; ++i) put(i);
    CHECK(refused == 0);
    for (int i = 0; i < 10; ++i) put(i);
    CHECK(refused == 10);
    CHECK(said == "unavailable store_busy");
    gate.set_value();
    store.reset();
    CHECK(done == kMost + 1);
  }
  SECTION("counted in bytes") {
    for (int i = 0; i < 9; ++i) put(i, 30 << 20);
    CHECK(refused == 1);  // 8 are 240 MiB, the ninth would pass 256
    put(10);
    CHECK(refused == 1);
    gate.set_value();
    store.reset();
    CHECK(done == 10);
  }
}

TEST_CASE("answers come through the executor, those of one commit together and each once",
          "[store][sqlite]") {
  SqliteFile file;
  std::mutex mutex;
  std::vector<std::function<void()>> posted;
  std::unique_ptr<Store> store = open_sqlite_store(file.path(), [&](std::function<void()> answer) {
                                   const std::lock_guard lock(mutex);
                                   posted.push_back(std::move(answer));
                                 }).value();
  int answers = 0;
  for (int i = 0; i < 300; ++i)
    store->accept(a_run(), {}, {}, {}, {}, {}, [&](const Result<Accepted>&) { ++answers; });
  store->accept(a_run(), {}, {}, {}, {}, {}, {});  // nobody asks for the answer
  store.reset();
  CHECK(answers == 0);
  CHECK(posted.size() < 300);
  for (const auto& answer : posted) answer();
  CHECK(answers == 300);
}

namespace {

// So many runs with a state and a step, which expire at `expires_at`.
void finish_runs(Asking& store, int count, Millis expires_at) {
  for (int i = 0; i < count; ++i) {
    Run run = a_run();
    run.expires_at = expires_at;
    run = store.accepted(run);
    Checkpoint end = a_checkpoint(run, RunStatus::completed);
    end.state = std::string(5'000, 's');
    end.steps = {{"extract", "done", std::string(1'000, 'x')}};
    must(store.checkpoint(end));
  }
}

void sweep_all(Asking& store, Millis now) {
  while (store.sweep_once(now, 500).value().more) {
  }
}

}  // namespace

TEST_CASE("a database does not grow with traffic that has expired", "[store][sqlite]") {
  SqliteFile file;
  Asking store(file.open());
  const auto pages = [&] { return std::stoi(RawDatabase(file.path()).query("PRAGMA page_count")); };
  int after_two = 0;
  for (int day = 1; day <= 12; ++day) {
    finish_runs(store, 300, day * 10'000);
    sweep_all(store, (day - 1) * 10'000);
    if (day == 2) after_two = pages();
  }
  CHECK(pages() <= after_two * 11 / 10);
}

TEST_CASE("a database that was large gives its space back", "[store][sqlite]") {
  SqliteFile file;
  Asking store(file.open());
  finish_runs(store, 2'000, 10'000);
  const auto large = std::stoi(RawDatabase(file.path()).query("PRAGMA page_count"));
  sweep_all(store, 10'000);
  for (int i = 0; i < 20; ++i) sweep_all(store, 10'000);
  store.close();
  const auto pages = std::stoi(RawDatabase(file.path()).query("PRAGMA page_count"));
  INFO(large << " pages, then " << pages);
  CHECK(large > 4'000);
  CHECK(pages <= 2'000);
  CHECK(RawDatabase(file.path()).query("PRAGMA integrity_check") == "ok");
}

TEST_CASE("with too little room on the disk nothing is accepted or claimed, and all else goes on",
          "[store][sqlite]") {
  SqliteFile file;
  Asking roomy(file.open());
  const Run running = roomy.accepted(a_run());
  const Run queued = roomy.accepted(a_run(RunStatus::queued));
  Run keyed = a_run();
  roomy.accept(keyed, {}, {}, Idempotency{"k", "f", false}).value();
  roomy.close();
  constexpr uint64_t kAll = uint64_t{1} << 62;
  Asking full(open_sqlite_store(file.path(), at_once(), {}, kAll).value());
  const auto refused = full.accept(a_run());
  CHECK(outcome(refused) == "unavailable disk_low");
  CHECK(refused.error().retry_after == std::chrono::seconds(5));
  CHECK(outcome(full.claim(5000, 5)) == "unavailable disk_low");
  CHECK(full.accept(a_run(), {}, {}, Idempotency{"k", "f", false}).value().run.id == keyed.id);
  CHECK(outcome(full.checkpoint(a_checkpoint(running, RunStatus::completed))) == "ok");
  CHECK(outcome(full.cancel(kAda, queued.id)) == "ok");
  CHECK(outcome(full.sweep(5000)) == "ok");
}

TEST_CASE("many threads may ask at once", "[store][sqlite]") {
  SqliteFile file;
  Asking store(file.open());
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        const auto run = store.accept(a_run());
        if (run && store.checkpoint(a_checkpoint(run->run, RunStatus::completed)) &&
            store.run(kAda, run->run.id)->status == RunStatus::completed)
          ++good;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 200);
}
