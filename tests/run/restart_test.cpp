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
// The answer to one of several effects that are under way.
std::function<void(TestRun&)> says_to(size_t nth, std::string text) {
  return [=](TestRun& run) {
    run.reply_to(run.under_way().at(nth), Json{{"text", text}, {"cut", false}}, 0.0001);
  };
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
  const auto bodies = test_app(R"(
input: {items: list<string>}
state:
  notes: {type: list<string>, default: []}
  web: optional<string>
  score: {type: integer, default: 0}
  log: {type: list<string>, reduce: append}
nodes:
  - id: each
    map:
      over: items
      concurrency: 2
      do:
        - {id: draft, llm: {model: quick, prompt: "{{item}} {{index}}"}, set: web}
        - {id: polish, llm: {model: quick, prompt: "{{web}}!"}}
      collect: =result + string(index)
    set: notes
  - id: gather
    parallel:
      branches:
        web: [{id: search, llm: {model: quick, prompt: Web}, set: {web: =result, log: web}}]
        wait: [{id: rest, wait: 5s}, {id: file, store: {put: notes, data: {text: x}}, set: {log: file}}]
  - id: improve
    loop:
      max: 3
      until: score > 1
      do:
        - {id: think, llm: {model: best, prompt: "round {{round}}"}, retry: 1, set: {score: =score + 1}}
        - {id: ask, when: round == 1, interrupt: {expects: {ok: boolean}}}
  - {id: nap, wait: 10m}
output: {notes: =notes, log: =log, score: =score}
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
      {"bodies",
       bodies,
       {{"items", {"a", "b", "c"}}},
       {says_to(1, "B"), says_to(0, "A"), says_to(0, "A1"), says_to(0, "B1"), says_to(0, "C"),
        says_to(0, "C1"), says_to(0, "found"), wakes, gives(row), fails(Kind::timeout), wakes,
        says("1"), answers(Json{{"ok", true}}), says("2"), wakes}},
      {"bodies, cancelled",
       bodies,
       {{"items", {"a", "b", "c"}}},
       {says_to(1, "B"), says_to(0, "A"), [](TestRun& run) { run.cancel(); }}},
  };
}

std::string told(const TestRun& run) {
  std::string data;
  for (const run::Published& event : run.published)
    data += std::to_string(event.id) + " " + event.type + event.data + "\n";
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
      const bool runs = run.state.status == run::Status::running;
      const std::string before = run::save(run.state), path = run.path, events = run.events;
      const auto performed = run.performed;
      const Json output = run.state.output;
      run.reload();
      run.state.output = output;
      run.now += 3'600'000;  // the next process comes an hour later
      const std::string line = run.restart();

      // Nothing is finished or told again, and the state is what it was.
      CHECK(run.path == path);
      CHECK(run.events == events);
      CHECK(run::save(run.state) == before);
      if (!runs) CHECK(line == shown::status(run.state));
      size_t commands = 0;
      for (size_t at = 0; (at = line.find("#", at)) != std::string::npos; ++at) ++commands;
      if (runs) CHECK(commands == run.under_way().size() + run.timers().size());
      for (const uint64_t call : run.under_way()) {
        const run::Perform &again = run.performed.at(call), &first = performed.at(call);
        CHECK(again.key == first.key);
        CHECK(again.attempt == first.attempt);
        CHECK(shown::command(again, 0) == shown::command(first, 0));
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

namespace {

// Every member of a saved frame, of its node's memory and of its bodies.
void add_places(const Json& frame, const std::string& at, std::vector<std::string>& places) {
  for (const auto& [key, value] : frame.items()) {
    places.push_back(at + "/" + key);
    if (key != "k" && value.is_object())
      for (const auto& [name, member] : value.items())
        places.push_back(at + "/" + key + "/" + name);
  }
  if (const Json* bodies = find(frame, "k"))
    for (size_t i = 0; i < bodies->size(); ++i)
      add_places((*bodies)[i], at + "/k/" + std::to_string(i), places);
}

std::vector<uint64_t> calls(const run::Frame& frame) {
  std::vector<uint64_t> found = {frame.call};
  for (const run::Frame& child : frame.children)
    for (const uint64_t call : calls(child)) found.push_back(call);
  return found;
}

}  // namespace

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
      std::vector<std::string> places;
      for (const auto& [key, value] : saved.items()) places.push_back("/" + key);
      add_places(saved["root"], "/root", places);
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
          std::vector<run::Event> events = {run::Restarted{}, run::Answered{Json{{"ok", 1}}},
                                            run::Cancelled{}, run::DeadlinePassed{}};
          for (const uint64_t call : calls(state->root)) {
            events.push_back(run::Replied{call, Json{{"text", "x"}}, 0, ""});
            events.push_back(run::Failed{call, error_of(Kind::unavailable), 0});
            events.push_back(run::TimerDue{call});
          }
          for (const run::Event& event : events) {
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
  CHECK(!run::restore(R"({"v":1})", *story.app));
}
