// Timestamps and durations.  A duration is 64 bits of nanoseconds (about 292 years either way), a
// timestamp lies in the years 1 to 9999; what leaves these ranges is an error.
#include <algorithm>
#include <string>

#include "engine/base/diagnostic.h"
#include "engine/cel/civil.h"
#include "engine/cel/functions.h"
#include "engine/cel/time.h"

namespace plenum::cel {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
__extension__ using Wide = __int128;  // for sums that may leave 64 bits

bool read_digits(std::string_view text, size_t at, size_t count, int& value) {
  if (at + count > text.size()) return false;
  value = 0;
  for (size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    value = value * 10 + (text[i] - '0');
  }
  return true;
}

// RFC 3339: "2009-02-13T23:31:30.5Z", "2009-02-13T23:31:30+02:00"
bool read_timestamp(std::string_view text, int64_t& seconds, uint32_t& nanos) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  const auto is = [&](size_t at, char c) {
    return at < text.size() && (text[at] | 32) == (c | 32);
  };
  if (!read_digits(text, 0, 4, year) || !is(4, '-') || !read_digits(text, 5, 2, month) ||
      !is(7, '-') || !read_digits(text, 8, 2, day) || !is(10, 'T') ||
      !read_digits(text, 11, 2, hour) || !is(13, ':') || !read_digits(text, 14, 2, minute) ||
      !is(16, ':') || !read_digits(text, 17, 2, second)) {
    return false;
  }
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) ||
      hour > 23 || minute > 59 || second > 59) {
    return false;
  }
  size_t at = 19;
  nanos = 0;
  if (is(at, '.')) {
    uint32_t unit = 100'000'000;
    const size_t first = ++at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
      nanos += static_cast<uint32_t>(text[at++] - '0') * unit;
      unit /= 10;
    }
    if (at == first || at - first > 9) return false;
  }
  int64_t offset = 0;
  if (text.substr(at) != "Z" && text.substr(at) != "z") {
    const auto fixed = text.size() - at == 6 && (text[at] == '+' || text[at] == '-')
                           ? zone_offset(text.substr(at), 0)
                           : std::nullopt;
    if (!fixed) return false;
    offset = *fixed;
  }
  seconds =
      days_from_civil(year, month, day) * 86'400 + hour * 3600 + minute * 60 + second - offset;
  return true;
}

Value timestamp_out_of_range(Context& context) {
  return context.fail("range error: a timestamp lies in the years 0001 to 9999");
}
Value duration_out_of_range(Context& context) {
  return context.fail("range error: a duration is at most 292 years");
}

Value timestamp_of_string(Context& context, const Value* a, size_t) {
  int64_t seconds = 0;
  uint32_t nanos = 0;
  if (!read_timestamp(a->text(), seconds, nanos)) {
    return context.fail("cannot read " + plenum::quote(a->text()) +
                        " as a timestamp in range; it is written like `2026-11-21T09:30:00Z`");
  }
  return seconds < kFirstSecond || seconds > kLastSecond ? timestamp_out_of_range(context)
                                                         : Value::timestamp(seconds, nanos);
}
Value timestamp_of_int(Context& context, const Value* a, size_t) {
  return a->i < kFirstSecond || a->i > kLastSecond ? timestamp_out_of_range(context)
                                                   : Value::timestamp(a->i, 0);
}

struct Unit {
  std::string_view name;
  int64_t nanos;
};
constexpr Unit kUnits[] = {{"ns", 1},           {"us", 1000},    {"µs", 1000},
                           {"μs", 1000},        {"ms", 1000000}, {"h", 3600 * kSecond},
                           {"m", 60 * kSecond}, {"s", kSecond}};

// "1h30m", "-1.5s", "0"; the sum in 128 bits, so that nothing overflows on the way.
bool read_duration(std::string_view text, Wide& nanos) {
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  nanos = 0;
  if (text == "0") return true;
  if (text.empty()) return false;
  constexpr Wide kMost = Wide{1} << 100;
  while (!text.empty()) {
    Wide whole = 0;
    size_t at = 0;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
      whole = std::min(whole * 10 + (text[at++] - '0'), Wide{1} << 66);
    }
    size_t digits = at;
    Wide fraction = 0, scale = 1;
    if (at < text.size() && text[at] == '.') {
      while (++at < text.size() && text[at] >= '0' && text[at] <= '9') {
        ++digits;
        if (scale > Wide{1} << 50) continue;  // finer than any nanosecond
        fraction = fraction * 10 + (text[at] - '0');
        scale *= 10;
      }
    }
    if (!digits) return false;
    text.remove_prefix(at);
    const Unit* unit =
        std::find_if(std::begin(kUnits), std::end(kUnits), [&](const Unit& candidate) {
          return text.substr(0, candidate.name.size()) == candidate.name;
        });
    if (unit == std::end(kUnits)) return false;
    text.remove_prefix(unit->name.size());
    nanos = std::min(nanos + whole * unit->nanos + fraction * unit->nanos / scale, kMost);
  }
  if (negative) nanos = -nanos;
  return true;
}

Value duration_of_string(Context& context, const Value* a, size_t) {
  Wide nanos = 0;
  if (a->size > 100 || !read_duration(a->text(), nanos)) {
    return context.fail(
        "cannot read " + plenum::quote(a->text()) +
        " as a duration; it is written like `90s`, `1h30m` or `1.5s` (a day is `24h`)");
  }
  if (nanos > INT64_MAX || nanos < INT64_MIN) return duration_out_of_range(context);
  return Value::duration(static_cast<int64_t>(nanos));
}

Value itself(Context&, const Value* a, size_t) {
  return *a;
}

// The local time that a member function looks at: UTC, or in the zone of its argument.
template <typename Pick>
Value part(Context& context, const Value* a, size_t count, Pick pick) {
  int64_t offset = 0;
  if (count > 1) {
    const auto found = zone_offset(a[1].text(), a[0].i);
    if (!found) {
      return context.fail("no such time zone: " + plenum::quote(a[1].text()) +
                          "; zones are written like `Europe/Berlin`, `UTC` or `+02:00`");
    }
    offset = *found;
  }
  return Value::integer(pick(civil_from_seconds(a[0].i + offset)));
}

Value full_year(Context& c, const Value* a, size_t n) {
  return part(c, a, n, [](const Civil& t) { return t.year; });
}
Value month(Context& c, const Value* a, size_t n) {
  return part(c, a, n, [](const Civil& t) { return t.month - 1; });
}
Value date(Context& c, const Value* a, size_t n) {
  return part(c, a, n, [](const Civil& t) { return t.day; });
}
Value day_of_month(Context& c, const Value* a, size_t n) {
  return part(c, a, n, [](const Civil& t) { return t.day - 1; });
}
Value day_of_week(Context& c, const Value* a, size_t n) {
  return part(c, a, n, [](const Civil& t) { return t.weekday; });
}
Value day_of_year(Context& c, const Value* a, size_t n) {
  return part(c, a, n, [](const Civil& t) { return t.year_day; });
}
Value hours(Context& c, const Value* a, size_t n) {
  return part(c, a, n, [](const Civil& t) { return t.hour; });
}
Value minutes(Context& c, const Value* a, size_t n) {
  return part(c, a, n, [](const Civil& t) { return t.minute; });
}
Value seconds(Context& c, const Value* a, size_t n) {
  return part(c, a, n, [](const Civil& t) { return t.second; });
}
Value milliseconds(Context& c, const Value* a, size_t n) {
  const int64_t millis = a[0].size / 1'000'000;
  return part(c, a, n, [&](const Civil&) { return millis; });
}

Value whole_hours(Context&, const Value* a, size_t) {
  return Value::integer(a->i / (3600 * kSecond));
}
Value whole_minutes(Context&, const Value* a, size_t) {
  return Value::integer(a->i / (60 * kSecond));
}
Value whole_seconds(Context&, const Value* a, size_t) {
  return Value::integer(a->i / kSecond);
}
Value millis_of_second(Context&, const Value* a, size_t) {
  return Value::integer(a->i % kSecond / 1'000'000);
}

}  // namespace

Value plus_duration(Context& context, const Value& timestamp, int64_t nanos, bool minus) {
  Wide sum = Wide{timestamp.i} * kSecond + timestamp.size;
  sum += minus ? -Wide{nanos} : Wide{nanos};
  Wide seconds = sum / kSecond;
  if (sum % kSecond < 0) --seconds;
  if (seconds < kFirstSecond || seconds > kLastSecond) return timestamp_out_of_range(context);
  return Value::timestamp(static_cast<int64_t>(seconds),
                          static_cast<uint32_t>(sum - seconds * kSecond));
}

Value minus_timestamp(Context& context, const Value& a, const Value& b) {
  const Wide nanos = (Wide{a.i} - b.i) * kSecond + a.size - b.size;
  if (nanos > INT64_MAX || nanos < INT64_MIN) return duration_out_of_range(context);
  return Value::duration(static_cast<int64_t>(nanos));
}

Value sum_durations(Context& context, int64_t a, int64_t b, bool minus) {
  int64_t sum = 0;
  const bool over = minus ? __builtin_sub_overflow(a, b, &sum) : __builtin_add_overflow(a, b, &sum);
  return over ? duration_out_of_range(context) : Value::duration(sum);
}

void add_time_functions(Library& library) {
  library.add("timestamp", Library::global, "timestamp -> timestamp", itself);
  library.add("timestamp", Library::global, "string -> timestamp", timestamp_of_string);
  library.add("timestamp", Library::global, "int -> timestamp", timestamp_of_int);
  library.add("duration", Library::global, "duration -> duration", itself);
  library.add("duration", Library::global, "string -> duration", duration_of_string);
  constexpr struct {
    const char* name;
    Call call;
  } kParts[] = {{"getFullYear", full_year},
                {"getMonth", month},
                {"getDate", date},
                {"getDayOfMonth", day_of_month},
                {"getDayOfWeek", day_of_week},
                {"getDayOfYear", day_of_year},
                {"getHours", hours},
                {"getMinutes", minutes},
                {"getSeconds", seconds},
                {"getMilliseconds", milliseconds}};
  for (const auto& part : kParts) {
    library.add(part.name, Library::member, "timestamp -> int", part.call);
    library.add(part.name, Library::member, "timestamp, string -> int", part.call);
  }
  library.add("getHours", Library::member, "duration -> int", whole_hours);
  library.add("getMinutes", Library::member, "duration -> int", whole_minutes);
  library.add("getSeconds", Library::member, "duration -> int", whole_seconds);
  library.add("getMilliseconds", Library::member, "duration -> int", millis_of_second);
}

}  // namespace plenum::cel
