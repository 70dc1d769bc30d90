// What outlives a request: runs, their steps and events, rows of collections, file records,
// counters.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/json.h"
#include "engine/base/result.h"
#include "engine/store/accounts.h"
#include "engine/store/api_keys.h"

namespace plenum {

// Whose data: every row has both, and nothing is read or written without them (specification
// section 12).
struct Owner {
  std::string app;
  std::string owner;
  bool operator==(const Owner&) const = default;
};

enum class RunStatus {
  queued,
  running,
  waiting,
  paused,
  cancelling,
  completed,
  failed,
  cancelled,
  dead
};
const char* name(RunStatus status);
bool is_final(RunStatus status);

// Counted in the transaction that accepts a run: refused with `limited` when `count` was reached in
// the window.
struct Charge {
  std::string counter;  // "quota POST /analyze"
  int64_t limit = 0;
  Millis window_start = 0;  // of the fixed window that the run falls in
  Millis window_end = 0;
};

// The transaction's idempotency row (specification section 11).
struct Idempotency {
  std::string key;          // with method and route in it
  std::string fingerprint;  // of what was asked
  bool waits = true;  // the request is answered when its run stops; until then it is in progress
};

struct Run {
  std::string id;
  Owner owner;
  std::string bundle;  // hash of the app's definition it is pinned to
  std::string graph;
  std::string route;  // "POST /analyze": for the answer's form
  std::string thread;
  bool job = false;         // asked for as a job
  std::string user = "{}";  // JSON: what expressions see as `user`
  int priority = 0;         // higher first
  int concurrency = 0;  // at most this many of the owner's jobs of this route at once; 0: no limit
  RunStatus status = RunStatus::queued;
  int64_t epoch = 0;  // grows with every claim; a write with an old one is refused
  int rescues = 0;
  std::string state;     // the run's value, as run/ writes it
  std::string at;        // the interrupt where it waits, or ""
  std::string returned;  // JSON that the interrupt shows
  std::string output;    // JSON, when completed
  std::string error;     // JSON {code, message, node, status}, when failed
  int percent = 0;       // 0 to 100
  std::string message;   // what it is doing, for people
  double cost_usd = 0;
  Millis created_at = 0, started_at = 0, finished_at = 0;  // 0: not yet
  Millis available_at = 0;                                 // a queued run is not claimed before
  Millis wake_at = 0;     // a waiting run is queued again then; 0: only by an answer
  Millis deadline = 0;    // it fails then; 0: none
  Millis expires_at = 0;  // may be deleted after; 0: never
};

struct Row {  // of a collection
  std::string id;
  std::string data;  // JSON
  Millis created_at = 0, expires_at = 0;
};

// One finished node: its result and state are committed together.
struct StepRow {
  std::string path;    // "analyze", "each[3].part"
  std::string status;  // done, failed, skipped
  std::string result;  // JSON
  Millis started_at = 0, finished_at = 0;
  int attempts = 1;
};

enum class EffectStatus {
  started,
  done,
  failed,
  ambiguous  // begun, and what became of it was not recorded
};
const char* name(EffectStatus status);

// One time that an effect was begun (specification section 3).  A `call` counts within the run;
// asked for again after a crash, it has the same number and key, and is another row.
struct EffectRow {
  uint64_t call = 0;
  int sent = 0;             // how often it was begun, from 1: the store counts
  std::string kind, path;   // "model", "each/draft"
  std::string key, digest;  // its idempotency key; of what was asked, without credentials
  EffectStatus status = EffectStatus::started;
  std::string error;  // its code, when it failed
  double cost_usd = 0;
  double reserved_usd = 0;  // the most that it can cost: counted for one whose end is not known
  int64_t input_tokens = 0, output_tokens = 0, cached_tokens = 0;
  Millis started_at = 0, ended_at = 0;
};

// What an owner's model calls of one UTC day cost.  It outlasts the runs: kept for 400 days.
struct Spent {
  Owner owner;
  int64_t day = 0;  // since 1970; that on which the call was begun
  int64_t calls = 0, input_tokens = 0, output_tokens = 0;
  double cost_usd = 0;
};

// An event as clients see it; `id` counts from 1 within the run.
struct EventRow {
  int64_t id = 0;
  std::string type;
  std::string data;  // JSON
  int64_t part = 0;  // counts what follows the event `id` and is not stored; 0: it is that event
};

// What one step of a run changed.  Written only if the run still has `epoch` and status running (or
// cancelling, when the new status is cancelled): otherwise `conflict`, and nothing of it is kept.
struct Checkpoint {
  std::string run;
  int64_t epoch = 0;
  // running, waiting, queued (released), completed, failed, cancelled
  RunStatus status = RunStatus::running;
  std::string state;          // all of it
  std::string at, returned;   // kept while it waits
  std::string output, error;  // kept unless it goes on running
  std::string message;
  int percent = 0;
  double cost_usd = 0;  // of the whole run so far
  Millis now = 0;
  // Kept while it waits.  A deadline before it moves behind it, by a minute to be woken in; with 0
  // there is none any more: a client's time is not the run's.
  Millis wake_at = 0;
  Millis expires_at = 0;         // kept unless it goes on running; 0: as before
  std::vector<StepRow> steps;    // added to those before
  std::vector<EventRow> events;  // ids not used before: otherwise `conflict` (code "event_exists")
  // T3: the journal's rows of what is performed after the commit.  T4: by their call, the end of
  // what was begun; one that has ended is left as it is.  When the run stops running, what is
  // still open is ambiguous.
  std::vector<EffectRow> begun, ended;
  // Put into collections of the run's owner: what outlives the run.
  std::vector<std::pair<std::string, Row>> rows;
};

// The line for a store's forget().
AuditRow forgetting(const Owner& owner, const Actor& actor, Millis now);

// Which rows of a collection are wanted.
struct RowQuery {
  // {field: text, number or boolean}: rows that differ are passed over.  Fields are ids.
  Json equal;
  std::string sort;  // a field; "": newest first
  bool descending = false;
  int limit = 50;  // 1 to 500
  // Asked for each row that is left, on a thread of the store; an error ends the query.
  std::function<Result<bool>(const Row& row)> keep;
  static constexpr int kMostRows = 100'000, kMostAsked = 10'000;  // looked at; asked `keep` for
  static constexpr size_t kMostBytes = 4 << 20;                   // returned
};

// Texts and their vectors, kept beside the run that had them embedded until it ends.
struct EmbeddedRow {
  std::string run;
  std::string key;    // the effect's
  std::string model;  // "openai/text-embedding-3-small": vectors of another one are not comparable
  int dimensions = 0;
  std::vector<std::string> texts;
  std::vector<float> vectors;  // one after the other; of length 1
  int64_t input_tokens = 0;
  double cost_usd = 0;
};

// What a collection of texts holds; its chunks come from EmbeddedRows.
struct DocumentRow {
  std::string id;
  std::string meta = "{}";  // JSON object
  Millis created_at = 0, expires_at = 0;
  static constexpr int kMostChunks = 50'000;  // of an owner's collection
};

// The nearest chunks.
struct VectorQuery {
  std::string model;
  std::vector<float> vector;  // of length 1
  int k = 5;                  // 1 to 100
  double min_score = -2;
  Millis now = 0;  // what has expired by then is not there
  // Which documents, by their meta: as in RowQuery.
  Json equal;
  std::function<Result<bool>(const DocumentRow& document)> keep;
};
struct FoundChunk {
  std::string id, text, meta;  // id and meta of its document
  double score = 0;            // cosine: -1 to 1
};

struct FileRow {
  std::string id;  // file_…
  Owner owner;
  std::string name, mime, digest;
  int64_t size = 0;
  Millis created_at = 0, expires_at = 0;
};

struct Accepted {
  Run run;                // as stored: with epoch 1 and status running, or queued
  bool replayed = false;  // the idempotency key was known: `run` is the earlier one
};

struct Page {
  int limit = 50;     // 1 to 100
  std::string after;  // id of the last one seen; newest first
};

// What was deleted leaves: files whose bytes no record of their owner needs any more, which the
// caller removes; and whether there is `more` to be deleted at once.
struct Swept {
  std::vector<FileRow> files;
  bool more = false;
};

// Records of files outlast the files' time by a day: so long may a backup take that has copied the
// records and copies the bytes.
constexpr Millis kFileGrace = 86'400'000;

template <typename T = void>
using Done = std::function<void(Result<T>)>;

// A call is one transaction, grouped with others into one commit; `done` runs through the executor
// given at opening, after it is on disk.  Callable from any thread, blocks none.  Errors:
// `unavailable` (disk full, read-only, too many writes waiting), `conflict` (a guard was lost),
// `not_found`, `limited`, `internal`.  What is not the owner's is `not_found`.
// tests/store/contract.h states the rest.
class Store {
 public:
  virtual ~Store() = default;

  // T1.  status queued or running (with epoch 1).  `limited` when the charge is refused (code
  // "quota_exceeded") or the owner already has `max_queued` queued jobs ("too_many_queued"; 0: no
  // limit) or the app `max_queue` ("queue_full"), with retry_after; `conflict` for a known key
  // whose run goes on while its client waits ("idempotency_in_progress") or an id that was used
  // ("run_exists"); `invalid` for a known key with another fingerprint ("idempotency_mismatch").  A
  // key is known for 24 hours
  // after its run's created_at, and the run is kept as long.  A replay is not charged.
  struct Limits {
    int64_t max_queued = 0, max_queue = 0;
  };
  virtual void accept(Run run, std::vector<EventRow> events, std::optional<Charge> charge,
                      std::optional<Idempotency> idempotency, Limits limits,
                      std::vector<EffectRow> begun, Done<Accepted> done) = 0;
  // T2.  Up to `limit` due queued runs, of higher priority and older first, owners in turn, each
  // owner's `concurrency` kept; they become running with a new epoch, started_at set if it was 0.
  // Also queues waiting runs whose wake_at is due: their interrupt takes no answer any more.
  virtual void claim(Millis now, int limit, Done<std::vector<Run>> done) = 0;
  // T3 to T6.  A `conflict` has the code "cancelling" when the run is to be stopped (answer it with
  // a checkpoint to cancelled), "lost" when another epoch or status has it, "run_gone" when there
  // is no such run.
  virtual void checkpoint(Checkpoint checkpoint, Done<> done) = 0;
  // An answer for the interrupt `at`: waiting becomes running with a new epoch, which is returned.
  // `conflict` (code "not_waiting") when it does not wait there any more; a known key as in
  // accept().  `step`: what the answer makes of the run, in the same transaction, so that an answer
  // that was taken is never lost; it is refused when it was made from another epoch.
  virtual void take_waiting(Owner owner, std::string run, std::string at, Millis now,
                            std::optional<Idempotency> idempotency, std::optional<Checkpoint> step,
                            Done<Accepted> done) = 0;
  // T8.  queued, waiting and paused become cancelled, running becomes cancelling; a final run is
  // left as it is.  Returns the row.
  // What an `actor` changes by this or by operate() is recorded (T10), in the transaction.
  virtual void cancel(Owner owner, std::string run, Millis now, Done<Run> done,
                      std::optional<Actor> actor = {}) = 0;
  // T7, at start: running runs of an earlier process become queued (rescues + 1; from the sixth on
  // dead, with the error code "poison"), cancelling ones cancelled; what they had begun and not
  // recorded is ambiguous from now on.  Returns how many were queued.
  virtual void recover(Millis now, Done<int> done) = 0;
  // Queued and waiting runs past their deadline fail with the code "deadline"; expired final runs,
  // rows, counters and keys are deleted, and records of files a day after they expired (at most
  // `limit` of each).  A large file that is mostly empty by then is made shorter.
  virtual void sweep(Millis now, int limit, Done<Swept> done) = 0;
  // Deletes what is kept for an owner, runs that are under way too: at most `limit` runs, rows and
  // records at a time, until there is no more.
  virtual void forget(Owner owner, int limit, Done<Swept> done,
                      std::optional<AuditRow> record = {}) = 0;
  // What is kept for a user by the id that providers and grants know: how much was deleted.
  virtual void forget_user(std::string app, std::string user, Millis now, Actor actor,
                           Done<int> done) = 0;
  // What an operator does to one run (T10); `cancel` is for everybody.  Retry: failed and dead
  // become queued, with no rescues counted, a day's deadline, and as long a life as they had; what
  // is to be done again is the state's business.  Pause: queued and waiting become paused.  Resume:
  // paused becomes waiting if it was, else queued.  `conflict` (code "wrong_status") otherwise.
  enum class Act { retry, pause, resume };
  virtual void operate(Owner owner, std::string run, Act act, Millis now, Done<Run> done,
                       std::optional<Actor> actor = {}) = 0;
  // The earliest available_at of a queued or wake_at of a waiting run, which may be past; 0: none.
  virtual void next_due(Done<Millis> done) = 0;

  // A read has all that was answered before it was asked for.
  virtual void run(Owner owner, std::string id, Done<Run> done) = 0;
  // Newest first, without their states; "" and nothing: any.  A page after an id that is not there
  // is `not_found`, here and in rows().
  virtual void runs(Owner owner, std::string graph, std::optional<RunStatus> status, std::string at,
                    Page page, Done<std::vector<Run>> done) = 0;
  // For who answers in the place of others, which the caller has checked: whose a run of the app
  // is, and everybody's that wait at an interrupt.
  virtual void owner_of(std::string app, std::string run, Done<std::string> done) = 0;
  virtual void waiting(std::string app, std::string graph, std::string at, Page page,
                       Done<std::vector<Run>> done) = 0;
  virtual void steps(Owner owner, std::string run, Done<std::vector<StepRow>> done) = 0;
  virtual void effects(Owner owner, std::string run, Done<std::vector<EffectRow>> done) = 0;
  virtual void events(Owner owner, std::string run, int64_t after,
                      Done<std::vector<EventRow>> done) = 0;

  // All of one day.
  virtual void spent(int64_t day, Done<std::vector<Spent>> done) = 0;

  // Rows of collections.  Putting an id that is there replaces its data (created_at stays).
  virtual void put_row(Owner owner, std::string collection, Row row, Done<Row> done) = 0;
  virtual void row(Owner owner, std::string collection, std::string id, Done<Row> done) = 0;
  virtual void rows(Owner owner, std::string collection, Page page,
                    Done<std::vector<Row>> done) = 0;
  virtual void delete_row(Owner owner, std::string collection, std::string id, Done<> done) = 0;
  // Rows with the same value of the sorting field stand newest first; a missing one is less than
  // any other, numbers are less than texts.  `limited` (code "query_limit") beyond RowQuery's
  // bounds.
  virtual void query(Owner owner, std::string collection, RowQuery query,
                     Done<std::vector<Row>> done) = 0;

  // Kept until the run `embedded.run` of the owner ends, which has to be there.  The same key again
  // changes nothing.
  virtual void put_embedded(Owner owner, EmbeddedRow embedded, Done<> done) = 0;
  virtual void embedded(Owner owner, std::string run, std::string key, Done<EmbeddedRow> done) = 0;
  // What a run of `from` has had embedded under the keys becomes the document's chunks, in place of
  // all that the collection's document of this id had; without keys there is none any more.  Gives
  // their number.  `conflict` with the code "collection_full" beyond DocumentRow::kMostChunks, with
  // "other_vectors" for parts of several models.
  struct Parts {
    Owner from;
    std::string run;
    std::vector<std::string> keys;
  };
  virtual void put_document(Owner owner, std::string collection, DocumentRow document, Parts parts,
                            Done<int> done) = 0;
  // Nearest first; of the same score in the order in which their documents were put.  `conflict`
  // (code "other_vectors") when a document has vectors of another model or dimension.
  virtual void search(Owner owner, std::string collection, VectorQuery query,
                      Done<std::vector<FoundChunk>> done) = 0;

  // Replies that are kept for a while: `not_found` when there is none, or it is past its time.
  // Putting the same key again replaces it.
  virtual void cached(Owner owner, std::string key, Millis now, Done<std::string> done) = 0;
  virtual void put_cached(Owner owner, std::string key, std::string data, Millis expires_at,
                          Done<> done) = 0;

  // The same id again: the first one is kept and returned.
  virtual void put_file(FileRow file, Done<FileRow> done) = 0;
  virtual void file(Owner owner, std::string id, Done<FileRow> done) = 0;

  // T9.  False when the event was stored before: nothing is changed then.
  virtual void put_purchase_event(PurchaseEvent event, Done<bool> done) = 0;
  // Everything that was told of the customer, of any id that was named with theirs, and of the
  // purchases that any of those events is about.
  virtual void purchase_facts(std::string app, std::string customer,
                              Done<std::vector<PurchaseFact>> done) = 0;
  // T10.  The same plan again: with another end.
  virtual void grant(Grant grant, Actor actor, Done<> done) = 0;
  // The plan, or with "" every plan of the user; how many there were.
  virtual void revoke(Grant grant, Millis now, Actor actor, Done<int> done) = 0;
  virtual void grants(std::string app, std::string user, Done<std::vector<Grant>> done) = 0;
  // T10.  By its digest; revoked and expired ones, too: whoever asks judges.
  virtual void put_api_key(ApiKey key, Actor actor, Done<> done) = 0;
  virtual void api_key(std::string digest, Done<ApiKey> done) = 0;
  // What it is now; revoking it again changes nothing.
  virtual void revoke_api_key(std::string id, Millis now, Actor actor, Done<ApiKey> done) = 0;
  virtual void use_api_key(std::string id, Millis now, Done<> done) = 0;
  // A line of the record for what changes no row; number and hashes are filled in.
  virtual void record(AuditRow row, Done<> done) = 0;

  // Definitions that runs are pinned to, by hash.  Of an app's, those that no run is pinned to are
  // kept while they are among the 20 that were put last.
  virtual void put_bundle(std::string app, std::string hash, std::string text, Done<> done) = 0;
  virtual void bundle(std::string app, std::string hash, Done<std::string> done) = 0;
};

// Where `done` is run: posts a function to the engine's thread.
using Post = std::function<void(std::function<void()>)>;

// What is under way holds a token of it until it has answered: a test waits for the last one.
using Hold = std::function<std::shared_ptr<void>()>;

// One SQLite file and a lock file beside it: a second process is refused (`conflict`, code
// "data_in_use"), and so is a database of a newer version ("schema_newer") or of another program.
// Blocks while it opens and migrates.  The destructor performs and answers what was asked before;
// `post` must outlive it.  ":memory:" keeps nothing.  With less than `reserve` bytes free on its
// disk, accept() and claim() are `unavailable` (code "disk_low"): what is left is for finishing.
Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path, Post post, Hold hold = {},
                                                 uint64_t reserve = 0);

}  // namespace plenum
