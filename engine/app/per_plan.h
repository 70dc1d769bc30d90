// What a route says of each plan: `quota` and `rate`.
#pragma once

#include <map>
#include <string>

#include "engine/app/app.h"

namespace plenum::app {

// The plan's own, else what is said of all (""); null: nothing is.
inline const Quota* of_plan(const std::map<std::string, Quota>& amounts, const std::string& plan) {
  const auto own = amounts.find(plan), all = amounts.find("");
  if (own != amounts.end()) return &own->second;
  return all == amounts.end() ? nullptr : &all->second;
}

}  // namespace plenum::app
