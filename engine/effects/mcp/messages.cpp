// What a server says is somebody else's text: it is read within limits, cut where it joins a
// message of ours, and never decides anything but this one call.
#include "engine/effects/mcp/messages.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/diagnostic.h"
#include "engine/base/ids.h"

namespace plenum::mcp {

namespace {

constexpr const char* kOldVersions[] = {"2025-11-25", "2025-06-18", "2025-03-26"};
constexpr size_t kLongestQuote = 300, kLongestFailure = 2000, kLongestSession = 1024;

Json client_info() {
  return Json{{"name", "plenum"}, {"version", "1"}};
}

bool is_plain(std::string_view text) {
  return !text.empty() && !text.starts_with("=?") && text.front() != ' ' && text.back() != ' ' &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
}

std::string header_value(const std::string& text) {
  return is_plain(text) ? text : "=?base64?" + base64(text) + "?=";
}

http::Headers headers_for(const Voice& voice) {
  http::Headers headers{{"Content-Type", "application/json"},
                        {"Accept", "application/json, text/event-stream"},
                        {"MCP-Protocol-Version", voice.version}};
  if (!voice.session.empty()) headers.emplace_back("Mcp-Session-Id", voice.session);
  return headers;
}

Outgoing request(int64_t id, const Voice& voice, const std::string& method, Json params) {
  Outgoing out{headers_for(voice), {}};
  if (voice.modern()) {
    params["_meta"] = Json{{"io.modelcontextprotocol/protocolVersion", voice.version},
                           {"io.modelcontextprotocol/clientInfo", client_info()},
                           {"io.modelcontextprotocol/clientCapabilities", Json::object()}};
    out.headers.emplace_back("Mcp-Method", method);
  }
  out.body = to_text(
      Json{{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(params)}});
  return out;
}

std::string cut(std::string text, size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
  return text.substr(0, most) + "…";
}

int64_t code_of(const Json& message) {
  const Json* error = find(message, "error");
  const Json* code = error ? find(*error, "code") : nullptr;
  return code && code->is_number_integer() ? code->get<int64_t>() : 0;
}

tl::unexpected<Error> bad(const char* code, std::string message) {
  Error error{Kind::invalid, std::move(message), code, {}};
  error.status = 502;
  return fail(std::move(error));
}

// Bytes are of no use in a state; who needs them has them sent by a link.
void drop_bytes(Json& block, const char* key) {
  if (!block.is_object() || !block.contains(key) || !block[key].is_string()) return;
  block["size"] = block[key].get_ref<const std::string&>().size() / 4 * 3;
  block.erase(key);
}

Json contents_of(const Json& result) {
  std::string text;
  bool first = true;
  Json others = Json::array();
  const Json* content = find(result, "content");
  if (content && content->is_array())
    for (const Json& block : *content) {
      if (text_or(block, "type") == "text") {
        text += (std::exchange(first, false) ? "" : "\n") + text_or(block, "text");
        continue;
      }
      Json other = block;
      drop_bytes(other, "data");
      if (other.is_object() && other.contains("resource")) drop_bytes(other["resource"], "blob");
      others.push_back(std::move(other));
    }
  return Json{{"text", std::move(text)}, {"content", std::move(others)}};
}

}  // namespace

Outgoing discover(int64_t id) {
  return request(id, {}, "server/discover", Json::object());
}

Outgoing initialize(int64_t id) {
  Outgoing out = request(id, {kLastOld}, "initialize",
                         Json{{"protocolVersion", kLastOld},
                              {"capabilities", Json::object()},
                              {"clientInfo", client_info()}});
  out.headers.pop_back();  // no version is agreed on yet
  return out;
}

Outgoing initialized(const Voice& voice) {
  return {headers_for(voice),
          to_text(Json{{"jsonrpc", "2.0"}, {"method", "notifications/initialized"}})};
}

Outgoing call_tool(int64_t id, const Voice& voice, const std::string& tool, const Json& arguments) {
  Outgoing out = request(id, voice, "tools/call", Json{{"name", tool}, {"arguments", arguments}});
  if (voice.modern()) out.headers.emplace_back("Mcp-Name", header_value(tool));
  return out;
}

Outgoing answer_to(const Json& request, const Voice& voice) {
  Json answer{{"jsonrpc", "2.0"}, {"id", request["id"]}};
  if (text_or(request, "method") == "ping")
    answer["result"] = Json::object();
  else
    answer["error"] = Json{{"code", -32601}, {"message", "this client answers no requests"}};
  return {headers_for(voice), to_text(answer)};
}

bool is_response_to(const Json& message, int64_t id) {
  if (!message.is_object() || message.contains("method")) return false;
  const Json* error = find(message, "error");
  if (!find(message, "result") && !error) return false;
  const Json* its = find(message, "id");
  return its && its->is_number_integer() ? its->get<int64_t>() == id
                                         : error && (!its || its->is_null());
}

std::optional<Json> response_in(std::string_view body, int64_t id) {
  constexpr JsonLimits kLimits{kLargestAnswer, 64, 100'000, kLargestAnswer, 10'000};
  Result<Json> all = parse_json(body, kLimits);
  if (!all) return std::nullopt;
  if (is_response_to(*all, id)) return *std::move(all);
  if (all->is_array())
    for (Json& message : *all)
      if (is_response_to(message, id)) return std::move(message);
  return std::nullopt;
}

bool is_modern_error(int status, const std::optional<Json>& message) {
  if (!message) return false;
  const int64_t code = code_of(*message);
  return (code <= -32020 && code >= -32022) || (status == 404 && code == -32601);
}

Era era_of(int status, const std::optional<Json>& message) {
  if (is_modern_error(status, message)) {
    const Json* data = find((*message)["error"], "data");
    const Json* supported = data ? find(*data, "supported") : nullptr;
    const bool other = code_of(*message) == -32022 && supported && supported->is_array() &&
                       std::find(supported->begin(), supported->end(), kModern) == supported->end();
    return other ? Era::old : Era::modern;
  }
  if (status == 200 && message) {
    const Json* result = find(*message, "result");
    const Json* versions = result ? find(*result, "supportedVersions") : nullptr;
    if (!versions || !versions->is_array()) return Era::old;
    return std::find(versions->begin(), versions->end(), kModern) == versions->end() ? Era::old
                                                                                     : Era::modern;
  }
  const bool refused = status >= 400 && status < 500 && status != 401 && status != 403 &&
                       status != 408 && status != 429;
  return refused ? Era::old : Era::unknown;
}

Result<Voice> voice_of(const http::Response& response, const Json& message,
                       const std::string& host) {
  const Json* result = find(message, "result");
  if (!result)
    return bad("mcp_error", host + " refused to be initialized: " +
                                cut(text_or(message["error"], "message"), kLongestQuote));
  Voice voice{text_or(*result, "protocolVersion"), {}};
  if (std::find(std::begin(kOldVersions), std::end(kOldVersions), voice.version) ==
      std::end(kOldVersions))
    return bad("mcp_version", host + " speaks version " + quote(cut(voice.version, 40)) +
                                  " of MCP; supported are 2026-07-28, 2025-11-25, 2025-06-18 and "
                                  "2025-03-26");
  if (const std::string* session = response.header("mcp-session-id")) {
    if (!is_plain(*session) || session->size() > kLongestSession)
      return bad("mcp_answer", host + " gave a session id that no header can carry");
    voice.session = *session;
  }
  return voice;
}

Result<Json> tool_result(const Json& message, const std::string& tool, const std::string& host) {
  if (const Json* error = find(message, "error"))
    return bad("mcp_error", host + " refused the call of its tool " + quote(tool) + ": " +
                                cut(text_or(*error, "message"), kLongestQuote) + " (" +
                                std::to_string(code_of(message)) + ")");
  const Json* result = find(message, "result");
  if (!result || !result->is_object())
    return bad("mcp_answer",
               host + " answered the call of its tool " + quote(tool) + " with what is no result");
  if (const std::string type = text_or(*result, "resultType"); !type.empty() && type != "complete")
    return bad("mcp_input_required", "the tool " + quote(tool) + " of " + host +
                                         " wants more input before it answers, which is not "
                                         "supported yet");
  const Json* structured = find(*result, "structuredContent");
  const bool has = structured && !structured->is_null();
  if (result->value("isError", Json(false)) != true)
    return has ? *structured : contents_of(*result);
  std::string said = contents_of(*result)["text"].get<std::string>();
  if (said.empty() && has) said = to_text(*structured);
  return bad("mcp_tool_error", "the tool " + quote(tool) + " of " + host + " failed" +
                                   (said.empty() ? "" : ": " + cut(said, kLongestFailure)));
}

}  // namespace plenum::mcp
