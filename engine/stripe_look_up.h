// Asks Stripe how a user's subscriptions stand.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/entitlements/offer.h"
#include "engine/store/store.h"

namespace plenum {

namespace http {
class Client;
}

struct StripeAnswer {
  std::vector<entitlements::Fact> facts;  // one of each subscription that Stripe knows
  std::vector<std::string> payers;        // Stripe's ids of who pays them
  Millis at = 0;                          // when it was asked
};

// For keeping.
std::string to_text(const StripeAnswer& answer);
std::optional<StripeAnswer> stripe_answer_of(const std::string& text);

// The subscriptions that events told of, newest first and at most twenty.
std::vector<std::string> subscriptions_in(const std::vector<entitlements::Fact>& facts);

// One request for each; what Stripe does not know is left out.  `done` runs once, through `post`,
// with the first failure or when all is answered.  The offer outlives it.
void ask_stripe(http::Client& http, const entitlements::Offer& offer,
                const std::vector<std::string>& subscriptions, Millis now, const Post& post,
                std::function<void(Result<StripeAnswer>)> done);

}  // namespace plenum
