// What Stripe says of a subscription: its status, whose it is, until when it is paid.
#include <catch2/catch.hpp>

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
