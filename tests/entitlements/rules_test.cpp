// What holds for any events: the result depends on their set alone.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <random>

#include "tests/entitlements/events.h"
#include "tests/support/recorded.h"

using namespace plenum;
using namespace plenum::entitlements;
using namespace plenum::testing;

namespace {

const std::string kSubscriptions = "subscriptions/";

template <typename T>
const T& one_of(const std::vector<T>& all, std::mt19937& random) {
  return all[random() % all.size()];
}

// Few people, purchases and days, so that events meet.
Json any_event(int number, std::mt19937& random) {
  static const std::vector<std::string> kTypes = {
      "INITIAL_PURCHASE", "RENEWAL",        "CANCELLATION",          "EXPIRATION",
      "BILLING_ISSUE",    "UNCANCELLATION", "SUBSCRIPTION_EXTENDED", "REFUND_REVERSED",
      "PRODUCT_CHANGE",   "TRANSFER",       "NON_RENEWING_PURCHASE", "SOMETHING_NEW"};
  static const std::vector<std::string> kPeople = {"ada", "bob", "eve"}, kNames = {"pro", "gold"};
  const auto on = [&] { return static_cast<double>(random() % 12); };
  Json more{{"app_user_id", one_of(kPeople, random)},
            {"original_transaction_id", "t" + std::to_string(random() % 3)},
            {"entitlement_ids", {one_of(kNames, random)}},
            {"environment", random() % 8 ? "PRODUCTION" : "SANDBOX"},
            {"transferred_from", {one_of(kPeople, random)}},
            {"transferred_to", {one_of(kPeople, random)}}};
  more["expiration_at_ms"] = random() % 9 ? Json(day(on())) : Json();
  if (random() % 2) more["grace_period_expiration_at_ms"] = day(on());
  if (random() % 2) more["cancel_reason"] = "CUSTOMER_SUPPORT";
  if (random() % 6 == 0) more["aliases"] = {one_of(kPeople, random)};
  return revenuecat("e" + std::to_string(number), one_of(kTypes, random), on(), more);
}

std::string of_all(const std::vector<Fact>& facts) {
  std::string text;
  for (const char* person : {"ada", "bob", "eve"})
    text += std::string(person) + ": " +
            told(entitlements_of(facts, person, Environment::production)) + "; ";
  return text;
}

Json fixture(const std::string& name) {
  return Json::parse(test::recorded_text(kSubscriptions + name));
}

}  // namespace

TEST_CASE("entitlements depend on the set of events alone", "[entitlements]") {
  for (unsigned seed = 0; seed < 2'000; ++seed) {
    std::mt19937 random(seed);
    std::vector<Fact> facts;
    for (int i = 0; i < 8; ++i) facts.push_back(read(any_event(i, random)));
    const std::string first = of_all(facts);
    for (int again = 0; again < 5; ++again) {
      facts.push_back(one_of(facts, random));
      std::shuffle(facts.begin(), facts.end(), random);
      INFO("seed " << seed);
      REQUIRE(of_all(facts) == first);
    }
  }
}

TEST_CASE("facts that were stored say the same", "[entitlements]") {
  for (unsigned seed = 0; seed < 500; ++seed) {
    std::mt19937 random(seed);
    const Fact fact = read(any_event(1, random));
    Fact kept = fact;
    if (kept.does != Fact::Does::moves) kept.from = kept.to = {};
    if (kept.does != Fact::Does::grace) kept.grace_end = 0;
    REQUIRE(fact_of(*parse_json(to_text(to_json(fact)))).value() == kept);
  }
  CHECK_FALSE(fact_of(Json::object()));
  CHECK_FALSE(fact_of(Json{{"end", nullptr}, {"does", 99}}));
}

TEST_CASE("the reference scenarios hold in every order", "[entitlements][reference]") {
  if (test::nothing_recorded()) return;
  int checks = 0;
  const Json told = fixture("entitlement-scenarios.json");
  for (const Json& scenario : told["scenarios"]) {
    const Json& arrivals = scenario["arrivals"];
    for (const Json& check : scenario["checks"]) {
      const size_t after = check.value("after_arrivals", arrivals.size());
      std::vector<Fact> facts;
      for (size_t i = 0; i < after; ++i) facts.push_back(read(Json{{"event", arrivals[i]}}));
      std::mt19937 random(7);
      for (int order = 0; order < 50; ++order) {
        const auto all = entitlements_of(facts, check["user"], Environment::production);
        const auto found = all.find(check["entitlement"]);
        const bool active =
            found != all.end() && lasts(found->second, check["at_ms"].get<Millis>());
        INFO(scenario["name"] << " at " << check["at_ms"] << " in order " << order);
        REQUIRE(active == check["active"].get<bool>());
        std::shuffle(facts.begin(), facts.end(), random);
      }
      ++checks;
    }
  }
  CHECK(checks == 52);
}

TEST_CASE("every sample event can be read", "[entitlements][reference]") {
  if (test::nothing_recorded()) return;
  int read_well = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(test::kRecorded + kSubscriptions + "revenuecat")) {
    const Fact fact = read(fixture("revenuecat/" + file.path().filename().string()));
    INFO(fact.type);
    CHECK(fact.fault == "");
    ++read_well;
  }
  CHECK(read_well == 19);
  const Fact fact = read(fixture("stripe-event.json"));
  CHECK(fact.customers == std::vector<std::string>{"user-123"});
  CHECK(fact.end == 1791592000000);
}

TEST_CASE("the best plan that lasts counts", "[entitlements]") {
  Plans plans;
  plans.order = {"free", "pro", "team"};
  plans.names = {{"price_1", "pro"}, {"com.shop.team", "team"}};
  plans.leeway = 1000;
  const auto held = plans_of({{"price_1", 5000}, {"com.shop.team", 2000}, {"coins", 9000}}, plans);
  CHECK(held == std::vector<Held>{{"team", 3000}, {"pro", 6000}});
  CHECK(best(held, plans, 2999) == "team");
  CHECK(best(held, plans, 3000) == "pro");
  CHECK(best(held, plans, 6000) == "");
  CHECK(best({{"granted", std::nullopt}, {"free", std::nullopt}}, plans, 0) == "free");
  CHECK(best({{"granted", std::nullopt}, {"free", std::nullopt}}, {}, 0) == "granted");
}
