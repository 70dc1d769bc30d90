// http nodes' calls: what is sent, what comes back, what is never sent twice.
#include "engine/effects/call_http.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/effects/performing.h"
#include "tests/support/peer.h"

using namespace plenum;

namespace {

const char* const kSpellings[] = {
#include "tests/support/url_spellings.inc"
};

run::CallHttp call_to(std::string url, std::string method = "GET") {
  run::CallHttp call;
  call.method = std::move(method);
  call.url = std::move(url);
  call.local = call.url.starts_with("http://");
  return call;
}

run::CallHttp with(run::CallHttp call, app::Auth::How how, const char* secret,
                   const char* header = "") {
  call.auth = {how, secret, header};
  return call;
}

http::Response response(int status, std::string body, std::string type = "application/json") {
  return {status, {{"content-type", std::move(type)}}, std::move(body)};
}

std::string sent(const run::CallHttp& call) {
  const auto request = http_request(call, milliseconds(0), *known_secrets(), true);
  if (!request) return request.error().stable_code() + ": " + request.error().message;
  std::string text = request->method + " " + request->url;
  for (const auto& [name, value] : request->headers) text += " " + name + ": " + value;
  return text;
}

std::string read(const run::CallHttp& call, const http::Response& response) {
  const Result<Json> result = http_result(call, response, *known_secrets());
  if (result) return to_text(*result);
  const Error& error = result.error();
  return std::string(name(error.kind)) + "/" + error.code + "/" + std::to_string(error.status) +
         (error.retry_after ? " after " + std::to_string(error.retry_after->count()) : "") + ": " +
         error.message;
}

run::CallHttp to(const Peer& peer, std::string method = "GET") {
  run::CallHttp call = call_to(peer.url("/v1/things"), std::move(method));
  call.at_most_once = call.method != "GET";
  return call;
}

const std::string kJson =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: "
    "7\r\n\r\n{\"a\":1}";

}  // namespace

TEST_CASE("a secret becomes the header it is meant for", "[http]") {
  const run::CallHttp call = call_to("https://api.example.com/");
  using How = app::Auth::How;
  CHECK(sent(call) == "GET https://api.example.com/");
  CHECK(sent(with(call, How::bearer, "CRM_TOKEN")) ==
        "GET https://api.example.com/ Authorization: Bearer " + kToken);
  CHECK(sent(with(call, How::basic, "CRM_LOGIN")) ==
        "GET https://api.example.com/ Authorization: Basic YWRhOnBhc3Mgd29yZA==");
  CHECK(sent(with(call, How::header, "CRM_TOKEN", "X-API-Key")) ==
        "GET https://api.example.com/ X-API-Key: " + kToken);
  CHECK(sent(with(call, How::bearer, "OTHER")) == "secret_missing: the secret `OTHER` is not set");
}

TEST_CASE("a secret that is not set, or would break its header, is not loaded", "[http]") {
  const auto secrets = known_secrets();
  CHECK(secrets->load("OTHER").error().message == "the secret `OTHER` is not set");
  CHECK(secrets->load("BROKEN").error().kind == Kind::invalid);
  CHECK_FALSE(secrets->find("BROKEN"));
  CHECK_FALSE(Secrets(nullptr).load("CRM_TOKEN"));
}

TEST_CASE("no other spelling of a URL becomes a request, whatever the loader let through",
          "[http]") {
  for (const char* url : kSpellings) {
    CAPTURE(url);
    for (const bool local : {true, false}) {
      run::CallHttp call = call_to(url);
      call.local = local;
      CHECK_THAT(sent(call), Catch::StartsWith("address_denied: "));
    }
  }
}

TEST_CASE("this machine is called only where the operator allows it", "[http]") {
  const run::CallHttp call = call_to("http://127.0.0.1:8081/x");
  const auto request = http_request(call, milliseconds(0), *known_secrets(), false);
  REQUIRE_FALSE(request);
  CHECK(request.error().message ==
        "`http://127.0.0.1:8081` is on this machine, which only the setting "
        "`outbound.allow_local` allows, in development");
  CHECK(sent(call) == "GET http://127.0.0.1:8081/x");
  run::CallHttp changed = call;
  changed.local = false;
  CHECK_THAT(sent(changed), Catch::StartsWith("address_denied"));
}

TEST_CASE("an answer is its status, headers and body", "[http]") {
  const run::CallHttp call = call_to("https://api.example.com/");
  CHECK(
      read(call, response(201, R"({"a":[1,2.5,null]})")) ==
      R"({"status":201,"headers":{"content-type":"application/json"},"body":{"a":[1,2.5,null]}})");
  CHECK(
      read(call, response(200, "[1]", "application/problem+json; charset=utf-8")) ==
      R"({"status":200,"headers":{"content-type":"application/problem+json; charset=utf-8"},"body":[1]})");
  CHECK(read(call, response(200, "[1]", "text/plain")) ==
        R"({"status":200,"headers":{"content-type":"text/plain"},"body":"[1]"})");
  CHECK(read(call, {204, {}, ""}) == R"({"status":204,"headers":{},"body":null})");
  CHECK(read(call, response(200, "caf\xe9 \xff", "text/plain")) ==
        "{\"status\":200,\"headers\":{\"content-type\":\"text/plain\"},\"body\":\"caf\xef\xbf\xbd "
        "\xef\xbf\xbd\"}");
  CHECK(read(call, {200, {{"x-a", "1"}, {"x-a", "2"}, {"x-b", "\xff"}}, ""}) ==
        "{\"status\":200,\"headers\":{\"x-a\":\"1, 2\",\"x-b\":\"\xef\xbf\xbd\"},\"body\":null}");
}

TEST_CASE("JSON that cannot be read is the peer's fault, and asked for again", "[http]") {
  run::CallHttp call = call_to("https://api.example.com/");
  for (const std::string& body : {std::string("{"), std::string("<html>"), std::string(200, '['),
                                  std::string("{\"a\":\"\xff\"}")})
    CHECK(read(call, response(200, body)) ==
          "unavailable/http_body/502: `api.example.com` answered with JSON that cannot be read");
  call.at_most_once = true;  // it was acted on
  CHECK_THAT(read(call, response(200, "{")), Catch::StartsWith("invalid/http_body/502"));
}

TEST_CASE("an unexpected status is an error that repeats nothing of the answer", "[http]") {
  run::CallHttp call = call_to("https://api.example.com/secret-path");
  const auto kind = [&](int status) {
    const std::string text = read(call, response(status, R"({"error":"body of the peer"})"));
    CHECK(text.find("body of the peer") == std::string::npos);
    CHECK(text.find("secret-path") == std::string::npos);
    return text.substr(0, text.find(':'));
  };
  CHECK(
      read(call, response(404, "{}")) ==
      "invalid/http_status/502: `api.example.com` answered with the status 404; `expect` has 2xx");
  for (const int status : {300, 301, 302, 307, 400, 401, 403, 404, 409, 410, 422})
    CHECK(kind(status) == "invalid/http_status/502");
  for (const int status : {425, 500, 501, 502, 504, 520, 529})
    CHECK(kind(status) == "unavailable/http_status/502");
  CHECK(kind(503) == "unavailable/http_status/503");
  CHECK(kind(429) == "limited/http_status/503");
  CHECK(kind(408) == "timeout/http_status/502");
  CHECK_THAT(read(call, {429, {{"retry-after", "7"}}, ""}),
             Catch::StartsWith("limited/http_status/503 after 7000"));

  call.at_most_once = true;  // the peer may have acted before it answered so
  for (const int status : {404, 408, 429, 500, 503})
    CHECK(kind(status) == "invalid/http_status/502");

  call.expect.ranges = {{404, 404}, {300, 399}};
  CHECK_THAT(read(call, {404, {}, ""}), Catch::StartsWith("{\"status\":404"));
  CHECK_THAT(read(call, {302, {}, ""}), Catch::StartsWith("{\"status\":302"));
  CHECK_THAT(read(call, {200, {}, ""}), Catch::EndsWith("status 200; `expect` has 404, 3xx"));
}

TEST_CASE("a peer that sends the secret back does not put it into the run", "[http]") {
  using How = app::Auth::How;
  const run::CallHttp call = call_to("https://api.example.com/");
  const http::Response echo{200,
                            {{"content-type", "application/json"}, {"x-echo", "Bearer " + kToken}},
                            R"({"authorization":"Bearer )" + kToken + R"("})"};
  CHECK(read(with(call, How::bearer, "CRM_TOKEN"), echo).find(kToken) == std::string::npos);
  CHECK_THAT(read(with(call, How::bearer, "CRM_TOKEN"), echo),
             Catch::Contains(R"("authorization":"Bearer [secret CRM_TOKEN]")"));
  const std::string basic = read(with(call, How::basic, "CRM_LOGIN"),
                                 response(200, "YWRhOnBhc3Mgd29yZA== ada:pass word", "text/plain"));
  CHECK_THAT(basic, Catch::Contains("[secret CRM_LOGIN] [secret CRM_LOGIN]"));
}

TEST_CASE("a lost call is tried again only where the peer cannot act twice", "[http]") {
  const auto failed = [](bool at_most_once, Kind kind, std::string code) {
    run::CallHttp call = call_to("https://api.example.com/");
    call.at_most_once = at_most_once;
    const Error error = http_failure(call, Error{kind, "it broke", std::move(code), {}});
    return std::string(name(error.kind)) + "/" + error.code + "/" + std::to_string(error.status);
  };
  CHECK(failed(false, Kind::timeout, "") == "timeout//0");
  CHECK(failed(false, Kind::unavailable, "connection_lost") == "unavailable/connection_lost/0");
  CHECK(failed(true, Kind::timeout, "") == "conflict/ambiguous_effect/504");
  CHECK(failed(true, Kind::unavailable, "connection_lost") == "conflict/ambiguous_effect/502");
  CHECK(failed(true, Kind::unavailable, "connect_failed") == "unavailable/connect_failed/0");
  CHECK(failed(true, Kind::timeout, "connect_failed") == "timeout/connect_failed/0");
  CHECK(failed(true, Kind::unavailable, "cancelled") == "unavailable/cancelled/0");
  CHECK(failed(true, Kind::invalid, "response_too_large") == "invalid/response_too_large/502");
  CHECK(failed(false, Kind::denied, "address_denied") == "denied/address_denied/502");
  CHECK(failed(false, Kind::limited, "calls_waiting") == "limited/calls_waiting/503");
}

TEST_CASE("a call goes out with its secret and comes back as a value", "[http]") {
  Peer peer(answers(kJson));
  Bench bench;
  run::CallHttp call = with(to(peer, "POST"), app::Auth::How::bearer, "CRM_TOKEN");
  call.headers = {{"Content-Type", "application/json"}};
  call.body = "{}";
  CHECK(
      bench.ask(call) ==
      R"({"status":200,"headers":{"content-type":"application/json","x-a":"1, 2","content-length":"7"},"body":{"a":1}})");
  CHECK_THAT(peer.last(), Catch::StartsWith("POST /v1/things HTTP/1.1\r\n") &&
                              Catch::Contains("\r\nAuthorization: Bearer " + kToken + "\r\n") &&
                              Catch::EndsWith("\r\n\r\n{}"));
}

TEST_CASE("a write that was asked for before a crash is not sent again", "[http]") {
  Peer peer(answers(kJson));
  Bench bench;
  CHECK(bench.ask_again(to(peer, "POST")) == "conflict/ambiguous_effect/502");
  CHECK(peer.requests() == 0);
  CHECK_THAT(bench.ask_again(to(peer)), Catch::StartsWith("{\"status\":200"));
  run::CallHttp known = to(peer, "POST");
  known.at_most_once = false;  // it has an idempotency key
  CHECK_THAT(bench.ask_again(known), Catch::StartsWith("{\"status\":200"));
  CHECK(peer.requests() == 2);
}

TEST_CASE("a write whose connection dies is sent once", "[http]") {
  Peer peer([](Peer& self, int fd) { self.read_request(fd); });
  Bench bench;
  CHECK(bench.ask(to(peer, "POST")) == "conflict/ambiguous_effect/502");
  CHECK(peer.requests() == 1);
  CHECK(bench.ask(to(peer)) == "unavailable/connection_lost/0");
}

TEST_CASE("a write to nobody was not sent and may be tried again", "[http]") {
  std::string url;
  { url = Peer(answers(kJson)).url(); }
  Bench bench;
  run::CallHttp call = call_to(url, "POST");
  call.at_most_once = true;
  CHECK(bench.ask(call) == "unavailable/connect_failed/0");
}

TEST_CASE("an answer that is too large, in its body or its headers, is an error", "[http]") {
  Bench bench;
  Peer long_body(
      answers("HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n" + std::string(1048577, 'a')));
  CHECK(bench.ask(to(long_body)) == "invalid/response_too_large/502");
  std::string many = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 300; ++i) many += "X-" + std::to_string(i) + ": 1\r\n";
  Peer many_headers(answers(many + "Content-Length: 0\r\n\r\n"));
  CHECK(bench.ask(to(many_headers)) == "invalid/response_too_large/502");
  Peer long_header(answers("HTTP/1.1 200 OK\r\nX-A: " + std::string(70'000, 'a') +
                           "\r\nContent-Length: 0\r\n\r\n"));
  CHECK(bench.ask(to(long_header)) == "invalid/response_too_large/502");
}

TEST_CASE("a redirect is a status and leads nowhere", "[http]") {
  Peer other(answers(kJson));
  Peer peer(
      answers("HTTP/1.1 302 Found\r\nLocation: " + other.url() + "\r\nContent-Length: 0\r\n\r\n"));
  Bench bench;
  CHECK(bench.ask(to(peer)) == "invalid/http_status/502");
  run::CallHttp call = to(peer);
  call.expect.ranges = {{302, 302}};
  CHECK_THAT(bench.ask(call), Catch::StartsWith("{\"status\":302"));
  CHECK(other.connections == 0);
}

TEST_CASE("a call that is cancelled before it is sent is never sent", "[http]") {
  Peer peer(answers(kJson));
  Bench bench;
  // The client's thread is held until both the call and its cancellation wait for it.
  std::promise<void> released;
  bench.client->send({}, [held = released.get_future().share()](auto) { held.wait(); });
  auto story = bench.begin(Bench::performing(to(peer, "POST")), "ada", true);
  std::promise<void> asked;
  bench.post()([&asked] { asked.set_value(); });
  asked.get_future().wait();
  released.set_value();
  CHECK(Bench::story(story.get()) == "unavailable/cancelled/0");
  CHECK(peer.requests() == 0);
}

TEST_CASE("where this machine may not be called, nothing leaves", "[http]") {
  Peer peer(answers(kJson));
  Bench bench(false);
  CHECK(bench.ask(to(peer)) == "denied/address_denied/0");
  CHECK(peer.connections == 0);
}
