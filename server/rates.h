// How fast callers may call: `rate` of routes, and what the operator allows an address.
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>

#include "engine/engine.h"

namespace plenum::server {

// A bucket for each caller of a route, in memory: it holds as many calls as the rate says, fills
// evenly, and is full after a restart.  Who did not sign in is told apart by address (of IPv6, the
// network).  Exact, whatever happens at the same time.  Any thread.
class Rates {
 public:
  // Takes a call of the caller's bucket at `now` (monotonic): `limited` (code "rate_exceeded") when
  // it is empty, with the time until it is not.
  Result<> take(const std::string& app, const app::Route& route, const Caller& caller,
                const std::string& address, Millis now);
  // The same of an address, whatever it asks for.
  Result<> take(const std::string& address, const app::Quota& rate, Millis now);

 private:
  static constexpr size_t kMost = 200'000;  // buckets; over it full ones go, then any

  struct Bucket {
    int64_t level = 0;  // calls × milliseconds of the period, so that no fraction is lost
    Millis filled_at = 0;
    app::Quota rate;
  };
  static void fill(Bucket& bucket, Millis now);
  // How long until there is a call again; nothing: it was taken.
  std::optional<milliseconds> take_from(const std::string& key, const app::Quota& rate, Millis now);
  void make_room(Millis now);

  std::mutex mutex_;
  std::unordered_map<std::string, Bucket> buckets_;
};

}  // namespace plenum::server
