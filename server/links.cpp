#include "server/links.h"

#include <charconv>

#include "engine/base/ids.h"

namespace plenum::server {

namespace {
constexpr const char* kKeyId = "1";
constexpr Millis kLongest = 24 * 3'600'000;

std::string prefixed(const std::string& text) {
  return std::to_string(text.size()) + ":" + text;
}
}  // namespace

// Over a length-prefixed tuple, so that no two different links have the same text.
std::string Links::mac(const Owner& owner, const std::string& file,
                       const std::string& expires) const {
  std::string tuple;
  for (const std::string& part : {std::string("v1"), std::string("GET"), owner.app, owner.owner,
                                  file, expires, std::string("attachment"), std::string(kKeyId)})
    tuple += prefixed(part);
  return hmac_sha256_hex(key_, tuple);
}

std::string Links::url(const Owner& owner, const std::string& file, Millis expires_at) const {
  const std::string expires = std::to_string(expires_at / 1000);
  return "/api/v1/" + owner.app + "/files/" + file + "?e=" + expires + "&k=" + kKeyId +
         "&o=" + owner.owner + "&s=" + mac(owner, file, expires);
}

Result<Owner> Links::check(const std::string& app, const std::string& file, const front::Head& head,
                           Millis now) const {
  const auto refused = fail(
      Kind::not_found, "there is no such file, or the link is not valid any more", "not_found");
  static constexpr std::array kNames = {"e", "k", "o", "s"};
  if (head.query.size() != kNames.size()) return refused;
  for (size_t i = 0; i < kNames.size(); ++i)
    if (head.query[i].first != kNames[i]) return refused;
  const std::string& expires = head.query[0].second;
  int64_t seconds = 0;
  const auto [end, error] =
      std::from_chars(expires.data(), expires.data() + expires.size(), seconds);
  if (error != std::errc() || end != expires.data() + expires.size() ||
      std::to_string(seconds) != expires)
    return refused;
  const Owner owner{app, head.query[2].second};
  const bool genuine = equal_in_constant_time(mac(owner, file, expires), head.query[3].second);
  if (!genuine || head.query[1].second != kKeyId || seconds > (now + kLongest) / 1000 ||
      seconds * 1000 < now)
    return refused;
  return owner;
}

}  // namespace plenum::server
