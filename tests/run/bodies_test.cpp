// Nodes that hold others: map, parallel, loop, graph; and what waits inside of them.
#include <catch2/catch.hpp>

#include "tests/support/test_run.h"

using namespace plenum;

namespace {

// Two graphs: `main` calls `inner`.
std::shared_ptr<const app::App> two_graphs(const std::string& main, const std::string& inner) {
  std::string text = around(main) + "  inner:\n";
  std::istringstream lines(inner);
  for (std::string line; std::getline(lines, line);) text += "    " + line + "\n";
  return test_app(text);
}

std::string say(TestRun& run, size_t nth, const std::string& text) {
  return run.reply_to(run.under_way().at(nth), Json{{"text", text}, {"cut", false}});
}

}  // namespace

// ── map

TEST_CASE("a map runs its body for every item and keeps the list's order", "[run][map]") {
  TestRun run(test_app(R"(
input: {words: list<string>}
nodes:
  - {id: each, map: {over: words, do: [{id: one, render: {template: "{{index}} {{item}}"}}]}}
)"),
              Json{{"words", {"a", "b"}}});
  CHECK(run.start() == R"(each[0]/one done "0 a" | each[1]/one done "1 b" | )"
                       R"(each done ["0 a","1 b"] | completed ["0 a","1 b"])");
}

TEST_CASE("a map of nothing gives nothing", "[run][map]") {
  TestRun run(test_app(R"(
input: {words: list<string>}
nodes: [{id: each, map: {over: words, do: [{id: one, render: {template: x}}]}}]
)"),
              Json{{"words", Json::array()}});
  CHECK(run.start() == "each done [] | completed []");
}

TEST_CASE("no more items are begun than `concurrency`; answers may come in any order",
          "[run][map]") {
  TestRun run(test_app(R"(
input: {words: list<string>}
nodes: [{id: each, map: {over: words, concurrency: 2, do: [{id: ask, llm: {model: quick, prompt: "{{item}}"}}]}}]
)"),
              Json{{"words", {"a", "b", "c"}}});
  CHECK(run.start() == R"(#2 each/ask model quick gemini-3-flash-preview "a" | )"
                       R"(#3 each/ask model quick gemini-3-flash-preview "b" | running)");
  CHECK(say(run, 1, "B") ==
        R"(each[1]/ask done "B" | #4 each/ask model quick gemini-3-flash-preview "c" | running)");
  CHECK(say(run, 1, "C") == R"(each[2]/ask done "C" | running)");
  CHECK(say(run, 0, "A") ==
        R"(each[0]/ask done "A" | each done ["A","B","C"] | completed ["A","B","C"])");
}

TEST_CASE("what a map's body sets, only its own item sees; `collect` says what leaves it",
          "[run][map]") {
  TestRun run(test_app(R"(
input: {numbers: list<integer>}
state: {n: {type: integer, default: 7}, out: list<integer>}
nodes:
  - id: each
    map:
      over: numbers
      as: number
      do:
        - {id: add, set: {n: =n + number}}
        - {id: twice, set: {n: =n * 2}}
      collect: =n
    set: out
output: {out: =out, n: =n}
)"),
              Json{{"numbers", {1, 2}}});
  run.start();
  CHECK(to_text(run.state.output) == R"({"out":[16,18],"n":7})");
}

TEST_CASE("a failed item fails the map, and what else is under way is abandoned", "[run][map]") {
  TestRun run(test_app(R"(
input: {words: list<string>}
nodes: [{id: each, map: {over: words, do: [{id: ask, retry: 0, llm: {model: quick, prompt: "{{item}}"}}]}}]
)"),
              Json{{"words", {"a", "b", "c"}}});
  run.start();
  const std::string line =
      run.happen(run::Failed{run.under_way().at(1), error_of(Kind::invalid, "no"), 0});
  CHECK(line == R"(each[1]/ask failed {"code":"no","message":"it broke"} | )"
                R"(each failed {"code":"no","message":"it broke"} | abandon #2 | abandon #4 | )"
                "failed at each[1]/ask no: it broke");
}

TEST_CASE("with `on_item_error: skip` a failed item is left out", "[run][map]") {
  TestRun run(test_app(R"(
input: {words: list<string>}
nodes: [{id: each, map: {over: words, on_item_error: skip, do: [{id: ask, retry: 0, llm: {model: quick, prompt: "{{item}}"}}]}}]
)"),
              Json{{"words", {"a", "b", "c"}}});
  run.start();
  run.happen(run::Failed{run.under_way().at(1), error_of(Kind::invalid, "no"), 0});
  say(run, 0, "A");
  CHECK(say(run, 0, "C").ends_with(R"(completed ["A","C"])"));
  CHECK(run.state.failed_at.empty());
}

TEST_CASE("a map's own on_error catches its items' failures", "[run][map]") {
  TestRun run(test_app(R"(
input: {words: list<string>}
nodes:
  - id: each
    map: {over: words, do: [{id: ask, retry: 0, llm: {model: quick, prompt: "{{item}}"}}]}
    on_error: {value: [none]}
)"),
              Json{{"words", {"a"}}});
  run.start();
  CHECK(run.fails(Kind::invalid, "no").ends_with(R"(each done ["none"] | completed ["none"])"));
}

TEST_CASE("a longer list than `max_items`, or no list, is the node's error", "[run][map]") {
  const auto app = test_app(R"(
input: {words: any}
nodes: [{id: each, map: {over: words, max_items: 2, do: [{id: one, render: {template: x}}]}}]
)");
  TestRun many(app, Json{{"words", {1, 2, 3}}});
  CHECK(many.start().ends_with("too_many_items: `each` has 3 items; `max_items` is 2"));
  TestRun none(app, Json{{"words", "abc"}});
  CHECK(none.start().ends_with("wrong_type: `over` of `each` is a list; this is string"));
}

TEST_CASE("a map in the middle goes on after a crash with what had no result", "[run][map]") {
  TestRun run(test_app(R"(
input: {words: list<integer>}
nodes: [{id: each, map: {over: words, concurrency: 8, max_items: 100, do: [{id: ask, llm: {model: quick, prompt: "{{item}}"}}]}}]
)"),
              [] {
                Json words = Json::array();
                for (int i = 0; i < 100; ++i) words.push_back(i);
                return Json{{"words", words}};
              }());
  run.start();
  for (int i = 0; i < 40; ++i) say(run, 0, std::to_string(i));
  run.reload();
  const std::vector<uint64_t> before = run.under_way();
  CHECK(before.size() == 8);
  run.restart();
  CHECK(run.under_way() == before);
  for (int i = 40; i < 100; ++i) say(run, 0, std::to_string(i));
  REQUIRE(run.state.status == run::Status::completed);
  CHECK(run.state.output.size() == 100);
  CHECK(run.performed.size() == 100);  // nobody was asked twice
  for (int i = 0; i < 100; ++i)
    CHECK(run.state.output[static_cast<size_t>(i)] == std::to_string(i));
}

// ── parallel

TEST_CASE("parallel branches start together and are joined in the author's order",
          "[run][parallel]") {
  TestRun run(test_app(R"(
nodes:
  - id: gather
    parallel:
      branches:
        web: [{id: search, llm: {model: quick, prompt: w}}]
        file: [{id: look, llm: {model: quick, prompt: f}}]
)"));
  run.start();
  CHECK(run.performed.size() == 2);
  CHECK(say(run, 1, "F") == R"(gather/file/look done "F" | running)");
  CHECK(say(run, 0, "W") == R"(gather/web/search done "W" | gather done {"web":"W","file":"F"} | )"
                            R"(completed {"web":"W","file":"F"})");
}

TEST_CASE("with `wait: any` the first branch wins and the others are abandoned",
          "[run][parallel]") {
  const auto app = test_app(R"(
nodes:
  - id: race
    parallel:
      wait: any
      branches:
        a: [{id: x, retry: 0, llm: {model: quick, prompt: a}}]
        b: [{id: y, retry: 0, llm: {model: quick, prompt: b}}]
)");
  TestRun run(app);
  run.start();
  CHECK(say(run, 1, "B") ==
        R"(race/b/y done "B" | race done {"b":"B"} | abandon #2 | completed {"b":"B"})");
  TestRun second(app);
  second.start();
  CHECK(second.happen(run::Failed{second.under_way().at(0), error_of(Kind::invalid, "no"), 0})
            .ends_with("running"));
  CHECK(say(second, 0, "B").ends_with(R"(completed {"b":"B"})"));
  TestRun third(app);
  third.start();
  third.happen(run::Failed{third.under_way().at(0), error_of(Kind::invalid, "no"), 0});
  CHECK(third.happen(run::Failed{third.under_way().at(0), error_of(Kind::invalid, "neither"), 0})
            .ends_with("failed at race/b/y neither: it broke"));
}

TEST_CASE("branches that set the same key need a reducer", "[run][parallel]") {
  const std::string graph = R"(
state: {found: STATE}
nodes:
  - id: gather
    parallel:
      branches:
        a: [{id: x, render: {template: A}, set: {found: =result}}]
        b: [{id: y, render: {template: B}, set: {found: =result}}]
output: =found
)";
  const auto with = [&](const std::string& type) {
    std::string text = graph;
    text.replace(text.find("STATE"), 5, type);
    return text;
  };
  CHECK_THAT(load(around(with("string"))).said, Catch::Contains("error[D407]"));
  TestRun run(test_app(with("{type: list<string>, reduce: append}")));
  CHECK(run.start().ends_with(R"(completed ["A","B"])"));
}

// ── loop

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
  CHECK(say(run, 0, "d") == R"(until_approved[1]/draft done "d" | waiting at approve "1")");
  run.reload();
  CHECK(run.answer(Json{{"ok", false}}) ==
        R"(until_approved[1]/approve done {"ok":false} | )"
        R"(#4 until_approved/draft model quick gemini-3-flash-preview "round 2" | running)");
  say(run, 0, "d");
  CHECK(run.answer(Json{{"ok", true}}).ends_with(R"(completed {"rounds":2,"done":true})"));
}

// ── graph

TEST_CASE("a called graph has a state of its own and gives its output", "[run][graph]") {
  TestRun run(two_graphs(R"(
state: {x: {type: string, default: outer}}
nodes:
  - {id: call, graph: {name: inner, input: {name: Ada}}, set: {x: =x + result.text}}
output: =x
)",
                         R"(
input: {name: string, greeting: {type: string, default: Hello}}
state: {x: {type: string, default: "!"}}
nodes: [{id: hi, render: {template: "{{greeting}} {{name}}{{x}}"}, set: x}]
output: {text: =x}
)"));
  CHECK(run.start() == R"(call/hi done "Hello Ada!" | call done {"text":"Hello Ada!"} | )"
                       R"(completed "outerHello Ada!")");
}

TEST_CASE("an interrupt of a called graph pauses the caller", "[run][graph]") {
  TestRun run(two_graphs("nodes: [{id: call, graph: inner}]",
                         "nodes: [{id: ask, interrupt: {expects: {a: integer}}}]"));
  CHECK(run.start() == "waiting at inner.ask null");
  run.reload();
  CHECK(run.answer(Json{{"a", 1}}).ends_with(R"(completed {"a":1})"));
}

TEST_CASE("a graph that is not waited for is started by an effect, once per key", "[run][graph]") {
  TestRun run(two_graphs(
      R"(nodes: [{id: call, graph: {name: inner, input: {n: =1 + 1}, wait: false, key: "k{{run.id}}"}}])",
      "input: {n: integer}\nnodes: [{id: x, set: {}}]"));
  CHECK(run.start() == R"(#1 call start inner {"n":2} once krun_1 | running)");
  CHECK(run.reply("run_2") == R"(call done "run_2" | completed "run_2")");
}

TEST_CASE("`end` inside a called graph ends that graph only", "[run][graph]") {
  TestRun run(two_graphs(
      "nodes: [{id: call, graph: inner}, {id: after, render: {template: after}}]",
      "nodes: [{id: a, render: {template: a}, next: end}, {id: b, render: {template: b}}]"));
  CHECK(run.start() ==
        R"(call/a done "a" | call done "a" | after done "after" | completed "after")");
}

TEST_CASE("graphs may not call each other in a circle", "[run][graph]") {
  const std::string main = "nodes: [{id: call, graph: inner}]";
  const std::string text = around(main) + "  inner:\n    nodes: [{id: back, graph: main}]\n";
  CHECK_THAT(load(text).said,
             Catch::Contains("error[G307]") && Catch::Contains("main → inner → main"));
}

// ── wait, emit

TEST_CASE("a short wait keeps the run, a long one frees it until it wakes", "[run][wait]") {
  TestRun run(test_app(R"(
nodes:
  - {id: nap, wait: 5s}
  - {id: sleep, wait: {until: timestamp("2001-09-09T02:00:00Z")}}
  - {id: past, wait: {until: timestamp("2001-01-01T00:00:00Z")}}
)"));
  CHECK(run.start() == "#1 in 5000ms | running");
  run.reload();
  CHECK(run.restart() == "#1 in 5000ms | running");
  CHECK(run.wake() == "nap done null | #2 in 795000ms | waiting at sleep null");
  run.reload();
  CHECK(run::wakes_at(run.state) == kStart + 800'000);
  CHECK(run.answer(Json::object()) == "waiting at sleep null");  // nobody asked
  CHECK(run.wake() == "sleep done null | past done null | completed null");
}

TEST_CASE("emit tells clients something", "[run][emit]") {
  TestRun run(test_app(R"(
input: {n: integer}
nodes: [{id: tell, emit: {event: found, data: {n: =n, text: "{{n}} found"}}}]
)"),
              Json{{"n", 3}});
  CHECK(run.start() == "tell done null | completed null");
  CHECK(run.events == "run.started node.started found node.completed run.completed");
  CHECK(to_text(run.published[2].data) == R"({"n":3,"text":"3 found"})");
}

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
  say(two, 0, "A");
  say(two, 0, "B");
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
  CHECK(to_text(run.state.output) ==
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
