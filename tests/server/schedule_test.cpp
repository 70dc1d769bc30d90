// Schedules in a whole engine, on a clock that the test moves.
#include <catch2/catch.hpp>
#include <future>

#include "engine/catalog.h"
#include "engine/engine.h"
#include "tests/support/test_app.h"
#include "tools/testing/stage.h"

using namespace plenum;
using namespace std::chrono_literals;

namespace {

class Day {
 public:
  explicit Day(const std::string& text) {
    auto catalog = std::make_shared<Catalog>();
    const auto app = test_app(text);
    catalog->apps[app->name] = app;
    auto stage = std::make_shared<Stage>();
    stage->clock = clock;
    stage->catalog = catalog;
    stage->hold = [activity = activity_] { return activity->hold(); };
    Settings settings;
    settings.stage = std::move(stage);
    engine_ = Engine::open(std::move(settings)).value();
    engine_->serve();
    settle();
  }

  void pass(milliseconds time) {
    clock->advance(time);
    settle();
  }

  // Of the schedules' own owner, oldest first: "10:00 completed", in UTC.
  std::string runs() const {
    std::promise<std::string> promise;
    engine_->runs({"test", "schedule"}, Page{}, [&](Result<std::vector<RunView>> runs) {
      std::string text;
      for (const RunView& run : runs.value())
        text = rfc3339(run.created_at).substr(11, 5) + " " + name(run.status) +
               (run.output.is_string() ? " " + run.output.get<std::string>() : "") +
               (text.empty() ? "" : ", ") + text;
      promise.set_value(text);
    });
    return promise.get_future().get();
  }

  // 2026-01-01T09:00:00Z
  std::shared_ptr<testing::TestClock> clock = std::make_shared<testing::TestClock>();

 private:
  // What the engine's thread was told, and what followed from it, is done: an answer comes after
  // both.
  void settle() const {
    for (int i = 0; i < 3; ++i) {
      runs();
      activity_->wait();
    }
  }

  std::shared_ptr<testing::Activity> activity_ = std::make_shared<testing::Activity>();
  std::unique_ptr<Engine> engine_;
};

std::string app_with(const std::string& schedule, const std::string& node) {
  return "plenum: 1\napp: test\nroutes: {POST /go: {start: main}}\nschedules: [" + schedule +
         "]\n"
         "graphs:\n"
         "  main: {input: {at: {type: string, default: none}}, nodes: [" +
         node + "], output: =at}\n";
}

const std::string kQuick = "{id: note, emit: {event: noted}}";
const std::string kSlow = "{id: rest, wait: {for: 150s}}";

}  // namespace

TEST_CASE("a graph starts whenever its schedule is due, with its input of that time", "[server]") {
  Day day(app_with("{cron: \"*/30 * * * *\", start: main, input: {at: \"{{now}}\"}}", kQuick));
  CHECK(day.runs() == "");
  day.pass(29min);
  CHECK(day.runs() == "");
  day.pass(1min);
  CHECK(day.runs() == "09:30 completed 2026-01-01T09:30:00.000Z");
  day.pass(30min);
  day.pass(30min);
  CHECK(day.runs() ==
        "09:30 completed 2026-01-01T09:30:00.000Z, 10:00 completed 2026-01-01T10:00:00.000Z, "
        "10:30 completed 2026-01-01T10:30:00.000Z");
}

TEST_CASE("times of day are those of the schedule's zone", "[server]") {
  Day day(app_with("{cron: \"0 11 * * *\", tz: Europe/Berlin, start: main}", kQuick));
  day.pass(59min);
  CHECK(day.runs() == "");
  day.pass(1min);
  CHECK(day.runs() == "10:00 completed none");
}

TEST_CASE("nothing starts while the last run goes on, unless runs may queue", "[server]") {
  Day skips(app_with("{cron: \"* * * * *\", start: main}", kSlow));
  for (int i = 0; i < 8; ++i) skips.pass(30s);
  CHECK(skips.runs() == "09:01 completed none, 09:04 waiting");

  Day queues(app_with("{cron: \"* * * * *\", start: main, overlap: queue}", kSlow));
  for (int i = 0; i < 8; ++i) queues.pass(30s);
  CHECK(queues.runs() == "09:01 completed none, 09:02 waiting, 09:03 waiting, 09:04 waiting");
}

TEST_CASE("times that passed while the clock jumped are not made up for", "[server]") {
  Day day(app_with("{cron: \"*/10 * * * *\", start: main}", kQuick));
  day.pass(1h);
  CHECK(day.runs() == "10:00 completed none");
  day.pass(10min);
  CHECK(day.runs() == "10:00 completed none, 10:10 completed none");
}
