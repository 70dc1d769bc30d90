// What this process knows of the servers it calls: which endpoints are down, who asked for a pause,
// how many retries are left.  Knows nothing of runs.
#pragma once

#include <map>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/effects/peers/breaker.h"
#include "engine/effects/peers/retry_budget.h"

namespace plenum::peers {

struct Peer {
  std::string name;      // who: "gemini", "https://api.example.com"
  std::string endpoint;  // what of it: a model's name, or nothing
  std::string access;    // which credential, by its name
};

struct Rules {
  int breaker_calls = 20;  // fewer within 30 s open no breaker
  int retry_budget = 20;   // capacity
};

// Error codes of calls that must not leave now; both have `retry_after`.
inline constexpr const char* kOpen = "circuit_open";
inline constexpr const char* kPaused = "peer_paused";

// One thread only.  Times are monotonic; `share` is uniform in [0, 1).
class Peers {
 public:
  explicit Peers(Rules rules) : rules_(rules) {}

  struct Ticket {
    Peer peer;
    std::string app;
    Breaker::Pass pass;
  };
  // The call may leave, and left() must hear of its end; or `unavailable` with one of the codes
  // above.
  Result<Ticket> enter(Peer peer, std::string app, Millis now);
  // `error` nullptr: the call was answered as it should be.
  void left(const Ticket& ticket, const Error* error, Millis now, double share);

  bool take_retry(const std::string& app, const std::string& peer);
  size_t known() const { return breakers_.size(); }

 private:
  Breaker& breaker(const Peer& peer, Millis now);
  RetryBudget& budget(const std::string& app, const std::string& peer);
  void forget(Millis now);

  Rules rules_;
  std::map<std::string, Breaker> breakers_;
  std::map<std::string, RetryBudget> budgets_;
  std::map<std::string, Millis> pauses_;  // by name and access: until when
};

// What an error says about the health of the endpoint; nullptr: there was none.
End end_of(const Error* error);

}  // namespace plenum::peers
