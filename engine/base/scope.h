// The values that an expression or a template may name.
#pragma once

#include <string_view>

#include "engine/base/json.h"

namespace plenum {

// Looked up while evaluating: cheap, const, and the value outlives the evaluation.
class Scope {
 public:
  virtual ~Scope() = default;
  virtual const Json* find(std::string_view name) const = 0;  // nullptr: no value under that name
};

// The members of one object.
class ObjectScope final : public Scope {
 public:
  explicit ObjectScope(const Json& object) : object_(object) {}
  const Json* find(std::string_view name) const override { return plenum::find(object_, name); }

 private:
  const Json& object_;
};

}  // namespace plenum
