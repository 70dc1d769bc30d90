// Arithmetic of timestamps and durations, for the operators.
#pragma once

#include "engine/cel/functions.h"

namespace plenum::cel {

Value plus_duration(Context& context, const Value& timestamp, int64_t nanos, bool minus);
Value minus_timestamp(Context& context, const Value& a, const Value& b);
Value sum_durations(Context& context, int64_t a, int64_t b, bool minus);

}  // namespace plenum::cel
