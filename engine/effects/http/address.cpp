// Tells public addresses from all others, so that no app file and no model can make the server call
// its own network.
//
// IPv4 is open with a list of closed blocks, IPv6 is closed with one open block (2000::/3) that has
// closed parts: what is assigned in the future inside closed space stays closed until somebody
// decides otherwise.
#include "engine/effects/http/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

namespace plenum::http {
namespace {

struct Block4 {
  uint32_t base;
  int bits;
};

constexpr uint32_t ip(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

constexpr Block4 kClosed4[] = {
    {ip(0, 0, 0, 0), 8},         // "this" network
    {ip(10, 0, 0, 0), 8},        // private
    {ip(100, 64, 0, 0), 10},     // shared by carriers
    {ip(127, 0, 0, 0), 8},       // loopback
    {ip(168, 63, 129, 16), 32},  // a cloud's own metadata and DNS
    {ip(169, 254, 0, 0), 16},    // link-local, and most clouds' metadata
    {ip(172, 16, 0, 0), 12},     // private
    {ip(192, 0, 0, 0), 24},      // protocol assignments
    {ip(192, 0, 2, 0), 24},      // documentation
    {ip(192, 88, 99, 0), 24},    // 6to4 relays
    {ip(192, 168, 0, 0), 16},    // private
    {ip(198, 18, 0, 0), 15},     // benchmarks
    {ip(198, 51, 100, 0), 24},   // documentation
    {ip(203, 0, 113, 0), 24},    // documentation
    {ip(224, 0, 0, 0), 3},       // multicast, reserved, broadcast
};

struct Block6 {
  std::array<uint8_t, 16> base;
  int bits;
};

constexpr Block6 kOpen6 = {{0x20}, 3};
constexpr Block6 kClosed6[] = {
    {{0x20, 0x01}, 23},              // protocol assignments, Teredo
    {{0x20, 0x01, 0x0d, 0xb8}, 32},  // documentation
    {{0x20, 0x02}, 16},              // 6to4: an IPv4 address in disguise
    {{0x3f, 0xff}, 20},              // documentation
};
constexpr Block6 kMapped = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96};

bool holds(const Block4& block, uint32_t address) {
  return (address >> (32 - block.bits)) == (block.base >> (32 - block.bits));
}

bool holds(const Block6& block, const uint8_t* address) {
  const int whole = block.bits / 8, rest = block.bits % 8;
  if (std::memcmp(block.base.data(), address, whole) != 0) return false;
  return rest == 0 || (block.base[whole] >> (8 - rest)) == (address[whole] >> (8 - rest));
}

bool global4(uint32_t address) {
  return std::none_of(std::begin(kClosed4), std::end(kClosed4),
                      [&](const Block4& block) { return holds(block, address); });
}

bool global6(const uint8_t* address) {
  if (holds(kMapped, address))
    return global4(ip(address[12], address[13], address[14], address[15]));
  if (!holds(kOpen6, address)) return false;
  return std::none_of(std::begin(kClosed6), std::end(kClosed6),
                      [&](const Block6& block) { return holds(block, address); });
}

}  // namespace

bool is_global_unicast(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in in;
    std::memcpy(&in, address, sizeof in);
    return global4(ntohl(in.sin_addr.s_addr));
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 in;
    std::memcpy(&in, address, sizeof in);
    return global6(in.sin6_addr.s6_addr);
  }
  return false;
}

bool is_global_unicast(const char* text) {
  std::string address = text;
  address.erase(
      std::min(address.size(), address.find('%')));  // a zone index says nothing about the range
  in_addr four;
  if (inet_pton(AF_INET, address.c_str(), &four) == 1) return global4(ntohl(four.s_addr));
  in6_addr six;
  return inet_pton(AF_INET6, address.c_str(), &six) == 1 && global6(six.s6_addr);
}

}  // namespace plenum::http
