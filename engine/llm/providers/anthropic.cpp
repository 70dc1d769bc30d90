// anthropic: Anthropic's messages.
//
// The API version is a header here (`api_version`); 2023-06-01 is what nearly every client sends.
// `max_tokens` is required by the service, so a call without one gets a generous one.
#include "engine/base/ids.h"
#include "engine/llm/embedding.h"
#include "engine/llm/lower.h"
#include "engine/llm/stream.h"

namespace plenum::llm {
namespace {

constexpr Peer kPeer = {"Anthropic", "ANTHROPIC_API_KEY"};
constexpr int kMaxTokens = 8192;

Json file_block(const File& file) {
  const char* type = file.mime.rfind("image/", 0) == 0 ? "image" : "document";
  return {
      {"type", type},
      {"source", {{"type", "base64"}, {"media_type", file.mime}, {"data", base64(file.bytes)}}}};
}

// The model's own turn goes back as it came: its thinking is part of it.
Json turn_with_calls(const Message& message) {
  if (message.raw.is_array()) return {{"role", "assistant"}, {"content", message.raw}};
  Json blocks = Json::array();
  if (!message.text.empty()) blocks.push_back({{"type", "text"}, {"text", message.text}});
  for (const ToolCall& call : message.calls)
    blocks.push_back({{"type", "tool_use"},
                      {"id", call.id},
                      {"name", call.name},
                      {"input", call.input.is_object() ? call.input : Json::object()}});
  return {{"role", "assistant"}, {"content", std::move(blocks)}};
}

Json turn_with_results(const Message& message) {
  Json blocks = Json::array();
  for (const ToolResult& result : message.results) {
    blocks.push_back(
        {{"type", "tool_result"}, {"tool_use_id", result.id}, {"content", result.text}});
    if (result.error) blocks.back()["is_error"] = true;
  }
  return {{"role", "user"}, {"content", std::move(blocks)}};
}

Json message_of(const Message& message) {
  if (!message.calls.empty()) return turn_with_calls(message);
  if (!message.results.empty()) return turn_with_results(message);
  const char* role = message.role == Message::Role::user ? "user" : "assistant";
  if (message.files.empty()) return {{"role", role}, {"content", message.text}};
  Json blocks = Json::array();
  for (const File& file : message.files) blocks.push_back(file_block(file));
  if (!message.text.empty()) blocks.push_back({{"type", "text"}, {"text", message.text}});
  return {{"role", role}, {"content", std::move(blocks)}};
}

std::string text_of(const Json& body) {
  std::string text;
  if (const Json* blocks = find(body, "content"); blocks && blocks->is_array())
    for (const Json& block : *blocks)
      if (text_or(block, "type") == "text") text += text_or(block, "text");
  return text;
}

std::vector<ToolCall> calls_of(const Json& body) {
  std::vector<ToolCall> calls;
  if (const Json* blocks = find(body, "content"); blocks && blocks->is_array())
    for (const Json& block : *blocks)
      if (text_or(block, "type") == "tool_use") {
        const Json* input = find(block, "input");
        calls.push_back(
            {text_or(block, "id"), text_or(block, "name"), input ? *input : Json::object()});
      }
  return calls;
}

// The cached tokens are not inside `input_tokens` here.
Usage usage_of(const Json& body) {
  const Json* counts = find(body, "usage");
  if (!counts) return {};
  const int64_t cached = count_or_zero(*counts, "cache_read_input_tokens");
  return {count_or_zero(*counts, "input_tokens") +
              count_or_zero(*counts, "cache_creation_input_tokens") + cached,
          count_or_zero(*counts, "output_tokens"), cached};
}

// Blocks begin, grow and end by number; the last counts replace the first ones.
class AnthropicFold final : public Fold {
 public:
  void add(const std::string&, const Json& event, std::string& text) override {
    const std::string type = text_or(event, "type");
    if (type == "message_start") {
      if (const Json* message = find(event, "message"); message && message->is_object())
        body = *message;
      body["content"] = Json::array();
    } else if (type == "content_block_start") {
      if (const Json* begun = find(event, "content_block")) {
        block(event) = *begun;
        if (text_or(*begun, "type") == "text") text += text_or(*begun, "text");
      }
    } else if (type == "content_block_delta") {
      if (const Json* delta = find(event, "delta")) grow(block(event), *delta, text);
    } else if (type == "content_block_stop") {
      end(block(event));
    } else if (type == "message_delta") {
      add_end(event);
    } else if (type == "message_stop") {
      finished = true;
    }
  }

 private:
  static constexpr const char* kInput = "partial_json";

  Json& block(const Json& event) {
    const auto index = static_cast<size_t>(std::min<int64_t>(count_or_zero(event, "index"), 999));
    Json& content = body["content"];
    while (content.size() <= index) content.push_back(Json::object());
    return content[index];
  }

  static void grow(Json& block, const Json& delta, std::string& text) {
    const std::string type = text_or(delta, "type");
    if (type == "text_delta") {
      append(block, "text", text_or(delta, "text"));
      text += text_or(delta, "text");
    } else if (type == "input_json_delta") {
      append(block, kInput, text_or(delta, "partial_json"));
    } else if (type == "thinking_delta") {
      append(block, "thinking", text_or(delta, "thinking"));
    } else if (type == "signature_delta") {
      append(block, "signature", text_or(delta, "signature"));
    }
  }

  // What is not JSON stays a text, and no schema takes it for an object.
  static void end(Json& block) {
    const std::string input = text_or(block, kInput);
    if (block.erase(kInput) == 0 || input.empty()) return;
    Result<Json> value = parse_json(input);
    block["input"] = value ? *std::move(value) : Json(input);
  }

  void add_end(const Json& event) {
    if (const Json* delta = find(event, "delta"); delta && delta->is_object())
      for (const auto& [key, value] : delta->items()) body[key] = value;
    if (const Json* usage = find(event, "usage"); usage && usage->is_object())
      for (const auto& [key, value] : usage->items()) body["usage"][key] = value;
  }
};

class Anthropic final : public Provider {
 public:
  explicit Anthropic(Access access)
      : access_(completed(std::move(access), "https://api.anthropic.com", "2023-06-01")) {}

  Result<std::variant<http::Request, Reply>> prepare(const Call& call) const override {
    const std::shared_ptr<const Lowered> schema = call.schema ? schemas_.of(call.schema) : nullptr;
    const std::string system = schema && !schema->enforced
                                   ? with_schema_in_words(call.system, schema->schema)
                                   : call.system;
    Json body = {{"model", call.model}, {"max_tokens", call.max_tokens.value_or(kMaxTokens)}};
    if (!system.empty()) body["system"] = system;
    body["messages"] = Json::array();
    for (const Message& message : call.messages) body["messages"].push_back(message_of(message));
    for (const Tool& tool : call.tools)
      body["tools"].push_back({{"name", tool.name},
                               {"description", tool.description},
                               {"input_schema", schemas_.of(tool.input)->sent}});
    if (call.temperature) body["temperature"] = *call.temperature;
    if (call.top_p) body["top_p"] = *call.top_p;
    if (!call.stop.empty()) body["stop_sequences"] = call.stop;
    if (call.reasoning == "none") body["thinking"] = {{"type", "disabled"}};
    if (!call.reasoning.empty() && call.reasoning != "none")
      body["output_config"]["effort"] = call.reasoning;
    if (schema && schema->enforced)
      body["output_config"]["format"] = {{"type", "json_schema"}, {"schema", schema->sent}};
    TRY(add_params(body, call, {"model", "messages", "system", "stream"}));
    if (call.stream) body["stream"] = true;
    return TRY(post(kPeer, access_, call, url(), headers(), body));
  }

  Result<Reply> read(const Call& call, const http::Response& response) const override {
    const Json body = TRY(read_body(kPeer, access_, call, response));
    const std::string reason = text_or(body, "stop_reason", "end_turn");
    if (reason == "refusal") {
      const Json* details = find(body, "stop_details");
      return fail(
          refused(kPeer, "to answer", details ? text_or(*details, "category", reason) : reason));
    }
    Reply reply;
    reply.text = text_of(body);
    reply.model = text_or(body, "model", call.model);
    reply.id = text_or(body, "id");
    reply.usage = usage_of(body);
    reply.cut = reason == "max_tokens" || reason == "model_context_window_exceeded";
    if (reply.cut) return reply;
    if (!call.tools.empty()) reply.calls = calls_of(body);
    if (reason == "tool_use" && !reply.calls.empty()) {
      reply.raw = body["content"];
      return reply;
    }
    reply.calls.clear();
    if (reason != "end_turn" && reason != "stop_sequence") return fail(unfinished(kPeer, reason));
    if (reply.text.empty()) return fail(empty(kPeer));
    if (call.schema)
      reply.text = restored(*call.schema, *schemas_.of(call.schema), std::move(reply.text));
    return reply;
  }

  std::unique_ptr<Stream> stream(const Call& call) const override {
    return stream_of(kPeer, *this, call, std::make_unique<AnthropicFold>());
  }
  Json partial(const Call& call, std::string_view text) const override {
    return schemas_.partial(call.schema, text);
  }

  size_t most_texts(const std::string&) const override { return 0; }
  Result<std::variant<http::Request, Vectors>> prepare(const Embedding&) const override {
    return fail(no_embeddings(kPeer.name));
  }
  Result<Vectors> read(const Embedding&, const http::Response&) const override {
    return fail(no_embeddings(kPeer.name));
  }

 private:
  // The base URL is written with and without the version.
  std::string url() const {
    const std::string& base = access_.base_url;
    return base + (base.ends_with("/v1") ? "/messages" : "/v1/messages");
  }

  http::Headers headers() const {
    http::Headers headers = {{"anthropic-version", access_.api_version}};
    if (!access_.key.empty()) headers.emplace_back("x-api-key", access_.key);
    return headers;
  }

  const Access access_;
  const LoweredSchemas schemas_{Dialect::anthropic};
};

}  // namespace

std::unique_ptr<Provider> anthropic(Access access, const std::string&) {
  return std::make_unique<Anthropic>(std::move(access));
}

}  // namespace plenum::llm
