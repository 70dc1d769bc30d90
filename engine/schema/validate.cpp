// Runs the nodes over a value.
//
// Two modes share the code: collecting, which goes on after a violation and writes sentences, and
// quiet, which only decides (in the branches of anyOf, oneOf, not, if and contains).  Work is
// counted and depth is bounded, so that neither a schema of nested alternatives nor a reference
// that never ends can hold the thread; a value that cannot be decided in bounds is not valid.

#include <algorithm>

#include "engine/base/diagnostic.h"
#include "engine/schema/number.h"
#include "engine/schema/program.h"
#include "engine/schema/words.h"

namespace plenum::schema {
namespace {

constexpr int kMaxDepth = 512;
constexpr int kMaxValueDepth = 256;       // of values that are compared as a whole
constexpr uint64_t kFreeSteps = 100'000;  // every value may cost this
constexpr uint64_t kMostSteps = 20'000'000;
constexpr size_t kMostForms = 4;  // alternatives that one violation describes

// The way from the root to a value, on the stack of the functions that walk it.
struct Step {
  const Step* up;
  std::string_view key;  // of a member; data() is null for an item
  size_t index;          // of the member or item
};

// What has been evaluated of one value, for unevaluatedItems and unevaluatedProperties.
struct Seen {
  bool all_items = false;
  size_t items = 0;              // the first ones
  std::vector<bool> some_items;  // and these
  std::vector<bool> members;

  static void mark(std::vector<bool>& list, size_t i) {
    if (list.size() <= i) list.resize(i + 1);
    list[i] = true;
  }
  void merge(const Seen& other) {
    all_items |= other.all_items;
    items = std::max(items, other.items);
    for (size_t i = 0; i < other.some_items.size(); ++i)
      if (other.some_items[i]) mark(some_items, i);
    for (size_t i = 0; i < other.members.size(); ++i)
      if (other.members[i]) mark(members, i);
  }
  bool has_item(size_t i) const {
    return all_items || i < items || (i < some_items.size() && some_items[i]);
  }
  bool has_member(size_t i) const { return i < members.size() && members[i]; }
};

struct Found {
  Violation violation;
  std::vector<uint32_t> order;  // its place in the document, for sorting
  bool other_kind = false;      // the value is of another kind, not a flawed one of this
};

std::string pointer_to(const Step* at) {
  if (!at) return {};
  return pointer_to(at->up) + "/" +
         (at->key.data() ? pointer_token(at->key) : std::to_string(at->index));
}

size_t code_points(std::string_view text) {
  size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

uint64_t values_in(const Json& value, int depth = 0) {
  uint64_t count = 1;
  if (value.is_structured() && depth < kMaxValueDepth)
    for (const Json& part : value) count += values_in(part, depth + 1);
  return count;
}

bool shallow(const Json& value, int depth = kMaxValueDepth) {
  return !value.is_structured() ||
         (depth > 0 && std::all_of(value.begin(), value.end(),
                                   [&](const Json& part) { return shallow(part, depth - 1); }));
}

class Validator {
 public:
  Validator(const Program& program, const Json& root, size_t most)
      : program_(program), root_(root), most_(most) {
    if (most > 0) sink_ = &found_;
  }

  bool run() { return check(0, root_, nullptr, nullptr) && stopped_.empty(); }
  std::vector<Violation> violations();

 private:
  struct Frame {
    const Frame* up;
    uint32_t resource;
  };

  bool check(Ref ref, const Json& value, const Step* at, Seen* seen);
  bool rules(const Node& node, const Json& value, const Step* at, Seen* seen);
  bool nothing_left(const Node& node, const Json& value, const Step* at, Seen* seen);
  bool type_and_values(const Node& node, const Json& value, const Step* at);
  bool by_kind(const Node& node, const Json& value, const Step* at, Seen* seen);
  bool numbers(const Numbers& rule, const Json& value, const Step* at);
  bool strings(const Strings& rule, const Json& value, const Step* at);
  bool arrays(const Arrays& rule, const Json& value, const Step* at, Seen* seen);
  bool contains(const Arrays& rule, const Json& value, const Step* at, Seen* seen);
  bool unique(const Json& value, const Step* at);
  bool objects(const Objects& rule, const Json& value, const Step* at, Seen* seen);
  bool members(const Objects& rule, const Json& value, const Step* at, Seen* seen);
  bool member(const Objects& rule, size_t slot, const Json& value, const Step& at, Seen* seen);
  bool not_allowed(const Objects& rule, const Step& at);
  bool in_place(const Node& node, const Json& value, const Step* at, Seen* seen);
  bool any_of(const std::vector<Ref>& forms, const Json& value, const Step* at, Seen* seen);
  bool one_of(const std::vector<Ref>& forms, const Json& value, const Step* at, Seen* seen);
  bool unevaluated(const Node& node, const Json& value, const Step* at, Seen& seen);
  Ref dynamic_target(const Node& node) const;

  bool passes(Ref ref, const Json& value, const Step* at, Seen* seen);  // quietly
  bool refuse_forms(const std::vector<Ref>& forms, const Json& value, const Step* at);
  template <typename Say>
  bool refuse(const Step* at, Say say, bool other_kind = false);
  bool collecting() const { return sink_ && sink_->size() < most_; }
  bool spend(uint64_t steps);
  bool stop(std::string why);

  const Program& program_;
  const Json& root_;
  const size_t most_;
  std::vector<Found> found_;
  std::vector<Found>* sink_ = nullptr;
  const Frame* frames_ = nullptr;
  std::string stopped_;  // why, when a limit ended the work
  uint64_t steps_ = 0;
  uint64_t limit_ = kFreeSteps;
  int depth_ = 0;
};

template <typename Say>
bool Validator::refuse(const Step* at, Say say, bool other_kind) {
  if (!collecting()) return false;
  Found found{{pointer_to(at), say()}, {}, other_kind};
  for (const Step* step = at; step; step = step->up)
    found.order.push_back(static_cast<uint32_t>(step->index));
  std::reverse(found.order.begin(), found.order.end());
  for (const Found& known : *sink_)
    if (known.violation == found.violation) return false;
  sink_->push_back(std::move(found));
  return false;
}

bool Validator::stop(std::string why) {
  if (stopped_.empty()) stopped_ = std::move(why);
  return false;
}

// The limit grows with the value, which is counted only when the free steps are used up.
bool Validator::spend(uint64_t steps) {
  steps_ += steps;
  if (steps_ <= limit_) return stopped_.empty();
  if (limit_ == kFreeSteps) {
    const uint64_t each = 64 + 2 * program_.nodes.size();
    limit_ = std::min(kMostSteps, kFreeSteps + 1 + values_in(root_) * each);
    if (steps_ <= limit_) return stopped_.empty();
  }
  return stop("checking this against its schema takes more than " + std::to_string(limit_) +
              " steps; send a smaller value, or nest fewer `anyOf` and `oneOf` in the schema");
}

std::vector<Violation> Validator::violations() {
  std::stable_sort(found_.begin(), found_.end(),
                   [](const Found& a, const Found& b) { return a.order < b.order; });
  std::vector<Violation> list;
  if (!stopped_.empty()) list.push_back({"", stopped_});
  for (Found& found : found_)
    if (list.size() < most_) list.push_back(std::move(found.violation));
  return list;
}

bool Validator::check(Ref ref, const Json& value, const Step* at, Seen* seen) {
  const Node& node = program_.nodes[ref];
  if (node.always) return true;
  if (!spend(1)) return false;
  if (node.never)
    return refuse(
        at, [] { return "no value is allowed here"; }, true);
  if (depth_ == kMaxDepth)
    return stop("the value or its schema is nested too deep: more than " +
                std::to_string(kMaxDepth) + " schemas within each other");
  ++depth_;
  const Frame frame{frames_, node.resource};
  const Frame* outer = frames_;
  if (program_.has_dynamic && (!outer || outer->resource != node.resource)) frames_ = &frame;
  const bool ok =
      type_and_values(node, value, at) &&  // a value of another kind is wrong once
      (node.evaluates() ? nothing_left(node, value, at, seen) : rules(node, value, at, seen));
  frames_ = outer;
  --depth_;
  return ok;
}

bool Validator::rules(const Node& node, const Json& value, const Step* at, Seen* seen) {
  bool ok = by_kind(node, value, at, seen);
  if (node.applies && (ok || collecting())) ok &= in_place(node, value, at, seen);
  return ok;
}

bool Validator::nothing_left(const Node& node, const Json& value, const Step* at, Seen* seen) {
  Seen own;
  if (!rules(node, value, at, &own) || !unevaluated(node, value, at, own)) return false;
  if (seen) seen->merge(own);
  return true;
}

bool Validator::type_and_values(const Node& node, const Json& value, const Step* at) {
  if (node.types && !(type_bits(value) & node.types))
    return refuse(
        at, [&] { return "must be " + type_words(node.types) + "; it is " + shown(value); }, true);
  if (node.constant && !equal(value, *node.constant))
    return refuse(
        at,
        [&] {
          return "must be " + listed(Json::array({*node.constant})) + "; it is " + shown(value);
        },
        true);
  if (!node.one_of_values) return true;
  const Json& allowed = *node.one_of_values;
  const bool by_set = value.is_string() && !node.texts.empty();
  if (!by_set && !spend(allowed.size() / 8)) return false;
  const bool fine = by_set ? node.texts.count(value.get_ref<const std::string&>()) > 0
                           : std::any_of(allowed.begin(), allowed.end(),
                                         [&](const Json& one) { return equal(one, value); });
  if (fine) return true;
  return refuse(
      at,
      [&] {
        std::vector<std::string> texts;
        if (value.is_string() && allowed.size() > 12)
          for (const Json& one : allowed)
            if (one.is_string()) texts.push_back(one.get<std::string>());
        const std::string near = texts.empty() ? "" : nearest(value.get<std::string>(), texts);
        return "must be " + std::string(allowed.size() == 1 ? "" : "one of ") + listed(allowed) +
               "; it is " + shown(value) +
               (near.empty() ? "" : "; did you mean " + shown(Json(near)) + "?");
      },
      true);
}

bool Validator::by_kind(const Node& node, const Json& value, const Step* at, Seen* seen) {
  switch (value.type()) {
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float:
      return !node.numbers || numbers(*node.numbers, value, at);
    case Json::value_t::string:
      return !node.strings || strings(*node.strings, value, at);
    case Json::value_t::array:
      return !node.arrays || arrays(*node.arrays, value, at, seen);
    case Json::value_t::object:
      return !node.objects || objects(*node.objects, value, at, seen);
    default:
      return true;
  }
}

bool Validator::numbers(const Numbers& rule, const Json& value, const Step* at) {
  bool ok = true;
  const auto broken = [&](const char* what, const Json& limit) {
    ok = refuse(at,
                [&] { return std::string(what) + to_text(limit) + "; it is " + to_text(value); });
  };
  if (rule.minimum && compare(value, *rule.minimum) < 0) broken("must be at least ", *rule.minimum);
  if (rule.maximum && compare(value, *rule.maximum) > 0) broken("must be at most ", *rule.maximum);
  if (rule.above && compare(value, *rule.above) <= 0) broken("must be more than ", *rule.above);
  if (rule.below && compare(value, *rule.below) >= 0) broken("must be less than ", *rule.below);
  if (rule.step && !is_multiple(value, *rule.step)) broken("must be a multiple of ", *rule.step);
  return ok;
}

bool Validator::strings(const Strings& rule, const Json& value, const Step* at) {
  const std::string_view text = value.get_ref<const std::string&>();
  bool ok = true;
  if (text.size() > rule.most ||
      (text.size() + 3) / 4 < rule.least) {  // else it fits, whatever its letters
    const uint64_t length = code_points(text);
    if (length < rule.least)
      ok = refuse(at, [&] {
        return length == 0 && rule.least == 1
                   ? "must not be empty"
                   : "must have at least " + counted(rule.least, "character") + "; it has " +
                         std::to_string(length);
      });
    if (length > rule.most)
      ok = refuse(at, [&] {
        return "must have at most " + counted(rule.most, "character") + "; it has " +
               std::to_string(length);
      });
  }
  if (!rule.pattern && !rule.format) return ok;
  if (!spend(1 + text.size() / 64)) return false;
  if (rule.pattern && !matches(*rule.pattern, text))
    ok = refuse(at, [&] {
      return "must match the pattern " + plenum::quoted(rule.pattern_text) + "; it is " +
             shown(value);
    });
  if (rule.format && !rule.format->holds(text))
    ok = refuse(at, [&] {
      return "must be " + std::string(rule.format->what) + "; it is " + shown(value);
    });
  return ok;
}

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
          return plenum::quoted(other) + " is required when " + plenum::quoted(name) + " is there";
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
    ok = refuse(at, [&] { return plenum::quoted(rule.slots[slot].name) + " is required"; });
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
    return plenum::quoted(at.key) + " is not allowed here" + instead_of(at.key, names);
  });
}

bool Validator::in_place(const Node& node, const Json& value, const Step* at, Seen* seen) {
  bool ok = true;
  const auto also = [&](Ref ref) {
    if (ref != kNone && (ok || collecting())) ok &= check(ref, value, at, seen);
  };
  if (node.is_schema) {
    if (!spend(100 + values_in(value))) return false;
    if (!shallow(value) || !is_schema(value))
      ok = refuse(at, [] { return "must be a JSON Schema of draft 2020-12"; });
  }
  also(node.ref);
  if (node.dynamic_ref != kNone) also(dynamic_target(node));
  for (const Ref ref : node.all_of) also(ref);
  if (!node.any_of.empty() && (ok || collecting())) ok &= any_of(node.any_of, value, at, seen);
  if (!node.one_of.empty() && (ok || collecting())) ok &= one_of(node.one_of, value, at, seen);
  if (node.none_of != kNone && (ok || collecting()) && passes(node.none_of, value, at, nullptr))
    ok = refuse(at, [&] {
      const Node& other = program_.nodes[node.none_of];
      if (other.types && !other.constant && !other.one_of_values)
        return "must not be " + type_words(other.types) + "; it is " + shown(value);
      if (other.constant) return "must not be " + listed(Json::array({*other.constant}));
      if (other.one_of_values) return "must not be one of " + listed(*other.one_of_values);
      return std::string("must not be what the schema under `not` describes");
    });
  if (node.condition != kNone && (ok || collecting())) {
    Seen tried;
    const bool holds = passes(node.condition, value, at, seen ? &tried : nullptr);
    if (holds && seen) seen->merge(tried);
    also(holds ? node.then : node.otherwise);
  }
  return ok;
}

bool Validator::any_of(const std::vector<Ref>& forms, const Json& value, const Step* at,
                       Seen* seen) {
  bool any = false;
  for (const Ref form : forms) {
    Seen tried;
    if (!passes(form, value, at, seen ? &tried : nullptr)) continue;
    any = true;
    if (!seen) break;
    seen->merge(tried);
  }
  return any || refuse_forms(forms, value, at);
}

bool Validator::one_of(const std::vector<Ref>& forms, const Json& value, const Step* at,
                       Seen* seen) {
  std::vector<size_t> fitting;
  for (size_t i = 0; i < forms.size(); ++i) {
    Seen tried;
    if (!passes(forms[i], value, at, seen ? &tried : nullptr)) continue;
    fitting.push_back(i);
    if (fitting.size() == 2) break;
    if (seen) seen->merge(tried);
  }
  if (fitting.size() == 1) return true;
  if (fitting.empty()) return refuse_forms(forms, value, at);
  return refuse(at, [&] {
    return "must fit exactly one of " + std::to_string(forms.size()) +
           " forms (`oneOf`); it fits forms " + std::to_string(fitting[0] + 1) + " and " +
           std::to_string(fitting[1] + 1);
  });
}

bool Validator::passes(Ref ref, const Json& value, const Step* at, Seen* seen) {
  std::vector<Found>* const sink = sink_;
  sink_ = nullptr;
  const bool ok = check(ref, value, at, seen);
  sink_ = sink;
  return ok;
}

// No alternative fits.  When the value is of the kind that just one of them is about, that one's
// violations say it best; a member that must have a certain value (a discriminator) decides the
// kind, too.
bool Validator::refuse_forms(const std::vector<Ref>& forms, const Json& value, const Step* at) {
  if (!collecting()) return false;
  size_t depth = 0;
  for (const Step* step = at; step; step = step->up) ++depth;
  std::vector<std::vector<Found>> tries;
  std::vector<size_t> likely;
  std::vector<Found>* const sink = sink_;
  for (const Ref form : forms) {
    if (tries.size() == 4 * kMostForms) break;
    tries.emplace_back();
    sink_ = &tries.back();
    check(form, value, at, nullptr);
    const bool other =
        std::any_of(tries.back().begin(), tries.back().end(), [&](const Found& found) {
          return found.other_kind && (found.order.size() == depth ||
                                      (found.order.size() == depth + 1 && value.is_object()));
        });
    if (!other) likely.push_back(tries.size() - 1);
  }
  sink_ = sink;
  if (likely.size() == 1 && tries.size() == forms.size()) {
    for (Found& found : tries[likely[0]])
      if (collecting()) sink_->push_back(std::move(found));
    return false;
  }
  return refuse(at, [&] {
    const std::string here = pointer_to(at);
    std::string text = "must fit one of " + std::to_string(forms.size()) + " forms: ";
    for (size_t i = 0; i < tries.size() && i < kMostForms; ++i) {
      text += (i ? " (" : "(") + std::to_string(i + 1) + ") ";
      if (tries[i].empty()) continue;
      const Violation& first = tries[i][0].violation;
      if (first.pointer.size() > here.size())
        text += plenum::quoted(first.pointer.substr(here.size())) + " ";
      text += first.message;
    }
    return text + (forms.size() > kMostForms ? " …" : "");
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

// The outermost resource on the way here that has the anchor; otherwise where the reference leads
// by itself.
Ref Validator::dynamic_target(const Node& node) const {
  Ref target = node.dynamic_ref;
  if (node.anchor < 0) return target;
  for (const Frame* frame = frames_; frame; frame = frame->up) {
    const auto found = program_.dynamic_anchors.find(uint64_t{frame->resource} << 32 |
                                                     static_cast<uint32_t>(node.anchor));
    if (found != program_.dynamic_anchors.end()) target = found->second;
  }
  return target;
}

}  // namespace

std::vector<Violation> Schema::validate(const Json& value, size_t most) const {
  Validator validator(*program_, value, std::max<size_t>(most, 1));
  if (validator.run()) return {};
  return validator.violations();
}

bool Schema::valid(const Json& value) const {
  return Validator(*program_, value, 0).run();
}

}  // namespace plenum::schema
