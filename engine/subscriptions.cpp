// One look at a user reads grants, then events, then (where there is a key for it) asks Stripe or
// RevenueCat; whoever asks for the same user meanwhile waits for the same look.  What it finds is
// kept in memory with its ends, so the clock alone closes access; a change of the app drops all of
// it, since an event may move a purchase to somebody whom it does not name.
#include "engine/subscriptions.h"

#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "engine/base/url.h"
#include "engine/effects/http/client.h"

namespace plenum {

namespace {

using entitlements::Fact;

constexpr Millis kFresh = 5 * 60'000;   // so long an answer counts unasked
constexpr Millis kStale = 60 * 60'000;  // … and so long when the provider does not answer
constexpr Millis kSilence = 15'000;     // so long a provider that failed is left alone
constexpr milliseconds kPatience{5'000};
constexpr size_t kMostKnown = 50'000;
constexpr const char* kAnswerKey = "purchases revenuecat";
constexpr const char* kStripeKey = "purchases stripe";

// When the last of its consequences is over; 0: never.  What has none is kept for the 90 days in
// which it is known again.
Millis keep_until(const Fact& fact, Millis now) {
  const Millis least = now + kPurchaseBodyLife;
  if (fact.does == Fact::Does::nothing) return least;
  if (fact.does == Fact::Does::moves || !fact.end) return 0;
  return std::max({least, *fact.end + kPurchaseBodyLife, fact.grace_end + kPurchaseBodyLife});
}

std::vector<std::string> names_in(const Fact& fact) {
  std::vector<std::string> names = fact.customers;
  names.insert(names.end(), fact.from.begin(), fact.from.end());
  names.insert(names.end(), fact.to.begin(), fact.to.end());
  return names;
}

}  // namespace

std::string Subscriptions::text_of(const Answer& answer) {
  Json ends = Json::object();
  for (const auto& [name, end] : answer.entitlements) ends[name] = end ? Json(*end) : Json();
  return to_text(Json{{"at", answer.at}, {"entitlements", std::move(ends)}});
}

std::optional<Subscriptions::Answer> Subscriptions::answer_of(const std::string& text) {
  const Result<Json> json = parse_json(text, kOwnJson);
  const Json* ends = json ? find(*json, "entitlements") : nullptr;
  if (!ends) return std::nullopt;
  Answer answer{{}, json->value("at", Millis(0))};
  for (const auto& [name, end] : ends->items())
    answer.entitlements[name] =
        end.is_null() ? entitlements::End() : entitlements::End(end.get<Millis>());
  return answer;
}

struct Subscriptions::Ask {
  Key key;
  uint64_t change = 0;
  Held held;
  std::optional<Answer> last;               // of RevenueCat, not fresh any more
  std::vector<Fact> told;                   // of Stripe's events, where it is asked, too
  std::optional<StripeAnswer> last_stripe;  // not fresh any more
  bool brief = false;  // to be looked at again soon: the provider was not heard
  std::vector<std::pair<std::string, OnStanding>> waiting;  // with the plan that sign-in named
};

const entitlements::Offer& Subscriptions::offer(const std::string& app) const {
  static const entitlements::Offer kNone;
  const auto it = parts_.offers->find(app);
  return it == parts_.offers->end() ? kNone : it->second;
}

Standing Subscriptions::judge(const std::string& app, const std::string& own,
                              const Held& held) const {
  const entitlements::Plans& plans = offer(app).plans;
  const Millis now = parts_.clock->now();
  Held all = held;
  if (!own.empty()) all.push_back({own, std::nullopt});
  Standing standing{entitlements::best(all, plans, now), {}};
  for (const entitlements::Held& one : held)
    if (!entitlements::lasts(one.end, now)) {
      Millis& end = standing.ended[one.plan];
      end = std::max(end, *one.end);
    }
  return standing;
}

void Subscriptions::standing(const std::string& app, const std::string& user,
                             const std::string& own, OnStanding done) {
  const Key key{app, user};
  std::unique_lock lock(mutex_);
  if (const auto it = known_.find(key);
      it != known_.end() && it->second.until > parts_.clock->now()) {
    const Held held = it->second.held;
    lock.unlock();
    return done(judge(app, own, held));
  }
  if (const auto it = asks_.find(key); it != asks_.end() && it->second->change == changes_[app])
    return it->second->waiting.emplace_back(own, std::move(done)), void();
  auto ask = std::make_shared<Ask>();
  ask->key = key;
  ask->change = changes_[app];
  ask->waiting.emplace_back(own, std::move(done));
  asks_[key] = ask;
  lock.unlock();
  with_grants(ask);
}

void Subscriptions::with_grants(const std::shared_ptr<Ask>& ask) {
  parts_.store->grants(
      ask->key.first, ask->key.second, [this, ask](Result<std::vector<Grant>> grants) {
        if (!grants) return finish(ask, fail(grants.error()));
        for (const Grant& grant : *grants)
          ask->held.push_back(
              {grant.plan, grant.expires_at ? entitlements::End(grant.expires_at) : std::nullopt});
        if (!parts_.offers->contains(ask->key.first)) return finish(ask, {});
        with_events(ask);
      });
}

void Subscriptions::with_events(const std::shared_ptr<Ask>& ask) {
  const auto& [app, user] = ask->key;
  parts_.store->purchase_facts(app, user, [this, ask](Result<std::vector<PurchaseFact>> stored) {
    if (!stored) return finish(ask, fail(stored.error()));
    const entitlements::Offer& sold = offer(ask->key.first);
    std::map<std::string, std::vector<Fact>> facts;  // by provider: their ids are their own
    for (const PurchaseFact& one : *stored) {
      Result<Fact> fact = entitlements::fact_of(parse_json(one.fact, kOwnJson).value_or(Json()));
      if (!fact) return finish(ask, fail(fact.error()));
      facts[one.provider].push_back(*std::move(fact));
    }
    for (auto& [provider, told] : facts) {
      if (parts_.http && sold.revenuecat_key && provider == "revenuecat") continue;
      if (parts_.http && sold.stripe_key && provider == "stripe") {
        ask->told = std::move(told);
        continue;
      }
      const auto plans = entitlements::plans_of(
          entitlements::entitlements_of(told, ask->key.second, sold.plans.environment), sold.plans);
      ask->held.insert(ask->held.end(), plans.begin(), plans.end());
    }
    with_stripe(ask);
  });
}

// Events say which subscriptions to ask about; without one there is nothing to ask.
void Subscriptions::with_stripe(const std::shared_ptr<Ask>& ask) {
  if (subscriptions_in(ask->told).empty()) return take_stripe(ask, nullptr);
  const auto& [app, user] = ask->key;
  parts_.store->cached({app, user_digest(app, user)}, kStripeKey, parts_.clock->now(),
                       [this, ask](Result<std::string> stored) {
                         const std::string& app = ask->key.first;
                         if (stored) ask->last_stripe = stripe_answer_of(*stored);
                         if (ask->last_stripe && covers(*ask, *ask->last_stripe))
                           return take_stripe(ask, &*ask->last_stripe);
                         if (is_silent(app, Provider::stripe)) return stripe_failed(ask, {});
                         const Millis now =
                             time_to_ask(ask->key, ask->last_stripe ? ask->last_stripe->payers
                                                                    : std::vector<std::string>());
                         ask_stripe(*parts_.http, offer(app), subscriptions_in(ask->told), now,
                                    parts_.post, [this, ask](Result<StripeAnswer> answer) {
                                      if (!answer) return stripe_failed(ask, answer.error());
                                      const auto& [app, user] = ask->key;
                                      parts_.store->put_cached(
                                          {app, user_digest(app, user)}, kStripeKey,
                                          to_text(*answer), answer->at + kStale, [](Result<>) {});
                                      take_stripe(ask, &*answer);
                                    });
                       });
}

// Whether an answer from before is still good for the subscriptions that events tell of now.
bool Subscriptions::covers(const Ask& ask, const StripeAnswer& last) {
  if (!is_fresh(ask.key, last.at)) return false;
  for (const std::string& payer : last.payers)
    if (!is_fresh({ask.key.first, payer}, last.at)) return false;
  const std::vector<std::string> known = subscriptions_in(last.facts);
  for (const std::string& id : subscriptions_in(ask.told))
    if (std::find(known.begin(), known.end(), id) == known.end()) return false;
  return true;
}

// What it said within the last hour, and what its events say anyway.
void Subscriptions::stripe_failed(const std::shared_ptr<Ask>& ask, const Error& error) {
  const std::string& app = ask->key.first;
  if (!error.message.empty()) {
    spdlog::warn("Stripe was asked about a customer of {}: {}", app, error.message);
    fell_silent(app, Provider::stripe);
  }
  ask->brief = true;
  const bool good = ask->last_stripe && ask->last_stripe->at + kStale > parts_.clock->now();
  take_stripe(ask, good ? &*ask->last_stripe : nullptr);
}

// What Stripe said is newer than what its events told before, and older than those that came since.
void Subscriptions::take_stripe(const std::shared_ptr<Ask>& ask, const StripeAnswer* answer) {
  const auto& [app, user] = ask->key;
  const entitlements::Offer& sold = offer(app);
  if (answer) ask->told.insert(ask->told.end(), answer->facts.begin(), answer->facts.end());
  const auto plans = entitlements::plans_of(
      entitlements::entitlements_of(ask->told, user, sold.plans.environment), sold.plans);
  ask->held.insert(ask->held.end(), plans.begin(), plans.end());
  if (parts_.http && sold.revenuecat_key) return with_provider(ask);
  finish(ask, {});
}

// Now, and later than every event that has come: an answer is fresh only when it is newer.
Millis Subscriptions::time_to_ask(const Key& user, const std::vector<std::string>& payers) {
  const std::lock_guard lock(mutex_);
  Millis time = parts_.clock->now();
  const auto after = [&](const std::string& name) {
    const auto told = told_at_.find({user.first, name});
    if (told != told_at_.end()) time = std::max(time, told->second + 1);
  };
  after(user.second);
  for (const std::string& payer : payers) after(payer);
  return time;
}

bool Subscriptions::is_fresh(const Key& user, Millis at) {
  const std::lock_guard lock(mutex_);
  const auto told = told_at_.find(user);
  return at + kFresh > parts_.clock->now() && (told == told_at_.end() || told->second < at);
}

bool Subscriptions::is_silent(const std::string& app, Provider provider) {
  const std::lock_guard lock(mutex_);
  const auto since = silent_since_.find({app, provider});
  return since != silent_since_.end() && since->second + kSilence > parts_.clock->now();
}

void Subscriptions::fell_silent(const std::string& app, Provider provider) {
  const std::lock_guard lock(mutex_);
  silent_since_[{app, provider}] = parts_.clock->now();
}

// What it said within the last minutes is enough, unless an event came since.
void Subscriptions::with_provider(const std::shared_ptr<Ask>& ask) {
  const auto& [app, user] = ask->key;
  parts_.store->cached({app, user_digest(app, user)}, kAnswerKey, parts_.clock->now(),
                       [this, ask](Result<std::string> stored) {
                         if (stored) ask->last = answer_of(*stored);
                         if (ask->last && is_fresh(ask->key, ask->last->at))
                           return take_answer(ask, *ask->last);
                         if (is_silent(ask->key.first, Provider::revenuecat)) return use_last(ask);
                         ask_provider(ask);
                       });
}

void Subscriptions::ask_provider(const std::shared_ptr<Ask>& ask) {
  const entitlements::Offer& sold = offer(ask->key.first);
  http::Request request;
  request.method = "GET";
  request.url = sold.revenuecat_url + "/v1/subscribers/" + percent_encoded(ask->key.second);
  request.headers = {{"authorization", "Bearer " + sold.revenuecat_key->reveal()},
                     {"accept", "application/json"}};
  request.timeout = kPatience;
  request.max_response_bytes = 1 << 20;
  request.trusted_destination = sold.trusted_revenuecat_url;
  const Millis asked_at = time_to_ask(ask->key, {});
  parts_.http->send(std::move(request), [this, ask, asked_at](Result<http::Response> response) {
    parts_.post([this, ask, asked_at, response = std::move(response)]() mutable {
      provider_answered(ask, asked_at, std::move(response));
    });
  });
}

// A customer whom RevenueCat did not know is answered with 201.
void Subscriptions::provider_answered(const std::shared_ptr<Ask>& ask, Millis asked_at,
                                      Result<http::Response> response) {
  const auto& [app, user] = ask->key;
  if (!response) return provider_failed(ask, response.error().message);
  if (response->status != 200 && response->status != 201)
    return provider_failed(ask, "it answered with status " + std::to_string(response->status));
  const Result<Json> body = parse_json(response->body);
  const auto read = body ? entitlements::read_subscriber(*body, offer(app).plans.environment)
                         : tl::unexpected(body.error());
  if (!read) return provider_failed(ask, read.error().message);
  const Answer answer{*read, asked_at};
  parts_.store->put_cached({app, user_digest(app, user)}, kAnswerKey, text_of(answer),
                           asked_at + kStale, [](Result<>) {});
  take_answer(ask, answer);
}

void Subscriptions::provider_failed(const std::shared_ptr<Ask>& ask, const std::string& why) {
  spdlog::warn("RevenueCat was asked about a customer of {}: {}", ask->key.first, why);
  fell_silent(ask->key.first, Provider::revenuecat);
  use_last(ask);
}

// What it said within the last hour, else nothing.
void Subscriptions::use_last(const std::shared_ptr<Ask>& ask) {
  ask->brief = true;
  if (ask->last && ask->last->at + kStale > parts_.clock->now())
    return take_answer(ask, *ask->last);
  finish(ask, {});
}

void Subscriptions::take_answer(const std::shared_ptr<Ask>& ask, const Answer& answer) {
  const auto plans = entitlements::plans_of(answer.entitlements, offer(ask->key.first).plans);
  ask->held.insert(ask->held.end(), plans.begin(), plans.end());
  finish(ask, {});
}

void Subscriptions::finish(const std::shared_ptr<Ask>& ask, const Result<>& result) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto it = asks_.find(ask->key); it != asks_.end() && it->second == ask)
      asks_.erase(it);
    if (known_.size() >= kMostKnown) known_.clear();
    if (result && ask->change == changes_[ask->key.first])
      known_[ask->key] = {ask->held, parts_.clock->now() + (ask->brief ? kSilence : kFresh)};
  }
  for (const auto& [own, done] : ask->waiting) {
    if (result)
      done(judge(ask->key.first, own, ask->held));
    else
      done(tl::unexpected<Error>(result.error()));
  }
}

void Subscriptions::changed(const std::string& app) {
  const std::lock_guard lock(mutex_);
  ++changes_[app];
  std::erase_if(known_, [&](const auto& one) { return one.first.first == app; });
}

void Subscriptions::store(const std::string& app, const std::string& provider, const Fact& fact,
                          std::string body, std::function<void(Result<bool>)> done) {
  const Millis now = parts_.clock->now();
  const std::vector<std::string> names = names_in(fact);
  // What does nothing must not lengthen the life of a purchase.
  const std::string purchase = fact.does == Fact::Does::nothing ? "" : fact.purchase;
  parts_.store->put_purchase_event(
      {app, provider, fact.id, purchase, names, now, keep_until(fact, now),
       to_text(entitlements::to_json(fact)), std::move(body)},
      [this, app, names, now, done = std::move(done)](Result<bool> stored) {
        if (stored && *stored) {
          {
            const std::lock_guard lock(mutex_);
            if (told_at_.size() >= kMostKnown) told_at_.clear();
            for (const std::string& name : names) told_at_[{app, name}] = now;
          }
          changed(app);
        }
        done(std::move(stored));
      });
}

void Subscriptions::grant(Grant grant, Actor actor, Done<> done) {
  const std::string app = grant.app;
  parts_.store->grant(std::move(grant), std::move(actor),
                      [this, app, done = std::move(done)](Result<> given) {
                        changed(app);
                        done(std::move(given));
                      });
}

void Subscriptions::revoke(Grant grant, Actor actor, Done<int> done) {
  const std::string app = grant.app;
  parts_.store->revoke(std::move(grant), parts_.clock->now(), std::move(actor),
                       [this, app, done = std::move(done)](Result<int> gone) {
                         changed(app);
                         done(std::move(gone));
                       });
}

void Subscriptions::forget(std::string app, std::string user, Actor actor, Done<int> done) {
  parts_.store->forget_user(app, std::move(user), parts_.clock->now(), std::move(actor),
                            [this, app, done = std::move(done)](Result<int> gone) {
                              changed(app);
                              done(std::move(gone));
                            });
}

}  // namespace plenum
