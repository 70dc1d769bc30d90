// Which node comes next, and what it finds in the state.
#include <catch2/catch.hpp>

#include "tests/support/test_run.h"

using namespace plenum;

TEST_CASE("nodes run from top to bottom, and the last result is the output", "[run]") {
  TestRun run(test_app(R"(
input: {name: string}
nodes:
  - {id: hello, render: {template: "Hello {{name}}"}}
  - {id: bye, render: {template: "Bye {{name}}"}}
)"),
              Json{{"name", "Ada"}});
  CHECK(run.start() == R"(hello done "Hello Ada" | bye done "Bye Ada" | completed "Bye Ada")");
  CHECK(run.events ==
        "run.started node.started node.completed node.started node.completed run.completed");
}

TEST_CASE("output is computed from the state at the end", "[run]") {
  TestRun run(test_app(R"(
input: {n: integer}
state: {twice: integer}
nodes: [{id: double, set: {twice: =n * 2}}]
output: {n: =n, twice: =twice, at: "{{run.id}} of {{user.id}}"}
)"),
              Json{{"n", 4}});
  CHECK(run.start() == R"(double done null | completed {"n":4,"twice":8,"at":"run_1 of ada"})");
}

TEST_CASE("an empty list of nodes completes at once", "[run]") {
  TestRun run(test_app("nodes: []"));
  CHECK(run.start() == "completed null");
}

TEST_CASE("when false skips the node with its set and next", "[run]") {
  const auto app = test_app(R"(
input: {n: integer}
state: {size: {type: string, default: small}}
nodes:
  - {id: large, when: n > 9, set: {size: large}, next: end}
  - {id: say, render: {template: "{{size}}"}}
)");
  TestRun small(app, Json{{"n", 1}});
  CHECK(small.start() == R"(large skipped | say done "small" | completed "small")");
  CHECK(small.events ==
        "run.started node.started node.completed run.completed");  // a skipped node starts nothing
  TestRun large(app, Json{{"n", 10}});
  CHECK(large.start() == R"(large done null | completed null)");
  CHECK(large.vars() == R"({"n":10,"size":"large"})");
}

TEST_CASE("a condition that fails while running is the node's error", "[run]") {
  TestRun run(test_app(R"(
input: {list: list<integer>}
nodes:
  - {id: pick, when: "list[5] > 1", render: {template: x}}
)"),
              Json{{"list", {1}}});
  const std::string line = run.start();
  CHECK(line.starts_with("pick failed"));
  CHECK_THAT(line, Catch::Contains("index out of"));
  CHECK(run.state.error->kind == Kind::invalid);
  CHECK_THAT(run.state.error->trail,
             Catch::Contains("test/main: node pick: apps.d/test.yaml:14:26"));
}

TEST_CASE("all values of a set are computed before any is set", "[run]") {
  TestRun run(test_app(R"(
input: {a: integer, b: integer}
nodes: [{id: swap, set: {a: =b, b: =a}}]
output: [=a, =b]
)"),
              Json{{"a", 1}, {"b", 2}});
  CHECK(run.start() == "swap done null | completed [2,1]");
}

TEST_CASE("set with a key alone takes the whole result", "[run]") {
  TestRun run(test_app(R"(
state: {text: string}
nodes: [{id: make, render: {template: abc}, set: text}]
output: =text
)"));
  CHECK(run.start() == R"(make done "abc" | completed "abc")");
}

TEST_CASE("set sees the result beside the state", "[run]") {
  TestRun run(test_app(R"(
input: {n: integer}
state: {text: string, size: integer}
nodes: [{id: make, render: {template: "{{n}}!"}, set: {text: =result, size: =size(result) + n}}]
output: =size
)"),
              Json{{"n", 41}});
  CHECK(run.start() == R"(make done "41!" | completed 44)");
}

TEST_CASE("a value that does not fit its key fails the node and sets nothing", "[run]") {
  TestRun run(test_app(R"(
input: {data: any}
state: {a: {type: string, default: before}, n: {type: integer, maximum: 9, default: 1}}
nodes: [{id: take, set: {a: after, n: =data}}]
)"),
              Json{{"data", 10}});
  const std::string line = run.start();
  CHECK_THAT(line, Catch::Contains("failed at take wrong_type: the value for `n` does not fit"));
  CHECK(run.vars() == R"({"data":10,"a":"before","n":1})");
}

TEST_CASE("constants are checked at load, computed values when they are set", "[run]") {
  CHECK_THAT(
      refused(R"(
state: {n: {type: integer, maximum: 9}}
nodes: [{id: take, set: {n: 10}}]
)"),
      Catch::Contains("error[D405]: `n` is integer; `10` does not fit: it must be at most 9"));
}

TEST_CASE("next leads on, to the end, or by the first condition that holds", "[run]") {
  const auto app = test_app(R"(
input: {n: integer}
nodes:
  - {id: sort, next: [{when: n < 0, to: negative}, {when: n == 0, to: end}, {when: n > 99, to: big}]}
  - {id: normal, render: {template: normal}, next: end}
  - {id: negative, render: {template: negative}, next: end}
  - {id: big, render: {template: big}}
)");
  const auto path = [&](int n) {
    TestRun run(app, Json{{"n", n}});
    run.start();
    return run.path;
  };
  CHECK(path(-1) == "sort > negative");
  CHECK(path(0) == "sort");
  CHECK(path(100) == "sort > big");
  CHECK(path(5) == "sort > normal");  // no match falls through
}

TEST_CASE("the last edge without a condition is taken when no other one is", "[run]") {
  const auto app = test_app(R"(
input: {n: integer}
nodes:
  - {id: sort, next: [{when: n == 1, to: one}, {to: other}]}
  - {id: one, render: {template: one}, next: end}
  - {id: other, render: {template: other}}
)");
  TestRun one(app, Json{{"n", 1}}), other(app, Json{{"n", 2}});
  one.start();
  other.start();
  CHECK(one.path == "sort > one");
  CHECK(other.path == "sort > other");
}

TEST_CASE("the conditions of next see what set has just set, and the result", "[run]") {
  TestRun run(test_app(R"(
state: {text: string}
nodes:
  - id: make
    render: {template: abc}
    set: text
    next: [{when: text == 'abc' && result == text, to: yes_}]
  - {id: no_, render: {template: no}, next: end}
  - {id: yes_, render: {template: "yes"}}
)"));
  run.start();
  CHECK(run.path == "make > yes_");
}

TEST_CASE("progress is published when the node starts", "[run]") {
  TestRun run(test_app(R"(
input: {name: string}
nodes:
  - {id: one, progress: {at: 15, say: "Reading {{name}}"}, llm: {model: quick, prompt: Hi}}
  - {id: two, progress: {at: 80}, render: {template: x}}
)"),
              Json{{"name", "it"}});
  run.start();
  CHECK(run.state.percent == 15);
  CHECK(run.state.say == "Reading it");
  CHECK(run.published[2].data == R"({"node":"one","percent":15,"message":"Reading it"})");
  run.says("ok");
  CHECK(run.state.percent == 100);
  CHECK(run.state.say == "");
  CHECK(run.events ==
        "run.started node.started node.progress node.completed node.started node.progress "
        "node.completed run.completed");
}

TEST_CASE("fail ends the run with the author's code, status and message", "[run]") {
  const auto app = test_app(R"(
input: {text: string}
nodes:
  - id: check
    when: size(text) < 3
    fail: {code: too_short, status: 422, message: "We found only {{text}}."}
  - {id: go_on, render: {template: fine}}
)");
  TestRun bad(app, Json{{"text", "ab"}});
  CHECK(bad.start() == R"(check failed {"code":"too_short","message":"We found only ab."} | )"
                       R"(failed at check too_short: We found only ab.)");
  CHECK(bad.state.error->status == 422);
  CHECK(bad.events == "run.started node.started run.failed");
  TestRun good(app, Json{{"text", "abc"}});
  CHECK(good.start() == R"(check skipped | go_on done "fine" | completed "fine")");
}

TEST_CASE("a run takes at most limits.steps steps", "[run]") {
  const auto app = test_app(R"(plenum: 1
app: test
limits: {steps: 2}
routes: {POST /go: {start: main}}
graphs:
  main:
    nodes: [{id: a, render: {template: a}}, {id: b, render: {template: b}}, {id: c, render: {template: c}}]
)");
  TestRun run(app);
  CHECK(run.start() ==
        R"(a done "a" | b done "b" | failed step_limit: the run took more than 2 steps)");
}

TEST_CASE("a state that outgrows limits.state fails the node that would make it so", "[run]") {
  const auto app = test_app(R"(plenum: 1
app: test
limits: {state: 1KB}
routes: {POST /go: {start: main}}
graphs:
  main:
    input: {text: string}
    state: {all: {type: string, default: ""}}
    nodes: [{id: a, set: {all: =text + text}}, {id: b, set: {all: =all + all}}]
    output: =size(all)
)");
  TestRun small(app, Json{{"text", std::string(100, 'x')}});
  CHECK(small.start() == "a done null | b done null | completed 400");
  TestRun large(app, Json{{"text", std::string(300, 'x')}});
  CHECK_THAT(large.start(), Catch::Contains("failed at b state_limit: the state would be larger "
                                            "than the 1 KB of `limits.state`"));
  CHECK(large.events.ends_with("run.failed"));
}

TEST_CASE("optional keys read as null, in expressions and in templates", "[run]") {
  const auto app = test_app(R"(
input: {name: optional<string>, n: optional<integer>}
state: {note: optional<string>}
nodes:
  - {id: say, render: {template: "[{{name}}{{#note}} note{{/note}}{{^note}} none{{/note}}]"}}
  - {id: set_, when: name != null, set: {note: =name}}
  - {id: again, render: {template: "[{{note}}]"}}
output: {given: =name != null, n: "=n == null ? 0 : n", note: =note}
)");
  TestRun without(app);
  without.start();
  CHECK(shown::status(without.state) == R"(completed {"given":false,"n":0,"note":null})");
  CHECK(without.path == "say > set_(skipped) > again");
  TestRun with(app, Json{{"name", "Ada"}, {"n", 3}});
  CHECK(with.start() == R"(say done "[Ada none]" | set_ done null | again done "[Ada]" | )"
                        R"(completed {"given":true,"n":3,"note":"Ada"})");
}

TEST_CASE("a key that no taken path has written is an error when it is read", "[run]") {
  TestRun run(test_app(R"(
input: {n: integer}
state: {text: string}
nodes:
  - {id: maybe, when: n > 0, render: {template: a}, set: text}
  - {id: use, render: {template: "{{text}}"}}
)"),
              Json{{"n", 0}});
  const std::string line = run.start();
  CHECK_THAT(line, Catch::Contains("failed at use template: 1:1: unknown name `text`"));
}

TEST_CASE("now is when the node was entered, also in what is asked for again", "[run]") {
  TestRun run(test_app(R"(
state: {at: string}
nodes:
  - {id: ask, llm: {model: quick, prompt: "It is {{now}}"}, retry: 1, set: {at: =string(now)}}
output: =at
)"));
  CHECK(run.start() ==
        R"(#1 ask model quick gemini-3-flash-preview "It is 2001-09-09T01:46:40.000Z" | running)");
  run.now += 5000;
  run.fails(Kind::timeout);
  run.now += 60'000;
  CHECK_THAT(run.wake(), Catch::Contains("It is 2001-09-09T01:46:40.000Z"));
  run.now = kStart + 100'000;
  // What is set from it is of the moment that it is set.
  CHECK_THAT(run.says("ok"), Catch::Contains("2001-09-09T01:48:20Z"));
}
