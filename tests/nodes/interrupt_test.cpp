// interrupt: what the client is shown, and what its answer becomes.  How a run waits is tested in
// tests/run.
#include <catch2/catch.hpp>

#include "tests/support/test_run.h"

using namespace plenum;

TEST_CASE("the expected fields become one schema, computed ones when the run pauses", "[nodes]") {
  TestRun run(test_app(R"(
input: {choices: list<string>, most: integer}
nodes:
  - id: ask
    interrupt:
      returns: {choices: =choices}
      expects:
        pick: {type: string, enum: =choices}
        count: {type: integer, minimum: 1, maximum: =most, default: 1}
        note: optional<string>
        fine: boolean
)"),
              Json{{"choices", {"a", "b"}}, {"most", 5}});
  run.start();
  CHECK(to_text(*run::expected(run.state)) ==
        R"({"type":"object","properties":{"pick":{"type":"string","enum":["a","b"]},)"
        R"("count":{"type":"integer","minimum":1,"maximum":5,"default":1},)"
        R"("note":{"anyOf":[{"type":"string"},{"type":"null"}]},"fine":{"type":"boolean"}},)"
        R"("required":["pick","fine"],"additionalProperties":false})");
  CHECK(run.answer(Json{{"pick", "a"}, {"fine", true}})
            .ends_with(R"(completed {"pick":"a","fine":true,"count":1,"note":null})"));
}

TEST_CASE("returns may be left out", "[nodes]") {
  TestRun run(test_app("nodes: [{id: ask, interrupt: {expects: {ok: boolean}}}]"));
  CHECK(run.start() == "waiting at ask null");
}

TEST_CASE("the answer has the types of what is expected", "[nodes]") {
  CHECK_THAT(refused(R"(
state: {n: integer}
nodes: [{id: ask, interrupt: {expects: {ok: boolean, text: {type: string, maxLength: 9}}}, set: {n: =result.text}}]
)"),
             Catch::Contains("error[D405]: `n` is integer, this gives string"));
  CHECK_THAT(refused(R"(
nodes: [{id: ask, interrupt: {expects: {ok: boolean}}, next: [{when: result.okay, to: end}]}]
)"),
             Catch::Contains("error[D406]: "));
}
