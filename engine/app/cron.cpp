#include "engine/app/cron.h"

#include <array>
#include <charconv>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/cel/civil.h"

namespace plenum::app {

namespace {

struct FieldRule {
  const char* name;
  int low, high;
  std::vector<std::string_view> words;  // from `low` on
};

const std::array<FieldRule, 5>& rules() {
  static const std::array<FieldRule, 5> all = {{
      {"minute", 0, 59, {}},
      {"hour", 0, 23, {}},
      {"day", 1, 31, {}},
      {"month",
       1,
       12,
       {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
      {"weekday", 0, 7, {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
  }};
  return all;
}

std::optional<int> number(std::string_view text, const FieldRule& rule) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(tolower(static_cast<unsigned char>(c)));
  for (size_t i = 0; i < rule.words.size(); ++i)
    if (lower == rule.words[i]) return rule.low + static_cast<int>(i);
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value < rule.low || value > rule.high ? std::nullopt : std::optional(value);
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (size_t from = 0;;) {
    const size_t end = text.find(at, from);
    parts.push_back(text.substr(from, end - from));
    if (end == std::string_view::npos) return parts;
    from = end + 1;
  }
}

// "9-17/2", "mon", "*": nothing when it is none of these.
std::optional<uint64_t> part_bits(std::string_view part, const FieldRule& rule) {
  int step = 1;
  const size_t slash = part.find('/');
  if (slash != std::string_view::npos) {
    const std::string_view text = part.substr(slash + 1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), step);
    if (error != std::errc() || end != text.data() + text.size() || step < 1 || step > rule.high)
      return std::nullopt;
    part = part.substr(0, slash);
  }
  int low = rule.low, high = rule.high;
  if (part != "*") {
    const size_t dash = part.find('-');
    const auto first = number(part.substr(0, dash), rule);
    if (!first) return std::nullopt;
    low = *first;
    if (dash != std::string_view::npos) {
      const auto last = number(part.substr(dash + 1), rule);
      if (!last || *last < low) return std::nullopt;
      high = *last;
    } else if (slash == std::string_view::npos) {
      high = low;
    }
  }
  uint64_t bits = 0;
  for (int i = low; i <= high; i += step) bits |= uint64_t{1} << i;
  return bits;
}

bool has(uint64_t bits, int64_t value) {
  return (bits >> value & 1) != 0;
}

bool day_fits(const Cron& cron, const cel::Civil& at) {
  if (!has(cron.months, at.month)) return false;
  const bool day = has(cron.days, at.day), weekday = has(cron.weekdays, at.weekday);
  if (cron.any_day) return weekday;
  if (cron.any_weekday) return day;
  return day || weekday;
}

bool fits(const Cron& cron, const cel::Civil& at) {
  return day_fits(cron, at) && has(cron.hours, at.hour) && has(cron.minutes, at.minute);
}

}  // namespace

Result<Cron> parse_cron(std::string_view text) {
  std::vector<std::string_view> fields;
  for (const std::string_view field : split(text, ' '))
    if (!field.empty()) fields.push_back(field);
  if (fields.size() != 5)
    return fail(Kind::invalid, "cron " + quote(std::string(text)) + " has " +
                                   std::to_string(fields.size()) +
                                   " fields; it needs 5: minute hour day month weekday");
  Cron cron;
  uint64_t* const bits[] = {&cron.minutes, &cron.hours, &cron.days, &cron.months, &cron.weekdays};
  for (size_t i = 0; i < 5; ++i)
    for (const std::string_view part : split(fields[i], ',')) {
      const auto more = part_bits(part, rules()[i]);
      if (!more)
        return fail(Kind::invalid, quote(std::string(part)) + " is not a " + rules()[i].name +
                                       " of cron (" + std::to_string(rules()[i].low) + " to " +
                                       std::to_string(rules()[i].high) + ")");
      *bits[i] |= *more;
    }
  if (has(cron.weekdays, 7)) cron.weekdays |= 1;  // Sunday is 0 and 7
  cron.any_day = fields[2].starts_with('*');
  cron.any_weekday = fields[4].starts_with('*');
  return cron;
}

std::optional<Millis> next_time(const Cron& cron, std::string_view zone, Millis after) {
  constexpr int64_t kFiveYears = 5LL * 366 * 86'400;
  constexpr uint64_t kEveryHour = (1 << 24) - 1;
  const auto offset = [&](int64_t at) { return cel::zone_offset(zone, at).value_or(0); };
  int64_t at = after / 60'000 * 60 + 60;
  for (const int64_t end = at + kFiveYears; at < end;) {
    const int64_t east = offset(at);
    const cel::Civil local = cel::civil_from_seconds(at + east);
    for (int64_t skipped = at + offset(at - 60); skipped < at + east; skipped += 60)
      if (fits(cron, cel::civil_from_seconds(skipped))) return at * 1000;
    if (!day_fits(cron, local) || !has(cron.hours, local.hour)) {
      at += 3600 - local.minute * 60;
      continue;
    }
    const bool again = offset(at - 3600) == east + 3600 && cron.hours != kEveryHour;
    if (has(cron.minutes, local.minute) && !again) return at * 1000;
    at += 60;
  }
  return std::nullopt;
}

}  // namespace plenum::app
