// Keys by which programs call an app: made by operators, known by their digest.
#pragma once

#include "engine/engine.h"

namespace plenum::server {

constexpr std::string_view kKeyPrefix =
    "plenum_key_";  // which scanners for leaked secrets can find

// A new one: the prefix and 256 random bits.
std::string new_key();
// What a row keeps of it: its digest, and how it begins.
void hide(const std::string& key, ApiKey& row);

// Whose the data of a key is that acts for this user of the app.  Nobody who signs in otherwise is
// the same owner.
std::string key_owner(const std::string& app, const std::string& user);

// Who calls the app by this key; `denied` (code "invalid_token") when it is another app's, revoked
// or expired.
Result<Caller> caller_of_key(const std::string& app, const ApiKey& key, Millis now);

// What expressions see as `user`.
Json user_of(const std::string& id, const Caller& caller);

// For the control socket.
Json key_json(const ApiKey& key);
Result<ApiKey> read_key(const Json& json);

}  // namespace plenum::server
