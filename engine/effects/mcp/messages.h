// What is said to MCP servers over streamable HTTP, and what their answers mean; pure.
//
// Two eras are in use: since 2026-07-28 each request stands alone; before, a server wants to be
// initialized and may give a session.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/json.h"
#include "engine/base/result.h"
#include "engine/effects/http/client.h"

namespace plenum::mcp {

inline constexpr const char* kModern = "2026-07-28";
inline constexpr const char* kLastOld = "2025-11-25";
inline constexpr size_t kLargestAnswer = 1 << 20;

enum class Era { unknown, modern, old };

// How a server is spoken to.
struct Voice {
  std::string version = kModern;
  std::string session = {};  // of an old server that gave one
  bool modern() const { return version == kModern; }
};

// The body of a POST and its headers.
struct Outgoing {
  http::Headers headers;
  std::string body;
};

Outgoing discover(int64_t id);
Outgoing initialize(int64_t id);
Outgoing initialized(const Voice& voice);
Outgoing call_tool(int64_t id, const Voice& voice, const std::string& tool, const Json& arguments);
// The answer to what a server asks of us in the middle of its stream: a ping is answered, nothing
// else is supported.
Outgoing answer_to(const Json& request, const Voice& voice);

// The response to `id` in a body that came whole: the message, or one of a batch.  An error without
// an id counts.  Nothing: there is none.
std::optional<Json> response_in(std::string_view body, int64_t id);
bool is_response_to(const Json& message, int64_t id);

// What the answer to discover() says.  `unknown`: neither; it is an error as it stands.
Era era_of(int status, const std::optional<Json>& message);
// The error that a server of today's kind gives for a request it does not take.
bool is_modern_error(int status, const std::optional<Json>& message);

// From the answer to initialize(): `invalid` (code "mcp_version") for a version we do not speak,
// ("mcp_answer") for a session that no header can carry.
Result<Voice> voice_of(const http::Response& response, const Json& message,
                       const std::string& host);

// The result of a tool: its structured content; else {text, content}, the text blocks joined and
// the other blocks without their bytes.  `invalid`, status 502: "mcp_tool_error" with the tool's
// own words when it failed, "mcp_error" for a refusal by the protocol, "mcp_input_required",
// "mcp_answer" for what is no answer.
Result<Json> tool_result(const Json& message, const std::string& tool, const std::string& host);

}  // namespace plenum::mcp
