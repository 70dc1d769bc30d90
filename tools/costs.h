// plenum runs costs: what model calls cost, by app, user and day.
#pragma once

#include <string>

#include "engine/store/inspection.h"

namespace plenum::tools {

struct CostsQuestion {
  std::string app, owner;  // "": any
  int days = 7;            // today's (UTC) and those before
  std::string by = "day";  // day, app, or user
  bool json = false;
};

// Prints it; the exit status.
int print_costs(const CostsQuestion& question, Inspection& inspection, Millis now);

// By node: what the calls of a run used and cost.  An ambiguous call may have cost up to what was
// reserved for it.
Json node_costs(const std::vector<EffectRow>& effects);
void print_node_costs(const std::vector<EffectRow>& effects);

}  // namespace plenum::tools
