// The results of tests, for people and for CI.
#pragma once

#include <string>
#include <vector>

#include "tools/testing/run.h"

namespace plenum::testing {

std::string human(const std::vector<AppResult>& apps);  // failures in full, a line per app
std::string junit(const std::vector<AppResult>& apps);  // JUnit's XML: a suite per app
size_t failed(const std::vector<AppResult>& apps);

}  // namespace plenum::testing
