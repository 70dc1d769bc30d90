// Models that embed, and collections that hold texts.
#include <catch2/catch.hpp>

#include "tests/support/test_app.h"

using namespace plenum;

namespace {

std::string said(const std::string& models, const std::string& collections = "{}") {
  return load("plenum: 1\napp: test\nmodels: " + models + "\ncollections: " + collections +
              "\nroutes: {POST /go: {start: main}}\n"
              "graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}\n")
      .said;
}

const std::string kModels =
    "{e: {use: openai/text-embedding-3-small, kind: embedding}, m: {use: openai/gpt-5-mini, "
    "max_tokens: 9}}";

}  // namespace

TEST_CASE("an embedding model and a collection of its vectors", "[app]") {
  const auto loaded = load(R"(plenum: 1
app: test
secrets: [MY_KEY]
models:
  e: {use: gemini/gemini-embedding-001, kind: embedding, params: {outputDimensionality: 768}, key: MY_KEY, timeout: 9s}
  m: {use: gemini/gemini-3-flash-preview, kind: chat, max_tokens: 9}
collections:
  docs: {vector: e, chunk: {size: 200, overlap: 20}, owner: app, ttl: 1h}
  plain: {vector: e}
  small: {vector: e, chunk: {size: 100}}
routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
)");
  INFO(loaded.said);
  REQUIRE(loaded.app);
  CHECK(loaded.app->models.at("e")->embeds);
  CHECK(loaded.app->models.at("e")->price.known);
  CHECK_FALSE(loaded.app->models.at("m")->embeds);
  const app::Collection& docs = loaded.app->collections.at("docs");
  CHECK(docs.vector == loaded.app->models.at("e"));
  CHECK(docs.chunk.size == 200);
  CHECK(docs.chunk.overlap == 20);
  CHECK(docs.owned_by_app);
  CHECK(docs.ttl == milliseconds(3'600'000));
  CHECK(loaded.app->collections.at("plain").chunk.size == 800);
  CHECK(loaded.app->collections.at("plain").chunk.overlap == 100);
  CHECK(loaded.app->collections.at("small").chunk.overlap == 50);  // never more than half
}

TEST_CASE("models of the wrong kind are found where they are named", "[app]") {
  CHECK_THAT(said(kModels, "{docs: {vector: m}}"),
             Catch::Contains("test.yaml:4:30: error[R213]: `m` is a chat model, `docs` needs one "
                             "that embeds"));
  CHECK_THAT(said(kModels, "{docs: {vector: x}}"), Catch::Contains("error[R201]: no model `x`"));
  CHECK_THAT(said("{e: {use: anthropic/claude-haiku-4-5, kind: embedding}}"),
             Catch::Contains("error[R213]: Anthropic has no embedding models"));
}

TEST_CASE("what a chat model has, an embedding model has not", "[app]") {
  const auto with = [](const char* key) {
    return said(std::string("{e: {use: openai/text-embedding-3-small, kind: embedding, ") + key +
                "}}");
  };
  for (const char* key :
       {"temperature: 1", "top_p: 1", "max_tokens: 1", "seed: 1", "stop: [a]", "reasoning: low"})
    CHECK_THAT(with(key), Catch::Contains("error[S101]") &&
                              Catch::Contains("has no meaning for an embedding model"));
  CHECK_THAT(with("fallback: [openai/text-embedding-3-large]"),
             Catch::Contains("vectors of different models cannot be compared"));
  CHECK(with("timeout: 5s, params: {dimensions: 256}") == "");
}

TEST_CASE("a collection has fields or vectors", "[app]") {
  CHECK_THAT(
      said(kModels, "{docs: {vector: e, fields: {a: string}}}"),
      Catch::Contains("error[S101]: `fields` has no meaning for a collection with `vector`"));
  CHECK_THAT(said(kModels, "{docs: {vector: e, expose: [list]}}"),
             Catch::Contains("error[S101]: `expose` has no meaning"));
  CHECK_THAT(said(kModels, "{docs: {fields: {a: string}, chunk: {size: 100}}}"),
             Catch::Contains("error[S101]: `chunk` has no meaning for a collection without"));
  CHECK_THAT(said(kModels, "{docs: {owner: app}}"), Catch::Contains("needs `fields`"));
  CHECK_THAT(said(kModels, "{docs: {vector: e, unique: [a]}}"), Catch::Contains("error[S109]"));
  CHECK_THAT(said(kModels, "{docs: {vector: e, chunk: {size: 9}}}"), Catch::Contains("50 to 8000"));
  CHECK_THAT(said(kModels, "{docs: {vector: e, chunk: {size: 100, overlap: 60}}}"),
             Catch::Contains("0 to 50"));
  CHECK_THAT(said(kModels, "{docs: {vector: e, chunk: {sise: 100}}}"), Catch::Contains("`size`"));
}

TEST_CASE("a route reads rows, not texts", "[app]") {
  const std::string text =
      load("plenum: 1\napp: test\nmodels: " + kModels +
           "\ncollections: {docs: {vector: e}}\nroutes: {GET /docs: {read: docs}}\n"
           "graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}\n")
          .said;
  CHECK_THAT(text, Catch::Contains("error[R214]: `docs` holds texts with vectors, not rows"));
}
