// A compiled expression, and how it is run with values that are not Json.  Internal to engine/cel,
// tests and batch.h; applications use Expression.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/cel/ast.h"
#include "engine/cel/cel.h"
#include "engine/cel/functions.h"
#include "engine/cel/value.h"

namespace plenum::cel {

// Immutable once compiled.
struct Compiled {
  Compiled();
  ~Compiled();

  struct Global {
    std::string name;
    Type::Kind kind = Type::Kind::any;  // timestamps and durations are read from their text in Json
  };

  std::string text;
  Arena arena;
  const Node* root = nullptr;
  Type type;
  std::vector<Read> reads;
  std::vector<Global> globals;
  size_t locals = 0;  // slots that macros need
  std::vector<std::unique_ptr<re2::RE2>> patterns;
};

enum class Checking {
  strict,  // the rules for applications: every name known, every type fitting
  none     // only the grammar; unknown names and functions and wrong types fail when they are
           // evaluated
};

// `names` may hold qualified names ("a.b"): the longest that fits wins.
tl::expected<std::shared_ptr<const Compiled>, Problems> compile(std::string_view text,
                                                                const Names& names,
                                                                Checking checking);

// Where the values of names come from.
class Source {
 public:
  virtual ~Source() = default;
  virtual bool find(const Compiled::Global& global, Context& context, Value* value) const = 0;
};

// Evaluates.  The value lives as long as the context's arena and documents, the source and the
// program.
Value run(const Compiled& program, const Source& source, Context& context);
// An error value as the Error that Expression::evaluate gives.
Error error_of(const Compiled& program, const Value& error);

}  // namespace plenum::cel
