// gemini: Google's generateContent.
//
// Structured output goes out as `responseJsonSchema` (real JSON Schema; the older `responseSchema`
// refuses half of it). The finish reason is read before the text: a blocked or cut reply is its own
// case, never "invalid JSON".
#include "engine/base/ids.h"
#include "engine/llm/embedding.h"
#include "engine/llm/lower.h"
#include "engine/llm/stream.h"

namespace plenum::llm {
namespace {

constexpr Peer kPeer = {"Gemini", "GEMINI_API_KEY"};

Json text_part(const std::string& text) {
  return {{"text", text}};
}

// The model's own turn goes back as it came: its signatures are part of it.
Json turn_with_calls(const Message& message) {
  if (message.raw.is_object()) return message.raw;
  Json parts = Json::array();
  if (!message.text.empty()) parts.push_back(text_part(message.text));
  for (const ToolCall& call : message.calls) {
    Json asked{{"name", call.name}, {"args", call.input.is_object() ? call.input : Json::object()}};
    if (!call.id.empty()) asked["id"] = call.id;
    parts.push_back({{"functionCall", std::move(asked)}});
  }
  return {{"role", "model"}, {"parts", std::move(parts)}};
}

Json turn_with_results(const Message& message) {
  Json parts = Json::array();
  for (const ToolResult& result : message.results) {
    Result<Json> value = parse_json(result.text);
    Json said{
        {"name", result.name},
        {"response",
         {{result.error ? "error" : "output", value ? *std::move(value) : Json(result.text)}}}};
    if (!result.id.empty()) said["id"] = result.id;
    parts.push_back({{"functionResponse", std::move(said)}});
  }
  return {{"role", "user"}, {"parts", std::move(parts)}};
}

Json content_of(const Message& message) {
  if (!message.calls.empty()) return turn_with_calls(message);
  if (!message.results.empty()) return turn_with_results(message);
  Json parts = Json::array();
  for (const File& file : message.files)
    parts.push_back({{"inlineData", {{"mimeType", file.mime}, {"data", base64(file.bytes)}}}});
  if (!message.text.empty() || parts.empty()) parts.push_back(text_part(message.text));
  return {{"role", message.role == Message::Role::user ? "user" : "model"},
          {"parts", std::move(parts)}};
}

// Gemini 2 counts thinking in tokens, later ones have levels; the models that cannot stop thinking
// get the least.
Json thinking(const std::string& model, const std::string& reasoning) {
  const bool must_think = model.find("pro") != std::string::npos;
  if (model.rfind("gemini-2", 0) == 0) {
    const int budget = reasoning == "none"     ? (must_think ? 128 : 0)
                       : reasoning == "low"    ? 1024
                       : reasoning == "medium" ? 8192
                                               : 24576;
    return {{"thinkingBudget", budget}};
  }
  const bool no_minimum = must_think || model.find("3.7-flash") != std::string::npos;
  if (reasoning == "none") return {{"thinkingLevel", no_minimum ? "LOW" : "MINIMAL"}};
  return {{"thinkingLevel", reasoning == "low"      ? "LOW"
                            : reasoning == "medium" ? "MEDIUM"
                                                    : "HIGH"}};
}

Json settings_of(const Call& call, const Lowered* schema) {
  Json settings = Json::object();
  if (call.temperature) settings["temperature"] = *call.temperature;
  if (call.top_p) settings["topP"] = *call.top_p;
  if (call.max_tokens) settings["maxOutputTokens"] = *call.max_tokens;
  if (!call.stop.empty()) settings["stopSequences"] = call.stop;
  if (call.seed) settings["seed"] = *call.seed;
  if (!call.reasoning.empty()) settings["thinkingConfig"] = thinking(call.model, call.reasoning);
  if (schema) settings["responseMimeType"] = "application/json";
  if (schema && schema->enforced) settings["responseJsonSchema"] = schema->sent;
  return settings;
}

bool is_thought(const Json& part) {
  const Json* thought = find(part, "thought");
  return thought && *thought == true;
}

std::string text_of(const Json& candidate) {
  std::string text;
  const Json* content = find(candidate, "content");
  const Json* parts = content ? find(*content, "parts") : nullptr;
  if (!parts || !parts->is_array()) return text;
  for (const Json& part : *parts)
    if (!is_thought(part)) text += text_or(part, "text");
  return text;
}

std::vector<ToolCall> calls_of(const Json& candidate) {
  std::vector<ToolCall> calls;
  const Json* content = find(candidate, "content");
  const Json* parts = content ? find(*content, "parts") : nullptr;
  if (!parts || !parts->is_array()) return calls;
  for (const Json& part : *parts)
    if (const Json* call = find(part, "functionCall")) {
      const Json* input = find(*call, "args");
      calls.push_back({text_or(*call, "id"), text_or(*call, "name"),
                       input && !input->is_null() ? *input : Json::object()});
    }
  return calls;
}

Usage usage_of(const Json& body) {
  const Json* counts = find(body, "usageMetadata");
  if (!counts) return {};
  return {
      count_or_zero(*counts, "promptTokenCount") +
          count_or_zero(*counts, "toolUsePromptTokenCount"),
      count_or_zero(*counts, "candidatesTokenCount") + count_or_zero(*counts, "thoughtsTokenCount"),
      count_or_zero(*counts, "cachedContentTokenCount")};
}

// Each event is a whole reply that holds the next pieces; only its counts are of all so far.
class GeminiFold final : public Fold {
 public:
  void add(const std::string&, const Json& event, std::string& text) override {
    for (const char* key : {"usageMetadata", "modelVersion", "responseId", "promptFeedback"})
      if (const Json* value = find(event, key)) body[key] = *value;
    if (const Json* feedback = find(event, "promptFeedback"))
      finished = finished || feedback->contains("blockReason");
    const Json* candidates = find(event, "candidates");
    if (!candidates || !candidates->is_array() || candidates->empty()) return;
    if (!body.contains("candidates"))
      body["candidates"] =
          Json::array({Json{{"content", {{"role", "model"}, {"parts", Json::array()}}}}});
    Json& ours = body["candidates"][0];
    const Json& theirs = candidates->front();
    if (const Json* content = find(theirs, "content"))
      if (const Json* parts = find(*content, "parts"); parts && parts->is_array())
        for (const Json& part : *parts) add_part(ours["content"]["parts"], part, text);
    if (const Json* reason = find(theirs, "finishReason"); reason && reason->is_string()) {
      ours["finishReason"] = *reason;
      finished = true;
    }
  }

 private:
  // A part that is nothing but text goes on where the last one ended; a signature stays on the part
  // it came with.
  static void add_part(Json& parts, const Json& part, std::string& text) {
    if (!is_thought(part)) text += text_or(part, "text");
    const bool plain = part.is_object() && part.size() == 1 && part.contains("text");
    if (plain && text_or(part, "text").empty()) return;
    if (plain && !parts.empty() && parts.back().size() == 1 && parts.back().contains("text"))
      append(parts.back(), "text", text_or(part, "text"));
    else
      parts.push_back(part);
  }
};

class Gemini final : public Provider {
 public:
  explicit Gemini(Access access)
      : vertex_(access.base_url.find("aiplatform.googleapis.com") != std::string::npos ||
                access.base_url.find("/projects/") != std::string::npos),
        access_(completed(std::move(access), "https://generativelanguage.googleapis.com",
                          vertex_ ? "v1beta1" : "v1beta")) {}

  Result<std::variant<http::Request, Reply>> prepare(const Call& call) const override {
    if (!vertex_ && is_account())
      return fail(Kind::denied,
                  "the key of `gemini` is a service account's, which only Vertex AI takes: set "
                  "providers.gemini.base_url to https://LOCATION-aiplatform.googleapis.com/v1beta1/"
                  "projects/PROJECT/locations/LOCATION, or use an API key",
                  "provider_auth");
    const std::shared_ptr<const Lowered> schema = call.schema ? schemas_.of(call.schema) : nullptr;
    Json body = {{"contents", Json::array()}};
    for (const Message& message : call.messages) body["contents"].push_back(content_of(message));
    const std::string system = schema && !schema->enforced
                                   ? with_schema_in_words(call.system, schema->schema)
                                   : call.system;
    if (!system.empty()) body["systemInstruction"] = {{"parts", Json::array({text_part(system)})}};
    if (Json settings = settings_of(call, schema.get()); !settings.empty())
      body["generationConfig"] = std::move(settings);
    if (!call.tools.empty()) body["tools"] = Json::array({declarations(call)});
    TRY(add_params(body, call, {"contents", "systemInstruction", "system_instruction"}));
    return TRY(post(kPeer, access_, call, url_for(call), headers(), body));
  }

  Result<Reply> read(const Call& call, const http::Response& response) const override {
    const Json body = TRY(read_body(kPeer, access_, call, response));
    const Json* candidates = find(body, "candidates");
    if (!candidates || !candidates->is_array() || candidates->empty())
      return fail(without_candidate(body));
    const Json& candidate = candidates->front();
    Reply reply;
    reply.text = text_of(candidate);
    reply.model = text_or(body, "modelVersion", call.model);
    reply.id = text_or(body, "responseId");
    reply.usage = usage_of(body);
    const std::string reason = text_or(candidate, "finishReason", "STOP");
    reply.cut = reason == "MAX_TOKENS";
    if (reply.cut) return reply;
    if (reason.rfind("MALFORMED_", 0) == 0 || reason == "UNEXPECTED_TOOL_CALL" ||
        reason == "TOO_MANY_TOOL_CALLS")
      return fail(unfinished(kPeer, reason));
    if (reason != "STOP" && reason != "FINISH_REASON_UNSPECIFIED")
      return fail(refused(kPeer, "to go on with its answer", reason));
    if (!call.tools.empty()) reply.calls = calls_of(candidate);
    if (!reply.calls.empty()) {
      reply.raw = candidate["content"];
      reply.raw["role"] = "model";
      return reply;
    }
    if (reply.text.empty()) return fail(empty(kPeer));
    return reply;
  }

  std::unique_ptr<Stream> stream(const Call& call) const override {
    return stream_of(kPeer, *this, call, std::make_unique<GeminiFold>());
  }
  Json partial(const Call&, std::string_view text) const override { return partial_value(text); }

  std::string account() const override { return is_account() ? access_.key : ""; }

  // On Vertex AI a request to a Gemini model has one text.
  size_t most_texts(const std::string& model) const override {
    return vertex_ && !model.starts_with("text-") ? 1 : 100;
  }

  Result<std::variant<http::Request, Vectors>> prepare(const Embedding& asked) const override {
    const Call call = as_call(asked);
    Json checked = Json::object();
    TRY(add_params(checked, call, {"content", "model", "requests", "instances"}));
    const auto request = [&](const char* method, const Json& body) {
      return post(kPeer, access_, call, url_for(asked.model, method), headers(), body);
    };
    if (!vertex_) return TRY(request(":batchEmbedContents", batch_of(asked)));
    if (predicts(asked.model)) return TRY(request(":predict", prediction_of(asked)));
    Json body = {{"content", embedded_content(asked, asked.texts.at(0))}};
    if (asked.params.is_object()) body["embedContentConfig"] = asked.params;
    return TRY(request(":embedContent", body));
  }

  Result<Vectors> read(const Embedding& asked, const http::Response& response) const override {
    const Json body = TRY(read_body(kPeer, access_, as_call(asked), response));
    Vectors vectors;
    vectors.model = asked.model;
    if (const Json* one = find(body, "embedding"))
      vectors.list.push_back(numbers_of(find(*one, "values")));
    for (const char* list : {"embeddings", "predictions"})
      if (const Json* all = find(body, list); all && all->is_array())
        for (const Json& one : *all) add_vector(vectors, one);
    if (const Json* usage = find(body, "usageMetadata"))
      vectors.usage.input_tokens = count_or_zero(*usage, "promptTokenCount");
    if (vectors.usage.input_tokens == 0) vectors.usage.input_tokens = estimated_tokens(asked);
    return completed(kPeer, asked, dimension_asked(asked, "outputDimensionality"),
                     std::move(vectors));
  }

 private:
  bool is_account() const { return access_.key.starts_with("{"); }

  // Older models are asked as every model of Vertex AI once was.
  static bool predicts(const std::string& model) {
    return model.starts_with("text-") || model.starts_with("gemini-embedding-001");
  }

  // What a text is for is said beside it; from the second generation on, in front of it.
  static const char* task_of(const Embedding& asked) {
    return asked.query ? "RETRIEVAL_QUERY" : "RETRIEVAL_DOCUMENT";
  }
  static bool says_in_words(const Embedding& asked) {
    return asked.model.starts_with("gemini-embedding-2") && !find(asked.params, "taskType");
  }

  static Json embedded_content(const Embedding& asked, const std::string& text) {
    const char* before = asked.query ? "task: search result | query: " : "title: none | text: ";
    return {{"role", "user"},
            {"parts", Json::array({text_part(says_in_words(asked) ? before + text : text)})}};
  }

  Json batch_of(const Embedding& asked) const {
    Json requests = Json::array();
    for (const std::string& text : asked.texts) {
      Json& one = requests.emplace_back(
          Json{{"model", path_of(asked.model)}, {"content", embedded_content(asked, text)}});
      if (!says_in_words(asked)) one["taskType"] = task_of(asked);
      if (asked.params.is_object()) one.update(asked.params);
    }
    return {{"requests", std::move(requests)}};
  }

  static Json prediction_of(const Embedding& asked) {
    Json body = {{"instances", Json::array()}};
    if (asked.params.is_object()) body["parameters"] = asked.params;
    std::string task = task_of(asked), title;
    if (body.contains("parameters")) {
      task = text_or(body["parameters"], "taskType", task);
      title = text_or(body["parameters"], "title");
      for (const char* of_instance : {"taskType", "title"}) body["parameters"].erase(of_instance);
    }
    for (const std::string& text : asked.texts) {
      Json& one = body["instances"].emplace_back(Json{{"content", text}, {"task_type", task}});
      if (!title.empty()) one["title"] = title;
    }
    return body;
  }

  static void add_vector(Vectors& vectors, const Json& one) {
    const Json* predicted = find(one, "embeddings");
    const Json& embedding = predicted ? *predicted : one;
    vectors.list.push_back(numbers_of(find(embedding, "values")));
    if (const Json* statistics = find(embedding, "statistics"))
      vectors.usage.input_tokens += count_or_zero(*statistics, "token_count");
  }

  std::string url_for(const Call& call) const {
    return url_for(call.model, call.stream ? ":streamGenerateContent?alt=sse" : ":generateContent");
  }

  std::string url_for(const std::string& model, const char* method) const {
    const std::string version = "/" + access_.api_version;
    const bool versioned = (access_.base_url + "/").find(version + "/") != std::string::npos;
    return access_.base_url + (versioned ? "" : version) + "/" + escaped_path(path_of(model)) +
           method;
  }

  std::string path_of(const std::string& model) const {
    const std::string models = vertex_ ? "publishers/google/models/" : "models/";
    return model.find('/') == std::string::npos ? models + model : model;
  }

  Json declarations(const Call& call) const {
    Json list = Json::array();
    for (const Tool& tool : call.tools)
      list.push_back({{"name", tool.name},
                      {"description", tool.description},
                      {"parametersJsonSchema", schemas_.of(tool.input)->sent}});
    return {{"functionDeclarations", std::move(list)}};
  }

  http::Headers headers() const {
    if (access_.key.empty() || is_account()) return {};
    if (vertex_ && access_.key.starts_with("ya29."))  // a project's access token, not an API key
      return {{"authorization", "Bearer " + access_.key}};
    return {{"x-goog-api-key", access_.key}};
  }

  static Error without_candidate(const Json& body) {
    const Json* feedback = find(body, "promptFeedback");
    const std::string reason = feedback ? text_or(*feedback, "blockReason") : "";
    return reason.empty() ? empty(kPeer) : refused(kPeer, "the prompt", reason);
  }

  const bool vertex_;  // the same API on Vertex AI, where only paths and credentials differ
  const Access access_;
  const LoweredSchemas schemas_{Dialect::gemini};
};

}  // namespace

std::unique_ptr<Provider> gemini(Access access, const std::string&) {
  return std::make_unique<Gemini>(std::move(access));
}

}  // namespace plenum::llm
