// Signed links to files (specification section 18): whoever holds one may download that file until
// it expires.
#pragma once

#include <string>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/store/store.h"
#include "server/front/front.h"

namespace plenum::server {

// Links are relative to the server's root.  Callable from any thread.
class Links {
 public:
  explicit Links(std::string key) : key_(std::move(key)) {}
  static constexpr Millis kLifetime = 15 * 60'000;

  std::string url(const Owner& owner, const std::string& file, Millis expires_at) const;
  // Whose file the request may read.  Invalid, expired and malformed links are all `not_found`.
  Result<Owner> check(const std::string& app, const std::string& file, const front::Head& head,
                      Millis now) const;

 private:
  std::string mac(const Owner& owner, const std::string& file, const std::string& expires) const;
  std::string key_;
};

}  // namespace plenum::server
