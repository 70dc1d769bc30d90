// What the SQLite store does when the disk fails, fills up or loses power, and when the process is
// killed.
#include <catch2/catch.hpp>

#include <sys/wait.h>

#include <csignal>
#include <cstdio>
#include <random>

#include "tests/store/faulty_disk.h"
#include "tests/store/places.h"

using namespace plenum;
using namespace plenum::testing;

namespace {

// A run from accept to end, with a row beside it; what was acknowledged is noted.
struct Ledger {
  std::vector<std::string> accepted, stepped, finished, rows;
};

void work(Asking& store, Ledger& ledger) {
  const auto accepted = store.accept(a_run(), {{1, "created", "{}"}});
  if (!accepted) return;
  const Run& run = accepted->run;
  ledger.accepted.push_back(run.id);
  Checkpoint c = a_checkpoint(run, RunStatus::running);
  c.steps = {{"extract", "done", std::string(3000, 'x')}};
  if (store.checkpoint(c)) ledger.stepped.push_back(run.id);
  if (store.put_row(kAda, "notes", {run.id, "{}", 1, 0})) ledger.rows.push_back(run.id);
  if (store.checkpoint(a_checkpoint(run, RunStatus::completed))) ledger.finished.push_back(run.id);
}

std::string missing(Asking& store, const Ledger& ledger) {
  std::string text;
  for (const std::string& id : ledger.accepted)
    if (!store.run(kAda, id)) text += " run " + id;
  for (const std::string& id : ledger.stepped)
    if (store.steps(kAda, id).value_or(std::vector<StepRow>()).size() != 1) text += " step " + id;
  for (const std::string& id : ledger.rows)
    if (!store.row(kAda, "notes", id)) text += " row " + id;
  for (const std::string& id : ledger.finished)
    if (store.run(kAda, id).value_or(Run()).status != RunStatus::completed) text += " end " + id;
  return text;
}

std::string integrity(const std::string& path) {
  RawDatabase db(path);
  return db.query("PRAGMA integrity_check") + db.query("PRAGMA foreign_key_check");
}

}  // namespace

TEST_CASE("a full disk refuses writes, lets reads go on, and is found again once there is room",
          "[store][failures]") {
  FaultyDisk disk;
  SqliteFile file;
  Asking store(file.open());
  const Run before = store.accepted(a_run());
  for (const auto& [code, said] : {std::pair(SQLITE_FULL, "unavailable disk_full"),
                                   std::pair(SQLITE_IOERR_WRITE, "unavailable disk_error"),
                                   std::pair(SQLITE_READONLY, "unavailable read_only")}) {
    disk.fail_writes(code);
    const Run refused = a_run();
    CHECK(outcome(store.accept(refused)) == said);
    CHECK(outcome(store.checkpoint(a_checkpoint(before, RunStatus::completed))) == said);
    CHECK(outcome(store.claim(2000, 5)) == "ok");  // nothing to write
    CHECK(store.whole(before) == R"(running e1 state={"v":0} started=1000)");
    CHECK(outcome(store.run(kAda, refused.id)) == "not_found");
    disk.fail_writes(0);
    CHECK(outcome(store.accept(refused)) == "ok");
  }
  CHECK(outcome(store.checkpoint(a_checkpoint(before, RunStatus::completed))) == "ok");
  store.close();
  CHECK(integrity(file.path()) == "ok");
}

TEST_CASE("queue counts are right after a commit that came to nothing", "[store][failures]") {
  FaultyDisk disk;
  SqliteFile file;
  Asking store(file.open());
  const auto queue = [&] {
    return outcome(store.accept(a_run(RunStatus::queued), {}, {}, {}, {2, 0}));
  };
  CHECK(queue() == "ok");
  disk.fail_writes(SQLITE_FULL);
  CHECK(queue() == "unavailable disk_full");
  CHECK(queue() == "unavailable disk_full");
  disk.fail_writes(0);
  CHECK(queue() == "ok");
  CHECK(queue() == "limited too_many_queued");
}

TEST_CASE(
    "whichever write or sync fails, what was acknowledged is kept and the rest can be asked again",
    "[store][failures]") {
  Ledger ledger;
  FaultyDisk disk;
  SqliteFile file;
  Asking store(file.open());
  work(store, ledger);
  int n = 1;
  for (int quiet = 0; quiet < 3; ++n) {  // until the n-th change comes after all the work, thrice
    disk.fail_once(n);
    for (int i = 0; i < 3; ++i) work(store, ledger);
    quiet = disk.failed_once() ? 0 : quiet + 1;
    disk.fail_writes(0);
    const size_t before = ledger.finished.size();
    work(store, ledger);
    CHECK(ledger.finished.size() == before + 1);
  }
  CHECK(n > 20);
  CHECK(missing(store, ledger) == "");
  store.close();
  store = Asking(file.open());
  CHECK(missing(store, ledger) == "");
  store.close();
  CHECK(integrity(file.path()) == "ok");
}

TEST_CASE("a power cut loses nothing that was acknowledged", "[store][failures]") {
  std::mt19937 random(1);
  FaultyDisk disk;
  SqliteFile file;
  Ledger ledger;
  for (int cut = 0; cut < 20; ++cut) {
    Asking store(file.open());
    REQUIRE(missing(store, ledger) == "");
    for (unsigned i = random() % 8; i > 0; --i) work(store, ledger);
    // Asked for and not waited for: it may be there after the cut or not.
    for (int i = 0; i < 5; ++i) store.store().accept(a_run(), {}, {}, {}, {}, {}, {});
    disk.cut_power();
    store.close();
    disk.restore(random);
    std::filesystem::remove(file.path() + "-shm");  // memory that the machine lost
    REQUIRE(integrity(file.path()) == "ok");
  }
  CHECK(ledger.finished.size() > 20);
}

namespace {

// Accepts and steps runs without end, eight at a time, and tells through the pipe what was
// acknowledged.
class Victim {
 public:
  Victim(const std::string& path, int pipe) : store_(opened(path)), pipe_(pipe) {}

  [[noreturn]] void run() {
    for (int i = 0; i < 8; ++i) next();
    for (;;) pause();
  }

 private:
  void next() {
    store_->accept(a_run(), {{1, "created", "{}"}}, {}, {}, {}, {},
                   [this](const Result<Accepted>& accepted) {
                     if (!accepted) die(accepted.error());
                     const Run run = accepted.value().run;
                     tell('a', run.id);
                     Checkpoint c = a_checkpoint(run, RunStatus::completed);
                     c.steps = {{"extract", "done", std::string(500, 'x')}};
                     store_->checkpoint(c, [this, id = run.id](const Result<>& done) {
                       if (done) tell('f', id);
                       next();
                     });
                   });
  }
  static std::unique_ptr<Store> opened(const std::string& path) {
    auto store = open_sqlite_store(path, at_once());
    if (!store) die(store.error());
    return *std::move(store);
  }
  [[noreturn]] static void die(const Error& error) {
    std::fprintf(stderr, "the victim ends: %s\n", error.message.c_str());
    _exit(1);
  }
  void tell(char what, const std::string& id) {
    const std::string line = what + id + "\n";
    if (write(pipe_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) _exit(1);
  }

  std::unique_ptr<Store> store_;
  int pipe_;
};

// Reads what the victim acknowledges, kills it in the middle, and reads what it still had to say.
Ledger acknowledged_until_killed(const std::string& path, size_t kill_after) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    Victim(path, ends[1]).run();
  }
  close(ends[1]);
  Ledger ledger;
  std::string line;
  size_t lines = 0;
  for (char c; read(ends[0], &c, 1) == 1;) {
    if (c != '\n') {
      line += c;
      continue;
    }
    (line[0] == 'a' ? ledger.accepted : ledger.finished).push_back(line.substr(1));
    if (line[0] == 'f') ledger.stepped.push_back(line.substr(1));
    line.clear();
    if (++lines == kill_after) kill(child, SIGKILL);
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
  return ledger;
}

}  // namespace

TEST_CASE("killing the process at any moment loses nothing that was acknowledged",
          "[store][failures]") {
  std::mt19937 random(7);
  const TempFolder folder(TempFolder::On::disk);
  const std::string path = folder / "plenum.db";
  for (int round = 0; round < 20; ++round) {
    const Ledger ledger = acknowledged_until_killed(path, 20 + random() % 400);
    REQUIRE(ledger.accepted.size() >= 10);
    REQUIRE(integrity(path) == "ok");
    Asking store(open_sqlite_store(path, at_once()).value());  // the lock went with the process
    REQUIRE(missing(store, ledger) == "");
    REQUIRE(store.recover(5000));
    REQUIRE(store.runs(kAda, "", RunStatus::running).value().empty());
  }
}
