// Dates of the proleptic Gregorian calendar, and time zones by name.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace plenum::cel {

struct Civil {
  int64_t year = 1970;
  int month = 1, day = 1;  // from 1
  int hour = 0, minute = 0, second = 0;
  int weekday = 4;   // 0 is Sunday
  int year_day = 0;  // from 0
};

// Timestamps are 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z.
constexpr int64_t kFirstSecond = -62'135'596'800;
constexpr int64_t kLastSecond = 253'402'300'799;

Civil civil_from_seconds(int64_t seconds);
int64_t days_from_civil(int64_t year, int month, int day);
int days_in_month(int64_t year, int month);

// Seconds east of UTC at that time: for "UTC", "+02:00", "-02:30", "02:00" or a name of the
// system's time zone database
// ("Europe/Berlin").  Nothing: no such zone.  Reads a zone once and keeps it; callable from any
// thread.
std::optional<int64_t> zone_offset(std::string_view zone, int64_t seconds);

}  // namespace plenum::cel
