// Breakers, retry budgets and pauses, on a clock that is moved and with chance in the test's hands.
#include "engine/effects/peers/peers.h"

#include <catch2/catch.hpp>
#include <vector>

using namespace plenum;
using peers::Breaker;
using peers::End;
using peers::Peer;
using peers::Peers;

namespace {

// A breaker and its clock.
struct Tried {
  Breaker breaker;
  Millis now = 1'000'000;

  bool passes() { return breaker.ask(now).has_value(); }
  void call(End end, int times = 1) {
    for (int i = 0; i < times; ++i) {
      const auto pass = breaker.ask(now);
      REQUIRE(pass);
      breaker.ended(*pass, end, now, 0);
    }
  }
  Tried& after(Millis ms) {
    now += ms;
    return *this;
  }
};

Error error_of(Kind kind, std::string code = "") {
  Error error;
  error.kind = kind;
  error.code = std::move(code);
  return error;
}

Error slow_down(int seconds) {
  Error error = error_of(Kind::limited, "provider_limited");
  error.retry_after = std::chrono::seconds(seconds);
  return error;
}

}  // namespace

TEST_CASE("a breaker opens at half of no fewer than 20 calls in 30 seconds", "[effects]") {
  Tried few;
  few.call(End::bad, 19);
  CHECK(few.passes());  // whatever became of nineteen says nothing yet

  Tried half;
  half.call(End::good, 10);
  half.call(End::bad, 9);
  CHECK(half.breaker.closed());
  half.call(End::bad);
  CHECK(!half.passes());

  Tried less;
  less.call(End::good, 30);
  less.call(End::bad, 29);
  CHECK(less.passes());
}

TEST_CASE("what is older than 30 seconds does not count", "[effects]") {
  Tried tried;
  tried.call(End::bad, 19);
  tried.after(31'000).call(End::bad, 19);
  CHECK(tried.passes());
  tried.after(20'000).call(End::bad);
  CHECK(!tried.passes());
}

TEST_CASE("five failed connections in a row open a breaker, with others between them not",
          "[effects]") {
  Tried tried;
  tried.call(End::unconnected, 4);
  tried.call(End::good);
  tried.call(End::unconnected, 4);
  CHECK(tried.passes());
  tried.call(End::unconnected);
  CHECK(!tried.passes());
}

TEST_CASE("what says nothing about the endpoint neither opens nor closes it", "[effects]") {
  Tried tried;
  tried.call(End::neither, 100);
  tried.call(End::bad, 19);
  CHECK(tried.passes());
  tried.call(End::bad);
  tried.after(30'000).call(End::neither, 10);
  CHECK(!tried.breaker.closed());
}

TEST_CASE("an open breaker lets one probe through at a time, and three good ones close it",
          "[effects]") {
  Tried tried;
  tried.call(End::unconnected, 5);
  CHECK(!tried.after(29'999).passes());
  CHECK(tried.breaker.wait(tried.now) == 1);
  const auto probe = tried.after(1).breaker.ask(tried.now);
  REQUIRE(probe);
  CHECK(!tried.passes());  // while that one is out
  CHECK(tried.breaker.wait(tried.now) == 1000);
  tried.breaker.ended(*probe, End::good, tried.now, 0);
  tried.call(End::good);
  CHECK(!tried.breaker.closed());
  tried.call(End::good);
  CHECK(tried.breaker.closed());
  tried.call(End::bad, 19);  // and everything is forgotten
  CHECK(tried.passes());
}

TEST_CASE("each bad probe doubles the time, up to five minutes", "[effects]") {
  Tried tried;
  tried.call(End::unconnected, 5);
  for (const Millis wait : {30, 60, 120, 240, 300, 300}) {
    CAPTURE(wait);
    CHECK(tried.breaker.wait(tried.now) == wait * 1000);
    tried.after(wait * 1000).call(End::bad);
  }
  tried.after(300'000).call(End::good, 3);
  tried.call(End::unconnected, 5);
  CHECK(tried.breaker.wait(tried.now) == 30'000);
}

TEST_CASE("chance adds up to a tenth, so that many servers do not probe together", "[effects]") {
  Breaker breaker(1);
  breaker.ended(*breaker.ask(0), End::bad, 0, 0.5);
  CHECK(breaker.wait(0) == 31'500);
}

TEST_CASE("calls that began before the breaker changed are not counted after", "[effects]") {
  Tried tried;
  std::vector<Breaker::Pass> early;
  for (int i = 0; i < 10; ++i) early.push_back(*tried.breaker.ask(tried.now));
  tried.call(End::unconnected, 5);
  for (int i = 0; i < 5; ++i) tried.breaker.ended(early[i], End::good, tried.now, 0);
  CHECK(!tried.after(29'000).passes());
  tried.after(1000);
  const auto probe = tried.breaker.ask(tried.now);
  for (int i = 5; i < 10; ++i) tried.breaker.ended(early[i], End::bad, tried.now, 0);
  REQUIRE(probe);
  tried.breaker.ended(*probe, End::good, tried.now, 0);
  tried.call(End::good, 2);
  CHECK(tried.breaker.closed());
}

// One call a second, down for four minutes; chance is against us: no jitter.
TEST_CASE("an outage sees two probes a minute, and its end closes the breaker", "[effects]") {
  Tried tried;
  std::vector<Millis> sent;
  Millis closed = 0;
  const Millis start = tried.now, recovery = start + 240'000;
  for (; tried.now < start + 600'000 && !closed; tried.after(1000)) {
    const auto pass = tried.breaker.ask(tried.now);
    if (!pass) continue;
    sent.push_back(tried.now - start);
    const bool up = tried.now >= recovery;
    tried.breaker.ended(*pass, up ? End::good : End::unconnected, tried.now, 0);
    if (up && tried.breaker.closed()) closed = tried.now;
  }
  // Five calls open it; then it is asked after 30 s, 60 s more, 120 s more, 240 s more.
  CHECK(sent == std::vector<Millis>{0, 1000, 2000, 3000, 4000, 34'000, 94'000, 214'000, 454'000,
                                    455'000, 456'000});
  CHECK(closed - start == 456'000);
}

TEST_CASE("what an error says of the endpoint", "[effects]") {
  struct Row {
    Kind kind;
    const char* code;
    End end;
  };
  const Row rows[] = {{Kind::timeout, "", End::bad},
                      {Kind::unavailable, "", End::bad},
                      {Kind::unavailable, "provider_malformed", End::bad},
                      {Kind::conflict, "ambiguous_effect", End::bad},
                      {Kind::unavailable, "connect_failed", End::unconnected},
                      {Kind::timeout, "connect_failed", End::unconnected},
                      {Kind::unavailable, "cancelled", End::neither},
                      {Kind::limited, "provider_limited", End::neither},
                      {Kind::limited, "quota_exhausted", End::neither},
                      {Kind::unavailable, "provider_empty", End::good},
                      {Kind::invalid, "provider_refused", End::good},
                      {Kind::invalid, "http_status", End::good},
                      {Kind::denied, "provider_auth", End::good}};
  for (const Row& row : rows) {
    CAPTURE(name(row.kind), row.code);
    const Error error = error_of(row.kind, row.code);
    CHECK(peers::end_of(&error) == row.end);
  }
  CHECK(peers::end_of(nullptr) == End::good);
}

TEST_CASE("a retry takes one of the budget, ten good calls bring one back", "[effects]") {
  peers::RetryBudget budget(2);
  CHECK(budget.take());
  CHECK(budget.take());
  CHECK(!budget.take());
  for (int i = 0; i < 9; ++i) budget.earn();
  CHECK(!budget.take());
  budget.earn();
  CHECK(budget.take());
  CHECK(!budget.take());
  for (int i = 0; i < 1000; ++i) budget.earn();
  CHECK((budget.take() && budget.take()));
  CHECK(!budget.take());
}

TEST_CASE("in a storm of 1,000 failing calls no more than 20 are made again", "[effects]") {
  Peers peers({1'000'000, 20});
  int retries = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto ticket = peers.enter({"gemini", "m", ""}, "shop", 0);
    REQUIRE(ticket);
    const Error error = error_of(Kind::unavailable);
    peers.left(*ticket, &error, 0, 0);
    retries += peers.take_retry("shop", "gemini");
  }
  CHECK(retries == 20);
  CHECK(peers.take_retry("other", "gemini"));  // another app has its own
  CHECK(peers.take_retry("shop", "openai"));   // and so has another peer
}

TEST_CASE("a peer's pause holds back its credential, and nobody else", "[effects]") {
  Peers peers({});
  const Error error = slow_down(60);
  const Peer one{"gemini", "flash", ""};
  peers.left(*peers.enter(one, "shop", 1000), &error, 1000, 0);
  const auto held = peers.enter({"gemini", "pro", ""}, "other", 11'000);
  REQUIRE(!held);
  CHECK(held.error().code == "peer_paused");
  CHECK(held.error().kind == Kind::unavailable);
  CHECK(held.error().retry_after == std::chrono::seconds(50));
  CHECK(held.error().message ==
        "`gemini/pro` limits the calls with this key and asked for a pause of another 50 s");
  CHECK(peers.enter({"gemini", "flash", "THEIR_KEY"}, "shop", 11'000));
  CHECK(peers.enter({"openai", "gpt", ""}, "shop", 11'000));
  CHECK(peers.enter(one, "shop", 61'000));
}

TEST_CASE("a shorter pause does not end a longer one, and a used up quota is none", "[effects]") {
  Peers peers({});
  const Peer peer{"gemini", "", ""};
  const auto first = peers.enter(peer, "shop", 0), second = peers.enter(peer, "shop", 0);
  const Error longer = slow_down(60), shorter = slow_down(5);
  peers.left(*first, &longer, 0, 0);
  peers.left(*second, &shorter, 0, 0);
  CHECK(!peers.enter(peer, "shop", 59'000));
  const auto third = peers.enter(peer, "shop", 60'000);
  Error used_up = slow_down(60);
  used_up.code = "quota_exhausted";
  peers.left(*third, &used_up, 60'000, 0);
  CHECK(peers.enter(peer, "shop", 60'000));
}

TEST_CASE("429 opens no breaker, however many there are", "[effects]") {
  Peers peers({});
  const Error error = error_of(Kind::limited, "provider_limited");
  for (int i = 0; i < 100; ++i)
    peers.left(*peers.enter({"gemini", "", ""}, "shop", 0), &error, 0, 0);
  CHECK(peers.enter({"gemini", "", ""}, "shop", 0));
}

TEST_CASE("breakers stand by peer, endpoint and credential, and say how long", "[effects]") {
  Peers peers({});
  const Error error = error_of(Kind::unavailable, "connect_failed");
  for (int i = 0; i < 5; ++i)
    peers.left(*peers.enter({"gemini", "flash", ""}, "shop", 0), &error, 0, 0);
  const auto held = peers.enter({"gemini", "flash", ""}, "other", 3000);
  REQUIRE(!held);
  CHECK(held.error().code == "circuit_open");
  CHECK(held.error().retry_after == std::chrono::seconds(27));
  CHECK(held.error().message ==
        "calls to `gemini/flash` keep failing, so none is made for another 27 s");
  CHECK(peers.enter({"gemini", "pro", ""}, "shop", 3000));
  CHECK(peers.enter({"gemini", "flash", "KEY"}, "shop", 3000));
}

TEST_CASE("ten thousand peers are not remembered for ever", "[effects]") {
  Peers peers({});
  for (int i = 0; i < 10'000; ++i)
    peers.left(*peers.enter({"https://" + std::to_string(i), "", ""}, "shop", i * 1000), nullptr,
               i * 1000, 0);
  CHECK(peers.known() < 2000);
}
