// Group commit: a full sync costs the same for one operation as for a thousand, so while one commit
// is under way the next operations gather, and go together.  Each stands in a savepoint of its own:
// one that fails undoes itself and no other.
#include "engine/store/sqlite/writer.h"

#include <pthread.h>

#include "engine/base/failpoint.h"

namespace plenum::sqlite {

namespace {
constexpr size_t kMostWaiting = 20'000;
constexpr size_t kMostBytesWaiting = 256 << 20;
constexpr size_t kMostPerCommit = 1'000;

void name_thread(std::thread& thread, const char* name) {
  pthread_setname_np(thread.native_handle(), name);
}
}  // namespace

Writer::Writer(Session session, Post post)
    : session_(std::move(session)),
      post_(std::move(post)),
      queue_(kMostWaiting, kMostBytesWaiting),
      thread_([this] { run(); }) {
  name_thread(thread_, "store writer");
}

Writer::~Writer() {
  queue_.close();
  thread_.join();
}

void Writer::run() {
  for (std::unique_ptr<Work<Session>> first; queue_.pop(first);) {
    auto batch = std::make_shared<Batch>();
    batch->push_back(std::move(first));
    write(*batch);
    for ([[maybe_unused]] const auto& work : *batch) FAILPOINT(work->name, "committed");
    post_([batch] {
      for (const auto& work : *batch) work->answer();
    });
  }
}

void Writer::write(Batch& batch) {
  Result<> written = begin();
  if (written) written = perform_all(batch);
  if (written) {
    const auto committed = session_.db.use("commit").finish();
    if (!committed) written = fail(committed.error());
  }
  if (written) return;
  undo();
  for (const auto& work : batch) work->refuse(written.error());
}

Result<> Writer::begin() {
  TRY(session_.db.use("begin").finish());
  if (!undone_) return {};
  session_.names.forget();
  TRY(session_.tally.load(session_.db));
  undone_ = false;
  return {};
}

// What is pushed meanwhile goes into the same commit, up to a limit.
Result<> Writer::perform_all(Batch& batch) {
  TRY(perform(*batch.front()));
  for (std::unique_ptr<Work<Session>> next;
       batch.size() < kMostPerCommit && queue_.try_pop(next);) {
    batch.push_back(std::move(next));
    TRY(perform(*batch.back()));
  }
  return {};
}

// An error is one of the whole transaction; the operation's own is in its answer.
Result<> Writer::perform(Work<Session>& work) {
  FAILPOINT(work.name, "before");
  TRY(session_.db.use("savepoint").finish());
  if (work.perform(session_)) {
    session_.tally.keep();
  } else {
    if (!session_.db.in_transaction())
      return fail(Kind::unavailable,
                  "the data's disk is full or fails: nothing was written; look at the disk",
                  "disk_error");
    session_.tally.take_back();
    session_.names.forget();
    TRY(session_.db.use("rollback_to").finish());
  }
  TRY(session_.db.use("release").finish());
  FAILPOINT(work.name, "uncommitted");
  return {};
}

void Writer::undo() {
  undone_ = true;
  if (session_.db.in_transaction()) (void)session_.db.use("rollback").finish();
}

namespace {
constexpr size_t kMostReadsWaiting = 20'000;
}

Readers::Readers(std::vector<Connection> connections, Post post)
    : connections_(std::move(connections)), post_(std::move(post)), queue_(kMostReadsWaiting, 1) {
  for (Connection& db : connections_) {
    threads_.emplace_back([this, &db] { run(db); });
    name_thread(threads_.back(), "store reader");
  }
}

Readers::~Readers() {
  queue_.close();
  for (std::thread& thread : threads_) thread.join();
}

void Readers::run(Connection& db) {
  for (std::unique_ptr<Work<Connection>> next; queue_.pop(next);) {
    std::shared_ptr<Work<Connection>> work = std::move(next);
    const auto begun = db.use("begin_read").finish();
    if (begun)
      work->perform(db);
    else
      work->refuse(begun.error());
    if (db.in_transaction()) (void)db.use("rollback").finish();
    post_([work = std::move(work)] { work->answer(); });
  }
}

}  // namespace plenum::sqlite
