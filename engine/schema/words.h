// The words of violations: values, types and lists for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"

namespace plenum::schema {

// A value in a sentence: scalars as JSON, cut after 40 characters; "an object", "a list".
std::string shown(const Json& value);
// `"a", "b", …`: at most twelve.
std::string listed(const Json& values);
// "1 item", "3 items"
std::string counted(uint64_t number, const char* noun);
// "; did you mean `tone`?", "; allowed: `a`, `b`" or "; nothing else is allowed here".
std::string instead_of(std::string_view name, const std::vector<std::string>& allowed);

}  // namespace plenum::schema
