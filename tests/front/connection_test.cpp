// One connection on a socket pair, without Pistache: every cut of the input must give the same
// answers.
#include "server/front/connection.h"

#include <fcntl.h>

#include "tests/front/client.h"

using namespace plenum::front;
using namespace plenum::front::test;

namespace {

struct Wire {
  explicit Wire(std::function<void(Request, Reply)> handle = answer_echo, Options with = options())
      : hub(std::make_shared<Hub>(with, Handler{nullptr, std::move(handle), nullptr})) {
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    client = std::make_unique<Client>(pair[1]);
    connection = std::make_shared<Connection>(hub, pair[0], "test");
  }
  ~Wire() { connection->close(); }

  // All answers, with the dates taken out: they may differ.
  std::string answers() {
    connection->close();
    std::string text = client->read_all();
    for (size_t at = 0; (at = text.find("Date: ", at)) != std::string::npos;)
      text.erase(at, text.find("\r\n", at) + 2 - at);
    return text;
  }

  std::shared_ptr<Hub> hub;
  std::unique_ptr<Client> client;
  std::shared_ptr<Connection> connection;
};

std::string answers(std::initializer_list<std::string_view> pieces) {
  Wire wire;
  for (const std::string_view piece : pieces) wire.connection->feed(piece);
  return wire.answers();
}

const char* const kSeeds[] = {
    "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
    "POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
    "chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\n",
    "POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nA: b\r\n\r\n"
    "GET /next HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na"
    "GET /3 HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
    "HEAD /h HTTP/1.1\r\nHost: x\r\n\r\nGET /g HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /old HTTP/1.0\r\n\r\nGET /never HTTP/1.0\r\n\r\n",
    "GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET /never HTTP/1.1\r\nHost: x\r\n\r\n",
    "\r\nGET http://x/abs HTTP/1.1\r\nhost: X\r\n\r\n",
    "GET /ok HTTP/1.1\r\nHost: x\r\n\r\nGET /bad HTTP/1.1\r\nHost : x\r\n\r\nGET /never "
    "HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: "
    "chunked\r\n\r\n0\r\n\r\n",
    "POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n",
    "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\nGET /never HTTP/1.1\r\nHost: "
    "x\r\n\r\n",
    "PUT /q?x=%20+y HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\nDELETE /q HTTP/1.1\r\nHost: "
    "x\r\n\r\n"};

}  // namespace

TEST_CASE("every cut of a request gives the same answers", "[front]") {
  for (const std::string_view seed : kSeeds) {
    INFO(seed);
    const std::string whole = answers({seed});
    CHECK(whole.find("HTTP/1.1 ") == 0);
    CHECK(whole.find("/never") == std::string::npos);
    for (size_t cut = 1; cut < seed.size(); ++cut) {
      INFO("cut at " << cut);
      REQUIRE(answers({seed.substr(0, cut), seed.substr(cut)}) == whole);
    }
    Wire drip;
    for (const char c : seed) drip.connection->feed(std::string_view(&c, 1));
    CHECK(drip.answers() == whole);
  }
}

TEST_CASE("every pair of cuts of a pipelined chunked request gives the same answers", "[front]") {
  const std::string_view seed = kSeeds[3];
  const std::string whole = answers({seed});
  for (size_t a = 1; a < seed.size(); a += 2)
    for (size_t b = a + 1; b < seed.size(); b += 3)
      REQUIRE(answers({seed.substr(0, a), seed.substr(a, b - a), seed.substr(b)}) == whole);
}

TEST_CASE("input that waits for an answer is bounded", "[front]") {
  std::vector<Reply> parked;
  Wire wire([&](Request, Reply reply) { parked.push_back(reply); });
  wire.hub->start();
  bool gone = false;
  wire.connection->feed("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  REQUIRE(parked.size() == 1);
  parked[0].on_gone([&] { gone = true; });
  wire.connection->feed(std::string(64 << 10, 'x'));
  CHECK_FALSE(gone);
  wire.connection->feed("x");
  wire.hub->stop();  // runs what was posted
  CHECK(gone);
  CHECK(wire.hub->in_flight() == 0);
  parked[0].send({200, {}, "nobody hears this"});
  CHECK(wire.client->read_all().empty());
}

TEST_CASE("request bodies in memory are bounded together", "[front]") {
  Options small = options();
  small.body_memory = 100;
  std::vector<Reply> parked;
  Wire wire([&](Request, Reply reply) { parked.push_back(reply); }, small);
  wire.connection->feed("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60\r\n\r\n" +
                        std::string(60, 'x'));
  REQUIRE(parked.size() == 1);
  int pair[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
  Client other(pair[1]);
  const auto second = std::make_shared<Connection>(wire.hub, pair[0], "other");
  second->feed("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60\r\n\r\n" + std::string(40, 'x'));
  second->feed("x");
  const Answer answer = other.read();
  CHECK(answer.status == 503);
  CHECK(answer.header("Retry-After") == "1");
  second->close();
  parked[0].send({200, {}, "ok"});
  CHECK(wire.client->read().status == 200);
  wire.connection->feed("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n" +
                        std::string(100, 'x'));
  CHECK(parked.size() == 2);
}

TEST_CASE("a body that waits in the queue arrives whole and in order", "[front]") {
  std::string big(3'000'000, 'b');
  for (size_t i = 0; i < big.size(); ++i) big[i] = static_cast<char>('a' + i % 23);
  Wire wire([&](Request, Reply reply) {
    reply.start({});
    REQUIRE(reply.write(std::string_view(big).substr(0, 1'000'000)));
    for (size_t at = 1'000'000; at < 1'100'000; at += 10)
      REQUIRE(reply.write(std::string_view(big).substr(at, 10)));
    REQUIRE(reply.write(std::string_view(big).substr(1'100'000)));
    reply.end();
  });
  fcntl(wire.client->fd(), F_SETFL, 0);
  wire.hub->start();
  // The hub finds a connection by its number, as for one that Pistache accepted.
  wire.hub->add(wire.connection, "test");
  wire.connection->feed("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(wire.hub->in_flight() == 1);
  const Answer answer = wire.client->read();
  CHECK(answer.whole);
  CHECK(answer.body == big);
  wire.hub->remove(wire.connection->id(), "test");
  wire.hub->stop();
}
