// Daily budgets: what was reserved and spent never passes them, whatever happens at the same time.
#include "engine/effects/spending.h"

#include <catch2/catch.hpp>
#include <random>
#include <vector>

using namespace plenum;

namespace {

constexpr Millis kDay = 86'400'000;
constexpr Millis kNoon = 20'000 * kDay + kDay / 2;
const Owner kAda{"shop", "ada"}, kBob{"shop", "bob"}, kEve{"mail", "eve"};

std::string told(const Result<Spending::Hold>& hold) {
  return hold ? "ok" : std::string(name(hold.error().kind)) + " " + hold.error().code;
}

}  // namespace

TEST_CASE("a call reserves its worst case, and what it did not cost comes back", "[effects]") {
  Spending spending({1.0, 0});
  const auto first = spending.reserve(kAda, 0.6, kNoon);
  REQUIRE(first);
  CHECK(told(spending.reserve(kBob, 0.6, kNoon)) == "limited daily_budget");
  spending.settle(*first, 0.1);
  CHECK(told(spending.reserve(kBob, 0.6, kNoon)) == "ok");
  CHECK(told(spending.reserve(kAda, 0.4, kNoon)) == "limited daily_budget");
  CHECK(told(spending.reserve(kEve, 1.0, kNoon)) == "ok");  // another app has its own
}

TEST_CASE("a user's budget is the user's alone", "[effects]") {
  Spending spending({0, 0.5});
  CHECK(told(spending.reserve(kAda, 0.5, kNoon)) == "ok");
  CHECK(told(spending.reserve(kAda, 0.1, kNoon)) == "limited daily_budget");
  CHECK(told(spending.reserve(kBob, 0.5, kNoon)) == "ok");
}

TEST_CASE("the error says whose budget it is, how much is left, and when it starts anew",
          "[effects]") {
  Spending spending({0, 0.5});
  spending.load(kAda, 20'000, 0.5);
  const Error error = spending.reserve(kAda, 0.1, kNoon).error();
  CHECK(error.message ==
        "the day's budget of this user is used up: a call may cost up to 0.1000 USD, and 0.5000 of "
        "0.5000 USD are spent or reserved (budgets.user_usd_per_day); it starts anew at midnight "
        "UTC");
  CHECK(error.retry_after == std::chrono::hours(12));
}

TEST_CASE("a new run is let in while anything is left", "[effects]") {
  Spending spending({1.0, 0});
  spending.load(kAda, 20'000, 0.999);
  CHECK(spending.open(kBob, kNoon));
  spending.load(kAda, 20'000, 0.001);
  const Result<> none = spending.open(kBob, kNoon);
  REQUIRE(!none);
  CHECK(none.error().kind == Kind::limited);
  CHECK(none.error().retry_after == std::chrono::hours(12));
  CHECK(spending.open(kBob, kNoon + kDay / 2));
}

TEST_CASE("each day has its own budget, and a call counts for the day it left on", "[effects]") {
  Spending spending({1.0, 0});
  const auto late = spending.reserve(kAda, 1.0, kNoon);
  const Millis tomorrow = kNoon + kDay;
  CHECK(told(spending.reserve(kAda, 1.0, tomorrow)) == "ok");
  spending.settle(*late, 0.2);
  CHECK(told(spending.reserve(kAda, 0.1, tomorrow)) == "limited daily_budget");
  CHECK(told(spending.reserve(kAda, 0.8, kNoon)) == "ok");
}

TEST_CASE("without a limit nothing is refused, or remembered", "[effects]") {
  Spending spending({});
  for (int i = 0; i < 100; ++i) CHECK(spending.reserve(kAda, 1e9, kNoon));
  CHECK(spending.open(kAda, kNoon));
}

// Thousands of calls of a hundred users under way at once, settled in any order.
TEST_CASE("calls at the same time never overspend", "[effects]") {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> share(0, 1);
    Spending spending({1.0, 0.1});
    std::vector<Spending::Hold> under_way;
    std::map<std::string, double> spent;  // by owner
    double total = 0;
    int refused = 0;
    for (int i = 0; i < 5000; ++i) {
      if (under_way.empty() || random() % 2) {
        const Owner owner{"shop", "user" + std::to_string(random() % 100)};
        auto hold = spending.reserve(owner, share(random) * 0.02, kNoon);
        hold ? under_way.push_back(*hold) : void(++refused);
        continue;
      }
      const size_t at = random() % under_way.size();
      const double cost = under_way[at].usd * share(random);
      spending.settle(under_way[at], cost);
      total += cost;
      spent[under_way[at].owner.owner] += cost;
      under_way.erase(under_way.begin() + static_cast<int64_t>(at));
    }
    for (const auto& hold : under_way) total += hold.usd, spent[hold.owner.owner] += hold.usd;
    CHECK(total <= 1.0 + 1e-9);
    CHECK(total > 0.95);
    CHECK(refused > 100);
    for (const auto& [owner, usd] : spent) CHECK(usd <= 0.1 + 1e-9);
  }
}
