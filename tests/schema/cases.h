// Validation in one call, for tables: "" when valid, else the violations, one per line as "pointer:
// message".
#pragma once

#include <string>

#include "engine/schema/schema.h"

namespace plenum::schema {

inline std::string shown(const std::vector<Mistake>& mistakes) {
  std::string text;
  for (const Mistake& one : mistakes)
    text += (text.empty() ? "" : "\n") + one.code + " " + one.pointer + ": " + one.message +
            (one.help.empty() ? "" : " -> " + one.help);
  return text;
}

inline std::string shown(const std::vector<Violation>& violations) {
  std::string text;
  for (const Violation& one : violations)
    text += (text.empty() ? "" : "\n") + one.pointer + ": " + one.message;
  return text;
}

inline std::string mistakes(const std::string& schema, const Options& options = {}) {
  const auto compiled = Schema::compile(Json::parse(schema), options);
  return compiled ? "" : shown(compiled.error());
}

inline std::string verdict(const std::string& schema, const std::string& value, size_t most = 20,
                           const Options& options = {}) {
  const auto compiled = Schema::compile(Json::parse(schema), options);
  if (!compiled) return "mistake: " + shown(compiled.error());
  const Json json = Json::parse(value);
  const std::vector<Violation> violations = compiled->validate(json, most);
  if (compiled->valid(json) != violations.empty()) return "valid() and validate() differ";
  return shown(violations);
}

}  // namespace plenum::schema
