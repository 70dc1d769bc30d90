// Secrets of the server itself: the key that download links are signed with.
#pragma once

#include <string>

#include "engine/base/result.h"

namespace plenum {

// 32 random bytes in a file that only the server's user can read; made at the first start.
Result<std::string> secret_file(const std::string& path);

}  // namespace plenum
