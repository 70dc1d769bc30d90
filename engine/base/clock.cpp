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

}  // namespace plenum
