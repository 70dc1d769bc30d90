// All facts are folded in the order in which they happened.  What an event does to a purchase is
// decided here, once for every provider; what a provider's words mean is decided where they are
// read.
#include "engine/entitlements/entitlements.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

namespace plenum::entitlements {

namespace {

using Does = Fact::Does;

// Ids to their customer: ids that were named together lead to the same one.
class Customers {
 public:
  void join(const std::vector<std::string>& ids) {
    for (const std::string& id : ids) leads_[find(ids.front())] = find(id);
  }
  const std::string& find(const std::string& id) {
    auto at = leads_.try_emplace(id, id).first;
    while (at->second != at->first) at = leads_.find(at->second);
    return at->first;
  }

 private:
  std::map<std::string, std::string> leads_;
};

struct Purchase {
  std::set<std::string> owners;
  std::vector<std::string> entitlements;
  End end = 0;
  Millis grace_end = 0;
  bool known = false;

  End whole_end() const {
    if (!end) return end;
    return std::max(*end, grace_end);
  }
};

End earlier(const End& a, const End& b) {
  return longer(a, b) ? b : a;
}

void apply(const Fact& fact, Purchase& purchase) {
  const auto take = [&] {
    purchase.entitlements = fact.entitlements;
    purchase.end = fact.end;
  };
  if (fact.does == Does::sets || !purchase.known) take();
  purchase.known = true;
  switch (fact.does) {
    case Does::sets:
      purchase.grace_end = 0;
      break;
    case Does::grace:
      purchase.grace_end = fact.grace_end;
      break;
    case Does::ends:
      purchase.end = earlier(fact.end, fact.at);
      purchase.grace_end = 0;
      break;
    case Does::closes:
      purchase.end = earlier(purchase.end, fact.end);
      purchase.grace_end = 0;
      break;
    default:
      break;
  }
}

// Facts of one moment: an end before what replaces it; of two that set something the longer one
// last, since a provider that counts seconds tells "incomplete" and "active" in the same one.
bool before(const Fact& a, const Fact& b) {
  if (a.at != b.at) return a.at < b.at;
  if (a.does != b.does) return a.does < b.does;
  if (a.end != b.end) return longer(b.end, a.end);
  if (a.id != b.id) return a.id < b.id;
  return to_text(to_json(a)) < to_text(to_json(b));
}

std::vector<Fact> in_order(std::vector<Fact> facts, Environment environment) {
  std::erase_if(facts, [&](const Fact& fact) {
    return fact.environment != environment || fact.does == Does::nothing;
  });
  std::sort(facts.begin(), facts.end(), before);
  std::set<std::string> seen;
  std::erase_if(facts, [&](const Fact& fact) { return !seen.insert(fact.id).second; });
  return facts;
}

class Book {
 public:
  explicit Book(const std::vector<Fact>& facts) {
    for (const Fact& fact : facts)
      if (!fact.customers.empty()) customers_.join(fact.customers);
    for (const Fact& fact : facts) enter(fact);
  }

  std::map<std::string, End> of(const std::string& customer) {
    std::map<std::string, End> all;
    const std::string& who = customers_.find(customer);
    for (const auto& [id, purchase] : purchases_) {
      if (!purchase.owners.contains(who)) continue;
      for (const std::string& name : purchase.entitlements) {
        const auto [there, added] = all.emplace(name, purchase.whole_end());
        if (!added && longer(purchase.whole_end(), there->second))
          there->second = purchase.whole_end();
      }
    }
    return all;
  }

 private:
  void enter(const Fact& fact) {
    if (fact.does == Does::moves) return move(fact);
    Purchase& purchase = purchases_[fact.purchase];
    if (!fact.customers.empty()) purchase.owners = {customers_.find(fact.customers.front())};
    apply(fact, purchase);
  }

  void move(const Fact& fact) {
    std::set<std::string> from, to;
    for (const std::string& id : fact.from) from.insert(customers_.find(id));
    for (const std::string& id : fact.to) to.insert(customers_.find(id));
    for (auto& [id, purchase] : purchases_)
      if (std::any_of(from.begin(), from.end(),
                      [&](const std::string& owner) { return purchase.owners.contains(owner); }))
        purchase.owners = to;
  }

  Customers customers_;
  std::map<std::string, Purchase> purchases_;
};

}  // namespace

bool lasts(const End& end, Millis now) {
  return !end || *end > now;
}

bool longer(const End& a, const End& b) {
  return b && (!a || *a > *b);
}

std::map<std::string, End> entitlements_of(const std::vector<Fact>& facts,
                                           const std::string& customer, Environment environment) {
  return Book(in_order(facts, environment)).of(customer);
}

std::vector<Held> plans_of(const std::map<std::string, End>& entitlements, const Plans& plans) {
  std::vector<Held> held;
  for (const auto& [entitlement, end] : entitlements) {
    const auto named = plans.names.find(entitlement);
    const std::string& plan = named == plans.names.end() ? entitlement : named->second;
    const bool known = named != plans.names.end() ||
                       std::find(plans.order.begin(), plans.order.end(), plan) != plans.order.end();
    if (known) held.push_back({plan, end && *end > 0 ? End(*end + plans.leeway) : end});
  }
  return held;
}

int rank(const std::string& plan, const Plans& plans) {
  const auto at = std::find(plans.order.begin(), plans.order.end(), plan);
  if (at != plans.order.end()) return 1 + static_cast<int>(at - plans.order.begin());
  return plan.empty() ? -2 : plan == "free" ? -1 : 0;
}

std::string best(const std::vector<Held>& held, const Plans& plans, Millis now) {
  std::string found;
  for (const Held& one : held)
    if (lasts(one.end, now) && rank(one.plan, plans) > rank(found, plans)) found = one.plan;
  return found;
}

}  // namespace plenum::entitlements
