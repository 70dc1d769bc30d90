// The messages of one answer that comes as a stream of events.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "engine/effects/mcp/messages.h"
#include "engine/llm/stream.h"

namespace plenum::mcp {

// Looks for the response to `id`; what a server tells on the way (progress, logs) is passed over.
// One thread at a time.
class Inbox {
 public:
  explicit Inbox(int64_t id) : id_(id) {}

  // The requests among the messages: a server may ask something of us before it answers.
  std::vector<Json> feed(std::string_view bytes);
  std::vector<Json> end();
  bool answered() const { return response_.has_value(); }
  const std::optional<Json>& response() const { return response_; }

 private:
  void take(const std::string& data, std::vector<Json>& requests);

  const int64_t id_;
  llm::SseReader reader_;
  std::optional<Json> response_;
  int asked_ = 0;
};

}  // namespace plenum::mcp
