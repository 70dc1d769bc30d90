// What an `http` node says about its peer, as far as it is known before it runs.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/app/value.h"
#include "engine/base/url.h"

namespace plenum::app {

// A URL whose origin is constant text and among the app's `limits.hosts`; what templates fill in
// behind it is percent-encoded for its place.
struct Address {
  Text text;
  Origin origin;

  explicit operator bool() const { return bool(text); }
  // Errors are `invalid` (code "bad_url"): a value that would leave its path segment.
  Result<std::string> in(const Scope& scope) const;
};

// The secret that a request is sent with, by name; its value is known to effects/ alone.
struct Auth {
  enum class How { none, bearer, basic, header } how = How::none;
  std::string secret;
  std::string header;  // whose value the secret is
  bool operator==(const Auth&) const = default;
};

// Status codes that are no error.
struct Statuses {
  std::vector<std::pair<int, int>> ranges = {{200, 299}};  // both ends included
  bool hold(int status) const;
  std::string text() const;  // "2xx, 404"
  bool operator==(const Statuses&) const = default;
};

}  // namespace plenum::app
