// extract: the text of an uploaded file.
#include <catch2/catch.hpp>

#include "tests/support/test_run.h"

using namespace plenum;

namespace {

const char* kApp = R"(plenum: 1
app: test
graphs:
  main:
    input: {cv: optional<file>}
    state: {text: string}
    nodes: [{id: read, extract: {file: =cv, max_pages: 7}, set: {text: =result.text}}]
    output: =text
routes: {POST /go: {start: main, files: {cv: {accept: [pdf]}}}}
)";
const Json kFile = {{"id", "file_1"}, {"name", "cv.pdf"}, {"mime", "application/pdf"}, {"size", 3}};

}  // namespace

TEST_CASE("the file's text is asked for and becomes the result", "[nodes]") {
  TestRun run(test_app(kApp), Json{{"cv", kFile}});
  CHECK(run.start() == "#1 read extract file_1 max 7 | running");
  CHECK(run.asked.timeout == std::chrono::seconds(60));
  CHECK(run.reply(Json{{"text", "Hi"}, {"pages", 1}, {"mime", "application/pdf"}}) ==
        R"(read done {"text":"Hi","pages":1,"mime":"application/pdf"} | completed "Hi")");
}

TEST_CASE("what cannot be read fails with the reader's own code", "[nodes]") {
  TestRun run(test_app(kApp), Json{{"cv", kFile}});
  run.start();
  CHECK(run.fails(error_of(Kind::invalid, "encrypted_document", "the PDF asks for a password"))
            .ends_with("failed at read encrypted_document: the PDF asks for a password"));
}

TEST_CASE("a value that is no file is an error before anything is read", "[nodes]") {
  TestRun none(test_app(kApp));
  CHECK_THAT(none.start(), Catch::EndsWith("failed at read wrong_type: `file` of `read` is not a "
                                           "file"));
  CHECK_THAT(refused("input: {a: string}\nnodes: [{id: b, extract: {file: =a}}]"),
             Catch::Contains("error[D405]: `file` is a file, this gives string"));
  CHECK_THAT(refused("nodes: [{id: b, extract: {file: cv.pdf}}]"), Catch::Contains("error[D405]"));
}
