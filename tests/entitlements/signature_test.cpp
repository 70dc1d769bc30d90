// Signatures of webhooks: what is good, and everything that must not pass for it.
#include "engine/entitlements/signature.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "engine/base/ids.h"
#include "engine/base/json.h"
#include "tests/support/recorded.h"

using namespace plenum;
using namespace plenum::entitlements;

namespace {

constexpr Millis kNow = 1'800'000'000'000;
const std::string kBody = R"({"id": "evt_1"})";

Keys keys(std::initializer_list<const char*> values) {
  Keys all;
  for (const char* value : values) all.emplace_back(std::string(value));
  return all;
}

std::string v1(const std::string& key, Millis seconds, const std::string& body = kBody) {
  return hmac_sha256_hex(key, std::to_string(seconds) + "." + body);
}

std::string header(Millis seconds, const std::string& key = "whsec_1") {
  return "t=" + std::to_string(seconds) + ",v1=" + v1(key, seconds);
}

bool good(const std::string& text, const std::string& body = kBody) {
  return is_signed(text, body, keys({"whsec_1"}), kNow);
}

std::string file(const std::string& name) {
  return test::recorded_text("subscriptions/" + name);
}

// "@name": the bytes of that file.
std::string body_of(const Json& sample) {
  const std::string body = sample["body"];
  return body.starts_with("@") ? file(body.substr(1)) : body;
}

}  // namespace

TEST_CASE("a body is signed by one of the keys, within five minutes", "[signature]") {
  constexpr Millis now = kNow / 1000;
  CHECK(good(header(now)));
  CHECK(good(header(now - 300)));
  CHECK(good(header(now + 300)));
  CHECK_FALSE(good(header(now - 301)));
  CHECK_FALSE(good(header(now + 301)));
  CHECK_FALSE(good(header(now, "whsec_2")));
  CHECK_FALSE(good(header(now), kBody + " "));
  CHECK_FALSE(good(header(now), ""));
  CHECK(is_signed(header(now, "whsec_2"), kBody, keys({"whsec_1", "whsec_2"}), kNow));
  CHECK_FALSE(is_signed(header(now), kBody, {}, kNow));
}

TEST_CASE("several signatures are one, other schemes none", "[signature]") {
  const std::string time = "t=1800000000", right = "v1=" + v1("whsec_1", 1'800'000'000),
                    wrong = "v1=" + std::string(64, '0');
  CHECK(good(time + "," + wrong + "," + right));
  CHECK(good(right + "," + time));
  CHECK(good(time + ",v0=abc," + right + ",later=1"));
  CHECK_FALSE(good(time + ",v0=" + right.substr(3)));
  CHECK_FALSE(good(time + ", " + right));
}

TEST_CASE("what is no signature is none", "[signature]") {
  const std::string right = ",v1=" + v1("whsec_1", 1'800'000'000);
  for (const std::string& text :
       {std::string(), std::string("t=1800000000"), right.substr(1), "t=" + right, "t=18e8" + right,
        "t=1800000000 " + right, "t=-1800000000" + right, "t=+1800000000" + right,
        "t=99999999999999999999" + right, "t=1800000000,t=1800000000" + right,
        std::string(",,,,=,"), std::string(100'000, ','), "t=1800000000,v1=" + right.substr(4, 32),
        "T=1800000000" + right})
    CHECK_FALSE(good(text));
  std::string capitals = right;
  for (char& c : capitals) c = static_cast<char>(toupper(static_cast<unsigned char>(c)));
  CHECK_FALSE(good("t=1800000000" + capitals));
}

TEST_CASE("no bit of a signed webhook can be changed", "[signature]") {
  const std::string signed_header = header(1'800'000'000);
  for (size_t at = 0; at < kBody.size() * 8; ++at) {
    std::string body = kBody;
    body[at / 8] = static_cast<char>(body[at / 8] ^ (1 << at % 8));
    REQUIRE_FALSE(good(signed_header, body));
  }
  for (size_t at = 0; at < signed_header.size() * 8; ++at) {
    std::string changed = signed_header;
    changed[at / 8] = static_cast<char>(changed[at / 8] ^ (1 << at % 8));
    REQUIRE_FALSE(good(changed));
  }
}

TEST_CASE("a value is one of the keys, whole", "[signature]") {
  const Keys known = keys({"Bearer one", "two"});
  CHECK(is_one_of("two", known));
  CHECK(is_one_of("Bearer one", known));
  for (const char* value : {"", "tw", "two ", "TWO", "Bearer", "Bearer one,two"})
    CHECK_FALSE(is_one_of(value, known));
  CHECK_FALSE(is_one_of("", {}));
}

TEST_CASE("the reference cases are judged as expected", "[signature][reference]") {
  if (test::nothing_recorded()) return;
  int judged = 0;
  for (const char* name : {"stripe-signature-cases.json", "revenuecat-signature-cases.json"}) {
    const Json all = Json::parse(file(name));
    for (const Json& sample : all["cases"]) {
      const std::string verdict = sample.value("stripe_sdk", sample.value("expect", ""));
      // The SDK takes any time to come; the rule is stricter.
      const bool expected = verdict == "accept" && sample["name"] != "future-timestamp";
      INFO(name << ": " << sample["name"]);
      CHECK(is_signed(sample["header"].get<std::string>(), body_of(sample),
                      keys({all["secret"].get<std::string>().c_str()}),
                      all["now"].get<Millis>() * 1000) == expected);
      ++judged;
    }
  }
  CHECK(judged == 29);
}
