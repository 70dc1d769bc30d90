// What the providers that are asked over HTTP have in common: building the request, small readings.
#include "engine/llm/wire.h"

namespace plenum::llm {

Access completed(Access given, const char* base_url, const char* api_version) {
  if (given.base_url.empty()) given.base_url = base_url;
  if (given.api_version.empty()) given.api_version = api_version;
  while (!given.base_url.empty() && given.base_url.back() == '/') given.base_url.pop_back();
  while (!given.key.empty() && std::isspace(static_cast<unsigned char>(given.key.back())))
    given.key.pop_back();
  return given;
}

Result<http::Request> post(const Peer& peer, const Access& access, const Call& call,
                           std::string url, http::Headers headers, const Json& body) {
  if (access.key.empty() && !access.trusted_base_url)
    return fail(Kind::denied,
                std::string("there is no key for ") + peer.name + ": set " + peer.key_variable,
                "provider_auth");
  http::Request request;
  request.url = std::move(url);
  request.headers = std::move(headers);
  request.headers.emplace_back("content-type", "application/json");
  request.body = to_text(body);
  request.timeout = call.timeout;
  request.trusted_destination = access.trusted_base_url;
  return request;
}

namespace {

void merge(Json& into, const Json& from) {
  for (const auto& [key, value] : from.items()) {
    Json& there = into[key];
    if (there.is_object() && value.is_object())
      merge(there, value);
    else
      there = value;
  }
}

}  // namespace

Result<> add_params(Json& body, const Call& call, std::initializer_list<std::string_view> ours) {
  if (call.params.is_null()) return {};
  if (!call.params.is_object())
    return fail(Kind::invalid, "`params` of the model must be a map of request members");
  for (const std::string_view key : ours)
    if (find(call.params, key))
      return fail(Kind::invalid, "`params` of the model sets `" + std::string(key) +
                                     "`, which the engine fills in itself; remove it there");
  merge(body, call.params);
  return {};
}

std::string escaped_path(std::string_view text) {
  std::string out;
  for (const unsigned char c : text) {
    if (std::isalnum(c) || std::string_view("-._~/").find(c) != std::string_view::npos) {
      out += static_cast<char>(c);
    } else {
      constexpr char kHex[] = "0123456789ABCDEF";
      out += {'%', kHex[c >> 4], kHex[c & 15]};
    }
  }
  return out;
}

std::string with_schema_in_words(const std::string& system, const Json& schema) {
  return system + (system.empty() ? "" : "\n\n") +
         "Answer with one JSON document and nothing else. It must fit this JSON Schema:\n" +
         to_text(schema);
}

Error refused(const Peer& peer, std::string_view what, std::string_view reason) {
  return {Kind::invalid,
          std::string(peer.name) + " refused " + std::string(what) + " (" +
              std::string(reason.substr(0, 60)) + "): change the prompt or the input",
          "provider_refused",
          {}};
}

Error unfinished(const Peer& peer, std::string_view reason) {
  return {Kind::unavailable,
          std::string(peer.name) + "'s answer is not usable (" + std::string(reason.substr(0, 60)) +
              "); trying again may help",
          "provider_malformed",
          {}};
}

Error empty(const Peer& peer) {
  return {Kind::unavailable,
          std::string(peer.name) + " answered without a text; trying again may help",
          "provider_empty",
          {}};
}

int64_t count_or_zero(const Json& object, std::string_view key) {
  const Json* value = find(object, key);
  return value && value->is_number() ? std::max<int64_t>(0, value->get<int64_t>()) : 0;
}

std::string last_segment(const std::string& node) {
  std::string id = node.substr(node.rfind('/') + 1);
  id.erase(std::min(id.size(), id.find_first_of("[#:@.")));  // the round or item it stands in
  return id;
}

}  // namespace plenum::llm
