// What providers of purchases tell.  The bytes are verified before anything of them is read, stored
// once, and answered; what they mean is computed when somebody asks.  A webhook that is not
// configured does not exist.
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "server/handle.h"
#include "server/reply.h"

namespace plenum::server {

namespace {

using entitlements::Fact;
using entitlements::Offer;

Error nothing_here() {
  return {Kind::not_found, "nothing is served here", "route_not_found", {}};
}

Result<> verify(const Offer& offer, const std::string& provider, const front::Request& request,
                Millis now) {
  const auto header = [&](const char* name) {
    const std::string* value = request.header(name);
    return value ? *value : std::string();
  };
  bool good = false;
  if (provider == "stripe") {
    good = entitlements::is_signed(header("stripe-signature"), request.body, offer.stripe_signing,
                                   now);
  } else {
    good = entitlements::is_one_of(header("authorization"), offer.revenuecat_authorization);
    if (!offer.revenuecat_signing.empty())
      good = entitlements::is_signed(header("x-revenuecat-webhook-signature"), request.body,
                                     offer.revenuecat_signing, now) &&
             good;
  }
  if (good) return {};
  return fail(Kind::denied, "the webhook's credentials are not good", "unauthenticated");
}

Result<Fact> read_fact(const std::string& provider, const std::string& body) {
  const Json json = TRY(parse_json(body));
  return provider == "stripe" ? entitlements::read_stripe(json)
                              : entitlements::read_revenuecat(json);
}

// Null when it is not configured.
const Offer* offer_of(const Site& site, const std::string& app, const std::string& provider) {
  const auto it = site.offers.find(app);
  if (it == site.offers.end()) return nullptr;
  const bool listened = provider == "stripe"       ? !it->second.stripe_signing.empty()
                        : provider == "revenuecat" ? !it->second.revenuecat_authorization.empty()
                                                   : false;
  return listened ? &it->second : nullptr;
}

}  // namespace

void take_webhook(const Exchange& exchange) {
  const std::string app = exchange.match.params.at("app");
  const std::string provider = exchange.match.params.at("provider");
  const Offer* offer = offer_of(exchange.site, app, provider);
  if (!offer) return exchange.send(nothing_here());
  const Result<> verified =
      verify(*offer, provider, *exchange.request, exchange.site.engine.clock().now());
  const auto count = [&engine = exchange.site.engine, app, provider](const char* outcome) {
    engine.metrics().add("plenum_webhooks_total",
                         {{"app", app}, {"provider", provider}, {"outcome", outcome}});
  };
  if (!verified) return count("refused"), exchange.send(verified.error());
  Result<Fact> fact = read_fact(provider, exchange.request->body);
  if (!fact) return exchange.send(fact.error());
  if (!fact->fault.empty())
    spdlog::warn("{}: an event of {} for {} changes nothing: {}", exchange.request_id, provider,
                 app, fact->fault);
  exchange.site.engine.store_purchase(
      app, provider, *std::move(fact), exchange.request->body,
      [exchange, count](Result<bool> stored) {
        if (!stored) return exchange.send(stored.error());
        count(*stored ? "stored" : "known");
        exchange.send(json_response(200, Json{{"status", *stored ? "stored" : "known"}}));
      });
}

}  // namespace plenum::server
