#include "server/access.h"

#include <nlohmann/json.hpp>

#include "engine/base/ids.h"

namespace plenum::server {

namespace {

constexpr std::string_view kScheme = "Bearer ";
constexpr std::string_view kDevelopment = "dev:";

bool loopback(std::string_view address) {
  return address.starts_with("127.") || address == "::1" || address.starts_with("::ffff:127.");
}

bool plain_word(std::string_view text, size_t longest) {
  const auto good = [](unsigned char c) {
    return isalnum(c) || c == '_' || c == '-' || c == '.' || c == '@';
  };
  return !text.empty() && text.size() <= longest && std::all_of(text.begin(), text.end(), good);
}

tl::unexpected<Error> refused(std::string message) {
  return fail(Kind::denied, std::move(message), "unauthenticated");
}

std::string owner_of(const std::string& app, const std::string& issuer, std::string_view subject) {
  return sha256_hex(app + "\n" + issuer + "\n" + std::string(subject)).substr(0, 32);
}

Result<Caller> sign_in(const AccessRules& rules, const std::string& app, const front::Head& head) {
  const std::string* header = head.header("authorization");
  if (!header)
    return refused(
        rules.development
            ? "sign in with the header `Authorization: Bearer dev:<user>` (development mode)"
            : "an `Authorization` header is needed");
  const bool bearer = header->size() > kScheme.size() &&
                      strncasecmp(header->c_str(), kScheme.data(), kScheme.size()) == 0;
  const std::string_view token =
      bearer ? std::string_view(*header).substr(kScheme.size()) : std::string_view();
  if (!token.starts_with(kDevelopment))
    return refused("the credentials are not of a kind that this server accepts");
  if (!rules.development) return refused("development sign-in is switched off on this server");
  if (!loopback(head.peer)) return refused("development sign-in works from this machine only");
  const std::string_view rest = token.substr(kDevelopment.size());
  const size_t colon = rest.find(':');
  const std::string_view user = rest.substr(0, colon);
  const std::string_view plan = colon == std::string_view::npos ? "free" : rest.substr(colon + 1);
  if (!plain_word(user, 128) || !plain_word(plan, 64))
    return refused("write `dev:<user>` or `dev:<user>:<plan>` with letters, digits and _-.@");
  Caller caller;
  caller.owner = owner_of(app, "dev", user);
  caller.plan = plan;
  caller.user = Json{{"id", user}, {"plan", plan}};
  return caller;
}

// A run's own pages ask for as much as the routes that start runs of the app.
app::Route::Auth auth_of(const Endpoint& endpoint) {
  using Auth = app::Route::Auth;
  switch (endpoint.does) {
    case Endpoint::Does::call:
      return endpoint.route->auth;
    case Endpoint::Does::run_status:
    case Endpoint::Does::run_short_status:
    case Endpoint::Does::run_result:
    case Endpoint::Does::run_events:
    case Endpoint::Does::run_cancel:
      return has_anonymous_runs(*endpoint.app) ? Auth::optional : Auth::required;
    default:
      return Auth::required;
  }
}

}  // namespace

Result<Caller> admit(const AccessRules& rules, const Endpoint& endpoint, const front::Head& head) {
  using Auth = app::Route::Auth;
  const std::string& app = endpoint.app->name;
  const Auth auth = auth_of(endpoint);
  if (auth != Auth::required && !head.header("authorization")) return anonymous(app);
  Caller caller = TRY(sign_in(rules, app, head));
  return auth == Auth::open ? anonymous(app) : std::move(caller);
}

Caller anonymous(const std::string& app) {
  Caller caller;
  caller.owner = owner_of(app, "anonymous", "");
  caller.plan = "free";
  caller.user = Json{{"id", ""}, {"plan", caller.plan}};
  caller.signed_in = false;
  return caller;
}

bool has_anonymous_runs(const app::App& app) {
  return std::any_of(app.routes.begin(), app.routes.end(), [](const app::Route& route) {
    return route.does == app::Route::Does::start && route.auth != app::Route::Auth::required;
  });
}

Result<> may_call(const app::Route& route, const Caller& caller) {
  if (route.plans.empty()) return {};
  if (!caller.signed_in)
    return refused("this needs the plan " + any_of(route.plans) + "; sign in to use yours");
  if (std::find(route.plans.begin(), route.plans.end(), caller.plan) != route.plans.end())
    return {};
  return fail(Kind::denied,
              "this needs the plan " + any_of(route.plans) + "; yours is " + caller.plan,
              "plan_required");
}

}  // namespace plenum::server
