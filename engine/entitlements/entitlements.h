// From facts and a clock to what somebody may use.  Pure: no flag is ever switched, so an event
// that comes late, twice or never cannot leave access open or closed by accident.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/entitlements/fact.h"

namespace plenum::entitlements {

// Until when; nothing: for ever.
using End = std::optional<Millis>;
bool lasts(const End& end, Millis now);   // at the very millisecond it is over
bool longer(const End& a, const End& b);  // a ends after b

// What the customer has or had, by name, each until the latest end of the purchases that give it.
// Depends on the set of facts only, not on their order or how often each is there.  Ids that one
// event names together are one customer.
std::map<std::string, End> entitlements_of(const std::vector<Fact>& facts,
                                           const std::string& customer, Environment environment);

// How an app's entitlements become plans.
struct Plans {
  Environment environment = Environment::production;
  std::vector<std::string> order;            // from the least to the best
  std::map<std::string, std::string> names;  // entitlement to plan; others: a plan of that name
  Millis leeway = 0;  // access goes on so long after an end, while a renewal is under way
};

// A plan that somebody has, or had.
struct Held {
  std::string plan;
  End end = 0;
  bool operator==(const Held&) const = default;
};

// Every plan that the entitlements give or gave, with the leeway in their ends.
std::vector<Held> plans_of(const std::map<std::string, End>& entitlements, const Plans& plans);
// The best that lasts; "" when none does.  Plans that `order` lacks are less than those that it
// has, and "free" is less than any.
std::string best(const std::vector<Held>& held, const Plans& plans, Millis now);
// Places in that order, for comparing.
int rank(const std::string& plan, const Plans& plans);

}  // namespace plenum::entitlements
