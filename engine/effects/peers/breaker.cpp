#include "engine/effects/peers/breaker.h"

#include <algorithm>

namespace plenum::peers {

std::optional<Breaker::Pass> Breaker::ask(Millis now) {
  if (gate_ == Gate::closed) return Pass{era_};
  if (now < until_ || probe_out_) return std::nullopt;
  gate_ = Gate::probing;
  probe_out_ = true;
  return Pass{era_};
}

Millis Breaker::wait(Millis now) const {
  constexpr Millis kProbeTakes = 1000;
  return probe_out_ ? kProbeTakes : std::max<Millis>(1, until_ - now);
}

void Breaker::ended(Pass pass, End end, Millis now, double share) {
  if (pass.era != era_) return;
  const bool bad = end == End::bad || end == End::unconnected;
  if (gate_ == Gate::closed) {
    if (end == End::neither) return;
    count(bad, now);
    unconnected_ = end == End::unconnected ? unconnected_ + 1 : 0;
    if (unconnected_ >= kConnects || failing(now)) open(now, share);
    return;
  }
  probe_out_ = false;
  if (bad) return open(now, share);
  if (end == End::good && ++good_probes_ >= kProbes) close();
}

void Breaker::count(bool bad, Millis now) {
  const Millis at = now / 1000;
  Second& second = seconds_[static_cast<size_t>(at) % seconds_.size()];
  if (second.at != at) second = {at, 0, 0};
  ++second.calls;
  second.bad += bad;
}

bool Breaker::failing(Millis now) const {
  int calls = 0, bad = 0;
  for (const Second& second : seconds_)
    if (second.at >= 0 && second.at * 1000 > now - kWindow) {
      calls += second.calls;
      bad += second.bad;
    }
  return calls >= calls_ && 2 * bad >= calls;
}

void Breaker::open(Millis now, double share) {
  gate_ = Gate::open;
  ++era_;
  until_ = now + next_open_ + static_cast<Millis>(share * static_cast<double>(next_open_) / 10);
  next_open_ = std::min(2 * next_open_, kLongest);
  probe_out_ = false;
  good_probes_ = 0;
}

void Breaker::close() {
  Breaker fresh(calls_);
  fresh.era_ = era_ + 1;
  *this = fresh;
}

bool Breaker::forgettable(Millis now) const {
  return closed() && unconnected_ == 0 &&
         std::none_of(seconds_.begin(), seconds_.end(), [&](const Second& second) {
           return second.at >= 0 && second.at * 1000 > now - kWindow;
         });
}

}  // namespace plenum::peers
