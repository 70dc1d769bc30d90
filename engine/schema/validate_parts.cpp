// Lists and objects: their own rules, and the schemas of their items and members.

#include "engine/base/diagnostic.h"
#include "engine/schema/validator.h"
#include "engine/schema/words.h"

namespace plenum::schema {

bool Validator::arrays(const Arrays& rule, const Json& value, const Step* at, Seen* seen) {
  const size_t size = value.size();
  bool ok = true;
  if (size < rule.least)
    ok = refuse(at, [&] {
      return "must have at least " + counted(rule.least, "item") + "; it has " +
             std::to_string(size);
    });
  if (size > rule.most)
    ok = refuse(at, [&] {
      return "must have at most " + counted(rule.most, "item") + "; it has " + std::to_string(size);
    });
  if (!ok && !collecting()) return false;
  if (rule.unique) ok &= unique(value, at);
  const size_t first = std::min(rule.prefix.size(), size);
  for (size_t i = 0; i < size; ++i) {
    const Step step{at, {}, i};
    const Ref ref = i < first ? rule.prefix[i] : rule.items;
    if (i < first && program_.nodes[ref].always) continue;
    if (ref == kNone || program_.nodes[ref].always) break;
    if (i >= first && program_.nodes[ref].never) {
      ok = refuse(at, [&] {
        return "must have at most " + counted(first, "item") + "; it has " + std::to_string(size);
      });
      break;
    }
    ok &= check(ref, value[i], &step, nullptr);
    if (!ok && !collecting()) return false;
  }
  if (seen) {
    seen->items = std::max(seen->items, first);
    seen->all_items |= rule.items != kNone;
  }
  if (rule.contains != kNone) ok &= contains(rule, value, at, seen);
  return ok;
}

bool Validator::contains(const Arrays& rule, const Json& value, const Step* at, Seen* seen) {
  uint64_t count = 0;
  for (size_t i = 0; i < value.size(); ++i) {
    const Step step{at, {}, i};
    if (!passes(rule.contains, value[i], &step, nullptr)) continue;
    ++count;
    if (seen) Seen::mark(seen->some_items, i);
  }
  const auto broken = [&](const char* what, uint64_t limit) {
    return refuse(at, [&] {
      return std::string(what) + counted(limit, "item") +
             " of the kind that `contains` describes; it has " + std::to_string(count);
    });
  };
  if (count < rule.contains_least) return broken("must have at least ", rule.contains_least);
  if (count > rule.contains_most) return broken("must have at most ", rule.contains_most);
  return true;
}

bool Validator::unique(const Json& value, const Step* at) {
  if (value.size() < 2) return true;
  if (!shallow(value)) return stop("the items of a list that must differ are nested too deep");
  if (!spend(values_in(value))) return false;
  const auto same = [&](size_t first, size_t second) {
    const Step step{at, {}, second};
    return refuse(&step, [&] {
      return "is the same as item " + std::to_string(first) + "; all items must differ";
    });
  };
  if (value.size() <= 8) {
    for (size_t second = 1; second < value.size(); ++second)
      for (size_t first = 0; first < second; ++first)
        if (equal(value[first], value[second])) return same(first, second);
    return true;
  }
  std::unordered_map<std::string, size_t> texts;
  for (size_t i = 0; i < value.size(); ++i) {
    const auto known = texts.emplace(canonical(value[i]), i);
    if (!known.second) return same(known.first->second, i);
  }
  return true;
}

bool Validator::objects(const Objects& rule, const Json& value, const Step* at, Seen* seen) {
  const size_t size = value.size();
  bool ok = true;
  if (size < rule.least)
    ok = refuse(at, [&] {
      return "must have at least " + counted(rule.least, "member") + "; it has " +
             std::to_string(size);
    });
  if (size > rule.most)
    ok = refuse(at, [&] {
      return "must have at most " + counted(rule.most, "member") + "; it has " +
             std::to_string(size);
    });
  ok &= members(rule, value, at, seen);
  if (!ok && !collecting()) return false;
  for (const auto& [name, needed] : rule.dependent_required) {
    if (!spend(1 + size / 16) || !find(value, name)) continue;
    for (const std::string& other : needed)
      if (!find(value, other))
        ok = refuse(at, [&, name = name] {
          return plenum::quote(other) + " is required when " + plenum::quote(name) + " is there";
        });
  }
  for (const auto& [name, ref] : rule.dependent_schemas)
    if (spend(1 + size / 16) && find(value, name)) ok &= check(ref, value, at, seen);
  return ok;
}

bool Validator::members(const Objects& rule, const Json& value, const Step* at, Seen* seen) {
  uint64_t present = 0;  // of the first 64 slots
  std::vector<bool> more_present(rule.slots.size() > 64 ? rule.slots.size() : 0);
  bool ok = true;
  size_t hint = 0, index = 0;
  for (const auto& [key, part] : value.get_ref<const Json::object_t&>()) {
    const Step step{at, key, index++};
    const size_t slot = rule.slot(key, hint);
    if (slot < rule.slots.size()) {
      hint = slot + 1;
      if (slot < 64)
        present |= uint64_t{1} << slot;
      else
        more_present[slot] = true;
    }
    ok &= member(rule, slot, part, step, seen);
    if (!ok && !collecting()) return false;
  }
  for (size_t slot = 0; slot < rule.slots.size(); ++slot) {
    if (!rule.slots[slot].required) continue;
    if (slot < 64 ? present >> slot & 1 : more_present[slot]) continue;
    ok = refuse(at, [&] { return plenum::quote(rule.slots[slot].name) + " is required"; });
  }
  return ok;
}

bool Validator::member(const Objects& rule, size_t slot, const Json& value, const Step& at,
                       Seen* seen) {
  bool ok = true, known = false;
  if (slot < rule.slots.size() && rule.slots[slot].node != kNone) {
    known = true;
    ok = check(rule.slots[slot].node, value, &at, nullptr);
  }
  for (const auto& [pattern, ref] : rule.patterns) {
    if (!spend(1 + at.key.size() / 64) || !matches(*pattern, at.key)) continue;
    known = true;
    ok &= check(ref, value, &at, nullptr);
  }
  if (!known && rule.additional != kNone) {
    known = true;
    ok &= program_.nodes[rule.additional].never ? not_allowed(rule, at)
                                                : check(rule.additional, value, &at, nullptr);
  }
  if (known && seen) Seen::mark(seen->members, at.index);
  if (rule.names == kNone || program_.nodes[rule.names].always) return ok;
  const Json name(at.key);
  if (passes(rule.names, name, &at, nullptr)) return ok;
  if (!collecting()) return false;
  std::vector<Found> why;
  std::swap(*sink_, why);
  check(rule.names, name, &at, nullptr);
  std::swap(*sink_, why);
  for (const Found& one : why) refuse(&at, [&] { return "its name " + one.violation.message; });
  return false;
}

bool Validator::not_allowed(const Objects& rule, const Step& at) {
  return refuse(&at, [&] {
    std::vector<std::string> names;
    for (const Slot& slot : rule.slots)
      if (slot.node != kNone) names.push_back(slot.name);
    return plenum::quote(at.key) + " is not allowed here" + instead_of(at.key, names);
  });
}

bool Validator::unevaluated(const Node& node, const Json& value, const Step* at, Seen& seen) {
  bool ok = true;
  if (value.is_array() && node.arrays && node.arrays->unevaluated != kNone) {
    for (size_t i = 0; i < value.size(); ++i) {
      const Step step{at, {}, i};
      if (!seen.has_item(i)) ok &= check(node.arrays->unevaluated, value[i], &step, nullptr);
    }
    seen.all_items = true;
  }
  if (value.is_object() && node.objects && node.objects->unevaluated != kNone) {
    const bool never = program_.nodes[node.objects->unevaluated].never;
    size_t index = 0;
    for (const auto& [key, part] : value.get_ref<const Json::object_t&>()) {
      const Step step{at, key, index++};
      if (seen.has_member(step.index)) continue;
      ok &= never ? not_allowed(*node.objects, step)
                  : check(node.objects->unevaluated, part, &step, nullptr);
      Seen::mark(seen.members, step.index);
    }
  }
  return ok;
}

}  // namespace plenum::schema
