// Messages of the language server protocol: a head with Content-Length, then JSON.
#pragma once

#include <istream>
#include <optional>
#include <ostream>
#include <string>

#include "engine/base/json.h"

namespace plenum::editor {

// The next message's text; nullopt at the end.  What is no frame is skipped, a line at a time.
std::optional<std::string> read_frame(std::istream& in);
void write_frame(std::ostream& out, const Json& message);

}  // namespace plenum::editor
