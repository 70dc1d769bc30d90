// Every node kind, one line each.
#include "engine/nodes/nodes.h"

namespace plenum::nodes {

#define KIND(name) app::NodeKind name##_kind();
#include "engine/nodes/all.inc"
#undef KIND

const app::Kinds& kinds() {
  static const app::Kinds all = {
#define KIND(name) name##_kind(),
#include "engine/nodes/all.inc"
#undef KIND
  };
  return all;
}

}  // namespace plenum::nodes
