// Tokens that must not sign anybody in, each one step away from a good one.
#include "tests/auth/judging.h"

using namespace plenum;
using namespace plenum::server::auth;
using namespace plenum::server::auth::test;

namespace {

Json published() {
  Json key = rsa_key().published("one");
  key["alg"] = "RS256";
  return key;
}

Judge rsa_judge() {
  return Judge(plain_issuer(), {published(), other_rsa_key().published("two")});
}

Json with(Json json, const char* key, Json value) {
  json[key] = std::move(value);
  return json;
}
Json without(Json json, const char* key) {
  json.erase(key);
  return json;
}

std::string hmac(std::string_view key, const std::string& text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
  return std::string(reinterpret_cast<char*>(digest), size);
}

}  // namespace

TEST_CASE("a good token names its subject", "[auth]") {
  Judge judge = rsa_judge();
  CHECK(judge.verdict(token(rsa_key(), good_header(), good_claims())) == "ada");
  CHECK(judge.verdict(token(other_rsa_key(), good_header("RS256", "two"), good_claims())) == "ada");
  for (const char* type : {"JWT", "jwt", "at+jwt", "application/at+jwt"})
    CHECK(judge.verdict(token(rsa_key(), with(good_header(), "typ", type), good_claims())) ==
          "ada");
  CHECK(judge.verdict(token(rsa_key(), without(good_header(), "typ"), good_claims())) == "ada");
  const Json many = Json::array({"https://other.test", "https://api.example.test"});
  CHECK(judge.verdict(token(rsa_key(), good_header(), with(good_claims(), "aud", many))) == "ada");
  CHECK(judge.verdict(token(rsa_key(), good_header(), with(good_claims(), "exp", 1790000000.5))) ==
        "ada");
  CHECK(judge.server.urls.size() == 1);
}

TEST_CASE("claims that break a rule are refused", "[auth]") {
  Judge judge = rsa_judge();
  const Json good = good_claims();
  const std::pair<const char*, Json> forged[] = {
      {"no exp", without(good, "exp")},
      {"exp as text", with(good, "exp", "1790003500")},
      {"exp null", with(good, "exp", nullptr)},
      {"exp a list", with(good, "exp", Json::array({1790003500}))},
      {"nbf to come", with(good, "nbf", 1'790'000'001)},
      {"nbf as text", with(good, "nbf", "0")},
      {"iat as text", with(good, "iat", "now")},
      {"no iss", without(good, "iss")},
      {"another iss", with(good, "iss", "https://id.example.com")},
      {"iss with a slash", with(good, "iss", "https://id.example.test/")},
      {"iss in capitals", with(good, "iss", "https://ID.example.test")},
      {"iss a list", with(good, "iss", Json::array({"https://id.example.test"}))},
      {"no aud", without(good, "aud")},
      {"another aud", with(good, "aud", "https://api.example.com")},
      {"aud with more", with(good, "aud", "https://api.example.test.evil")},
      {"aud with less", with(good, "aud", "https://api.example")},
      {"aud a list of others", with(good, "aud", Json::array({"a", "b"}))},
      {"aud an empty list", with(good, "aud", Json::array())},
      {"aud in a list in a list",
       with(good, "aud", Json::array({Json::array({"https://api.example.test"})}))},
      {"no sub", without(good, "sub")},
      {"sub empty", with(good, "sub", "")},
      {"sub a number", with(good, "sub", 7)},
      {"sub too long", with(good, "sub", std::string(256, 'a'))},
  };
  for (const auto& [name, claims] : forged) {
    INFO(name);
    CHECK(judge.verdict(token(rsa_key(), good_header(), claims)) == "invalid_token");
  }
  for (const Json& exp : {Json(1'790'000'000), Json(1'789'999'999), Json(0), Json(-1e300)}) {
    INFO(exp);
    CHECK(judge.verdict(token(rsa_key(), good_header(), with(good, "exp", exp))) ==
          "token_expired");
  }
  CHECK(judge.server.urls.size() == 1);
}

TEST_CASE("numbers past every clock do not make a token last for ever", "[auth]") {
  Judge judge = rsa_judge();
  std::string claims = good_claims().dump();
  claims.replace(claims.find("1790003500"), 10, "1e400");
  CHECK(judge.verdict(token(rsa_key(), good_header().dump(), claims)) == "invalid_token");
}

TEST_CASE("headers that break a rule are refused", "[auth]") {
  Judge judge = rsa_judge();
  const Json good = good_header();
  const std::pair<const char*, Json> forged[] = {
      {"no alg", without(good, "alg")},
      {"alg empty", with(good, "alg", "")},
      {"alg a number", with(good, "alg", 256)},
      {"alg none", with(good, "alg", "none")},
      {"alg None", with(good, "alg", "None")},
      {"alg HS256", with(good, "alg", "HS256")},
      {"alg in small letters", with(good, "alg", "rs256")},
      {"alg of another strength", with(good, "alg", "RS512")},
      {"alg of another padding", with(good, "alg", "PS256")},
      {"an alg that was not configured", with(good, "alg", "ES256")},
      {"crit", with(good, "crit", Json::array({"exp"}))},
      {"crit empty", with(good, "crit", Json::array())},
      {"b64 false", with(good, "b64", false)},
      {"kid of another key", with(good, "kid", "two")},
      {"kid a number", with(good, "kid", 1)},
      {"kid empty", with(good, "kid", "")},
      {"kid too long", with(good, "kid", std::string(129, 'k'))},
      {"kid with a line feed", with(good, "kid", "one\n")},
      {"no kid, and two keys", without(good, "kid")},
      {"a token for signing out", with(good, "typ", "logout+jwt")},
      {"typ a number", with(good, "typ", 1)},
      {"a key brought along", with(without(good, "kid"), "jwk", rsa_key().published("x"))},
      {"a key's address brought along",
       with(with(good, "kid", "x"), "jku", "https://evil.test/keys")},
  };
  for (const auto& [name, header] : forged) {
    INFO(name);
    CHECK(judge.verdict(token(rsa_key(), header, good_claims())) == "invalid_token");
  }
  for (const char* algorithm :
       {"NONE", "nOnE", "none ", "HS384", "HS512", "RS384", "PS384", "PS512", "ES384", "ES512",
        "ES256K", "EdDSA", "Ed448", "RSA1_5", "RSA-OAEP", "dir", "RS256,none", "\u0000RS256"}) {
    INFO(algorithm);
    CHECK(judge.verdict(token(rsa_key(), with(good, "alg", algorithm), good_claims())) ==
          "invalid_token");
  }
  for (const std::string& url : judge.server.urls) CHECK(url == "https://id.example.test/keys");
}

TEST_CASE("signatures that are not the key's are refused", "[auth]") {
  Judge judge = rsa_judge();
  const std::string good = token(rsa_key(), good_header(), good_claims());
  const size_t dot = good.rfind('.');
  const std::string part = good.substr(0, dot + 1);
  const std::string signature = rsa_key().sign(part.substr(0, dot));
  std::string flipped = signature;
  flipped[100] = static_cast<char>(flipped[100] ^ 1);
  CHECK(judge.verdict(good) == "ada");
  const SigningKey stranger = SigningKey::rsa();
  const std::pair<const char*, std::string> forged[] = {
      {"none", part},
      {"a bit flipped", part + encoded(flipped)},
      {"cut", part + encoded(signature.substr(1))},
      {"longer", part + encoded(signature + '\0')},
      {"zeros", part + encoded(std::string(256, '\0'))},
      {"of a stranger", token(stranger, good_header(), good_claims())},
      {"SHA-512", part + encoded(rsa_key().sign_raw(part.substr(0, dot), EVP_sha512()))},
      {"over other claims", encoded(good_header().dump()) + "." +
                                encoded(with(good_claims(), "sub", "eve").dump()) + "." +
                                encoded(signature)},
      {"HMAC with the modulus",
       part + encoded(hmac(text_or(published(), "n"), part.substr(0, dot)))},
  };
  for (const auto& [name, text] : forged) {
    INFO(name);
    CHECK(judge.verdict(text) == "invalid_token");
  }
}

TEST_CASE("a public key is no secret for HMAC, whatever the header says", "[auth]") {
  Judge judge = rsa_judge();
  for (const std::string& secret : {published().dump(), text_or(published(), "n"), std::string()}) {
    const std::string part =
        encoded(with(good_header(), "alg", "HS256").dump()) + "." + encoded(good_claims().dump());
    CHECK(judge.verdict(part + "." + encoded(hmac(secret, part))) == "invalid_token");
  }
}

TEST_CASE("what is not three parts of strict base64url is refused", "[auth]") {
  Judge judge = rsa_judge();
  const std::string good = token(rsa_key(), good_header(), good_claims());
  const size_t first = good.find('.'), second = good.rfind('.');
  std::string other_bits = good;  // 256 bytes leave four bits over, which must be zero
  other_bits.back() = other_bits.back() == 'A' ? 'B' : static_cast<char>(other_bits.back() + 1);
  for (const std::string& text :
       {std::string(), std::string("."), std::string(".."), std::string("a.b.c"),
        good.substr(0, second), good + ".", good + ".a", " " + good, good + " ", good + "=",
        good.substr(0, first) + "=" + good.substr(first), other_bits,
        good.substr(0, first) + "\n" + good.substr(first), good + "A", std::string(100'000, 'a'),
        std::string(5'000, '.')}) {
    INFO(text.substr(0, 200));
    CHECK(judge.verdict(text) == "invalid_token");
  }
  for (const char* json : {"", "not json", "[]", "\"text\"", "null", "{\"alg\":\"RS256\"",
                           "{\"alg\":\"none\",\"alg\":\"RS256\",\"kid\":\"one\"}", "\xff{}"}) {
    INFO(json);
    CHECK(judge.verdict(token(rsa_key(), json, good_claims().dump())) == "invalid_token");
    CHECK(judge.verdict(token(rsa_key(), good_header().dump(), json)) == "invalid_token");
  }
  std::string twice = good_claims().dump();
  twice.insert(1, "\"sub\":\"eve\",");
  CHECK(judge.verdict(token(rsa_key(), good_header().dump(), twice)) == "invalid_token");
  std::string deep = good_claims().dump();
  deep.insert(1, "\"x\":" + std::string(60, '[') + std::string(60, ']') + ",");
  CHECK(judge.verdict(token(rsa_key(), good_header().dump(), deep)) == "invalid_token");
  CHECK(judge.verdict(
            token(rsa_key(), good_header(), with(good_claims(), "pad", std::string(9'000, 'x')))) ==
        "invalid_token");
}

TEST_CASE("the key's type decides what may be signed with it", "[auth]") {
  const SigningKey ec = SigningKey::p256(), ed = SigningKey::ed25519();
  Issuer issuer = plain_issuer();
  issuer.algorithms = {"RS256", "ES256", "EdDSA"};
  Judge judge(issuer, {published(), ec.published("ec"), ed.published("ed"), ec.published("other")});
  CHECK(judge.verdict(token(rsa_key(), good_header(), good_claims())) == "ada");
  CHECK(judge.verdict(token(ec, good_header("ES256", "ec"), good_claims())) == "ada");
  CHECK(judge.verdict(token(ed, good_header("EdDSA", "ed"), good_claims())) == "ada");

  CHECK(judge.verdict(token(ec, good_header("ES256", "one"), good_claims())) == "invalid_token");
  CHECK(judge.verdict(token(rsa_key(), good_header("RS256", "ec"), good_claims())) ==
        "invalid_token");
  CHECK(judge.verdict(token(ed, good_header("ES256", "ed"), good_claims())) == "invalid_token");
  CHECK(judge.verdict(token(ec, good_header("EdDSA", "ec"), good_claims())) == "invalid_token");
  const std::string part =
      encoded(good_header("ES256", "ec").dump()) + "." + encoded(good_claims().dump());
  CHECK(judge.verdict(part + "." + encoded(ec.sign_raw(part))) == "invalid_token");  // DER
  CHECK(judge.verdict(part + "." + encoded(std::string(64, '\0'))) == "invalid_token");
  CHECK(judge.verdict(part + "." + encoded(ec.sign(part).substr(0, 32) + std::string(32, '\0'))) ==
        "invalid_token");
}

TEST_CASE("a type of token that is configured is the only one", "[auth]") {
  Issuer issuer = plain_issuer();
  issuer.token_type = "at+jwt";
  Judge judge(issuer, {published()});
  const auto typed = [&](const Json& header) {
    return judge.verdict(token(rsa_key(), header, good_claims()));
  };
  CHECK(typed(with(good_header(), "typ", "at+jwt")) == "ada");
  CHECK(typed(with(good_header(), "typ", "application/AT+JWT")) == "ada");
  CHECK(typed(good_header()) == "invalid_token");
  CHECK(typed(without(good_header(), "typ")) == "invalid_token");
}

TEST_CASE("an app's issuers are its own, and their tokens open no other app", "[auth]") {
  Issuer staff = plain_issuer(), public_one = plain_issuer();
  public_one.url = "https://public.example.test";
  public_one.keys_url = "https://public.example.test/keys";
  KeyServer server;
  HandClock clock;
  server.at_once = [](const http::Request& request) {
    return answer(
        set_of({request.url.find("public") != std::string::npos ? other_rsa_key().published("one")
                                                                : rsa_key().published("one")}));
  };
  const auto sign_in = SignIn::open(
      Issuers{{public_one}, {{"backoffice", {staff}}, {"closed", {}}}}, server.world(clock));
  const std::string by_staff = token(rsa_key(), good_header(), good_claims());
  const std::string by_public = token(other_rsa_key(), good_header(),
                                      with(good_claims(), "iss", "https://public.example.test"));
  CHECK(*ask(*sign_in, by_staff, "backoffice") == "ada");
  CHECK(*ask(*sign_in, by_public, "shop") == "ada");
  CHECK(*ask(*sign_in, by_staff, "shop") == "invalid_token");
  CHECK(*ask(*sign_in, by_public, "backoffice") == "invalid_token");
  CHECK(*ask(*sign_in, by_public, "closed") == "invalid_token");
  CHECK_FALSE(sign_in->serves("closed"));
  // The other issuer's key under this one's name.
  CHECK(*ask(*sign_in, token(other_rsa_key(), good_header(), good_claims()), "backoffice") ==
        "invalid_token");
}

TEST_CASE("roles and the plan come from the claims that the operator names", "[auth]") {
  Issuer issuer = plain_issuer();
  issuer.roles_claim = "realm.roles";
  issuer.plan_claim = "https://example.test/plan";
  Judge judge(issuer, {published()});
  const auto signed_in = [&](const Json& claims) {
    std::string text;
    judge.sign_in->judge("app", token(rsa_key(), good_header(), claims),
                         [&](Result<Subject> subject) {
                           for (const std::string& role : subject.value().roles) text += role + " ";
                           text += "/" + subject->plan;
                         });
    return text;
  };
  CHECK(signed_in(good_claims()) == "/");
  CHECK(signed_in(with(with(good_claims(), "realm", {{"roles", {"editor", 7, "admin", ""}}}),
                       "https://example.test/plan", "pro")) == "editor admin /pro");
  CHECK(signed_in(with(good_claims(), "realm.roles", "editor  admin")) == "editor admin /");
  CHECK(signed_in(with(good_claims(), "https://example.test/plan", Json::array({"a", "b"}))) ==
        "/");
  CHECK(signed_in(with(good_claims(), "realm", "roles")) == "/");
}

TEST_CASE("what an operator may not configure is refused with the way out", "[auth]") {
  const auto wrong = [](const std::function<void(Issuer&)>& change) {
    Issuer issuer = plain_issuer();
    change(issuer);
    const Result<> checked = check(issuer);
    return checked ? std::string("fine") : checked.error().message;
  };
  CHECK(wrong([](Issuer&) {}) == "fine");
  CHECK(check(firebase("demo-project")));
  for (const char* url : {"http://127.0.0.1:9/x", "http://localhost:80", "http://[::1]:9"})
    CHECK(wrong([&](Issuer& issuer) { issuer.url = url; }) == "fine");
  for (const char* url :
       {"", "id.example.test", "http://id.example.test", "ftp://id.example.test", "https://",
        "http://127.0.0.1.evil.test", "http://localhost@evil.test", "https://a@evil.test",
        "https://a.test?x", "https://a.test/?x", "https://a.test#x", "https://a.test\\x",
        "https://a .test", "https:///x"}) {
    INFO(url);
    CHECK(wrong([&](Issuer& issuer) { issuer.url = url; }).find("must be an https://") !=
          std::string::npos);
  }
  CHECK(wrong([](Issuer& issuer) { issuer.audiences = {}; }).find("`audience`") !=
        std::string::npos);
  CHECK(wrong([](Issuer& issuer) { issuer.algorithms = {"HS256"}; }).find("RS256, ES256") !=
        std::string::npos);
  CHECK(wrong([](Issuer& issuer) { issuer.algorithms = {"none"}; }).find("none") !=
        std::string::npos);
  CHECK(wrong([](Issuer& issuer) { issuer.skew = std::chrono::seconds(61); }).find("0 to 60") !=
        std::string::npos);
}
