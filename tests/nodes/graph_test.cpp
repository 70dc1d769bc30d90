// Graphs that call graphs.
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

}  // namespace

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
