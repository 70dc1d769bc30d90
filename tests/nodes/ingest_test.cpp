// ingest: a text becomes a document, batch by batch.
#include <catch2/catch.hpp>

#include "tests/support/test_run.h"

using namespace plenum;

namespace {

std::shared_ptr<const app::App> with_docs(const std::string& node, int size = 50) {
  return test_app(R"(plenum: 1
app: test
models: {e: {use: openai/text-embedding-3-small, kind: embedding}}
collections:
  docs: {vector: e, chunk: {size: )" +
                  std::to_string(size) + R"(, overlap: 0}, ttl: 1h}
  shared: {vector: e, owner: app}
routes: {POST /go: {start: main}}
graphs:
  main:
    input: {t: any, id: any, meta: any}
    nodes:
      - )" + node +
                  "\n");
}

Json input(Json text, Json id = Json(), Json meta = Json()) {
  return Json{{"t", std::move(text)}, {"id", std::move(id)}, {"meta", std::move(meta)}};
}

const std::string kNode = "{id: keep, ingest: {into: docs, text: =t, id: =id, meta: =meta}}";

std::string failure(Json with) {
  TestRun run(with_docs(kNode), std::move(with));
  run.start();
  if (run.state.status == run::Status::running) run.reply(Json{{"part", "k"}, {"count", 1}});
  return shown::status(run.state);
}

std::string sentences(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "This is the sentence " + std::to_string(i) + ". ";
  return text;
}

}  // namespace

TEST_CASE("a text is embedded, then put as one document with its meta", "[nodes]") {
  TestRun run(with_docs(kNode), input("Hello.", "doc-1", Json{{"lang", "en"}}));
  CHECK(run.start() == R"(#1 keep embed by e ["Hello."] | running)");
  CHECK(run.asked.worst_usd > 0);
  CHECK(run.reply(Json{{"part", "k1"}, {"count", 1}}, 0.001) ==
        R"(#2 keep document docs doc-1 {"lang":"en"} of ["k1"] for 3600000ms | running)");
  CHECK(run.reply(Json{{"chunks", 1}}).ends_with(R"(completed {"chunks":1})"));
  CHECK(run.state.cost_usd == Approx(0.001));
}

TEST_CASE("without an id a document is named by its text", "[nodes]") {
  const auto id_of = [](const char* text) {
    TestRun run(with_docs(kNode), input(text));
    run.start();
    run.reply(Json{{"part", "k"}, {"count", 1}});
    return std::get<run::PutDocument>(run.asked.effect).id;
  };
  CHECK(id_of("Hello.") == id_of("Hello."));
  CHECK(id_of("Hello.") != id_of("Hello!"));
  CHECK(id_of("Hello.").size() == 36);
}

TEST_CASE("an empty text takes the document out, and asks no model", "[nodes]") {
  TestRun run(with_docs(kNode), input(" \n", "doc-1"));
  CHECK(run.start() == "#1 keep document docs doc-1 {} of [] for 3600000ms | running");
}

TEST_CASE("a long text goes a hundred chunks at a time, or as many as the provider took",
          "[nodes]") {
  TestRun run(with_docs(kNode), input(sentences(600), "d"));
  run.start();
  const auto asked = [&] { return std::get<run::EmbedTexts>(run.asked.effect).texts; };
  REQUIRE(asked().size() == 100);
  const std::string first = asked().front(), last = asked().back();
  run.reply(Json{{"part", "k1"}, {"count", 40}});
  CHECK(asked().size() == 100);
  CHECK(asked()[59] == last);
  CHECK(asked().front() != first);
  std::string line;
  for (int i = 2; std::holds_alternative<run::EmbedTexts>(run.asked.effect); ++i)
    line = run.reply(Json{{"part", "k" + std::to_string(i)}, {"count", asked().size()}});
  CHECK_THAT(line, Catch::Contains(R"(document docs d {} of ["k1","k2",)"));
}

TEST_CASE("what has been embedded is not asked for again after a failure or a restart", "[nodes]") {
  TestRun run(with_docs(kNode), input(sentences(300), "d"));
  run.start();
  run.reply(Json{{"part", "k1"}, {"count", 100}});
  const auto rest = std::get<run::EmbedTexts>(run.asked.effect).texts;
  const std::string key = run.asked.key;
  run.reload();
  run.restart();
  CHECK(std::get<run::EmbedTexts>(run.asked.effect).texts == rest);
  CHECK(run.asked.key == key);
  CHECK(run.asked.again);
  run.fails(Kind::unavailable);
  run.wake();
  CHECK(std::get<run::EmbedTexts>(run.asked.effect).texts == rest);
  CHECK_THAT(run.reply(Json{{"part", "k2"}, {"count", rest.size()}}),
             Catch::Contains(R"(of ["k1","k2"])"));
  // The last step, too, is the same again.
  const std::string put = shown::command(run.asked, run.now);
  run.reload();
  run.restart();
  CHECK(shown::command(run.asked, run.now) == put);
}

TEST_CASE("a file is read first, once", "[nodes]") {
  TestRun run(with_docs("{id: keep, ingest: {into: docs, file: =t}}"),
              input(Json{{"id", "file_1"}}));
  CHECK(run.start() == "#1 keep extract file_1 max 500 | running");
  CHECK(run.reply(Json{{"text", "Read."}, {"pages", 1}, {"mime", "text/plain"}}) ==
        R"(#2 keep embed by e ["Read."] | running)");
  run.reload();
  run.restart();
  CHECK(shown::command(run.asked, run.now) == R"(#2 keep embed by e ["Read."])");
}

TEST_CASE("what cannot be ingested is an error before anything is kept", "[nodes]") {
  CHECK(failure(input(3)) == "failed at keep wrong_type: `text` of `keep` is integer, not a text");
  CHECK(failure(input("a", 7)) ==
        "failed at keep wrong_type: `id` of `keep` must be a text of 1 to 200 bytes");
  CHECK_THAT(failure(input("a", "")), Catch::Contains("`id` of `keep` must be a text"));
  CHECK_THAT(failure(input("a", std::string(201, 'x'))), Catch::Contains("1 to 200 bytes"));
  CHECK(failure(input("a", Json(), Json::array())) ==
        "failed at keep wrong_type: `meta` of `keep` is array, not a map");
  CHECK_THAT(failure(input("a", Json(), Json{{"x", std::string(17'000, 'x')}})),
             Catch::Contains("meta_too_large"));
  CHECK_THAT(failure(input(sentences(5000))),
             Catch::Contains("too_many_chunks") && Catch::Contains("at most 2000"));
}

TEST_CASE("what a batch may cost at most must fit the run's budget", "[nodes]") {
  TestRun run(with_docs(kNode), input(std::string(100'000, 'x')));
  run.state.cost_limit = 0.0000001;
  CHECK_THAT(run.start(), Catch::Contains("failed at keep cost_limit"));
}

TEST_CASE("documents of the app are the app's", "[nodes]") {
  TestRun run(with_docs("{id: keep, ingest: {into: shared, text: =t, id: a}}"), input("Hello."));
  run.start();
  CHECK(run.reply(Json{{"part", "k"}, {"count", 1}}) ==
        R"(#2 keep document shared a {} of ["k"] of the app | running)");
}
