#include "server/access.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "engine/base/ids.h"
#include "server/keys.h"

namespace plenum::server {

namespace {

constexpr std::string_view kScheme = "Bearer ";
constexpr std::string_view kDevelopment = "dev:";

bool loopback(std::string_view address) {
  return address.starts_with("127.") || address == "::1" || address.starts_with("::ffff:127.");
}

// A proxy on this machine makes everybody come from loopback.
bool is_forwarded(const front::Head& head) {
  static constexpr std::array kSigns = {"forwarded",         "x-forwarded-for", "x-forwarded-host",
                                        "x-forwarded-proto", "x-real-ip",       "via"};
  return std::any_of(kSigns.begin(), kSigns.end(),
                     [&](const char* name) { return head.header(name) != nullptr; });
}

// A page whose name was made to lead to this machine is asked for by that name.
bool names_this_machine(const std::string& host) {
  if (host.starts_with('[')) return host.starts_with("[::1]");
  const std::string name = host.substr(0, host.find(':'));
  return name == "localhost" || name.ends_with(".localhost") || name.starts_with("127.");
}

bool plain_word(std::string_view text, size_t longest) {
  const auto good = [](unsigned char c) {
    return isalnum(c) || c == '_' || c == '-' || c == '.' || c == '@';
  };
  return !text.empty() && text.size() <= longest && std::all_of(text.begin(), text.end(), good);
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    words.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

tl::unexpected<Error> refused(std::string message) {
  return fail(Kind::denied, std::move(message), "unauthenticated");
}
tl::unexpected<Error> bad_token(std::string message) {
  return fail(Kind::denied, std::move(message), "invalid_token");
}

std::string owner_of(const std::string& app, const std::string& issuer, std::string_view subject) {
  return sha256_hex(app + "\n" + issuer + "\n" + std::string(subject)).substr(0, 32);
}

Caller caller_of(const std::string& app, const auth::Subject& subject) {
  Caller caller;
  caller.owner = owner_of(app, subject.issuer, subject.subject);
  caller.plan = subject.plan.empty() ? "free" : subject.plan;
  caller.roles = subject.roles;
  caller.issuer = subject.issuer;
  caller.subject = subject.subject;
  caller.user = user_of(subject.subject, caller);
  return caller;
}

// What `Authorization: Bearer` or `X-Api-Key` says; nothing when neither is there.
Result<std::optional<std::string>> credentials(const AccessRules& rules, const front::Head& head) {
  const auto is_one = [](const auto& header) {
    return header.first == "authorization" || header.first == "x-api-key";
  };
  if (std::count_if(head.headers.begin(), head.headers.end(), is_one) > 1)
    return fail(Kind::invalid, "send one `Authorization` or `X-Api-Key` header, not several",
                "ambiguous_credentials");
  if (const std::string* key = head.header("x-api-key")) {
    if (key->starts_with(kKeyPrefix)) return *key;
    return bad_token("what `X-Api-Key` says is no key");
  }
  const std::string* header = head.header("authorization");
  if (!header) return std::nullopt;
  const bool good = header->size() > kScheme.size() &&
                    strncasecmp(header->c_str(), kScheme.data(), kScheme.size()) == 0;
  if (good) return header->substr(kScheme.size());
  return refused(rules.development ? "write `Authorization: Bearer dev:<user>` (development mode)"
                                   : "write `Authorization: Bearer` and a token");
}

tl::unexpected<Error> nobody(const AccessRules& rules) {
  return refused(
      rules.development
          ? "sign in with the header `Authorization: Bearer dev:<user>` (development mode)"
          : "an `Authorization` header is needed");
}

Result<Caller> develop(const AccessRules& rules, const std::string& app, const front::Head& head,
                       const std::string& token) {
  if (!rules.development) return bad_token("development sign-in is switched off on this server");
  if (!loopback(head.peer)) return bad_token("development sign-in works from this machine only");
  if (is_forwarded(head))
    return bad_token(
        "development sign-in works from this machine only, and this came through a proxy: set "
        "`mode: production` where one stands in front");
  if (const std::string* host = head.header("host"); host && !names_this_machine(*host))
    return bad_token("development sign-in works at 127.0.0.1 and localhost only, not at " +
                     quote(*host));
  return development_caller(app, token);
}

void judge(const AccessRules& rules, const std::string& app, const front::Head& head,
           const std::string& token, OnCaller done) {
  if (token.starts_with(kDevelopment)) return done(develop(rules, app, head, token));
  if (token.starts_with(kKeyPrefix) && rules.key)
    return rules.key(app, sha256_hex(token), std::move(done));
  if (!rules.sign_in || !rules.sign_in->serves(app))
    return done(bad_token("the credentials are not of a kind that this server accepts"));
  rules.sign_in->judge(app, token, [app, done = std::move(done)](Result<auth::Subject> subject) {
    done(subject ? caller_of(app, *subject) : Result<Caller>(tl::unexpected(subject.error())));
  });
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

void admit(const AccessRules& rules, const Endpoint& endpoint, const front::Head& head,
           OnCaller done) {
  using Auth = app::Route::Auth;
  const std::string& app = endpoint.app->name;
  const Auth auth = auth_of(endpoint);
  const Result<std::optional<std::string>> token = credentials(rules, head);
  if (!token) return done(fail(token.error()));
  if (!*token) return done(auth == Auth::required ? nobody(rules) : Result<Caller>(anonymous(app)));
  judge(rules, app, head, **token, [app, auth, done = std::move(done)](Result<Caller> caller) {
    done(caller && auth == Auth::open ? anonymous(app) : std::move(caller));
  });
}

Result<Caller> development_caller(const std::string& app, std::string_view token) {
  const std::string_view rest = token.substr(kDevelopment.size());
  const size_t colon = rest.find(':');
  const std::string_view user = rest.substr(0, colon);
  const std::string_view more = colon == std::string_view::npos ? "free" : rest.substr(colon + 1);
  const size_t second = more.find(':');
  const std::string_view plan = more.substr(0, second);
  std::vector<std::string> roles;
  if (second != std::string_view::npos) roles = split(more.substr(second + 1));
  const bool good_roles = std::all_of(roles.begin(), roles.end(),
                                      [](const std::string& role) { return plain_word(role, 64); });
  if (!plain_word(user, 128) || !plain_word(plan, 64) || !good_roles)
    return bad_token(
        "write `dev:<user>`, `dev:<user>:<plan>` or `dev:<user>:<plan>:<role>,<role>` with "
        "letters, "
        "digits and _-.@");
  return caller_of(app, {"dev", std::string(user), std::move(roles), std::string(plan)});
}

Caller anonymous(const std::string& app) {
  Caller caller;
  caller.owner = owner_of(app, "anonymous", "");
  caller.plan = "free";
  caller.user = user_of("", caller);
  caller.signed_in = false;
  return caller;
}

bool has_anonymous_runs(const app::App& app) {
  return std::any_of(app.routes.begin(), app.routes.end(), [](const app::Route& route) {
    return route.does == app::Route::Does::start && route.auth != app::Route::Auth::required;
  });
}

namespace {

// Of a caller's plans that would do, the one that ended last.
std::string ended(const app::Route& route, const Caller& caller) {
  Millis last = 0;
  std::string text;
  for (const std::string& plan : route.plans)
    if (const auto it = caller.ended.find(plan); it != caller.ended.end() && it->second > last) {
      last = it->second;
      text = "; " + plan + " ended on " + rfc3339(last / 1000 * 1000);
    }
  return text;
}

}  // namespace

bool has_role(const Caller& caller, const std::vector<std::string>& roles) {
  return std::any_of(caller.roles.begin(), caller.roles.end(), [&](const std::string& role) {
    return std::find(roles.begin(), roles.end(), role) != roles.end();
  });
}

Result<> may_call(const app::Route& route, const Caller& caller) {
  if (!route.roles.empty() && !has_role(caller, route.roles))
    return fail(Kind::denied, "this needs the role " + any_of(route.roles), "insufficient_scope");
  if (route.plans.empty()) return {};
  if (!caller.signed_in)
    return refused("this needs the plan " + any_of(route.plans) + "; sign in to use yours");
  if (std::find(route.plans.begin(), route.plans.end(), caller.plan) != route.plans.end())
    return {};
  return fail(Kind::denied,
              "this needs the plan " + any_of(route.plans) + "; yours is " + caller.plan +
                  ended(route, caller),
              "plan_required");
}

void with_plan(Engine& engine, const app::App& app, const entitlements::Offers& offers,
               Caller caller, std::function<void(Result<Caller>)> done) {
  const auto offer = offers.find(app.name);
  const std::string issuer = offer == offers.end() ? "" : offer->second.issuer;
  const bool theirs = issuer.empty() || caller.issuer == issuer || caller.issuer == "dev";
  if (caller.subject.empty() || !theirs) return done(std::move(caller));
  engine.standing(app.name, caller.subject, caller.plan,
                  [caller, done = std::move(done)](Result<Standing> standing) {
                    if (!standing) return done(tl::unexpected(std::move(standing).error()));
                    Caller known = caller;
                    if (!standing->plan.empty()) known.plan = standing->plan;
                    known.ended = std::move(standing->ended);
                    known.user["plan"] = known.plan;
                    done(std::move(known));
                  });
}

}  // namespace plenum::server
