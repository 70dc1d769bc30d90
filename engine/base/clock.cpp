#include "engine/base/clock.h"

#include <cstdio>
#include <ctime>

namespace plenum {

namespace {
template <typename C>
Millis millis() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(C::now().time_since_epoch()).count();
}
}  // namespace

Millis SystemClock::now() const {
  return millis<std::chrono::system_clock>();
}
Millis SystemClock::monotonic() const {
  return millis<std::chrono::steady_clock>();
}

std::string rfc3339(Millis time) {
  const Millis ms = ((time % 1000) + 1000) % 1000;
  const time_t seconds = time / 1000 - (time % 1000 < 0);  // rounds down for every time
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  const size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  snprintf(text + n, sizeof text - n, ".%03dZ", static_cast<int>(ms));
  return text;
}

std::optional<Millis> parse_rfc3339(const std::string& text) {
  std::tm parts{};
  int length = 0;
  char mark = 0;
  if (sscanf(text.c_str(), "%4d-%2d-%2d%c%2d:%2d:%2d%n", &parts.tm_year, &parts.tm_mon,
             &parts.tm_mday, &mark, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &length) != 7 ||
      length != 19 || (mark != 'T' && mark != 't'))
    return std::nullopt;
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  const std::tm asked = parts;
  const Millis seconds = timegm(&parts);
  if (asked.tm_mon != parts.tm_mon || asked.tm_mday != parts.tm_mday ||
      asked.tm_hour != parts.tm_hour || asked.tm_min != parts.tm_min)
    return std::nullopt;  // the 30th of February
  auto at = static_cast<size_t>(length);
  Millis ms = 0;
  if (at < text.size() && text[at] == '.') {
    const size_t first = ++at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at)
      if (at - first < 3) ms = ms * 10 + (text[at] - '0');
    if (at == first) return std::nullopt;
    for (size_t digits = at - first; digits < 3; ++digits) ms *= 10;
  }
  const std::string zone = text.substr(at);
  if (zone == "Z" || zone == "z") return seconds * 1000 + ms;
  int hours = 0, minutes = 0;
  char sign = 0;
  length = 0;
  if (sscanf(zone.c_str(), "%c%2d:%2d%n", &sign, &hours, &minutes, &length) != 3 || length != 6 ||
      zone.size() != 6 || (sign != '+' && sign != '-') || hours > 23 || minutes > 59)
    return std::nullopt;
  const Millis east = (hours * 3600LL + minutes * 60LL) * (sign == '-' ? -1 : 1);
  return (seconds - east) * 1000 + ms;
}

}  // namespace plenum
