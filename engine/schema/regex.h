// The regular expressions of JSON Schema (ECMA-262, with its `u` flag) on RE2, which takes linear
// time on any text.
#pragma once

#include <re2/re2.h>

#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace plenum::schema {

using Pattern = std::shared_ptr<const re2::RE2>;

// Why a pattern cannot be used, and what to do: for J705.
struct PatternError {
  std::string message;
  std::string help;
};

tl::expected<Pattern, PatternError> compile_pattern(std::string_view ecma);

// Whether the pattern occurs in the text.
bool matches(const re2::RE2& pattern, std::string_view text);

}  // namespace plenum::schema
