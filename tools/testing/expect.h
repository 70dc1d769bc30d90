// What is said of an expectation that does not hold.
#pragma once

#include <string>

#include "engine/app/value.h"

namespace plenum::testing {

// "" when it holds; else the expression and the values of its parts, a line each.
std::string unmet(const app::Expr& expect, const Json& scope, const cel::Names& names);

// A value on one line, cut when it is long.
std::string brief(const Json& value);

}  // namespace plenum::testing
