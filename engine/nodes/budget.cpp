#include "engine/nodes/budget.h"

#include <algorithm>
#include <cstdio>

namespace plenum::nodes {

Result<double> within_budget(const run::Visit& visit, double worst_usd) {
  if (worst_usd <= visit.cost_left) return worst_usd;
  char text[200];
  snprintf(text, sizeof text,
           "the next model call may cost up to %.4f USD, but the run may spend only %.4f USD "
           "more (limits.cost_per_run)",
           worst_usd, std::max(visit.cost_left, 0.0));
  return fail(Kind::limited, text, "cost_limit");
}

double worst_of_embedding(const app::Model& model, size_t bytes) {
  return static_cast<double>(bytes + 2) / 3 * model.price.input / 1e6;
}

}  // namespace plenum::nodes
