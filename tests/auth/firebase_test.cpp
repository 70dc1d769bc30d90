// Firebase's own rules on top: what its ID tokens must say, and its other tokens, which sign in
// nobody.
#include "tests/auth/judging.h"

using namespace plenum;
using namespace plenum::server::auth;
using namespace plenum::server::auth::test;

namespace {

constexpr int64_t kNow = 1'790'000'000;

Json claims() {
  return Json{{"iss", "https://securetoken.google.com/demo-project"},
              {"aud", "demo-project"},
              {"auth_time", kNow - 1'000},
              {"user_id", "uid-1"},
              {"sub", "uid-1"},
              {"iat", kNow - 100},
              {"exp", kNow + 3'500},
              {"firebase", {{"sign_in_provider", "password"}, {"tenant", "tenant-1"}}}};
}

Json with(Json json, const char* key, Json value) {
  json[key] = std::move(value);
  return json;
}
Json without(Json json, const char* key) {
  json.erase(key);
  return json;
}

Judge judge_of(Issuer issuer = firebase("demo-project")) {
  return Judge(std::move(issuer), {rsa_key().published("one")});
}

std::string verdict(Judge& judge, const Json& said, const Json& header = good_header()) {
  return judge.verdict(token(rsa_key(), header, said));
}

}  // namespace

TEST_CASE("an ID token of the project signs in, a minute of skew included", "[auth]") {
  Judge judge = judge_of();
  CHECK(verdict(judge, claims()) == "uid-1");
  CHECK(verdict(judge, with(claims(), "iat", kNow + 59)) == "uid-1");
  CHECK(verdict(judge, with(claims(), "auth_time", kNow + 59)) == "uid-1");
  CHECK(verdict(judge, with(claims(), "exp", kNow - 59)) == "uid-1");
  CHECK(verdict(judge, with(claims(), "sub", std::string(128, 'u'))) == std::string(128, 'u'));
}

TEST_CASE("whatever breaks a rule of Firebase's signs in nobody", "[auth]") {
  Judge judge = judge_of();
  const std::pair<const char*, Json> forged[] = {
      {"another project", with(claims(), "aud", "other-project")},
      {"another project's issuer",
       with(claims(), "iss", "https://securetoken.google.com/other-project")},
      {"a list of audiences", with(claims(), "aud", Json::array({"demo-project"}))},
      {"a session cookie",
       with(claims(), "iss", "https://session.firebase.google.com/demo-project")},
      {"a custom token",
       with(claims(), "aud",
            "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1."
            "IdentityToolkit")},
      {"an App Check token", with(claims(), "iss", "https://firebaseappcheck.googleapis.com/1")},
      {"no iat", without(claims(), "iat")},
      {"iat to come", with(claims(), "iat", kNow + 61)},
      {"iat as text", with(claims(), "iat", "1789999900")},
      {"no auth_time", without(claims(), "auth_time")},
      {"auth_time to come", with(claims(), "auth_time", kNow + 61)},
      {"auth_time as text", with(claims(), "auth_time", "1789999000")},
      {"a subject too long", with(claims(), "sub", std::string(129, 'u'))},
      {"no subject", with(claims(), "sub", "")},
  };
  for (const auto& [name, said] : forged) {
    INFO(name);
    CHECK(verdict(judge, said) == "invalid_token");
  }
  CHECK(verdict(judge, with(claims(), "exp", kNow - 60)) == "token_expired");
  CHECK(verdict(judge, claims(), without(good_header(), "kid")) == "invalid_token");
  for (const char* algorithm : {"none", "HS256", "ES256", "RS512"})  // the emulator's is none
    CHECK(verdict(judge, claims(), with(good_header(), "alg", algorithm)) == "invalid_token");
}

TEST_CASE("a tenant that is named is the only one", "[auth]") {
  Issuer issuer = firebase("demo-project");
  issuer.tenant = "tenant-1";
  Judge judge = judge_of(issuer);
  CHECK(verdict(judge, claims()) == "uid-1");
  Json other = claims();
  other["firebase"]["tenant"] = "tenant-2";
  CHECK(verdict(judge, other) == "invalid_token");
  CHECK(verdict(judge, without(claims(), "firebase")) == "invalid_token");
}
