// store: rows of collections.
#include <catch2/catch.hpp>

#include "tests/support/test_run.h"

using namespace plenum;

TEST_CASE("put checks the row against its fields and names it by the effect", "[nodes]") {
  TestRun run(test_app(R"(
input: {t: string}
state: {r: string}
nodes: [{id: keep, store: {put: notes, data: {text: =t}}, set: {r: =result.id}}]
output: =r
)"),
              Json{{"t", "hello"}});
  CHECK(run.start() == R"(#1 keep put notes {"text":"hello","n":null} for 3600000ms | running)");
  CHECK(run.asked.key.size() == 64);
  CHECK(run.reply(Json{{"id", "row_1"}, {"data", {{"text", "hello"}}}})
            .ends_with(R"(completed "row_1")"));
}

TEST_CASE("put takes an id and whole rows", "[nodes]") {
  TestRun run(test_app(R"(
input: {r: any}
nodes: [{id: keep, store: {put: notes, id: "n-{{run.id}}", data: =r}}]
)"),
              Json{{"r", {{"n", 4}, {"text", "x"}, {"other", true}}}});
  // In the order of the fields, and nothing that is none.
  CHECK(run.start() == R"(#1 keep put notes n-run_1 {"text":"x","n":4} for 3600000ms | running)");
}

TEST_CASE("a row that does not fit is an error before anything is stored", "[nodes]") {
  const auto put = [](Json row) {
    TestRun run(test_app(R"(
input: {r: any}
nodes: [{id: keep, store: {put: notes, data: =r}}]
)"),
                Json{{"r", std::move(row)}});
    run.start();
    return shown::status(run.state);
  };
  CHECK(put(Json{{"n", 1}}) == "failed at keep wrong_type: `text` is missing for a row of `notes`");
  CHECK(put(Json{{"text", 1}}) ==
        "failed at keep wrong_type: `text` does not fit `notes`:  must be a string; it is 1");
  CHECK(put(Json("text")) == "failed at keep wrong_type: `text` is missing for a row of `notes`");
  CHECK(put(Json()) == "failed at keep wrong_type: `text` is missing for a row of `notes`");
  CHECK_THAT(put(Json{{"text", "a"}, {"n", 1.5}}),
             Catch::StartsWith("failed at keep wrong_type: `n` does not fit `notes`"));
}

TEST_CASE("get and delete ask for one row by its id", "[nodes]") {
  TestRun get(test_app(R"(
input: {id: string}
nodes: [{id: read, store: {get: notes, id: =id}}]
output: =id
)"),
              Json{{"id", "row_7"}});
  CHECK(get.start() == "#1 read get notes row_7 | running");
  CHECK(get.fails(error_of(Kind::not_found, "not_found", "there is no such row in `notes`"))
            .ends_with("failed at read not_found: there is no such row in `notes`"));
  TestRun gone(test_app("nodes: [{id: drop, store: {delete: notes, id: row_8}}]"));
  CHECK(gone.start() == "#1 drop delete notes row_8 | running");
  CHECK(gone.reply(Json{{"id", "row_8"}}).ends_with(R"(completed {"id":"row_8"})"));
}

TEST_CASE("an id that is no text is an error before anything is asked", "[nodes]") {
  const auto get = [](Json id) {
    TestRun run(test_app("input: {id: any}\nnodes: [{id: read, store: {get: notes, id: =id}}]"),
                Json{{"id", std::move(id)}});
    run.start();
    return shown::status(run.state);
  };
  CHECK(get(3) == "failed at read wrong_type: the id of a row of `notes` is text; this is integer");
  CHECK(get("") == "failed at read wrong_type: the id of a row of `notes` is text; this is empty");
}

TEST_CASE("a row that was read has the types of its collection", "[nodes]") {
  TestRun run(test_app(R"(
state: {text: string, n: optional<integer>}
nodes: [{id: read, store: {get: notes, id: a}, set: {text: =result.data.text, n: =result.data.n}}]
output: "{{text}} {{n}}"
)"));
  run.start();
  CHECK(run.reply(Json{{"id", "a"}, {"data", {{"text", "x"}, {"n", nullptr}}}})
            .ends_with(R"(completed "x ")"));
  CHECK_THAT(refused("state: {n: integer}\nnodes: [{id: read, store: {get: notes, id: a}, set: "
                     "{n: =result.data.text}}]"),
             Catch::Contains("error[D405]: `n` is integer, this gives string"));
  CHECK_THAT(refused("state: {n: string}\nnodes: [{id: gone, store: {delete: notes, id: a}, set: "
                     "{n: =result.data.text}}]"),
             Catch::Contains("error[D406]"));
}

TEST_CASE("a collection of the app is everybody's", "[nodes]") {
  TestRun run(test_app(R"(plenum: 1
app: test
collections: {facts: {fields: {a: string}, owner: app}}
graphs: {main: {nodes: [{id: keep, store: {put: facts, data: {a: b}}}]}}
routes: {POST /go: {start: main}}
)"));
  CHECK(run.start() == R"(#1 keep put facts {"a":"b"} of the app | running)");
}

TEST_CASE("query asks for rows, newest first, at most fifty", "[nodes]") {
  TestRun run(test_app(R"(
state: {n: integer}
nodes: [{id: find, store: {query: notes}, set: {n: =size(result)}}]
output: =n
)"));
  CHECK(run.start() == "#1 find query notes limit 50 | running");
  CHECK(run.reply(Json::array({Json{{"id", "a"}, {"data", {{"text", "x"}, {"n", nullptr}}}}}))
            .ends_with("completed 1"));
}

TEST_CASE("the condition takes along what it reads, and what must be equal is looked for",
          "[nodes]") {
  const auto asks = [](const std::string& query) {
    TestRun run(test_app("input: {t: string, k: any}\nnodes: [{id: find, store: {query: notes, " +
                         query + "}}]"),
                Json{{"t", "x"}, {"k", nullptr}});
    return run.start();
  };
  CHECK(
      asks("where: row.text == t, sort: -n, limit: 3") ==
      R"(#1 find query notes where row.text == t seeing {"t":"x"} equal {"text":"x"} by -n limit 3 | running)");
  CHECK(
      asks("where: 't + \"y\" == row.text && row.n == 4'") ==
      R"(#1 find query notes where t + "y" == row.text && row.n == 4 seeing {"t":"x"} equal {"text":"xy","n":4} limit 50 | running)");
  // These do not have to hold, or say nothing that can be looked for.
  for (const char* where :
       {"row.text == t || row.n == 4", "row.n > 4", "!(row.text == t)", "row.text == row.id",
        "row.n == k", "row.id == t", "row.text.startsWith(t)",
        "(row.text == t ? row.n == 1 : true)", "[1].exists(x, row.n == x)"}) {
    CAPTURE(where);
    CHECK_THAT(asks("where: '" + std::string(where) + "'"),
               Catch::Contains(std::string("where ") + where) && !Catch::Contains(" equal "));
  }
}

TEST_CASE("what a query cannot mean is refused", "[nodes]") {
  const auto said = [](const std::string& query) {
    return refused("input: {t: string}\nnodes: [{id: find, store: {" + query + "}}]");
  };
  CHECK_THAT(said("query: notes, where: row.txt == t"),
             Catch::Contains("error[D406]") && Catch::Contains("`text`"));
  CHECK_THAT(said("query: notes, where: row.text"), Catch::Contains("error[X506]"));
  CHECK_THAT(said("query: notes, where: text == t"), Catch::Contains("error[X502]"));
  CHECK_THAT(said("query: notes, sort: txt"), Catch::Contains("error[D404]: no field `txt`"));
  CHECK_THAT(said("query: notes, sort: -data.text"), Catch::Contains("error[D404]"));
  CHECK_THAT(said("query: notes, limit: 501"), Catch::Contains("error[S104]"));
  CHECK_THAT(said("query: notes, id: =t"), Catch::Contains("`id` has no meaning for `query`"));
  CHECK_THAT(said("query: notes, data: {}"), Catch::Contains("`data` has no meaning for `query`"));
  CHECK_THAT(said("get: notes, id: =t, where: true"),
             Catch::Contains("`where` has no meaning for `get`"));
  CHECK_THAT(refused("state: {s: string}\nnodes: [{id: f, store: {query: notes}, set: s}]"),
             Catch::Contains("error[D405]"));
}
