// Tools: what a model asks for is run and told to it, never twice; what makes no sense is told,
// too.
#include <catch2/catch.hpp>

#include "tests/support/test_run.h"

using namespace plenum;

namespace {

const std::string kApp = R"(plenum: 1
app: test
models:
  quick: {use: gemini/gemini-3-flash-preview, max_tokens: 100, fallback: [openai/gpt-5-mini]}
collections:
  notes: {fields: {text: string}, ttl: 1h}
tools:
  find: {description: Finds a note, input: {id: {type: string, maxLength: 9}}, store: {get: notes, id: =id}}
  shout: {description: Says it loudly, input: {text: string, mark: {type: string, default: "!"}}, render: {template: "{{text}}{{mark}}"}}
  drop: {description: Deletes a note, input: {id: string}, confirm: true, store: {delete: notes, id: =id}}
routes: {POST /go: {start: main}, POST /agree: {resume: main.ask}}
graphs:
  main:
    input: {question: optional<string>}
    nodes:
      - {id: ask, retry: 0, llm: {model: quick, prompt: Hi, tools: [find, shout, drop], max_steps: 2}}
)";

Json call(const std::string& name, Json input, const std::string& id = "") {
  return Json{{"id", id}, {"name", name}, {"input", std::move(input)}};
}

// What the effect gives back when the model asks for tools.
std::string asks(TestRun& run, Json calls, Json raw = Json()) {
  return run.reply(Json{{"text", ""}, {"cut", false}, {"calls", std::move(calls)}, {"raw", raw}});
}

// What the model is told last.
std::string told(const TestRun& run) {
  const auto& ask = std::get<run::CallModel>(run.asked.effect);
  std::string out;
  for (const Json& result : ask.turns.back().results)
    out += (out.empty() ? "" : " | ") + text_or(result, "name") + ": " + text_or(result, "text") +
           (result["error"] == true ? " (error)" : "");
  return out;
}

}  // namespace

TEST_CASE("a tool's result is told to the model, and its next answer is the node's", "[nodes]") {
  TestRun run(test_app(kApp));
  run.start();
  CHECK(asks(run, {call("find", {{"id", "n1"}}, "c1")}) ==
        "#2 in 60000ms | #3 ask/find get notes n1 | running");
  CHECK_THAT(run.reply(Json{{"id", "n1"}, {"data", {{"text", "Tea"}}}}),
             Catch::Contains("ask[0]/find done") && Catch::Contains("#4 ask model quick"));
  CHECK(told(run) == R"(find: {"id":"n1","data":{"text":"Tea"}})");
  CHECK(run.says("It says tea.") == R"(ask done "It says tea." | completed "It says tea.")");
}

TEST_CASE("the model is told which tools there are, as their schemas say", "[nodes]") {
  TestRun run(test_app(kApp));
  run.start();
  const Json& tools = *std::get<run::CallModel>(run.asked.effect).tools;
  CHECK(tools.size() == 3);
  CHECK(text_or(tools[0], "name") == "find");
  CHECK(text_or(tools[0], "description") == "Finds a note");
  CHECK(tools[0]["input"]["required"] == Json{"id"});
  CHECK(tools[1]["input"]["required"] == Json{"text"});  // `mark` has a default
}

TEST_CASE("several tools run at the same time and are told in the order of the calls", "[nodes]") {
  TestRun run(test_app(kApp));
  run.start();
  CHECK(asks(run, {call("find", {{"id", "a"}}), call("shout", {{"text", "hey"}}),
                   call("find", {{"id", "b"}})}) ==
        "ask[1]/shout done \"hey!\" | #2 in 60000ms | #3 ask/find get notes a | #4 ask/find get "
        "notes b | running");
  run.reply_to(4, "B");
  run.reply_to(3, "A");
  CHECK(told(run) == "find: A | shout: hey! | find: B");
}

TEST_CASE("a call that makes no sense is told to the model, and runs nothing", "[nodes]") {
  TestRun run(test_app(kApp));
  run.start();
  CHECK_THAT(asks(run, {call("fnid", Json::object()), call("find", {{"id", "0123456789"}}),
                        call("find", "x"), call("find", {{"id", "a"}, {"more", 1}})}),
             Catch::StartsWith("#2 ask model quick"));
  CHECK_THAT(told(run),
             Catch::StartsWith("fnid: there is no such tool; there is find, shout or drop") &&
                 Catch::Contains("/id: ") && Catch::Contains("more"));
  for (const Json& result : std::get<run::CallModel>(run.asked.effect).turns.back().results)
    CHECK(result["error"] == true);
  CHECK(run.says("Sorry.") == "ask done \"Sorry.\" | completed \"Sorry.\"");
}

TEST_CASE("a tool that fails is the model's to judge, not the run's end", "[nodes]") {
  TestRun run(test_app(kApp));
  run.start();
  asks(run, {call("find", {{"id", "n1"}})});
  CHECK_THAT(run.fails(error_of(Kind::not_found, "not_found", "there is no such row")),
             Catch::Contains("#4 ask model quick"));
  CHECK(told(run) == "find: it failed: there is no such row (error)");
}

TEST_CASE("a model that only asks is stopped after max_steps", "[nodes]") {
  TestRun run(test_app(kApp));
  run.start();
  for (int i = 0; i < 2; ++i) asks(run, {call("shout", {{"text", "a"}})});
  CHECK_THAT(asks(run, {call("shout", {{"text", "a"}})}),
             Catch::Contains("failed at ask tool_steps"));
}

TEST_CASE("seventeen calls at a time are one too many", "[nodes]") {
  TestRun run(test_app(kApp));
  run.start();
  Json calls = Json::array();
  for (int i = 0; i < 17; ++i) calls.push_back(call("shout", {{"text", "a"}}));
  asks(run, calls);
  CHECK(told(run).ends_with("shout: at most 16 tools can be called at a time (error)"));
}

TEST_CASE("a crash repeats no tool that had a result", "[nodes]") {
  TestRun run(test_app(kApp));
  run.start();
  asks(run, {call("find", {{"id", "a"}}), call("find", {{"id", "b"}})});
  run.reply_to(3, "A");
  run.reload();
  CHECK(run.restart() == "#2 in 60000ms | #4 ask/find get notes b | running");
  run.reply_to(4, "B");
  CHECK(told(run) == "find: A | find: B");
  run.reload();  // while the model is asked: the rounds are there
  CHECK_THAT(run.restart(), Catch::Contains("results") && Catch::Contains("ask model quick"));
  CHECK(told(run) == "find: A | find: B");
}

TEST_CASE("a tool with confirm waits for the client, who agrees", "[nodes]") {
  TestRun run(test_app(kApp));
  run.start();
  CHECK(asks(run, {call("drop", {{"id", "a"}}), call("shout", {{"text", "b"}})}) ==
        R"(waiting at ask {"tools":[{"name":"drop","input":{"id":"a"}}]})");
  run.reload();
  CHECK(run::expected(run.state) != nullptr);
  CHECK_THAT(run.answer(Json{{"approve", true}}), Catch::Contains("ask/drop delete notes a"));
  run.reply(Json{{"id", "a"}});
  CHECK(told(run) == R"(drop: {"id":"a"} | shout: b!)");
  CHECK(run.says("Gone.").ends_with("completed \"Gone.\""));
}

TEST_CASE("what the client does not want is not run, and the model learns it", "[nodes]") {
  TestRun run(test_app(kApp));
  run.start();
  asks(run, {call("drop", {{"id", "a"}})});
  CHECK_THAT(run.answer(Json{{"approve", false}}), Catch::StartsWith("#3 ask model quick"));
  CHECK(told(run) == "drop: the user does not want this (error)");
}

TEST_CASE("a turn goes back as its model gave it, and to another one only its calls", "[nodes]") {
  TestRun run(test_app(kApp));
  run.start();
  asks(run, {call("shout", {{"text", "a"}}, "c1")}, Json{{"signed", true}});
  const auto turn = [&] {
    const auto& turns = std::get<run::CallModel>(run.asked.effect).turns;
    return turns[turns.size() - 2];
  };
  CHECK(turn().raw == Json{{"signed", true}});
  run.fails(Kind::unavailable);
  CHECK_THAT(std::get<run::CallModel>(run.asked.effect).model->model, Catch::Contains("gpt-5"));
  CHECK(turn().raw.is_null());
  CHECK(turn().calls[0]["id"] == "c1");
}

TEST_CASE("mistakes of tools are found when the app is loaded", "[nodes]") {
  const auto said = [](const std::string& from, const std::string& to) {
    std::string text = kApp;
    text.replace(text.find(from), from.size(), to);
    return load(text).said;
  };
  CHECK_THAT(said("tools: [find", "tools: [fnid"),
             Catch::Contains("R212") && Catch::Contains("`find`"));
  CHECK_THAT(said("tools: [find", "tools: [find, find"), Catch::Contains("Y001"));
  CHECK_THAT(said("description: Finds a note, ", ""), Catch::Contains("S102"));
  CHECK_THAT(said("store: {get: notes, id: =id}", "mcp: {server: notes, name: get}"),
             Catch::Contains("S101"));
  CHECK_THAT(said("id: =id}}\n  shout", "id: =idd}}\n  shout"), Catch::Contains("X502"));
  CHECK_THAT(said("render: {template: \"{{text}}{{mark}}\"}", "interrupt: {expects: {a: string}}"),
             Catch::Contains("G305"));
  CHECK_THAT(said("render: {template: \"{{text}}{{mark}}\"}",
                  "llm: {model: quick, prompt: \"{{text}}{{mark}}\", tools: [shout]}"),
             Catch::Contains("G307"));
  CHECK_THAT(said("- {id: ask, retry: 0, llm: {model: quick, prompt: Hi, tools: [find, shout, "
                  "drop], max_steps: 2}}",
                  "- {id: each, map: {over: '[1]', do: [{id: ask, llm: {model: quick, prompt: Hi, "
                  "tools: [drop]}}]}}"),
             Catch::Contains("G305"));
  CHECK_THAT(said("retry: 0, llm", "retry: 0, cache: 1h, llm"), Catch::Contains("cache"));
}
