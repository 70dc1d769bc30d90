// What users paid for or were given, as it was told; and the record of what was done in whose name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/clock.h"

namespace plenum {

// One event of a provider of purchases (T9).  Unique by app, provider and id.
struct PurchaseEvent {
  std::string app, provider, id;
  std::string purchase;                // what it is about; "": only itself
  std::vector<std::string> customers;  // every id that it names: it is found by each
  Millis received_at = 0;
  Millis keep_until = 0;  // it may be deleted with its purchase then; 0: never
  std::string fact;       // what it says, JSON
  std::string body;       // as it came; dropped after kPurchaseBodyLife
};
constexpr Millis kPurchaseBodyLife = 90LL * 86'400'000;

struct PurchaseFact {
  std::string provider;
  std::string fact;  // JSON
  bool operator==(const PurchaseFact&) const = default;
};

// A plan that an operator gave a user, by the id that sign-in knows.
struct Grant {
  std::string app, user, plan;
  Millis granted_at = 0;
  Millis expires_at = 0;  // 0: never
};

// Who does something that is to be remembered.
struct Actor {
  std::string name;          // "operator 1000", "owner"
  std::string request = {};  // the id of their request, if there was one
};

// One line of the record.  Each carries the digest of the one before, so that none can be changed,
// left out or put in without all that follow being made anew.  No payloads, no secrets.
struct AuditRow {
  int64_t number = 0;  // from 1, without gaps
  Millis at = 0;
  std::string actor, app, owner, action, object, outcome, request;
  std::string previous, hash;  // 64 hex digits; `previous` of the first: ""
};
// The digest that a row must have.
std::string audit_hash(const AuditRow& row);
// How the record names the user of a grant or a purchase, whose id it does not hold.
std::string user_digest(const std::string& app, const std::string& user);

struct AuditFilter {
  std::string app, owner, action;  // "": any
  int64_t before = INT64_MAX;      // the number of the last one seen
  int limit = 50;
};

struct AuditVerdict {
  int64_t rows = 0;      // that are whole, from the first on
  std::string head;      // the hash of the last of them: kept elsewhere, it shows a cut end
  std::string broken;    // what is wrong with the next; "": nothing
  bool contains = true;  // the hash that was asked for is among them
};

}  // namespace plenum
