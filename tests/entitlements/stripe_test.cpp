// What Stripe says of a subscription: its status, whose it is, until when it is paid.
#include <catch2/catch.hpp>

#include "engine/entitlements/offer.h"
#include "tests/entitlements/events.h"

using namespace plenum;
using namespace plenum::entitlements;
using namespace plenum::testing;

namespace {
const std::string kUpdated = "customer.subscription.updated";

std::string all_until(const std::string& end) {
  return "price_1 until day " + end + ", pro until day " + end + ", prod_1 until day " + end;
}

Json checkout(const std::string& id, double on, const std::string& user) {
  return stripe(id, "checkout.session.completed", on,
                Json{{"id", "cs_1"}, {"subscription", "sub_1"}, {"client_reference_id", user}});
}
}  // namespace

TEST_CASE("a subscription gives its prices and products while it is paid", "[entitlements]") {
  const Json made = stripe("evt_1", "customer.subscription.created", 0);
  CHECK(has({made}) == all_until("30"));
  CHECK(has({made}, "bob") == "");
  for (const char* status : {"trialing", "past_due"})
    CHECK(has({made, stripe("evt_2", kUpdated, 5, Json{{"status", status}})}) == all_until("30"));
  for (const char* status : {"unpaid", "paused", "incomplete", "incomplete_expired", "new_one"})
    CHECK(has({made, stripe("evt_2", kUpdated, 5, Json{{"status", status}})}) == all_until("5"));
  CHECK(has({made, stripe("evt_2", kUpdated, 5, Json{{"cancel_at_period_end", true}})}) ==
        all_until("30"));
}

TEST_CASE("a deleted subscription is over, whatever else its second told", "[entitlements]") {
  const Json made = stripe("evt_1", "customer.subscription.created", 0);
  const Json deleted =
      stripe("evt_2", "customer.subscription.deleted", 5, Json{{"status", "canceled"}});
  const Json updated = stripe("evt_3", kUpdated, 5);
  CHECK(has({made, deleted, updated}) == all_until("5"));
  CHECK(has({updated, deleted, made}) == all_until("5"));
}

TEST_CASE("of two states told in one second the paid one counts", "[entitlements]") {
  const Json incomplete =
      stripe("evt_9", "customer.subscription.created", 0, Json{{"status", "incomplete"}});
  const Json active = stripe("evt_1", kUpdated, 0);
  CHECK(has({incomplete, active}) == all_until("30"));
  CHECK(has({active, incomplete}) == all_until("30"));
}

TEST_CASE("a checkout says whose a subscription is, before or after it", "[entitlements]") {
  const Json nobodys =
      stripe("evt_1", "customer.subscription.created", 1, Json{{"metadata", Json::object()}});
  CHECK(has({nobodys}) == "");
  CHECK(has({nobodys, checkout("evt_2", 1, "ada")}) == all_until("30"));
  CHECK(has({checkout("evt_2", 0, "ada"), nobodys}) == all_until("30"));
  CHECK(has({checkout("evt_2", 0, "ada")}) == "");
}

// Who pays may write any client_reference_id into a payment link.
TEST_CASE("a checkout joins no two users", "[entitlements]") {
  Json other = stripe("evt_3", "customer.subscription.created", 2, Json{{"id", "sub_2"}});
  const std::vector<Json> all{
      checkout("evt_2", 1, "eve"),
      stripe("evt_1", "customer.subscription.created", 0, Json{{"metadata", Json::object()}}),
      other};
  CHECK(has(all, "eve") == all_until("30"));
  CHECK(has(all, "ada") == all_until("30"));
  CHECK(has({other, checkout("evt_2", 1, "eve")}, "eve") == "");
}

TEST_CASE("a test mode subscription opens the sandbox only", "[entitlements]") {
  Json made = stripe("evt_1", "customer.subscription.created", 0);
  made["livemode"] = false;
  CHECK(has({made}) == "");
  CHECK(has({made}, "ada", Environment::sandbox) == all_until("30"));
}

TEST_CASE("what Stripe answers is newer than what it told", "[entitlements]") {
  const Json made = stripe("evt_1", "customer.subscription.created", 0);
  const auto asked = [&](double on, const Json& more) {
    Json subscription = made["data"]["object"];
    subscription["livemode"] = true;
    for (const auto& [key, value] : more.items()) subscription[key] = value;
    std::vector<Fact> facts = read_all({made});
    facts.push_back(read_stripe_subscription(subscription, day(on)).value());
    return told(entitlements_of(facts, "ada", Environment::production));
  };
  CHECK(asked(5, Json::object()) == all_until("30"));
  CHECK(asked(5, Json{{"status", "unpaid"}}) == all_until("5"));
  CHECK(asked(5, Json{{"status", "canceled"}, {"ended_at", day(4) / 1000}}) == all_until("4"));
  CHECK(asked(5, Json{{"latest_invoice", "in_1"}}) == all_until("30"));
  const auto invoice = [](const Json& charge) {
    return Json{{"latest_invoice", {{"id", "in_1"}, {"charge", charge}}}};
  };
  CHECK(asked(5, invoice(nullptr)) == all_until("30"));
  CHECK(asked(5, invoice("ch_1")) == all_until("30"));
  CHECK(asked(5, invoice(Json{{"refunded", false}, {"amount_refunded", 50}})) == all_until("30"));
  CHECK(asked(5, invoice(Json{{"refunded", true}})) == all_until("5"));
  // A test mode subscription, or one that does not say, opens nothing in production.
  CHECK(asked(5, Json{{"livemode", false}}) == all_until("30"));  // and closes nothing there
  for (const char* text : {"[]", "null", "{}", R"({"id": "sub_1", "object": "subscription"})",
                           R"({"error": {"type": "api_error"}})"}) {
    INFO(text);
    const auto fact = read_stripe_subscription(parse_json(text).value(), day(5));
    CHECK_FALSE(fact);
  }
}

TEST_CASE("a refund names who paid and changes nothing by itself", "[entitlements]") {
  const Fact refund =
      read(stripe("evt_2", "charge.refunded", 5, Json{{"object", "charge"}, {"refunded", true}}));
  CHECK(refund.does == Fact::Does::nothing);
  CHECK(refund.customers == std::vector<std::string>{"cus_1"});
  CHECK(has({stripe("evt_1", "customer.subscription.created", 0),
             stripe("evt_2", "charge.refunded", 5, Json{{"refunded", true}})}) == all_until("30"));
}

TEST_CASE("an older version's subscription carries its end itself", "[entitlements]") {
  const Json old = stripe("evt_1", kUpdated, 0,
                          Json{{"current_period_end", day(20) / 1000}, {"items", nullptr}});
  CHECK(read(old).end == day(20));
  CHECK(read(stripe("evt_1", kUpdated, 0, Json{{"items", nullptr}})).fault ==
        "it does not say when the paid period ends");
}

TEST_CASE("what is no event of Stripe is refused, and other types do nothing", "[entitlements]") {
  for (
      const char* text :
      {"{}", "[]", "null", R"({"id": "evt_1", "type": "x", "created": 1, "livemode": true})",
       R"({"id": "evt_1", "type": "x", "created": 1, "data": {"object": {}}})",
       R"({"id": "evt_1", "type": "x", "created": 1e99, "livemode": true, "data": {"object": {}}})"}) {
    const Result<Fact> fact = read_stripe(*parse_json(text));
    REQUIRE_FALSE(fact);
    CHECK(fact.error().stable_code() == "invalid_event");
  }
  CHECK(read(stripe("evt_1", "invoice.paid", 0)).does == Fact::Does::nothing);
}
