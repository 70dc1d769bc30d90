// What each event of RevenueCat does to a purchase, alone and with others, in every order.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/entitlements/events.h"

using namespace plenum;
using namespace plenum::entitlements;
using namespace plenum::testing;

namespace {
Json with(Json a, const Json& b) {
  for (const auto& [key, value] : b.items()) a[key] = value;
  return a;
}

const Json kBought = revenuecat("e1", "INITIAL_PURCHASE", 0);
const Json kRenewed = revenuecat("e2", "RENEWAL", 30, until(60));

// The same in every order, and with everything told twice.
std::string whatever_the_order(std::vector<Json> bodies, const std::string& customer = "ada") {
  const std::string first = has(bodies, customer);
  std::sort(bodies.begin(), bodies.end());
  do {
    std::vector<Json> twice = bodies;
    twice.insert(twice.end(), bodies.begin(), bodies.end());
    if (has(bodies, customer) != first || has(twice, customer) != first) return "depends on order";
  } while (std::next_permutation(bodies.begin(), bodies.end()));
  return first;
}
}  // namespace

TEST_CASE("a purchase gives what was bought to who bought it, until its end", "[entitlements]") {
  CHECK(has({kBought}) == "pro until day 30");
  CHECK(has({kBought}, "bob") == "");
  CHECK(whatever_the_order({kBought, kRenewed}) == "pro until day 60");
  const End end = day(30);
  CHECK(lasts(end, day(30) - 1));
  CHECK_FALSE(lasts(end, day(30)));
  CHECK(lasts(std::nullopt, day(100'000)));
}

TEST_CASE("no event of cancelling takes away what is paid", "[entitlements]") {
  for (const char* type : {"CANCELLATION", "UNCANCELLATION", "SUBSCRIPTION_PAUSED",
                           "PRODUCT_CHANGE", "A_TYPE_OF_TOMORROW", "TEST", "INVOICE_ISSUANCE"})
    CHECK(whatever_the_order({kBought, revenuecat("e3", type, 5, until(5))}) == "pro until day 30");
}

TEST_CASE("an expiration ends, also when it comes late or names a later end", "[entitlements]") {
  CHECK(has({kBought, revenuecat("e3", "EXPIRATION", 30)}) == "pro until day 30");
  CHECK(whatever_the_order({kBought, revenuecat("e3", "EXPIRATION", 12)}) == "pro until day 12");
  // One that is older than a renewal says nothing about it; in the same millisecond neither.
  CHECK(whatever_the_order({kBought, kRenewed, revenuecat("e3", "EXPIRATION", 30)}) ==
        "pro until day 60");
}

TEST_CASE("a refund ends at once, and its reversal gives back", "[entitlements]") {
  const Json refund = revenuecat("e3", "CANCELLATION", 10,
                                 with(until(9.5), Json{{"cancel_reason", "CUSTOMER_SUPPORT"}}));
  const Json reversed = revenuecat("e4", "REFUND_REVERSED", 12);
  CHECK(whatever_the_order({kBought, refund}) == "pro until day 9.5");
  CHECK(whatever_the_order({kBought, refund, reversed}) == "pro until day 30");
  const Json life =
      revenuecat("e1", "NON_RENEWING_PURCHASE", 0, Json{{"expiration_at_ms", nullptr}});
  CHECK(has({life}) == "pro for ever");
  CHECK(whatever_the_order({life, refund}) == "pro until day 9.5");
  // Support that cancels without giving money back leaves the paid time.
  CHECK(has({kBought,
             revenuecat("e5", "CANCELLATION", 10, Json{{"cancel_reason", "CUSTOMER_SUPPORT"}})}) ==
        "pro until day 30");
}

TEST_CASE("a grace period goes on until it ends or something ends it", "[entitlements]") {
  const Json issue =
      revenuecat("e3", "BILLING_ISSUE", 30, Json{{"grace_period_expiration_at_ms", day(46)}});
  const Json cancelled =
      revenuecat("e4", "CANCELLATION", 30, Json{{"cancel_reason", "BILLING_ERROR"}});
  CHECK(whatever_the_order({kBought, issue, cancelled}) == "pro until day 46");
  CHECK(whatever_the_order({kBought, issue, revenuecat("e5", "RENEWAL", 35, until(40))}) ==
        "pro until day 40");
  CHECK(whatever_the_order({kBought, issue, cancelled, revenuecat("e5", "EXPIRATION", 46)}) ==
        "pro until day 30");
  CHECK(has({kBought, revenuecat("e3", "BILLING_ISSUE", 30,
                                 Json{{"grace_period_expiration_at_ms", nullptr}})}) ==
        "pro until day 30");
}

TEST_CASE("events that never came leave what the others say", "[entitlements]") {
  CHECK(has({revenuecat("e3", "CANCELLATION", 5)}) == "pro until day 30");
  CHECK(has({kRenewed}) == "pro until day 60");
  CHECK(has({revenuecat("e3", "EXPIRATION", 30)}) == "pro until day 30");
}

TEST_CASE("the product that was bought last counts, once it is bought", "[entitlements]") {
  const Json announced =
      revenuecat("e3", "PRODUCT_CHANGE", 10, Json{{"new_product_id", "gold_monthly"}});
  CHECK(has({kBought, announced}) == "pro until day 30");
  CHECK(whatever_the_order({kBought, announced,
                            revenuecat("e4", "RENEWAL", 30,
                                       with(until(60), Json{{"entitlement_ids", {"gold"}}}))}) ==
        "gold until day 60");
}

TEST_CASE("of several purchases the longest gives", "[entitlements]") {
  const Json year = revenuecat("e3", "INITIAL_PURCHASE", 3,
                               with(until(368), Json{{"original_transaction_id", "t2"}}));
  CHECK(whatever_the_order({kBought, year, revenuecat("e4", "EXPIRATION", 30)}) ==
        "pro until day 368");
}

TEST_CASE("ids that were named together are one customer", "[entitlements]") {
  const Json guest = revenuecat("e1", "INITIAL_PURCHASE", 0, Json{{"app_user_id", "guest-1"}});
  const Json known =
      revenuecat("e2", "RENEWAL", 30, with(until(60), Json{{"aliases", {"guest-1", "ada"}}}));
  CHECK(has({guest}) == "");
  CHECK(whatever_the_order({guest, known}) == "pro until day 60");
  CHECK(whatever_the_order({guest, known}, "guest-1") == "pro until day 60");
  CHECK(has({guest, known}, "bob") == "");
}

TEST_CASE("a transfer moves everything that is older than it", "[entitlements]") {
  const Json moved{{"event",
                    {{"id", "e5"},
                     {"type", "TRANSFER"},
                     {"event_timestamp_ms", day(10)},
                     {"environment", "PRODUCTION"},
                     {"transferred_from", {"ada"}},
                     {"transferred_to", {"bob"}}}}};
  CHECK(whatever_the_order({kBought, moved}) == "");
  CHECK(whatever_the_order({kBought, moved}, "bob") == "pro until day 30");
  const Json renewed =
      revenuecat("e2", "RENEWAL", 30, with(until(60), Json{{"app_user_id", "bob"}}));
  CHECK(whatever_the_order({kBought, moved, renewed}, "bob") == "pro until day 60");
  CHECK(whatever_the_order({kBought, moved, renewed}) == "");
  // What ada buys afterwards is hers.
  const Json again = revenuecat("e6", "INITIAL_PURCHASE", 20,
                                with(until(50), Json{{"original_transaction_id", "t2"}}));
  CHECK(whatever_the_order({kBought, moved, again}) == "pro until day 50");
  CHECK(whatever_the_order({kBought, moved, again}, "bob") == "pro until day 30");
}

TEST_CASE("a sandbox purchase opens the sandbox only", "[entitlements]") {
  const Json free = revenuecat("e1", "INITIAL_PURCHASE", 0, Json{{"environment", "SANDBOX"}});
  CHECK(has({free}) == "");
  CHECK(has({free}, "ada", Environment::sandbox) == "pro until day 30");
  CHECK(has({kBought}, "ada", Environment::sandbox) == "");
  Json unsaid = kBought;
  unsaid["event"].erase("environment");
  CHECK(has({unsaid}) == "");
}

TEST_CASE("what an event lacks opens nothing", "[entitlements]") {
  const auto without = [](const char* member) {
    Json body = kBought;
    body["event"].erase(member);
    return body;
  };
  CHECK(has({without("expiration_at_ms")}) == "");
  CHECK(read(without("expiration_at_ms")).fault == "it does not say when the purchase ends");
  CHECK(has({revenuecat("e1", "RENEWAL", 0, Json{{"expiration_at_ms", "soon"}})}) == "");
  CHECK(has({revenuecat("e1", "RENEWAL", 0, Json{{"expiration_at_ms", 1e300}})}) == "");
  CHECK(has({without("original_transaction_id")}) == "");
  CHECK(has({without("app_user_id")}) == "");
  CHECK(has({revenuecat("e1", "RENEWAL", 0, Json{{"entitlement_ids", nullptr}})}) == "");
}

TEST_CASE("what is no event is refused", "[entitlements]") {
  for (const char* text :
       {"{}", "[]", "null", "1", R"({"event": null})", R"({"event": {}})",
        R"({"event": {"id": "e", "type": "TEST"}})",
        R"({"event": {"id": "", "type": "TEST", "event_timestamp_ms": 1}})",
        R"({"event": {"id": "e", "type": 3, "event_timestamp_ms": 1}})",
        R"({"event": {"id": "e", "type": "TEST", "event_timestamp_ms": "1"}})"}) {
    const Result<Fact> fact = read_revenuecat(*parse_json(text));
    REQUIRE_FALSE(fact);
    CHECK(fact.error().stable_code() == "invalid_event");
  }
}
