#include "server/front/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "server/front/front.h"

namespace plenum::front {

namespace {

using Bytes = std::array<uint8_t, 16>;

std::optional<Bytes> bytes_of(const std::string& address) {
  Bytes bytes{};
  if (inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) return bytes;
  bytes[10] = bytes[11] = 0xff;
  if (inet_pton(AF_INET, address.c_str(), bytes.data() + 12) == 1) return bytes;
  return std::nullopt;
}

bool is_v4(const Bytes& bytes) {
  return std::all_of(bytes.begin(), bytes.begin() + 10, [](uint8_t b) { return b == 0; }) &&
         bytes[10] == 0xff && bytes[11] == 0xff;
}

// "192.0.2.7", "192.0.2.7:443", "[2001:db8::1]:443", with blanks around.
std::string address_in(std::string text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.back())) text.pop_back();
  while (!text.empty() && blank(text.front())) text.erase(0, 1);
  if (text.starts_with('[')) return text.substr(1, std::min(text.find(']'), text.size()) - 1);
  if (std::count(text.begin(), text.end(), ':') == 1) text.resize(text.find(':'));
  return text;
}

bool is_proxy(const std::string& address, const Networks& proxies) {
  return std::any_of(proxies.begin(), proxies.end(),
                     [&](const Network& network) { return network.has(address); });
}

// What all `X-Forwarded-For` headers say, in their order.
std::vector<std::string> forwarded(const Head& head) {
  std::vector<std::string> list;
  for (const auto& [name, value] : head.headers) {
    if (name != "x-forwarded-for") continue;
    for (size_t begin = 0; begin <= value.size();) {
      const size_t end = std::min(value.find(',', begin), value.size());
      list.push_back(address_in(value.substr(begin, end - begin)));
      begin = end + 1;
    }
  }
  return list;
}

}  // namespace

std::optional<Network> Network::parse(const std::string& text) {
  const size_t slash = std::min(text.find('/'), text.size());
  const auto bytes = bytes_of(text.substr(0, slash));
  if (!bytes) return std::nullopt;
  Network network;
  network.bytes_ = *bytes;
  if (slash == text.size()) return network;
  int bits = -1;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data() + slash + 1, last, bits);
  const bool v4 = text.find(':') == std::string::npos;
  if (error != std::errc() || end != last || bits < 0 || bits > (v4 ? 32 : 128))
    return std::nullopt;
  network.bits_ = v4 ? bits + 96 : bits;
  return network;
}

bool Network::has(const std::string& address) const {
  const auto bytes = bytes_of(address);
  if (!bytes) return false;
  const auto whole = static_cast<size_t>(bits_ / 8);
  if (memcmp(bytes->data(), bytes_.data(), whole) != 0) return false;
  const int rest = bits_ % 8;
  return rest == 0 || (((*bytes)[whole] ^ bytes_[whole]) >> (8 - rest)) == 0;
}

std::string network_of(const std::string& address) {
  const auto bytes = bytes_of(address);
  if (!bytes || address.find(':') == std::string::npos) return address;
  if (is_v4(*bytes)) return address.substr(address.rfind(':') + 1);
  return std::string(reinterpret_cast<const char*>(bytes->data()), 8);
}

std::string client_of(const std::string& socket, const Head& head, const Networks& proxies) {
  if (!is_proxy(socket, proxies)) return socket;
  std::string client = socket;
  const std::vector<std::string> list = forwarded(head);
  for (auto it = list.rbegin(); it != list.rend(); ++it) {
    if (!bytes_of(*it)) break;  // "unknown", or not an address: the one behind it asked
    client = *it;
    if (!is_proxy(client, proxies)) break;
  }
  return client;
}

}  // namespace plenum::front
