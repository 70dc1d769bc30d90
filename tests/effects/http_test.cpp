// The HTTP client against peers that behave, and against peers that do not.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <condition_variable>
#include <future>

#include "engine/effects/http/address.h"
#include "engine/effects/http/client.h"
#include "tests/support/peer.h"

using namespace plenum;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

const std::string kHello =
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Request-Id:  r1 \r\n\r\nhello";

http::Request to(const Peer& peer) {
  http::Request request;
  request.url = peer.url();
  request.trusted_destination = true;
  request.timeout = 20s;
  return request;
}

Result<http::Response> fetch(http::Client& client, http::Request request) {
  std::promise<Result<http::Response>> promise;
  client.send(std::move(request),
              [&](Result<http::Response> result) { promise.set_value(std::move(result)); });
  return promise.get_future().get();
}

// "timeout", "unavailable/connect_failed"
std::string story(const Result<http::Response>& result) {
  if (result) return std::to_string(result->status) + " " + result->body.substr(0, 60);
  return std::string(name(result.error().kind)) +
         (result.error().code.empty() ? "" : "/" + result.error().code);
}

milliseconds elapsed(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - since);
}

}  // namespace

TEST_CASE("a call sends what it was given and returns status, headers and body", "[http]") {
  Peer peer(answers(kHello));
  http::Client client;
  http::Request request = to(peer);
  request.url = peer.url("/v1/models/m:generate?x=1");
  request.headers = {{"content-type", "application/json"}, {"x-key", "abc"}, {"x-empty", ""}};
  request.body = R"({"a":1})";

  const auto reply = fetch(client, request);
  CHECK(story(reply) == "200 hello");
  REQUIRE(reply->header("x-request-id") != nullptr);
  CHECK(*reply->header("x-request-id") == "r1");
  CHECK(reply->header("X-Request-Id") == nullptr);
  const std::string seen = peer.last();
  CHECK(seen.rfind("POST /v1/models/m:generate?x=1 HTTP/1.1\r\n", 0) == 0);
  CHECK(seen.find("\r\nx-key: abc\r\n") != seen.npos);
  CHECK(seen.find("\r\nx-empty:\r\n") != seen.npos);
  CHECK(seen.find("\r\n\r\n{\"a\":1}") != seen.npos);
  CHECK(seen.find("Expect") == seen.npos);
  CHECK(seen.find("form-urlencoded") == seen.npos);
}

TEST_CASE("each method is sent as itself, one after the other on the same handle", "[http]") {
  Peer peer(answers("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  http::Client client;
  std::string lines;
  for (const char* method : {"POST", "GET", "PUT", "HEAD", "DELETE", "PATCH", "GET", "POST"}) {
    http::Request request = to(peer);
    request.method = method;
    if (std::string_view(method) == "PUT") request.body = "data";
    CHECK(story(fetch(client, request)) == "200 ");
    const std::string seen = peer.last();
    lines += seen.substr(0, seen.find(' ')) +
             (seen.find("Content-Length: 4\r\n") != seen.npos ? "(4) " : " ");
  }
  CHECK(lines == "POST GET PUT(4) HEAD DELETE PATCH GET POST ");
  CHECK(peer.connections == 1);
}

TEST_CASE("a status that is no success is a response, not an error", "[http]") {
  Peer peer(answers("HTTP/1.1 503 Busy\r\nContent-Length: 4\r\nRetry-After: 7\r\n\r\nbusy"));
  http::Client client;
  const auto reply = fetch(client, to(peer));
  CHECK(story(reply) == "503 busy");
  CHECK(*reply->header("retry-after") == "7");
}

TEST_CASE("an interim answer's headers are not the answer's", "[http]") {
  Peer peer(answers("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n" + kHello));
  http::Client client;
  const auto reply = fetch(client, to(peer));
  CHECK(story(reply) == "200 hello");
  CHECK(reply->header("x-early") == nullptr);
}

TEST_CASE("a redirect is not followed", "[http]") {
  Peer other(answers(kHello));
  Peer peer(
      answers("HTTP/1.1 302 Found\r\nLocation: " + other.url() + "\r\nContent-Length: 0\r\n\r\n"));
  http::Client client;
  CHECK(story(fetch(client, to(peer))) == "302 ");
  CHECK(other.connections == 0);
}

TEST_CASE("a cookie that a peer sets does not come back", "[http]") {
  Peer peer(answers("HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n"));
  http::Client client;
  fetch(client, to(peer));
  fetch(client, to(peer));
  CHECK(peer.last().find("ookie") == std::string::npos);
}

TEST_CASE("a proxy named in the environment is not used", "[http]") {
  Peer proxy(answers(kHello));
  Peer peer(answers(kHello));
  setenv("http_proxy", proxy.url().c_str(), 1);
  http::Client client;
  CHECK(story(fetch(client, to(peer))) == "200 hello");
  unsetenv("http_proxy");
  CHECK(proxy.connections == 0);
}

TEST_CASE("a peer that never answers is a timeout", "[http]") {
  Peer peer([](Peer& self, int fd) {
    self.read_request(fd);
    Peer::client_left(fd);
  });
  http::Client client;
  http::Request request = to(peer);
  request.timeout = 60ms;
  const auto start = std::chrono::steady_clock::now();
  const auto reply = fetch(client, request);
  CHECK(story(reply) == "timeout");
  CHECK(elapsed(start) < 5s);
  CHECK(reply.error().message.find("60 ms") != std::string::npos);
}

TEST_CASE("a peer that drips is a timeout, however busy it looks", "[http]") {
  Peer peer([](Peer& self, int fd) {
    self.read_request(fd);
    Peer::say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    while (!Peer::client_left(fd, 5ms)) Peer::say(fd, "x");
  });
  http::Client client;
  http::Request request = to(peer);
  request.timeout = 150ms;
  CHECK(story(fetch(client, request)) == "timeout");
}

TEST_CASE("an answer that begins and then stalls is given up long before its timeout", "[http]") {
  Peer peer([](Peer& self, int fd) {
    self.read_request(fd);
    Peer::say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nbegun");
    Peer::client_left(fd);
  });
  http::Client::Options options;
  options.stalled = 1s;
  http::Client client(options);
  const auto start = std::chrono::steady_clock::now();
  CHECK(story(fetch(client, to(peer))) == "timeout");
  CHECK(elapsed(start) < 10s);
}

TEST_CASE("a silent start is no stall: the timeout alone counts before the first byte", "[http]") {
  Peer peer([](Peer& self, int fd) {
    self.read_request(fd);
    if (!Peer::client_left(fd, 2500ms)) Peer::say(fd, kHello);
    Peer::client_left(fd);
  });
  http::Client::Options options;
  options.stalled = 1s;
  http::Client client(options);
  CHECK(story(fetch(client, to(peer))) == "200 hello");
}

TEST_CASE("an answer that may rest is waited for as long as its timeout allows", "[http]") {
  Peer peer([](Peer& self, int fd) {
    self.read_request(fd);
    Peer::say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
    if (!Peer::client_left(fd, 2500ms)) Peer::say(fd, "llo");
    Peer::client_left(fd);
  });
  http::Client::Options options;
  options.stalled = 1s;
  http::Client client(options);
  http::Request request = to(peer);
  request.may_rest = true;
  CHECK(story(fetch(client, request)) == "200 hello");
}

TEST_CASE("an answer cut in the middle of its body is unavailable", "[http]") {
  Peer peer([](Peer& self, int fd) {
    self.read_request(fd);
    Peer::say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of");
  });
  http::Client client;
  CHECK(story(fetch(client, to(peer))) == "unavailable/connection_lost");
}

TEST_CASE("a chunked answer without its last chunk is unavailable", "[http]") {
  Peer peer([](Peer& self, int fd) {
    self.read_request(fd);
    Peer::say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
  });
  http::Client client;
  CHECK(story(fetch(client, to(peer))) == "unavailable/connection_lost");
}

TEST_CASE("a peer that hangs up without a byte is unavailable, and may have acted", "[http]") {
  Peer peer([](Peer& self, int fd) { self.read_request(fd); });
  http::Client client;
  CHECK(story(fetch(client, to(peer))) == "unavailable/connection_lost");
}

TEST_CASE("garbage instead of a status line is unavailable", "[http]") {
  const std::string garbage = GENERATE(
      as<std::string>(), "\x16\x03\x01garbage\r\n\r\n", "hello there\r\n\r\n",
      "HTTP/9.9 banana\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
  Peer peer([&](Peer& self, int fd) {
    self.read_request(fd);
    Peer::say(fd, garbage);
  });
  http::Client client;
  CHECK(story(fetch(client, to(peer))) == "unavailable/connection_lost");
}

TEST_CASE("a body beyond the limit fails, announced or not", "[http]") {
  const bool announced = GENERATE(true, false);
  Peer peer([&](Peer& self, int fd) {
    self.read_request(fd);
    const std::string head = announced ? "Content-Length: 300000\r\n" : "Connection: close\r\n";
    Peer::say(fd, "HTTP/1.1 200 OK\r\n" + head + "\r\n" + std::string(300'000, 'x'));
  });
  http::Client client;
  http::Request request = to(peer);
  request.max_response_bytes = 200'000;
  const auto reply = fetch(client, request);
  CHECK(story(reply) == "invalid/response_too_large");
  CHECK(reply.error().message.find("200000") != std::string::npos);
  request.max_response_bytes = 300'000;
  CHECK(fetch(client, request).value().body.size() == 300'000);
}

TEST_CASE("a refused connection says that nothing was sent", "[http]") {
  int closed_port;
  {
    Peer peer(answers(kHello));
    closed_port = peer.port;
  }
  http::Client client;
  http::Request request;
  request.trusted_destination = true;
  request.url = "http://127.0.0.1:" + std::to_string(closed_port) + "/";
  CHECK(story(fetch(client, request)) == "unavailable/connect_failed");
}

TEST_CASE("a name that does not exist says that nothing was sent", "[http]") {
  http::Client client;
  http::Request request;
  request.url = "https://no-such-host.invalid/";
  request.timeout = 20s;
  const auto reply = fetch(client, request);
  CHECK(story(reply) == "unavailable/connect_failed");
  CHECK(reply.error().message.find("`no-such-host.invalid`") != std::string::npos);
}

TEST_CASE("connections are kept and used again", "[http]") {
  Peer peer(answers(kHello));
  http::Client client;
  for (int i = 0; i < 50; ++i) CHECK(story(fetch(client, to(peer))) == "200 hello");
  CHECK(peer.connections == 1);
}

TEST_CASE("500 calls at once are all answered, over no more connections than the host may have",
          "[http]") {
  Peer peer(answers(kHello));
  http::Client::Options options;
  options.connections_per_host = 16;
  http::Client client(options);
  std::mutex mutex;
  std::condition_variable all;
  int good = 0, answered = 0;
  for (int i = 0; i < 500; ++i) {
    client.send(to(peer), [&](Result<http::Response> result) {
      std::lock_guard lock(mutex);
      good += result && result->body == "hello";
      if (++answered == 500) all.notify_one();
    });
  }
  std::unique_lock lock(mutex);
  all.wait(lock, [&] { return answered == 500; });
  CHECK(good == 500);
  CHECK(peer.requests() == 500);
  CHECK(peer.connections <= 16);
}

TEST_CASE("a timeout begins when the call is admitted, not when it is sent", "[http]") {
  Peer peer([](Peer& self, int fd) {
    while (self.read_request(fd)) {
      if (Peer::client_left(fd, 120ms)) return;
      Peer::say(fd, kHello);
    }
  });
  http::Client::Options options;
  SECTION("one connection per host") {
    options.connections_per_host = 1;
  }
  SECTION("one call in flight") {
    options.in_flight = 1;
  }
  http::Client client(options);
  std::vector<std::future<std::string>> stories;
  for (int i = 0; i < 5; ++i) {
    auto promise = std::make_shared<std::promise<std::string>>();
    stories.push_back(promise->get_future());
    http::Request request = to(peer);
    request.timeout = 400ms;  // the last one waits longer than that in line
    client.send(request,
                [promise](Result<http::Response> result) { promise->set_value(story(result)); });
  }
  for (auto& one : stories) CHECK(one.get() == "200 hello");
}

TEST_CASE("a line that is too long refuses calls at once", "[http]") {
  Peer peer([](Peer& self, int fd) {
    self.read_request(fd);
    Peer::client_left(fd);
  });
  http::Client::Options options;
  options.connections_per_host = 1;
  options.waiting = 2;
  std::promise<std::string> refused;
  std::atomic<bool> told = false;
  std::atomic<int> cancelled = 0;
  {
    http::Client client(options);
    // One is admitted and two wait: whenever the admission comes, one of four finds no place.
    for (int i = 0; i < 4; ++i)
      client.send(to(peer), [&](Result<http::Response> result) {
        if (result.error().code == "cancelled")
          ++cancelled;
        else if (!told.exchange(true))
          refused.set_value(story(result));
      });
    CHECK(refused.get_future().get() == "limited/calls_waiting");
  }
  CHECK(cancelled >= 2);
}

TEST_CASE("a cancelled call is answered at once and closes its connection", "[http]") {
  std::promise<void> arrived, left;
  Peer peer([&](Peer& self, int fd) {
    self.read_request(fd);
    arrived.set_value();
    if (Peer::client_left(fd)) left.set_value();
  });
  http::Client client;
  std::promise<Result<http::Response>> answer;
  const uint64_t id = client.send(
      to(peer), [&](Result<http::Response> result) { answer.set_value(std::move(result)); });
  arrived.get_future().get();
  const auto start = std::chrono::steady_clock::now();
  client.cancel(id);
  CHECK(story(answer.get_future().get()) == "unavailable/cancelled");
  left.get_future().get();
  CHECK(elapsed(start) < 1s);
  client.cancel(id);
  client.cancel(999'999);
}

TEST_CASE("a call can be cancelled while it waits in line, and the next one takes its place",
          "[http]") {
  std::promise<void> release;
  auto released = release.get_future().share();
  Peer peer([&](Peer& self, int fd) {
    while (self.read_request(fd)) {
      released.wait();
      Peer::say(fd, kHello);
    }
  });
  http::Client::Options options;
  options.connections_per_host = 1;
  http::Client client(options);
  std::promise<std::string> stories[3];
  uint64_t ids[3];
  for (int i = 0; i < 3; ++i)
    ids[i] = client.send(
        to(peer), [&, i](Result<http::Response> result) { stories[i].set_value(story(result)); });
  client.cancel(ids[1]);
  CHECK(stories[1].get_future().get() == "unavailable/cancelled");
  release.set_value();
  CHECK(stories[0].get_future().get() == "200 hello");
  CHECK(stories[2].get_future().get() == "200 hello");
  CHECK(peer.requests() == 2);
}

TEST_CASE("cancelling at any moment answers every call exactly once", "[http]") {
  Peer peer(answers(kHello));
  std::atomic<int> answers_given = 0, strange = 0;
  {
    http::Client::Options options;
    options.connections_per_host = 8;
    http::Client client(options);
    std::vector<std::thread> senders;
    for (int t = 0; t < 4; ++t)
      senders.emplace_back([&, t] {
        for (int i = 0; i < 100; ++i) {
          const uint64_t id = client.send(to(peer), [&](Result<http::Response> result) {
            ++answers_given;
            const std::string told = story(result);
            if (told != "200 hello" && told != "unavailable/cancelled") ++strange;
          });
          if ((i + t) % 2) client.cancel(id);
        }
      });
    for (std::thread& sender : senders) sender.join();
  }
  CHECK(answers_given == 400);
  CHECK(strange == 0);
}

TEST_CASE("destruction answers all that is in flight or in line", "[http]") {
  Peer peer([](Peer& self, int fd) {
    self.read_request(fd);
    Peer::client_left(fd);
  });
  std::atomic<int> cancelled = 0;
  {
    http::Client::Options options;
    options.connections_per_host = 2;
    http::Client client(options);
    for (int i = 0; i < 10; ++i)
      client.send(to(peer), [&](Result<http::Response> result) {
        cancelled += story(result) == "unavailable/cancelled";
        // Whoever calls again from here is answered, too.
        if (cancelled == 10)
          client.send(to(peer), [&](Result<http::Response> again) {
            cancelled += story(again) == "unavailable/cancelled";
          });
      });
  }
  CHECK(cancelled == 11);
}

TEST_CASE("a callback may send the next call", "[http]") {
  Peer peer(answers(kHello));
  http::Client client;
  std::promise<int> end;
  int round = 0;
  std::function<void(Result<http::Response>)> next = [&](Result<http::Response> result) {
    if (!result || ++round == 20) return end.set_value(round);
    client.send(to(peer), next);
  };
  client.send(to(peer), next);
  CHECK(end.get_future().get() == 20);
  CHECK(peer.connections == 1);
}

// Answers the first request of a connection, then takes the second and hangs up without a word: to
// the client this looks like a kept connection that had died.
Peer::Behaviour dies_on_second_request() {
  return [](Peer& self, int fd) {
    if (self.read_request(fd)) Peer::say(fd, kHello);
    self.read_request(fd);
  };
}

TEST_CASE("a request on a kept connection that dies is sent again", "[http]") {
  Peer peer(dies_on_second_request());
  http::Client client;
  CHECK(story(fetch(client, to(peer))) == "200 hello");
  CHECK(story(fetch(client, to(peer))) == "200 hello");
  CHECK(peer.requests() == 3);
}

TEST_CASE("a request that may go out once only does not, and its outcome is unknown", "[http]") {
  Peer peer(dies_on_second_request());
  http::Client client;
  CHECK(story(fetch(client, to(peer))) == "200 hello");
  http::Request request = to(peer);
  request.at_most_once = true;
  CHECK(story(fetch(client, request)) == "unavailable/connection_lost");
  CHECK(peer.requests() == 2);
}

TEST_CASE("a request that would become another one is not sent", "[http]") {
  Peer peer(answers(kHello));
  http::Client client;
  http::Request request = to(peer);
  std::string secret = "s3cret";
  SECTION("line break in a header") {
    request.headers = {{"x-key", secret + "\r\nHost: other"}};
  }
  SECTION("NUL in a header") {
    request.headers = {{"x-key", secret + std::string(1, '\0')}};
  }
  SECTION("strange header name") {
    request.headers = {{"x key", secret}};
  }
  SECTION("line break in the URL") {
    request.url += "a\r\nb" + secret;
  }
  SECTION("space in the URL") {
    request.url += "a b" + secret;
  }
  SECTION("strange method") {
    request.method = "GET /" + secret;
  }
  SECTION("no scheme") {
    request.url = "127.0.0.1/" + secret;
  }
  SECTION("another scheme") {
    request.url = "file:///etc/" + secret;
  }
  SECTION("a user in the URL") {
    request.url = "http://user:" + secret + "@127.0.0.1/";
  }
  SECTION("no host") {
    request.url = "http:///" + secret;
  }
  SECTION("a port that is none") {
    request.url = "http://127.0.0.1:99999999/" + secret;
  }
  const auto reply = fetch(client, request);
  CHECK(story(reply) == "invalid");
  CHECK(reply.error().message.find(secret) == std::string::npos);
  CHECK(peer.connections == 0);
}

TEST_CASE("an app reaches no address of our own network, however it is spelt", "[http]") {
  Peer peer(answers(kHello), "0.0.0.0");
  http::Client client;
  const std::string port = ":" + std::to_string(peer.port) + "/";
  for (const char* host : {"127.0.0.1",
                           "localhost",
                           "LOCALHOST",
                           "127.1",
                           "127.0.1",
                           "0x7f000001",
                           "0x7f.0.0.1",
                           "2130706433",
                           "017700000001",
                           "0177.0.0.1",
                           "0",
                           "0.0.0.0",
                           "127.255.255.254",
                           "[::1]",
                           "[::]",
                           "[::ffff:127.0.0.1]",
                           "[::ffff:7f00:1]",
                           "[0:0:0:0:0:ffff:127.0.0.1]",
                           "127.0.0.1.",
                           "localhost.",
                           "10.0.0.1",
                           "169.254.169.254",
                           "[fe80::1]",
                           "[fc00::1]",
                           "[64:ff9b::7f00:1]"}) {
    http::Request request;
    request.url = "https://" + std::string(host) + port;
    request.timeout = 5s;
    const auto reply = fetch(client, request);
    INFO(host << ": " << (reply ? "answered" : reply.error().message));
    REQUIRE(!reply);
    // Some spellings no resolver knows: those lead nowhere, too.
    CHECK((story(reply) == "denied/address_denied" ||
           story(reply) == "unavailable/connect_failed" || story(reply) == "invalid"));
  }
  CHECK(peer.connections == 0);
}

TEST_CASE("an app's call without TLS is denied before anything is resolved", "[http]") {
  Peer peer(answers(kHello));
  http::Client client;
  http::Request request = to(peer);
  request.trusted_destination = false;
  CHECK(story(fetch(client, request)) == "denied/address_denied");
  CHECK(peer.connections == 0);
}

TEST_CASE("only global unicast addresses are public", "[http]") {
  const std::vector<std::pair<const char*, bool>> table = {
      {"8.8.8.8", true},
      {"1.1.1.1", true},
      {"0.0.0.0", false},
      {"0.255.255.255", false},
      {"1.0.0.0", true},
      {"9.255.255.255", true},
      {"10.0.0.0", false},
      {"10.255.255.255", false},
      {"11.0.0.0", true},
      {"100.63.255.255", true},
      {"100.64.0.0", false},
      {"100.127.255.255", false},
      {"100.128.0.0", true},
      {"126.255.255.255", true},
      {"127.0.0.1", false},
      {"127.255.255.255", false},
      {"128.0.0.0", true},
      {"168.63.129.15", true},
      {"168.63.129.16", false},
      {"168.63.129.17", true},
      {"169.253.255.255", true},
      {"169.254.169.254", false},
      {"169.255.0.0", true},
      {"172.15.255.255", true},
      {"172.16.0.0", false},
      {"172.31.255.255", false},
      {"172.32.0.0", true},
      {"191.255.255.255", true},
      {"192.0.0.0", false},
      {"192.0.0.255", false},
      {"192.0.1.0", true},
      {"192.0.2.1", false},
      {"192.0.3.0", true},
      {"192.88.98.255", true},
      {"192.88.99.1", false},
      {"192.88.100.0", true},
      {"192.167.255.255", true},
      {"192.168.0.0", false},
      {"192.168.255.255", false},
      {"192.169.0.0", true},
      {"198.17.255.255", true},
      {"198.18.0.0", false},
      {"198.19.255.255", false},
      {"198.20.0.0", true},
      {"198.51.99.255", true},
      {"198.51.100.7", false},
      {"198.51.101.0", true},
      {"203.0.112.255", true},
      {"203.0.113.1", false},
      {"203.0.114.0", true},
      {"223.255.255.255", true},
      {"224.0.0.1", false},
      {"239.255.255.255", false},
      {"240.0.0.0", false},
      {"255.255.255.255", false},
      {"::", false},
      {"::1", false},
      {"::7f00:1", false},
      {"::ffff:8.8.8.8", true},
      {"::ffff:10.0.0.1", false},
      {"::ffff:127.0.0.1", false},
      {"::ffff:169.254.169.254", false},
      {"::ffff:0:8.8.8.8", false},
      {"64:ff9b::8.8.8.8", false},
      {"64:ff9b:1::1", false},
      {"100::1", false},
      {"1fff:ffff::", false},
      {"2000::1", true},
      {"2001::1", false},
      {"2001:1ff:ffff::1", false},
      {"2001:200::1", true},
      {"2001:db7:ffff::1", true},
      {"2001:db8::1", false},
      {"2001:db8:ffff::1", false},
      {"2001:db9::1", true},
      {"2001:4860:4860::8888", true},
      {"2002::1", false},
      {"2002:7f00:1::", false},
      {"2003::1", true},
      {"2606:4700::1111", true},
      {"3ffe:ffff::1", true},
      {"3fff::1", false},
      {"3fff:fff:ffff::1", false},
      {"3fff:1000::1", true},
      {"4000::1", false},
      {"5f00::1", false},
      {"fc00::1", false},
      {"fd12:3456::1", false},
      {"fe80::1", false},
      {"fe80::1%eth0", false},
      {"fec0::1", false},
      {"ff02::1", false},
      {"ffff:ffff::", false},
      {"", false},
      {"localhost", false},
      {"8.8.8", false},
      {"8.8.8.8 ", false},
      {"/run/socket", false},
  };
  for (const auto& [address, expected] : table) {
    INFO(address);
    CHECK(http::is_global_unicast(address) == expected);
  }
  sockaddr local = {};
  local.sa_family = AF_UNIX;
  CHECK_FALSE(http::is_global_unicast(&local));
}
