// Events say which subscriptions a user has; Stripe says what they are worth now.  What it says is
// kept as facts of the moment at which it was asked, so that an event that comes later still
// counts.
#include "engine/stripe_look_up.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/base/url.h"
#include "engine/effects/http/client.h"

namespace plenum {

namespace {

using entitlements::Fact;

constexpr size_t kMost = 20;
constexpr milliseconds kPatience{5'000};
constexpr const char* kVersion = "2024-06-20";  // an invoice has its charge

struct Asking {
  StripeAnswer answer;
  size_t open = 0;
  std::function<void(Result<StripeAnswer>)> done;  // null: answered
};

http::Request request_for(const entitlements::Offer& offer, const std::string& subscription) {
  http::Request request;
  request.method = "GET";
  request.url = offer.stripe_url + "/v1/subscriptions/" + percent_encoded(subscription) +
                "?expand[0]=latest_invoice.charge";
  request.headers = {{"authorization", "Bearer " + offer.stripe_key->reveal()},
                     {"stripe-version", kVersion},
                     {"accept", "application/json"}};
  request.timeout = kPatience;
  request.max_response_bytes = 1 << 20;
  request.trusted_destination = offer.trusted_stripe_url;
  return request;
}

Result<> take(const Result<http::Response>& response, StripeAnswer& answer) {
  if (!response) return fail(response.error());
  if (response->status == 404) return {};
  if (response->status != 200)
    return fail(Kind::unavailable, "it answered with status " + std::to_string(response->status));
  const Json body = TRY(parse_json(response->body));
  answer.facts.push_back(TRY(entitlements::read_stripe_subscription(body, answer.at)));
  if (const std::string payer = text_or(body, "customer"); !payer.empty())
    answer.payers.push_back(payer);
  return {};
}

void answered(Asking& asking, const Result<http::Response>& response) {
  if (!asking.done) return;
  const Result<> taken = take(response, asking.answer);
  if (!taken) return std::exchange(asking.done, nullptr)(fail(taken.error()));
  if (--asking.open == 0) std::exchange(asking.done, nullptr)(std::move(asking.answer));
}

}  // namespace

std::string to_text(const StripeAnswer& answer) {
  Json facts = Json::array();
  for (const Fact& fact : answer.facts) facts.push_back(entitlements::to_json(fact));
  return to_text(Json{{"at", answer.at}, {"facts", std::move(facts)}, {"payers", answer.payers}});
}

std::optional<StripeAnswer> stripe_answer_of(const std::string& text) {
  const Result<Json> json = parse_json(text, kOwnJson);
  const Json* facts = json ? find(*json, "facts") : nullptr;
  if (!facts || !facts->is_array()) return std::nullopt;
  StripeAnswer answer{
      {}, json->value("payers", std::vector<std::string>()), json->value("at", Millis(0))};
  for (const Json& one : *facts) {
    Result<Fact> fact = entitlements::fact_of(one);
    if (!fact) return std::nullopt;
    answer.facts.push_back(*std::move(fact));
  }
  return answer;
}

std::vector<std::string> subscriptions_in(const std::vector<Fact>& facts) {
  std::vector<const Fact*> newest;
  for (const Fact& fact : facts)
    if (!fact.purchase.empty()) newest.push_back(&fact);
  std::sort(newest.begin(), newest.end(),
            [](const Fact* a, const Fact* b) { return a->at > b->at; });
  std::vector<std::string> ids;
  for (const Fact* fact : newest)
    if (ids.size() < kMost && std::find(ids.begin(), ids.end(), fact->purchase) == ids.end())
      ids.push_back(fact->purchase);
  return ids;
}

void ask_stripe(http::Client& http, const entitlements::Offer& offer,
                const std::vector<std::string>& subscriptions, Millis now, const Post& post,
                std::function<void(Result<StripeAnswer>)> done) {
  const auto asking = std::make_shared<Asking>();
  asking->answer.at = now;
  asking->open = subscriptions.size();
  asking->done = std::move(done);
  for (const std::string& id : subscriptions)
    http.send(request_for(offer, id), [asking, post](Result<http::Response> response) {
      post([asking, response = std::move(response)] { answered(*asking, response); });
    });
}

}  // namespace plenum
