#include "server/rates.h"

#include <arpa/inet.h>

#include <algorithm>

#include "engine/app/per_plan.h"

namespace plenum::server {

namespace {

// Whoever has an IPv6 address has its whole network, 2^64 of them.
std::string network(const std::string& address) {
  in6_addr six;
  if (address.find(':') == std::string::npos || inet_pton(AF_INET6, address.c_str(), &six) != 1)
    return address;
  if (IN6_IS_ADDR_V4MAPPED(&six)) return address.substr(address.rfind(':') + 1);
  return std::string(reinterpret_cast<const char*>(six.s6_addr), 8);
}

}  // namespace

void Rates::fill(Bucket& bucket, Millis now) {
  const Millis period = bucket.rate.period.count();
  const Millis elapsed = std::clamp<Millis>(now - bucket.filled_at, 0, period);
  bucket.level = std::min(bucket.level + elapsed * bucket.rate.count, bucket.rate.count * period);
  bucket.filled_at = std::max(bucket.filled_at, now);
}

Result<> Rates::take(const std::string& app, const app::Route& route, const Caller& caller,
                     const std::string& address, Millis now) {
  const app::Quota* rate = app::of_plan(route.rate, caller.plan);
  if (!rate || rate->period.count() <= 0) return {};
  const std::string who = caller.signed_in ? caller.owner : "from " + network(address);
  const std::string key = app + "\n" + route.key() + "\n" + who;
  const std::lock_guard lock(mutex_);
  if (buckets_.size() >= kMost && !buckets_.contains(key)) make_room(now);
  const int64_t whole = rate->count * rate->period.count();
  const auto [it, made] = buckets_.try_emplace(key, Bucket{whole, now, *rate});
  Bucket& bucket = it->second;
  if (bucket.rate.count != rate->count || bucket.rate.period != rate->period)
    bucket = {std::min(bucket.level, whole), now, *rate};  // the app or the plan has changed
  fill(bucket, now);
  if (bucket.level >= rate->period.count()) {
    bucket.level -= rate->period.count();
    return {};
  }
  const Millis missing = rate->period.count() - bucket.level;
  Error error{
      Kind::limited, "too many calls of " + route.key() + "; slow down", "rate_exceeded", {}};
  error.retry_after = milliseconds((missing + rate->count - 1) / rate->count);
  return fail(std::move(error));
}

// A full bucket says nothing that a new one does not.
void Rates::make_room(Millis now) {
  std::erase_if(buckets_, [&](const auto& entry) {
    return now - entry.second.filled_at >= entry.second.rate.period.count();
  });
  if (buckets_.size() >= kMost) buckets_.erase(buckets_.begin());
}

}  // namespace plenum::server
