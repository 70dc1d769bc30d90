// Rounds, and what ends them.
#include <catch2/catch.hpp>

#include "tests/support/test_run.h"

using namespace plenum;

TEST_CASE("a loop ends when `until` holds after a round", "[run][loop]") {
  TestRun run(test_app(R"(
state: {n: {type: integer, default: 0}}
nodes: [{id: more, loop: {max: 5, until: n >= 2, do: [{id: add, set: {n: =n + round}}]}}]
)"));
  CHECK(run.start() ==
        R"(more[1]/add done null | more[2]/add done null | )"
        R"(more done {"rounds":2,"done":true} | completed {"rounds":2,"done":true})");
  CHECK(run.vars() == R"({"n":3})");
}

TEST_CASE("a loop that reaches `max` goes on or fails, as the author says", "[run][loop]") {
  TestRun run(
      test_app("nodes: [{id: more, loop: {max: 2, until: false, do: [{id: x, set: {}}]}}]"));
  CHECK(run.start().ends_with(R"(completed {"rounds":2,"done":false})"));
  TestRun failing(test_app(
      "nodes: [{id: more, loop: {max: 2, until: false, on_max: fail, do: [{id: x, set: {}}]}}]"));
  CHECK(failing.start().ends_with("loop_limit: `more` is not done after 2 rounds"));
}

TEST_CASE("`break` leaves the loop, `end` the whole graph", "[run][loop]") {
  TestRun run(test_app(R"(
nodes:
  - id: more
    loop:
      max: 9
      do:
        - {id: stop, next: [{when: round == 3, to: break}]}
        - {id: go, render: {template: "{{round}}"}}
)"));
  CHECK(run.start().ends_with(R"(completed {"rounds":3,"done":true})"));
  TestRun ending(test_app(R"(
nodes:
  - id: more
    loop:
      max: 9
      do:
        - {id: go, render: {template: "round {{round}}"}, next: [{when: round == 2, to: end}]}
  - {id: never, render: {template: x}}
)"));
  CHECK(ending.start().ends_with(R"(more[2]/go done "round 2" | completed "round 2")"));
}

TEST_CASE("an interrupt inside a loop pauses the run and goes on in its round", "[run][loop]") {
  TestRun run(test_app(R"(
state: {ok: {type: boolean, default: false}}
nodes:
  - id: until_approved
    loop:
      max: 3
      until: ok
      do:
        - {id: draft, llm: {model: quick, prompt: "round {{round}}"}}
        - {id: approve, interrupt: {returns: "{{round}}", expects: {ok: boolean}}, set: {ok: =result.ok}}
)"));
  run.start();
  CHECK(run.says_to(0, "d") == R"(until_approved[1]/draft done "d" | waiting at approve "1")");
  run.reload();
  CHECK(run.answer(Json{{"ok", false}}) ==
        R"(until_approved[1]/approve done {"ok":false} | )"
        R"(#4 until_approved/draft model quick gemini-3-flash-preview "round 2" | running)");
  run.says_to(0, "d");
  CHECK(run.answer(Json{{"ok", true}}).ends_with(R"(completed {"rounds":2,"done":true})"));
}
