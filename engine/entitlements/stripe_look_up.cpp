// Stripe's subscription as it stands.  Events tell of refunds by the charge, which later versions
// of the interface do not lead to a subscription; the version that is asked for here has the charge
// in the subscription's latest invoice.
#include <nlohmann/json.hpp>

#include "engine/entitlements/offer.h"

namespace plenum::entitlements {

namespace {

// What is not there, or an id in place of the object that was asked for, is no refund.
bool is_refunded(const Json& subscription) {
  const Json* invoice = find(subscription, "latest_invoice");
  const Json* charge = invoice ? find(*invoice, "charge") : nullptr;
  const Json* refunded = charge ? find(*charge, "refunded") : nullptr;
  return refunded && refunded->is_boolean() && refunded->get<bool>();
}

}  // namespace

Result<Fact> read_stripe_subscription(const Json& body, Millis asked_at) {
  const Json* live = find(body, "livemode");
  const bool in_production = live && live->is_boolean() && live->get<bool>();
  const Json event{{"id", "asked " + text_or(body, "id")},
                   {"type", "customer.subscription.updated"},
                   {"created", asked_at / 1000},
                   {"livemode", in_production},
                   {"data", {{"object", body}}}};
  Fact fact = TRY(read_stripe(event));
  if (fact.does == Fact::Does::nothing || text_or(body, "status").empty())
    return fail(Kind::invalid, "Stripe's answer is no subscription", "invalid_subscription");
  fact.at = asked_at;
  if (is_refunded(body) && fact.does == Fact::Does::sets) {
    fact.does = Fact::Does::closes;
    fact.end = asked_at;
  }
  return fact;
}

}  // namespace plenum::entitlements
