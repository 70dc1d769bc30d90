// When schedules are due.
#include "engine/app/cron.h"

#include <catch2/catch.hpp>

using namespace plenum;

namespace {

std::string next(const std::string& cron, const std::string& zone, const std::string& after) {
  const auto parsed = app::parse_cron(cron);
  if (!parsed) return parsed.error().message;
  const auto time = app::next_time(*parsed, zone, *parse_rfc3339(after));
  return time ? rfc3339(*time).substr(0, 16) : "never";
}

}  // namespace

TEST_CASE("a schedule is due at the next minute that all its fields name", "[cron]") {
  CHECK(next("* * * * *", "UTC", "2026-11-21T09:30:00Z") == "2026-11-21T09:31");
  CHECK(next("* * * * *", "UTC", "2026-11-21T09:30:59.999Z") == "2026-11-21T09:31");
  CHECK(next("*/10 * * * *", "UTC", "2026-11-21T09:30:00Z") == "2026-11-21T09:40");
  CHECK(next("0 9 * * *", "UTC", "2026-11-21T09:00:00Z") == "2026-11-22T09:00");
  CHECK(next("0 9 * * mon-fri", "UTC", "2026-11-21T09:00:00Z") == "2026-11-23T09:00");
  CHECK(next("0 9 * * 7", "UTC", "2026-11-21T09:00:00Z") == "2026-11-22T09:00");
  CHECK(next("30 6 1 jan,JUL *", "UTC", "2026-11-21T09:00:00Z") == "2027-01-01T06:30");
  CHECK(next("5-20/5 3 * * *", "UTC", "2026-11-21T03:10:00Z") == "2026-11-21T03:15");
  CHECK(next("0 0 29 2 *", "UTC", "2026-11-21T00:00:00Z") == "2028-02-29T00:00");
  CHECK(next("0 0 30 2 *", "UTC", "2026-11-21T00:00:00Z") == "never");
  CHECK(next("0 0 31 * *", "UTC", "2026-11-21T00:00:00Z") == "2026-12-31T00:00");
}

TEST_CASE("when both days are named, either of them is enough", "[cron]") {
  CHECK(next("0 0 13 * fri", "UTC", "2026-11-21T00:00:00Z") == "2026-11-27T00:00");
  CHECK(next("0 0 13 * fri", "UTC", "2026-12-12T00:00:00Z") == "2026-12-13T00:00");
}

TEST_CASE("times are those of the schedule's zone", "[cron]") {
  CHECK(next("0 9 * * *", "Europe/Berlin", "2026-11-21T00:00:00Z") == "2026-11-21T08:00");
  CHECK(next("0 9 * * *", "Europe/Berlin", "2026-07-21T00:00:00Z") == "2026-07-21T07:00");
  CHECK(next("0 9 * * *", "Asia/Kolkata", "2026-07-21T00:00:00Z") == "2026-07-21T03:30");
  CHECK(next("0 0 * * mon", "Pacific/Auckland", "2026-11-21T00:00:00Z") == "2026-11-22T11:00");
}

TEST_CASE("clock changes neither lose a time nor give it twice", "[cron]") {
  // 2026-03-29 in Berlin: 2:00 becomes 3:00 at 01:00Z.
  CHECK(next("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z") == "2026-03-29T01:00");
  CHECK(next("30 2 * * *", "Europe/Berlin", "2026-03-29T01:00:00Z") == "2026-03-30T00:30");
  // 2026-10-25 in Berlin: 3:00 becomes 2:00 at 01:00Z.
  CHECK(next("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z") == "2026-10-25T00:30");
  CHECK(next("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z") == "2026-10-26T01:30");
  CHECK(next("30 * * * *", "Europe/Berlin", "2026-10-25T00:30:00Z") == "2026-10-25T01:30");
}

TEST_CASE("what is no cron says which field is wrong", "[cron]") {
  for (const auto& [text, why] : {std::pair{"0 9 * *", "has 4 fields; it needs 5"},
                                  {"", "has 0 fields"},
                                  {"@daily", "has 1 fields"},
                                  {"60 * * * *", "`60` is not a minute of cron (0 to 59)"},
                                  {"* 24 * * *", "`24` is not a hour"},
                                  {"* * 0 * *", "`0` is not a day"},
                                  {"* * * foo *", "`foo` is not a month"},
                                  {"* * * * 8", "`8` is not a weekday"},
                                  {"5-1 * * * *", "`5-1` is not a minute"},
                                  {"*/0 * * * *", "`*/0` is not a minute"},
                                  {"1,,2 * * * *", "`` is not a minute"},
                                  {"-1 * * * *", "is not a minute"}}) {
    CAPTURE(text);
    CHECK_THAT(next(text, "UTC", "2026-11-21T00:00:00Z"), Catch::Contains(why));
  }
}
