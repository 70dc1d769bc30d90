// retrieve: the nearest chunks.
#include <catch2/catch.hpp>

#include "tests/support/test_run.h"

using namespace plenum;

namespace {

std::string app_with(const std::string& node, const std::string& rest = "") {
  return R"(plenum: 1
app: test
models:
  e: {use: openai/text-embedding-3-small, kind: embedding}
  chat: {use: openai/gpt-5-mini, max_tokens: 100}
collections:
  docs: {vector: e, ttl: 1h}
  shared: {vector: e, owner: app}
  notes: {fields: {text: string}, ttl: 1h}
routes: {POST /go: {start: main}}
graphs:
  main:
    input: {q: any, lang: string}
    state: {found: any}
    nodes:
      - )" +
         node + "\n" + rest;
}

Json input(Json question) {
  return Json{{"q", std::move(question)}, {"lang", "de"}};
}

std::string started(const std::string& node, Json question = "tea?") {
  TestRun run(test_app(app_with(node)), input(std::move(question)));
  const std::string line = run.start();
  return run.state.status == run::Status::failed ? shown::status(run.state) : line;
}

std::string said(const std::string& node) {
  return load(app_with(node)).said;
}

}  // namespace

TEST_CASE("a question is asked of one collection", "[nodes]") {
  CHECK(started("{id: find, retrieve: {from: docs, query: =q}}") ==
        R"(#1 find retrieve 5 from docs by e "tea?" | running)");
  CHECK(
      started(
          "{id: find, retrieve: {from: shared, query: 'About {{lang}}', k: 3, min_score: 0.4}}") ==
      R"(#1 find retrieve 3 from shared by e "About de" at least 0.4 of the app | running)");
}

TEST_CASE("the condition goes along, with what it reads and what it asks for anyway", "[nodes]") {
  CHECK(
      started("{id: find, retrieve: {from: docs, query: =q, where: row.lang == lang && row.id != "
              "'x'}}") ==
      R"(#1 find retrieve 5 from docs by e "tea?" where row.lang == lang && row.id != 'x' seeing {"lang":"de"} equal {"lang":"de"} | running)");
  // The id is no field of the meta: only the condition itself can ask for it.
  CHECK(
      started("{id: find, retrieve: {from: docs, query: =q, where: row.id == lang}}") ==
      R"(#1 find retrieve 5 from docs by e "tea?" where row.id == lang seeing {"lang":"de"} | running)");
}

TEST_CASE("what is found has the type of chunks", "[nodes]") {
  TestRun run(
      test_app(app_with(
          R"x({id: find, retrieve: {from: docs, query: =q}, set: {found: "=result.map(c, c.text)"}})x",
          "    output: =found\n")),
      input("tea?"));
  run.start();
  const Json list = Json::parse(R"([{"id": "a", "text": "Tea.", "score": 0.5, "meta": {}}])");
  CHECK(run.reply(list, 0.001).ends_with(R"(completed ["Tea."])"));
  CHECK(run.state.cost_usd == Approx(0.001));
  CHECK_THAT(said("{id: find, retrieve: {from: docs, query: =q}, set: {found: =result[0].txt}}"),
             Catch::Contains("txt"));
}

TEST_CASE("a question that is none is an error before anything is asked", "[nodes]") {
  const std::string node = "{id: find, retrieve: {from: docs, query: =q}}";
  CHECK(started(node, 3) == "failed at find wrong_type: `query` of `find` is integer, not a text");
  CHECK_THAT(started(node, " \n"), Catch::Contains("empty_query"));
  CHECK_THAT(started(node, std::string(40'000, 'x')), Catch::Contains("query_too_long"));
}

TEST_CASE("the provider's failures are retried, the store's are not", "[nodes]") {
  TestRun run(test_app(app_with("{id: find, retrieve: {from: docs, query: =q}}")), input("tea?"));
  run.start();
  CHECK_THAT(run.fails(Kind::limited), Catch::Contains("in "));
  CHECK_THAT(run.wake(), Catch::Contains("try 2"));
  CHECK_THAT(run.fails(Kind::conflict, "other_vectors"), Catch::Contains("failed at find"));
}

TEST_CASE("the question's vector may be kept", "[nodes]") {
  CHECK_THAT(started("{id: find, cache: 1h, retrieve: {from: docs, query: =q}}"),
             Catch::Contains("kept 3600000ms"));
  CHECK_THAT(said("{id: keep, cache: 1h, ingest: {into: docs, text: x}}"),
             Catch::Contains("`cache` has no meaning for this `ingest`"));
}

TEST_CASE("collections of rows and of texts are not mistaken for each other", "[nodes]") {
  CHECK_THAT(said("{id: a, retrieve: {from: notes, query: x}}"),
             Catch::Contains("error[R214]: `notes` holds rows, not texts with vectors"));
  CHECK_THAT(said("{id: a, ingest: {into: notes, text: x}}"),
             Catch::Contains("error[R214]: `notes` holds rows"));
  for (const char* action : {"{put: docs, data: {text: x}}", "{get: docs, id: x}", "{query: docs}",
                             "{delete: docs, id: x}"})
    CHECK_THAT(said(std::string("{id: a, store: ") + action + "}"),
               Catch::Contains("error[R214]: `docs` holds texts with vectors, not rows"));
  CHECK_THAT(said("{id: a, retrieve: {from: dosc, query: x}}"),
             Catch::Contains("error[R201]: no collection `dosc`"));
  CHECK_THAT(said("{id: a, ingest: {into: docs}}"),
             Catch::Contains("needs exactly one of `text` and `file`"));
  CHECK_THAT(said("{id: a, ingest: {into: docs, text: x, file: =q}}"),
             Catch::Contains("needs exactly one of `text` and `file`"));
}
