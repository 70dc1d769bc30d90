// A failed run that an operator has tried again: what finished stays, what failed is asked for
// anew.
#include <catch2/catch.hpp>

#include "tests/support/test_run.h"

using namespace plenum;

namespace {

// As the process that claims the run finds it.
std::string tried_again(TestRun& run) {
  run.reload();
  run::again(run.state, *run.app);
  return run.restart();
}

}  // namespace

TEST_CASE("a failed node is entered again under another key, and what finished is not", "[run]") {
  TestRun run(test_app(R"(
state: {first: string}
nodes:
  - {id: first, llm: {model: quick, prompt: One}, set: first}
  - {id: second, retry: 0, llm: {model: quick, prompt: "Two {{first}}"}}
)"));
  run.start();
  run.says("1");
  const std::string key = run.asked.key;
  run.fails(Kind::denied, "provider_auth");
  CHECK(run.state.status == run::Status::failed);

  CHECK(tried_again(run).find("Two 1") != std::string::npos);
  CHECK(run.asked.key != key);
  CHECK(run.asked.attempt == 1);
  CHECK(run.says("2") == "second done \"2\" | completed \"2\"");
  CHECK(run.path == "first > second(failed) > second");
}

TEST_CASE("a map that failed is begun anew, since its results went with it", "[run]") {
  TestRun run(test_app(R"(
nodes:
  - id: each
    map:
      over: '["a", "b"]'
      concurrency: 1
      do: [{id: draft, retry: 0, llm: {model: quick, prompt: "{{item}}"}}]
)"));
  run.start();
  run.says("A");
  run.fails(Kind::invalid);
  REQUIRE(run.state.status == run::Status::failed);
  tried_again(run);
  run.says("A");
  CHECK(run.says("B").find("completed [\"A\",\"B\"]") != std::string::npos);
}

TEST_CASE("a run whose time ran out asks again for what was under way, under the same key",
          "[run]") {
  TestRun run(test_app(R"(
nodes:
  - {id: ask, llm: {model: quick, prompt: Hi}}
)"));
  run.start();
  const std::string key = run.asked.key;
  run.deadline();
  REQUIRE(run.state.status == run::Status::failed);
  tried_again(run);
  CHECK(run.asked.key == key);
  CHECK(run.says("Hello").find("completed") != std::string::npos);
}

TEST_CASE("a run that waited when its time ran out waits again", "[run]") {
  TestRun run(test_app(R"(
nodes:
  - {id: ask, interrupt: {returns: "well?", expects: {ok: boolean}}}
)"));
  run.start();
  run.deadline();
  run.reload();
  run::again(run.state, *run.app);
  CHECK(shown::status(run.state) == "waiting at ask \"well?\"");
  CHECK(run.answer({{"ok", true}}).find("completed") != std::string::npos);
}

TEST_CASE("a run that cost too much may cost as much again", "[run]") {
  TestRun run(test_app(R"(
nodes:
  - {id: ask, retry: 0, llm: {model: quick, prompt: Hi}}
  - {id: more, retry: 0, llm: {model: quick, prompt: Ho}}
)"));
  run.start();
  run.says("1", 1000);
  REQUIRE(shown::status(run.state).find("cost_limit") != std::string::npos);
  CHECK(tried_again(run).find("Ho") != std::string::npos);
  CHECK(run.says("2").find("completed") != std::string::npos);
  CHECK(run.state.cost_usd == 1000);
}

TEST_CASE("a run that did not fail is left as it is", "[run]") {
  TestRun run(test_app(R"(
nodes:
  - {id: ask, llm: {model: quick, prompt: Hi}}
)"));
  run.start();
  const auto same = [&] {
    const std::string before = run::save(run.state);
    run::again(run.state, *run.app);
    return run::save(run.state) == before;
  };
  CHECK(same());
  run.says("x");
  CHECK(same());
}
