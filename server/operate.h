// What an operator may ask of a running server, by way of its control socket.
#pragma once

#include "engine/base/json.h"
#include "engine/engine.h"

namespace plenum::server {

// {"act": "cancel", "retry", "pause" or "resume", "app", "owner", "run"} → {"status"}; {"act":
// "forget", "app", "owner"} → {}.  Blocks; not
// to be called on the engine's thread.
Result<Json> operate(Engine& engine, const Json& request);

}  // namespace plenum::server
