// One connection on a socket pair, without Pistache: every cut of the input must give the same
// answers.
#include "server/front/connection.h"

#include <fcntl.h>

#include "tests/front/wire.h"

using namespace plenum::front;
using namespace plenum::front::test;

TEST_CASE("every cut of a request gives the same answers", "[front]") {
  REQUIRE(std::size(kSeeds) >= 40);
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
