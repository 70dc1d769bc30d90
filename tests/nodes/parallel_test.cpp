// Branches at the same time, and how they are joined.
#include <catch2/catch.hpp>

#include "tests/support/test_run.h"

using namespace plenum;

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
  CHECK(run.says_to(1, "F") == R"(gather/file/look done "F" | running)");
  CHECK(run.says_to(0, "W") ==
        R"(gather/web/search done "W" | gather done {"web":"W","file":"F"} | )"
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
  CHECK(run.says_to(1, "B") ==
        R"(race/b/y done "B" | race done {"b":"B"} | abandon #2 | completed {"b":"B"})");
  TestRun second(app);
  second.start();
  CHECK(second.happen(run::Failed{second.under_way().at(0), error_of(Kind::invalid, "no"), 0})
            .ends_with("running"));
  CHECK(second.says_to(0, "B").ends_with(R"(completed {"b":"B"})"));
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
