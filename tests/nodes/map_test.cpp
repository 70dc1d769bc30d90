// The same nodes for every item: order, concurrency, failures, and a crash in the middle.
#include <catch2/catch.hpp>

#include "tests/support/test_run.h"

using namespace plenum;

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
  CHECK(run.says_to(1, "B") ==
        R"(each[1]/ask done "B" | #4 each/ask model quick gemini-3-flash-preview "c" | running)");
  CHECK(run.says_to(1, "C") == R"(each[2]/ask done "C" | running)");
  CHECK(run.says_to(0, "A") ==
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
  run.says_to(0, "A");
  CHECK(run.says_to(0, "C").ends_with(R"(completed ["A","C"])"));
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
  for (int i = 0; i < 40; ++i) run.says_to(0, std::to_string(i));
  run.reload();
  const std::vector<uint64_t> before = run.under_way();
  CHECK(before.size() == 8);
  run.restart();
  CHECK(run.under_way() == before);
  for (int i = 40; i < 100; ++i) run.says_to(0, std::to_string(i));
  REQUIRE(run.state.status == run::Status::completed);
  CHECK(run.state.output.size() == 100);
  CHECK(run.performed.size() == 100);  // nobody was asked twice
  for (int i = 0; i < 100; ++i)
    CHECK(run.state.output[static_cast<size_t>(i)] == std::to_string(i));
}
