#include "server/keys.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/ids.h"

namespace plenum::server {

namespace {

constexpr size_t kBytes = 32, kHint = 4;

tl::unexpected<Error> refused() {
  return fail(Kind::denied, "the key is not valid here", "invalid_token");
}

}  // namespace

std::string new_key() {
  std::string text = base64(random_bytes(kBytes));
  text.erase(text.find_last_not_of('=') + 1);
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return std::string(kKeyPrefix) + text;
}

void hide(const std::string& key, ApiKey& row) {
  row.digest = sha256_hex(key);
  row.hint = key.substr(0, kKeyPrefix.size() + kHint);
}

std::string key_owner(const std::string& app, const std::string& user) {
  return sha256_hex(app + "\nkey\n" + user).substr(0, 32);
}

Result<Caller> caller_of_key(const std::string& app, const ApiKey& key, Millis now) {
  if (key.app != app || key.revoked_at || (key.expires_at && key.expires_at <= now))
    return refused();
  Caller caller;
  caller.owner = key.owner;
  caller.plan = key.plan;
  caller.roles = key.roles;
  caller.user = user_of(key.user, caller);
  return caller;
}

Json user_of(const std::string& id, const Caller& caller) {
  return Json{{"id", id}, {"plan", caller.plan}, {"roles", caller.roles}};
}

Json key_json(const ApiKey& key) {
  return Json{{"id", key.id},         {"app", key.app},
              {"digest", key.digest}, {"hint", key.hint},
              {"label", key.label},   {"user", key.user},
              {"owner", key.owner},   {"plan", key.plan},
              {"roles", key.roles},   {"expires_at", key.expires_at}};
}

Result<ApiKey> read_key(const Json& json) {
  ApiKey key;
  key.id = text_or(json, "id");
  key.app = text_or(json, "app");
  key.digest = text_or(json, "digest");
  key.hint = text_or(json, "hint");
  key.label = text_or(json, "label");
  key.user = text_or(json, "user");
  key.owner = text_or(json, "owner");
  key.plan = text_or(json, "plan");
  const Json *roles = find(json, "roles"), *expires = find(json, "expires_at");
  if (!roles || !roles->is_array() || !expires || !expires->is_number_integer() ||
      !is_id(key.id, "apikey"))
    return fail(Kind::invalid, "this is no key");
  for (const Json& role : *roles)
    if (role.is_string()) key.roles.push_back(role.get<std::string>());
  key.expires_at = expires->get<Millis>();
  return key;
}

}  // namespace plenum::server
