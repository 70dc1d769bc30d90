// What each provider's structured output lacks of JSON Schema, as documented; dated.
#pragma once

#include <string_view>

#include "engine/base/json.h"

namespace plenum::lint {

// The month that the list was compared with the providers' documents: "2026-02".
std::string_view provider_schemas_as_of();

// Whether the provider enforces this keyword with this value.  Unknown providers enforce
// everything: nothing is said of them.
bool enforces(std::string_view provider, std::string_view keyword, const Json& value);

}  // namespace plenum::lint
