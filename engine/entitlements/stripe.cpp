// Stripe's events.  Each carries the whole subscription as it was then, so the newest one says it
// all; what a status is worth is decided here.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/entitlements/fact.h"

namespace plenum::entitlements {

namespace {

using Does = Fact::Does;

constexpr int64_t kLatest = 253'402'300'799;  // the end of the year 9999, in seconds

std::optional<Millis> seconds(const Json& object, std::string_view key) {
  const Json* value = find(object, key);
  if (!value || !value->is_number_integer()) return std::nullopt;
  const auto time = value->get<int64_t>();
  if (time < 0 || time > kLatest) return std::nullopt;
  return time * 1000;
}

const Json& member(const Json& object, std::string_view key) {
  static const Json kNone;
  const Json* value = find(object, key);
  return value ? *value : kNone;
}

// An id, or an object that has one.
std::string id_of(const Json& object, std::string_view key) {
  const Json& value = member(object, key);
  return value.is_string() ? value.get<std::string>() : text_or(value, "id");
}

void add(std::vector<std::string>& names, const std::string& name) {
  if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end())
    names.push_back(name);
}

void read_items(const Json& subscription, Fact& fact) {
  std::optional<Millis> end = seconds(subscription, "current_period_end");  // of older versions
  const Json& items = member(member(subscription, "items"), "data");
  if (items.is_array())
    for (const Json& item : items) {
      const Json& price = member(item, "price");
      add(fact.entitlements, text_or(price, "id"));
      add(fact.entitlements, text_or(price, "lookup_key"));
      add(fact.entitlements, id_of(price, "product"));
      const std::optional<Millis> item_end = seconds(item, "current_period_end");
      if (item_end && (!end || *item_end > *end)) end = item_end;
    }
  fact.end = end;
  if (!end) fact.fault = "it does not say when the paid period ends";
}

// Paid for, or being paid for while Stripe tries again.
bool gives_access(const std::string& status) {
  return status == "active" || status == "trialing" || status == "past_due";
}

void read_subscription(const Json& subscription, Fact& fact) {
  fact.purchase = text_or(subscription, "id");
  add(fact.customers, text_or(member(subscription, "metadata"), "app_user_id"));
  read_items(subscription, fact);
  const std::string status = text_or(subscription, "status");
  if (fact.type == "customer.subscription.deleted" || status == "canceled") {
    fact.does = Does::closes;
    fact.end = std::min(seconds(subscription, "ended_at").value_or(fact.at), fact.at);
    fact.fault.clear();
  } else if (gives_access(status)) {
    fact.does = Does::sets;
  } else {
    fact.does = Does::sets;
    fact.end = fact.at;
    fact.fault.clear();
  }
  if (fact.purchase.empty()) fact.fault = "it names no subscription";
}

// Whose subscription a checkout made; what it gives is told by the subscription's own events.
void read_checkout(const Json& session, Fact& fact) {
  fact.purchase = id_of(session, "subscription");
  add(fact.customers, text_or(session, "client_reference_id"));
  if (fact.purchase.empty() || fact.customers.empty()) return;
  fact.does = Does::informs;
  fact.end = 0;
}

// Changes nothing by itself: it does not say of which subscription.  Who is asked about this
// customer looks again.
void read_charge(const Json& charge, Fact& fact) {
  add(fact.customers, id_of(charge, "customer"));
}

bool is_subscription(const std::string& type) {
  return type == "customer.subscription.created" || type == "customer.subscription.updated" ||
         type == "customer.subscription.deleted" || type == "customer.subscription.paused" ||
         type == "customer.subscription.resumed";
}

}  // namespace

Result<Fact> read_stripe(const Json& body) {
  const std::optional<Millis> at = seconds(body, "created");
  const Json& object = member(member(body, "data"), "object");
  const Json& live = member(body, "livemode");
  if (!at || !object.is_object() || !live.is_boolean() || text_or(body, "id").empty() ||
      text_or(body, "type").empty())
    return fail(Kind::invalid,
                "the body is no event of Stripe: it needs id, type, created, livemode and "
                "data.object",
                "invalid_event");
  Fact fact;
  fact.id = text_or(body, "id");
  fact.type = text_or(body, "type");
  fact.at = *at;
  fact.environment = live.get<bool>() ? Environment::production : Environment::sandbox;
  if (is_subscription(fact.type))
    read_subscription(object, fact);
  else if (fact.type.starts_with("checkout.session."))
    read_checkout(object, fact);
  else if (fact.type == "charge.refunded")
    read_charge(object, fact);
  if (!fact.fault.empty()) fact.does = Does::nothing;
  return fact;
}

}  // namespace plenum::entitlements
