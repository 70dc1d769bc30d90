// JSON Schema, draft 2020-12 (core and validation vocabularies), on RE2: compile once, validate
// many.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"
#include "engine/base/type.h"

namespace plenum::schema {

// A mistake in a schema itself: where (RFC 6901 pointer into the schema; for a mistake in a
// document that it refers to, the place of the `$ref`) and what.  Codes: J701 unknown or
// unsupported keyword or wrong value of one, J705 a pattern that RE2 refuses, J706 a $ref that
// leads nowhere.
struct Mistake {
  std::string code;
  std::string pointer;
  std::string message;
  std::string help;
  bool operator==(const Mistake&) const = default;
};

struct Options {
  // Loads the document another one refers to by a relative path or URI (`$ref:
  // "job.json#/$defs/x"`); nullopt: there is none.
  std::function<std::optional<Json>(std::string_view uri)> load;
  // Asserted formats: date-time, date, time, duration, email, hostname, ipv4, ipv6, uri,
  // uri-reference, uuid, json-pointer, regex.  Unknown formats are annotations when this is off,
  // mistakes (J701) when on.
  bool assert_formats = true;
  // A keyword that is neither of the standard nor an annotation of its own ("x-…") is a mistake;
  // off for the conformance suite.
  bool refuse_unknown_keywords = true;
};

struct Program;

// A compiled schema: an immutable value, cheap to copy; validate from any thread.
class Schema {
 public:
  static tl::expected<Schema, std::vector<Mistake>> compile(const Json& schema,
                                                            const Options& options = {});

  // What breaks the schema, in document order, at most `most` entries; empty: valid.  Pointers lead
  // into `value`; messages name the rule and the way out: "must be one of \"a\", \"b\"; it is
  // \"c\"".  Bounded work and depth: a bomb is a violation.
  std::vector<Violation> validate(const Json& value, size_t most = 20) const;
  bool valid(const Json& value) const;

  // The value with absent members filled from `default`, where the schema says so plainly
  // (properties, not in anyOf/oneOf/if).
  Json with_defaults(Json value) const;

  const Json& json() const;  // as authored
  Type type() const;         // what is certain of every valid value

 private:
  explicit Schema(std::shared_ptr<const Program> program) : program_(std::move(program)) {}
  std::shared_ptr<const Program> program_;
};

}  // namespace plenum::schema
