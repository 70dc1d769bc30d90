// What providers of purchases told, plans that were given, and the record.
#pragma once

#include <catch2/catch.hpp>

#include "tests/store/asking.h"

namespace plenum::testing {

// An event of ada's purchase t1, kept for ever; a test says what else it is.
inline PurchaseEvent an_event(const std::string& id, const std::string& customer = "ada",
                              const std::string& purchase = "t1") {
  PurchaseEvent event;
  event.app = "shop";
  event.provider = "revenuecat";
  event.id = id;
  event.purchase = purchase;
  event.customers = {customer};
  event.received_at = 1000;
  event.fact = "\"" + id + "\"";
  event.body = "{}";
  return event;
}

inline std::string put(Store& store, PurchaseEvent event) {
  const auto stored =
      wait_for<bool>([&](Done<bool> done) { store.put_purchase_event(event, std::move(done)); });
  return stored ? *stored ? "new" : "known" : code_of(stored.error());
}

// The facts that lead to a customer's plans, sorted.
inline std::string facts_of(Store& store, const std::string& customer,
                            const std::string& app = "shop") {
  auto facts = wait_for<std::vector<PurchaseFact>>([&](Done<std::vector<PurchaseFact>> done) {
    store.purchase_facts(app, customer, std::move(done));
  });
  if (!facts) return code_of(facts.error());
  std::sort(facts->begin(), facts->end(),
            [](const auto& a, const auto& b) { return a.fact < b.fact; });
  std::string text;
  for (const PurchaseFact& fact : *facts) text += (text.empty() ? "" : " ") + fact.fact;
  return text;
}

inline void give(Store& store, const std::string& user, const std::string& plan, Millis until = 0) {
  must(wait_for<void>([&](Done<> done) {
    store.grant({"shop", user, plan, 1000, until}, {"operator 7"}, std::move(done));
  }));
}

inline std::string plans_given(Store& store, const std::string& user,
                               const std::string& app = "shop") {
  const auto grants = wait_for<std::vector<Grant>>(
      [&](Done<std::vector<Grant>> done) { store.grants(app, user, std::move(done)); });
  std::string text;
  for (const Grant& grant : *grants)
    text += (text.empty() ? "" : ", ") + grant.plan + " " + std::to_string(grant.expires_at);
  return text;
}

inline void swept_at(Store& store, Millis now) {
  REQUIRE(wait_for<Swept>([&](Done<Swept> done) { store.sweep(now, 100, std::move(done)); }));
}

inline void keeps_accounts(const MakePlace& make) {
  const auto place = make();
  const auto store = place->open();

  SECTION("an event is stored once, however often it comes") {
    CHECK(put(*store, an_event("e1")) == "new");
    CHECK(put(*store, an_event("e1")) == "known");
    PurchaseEvent other = an_event("e1");
    other.provider = "stripe";
    CHECK(put(*store, other) == "new");
    other.app = "clinic";
    CHECK(put(*store, other) == "new");
    CHECK(facts_of(*store, "ada") == R"("e1" "e1")");
    CHECK(facts_of(*store, "ada", "clinic") == R"("e1")");
    CHECK(facts_of(*store, "bob") == "");
    CHECK(put(*store, an_event("")) == "invalid");
  }

  SECTION("fifty at the same time are one") {
    std::atomic<int> fresh{0}, answered{0};
    std::promise<void> all;
    for (int i = 0; i < 50; ++i)
      store->put_purchase_event(an_event("e1"), [&](Result<bool> stored) {
        fresh += stored && *stored ? 1 : 0;
        if (++answered == 50) all.set_value();
      });
    all.get_future().get();
    CHECK(fresh == 1);
    CHECK(facts_of(*store, "ada") == R"("e1")");
  }

  SECTION("what leads to a customer is found by way of ids and purchases") {
    PurchaseEvent guest = an_event("e1", "guest");
    PurchaseEvent alias = an_event("e2", "guest", "t2");
    alias.customers = {"guest", "ada", ""};
    PurchaseEvent moved = an_event("e3", "bob", "");
    moved.customers = {"bob", "guest"};
    for (const PurchaseEvent& event :
         {guest, alias, moved, an_event("e4", "eve", "t1"), an_event("e5", "zoe", "t9")})
      put(*store, event);
    CHECK(facts_of(*store, "ada") == R"("e1" "e2" "e3" "e4")");
    CHECK(facts_of(*store, "eve") == R"("e1" "e2" "e3" "e4")");
    CHECK(facts_of(*store, "zoe") == R"("e5")");
    // An id of one provider says nothing about another's.
    PurchaseEvent elsewhere = an_event("x1", "guest", "t7");
    elsewhere.provider = "stripe";
    put(*store, elsewhere);
    CHECK(facts_of(*store, "ada") == R"("e1" "e2" "e3" "e4")");
  }

  SECTION("events go with their purchase, when all of them may") {
    PurchaseEvent first = an_event("e1"), second = an_event("e2"),
                  single = an_event("e3", "ada", "");
    first.keep_until = 5000;
    second.keep_until = 9000;
    single.keep_until = 5000;
    for (const PurchaseEvent& event : {first, second, single}) put(*store, event);
    swept_at(*store, 8999);
    CHECK(facts_of(*store, "ada") == R"("e1" "e2")");
    swept_at(*store, 9000);
    CHECK(facts_of(*store, "ada") == "");
    put(*store, second);
    PurchaseEvent life = first;
    life.keep_until = 0;
    put(*store, life);
    swept_at(*store, 1'000'000'000'000);
    CHECK(facts_of(*store, "ada") == R"("e1" "e2")");
  }

  SECTION("a plan is given, given anew, and taken back") {
    give(*store, "ada", "pro", 5000);
    give(*store, "ada", "team");
    give(*store, "ada", "pro", 9000);
    CHECK(plans_given(*store, "ada") == "pro 9000, team 0");
    CHECK(plans_given(*store, "ada", "clinic") == "");
    CHECK(plans_given(*store, "bob") == "");
    const auto revoke = [&](const std::string& plan) {
      return *wait_for<int>([&](Done<int> done) {
        store->revoke({"shop", "ada", plan, 0, 0}, 2000, {"operator 7"}, std::move(done));
      });
    };
    CHECK(revoke("gold") == 0);
    CHECK(revoke("pro") == 1);
    CHECK(plans_given(*store, "ada") == "team 0");
    give(*store, "ada", "pro");
    CHECK(revoke("") == 2);
    CHECK(plans_given(*store, "ada") == "");
  }

  SECTION("what is kept for a user can be deleted") {
    put(*store, an_event("e1"));
    put(*store, an_event("e2", "bob", "t2"));
    give(*store, "ada", "pro");
    const auto forget = [&] {
      return *wait_for<int>([&](Done<int> done) {
        store->forget_user("shop", "ada", 2000, {"operator 7"}, std::move(done));
      });
    };
    CHECK(forget() == 2);
    CHECK(forget() == 0);
    CHECK(facts_of(*store, "ada") == "");
    CHECK(plans_given(*store, "ada") == "");
    CHECK(facts_of(*store, "bob") == R"("e2")");
  }
}

}  // namespace plenum::testing
