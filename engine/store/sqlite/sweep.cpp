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

Result<> fail_missed(Session& session, Millis now, int limit) {
  for (const Missed& run : TRY(missed(session, now, limit))) {
    TRY(session.db.use("miss_deadline").bind(run.number, now, kDeadline).finish());
    session.tally.moved(run.run, run.status, RunStatus::failed);
  }
  return {};
}

struct Expired {
  int64_t number, scope;
  FileRow file;
};

Result<std::vector<Expired>> expired_files(Session& session, Millis now, int limit) {
  std::vector<Expired> all;
  Statement found = session.db.use("expired_files");
  found.bind(now, limit);
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

// The files whose bytes nothing refers to any more.
Result<std::vector<FileRow>> expire_files(Session& session, Millis now, int limit) {
  std::vector<FileRow> unused;
  for (Expired& expired : TRY(expired_files(session, now, limit))) {
    TRY(session.db.use("delete_file").bind(expired.number).finish());
    if (!TRY(digest_used(session, expired))) unused.push_back(std::move(expired.file));
  }
  return unused;
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

Result<std::vector<FileRow>> sweep(Session& session, Millis now, int limit) {
  if (limit <= 0) return std::vector<FileRow>();
  TRY(fail_missed(session, now, limit));
  for (const char* expire :
       {"expire_keys", "expire_counters", "expire_rows", "expire_runs", "expire_cached"})
    TRY(session.db.use(expire).bind(now, limit).finish());
  return expire_files(session, now, limit);
}

}  // namespace plenum::sqlite
