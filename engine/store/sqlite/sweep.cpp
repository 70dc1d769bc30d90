// What time and restarts do to runs: rescue (T7), missed deadlines, and the end of what has
// expired.
#include "engine/store/sqlite/operations.h"

namespace plenum::sqlite {

namespace {

constexpr std::string_view kPoison =
    R"({"code":"poison","message":"The server stopped six times while it worked on this run; it is not tried again.","node":"","status":500})";
constexpr std::string_view kDeadline =
    R"({"code":"deadline","message":"The run did not finish before its deadline.","node":"","status":504})";

struct Missed {
  int64_t number;
  Standing run;
  RunStatus status;
};

Result<std::vector<Missed>> missed(Session& session, Millis now, int limit) {
  std::vector<Missed> all;
  Statement found = session.db.use("missed");
  found.bind(now, limit);
  while (TRY(found.next()))
    all.push_back({found.integer(0),
                   {found.integer(1), found.integer(2), found.integer(3), found.integer(4) != 0},
                   static_cast<RunStatus>(found.integer(5))});
  return all;
}

Result<size_t> fail_missed(Session& session, Millis now, int limit) {
  const std::vector<Missed> all = TRY(missed(session, now, limit));
  for (const Missed& run : all) {
    TRY(session.db.use("miss_deadline").bind(run.number, now, kDeadline).finish());
    session.tally.moved(run.run, run.status, RunStatus::failed);
  }
  return all.size();
}

struct Expired {
  int64_t number, scope;
  FileRow file;
};

// `by`: a time, or an owner.
Result<std::vector<Expired>> files_of(Session& session, std::string_view which, int64_t by,
                                      int limit) {
  std::vector<Expired> all;
  Statement found = session.db.use(which);
  found.bind(by, limit);
  while (TRY(found.next()))
    all.push_back({found.integer(0), found.integer(1),
                   FileRow{found.text(2),
                           {found.text(3), found.text(4)},
                           found.text(5),
                           found.text(6),
                           found.text(7),
                           found.integer(8),
                           found.integer(9),
                           found.integer(10)}});
  return all;
}

Result<bool> digest_used(Session& session, const Expired& file) {
  return session.db.use("digest_used").bind(file.scope, file.file.digest).next();
}

// Adds the files whose bytes nothing refers to any more.
Result<> delete_files(Session& session, std::string_view which, int64_t by, int limit,
                      Swept& swept) {
  std::vector<Expired> all = TRY(files_of(session, which, by, limit));
  swept.more = swept.more || all.size() == static_cast<size_t>(limit);
  for (Expired& expired : all) {
    TRY(session.db.use("delete_file").bind(expired.number).finish());
    if (!TRY(digest_used(session, expired))) swept.files.push_back(std::move(expired.file));
  }
  return {};
}

template <typename By>
Result<> delete_some(Session& session, std::string_view statement, By by, int limit, Swept& swept) {
  if (TRY(session.db.use(statement).bind(by, limit).finish()) == limit) swept.more = true;
  return {};
}

// Pages that deleted rows have left are used again, so a file does not grow with what has expired;
// one that is mostly empty pages is cut, some of them each time.
Result<> give_back(Connection& db) {
  constexpr int64_t kWorthIt = 2'000;
  const int64_t free = std::stoll(TRY(db.value("PRAGMA freelist_count")));
  if (free < kWorthIt || free * 2 < std::stoll(TRY(db.value("PRAGMA page_count")))) return {};
  return db.execute("PRAGMA incremental_vacuum(500)");
}

}  // namespace

Result<int> recover(Session& session, Millis now) {
  TRY(session.db.use("doubt_effects").bind(session.boot, now).finish());
  TRY(session.db.use("cancel_left").bind(session.boot, now).finish());
  TRY(session.db.use("bury").bind(session.boot, now, kPoison).finish());
  const int rescued = TRY(session.db.use("rescue").bind(session.boot, now).finish());
  TRY(session.tally.load(session.db));
  return rescued;
}

Result<Swept> sweep(Session& session, Millis now, int limit) {
  Swept swept;
  if (limit <= 0) return swept;
  if (TRY(fail_missed(session, now, limit)) == static_cast<size_t>(limit)) swept.more = true;
  for (const char* expire :
       {"expire_keys", "expire_counters", "expire_rows", "expire_runs", "expire_cached",
        "expire_purchases", "expire_spent", "expire_documents"})
    TRY(delete_some(session, expire, now, limit, swept));
  if (TRY(session.db.use("expire_embedded").bind(limit).finish()) == limit) swept.more = true;
  TRY(delete_some(session, "drop_purchase_bodies", now - kPurchaseBodyLife, limit, swept));
  TRY(delete_files(session, "expired_files", now - kFileGrace, limit, swept));
  if (!swept.more) TRY(give_back(session.db));
  return swept;
}

Result<Swept> forget(Session& session, const Owner& owner, int limit,
                     const std::optional<AuditRow>& recorded) {
  Swept swept;
  if (recorded) TRY(record(session, *recorded));
  const int64_t scope = TRY(find_scope(session.db, owner));
  if (scope == 0 || limit <= 0) return swept;
  for (const char* statement : {"forget_keys", "forget_counters", "forget_cached", "forget_rows",
                                "forget_runs", "forget_spent", "forget_documents"})
    TRY(delete_some(session, statement, scope, limit, swept));
  TRY(delete_files(session, "files_of_scope", scope, limit, swept));
  TRY(session.tally.load(session.db));
  return swept;
}

}  // namespace plenum::sqlite
