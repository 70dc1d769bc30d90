// What a provider of purchases told, reduced to what counts for access.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/json.h"
#include "engine/base/result.h"

namespace plenum::entitlements {

enum class Environment { production, sandbox };

// One event.  Facts of the same moment are applied in the order of `Does`.
struct Fact {
  enum class Does {
    nothing,  // told, and without effect on access
    informs,  // counts only while nothing else is known of the purchase
    ends,     // it is over at `at`, or at `end` if that is earlier
    sets,     // entitlements and end from now on; ends a grace period
    grace,    // access goes on until `grace_end`
    closes,   // refunded or deleted: over at `end` at the latest, grace period or not
    moves     // what belongs to `from` belongs to `to` from now on
  };

  std::string id;    // unique for its provider
  std::string type;  // the provider's word for it
  Millis at = 0;     // when it happened, not when it was told
  Environment environment = Environment::sandbox;
  Does does = Does::nothing;
  std::string purchase;                   // the same through all renewals
  std::vector<std::string> customers;     // ids of one customer; none: not said whose it is
  std::vector<std::string> from, to;      // of `moves`
  std::vector<std::string> entitlements;  // names, as the provider has them
  std::optional<Millis> end;              // nothing: never
  Millis grace_end = 0;
  std::string fault;  // why an event that should count does `nothing`

  bool operator==(const Fact&) const = default;
};

// Webhook bodies, after their signature was verified.  `invalid` (code "invalid_event") when it is
// no event at all; types that are not known, and events that lack what they should say, are facts
// that do nothing.
Result<Fact> read_revenuecat(const Json& body);
// A user's id is the subscription's `metadata.app_user_id`, or the `client_reference_id` of the
// checkout that made it.  Entitlements are the ids and lookup keys of prices and the ids of
// products.
Result<Fact> read_stripe(const Json& body);

// For keeping.
Json to_json(const Fact& fact);
Result<Fact> fact_of(const Json& json);

}  // namespace plenum::entitlements
