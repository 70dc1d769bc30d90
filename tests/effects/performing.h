// Effects in a test's hands: a thread for the engine's, a store in memory, a clock that is set.
#pragma once

#include <catch2/catch.hpp>
#include <condition_variable>
#include <deque>
#include <future>
#include <nlohmann/json.hpp>

#include "engine/effects/effects.h"

namespace plenum {

inline const std::string kToken = "tok-5f2c9a71";

inline std::shared_ptr<Secrets> known_secrets() {
  auto secrets =
      std::make_shared<Secrets>([](const std::string& name) -> Result<std::optional<std::string>> {
        if (name == "CRM_TOKEN") return kToken;
        if (name == "CRM_LOGIN") return "ada:pass word";
        if (name == "BROKEN") return "a\r\nX-Evil: 1";
        return std::nullopt;
      });
  REQUIRE(secrets->load("CRM_TOKEN"));
  REQUIRE(secrets->load("CRM_LOGIN"));
  return secrets;
}

// What performs effects, over a store in memory.
struct Bench {
  explicit Bench(bool allow_local = true,
                 const std::function<void(Effects::Parts&)>& change = nullptr) {
    store = open_sqlite_store(":memory:", post()).value();
    client = std::make_shared<http::Client>();
    Effects::Parts parts;
    // Not owned: what an answer holds may be dropped last by the client's own thread.
    parts.http = std::shared_ptr<http::Client>(std::shared_ptr<void>(), client.get());
    parts.store = store.get();
    parts.clock = &clock;
    parts.secrets = known_secrets();
    parts.allow_local_hosts = allow_local;
    parts.post = post();
    parts.files = post();
    parts.later = [this](std::chrono::milliseconds, std::function<void()> wake) {
      std::lock_guard lock(mutex);
      alarms.push_back(std::move(wake));
    };
    if (change) change(parts);
    effects = std::make_unique<Effects>(std::move(parts));
  }
  ~Bench() {
    effects.reset();
    client.reset();
    store.reset();
    stop();
  }

  // The engine's thread.
  Post post() {
    return [this](std::function<void()> f) {
      std::lock_guard lock(mutex);
      work.push_back(std::move(f));
      more.notify_all();
    };
  }
  void stop() {
    {
      std::lock_guard lock(mutex);
      stopping = true;
      more.notify_all();
    }
    thread.join();
  }
  void loop() {
    for (std::unique_lock lock(mutex);;) {
      more.wait(lock, [this] { return stopping || !work.empty(); });
      if (work.empty()) return;
      auto next = std::move(work.front());
      work.pop_front();
      lock.unlock();
      next();
      lock.lock();
    }
  }

  void advance(Millis by) {
    clock.time += by;
    std::vector<std::function<void()>> due;
    {
      std::lock_guard lock(mutex);
      due.swap(alarms);
    }
    for (auto& wake : due) post()(std::move(wake));
  }

  std::future<Result<EffectReply>> begin(run::Perform what, const std::string& owner = "ada",
                                         bool then_cancel = false) {
    auto promise = std::make_shared<std::promise<Result<EffectReply>>>();
    auto future = promise->get_future();
    post()([this, what, owner, promise, then_cancel] {
      const uint64_t handle =
          effects->perform(what, {{"test", owner}, "run_1", "main", 0},
                           [promise](Result<EffectReply> reply) { promise->set_value(reply); });
      if (then_cancel) effects->cancel(handle);
    });
    return future;
  }
  static run::Perform performing(run::CallHttp call, bool again = false) {
    run::Perform what;
    what.path = "call";
    what.key = "k1";
    what.again = again;
    what.timeout = std::chrono::milliseconds(5000);
    what.effect = std::move(call);
    return what;
  }
  std::string ask(run::CallHttp call) { return story(begin(performing(std::move(call))).get()); }
  std::string ask_again(run::CallHttp call) {
    return story(begin(performing(std::move(call), true)).get());
  }
  static std::string story(const Result<EffectReply>& reply) {
    if (reply) return to_text(reply->result);
    return std::string(name(reply.error().kind)) + "/" + reply.error().code + "/" +
           std::to_string(reply.error().status);
  }

  struct : Clock {
    Millis now() const override { return time; }
    Millis monotonic() const override { return time; }
    std::atomic<Millis> time = 1'000'000'000'000;
  } clock;
  std::mutex mutex;
  std::condition_variable more;
  std::deque<std::function<void()>> work;
  std::vector<std::function<void()>> alarms;  // called by advance()
  bool stopping = false;
  std::unique_ptr<Store> store;
  std::shared_ptr<http::Client> client;
  std::unique_ptr<Effects> effects;
  std::thread thread{[this] { loop(); }};
};

}  // namespace plenum
