// The SQL of this folder's .sql files.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace plenum::sqlite {

// Statement by name, as the lines "-- :name" in the .sql files give them.
const std::map<std::string_view, std::string>& statements();

struct Migration {
  int number = 0;  // from 1, without gaps
  std::string_view sql;
};
const std::vector<Migration>& migrations();

}  // namespace plenum::sqlite
