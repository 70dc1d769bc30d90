// MCP servers' tools: what is said to a server, how its answers are read, what is never said twice.
#include <map>

#include "engine/effects/mcp/inbox.h"
#include "tests/effects/performing.h"
#include "tests/support/peer.h"
#include "tests/support/recorded.h"

using namespace plenum;

namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// What two requests that mean the same have in common: not who the client is, not the number.
std::string shape(std::map<std::string, std::string> headers, Json body) {
  if (body.is_object() && body.contains("id")) body["id"] = 0;
  if (const Json* params = find(body, "params")) {
    Json& all = body["params"];
    if (params->contains("clientInfo")) all["clientInfo"] = Json::object();
    if (params->contains("_meta"))
      all["_meta"]["io.modelcontextprotocol/clientInfo"] = Json::object();
  }
  std::string text = canonical(body);
  for (const auto& [name, value] : headers) text += "\n" + name + ": " + value;
  return text;
}

std::string shape(const mcp::Outgoing& said) {
  std::map<std::string, std::string> headers;
  for (const auto& [name, value] : said.headers) headers[lower(name)] = value;
  return shape(headers, Json::parse(said.body));
}

std::string shape(const Json& recorded) {
  std::map<std::string, std::string> headers;
  for (const auto& [name, value] : recorded["headers"].items())
    headers[name] = value.get<std::string>();
  return shape(headers, recorded["body"]);
}

http::Response response_of(const Json& recorded) {
  http::Response response{recorded["status"].get<int>(), {}, ""};
  for (const auto& [name, value] : recorded["headers"].items())
    response.headers.emplace_back(name, value.get<std::string>());
  response.body =
      recorded.contains("body") ? to_text(recorded["body"]) : text_or(recorded, "body_text");
  return response;
}

std::optional<Json> message_of(const http::Response& response, int64_t id) {
  const std::string* type = response.header("content-type");
  if (!type || !type->starts_with("text/event-stream")) return mcp::response_in(response.body, id);
  mcp::Inbox inbox(id);
  for (const char c : response.body) inbox.feed(std::string_view(&c, 1));
  inbox.end();
  return inbox.response();
}

std::string told(const Result<Json>& result) {
  return result ? to_text(*result) : result.error().code + ": " + result.error().message;
}

std::string result_of(const std::string& result) {
  return told(mcp::tool_result(Json{{"result", Json::parse(result)}}, "t", "h"));
}

int64_t number_of(const Json& request) {
  const Json* id = find(request, "id");
  return id && id->is_number_integer() ? id->get<int64_t>() : 0;
}

// A recording as this client would have had it: each request is compared with ours, each answer
// read by us.
std::string replay(const std::string& name) {
  const Json recording = Json::parse(test::recorded_text("mcp/" + name + ".json"));
  mcp::Voice voice;
  std::string story;
  for (Json exchange : recording["exchanges"]) {
    Json& request = exchange["request"];
    if (!request.contains("body")) continue;      // the optional stream of a session, and its end
    if (!text_or(request["body"], "id").empty())  // ours are numbers
      request["body"]["id"] = exchange["response"]["body"]["id"] = 1;
    const http::Response response = response_of(exchange["response"]);
    const std::string method = text_or(request["body"], "method");
    const std::optional<Json> message = message_of(response, number_of(request["body"]));
    std::string line;
    if (method == "server/discover") {
      CHECK(shape(mcp::discover(1)) == shape(request));
      line = mcp::era_of(response.status, message) == mcp::Era::modern ? "modern" : "?";
    } else if (method == "initialize") {
      CHECK(shape(mcp::initialize(1)) == shape(request));
      REQUIRE(message);
      voice = mcp::voice_of(response, *message, "h").value();
      line = voice.version + " " + voice.session;
    } else if (method == "notifications/initialized") {
      CHECK(shape(mcp::initialized(voice)) == shape(request));
      line = std::to_string(response.status);
    } else if (method == "tools/call") {
      const Json& params = request["body"]["params"];
      const std::string tool = text_or(params, "name");
      const mcp::Outgoing ours = mcp::call_tool(1, voice, tool, params["arguments"]);
      if (text_or(request["headers"], "mcp-name", tool) == tool)
        CHECK(shape(ours) == shape(request));
      line =
          message ? told(mcp::tool_result(*message, tool, "h")) : std::to_string(response.status);
    } else {
      continue;
    }
    story += line + "\n";
  }
  return story;
}

std::string story_of(const Result<EffectReply>& reply) {
  if (reply) return to_text(reply->result);
  return Bench::story(reply) + ": " + reply.error().message;
}

}  // namespace

TEST_CASE("recorded conversations are held and read as their makers did", "[mcp]") {
  if (test::nothing_recorded()) return;
  CHECK(replay("streamable-http-2026-07-28") ==
        "modern\n{\"temperature\":21}\n"
        "mcp_tool_error: the tool `fail` of h failed: It broke\n"
        "mcp_error: h refused the call of its tool `no_such_tool`: Tool no_such_tool not found "
        "(-32602)\n");
  CHECK(replay("streamable-http-2025-11-25-session") ==
        "2025-11-25 sess-0001\n202\n{\"temperature\":21}\n"
        "mcp_tool_error: the tool `fail` of h failed: It broke\n"
        "mcp_tool_error: the tool `no_such_tool` of h failed: MCP error -32602: Tool no_such_tool "
        "not found\n");
  CHECK(replay("streamable-http-2025-11-25-stateless-server") ==
        "2025-11-25 \n202\n{\"temperature\":21}\n");
  CHECK(replay("streamable-http-auto-negotiation") == "modern\n");
  CHECK_THAT(replay("streamable-http-2026-07-28-errors"),
             Catch::StartsWith("mcp_error: h refused the call of its tool `get_weather`: Bad "
                               "Request: the request headers and body disagree") &&
                 Catch::Contains("(-32020)\nmcp_tool_error: the tool `get_weather` of h failed: "
                                 "Input validation error"));
}

TEST_CASE("the answer to a recorded refusal tells what a server is", "[mcp]") {
  if (test::nothing_recorded()) return;
  const Json recording =
      Json::parse(test::recorded_text("mcp/streamable-http-2026-07-28-errors.json"));
  std::string story;
  for (const Json& exchange : recording["exchanges"]) {
    const http::Response response = response_of(exchange["response"]);
    const int64_t id =
        exchange["request"].contains("body") ? number_of(exchange["request"]["body"]) : 0;
    const mcp::Era era = mcp::era_of(response.status, message_of(response, id));
    story += era == mcp::Era::modern ? "modern " : era == mcp::Era::old ? "old " : "? ";
  }
  // A mismatch, a version, a method; then what is no refusal of discover(), and no JSON, GET and
  // DELETE, as an old server says it.
  CHECK(story == "modern modern modern old old old old old ");
}

TEST_CASE("eras by status and message", "[mcp]") {
  const auto era = [](int status, const char* message = nullptr) {
    const auto read = message ? std::optional<Json>(Json::parse(message)) : std::nullopt;
    const mcp::Era era = mcp::era_of(status, read);
    return era == mcp::Era::modern ? "modern" : era == mcp::Era::old ? "old" : "?";
  };
  CHECK(era(200, R"({"result":{"supportedVersions":["2026-07-28"]}})") == std::string("modern"));
  CHECK(era(200, R"({"result":{"supportedVersions":["2025-11-25"]}})") == std::string("old"));
  CHECK(era(200, R"({"error":{"code":-32601,"message":"x"}})") == std::string("old"));
  CHECK(era(404, R"({"error":{"code":-32601,"message":"x"}})") == std::string("modern"));
  CHECK(era(400, R"({"error":{"code":-32000,"message":"x"}})") == std::string("old"));
  CHECK(era(400, R"({"error":{"code":-32022,"data":{"supported":["2025-11-25"]}}})") ==
        std::string("old"));
  for (const int status : {400, 404, 405, 406, 415, 422}) CHECK(era(status) == std::string("old"));
  for (const int status : {200, 301, 401, 403, 408, 429, 500, 503})
    CHECK(era(status) == std::string("?"));
}

TEST_CASE("a name that no header can carry is encoded", "[mcp]") {
  const auto header = [](const std::string& tool) {
    for (const auto& [name, value] : mcp::call_tool(1, {}, tool, Json::object()).headers)
      if (name == "Mcp-Name") return value;
    return std::string();
  };
  CHECK(header("get_weather") == "get_weather");
  CHECK(header("caf\xc3\xa9") == "=?base64?Y2Fmw6k=?=");
  CHECK(header("=?base64?x?=") == "=?base64?PT9iYXNlNjQ/eD89?=");
  CHECK(header("a\nb") == "=?base64?YQpi?=");
}

TEST_CASE("what a tool gives", "[mcp]") {
  CHECK(result_of(R"({"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]})") ==
        R"({"text":"a\nb","content":[]})");
  CHECK(result_of(R"({"structuredContent":[1],"content":[{"type":"text","text":"[1]"}]})") ==
        "[1]");
  CHECK(result_of(R"({"content":[{"type":"image","mimeType":"image/png","data":"AAAAAAAA"},
                     {"type":"resource","resource":{"uri":"a:b","blob":"AAAA"}}]})") ==
        R"({"text":"","content":[{"type":"image","mimeType":"image/png","size":6},)"
        R"({"type":"resource","resource":{"uri":"a:b","size":3}}]})");
  CHECK(result_of(R"({"isError":true,"structuredContent":{"why":"no"}})") ==
        R"(mcp_tool_error: the tool `t` of h failed: {"why":"no"})");
  CHECK(result_of(R"({"isError":true})") == "mcp_tool_error: the tool `t` of h failed");
  CHECK_THAT(result_of(R"({"resultType":"input_required"})"),
             Catch::StartsWith("mcp_input_required"));
  CHECK_THAT(result_of("[]"), Catch::StartsWith("mcp_answer"));
  CHECK(told(mcp::tool_result(Json::parse(R"({"error":{"code":-32602,"message":")" +
                                          std::string(999, 'x') + "\"}}"),
                              "t", "h"))
            .size() < 400);
  CHECK(result_of(R"({"content":7,"_meta":null})") == R"({"text":"","content":[]})");
}

TEST_CASE("a stream's messages: only the one that was waited for counts", "[mcp]") {
  mcp::Inbox inbox(7);
  CHECK(inbox.feed(": hello\n\nevent: message\ndata: {\"method\":\"notifications/progress\"}\n\n")
            .empty());
  CHECK(inbox.feed("data: not json\n\ndata:\n\ndata: {\"id\":8,\"result\":{}}\n\n").empty());
  CHECK_FALSE(inbox.answered());
  const auto asked = inbox.feed("data: {\"id\":\"q\",\"method\":\"sampling/createMessage\"}\n\n");
  REQUIRE(asked.size() == 1);
  CHECK(
      mcp::answer_to(asked[0], {"2025-11-25", "s"}).body ==
      R"({"jsonrpc":"2.0","id":"q","error":{"code":-32601,"message":"this client answers no requests"}})");
  CHECK(mcp::answer_to(Json{{"id", 3}, {"method", "ping"}}, {}).body ==
        R"({"jsonrpc":"2.0","id":3,"result":{}})");
  for (int i = 0; i < 7; ++i)
    CHECK(inbox.feed("data: {\"id\":1,\"method\":\"m\"}\n\n").size() == 1);
  CHECK(inbox.feed("data: {\"id\":1,\"method\":\"m\"}\n\n").empty());
  inbox.feed("data: {\"id\":7,\"result\":{\"a\":1}}\n\ndata: {\"id\":7,\"result\":{\"a\":2}}\n\n");
  REQUIRE(inbox.answered());
  CHECK((*inbox.response())["result"]["a"] == 1);
}

TEST_CASE("a version or session that cannot be used is refused", "[mcp]") {
  const auto voice = [](const char* message, const char* session) {
    http::Response response{200, {{"mcp-session-id", session}}, ""};
    const auto read = mcp::voice_of(response, Json::parse(message), "h");
    return read ? read->version + "/" + read->session : read.error().code;
  };
  CHECK(voice(R"({"result":{"protocolVersion":"2025-03-26"}})", "s") == "2025-03-26/s");
  CHECK(voice(R"({"result":{"protocolVersion":"2024-11-05"}})", "s") == "mcp_version");
  CHECK(voice(R"({"result":{}})", "s") == "mcp_version");
  CHECK(voice(R"({"error":{"message":"no"}})", "s") == "mcp_error");
  CHECK(voice(R"({"result":{"protocolVersion":"2025-11-25"}})", "a\tb") == "mcp_answer");
  CHECK(voice(R"({"result":{"protocolVersion":"2025-11-25"}})", std::string(2000, 'a').c_str()) ==
        "mcp_answer");
}

namespace {

// A server of today's kind: knows one answer to discover and one to every call.
struct Modern : Peer {
  explicit Modern(std::string answer)
      : Peer([this, answer](Peer& self, int fd) {
          while (self.read_request(fd)) {
            const bool asks = last().find("Mcp-Method: server/discover") != std::string::npos;
            if (!asks) ++calls;
            if (!asks && answer.empty()) return;
            say(fd,
                asks ? whole(R"({"jsonrpc":"2.0","id":)" + id() +
                             R"(,"result":{"supportedVersions":["2026-07-28"]}})")
                     : whole(R"({"jsonrpc":"2.0","id":)" + id() + ",\"result\":" + answer + "}"));
          }
        }) {}
  std::string id() {
    const std::string text = last();
    const size_t at = text.find("\"id\":") + 5;
    return text.substr(at, text.find(',', at) - at);
  }
  static std::string whole(const std::string& body) {
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  std::atomic<int> calls = 0;
};

run::Perform calling(const Peer& peer, bool again = false) {
  run::CallMcp call;
  call.url = peer.url("/mcp");
  call.tool = "note";
  call.arguments = Json{{"text", "tea"}};
  call.auth = {app::Auth::How::bearer, "CRM_TOKEN", ""};
  call.local = true;
  run::Perform what;
  what.path = "call";
  what.key = "k1";
  what.again = again;
  what.timeout = std::chrono::milliseconds(5000);
  what.effect = std::move(call);
  return what;
}

}  // namespace

TEST_CASE("a server is asked once how it is spoken to", "[mcp]") {
  Modern peer(R"({"structuredContent":{"ok":true}})");
  Bench bench;
  for (int i = 0; i < 3; ++i) CHECK(story_of(bench.begin(calling(peer)).get()) == R"({"ok":true})");
  CHECK(peer.requests() == 4);
  CHECK(peer.calls == 3);
  CHECK_THAT(peer.last(), Catch::Contains("Mcp-Name: note\r\n") &&
                              Catch::Contains("Authorization: Bearer " + kToken + "\r\n"));
}

TEST_CASE("a secret that the server sends back is shown by its name", "[mcp]") {
  Modern peer(R"({"content":[{"type":"text","text":"you are )" + kToken + R"("}]})");
  Bench bench;
  CHECK(story_of(bench.begin(calling(peer)).get()) ==
        R"({"text":"you are [secret CRM_TOKEN]","content":[]})");
  Modern failing(R"({"isError":true,"content":[{"type":"text","text":"not )" + kToken + R"("}]})");
  CHECK(story_of(bench.begin(calling(failing)).get()) ==
        "invalid/mcp_tool_error/502: the tool `note` of `http://127.0.0.1:" +
            std::to_string(failing.port) + "` failed: not [secret CRM_TOKEN]");
}

TEST_CASE("a call whose answer is lost is not made again, what only reads is", "[mcp]") {
  Modern peer("");
  Bench bench;
  CHECK_THAT(story_of(bench.begin(calling(peer)).get()),
             Catch::StartsWith("conflict/ambiguous_effect/502") &&
                 Catch::Contains("without `repeatable` it is not called again"));
  CHECK(peer.calls == 1);
  run::Perform reading = calling(peer);
  std::get<run::CallMcp>(reading.effect).at_most_once = false;
  CHECK_THAT(story_of(bench.begin(reading).get()), Catch::StartsWith("unavailable/"));
}

TEST_CASE("a call that was asked for before a crash is not made again", "[mcp]") {
  Modern peer(R"({"structuredContent":1})");
  Bench bench;
  CHECK_THAT(story_of(bench.begin(calling(peer, true)).get()),
             Catch::StartsWith("conflict/ambiguous_effect/502"));
  CHECK(peer.requests() == 0);
  run::Perform reading = calling(peer, true);
  std::get<run::CallMcp>(reading.effect).at_most_once = false;
  CHECK(story_of(bench.begin(reading).get()) == "1");
}

TEST_CASE("a server that cannot be asked has not been called", "[mcp]") {
  const auto status = [](const std::string& line) {
    Peer peer(answers("HTTP/1.1 " + line + "\r\nContent-Length: 0\r\n\r\n"));
    Bench bench;
    const auto reply = bench.begin(calling(peer)).get();
    return Bench::story(reply) + (peer.requests() == 1 ? "" : " asked more");
  };
  CHECK(status("503 Busy") == "unavailable/http_status/503");
  CHECK(status("429 Slow") == "limited/http_status/503");
  CHECK(status("401 No") == "invalid/http_status/502");
  CHECK(status("302 Found\r\nLocation: http://127.0.0.1:1/") == "invalid/http_status/502");
  CHECK(status("404 None") == "invalid/http_status/502 asked more");  // an old one is initialized
  Bench strict(false);
  Modern peer("{}");
  CHECK(Bench::story(strict.begin(calling(peer)).get()) == "denied/address_denied/0");
  CHECK(peer.requests() == 0);
}

TEST_CASE("an answer that is too large is an error", "[mcp]") {
  Modern peer(R"({"structuredContent":")" + std::string(1 << 20, 'a') + "\"}");
  Bench bench;
  CHECK(Bench::story(bench.begin(calling(peer)).get()) == "invalid/response_too_large/502");
}

TEST_CASE("a call that is cancelled while its server is asked is never made", "[mcp]") {
  Modern peer("{}");
  Bench bench;
  // The client's thread is held until both the call and its cancellation wait for it.
  std::promise<void> released;
  bench.client->send({}, [held = released.get_future().share()](auto) { held.wait(); });
  auto reply = bench.begin(calling(peer), "ada", true);
  std::promise<void> asked;
  bench.post()([&asked] { asked.set_value(); });
  asked.get_future().wait();
  released.set_value();
  CHECK(Bench::story(reply.get()) == "unavailable/cancelled/0");
  CHECK(peer.calls == 0);
}
