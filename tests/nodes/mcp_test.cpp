// mcp: a tool of a server that the app file names.
#include <catch2/catch.hpp>

#include "tests/support/test_run.h"

using namespace plenum;

namespace {

std::string app_with(const std::string& args, const std::string& node = "") {
  return R"(plenum: 1
app: test
secrets: [MCP_TOKEN]
limits: {hosts: [mcp.example.com, "http://127.0.0.1:8081"]}
routes: {POST /go: {start: main}}
graphs:
  main:
    input: {x: any, s: string}
    nodes:
      - {id: call, )" +
         node + "mcp: {" + args + "}}\n";
}

std::string asks(const std::string& args, Json x = nullptr) {
  TestRun run(test_app(app_with(args)), Json{{"x", std::move(x)}, {"s", "a b"}});
  return run.start();
}

std::string said(const std::string& args, const std::string& node = "") {
  const std::string text = load(app_with(args, node)).said;
  return text.substr(std::min(text.size(), text.find("error[") + 6));
}

}  // namespace

TEST_CASE("a server's tool is called once with its arguments", "[nodes]") {
  CHECK(asks("server: https://mcp.example.com/mcp, tool: find") ==
        "#1 call mcp https://mcp.example.com/mcp find {} once | running");
  CHECK(asks("server: 'https://mcp.example.com/{{s}}', tool: a.b-C, repeatable: true, arguments: "
             "{camelCase: =s, none: =x, deep: {y: =x}}, auth: {bearer: MCP_TOKEN}, headers: "
             "{Mcp-Param-Region: '{{s}}'}") ==
        R"(#1 call mcp https://mcp.example.com/a%20b a.b-C {"camelCase":"a b","deep":{"y":null}} )"
        "Mcp-Param-Region='a b' with MCP_TOKEN | running");
  CHECK(asks("server: 'http://127.0.0.1:8081/', tool: t, arguments: =x", Json{{"a", 1}}) ==
        R"(#1 call mcp http://127.0.0.1:8081/ t {"a":1} once local | running)");
}

TEST_CASE("arguments that are none are the node's error", "[nodes]") {
  CHECK_THAT(asks("server: https://mcp.example.com/, tool: t, arguments: =x", Json("text")),
             Catch::EndsWith("wrong_type: `arguments` are values by name; this is string"));
  CHECK_THAT(asks("server: https://mcp.example.com/, tool: t, arguments: {a: =x, b: =x}",
                  Json(std::string(600'000, 'a'))),
             Catch::EndsWith("too_large: `arguments` would be larger than 1 MB"));
  CHECK_THAT(
      asks("server: https://mcp.example.com/, tool: t, headers: {X-A: =x}", Json("a\r\nX-B: 1")),
      Catch::Contains("control character"));
}

TEST_CASE("what a server may be called with is checked when the app is loaded", "[nodes]") {
  CHECK_THAT(said("tool: t"), Catch::StartsWith("S102]"));
  CHECK_THAT(said("server: https://mcp.example.com/"), Catch::StartsWith("S102]"));
  CHECK_THAT(said("server: https://other.example.com/, tool: t"), Catch::StartsWith("A804]"));
  CHECK_THAT(said("server: 'https://{{s}}/', tool: t"), Catch::StartsWith("A803]"));
  CHECK_THAT(said("server: http://mcp.example.com/, tool: t"), Catch::StartsWith("S104]"));
  for (const char* tool : {"''", "'a b'", "'a{{s}}'", "'a/b'"})
    CHECK_THAT(said(std::string("server: https://mcp.example.com/, tool: ") + tool),
               Catch::StartsWith("S104]"));
  CHECK_THAT(said("server: https://mcp.example.com/, tool: t, arguments: [1]"),
             Catch::StartsWith("D405]: `arguments` are values by name"));
  CHECK_THAT(said("server: https://mcp.example.com/, tool: t, auth: {bearer: OTHER}"),
             Catch::StartsWith("A812]"));
  for (const char* header : {"Mcp-Name", "mcp-session-id", "MCP-Protocol-Version", "Accept"})
    CHECK_THAT(said(std::string("server: https://mcp.example.com/, tool: t, headers: {") + header +
                    ": x}"),
               Catch::StartsWith("S104]"));
  CHECK_THAT(said("server: https://mcp.example.com/, tool: t, headers: {Authorization: x}"),
             Catch::StartsWith("A802]"));
}

TEST_CASE("only what may be repeated is kept", "[nodes]") {
  CHECK(said("server: https://mcp.example.com/, tool: t, repeatable: true", "cache: 1h, ") == "");
  CHECK_THAT(said("server: https://mcp.example.com/, tool: t", "cache: 1h, "),
             Catch::Contains("cache"));
}

TEST_CASE("a server's tool in a model's hands is given what the model gave", "[nodes]") {
  TestRun run(test_app(R"(plenum: 1
app: test
limits: {hosts: [mcp.example.com]}
models: {quick: {use: gemini/gemini-3-flash-preview, max_tokens: 100}}
tools:
  find:
    description: Finds
    input: {text: string, limit: optional<integer>}
    mcp: {server: https://mcp.example.com/mcp, tool: search.notes, repeatable: true}
  page:
    description: Shows
    input: {number: integer}
    mcp: {server: https://mcp.example.com/mcp, tool: page, arguments: {pageNumber: =number}, repeatable: true}
graphs: {main: {nodes: [{id: ask, retry: 0, llm: {model: quick, prompt: Hi, tools: [find, page]}}]}}
routes: {POST /go: {start: main, quota: 1/day}}
)"));
  run.start();
  const std::string asked =
      run.reply(Json{{"text", ""},
                     {"calls",
                      {{{"id", "c1"}, {"name", "find"}, {"input", {{"text", "tea"}}}},
                       {{"id", "c2"}, {"name", "page"}, {"input", {{"number", 3}}}}}},
                     {"raw", nullptr}});
  CHECK_THAT(asked, Catch::Contains(R"(search.notes {"text":"tea"})") &&
                        Catch::Contains(R"(page {"pageNumber":3})"));
}
