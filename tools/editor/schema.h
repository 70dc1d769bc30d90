// The JSON Schema of app files, for editors: draft-07, which is what they read.
#pragma once

#include "engine/base/json.h"

namespace plenum::editor {

// From keys.h and the node kinds' field tables.  Looser than the loader, which also knows names and
// types: what the loader takes, it takes.
Json app_schema();

}  // namespace plenum::editor
