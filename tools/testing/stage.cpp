#include "tools/testing/stage.h"

#include <nlohmann/json.hpp>

namespace plenum::testing {

std::string plain_path(const std::string& path) {
  std::string text;
  bool index = false;
  for (const char c : path) {
    if (c == '[') index = true;
    if (!index) text += c == '.' ? '/' : c;
    if (c == ']') index = false;
  }
  return text;
}

namespace {

std::string key_of(const std::string& provider) {
  std::string name;
  for (const char c : provider) name += static_cast<char>(toupper(static_cast<unsigned char>(c)));
  return name + "_API_KEY";
}

}  // namespace

std::shared_ptr<void> Activity::hold() {
  const std::lock_guard lock(mutex_);
  ++count_;
  return std::shared_ptr<void>(this, [](Activity* self) {
    const std::lock_guard lock(self->mutex_);
    if (--self->count_ == 0) self->changed_.notify_all();
  });
}

void Activity::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return count_ == 0; });
}

Millis TestClock::monotonic() const {
  const std::lock_guard lock(mutex_);
  return now_;
}

bool TestClock::wake_at(Millis time, std::function<void()> wake) const {
  const std::lock_guard lock(mutex_);
  waiting_.emplace(time, std::move(wake));
  return true;
}

void TestClock::advance(milliseconds by) {
  move(monotonic() + by.count());
}

std::optional<milliseconds> TestClock::next() const {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) return std::nullopt;
  return milliseconds(std::max<Millis>(0, waiting_.begin()->first - now_));
}

void TestClock::move(Millis time) {
  std::vector<std::function<void()>> due;
  {
    const std::lock_guard lock(mutex_);
    now_ = time;
    const auto end = waiting_.upper_bound(time);
    for (auto it = waiting_.begin(); it != end; ++it) due.push_back(std::move(it->second));
    waiting_.erase(waiting_.begin(), end);
  }
  for (const auto& wake : due) wake();
}

void Replies::set(std::map<std::string, Visits> replies) {
  const std::lock_guard lock(mutex_);
  replies_ = std::move(replies);
  asked_.clear();
  open_.clear();
}

void Replies::record(std::set<std::string> providers) {
  const std::lock_guard lock(mutex_);
  providers_ = std::move(providers);
}

// Visits are counted when the model is asked, so that a replay, which asks in the same order, gives
// each the same answer.  One that failed and is asked again, or whose fallback is, is the same
// visit.
Result<bool> Replies::asks(const ScriptCall& call) {
  const std::string path = plain_path(call.path);
  const std::lock_guard lock(mutex_);
  if (!providers_) return false;
  const std::optional<Open> before = tried_before(call);
  const size_t visit = before ? before->visit : asked_[path];
  if (const auto it = replies_.find(path); it != replies_.end()) {
    const size_t at = it->second.each ? visit : 0;
    if (at >= it->second.asks.size() || !it->second.asks[at]) return false;
  }
  if (!before) ++asked_[path];
  open_.push_back({call, visit, {}});
  if (providers_->contains(call.provider)) return true;
  return fail(Kind::unavailable,
              "no key is set for the model provider " + quote(call.provider) +
                  ", which recording asks: set " + key_of(call.provider),
              "provider_auth");
}

// What is tried again; it is taken off the list.  Of several visits of a node that failed at the
// same time nobody can tell which one this is.
std::optional<Replies::Open> Replies::tried_before(const ScriptCall& call) {
  std::optional<Open> before;
  for (auto it = open_.begin(); it != open_.end();) {
    const bool same =
        !it->error.empty() && it->call.run == call.run && it->call.path == call.path &&
        (call.attempt > 1 || it->call.model != call.model || it->call.provider != call.provider);
    if (same && before)
      unclear_.push_back(
          "several calls of node " + quote(plain_path(call.path)) +
          " failed at the same time, so it is not clear which answer is whose; record "
          "it again");
    if (same && !before)
      before = *it, it = open_.erase(it);
    else
      ++it;
  }
  return before;
}

std::list<Replies::Open>::iterator Replies::open(const ScriptCall& call) {
  return std::find_if(open_.begin(), open_.end(), [&](const Open& open) {
    return open.call.run == call.run && open.call.call == call.call;
  });
}

void Replies::heard(const ScriptCall& call, const std::string& text) {
  const std::lock_guard lock(mutex_);
  const auto asked = open(call);
  if (asked == open_.end()) return;
  heard_[plain_path(call.path)][asked->visit] = text;
  open_.erase(asked);
}

Result<Scripted> Replies::answer(const ScriptCall& call) {
  const std::string path = plain_path(call.path);
  const std::lock_guard lock(mutex_);
  const auto it = replies_.find(path);
  if (it == replies_.end()) {
    missing_.push_back("node " + quote(path) + " of graph " + quote(call.graph) +
                       " asked for a reply, and `replies` of this step has none for it");
    return fail(Kind::internal, missing_.back(), "no_reply");
  }
  const Visits& visits = it->second;
  const size_t visit = visits.each ? asked_[path]++ : 0;
  if (visit < visits.replies.size()) return visits.replies[visit];
  missing_.push_back("node " + quote(path) + " of graph " + quote(call.graph) + " asked a " +
                     std::to_string(visit + 1) + ". time, its list at " + visits.place + " has " +
                     std::to_string(visits.replies.size()));
  return fail(Kind::internal, missing_.back(), "no_reply");
}

void Replies::failed(const ScriptCall& call, const Error& error) {
  const std::lock_guard lock(mutex_);
  if (error.code == "no_reply") return;
  if (const auto asked = open(call); asked != open_.end()) {
    asked->error = error.message;
    waited_ = true;
  }
  failures_.push_back("node " + quote(plain_path(call.path)) + " of graph " + quote(call.graph) +
                      " failed: " + error.stable_code() + ": " + error.message);
}

std::vector<std::string> Replies::take_missing() {
  const std::lock_guard lock(mutex_);
  return std::exchange(missing_, {});
}

std::vector<std::string> Replies::take_failures() {
  const std::lock_guard lock(mutex_);
  return std::exchange(failures_, {});
}

Heard Replies::take_heard() {
  const std::lock_guard lock(mutex_);
  return std::exchange(heard_, {});
}

std::vector<std::string> Replies::take_unheard() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> all = std::exchange(unclear_, {});
  for (const Open& open : std::exchange(open_, {}))
    all.push_back("the model of node " + quote(plain_path(open.call.path)) + " of graph " +
                  quote(open.call.graph) + " gave no answer that could be recorded: " + open.error);
  return all;
}

bool Replies::take_waited() {
  const std::lock_guard lock(mutex_);
  return std::exchange(waited_, false);
}

}  // namespace plenum::testing
