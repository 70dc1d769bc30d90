// The stores there are, for the contract and for tests of their own.
#pragma once

#include <sqlite3.h>

#include <stdexcept>

#include "tests/store/asking.h"

namespace plenum::testing {

// A connection beside the store: only while the store is closed.
class RawDatabase {
 public:
  explicit RawDatabase(const std::string& path) {
    if (sqlite3_open(path.c_str(), &db_) != SQLITE_OK)
      throw std::runtime_error("cannot open " + path);
  }
  RawDatabase(const RawDatabase&) = delete;
  RawDatabase& operator=(const RawDatabase&) = delete;
  ~RawDatabase() { sqlite3_close(db_); }

  // The first value of the last row, as text.
  std::string query(const std::string& sql) {
    std::string value;
    char* error = nullptr;
    const auto keep = [](void* to, int n, char** values, char**) {
      if (n > 0 && values[0]) *static_cast<std::string*>(to) = values[0];
      return 0;
    };
    if (sqlite3_exec(db_, sql.c_str(), keep, &value, &error) != SQLITE_OK) {
      const std::string message = error;
      sqlite3_free(error);
      throw std::runtime_error(message);
    }
    return value;
  }

 private:
  sqlite3* db_ = nullptr;
};

class SqliteFile final : public Place {
 public:
  std::unique_ptr<Store> open() override { return open_sqlite_store(path(), at_once()).value(); }
  bool lasts() const override { return true; }
  std::string path() const { return folder / "plenum.db"; }

  TempFolder folder;
};

class SqliteMemory final : public Place {
 public:
  std::unique_ptr<Store> open() override {
    return open_sqlite_store(":memory:", at_once()).value();
  }
  bool lasts() const override { return false; }
};

}  // namespace plenum::testing
