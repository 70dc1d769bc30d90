// Waiting for a while or until a time.
#include <catch2/catch.hpp>

#include "tests/support/test_run.h"

using namespace plenum;

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

TEST_CASE("what is no time, or too far away, is the node's error", "[run][wait]") {
  const auto app = test_app(R"(
input: {at: any}
nodes: [{id: sleep, wait: {until: at}}]
)");
  for (const char* wrong : {"tomorrow", "2001-02-30T00:00:00Z", "2001-02-03", ""}) {
    TestRun run(app, Json{{"at", wrong}});
    CHECK_THAT(run.start(), Catch::Contains("wrong_type: `until` of `sleep` is a time"));
  }
  TestRun far(app, Json{{"at", "2003-01-01T00:00:00Z"}});
  CHECK_THAT(far.start(), Catch::Contains("wait_too_long"));
  TestRun zoned(app, Json{{"at", "2001-09-09T03:46:50.5+02:00"}});
  CHECK(zoned.start() == "#1 in 10500ms | running");
}
