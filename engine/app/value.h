// Data as authors write it: constants, `{{…}}` text and `=` expressions, compiled once and computed
// per node.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/json.h"
#include "engine/base/scope.h"
#include "engine/base/type.h"
#include "engine/cel/cel.h"
#include "engine/mustache/mustache.h"

namespace plenum::app {

// A CEL expression with its place, so that an error while running names the line of the app file.
struct Expr {
  std::optional<cel::Expression> code;
  Span span;

  explicit operator bool() const { return code.has_value(); }
  Result<Json> in(const Scope& scope) const;
  Result<bool> holds(const Scope& scope) const;
  Type type() const { return code ? code->type() : Type(); }
};

// A template: inline text, or a file's.
struct Text {
  using Partials = std::map<std::string, mustache::Template, std::less<>>;  // by path

  std::optional<mustache::Template> code;
  Span span;
  std::string path;                               // of the file, or ""
  std::shared_ptr<const Partials> partials = {};  // nullptr: it uses none

  explicit operator bool() const { return code.has_value(); }
  Result<std::string> in(const Scope& scope) const;
};

// Any data.  An immutable tree.
class Value {
 public:
  using List = std::vector<Value>;
  using Map = std::vector<std::pair<std::string, Value>>;

  Value() = default;  // null
  Value(Json constant);
  Value(Expr expr);
  Value(Text text);
  Value(List list);
  Value(Map map);

  Result<Json> in(const Scope& scope) const;
  const Type& type() const { return type_; }
  const Json* constant() const;  // nullptr: it has to be computed
  const Map* map() const;
  const Expr* expr() const;

 private:
  std::shared_ptr<const std::variant<Json, Expr, Text, List, Map>> node_;
  Type type_ = Type::Kind::null;
};

// Values by name (`with`, `set`, `headers`).
using Values = Value::Map;
Result<Json> compute(const Values& values, const Scope& scope);

// What is certain of a constant.
Type type_of(const Json& constant);

}  // namespace plenum::app
