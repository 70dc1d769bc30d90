// RevenueCat's answer about a customer.
#include <catch2/catch.hpp>

#include "engine/entitlements/offer.h"
#include "tests/entitlements/events.h"

using namespace plenum;
using namespace plenum::entitlements;
using namespace plenum::testing;

namespace {

Json answer(const Json& entitlement, const Json& product) {
  return Json{{"subscriber",
               {{"entitlements", {{"pro", entitlement}}},
                {"subscriptions", {{"monthly", product}}},
                {"non_subscriptions", {{"life", {{{"is_sandbox", false}}}}}}}}};
}

const Json kReal{{"is_sandbox", false}}, kPretended{{"is_sandbox", true}};

std::string said(const Json& entitlement, const Json& product = kReal,
                 Environment where = Environment::production) {
  const auto read = read_subscriber(answer(entitlement, product), where);
  return read ? told(*read) : read.error().stable_code();
}

Json ends(const Json& end, const Json& grace = nullptr) {
  return Json{{"expires_date", end},
              {"grace_period_expires_date", grace},
              {"product_identifier", "monthly"}};
}

std::string at(double number) {
  return rfc3339(day(number));
}

}  // namespace

TEST_CASE("an entitlement ends with its period or its grace", "[entitlements]") {
  CHECK(said(ends(at(3))) == "pro until day 3");
  CHECK(said(ends(at(3), at(5))) == "pro until day 5");
  CHECK(said(ends(at(3), at(1))) == "pro until day 3");
  CHECK(said(ends(nullptr)) == "pro for ever");
  CHECK(said(ends(nullptr, at(5))) == "pro for ever");
}

TEST_CASE("a sandbox product opens the sandbox, an unknown one not more", "[entitlements]") {
  CHECK(said(ends(at(3)), kPretended) == "");
  CHECK(said(ends(at(3)), kPretended, Environment::sandbox) == "pro until day 3");
  CHECK(said(ends(at(3)), kReal, Environment::sandbox) == "");
  CHECK(said(ends(at(3)), Json::object()) == "");
  Json once = ends(nullptr);
  once["product_identifier"] = "life";
  CHECK(said(once) == "pro for ever");
  once["product_identifier"] = "other";
  CHECK(said(once) == "");
}

TEST_CASE("an end that is missing or no time is not for ever", "[entitlements]") {
  Json without = ends(nullptr);
  without.erase("expires_date");
  CHECK(said(without) == "");
  CHECK(said(ends("soon")) == "");
  CHECK(said(ends(17)) == "");
  for (const char* text :
       {"{}", "[]", "null", R"({"subscriber": {}})", R"({"subscriber": {"entitlements": []}})"})
    CHECK(read_subscriber(*parse_json(text), Environment::production).error().stable_code() ==
          "invalid_subscriber");
}
