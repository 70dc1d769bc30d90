// Whether a webhook's bytes come from who they say.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/secret.h"

namespace plenum::entitlements {

// Several at once while they are exchanged.
using Keys = std::vector<Secret>;

// "t=<seconds>,v1=<hex>[,v1=<hex>…]", a v1 being HMAC-SHA-256 of "<t>.<body>" by one of the keys,
// not more than 300 s before or after `now`: how Stripe signs, and RevenueCat.
bool is_signed(std::string_view header, std::string_view body, const Keys& keys, Millis now);

// Whether the value is one of the keys; takes as long for any value of that length.
bool is_one_of(std::string_view value, const Keys& keys);

}  // namespace plenum::entitlements
