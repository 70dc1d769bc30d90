// A sign-in whose key server is a function.
#pragma once

#include <spdlog/spdlog.h>

#include <deque>

#include "server/auth/sign_in.h"
#include "tests/auth/signing.h"

namespace plenum::server::auth::test {

// The wall clock and the other one, moved apart.
class HandClock final : public Clock {
 public:
  Millis wall = 1'790'000'000'000, steady = 1'000'000;
  Millis now() const override { return wall; }
  Millis monotonic() const override { return steady; }
  void pass(Millis time) {
    wall += time;
    steady += time;
  }
};

inline http::Response answer(std::string body, int status = 200, http::Headers headers = {}) {
  http::Response response;
  response.status = status;
  response.headers = std::move(headers);
  response.body = std::move(body);
  return response;
}

// Takes requests and keeps them until the test answers.
class KeyServer {
 public:
  World world(const Clock& clock) {
    spdlog::set_level(spdlog::level::off);  // failures are what is tested
    return {&clock, [this](http::Request request, http::Done done) {
              urls.push_back(request.url);
              last = request;
              if (at_once)
                done(at_once(request));
              else
                open.push_back(std::move(done));
            }};
  }
  void reply(Result<http::Response> response) {
    REQUIRE(!open.empty());
    const http::Done done = std::move(open.front());
    open.pop_front();
    done(std::move(response));
  }

  std::function<Result<http::Response>(const http::Request&)> at_once;  // unset: reply() does
  std::vector<std::string> urls;
  http::Request last;
  std::deque<http::Done> open;
};

inline std::string set_of(const std::vector<Json>& keys) {
  return Json{{"keys", keys}}.dump();
}

// "ada", or the error's code; "…" while nothing is known.
inline std::string said(const Result<Subject>& subject) {
  return subject ? subject->subject : subject.error().code;
}
inline std::shared_ptr<std::string> ask(SignIn& sign_in, const std::string& token,
                                        const std::string& app = "app") {
  auto verdict = std::make_shared<std::string>("…");
  sign_in.judge(app, token, [verdict](Result<Subject> subject) {
    CHECK(*verdict == "…");  // once
    *verdict = said(subject);
  });
  return verdict;
}

// An issuer with keys at hand, and good tokens to be spoiled.
struct Judge {
  explicit Judge(Issuer issuer = plain_issuer(), std::vector<Json> keys = {}) {
    server.at_once = [body = set_of(keys)](const http::Request&) { return answer(body); };
    sign_in = SignIn::open(Issuers{{std::move(issuer)}, {}}, server.world(clock));
  }
  std::string verdict(const std::string& token) { return *ask(*sign_in, token); }

  HandClock clock;
  KeyServer server;
  std::unique_ptr<SignIn> sign_in;
};

inline Json good_header(const std::string& algorithm = "RS256", const std::string& id = "one") {
  return Json{{"alg", algorithm}, {"kid", id}, {"typ", "JWT"}};
}
inline Json good_claims() {
  return Json{{"iss", "https://id.example.test"},
              {"aud", "https://api.example.test"},
              {"sub", "ada"},
              {"iat", 1'789'999'900},
              {"exp", 1'790'003'500}};
}

// Made once: RSA keys take a while.
inline const SigningKey& rsa_key() {
  static const SigningKey key = SigningKey::rsa();
  return key;
}
inline const SigningKey& other_rsa_key() {
  static const SigningKey key = SigningKey::rsa();
  return key;
}

}  // namespace plenum::server::auth::test
