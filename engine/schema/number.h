// Exact arithmetic on JSON numbers, where converting to double would round.
#pragma once

#include <optional>

#include "engine/base/json.h"

namespace plenum::schema {

// -1, 0 or 1.  Both must be numbers.
int compare(const Json& a, const Json& b);

// Whether `value` is an integer times `step` (> 0), both read as the decimal fractions that their
// shortest texts are: 0.0075 is a multiple of 0.0001, 1e308 is none of 0.123456789.
bool is_multiple(const Json& value, const Json& step);

// A number without a fraction, 1.0 included.
bool is_integral(const Json& value);

// The value as a length or count: an integral number from 0 to 2^53; nothing otherwise.
std::optional<uint64_t> as_count(const Json& value);

}  // namespace plenum::schema
