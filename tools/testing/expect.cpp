#include "tools/testing/expect.h"

#include <nlohmann/json.hpp>

namespace plenum::testing {

namespace {

constexpr size_t kLongest = 400;

std::string value_of(const std::string& part, const Json& scope, const cel::Names& names) {
  const auto code = cel::Expression::compile(part, names);
  if (!code) return {};
  const Result<Json> value = code->evaluate(ObjectScope(scope));
  return value ? brief(*value) : "error: " + value.error().message;
}

}  // namespace

std::string brief(const Json& value) {
  std::string text = to_text(value);
  if (text.size() <= kLongest) return text;
  size_t end = kLongest;
  while (end > 0 && (text[end] & 0xC0) == 0x80) --end;  // no character is cut in half
  return text.substr(0, end) + "… (" + std::to_string(text.size()) + " bytes)";
}

std::string unmet(const app::Expr& expect, const Json& scope, const cel::Names& names) {
  const Result<bool> holds = expect.code->holds(ObjectScope(scope));
  if (holds && *holds) return {};
  std::string text = "expected " + expect.code->text();
  if (!holds) text += "\n  it cannot be told: " + holds.error().message;
  for (const std::string& part : expect.code->parts()) {
    const std::string value = value_of(part, scope, names);
    if (!value.empty()) text += "\n  " + part + " is " + value;
  }
  return text;
}

}  // namespace plenum::testing
