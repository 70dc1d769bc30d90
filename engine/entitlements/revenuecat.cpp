// RevenueCat's events.  A purchase is its original transaction; a customer has several ids, of
// which any may be the one that our sign-in knows.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/entitlements/fact.h"

namespace plenum::entitlements {

namespace {

using Does = Fact::Does;

constexpr Millis kLatest = 253'402'300'799'999;  // the end of the year 9999

std::optional<Millis> time_of(const Json& event, std::string_view key) {
  const Json* value = find(event, key);
  if (!value || !value->is_number_integer()) return std::nullopt;
  const auto time = value->get<int64_t>();
  if (time < 0 || time > kLatest) return std::nullopt;
  return time;
}

void add_id(std::vector<std::string>& ids, const std::string& id) {
  if (!id.empty() && std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
}

std::vector<std::string> list_of(const Json& event, std::string_view key) {
  std::vector<std::string> ids;
  if (const Json* list = find(event, key); list && list->is_array())
    for (const Json& id : *list)
      if (id.is_string()) add_id(ids, id.get<std::string>());
  return ids;
}

std::vector<std::string> customers_of(const Json& event) {
  std::vector<std::string> ids;
  add_id(ids, text_or(event, "app_user_id"));
  add_id(ids, text_or(event, "original_app_user_id"));
  for (const std::string& alias : list_of(event, "aliases")) add_id(ids, alias);
  return ids;
}

std::vector<std::string> entitlements_in(const Json& event) {
  std::vector<std::string> names = list_of(event, "entitlement_ids");
  if (names.empty()) add_id(names, text_or(event, "entitlement_id"));
  return names;
}

// "The customer got money back" is said by a reason together with an end that is past already.
bool is_refund(const Json& event, Millis at) {
  const std::optional<Millis> end = time_of(event, "expiration_at_ms");
  return text_or(event, "cancel_reason") == "CUSTOMER_SUPPORT" && end && *end <= at;
}

Does does_of(const std::string& type, const Json& event, Millis at) {
  if (type == "INITIAL_PURCHASE" || type == "RENEWAL" || type == "NON_RENEWING_PURCHASE" ||
      type == "SUBSCRIPTION_EXTENDED" || type == "REFUND_REVERSED")
    return Does::sets;
  if (type == "EXPIRATION") return Does::ends;
  if (type == "CANCELLATION") return is_refund(event, at) ? Does::closes : Does::informs;
  if (type == "BILLING_ISSUE")
    return time_of(event, "grace_period_expiration_at_ms") ? Does::grace : Does::informs;
  if (type == "UNCANCELLATION" || type == "SUBSCRIPTION_PAUSED" || type == "PRODUCT_CHANGE")
    return Does::informs;
  return type == "TRANSFER" ? Does::moves : Does::nothing;
}

std::string fault_of(const Fact& fact, const Json& event) {
  if (fact.does == Does::nothing) return "";
  if (fact.does == Does::moves)
    return fact.from.empty() || fact.to.empty() ? "it does not say from whom to whom" : "";
  if (fact.purchase.empty()) return "it names no transaction";
  if (fact.customers.empty()) return "it names no customer";
  const Json* end = find(event, "expiration_at_ms");
  if (!end) return "it does not say when the purchase ends";
  if (!end->is_null() && !fact.end) return "its time of the end is no time";
  return "";
}

}  // namespace

Result<Fact> read_revenuecat(const Json& body) {
  const Json* event = find(body, "event");
  const std::optional<Millis> at = event ? time_of(*event, "event_timestamp_ms") : std::nullopt;
  if (!event || !at || text_or(*event, "id").empty() || text_or(*event, "type").empty())
    return fail(Kind::invalid,
                "the body is no event of RevenueCat: it needs `event` with id, type "
                "and event_timestamp_ms",
                "invalid_event");
  Fact fact;
  fact.id = text_or(*event, "id");
  fact.type = text_or(*event, "type");
  fact.at = *at;
  fact.environment = text_or(*event, "environment") == "PRODUCTION" ? Environment::production
                                                                    : Environment::sandbox;
  fact.does = does_of(fact.type, *event, fact.at);
  fact.purchase = text_or(*event, "original_transaction_id");
  if (fact.purchase.empty()) fact.purchase = text_or(*event, "transaction_id");
  fact.customers = customers_of(*event);
  fact.from = list_of(*event, "transferred_from");
  fact.to = list_of(*event, "transferred_to");
  fact.entitlements = entitlements_in(*event);
  fact.end = time_of(*event, "expiration_at_ms");
  fact.grace_end = time_of(*event, "grace_period_expiration_at_ms").value_or(0);
  fact.fault = fault_of(fact, *event);
  if (!fact.fault.empty()) fact.does = Does::nothing;
  return fact;
}

}  // namespace plenum::entitlements
