#include "engine/effects/mcp/inbox.h"

#include <nlohmann/json.hpp>

namespace plenum::mcp {

namespace {
constexpr int kMostRequests = 8;  // that are answered; a server that asks more often waits in vain
}

std::vector<Json> Inbox::feed(std::string_view bytes) {
  std::vector<Json> requests;
  reader_.feed(bytes, [&](const std::string&, const std::string& data) { take(data, requests); });
  return requests;
}

std::vector<Json> Inbox::end() {
  std::vector<Json> requests;
  reader_.end([&](const std::string&, const std::string& data) { take(data, requests); });
  return requests;
}

void Inbox::take(const std::string& data, std::vector<Json>& requests) {
  if (response_ || data.empty()) return;
  if ((response_ = response_in(data, id_))) return;
  constexpr JsonLimits kLimits{64 << 10, 64, 10'000, 64 << 10, 1'000};
  const Result<Json> message = parse_json(data, kLimits);
  if (!message || text_or(*message, "method").empty()) return;
  const Json* id = find(*message, "id");
  if (id && (id->is_string() || id->is_number_integer()) && ++asked_ <= kMostRequests)
    requests.push_back(*message);
}

}  // namespace plenum::mcp
