// What an operator may ask of a running server, by way of its control socket.
#pragma once

#include "engine/base/json.h"
#include "engine/engine.h"

namespace plenum::server {

// {"act": "cancel", "retry", "pause" or "resume", "app", "owner", "run"} → {"status"}; {"act":
// "forget", "app", "owner"} → {}; {"act": "grant", "revoke" or "forget_user", "app", "user",
// "plan", "until"} → {"count"}.  `uid` is who asks.  Blocks; not to be called on the engine's
// thread.
Result<Json> operate(Engine& engine, const Json& request);

// How the record names whoever runs a command.
std::string operator_name(unsigned uid);

}  // namespace plenum::server
