// The providers against recorded exchanges of the official SDKs and services.  The recordings are
// not part of the project; without them these cases say so and pass, and the hand-made exchanges
// beside this file stand alone.
#include <catch2/catch.hpp>

#include "tests/llm/support.h"
#include "tests/support/recorded.h"

using namespace plenum;
using namespace plenum::llm;
using namespace plenum::test;

namespace {

Json load(const std::string& name) {
  return Json::parse(recorded_text(name + ".json"));
}

// Every exchange of a recording, as our reader sees its reply: "denied/provider_auth", "text",
// joined by " | ".
std::string replies(const std::string& name, const std::string& provider_name,
                    const Call& call = a_call()) {
  std::string out;
  const auto asked = provider(provider_name);
  const Json recording = load(name);
  for (const Json& exchange : recording["exchanges"]) {
    const Json& recorded = exchange["response"];
    http::Response response{recorded["status"].get<int>(), {}, ""};
    if (recorded.contains("headers"))
      for (const auto& [key, value] : recorded["headers"].items())
        response.headers.emplace_back(key, value.get<std::string>());
    response.body = recorded.contains("body") && !recorded["body"].is_string()
                        ? to_text(recorded["body"])
                    : recorded.contains("body") ? recorded["body"].get<std::string>()
                                                : text_or(recorded, "body_text");
    out += (out.empty() ? "" : " | ") + story(asked->read(call, response));
  }
  return out;
}

Json recorded_request(const std::string& name) {
  return load(name)["exchanges"][0]["request"]["body"];
}

std::string bytes_of(const std::string& base64_text) {
  static const std::string kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0, value = 0;
  for (const char c : base64_text) {
    if (c == '=') break;
    value = value << 6 | static_cast<unsigned>(kAlphabet.find(c));
    if ((bits += 6) >= 8) out += static_cast<char>(value >> (bits -= 8));
  }
  return out;
}

// What two requests may differ in without meaning anything else: which part of a message comes
// first, text as one part or as a string, the role that system text has, and the SDK's members that
// we have no use for.
Json normal(Json request, std::initializer_list<const char*> unused = {}) {
  for (const char* key : unused) request.erase(key);
  if (request.contains("systemInstruction")) request["systemInstruction"].erase("role");
  for (const char* list : {"contents", "messages"}) {
    if (!request.contains(list)) continue;
    for (Json& message : request[list]) {
      if (text_or(message, "role") == "developer") message["role"] = "system";
      Json& parts = message.contains("parts") ? message["parts"] : message["content"];
      if (parts.is_string()) parts = Json::array({{{"type", "text"}, {"text", parts}}});
      for (Json& part : parts) {
        part.erase("title");
        if (part.contains("image_url")) part["image_url"].erase("detail");
        if (part.contains("file")) part["file"].erase("filename");
      }
      std::sort(parts.begin(), parts.end(),
                [](const Json& a, const Json& b) { return canonical(a) < canonical(b); });
    }
  }
  return request;
}

void same_request(const std::string& provider_name, const Call& call, const std::string& recording,
                  std::initializer_list<const char*> unused = {}) {
  const Json ours = normal(body_of(*provider(provider_name), call));
  const Json theirs = normal(recorded_request(recording), unused);
  INFO("ours   " << canonical(ours) << "\ntheirs " << canonical(theirs));
  CHECK(equal(ours, theirs));
}

Call with_model(const std::string& prompt, const std::string& model) {
  Call call = a_call(prompt);
  call.model = model;
  return call;
}

const Json kCity = Json::parse(
    R"({"type": "object", "properties": {"city": {"type": "string"}, "country": {"type": "string"},
  "population": {"type": ["integer", "null"]}}, "required": ["city", "country"], "additionalProperties": false})");

Call conversation(const std::string& model) {
  Call call = with_model("What is the capital of France?", model);
  call.system = "You are a helpful chatbot.";
  call.messages.push_back({Message::Role::assistant, "Paris.", {}});
  call.messages.push_back({Message::Role::user, "And of Italy?", {}});
  call.stop = {"END"};
  call.reasoning = "low";
  return call;
}

}  // namespace

TEST_CASE("recorded: gemini requests mean what the SDK's mean", "[recorded]") {
  if (nothing_recorded()) return;
  const std::string model = "gemini-3-flash-preview";
  same_request("gemini", with_model("What is 2 + 2? Reply with just the number.", model),
               "gemini/text");

  Call settings = conversation(model);
  settings.temperature = 0.2;
  settings.top_p = 0.9;
  settings.max_tokens = 256;
  settings.seed = 7;
  settings.params = Json::parse(
      R"({"serviceTier": "standard", "safetySettings": [{"category": "HARM_CATEGORY_DANGEROUS_CONTENT",
    "threshold": "BLOCK_ONLY_HIGH"}], "generationConfig": {"topK": 40, "candidateCount": 1, "responseLogprobs": false, "presencePenalty": 0.1,
    "frequencyPenalty": 0.1, "thinkingConfig": {"includeThoughts": false}}})");
  same_request("gemini", settings, "gemini/system-and-config");

  Call structured = with_model("What is the largest city in Mexico?", model);
  structured.schema = std::make_shared<const Json>(kCity);
  same_request("gemini", structured, "gemini/structured-json-schema");

  const Json image =
      recorded_request("gemini/image-inline")["contents"][0]["parts"][1]["inlineData"]["data"];
  Call picture = with_model("What fruit is in the image?", model);
  picture.messages[0].files = {{"image/png", bytes_of(image.get<std::string>())}};
  same_request("gemini", picture, "gemini/image-inline");

  const Json pdf =
      recorded_request("gemini/pdf-inline")["contents"][0]["parts"][0]["inlineData"]["data"];
  Call document = with_model("Summarise the document.", model);
  document.messages[0].files = {{"application/pdf", bytes_of(pdf.get<std::string>())}};
  document.params =
      Json::parse(R"({"generationConfig": {"mediaResolution": "MEDIA_RESOLUTION_LOW"}})");
  same_request("gemini", document, "gemini/pdf-inline");
}

TEST_CASE("recorded: openai requests mean what the SDK's mean", "[recorded]") {
  if (nothing_recorded()) return;
  const std::string model = "gpt-5.4-mini";
  Call settings = conversation(model);
  settings.temperature = 0.2;
  settings.top_p = 0.9;
  settings.max_tokens = 256;
  settings.seed = 7;
  settings.params = Json::parse(
      R"({"presence_penalty": 0.1, "frequency_penalty": 0.1, "n": 1, "verbosity": "low", "service_tier": "auto",
    "store": false, "metadata": {"request": "abc"}, "prompt_cache_key": "k", "safety_identifier": "user-hash"})");
  same_request("openai", settings, "openai/chat-system-and-config");

  Call structured = with_model("What is the largest city in Mexico?", model);
  structured.node = "city_location";
  Json city = kCity;
  city["required"].push_back("population");
  structured.schema = std::make_shared<const Json>(city);
  structured.params =
      Json::parse(R"({"response_format": {"json_schema": {"description": "A city"}}})");
  same_request("openai", structured, "openai/chat-structured");

  const Json image =
      recorded_request("openai/chat-image")["messages"][0]["content"][1]["image_url"]["url"];
  Call picture = with_model("What fruit is in the image?", model);
  picture.messages[0].files = {{"image/png", bytes_of(image.get<std::string>().substr(22))}};
  same_request("openai", picture, "openai/chat-image");

  const Json pdf =
      recorded_request("openai/chat-pdf")["messages"][0]["content"][1]["file"]["file_data"];
  Call document = with_model("What is the main content on this document?", model);
  document.messages[0].files = {{"application/pdf", bytes_of(pdf.get<std::string>().substr(28))}};
  same_request("openai", document, "openai/chat-pdf");
}

TEST_CASE("recorded: anthropic requests mean what the SDK's mean", "[recorded]") {
  if (nothing_recorded()) return;
  const std::string model = "claude-sonnet-5-5";
  Call settings = conversation(model);
  settings.max_tokens = 1024;
  settings.params = Json::parse(
      R"({"metadata": {"user_id": "user-hash"}, "service_tier": "auto", "thinking": {"type": "adaptive", "display": "summarized"}})");
  Json theirs = normal(recorded_request("anthropic/system-and-config"));
  CHECK(theirs["system"][0]["text"] == "You are a helpful chatbot.");
  theirs["system"] = theirs["system"][0]["text"].get<std::string>();
  CHECK(canonical(normal(body_of(*provider("anthropic"), settings))) == canonical(theirs));

  Call structured = with_model("Return exactly this payment amount: 12.34", model);
  structured.max_tokens = 1024;
  structured.schema = std::make_shared<const Json>(Json::parse(
      R"({"type": "object", "properties": {"amount": {"type": ["number", "string"]}}, "required": ["amount"]})"));
  same_request("anthropic", structured, "anthropic/structured");

  for (const auto& [name, mime, prompt] :
       {std::tuple("anthropic/image", "image/png", "What fruit is in the image?"),
        {"anthropic/pdf", "application/pdf", "What is the main content on this document?"}}) {
    const Json data = recorded_request(name)["messages"][0]["content"][0]["source"]["data"];
    Call call = with_model(prompt, model);
    call.max_tokens = 1024;
    call.messages[0].files = {{mime, bytes_of(data.get<std::string>())}};
    same_request("anthropic", call, name);
  }
}

TEST_CASE("recorded: gemini's replies and errors are read as what they are", "[recorded]") {
  if (nothing_recorded()) return;
  Call structured = a_call();
  structured.schema = std::make_shared<const Json>(kCity);
  const std::vector<std::pair<const char*, const char*>> table = {
      {"text", "4"},
      {"system-and-config", "The capital of France is (cut)"},
      {"image-inline", "The fruit in the image is a kiwi."},
      {"blocked-prompt", "invalid/provider_refused"},
      {"blocked-prompt-model-armor", "invalid/provider_refused"},
      {"finish-safety", "invalid/provider_refused"},
      {"finish-unknown-enum", "invalid/provider_refused"},
      {"finish-max-tokens-empty", " (cut)"},
      {"documented-error-402", "limited/quota_exhausted"},
      {"error-400-bad-key", "denied/provider_auth"},
      {"error-404-model", "invalid/model_not_found"},
      {"error-429-no-retry-by-default", "limited after 2500 ms"},
      {"error-503-overloaded", "unavailable"},
      {"error-retry-enabled", "limited after 2500 ms | unavailable | 4"},
      {"recorded-vertex-error-400", "invalid/provider_rejected"},
  };
  for (const auto& [name, expected] : table) {
    INFO(name);
    CHECK(replies(std::string("gemini/") + name, "gemini") == expected);
  }
  const auto document =
      read_structured(replies("gemini/structured-json-schema", "gemini", structured));
  REQUIRE(document);
  CHECK(to_text(document->value) == R"({"city":"Mexico City","country":"Mexico"})");
  CHECK(document->repaired.empty());
  for (const char* name : {"int-enum", "map", "nullable", "oneof", "recursive", "tuple"})
    CHECK(read_structured(replies("gemini/recorded-schema-" + std::string(name), "gemini")));
}

TEST_CASE("recorded: openai's replies and errors are read as what they are", "[recorded]") {
  if (nothing_recorded()) return;
  const std::vector<std::pair<const char*, const char*>> table = {
      {"openai/chat-image", "A kiwi."},
      {"openai/chat-structured", R"({"city":"Mexico City","country":"Mexico"})"},
      {"openai/chat-structured-refusal", "invalid/provider_refused"},
      {"openai/error-400-schema", "invalid/provider_rejected"},
      {"openai/error-401", "denied/provider_auth"},
      {"openai/error-404-model", "invalid/model_not_found"},
      {"openai/error-409-408", "unavailable after 10 ms | timeout after 10 ms | "},
      {"openai/error-429-insufficient-quota",
       "limited/quota_exhausted | limited/quota_exhausted | limited/quota_exhausted"},
      {"openai/error-429-retry-after-ms", "limited after 300 ms | "},
      {"openai/error-429-retry-after", "limited after 1000 ms | "},
      {"openai/error-500-503", "unavailable | unavailable | "},
      {"openai/error-x-should-retry-false", "invalid/provider_rejected"},
      {"openai-compatible/groq-404-model", "invalid/model_not_found"},
      {"openai-compatible/groq-400-tool-use-failed", "unavailable/provider_malformed"},
      {"openai-compatible/ollama-errors", "invalid/model_not_found | invalid/model_not_found"},
      {"openai-compatible/openrouter-200-with-error", "limited"},
      {"openai-compatible/openrouter-429", "limited"},
  };
  for (const auto& [name, expected] : table) {
    INFO(name);
    const std::string told = replies(name, "openai");
    CHECK(told.substr(0, std::string(expected).size()) == expected);
  }
  CHECK(replies("openai/chat-structured-truncated", "openai").ends_with(" (cut)"));
}

TEST_CASE("recorded: anthropic's replies and errors are read as what they are", "[recorded]") {
  if (nothing_recorded()) return;
  const std::vector<std::pair<const char*, const char*>> table = {
      {"system-and-config", "2 + 2 = 4"},
      {"structured", R"({"amount":12.34})"},
      {"structured-truncated", R"({"amount":1 (cut))"},
      {"refusal", "invalid/provider_refused"},
      {"error-400", "invalid/provider_rejected"},
      {"error-401", "denied/provider_auth"},
      {"error-404-model", "invalid/model_not_found"},
      {"error-413", "invalid/context_too_long"},
      {"error-429", "limited after 1000 ms | # Hi there"},
      {"error-500", "unavailable | # Hi there"},
      {"error-529", "unavailable | # Hi there"},
  };
  for (const auto& [name, expected] : table) {
    INFO(name);
    CHECK(replies(std::string("anthropic/") + name, "anthropic")
              .substr(0, std::string(expected).size()) == expected);
  }
}
