// JSON values.  Objects keep the order their members came in, because authors, clients and models
// all read that order.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace plenum {

using Json = nlohmann::ordered_json;

// What foreign JSON may be (specification section 8).  Beyond it the text is refused, before any of
// it is kept.
struct JsonLimits {
  size_t bytes = 1 << 20;
  size_t depth = 64;
  size_t values = 100'000;
  size_t string_bytes = 256 << 10;
  size_t members = 10'000;  // per object
};

// What this program wrote itself: as much as it may have written.
inline constexpr JsonLimits kOwnJson{64u << 20, 128, 10'000'000, 32u << 20, 1'000'000};

// Strict RFC 8259 text to a value: valid UTF-8, no lone surrogates, no NUL and no duplicate in
// keys, finite numbers of at most 64 characters, nothing after the value.  Integers that fit become
// int64 or uint64, other numbers double. The error's message names line and column (both from 1;
// columns count bytes): "line 3, column 14: …" (a text that is too large is told without them); its
// code is "invalid_json". Never throws, never recurses deeper than the limit; linear time.
Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});

// Compact text.  Never throws: bytes that are not UTF-8 become U+FFFD.
std::string to_text(const Json& value);

// Equality as JSON Schema and CEL mean it: objects without regard to order, 1 equals 1.0.
bool equal(const Json& a, const Json& b);

// A member of an object, or null when there is none or `value` is not an object.
const Json* find(const Json& value, std::string_view key);
// A member's string, or `fallback`.
std::string text_or(const Json& value, std::string_view key, std::string_view fallback = {});

// Text with the same meaning for the same value: members sorted by key.  For digests.
std::string canonical(const Json& value);

// "string", "integer", "number", "boolean", "object", "array" or "null": the word for people and
// JSON Schema.
const char* type_name(const Json& value);

// An RFC 6901 token: ~ and / escaped.
std::string pointer_token(std::string_view key);

}  // namespace plenum
