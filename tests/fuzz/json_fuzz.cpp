// Any bytes as JSON: no crash; the library agrees that it is JSON; what is written is read again to
// an equal value.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/base/json.h"

namespace {
void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto value = plenum::parse_json(text);
  if (!value) {
    require(!value.error().message.empty(), "a message");
    return 0;
  }
  require(plenum::Json::accept(text), "only JSON is read");
  const std::string written = plenum::to_text(*value);
  const auto again = plenum::parse_json(written, {.bytes = 64 << 20});
  require(again.has_value(), "what was written is read");
  require(plenum::equal(*value, *again), "the same value");
  require(plenum::canonical(*value) == plenum::canonical(*again), "the same digest text");
  const auto sorted = plenum::parse_json(plenum::canonical(*value), {.bytes = 64 << 20});
  require(sorted && plenum::equal(*value, *sorted), "canonical text keeps the value");
  return 0;
}
