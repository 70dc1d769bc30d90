// openai: chat completions, at OpenAI and at the many servers that speak the same (base_url:
// Ollama, vLLM, Groq, OpenRouter).
//
// Strict structured output knows no optional members: they are sent as "required or null", and the
// nulls are taken out of the reply again (lower.h), so that the app never sees the difference.
#include "engine/base/ids.h"
#include "engine/llm/embedding.h"
#include "engine/llm/lower.h"
#include "engine/llm/stream.h"

namespace plenum::llm {
namespace {

constexpr Peer kPeer = {"OpenAI", "OPENAI_API_KEY"};
constexpr const char* kHome = "https://api.openai.com/v1";

Json file_part(const File& file) {
  const std::string data = "data:" + file.mime + ";base64," + base64(file.bytes);
  if (file.mime.rfind("image/", 0) == 0)
    return {{"type", "image_url"}, {"image_url", {{"url", data}}}};
  const char* name = file.mime == "application/pdf" ? "document.pdf" : "document";
  return {{"type", "file"}, {"file", {{"filename", name}, {"file_data", data}}}};
}

Json message_of(const Message& message) {
  const char* role = message.role == Message::Role::user ? "user" : "assistant";
  if (message.files.empty()) return {{"role", role}, {"content", message.text}};
  Json parts = Json::array();
  if (!message.text.empty()) parts.push_back({{"type", "text"}, {"text", message.text}});
  for (const File& file : message.files) parts.push_back(file_part(file));
  return {{"role", role}, {"content", std::move(parts)}};
}

Json call_part(const ToolCall& call) {
  const std::string input =
      call.input.is_string() ? call.input.get<std::string>() : to_text(call.input);
  return {{"id", call.id},
          {"type", "function"},
          {"function", {{"name", call.name}, {"arguments", input}}}};
}

// One turn of ours; results are a message each.
void add_message(Json& messages, const Message& message) {
  for (const ToolResult& result : message.results)
    messages.push_back({{"role", "tool"}, {"tool_call_id", result.id}, {"content", result.text}});
  if (!message.results.empty()) return;
  if (message.calls.empty()) return messages.push_back(message_of(message));
  Json calls = Json::array();
  for (const ToolCall& call : message.calls) calls.push_back(call_part(call));
  messages.push_back({{"role", "assistant"},
                      {"content", message.text.empty() ? Json() : Json(message.text)},
                      {"tool_calls", std::move(calls)}});
}

// OpenAI's own models refuse `max_tokens`, some of the compatible servers know nothing else.
bool of_openai(const std::string& model) {
  const auto digit = [&](size_t at) {
    return at < model.size() && std::isdigit(static_cast<unsigned char>(model[at]));
  };
  return (model.rfind("gpt-", 0) == 0 && digit(4)) || (model.rfind("o", 0) == 0 && digit(1));
}

// 1 to 64 of letters, digits, _ and -.
std::string schema_name(const Call& call) {
  std::string name = last_segment(call.node).substr(0, 64);
  std::erase_if(name, [](unsigned char c) { return !std::isalnum(c) && c != '_' && c != '-'; });
  return name.empty() ? "answer" : name;
}

// Some compatible servers put a model's thinking in front of its answer.
std::string without_thinking(std::string text) {
  const size_t start = text.find_first_not_of(" \t\r\n");
  const size_t end = text.find("</think>");
  if (start == text.npos || text.compare(start, 7, "<think>") != 0 || end == text.npos) return text;
  const size_t rest = text.find_first_not_of(" \t\r\n", end + 8);
  return rest == text.npos ? "" : text.substr(rest);
}

// `content` is a string; some compatible servers answer with parts.
std::string content_of(const Json& message) {
  const Json* content = find(message, "content");
  if (!content || !content->is_array()) return text_or(message, "content");
  std::string text;
  for (const Json& part : *content) text += text_or(part, "text");
  return text;
}

std::string text_of(const Json& message) {
  return without_thinking(content_of(message));
}

Usage usage_of(const Json& body) {
  const Json* counts = find(body, "usage");
  if (!counts) return {};
  const Json* details = find(*counts, "prompt_tokens_details");
  return {count_or_zero(*counts, "prompt_tokens"), count_or_zero(*counts, "completion_tokens"),
          details ? count_or_zero(*details, "cached_tokens") : 0};
}

// Text and calls come in fragments, calls by number; the counts come last, beside no choice.
class OpenAiFold final : public Fold {
 public:
  void add(const std::string&, const Json& event, std::string& text) override {
    for (const char* key : {"id", "model", "usage"})
      if (const Json* value = find(event, key); value && !value->is_null()) body[key] = *value;
    const Json* choices = find(event, "choices");
    if (!choices || !choices->is_array() || choices->empty()) return;
    if (!body.contains("choices"))
      body["choices"] = Json::array({Json{{"message", {{"role", "assistant"}}}}});
    Json& ours = body["choices"][0];
    if (const Json* delta = find(choices->front(), "delta")) add_delta(ours["message"], *delta);
    if (const Json* reason = find(choices->front(), "finish_reason");
        reason && reason->is_string()) {
      ours["finish_reason"] = *reason;
      finished = true;
    }
    show(text_or(ours["message"], "content"), text);
  }
  void done() override { finished = true; }

 private:
  static void add_delta(Json& message, const Json& delta) {
    if (const std::string text = content_of(delta); !text.empty()) append(message, "content", text);
    if (const std::string text = text_or(delta, "refusal"); !text.empty())
      append(message, "refusal", text);
    const Json* calls = find(delta, "tool_calls");
    if (!calls || !calls->is_array()) return;
    for (const Json& call : *calls) add_call(message["tool_calls"], call);
  }

  static void add_call(Json& calls, const Json& part) {
    const auto index = static_cast<size_t>(std::min<int64_t>(count_or_zero(part, "index"), 999));
    while (calls.size() <= index) calls.push_back(Json{{"type", "function"}});
    Json& call = calls[index];
    if (const std::string id = text_or(part, "id"); !id.empty()) call["id"] = id;
    const Json* function = find(part, "function");
    if (!function) return;
    if (const std::string name = text_or(*function, "name"); !name.empty())
      call["function"]["name"] = name;
    if (const Json* whole = find(*function, "arguments"); whole && whole->is_object())
      call["function"]["arguments"] = *whole;
    else
      append(call["function"], "arguments", text_or(*function, "arguments"));
  }

  // Thinking that stands before the answer is not shown, nor what may be the start of it.
  void show(const std::string& content, std::string& text) {
    static constexpr std::string_view kOpen = "<think>", kClose = "</think>";
    if (!decided_) {
      const size_t start = content.find_first_not_of(" \t\r\n");
      if (start == content.npos) return;
      const std::string_view begun = std::string_view(content).substr(start);
      if (begun.size() < kOpen.size() && kOpen.substr(0, begun.size()) == begun) return;
      if (begun.substr(0, kOpen.size()) == kOpen) {
        const size_t end = content.find(kClose);
        if (end == content.npos) return;
        shown_ = content.find_first_not_of(" \t\r\n", end + kClose.size());
        if (shown_ == content.npos) return;
      }
      decided_ = true;
    }
    text += content.substr(shown_);
    shown_ = content.size();
  }

  bool decided_ = false;
  size_t shown_ = 0;
};

class OpenAi final : public Provider {
 public:
  explicit OpenAi(Access access) : access_(completed(std::move(access), kHome, "")) {}

  Result<std::variant<http::Request, Reply>> prepare(const Call& call) const override {
    const std::shared_ptr<const Lowered> schema = call.schema ? schemas_.of(call.schema) : nullptr;
    const std::string system = schema && !schema->enforced
                                   ? with_schema_in_words(call.system, schema->schema)
                                   : call.system;
    Json body = {{"model", call.model}, {"messages", Json::array()}};
    if (!system.empty()) body["messages"].push_back({{"role", "system"}, {"content", system}});
    for (const Message& message : call.messages) add_message(body["messages"], message);
    for (const Tool& tool : call.tools) body["tools"].push_back(declaration(tool));
    if (call.temperature) body["temperature"] = *call.temperature;
    if (call.top_p) body["top_p"] = *call.top_p;
    if (call.max_tokens) body[cap_member(call.model)] = *call.max_tokens;
    if (call.seed) body["seed"] = *call.seed;
    if (!call.stop.empty()) body["stop"] = call.stop;
    if (!call.reasoning.empty()) body["reasoning_effort"] = call.reasoning;
    if (schema) add_format(body, call, *schema);
    TRY(add_params(body, call, {"model", "messages", "stream"}));
    if (call.stream) body["stream"] = true, body["stream_options"]["include_usage"] = true;
    return TRY(post(kPeer, access_, call, access_.base_url + version() + "/chat/completions",
                    headers(), body));
  }

  Result<Reply> read(const Call& call, const http::Response& response) const override {
    const Json body = TRY(read_body(kPeer, access_, call, response));
    const Json* choices = find(body, "choices");
    if (!choices || !choices->is_array() || choices->empty()) return fail(empty(kPeer));
    const Json& choice = choices->front();
    const Json* message = find(choice, "message");
    if (!message) return fail(empty(kPeer));
    const std::string reason = text_or(choice, "finish_reason", "stop");
    if (!text_or(*message, "refusal").empty()) return fail(refused(kPeer, "to answer", "refusal"));
    if (reason == "content_filter") return fail(refused(kPeer, "to go on with its answer", reason));
    if (reason == "error") return fail(unfinished(kPeer, reason));
    Reply reply;
    reply.text = text_of(*message);
    reply.model = text_or(body, "model", call.model);
    reply.id = text_or(body, "id");
    reply.usage = usage_of(body);
    reply.cut = reason == "length";
    if (reply.cut) return reply;
    if (!call.tools.empty()) reply.calls = calls_of(call, *message);
    if (!reply.calls.empty()) return reply;
    if (reply.text.empty()) return fail(empty(kPeer));
    if (call.schema)
      reply.text = restored(*call.schema, *schemas_.of(call.schema), std::move(reply.text));
    return reply;
  }

  std::unique_ptr<Stream> stream(const Call& call) const override {
    return stream_of(kPeer, *this, call, std::make_unique<OpenAiFold>());
  }
  Json partial(const Call& call, std::string_view text) const override {
    return schemas_.partial(call.schema, text);
  }

  // The service takes 2048 and 300,000 tokens of them; fewer are lost when one answer is.
  size_t most_texts(const std::string&) const override { return 100; }

  Result<std::variant<http::Request, Vectors>> prepare(const Embedding& asked) const override {
    const Call call = as_call(asked);
    Json body = {{"model", asked.model}, {"input", asked.texts}, {"encoding_format", "float"}};
    TRY(add_params(body, call, {"model", "input", "encoding_format"}));
    return TRY(
        post(kPeer, access_, call, access_.base_url + version() + "/embeddings", headers(), body));
  }

  // Vectors are numbered, and need not stand in their order.
  Result<Vectors> read(const Embedding& asked, const http::Response& response) const override {
    const Json body = TRY(read_body(kPeer, access_, as_call(asked), response));
    const Json* data = find(body, "data");
    if (!data || !data->is_array() || data->size() != asked.texts.size())
      return fail(unfinished(kPeer, "it has not one vector for each text"));
    Vectors vectors;
    vectors.list.resize(data->size());
    for (size_t i = 0; i < data->size(); ++i) {
      const Json& one = (*data)[i];
      const size_t at = one.contains("index") ? count_or_zero(one, "index") : i;
      if (at >= vectors.list.size() || !vectors.list[at].empty())
        return fail(unfinished(kPeer, "its vectors are not numbered one by one"));
      vectors.list[at] = numbers_of(find(one, "embedding"));
    }
    vectors.model = text_or(body, "model", asked.model);
    vectors.usage.input_tokens = usage_of(body).input_tokens;
    if (vectors.usage.input_tokens == 0) vectors.usage.input_tokens = estimated_tokens(asked);
    return completed(kPeer, asked, dimension_asked(asked, "dimensions"), std::move(vectors));
  }

 private:
  // A base URL that has a path ends with the version, as everybody writes it; a bare origin gets it
  // here.
  std::string version() const {
    if (!access_.api_version.empty()) return "/" + access_.api_version;
    const size_t host = access_.base_url.find("://");
    return access_.base_url.find('/', host == std::string::npos ? 0 : host + 3) == std::string::npos
               ? "/v1"
               : "";
  }

  Json declaration(const Tool& tool) const {
    const auto lowered = schemas_.of(tool.input);
    Json parameters = lowered->schema;
    if (!parameters.contains("properties")) parameters["properties"] = Json::object();
    if (!parameters.contains("required")) parameters["required"] = Json::array();
    return {{"type", "function"},
            {"function",
             {{"name", tool.name},
              {"description", tool.description},
              {"strict", lowered->enforced},
              {"parameters", std::move(parameters)}}}};
  }

  // `arguments` is text, or what some compatible servers make of it; not all of them number their
  // calls.
  std::vector<ToolCall> calls_of(const Call& call, const Json& message) const {
    std::vector<ToolCall> calls;
    const Json* list = find(message, "tool_calls");
    if (!list || !list->is_array()) return calls;
    for (const Json& one : *list) {
      const Json* function = find(one, "function");
      if (!function) continue;
      ToolCall& asked = calls.emplace_back();
      asked.id = text_or(one, "id");
      if (asked.id.empty()) asked.id = "call_" + std::to_string(calls.size());
      asked.name = text_or(*function, "name");
      const Json* input = find(*function, "arguments");
      asked.input = !input || input->is_null() ? Json::object() : *input;
      if (asked.input.is_string()) asked.input = input_of(call, asked);
    }
    return calls;
  }

  Json input_of(const Call& call, const ToolCall& asked) const {
    std::string text = asked.input.get<std::string>();
    if (text.empty()) return Json::object();
    for (const Tool& tool : call.tools)
      if (tool.name == asked.name) text = restored(tool.input, *schemas_.of(tool.input), text);
    Result<Json> value = parse_json(text);
    return value ? *std::move(value) : Json(std::move(text));
  }

  const char* cap_member(const std::string& model) const {
    return access_.base_url == kHome || of_openai(model) ? "max_completion_tokens" : "max_tokens";
  }

  http::Headers headers() const {
    if (access_.key.empty()) return {};
    return {{"authorization", "Bearer " + access_.key}};
  }

  static void add_format(Json& body, const Call& call, const Lowered& schema) {
    const bool object = schema.enforced || text_or(schema.schema, "type") == "object";
    if (!object) return;  // the words alone have to do
    body["response_format"] = {
        {"type", "json_schema"},
        {"json_schema",
         {{"name", schema_name(call)}, {"strict", schema.enforced}, {"schema", schema.sent}}}};
  }

  const Access access_;
  const LoweredSchemas schemas_{Dialect::openai};
};

}  // namespace

std::unique_ptr<Provider> openai(Access access, const std::string&) {
  return std::make_unique<OpenAi>(std::move(access));
}

}  // namespace plenum::llm
