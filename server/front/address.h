// Where requests come from.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace plenum::front {

struct Head;

// "10.0.0.0/8", "192.0.2.7", "2001:db8::/32".  IPv4 addresses are those that are mapped into IPv6.
class Network {
 public:
  static std::optional<Network> parse(const std::string& text);
  bool has(const std::string& address) const;  // what is no address is in no network

 private:
  std::array<uint8_t, 16> bytes_{};
  int bits_ = 128;
};
using Networks = std::vector<Network>;

// Whom limits by address count as one: whoever has an IPv6 address has its whole network, 2^64 of
// them.
std::string network_of(const std::string& address);

// The address that a request comes from: the socket's own.  Of one of our proxies, who says for
// whom it asks, the last address in `X-Forwarded-For` that is no proxy's; what stands before it
// anybody may have written.
std::string client_of(const std::string& socket, const Head& head, const Networks& proxies);

}  // namespace plenum::front
