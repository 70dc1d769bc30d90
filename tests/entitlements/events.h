// Events as RevenueCat and Stripe send them, and what becomes of them, as short text.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/entitlements/entitlements.h"

namespace plenum::testing {

constexpr Millis kFirst = 1'800'000'000'000, kDay = 86'400'000;

inline Millis day(double number) {
  return kFirst + static_cast<Millis>(number * kDay);
}

// An event of the purchase t1 of ada, which gives "pro" until day 30.  `more` replaces members.
inline Json revenuecat(const std::string& id, const std::string& type, double on,
                       const Json& more = Json::object()) {
  Json event{{"id", id},
             {"type", type},
             {"event_timestamp_ms", day(on)},
             {"app_user_id", "ada"},
             {"environment", "PRODUCTION"},
             {"entitlement_ids", {"pro"}},
             {"product_id", "monthly"},
             {"original_transaction_id", "t1"},
             {"expiration_at_ms", day(30)}};
  for (const auto& [key, value] : more.items()) event[key] = value;
  return Json{{"api_version", "1.0"}, {"event", std::move(event)}};
}

inline Json until(double number) {
  return Json{{"expiration_at_ms", day(number)}};
}

// An event of the subscription sub_1 of ada, whose price_1 is paid until day 30.
inline Json stripe(const std::string& id, const std::string& type, double on,
                   const Json& more = Json::object()) {
  Json subscription{
      {"id", "sub_1"},
      {"object", "subscription"},
      {"status", "active"},
      {"customer", "cus_1"},
      {"metadata", {{"app_user_id", "ada"}}},
      {"items",
       {{"data",
         {{{"current_period_end", day(30) / 1000},
           {"price", {{"id", "price_1"}, {"product", "prod_1"}, {"lookup_key", "pro"}}}}}}}}};
  for (const auto& [key, value] : more.items()) subscription[key] = value;
  return Json{{"id", id},         {"object", "event"},
              {"type", type},     {"created", day(on) / 1000},
              {"livemode", true}, {"data", {{"object", std::move(subscription)}}}};
}

inline entitlements::Fact read(const Json& body) {
  const bool of_stripe = body.contains("livemode");
  Result<entitlements::Fact> fact =
      of_stripe ? entitlements::read_stripe(body) : entitlements::read_revenuecat(body);
  if (!fact) throw std::runtime_error(fact.error().message);
  return *fact;
}

inline std::vector<entitlements::Fact> read_all(const std::vector<Json>& bodies) {
  std::vector<entitlements::Fact> facts;
  for (const Json& body : bodies) facts.push_back(read(body));
  return facts;
}

// "gold until day 12.5, pro for ever"; "" when there is nothing.
inline std::string told(const std::map<std::string, entitlements::End>& all) {
  std::string text;
  for (const auto& [name, end] : all) {
    char number[32] = "";
    if (end) snprintf(number, sizeof number, "%g", static_cast<double>(*end - kFirst) / kDay);
    text += (text.empty() ? "" : ", ") + name +
            (end ? " until day " + std::string(number) : std::string(" for ever"));
  }
  return text;
}

inline std::string has(const std::vector<Json>& bodies, const std::string& customer = "ada",
                       entitlements::Environment where = entitlements::Environment::production) {
  return told(entitlements::entitlements_of(read_all(bodies), customer, where));
}

}  // namespace plenum::testing
