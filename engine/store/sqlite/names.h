// Names to the small integers that rows hold instead.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/store/sqlite/connection.h"
#include "engine/store/store.h"

namespace plenum::sqlite {

// 0 when nothing was ever stored under that name.
Result<int64_t> find_word(Connection& db, std::string_view text);
Result<int64_t> find_scope(Connection& db, const Owner& owner);

struct Scope {
  int64_t app = 0, scope = 0;
};

// The writer's: adds a name that is new, and remembers the latest ones.
class Names {
 public:
  Result<int64_t> word(Connection& db, const std::string& text);
  Result<Scope> scope(Connection& db, const Owner& owner);
  // After an operation was taken back: what it added is gone.
  void forget();

 private:
  std::unordered_map<std::string, int64_t> words_;
  std::unordered_map<std::string, Scope> scopes_;
};

}  // namespace plenum::sqlite
