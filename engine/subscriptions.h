// Which plan a user has: what providers of purchases told or answer, and what operators gave.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/stripe_look_up.h"

namespace plenum {

namespace http {
class Client;
struct Response;
}  // namespace http

// Answers from memory for a few minutes, never beyond the end of a plan; what is stored through
// store() or changed by grant() and revoke() counts at once.  Any thread.
class Subscriptions {
 public:
  struct Parts {
    const entitlements::Offers* offers = nullptr;
    Store* store = nullptr;
    http::Client* http = nullptr;  // null: providers are not asked
    const Clock* clock = nullptr;
    Post post;  // to the engine's thread, where callbacks run
  };
  explicit Subscriptions(Parts parts) : parts_(std::move(parts)) {}

  using OnStanding = std::function<void(Result<Standing>)>;
  // Calls `done` at once when it is known, else later.  `own`: the plan that sign-in named.
  void standing(const std::string& app, const std::string& user, const std::string& own,
                OnStanding done);
  void store(const std::string& app, const std::string& provider, const entitlements::Fact& fact,
             std::string body, std::function<void(Result<bool>)> done);
  void grant(Grant grant, Actor actor, Done<> done);
  void revoke(Grant grant, Actor actor, Done<int> done);
  void forget(std::string app, std::string user, Actor actor, Done<int> done);

 private:
  using Held = std::vector<entitlements::Held>;
  struct Known {
    Held held;
    Millis until = 0;  // it is looked at again then
  };
  // What RevenueCat last said of a user.
  struct Answer {
    std::map<std::string, entitlements::End> entitlements;
    Millis at = 0;
  };
  struct Ask;  // one look at a user, which all wait for who ask meanwhile
  enum class Provider { revenuecat, stripe };
  using Key = std::pair<std::string, std::string>;

  const entitlements::Offer& offer(const std::string& app) const;
  Standing judge(const std::string& app, const std::string& own, const Held& held) const;
  static std::string text_of(const Answer& answer);
  static std::optional<Answer> answer_of(const std::string& text);
  void with_grants(const std::shared_ptr<Ask>& ask);
  void with_events(const std::shared_ptr<Ask>& ask);
  void with_stripe(const std::shared_ptr<Ask>& ask);
  void take_stripe(const std::shared_ptr<Ask>& ask, const StripeAnswer* answer);
  void stripe_failed(const std::shared_ptr<Ask>& ask, const Error& error);
  bool covers(const Ask& ask, const StripeAnswer& last);
  void with_provider(const std::shared_ptr<Ask>& ask);
  Millis time_to_ask(const Key& user, const std::vector<std::string>& payers);  // locks
  bool is_fresh(const Key& user, Millis at);                                    // locks
  bool is_silent(const std::string& app, Provider provider);                    // locks
  void fell_silent(const std::string& app, Provider provider);                  // locks
  void ask_provider(const std::shared_ptr<Ask>& ask);
  void provider_answered(const std::shared_ptr<Ask>& ask, Millis asked_at,
                         Result<http::Response> response);
  void provider_failed(const std::shared_ptr<Ask>& ask, const std::string& why);
  void use_last(const std::shared_ptr<Ask>& ask);
  void take_answer(const std::shared_ptr<Ask>& ask, const Answer& answer);
  void finish(const std::shared_ptr<Ask>& ask, const Result<>& result);
  void changed(const std::string& app);

  const Parts parts_;
  std::mutex mutex_;
  std::map<Key, Known> known_;
  std::map<Key, std::shared_ptr<Ask>> asks_;
  std::map<std::string, uint64_t> changes_;  // of an app: what was read before one is not kept
  std::map<Key, Millis> told_at_;            // an event came: answers from before are not fresh
  std::map<std::pair<std::string, Provider>, Millis> silent_since_;  // of an app: no answer
};

}  // namespace plenum
