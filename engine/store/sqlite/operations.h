// What the store does, each as a function over a connection, to be called inside a transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/store/sqlite/connection.h"
#include "engine/store/sqlite/names.h"
#include "engine/store/sqlite/space.h"
#include "engine/store/sqlite/tally.h"
#include "engine/store/store.h"

namespace plenum::sqlite {

// The writer's connection and what it keeps in memory beside it.
struct Session {
  Connection db;
  Names names;
  Tally tally;
  int64_t boot = 0;  // this start of the server
  Space space;
  int64_t last_scope = 0;  // whose run was claimed last: the next one's turn comes first
};

constexpr Millis kKeyLife = 24LL * 60 * 60 * 1000;  // of an idempotency key

struct Acceptance {
  Run run;
  std::vector<EventRow> events;
  std::optional<Charge> charge;
  std::optional<Idempotency> idempotency;
  Store::Limits limits;
  std::vector<EffectRow> begun;
};

// Writes.  What they are given they may move from.
Result<Accepted> accept(Session& session, Acceptance& asked);
Result<std::vector<Run>> claim(Session& session, Millis now, int limit);
Result<> checkpoint(Session& session, const Checkpoint& checkpoint);
Result<Accepted> take_waiting(Session& session, const Owner& owner, const std::string& run,
                              const std::string& at, Millis now,
                              const std::optional<Idempotency>& idempotency,
                              std::optional<Checkpoint>& step);
// With an actor what it changes is recorded.
Result<Run> cancel(Session& session, const Owner& owner, const std::string& run, Millis now,
                   const std::optional<Actor>& actor);
Result<Run> operate(Session& session, const Owner& owner, const std::string& run, Store::Act act,
                    Millis now, const std::optional<Actor>& actor);
Result<int> recover(Session& session, Millis now);
Result<Swept> sweep(Session& session, Millis now, int limit);
Result<Swept> forget(Session& session, const Owner& owner, int limit,
                     const std::optional<AuditRow>& recorded);
// False: it is there already.
Result<bool> put_purchase_event(Session& session, const PurchaseEvent& event);
Result<> put_grant(Session& session, const Grant& grant, const Actor& actor);
Result<int> revoke(Session& session, const Grant& grant, Millis now, const Actor& actor);
Result<int> forget_user(Session& session, const std::string& app, const std::string& user,
                        Millis now, const Actor& actor);
Result<> put_api_key(Session& session, const ApiKey& key, const Actor& actor);
Result<ApiKey> revoke_api_key(Session& session, const std::string& id, Millis now,
                              const Actor& actor);
Result<> use_api_key(Session& session, const std::string& id, Millis now);
// T10: adds a line to the record, in the transaction of what it tells.  Number and hashes are
// filled in here.
Result<> record(Session& session, AuditRow row);
Result<Row> put_row(Session& session, const Owner& owner, const std::string& collection, Row& row);
// The time of the row's first writing.
Result<Millis> put_row(Session& session, int64_t scope, const std::string& collection,
                       const Row& row);
Result<> delete_row(Session& session, const Owner& owner, const std::string& collection,
                    const std::string& id);
Result<> put_embedded(Session& session, const Owner& owner, const EmbeddedRow& embedded);
Result<int> put_document(Session& session, const Owner& owner, const std::string& collection,
                         const DocumentRow& document, const Store::Parts& parts);
Result<> begin_effects(Connection& db, int64_t run, const std::vector<EffectRow>& effects);
Result<> end_effects(Connection& db, int64_t run, const std::vector<EffectRow>& effects);
// What of the run is open still is ambiguous from now on.
Result<> doubt_effects(Connection& db, int64_t run, Millis now);
Result<> put_cached(Session& session, const Owner& owner, const std::string& key,
                    const std::string& data, Millis expires_at);
Result<FileRow> put_file(Session& session, const FileRow& file);
Result<> put_bundle(Session& session, const std::string& app, const std::string& hash,
                    const std::string& text);
// The earlier run of this key, if there is one to be replayed; else nothing.
Result<std::optional<Run>> earlier(Session& session, int64_t scope, const Owner& owner,
                                   const Idempotency& idempotency, Millis now);
Result<> put_key(Session& session, int64_t scope, const Idempotency& idempotency,
                 const std::string& run, Millis now);
Result<> add_events(Connection& db, int64_t run, const std::string& id,
                    const std::vector<EventRow>& events);

// Reads.
Result<Run> read_run(Connection& db, const Owner& owner, const std::string& id);  // with its state
Result<Run> read_run(Connection& db, int64_t number);                             // with its state
Run run_of(const Statement& row);  // a row of the view run_whole, without its state
struct Listing {
  std::string graph;
  std::optional<RunStatus> status;
  std::string at;
  Page page;
};
Result<std::vector<Run>> read_runs(Connection& db, const Owner& owner, const Listing& listing);
Result<std::string> read_owner(Connection& db, const std::string& app, const std::string& run);
Result<std::vector<Run>> read_waiting(Connection& db, const std::string& app,
                                      const Listing& listing);
Result<std::vector<StepRow>> read_steps(Connection& db, const Owner& owner, const std::string& run);
Result<std::vector<EventRow>> read_events(Connection& db, const Owner& owner,
                                          const std::string& run, int64_t after);
Result<std::vector<EffectRow>> read_effects(Connection& db, const Owner& owner,
                                            const std::string& run);
Result<std::vector<Spent>> read_spent(Connection& db, int64_t day);
Spent spent_of(const Statement& row);  // {app, owner, day, calls, input, output, cost}
Result<Millis> read_next_due(Connection& db);
Result<Row> read_row(Connection& db, const Owner& owner, const std::string& collection,
                     const std::string& id);
Result<std::vector<Row>> read_rows(Connection& db, const Owner& owner,
                                   const std::string& collection, const Page& page);
Result<std::vector<Row>> query_rows(Connection& db, const Owner& owner,
                                    const std::string& collection, const RowQuery& query);
// RowQuery::equal as the statements take it: {"$.field": value}.
std::string equal_text(const Json& equal);
Result<EmbeddedRow> read_embedded(Connection& db, const Owner& owner, const std::string& run,
                                  const std::string& key);
Result<std::vector<FoundChunk>> search(Connection& db, const Owner& owner,
                                       const std::string& collection, const VectorQuery& query);
Result<std::string> read_cached(Connection& db, const Owner& owner, const std::string& key,
                                Millis now);
Result<FileRow> read_file(Connection& db, const Owner& owner, const std::string& id);
Result<std::string> read_bundle(Connection& db, const std::string& app, const std::string& hash);

Result<std::vector<PurchaseFact>> read_purchase_facts(Connection& db, const std::string& app,
                                                      const std::string& customer);
Result<std::vector<Grant>> read_grants(Connection& db, const std::string& app,
                                       const std::string& user);
Result<ApiKey> read_api_key(Connection& db, const std::string& digest);
Result<std::vector<ApiKey>> read_api_keys(Connection& db, const std::string& app);
Result<std::vector<AuditRow>> read_audit(Connection& db, const AuditFilter& filter);
Result<AuditVerdict> verify_audit(Connection& db, const std::string& contains);

// The number of an owner's run, or `not_found`.
Result<int64_t> number_of(Connection& db, const Owner& owner, const std::string& run);

}  // namespace plenum::sqlite
