#include "tools/settings_purchases.h"

#include <algorithm>
#include <sstream>

#include "engine/base/diagnostic.h"

namespace plenum::tools {

namespace {

using entitlements::Environment;
using entitlements::Keys;
using entitlements::Offer;

tl::unexpected<Error> wrong(const std::string& key, const std::string& value,
                            const std::string& rule) {
  return fail(Kind::invalid,
              "the setting `" + key + "` is " + quote(value) + "; it must be " + rule);
}

// One on each line, since values may have spaces.
Result<Keys> keys_named(const std::string& name) {
  Keys keys;
  std::istringstream lines(TRY(secret(name)));
  for (std::string line; std::getline(lines, line);)
    if (!line.empty()) keys.emplace_back(line);
  return keys;
}

Result<> read_plans(const SettingsFile& settings, const std::string& at, Offer& offer) {
  offer.plans.order = settings.list(at + ".plans");
  const std::string key = at + ".purchases.entitlements";
  for (const std::string& pair : settings.list(key)) {
    const size_t equals = pair.rfind('=');
    const std::string plan = equals == std::string::npos ? "" : pair.substr(equals + 1);
    if (equals == 0 || plan.empty()) return wrong(key, pair, "ENTITLEMENT=PLAN");
    if (std::find(offer.plans.order.begin(), offer.plans.order.end(), plan) ==
        offer.plans.order.end())
      return wrong(key, pair, "an entitlement and one of `" + at + ".plans`");
    offer.plans.names[pair.substr(0, equals)] = plan;
  }
  const std::string environment =
      settings.get(at + ".purchases.environment").value_or("production");
  if (environment != "production" && environment != "sandbox")
    return wrong(at + ".purchases.environment", environment, "production or sandbox");
  offer.plans.environment =
      environment == "sandbox" ? Environment::sandbox : Environment::production;
  offer.plans.leeway =
      static_cast<Millis>(TRY(settings.number(at + ".purchases.leeway_seconds", 0, 86'400, 300))) *
      1000;
  return {};
}

// Whose ids the providers know: with one issuer there is no question.
Result<std::string> read_issuer(const SettingsFile& settings, const std::string& at,
                                const std::vector<server::auth::Issuer>& issuers) {
  const std::string key = at + ".purchases.issuer";
  const auto name = settings.get(key);
  if (!name && issuers.size() <= 1) return issuers.empty() ? "" : issuers.front().url;
  std::vector<std::string> names;
  for (const auto& issuer : issuers) {
    if (name && issuer.name == *name) return issuer.url;
    names.push_back(issuer.name);
  }
  if (!name) return fail(Kind::invalid, "`" + key + "` must say whose users buy: " + any_of(names));
  return wrong(
      key, *name,
      "the name of one of the app's sign-ins" + (names.empty() ? "" : ": " + any_of(names)));
}

Result<> read_secrets(const std::string& app, Offer& offer) {
  const std::string prefix = "PLENUM_APPS_" + upper(app) + "_";
  offer.revenuecat_authorization = TRY(keys_named(prefix + "REVENUECAT_AUTHORIZATION"));
  offer.revenuecat_signing = TRY(keys_named(prefix + "REVENUECAT_SIGNING_SECRET"));
  offer.stripe_signing = TRY(keys_named(prefix + "STRIPE_SIGNING_SECRET"));
  if (const std::string key = TRY(secret(prefix + "REVENUECAT_API_KEY")); !key.empty())
    offer.revenuecat_key = Secret(key);
  if (const std::string key = TRY(secret(prefix + "STRIPE_API_KEY")); !key.empty())
    offer.stripe_key = Secret(key);
  if (offer.stripe_key && offer.stripe_signing.empty())
    return fail(Kind::invalid, prefix + "STRIPE_API_KEY is set, and " + prefix +
                                   "STRIPE_SIGNING_SECRET is not: only Stripe's events say which "
                                   "subscriptions to ask about");
  if (!offer.revenuecat_signing.empty() && offer.revenuecat_authorization.empty())
    return fail(Kind::invalid, prefix + "REVENUECAT_SIGNING_SECRET is set, and " + prefix +
                                   "REVENUECAT_AUTHORIZATION is not: set the value that RevenueCat "
                                   "sends, too");
  return {};
}

}  // namespace

std::vector<std::string> purchase_keys() {
  std::vector<std::string> keys = {"apps.*.plans"};
  for (const char* key :
       {"environment", "entitlements", "leeway_seconds", "issuer", "revenuecat_url", "stripe_url"})
    keys.push_back(std::string("apps.*.purchases.") + key);
  return keys;
}

Result<entitlements::Offers> read_offers(const SettingsFile& settings,
                                         const server::auth::Issuers& issuers) {
  entitlements::Offers offers;
  for (const std::string& app : settings.names("apps")) {
    const std::string at = "apps." + app;
    if (settings.names(at + ".purchases").empty() && !settings.get(at + ".plans")) continue;
    Offer offer;
    TRY(read_plans(settings, at, offer));
    if (offer.plans.order.empty())
      return fail(Kind::invalid,
                  "`" + at + ".purchases` needs `" + at + ".plans`, from the least to the best");
    offer.issuer = TRY(read_issuer(settings, at, issuers.of(app)));
    TRY(read_secrets(app, offer));
    if (const auto url = settings.get(at + ".purchases.revenuecat_url")) {
      offer.revenuecat_url = *url;
      offer.trusted_revenuecat_url = true;
    }
    if (const auto url = settings.get(at + ".purchases.stripe_url")) {
      offer.stripe_url = *url;
      offer.trusted_stripe_url = true;
    }
    offers[app] = std::move(offer);
  }
  return offers;
}

}  // namespace plenum::tools
