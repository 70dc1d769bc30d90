// Every connection is opened under the same rules (specification section 14): WAL with a full sync
// per commit, a schema that is not trusted, no memory map, no network of settings to get wrong
// elsewhere.
#include "engine/store/sqlite/connection.h"

#include <sys/stat.h>

#include <cassert>

#include "engine/store/sqlite/statements.h"

namespace plenum::sqlite {

namespace {
// SQLite's accounts of its memory take a lock of the whole process at every allocation, an eighth
// of all its work here. Where SQLite is in use already the call is refused, and all that is lost is
// that eighth.
void keep_no_memory_statistics() {
  static const int kAsked = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  (void)kAsked;
}
}  // namespace

Error error_of(sqlite3* db, int code) {
  const std::string said = db ? sqlite3_errmsg(db) : sqlite3_errstr(code);
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {Kind::unavailable,
              "the data's disk is full: nothing was written; free some space",
              "disk_full",
              {}};
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return {Kind::unavailable,
              "the database cannot be written (" + said +
                  "): make its file and folder writable for this user",
              "read_only",
              {}};
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return {Kind::unavailable,
              "the data's disk fails (" + said + ", " + std::to_string(code) +
                  "): nothing was written; look at the disk and at the system's log",
              "disk_error",
              {}};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
      return {
          Kind::unavailable, "the database is busy (" + said + "): try again", "store_busy", {}};
    case SQLITE_TOOBIG:
      return {Kind::invalid,
              "a value is too large for the database: 1 GB is the most",
              "too_large",
              {}};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {Kind::internal,
              "the database is damaged (" + said + "): restore the latest backup",
              "store_damaged",
              {}};
    default:
      return {Kind::internal, "the database refused a statement: " + said, {}, {}};
  }
}

Statement::~Statement() {
  sqlite3_reset(raw_);
  sqlite3_clear_bindings(raw_);
}

Result<bool> Statement::next() {
  if (bind_code_ != SQLITE_OK) return fail(error_of(db_, bind_code_));
  const int code = sqlite3_step(raw_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return fail(error_of(db_, sqlite3_extended_errcode(db_)));
}

Result<int> Statement::finish() {
  while (TRY(next())) {
  }
  return sqlite3_changes(db_);
}

std::string Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(raw_, column));
  return bytes ? std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(raw_, column)))
               : std::string();
}

std::string_view Statement::blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(raw_, column));
  return bytes ? std::string_view(bytes, static_cast<size_t>(sqlite3_column_bytes(raw_, column)))
               : std::string_view();
}

Result<Connection> Connection::open(const std::string& path, Access access) {
  const bool in_memory = path == ":memory:";
  keep_no_memory_statistics();
  const int mode =
      access == Access::read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  Connection connection;
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &db,
                                   mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, nullptr);
  connection.db_.reset(db);
  if (code != SQLITE_OK) return fail(error_of(db, code).during("opening " + path));
  if (auto set = connection.configure(access, in_memory); !set)
    return fail(std::move(set).error().during("opening " + path));
  return connection;
}

Result<> Connection::configure(Access access, bool in_memory) {
  sqlite3_extended_result_codes(db_.get(), 1);
  sqlite3_busy_timeout(db_.get(), 10'000);
  sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
  TRY(execute("PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY"));
  if (access == Access::read) {
    sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    return execute("PRAGMA query_only=1; PRAGMA cache_size=-8000");
  }
  // FAST: what is deleted is overwritten where that costs no further page, so a large state is not
  // written twice.
  // auto_vacuum: of a new file only; it lets a sweep give back what expired.
  // cache_size: a commit that rebalanced a tree looks through the cache's whole table (for pages
  // past the file's end), so a larger cache costs every commit more; what is written stands
  // together.
  TRY(execute(
      "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA cache_size=-8000; PRAGMA secure_delete=FAST"));
  if (in_memory) return {};
  if (TRY(value("PRAGMA journal_mode=WAL")) != "wal")
    return fail(
        Kind::unavailable,
        "the database cannot use a write-ahead log here: its folder must be on a local disk");
  // A checkpoint every 16 MB keeps its cost small beside the commits; the log's file is reused, not
  // cut and grown again.
  return execute(
      "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000; PRAGMA "
      "journal_size_limit=67108864");
}

Result<> Connection::execute(const std::string& sql) {
  const int code = sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return fail(error_of(db_.get(), sqlite3_extended_errcode(db_.get())));
  return {};
}

Result<std::string> Connection::value(const std::string& sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(db_.get(), sql.c_str(), -1, &raw, nullptr) != SQLITE_OK)
    return fail(error_of(db_.get(), sqlite3_extended_errcode(db_.get())));
  const Prepared owned(raw);
  Statement statement(db_.get(), raw);
  if (!TRY(statement.next())) return std::string();
  return statement.text(0);
}

Result<sqlite3_stmt*> Connection::prepare(std::string_view name, const std::string& sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v3(db_.get(), sql.c_str(), static_cast<int>(sql.size()) + 1,
                         SQLITE_PREPARE_PERSISTENT, &raw, nullptr) != SQLITE_OK)
    return fail(error_of(db_.get(), sqlite3_extended_errcode(db_.get())).during(name));
  prepared_[name].reset(raw);
  return raw;
}

Statement Connection::use(std::string_view name) {
  const auto found = prepared_.find(name);
  assert(found != prepared_.end() && "prepare_all() was not called, or no .sql file has this name");
  return Statement(db_.get(), found->second.get());
}

Result<> Connection::prepare_all() {
  for (const auto& [name, sql] : statements()) TRY(prepare(name, sql));
  return {};
}

}  // namespace plenum::sqlite
