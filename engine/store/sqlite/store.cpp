// The store on SQLite: every call becomes a piece of work for the writer or for a reader.  Opening
// takes the lock file, makes the database private to this user, migrates it and counts this start
// (its number marks the runs it takes).
#include "engine/store/store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "engine/store/lock_file.h"
#include "engine/store/sqlite/migrate.h"
#include "engine/store/sqlite/operations.h"
#include "engine/store/sqlite/writer.h"

namespace plenum {

namespace {

using sqlite::Connection;
using sqlite::Session;

constexpr int kReaders = 2;

size_t bytes_of(const std::vector<EventRow>& events) {
  size_t bytes = 0;
  for (const EventRow& event : events) bytes += event.type.size() + event.data.size();
  return bytes;
}

size_t bytes_of(const Checkpoint& checkpoint) {
  size_t bytes = checkpoint.state.size() + checkpoint.output.size() + checkpoint.returned.size();
  for (const StepRow& step : checkpoint.steps) bytes += step.path.size() + step.result.size();
  return bytes + bytes_of(checkpoint.events);
}

// A checkpoint, for failpoints, by what it makes of the run.
const char* named(RunStatus status) {
  switch (status) {
    case RunStatus::running:
      return "step";
    case RunStatus::waiting:
      return "pause";
    case RunStatus::queued:
      return "release";
    case RunStatus::cancelled:
      return "stop";
    default:
      return "finish";
  }
}

class SqliteStore final : public Store {
 public:
  SqliteStore(std::optional<LockFile> lock, Session session, std::vector<Connection> readers,
              const Post& post, Hold hold)
      : lock_(std::move(lock)),
        post_(post),
        hold_(std::move(hold)),
        writer_(std::move(session), post) {
    if (!readers.empty()) readers_.emplace(std::move(readers), post);
  }

  void accept(Run run, std::vector<EventRow> events, std::optional<Charge> charge,
              std::optional<Idempotency> idempotency, Limits limits, std::vector<EffectRow> begun,
              Done<Accepted> done) override {
    const size_t bytes = run.state.size() + run.user.size() + bytes_of(events);
    sqlite::Acceptance asked{
        std::move(run), std::move(events), std::move(charge), std::move(idempotency),
        limits,         std::move(begun)};
    write("accept", bytes, std::move(done), [asked = std::move(asked)](Session& session) mutable {
      return sqlite::accept(session, asked);
    });
  }
  void claim(Millis now, int limit, Done<std::vector<Run>> done) override {
    write("claim", 0, std::move(done),
          [=](Session& session) { return sqlite::claim(session, now, limit); });
  }
  void checkpoint(Checkpoint checkpoint, Done<> done) override {
    const size_t bytes = bytes_of(checkpoint);
    write(named(checkpoint.status), bytes, std::move(done),
          [checkpoint = std::move(checkpoint)](Session& session) {
            return sqlite::checkpoint(session, checkpoint);
          });
  }
  void take_waiting(Owner owner, std::string run, std::string at, Millis now,
                    std::optional<Idempotency> idempotency, std::optional<Checkpoint> step,
                    Done<Accepted> done) override {
    const size_t bytes = step ? bytes_of(*step) : 0;
    write("take_waiting", bytes, std::move(done),
          [owner = std::move(owner), run = std::move(run), at = std::move(at), now,
           idempotency = std::move(idempotency), step = std::move(step)](Session& session) mutable {
            return sqlite::take_waiting(session, owner, run, at, now, idempotency, step);
          });
  }
  void cancel(Owner owner, std::string run, Millis now, Done<Run> done,
              std::optional<Actor> actor) override {
    write("cancel", 0, std::move(done),
          [owner = std::move(owner), run = std::move(run), now, actor = std::move(actor)](
              Session& session) { return sqlite::cancel(session, owner, run, now, actor); });
  }
  void operate(Owner owner, std::string run, Act act, Millis now, Done<Run> done,
               std::optional<Actor> actor) override {
    write("operate", 0, std::move(done),
          [owner = std::move(owner), run = std::move(run), act, now, actor = std::move(actor)](
              Session& session) { return sqlite::operate(session, owner, run, act, now, actor); });
  }
  void recover(Millis now, Done<int> done) override {
    write("recover", 0, std::move(done),
          [now](Session& session) { return sqlite::recover(session, now); });
  }
  void sweep(Millis now, int limit, Done<Swept> done) override {
    write("sweep", 0, std::move(done),
          [=](Session& session) { return sqlite::sweep(session, now, limit); });
  }
  void forget(Owner owner, int limit, Done<Swept> done, std::optional<AuditRow> record) override {
    write("forget", 0, std::move(done),
          [owner = std::move(owner), limit, record = std::move(record)](Session& session) {
            return sqlite::forget(session, owner, limit, record);
          });
  }
  void forget_user(std::string app, std::string user, Millis now, Actor actor,
                   Done<int> done) override {
    write("forget_user", 0, std::move(done),
          [app = std::move(app), user = std::move(user), now, actor = std::move(actor)](
              Session& session) { return sqlite::forget_user(session, app, user, now, actor); });
  }
  void put_purchase_event(PurchaseEvent event, Done<bool> done) override {
    const size_t bytes = event.body.size() + event.fact.size();
    write("purchase_event", bytes, std::move(done), [event = std::move(event)](Session& session) {
      return sqlite::put_purchase_event(session, event);
    });
  }
  void purchase_facts(std::string app, std::string customer,
                      Done<std::vector<PurchaseFact>> done) override {
    read(std::move(done), [app = std::move(app), customer = std::move(customer)](Connection& db) {
      return sqlite::read_purchase_facts(db, app, customer);
    });
  }
  void grant(Grant grant, Actor actor, Done<> done) override {
    write("grant", 0, std::move(done),
          [grant = std::move(grant), actor = std::move(actor)](Session& session) {
            return sqlite::put_grant(session, grant, actor);
          });
  }
  void revoke(Grant grant, Millis now, Actor actor, Done<int> done) override {
    write("revoke", 0, std::move(done),
          [grant = std::move(grant), now, actor = std::move(actor)](Session& session) {
            return sqlite::revoke(session, grant, now, actor);
          });
  }
  void grants(std::string app, std::string user, Done<std::vector<Grant>> done) override {
    read(std::move(done), [app = std::move(app), user = std::move(user)](Connection& db) {
      return sqlite::read_grants(db, app, user);
    });
  }
  void put_api_key(ApiKey key, Actor actor, Done<> done) override {
    write("api_key", 0, std::move(done),
          [key = std::move(key), actor = std::move(actor)](Session& session) {
            return sqlite::put_api_key(session, key, actor);
          });
  }
  void api_key(std::string digest, Done<ApiKey> done) override {
    read(std::move(done),
         [digest = std::move(digest)](Connection& db) { return sqlite::read_api_key(db, digest); });
  }
  void revoke_api_key(std::string id, Millis now, Actor actor, Done<ApiKey> done) override {
    write("revoke_api_key", 0, std::move(done),
          [id = std::move(id), now, actor = std::move(actor)](Session& session) {
            return sqlite::revoke_api_key(session, id, now, actor);
          });
  }
  void use_api_key(std::string id, Millis now, Done<> done) override {
    write("use_api_key", 0, std::move(done), [id = std::move(id), now](Session& session) {
      return sqlite::use_api_key(session, id, now);
    });
  }
  void record(AuditRow row, Done<> done) override {
    write("record", 0, std::move(done),
          [row = std::move(row)](Session& session) { return sqlite::record(session, row); });
  }
  void next_due(Done<Millis> done) override {
    read(std::move(done), [](Connection& db) { return sqlite::read_next_due(db); });
  }

  void run(Owner owner, std::string id, Done<Run> done) override {
    read(std::move(done), [owner = std::move(owner), id = std::move(id)](Connection& db) {
      return sqlite::read_run(db, owner, id);
    });
  }
  void runs(Owner owner, std::string graph, std::optional<RunStatus> status, std::string at,
            Page page, Done<std::vector<Run>> done) override {
    sqlite::Listing listing{std::move(graph), status, std::move(at), std::move(page)};
    read(std::move(done), [owner = std::move(owner), listing = std::move(listing)](Connection& db) {
      return sqlite::read_runs(db, owner, listing);
    });
  }
  void owner_of(std::string app, std::string run, Done<std::string> done) override {
    read(std::move(done), [app = std::move(app), run = std::move(run)](Connection& db) {
      return sqlite::read_owner(db, app, run);
    });
  }
  void waiting(std::string app, std::string graph, std::string at, Page page,
               Done<std::vector<Run>> done) override {
    sqlite::Listing listing{std::move(graph), std::nullopt, std::move(at), std::move(page)};
    read(std::move(done), [app = std::move(app), listing = std::move(listing)](Connection& db) {
      return sqlite::read_waiting(db, app, listing);
    });
  }
  void steps(Owner owner, std::string run, Done<std::vector<StepRow>> done) override {
    read(std::move(done), [owner = std::move(owner), run = std::move(run)](Connection& db) {
      return sqlite::read_steps(db, owner, run);
    });
  }
  void effects(Owner owner, std::string run, Done<std::vector<EffectRow>> done) override {
    read(std::move(done), [owner = std::move(owner), run = std::move(run)](Connection& db) {
      return sqlite::read_effects(db, owner, run);
    });
  }
  void events(Owner owner, std::string run, int64_t after,
              Done<std::vector<EventRow>> done) override {
    read(std::move(done), [owner = std::move(owner), run = std::move(run), after](Connection& db) {
      return sqlite::read_events(db, owner, run, after);
    });
  }

  void spent(int64_t day, Done<std::vector<Spent>> done) override {
    read(std::move(done), [day](Connection& db) { return sqlite::read_spent(db, day); });
  }

  void put_row(Owner owner, std::string collection, Row row, Done<Row> done) override {
    const size_t bytes = row.data.size();
    write(
        "put_row", bytes, std::move(done),
        [owner = std::move(owner), collection = std::move(collection), row = std::move(row)](
            Session& session) mutable { return sqlite::put_row(session, owner, collection, row); });
  }
  void row(Owner owner, std::string collection, std::string id, Done<Row> done) override {
    read(std::move(done),
         [owner = std::move(owner), collection = std::move(collection), id = std::move(id)](
             Connection& db) { return sqlite::read_row(db, owner, collection, id); });
  }
  void rows(Owner owner, std::string collection, Page page, Done<std::vector<Row>> done) override {
    read(std::move(done),
         [owner = std::move(owner), collection = std::move(collection), page = std::move(page)](
             Connection& db) { return sqlite::read_rows(db, owner, collection, page); });
  }
  void delete_row(Owner owner, std::string collection, std::string id, Done<> done) override {
    write("delete_row", 0, std::move(done),
          [owner = std::move(owner), collection = std::move(collection), id = std::move(id)](
              Session& session) { return sqlite::delete_row(session, owner, collection, id); });
  }

  void query(Owner owner, std::string collection, RowQuery query,
             Done<std::vector<Row>> done) override {
    read(std::move(done),
         [owner = std::move(owner), collection = std::move(collection), query = std::move(query)](
             Connection& db) { return sqlite::query_rows(db, owner, collection, query); });
  }

  void put_embedded(Owner owner, EmbeddedRow row, Done<> done) override {
    const size_t bytes = row.vectors.size() * sizeof(float);
    write("put_embedded", bytes, std::move(done),
          [owner = std::move(owner), row = std::move(row)](Session& session) {
            return sqlite::put_embedded(session, owner, row);
          });
  }
  void embedded(Owner owner, std::string run, std::string key, Done<EmbeddedRow> done) override {
    read(std::move(done),
         [owner = std::move(owner), run = std::move(run), key = std::move(key)](Connection& db) {
           return sqlite::read_embedded(db, owner, run, key);
         });
  }
  void put_document(Owner owner, std::string collection, DocumentRow document, Parts parts,
                    Done<int> done) override {
    write("put_document", 0, std::move(done),
          [owner = std::move(owner), collection = std::move(collection),
           document = std::move(document), parts = std::move(parts)](Session& session) {
            return sqlite::put_document(session, owner, collection, document, parts);
          });
  }
  void search(Owner owner, std::string collection, VectorQuery query,
              Done<std::vector<FoundChunk>> done) override {
    read(std::move(done),
         [owner = std::move(owner), collection = std::move(collection), query = std::move(query)](
             Connection& db) { return sqlite::search(db, owner, collection, query); });
  }

  void cached(Owner owner, std::string key, Millis now, Done<std::string> done) override {
    read(std::move(done), [owner = std::move(owner), key = std::move(key), now](Connection& db) {
      return sqlite::read_cached(db, owner, key, now);
    });
  }
  void put_cached(Owner owner, std::string key, std::string data, Millis expires_at,
                  Done<> done) override {
    const size_t bytes = data.size();
    write("put_cached", bytes, std::move(done),
          [owner = std::move(owner), key = std::move(key), data = std::move(data),
           expires_at](Session& session) {
            return sqlite::put_cached(session, owner, key, data, expires_at);
          });
  }

  void put_file(FileRow file, Done<FileRow> done) override {
    write("put_file", 0, std::move(done),
          [file = std::move(file)](Session& session) { return sqlite::put_file(session, file); });
  }
  void file(Owner owner, std::string id, Done<FileRow> done) override {
    read(std::move(done), [owner = std::move(owner), id = std::move(id)](Connection& db) {
      return sqlite::read_file(db, owner, id);
    });
  }

  void put_bundle(std::string app, std::string hash, std::string text, Done<> done) override {
    const size_t bytes = text.size();
    write("put_bundle", bytes, std::move(done),
          [app = std::move(app), hash = std::move(hash), text = std::move(text)](Session& session) {
            return sqlite::put_bundle(session, app, hash, text);
          });
  }
  void bundle(std::string app, std::string hash, Done<std::string> done) override {
    read(std::move(done), [app = std::move(app), hash = std::move(hash)](Connection& db) {
      return sqlite::read_bundle(db, app, hash);
    });
  }

 private:
  template <typename T, typename Act>
  void write(const char* name, size_t bytes, Done<T> done, Act act) {
    auto item = work<Session, T>(held(std::move(done)), std::move(act));
    item->name = name;
    if (!writer_.push(item, bytes)) refuse(std::move(item), "writes");
  }

  // A database in memory has one connection: its reads stand in line with the writes.
  template <typename T, typename Act>
  void read(Done<T> done, Act act) {
    if (!readers_)
      return write("read", 0, std::move(done),
                   [act = std::move(act)](Session& session) { return act(session.db); });
    auto item = work<Connection, T>(held(std::move(done)), std::move(act));
    if (!readers_->push(item)) refuse(std::move(item), "reads");
  }

  template <typename T>
  Done<T> held(Done<T> done) const {
    if (!hold_) return done;
    return [token = hold_(), done = std::move(done)](Result<T> result) { done(std::move(result)); };
  }

  template <typename Item>
  void refuse(Item item, const char* what) {
    Error error{
        Kind::unavailable,
        std::string("too many ") + what + " are waiting for the disk: try again in a second",
        "store_busy",
        {}};
    error.retry_after = std::chrono::seconds(1);
    item->refuse(error);
    post_([item = std::shared_ptr(std::move(item))] { item->answer(); });
  }

  std::optional<LockFile> lock_;  // dropped last
  Post post_;
  Hold hold_;
  sqlite::Writer writer_;
  std::optional<sqlite::Readers>
      readers_;  // closed before the writer, whose connection is the last and cleans up
};

tl::unexpected<Error> cannot(const char* what, const std::string& path) {
  return fail(Kind::unavailable, std::string("the database ") + path + " cannot be " + what + ": " +
                                     std::strerror(errno) +
                                     "; look at the folder's owner, mode and free space");
}

// A file that is there is made private; a new one is private from the start, and its name is on
// disk.
Result<> make_private(const std::string& path) {
  struct stat is = {};
  const bool there = lstat(path.c_str(), &is) == 0;
  if (there && !S_ISREG(is.st_mode))
    return fail(
        Kind::unavailable,
        "the database " + path + " is not a file: name a file in that folder, or another place");
  if (there) return chmod(path.c_str(), 0600) == 0 ? Result<>() : cannot("made private", path);
  if (errno != ENOENT) return cannot("found", path);
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) return cannot("made", path);
  close(descriptor);
  const std::string folder = std::filesystem::path(path).parent_path();
  const int parent = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = parent >= 0 && fsync(parent) == 0;
  if (parent >= 0) close(parent);
  if (!synced) return cannot("made", path);
  return {};
}

Result<Session> start(const std::string& path) {
  Session session{TRY(Connection::open(path, sqlite::Access::write)), {}, {}, 0, {}, 0};
  TRY(sqlite::migrate(session.db, sqlite::migrations(), path, SystemClock().now()));
  TRY(session.db.prepare_all());
  {
    sqlite::Statement boot = session.db.use("next_boot");
    TRY(boot.next());
    session.boot = boot.integer(0);
    TRY(boot.finish());
  }
  TRY(session.tally.load(session.db));
  return session;
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path, Post post, Hold hold,
                                                 uint64_t reserve) {
  if (path == ":memory:")
    return std::make_unique<SqliteStore>(std::nullopt, TRY(start(path)), std::vector<Connection>(),
                                         post, std::move(hold));
  std::error_code error;
  const std::string file = std::filesystem::weakly_canonical(path, error);
  if (error)
    return fail(Kind::unavailable,
                "the path " + path + " of the database leads nowhere: " + error.message());
  LockFile lock = TRY(LockFile::take(file + ".lock"));
  TRY(make_private(file));
  Session session = TRY(start(file));
  session.space = sqlite::Space(std::filesystem::path(file).parent_path(), reserve);
  std::vector<Connection> readers;
  for (int i = 0; i < kReaders; ++i) {
    readers.push_back(TRY(Connection::open(file, sqlite::Access::read)));
    TRY(readers.back().prepare_all());
  }
  return std::make_unique<SqliteStore>(std::move(lock), std::move(session), std::move(readers),
                                       post, std::move(hold));
}

}  // namespace plenum
