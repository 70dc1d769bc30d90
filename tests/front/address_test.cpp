// Whose request it is: what proxies may say, and what clients may only claim.
#include "server/front/address.h"

#include "tests/front/client.h"

using namespace plenum::front;
using namespace plenum::front::test;

namespace {

Networks networks(std::initializer_list<const char*> texts) {
  Networks all;
  for (const char* text : texts) all.push_back(Network::parse(text).value());
  return all;
}

std::string client(const std::string& socket, std::initializer_list<const char*> forwarded) {
  static const Networks kProxies = networks({"127.0.0.1", "10.0.0.0/8", "2001:db8:1::/48"});
  Head head;
  for (const char* text : forwarded) head.headers.emplace_back("x-forwarded-for", text);
  return client_of(socket, head, kProxies);
}

}  // namespace

TEST_CASE("a network is its addresses and no others", "[front]") {
  const auto in = [](const char* network, const char* address) {
    return Network::parse(network).value().has(address);
  };
  CHECK(in("192.0.2.7", "192.0.2.7"));
  CHECK(in("192.0.2.7", "::ffff:192.0.2.7"));
  CHECK_FALSE(in("192.0.2.7", "192.0.2.8"));
  CHECK(in("10.0.0.0/8", "10.255.0.1"));
  CHECK_FALSE(in("10.0.0.0/8", "11.0.0.0"));
  CHECK(in("192.0.2.128/25", "192.0.2.200"));
  CHECK_FALSE(in("192.0.2.128/25", "192.0.2.127"));
  CHECK(in("0.0.0.0/0", "203.0.113.9"));
  CHECK_FALSE(in("0.0.0.0/0", "2001:db8::1"));
  CHECK(in("2001:db8::/33", "2001:db8:7fff::1"));
  CHECK_FALSE(in("2001:db8::/33", "2001:db8:8000::1"));
  for (const char* address : {"", "10.0.0", "10.0.0.1.1", "x", "10.0.0.1/8"})
    CHECK_FALSE(in("10.0.0.0/8", address));
  for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x",
                           "::/129", "example.com", "10.0.0.0 ", "10/8"}) {
    INFO(text);
    CHECK_FALSE(Network::parse(text));
  }
}

TEST_CASE("a proxy says for whom it asks, and nobody else does", "[front]") {
  CHECK(client("203.0.113.9", {"198.51.100.1"}) == "203.0.113.9");
  CHECK(client("127.0.0.1", {}) == "127.0.0.1");
  CHECK(client("127.0.0.1", {"198.51.100.1"}) == "198.51.100.1");
  CHECK(client("::ffff:127.0.0.1", {"198.51.100.1"}) == "198.51.100.1");
  // What a client wrote itself stands before what the proxies wrote.
  CHECK(client("127.0.0.1", {"192.0.2.1, 198.51.100.1"}) == "198.51.100.1");
  CHECK(client("127.0.0.1", {"192.0.2.1", "198.51.100.1"}) == "198.51.100.1");
  CHECK(client("127.0.0.1", {"192.0.2.1, 198.51.100.1 , 10.1.2.3"}) == "198.51.100.1");
  CHECK(client("10.9.9.9", {"198.51.100.1:4711"}) == "198.51.100.1");
  CHECK(client("127.0.0.1", {"[2001:db8:2::1]:443, 2001:db8:1::5"}) == "2001:db8:2::1");
  // Nothing before a proxy that does not say an address can be believed.
  CHECK(client("127.0.0.1", {"198.51.100.1, unknown"}) == "127.0.0.1");
  CHECK(client("127.0.0.1", {"198.51.100.1, unknown, 10.0.0.1"}) == "10.0.0.1");
  CHECK(client("127.0.0.1", {"", ",,", "_hidden"}) == "127.0.0.1");
  CHECK(client("127.0.0.1", {"10.0.0.1, 10.0.0.2"}) == "10.0.0.1");
}

TEST_CASE("an address of IPv6 counts with its network", "[front]") {
  CHECK(network_of("192.0.2.7") == "192.0.2.7");
  CHECK(network_of("::ffff:192.0.2.7") == "192.0.2.7");
  CHECK(network_of("2001:db8::1") == network_of("2001:db8::ffff:1"));
  CHECK(network_of("2001:db8:0:1::1") != network_of("2001:db8::1"));
  CHECK(network_of("no address") == "no address");
}

TEST_CASE(
    "a proxy's connections are not counted as one address's, its clients' requests are told apart",
    "[front]") {
  Options behind = options();
  behind.connections_per_address = 1;
  behind.proxies = networks({"127.0.0.1"});
  Server server([](Request request, Reply reply) { reply.send({200, {}, request.peer}); }, behind);
  Client first = server.connect(), second = server.connect();
  first.send("GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.1, 198.51.100.7\r\n\r\n");
  CHECK(first.read().body == "198.51.100.7");
  second.send("GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 198.51.100.8\r\n\r\n");
  CHECK(second.read().body == "198.51.100.8");
}
