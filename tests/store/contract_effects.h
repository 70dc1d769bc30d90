// What effects leave behind: that they were begun, and replies to be given again.
#pragma once

#include <catch2/catch.hpp>

#include "tests/store/asking.h"

namespace plenum::testing {

inline void remembers_effects(const MakePlace& make) {
  const auto place = make();
  Asking store(place->open());
  constexpr Millis kDay = 86'400'000;

  SECTION("an effect is begun once under its key") {
    CHECK(store.begin_effect(kAda, "k1", 1000).value() == true);
    CHECK(store.begin_effect(kAda, "k1", 2000).value() == false);
    CHECK(store.begin_effect(kAda, "k2", 2000).value() == true);
    CHECK(store.begin_effect(kBob, "k1", 2000).value() == true);
    CHECK(store.begin_effect(kAdaElsewhere, "k1", 2000).value() == true);
    CHECK(outcome(store.begin_effect(kAda, "", 1)) == "invalid");
  }
  SECTION("that an effect was begun outlives the process, and is forgotten after 30 days") {
    REQUIRE(store.begin_effect(kAda, "k1", 1000));
    REQUIRE(store.sweep(1000 + 29 * kDay, 100));
    CHECK(store.begin_effect(kAda, "k1", 1000).value() == false);
    REQUIRE(store.sweep(1000 + 30 * kDay, 100));
    CHECK(store.begin_effect(kAda, "k1", 1000).value() == true);
  }
  SECTION("a reply is kept until its time, for its owner") {
    CHECK(outcome(store.cached(kAda, "k1", 1000)) == "not_found");
    REQUIRE(store.put_cached(kAda, "k1", "first", 5000));
    CHECK(store.cached(kAda, "k1", 4999).value() == "first");
    CHECK(outcome(store.cached(kAda, "k1", 5000)) == "not_found");
    CHECK(outcome(store.cached(kAda, "k2", 1000)) == "not_found");
    CHECK(outcome(store.cached(kBob, "k1", 1000)) == "not_found");
    CHECK(outcome(store.cached(kAdaElsewhere, "k1", 1000)) == "not_found");
    CHECK(outcome(store.put_cached(kAda, "", "x", 1)) == "invalid");
  }
  SECTION("a newer reply replaces the older one; expired ones are swept") {
    REQUIRE(store.put_cached(kAda, "k1", "first", 5000));
    REQUIRE(store.put_cached(kAda, "k1", "second", 9000));
    REQUIRE(store.sweep(8999, 100));
    CHECK(store.cached(kAda, "k1", 6000).value() == "second");
    REQUIRE(store.sweep(9000, 100));
    CHECK(outcome(store.cached(kAda, "k1", 6000)) == "not_found");
  }
}

}  // namespace plenum::testing
