// Tokens that others made, with their verdicts: ../shared/reference/fixtures/auth.
#include "tests/auth/judging.h"
#include "tests/support/recorded.h"

using namespace plenum;
using namespace plenum::server::auth;
using namespace plenum::server::auth::test;

namespace {

Json recorded(const std::string& name) {
  return parse_json(plenum::test::recorded_text("auth/" + name), kOwnJson).value();
}

// What our rules say where the cases leave it to the verifier: Firebase's own, duplicates refused,
// at most 8 KiB, no other alphabet.
const char* expected(const Json& test) {
  const std::string expect = text_or(test, "expect");
  return expect == "accept" ? "accept" : "reject";
}

std::string judged(Judge& judge, const Json& test) {
  const std::string verdict = judge.verdict(text_or(test, "token"));
  const bool refused = verdict == "invalid_token" || verdict == "token_expired";
  return refused ? "reject" : verdict == "sign_in_unavailable" ? verdict : "accept";
}

}  // namespace

TEST_CASE("recorded tokens are judged as Firebase's rules say", "[auth]") {
  if (plenum::test::nothing_recorded()) return;
  const Json cases = recorded("jwt-cases.json"), keys = recorded("jwks.json");
  Issuer issuer = firebase("demo-project");
  issuer.skew = std::chrono::seconds(0);
  CHECK(issuer.url == text_or(cases, "issuer"));
  Judge judge(issuer);
  judge.server.at_once = [body = keys.dump()](const http::Request&) { return answer(body); };
  judge.clock.wall = cases.at("verify_at").get<Millis>() * 1000;
  int accepted = 0;
  for (const Json& test : cases.at("cases")) {
    if (!find(test, "token")) continue;  // built in the next case
    INFO(text_or(test, "name") << ": " << text_or(test, "why"));
    CHECK(judged(judge, test) == expected(test));
    accepted += judged(judge, test) == "accept";
    judge.clock.steady += 1000;
  }
  CHECK(accepted == 3);
}

TEST_CASE("recorded tokens that Firebase's rules refuse are others' good ones", "[auth]") {
  if (plenum::test::nothing_recorded()) return;
  const Json cases = recorded("jwt-cases.json"), keys = recorded("jwks.json");
  Issuer issuer = plain_issuer();
  issuer.url = text_or(cases, "issuer");
  issuer.audiences = {text_or(cases, "audience")};
  issuer.algorithms = {"RS256", "ES256"};
  Judge judge(issuer);
  judge.server.at_once = [body = keys.dump()](const http::Request&) { return answer(body); };
  judge.clock.wall = cases.at("verify_at").get<Millis>() * 1000;
  std::string accepted;
  for (const Json& test : cases.at("cases"))
    if (judged(judge, test) == "accept") accepted += text_or(test, "name") + " ";
  CHECK(accepted ==
        "valid valid-second-key valid-without-typ iat-future auth-time-future "
        "aud-array-with-ours sub-129-chars es256-with-ec-key ");

  issuer.skew = std::chrono::seconds(10);
  Judge late(issuer);
  late.server.at_once = judge.server.at_once;
  late.clock.wall = judge.clock.wall;
  for (const Json& test : cases.at("cases"))
    if (text_or(test, "name") == "valid-exp-within-skew") {
      CHECK(judged(judge, test) == "reject");
      CHECK(judged(late, test) == "reject");  // expired 10 s ago: no second less
      late.clock.wall -= 1;
      CHECK(judged(late, test) == "accept");
    }
}

TEST_CASE("a recorded issuer's configuration, keys and access token are understood", "[auth]") {
  if (plenum::test::nothing_recorded()) return;
  const Json provider = recorded("oidc-provider.json");
  Issuer issuer = plain_issuer();
  issuer.keys_url.clear();
  issuer.token_type = "at+jwt";
  KeyServer server;
  HandClock clock;
  size_t at = 0;
  server.at_once = [&](const http::Request&) {
    return answer(provider.at("exchanges").at(at++).at("response").at("body").dump());
  };
  const auto sign_in = SignIn::open(Issuers{{issuer}, {}}, server.world(clock));
  sign_in->warm();
  CHECK(server.urls ==
        std::vector<std::string>{"https://id.example.test/.well-known/openid-configuration",
                                 "https://id.example.test/jwks"});
  const Json header = provider.at("access_token_header");
  // Signed by another key than the issuer's, whose private half nobody recorded.
  CHECK(*ask(*sign_in, token(rsa_key(), header, provider.at("access_token_claims"))) ==
        "invalid_token");
  CHECK(server.urls.size() == 2);  // the key's id was known
}
