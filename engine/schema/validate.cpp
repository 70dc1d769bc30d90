// Runs the nodes over a value.
//
// Two modes share the code: collecting, which goes on after a violation and writes sentences, and
// quiet, which only decides (in the branches of anyOf, oneOf, not, if and contains).  Work is
// counted and depth is bounded, so that neither a schema of nested alternatives nor a reference
// that never ends can hold the thread; a value that cannot be decided in bounds is not valid.

#include "engine/schema/validator.h"

#include <algorithm>

#include "engine/base/diagnostic.h"
#include "engine/schema/number.h"
#include "engine/schema/words.h"

namespace plenum::schema {
namespace {

constexpr int kMaxDepth = 512;
constexpr uint64_t kMostSteps = 20'000'000;

size_t code_points(std::string_view text) {
  size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

}  // namespace

std::string pointer_to(const Step* at) {
  if (!at) return {};
  return pointer_to(at->up) + "/" +
         (at->key.data() ? pointer_token(at->key) : std::to_string(at->index));
}

uint64_t values_in(const Json& value, int depth) {
  uint64_t count = 1;
  if (value.is_structured() && depth < kMaxValueDepth)
    for (const Json& part : value) count += values_in(part, depth + 1);
  return count;
}

bool shallow(const Json& value, int depth) {
  return !value.is_structured() ||
         (depth > 0 && std::all_of(value.begin(), value.end(),
                                   [&](const Json& part) { return shallow(part, depth - 1); }));
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
      return "must match the pattern " + plenum::quote(rule.pattern_text) + "; it is " +
             shown(value);
    });
  if (rule.format && !rule.format->holds(text))
    ok = refuse(at, [&] {
      return "must be " + std::string(rule.format->what) + "; it is " + shown(value);
    });
  return ok;
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

std::vector<Violation> Schema::validate(const Json& value, size_t most) const {
  Validator validator(*program_, value, std::max<size_t>(most, 1));
  if (validator.run()) return {};
  return validator.violations();
}

bool Schema::valid(const Json& value) const {
  return Validator(*program_, value, 0).run();
}

}  // namespace plenum::schema
