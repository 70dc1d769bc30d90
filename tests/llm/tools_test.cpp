// Tools on the wire: how they are declared, how a model asks for them, how it is told the results.
#include <catch2/catch.hpp>

#include "tests/llm/support.h"
#include "tests/support/recorded.h"

using namespace plenum;
using namespace plenum::llm;
using namespace plenum::test;

namespace {

Call with_tools() {
  Call call = a_call("What is the largest city in the user country?");
  call.tools = {{"get_user_country", "Returns the country of the user",
                 Json{{"type", "object"},
                      {"properties", Json::object()},
                      {"required", Json::array()},
                      {"additionalProperties", false}}}};
  return call;
}

std::string story(const std::vector<ToolCall>& calls) {
  std::string out;
  for (const ToolCall& call : calls)
    out += (out.empty() ? "" : " | ") + call.id + " " + call.name + " " + to_text(call.input);
  return out;
}

Reply read(const std::string& name, const Call& call, const std::string& body) {
  const Result<Reply> reply = provider(name)->read(call, {200, {}, body});
  if (!reply) throw std::runtime_error(reply.error().message);
  return *reply;
}

// The conversation one turn on: what the model asked for, and what it gave.
Call answered(Call call, const Reply& reply, bool error = false) {
  Message asked{Message::Role::assistant, reply.text};
  asked.calls = reply.calls;
  asked.raw = reply.raw;
  Message given{Message::Role::user, ""};
  for (const ToolCall& one : reply.calls)
    given.results.push_back({one.id, one.name, "Mexico", error});
  call.messages.push_back(asked);
  call.messages.push_back(given);
  return call;
}

Reply streamed(const std::string& name, Call call, const std::string& bytes) {
  call.stream = true;
  const auto asked = provider(name);
  const auto stream = asked->stream(call);
  for (const char byte : bytes) stream->take({&byte, 1});
  const Result<Reply> reply = stream->end({200, {}, ""});
  if (!reply) throw std::runtime_error(reply.error().message);
  return *reply;
}

// Of a recorded round trip: the second request, as we would send it.
struct Trip {
  Json ours, theirs;
  std::string asked;
};
Trip round_trip(const std::string& name, const std::string& file) {
  const Json exchanges = Json::parse(recorded_text(file))["exchanges"];
  const Call call = with_tools();
  const Reply reply = read(name, call, to_text(exchanges[0]["response"]["body"]));
  return {body_of(*provider(name), answered(call, reply)), exchanges[1]["request"]["body"],
          story(reply.calls)};
}

}  // namespace

TEST_CASE("Gemini's tools go to and fro as its own SDK sends them", "[llm]") {
  if (nothing_recorded()) return;
  Trip trip = round_trip("gemini", "gemini/tool-round-trip.json");
  CHECK(trip.asked == "w71i0cbt get_user_country {}");
  CHECK(equal(trip.ours["contents"][1], trip.theirs["contents"][1]));  // with its signature
  Json& result = trip.ours["contents"][2]["parts"][0]["functionResponse"];
  CHECK(result["id"] == "w71i0cbt");
  result.erase("id");  // which the SDK leaves out
  CHECK(equal(trip.ours["contents"][2], trip.theirs["contents"][2]));
  const Json& ours = trip.ours["tools"][0]["functionDeclarations"][0];
  const Json& theirs = trip.theirs["tools"][0]["functionDeclarations"][0];
  CHECK(ours["name"] == theirs["name"]);
  CHECK(ours["parametersJsonSchema"]["type"] == "object");
}

TEST_CASE("OpenAI's tools go to and fro as its own SDK sends them", "[llm]") {
  if (nothing_recorded()) return;
  Trip trip = round_trip("openai", "openai/chat-tool-round-trip.json");
  CHECK(trip.asked == "call_PkRGedQNRFUzJp2R7dO7avWR get_user_country {}");
  const Json& ours = trip.ours["tools"][0]["function"];
  const Json& theirs = trip.theirs["tools"][0]["function"];
  for (const char* key : {"name", "description"}) CHECK(ours[key] == theirs[key]);
  INFO(to_text(ours));
  for (const char* key : {"type", "properties", "required", "additionalProperties"})
    CHECK(ours["parameters"][key] == theirs["parameters"][key]);
  Json& asked = trip.theirs["messages"][1];
  asked.erase("annotations");
  asked.erase("refusal");
  CHECK(equal(trip.ours["messages"], trip.theirs["messages"]));
}

TEST_CASE("Anthropic's tools go to and fro as its own SDK sends them", "[llm]") {
  if (nothing_recorded()) return;
  Trip trip = round_trip("anthropic", "anthropic/tool-round-trip.json");
  CHECK(trip.asked == "toolu_01X9wcHKKAZD9tBC711xipPa get_user_country {}");
  CHECK(equal(trip.ours["messages"], trip.theirs["messages"]));
  CHECK(trip.ours["tools"][0]["name"] == "get_user_country");
  CHECK(trip.ours["tools"][0]["input_schema"]["additionalProperties"] == false);
}

TEST_CASE("calls that are streamed are put together whole", "[llm]") {
  if (nothing_recorded()) return;
  const Call call = with_tools();
  const Reply gemini = streamed("gemini", call, recorded_text("gemini/tool-stream.sse"));
  CHECK(story(gemini.calls) == " get_country {}");
  CHECK(gemini.raw["parts"][0].contains("thoughtSignature"));
  CHECK(story(streamed("openai", call, recorded_text("openai/chat-stream-tool.sse")).calls) ==
        "call_ZR5UUuTt3pf61kjwAJIYdVMj get_capital {\"country\":\"UK\"}");
  const Reply anthropic = streamed("anthropic", call, recorded_text("anthropic/stream-tool.sse"));
  CHECK(story(anthropic.calls) ==
        "toolu_01KFbKqPYSuAKujiL6mTfzYA json {\"elements\":[{\"location\":\"San "
        "Francisco\",\"temperature\":58,\"condition\":\"sunny\"}]}");
  CHECK(anthropic.raw[0]["input"].is_object());
}

TEST_CASE("what compatible servers make of calls is understood", "[llm]") {
  const auto calls = [](const std::string& list, const std::string& reason = "tool_calls") {
    return story(read("openai", with_tools(),
                      R"({"choices":[{"message":{"tool_calls":)" + list + R"(},"finish_reason":")" +
                          reason + "\"}]}")
                     .calls);
  };
  CHECK(calls(R"([{"function":{"name":"a","arguments":{"x":1}}}])") == "call_1 a {\"x\":1}");
  CHECK(
      calls(
          R"([{"id":"","function":{"name":"a","arguments":""}},{"id":"7","function":{"name":"b"}}])",
          "stop") == "call_1 a {} | 7 b {}");
  CHECK(calls(R"([{"id":"7","function":{"name":"a","arguments":"{\"x\": oops"}}])") ==
        R"(7 a "{\"x\": oops")");
}

TEST_CASE("failed results say so, and a turn of another model is told by its calls", "[llm]") {
  Reply reply;
  reply.calls = {{"c1", "find", Json{{"id", 1}}}, {"c2", "find", Json("no object")}};
  const Call call = answered(with_tools(), reply, true);
  const Json anthropic = body_of(*provider("anthropic"), call)["messages"];
  CHECK(to_text(anthropic[1]["content"]) ==
        R"([{"type":"tool_use","id":"c1","name":"find","input":{"id":1}},)"
        R"({"type":"tool_use","id":"c2","name":"find","input":{}}])");
  CHECK(anthropic[2]["content"][0]["is_error"] == true);
  const Json gemini = body_of(*provider("gemini"), call)["contents"];
  CHECK(to_text(gemini[1]["parts"][0]) ==
        R"({"functionCall":{"name":"find","args":{"id":1},"id":"c1"}})");
  CHECK(to_text(gemini[2]["parts"][1]) ==
        R"({"functionResponse":{"name":"find","response":{"error":"Mexico"},"id":"c2"}})");
  const Json openai = body_of(*provider("openai"), call)["messages"];
  CHECK(openai[1]["tool_calls"][1]["function"]["arguments"] == "no object");
  CHECK(openai[3]["tool_call_id"] == "c2");
}
