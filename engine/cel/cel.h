// CEL, the Common Expression Language: parse, check, evaluate (cel-spec, language definition; the
// standard library and the strings, math, lists, encoders, bindings and optionals extensions;
// Plenum's json, parseJson, chunks, truncate, slug, tokens).  Works on Json values without
// conversion.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "engine/base/json.h"
#include "engine/base/problem.h"
#include "engine/base/scope.h"
#include "engine/base/type.h"

namespace plenum::cel {

// The names an expression may read, and their types.
using Names = std::map<std::string, Type, std::less<>>;

struct Limits {
  uint64_t steps =
      100'000;  // evaluation cost: about one per operation, element visited or 64 bytes copied
  size_t result_bytes = 1 << 20;  // estimated size of the result as JSON text
};

// What an expression reads: `analysis.tones.map(…)` reads {"analysis", "tones"}.  For data-flow
// checks.
struct Read {
  std::vector<std::string> path;  // the name, then the fields as far as they are literal
  Position start, end;
  bool guarded = false;  // only inside has(), or behind `?.`
  bool operator==(const Read&) const = default;
};

// `row.status == wanted` in a condition over rows: a field of the name asked for, and the other
// side.
struct Equality {
  std::string field, text;
};

// A compiled expression: an immutable value, cheap to copy; evaluate it from any thread.
class Expression {
 public:
  // Parses and checks.  All mistakes that can be found are returned, in the order of their places;
  // one mistake gives one problem.  Codes: X501 syntax, X502 unknown name, X503 unknown function,
  // X504/X507 wrong type, D406 no such field. The text is at most 16 KiB and 64 levels deep.
  static tl::expected<Expression, Problems> compile(std::string_view text, const Names& names);

  const Type& type() const;
  const std::vector<Read>& reads() const;
  const std::string& text() const;
  // What to show of a condition that does not hold: the sides of its comparisons, the conditions that it joins, and what
  // their calls are about, as texts that compile by themselves with the same names; no constants.
  std::vector<std::string> parts() const;
  // What must be equal for this condition to hold: the parts of a conjunction that compare a field
  // of `name` with something that does not read `name`.  For narrowing a search beforehand.
  std::vector<Equality> equalities(std::string_view name) const;

  // Total and bounded.  Errors are `invalid`, their message names place and cause: "1:9: no such
  // key: `tone`"; code "expression_limit" when a limit stopped it.
  Result<Json> evaluate(const Scope& scope, const Limits& limits = {}) const;
  // The same for a deciding key: anything but true or false is an error.
  Result<bool> holds(const Scope& scope, const Limits& limits = {}) const;

 private:
  struct Program;
  std::shared_ptr<const Program> program_;
};

// Every function and macro for `plenum explain` and the reference page.
struct FunctionDoc {
  std::string name, signature, summary, example;
};
const std::vector<FunctionDoc>& functions();

}  // namespace plenum::cel
