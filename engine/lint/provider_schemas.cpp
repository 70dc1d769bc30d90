#include "engine/lint/provider_schemas.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace plenum::lint {

namespace {

// Only what is known to be missing; what no document settles is not in the list.
struct Missing {
  std::string_view provider, keyword;
};
constexpr std::array kMissing = {
    Missing{"gemini", "uniqueItems"},
    Missing{"gemini", "contains"},
    Missing{"gemini", "exclusiveMinimum"},
    Missing{"gemini", "exclusiveMaximum"},
    Missing{"gemini", "multipleOf"},
    Missing{"gemini", "not"},
    Missing{"gemini", "if"},
    Missing{"gemini", "dependentRequired"},
    Missing{"gemini", "dependentSchemas"},
    Missing{"openai", "uniqueItems"},
    Missing{"openai", "contains"},
    Missing{"openai", "prefixItems"},
    Missing{"openai", "not"},
    Missing{"openai", "if"},
    Missing{"openai", "dependentRequired"},
    Missing{"openai", "dependentSchemas"},
    Missing{"anthropic", "uniqueItems"},
    Missing{"anthropic", "contains"},
    Missing{"anthropic", "prefixItems"},
    Missing{"anthropic", "minItems"},
    Missing{"anthropic", "maxItems"},
    Missing{"anthropic", "minimum"},
    Missing{"anthropic", "maximum"},
    Missing{"anthropic", "exclusiveMinimum"},
    Missing{"anthropic", "exclusiveMaximum"},
    Missing{"anthropic", "multipleOf"},
    Missing{"anthropic", "minLength"},
    Missing{"anthropic", "maxLength"},
    Missing{"anthropic", "not"},
    Missing{"anthropic", "if"},
    Missing{"anthropic", "dependentRequired"},
    Missing{"anthropic", "dependentSchemas"},
};

}  // namespace

std::string_view provider_schemas_as_of() {
  return "2026-02";
}

bool enforces(std::string_view provider, std::string_view keyword, const Json& value) {
  // `minItems` of 0 or 1 is the one bound that Anthropic takes.
  if (keyword == "minItems" && value.is_number_integer() && value.get<int64_t>() <= 1) return true;
  return std::none_of(kMissing.begin(), kMissing.end(), [&](const Missing& missing) {
    return missing.provider == provider && missing.keyword == keyword;
  });
}

}  // namespace plenum::lint
