// SQL is kept in .sql files, one per idea, each wrapped as a raw string so that the compiler can
// take it in.
#include "engine/store/sqlite/statements.h"

namespace plenum::sqlite {

namespace {
constexpr std::string_view kFiles[] = {
#include "engine/store/sqlite/runs.sql"
    ,
#include "engine/store/sqlite/claim.sql"
    ,
#include "engine/store/sqlite/sweep.sql"
    ,
#include "engine/store/sqlite/rows.sql"
    ,
#include "engine/store/sqlite/effects.sql"
    ,
#include "engine/store/sqlite/inspect.sql"
    ,
#include "engine/store/sqlite/accounts.sql"
    ,
#include "engine/store/sqlite/api_keys.sql"
    ,
#include "engine/store/sqlite/documents.sql"
};

constexpr std::string_view kMark = "-- :";

void add(std::string_view file, std::map<std::string_view, std::string>& all) {
  for (size_t at = file.find(kMark); at != std::string_view::npos;) {
    const size_t name = at + kMark.size();
    const size_t line_end = file.find('\n', name);
    const size_t next = file.find(kMark, line_end);
    all.emplace(file.substr(name, line_end - name), file.substr(line_end, next - line_end));
    at = next;
  }
}
}  // namespace

const std::map<std::string_view, std::string>& statements() {
  static const auto kAll = [] {
    std::map<std::string_view, std::string> all;
    for (const std::string_view file : kFiles) add(file, all);
    return all;
  }();
  return kAll;
}

const std::vector<Migration>& migrations() {
  static const std::vector<Migration> kAll = {{
                                                  1,
#include "engine/store/sqlite/schema_001.sql"
                                              },
                                              {
                                                  2,
#include "engine/store/sqlite/schema_002.sql"
                                              },
                                              {
                                                  3,
#include "engine/store/sqlite/schema_003.sql"
                                              },
                                              {
                                                  4,
#include "engine/store/sqlite/schema_004.sql"
                                              },
                                              {
                                                  5,
#include "engine/store/sqlite/schema_005.sql"
                                              },
                                              {
                                                  6,
#include "engine/store/sqlite/schema_006.sql"
                                              },
                                              {
                                                  7,
#include "engine/store/sqlite/schema_007.sql"
                                              },
                                              {
                                                  8,
#include "engine/store/sqlite/schema_008.sql"
                                              }};
  return kAll;
}

}  // namespace plenum::sqlite
