// What the providers that are asked over HTTP have in common.
#pragma once

#include "engine/llm/provider.h"

namespace plenum::llm {

// How people name a provider, and what holds its key: for messages.
struct Peer {
  const char* name;          // "Gemini"
  const char* key_variable;  // "GEMINI_API_KEY"
};

// Fills in what `given` leaves empty, and takes the slash off the URL's end and the line end off
// the key.
Access completed(Access given, const char* base_url, const char* api_version);

// The call's request, unless the key is missing where one is needed (the operator's own server may
// need none).
Result<http::Request> post(const Peer& peer, const Access& access, const Call& call,
                           std::string url, http::Headers headers, const Json& body);

// Merges the author's `params` into the body, members of objects one by one.  `ours` may not be set
// that way.
Result<> add_params(Json& body, const Call& call, std::initializer_list<std::string_view> ours);

// A path segment: everything but unreserved characters and / as %XX.
std::string escaped_path(std::string_view text);

// "Answer with JSON that fits …": for schemas the provider cannot enforce.
std::string with_schema_in_words(const std::string& system, const Json& schema);

// The body of a successful response; or the error that the response is, from its status or its
// body.
Result<Json> read_body(const Peer& peer, const Access& access, const Call& call,
                       const http::Response& response);

// Answers that are no answer.
Error refused(const Peer& peer, std::string_view what, std::string_view reason);
Error unfinished(const Peer& peer, std::string_view reason);
Error empty(const Peer& peer);

// How long the peer asks to wait: retry-after-ms, retry-after (seconds or date), the body's
// RetryInfo or availability.retry_after, in this order, clamped to 15 minutes; what cannot be read
// is ignored.
std::optional<std::chrono::milliseconds> wait_asked(const http::Response& response,
                                                    const Json& body);

int64_t count_or_zero(const Json& object, std::string_view key);
std::string last_segment(const std::string& node);  // "reply/analyze" is "analyze"

}  // namespace plenum::llm
