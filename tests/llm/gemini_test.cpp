#include <catch2/catch.hpp>

#include "tests/llm/support.h"

using namespace plenum;
using namespace plenum::llm;

namespace {

std::string read(const std::string& body, int status = 200, http::Headers headers = {}) {
  return story(provider("gemini")->read(a_call(), a_response(status, body, std::move(headers))));
}

}  // namespace

TEST_CASE("gemini: a call becomes generateContent with the key in a header", "[llm]") {
  Call call = a_call("What is it?");
  call.model = "gemini-3-flash-preview";
  call.timeout = std::chrono::milliseconds(1234);
  const http::Request request = request_of(*provider("gemini"), call);
  CHECK(request.method == "POST");
  CHECK(request.url ==
        "https://generativelanguage.googleapis.com/v1beta/models/"
        "gemini-3-flash-preview:generateContent");
  CHECK(header_of(request, "x-goog-api-key") == kTestKey);
  CHECK(header_of(request, "content-type") == "application/json");
  CHECK(request.timeout.count() == 1234);
  CHECK_FALSE(request.trusted_destination);
  CHECK(request.url.find(kTestKey) == std::string::npos);
  CHECK(Json::parse(request.body) ==
        Json::parse(R"({"contents": [{"role": "user", "parts": [{"text": "What is it?"}]}]})"));
}

TEST_CASE("gemini: base URL and API version are settings", "[llm]") {
  const auto url = [](const char* base, const char* version, const char* model) {
    Call call = a_call();
    call.model = model;
    return request_of(*provider("gemini", {base, version, "", true}), call).url;
  };
  CHECK(url("http://127.0.0.1:9/", "v1", "m") == "http://127.0.0.1:9/v1/models/m:generateContent");
  CHECK(url("http://127.0.0.1:9/proxy", "", "m") ==
        "http://127.0.0.1:9/proxy/v1beta/models/m:generateContent");
  CHECK(url("http://127.0.0.1:9/v1beta/", "", "m") ==
        "http://127.0.0.1:9/v1beta/models/m:generateContent");
  CHECK(url("http://h", "", "tunedModels/my-1") ==
        "http://h/v1beta/tunedModels/my-1:generateContent");
  CHECK(url("http://h", "", "a b?x#y\r\n") ==
        "http://h/v1beta/models/a%20b%3Fx%23y%0D%0A:generateContent");
}

TEST_CASE("gemini: on Vertex AI paths and credentials differ", "[llm]") {
  Call call = a_call();
  call.model = "gemini-3-flash-preview";
  const auto asked = [&](const char* base, const char* key) {
    const http::Request request =
        request_of(*make_provider("gemini", {base, "", key, true}, ""), call);
    return request.url + " " + header_of(request, "x-goog-api-key") +
           header_of(request, "authorization");
  };
  CHECK(asked("https://aiplatform.googleapis.com", "k-1") ==
        "https://aiplatform.googleapis.com/v1beta1/publishers/google/models/"
        "gemini-3-flash-preview:generateContent k-1");
  CHECK(asked("https://europe-west4-aiplatform.googleapis.com/v1beta1/projects/p/locations/"
              "europe-west4/",
              "ya29.t") ==
        "https://europe-west4-aiplatform.googleapis.com/v1beta1/projects/p/locations/europe-west4/"
        "publishers/google/models/gemini-3-flash-preview:generateContent Bearer ya29.t");
}

TEST_CASE("gemini: every setting has its place", "[llm]") {
  Call call = a_call("And of Italy?");
  call.model = "gemini-3-flash-preview";
  call.system = "You are brief.";
  call.messages.insert(call.messages.begin(), {{Message::Role::user, "Capital of France?", {}},
                                               {Message::Role::assistant, "Paris.", {}}});
  call.temperature = 0.2;
  call.top_p = 0.9;
  call.max_tokens = 256;
  call.seed = 7;
  call.stop = {"END"};
  call.reasoning = "low";
  call.params = Json::parse(
      R"({"safetySettings": [{"category": "C", "threshold": "T"}], "generationConfig": {"topK": 40}})");
  call.schema = std::make_shared<const Json>(Json::parse(
      R"({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})"));
  CHECK(equal(body_of(*provider("gemini"), call), Json::parse(R"({
    "contents": [{"role": "user", "parts": [{"text": "Capital of France?"}]}, {"role": "model", "parts": [{"text": "Paris."}]},
                 {"role": "user", "parts": [{"text": "And of Italy?"}]}],
    "systemInstruction": {"parts": [{"text": "You are brief."}]},
    "safetySettings": [{"category": "C", "threshold": "T"}],
    "generationConfig": {"temperature": 0.2, "topP": 0.9, "topK": 40, "maxOutputTokens": 256, "stopSequences": ["END"], "seed": 7,
      "thinkingConfig": {"thinkingLevel": "LOW"}, "responseMimeType": "application/json",
      "responseJsonSchema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}})")));
}

TEST_CASE("gemini: files go inline, as base64", "[llm]") {
  Call call = a_call("What is in it?");
  call.messages[0].files = {{"image/png", std::string("\x89PNG\0", 5)},
                            {"application/pdf", "%PDF"}};
  CHECK(equal(body_of(*provider("gemini"), call)["contents"][0]["parts"], Json::parse(R"([
    {"inlineData": {"mimeType": "image/png", "data": "iVBORwA="}}, {"inlineData": {"mimeType": "application/pdf", "data": "JVBERg=="}},
    {"text": "What is in it?"}])")));
}

TEST_CASE("gemini: reasoning is a budget for the second generation, a level after it", "[llm]") {
  const auto thinking = [](const char* model, const char* reasoning) {
    Call call = a_call();
    call.model = model;
    call.reasoning = reasoning;
    return to_text(body_of(*provider("gemini"), call)["generationConfig"]["thinkingConfig"]);
  };
  CHECK(thinking("gemini-2.5-flash", "none") == R"({"thinkingBudget":0})");
  CHECK(thinking("gemini-2.5-pro", "none") == R"({"thinkingBudget":128})");
  CHECK(thinking("gemini-2.5-flash", "high") == R"({"thinkingBudget":24576})");
  CHECK(thinking("gemini-3-flash-preview", "none") == R"({"thinkingLevel":"MINIMAL"})");
  CHECK(thinking("gemini-3.1-pro-preview", "none") == R"({"thinkingLevel":"LOW"})");
  CHECK(thinking("gemini-3-flash-preview", "medium") == R"({"thinkingLevel":"MEDIUM"})");
}

TEST_CASE(
    "gemini: a missing key is an error that names the variable, unless the operator's own server "
    "is asked",
    "[llm]") {
  const auto without = make_provider("gemini", {}, "");
  const auto prepared = without->prepare(a_call());
  REQUIRE(!prepared);
  CHECK(prepared.error().kind == Kind::denied);
  CHECK(prepared.error().code == "provider_auth");
  CHECK(prepared.error().message.find("GEMINI_API_KEY") != std::string::npos);
  const auto local = make_provider("gemini", {"http://127.0.0.1:9", "", "", true}, "");
  const http::Request request = request_of(*local, a_call());
  CHECK(request.trusted_destination);
  CHECK(header_of(request, "x-goog-api-key").empty());
}

TEST_CASE("gemini: a key's line end is not part of it", "[llm]") {
  const auto one = make_provider("gemini", {"", "", "abc\r\n", false}, "");
  CHECK(header_of(request_of(*one, a_call()), "x-goog-api-key") == "abc");
}

TEST_CASE("params may not replace what the engine fills in", "[llm]") {
  for (const auto& [name, key] : {std::pair("gemini", "contents"),
                                  {"gemini", "systemInstruction"},
                                  {"openai", "messages"},
                                  {"openai", "model"},
                                  {"openai", "stream"},
                                  {"anthropic", "system"}}) {
    Call call = a_call();
    call.params = {{key, "x"}};
    const auto prepared = provider(name)->prepare(call);
    INFO(name << " " << key);
    REQUIRE(!prepared);
    CHECK(prepared.error().kind == Kind::invalid);
    CHECK(prepared.error().message.find("`" + std::string(key) + "`") != std::string::npos);
  }
  Call call = a_call();
  call.params = Json::array();
  CHECK(!provider("gemini")->prepare(call));
}

TEST_CASE("gemini: the answer is the text of all parts that are no thoughts", "[llm]") {
  const auto reply = provider("gemini")->read(
      a_call(), a_response(200, R"({"candidates": [{"content": {"role": "model", "parts": [
      {"text": "I think", "thought": true}, {"text": "4"}, {"text": "2", "thoughtSignature": "x"}, {"unknownPart": {}}]}, "finishReason": "STOP"}],
      "usageMetadata": {"promptTokenCount": 15, "candidatesTokenCount": 2, "thoughtsTokenCount": 72, "cachedContentTokenCount": 5},
      "modelVersion": "gemini-3.5-flash", "responseId": "r-1"})"));
  REQUIRE(reply);
  CHECK(reply->text == "42");
  CHECK(reply->model == "gemini-3.5-flash");
  CHECK(reply->id == "r-1");
  CHECK(story(reply->usage) == "15 in, 74 out, 5 cached");
  CHECK_FALSE(reply->cut);
}

TEST_CASE("gemini: a reply that stopped at the cap is cut, with text or without", "[llm]") {
  CHECK(
      read(
          R"({"candidates": [{"content": {"parts": [{"text": "{\"a\": "}]}, "finishReason": "MAX_TOKENS"}]})") ==
      "{\"a\":  (cut)");
  CHECK(read(R"({"candidates": [{"content": {"role": "model"}, "finishReason": "MAX_TOKENS"}]})") ==
        " (cut)");
  CHECK(read(R"({"candidates": [{"finishReason": "MAX_TOKENS"}]})") == " (cut)");
}

TEST_CASE("gemini: what is blocked is refused, never empty or invalid JSON", "[llm]") {
  CHECK(read(R"({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})") ==
        "invalid/provider_refused");
  CHECK(read(R"({"candidates": [], "promptFeedback": {"blockReason": "SAFETY"}})") ==
        "invalid/provider_refused");
  for (const char* reason : {"SAFETY", "RECITATION", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII",
                             "LANGUAGE", "OTHER", "A_NEW_ONE"}) {
    INFO(reason);
    const auto reply = provider("gemini")->read(
        a_call(), a_response(200, R"({"candidates": [{"content": {}, "finishReason": ")" +
                                      std::string(reason) + "\"}]}"));
    CHECK(story(reply) == "invalid/provider_refused");
    CHECK(reply.error().message.find(reason) != std::string::npos);
  }
}

TEST_CASE("gemini: an answer without content is worth another try", "[llm]") {
  CHECK(read(R"({"candidates": []})") == "unavailable/provider_empty");
  CHECK(read(R"({})") == "unavailable/provider_empty");
  CHECK(read(R"({"candidates": [{"content": {"parts": []}, "finishReason": "STOP"}]})") ==
        "unavailable/provider_empty");
  CHECK(
      read(R"({"candidates": [{"content": {"parts": [{"text": ""}]}, "finishReason": "STOP"}]})") ==
      "unavailable/provider_empty");
  CHECK(read(R"({"candidates": [{"finishReason": "MALFORMED_RESPONSE"}]})") ==
        "unavailable/provider_malformed");
}

TEST_CASE("an answer that is not JSON is worth another try", "[llm]") {
  for (const char* name : {"gemini", "openai", "anthropic"})
    for (const char* body : {"", "<html>hi</html>", R"({"candidates": [)", "null", "[]", "\"text\"",
                             R"({"choices": 3, "content": 3, "candidates": 3})"}) {
      INFO(name << " " << body);
      const std::string told = story(provider(name)->read(a_call(), a_response(200, body)));
      CHECK((told == "unavailable/provider_malformed" || told == "unavailable/provider_empty"));
    }
}

TEST_CASE("members of a strange type are read as absent", "[llm]") {
  for (const char* name : {"gemini", "openai", "anthropic"})
    for (
        const char* body :
        {R"({"candidates": [{"content": {"parts": [{"text": 5}]}, "finishReason": 7}], "usageMetadata": []})",
         R"({"choices": [{"message": {"content": 5}, "finish_reason": {}}], "usage": {"prompt_tokens": "x"}})",
         R"({"choices": [5]})", R"({"content": [5], "stop_reason": [], "usage": 3})",
         R"({"error": 5})",
         R"({"error": {"code": {}, "details": {"a": 1}, "metadata": 5, "availability": []}})",
         R"([{"error": {"message": 1}}])", R"({"promptFeedback": "x"})"}) {
      INFO(name << " " << body);
      CHECK(!provider(name)->read(a_call(), a_response(200, body)));
      CHECK(!provider(name)->read(a_call(), a_response(429, body)));
      CHECK(!provider(name)->read(a_call(), a_response(400, body)));
    }
}

TEST_CASE("gemini: errors are told apart", "[llm]") {
  const auto error = [](int code, const char* status, const char* message, const char* more = "") {
    return R"({"error": {"code": )" + std::to_string(code) + R"(, "message": ")" + message +
           R"(", "status": ")" + status + "\"" + more + "}}";
  };
  CHECK(read(error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
             400) == "denied/provider_auth");
  CHECK(read(error(400, "INVALID_ARGUMENT", "x", R"(, "details": [{"reason": "API_KEY_INVALID"}])"),
             400) == "denied/provider_auth");
  CHECK(read(error(403, "PERMISSION_DENIED", "no"), 403) == "denied/provider_auth");
  CHECK(read(error(400, "INVALID_ARGUMENT",
                   "The input token count (9) exceeds the maximum number of tokens allowed (8)."),
             400) == "invalid/context_too_long");
  CHECK(read(error(400, "INVALID_ARGUMENT", "Request contains an invalid argument."), 400) ==
        "invalid/provider_rejected");
  CHECK(read(error(402, "RESOURCE_EXHAUSTED", "credits"), 402) == "limited/quota_exhausted");
  CHECK(read(error(404, "NOT_FOUND", "models/x is not found"), 404) == "invalid/model_not_found");
  CHECK(read(error(429, "RESOURCE_EXHAUSTED", "quota"), 429) == "limited");
  CHECK(read(error(429, "RESOURCE_EXHAUSTED", "quota",
                   R"(, "details": [{"retryDelay": "34.074824224s"}])"),
             429) == "limited after 34074 ms");
  CHECK(
      read(
          error(
              429, "RESOURCE_EXHAUSTED", "quota",
              R"(, "details": [{"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel"}]}, {"retryDelay": "5s"}])"),
          429) == "limited/quota_exhausted after 5000 ms");
  CHECK(read("[" + error(503, "UNAVAILABLE", "The model is overloaded.") + "]", 503) ==
        "unavailable");
  CHECK(read(error(500, "INTERNAL", "x"), 500) == "unavailable");
  CHECK(read(error(504, "DEADLINE_EXCEEDED", "x"), 504) == "timeout");
  CHECK(read(error(429, "RESOURCE_EXHAUSTED", "in a success"), 200) == "limited");
  CHECK(read("<html>502</html>", 502) == "unavailable");
  CHECK(read("<html>404</html>", 404) == "invalid/provider_rejected");
  CHECK(read("", 302) == "invalid/provider_rejected");
}

TEST_CASE(
    "how long to wait: milliseconds, then seconds or a date, then the body; clamped, and ignored "
    "when unreadable",
    "[llm]") {
  const std::string body =
      R"({"error": {"code": 429, "message": "m", "details": [{"retryDelay": "2.5s"}]}})";
  const auto wait = [&](http::Headers headers) { return read(body, 429, std::move(headers)); };
  CHECK(wait({}) == "limited after 2500 ms");
  CHECK(wait({{"retry-after", "7"}}) == "limited after 7000 ms");
  CHECK(wait({{"retry-after", "1.5"}}) == "limited after 1500 ms");
  CHECK(wait({{"retry-after", "7"}, {"retry-after-ms", "300"}}) == "limited after 300 ms");
  CHECK(wait({{"retry-after", "999999"}}) == "limited after 900000 ms");
  CHECK(wait({{"retry-after", "1e999"}}) == "limited after 2500 ms");
  CHECK(wait({{"retry-after", "-5"}}) == "limited after 2500 ms");
  CHECK(wait({{"retry-after", "nan"}}) == "limited after 2500 ms");
  CHECK(wait({{"retry-after", "soon"}}) == "limited after 2500 ms");
  CHECK(wait({{"retry-after", "Sat, 21 Nov 2026 10:00:30 GMT"},
              {"date", "Sat, 21 Nov 2026 10:00:00 GMT"}}) == "limited after 30000 ms");
  CHECK(wait({{"retry-after", "Sat, 21 Nov 2026 09:00:00 GMT"},
              {"date", "Sat, 21 Nov 2026 10:00:00 GMT"}}) == "limited after 0 ms");
  CHECK(wait({{"retry-after", "Sat, 21 Nov 2026 10:00:30 GMT"}}) == "limited after 2500 ms");
}

TEST_CASE("an error shows what the provider said, but no key, no prompt and not much", "[llm]") {
  const std::string prompt = "My name is Ada Lovelace and my phone is 555 0100.";
  const auto message = [&](const std::string& said) {
    const Json body = {
        {"error", {{"code", 400}, {"message", said}, {"status", "INVALID_ARGUMENT"}}}};
    return provider("gemini")->read(a_call(prompt), a_response(400, to_text(body))).error().message;
  };
  CHECK(message("Cannot fetch the file.") ==
        "Gemini rejected the request (400): Cannot fetch the file.");
  CHECK(message("Bad key " + std::string(kTestKey) + "!").find("0123456789") == std::string::npos);
  const std::string quoting = message("Invalid value: \"" + prompt + "\" at contents[0]");
  CHECK(quoting.find("Ada") == std::string::npos);
  CHECK(quoting.find("0100") == std::string::npos);
  CHECK(quoting.find("at contents[0]") != std::string::npos);
  CHECK(message(std::string(5000, 'x')).size() < 400);
  CHECK(message("line\nbreak\x1b[31m").find_first_of("\n\x1b") == std::string::npos);
}

TEST_CASE("every provider's error about a key names the variable to check", "[llm]") {
  for (const auto& [name, variable] : {std::pair("gemini", "GEMINI_API_KEY"),
                                       {"openai", "OPENAI_API_KEY"},
                                       {"anthropic", "ANTHROPIC_API_KEY"}}) {
    const auto reply = provider(name)->read(
        a_call(),
        a_response(401, R"({"error": {"message": "Incorrect API key: key-0123456789-secret"}})"));
    CHECK(story(reply) == "denied/provider_auth");
    CHECK(reply.error().message.find(variable) != std::string::npos);
    CHECK(reply.error().message.find("0123456789") == std::string::npos);
  }
}

TEST_CASE("there are four providers, and no others", "[llm]") {
  CHECK(provider_names() == std::vector<std::string>{"anthropic", "gemini", "offline", "openai"});
  for (const std::string& name : provider_names()) CHECK(make_provider(name, {}, "") != nullptr);
  CHECK(make_provider("gemnii", {}, "") == nullptr);
}
