#include "server/auth/jwt.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "server/auth/key_set.h"

namespace plenum::server::auth {

namespace {

constexpr size_t kLongest = 8 << 10;
constexpr size_t kLongestKeyId = 128, kLongestSubject = 255, kLongestFirebaseSubject = 128;
constexpr size_t kMostWords = 100, kLongestWord = 100;
constexpr JsonLimits kHeader{kLongest, 8, 200, kLongest, 100};
constexpr JsonLimits kClaims{kLongest, 32, 2'000, kLongest, 500};

Result<Json> object(std::string_view part, const JsonLimits& limits) {
  const Result<std::string> text = base64url(part);
  if (!text) return refused("a part is not base64url");
  Result<Json> json = parse_json(*text, limits);
  if (!json || !json->is_object()) return refused("a part is not a JSON object");
  return json;
}

bool good_key_id(const std::string& id) {
  return !id.empty() && id.size() <= kLongestKeyId &&
         std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

std::string plain_type(std::string type) {
  std::transform(type.begin(), type.end(), type.begin(),
                 [](unsigned char c) { return tolower(c); });
  return type.starts_with("application/") ? type.substr(12) : type;
}

Result<> read_header(const Json& header, Jwt& jwt) {
  jwt.algorithm = text_or(header, "alg");
  if (jwt.algorithm.empty()) return refused("no `alg`");
  if (find(header, "crit")) return refused("critical extensions");
  if (const Json* plain = find(header, "b64"); plain && *plain != Json(true))
    return refused("a payload that is not encoded");
  if (const Json* id = find(header, "kid")) {
    if (!id->is_string() || !good_key_id(id->get_ref<const std::string&>()))
      return refused("a `kid` that is none");
    jwt.key_id = id->get<std::string>();
  }
  if (const Json* type = find(header, "typ")) {
    if (!type->is_string()) return refused("a `typ` that is no text");
    jwt.type = plain_type(type->get<std::string>());
  }
  return {};
}

// Seconds since 1970, as RFC 7519 writes times.
Result<std::optional<double>> time_of(const Json& claims, const char* name) {
  const Json* claim = find(claims, name);
  if (!claim) return std::nullopt;
  if (!claim->is_number()) return refused(std::string("`") + name + "` is no number");
  return claim->get<double>();
}

Result<> check_audience(const Json& claims, const Issuer& issuer) {
  const auto ours = [&](const Json& audience) {
    return audience.is_string() &&
           std::find(issuer.audiences.begin(), issuer.audiences.end(),
                     audience.get_ref<const std::string&>()) != issuer.audiences.end();
  };
  const Json* audience = find(claims, "aud");
  if (!audience) return refused("no `aud`");
  if (ours(*audience)) return {};
  if (audience->is_array() && !issuer.firebase &&
      std::any_of(audience->begin(), audience->end(), ours))
    return {};
  return refused("another audience");
}

Result<> check_times(const Json& claims, const Issuer& issuer, double now) {
  const double skew = static_cast<double>(issuer.skew.count());
  const std::optional<double> until = TRY(time_of(claims, "exp"));
  if (!until) return refused("no `exp`");
  const std::optional<double> from = TRY(time_of(claims, "nbf"));
  if (from && now + skew < *from) return refused("not valid yet");
  for (const char* name : {"iat", "auth_time"}) {
    const std::optional<double> time = TRY(time_of(claims, name));
    if (!issuer.firebase) continue;
    if (!time) return refused(std::string("no `") + name + "`");
    if (now + skew < *time) return refused(std::string("`") + name + "` is to come");
  }
  if (now >= *until + skew)
    return fail(Kind::denied, "the token has expired; get a new one", "token_expired");
  return {};
}

Result<> check_subject(const Json& claims, const Issuer& issuer) {
  const size_t longest = issuer.firebase ? kLongestFirebaseSubject : kLongestSubject;
  const std::string subject = text_or(claims, "sub");
  if (subject.empty() || subject.size() > longest) return refused("no usable `sub`");
  return {};
}

}  // namespace

tl::unexpected<Error> refused(std::string rule) {
  return tl::unexpected<Error>(
      Error{Kind::denied, "the token is not valid here", "invalid_token", std::move(rule)});
}

Result<Jwt> Jwt::read(std::string_view token) {
  if (token.size() > kLongest) return refused("too long");
  const size_t first = token.find('.');
  const size_t second = first == token.npos ? first : token.find('.', first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos)
    return refused("not three parts");
  Jwt jwt;
  TRY(read_header(TRY(object(token.substr(0, first), kHeader)), jwt));
  jwt.claims = TRY(object(token.substr(first + 1, second - first - 1), kClaims));
  jwt.issuer = text_or(jwt.claims, "iss");
  jwt.signed_part = token.substr(0, second);
  const Result<std::string> signature = base64url(token.substr(second + 1));
  if (!signature || signature->empty()) return refused("no signature");
  jwt.signature = *signature;
  return jwt;
}

Result<> check_header(const Jwt& jwt, const Issuer& issuer) {
  if (std::find(issuer.algorithms.begin(), issuer.algorithms.end(), jwt.algorithm) ==
      issuer.algorithms.end())
    return refused("an algorithm that the issuer does not use");
  if (!jwt.key_id && issuer.firebase) return refused("no `kid`");
  const bool usual = jwt.type.empty() || jwt.type == "jwt" || jwt.type == "at+jwt";
  const bool expected =
      issuer.token_type.empty() ? usual : jwt.type == plain_type(issuer.token_type);
  return expected ? Result<>() : refused("another type of token");
}

Result<> check_claims(const Jwt& jwt, const Issuer& issuer, Millis now) {
  if (jwt.issuer.empty() || jwt.issuer != issuer.url) return refused("another issuer");
  TRY(check_audience(jwt.claims, issuer));
  TRY(check_subject(jwt.claims, issuer));
  if (!issuer.tenant.empty()) {
    const Json* tenant = find_claim(jwt.claims, "firebase.tenant");
    if (!tenant || *tenant != Json(issuer.tenant)) return refused("another tenant");
  }
  return check_times(jwt.claims, issuer, static_cast<double>(now) / 1000);
}

const Json* find_claim(const Json& claims, const std::string& path) {
  if (path.empty()) return nullptr;
  if (const Json* whole = find(claims, path)) return whole;
  const Json* at = &claims;
  for (size_t begin = 0; at && begin <= path.size();) {
    const size_t end = std::min(path.find('.', begin), path.size());
    at = find(*at, std::string_view(path).substr(begin, end - begin));
    begin = end + 1;
  }
  return at;
}

std::vector<std::string> words(const Json* claim) {
  std::vector<std::string> list;
  const auto add = [&](std::string word) {
    if (!word.empty() && word.size() <= kLongestWord && list.size() < kMostWords)
      list.push_back(std::move(word));
  };
  if (!claim) return list;
  if (claim->is_array())
    for (const Json& item : *claim)
      if (item.is_string()) add(item.get<std::string>());
  if (!claim->is_string()) return list;
  const std::string& text = claim->get_ref<const std::string&>();
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(' ', begin), text.size());
    add(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return list;
}

}  // namespace plenum::server::auth
