// When a schedule is due: the five fields of crontab(5) in a time zone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/base/result.h"

namespace plenum::app {

// Bit n is set when the value n is named.
struct Cron {
  uint64_t minutes = 0, hours = 0, days = 0, months = 0, weekdays = 0;  // Sunday is 0
  bool any_day = true, any_weekday = true;  // otherwise either of the two fields is enough
};

// "*/10 9-17 * * mon-fri": lists, ranges, steps, names of months and weekdays, in any case.  The
// error says which field is wrong.
Result<Cron> parse_cron(std::string_view text);

// The first whole minute after `after` (wall clock); nothing: never within five years.  A time that
// comes twice when clocks go back counts once, unless every hour is named; one that is left out
// when they go forward is made up for at the minute after the gap.  `zone`: as cel::zone_offset.
std::optional<Millis> next_time(const Cron& cron, std::string_view zone, Millis after);

}  // namespace plenum::app
