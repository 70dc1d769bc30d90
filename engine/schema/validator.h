// The walk of a value by a compiled schema.  See validate.cpp for the idea; the parts are in
// validate_*.cpp.
#pragma once

#include <algorithm>

#include "engine/schema/program.h"

namespace plenum::schema {

inline constexpr int kMaxValueDepth = 256;       // of values that are compared as a whole
inline constexpr uint64_t kFreeSteps = 100'000;  // every value may cost this
inline constexpr uint64_t kSentenceSteps = 10;   // what writing a violation counts

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

std::string pointer_to(const Step* at);
uint64_t values_in(const Json& value, int depth = 0);
bool shallow(const Json& value, int depth = kMaxValueDepth);

class Validator {
 public:
  // Collects at most `most` violations; with 0 it only decides.
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
  steps_ += kSentenceSteps;
  Found found{{pointer_to(at), say()}, {}, other_kind};
  for (const Step* step = at; step; step = step->up)
    found.order.push_back(static_cast<uint32_t>(step->index));
  std::reverse(found.order.begin(), found.order.end());
  for (const Found& known : *sink_)
    if (known.violation == found.violation) return false;
  sink_->push_back(std::move(found));
  return false;
}

}  // namespace plenum::schema
