// Right-to-left text for a page printer that measures words as if they ran from left to right.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "engine/base/json.h"
#include "engine/base/scope.h"

namespace plenum::nodes {

// Whether the first letter that has a direction of its own runs from right to left: Hebrew, Arabic,
// Syriac, Thaana, NKo and their kin.
bool runs_right_to_left(std::string_view text);

// The text with a right-to-left mark (U+200F) on both sides of every word; other text as it is.
std::string mark_words(std::string_view text);
// Every text in a value so.
Json marked(const Json& value);

// A scope whose texts are marked as they are found.
class MarkedScope final : public Scope {
 public:
  explicit MarkedScope(const Scope& scope) : scope_(scope) {}
  const Json* find(std::string_view name) const override;

 private:
  const Scope& scope_;
  mutable std::map<std::string, Json, std::less<>> marked_;
};

}  // namespace plenum::nodes
