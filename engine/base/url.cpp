#include "engine/base/url.h"

#include <algorithm>
#include <charconv>

#include "engine/base/diagnostic.h"

namespace plenum {

namespace {

constexpr std::string_view kSecure = "https://", kPlain = "http://";

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

tl::unexpected<Error> wrong(std::string message) {
  return fail(Kind::invalid, std::move(message), "bad_url");
}

// What people write to reach a host that is not the one they seem to name.
const char* trick(std::string_view authority) {
  if (authority.find('@') != authority.npos)
    return "it holds a user name or password; send them with `auth`";
  if (authority.find('[') != authority.npos)
    return "it names an IP address; a host is called by its DNS name";
  if (authority.find('%') != authority.npos || authority.find('\\') != authority.npos)
    return "its host holds an escape; write the plain name";
  for (const char c : authority) {
    if (static_cast<unsigned char>(c) >= 0x80)
      return "its host holds a letter outside ASCII; write the name's xn-- form";
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f)
      return "its host holds a space or a control character";
  }
  return nullptr;
}

bool good_label(std::string_view label) {
  if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-')
    return false;
  return std::all_of(label.begin(), label.end(),
                     [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
}

// A name that the DNS of the world knows, not a machine of this network and not a number in
// disguise: a last label of letters cannot be read as the end of an IPv4 address.
Result<> good_name(const std::string& host) {
  const std::string named = "its host " + quote(host);
  if (host.empty()) return wrong("it names no host");
  if (host.back() == '.') return wrong(named + " ends with a dot; leave the dot out");
  std::string_view rest = host, label;
  int labels = 0;
  for (bool more = true; more; ++labels) {
    const size_t dot = rest.find('.');
    more = dot != rest.npos;
    label = rest.substr(0, dot);
    if (!good_label(label)) return wrong(named + " is not a DNS name, such as api.example.com");
    if (more) rest.remove_prefix(dot + 1);
  }
  const bool letters = std::all_of(label.begin(), label.end(), is_lower);
  if (!letters && !label.starts_with("xn--"))
    return wrong(named + " is an IP address, or ends like one; a host is called by its DNS name");
  for (const std::string_view inner : {"localhost", "local", "internal", "localdomain"})
    if (label == inner)
      return wrong(named + " is a machine of this network; an app may call public hosts only");
  if (labels < 2 || host.size() > 253)
    return wrong(named + " is not a public DNS name, such as api.example.com");
  return {};
}

std::optional<int> port_of(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port < 1 || port > 65535 ||
      text.front() == '0')
    return std::nullopt;
  return port;
}

Result<Origin> local_origin(std::string_view authority, size_t end) {
  const size_t colon = authority.find(':');
  const std::string_view host = authority.substr(0, colon);
  const auto port = colon == authority.npos ? std::nullopt : port_of(authority.substr(colon + 1));
  if ((host != "127.0.0.1" && host != "localhost") || !port)
    return wrong(
        "only https:// is called; http:// is for http://127.0.0.1:PORT and "
        "http://localhost:PORT in development");
  return Origin{std::string(host), *port, true, end};
}

}  // namespace

std::string Origin::text() const {
  return local ? std::string(kPlain) + host + ":" + std::to_string(port) : host;
}

Result<Origin> read_origin(std::string_view url) {
  const bool plain = url.starts_with(kPlain);
  if (!plain && !url.starts_with(kSecure)) return wrong("it must begin with https://");
  const size_t start = plain ? kPlain.size() : kSecure.size();
  const size_t end = std::min(url.size(), url.find_first_of("/?#", start));
  const std::string_view authority = url.substr(start, end - start);
  if (const char* how = trick(authority)) return wrong(how);
  if (plain) return local_origin(authority, end);
  const size_t colon = authority.find(':');
  Origin origin{std::string(authority.substr(0, colon)), 443, false, end};
  std::transform(origin.host.begin(), origin.host.end(), origin.host.begin(), lower);
  TRY(good_name(origin.host));
  if (colon != authority.npos && authority.substr(colon) != ":443")
    return wrong("its port is " + quote(authority.substr(colon + 1)) +
                 "; only the standard port of https, 443, is called");
  return origin;
}

Result<Origin> read_host(std::string_view text) {
  if (text.find('*') != text.npos)
    return wrong("a host is named whole: a wildcard is not possible");
  if (text.starts_with(kPlain)) {
    Origin origin = TRY(read_origin(text));
    if (origin.end != text.size()) return wrong("a host is named without a path");
    return origin;
  }
  if (text.find('/') != text.npos || text.find(':') != text.npos || text.find('?') != text.npos)
    return wrong("a host is its name alone, without https://, port and path");
  Origin origin = TRY(read_origin(std::string(kSecure) + std::string(text)));
  if (origin.end != kSecure.size() + text.size()) return wrong("a host is its name alone");
  if (origin.host != text) return wrong("a host is named in lower case");
  return origin;
}

std::string percent_encoded(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const unsigned char c : text) {
    if (is_lower(lower(static_cast<char>(c))) || is_digit(static_cast<char>(c)) || c == '-' ||
        c == '.' || c == '_' || c == '~')
      out += static_cast<char>(c);
    else
      (out += '%') += {kHex[c >> 4], kHex[c & 15]};
  }
  return out;
}

}  // namespace plenum
