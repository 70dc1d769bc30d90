// Model calls with a provider's key: in line, within the day's budget, with an app's own key.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "engine/llm/provider.h"
#include "tests/effects/performing.h"
#include "tests/support/peer.h"

using namespace plenum;

namespace {

const std::string kFine =
    R"({"candidates": [{"content": {"parts": [{"text": "fine"}]}, "finishReason": "STOP"}], )"
    R"("usageMetadata": {"promptTokenCount": 1000, "candidatesTokenCount": 100}})";

// Answers everything, and keeps the requests.
struct Model {
  Peer peer{[this](Peer& peer, int fd) {
    while (peer.read_request(fd)) {
      const std::string request = peer.last();
      {
        std::lock_guard lock(mutex);
        requests.push_back(request);
      }
      Peer::say(fd, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
                        std::to_string(kFine.size()) + "\r\n\r\n" + kFine);
    }
  }};
  // The prompts, in the order in which they came.
  std::string asked() {
    std::lock_guard lock(mutex);
    std::string text;
    for (const std::string& request : requests) {
      const size_t at = request.rfind("say ");
      text += (text.empty() ? "" : " ") + request.substr(at + 4, request.find('"', at) - at - 4);
    }
    return text;
  }
  bool sent_key(const std::string& key) {
    std::lock_guard lock(mutex);
    return requests.back().find("x-goog-api-key: " + key) != std::string::npos;
  }
  std::mutex mutex;
  std::vector<std::string> requests;
};

struct Desk {
  explicit Desk(peers::LineLimits limits = {}, Spending::Limits budgets = {})
      : bench(true, [&](Effects::Parts& parts) {
          parts.lines["gemini"] = limits;
          parts.budgets = budgets;
          parts.provider_with = [this](const std::string& name, const std::string& key) {
            return std::shared_ptr(
                llm::make_provider(name, {model.peer.url(""), "", key, true}, ""));
          };
          parts.providers["gemini"] = parts.provider_with("gemini", "the-operators");
        }) {}

  static run::Perform question(const std::string& text, double worst_usd = 0,
                               const std::string& key = "") {
    auto model = std::make_shared<app::Model>();
    model->provider = "gemini";
    model->model = "gemini-3-flash-preview";
    model->max_tokens = 100;
    model->key = key;
    model->price = {0.5, 3, 0.05, true};
    run::CallModel call;
    call.model = model;
    call.turns.push_back({false, "say " + text, {}});
    run::Perform what;
    what.path = "ask";
    what.key = "k-" + text;
    what.worst_usd = worst_usd;
    what.effect = std::move(call);
    return what;
  }

  // All in one go of the engine's thread: none is answered before the last has asked.  "ada:one".
  void ask(const std::vector<std::string>& who, double worst_usd = 0) {
    std::promise<void> asked;
    bench.post()([&] {
      for (const std::string& one : who) {
        const size_t colon = one.find(':');
        auto answer = std::make_shared<std::promise<Result<EffectReply>>>();
        answers.push_back(answer->get_future());
        handles.push_back(bench.effects->perform(
            question(one.substr(colon + 1), worst_usd),
            {{"test", one.substr(0, colon)}, "run_1", "main", 0},
            [answer](Result<EffectReply> reply) { answer->set_value(std::move(reply)); }));
      }
      asked.set_value();
    });
    asked.get_future().wait();
  }
  std::string answer(size_t n) {
    const Result<EffectReply> reply = answers.at(n).get();
    return reply ? "fine" : reply.error().stable_code();
  }
  bool waits(size_t n) {
    std::promise<void> passed;  // what the thread had to do by now is done
    bench.post()([&] { passed.set_value(); });
    passed.get_future().wait();
    return answers.at(n).wait_for(std::chrono::seconds(0)) == std::future_status::timeout;
  }

  Model model;
  Bench bench;
  std::vector<std::future<Result<EffectReply>>> answers;
  std::vector<uint64_t> handles;
};

}  // namespace

TEST_CASE("calls with one key go one after the other, users in turn", "[effects]") {
  Desk desk({.concurrency = 1});
  desk.ask({"ada:a1", "ada:a2", "ada:a3", "bob:b1"});
  for (size_t i = 0; i < 4; ++i) CHECK(desk.answer(i) == "fine");
  CHECK(desk.model.asked() == "a1 a2 b1 a3");  // a1 had its turn before bob came
}

TEST_CASE("calls beyond a minute's requests wait for the next minute", "[effects]") {
  Desk desk({.requests_per_minute = 2});
  desk.ask({"ada:one", "ada:two", "ada:three"});
  CHECK(desk.answer(0) == "fine");
  CHECK(desk.answer(1) == "fine");
  desk.bench.advance(59'000);
  CHECK(desk.waits(2));
  desk.bench.advance(1'000);
  CHECK(desk.answer(2) == "fine");
}

TEST_CASE("a call that is cancelled in line never leaves, and the next one does", "[effects]") {
  Desk desk({.requests_per_minute = 1});
  desk.ask({"ada:one", "ada:two", "bob:three"});
  CHECK(desk.answer(0) == "fine");
  desk.bench.post()([&] { desk.bench.effects->cancel(desk.handles.at(1)); });
  CHECK(desk.answer(1) == "cancelled");
  desk.bench.advance(60'000);
  CHECK(desk.answer(2) == "fine");
  CHECK(desk.model.requests.size() == 2);
}

TEST_CASE("a full line refuses at once", "[effects]") {
  Desk desk({.concurrency = 1, .waiting = 1});
  desk.ask({"ada:one", "ada:two", "ada:three"});
  CHECK(desk.answer(2) == "line_full");
  CHECK(desk.answer(0) == "fine");
  CHECK(desk.answer(1) == "fine");
}

TEST_CASE("calls at the same time reserve what they may cost, and settle what they did",
          "[effects]") {
  Desk desk({}, {0.002, 0});
  desk.ask({"ada:one", "bob:two"}, 0.0015);
  CHECK(desk.answer(0) == "fine");  // 1000 tokens in, 100 out: 0.0008 USD
  CHECK(desk.answer(1) == "daily_budget");
  desk.ask({"ada:three"}, 0.0013);
  CHECK(desk.answer(2) == "daily_budget");
  desk.ask({"ada:four"}, 0.0012);
  CHECK(desk.answer(3) == "fine");
  CHECK(desk.model.asked() == "one four");
}

TEST_CASE("what was refused for the budget took nobody's turn", "[effects]") {
  Desk desk({.concurrency = 1, .requests_per_minute = 1}, {0.001, 0});
  desk.ask({"ada:dear"}, 1.0);
  CHECK(desk.answer(0) == "daily_budget");
  desk.ask({"ada:cheap"}, 0.0009);
  CHECK(desk.answer(1) == "fine");
}

TEST_CASE("a model with a key of the app's own is asked with that key", "[effects]") {
  Desk desk;
  const auto ask = [&](const std::string& key) {
    const Result<EffectReply> reply = desk.bench.begin(Desk::question("hi", 0, key)).get();
    return reply ? "fine" : reply.error().stable_code();
  };
  CHECK(ask("") == "fine");
  CHECK(desk.model.sent_key("the-operators"));
  CHECK(ask("CRM_TOKEN") == "fine");
  CHECK(desk.model.sent_key(kToken));
  CHECK(ask("NOT_SET") == "secret_missing");
  CHECK(desk.model.requests.size() == 2);
}

TEST_CASE("a call's use comes with its reply", "[effects]") {
  Desk desk;
  const Result<EffectReply> reply = desk.bench.begin(Desk::question("hi")).get();
  REQUIRE(reply);
  CHECK(reply->usage.input_tokens == 1000);
  CHECK(reply->usage.output_tokens == 100);
  CHECK(reply->cost_usd == Approx(0.0008));
}
