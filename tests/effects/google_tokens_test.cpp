// A service account's key in place of an API key: what Google is asked for, how often, and what is
// said when it gives no token.
#include "engine/effects/google_tokens.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "engine/llm/provider.h"
#include "tests/effects/performing.h"
#include "tests/support/peer.h"

using namespace plenum;

namespace {

std::string pem_of(EVP_PKEY* key) {
  const std::shared_ptr<BIO> out(BIO_new(BIO_s_mem()), BIO_free);
  REQUIRE(PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<size_t>(size)};
}

const std::shared_ptr<EVP_PKEY>& rsa() {
  static const std::shared_ptr<EVP_PKEY> key(
      EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", size_t(2048)), EVP_PKEY_free);
  return key;
}

Json key_file(const std::string& token_uri) {
  return Json{{"type", "service_account"},
              {"client_email", "robot@p.iam.gserviceaccount.com"},
              {"private_key_id", "key-1"},
              {"private_key", pem_of(rsa().get())},
              {"token_uri", token_uri}};
}

std::string decoded(std::string text) {
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  const size_t padding = (4 - text.size() % 4) % 4;
  text.append(padding, '=');
  std::string bytes(text.size(), '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  REQUIRE(size >= 0);
  bytes.resize(static_cast<size_t>(size) - padding);
  return bytes;
}

bool is_signed(const std::string& token) {
  const size_t dot = token.rfind('.');
  const std::string text = token.substr(0, dot), signature = decoded(token.substr(dot + 1));
  const std::shared_ptr<EVP_MD_CTX> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, rsa().get());
  return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
                          text.size()) == 1;
}

std::string said(const std::string& file, bool local = false) {
  const auto account = ServiceAccount::read(file, local);
  if (!account) return account.error().code + ": " + account.error().message;
  const auto claim = account->claim(1'000'000);
  return claim ? "good" : claim.error().code + ": " + claim.error().message;
}

// Google's token endpoint and a model, at one address.
struct Google {
  Peer peer{[this](Peer& self, int fd) {
    while (self.read_request(fd)) {
      const std::string request = self.last();
      const bool token = request.starts_with("POST /token ");
      const std::string answer = token ? tokens(++asked, request) : model(request);
      if (answer.empty()) return;
      Peer::say(fd, answer);
    }
  }};
  static std::string answer(const std::string& status, const std::string& body) {
    return "HTTP/1.1 " + status +
           "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
  }
  static std::string fine() {
    return answer("200 OK", R"({"candidates": [{"content": {"parts": [{"text": "fine"}]}, )"
                            R"("finishReason": "STOP"}]})");
  }
  std::function<std::string(int, const std::string&)> tokens = [](int n, const std::string&) {
    return answer("200 OK", R"({"access_token": "ya29.t)" + std::to_string(n) +
                                R"(", "expires_in": 3599, "token_type": "Bearer"})");
  };
  std::function<std::string(const std::string&)> model = [](const std::string&) { return fine(); };
  std::atomic<int> asked = 0;
};

struct Desk {
  explicit Desk(Google& google, bool local = true)
      : bench(local, [&](Effects::Parts& parts) {
          parts.providers["gemini"] =
              llm::make_provider("gemini",
                                 {google.peer.url("/v1beta1/projects/p/locations/l"), "",
                                  to_text(key_file(google.peer.url("/token"))), true},
                                 "");
        }) {}
  std::future<Result<EffectReply>> begin() {
    auto model = std::make_shared<app::Model>();
    model->provider = "gemini";
    model->model = "gemini-3-flash-preview";
    run::CallModel call;
    call.model = model;
    call.turns.push_back({false, "Hi", {}});
    run::Perform what;
    what.path = "ask";
    what.key = "k";
    what.effect = std::move(call);
    return bench.begin(what);
  }
  std::string ask() {
    const auto reply = begin().get();
    return reply ? text_or(reply->result, "text")
                 : std::string(name(reply.error().kind)) + "/" + reply.error().code + ": " +
                       reply.error().message;
  }
  Bench bench;
};

}  // namespace

TEST_CASE("a claim is what Google wants, signed by the account", "[tokens]") {
  const auto account =
      ServiceAccount::read(to_text(key_file("https://oauth2.googleapis.com/token")), false);
  REQUIRE(account);
  const std::string claim = account->claim(1'700'000'000'999).value();
  CHECK(is_signed(claim));
  const size_t dot = claim.find('.');
  CHECK(decoded(claim.substr(0, dot)) == R"({"alg":"RS256","typ":"JWT","kid":"key-1"})");
  CHECK(decoded(claim.substr(dot + 1, claim.rfind('.') - dot - 1)) ==
        R"({"iss":"robot@p.iam.gserviceaccount.com",)"
        R"("scope":"https://www.googleapis.com/auth/cloud-platform",)"
        R"("aud":"https://oauth2.googleapis.com/token","iat":1700000000,"exp":1700003600})");
}

TEST_CASE("a key file that is none says what it lacks, and only Google is asked", "[tokens]") {
  const std::string google = "https://oauth2.googleapis.com/token";
  CHECK(said(to_text(key_file(google))) == "good");
  CHECK_THAT(said("{"), Catch::StartsWith("provider_auth") && Catch::Contains("no JSON object"));
  for (const char* key : {"client_email", "private_key", "token_uri"}) {
    Json file = key_file(google);
    file.erase(key);
    CHECK_THAT(said(to_text(file)), Catch::Contains("it has no `" + std::string(key) + "`"));
  }
  for (const char* uri :
       {"https://evil.example/token", "https://oauth2.googleapis.com.evil.example/token",
        "http://oauth2.googleapis.com/token", "https://oauth2.googleapis.com@evil.example/",
        "http://127.0.0.1:8081/token"})
    CHECK_THAT(said(to_text(key_file(uri))), Catch::Contains("`token_uri` is not at"));
  CHECK(said(to_text(key_file("http://127.0.0.1:8081/token")), true) == "good");
  Json file = key_file(google);
  for (const std::string& pem : {std::string("x"), std::string(), std::string("-----BEGIN RSA")}) {
    file["private_key"] = pem + " secret-words";
    CHECK_THAT(said(to_text(file)),
               Catch::Contains("no RSA key in PEM") && !Catch::Contains("secret-words"));
  }
  const std::shared_ptr<EVP_PKEY> ed(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free);
  file["private_key"] = pem_of(ed.get());
  CHECK_THAT(said(to_text(file)), Catch::Contains("no RSA key in PEM"));
}

TEST_CASE("a token is asked for once for all who wait, and anew before its end", "[tokens]") {
  Google google;
  std::promise<void> all_wait;
  google.tokens = [&, usual = google.tokens, wait = all_wait.get_future().share()](
                      int n, const std::string& request) {
    CHECK_THAT(request, Catch::Contains("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-"
                                        "bearer&assertion="));
    CHECK(is_signed(request.substr(request.find("assertion=") + 10)));
    wait.wait();
    return usual(n, request);
  };
  Desk desk(google);
  auto one = desk.begin(), two = desk.begin(), three = desk.begin();
  std::promise<void> begun;
  desk.bench.post()([&] { begun.set_value(); });
  begun.get_future().wait();
  all_wait.set_value();
  for (auto* call : {&one, &two, &three}) CHECK(call->get());
  CHECK(google.asked == 1);
  CHECK_THAT(google.peer.last(), Catch::Contains("authorization: Bearer ya29.t1\r\n") &&
                                     !Catch::Contains("PRIVATE KEY"));
  desk.bench.advance(3599'000 - 5 * 60'000 - 1);
  CHECK(desk.ask() == "fine");
  CHECK(google.asked == 1);
  desk.bench.advance(1);
  CHECK(desk.ask() == "fine");
  CHECK(google.asked == 2);
  CHECK_THAT(google.peer.last(), Catch::Contains("authorization: Bearer ya29.t2\r\n"));
}

TEST_CASE("what Google says of a bad key is told, and asked again only later", "[tokens]") {
  Google google;
  google.tokens = [](int, const std::string&) {
    return Google::answer("400 Bad", R"({"error": "invalid_grant", "error_description": "x"})");
  };
  Desk desk(google);
  CHECK_THAT(desk.ask(), Catch::StartsWith("denied/provider_auth: Google does not take the service "
                                           "account's key (invalid_grant)"));
  CHECK_THAT(desk.ask(), Catch::StartsWith("denied/provider_auth"));
  CHECK(google.asked == 1);
  desk.bench.advance(5'000);
  CHECK_THAT(desk.ask(), Catch::StartsWith("denied/provider_auth"));
  CHECK(google.asked == 2);
}

TEST_CASE("a token endpoint that is down is a failure that passes", "[tokens]") {
  const auto says = [](const std::string& answer) {
    Google google;
    google.tokens = [=](int, const std::string&) { return answer; };
    return Desk(google).ask();
  };
  CHECK_THAT(says(Google::answer("503 Down", "{}")),
             Catch::StartsWith("unavailable/provider_unavailable"));
  CHECK_THAT(says(Google::answer("429 Slow", "{}")), Catch::StartsWith("limited/"));
  CHECK_THAT(says(""), Catch::StartsWith("unavailable/"));
  CHECK_THAT(says(Google::answer("200 OK", "[]")),
             Catch::StartsWith("unavailable/provider_malformed"));
  CHECK_THAT(says(Google::answer("200 OK", R"({"access_token": "a\r\nX-Evil: 1"})")),
             Catch::StartsWith("unavailable/provider_malformed"));
}

TEST_CASE("a token that the provider refuses is not kept", "[tokens]") {
  Google google;
  google.model = [](const std::string& request) {
    if (request.find("ya29.t1") == std::string::npos) return Google::fine();
    return Google::answer("401 No", R"({"error": {"code": 401, "status": "UNAUTHENTICATED"}})");
  };
  Desk desk(google);
  CHECK_THAT(desk.ask(), Catch::StartsWith("denied/provider_auth"));
  CHECK(desk.ask() == "fine");
  CHECK(google.asked == 2);
}

TEST_CASE("an account's key is for Vertex AI, and on this machine only where that is allowed",
          "[tokens]") {
  Google google;
  CHECK_THAT(Desk(google, false).ask(), Catch::Contains("`token_uri` is not at"));
  CHECK(google.asked == 0);
  Bench bench(true, [&](Effects::Parts& parts) {
    parts.providers["gemini"] = llm::make_provider(
        "gemini", {google.peer.url(), "", to_text(key_file(google.peer.url("/token"))), true}, "");
  });
  auto model = std::make_shared<app::Model>();
  model->provider = "gemini";
  run::CallModel call;
  call.model = model;
  run::Perform what;
  what.effect = call;
  const auto reply = bench.begin(what).get();
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == "provider_auth");
  CHECK_THAT(reply.error().message, Catch::Contains("only Vertex AI takes"));
}
