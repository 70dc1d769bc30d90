// One template and its data in, its text out: for tools and conformance suites that work line by
// line.
#pragma once

#include "engine/base/json.h"

namespace plenum::mustache {

// {"template", "data", "partials": {name: text}, "html": bool, "strict": bool} to {"text"} or
// {"error"}. Without `strict` as the mustache specification says; with it as in apps.  Never
// throws.
Json batch(const Json& request);

}  // namespace plenum::mustache
