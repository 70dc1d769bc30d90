// Absent members from `default`, where nothing has to be decided: along properties, items, $ref and
// allOf.

#include "engine/schema/program.h"

namespace plenum::schema {
namespace {

constexpr int kMaxDepth = 100;
constexpr int kMaxSteps =
    100'000;  // a default may bring members with defaults of their own, without end

class Filler {
 public:
  explicit Filler(const Program& program) : program_(program) {}
  void fill(Ref ref, Json& value, int depth);

 private:
  void fill_object(const Objects& rule, Json& value, int depth);
  const Json* default_of(Ref ref) const;

  const Program& program_;
  int steps_ = 0;
};

const Json* Filler::default_of(Ref ref) const {
  for (int hops = 0; ref != kNone && hops < kMaxDepth; ++hops) {
    const Node& node = program_.nodes[ref];
    if (const Json* value = node.source ? find(*node.source, "default") : nullptr) return value;
    ref = node.ref;
  }
  return nullptr;
}

void Filler::fill(Ref ref, Json& value, int depth) {
  if (ref == kNone || depth == kMaxDepth || !value.is_structured() || ++steps_ > kMaxSteps) return;
  const Node& node = program_.nodes[ref];
  if (node.objects && value.is_object()) fill_object(*node.objects, value, depth);
  if (node.arrays && value.is_array())
    for (size_t i = 0; i < value.size(); ++i)
      fill(i < node.arrays->prefix.size() ? node.arrays->prefix[i] : node.arrays->items, value[i],
           depth + 1);
  fill(node.ref, value, depth + 1);
  for (const Ref other : node.all_of) fill(other, value, depth + 1);
}

void Filler::fill_object(const Objects& rule, Json& value, int depth) {
  for (const Slot& slot : rule.slots) {
    if (slot.node == kNone || ++steps_ > kMaxSteps) continue;
    auto member = value.find(slot.name);
    if (member == value.end()) {
      const Json* fallback = default_of(slot.node);
      if (!fallback) continue;
      value[slot.name] = *fallback;
      member = value.find(slot.name);
    }
    fill(slot.node, *member, depth + 1);
  }
}

}  // namespace

Json Schema::with_defaults(Json value) const {
  Filler(*program_).fill(0, value, 0);
  return value;
}

}  // namespace plenum::schema
