// What a change of an app means to those who depend on it.
#pragma once

#include <string>
#include <vector>

#include "engine/app/app.h"

namespace plenum::comparing {

struct Change {
  enum class For { clients, cost, runs, rows } whom = For::clients;
  bool breaking = false;
  std::string what;  // one sentence; the place it is about comes first
};

// In the order of whom, then of the old app and the new one.
std::vector<Change> compare(const app::App& before, const app::App& after);

// Of one value's schema, for those who send it (`sent`) or read it.
void compare_schema(const std::string& where, const Json& before, const Json& after, bool sent,
                    std::vector<Change>& changes);

}  // namespace plenum::comparing
