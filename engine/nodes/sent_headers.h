// The headers that a node adds to a request: `headers` of `http` and `mcp`.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/app/reader.h"

namespace plenum::nodes {

using SentHeader = std::pair<std::string, std::string>;

// A value that is null adds nothing.  `invalid` (code "wrong_type") for a value that is no single
// line of at most 8192 bytes.
Result<std::vector<SentHeader>> sent_headers(const app::Headers& headers, const Scope& scope);
Result<SentHeader> sent_header(const std::string& name, std::string value);

}  // namespace plenum::nodes
