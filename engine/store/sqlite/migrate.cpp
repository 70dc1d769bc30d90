// The table `migration` tells what was applied, by number and checksum.  A number this program does
// not know means that a newer one was here; a checksum that differs means that a released migration
// was edited.  Neither can be guessed around.
#include "engine/store/sqlite/migrate.h"

#include <fcntl.h>
#include <unistd.h>

#include "engine/base/ids.h"

namespace plenum::sqlite {

namespace {

std::string sql_text(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  return quoted + "'";
}

tl::unexpected<Error> not_ours(const std::string& path) {
  return fail(
      Kind::conflict,
      path + " is a database of another program: name a file of its own, or move that one away",
      "not_ours");
}

Result<> make_table(Connection& db, const std::string& path) {
  const bool empty = TRY(db.value("SELECT count(*) FROM sqlite_schema")) == "0";
  const bool ours =
      TRY(db.value("SELECT count(*) FROM sqlite_schema WHERE name = 'migration'")) == "1";
  if (!empty && !ours) return not_ours(path);
  return db.execute(
      "CREATE TABLE IF NOT EXISTS migration"
      " (number INTEGER PRIMARY KEY, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT");
}

// How many of the known migrations are applied.
Result<size_t> applied(Connection& db, const std::vector<Migration>& known,
                       const std::string& path) {
  const int latest = std::stoi(TRY(db.value("SELECT coalesce(max(number), 0) FROM migration")));
  if (latest > static_cast<int>(known.size()))
    return fail(Kind::conflict,
                path + " has schema " + std::to_string(latest) +
                    " and this version knows no more than " + std::to_string(known.size()) +
                    ": start the newer version again, or restore a backup made by this one",
                "schema_newer");
  for (int number = 1; number <= latest; ++number) {
    const std::string checksum =
        TRY(db.value("SELECT checksum FROM migration WHERE number = " + std::to_string(number)));
    if (checksum != sha256_hex(known[static_cast<size_t>(number) - 1].sql))
      return fail(Kind::conflict,
                  path + " was made by another edition of migration " + std::to_string(number) +
                      ": start the version that made it, or restore a backup",
                  "schema_changed");
  }
  return static_cast<size_t>(latest);
}

Result<> apply(Connection& db, const Migration& migration, Millis now) {
  TRY(db.execute("BEGIN IMMEDIATE"));
  Result<> done = db.execute(std::string(migration.sql));
  if (done)
    done = db.execute("INSERT INTO migration VALUES (" + std::to_string(migration.number) + ", '" +
                      sha256_hex(migration.sql) + "', " + std::to_string(now) + ")");
  if (done) done = db.execute("COMMIT");
  if (!done && db.in_transaction()) (void)db.execute("ROLLBACK");
  if (!done)
    return fail(std::move(done).error().during("migration " + std::to_string(migration.number)));
  return {};
}

}  // namespace

// SQLite fills an empty file that is there: so its mode is ours from the start.
Result<> copy_whole(Connection& db, const std::string& file, const std::string& what) {
  const int descriptor =
      open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0)
    return fail(Kind::unavailable, what + " " + file +
                                       " cannot be written: free some space, and make the folder "
                                       "writable");
  close(descriptor);
  // A reader's connection is to write nothing; here it writes another file.
  TRY(db.execute("PRAGMA query_only=0; VACUUM INTO " + sql_text(file)));
  Connection copy = TRY(Connection::open(file, Access::read));
  if (TRY(copy.value("PRAGMA integrity_check")) != "ok")
    return fail(Kind::internal, what + " " + file + " is damaged: check the disk");
  return {};
}

Result<> check_schema(Connection& db, const std::vector<Migration>& known,
                      const std::string& path) {
  if (TRY(db.value("SELECT count(*) FROM sqlite_schema WHERE name = 'migration'")) != "1")
    return not_ours(path);
  if (TRY(applied(db, known, path)) == known.size()) return {};
  return fail(Kind::conflict,
              path +
                  " has an older schema than this version: use the version that serves it, or "
                  "serve it with this one, which migrates it",
              "schema_older");
}

Result<> migrate(Connection& db, const std::vector<Migration>& known, const std::string& path,
                 Millis now) {
  TRY(make_table(db, path));
  const size_t from = TRY(applied(db, known, path));
  const bool on_disk = !path.empty() && path != ":memory:";
  if (from > 0 && from < known.size() && on_disk)
    TRY(copy_whole(db, path + ".before-" + std::to_string(known[from].number),
                   "the backup before a migration"));
  for (size_t next = from; next < known.size(); ++next) TRY(apply(db, known[next], now));
  return {};
}

}  // namespace plenum::sqlite
