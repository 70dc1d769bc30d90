// A mistake inside one piece of text (an expression, a template, a schema), before it is known which file it stands in.
#pragma once

#include <string>
#include <vector>

#include "engine/base/mark.h"

namespace plenum {

struct Problem {
  std::string code;  // as in the list of checks: "X502"
  Position start;    // in the text: lines and columns from 1, columns in bytes
  Position end;      // after the last character; equal to start for a place between two
  std::string message;
  std::string help;
  bool operator==(const Problem&) const = default;
};
using Problems = std::vector<Problem>;

}  // namespace plenum
