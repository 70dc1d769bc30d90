// One schema and one value in, the verdict out: for tools and conformance suites that work line by
// line.
#pragma once

#include "engine/base/json.h"

namespace plenum::schema {

// {"schema", "data", "documents": {uri: schema}, "strict": bool} to {"valid", "errors":
// [{"pointer", "message"}]}, or {"error"} when the schema itself is wrong.  Without `strict` as the
// standard says (unknown keywords and formats are annotations); with it as in apps.  Never throws.
Json batch(const Json& request);

}  // namespace plenum::schema
