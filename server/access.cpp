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

}  // namespace

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
  caller.owner = sha256_hex(app + "\n" + "dev" + "\n" + std::string(user)).substr(0, 32);
  caller.plan = plan;
  caller.user = Json{{"id", user}, {"plan", plan}};
  return caller;
}

Result<> may_call(const app::Route& route, const Caller& caller) {
  if (route.plans.empty() ||
      std::find(route.plans.begin(), route.plans.end(), caller.plan) != route.plans.end())
    return {};
  return fail(Kind::denied,
              "this needs the plan " + any_of(route.plans) + "; yours is " + caller.plan,
              "plan_required");
}

}  // namespace plenum::server
