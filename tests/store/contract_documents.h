// Documents: put whole, found by their vectors.
#pragma once

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/store/asking.h"

namespace plenum::testing {

// Texts with vectors of two numbers, kept beside a run; the key they are under.
inline std::string embed(Asking& store, const Run& run,
                         const std::vector<std::pair<std::string, std::vector<float>>>& texts,
                         const std::string& model = "openai/small") {
  EmbeddedRow row;
  row.run = run.id;
  row.key = new_id("key");
  row.model = model;
  for (const auto& [text, vector] : texts) {
    row.texts.push_back(text);
    row.dimensions = static_cast<int>(vector.size());
    row.vectors.insert(row.vectors.end(), vector.begin(), vector.end());
  }
  row.cost_usd = 0.25;
  row.input_tokens = 7;
  must(store.put_embedded(run.owner, row));
  return row.key;
}

// "a:near 1.00, b:far 0.00"
inline std::string told(const Result<std::vector<FoundChunk>>& found) {
  if (!found) return code_of(found.error());
  std::string text;
  for (const FoundChunk& one : *found) {
    char score[20];
    snprintf(score, sizeof score, " %.2f", one.score);
    text += (text.empty() ? "" : ", ") + one.id + ":" + one.text + score;
  }
  return text;
}

inline VectorQuery nearest_to(std::vector<float> vector, int k = 10) {
  VectorQuery query;
  query.model = "openai/small";
  query.vector = std::move(vector);
  query.k = k;
  query.now = 2000;
  return query;
}

inline void keeps_documents(const MakePlace& make) {
  const auto place = make();
  Asking store(place->open());
  const Run run = store.accepted(a_run());
  const Run bobs = store.accepted(a_run(RunStatus::running, kBob));
  const auto put = [&](const std::string& id, std::vector<std::string> keys, const Run& of = {},
                       Millis expires_at = 0, const char* meta = "{}") {
    const Run& from = of.id.empty() ? run : of;
    return store.put_document(from.owner, "docs", {id, meta, 1000, expires_at},
                              {from.owner, from.id, std::move(keys)});
  };
  const auto found = [&](VectorQuery query, const Owner& owner = kAda) {
    return told(store.search(owner, "docs", std::move(query)));
  };
  const std::vector<float> east{1, 0}, north{0, 1}, between{0.6F, 0.8F};

  SECTION("what was embedded is there until the run ends, for its owner") {
    const std::string key = embed(store, run, {{"one", east}, {"two", north}});
    const EmbeddedRow row = store.embedded(kAda, run.id, key).value();
    CHECK(row.texts == std::vector<std::string>{"one", "two"});
    CHECK(row.vectors == std::vector<float>{1, 0, 0, 1});
    CHECK(row.model == "openai/small");
    CHECK(row.dimensions == 2);
    CHECK(row.input_tokens == 7);
    CHECK(row.cost_usd == 0.25);
    CHECK(outcome(store.embedded(kBob, run.id, key)) == "not_found");
    CHECK(outcome(store.embedded(kAda, run.id, "other")) == "not_found");
    CHECK(outcome(store.embedded(kAda, bobs.id, key)) == "not_found");
    // The same key again keeps the first.
    EmbeddedRow other = row;
    other.texts = {"changed", "changed"};
    must(store.put_embedded(kAda, other));
    CHECK(store.embedded(kAda, run.id, key).value().texts[0] == "one");

    must(store.sweep(9000).map([](const auto&) {}));
    CHECK(store.embedded(kAda, run.id, key));  // the run goes on
    must(store.checkpoint(a_checkpoint(run, RunStatus::completed)));
    must(store.sweep(9000).map([](const auto&) {}));
    CHECK(outcome(store.embedded(kAda, run.id, key)) == "not_found");
  }
  SECTION("nothing is embedded for a run that is another's, or is not there") {
    EmbeddedRow row{run.id, "k", "openai/small", 2, {"x"}, {1, 0}, 0, 0};
    CHECK(outcome(store.put_embedded(kBob, row)) == "not_found");
    row.run = "run_none";
    CHECK(outcome(store.put_embedded(kAda, row)) == "not_found");
  }
  SECTION("the nearest come first, with their document's id and meta") {
    REQUIRE(
        put("a", {embed(store, run, {{"east", east}, {"north", north}})}, {}, 0, R"({"lang":"en"})")
            .value() == 2);
    REQUIRE(put("b", {embed(store, run, {{"between", between}})}).value() == 1);
    CHECK(found(nearest_to(east)) == "a:east 1.00, b:between 0.60, a:north 0.00");
    CHECK(found(nearest_to(north, 2)) == "a:north 1.00, b:between 0.80");
    CHECK(store.search(kAda, "docs", nearest_to(east, 1)).value()[0].meta == R"({"lang":"en"})");
    VectorQuery near = nearest_to(east);
    near.min_score = 0.5;
    CHECK(found(near) == "a:east 1.00, b:between 0.60");
  }
  SECTION("equal scores stand in the order in which their documents were first put") {
    for (const char* id : {"c", "a", "b"})
      REQUIRE(put(id, {embed(store, run, {{"1", east}, {"2", east}})}));
    CHECK(found(nearest_to(east, 5)) == "c:1 1.00, c:2 1.00, a:1 1.00, a:2 1.00, b:1 1.00");
    REQUIRE(put("c", {embed(store, run, {{"again", east}})}));
    CHECK(found(nearest_to(east, 2)) == "c:again 1.00, a:1 1.00");
  }
  SECTION("a document that is put again loses all it had; without texts it is gone") {
    REQUIRE(put("a", {embed(store, run, {{"old 1", east}, {"old 2", east}})}));
    const std::string one = embed(store, run, {{"new 1", north}});
    const std::string two = embed(store, run, {{"new 2", between}});
    CHECK(put("a", {one, two}).value() == 2);
    CHECK(found(nearest_to(north)) == "a:new 1 1.00, a:new 2 0.80");
    CHECK(put("a", {one, two}).value() == 2);  // asked for again after a crash
    CHECK(found(nearest_to(north)) == "a:new 1 1.00, a:new 2 0.80");
    CHECK(put("a", {}).value() == 0);
    CHECK(found(nearest_to(north)) == "");
    CHECK(put("a", {}).value() == 0);
  }
  SECTION("another owner's, app's or collection's documents are not there") {
    const std::string mine = embed(store, run, {{"mine", east}});
    REQUIRE(put("a", {mine}));
    REQUIRE(put("a", {embed(store, bobs, {{"bobs", east}})}, bobs));
    CHECK(found(nearest_to(east)) == "a:mine 1.00");
    CHECK(found(nearest_to(east), kBob) == "a:bobs 1.00");
    CHECK(found(nearest_to(east), kAdaElsewhere) == "");
    CHECK(told(store.search(kAda, "other", nearest_to(east))) == "");
    // Not even the texts of another's run become one's own.
    CHECK(outcome(store.put_document(kBob, "docs", {"b", "{}", 1000, 0}, {kBob, run.id, {mine}})) ==
          "not_found");
    CHECK(outcome(store.put_document(kBob, "docs", {"b", "{}", 1000, 0},
                                     {kBob, bobs.id, {mine}})) == "not_found");
    std::string asked;
    VectorQuery spy = nearest_to(east);
    spy.keep = [&](const DocumentRow& row) -> Result<bool> { return asked += row.id, true; };
    CHECK(found(spy, kAdaElsewhere) == "");
    CHECK(asked == "");
  }
  SECTION("documents of the app come from runs of its users") {
    const Owner shop{"shop", "app"};
    REQUIRE(store.put_document(shop, "docs", {"a", "{}", 1000, 0},
                               {kBob, bobs.id, {embed(store, bobs, {{"all", east}})}}));
    CHECK(found(nearest_to(east), shop) == "a:all 1.00");
    CHECK(found(nearest_to(east), kBob) == "");
  }
  SECTION("a condition and equalities say which documents are searched") {
    const std::string key = embed(store, run, {{"x", east}});
    REQUIRE(put("de", {key}, {}, 0, R"({"lang":"de","n":1})"));
    REQUIRE(put("en", {key}, {}, 0, R"({"lang":"en","n":2})"));
    REQUIRE(put("none", {key}));
    VectorQuery german = nearest_to(east);
    german.equal = Json{{"lang", "de"}};
    CHECK(found(german) == "de:x 1.00");
    VectorQuery named = nearest_to(east);
    named.keep = [](const DocumentRow& row) -> Result<bool> { return row.id != "en"; };
    CHECK(found(named) == "de:x 1.00, none:x 1.00");
    named.keep = [](const DocumentRow&) -> Result<bool> {
      return fail(Kind::invalid, "no", "cel");
    };
    CHECK(found(named) == "invalid cel");
  }
  SECTION("what has expired is not found, and goes with the sweep") {
    const std::string key = embed(store, run, {{"x", east}});
    REQUIRE(put("short", {key}, {}, 2500));
    REQUIRE(put("long", {key}, {}, 9000));
    CHECK(found(nearest_to(east)) == "short:x 1.00, long:x 1.00");
    VectorQuery later = nearest_to(east);
    later.now = 2500;
    CHECK(found(later) == "long:x 1.00");
    must(store.sweep(2500).map([](const auto&) {}));
    CHECK(found(nearest_to(east)) == "long:x 1.00");
  }
  SECTION("documents go with their owner") {
    REQUIRE(put("a", {embed(store, run, {{"x", east}})}));
    REQUIRE(put("a", {embed(store, bobs, {{"y", east}})}, bobs));
    CHECK_FALSE(store.forget(kAda).value().more);
    CHECK(found(nearest_to(east)) == "");
    CHECK(found(nearest_to(east), kBob) == "a:y 1.00");
  }
  SECTION("vectors of another model or size are never compared") {
    REQUIRE(put("a", {embed(store, run, {{"x", east}}, "gemini/one")}));
    CHECK(found(nearest_to(east)) == "conflict other_vectors");
    VectorQuery longer = nearest_to({1, 0, 0});
    longer.model = "gemini/one";
    CHECK(found(longer) == "conflict other_vectors");
    VectorQuery same = nearest_to(east);
    same.model = "gemini/one";
    CHECK(found(same) == "a:x 1.00");
    // … nor put into one document; what was there stays.
    const std::string one = embed(store, run, {{"p", east}}, "gemini/one");
    const std::string two = embed(store, run, {{"q", east}}, "offline");
    CHECK(outcome(put("a", {one, two})) == "conflict other_vectors");
    CHECK(found(same) == "a:x 1.00");
    const auto error = store.search(kAda, "docs", nearest_to(east)).error();
    CHECK_THAT(error.message, Catch::Contains("gemini/one (2 numbers)") &&
                                  Catch::Contains("openai/small (2 numbers)") &&
                                  Catch::Contains("ingest the documents again"));
  }
  SECTION("an owner's collection has a limit, which replacing a document does not reach") {
    std::vector<std::pair<std::string, std::vector<float>>> many;
    for (int i = 0; i < 10'000; ++i) many.emplace_back("t", east);
    const std::string key = embed(store, run, many), one = embed(store, run, {{"x", north}});
    for (const char* id : {"a", "b", "c", "d", "e"}) REQUIRE(put(id, {key}).value() == 10'000);
    CHECK(outcome(put("f", {one})) == "conflict collection_full");
    CHECK(outcome(put("a", {key})) == "ok");
    CHECK(outcome(put("f", {embed(store, bobs, {{"x", east}})}, bobs)) == "ok");
    CHECK(outcome(put("a", {})) == "ok");
    CHECK(outcome(put("f", {one})) == "ok");
    CHECK(found(nearest_to(north, 1)) == "f:x 1.00");
  }
  if (place->lasts()) SECTION("documents outlast the process") {
      REQUIRE(put("a", {embed(store, run, {{"x", between}})}));
      store.close();
      Asking again(place->open());
      CHECK(told(again.search(kAda, "docs", nearest_to(between))) == "a:x 1.00");
    }
}

}  // namespace plenum::testing
