// fail: an error in the author's words.
#include <catch2/catch.hpp>

#include "tests/support/test_run.h"

using namespace plenum;

TEST_CASE("the status gives the error its kind", "[nodes]") {
  const auto kind = [](const std::string& status) {
    TestRun run(
        test_app("nodes: [{id: stop, fail: {code: gone, message: It is gone" + status + "}}]"));
    run.start();
    return std::string(name(run.state.error->kind)) + " " + std::to_string(run.state.error->status);
  };
  CHECK(kind("") == "invalid 400");
  CHECK(kind(", status: 403") == "denied 403");
  CHECK(kind(", status: 404") == "not_found 404");
  CHECK(kind(", status: 409") == "conflict 409");
  CHECK(kind(", status: 422") == "invalid 422");
  CHECK(kind(", status: 429") == "limited 429");
}

TEST_CASE("an error of an author is not tried again", "[nodes]") {
  TestRun run(
      test_app("nodes: [{id: stop, retry: 5, fail: {code: busy, message: Later., status: 429}}]"));
  CHECK(run.start() == R"(stop failed {"code":"busy","message":"Later."} | )"
                       "failed at stop busy: Later.");
}

TEST_CASE("the message is text with names filled in, as it is", "[nodes]") {
  TestRun run(test_app(R"(
input: {name: string}
nodes: [{id: stop, fail: {code: no_file, message: "No <file> for {{name}}."}}]
)"),
              Json{{"name", "A & B"}});
  run.start();
  CHECK(run.state.error->message == "No <file> for A & B.");
}

TEST_CASE("a code is a word for programs", "[nodes]") {
  CHECK_THAT(refused("nodes: [{id: stop, fail: {code: No File, message: x}}]"),
             Catch::Contains("error[S104]: `No File` is not an id for an error"));
}
