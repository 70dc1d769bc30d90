#include "server/auth/issuer.h"

#include <algorithm>

#include "engine/base/diagnostic.h"

namespace plenum::server::auth {

namespace {

constexpr const char* kFirebaseKeys =
    "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";
constexpr std::chrono::seconds kMostSkew{60};

bool on_this_machine(std::string_view rest) {  // what follows http://
  const std::string_view authority = rest.substr(0, rest.find('/'));
  const std::string_view host = authority.starts_with('[')
                                    ? authority.substr(0, authority.find(']') + 1)
                                    : authority.substr(0, authority.find(':'));
  return host == "127.0.0.1" || host == "localhost" || host == "[::1]";
}

// Printable, and without what could name another host to another reader: user names, queries,
// fragments, backslashes.
bool plain_url(std::string_view url) {
  const bool printable = std::all_of(
      url.begin(), url.end(), [](char c) { return c > ' ' && c < 0x7f && c != '\\' && c != '#'; });
  if (!printable || url.size() > 500) return false;
  if (url.starts_with("https://"))
    url.remove_prefix(8);
  else if (url.starts_with("http://") && on_this_machine(url.substr(7)))
    url.remove_prefix(7);
  else
    return false;
  const std::string_view authority = url.substr(0, url.find('/'));
  return !authority.empty() && authority.find('?') == std::string_view::npos;
}

Result<> check_url(const Issuer& issuer, const std::string& key, const std::string& url) {
  if (plain_url(url) && (key != "issuer" || url.find('?') == std::string::npos)) {
    const size_t host = url.find("://") + 3;
    if (url.substr(host, url.find('/', host) - host).find('@') == std::string::npos) return {};
  }
  return fail(Kind::invalid, "`" + key + "` of the sign-in " + quote(issuer.name) + " is " +
                                 quote(url) +
                                 "; it must be an https:// URL (http:// on this machine only)");
}

}  // namespace

Issuer firebase(const std::string& project) {
  Issuer issuer;
  issuer.url = "https://securetoken.google.com/" + project;
  issuer.audiences = {project};
  issuer.keys_url = kFirebaseKeys;
  issuer.skew = kMostSkew;
  issuer.firebase = true;
  return issuer;
}

Result<> check(const Issuer& issuer) {
  const auto wrong = [&](const std::string& what) {
    return fail(Kind::invalid, "the sign-in " + quote(issuer.name) + " " + what);
  };
  TRY(check_url(issuer, "issuer", issuer.url));
  if (!issuer.keys_url.empty()) TRY(check_url(issuer, "jwks_uri", issuer.keys_url));
  if (issuer.audiences.empty() || issuer.audiences.front().empty())
    return wrong("needs an `audience`: tokens that are meant for somebody else are refused by it");
  if (issuer.algorithms.empty()) return wrong("has no `algorithms`; leave them out for RS256");
  static const std::vector<std::string> kKnown = {"RS256", "ES256", "EdDSA"};
  for (const std::string& algorithm : issuer.algorithms)
    if (std::find(kKnown.begin(), kKnown.end(), algorithm) == kKnown.end())
      return wrong("has the algorithm " + quote(algorithm) + "; known: " + any_of(kKnown));
  if (issuer.skew.count() < 0 || issuer.skew > kMostSkew)
    return wrong("has `skew_seconds` " + std::to_string(issuer.skew.count()) +
                 "; it must be 0 to 60");
  return {};
}

}  // namespace plenum::server::auth
