// What effects leave behind: their journal, and replies to be given again.
#pragma once

#include <catch2/catch.hpp>

#include "tests/store/asking.h"

namespace plenum::testing {

inline EffectRow an_effect(uint64_t call, EffectStatus status = EffectStatus::started) {
  EffectRow row;
  row.call = call;
  row.kind = "model";
  row.path = "n" + std::to_string(call);
  row.key = "key of " + row.path;
  row.digest = "d";
  row.status = status;
  row.cost_usd = status == EffectStatus::started ? 0 : 0.5;
  row.started_at = 1500;
  row.ended_at = status == EffectStatus::started ? 0 : 1700;
  return row;
}

inline void keeps_the_journal(const MakePlace& make) {
  const auto place = make();
  Asking store(place->open());
  const auto restart = [&] {
    store.close();
    store = Asking(place->open());
    must(store.recover(9000).map([](int) {}));
  };
  const auto step = [&](const Run& run, RunStatus status, std::vector<EffectRow> ended,
                        std::vector<EffectRow> begun) {
    Checkpoint c = a_checkpoint(run, status);
    c.ended = std::move(ended);
    c.begun = std::move(begun);
    return outcome(store.checkpoint(c));
  };

  SECTION("an effect is begun with the step that asks for it and ended with the one that has it") {
    const Run run = store.accept(a_run(), {}, {}, {}, {}, {an_effect(1)}).value().run;
    CHECK(store.journal(run) == "1.1 n1 started");
    CHECK(step(run, RunStatus::running, {an_effect(1, EffectStatus::done)},
               {an_effect(2), an_effect(3)}) == "ok");
    EffectRow refused = an_effect(2, EffectStatus::failed);
    refused.error = "provider_limited";
    CHECK(step(run, RunStatus::completed, {refused, an_effect(3, EffectStatus::ambiguous)}, {}) ==
          "ok");
    CHECK(store.journal(run) == "1.1 n1 done, 2.1 n2 failed provider_limited, 3.1 n3 ambiguous");
    const EffectRow first = store.effects(kAda, run.id).value()[0];
    CHECK(first.kind == "model");
    CHECK(first.key == "key of n1");
    CHECK(first.digest == "d");
    CHECK(first.cost_usd == 0.5);
    CHECK(first.started_at == 1500);
    CHECK(first.ended_at == 1700);
  }
  SECTION("what has ended does not change any more") {
    const Run run = store.accept(a_run(), {}, {}, {}, {}, {an_effect(1)}).value().run;
    CHECK(step(run, RunStatus::running, {an_effect(1, EffectStatus::done)}, {}) == "ok");
    CHECK(step(run, RunStatus::running, {an_effect(1, EffectStatus::ambiguous)}, {}) == "ok");
    CHECK(store.journal(run) == "1.1 n1 done");
  }
  SECTION("a write that lost leaves no trace in the journal") {
    Run run = store.accept(a_run(), {}, {}, {}, {}, {an_effect(1)}).value().run;
    run.epoch = 7;
    CHECK(step(run, RunStatus::running, {an_effect(1, EffectStatus::done)}, {an_effect(2)}) ==
          "conflict lost");
    CHECK(store.journal(run) == "1.1 n1 started");
  }
  SECTION("an answer and the step that it leads to are one transaction") {
    const Run run = store.accepted(a_run());
    Checkpoint wait = a_checkpoint(run, RunStatus::waiting);
    wait.at = "gate";
    must(store.checkpoint(wait));
    Checkpoint answered = a_checkpoint(run, RunStatus::running);
    answered.state = R"({"v":"answered"})";
    answered.begun = {an_effect(1)};
    const auto taken = store.take_waiting(kAda, run.id, "gate", std::nullopt, 3000, answered);
    CHECK(told(taken.value().run) == R"(running e2 state={"v":"answered"} started=1000)");
    CHECK(store.journal(run) == "1.1 n1 started");
  }
  SECTION("an answer to an earlier pause at the same place changes nothing") {
    Run run = store.accepted(a_run());
    const auto wait = [&] {
      Checkpoint c = a_checkpoint(run, RunStatus::waiting);
      c.at = "gate";
      must(store.checkpoint(c));
    };
    wait();
    const Checkpoint late = a_checkpoint(run, RunStatus::completed);
    run = store.take_waiting(kAda, run.id, "gate").value();
    wait();
    const std::string before = store.whole(run);
    CHECK(outcome(store.take_waiting(kAda, run.id, "gate", std::nullopt, 3000, late)) ==
          "conflict not_waiting");
    CHECK(store.whole(run) == before);
  }
  SECTION("nobody else sees a run's journal") {
    const Run run = store.accept(a_run(), {}, {}, {}, {}, {an_effect(1)}).value().run;
    CHECK(outcome(store.effects(kBob, run.id)) == "not_found");
    CHECK(outcome(store.effects(kAdaElsewhere, run.id)) == "not_found");
  }
  if (!place->lasts()) return;
  SECTION("what was begun and not recorded when the process ended is ambiguous") {
    const Run run = store.accept(a_run(), {}, {}, {}, {}, {an_effect(1)}).value().run;
    CHECK(step(run, RunStatus::running, {an_effect(1, EffectStatus::done)}, {an_effect(2)}) ==
          "ok");
    const Run other = store.accept(a_run(), {}, {}, {}, {}, {an_effect(1)}).value().run;
    must(store.cancel(kAda, other.id).map([](const Run&) {}));
    restart();
    CHECK(store.journal(run) == "1.1 n1 done, 2.1 n2 ambiguous");
    CHECK(store.journal(other) == "1.1 n1 ambiguous");
    const Run again = store.claim(9000, 1).value().at(0);
    CHECK(step(again, RunStatus::running, {}, {an_effect(2)}) == "ok");
    CHECK(step(again, RunStatus::completed, {an_effect(2, EffectStatus::done)}, {}) == "ok");
    CHECK(store.journal(run) == "1.1 n1 done, 2.1 n2 ambiguous, 2.2 n2 done");
  }
  SECTION("the journal goes with its run") {
    Run brief = a_run();
    brief.expires_at = 5000;
    const Run run = store.accept(brief, {}, {}, {}, {}, {an_effect(1)}).value().run;
    CHECK(step(run, RunStatus::completed, {an_effect(1, EffectStatus::done)}, {}) == "ok");
    REQUIRE(store.sweep(5000));
    CHECK(outcome(store.effects(kAda, run.id)) == "not_found");
  }
}

inline EffectRow a_call(uint64_t call, double reserved, Millis at = 1500) {
  EffectRow row = an_effect(call);
  row.reserved_usd = reserved;
  row.started_at = at;
  return row;
}
inline EffectRow answered(uint64_t call, double cost) {
  EffectRow row = an_effect(call, EffectStatus::done);
  row.cost_usd = cost;
  row.input_tokens = 10;
  row.output_tokens = 4;
  row.cached_tokens = 3;
  return row;
}

inline void adds_up_what_was_spent(const MakePlace& make) {
  constexpr Millis kDay = 86'400'000;
  const auto place = make();
  Asking store(place->open());
  const auto begin = [&](Run run, std::vector<EffectRow> calls) {
    return store.accept(std::move(run), {}, {}, {}, {}, std::move(calls)).value().run;
  };
  const auto end = [&](const Run& run, RunStatus status, std::vector<EffectRow> ended) {
    Checkpoint c = a_checkpoint(run, status);
    c.ended = std::move(ended);
    return outcome(store.checkpoint(c));
  };

  SECTION("a call's use and cost are its own and its owner's of that day") {
    const Run run = begin(a_run(), {a_call(1, 0.5), a_call(2, 0.5)});
    CHECK(store.spent() == "");
    CHECK(end(run, RunStatus::running, {answered(1, 0.25)}) == "ok");
    CHECK(store.spent() == "shop/ada 1 calls 10+4 0.25");
    CHECK(end(run, RunStatus::completed, {answered(2, 0.125)}) == "ok");
    CHECK(store.spent() == "shop/ada 2 calls 20+8 0.375");
    const EffectRow call = store.effects(kAda, run.id).value()[0];
    CHECK(call.reserved_usd == 0.5);
    CHECK(call.input_tokens == 10);
    CHECK(call.output_tokens == 4);
    CHECK(call.cached_tokens == 3);
  }
  SECTION("recording an end twice counts it once, a write that lost not at all") {
    Run run = begin(a_run(), {a_call(1, 0.5)});
    CHECK(end(run, RunStatus::running, {answered(1, 0.25)}) == "ok");
    CHECK(end(run, RunStatus::running, {answered(1, 0.25)}) == "ok");
    run.epoch = 7;
    CHECK(end(run, RunStatus::running, {answered(1, 0.25)}) == "conflict lost");
    CHECK(store.spent() == "shop/ada 1 calls 10+4 0.25");
  }
  SECTION("a call counts for the day on which it was begun, and not for another one's owner") {
    const Run late = begin(a_run(), {a_call(1, 1, kDay - 1), a_call(2, 1, kDay)});
    CHECK(end(late, RunStatus::completed, {answered(1, 0.25), answered(2, 0.5)}) == "ok");
    Run bobs = a_run();
    bobs.owner = kBob;
    CHECK(end(begin(bobs, {a_call(1, 1)}), RunStatus::completed, {answered(1, 1)}) == "ok");
    CHECK(store.spent(0) == "shop/ada 1 calls 10+4 0.25, shop/bob 1 calls 10+4 1");
    CHECK(store.spent(1) == "shop/ada 1 calls 10+4 0.5");
  }
  SECTION("a call whose end is not known counts as the worst that it can cost") {
    begin(a_run(), {a_call(1, 0.5)});
    const Run left = begin(a_run(), {a_call(1, 0.25)});
    CHECK(end(left, RunStatus::cancelled, {}) == "ok");
    CHECK(store.spent() == "shop/ada 1 calls 0+0 0.25");
    if (!place->lasts()) return;
    store.close();
    store = Asking(place->open());
    must(store.recover(9000).map([](int) {}));
    CHECK(store.spent() == "shop/ada 2 calls 0+0 0.75");
  }
  SECTION("what is no model call is not counted") {
    EffectRow pdf = a_call(1, 0);
    pdf.kind = "pdf";
    const Run run = begin(a_run(), {pdf});
    CHECK(end(run, RunStatus::completed, {an_effect(1, EffectStatus::done)}) == "ok");
    CHECK(store.spent() == "");
  }
  SECTION("it outlasts its runs by 400 days, and goes with its owner") {
    Run brief = a_run();
    brief.expires_at = 5000;
    CHECK(end(begin(brief, {a_call(1, 1)}), RunStatus::completed, {answered(1, 0.5)}) == "ok");
    REQUIRE(store.sweep(400 * kDay));
    CHECK(store.spent() == "shop/ada 1 calls 10+4 0.5");
    REQUIRE(store.sweep(401 * kDay));
    CHECK(store.spent() == "");
    CHECK(end(begin(a_run(), {a_call(1, 1)}), RunStatus::completed, {answered(1, 0.5)}) == "ok");
    REQUIRE(store.forget(kAda));
    CHECK(store.spent() == "");
  }
}

inline void remembers_effects(const MakePlace& make) {
  const auto place = make();
  Asking store(place->open());

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
