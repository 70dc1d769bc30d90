// What a call may cost at most, held against what its run may still spend.
#pragma once

#include "engine/run/node.h"

namespace plenum::nodes {

// `worst_usd`, or `limited` with the code "cost_limit".
Result<double> within_budget(const run::Visit& visit, double worst_usd);

// Of texts that are embedded: a token is taken as three bytes.
double worst_of_embedding(const app::Model& model, size_t bytes);

}  // namespace plenum::nodes
