// multipart/form-data (RFC 7578) of a whole body.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace plenum::front {

struct Part {
  std::string name;
  std::string filename;  // display text only, the last segment of what was sent; may be empty
  bool is_file = false;  // the part had a file name, even an empty one (no file chosen)
  std::string content_type;
  std::string_view body;  // into the body that was parsed
};

struct MultipartLimits {
  size_t parts = 20, files = 5, header_bytes = 8 << 10, boundary = 70;
};

// `content_type` is the request's header with the boundary.  Errors are `invalid`, code
// "malformed_multipart": missing or too long boundary, a part without a name, a truncated end, too
// many parts.
Result<std::vector<Part>> parse_multipart(std::string_view content_type, std::string_view body,
                                          const MultipartLimits& limits = {});

}  // namespace plenum::front
