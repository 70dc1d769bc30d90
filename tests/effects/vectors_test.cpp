// Texts to vectors: with whose key, at whose cost, and what of it is kept.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "engine/effects/journal.h"
#include "engine/llm/provider.h"
#include "tests/effects/performing.h"
#include "tests/support/peer.h"

using namespace plenum;

namespace {

// Embeds every text as [1, 0], and keeps the requests.
struct Embedder {
  Peer peer{[this](Peer& peer, int fd) {
    while (peer.read_request(fd)) {
      const std::string request = peer.last();
      const Json body = Json::parse(request.substr(request.find("\r\n\r\n") + 4));
      Json data = Json::array();
      for (size_t i = 0; i < body["input"].size(); ++i)
        data.push_back({{"index", i}, {"embedding", {1, 0}}});
      const std::string answer =
          to_text(Json{{"data", data}, {"usage", {{"prompt_tokens", 500'000}}}});
      {
        std::lock_guard lock(mutex);
        requests.push_back(request);
      }
      Peer::say(fd, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
                        std::to_string(answer.size()) + "\r\n\r\n" + answer);
    }
  }};
  size_t calls() {
    std::lock_guard lock(mutex);
    return requests.size();
  }
  bool last_has(const std::string& text) {
    std::lock_guard lock(mutex);
    return requests.back().find(text) != std::string::npos;
  }
  std::mutex mutex;
  std::vector<std::string> requests;
};

// What a test of an app would say.
struct Saying final : Script {
  Result<Scripted> answer(const ScriptCall&) override { return said; }
  Result<bool> asks(const ScriptCall&) override { return really; }
  void heard(const ScriptCall&, const std::string& text) override { told = text; }
  void failed(const ScriptCall&, const Error&) override {}
  Scripted said;
  bool really = false;
  std::string told;
};

struct Desk {
  explicit Desk(Spending::Limits budgets = {}, std::shared_ptr<Script> script = nullptr)
      : bench(true, [&](Effects::Parts& parts) {
          parts.budgets = budgets;
          parts.script = std::move(script);
          parts.provider_with = [this](const std::string& name, const std::string& key) {
            return std::shared_ptr(
                llm::make_provider(name, {embedder.peer.url("/v1"), "", key, true}, ""));
          };
          parts.providers["openai"] = parts.provider_with("openai", "the-operators");
          parts.providers["offline"] = llm::make_provider("offline", {}, "");
        }) {
    for (const char* owner : {"ada", "bob"}) {
      Run run;
      run.id = std::string("run_") + owner;
      run.owner = {"test", owner};
      run.bundle = run.graph = run.route = "x";
      run.status = RunStatus::running;
      std::promise<Result<Accepted>> done;
      bench.store->accept(run, {}, {}, {}, {}, {},
                          [&](Result<Accepted> accepted) { done.set_value(std::move(accepted)); });
      REQUIRE(done.get_future().get());
    }
  }

  static std::shared_ptr<app::Model> model(const std::string& key = "") {
    auto model = std::make_shared<app::Model>();
    model->provider = "openai";
    model->model = "text-embedding-3-small";
    model->embeds = true;
    model->key = key;
    model->price = {2, 0, 2, true};
    return model;
  }

  template <typename Ask>
  Result<EffectReply> perform(Ask ask, const std::string& key, bool again = false,
                              const std::string& owner = "ada", double worst_usd = 0) {
    run::Perform what;
    what.path = "node";
    what.key = key;
    what.again = again;
    what.worst_usd = worst_usd;
    what.effect = std::move(ask);
    return perform(std::move(what), owner);
  }
  Result<EffectReply> perform(run::Perform what, const std::string& owner = "ada") {
    std::promise<Result<EffectReply>> answer;
    bench.post()([&] {
      bench.effects->perform(
          what, {{"test", owner}, "run_" + owner, "main", 0},
          [&](Result<EffectReply> reply) { answer.set_value(std::move(reply)); });
    });
    return answer.get_future().get();
  }

  Result<EffectReply> embed(std::vector<std::string> texts, const std::string& key = "k",
                            bool again = false) {
    return perform(run::EmbedTexts{model(), std::move(texts)}, key, again);
  }
  void ingest(const std::string& id, const std::string& owner = "ada") {
    const std::string key = "of " + id + owner;
    REQUIRE(perform(run::EmbedTexts{model(), {"about " + id}}, key, false, owner));
    run::PutDocument put;
    put.collection = "docs";
    put.id = id;
    put.parts = {key};
    REQUIRE(perform(put, key + "!", false, owner));
  }
  static run::Retrieve question(const std::string& text = "what?", const std::string& key = "") {
    run::Retrieve ask;
    ask.model = model(key);
    ask.collection = "docs";
    ask.query = text;
    return ask;
  }

  Embedder embedder;
  Bench bench;
};

std::string story(const Result<EffectReply>& reply) {
  return reply ? to_text(reply->result) : reply.error().stable_code();
}

}  // namespace

TEST_CASE("what was embedded is kept under the effect's key, and not asked for again",
          "[effects]") {
  Desk desk;
  const Result<EffectReply> first = desk.embed({"a", "b"});
  CHECK(story(first) == R"({"part":"k","count":2})");
  CHECK(first->cost_usd == Approx(1));
  CHECK(first->usage.input_tokens == 500'000);
  CHECK(first->model == "");
  CHECK(desk.embedder.last_has("Idempotency-Key: k"));
  const Result<EffectReply> again = desk.embed({"a", "b"}, "k", true);
  CHECK(story(again) == R"({"part":"k","count":2})");
  CHECK(again->cost_usd == Approx(1));  // paid then, and counted now
  CHECK(again->usage.input_tokens == 500'000);
  CHECK(desk.embedder.calls() == 1);
  // Begun before the crash, but never answered.
  CHECK(story(desk.embed({"a"}, "other", true)) == R"({"part":"other","count":1})");
  CHECK(desk.embedder.calls() == 2);
}

TEST_CASE("a request takes as many texts as its provider allows", "[effects]") {
  Desk desk;
  CHECK(story(desk.embed(std::vector<std::string>(130, "x"))) == R"({"part":"k","count":100})");
}

TEST_CASE("a question is embedded and compared; the app's own key is sent", "[effects]") {
  Desk desk;
  desk.ingest("a");
  const Result<EffectReply> found = desk.perform(Desk::question(), "q");
  CHECK(story(found) == R"([{"id":"a","text":"about a","score":1.0,"meta":{}}])");
  CHECK(found->cost_usd == Approx(1));
  CHECK(desk.embedder.last_has("Bearer the-operators"));
  CHECK(story(desk.perform(Desk::question("what?", "CRM_TOKEN"), "q")) == story(found));
  CHECK(desk.embedder.last_has("Bearer " + kToken));
  CHECK(story(desk.perform(Desk::question("what?", "UNKNOWN"), "q")) == "secret_missing");
  CHECK(story(desk.perform(Desk::question(), "q", false, "bob")) == "[]");
}

TEST_CASE("the question's vector is kept for a while, its owner's only; the search is new",
          "[effects]") {
  Desk desk;
  desk.ingest("a");
  run::Perform what;
  what.path = "find";
  what.effect = Desk::question();
  what.kept = run::Kept{milliseconds(60'000), std::nullopt, false};
  CHECK(desk.perform(what)->cost_usd == Approx(1));
  const size_t calls = desk.embedder.calls();
  desk.ingest("b");
  const Result<EffectReply> again = desk.perform(what);
  CHECK(again->result.size() == 2);
  CHECK(again->cost_usd == 0);
  CHECK(desk.embedder.calls() == calls + 1);  // of what was ingested
  REQUIRE(desk.perform(what, "bob"));
  CHECK(desk.embedder.calls() == calls + 2);
  desk.bench.clock.time += 60'001;
  REQUIRE(desk.perform(what));
  CHECK(desk.embedder.calls() == calls + 3);
  // An author's key stands for the question, not for the model.
  what.kept->key = "same";
  REQUIRE(desk.perform(what));
  std::get<run::Retrieve>(what.effect).query = "something else";
  CHECK(desk.perform(what)->cost_usd == 0);
  auto other = Desk::model();
  other->params = std::make_shared<const Json>(Json{{"user", "x"}});
  std::get<run::Retrieve>(what.effect).model = other;
  CHECK(desk.perform(what)->cost_usd == Approx(1));
}

TEST_CASE("embedding counts for the day's budget: its worst before, its cost behind", "[effects]") {
  Spending::Limits budgets;
  budgets.user_usd_per_day = 2.5;
  Desk desk(budgets);
  const auto asks = [&](double worst) {
    return story(desk.perform(Desk::question(), "q", false, "ada", worst));
  };
  CHECK(asks(3) == "daily_budget");
  CHECK(desk.embedder.calls() == 0);
  CHECK(asks(2) == "[]");  // it cost 1
  CHECK(asks(2) == "daily_budget");
  CHECK(asks(1) == "[]");
  CHECK(asks(1) == "daily_budget");
}

TEST_CASE("in tests of apps `retrieve` is told what it finds, and texts are embedded here",
          "[effects]") {
  auto script = std::make_shared<Saying>();
  Desk desk({}, script);
  const auto says = [&](const char* json) {
    script->said = {Json::parse(json)};
    return story(desk.perform(Desk::question(), "q"));
  };
  CHECK(says(R"([{"id": "x", "text": "t", "score": 0.5, "meta": {}}])") ==
        R"([{"id":"x","text":"t","score":0.5,"meta":{}}])");
  CHECK(says("[]") == "[]");
  CHECK(says(R"("text")") == "wrong_type");
  CHECK(says(R"([{"id": "x"}])") == "wrong_type");
  script->said = {Json(), http::Response{429, {}, "{}"}};
  CHECK(story(desk.perform(Desk::question(), "q")) == "provider_limited");

  const Result<EffectReply> embedded = desk.embed({"green tea"});
  CHECK(embedded->model == "offline");
  CHECK(embedded->cost_usd == 0);
  run::PutDocument put;
  put.collection = "docs";
  put.id = "tea";
  put.parts = {"k"};
  REQUIRE(desk.perform(put, "p"));
  script->really = true;  // while a test is recorded
  CHECK_THAT(story(desk.perform(Desk::question("green tea?"), "q")), Catch::Contains("\"tea\""));
  CHECK_THAT(script->told, Catch::Contains("green tea"));
  CHECK(desk.embedder.calls() == 0);
}

TEST_CASE("embedding and ingesting are journaled, with what they ask for as a digest",
          "[effects]") {
  const auto row = [](run::Effect effect) {
    run::Perform what;
    what.call = 7;
    what.key = "k";
    what.worst_usd = 0.5;
    what.effect = std::move(effect);
    return journal_row(what, 1000);
  };
  const auto embed = row(run::EmbedTexts{Desk::model(), {"a"}});
  REQUIRE(embed);
  CHECK(embed->kind == "embed");
  CHECK(embed->reserved_usd == 0.5);
  CHECK(embed->digest != row(run::EmbedTexts{Desk::model(), {"b"}})->digest);
  CHECK(row(Desk::question())->kind == "retrieve");
  CHECK(row(Desk::question("a"))->digest != row(Desk::question("b"))->digest);
  run::PutDocument put;
  put.collection = "docs";
  CHECK(row(put)->kind == "ingest");
}

TEST_CASE("without a provider nothing is embedded", "[effects]") {
  Desk desk;
  auto model = Desk::model();
  model->provider = "gemini";
  CHECK(story(desk.perform(run::EmbedTexts{model, {"a"}}, "k")) == "provider_auth");
  run::Retrieve ask = Desk::question();
  ask.model = model;
  CHECK(story(desk.perform(ask, "k")) == "provider_auth");
}
