// anyOf and oneOf: which alternative fits, and when none does, what to say.

#include "engine/base/diagnostic.h"
#include "engine/schema/validator.h"
#include "engine/schema/words.h"

namespace plenum::schema {
namespace {

constexpr size_t kMostForms = 4;  // alternatives that one violation describes

}  // namespace

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
        text += plenum::quote(first.pointer.substr(here.size())) + " ";
      text += first.message;
    }
    return text + (forms.size() > kMostForms ? " …" : "");
  });
}

}  // namespace plenum::schema
