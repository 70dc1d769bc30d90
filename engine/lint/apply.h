// --fix: mends what can be mended without a question.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/app/files.h"

namespace plenum::lint {

struct Applied {
  std::map<std::string, std::string> files;  // those that changed, with their new texts
  size_t count = 0;                          // of fixes
};

// Applies the safe fixes of these app files and of what they name, and the others with `unsafe`,
// until there is nothing left to do.  Doing it again changes nothing.
Applied apply_fixes(const std::vector<std::string>& paths, const app::Files& files, bool unsafe);

}  // namespace plenum::lint
