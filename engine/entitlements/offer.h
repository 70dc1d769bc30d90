// How an app sells: its plans, and who tells about purchases.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "engine/entitlements/entitlements.h"
#include "engine/entitlements/signature.h"

namespace plenum::entitlements {

struct Offer {
  Plans plans;
  std::string issuer;  // whose subjects the providers know as their customers; "": anybody's
  // A provider without keys is not listened to.
  Keys revenuecat_authorization;  // what its webhook sends as `Authorization`
  Keys revenuecat_signing;        // none: its signature is not asked for
  Keys stripe_signing;
  // With a key RevenueCat is asked about a customer, and its answer counts instead of its events.
  std::optional<Secret> revenuecat_key;
  std::string revenuecat_url = "https://api.revenuecat.com";
  bool trusted_revenuecat_url = false;  // the operator's own: may be http:// and local
  // With a key Stripe is asked how a user's subscriptions stand; events say which those are.
  std::optional<Secret> stripe_key;
  std::string stripe_url = "https://api.stripe.com";
  bool trusted_stripe_url = false;
};

using Offers = std::map<std::string, Offer>;  // by app

// RevenueCat's answer about a customer: entitlements by name, expired ones too.  `invalid` (code
// "invalid_subscriber") when it is none.
Result<std::map<std::string, End>> read_subscriber(const Json& body, Environment environment);

// Stripe's subscription as it stands at `asked_at`, with its latest invoice and that one's charge:
// a fact that is newer than every event before.  `invalid` (code "invalid_subscription") when it is
// none.
Result<Fact> read_stripe_subscription(const Json& body, Millis asked_at);

}  // namespace plenum::entitlements
