// What stands in for the world while an app's tests run: a clock that the test moves, replies in
// place of models and peers, and a count of what is under way.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "engine/app/tests.h"
#include "engine/base/clock.h"
#include "engine/effects/script.h"

namespace plenum::testing {

// A node's path without the indexes of its rounds and items: "each[3].part" is "each/part".
std::string plain_path(const std::string& path);

// Counts what is under way.  Callable from any thread; outlives its tokens.
class Activity {
 public:
  std::shared_ptr<void> hold();
  void wait();  // until nothing is under way

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

// Stands still until it is moved.  Callable from any thread.
class TestClock final : public Clock {
 public:
  static constexpr Millis kStart = 1'767'258'000'000;  // 2026-01-01T09:00:00Z

  Millis now() const override { return monotonic(); }
  Millis monotonic() const override;
  bool wake_at(Millis time, std::function<void()> wake) const override;

  void advance(milliseconds by);  // wakes what is due by then
  bool advance_to_next();         // to the next thing somebody waits for; false: there is none

 private:
  void move(Millis time);

  mutable std::mutex mutex_;
  Millis now_ = kStart;
  mutable std::multimap<Millis, std::function<void()>> waiting_;
};

// The replies of a step, and what went wrong beside them.  Callable from any thread.
class Replies final : public Script {
 public:
  // The replies of a step, computed; by node path.
  struct Visits {
    std::vector<Scripted> replies;
    bool each = false;
    std::string place;  // in the app file
  };
  void set(std::map<std::string, Visits> replies);

  Result<Scripted> answer(const std::string& graph, const std::string& path) override;
  void failed(const std::string& graph, const std::string& path, const Error& error) override;

  std::vector<std::string> take_missing();   // nodes that asked and got nothing, as sentences
  std::vector<std::string> take_failures();  // effects that failed, as sentences

 private:
  std::mutex mutex_;
  std::map<std::string, Visits> replies_;
  std::map<std::string, size_t> asked_;
  std::vector<std::string> missing_, failures_;
};

}  // namespace plenum::testing
