// Budgets, time-outs and reducers where several lines of control meet.
#include <catch2/catch.hpp>

#include "tests/support/test_run.h"

using namespace plenum;

TEST_CASE("a time-out of a node with bodies abandons them", "[run][wait]") {
  TestRun run(test_app(R"(
nodes:
  - {id: slow, timeout: 20s, on_error: {value: late}, parallel: {branches: {a: [{id: x, llm: {model: quick, prompt: a}}]}}}
)"));
  run.start();
  CHECK(run.wake() == R"(slow done "late" | abandon #2 | completed "late")");
}

// ── budget

TEST_CASE("calls at the same time share the run's budget: what one may cost is held back",
          "[run][budget]") {
  const std::string app = R"(plenum: 1
app: test
models: {quick: {use: openai/gpt-5-mini, max_tokens: 100000}}
limits: {cost_per_run: 0.45}
routes: {POST /go: {start: main}}
graphs:
  main:
    input: {words: list<string>}
    nodes: [{id: each, map: {over: words, do: [{id: ask, retry: 0, llm: {model: quick, prompt: "{{item}}"}}]}}]
)";
  TestRun run(test_app(app), Json{{"words", {"a", "b", "c"}}});
  CHECK_THAT(run.start(), Catch::Contains("cost_limit"));
  TestRun two(test_app(app), Json{{"words", {"a", "b"}}});
  CHECK(two.start().ends_with("running"));
  CHECK(two.state.reserved_usd > 0.3);
  two.reload();
  CHECK(two.state.reserved_usd > 0.3);
  two.says_to(0, "A");
  two.says_to(0, "B");
  CHECK(two.state.reserved_usd == 0);
}

// ── reducers

TEST_CASE("reducers make one value of the old and the new", "[run][reduce]") {
  TestRun run(test_app(R"x(
state:
  list: {type: list<integer>, reduce: append, last: 3}
  set: {type: list<string>, reduce: union}
  map: {type: object, reduce: merge}
  sum: {type: integer, reduce: sum}
  low: {type: optional<integer>, reduce: min}
  high: {type: optional<integer>, reduce: max}
  first: {type: optional<string>, reduce: first}
nodes:
  - id: twice
    loop:
      max: 3
      do:
        - id: x
          set:
            list: [=round, =round * 10]
            set: "=['a', string(round)]"
            map: {a: =round, b: 1}
            sum: =round
            low: =5 - round
            high: =round
            first: "=string(round)"
output: {list: =list, set: =set, map: =map, sum: =sum, low: =low, high: =high, first: =first}
)x"));
  run.start();
  CHECK(
      to_text(run.state.output) ==
      R"({"list":[20,3,30],"set":["a","1","2","3"],"map":{"a":3,"b":1},"sum":6,"low":2,"high":3,"first":"1"})");
}

TEST_CASE("a reducer needs a value of its kind", "[run][reduce]") {
  CHECK_THAT(load(around("state: {a: {type: string, reduce: append}}\nnodes: []")).said,
             Catch::Contains("this reducer needs a list"));
  CHECK_THAT(load(around("state: {a: {type: string, last: 3}}\nnodes: []")).said,
             Catch::Contains("`last` keeps items of a list"));
  CHECK_THAT(load(around("state: {a: {type: string, reduce: sum}}\nnodes: []")).said,
             Catch::Contains("this reducer needs a number"));
}
