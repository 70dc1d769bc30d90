// A process may die after any commit.  What the next one makes of the saved state must be the same
// run.
#include <catch2/catch.hpp>

#include <random>

#include "tests/support/test_run.h"

using namespace plenum;

namespace {

// One run and what the world answers it, in order.
struct Story {
  const char* name;
  std::shared_ptr<const app::App> app;
  Json input;
  std::vector<std::function<void(TestRun&)>> events;
};

std::function<void(TestRun&)> says(std::string text) {
  return [text](TestRun& run) { run.says(text, 0.0001); };
}
std::function<void(TestRun&)> gives(Json value) {
  return [value](TestRun& run) { run.reply(value); };
}
std::function<void(TestRun&)> fails(Kind kind) {
  return [kind](TestRun& run) { run.fails(error_of(kind), 0.0001); };
}
std::function<void(TestRun&)> answers(Json value) {
  return [value](TestRun& run) { run.answer(value); };
}
void wakes(TestRun& run) {
  run.wake();
}

std::vector<Story> stories() {
  const auto flow = test_app(R"(
input: {n: integer}
state: {text: string, all: {type: list<string>, default: []}}
nodes:
  - {id: first, llm: {model: best, prompt: "n {{n}} at {{now}}"}, set: {text: =result, all: "=all + [result]"}, progress: {at: 10, say: Thinking}}
  - {id: skip, when: n > 100, render: {template: never}}
  - {id: keep, store: {put: notes, data: {text: =text, n: =n}}, set: {all: "=all + [result.id]"}}
  - {id: sort, next: [{when: n == 1, to: last}]}
  - {id: middle, llm: {model: quick, prompt: "{{text}}"}, retry: 3}
  - {id: ask, interrupt: {returns: {t: =text}, expects: {ok: boolean}}, set: {all: "=all + [string(result.ok)]"}}
  - {id: last, render: {template: "{{text}}!"}}
output: {all: =all, text: =text}
)");
  const auto structured = test_app(R"(
state: {r: {type: object, properties: {n: {type: integer}}, required: [n]}}
nodes:
  - {id: rate, llm: {model: best, prompt: Rate, output: {type: object, properties: {n: {type: integer}}, required: [n]}}, set: r, retry: 1}
  - {id: page, pdf: {html: "<p>{{r.n}}</p>", name: "n {{r.n}}"}, on_error: {value: none}}
  - {id: read, store: {get: notes, id: n1}, on_error: {next: gone}}
  - {id: found, render: {template: found}, next: end}
  - {id: gone, fail: {code: gone, status: 404, message: "n {{r.n}} is gone"}}
)");
  const Json row{{"id", "row_1"}, {"data", {{"text", "a"}}}};
  return {
      {"straight", flow, {{"n", 1}}, {says("one"), gives(row)}},
      {"all the way",
       flow,
       {{"n", 2}},
       {says("one"), gives(row), says("two"), answers(Json{{"ok", true}})}},
      {"retries",
       flow,
       {{"n", 2}},
       {fails(Kind::timeout), wakes, fails(Kind::unavailable), wakes, fails(Kind::limited),
        says("from quick"), gives(row), fails(Kind::timeout), wakes, says("x"),
        answers(Json{{"ok", false}})}},
      {"expires", flow, {{"n", 2}}, {says("one"), gives(row), says("two"), wakes}},
      {"cancelled", flow, {{"n", 2}}, {says("one"), [](TestRun& run) { run.cancel(); }}},
      {"late", flow, {{"n", 2}}, {says("one"), [](TestRun& run) { run.deadline(); }}},
      {"repair",
       structured,
       Json::object(),
       {says("no"), says(R"({"n":1})"), gives("file"), gives(row)}},
      {"repair, retry and fallback",
       structured,
       Json::object(),
       {says("no"), fails(Kind::timeout), wakes, fails(Kind::timeout), fails(Kind::timeout), wakes,
        says(R"({"n":1})"), fails(Kind::unavailable), fails(Kind::not_found)}},
  };
}

std::string told(const TestRun& run) {
  std::string data;
  for (const run::Published& event : run.published)
    data += std::to_string(event.id) + " " + event.type + to_text(event.data) + "\n";
  return run.path + "\n" + shown::status(run.state) + "\n" + run.vars() + "\n" + data +
         std::to_string(run.state.cost_usd);
}

// The run without any crash.
TestRun played(const Story& story) {
  TestRun run(story.app, story.input);
  run.start();
  for (const auto& event : story.events) event(run);
  return run;
}

}  // namespace

TEST_CASE("the stories of these tests run to their ends", "[run]") {
  for (const Story& story : stories()) {
    CAPTURE(story.name);
    const TestRun run = played(story);
    CHECK(run.state.status != run::Status::running);
    CHECK(run.state.status != run::Status::waiting);
  }
}

TEST_CASE("saving and restoring after every step changes nothing that follows", "[run]") {
  for (const Story& story : stories()) {
    CAPTURE(story.name);
    TestRun run(story.app, story.input);
    run.reload();
    run.start();
    run.reload();
    for (const auto& event : story.events) {
      event(run);
      const std::string saved = run::save(run.state);
      // What was told is in the store, not in the state.
      const Json output = run.state.output;
      run.reload();
      CHECK(run::save(run.state) == saved);
      run.state.output = output;
    }
    CHECK(told(run) == told(played(story)));
  }
}

TEST_CASE("a crash after any commit repeats what had no result, and nothing else", "[run]") {
  for (const Story& story : stories()) {
    for (size_t crash = 0; crash <= story.events.size(); ++crash) {
      CAPTURE(story.name, crash);
      TestRun run(story.app, story.input);
      run.start();
      for (size_t i = 0; i < crash; ++i) story.events[i](run);
      const run::Phase phase = run.state.root.phase;
      const bool runs = run.state.status == run::Status::running;
      const std::string before = run::save(run.state), path = run.path, events = run.events;
      const run::Perform asked = run.asked;
      const Json output = run.state.output;
      run.reload();
      run.state.output = output;
      run.now += 3'600'000;  // the next process comes an hour later
      const std::string line = run.restart();

      // Nothing is finished or told again, and the state is what it was.
      CHECK(run.path == path);
      CHECK(run.events == events);
      CHECK(run::save(run.state) == before);
      if (runs && phase == run::Phase::working) {
        CHECK(line.starts_with("#"));
        CHECK(run.asked.call == asked.call);
        CHECK(run.asked.key == asked.key);
        CHECK(run.asked.attempt == asked.attempt);
        CHECK(shown::command(run.asked, 0) == shown::command(asked, 0));
      } else if (runs && phase == run::Phase::backoff) {
        CHECK(line.starts_with("#" + std::to_string(run.state.root.call) + " in "));
        CHECK(run.due == run.state.root.due);
      } else {
        CHECK(line == shown::status(run.state));
      }
      run.now -= 3'600'000;
      for (size_t i = crash; i < story.events.size(); ++i) story.events[i](run);
      CHECK(told(run) == told(played(story)));
    }
  }
}

TEST_CASE("a crash before a commit loses the event, and the same event makes the same again",
          "[run]") {
  for (const Story& story : stories()) {
    for (size_t crash = 0; crash < story.events.size(); ++crash) {
      CAPTURE(story.name, crash);
      TestRun run(story.app, story.input);
      run.start();
      for (size_t i = 0; i < crash; ++i) story.events[i](run);
      TestRun lost = run;  // its process dies with what it made of the event
      story.events[crash](lost);
      run.reload();
      run.restart();
      story.events[crash](run);
      CHECK(run::save(run.state) == run::save(lost.state));
      CHECK(run.path == lost.path);
    }
  }
}

TEST_CASE("a run that died before its first commit starts from the beginning", "[run]") {
  const Story story = stories()[0];
  TestRun run(story.app, story.input);
  run.reload();
  run.start();
  for (const auto& event : story.events) event(run);
  CHECK(told(run) == told(played(story)));
}

TEST_CASE("a saved run of another app, or of a changed one, is refused", "[run]") {
  TestRun run(test_app("nodes: [{id: ask, llm: {model: quick, prompt: Hi}}]"));
  run.start();
  const std::string saved = run::save(run.state);
  const auto says = [&](const std::shared_ptr<const app::App>& app) {
    const auto state = run::restore(saved, *app);
    return state ? "restored"
                 : std::string(name(state.error().kind)) + ": " + state.error().message;
  };
  CHECK(says(run.app) == "restored");
  CHECK(says(test_app("nodes: [{id: other, llm: {model: quick, prompt: Hi}}]")) ==
        "internal: the saved run names a node that its app does not have");
  CHECK(says(test_app("nodes: [{id: ask, set: {}}]")) ==
        "internal: the saved run cannot be right: where it stands");
  CHECK(says(test_app(R"(plenum: 1
app: test
routes: {POST /go: {start: other}}
graphs: {other: {nodes: [{id: ask, render: {template: x}}]}}
)")) == "internal: the saved run names a list of nodes that its app does not have");
}

TEST_CASE("a saved run that is damaged is an internal error, never a crash", "[run]") {
  const Json kWrong[] = {Json(),     Json(-1),      Json(99),       Json("x"),
                         Json(true), Json::array(), Json::object(), Json(1e300)};
  size_t refused = 0, survived = 0;
  for (const Story& story : stories()) {
    TestRun run(story.app, story.input);
    run.start();
    for (size_t done = 0; done <= story.events.size(); ++done) {
      if (done) story.events[done - 1](run);
      const Json saved = *parse_json(run::save(run.state));
      std::vector<std::string> places = {"/root/b", "/root/n", "/root/p", "/root/a", "/root/c",
                                         "/root/e", "/root/d", "/root/m", "/root/r"};
      for (const auto& [key, value] : saved.items()) places.push_back("/" + key);
      if (const Json* memory = find(saved["root"], "m"))
        for (const auto& [key, value] : memory->items()) places.push_back("/root/m/" + key);
      for (const auto& [key, value] : saved["vars"].items()) places.push_back("/vars/" + key);
      for (const std::string& place : places)
        for (const Json& wrong : kWrong) {
          Json damaged = saved;
          const Json::json_pointer at(place);
          if (!damaged.contains(at)) continue;
          damaged[at] = wrong;
          auto state = run::restore(to_text(damaged), *story.app);
          if (!state) {
            ++refused;
            REQUIRE(state.error().kind == Kind::internal);
            continue;
          }
          ++survived;  // then every event must be borne
          for (const run::Event& event : std::vector<run::Event>{
                   run::Restarted{}, run::Replied{state->root.call, Json{{"text", "x"}}, 0, ""},
                   run::Failed{state->root.call, error_of(Kind::unavailable), 0},
                   run::TimerDue{state->root.call}, run::Answered{Json{{"ok", 1}}},
                   run::Cancelled{}, run::DeadlinePassed{}}) {
            run::State copy = *state;
            run::step(copy, *story.app, event, kStart);
            run::save(copy);
          }
        }
    }
  }
  CHECK(refused > 1000);
  CHECK(survived > 100);
}

TEST_CASE("a saved run that is cut or scrambled is an internal error", "[run]") {
  const Story story = stories()[1];
  TestRun run(story.app, story.input);
  run.start();
  const std::string saved = run::save(run.state);
  for (size_t length = 0; length < saved.size(); ++length) {
    const auto state = run::restore(saved.substr(0, length), *story.app);
    REQUIRE(!state);
    REQUIRE(state.error().kind == Kind::internal);
  }
  std::mt19937 random(7);
  for (int i = 0; i < 2000; ++i) {
    std::string text = saved;
    for (int n = 0; n < 3; ++n) text[random() % text.size()] = static_cast<char>(random() % 128);
    auto state = run::restore(text, *story.app);
    if (!state) continue;
    run::step(*state, *story.app, run::Restarted{}, kStart);
    run::step(*state, *story.app, run::Replied{state->root.call, Json{{"text", "x"}}, 0, ""},
              kStart);
  }
  CHECK(!run::restore(R"({"v":2})", *story.app));
}
