// How a value that is set and the one that is there become one.
#pragma once

#include "engine/app/app.h"
#include "engine/base/json.h"
#include "engine/base/result.h"

namespace plenum::run {

// `current`: null or nullptr when the key has no value yet.  The error says which kinds of values
// the reducer takes.
Result<Json> reduced(const app::Set& set, const Json* current, Json value);

}  // namespace plenum::run
