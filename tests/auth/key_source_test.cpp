// Key servers that are slow, broken or hostile, and callers who would turn us against them.
#include "tests/auth/judging.h"

using namespace plenum;
using namespace plenum::server::auth;
using namespace plenum::server::auth::test;

namespace {

constexpr Millis kMinute = 60'000, kHour = 60 * kMinute;

std::string good_set() {
  return set_of({rsa_key().published("one")});
}
std::string rotated_set() {
  return set_of({rsa_key().published("one"), other_rsa_key().published("two")});
}
std::string ada(const std::string& id = "one", const SigningKey& key = rsa_key()) {
  Json claims = good_claims();
  claims["exp"] = 1'890'000'000;
  return token(key, good_header("RS256", id), claims);
}
tl::unexpected<Error> lost() {
  return fail(Kind::timeout, "nothing came in time");
}

// One issuer whose key server the test answers for.
struct Drill {
  explicit Drill(Issuer issuer = plain_issuer())
      : sign_in(SignIn::open(Issuers{{std::move(issuer)}, {}}, server.world(clock))) {}
  std::string verdict(const std::string& token) { return *ask(*sign_in, token); }
  size_t fetches() const { return server.urls.size(); }

  HandClock clock;
  KeyServer server;
  std::unique_ptr<SignIn> sign_in;
};

}  // namespace

TEST_CASE("the keys are fetched at start-up, once, and callers wait for them", "[auth]") {
  Drill drill;
  drill.sign_in->warm();
  drill.sign_in->warm();
  CHECK(drill.fetches() == 1);
  std::vector<std::shared_ptr<std::string>> verdicts;
  for (int i = 0; i < 50; ++i) verdicts.push_back(ask(*drill.sign_in, ada()));
  CHECK(*verdicts[49] == "…");
  CHECK(drill.fetches() == 1);
  drill.server.reply(answer(good_set()));
  for (const auto& verdict : verdicts) CHECK(*verdict == "ada");
  CHECK(drill.verdict(ada()) == "ada");
  CHECK(drill.fetches() == 1);
  CHECK(drill.server.last.max_response_bytes == 1 << 20);
  CHECK(drill.server.last.timeout <= std::chrono::seconds(10));
}

TEST_CASE("two hundred unknown key ids make one fetch", "[auth]") {
  Drill drill;
  drill.server.at_once = [](const http::Request&) { return answer(good_set()); };
  drill.sign_in->warm();
  CHECK(drill.fetches() == 1);
  for (int i = 0; i < 200; ++i)
    CHECK(drill.verdict(ada("random" + std::to_string(i))) == "invalid_token");
  CHECK(drill.fetches() == 2);
  drill.clock.pass(KeySource::kBetweenUnknown - 1);
  CHECK(drill.verdict(ada("random")) == "invalid_token");
  CHECK(drill.fetches() == 2);
  drill.clock.pass(1);
  for (int i = 0; i < 200; ++i) drill.verdict(ada("again" + std::to_string(i)));
  CHECK(drill.fetches() == 3);
}

TEST_CASE("two hundred unknown key ids at the same time wait for the same fetch", "[auth]") {
  Drill drill;
  drill.sign_in->warm();
  drill.server.reply(answer(good_set()));
  std::vector<std::shared_ptr<std::string>> verdicts;
  for (int i = 0; i < 200; ++i)
    verdicts.push_back(ask(*drill.sign_in, ada("random" + std::to_string(i))));
  const auto rotated = ask(*drill.sign_in, ada("two", other_rsa_key()));
  CHECK(drill.verdict(ada()) == "ada");  // whose key is known waits for nobody
  CHECK(drill.server.open.size() == 1);
  drill.server.reply(answer(rotated_set()));
  for (const auto& verdict : verdicts) CHECK(*verdict == "invalid_token");
  CHECK(*rotated == "ada");
  CHECK(drill.fetches() == 2);
}

TEST_CASE("a token that breaks a rule of its form asks nobody for keys", "[auth]") {
  Drill drill;
  Json none = good_header(), other = good_claims();
  none["alg"] = "none";
  other["iss"] = "https://evil.test";
  for (const std::string& text : {std::string("a.b.c"), token(rsa_key(), none, good_claims()),
                                  token(rsa_key(), good_header(), other)})
    CHECK(drill.verdict(text) == "invalid_token");
  CHECK(drill.fetches() == 0);
}

TEST_CASE("keys are kept as long as the issuer says, within bounds", "[auth]") {
  const std::tuple<const char*, http::Headers, Millis> cases[] = {
      {"nothing said", {}, kHour},
      {"ten minutes", {{"cache-control", "public, max-age=600, must-revalidate"}}, 10 * kMinute},
      {"no time at all", {{"cache-control", "max-age=0"}}, 5 * kMinute},
      {"a year", {{"cache-control", "max-age=31536000"}}, 24 * kHour},
      {"past every number", {{"cache-control", "max-age=99999999999999999999"}}, 24 * kHour},
      {"no number", {{"cache-control", "max-age=soon"}}, kHour},
      {"a negative one", {{"cache-control", "max-age=-5"}}, 5 * kMinute}};
  for (const auto& [name, headers, time] : cases) {
    INFO(name);
    Drill drill;
    drill.sign_in->warm();
    drill.server.reply(answer(good_set(), 200, headers));
    drill.clock.pass(time - 1);
    CHECK(drill.verdict(ada()) == "ada");
    CHECK(drill.fetches() == 1);
    drill.clock.pass(1);
    CHECK(drill.verdict(ada()) == "ada");  // with the old ones, while the new ones come
    CHECK(drill.verdict(ada()) == "ada");
    CHECK(drill.fetches() == 2);
  }
}

TEST_CASE("an issuer that says so keeps its keys, and one that does not takes them back",
          "[auth]") {
  Drill drill;
  drill.sign_in->warm();
  drill.server.reply(answer(good_set(), 200, {{"etag", "\"v1\""}}));
  drill.clock.pass(kHour);
  CHECK(drill.verdict(ada()) == "ada");
  REQUIRE(drill.server.last.headers.size() == 2);
  CHECK(drill.server.last.headers[1] ==
        std::pair<std::string, std::string>("If-None-Match", "\"v1\""));
  drill.server.reply(answer("", 304));
  drill.clock.pass(kHour - 1);
  CHECK(drill.verdict(ada()) == "ada");
  CHECK(drill.fetches() == 2);
  drill.clock.pass(1);
  CHECK(drill.verdict(ada()) == "ada");
  drill.server.reply(answer(set_of({other_rsa_key().published("two")})));
  const auto old = ask(*drill.sign_in, ada());
  drill.server.reply(answer(set_of({other_rsa_key().published("two")})));
  CHECK(*old == "invalid_token");
  CHECK(drill.verdict(ada("two", other_rsa_key())) == "ada");
}

TEST_CASE("whatever a key server answers, old keys go on being used for a day", "[auth]") {
  const std::pair<const char*, Result<http::Response>> failures[] = {
      {"nothing in time", lost()},
      {"too much", fail(Kind::invalid, "the response is too large", "response_too_large")},
      {"500", answer("{}", 500)},
      {"a redirect", answer("", 302, {{"location", "https://evil.test/keys"}})},
      {"HTML", answer("<html>Maintenance</html>")},
      {"no list", answer("{\"keys\": {}}")},
      {"an empty set", answer("{\"keys\": []}")},
      {"an empty body", answer("")},
      {"304 without a question", answer("", 304)},
      {"nothing usable", answer(set_of({Json{{"kty", "oct"}, {"k", "c2VjcmV0"}}}))}};
  for (const auto& [name, failure] : failures) {
    INFO(name);
    Drill drill;
    drill.server.at_once = [](const http::Request&) { return answer(good_set()); };
    drill.sign_in->warm();
    drill.server.at_once = [&failure = failure](const http::Request&) { return failure; };
    drill.clock.pass(kHour);
    CHECK(drill.verdict(ada()) == "ada");
    CHECK(drill.fetches() == 2);
    for (int i = 0; i < 20; ++i) CHECK(drill.verdict(ada()) == "ada");
    CHECK(drill.fetches() == 2);  // it is left in peace for a while
    drill.clock.pass(KeySource::kMostStale - 1);
    CHECK(drill.verdict(ada()) == "ada");
    drill.clock.pass(KeySource::kAfterFailure);
    CHECK(drill.verdict(ada()) == "sign_in_unavailable");

    drill.server.at_once = [](const http::Request&) { return answer(good_set()); };
    drill.clock.pass(KeySource::kAfterFailure);
    CHECK(drill.verdict(ada()) == "ada");
    for (const std::string& url : drill.server.urls) CHECK(url == plain_issuer().keys_url);
  }
}

TEST_CASE("when there never were keys nobody can tell, and says so", "[auth]") {
  Drill drill;
  const auto waits = ask(*drill.sign_in, ada());
  drill.server.reply(lost());
  CHECK(*waits == "sign_in_unavailable");
  CHECK(drill.verdict(ada()) == "sign_in_unavailable");
  CHECK(drill.fetches() == 1);
  drill.clock.pass(KeySource::kAfterFailure);
  const auto again = ask(*drill.sign_in, ada());
  drill.server.reply(answer(good_set()));
  CHECK(*again == "ada");
}

TEST_CASE("no more than some thousand callers wait", "[auth]") {
  Drill drill;
  const std::string token = ada();
  std::vector<std::shared_ptr<std::string>> verdicts;
  for (size_t i = 0; i < KeySource::kMostWaiting; ++i)
    verdicts.push_back(ask(*drill.sign_in, token));
  CHECK(*verdicts.back() == "…");
  CHECK(drill.verdict(token) == "sign_in_unavailable");
  drill.server.reply(lost());
  CHECK(*verdicts.back() == "sign_in_unavailable");
}

TEST_CASE("one broken key among good ones locks nobody out", "[auth]") {
  const SigningKey small = SigningKey::rsa(1024), ec = SigningKey::p256();
  const Json good = rsa_key().published("one");
  const auto spoiled = [&](const char* member, Json value) {
    Json key = good;
    key["kid"] = std::string("spoiled ") + member;
    key[member] = std::move(value);
    return key;
  };
  Json off_curve = ec.published("off curve");
  off_curve["y"] = encoded(std::string(32, '\1'));
  Json other_curve = ec.published("curve");
  other_curve["crv"] = "P-384";
  const std::vector<Json> broken = {nullptr,
                                    7,
                                    "text",
                                    Json::object(),
                                    Json::array(),
                                    spoiled("n", "!!!"),
                                    spoiled("n", ""),
                                    spoiled("n", 7),
                                    spoiled("e", ""),
                                    spoiled("e", encoded(std::string(1, '\1'))),
                                    spoiled("e", encoded("\2")),
                                    spoiled("use", "enc"),
                                    spoiled("alg", "RS512"),
                                    spoiled("alg", "ES256"),
                                    spoiled("key_ops", Json::array({"encrypt"})),
                                    spoiled("kty", "oct"),
                                    spoiled("kid", 7),
                                    spoiled("d", "c2VjcmV0"),
                                    spoiled("n", encoded(std::string(1200, '\xff'))),
                                    small.published("small"),
                                    off_curve,
                                    other_curve};
  Json all = broken;
  all.push_back(good);
  const Result<KeySet> set = KeySet::read(Json{{"keys", all}}.dump());
  REQUIRE(set);
  CHECK(set->size() == 1);
  const std::string one = "one";
  CHECK(set->find(&one, "RS256"));
  for (const Json& key : broken) {
    INFO(key);
    CHECK_FALSE(KeySet::read(set_of({key})));
  }
}

TEST_CASE("an id that two keys have names neither", "[auth]") {
  const SigningKey ec = SigningKey::p256();
  const KeySet set =
      KeySet::read(set_of({rsa_key().published("one"), ec.published("one"),
                           rsa_key().published("two"), other_rsa_key().published("two")}))
          .value();
  const std::string one = "one", two = "two";
  CHECK(set.find(&one, "RS256"));
  CHECK(set.find(&one, "ES256"));
  CHECK(set.find(nullptr, "ES256"));
  CHECK_FALSE(set.find(&two, "RS256"));
  CHECK_FALSE(set.find(nullptr, "RS256"));
  CHECK_FALSE(set.find(&one, "EdDSA"));
}

TEST_CASE("discovery believes no configuration of another issuer", "[auth]") {
  Issuer issuer = plain_issuer();
  issuer.keys_url.clear();
  const auto document = [](const std::string& of, const std::string& keys) {
    return Json{{"issuer", of}, {"jwks_uri", keys}}.dump();
  };
  const std::pair<std::string, bool> documents[] = {
      {document("https://id.example.test", "https://keys.example.test/k"), true},
      {document("https://id.example.test", "https://id.example.test/k"), true},
      {document("https://evil.test", "https://id.example.test/k"), false},
      {document("https://id.example.test/", "https://id.example.test/k"), false},
      {document("https://id.example.test", "http://id.example.test/k"), false},
      {document("https://id.example.test", "file:///etc/passwd"), false},
      {document("https://id.example.test", ""), false},
      {"[]", false},
      {"<html>", false}};
  for (const auto& [text, good] : documents) {
    INFO(text);
    Drill drill(issuer);
    drill.server.at_once = [&text = text](const http::Request& request) {
      return answer(request.url.ends_with("/openid-configuration") ? text : good_set());
    };
    CHECK(drill.verdict(ada()) == (good ? "ada" : "sign_in_unavailable"));
    CHECK(drill.fetches() == (good ? 2 : 1));
    // A place that the issuer names is on the public net, unless it is its own.
    if (good)
      CHECK(drill.server.last.trusted_destination ==
            (text.find("keys.example.test") == std::string::npos));
  }
}

TEST_CASE("the key set's place is looked up again after a failure", "[auth]") {
  Issuer issuer = plain_issuer();
  issuer.keys_url.clear();
  Drill drill(issuer);
  std::string place = "https://id.example.test/old";
  bool broken = false;
  drill.server.at_once = [&](const http::Request& request) -> Result<http::Response> {
    if (request.url.ends_with("/openid-configuration"))
      return answer(Json{{"issuer", issuer.url}, {"jwks_uri", place}}.dump());
    return broken ? Result<http::Response>(answer("", 404)) : answer(good_set());
  };
  drill.sign_in->warm();
  drill.clock.pass(kHour);
  CHECK(drill.verdict(ada()) == "ada");
  CHECK(drill.fetches() == 3);
  broken = true;
  drill.clock.pass(kHour);
  CHECK(drill.verdict(ada()) == "ada");
  broken = false;
  place = "https://id.example.test/new";
  drill.clock.pass(kMinute);
  CHECK(drill.verdict(ada()) == "ada");
  CHECK(drill.server.urls.back() == place);
}

TEST_CASE("a wall clock that jumps back neither ends keys nor keeps them", "[auth]") {
  Drill drill;
  drill.server.at_once = [](const http::Request&) { return answer(good_set()); };
  drill.sign_in->warm();
  drill.clock.wall -= 48 * kHour;
  CHECK(drill.verdict(ada()) == "ada");
  CHECK(drill.fetches() == 1);
  drill.clock.steady += kHour;
  CHECK(drill.verdict(ada()) == "ada");
  CHECK(drill.fetches() == 2);
  drill.clock.wall += 200'000 * kHour;
  CHECK(drill.verdict(ada()) == "token_expired");
  CHECK(drill.fetches() == 2);
}
