// http: one request to a host that the app file names.
#include <catch2/catch.hpp>

#include "tests/support/test_run.h"

using namespace plenum;

namespace {

const char* const kSpellings[] = {
#include "tests/support/url_spellings.inc"
};

// An app that may reach two hosts and knows three secrets.
std::string calling(const std::string& graph) {
  std::string text = R"(plenum: 1
app: test
secrets: [CRM_TOKEN, CRM_LOGIN, MAP_KEY]
limits: {hosts: [api.example.com, "http://127.0.0.1:8081"]}
env: {REGION: {type: string, default: eu}}
routes: {POST /go: {start: main}}
graphs:
  main:
)";
  std::istringstream lines(graph);
  for (std::string line; std::getline(lines, line);) text += "    " + line + "\n";
  return text;
}

std::string asks(const std::string& http, Json input = Json::object()) {
  std::string fields;
  for (const auto& [name, unused] : input.items())
    fields += (fields.empty() ? "" : ", ") + name + ": any";
  TestRun run(
      test_app(calling("input: {" + fields + "}\nnodes: [{id: call, http: {" + http + "}}]")),
      std::move(input));
  return run.start();
}

std::string said(const std::string& http) {
  const std::string text =
      load(calling("input: {s: string, o: any}\nnodes:\n  - {id: call, http: {" + http + "}}"))
          .said;
  return text.substr(std::min(text.size(), text.find("error[") + 6));
}

}  // namespace

TEST_CASE("reading asks with the URL as it stands", "[nodes]") {
  CHECK(asks("get: https://api.example.com/v1/things") ==
        "#1 call http GET https://api.example.com/v1/things expect 2xx | running");
  CHECK(asks("get: \"http://127.0.0.1:8081/x\"") ==
        "#1 call http GET http://127.0.0.1:8081/x local expect 2xx | running");
}

TEST_CASE("what is filled in is encoded for its place and can be nothing else", "[nodes]") {
  CHECK(asks(R"(get: "https://api.example.com/a/{{x}}/b?q={{x}}")",
             Json{{"x", "a/../b?c=d#e&f %2e\r\nHost: evil"}}) ==
        "#1 call http GET "
        "https://api.example.com/a/a%2F..%2Fb%3Fc%3Dd%23e%26f%20%252e%0D%0AHost%3A%20evil/b"
        "?q=a%2F..%2Fb%3Fc%3Dd%23e%26f%20%252e%0D%0AHost%3A%20evil expect 2xx | running");
  CHECK(asks(R"(get: "https://api.example.com/{{n}}/{{b}}?f={{f}}")",
             Json{{"n", 12}, {"b", true}, {"f", 1e30}}) ==
        "#1 call http GET https://api.example.com/12/true?f=1e%2B30 expect 2xx | running");
  CHECK(asks(R"(get: "https://api.example.com/{{x}}")", Json{{"x", "@evil.com"}}) ==
        "#1 call http GET https://api.example.com/%40evil.com expect 2xx | running");
}

TEST_CASE("a value that would leave its path segment is an error", "[nodes]") {
  const auto path = [](const char* value) {
    return asks(R"(delete: "https://api.example.com/things/{{x}}")", Json{{"x", value}});
  };
  CHECK_THAT(path(""),
             Catch::EndsWith("failed at call bad_url: a value in the path of `url` is empty"));
  CHECK_THAT(path("."), Catch::EndsWith("bad_url: a value in the path of `url` is `.`"));
  CHECK_THAT(path(".."), Catch::EndsWith("bad_url: a value in the path of `url` is `..`"));
  CHECK_THAT(path("..."), Catch::EndsWith("running"));
  CHECK_THAT(asks(R"(get: "https://api.example.com/a/{{x}}/b")", Json{{"x", nullptr}}),
             Catch::EndsWith("bad_url: a value in the path of `url` is empty"));
  CHECK_THAT(asks(R"(get: "https://api.example.com/a?b={{x}}")", Json{{"x", nullptr}}),
             Catch::EndsWith("running"));
  CHECK_THAT(path(std::string(9000, 'a').c_str()),
             Catch::EndsWith("bad_url: the URL would be longer than 8192 bytes"));
}

TEST_CASE("the query is added by name; a list is the name again, null is nothing", "[nodes]") {
  CHECK(
      asks("get: https://api.example.com/s, query: {q: =x, tag: =l, none: =n, 'a b': 1, yes: true}",
           Json{{"x", "a&b=c"}, {"l", {"one", 2}}, {"n", nullptr}}) ==
      "#1 call http GET "
      "https://api.example.com/s?q=a%26b%3Dc&tag=one&tag=2&a%20b=1&yes=true expect 2xx | running");
  CHECK(asks("get: \"https://api.example.com/s?v=2\", query: {q: 1}") ==
        "#1 call http GET https://api.example.com/s?v=2&q=1 expect 2xx | running");
  CHECK_THAT(asks("get: https://api.example.com/s, query: {q: =x}", Json{{"x", {{"a", 1}}}}),
             Catch::EndsWith("wrong_type: `q` in `query` is text; this is object"));
  CHECK_THAT(asks("get: https://api.example.com/s, query: {q: =x}",
                  Json{{"x", Json::array({Json::array({1})})}}),
             Catch::EndsWith("wrong_type: `q` in `query` is text; this is array"));
}

TEST_CASE("headers are lines of text, and no value makes a second one", "[nodes]") {
  CHECK(asks("get: https://api.example.com/, headers: {X-Run: '{{run.id}}', X-N: 3, X-None: =n}",
             Json{{"n", nullptr}}) ==
        "#1 call http GET https://api.example.com/ X-Run='run_1' X-N='3' expect 2xx | running");
  for (const char* value : {"a\r\nX-Evil: 1", "a\nb", "a\rb"})
    CHECK_THAT(asks("get: https://api.example.com/, headers: {X-A: =v}", Json{{"v", value}}),
               Catch::EndsWith("wrong_type: the header `X-A` would hold a line break or another "
                               "control character"));
  CHECK_THAT(asks("get: https://api.example.com/, headers: {X-A: =v}",
                  Json{{"v", std::string("a\0b", 3)}}),
             Catch::Contains("control character"));
  CHECK_THAT(asks("get: https://api.example.com/, headers: {X-A: =v}",
                  Json{{"v", std::string(9000, 'a')}}),
             Catch::EndsWith("the header `X-A` would be longer than 8192 bytes"));
  CHECK_THAT(asks("get: https://api.example.com/, headers: {X-A: =v}", Json{{"v", {1}}}),
             Catch::EndsWith("`X-A` in `headers` is text; this is array"));
}

TEST_CASE("a body is JSON, unless it is text; its type can be said otherwise", "[nodes]") {
  CHECK(asks("post: https://api.example.com/, body: {a: =x, b: [1]}", Json{{"x", "é"}}) ==
        "#1 call http POST https://api.example.com/ Content-Type='application/json' "
        "{\"a\":\"é\",\"b\":[1]} once expect 2xx | running");
  CHECK(asks("put: https://api.example.com/, body: 'hello {{x}}'", Json{{"x", "<you>"}}) ==
        "#1 call http PUT https://api.example.com/ Content-Type='text/plain; charset=utf-8' "
        "hello <you> once expect 2xx | running");
  CHECK(asks("patch: https://api.example.com/, body: =x, headers: {content-type: text/csv}",
             Json{{"x", "a,b"}}) ==
        "#1 call http PATCH https://api.example.com/ content-type='text/csv' a,b once expect 2xx | "
        "running");
  CHECK(asks("delete: https://api.example.com/a") ==
        "#1 call http DELETE https://api.example.com/a once expect 2xx | running");
  CHECK_THAT(asks("post: https://api.example.com/, body: [=x, =x, =x, =x, =x]",
                  Json{{"x", std::string(1'000'000, 'a')}}),
             Catch::EndsWith("too_large: `body` would be larger than 4 MB"));
}

TEST_CASE("a write with an idempotency key may be repeated", "[nodes]") {
  CHECK(
      asks("post: https://api.example.com/, idempotency: '{{run.id}}-1'") ==
      "#1 call http POST https://api.example.com/ Idempotency-Key='run_1-1' expect 2xx | running");
  for (const Json& key : {Json(), Json(""), Json(std::string(256, 'k')), Json::array()})
    CHECK_THAT(asks("post: https://api.example.com/, idempotency: =k", Json{{"k", key}}),
               Catch::EndsWith("wrong_type: `idempotency` is not a text of 1 to 255 characters"));
}

TEST_CASE("the effect names the secret and does not hold it", "[nodes]") {
  CHECK(asks("get: https://api.example.com/, auth: {bearer: CRM_TOKEN}") ==
        "#1 call http GET https://api.example.com/ with CRM_TOKEN expect 2xx | running");
  CHECK(asks("get: https://api.example.com/, auth: {basic: CRM_LOGIN}") ==
        "#1 call http GET https://api.example.com/ with CRM_LOGIN expect 2xx | running");
  CHECK(asks("get: https://api.example.com/, auth: {header: MAP_KEY}") ==
        "#1 call http GET https://api.example.com/ with X-API-Key MAP_KEY expect 2xx | running");
  CHECK(
      asks("get: https://api.example.com/, auth: {header: {X-Goog-Api-Key: MAP_KEY}}") ==
      "#1 call http GET https://api.example.com/ with X-Goog-Api-Key MAP_KEY expect 2xx | running");
}

TEST_CASE("the statuses that are no error", "[nodes]") {
  CHECK_THAT(asks("get: https://api.example.com/, expect: [2xx, 404, 304]"),
             Catch::EndsWith("expect 2xx, 404, 304 | running"));
  CHECK_THAT(asks("get: https://api.example.com/, expect: 404"), Catch::Contains("expect 404 |"));
  for (const char* wrong : {"20", "2x", "99", "600", "ok", "199", "\"404\"", "6xx", "[]"})
    CHECK_THAT(said(std::string("get: https://api.example.com/, expect: ") + wrong),
               Catch::StartsWith("S104]"));
}

TEST_CASE("the answer is status, headers and body, and is retried twice by default", "[nodes]") {
  TestRun run(test_app(calling(R"(state: {n: integer, type: string, b: any}
nodes:
  - id: call
    http: {get: https://api.example.com/}
    set: {n: =result.status, type: "=result.headers['content-type']", b: =result.body.items}
output: {n: =n, type: =type, b: =b})")));
  run.start();
  CHECK_THAT(run.fails(Kind::unavailable), Catch::Contains("#2 in "));
  CHECK_THAT(run.wake(), Catch::Contains("try 2"));
  CHECK(run.reply(Json{{"status", 200},
                       {"headers", {{"content-type", "application/json"}}},
                       {"body", {{"items", {1}}}}})
            .ends_with(R"(completed {"n":200,"type":"application/json","b":[1]})"));
  const app::NodeDef& def = run.app->graphs.at("main").nodes.nodes[0];
  CHECK(def.timeout == std::chrono::seconds(15));
  CHECK(def.retry.max == 2);
  CHECK_THAT(load(calling("state: {n: string}\nnodes: [{id: a, http: {get: "
                          "https://api.example.com/}, set: {n: =result.status}}]"))
                 .said,
             Catch::Contains("error[D405]: `n` is string, this gives integer"));
}

TEST_CASE("the host of a URL is fixed text", "[nodes]") {
  for (const char* url :
       {"\"https://{{s}}/\"", "\"{{s}}\"", "=s", "\"https://api.{{s}}/\"",
        "\"https://api.example.com{{s}}\"", "\"https://api.example.com:{{s}}/\"",
        "\"https://{{s}}@api.example.com/\"", "\"{{s}}://api.example.com/\"", "\"https:/{{s}}\"",
        "\"https://api.example.com{{#o}}/{{/o}}\"", R"('="https://api.example.com/" + s')",
        "\"https://{{! x }}api.example.com/\"", "\"{{=<% %>=}}https://<%s%>/\""}) {
    CAPTURE(url);
    CHECK_THAT(said(std::string("get: ") + url), Catch::StartsWith("A803]"));
  }
  CHECK_THAT(said("get: \"https://api.example.com{{s}}\""),
             Catch::Contains("a value follows the host of this URL and could change it") &&
                 Catch::Contains("`https://api.example.com/{{…}}`"));
}

TEST_CASE("a host that the app does not list is refused with the line to add", "[nodes]") {
  CHECK(said("get: https://other.example.com/") ==
        "A804]: `other.example.com` is not among the hosts that this app may reach\n"
        "  help: limits: {hosts: [api.example.com, http://127.0.0.1:8081, other.example.com]}\n");
  for (const char* host : {"example.com", "api.example.com.evil.com", "xapi.example.com",
                           "a.api.example.com", "api.example.co"})
    CHECK_THAT(said("get: https://" + std::string(host) + "/"), Catch::StartsWith("A804]"));
  CHECK_THAT(said("get: \"http://127.0.0.1:8082/\""), Catch::StartsWith("A804]"));
  CHECK_THAT(said("get: \"http://localhost:8081/\""), Catch::StartsWith("A804]"));
  CHECK(said("get: https://API.example.com/") == "");
}

TEST_CASE("no other spelling of a URL loads", "[nodes]") {
  for (const char* url : kSpellings) {
    CAPTURE(url);
    std::string quoted;
    for (const unsigned char c : std::string_view(url)) {
      char hex[5];
      snprintf(hex, sizeof hex, "\\x%02x", c);
      quoted += c == '"' || c == '\\'   ? std::string("\\") + static_cast<char>(c)
                : c < 0x20 || c == 0x7f ? hex
                                        : std::string(1, static_cast<char>(c));
    }
    CHECK_THAT(said("get: \"" + quoted + "\""), Catch::StartsWith("S104]") ||
                                                    Catch::StartsWith("A804]") ||
                                                    Catch::StartsWith("A803]"));
  }
}

TEST_CASE("what follows the host is a plain path and query", "[nodes]") {
  for (const char* rest : {"/a/../b", "/..", "/.", "/a/./b", "/%2e%2e/b", "/a//b", "/a#b", "/a b",
                           "/a\\\\b", "/caf\xc3\xa9"}) {
    CAPTURE(rest);
    CHECK_THAT(said("get: \"https://api.example.com" + std::string(rest) + "\""),
               Catch::StartsWith("S104]") && Catch::Contains("cannot be called"));
  }
  CHECK(said("get: \"https://api.example.com/a..b/...?x=../y&z=//\"") == "");
  CHECK_THAT(said("get: \"https://api.example.com/{{{s}}}\""), Catch::StartsWith("T605]"));
  CHECK_THAT(said("get: \"https://api.example.com/{{&s}}\""), Catch::StartsWith("T605]"));
}

TEST_CASE("a node does one thing, with what belongs to it", "[nodes]") {
  CHECK_THAT(said("body: x"), Catch::StartsWith("S102]: `http` needs exactly one of get, post"));
  CHECK_THAT(said("get: https://api.example.com/, post: https://api.example.com/"),
             Catch::StartsWith("S102]: `http` needs exactly one of get, post"));
  CHECK_THAT(said("get: https://api.example.com/, body: x"),
             Catch::StartsWith("S101]: `body` has no meaning for `get`"));
  CHECK_THAT(said("get: https://api.example.com/, idempotency: x"), Catch::StartsWith("S101]"));
  CHECK_THAT(said("get: https://api.example.com/, url: x"), Catch::StartsWith("S101]"));
}

TEST_CASE("headers that would carry a secret or frame the message are refused", "[nodes]") {
  const auto header = [](const std::string& line) {
    return said("post: https://api.example.com/, headers: {" + line + "}");
  };
  for (const char* name : {"Authorization", "authorization", "Cookie"})
    CHECK_THAT(header(std::string(name) + ": x"), Catch::StartsWith("A802]"));
  for (const char* name : {"Host", "Content-Length", "Transfer-Encoding", "Connection", "Upgrade",
                           "Expect", "Proxy-Connection", "TE", "Accept-Encoding"})
    CHECK_THAT(header(std::string(name) + ": x"), Catch::StartsWith("S104]"));
  CHECK_THAT(header("Idempotency-Key: x"), Catch::Contains("help: idempotency: =run.id"));
  CHECK_THAT(header("X-A: 1, x-a: 2"), Catch::StartsWith("Y001]"));
  CHECK_THAT(header("\"X A\": 1"), Catch::StartsWith("S104]"));
  CHECK_THAT(header("\"X-A:\": 1"), Catch::StartsWith("S104]"));
  CHECK_THAT(header("\"X\\r\\nY\": 1"), Catch::StartsWith("S104]"));
  CHECK_THAT(header("X-A: [1]"), Catch::StartsWith("D405]: the header `X-A` is text"));
}

TEST_CASE("a secret is named in `auth` and can be read nowhere else", "[nodes]") {
  CHECK(said("get: https://api.example.com/, auth: {bearer: CRM_TOKN}") ==
        "A812]: no secret `CRM_TOKN` under `secrets`\n  help: `CRM_TOKEN`\n");
  CHECK_THAT(said("get: https://api.example.com/, auth: {bearer: OTHER}"),
             Catch::Contains("secrets: [OTHER]"));
  CHECK_THAT(said("get: https://api.example.com/, auth: {token: CRM_TOKEN}"),
             Catch::StartsWith("S101]"));
  CHECK_THAT(said("get: https://api.example.com/, auth: {bearer: CRM_TOKEN, basic: CRM_TOKEN}"),
             Catch::StartsWith("S102]"));
  CHECK_THAT(said("get: https://api.example.com/, auth: CRM_TOKEN"), Catch::StartsWith("S104]"));
  CHECK_THAT(said("get: https://api.example.com/, auth: {header: {Host: CRM_TOKEN}}"),
             Catch::StartsWith("S104]"));
  for (const char* use :
       {"body: =env.CRM_TOKEN", "body: =secrets.CRM_TOKEN", "body: =CRM_TOKEN",
        "body: '{{CRM_TOKEN}}'", "body: '{{env.CRM_TOKEN}}'", "body: '{{secrets.CRM_TOKEN}}'",
        "query: {key: =env.MAP_KEY}", "headers: {X-Key: '{{env.MAP_KEY}}'}",
        "body: {deep: [{a: =secrets.CRM_TOKEN}]}"}) {
    CAPTURE(use);
    CHECK_THAT(said("post: https://api.example.com/, " + std::string(use)),
               Catch::StartsWith("A802]: no expression or template can read a secret such as `"));
  }
  CHECK_THAT(said("post: \"https://api.example.com/{{env.MAP_KEY}}\""), Catch::StartsWith("A802]"));
  CHECK(said("post: https://api.example.com/, body: =env.REGION") == "");
}
