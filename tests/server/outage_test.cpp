// A provider that is down, seen from a whole engine whose clock the test moves.
#include <catch2/catch.hpp>
#include <future>
#include <nlohmann/json.hpp>

#include "engine/catalog.h"
#include "engine/engine.h"
#include "tests/support/peer.h"
#include "tests/support/test_app.h"
#include "tools/testing/stage.h"

using namespace plenum;
using namespace std::chrono_literals;

namespace {

std::string response(const char* status, const std::string& body, const std::string& headers = "") {
  return std::string("HTTP/1.1 ") + status + "\r\nContent-Type: application/json\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
const std::string kFine = response(
    "200 OK",
    R"({"candidates": [{"content": {"parts": [{"text": "fine"}]}, "finishReason": "STOP"}]})");
const std::string kDown =
    response("503 Unavailable", R"({"error": {"code": 503, "status": "UNAVAILABLE"}})");
const std::string kSlower =
    response("429 Too Many", R"({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}})",
             "Retry-After: 60\r\n");

const char* kApp = R"(plenum: 1
app: test
models: {quick: {use: gemini/gemini-3-flash-preview, max_tokens: 100}}
routes: {POST /go: {start: main}}
graphs:
  main: {nodes: [{id: ask, KEYS, llm: {model: quick, prompt: Hi}}]}
)";

class World {
 public:
  explicit World(const std::string& keys, std::function<void(Settings&)> change = {}) {
    std::string text = kApp;
    auto catalog = std::make_shared<Catalog>();
    app_ = test_app(text.replace(text.find("KEYS"), 4, keys));
    catalog->apps[app_->name] = app_;
    auto stage = std::make_shared<Stage>();
    stage->clock = clock_;
    stage->catalog = catalog;
    stage->hold = [activity = activity_] { return activity->hold(); };
    Settings settings;
    settings.stage = std::move(stage);
    settings.providers["gemini"] = {peer.url(""), "", "key", true};
    if (change) change(settings);
    engine_ = Engine::open(std::move(settings)).value();
    engine_->serve();
    settle();
  }
  ~World() { engine_.reset(); }

  // What the peer says from now on.
  void says(const std::string& text) {
    const std::lock_guard lock(mutex_);
    said_ = text;
  }

  // Runs of as many callers at once; how they stand when nothing more happens: "3 failed".
  std::string ask(int times = 1, bool job = false) {
    for (int i = 0; i < times; ++i) {
      StartOptions options;
      options.id = engine_->new_run_id(job);
      options.job = job;
      Caller caller;
      caller.owner = "ada" + std::to_string(i);
      caller.plan = "free";
      caller.user = Json{{"id", "ada"}};
      last_ = {{"test", caller.owner}, options.id};
      asked_.push_back(last_);
      engine_->start(app_, app_->routes[0], caller, Json::object(), options,
                     [this](Result<RunView> run) {
                       const std::lock_guard lock(mutex_);
                       answers_.push_back(std::move(run));
                     });
    }
    settle();
    return last();
  }

  // How the run that was asked for last stands.
  std::string last() const { return state(last_); }
  std::string all() const {
    std::map<std::string, int> count;
    for (const auto& run : asked_) ++count[state(run)];
    std::string text;
    for (const auto& [state, times] : count)
      text += (text.empty() ? "" : ", ") + std::to_string(times) + " " + state;
    return text;
  }
  std::optional<milliseconds> retry_after() {
    const std::lock_guard lock(mutex_);
    return answers_.back()->error->retry_after;
  }

  void pass(milliseconds time) {
    clock_->advance(time);
    settle();
  }
  void pass_slowly(milliseconds time) {  // each timer's function sees its own time
    for (; time > 0s; time -= 500ms) pass(500ms);
  }

  Peer peer{[this](Peer& peer, int fd) {
    while (peer.read_request(fd)) {
      std::string text;
      {
        const std::lock_guard lock(mutex_);
        text = said_;
      }
      Peer::say(fd, text);
    }
  }};

 private:
  struct Asked {
    Owner owner;
    std::string id;
  };
  std::string state(const Asked& run) const {
    std::promise<std::string> promise;
    engine_->find(run.owner, run.id, [&](Result<RunView> found) {
      promise.set_value(!found ? found.error().stable_code()
                               : std::string(name(found->status)) +
                                     (found->error ? " " + found->error->stable_code() : ""));
    });
    return promise.get_future().get();
  }
  void settle() const {
    for (int i = 0; i < 3; ++i) {
      state(last_);
      activity_->wait();
    }
  }

  std::shared_ptr<testing::TestClock> clock_ = std::make_shared<testing::TestClock>();
  std::shared_ptr<testing::Activity> activity_ = std::make_shared<testing::Activity>();
  std::shared_ptr<const app::App> app_;
  mutable std::mutex mutex_;
  std::string said_ = kDown;
  std::vector<Result<RunView>> answers_;
  std::vector<Asked> asked_;
  Asked last_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace

TEST_CASE("in a storm the retries of all runs together stay within the budget", "[server]") {
  World world("retry: 2", [](Settings& settings) { settings.breaker_calls = 1'000'000; });
  world.ask(200);
  world.pass_slowly(5s);
  CHECK(world.all() == "200 failed retry_budget");
  CHECK(world.peer.requests() == 220);  // 1.1 of the first attempts
  world.says(kFine);
  for (int i = 0; i < 10; ++i) CHECK(world.ask() == "completed");
  world.says(kDown);
  world.ask(2);
  world.pass_slowly(5s);
  CHECK(world.peer.requests() == 220 + 10 + 2 + 1);  // ten good calls earned one
}

TEST_CASE("an endpoint that fails is left alone, and clients learn for how long", "[server]") {
  World world("retry: 0");
  for (int i = 0; i < 20; ++i) CHECK(world.ask() == "failed unavailable");
  for (int i = 0; i < 50; ++i) CHECK(world.ask() == "failed circuit_open");
  CHECK(world.peer.requests() == 20);
  CHECK(world.retry_after() >= 30s);
  CHECK(world.retry_after() <= 33s);
  world.pass(33s);
  CHECK(world.ask() == "failed unavailable");  // the one probe
  CHECK(world.ask() == "failed circuit_open");
  CHECK(world.retry_after() >= 60s);
  world.says(kFine);
  world.pass(66s);
  for (int i = 0; i < 30; ++i) CHECK(world.ask() == "completed");
  CHECK(world.peer.requests() == 20 + 1 + 30);
}

TEST_CASE("a job waits for the end of an outage, in the store, and loses no attempt", "[server]") {
  World world("retry: 0", [](Settings& settings) { settings.breaker_calls = 3; });
  for (int i = 0; i < 3; ++i) CHECK(world.ask() == "failed unavailable");
  CHECK(world.ask(1, true) == "waiting");
  world.says(kFine);
  world.pass(29s);
  CHECK(world.last() == "waiting");
  CHECK(world.peer.requests() == 3);
  world.pass(8s);
  CHECK(world.last() == "completed");
  CHECK(world.peer.requests() == 4);
}

TEST_CASE("a provider's wish for a pause holds every call with its key", "[server]") {
  World world("retry: 0");
  world.says(kSlower);
  CHECK(world.ask() == "failed provider_limited");
  world.says(kFine);
  CHECK(world.ask() == "failed peer_paused");
  CHECK(world.retry_after() == 60s);
  CHECK(world.ask(1, true) == "waiting");
  world.pass(59s);
  CHECK(world.peer.requests() == 1);
  world.pass(10s);
  CHECK(world.last() == "completed");
  CHECK(world.ask() == "completed");
}
