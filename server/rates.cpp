#include "server/rates.h"

#include <algorithm>

#include "engine/app/per_plan.h"
#include "server/front/address.h"

namespace plenum::server {

namespace {

tl::unexpected<Error> too_fast(const std::string& what, milliseconds wait) {
  Error error{Kind::limited, "too many calls " + what + "; slow down", "rate_exceeded", {}};
  error.retry_after = wait;
  return fail(std::move(error));
}

}  // namespace

void Rates::fill(Bucket& bucket, Millis now) {
  const Millis period = bucket.rate.period.count();
  const Millis elapsed = std::clamp<Millis>(now - bucket.filled_at, 0, period);
  bucket.level = std::min(bucket.level + elapsed * bucket.rate.count, bucket.rate.count * period);
  bucket.filled_at = std::max(bucket.filled_at, now);
}

std::optional<milliseconds> Rates::take_from(const std::string& key, const app::Quota& rate,
                                             Millis now) {
  const std::lock_guard lock(mutex_);
  if (buckets_.size() >= kMost && !buckets_.contains(key)) make_room(now);
  const int64_t whole = rate.count * rate.period.count();
  const auto [it, made] = buckets_.try_emplace(key, Bucket{whole, now, rate});
  Bucket& bucket = it->second;
  if (bucket.rate.count != rate.count || bucket.rate.period != rate.period)
    bucket = {std::min(bucket.level, whole), now, rate};  // the app or the plan has changed
  fill(bucket, now);
  if (bucket.level >= rate.period.count()) {
    bucket.level -= rate.period.count();
    return std::nullopt;
  }
  const Millis missing = rate.period.count() - bucket.level;
  return milliseconds((missing + rate.count - 1) / rate.count);
}

Result<> Rates::take(const std::string& app, const app::Route& route, const Caller& caller,
                     const std::string& address, Millis now) {
  const app::Quota* rate = app::of_plan(route.rate, caller.plan);
  if (!rate || rate->period.count() <= 0) return {};
  const std::string who = caller.signed_in ? caller.owner : "from " + front::network_of(address);
  const auto wait = take_from(app + "\n" + route.key() + "\n" + who, *rate, now);
  return wait ? too_fast("of " + route.key(), *wait) : Result<>();
}

Result<> Rates::take(const std::string& address, const app::Quota& rate, Millis now) {
  const auto wait = take_from("\nfrom " + front::network_of(address), rate, now);
  return wait ? too_fast("from this address", *wait) : Result<>();
}

// A full bucket says nothing that a new one does not.
void Rates::make_room(Millis now) {
  std::erase_if(buckets_, [&](const auto& entry) {
    return now - entry.second.filled_at >= entry.second.rate.period.count();
  });
  if (buckets_.size() >= kMost) buckets_.erase(buckets_.begin());
}

}  // namespace plenum::server
