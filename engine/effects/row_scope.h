// What a condition over rows sees: the row under `row`, and what its node saw.
#pragma once

#include "engine/base/json.h"
#include "engine/base/scope.h"

namespace plenum {

class RowScope final : public Scope {
 public:
  RowScope(const Json& row, const Json& names) : row_(row), names_(names) {}
  const Json* find(std::string_view name) const override {
    return name == "row" ? &row_ : plenum::find(names_, name);
  }

 private:
  const Json& row_;
  const Json& names_;
};

}  // namespace plenum
