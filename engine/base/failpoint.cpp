// The one thing that is kept outside of any object: a place in the program's text has no other way
// to be told.
#include "engine/base/failpoint.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>

namespace plenum {

namespace {

struct Armed {
  std::string place;
  long left = 1;
  std::mutex mutex;
  std::set<std::string> told;
};

Armed& armed() {
  static Armed one;
  return one;
}

}  // namespace

void arm_failpoint(const std::string& place) {
  const size_t space = place.find(' ');
  armed().place = place.substr(0, space);
  if (space != std::string::npos) armed().left = std::atol(place.c_str() + space);
}

void reach_failpoint(const char* what, const char* where) {
  Armed& now = armed();
  if (now.place.empty()) return;
  const std::string here = std::string(what) + "." + where;
  const std::lock_guard lock(now.mutex);
  if (now.place == "?" && now.told.insert(here).second)
    (void)std::fprintf(stderr, "failpoint %s\n", here.c_str());
  if (now.place == here && --now.left == 0) _exit(137);
}

}  // namespace plenum
