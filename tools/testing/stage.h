// What stands in for the world while an app's tests run: a clock that the test moves, replies in
// place of models and peers, and a count of what is under way.
#pragma once

#include <condition_variable>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/app/tests.h"
#include "engine/base/clock.h"
#include "engine/effects/script.h"
#include "tools/testing/record.h"

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
  // How long it is to the next thing somebody waits for; nullopt: there is none.
  std::optional<milliseconds> next() const;

 private:
  void move(Millis time);

  mutable std::mutex mutex_;
  Millis now_ = kStart;
  mutable std::multimap<Millis, std::function<void()>> waiting_;
};

// The replies of a step, and what went wrong beside them; while tests are recorded, what models
// really say in place of the replies that are not there.  Callable from any thread.
class Replies final : public Script {
 public:
  // The replies of a step, computed; by node path.
  struct Visits {
    std::vector<Scripted> replies;
    std::vector<bool> asks = {};  // which of them come from the model itself; empty: none
    bool each = false;
    std::string place;  // in the app file
  };
  void set(std::map<std::string, Visits> replies);
  // From now on models of these providers are really asked where there is no reply.
  void record(std::set<std::string> providers);

  Result<Scripted> answer(const ScriptCall& call) override;
  Result<bool> asks(const ScriptCall& call) override;
  void heard(const ScriptCall& call, const std::string& text) override;
  void failed(const ScriptCall& call, const Error& error) override;

  std::vector<std::string> take_missing();   // nodes that asked and got nothing, as sentences
  std::vector<std::string> take_failures();  // effects that failed, as sentences
  Heard take_heard();
  std::vector<std::string> take_unheard();  // nodes whose model was asked and gave no answer
  bool take_waited();  // whether a model that was really asked failed: it wants time

 private:
  std::mutex mutex_;
  std::map<std::string, Visits> replies_;
  std::map<std::string, size_t> asked_;
  std::vector<std::string> missing_, failures_;
  std::optional<std::set<std::string>> providers_;  // nullopt: nothing is recorded
  // Asked for real, without an answer yet.
  struct Open {
    ScriptCall call;
    size_t visit = 0;   // counted
    std::string error;  // of the last try; "": under way
  };
  std::list<Open>::iterator open(const ScriptCall& call);
  std::optional<Open> tried_before(const ScriptCall& call);

  std::list<Open> open_;
  std::vector<std::string> unclear_;
  Heard heard_;
  bool waited_ = false;
};

}  // namespace plenum::testing
