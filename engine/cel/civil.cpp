// Dates from seconds and back (the era arithmetic counts years from March, so that the leap day
// ends one), and time zones read from the system's compiled database (RFC 8536): transitions are
// searched, and a time after the last one takes the rule of the footer.
#include "engine/cel/civil.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace plenum::cel {
namespace {

constexpr int64_t kDay = 86'400;

int64_t floor_div(int64_t a, int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

bool is_leap(int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

// "M3.2.0/2": month, week (5 is the last) and weekday, and the seconds after local midnight.
struct Change {
  int month = 0, week = 0, weekday = 0;
  int64_t seconds = 7200;

  int64_t in(int64_t year) const {  // in local seconds
    const int64_t first = days_from_civil(year, month, 1);
    const int64_t first_weekday = ((first + 4) % 7 + 7) % 7;
    int64_t day = first + (weekday - first_weekday + 7) % 7 + (week - 1) * 7;
    while (day >= first + days_in_month(year, month)) day -= 7;
    return day * kDay + seconds;
  }
};

// The footer's rule, "CET-1CEST,M3.5.0,M10.5.0/3".
class Rule {
 public:
  static Rule parse(std::string_view text) {
    Rule rule;
    rule.rest_ = text;
    rule.ok_ = rule.name() && rule.offset(rule.standard_);
    rule.standard_ = -rule.standard_;
    if (!rule.ok_ || rule.rest_.empty()) return rule;
    rule.has_summer_ = rule.name();
    rule.summer_ = rule.standard_ + 3600;
    if (!rule.rest_.empty() && rule.rest_[0] != ',') {
      rule.ok_ = rule.offset(rule.summer_);
      rule.summer_ = -rule.summer_;
    }
    rule.ok_ = rule.ok_ && rule.change(rule.begins_) && rule.change(rule.ends_);
    return rule;
  }

  bool ok() const { return ok_; }

  int64_t offset_at(int64_t seconds) const {
    if (!has_summer_) return standard_;
    const int64_t year = civil_from_seconds(seconds + standard_).year;
    const int64_t begins = begins_.in(year)-standard_;
    const int64_t ends = ends_.in(year)-summer_;
    const bool summer =
        begins < ends ? seconds >= begins && seconds < ends : seconds >= begins || seconds < ends;
    return summer ? summer_ : standard_;
  }

 private:
  bool take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool number(int64_t& value) {
    size_t digits = 0;
    value = 0;
    while (digits < rest_.size() && digits < 6 && rest_[digits] >= '0' && rest_[digits] <= '9') {
      value = value * 10 + (rest_[digits++] - '0');
    }
    rest_.remove_prefix(digits);
    return digits > 0;
  }
  bool name() {
    const bool quoted = take('<');
    size_t size = 0;
    while (size < rest_.size() && (quoted ? rest_[size] != '>' : std::isalpha(rest_[size]) != 0)) {
      ++size;
    }
    rest_.remove_prefix(std::min(rest_.size(), size + (quoted ? 1 : 0)));
    return size > 0;
  }
  bool offset(int64_t& seconds) {
    const bool negative = take('-');
    if (!negative) take('+');
    int64_t part = 0;
    if (!number(part)) return false;
    seconds = part * 3600;
    if (take(':') && number(part)) seconds += part * 60;
    if (take(':') && number(part)) seconds += part;
    if (negative) seconds = -seconds;
    return true;
  }
  bool change(Change& change) {
    int64_t month = 0, week = 0, weekday = 0;
    if (!take(',') || !take('M') || !number(month) || !take('.') || !number(week) || !take('.') ||
        !number(weekday)) {
      return false;
    }
    if (month < 1 || month > 12 || week < 1 || week > 5 || weekday > 6) return false;
    change = {static_cast<int>(month), static_cast<int>(week), static_cast<int>(weekday), 7200};
    return !take('/') || offset(change.seconds);
  }

  std::string_view rest_;
  int64_t standard_ = 0, summer_ = 0;
  bool ok_ = false, has_summer_ = false;
  Change begins_, ends_;
};

class Zone {
 public:
  // `data` is a compiled zone file with a 64-bit part (version 2 and later).
  static std::unique_ptr<Zone> parse(const std::string& data) {
    auto zone = std::make_unique<Zone>();
    Reader first{data, 0};
    Header head;
    if (!first.header(head) || head.version < '2') return nullptr;
    Reader reader{data, first.at + head.bytes(4)};
    if (!reader.header(head) || reader.at + head.bytes(8) > data.size()) return nullptr;
    if (!zone->fill(reader, head)) return nullptr;
    return zone;
  }

  int64_t offset_at(int64_t seconds) const {
    const auto after = std::upper_bound(times_.begin(), times_.end(), seconds);
    if (after == times_.end() && rule_.ok()) return rule_.offset_at(seconds);
    if (after == times_.begin()) return first_offset_;
    return offsets_[static_cast<size_t>(after - times_.begin()) - 1];
  }

 private:
  struct Header {
    char version = 0;
    uint32_t utc = 0, standard = 0, leaps = 0, times = 0, types = 0, chars = 0;
    uint64_t bytes(uint64_t width) const {
      return uint64_t{times} * (width + 1) + uint64_t{types} * 6 + chars + leaps * (width + 4) +
             standard + utc;
    }
  };

  struct Reader {
    const std::string& data;
    size_t at;
    bool has(size_t n) const { return at <= data.size() && data.size() - at >= n; }
    uint64_t number(size_t width) {
      uint64_t value = 0;
      for (size_t i = 0; i < width; ++i) value = value << 8 | static_cast<uint8_t>(data[at++]);
      return value;
    }
    bool header(Header& head) {
      if (!has(44) || data.compare(at, 4, "TZif") != 0) return false;
      head.version = data[at + 4];
      at += 20;
      for (uint32_t* field :
           {&head.utc, &head.standard, &head.leaps, &head.times, &head.types, &head.chars}) {
        *field = static_cast<uint32_t>(number(4));
      }
      return true;
    }
  };

  bool fill(Reader& reader, const Header& head) {
    const size_t after = reader.at + head.bytes(8);
    for (uint32_t i = 0; i < head.times; ++i)
      times_.push_back(static_cast<int64_t>(reader.number(8)));
    std::vector<size_t> kinds;
    for (uint32_t i = 0; i < head.times; ++i) kinds.push_back(reader.number(1));
    std::vector<int64_t> types;
    for (uint32_t i = 0; i < head.types; ++i) {
      types.push_back(static_cast<int32_t>(reader.number(4)));
      reader.at += 2;
    }
    if (types.empty()) return false;
    first_offset_ = types[0];
    for (const size_t kind : kinds) {
      if (kind >= types.size()) return false;
      offsets_.push_back(types[kind]);
    }
    footer_ = reader.data.substr(std::min(reader.data.size(), after));
    const size_t end = footer_.find('\n', 1);
    if (footer_.empty() || end == std::string::npos) return true;
    rule_ = Rule::parse(std::string_view(footer_).substr(1, end - 1));
    return true;
  }

  std::vector<int64_t> times_, offsets_;
  int64_t first_offset_ = 0;
  std::string footer_;
  Rule rule_;
};

bool is_zone_name(std::string_view name) {
  if (name.empty() || name.size() > 64 || name[0] == '/' || name.find("..") != name.npos) {
    return false;
  }
  return std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '/' || c == '_' || c == '-' || c == '+';
  });
}

// Known zones; names that do not exist are not kept, so hostile data cannot fill the memory.
const Zone* zone_named(std::string_view name) {
  static std::mutex lock;
  static std::map<std::string, std::unique_ptr<Zone>, std::less<>> zones;
  const std::lock_guard guard(lock);
  if (const auto known = zones.find(name); known != zones.end()) return known->second.get();
  if (!is_zone_name(name)) return nullptr;
  std::ifstream file("/usr/share/zoneinfo/" + std::string(name), std::ios::binary);
  std::string data;
  if (file) data.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  std::unique_ptr<Zone> zone = Zone::parse(data);
  if (!zone) return nullptr;
  return zones.emplace(name, std::move(zone)).first->second.get();
}

// "+02:00", "-02:30", "02:00"
std::optional<int64_t> fixed_offset(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const size_t i : {0, 1, 3, 4})
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
  const int hours = (text[0] - '0') * 10 + text[1] - '0';
  const int minutes = (text[3] - '0') * 10 + text[4] - '0';
  if (hours > 23 || minutes > 59) return std::nullopt;
  return (negative ? -1 : 1) * (hours * 3600 + minutes * 60);
}

}  // namespace

int days_in_month(int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDays[month - 1];
}

int64_t days_from_civil(int64_t year, int month, int day) {
  const int64_t march_year = month <= 2 ? year - 1 : year;
  const int64_t era = floor_div(march_year, 400);
  const int64_t year_of_era = march_year - era * 400;
  const int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

Civil civil_from_seconds(int64_t seconds) {
  const int64_t days = floor_div(seconds, kDay);
  const int64_t rest = seconds - days * kDay;
  const int64_t shifted = days + 719'468;
  const int64_t era = floor_div(shifted, 146'097);
  const int64_t day_of_era = shifted - era * 146'097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_from_march = (5 * day_of_year + 2) / 153;
  Civil civil;
  civil.day = static_cast<int>(day_of_year - (153 * month_from_march + 2) / 5 + 1);
  civil.month =
      static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  civil.year = year_of_era + era * 400 + (civil.month <= 2 ? 1 : 0);
  civil.hour = static_cast<int>(rest / 3600);
  civil.minute = static_cast<int>(rest / 60 % 60);
  civil.second = static_cast<int>(rest % 60);
  civil.weekday = static_cast<int>(((days + 4) % 7 + 7) % 7);
  civil.year_day = static_cast<int>(days - days_from_civil(civil.year, 1, 1));
  return civil;
}

std::optional<int64_t> zone_offset(std::string_view zone, int64_t seconds) {
  if (zone == "UTC" || zone == "Z") return 0;
  if (const auto fixed = fixed_offset(zone)) return fixed;
  const Zone* known = zone_named(zone);
  return known ? std::optional(known->offset_at(seconds)) : std::nullopt;
}

}  // namespace plenum::cel
