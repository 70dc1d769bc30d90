// SQLite as this project uses it: one connection, its prepared statements, errors as values.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>

#include "engine/base/result.h"

namespace plenum::sqlite {

// What SQLite said, as an error for whoever can act: a full, failing or read-only disk is
// `unavailable`.
Error error_of(sqlite3* db, int code);

// Bytes that are no text.
struct Blob {
  std::string_view bytes;
};

// A prepared statement on loan from its connection; it is reset when the loan ends.  Text is bound
// by reference: it must live as long as the loan.
class Statement {
 public:
  Statement(sqlite3* db, sqlite3_stmt* raw) : db_(db), raw_(raw) {}
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  // Binds ?1, ?2, … in order.
  template <typename... Values>
  Statement& bind(const Values&... values) {
    int place = 0;
    (put(++place, values), ...);
    return *this;
  }

  Result<bool> next();   // true: a row is there to be read
  Result<int> finish();  // runs to the end; how many rows were changed

  bool is_null(int column) const { return sqlite3_column_type(raw_, column) == SQLITE_NULL; }
  int64_t integer(int column) const { return sqlite3_column_int64(raw_, column); }
  double real(int column) const { return sqlite3_column_double(raw_, column); }
  std::string text(int column) const;
  std::string_view blob(int column) const;  // until the next row

 private:
  template <typename Value>
  void put(int place, const Value& value) {
    if constexpr (std::is_floating_point_v<Value>) {
      bound(sqlite3_bind_double(raw_, place, value));
    } else if constexpr (std::is_integral_v<Value>) {
      bound(sqlite3_bind_int64(raw_, place, static_cast<sqlite3_int64>(value)));
    } else if constexpr (std::is_same_v<Value, Blob>) {
      bound(sqlite3_bind_blob64(raw_, place, value.bytes.data() ? value.bytes.data() : "",
                                value.bytes.size(), SQLITE_STATIC));
    } else {
      const std::string_view text(value);
      // A null pointer would be bound as NULL, which no column here may be.
      bound(sqlite3_bind_text64(raw_, place, text.data() ? text.data() : "", text.size(),
                                SQLITE_STATIC, SQLITE_UTF8));
    }
  }
  void bound(int code) {
    if (code != SQLITE_OK && bind_code_ == SQLITE_OK) bind_code_ = code;
  }

  sqlite3* db_;
  sqlite3_stmt* raw_;
  int bind_code_ = SQLITE_OK;
};

enum class Access { write, read };

// Used by one thread at a time.  Statements are prepared once and kept.
class Connection {
 public:
  // The one writing connection makes the file (0600) when there is none; readers see it read-only.
  static Result<Connection> open(const std::string& path, Access access);

  // The statement that the .sql files of this folder call `name`.
  Statement use(std::string_view name);
  Result<> execute(const std::string& sql);  // unnamed: settings and migrations
  // A single value of a query, as text.
  Result<std::string> value(const std::string& sql);
  // Prepares all named statements, so that a mistake in one is found at start.
  Result<> prepare_all();

  int64_t last_number() const {
    return sqlite3_last_insert_rowid(db_.get());
  }  // of the latest insert
  bool in_transaction() const { return sqlite3_get_autocommit(db_.get()) == 0; }
  sqlite3* raw() { return db_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  using Prepared = std::unique_ptr<sqlite3_stmt, Finalize>;

  Result<> configure(Access access, bool in_memory);
  Result<sqlite3_stmt*> prepare(std::string_view name, const std::string& sql);

  std::unique_ptr<sqlite3, Close> db_;  // before the statements, which go first
  std::unordered_map<std::string_view, Prepared> prepared_;
};

}  // namespace plenum::sqlite
