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

bool TestClock::advance_to_next() {
  Millis next = 0;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) return false;
    next = std::max(now_, waiting_.begin()->first);
  }
  move(next);
  return true;
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
}

Result<Scripted> Replies::answer(const std::string& graph, const std::string& node) {
  const std::string path = plain_path(node);
  const std::lock_guard lock(mutex_);
  const auto it = replies_.find(path);
  if (it == replies_.end()) {
    missing_.push_back("node " + quote(path) + " of graph " + quote(graph) +
                       " asked for a reply, and `replies` of this step has none for it");
    return fail(Kind::internal, missing_.back(), "no_reply");
  }
  const Visits& visits = it->second;
  const size_t visit = visits.each ? asked_[path]++ : 0;
  if (visit < visits.replies.size()) return visits.replies[visit];
  missing_.push_back("node " + quote(path) + " of graph " + quote(graph) + " asked a " +
                     std::to_string(visit + 1) + ". time, its list at " + visits.place + " has " +
                     std::to_string(visits.replies.size()));
  return fail(Kind::internal, missing_.back(), "no_reply");
}

void Replies::failed(const std::string& graph, const std::string& path, const Error& error) {
  const std::lock_guard lock(mutex_);
  if (error.code == "no_reply") return;
  failures_.push_back("node " + quote(path) + " of graph " + quote(graph) +
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

}  // namespace plenum::testing
