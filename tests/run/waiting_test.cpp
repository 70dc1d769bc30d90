// Runs that wait: for clients, effects and timers; what comes too late; what ends them.
#include <catch2/catch.hpp>

#include "tests/support/test_run.h"

using namespace plenum;

namespace {

std::shared_ptr<const app::App> choosing(const std::string& more = "") {
  return test_app(R"(
input: {tones: list<string>}
state: {tone: string, note: optional<string>}
nodes:
  - id: choose
    interrupt:
      returns: {tones: =tones}
      expects: {tone: {type: string, enum: "=tones"}, note: optional<string>})" +
                  more + R"(
    set: {tone: =result.tone, note: =result.note}
  - {id: say, render: {template: "{{tone}}{{#note}} ({{note}}){{/note}}"}}
)");
}
const Json kTones = {{"tones", {"calm", "brisk"}}};

const char* kAsk = R"(
nodes:
  - {id: ask, llm: {model: quick, prompt: Hi}, retry: 1}
  - {id: more, llm: {model: quick, prompt: More}}
)";

}  // namespace

TEST_CASE("an interrupt pauses the run and goes on with the answer", "[run]") {
  TestRun run(choosing(), kTones);
  CHECK(run.start() == R"(waiting at choose {"tones":["calm","brisk"]})");
  CHECK(run::waiting_at(run.state) == "choose");
  CHECK(to_text(*run::expected(run.state)) ==
        R"({"type":"object","properties":{"tone":{"type":"string","enum":["calm","brisk"]},)"
        R"("note":{"anyOf":[{"type":"string"},{"type":"null"}]}},"required":["tone"],)"
        R"("additionalProperties":false})");
  CHECK(run::wakes_at(run.state) == kStart + 24ll * 3600 * 1000);
  CHECK(run.published.back().data ==
        R"({"at":"choose","output":{"tones":["calm","brisk"]}})");
  CHECK(run.answer(Json{{"tone", "calm"}}) ==
        R"(choose done {"tone":"calm","note":null} | say done "calm" | completed "calm")");
  CHECK(run.events ==
        "run.started node.started run.waiting node.completed node.started "
        "node.completed run.completed");
}

TEST_CASE("an optional field of the answer may be given", "[run]") {
  TestRun run(choosing(), kTones);
  run.start();
  CHECK_THAT(run.answer(Json{{"tone", "calm"}, {"note", "soon"}}),
             Catch::EndsWith("completed \"calm (soon)\""));
}

TEST_CASE("only the first answer counts", "[run]") {
  TestRun run(choosing(), kTones);
  run.start();
  run.answer(Json{{"tone", "calm"}});
  CHECK(run.answer(Json{{"tone", "brisk"}}) == R"(completed "calm")");
  CHECK(run.wake() == R"(completed "calm")");
}

TEST_CASE("an interrupt nobody answers in time fails", "[run]") {
  TestRun run(choosing("\n      ttl: 10m"), kTones);
  run.start();
  CHECK(run::wakes_at(run.state) == kStart + 600'000);
  CHECK(run.wake() ==
        R"(choose failed {"code":"answer_expired","message":"nobody answered `choose` in time"} | )"
        R"(failed at choose answer_expired: nobody answered `choose` in time)");
  CHECK(run.answer(Json{{"tone", "calm"}}).starts_with("failed"));
}

TEST_CASE("on_error catches an interrupt that expired", "[run]") {
  TestRun run(test_app(R"(
nodes:
  - {id: ask, interrupt: {expects: {ok: boolean}, ttl: 1s}, on_error: {value: {ok: false}}}
)"));
  run.start();
  CHECK(run.wake() == R"(ask done {"ok":false} | completed {"ok":false})");
}

TEST_CASE("a timer of something else does not end the wait", "[run]") {
  TestRun run(choosing(), kTones);
  run.start();
  CHECK(run.happen(run::TimerDue{run.state.root.call + 1}).starts_with("waiting"));
  CHECK(run.happen(run::Restarted{}).starts_with("waiting"));
  CHECK(run.happen(run::Replied{run.state.root.call, "x", 0, ""}).starts_with("waiting"));
  CHECK(run.happen(run::Failed{run.state.root.call, error_of(Kind::timeout), 0})
            .starts_with("waiting"));
}

TEST_CASE("computed expectations that are no schema fail the run, not the client", "[run]") {
  TestRun run(test_app(R"(
input: {least: any}
nodes: [{id: ask, interrupt: {expects: {n: {type: integer, minimum: =least}}}}]
)"),
              Json{{"least", "three"}});
  CHECK_THAT(run.start(), Catch::Contains("failed at ask invalid_expects: what `ask` expects"));
}

TEST_CASE("what is shown and expected stays with the run", "[run]") {
  TestRun run(choosing(), kTones);
  const std::string line = run.start();
  run.reload();
  CHECK(shown::status(run.state) == line);
  CHECK(run.answer(Json{{"tone", "brisk"}}).ends_with(R"(completed "brisk")"));
}

TEST_CASE("events of calls that are not under way change nothing", "[run]") {
  TestRun run(test_app(kAsk));
  run.start();
  const std::string before = run::save(run.state);
  const Json reply{{"text", "late"}, {"cut", false}};
  const run::Event late[] = {run::Replied{0, reply, 9, "x"},
                             run::Replied{2, reply, 9, "x"},
                             run::Failed{7, error_of(Kind::timeout), 9},
                             run::TimerDue{1},
                             run::TimerDue{3},
                             run::Answered{Json{{"a", 1}}}};
  for (const run::Event& event : late) {
    CHECK(run.happen(event) == "running");
    CHECK(run::save(run.state) == before);
  }
  run.fails(Kind::timeout);  // now it is call 2, a timer
  const std::string waiting = run::save(run.state);
  CHECK(run.happen(run::Replied{1, reply, 9, "x"}) == "running");
  CHECK(run.happen(run::Replied{2, reply, 9, "x"}) == "running");
  CHECK(run.happen(run::Failed{2, error_of(Kind::timeout), 9}) == "running");
  CHECK(run::save(run.state) == waiting);
}

TEST_CASE("events after the end change nothing", "[run]") {
  const auto ends = [](const std::function<void(TestRun&)>& end) {
    TestRun run(test_app(kAsk));
    run.start();
    end(run);
    const std::string before = run::save(run.state);
    const std::string seen = shown::status(run.state), events = run.events;
    for (const run::Event& event : std::vector<run::Event>{
             run::Restarted{}, run::Replied{1, Json(), 1, ""},
             run::Failed{1, error_of(Kind::timeout), 1}, run::TimerDue{1},
             run::Answered{Json::object()}, run::Cancelled{}, run::DeadlinePassed{}}) {
      CHECK(run.happen(event) == seen);
      CHECK(run::save(run.state) == before);
    }
    CHECK(run.events == events);
    return seen;
  };
  CHECK(ends([](TestRun& run) { run.says("a"), run.says("b"); }) == R"(completed "b")");
  CHECK(ends([](TestRun& run) { run.fails(Kind::invalid); }) == "failed at ask invalid: it broke");
  CHECK(ends([](TestRun& run) { run.cancel(); }) == "cancelled");
  CHECK(ends([](TestRun& run) { run.deadline(); }) ==
        "failed deadline: the run took longer than it may");
}

TEST_CASE("cancelling ends a run in every phase, and abandons what is under way", "[run]") {
  TestRun working(test_app(kAsk));
  working.start();
  CHECK(working.cancel() == "abandon #1 | cancelled");
  CHECK(working.events.ends_with("run.cancelled"));

  TestRun backing_off(test_app(kAsk));
  backing_off.start();
  backing_off.fails(Kind::timeout);
  CHECK(backing_off.cancel() == "cancelled");
  CHECK(backing_off.wake() == "cancelled");

  TestRun waiting(choosing(), kTones);
  waiting.start();
  CHECK(waiting.cancel() == "cancelled");

  TestRun fresh(test_app(kAsk));
  CHECK(fresh.cancel() == "cancelled");
}

TEST_CASE("the deadline ends a run in every phase, and abandons what is under way", "[run]") {
  TestRun working(test_app(kAsk));
  working.start();
  CHECK(working.deadline() == "abandon #1 | failed deadline: the run took longer than it may");
  CHECK(working.state.error->kind == Kind::timeout);

  TestRun backing_off(test_app(kAsk));
  backing_off.start();
  backing_off.fails(Kind::timeout);
  CHECK(backing_off.deadline() == "failed deadline: the run took longer than it may");

  TestRun waiting(choosing(), kTones);
  waiting.start();
  CHECK(waiting.deadline() == "failed deadline: the run took longer than it may");
}
