// Every check: those in checks/, one line each in checks/all.inc, and what the loader finds by
// itself.
#include "engine/lint/check.h"
#include "engine/lint/loader_checks.h"

namespace plenum::lint {

#define CHECK(name) Check name##_check();
#include "engine/lint/checks/all.inc"
#undef CHECK

namespace {

std::vector<Check> everything() {
  std::vector<Check> all = loader_checks();
#define CHECK(name) all.push_back(name##_check());
#include "engine/lint/checks/all.inc"
#undef CHECK
  std::sort(all.begin(), all.end(), [](const Check& a, const Check& b) { return a.code < b.code; });
  return all;
}

}  // namespace

const std::vector<Check>& checks() {
  static const std::vector<Check> all = everything();
  return all;
}

}  // namespace plenum::lint
