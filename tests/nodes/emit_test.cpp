// Events of the author's own.
#include <catch2/catch.hpp>

#include "tests/support/test_run.h"

using namespace plenum;

TEST_CASE("emit tells clients something", "[run][emit]") {
  TestRun run(test_app(R"(
input: {n: integer}
nodes: [{id: tell, emit: {event: found, data: {n: =n, text: "{{n}} found"}}}]
)"),
              Json{{"n", 3}});
  CHECK(run.start() == "tell done null | completed null");
  CHECK(run.events == "run.started node.started found node.completed run.completed");
  CHECK(run.published[2].data == R"({"n":3,"text":"3 found"})");
}
