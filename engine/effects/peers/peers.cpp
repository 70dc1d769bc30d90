// A peer that says how long it wants to be left alone is left alone, with that credential, by
// everybody: asking again only makes it longer.  A peer that fails is what the breaker is for.
#include "engine/effects/peers/peers.h"

#include "engine/base/diagnostic.h"

namespace plenum::peers {

namespace {

using std::chrono::milliseconds;

constexpr size_t kRemembered = 1024;  // beyond it what says nothing any more is forgotten

std::string credential(const Peer& peer) {
  return peer.name + "\n" + peer.access;
}

std::string shown(const Peer& peer) {
  return quote(peer.endpoint.empty() ? peer.name : peer.name + "/" + peer.endpoint);
}

std::string seconds(Millis time) {
  return std::to_string((time + 999) / 1000) + " s";
}

tl::unexpected<Error> held(const char* code, Millis wait, std::string message) {
  return fail(Error{Kind::unavailable, std::move(message), code, {}, milliseconds(wait)});
}

}  // namespace

End end_of(const Error* error) {
  if (!error || error->code == "provider_empty") return End::good;
  if (error->code == "cancelled" || error->kind == Kind::limited) return End::neither;
  if (error->code == "connect_failed") return End::unconnected;
  const bool lost = error->kind == Kind::timeout || error->kind == Kind::unavailable ||
                    error->code == "ambiguous_effect";
  return lost ? End::bad : End::good;
}

Result<Peers::Ticket> Peers::enter(Peer peer, std::string app, Millis now) {
  if (const auto pause = pauses_.find(credential(peer)); pause != pauses_.end()) {
    const Millis left = pause->second - now;
    if (left > 0)
      return held(kPaused, left,
                  shown(peer) +
                      " limits the calls with this key and asked for a pause of another " +
                      seconds(left));
    pauses_.erase(pause);
  }
  Breaker& breaker = this->breaker(peer, now);
  const std::optional<Breaker::Pass> pass = breaker.ask(now);
  if (!pass)
    return held(kOpen, breaker.wait(now),
                "calls to " + shown(peer) + " keep failing, so none is made for another " +
                    seconds(breaker.wait(now)));
  return Ticket{std::move(peer), std::move(app), *pass};
}

void Peers::left(const Ticket& ticket, const Error* error, Millis now, double share) {
  breaker(ticket.peer, now).ended(ticket.pass, end_of(error), now, share);
  if (!error) budget(ticket.app, ticket.peer.name).earn();
  const bool limited = error && error->kind == Kind::limited && error->code != "quota_exhausted";
  if (!limited || !error->retry_after) return;
  Millis& until = pauses_[credential(ticket.peer)];
  until = std::max(until, now + error->retry_after->count());
}

bool Peers::take_retry(const std::string& app, const std::string& peer) {
  return budget(app, peer).take();
}

Breaker& Peers::breaker(const Peer& peer, Millis now) {
  if (breakers_.size() > kRemembered || budgets_.size() > kRemembered) forget(now);
  return breakers_
      .try_emplace(peer.name + "\n" + peer.endpoint + "\n" + peer.access, rules_.breaker_calls)
      .first->second;
}

RetryBudget& Peers::budget(const std::string& app, const std::string& peer) {
  return budgets_.try_emplace(app + "\n" + peer, rules_.retry_budget).first->second;
}

void Peers::forget(Millis now) {
  std::erase_if(breakers_, [&](const auto& one) { return one.second.forgettable(now); });
  std::erase_if(budgets_, [](const auto& one) { return one.second.full(); });
  std::erase_if(pauses_, [&](const auto& one) { return one.second <= now; });
}

}  // namespace plenum::peers
