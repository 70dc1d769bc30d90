#include "engine/effects/peers/line.h"

#include <algorithm>
#include <utility>

namespace plenum::peers {

namespace {
constexpr Millis kMinute = 60'000;

template <typename Turns>
void drop(Turns& turns, const std::string& key) {
  turns.order.erase(std::find(turns.order.begin(), turns.order.end(), key));
  turns.under.erase(key);
}

// The first one goes behind the others, or, with nothing left, away.
template <typename Turns>
void took_turn(Turns& turns, const std::string& key, bool nothing_left) {
  turns.order.pop_front();
  if (nothing_left)
    turns.under.erase(key);
  else
    turns.order.push_back(key);
}
}  // namespace

bool Line::join(uint64_t id, Caller caller) {
  if (callers_.size() >= limits_.waiting) return false;
  const auto [owners, new_app] = apps_.under.try_emplace(caller.app);
  if (new_app) apps_.order.push_back(caller.app);
  const auto [ids, new_owner] = owners->second.under.try_emplace(caller.owner);
  if (new_owner) owners->second.order.push_back(caller.owner);
  ids->second.push_back(id);
  callers_.emplace(id, std::move(caller));
  return true;
}

bool Line::leave(uint64_t id) {
  const auto caller = callers_.extract(id);
  if (!caller) return false;
  if (chosen_ == id) {
    chosen_.reset();
    return true;
  }
  const auto& [app, owner, tokens] = caller.mapped();
  Owners& owners = apps_.under.at(app);
  std::deque<uint64_t>& ids = owners.under.at(owner);
  ids.erase(std::find(ids.begin(), ids.end(), id));
  if (ids.empty()) drop(owners, owner);
  if (owners.order.empty()) drop(apps_, app);
  return true;
}

std::optional<uint64_t> Line::first() {
  if (apps_.order.empty()) return std::nullopt;
  const std::string app = apps_.order.front();
  Owners& owners = apps_.under.at(app);
  const std::string owner = owners.order.front();
  std::deque<uint64_t>& ids = owners.under.at(owner);
  const uint64_t id = ids.front();
  ids.pop_front();
  took_turn(owners, owner, ids.empty());
  took_turn(apps_, app, owners.order.empty());
  return id;
}

Millis Line::room_at(int64_t tokens, Millis now) const {
  Millis at = now;
  const auto over = static_cast<int64_t>(used_.size()) + 1 - limits_.requests_per_minute;
  if (limits_.requests_per_minute && over > 0)
    at = std::max(at, used_[static_cast<size_t>(over) - 1].at + kMinute);
  int64_t excess = tokens_used_ + tokens - limits_.tokens_per_minute;
  if (limits_.tokens_per_minute)
    for (auto used = used_.begin(); used != used_.end() && excess > 0; ++used) {
      at = std::max(at, used->at + kMinute);
      excess -= used->tokens;
    }
  return at;
}

std::optional<uint64_t> Line::next(Millis now) {
  while (!used_.empty() && used_.front().at + kMinute <= now) {
    tokens_used_ -= used_.front().tokens;
    used_.pop_front();
  }
  if (limits_.concurrency && under_way_ >= limits_.concurrency) return std::nullopt;
  if (!chosen_) chosen_ = first();
  if (!chosen_) return std::nullopt;
  const int64_t tokens = callers_.at(*chosen_).tokens;
  if (room_at(tokens, now) > now) return std::nullopt;
  ++under_way_;
  if (limits_.requests_per_minute || limits_.tokens_per_minute) used_.push_back({now, tokens});
  tokens_used_ += used_.empty() ? 0 : tokens;
  callers_.erase(*chosen_);
  return std::exchange(chosen_, std::nullopt);
}

void Line::took_nothing() {
  done();
  if (used_.empty()) return;
  tokens_used_ -= used_.back().tokens;
  used_.pop_back();
}

Millis Line::due(Millis now) const {
  if (!chosen_ || (limits_.concurrency && under_way_ >= limits_.concurrency)) return 0;
  return std::max(now + 1, room_at(callers_.at(*chosen_).tokens, now));
}

}  // namespace plenum::peers
