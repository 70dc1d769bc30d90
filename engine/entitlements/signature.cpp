// Every key is tried against every signature, whichever fits: the time says nothing of which.
#include "engine/entitlements/signature.h"

#include <charconv>
#include <cstdlib>
#include <optional>

#include "engine/base/ids.h"

namespace plenum::entitlements {

namespace {

constexpr int64_t kTolerance = 300;  // seconds, both ways
constexpr size_t kMostSignatures = 16;

struct Signatures {
  std::string_view time_text;
  std::optional<int64_t> time;
  std::vector<std::string_view> v1;
};

Signatures read(std::string_view header) {
  Signatures found;
  while (!header.empty()) {
    const size_t comma = std::min(header.find(','), header.size());
    const std::string_view part = header.substr(0, comma);
    header.remove_prefix(std::min(comma + 1, header.size()));
    if (part.starts_with("v1=") && found.v1.size() < kMostSignatures)
      found.v1.push_back(part.substr(3));
    if (!part.starts_with("t=")) continue;
    if (!found.time_text.empty()) return {};  // which of the two was signed?
    found.time_text = part.substr(2);
    int64_t time = 0;
    const char* end = found.time_text.data() + found.time_text.size();
    const auto [stop, error] = std::from_chars(found.time_text.data(), end, time);
    if (error == std::errc() && stop == end && time >= 0) found.time = time;
  }
  return found;
}

}  // namespace

bool is_signed(std::string_view header, std::string_view body, const Keys& keys, Millis now) {
  const Signatures signatures = read(header);
  if (!signatures.time) return false;
  const std::string text = std::string(signatures.time_text) + "." + std::string(body);
  bool fits = false;
  for (const Secret& key : keys) {
    const std::string expected = hmac_sha256_hex(key.reveal(), text);
    for (const std::string_view signature : signatures.v1)
      fits = equal_in_constant_time(signature, expected) || fits;
  }
  return fits && std::llabs(now / 1000 - *signatures.time) <= kTolerance;
}

bool is_one_of(std::string_view value, const Keys& keys) {
  const std::string digest = sha256_hex(value);
  bool fits = false;
  for (const Secret& key : keys)
    fits = equal_in_constant_time(digest, sha256_hex(key.reveal())) || fits;
  return fits;
}

}  // namespace plenum::entitlements
