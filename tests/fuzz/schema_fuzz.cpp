// Any bytes as a schema and a value, a line each: compiling, validating, typing and filling in
// defaults end, within bounds and without a crash; valid() and validate() agree.

#include <cstdlib>

#include "engine/schema/schema.h"

using namespace plenum;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const size_t line = text.find('\n');
  if (line == std::string_view::npos || size > 20'000) return 0;
  const auto source = parse_json(text.substr(0, line));
  const auto value = parse_json(text.substr(line + 1));
  if (!source || !value) return 0;
  schema::Options options;
  options.refuse_unknown_keywords = size % 2;
  options.assert_formats = size % 3;
  options.load = [&](std::string_view uri) -> std::optional<Json> {
    if (uri != "a") return std::nullopt;
    return *value;
  };
  const auto compiled = schema::Schema::compile(*source, options);
  if (!compiled) {
    if (compiled.error().empty()) std::abort();
    return 0;
  }
  const bool valid = compiled->valid(*value);
  const auto violations = compiled->validate(*value, 5);
  if (valid != violations.empty() || violations.size() > 5) std::abort();
  for (const Violation& violation : violations) {
    // Every pointer leads into the value.
    const nlohmann::json_pointer<std::string> pointer(violation.pointer);
    if (!value->contains(pointer)) std::abort();
  }
  compiled->type().text();
  compiled->with_defaults(*value);
  return 0;
}
