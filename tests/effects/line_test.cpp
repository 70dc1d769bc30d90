// Who calls next where a key allows only so much, on a clock that is moved.
#include "engine/effects/peers/line.h"

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <vector>

using namespace plenum;
using peers::Line;
using peers::LineLimits;

namespace {

struct Queue {
  explicit Queue(LineLimits limits) : line(limits) {}

  // "shop/ada": the app and owner; as often as it says.
  bool join(const std::string& who, int times = 1, int64_t tokens = 0) {
    const size_t slash = who.find('/');
    bool all = true;
    for (int i = 0; i < times; ++i) {
      names[++last] = who;
      all &= line.join(last, {who.substr(0, slash), who.substr(slash + 1), tokens});
    }
    return all;
  }
  // Who calls now, until nobody may.
  std::string turns(int most = 1000) {
    std::string text;
    while (most-- > 0) {
      const auto id = line.next(now);
      if (!id) break;
      text += (text.empty() ? "" : " ") + names.at(*id);
    }
    return text;
  }

  Line line;
  Millis now = 0;
  uint64_t last = 0;
  std::map<uint64_t, std::string> names;
};

}  // namespace

TEST_CASE("so many calls are under way, and each that is done lets the next one go", "[effects]") {
  Queue queue({.concurrency = 2});
  queue.join("shop/ada", 4);
  CHECK(queue.turns() == "shop/ada shop/ada");
  CHECK(queue.line.due(0) == 0);
  queue.line.done();
  CHECK(queue.turns() == "shop/ada");
  queue.line.done();
  queue.line.done();
  CHECK(queue.turns() == "shop/ada");
  CHECK(queue.line.waiting() == 0);
}

TEST_CASE("apps take turns, and within an app its owners", "[effects]") {
  Queue queue({.concurrency = 100});
  queue.join("shop/ada", 4);
  queue.join("shop/bob", 2);
  queue.join("mail/eve", 3);
  CHECK(queue.turns() ==
        "shop/ada mail/eve shop/bob mail/eve shop/ada mail/eve shop/bob shop/ada shop/ada");
}

TEST_CASE("an app that floods the line does not hold up another one", "[effects]") {
  Queue queue({.concurrency = 1});
  queue.join("flood/x", 1000);
  CHECK(queue.turns() == "flood/x");
  queue.join("shop/ada");
  queue.line.done();
  queue.turns();
  queue.line.done();
  CHECK(queue.turns() == "shop/ada");
}

TEST_CASE("the line is bounded, and who leaves makes room", "[effects]") {
  Queue queue({.concurrency = 1, .waiting = 2});
  CHECK(queue.join("shop/ada", 2));
  CHECK(!queue.join("shop/bob"));
  CHECK(queue.line.leave(1));
  CHECK(!queue.line.leave(1));
  CHECK(queue.join("shop/bob"));
  CHECK(queue.turns() == "shop/ada");
  queue.line.done();
  CHECK(queue.turns() == "shop/bob");
  CHECK(!queue.line.leave(4));  // it is under way
}

TEST_CASE("one that leaves when its turn has come gives it to the next", "[effects]") {
  Queue queue({.requests_per_minute = 1});
  queue.join("shop/ada", 3);
  CHECK(queue.turns() == "shop/ada");
  CHECK(queue.line.due(queue.now) == 60'000);
  CHECK(queue.line.leave(2));
  queue.now = 60'000;
  CHECK(queue.turns() == "shop/ada");
  CHECK(queue.line.waiting() == 0);
}

TEST_CASE("requests in a minute are counted over every sixty seconds", "[effects]") {
  Queue queue({.requests_per_minute = 3});
  queue.join("shop/ada", 10);
  queue.now = 1000;
  CHECK(queue.turns(1) == "shop/ada");
  queue.now = 31'000;
  CHECK(queue.turns() == "shop/ada shop/ada");
  CHECK(queue.line.due(queue.now) == 61'000);
  queue.now = 60'999;
  CHECK(queue.turns() == "");
  queue.now = 61'000;
  CHECK(queue.turns() == "shop/ada");
  CHECK(queue.line.due(queue.now) == 91'000);
}

TEST_CASE("tokens in a minute are the most that calls may use", "[effects]") {
  Queue queue({.tokens_per_minute = 100});
  queue.join("shop/ada", 1, 60);
  queue.join("shop/bob", 1, 30);
  queue.join("shop/eve", 1, 30);
  CHECK(queue.turns() == "shop/ada shop/bob");
  CHECK(queue.line.due(0) == 60'000);
  queue.now = 60'000;
  CHECK(queue.turns() == "shop/eve");
}

TEST_CASE("a call beyond a minute's tokens gets a minute of its own", "[effects]") {
  Queue queue({.tokens_per_minute = 100});
  queue.join("shop/ada", 1, 500);
  queue.join("shop/bob", 1, 1);
  CHECK(queue.turns() == "shop/ada");
  queue.now = 59'999;
  CHECK(queue.turns() == "");
  queue.now = 60'000;
  CHECK(queue.turns() == "shop/bob");
}

TEST_CASE("a turn that led to no call is not counted", "[effects]") {
  Queue queue({.concurrency = 1, .requests_per_minute = 1});
  queue.join("shop/ada", 2);
  CHECK(queue.turns() == "shop/ada");
  queue.line.took_nothing();
  CHECK(queue.turns() == "shop/ada");
}

// Whatever comes, goes and ends: no limit is passed, nobody is lost, nobody starves.
TEST_CASE("any order of events keeps the limits", "[effects]") {
  for (unsigned seed = 0; seed < 50; ++seed) {
    std::mt19937 random(seed);
    const LineLimits limits{3, 20, 200, 40};
    Queue queue(limits);
    std::vector<Millis> calls;
    int under_way = 0, joined = 0, left = 0;
    for (int i = 0; i < 2000; ++i) {
      switch (random() % 5) {
        case 0:
        case 1:
          joined +=
              queue.join("app" + std::to_string(random() % 3) + "/" + std::to_string(random() % 4),
                         1, random() % 30);
          break;
        case 2:
          left += queue.last && queue.line.leave(1 + random() % queue.last);
          break;
        case 3:
          if (under_way) queue.line.done(), --under_way;
          break;
        default:
          queue.now += random() % 4000;
      }
      while (queue.line.next(queue.now)) calls.push_back(queue.now), ++under_way;
      REQUIRE(under_way <= 3);
      REQUIRE(queue.line.waiting() <= 40);
      if (calls.size() > 20) REQUIRE(calls.back() - calls[calls.size() - 21] >= 60'000);
    }
    for (int i = 0; i < 10'000 && queue.line.waiting(); ++i) {
      if (under_way) queue.line.done(), --under_way;
      queue.now += 1000;
      while (queue.line.next(queue.now)) calls.push_back(queue.now), ++under_way;
    }
    CHECK(static_cast<int>(calls.size()) + left == joined);
  }
}
