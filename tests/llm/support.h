// What the provider tests share: calls in few words, results as short text.
#pragma once

#include "engine/llm/provider.h"

namespace plenum::llm {

constexpr const char* kTestKey = "key-0123456789-secret";

inline std::unique_ptr<Provider> provider(const std::string& name, Access access = {}) {
  access.key = kTestKey;
  return make_provider(name, std::move(access), "");
}

inline Call a_call(const std::string& prompt = "hello") {
  Call call;
  call.app = "app";
  call.node = "reply/analyze";
  call.model = "m-1";
  call.messages = {{Message::Role::user, prompt, {}}};
  return call;
}

inline http::Response a_response(int status, const std::string& body, http::Headers headers = {}) {
  return {status, std::move(headers), body};
}

// The request, or a failed test.
inline http::Request request_of(const Provider& provider, const Call& call) {
  auto prepared = provider.prepare(call);
  if (!prepared) throw std::runtime_error(prepared.error().message);
  return std::get<http::Request>(*prepared);
}

inline Json body_of(const Provider& provider, const Call& call) {
  return Json::parse(request_of(provider, call).body);
}

inline std::string header_of(const http::Request& request, std::string_view name) {
  for (const auto& [key, value] : request.headers)
    if (key == name) return value;
  return "";
}

// "limited/quota_exhausted after 2500 ms", "text", "text (cut)"
inline std::string story(const Result<Reply>& reply) {
  if (reply) return reply->text + (reply->cut ? " (cut)" : "");
  const Error& error = reply.error();
  std::string out = name(error.kind);
  if (!error.code.empty()) out += "/" + error.code;
  if (error.retry_after) out += " after " + std::to_string(error.retry_after->count()) + " ms";
  return out;
}

inline std::string story(const Usage& usage) {
  return std::to_string(usage.input_tokens) + " in, " + std::to_string(usage.output_tokens) +
         " out, " + std::to_string(usage.cached_tokens) + " cached";
}

}  // namespace plenum::llm
