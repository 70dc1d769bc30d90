#include <catch2/catch.hpp>

#include "tests/llm/support.h"

using namespace plenum;
using namespace plenum::llm;

namespace {

std::string read(const char* name, const std::string& body, int status = 200,
                 http::Headers headers = {}) {
  return story(provider(name)->read(a_call(), a_response(status, body, std::move(headers))));
}

std::string chat(const std::string& message, const char* reason = "stop") {
  return R"({"choices": [{"message": )" + message + R"(, "finish_reason": ")" + reason + "\"}]}";
}

const Json kPerson = Json::parse(
    R"({"type": "object", "properties": {"name": {"type": "string"}, "born": {"type": "integer"}}, "required": ["name"]})");

}  // namespace

TEST_CASE("openai: a call becomes a chat completion", "[llm]") {
  Call call = a_call("And of Italy?");
  call.model = "gpt-5-mini";
  call.system = "You are brief.";
  call.temperature = 0.2;
  call.top_p = 0.9;
  call.max_tokens = 256;
  call.seed = 7;
  call.stop = {"END"};
  call.reasoning = "low";
  call.params = {{"verbosity", "low"}};
  const http::Request request = request_of(*provider("openai"), call);
  CHECK(request.url == "https://api.openai.com/v1/chat/completions");
  CHECK(header_of(request, "authorization") == "Bearer " + std::string(kTestKey));
  CHECK(equal(Json::parse(request.body), Json::parse(R"({"model": "gpt-5-mini", "messages": [
    {"role": "system", "content": "You are brief."}, {"role": "user", "content": "And of Italy?"}],
    "temperature": 0.2, "top_p": 0.9, "max_completion_tokens": 256, "seed": 7, "stop": ["END"], "reasoning_effort": "low", "verbosity": "low"})")));
}

TEST_CASE("openai: a base URL is taken as everybody writes it", "[llm]") {
  const auto url = [](const char* base) {
    return request_of(*provider("openai", {base, "", "", true}), a_call()).url;
  };
  CHECK(url("http://localhost:11434/v1/") == "http://localhost:11434/v1/chat/completions");
  CHECK(url("https://api.groq.com/openai/v1") == "https://api.groq.com/openai/v1/chat/completions");
  CHECK(url("http://127.0.0.1:9") == "http://127.0.0.1:9/v1/chat/completions");
}

TEST_CASE("openai: compatible servers get the cap under its older name, OpenAI's models never",
          "[llm]") {
  const auto member = [](const char* base, const char* model) {
    Call call = a_call();
    call.model = model;
    call.max_tokens = 9;
    const Json body = body_of(*provider("openai", {base, "", "", true}), call);
    return std::string(body.contains("max_tokens") ? "max_tokens" : "") +
           (body.contains("max_completion_tokens") ? "max_completion_tokens" : "");
  };
  CHECK(member("http://localhost:11434/v1", "llama3.2") == "max_tokens");
  CHECK(member("http://localhost:11434/v1", "gpt-oss:20b") == "max_tokens");
  CHECK(member("http://gateway/v1", "gpt-5-mini") == "max_completion_tokens");
  CHECK(member("http://gateway/v1", "o4-mini") == "max_completion_tokens");
  CHECK(member("", "anything") == "max_completion_tokens");
}

TEST_CASE("openai: images are data URLs, other files are files", "[llm]") {
  Call call = a_call("What is in it?");
  call.messages[0].files = {{"image/png", "abc"}, {"application/pdf", "%PDF"}};
  CHECK(equal(body_of(*provider("openai"), call)["messages"][0]["content"],
              Json::parse(R"([{"type": "text", "text": "What is in it?"},
    {"type": "image_url", "image_url": {"url": "data:image/png;base64,YWJj"}},
    {"type": "file", "file": {"filename": "document.pdf", "file_data": "data:application/pdf;base64,JVBERg=="}}])")));
}

TEST_CASE("openai: a schema is sent strict, and the nulls it forces are taken out of the reply",
          "[llm]") {
  Call call = a_call();
  call.schema = std::make_shared<const Json>(kPerson);
  const Json format = body_of(*provider("openai"), call)["response_format"];
  CHECK(format["json_schema"]["name"] == "analyze");
  CHECK(format["json_schema"]["strict"] == true);
  CHECK(format["json_schema"]["schema"]["required"] == Json::array({"name", "born"}));
  const auto reply = provider("openai")->read(
      call, a_response(200, chat(R"({"content": "{\"name\": \"Ada\", \"born\": null}"})")));
  CHECK(story(reply) == R"({"name":"Ada"})");
}

TEST_CASE("openai: a list is asked for inside an object and comes out of it again", "[llm]") {
  Call call = a_call();
  call.schema = std::make_shared<const Json>(
      Json::parse(R"({"type": "array", "items": {"type": "string"}})"));
  const Json body = body_of(*provider("openai"), call);
  CHECK(body["response_format"]["json_schema"]["schema"]["properties"]["value"]["type"] == "array");
  const auto reply = provider("openai")->read(
      call, a_response(200, chat(R"({"content": "{\"value\": [\"a\", \"b\"]}"})")));
  CHECK(story(reply) == R"(["a","b"])");
}

TEST_CASE("a schema that cannot be enforced is said in words", "[llm]") {
  Call call = a_call();
  call.system = "Be brief.";
  call.schema = std::make_shared<const Json>(Json::parse(
      R"({"$schema": "x", "type": "object", "additionalProperties": {"type": "integer"}})"));
  const Json chat_body = body_of(*provider("openai"), call);
  CHECK(chat_body["response_format"]["json_schema"]["strict"] == false);
  CHECK(chat_body["messages"][0]["content"].get<std::string>().find(
            R"({"type":"object","additionalProperties":{"type":"integer"}})") != std::string::npos);
  const Json messages_body = body_of(*provider("anthropic"), call);
  CHECK_FALSE(messages_body.contains("output_config"));
  CHECK(messages_body["system"].get<std::string>().rfind(
            "Be brief.\n\nAnswer with one JSON document", 0) == 0);
}

TEST_CASE("openai: replies are read by their finish reason first", "[llm]") {
  CHECK(read("openai", chat(R"({"content": "Paris."})")) == "Paris.");
  CHECK(read("openai", chat(R"({"content": "Par"})", "length")) == "Par (cut)");
  CHECK(read("openai", chat(R"({"content": null})", "length")) == " (cut)");
  CHECK(read("openai", chat(R"({"content": null, "refusal": "I'm sorry."})")) ==
        "invalid/provider_refused");
  CHECK(read("openai", chat(R"({"content": "x"})", "content_filter")) ==
        "invalid/provider_refused");
  CHECK(read("openai", chat(R"({"content": ""})")) == "unavailable/provider_empty");
  CHECK(read("openai", R"({"choices": []})") == "unavailable/provider_empty");
  CHECK(read("openai", chat(R"({"content": "x"})", "a_new_one")) == "x");
}

TEST_CASE("openai: thinking that a server left in the text is taken out", "[llm]") {
  CHECK(read("openai", chat(R"({"content": "<think>hm</think>\n\nParis."})")) == "Paris.");
  CHECK(read("openai", chat(R"({"content": "a <think>hm</think> b"})")) == "a <think>hm</think> b");
  CHECK(
      read(
          "openai",
          chat(
              R"({"content": [{"type": "text", "text": "Par"}, {"type": "text", "text": "is."}]})")) ==
      "Paris.");
}

TEST_CASE("openai: usage counts cached tokens inside the input", "[llm]") {
  const auto reply = provider("openai")->read(
      a_call(),
      a_response(200, R"({"id": "c-1", "model": "gpt-x", "choices": [{"message": {"content": "a"}}],
    "usage": {"prompt_tokens": 20, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 8}}})"));
  REQUIRE(reply);
  CHECK(reply->model + " " + reply->id == "gpt-x c-1");
  CHECK(story(reply->usage) == "20 in, 5 out, 8 cached");
}

TEST_CASE("openai: errors are told apart", "[llm]") {
  const auto error = [](const char* type, const char* code, const char* message = "m") {
    return R"({"error": {"message": ")" + std::string(message) + R"(", "type": ")" + type +
           R"(", "param": null, "code": ")" + code + "\"}}";
  };
  CHECK(read("openai", error("invalid_request_error", "invalid_api_key"), 401) ==
        "denied/provider_auth");
  CHECK(read("openai", error("invalid_request_error", "model_not_found"), 404) ==
        "invalid/model_not_found");
  CHECK(read("openai", error("invalid_request_error", "model_not_found"), 400) ==
        "invalid/model_not_found");
  CHECK(read("openai", error("invalid_request_error", "context_length_exceeded"), 400) ==
        "invalid/context_too_long");
  CHECK(read("openai", error("invalid_request_error", "unsupported_parameter"), 400) ==
        "invalid/provider_rejected");
  CHECK(read("openai", error("insufficient_quota", "insufficient_quota"), 429) ==
        "limited/quota_exhausted");
  CHECK(read("openai", error("requests", "rate_limit_exceeded"), 429, {{"retry-after", "1"}}) ==
        "limited after 1000 ms");
  CHECK(read("openai", error("requests", "slow_down"), 429, {{"x-should-retry", "false"}}) ==
        "limited/quota_exhausted");
  CHECK(read("openai", error("server_error", ""), 500) == "unavailable");
  CHECK(read("openai", error("server_error", ""), 500, {{"x-should-retry", "false"}}) ==
        "invalid/provider_rejected");
  CHECK(read("openai", error("x", ""), 418, {{"x-should-retry", "true"}}) == "unavailable");
  CHECK(read("openai", error("timeout", ""), 408) == "timeout");
  CHECK(read("openai", error("conflict", ""), 409) == "unavailable");
  CHECK(read("openai", error("invalid_request_error", "tool_use_failed"), 400) ==
        "unavailable/provider_malformed");
  CHECK(read("openai", R"({"error": "model 'nope' not found"})", 404) == "invalid/model_not_found");
  CHECK(
      read(
          "openai",
          R"({"error": {"code": 402, "message": "m", "metadata": {"error_type": "payment_required"}}})") ==
      "limited/quota_exhausted");
  CHECK(
      read(
          "openai",
          R"({"error": {"code": 502, "message": "m", "availability": {"retryable": true, "retry_after": 4}}})") ==
      "unavailable after 4000 ms");
  CHECK(read("openai",
             R"({"error": {"code": 503, "message": "m", "availability": {"retryable": false}}})") ==
        "invalid/provider_rejected");
}

TEST_CASE("an error's trail holds the provider's request id", "[llm]") {
  const auto reply =
      provider("openai")->read(a_call(), a_response(500, "{}", {{"x-request-id", "req_1"}}));
  CHECK(reply.error().trail == "request req_1");
}

TEST_CASE("anthropic: a call becomes messages", "[llm]") {
  Call call = a_call("And of Italy?");
  call.model = "claude-sonnet-5-5";
  call.system = "You are brief.";
  call.stop = {"END"};
  call.reasoning = "low";
  call.temperature = 1;
  call.schema = std::make_shared<const Json>(Json::parse(
      R"({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})"));
  call.messages[0].files = {{"image/png", "abc"}, {"application/pdf", "%PDF"}};
  const http::Request request = request_of(*provider("anthropic"), call);
  CHECK(request.url == "https://api.anthropic.com/v1/messages");
  CHECK(header_of(request, "x-api-key") == kTestKey);
  CHECK(header_of(request, "anthropic-version") == "2023-06-01");
  CHECK(equal(
      Json::parse(request.body),
      Json::parse(R"({"model": "claude-sonnet-5-5", "max_tokens": 8192, "system": "You are brief.",
    "messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "YWJj"}},
      {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERg=="}}, {"type": "text", "text": "And of Italy?"}]}],
    "temperature": 1, "stop_sequences": ["END"], "output_config": {"effort": "low", "format": {"type": "json_schema", "schema":
      {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": false}}}})")));
}

TEST_CASE("anthropic: base URL and version are settings", "[llm]") {
  Call call = a_call();
  call.max_tokens = 5;
  call.reasoning = "none";
  const http::Request request =
      request_of(*provider("anthropic", {"http://h/v1/", "2026-10-21", "", true}), call);
  CHECK(request.url == "http://h/v1/messages");
  CHECK(header_of(request, "anthropic-version") == "2026-10-21");
  CHECK(Json::parse(request.body)["max_tokens"] == 5);
  CHECK(Json::parse(request.body)["thinking"]["type"] == "disabled");
}

TEST_CASE("anthropic: replies are read by their stop reason first", "[llm]") {
  const auto message = [](const char* content, const char* reason) {
    return R"({"content": )" + std::string(content) + R"(, "stop_reason": ")" + reason + "\"}";
  };
  const char* text =
      R"([{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Paris."}])";
  CHECK(read("anthropic", message(text, "end_turn")) == "Paris.");
  CHECK(read("anthropic", message(text, "stop_sequence")) == "Paris.");
  CHECK(read("anthropic", message(text, "max_tokens")) == "Paris. (cut)");
  CHECK(read("anthropic", message(text, "model_context_window_exceeded")) == "Paris. (cut)");
  CHECK(read("anthropic", message("[]", "refusal")) == "invalid/provider_refused");
  CHECK(read("anthropic", message("[]", "end_turn")) == "unavailable/provider_empty");
  CHECK(read("anthropic", message(text, "pause_turn")) == "unavailable/provider_malformed");
}

TEST_CASE("anthropic: cached tokens count as input", "[llm]") {
  const auto reply =
      provider("anthropic")
          ->read(
              a_call(),
              a_response(
                  200,
                  R"({"id": "m-1", "model": "claude-x", "content": [{"type": "text", "text": "a"}],
    "stop_reason": "end_turn", "usage": {"input_tokens": 3, "cache_creation_input_tokens": 10, "cache_read_input_tokens": 20, "output_tokens": 4}})"));
  REQUIRE(reply);
  CHECK(story(reply->usage) == "33 in, 4 out, 20 cached");
}

TEST_CASE("anthropic: errors are told apart", "[llm]") {
  const auto error = [](const char* type, const char* message = "m", const char* more = "") {
    return R"({"type": "error", "error": {"type": ")" + std::string(type) + R"(", "message": ")" +
           message + "\"" + more + "}}";
  };
  CHECK(read("anthropic", error("invalid_request_error"), 400) == "invalid/provider_rejected");
  CHECK(read("anthropic", error("invalid_request_error", "Your credit balance is too low"), 400) ==
        "limited/quota_exhausted");
  CHECK(read("anthropic",
             error("invalid_request_error", "prompt is too long: 5 tokens > 4 maximum"),
             400) == "invalid/context_too_long");
  CHECK(read("anthropic", error("authentication_error"), 401) == "denied/provider_auth");
  CHECK(read("anthropic", error("billing_error"), 402) == "limited/quota_exhausted");
  CHECK(read("anthropic", error("permission_error"), 403) == "denied/provider_auth");
  CHECK(read("anthropic", error("not_found_error"), 404) == "invalid/model_not_found");
  CHECK(read("anthropic", error("request_too_large"), 413) == "invalid/context_too_long");
  CHECK(read("anthropic", error("rate_limit_error"), 429, {{"retry-after", "3"}}) ==
        "limited after 3000 ms");
  CHECK(read("anthropic",
             error("rate_limit_error", "m",
                   R"(, "details": {"error_code": "enforced_spend_limit_reached"})"),
             429) == "limited/quota_exhausted");
  CHECK(read("anthropic", error("api_error"), 500) == "unavailable");
  CHECK(read("anthropic", error("timeout_error"), 504) == "timeout");
  CHECK(read("anthropic", error("overloaded_error"), 529) == "unavailable");
}
