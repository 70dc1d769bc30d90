// Replies that come as events: cut anywhere, they read like replies that come whole.
#include "engine/llm/stream.h"

#include <catch2/catch.hpp>

#include "tests/llm/support.h"
#include "tests/support/recorded.h"

using namespace plenum;
using namespace plenum::llm;
using namespace plenum::test;

namespace {

std::string events(std::string_view bytes, size_t piece) {
  std::string out;
  SseReader reader;
  const auto take = [&](const std::string& type, const std::string& data) {
    out += (out.empty() ? "" : " | ") + (type.empty() ? "" : type + ": ") + data;
  };
  for (size_t at = 0; at < bytes.size(); at += piece) reader.feed(bytes.substr(at, piece), take);
  reader.end(take);
  return out;
}

// "Hel+lo => Hello (3 in, 2 out, 0 cached)": the pieces of text, then the reply.
std::string streamed(const std::string& name, std::string_view bytes, size_t piece,
                     Call call = a_call()) {
  call.stream = true;
  const auto asked = provider(name);
  const auto stream = asked->stream(call);
  std::string out;
  for (size_t at = 0; at < bytes.size(); at += piece)
    if (const std::string text = stream->take(bytes.substr(at, piece)); !text.empty())
      out += (out.empty() ? "" : "+") + text;
  const Result<Reply> reply = stream->end({200, {}, ""});
  out += " => " + story(reply);
  if (reply) out += " (" + story(reply->usage) + ")";
  return out;
}

// However the network cuts the bytes, the same comes out of them.
std::string at_every_cut(const std::string& name, const std::string& bytes,
                         const Call& call = a_call()) {
  const std::string whole = streamed(name, bytes, 1, call);
  for (size_t first = 1; first < bytes.size(); ++first) {
    Call streaming = call;
    streaming.stream = true;
    const auto asked = provider(name);
    const auto stream = asked->stream(streaming);
    std::string text = stream->take(bytes.substr(0, first));
    text += stream->take(bytes.substr(first));
    const std::string end = story(stream->end({200, {}, ""}));
    std::string joined = whole.substr(0, whole.find(" => "));
    std::erase(joined, '+');
    if (text != joined || whole.find(" => " + end) == whole.npos)
      return "cut at " + std::to_string(first) + ": " + text + " => " + end;
  }
  return whole;
}

std::string recorded(const std::string& name) {
  std::string text = recorded_text(name);
  REQUIRE(!text.empty());
  return text;
}

const std::string kGemini =
    "data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": "
    "\"Gr\xc3\xbc\xc3\x9f\"}],\"role\": "
    "\"model\"},\"index\": 0}],\"usageMetadata\": {\"promptTokenCount\": "
    "5,\"candidatesTokenCount\": "
    "1}}\r\n\r\n"
    "data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \" Gott\"}]}}]}\r\n\r\n"
    "data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \"\"}]},\"finishReason\": "
    "\"STOP\"}],\"usageMetadata\": {\"promptTokenCount\": 7,\"candidatesTokenCount\": 2}}\r\n\r\n";

}  // namespace

TEST_CASE("bytes are cut into events as the standard says, wherever they are cut", "[llm]") {
  const std::string all =
      "\xef\xbb\xbf: hello\ndata: a\ndata: b\n\nevent: x\r\ndata:c\r\n\r\nid: 4\nretry: 1\n\n"
      "data\n\ndata: d\rdata: e\r\rdata: last";
  for (const size_t piece : {1, 2, 3, 5, 1000})
    CHECK(events(all, piece) == "a\nb | x: c |  | d\ne | last");
}

TEST_CASE("a line that is bare JSON is an event", "[llm]") {
  CHECK(events("data: a\n\n{\"error\":1}", 1) == "a | {\"error\":1}");
}

TEST_CASE("a line without end is given up, not collected for ever", "[llm]") {
  SseReader reader;
  const std::string piece(1 << 20, 'x');
  for (int i = 0; i < 40; ++i) reader.feed(piece, [](const auto&, const auto&) { FAIL(); });
  CHECK(reader.too_long());
}

TEST_CASE("Gemini's pieces are joined, the last counts hold", "[llm]") {
  CHECK(at_every_cut("gemini", kGemini) ==
        "Gr\xc3\xbc\xc3\x9f+ Gott => Gr\xc3\xbc\xc3\x9f Gott (7 in, 2 out, 0 cached)");
}

TEST_CASE("a stream that breaks off is no short answer", "[llm]") {
  const size_t before_the_last = kGemini.rfind("data:");
  for (const size_t end : {size_t{0}, size_t{10}, before_the_last, before_the_last + 40})
    CHECK(
        streamed("gemini", kGemini.substr(0, end), 7).ends_with("unavailable/provider_malformed"));
  CHECK(streamed("openai", "data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\n", 9) ==
        "Hel => unavailable/provider_malformed");
  CHECK(streamed("anthropic", "data: {\"type\":\"message_start\",\"message\":{}}\n\n", 9) ==
        " => unavailable/provider_malformed");
  CHECK(streamed("openai", "data: {\"choices\":[{\"del\n\n", 9) ==
        " => unavailable/provider_malformed");
}

TEST_CASE("a compatible server may leave out the finish reason, the counts or the end mark",
          "[llm]") {
  const std::string text = "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n";
  CHECK(streamed("openai", text + "data: [DONE]\n\n", 1) == "Hi => Hi (0 in, 0 out, 0 cached)");
  CHECK(streamed("openai",
                 text + "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
                 1) == "Hi => Hi (0 in, 0 out, 0 cached)");
  CHECK(streamed(
            "openai",
            text +
                "data: {\"choices\":[{\"delta\":{\"content\":null},\"finish_reason\":\"length\"}],"
                "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}\n\n",
            1) == "Hi => Hi (cut) (3 in, 1 out, 0 cached)");
}

TEST_CASE("a server that does not stream although it was asked to is read, too", "[llm]") {
  const auto asked = provider("openai");
  const Call call = a_call();
  const std::string body =
      R"({"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}})";
  CHECK(story(asked->stream(call)->end({200, {{"content-type", "application/json"}}, body})) ==
        "Hi");
  CHECK(story(asked->stream(call)->end(
            {200,
             {{"content-type", "text/plain"}},
             "data: "
             "{\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\n"})) ==
        "Hi");
  CHECK(story(asked->stream(call)->end({503, {}, "<html>"})) == "unavailable");
  CHECK(story(asked->stream(call)->end({200, {}, R"({"error":{"message":"no","code":429}})"})) ==
        "limited");
}

TEST_CASE("thinking before the answer is never shown", "[llm]") {
  const auto say = [](const std::string& text) {
    return "data: " + to_text(Json{{"choices", {{{"delta", {{"content", text}}}}}}}) + "\n\n";
  };
  std::string bytes;
  for (const char* piece : {" <th", "ink>secret", " thoughts</th", "ink>\n", "\nThe ", "answer"})
    bytes += say(piece);
  CHECK(streamed("openai", bytes + "data: [DONE]\n\n", 4) ==
        "The +answer => The answer (0 in, 0 out, 0 cached)");
  CHECK(streamed("openai", say("<") + say("b>bold") + "data: [DONE]\n\n", 4) ==
        "<b>bold => <b>bold (0 in, 0 out, 0 cached)");
}

TEST_CASE("requests ask for a stream in the provider's way", "[llm]") {
  Call call = a_call();
  call.stream = true;
  CHECK(request_of(*provider("gemini"), call).url.ends_with("/m-1:streamGenerateContent?alt=sse"));
  CHECK(body_of(*provider("openai"), call)["stream"] == true);
  CHECK(body_of(*provider("openai"), call)["stream_options"] == Json{{"include_usage", true}});
  CHECK(body_of(*provider("anthropic"), call)["stream"] == true);
  CHECK_FALSE(body_of(*provider("openai"), a_call()).contains("stream"));
}

TEST_CASE("every recorded stream reads the same, whole and byte by byte", "[llm]") {
  if (nothing_recorded()) return;
  const auto ends = [](const std::string& provider, const std::string& name) {
    const std::string bytes = recorded(provider + "/" + name + ".sse");
    const std::string of = provider == "openai-compatible" ? "openai" : provider;
    const std::string whole = at_every_cut(of, bytes);
    CHECK(
        streamed(of, bytes, bytes.size()).substr(streamed(of, bytes, bytes.size()).find(" => ")) ==
        whole.substr(whole.find(" => ")));
    std::string line = whole;
    std::replace(line.begin(), line.end(), '\n', '/');
    return line;
  };
  CHECK(ends("gemini", "stream") ==
        "1/2/3/4/5/6/7/8/9/10/11/12/13/1+4/15/16/17/18/19/20/21/22/23/24/25/26/27/28/29/3+0"
        " => "
        "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25/26/27/28/29/30 (18 in, "
        "115 out, 0 cached)");
  CHECK(ends("gemini", "stream-structured") ==
        "{/  \"city\": \"Mexico+ City\",/  \"country\": \"Mexico\"/}  => {/  \"city\": \"Mexico "
        "City\",/  \"country\": \"Mexico\"/}  (128 in, 51 out, 0 cached)");
  CHECK(ends("gemini", "stream-midstream-error") == "Hel => unavailable");
  CHECK(ends("gemini", "recorded-stream-tool-second-turn") ==
        "The capital of Mexico+ is Mexico City. => The capital of Mexico is Mexico City. (257 in, "
        "8 out, 0 cached)");
  CHECK(ends("gemini", "recorded-vertex-stream") == "OK => OK (5 in, 101 out, 0 cached)");
  CHECK(ends("gemini", "tool-stream") == " => unavailable/provider_empty");
  CHECK(ends("openai", "chat-stream") ==
        "The+ capital+ of+ the+ UK+ is+ London+. => The capital of the UK is London. (78 in, 9 "
        "out, 0 cached)");
  CHECK(ends("openai", "chat-stream-error") == "Hel => unavailable");
  CHECK(ends("openai", "chat-stream-tool") == " => unavailable/provider_empty");
  CHECK(ends("openai-compatible", "openrouter-stream-error") == "Hel => limited");
  CHECK(ends("anthropic", "stream") == "2 => 2 (20 in, 5 out, 0 cached)");
  CHECK(ends("anthropic", "stream-error") == "Hel => unavailable");
  CHECK(ends("anthropic", "stream-thinking") ==
        "Here are+ the => Here are the (43 in, 282 out, 0 cached)");
  CHECK(ends("anthropic", "stream-tool") == " => unavailable/provider_malformed");
}

TEST_CASE("the beginning of a structured answer is a value already", "[llm]") {
  const std::string whole =
      R"(Here: {"name": "A\"d\u00e9 x", "tags": ["a", "b"], "n": 12, "ok": true, "in": {"x": null}} )";
  CHECK(closed_prefix("") == "");
  CHECK(closed_prefix("no value yet") == "");
  CHECK(closed_prefix("{") == "{}");
  CHECK(closed_prefix("```json\n{\"a\"") == "{}");
  CHECK(closed_prefix("{\"a\": ") == "{}");
  CHECK(closed_prefix("{\"a\": \"") == "{\"a\": \"\"}");
  CHECK(closed_prefix("{\"a\": \"x\\") == "{\"a\": \"x\"}");
  CHECK(closed_prefix("{\"a\": \"x\\u12") == "{\"a\": \"x\"}");
  CHECK(closed_prefix("{\"a\": \"x\\ud83d\\ude0") == "{\"a\": \"x\"}");
  CHECK(closed_prefix("{\"a\": \"\xc3") == "{\"a\": \"\"}");
  CHECK(closed_prefix("{\"a\": 12") == "{}");
  CHECK(closed_prefix("{\"a\": 12,") == "{\"a\": 12}");
  CHECK(closed_prefix("[1, [2, {\"b\": tru") == "[1, [2, {}]]");
  CHECK(closed_prefix("[1, 2] and more") == "[1, 2]");
  CHECK(closed_prefix("{\"a\": 1}}") == "{\"a\": 1}");
  CHECK(closed_prefix("[oops") == "[]");
  for (size_t end = 0; end <= whole.size(); ++end) {
    INFO(whole.substr(0, end));
    const std::string closed = closed_prefix(std::string_view(whole).substr(0, end));
    if (!closed.empty()) CHECK(Json::accept(closed));
  }
  CHECK(partial_value(whole) ==
        Json::parse(
            R"({"name": "A\"dé x", "tags": ["a", "b"], "n": 12, "ok": true, "in": {"x": null}})"));
  CHECK(closed_prefix(std::string(100, '[')) == std::string(64, '[') + std::string(64, ']'));
}

TEST_CASE("a part of a wrapped answer is unwrapped", "[llm]") {
  Call call = a_call();
  call.schema =
      std::make_shared<const Json>(Json{{"type", "array"}, {"items", {{"type", "string"}}}});
  CHECK(provider("openai")->partial(call, "{\"value\": [\"a\", \"b") == Json{"a", "b"});
}
