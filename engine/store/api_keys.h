// Keys by which programs call an app.
#pragma once

#include <string>
#include <vector>

#include "engine/base/clock.h"

namespace plenum {

// The key itself is nowhere: whoever has the database cannot call with it.
struct ApiKey {
  std::string id;      // apikey_…
  std::string app;     // the only one that it opens
  std::string digest;  // SHA-256 of the key, 64 hex digits: it is found by it
  std::string hint;    // how the key begins, for people
  std::string label;   // what it is for, for people
  std::string user;    // whom it acts for, as expressions see them
  std::string owner;   // whose the runs and rows are that it makes
  std::string plan;
  std::vector<std::string> roles;
  Millis created_at = 0;
  Millis expires_at = 0;  // 0: never
  Millis revoked_at = 0;  // 0: it is not
  Millis used_at = 0;     // 0: never; coarsely, within kApiKeyUse
};
constexpr Millis kApiKeyUse = 3'600'000;

}  // namespace plenum
