// RevenueCat's answer about a customer.  That a purchase was made in the sandbox stands with the
// product, not with the entitlement; one whose product is not there opens the sandbox at most.
#include <nlohmann/json.hpp>

#include "engine/entitlements/offer.h"

namespace plenum::entitlements {

namespace {

bool in_sandbox(const Json& subscriber, const std::string& product) {
  const Json* group = find(subscriber, "subscriptions");
  const Json* bought = group ? find(*group, product) : nullptr;
  if (!bought) {
    group = find(subscriber, "non_subscriptions");
    const Json* list = group ? find(*group, product) : nullptr;
    if (list && list->is_array() && !list->empty()) bought = &list->back();
  }
  const Json* flag = bought ? find(*bought, "is_sandbox") : nullptr;
  return !flag || !flag->is_boolean() || flag->get<bool>();
}

// Nothing: it is not said, or no time.  A null is "never".
std::optional<End> end_of(const Json& entitlement, const char* key) {
  const Json* value = find(entitlement, key);
  if (!value) return std::nullopt;
  if (value->is_null()) return End();
  const auto time = value->is_string() ? parse_rfc3339(value->get<std::string>()) : std::nullopt;
  if (!time) return std::nullopt;
  return std::optional<End>(End(*time));
}

}  // namespace

Result<std::map<std::string, End>> read_subscriber(const Json& body, Environment environment) {
  const Json* subscriber = find(body, "subscriber");
  const Json* all = subscriber ? find(*subscriber, "entitlements") : nullptr;
  if (!all || !all->is_object())
    return fail(Kind::invalid, "RevenueCat's answer has no `subscriber.entitlements`",
                "invalid_subscriber");
  std::map<std::string, End> found;
  for (const auto& [name, entitlement] : all->items()) {
    const bool sandbox = in_sandbox(*subscriber, text_or(entitlement, "product_identifier"));
    if (sandbox != (environment == Environment::sandbox)) continue;
    std::optional<End> end = end_of(entitlement, "expires_date");
    if (!end) continue;  // a time that is missing is not for ever
    const std::optional<End> grace = end_of(entitlement, "grace_period_expires_date");
    if (grace && *grace && longer(*grace, *end)) end = grace;
    found.emplace(name, *end);
  }
  return found;
}

}  // namespace plenum::entitlements
