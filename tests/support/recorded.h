// Exchanges that others' programs made: they stand beside the checkout, not in it.  Where they are
// absent the cases that need them say so and pass.
#pragma once

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace plenum::test {

inline const std::string kRecorded = SOURCE_ROOT "/../shared/reference/fixtures/";

inline bool nothing_recorded() {
  if (std::filesystem::exists(kRecorded)) return false;
  WARN("no recorded exchanges beside the checkout: skipped");
  return true;
}

// A whole file; "" when there is none.
inline std::string recorded_text(const std::string& name) {
  std::ifstream file(kRecorded + name, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace plenum::test
