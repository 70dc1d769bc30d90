// Answers in place of the world beyond this machine, for tests of apps.
#pragma once

#include <optional>
#include <string>

#include "engine/base/json.h"
#include "engine/base/result.h"
#include "engine/effects/http/client.h"

namespace plenum {

// What the peer says: a value, or the response of one that failed.
struct Scripted {
  Json value;
  std::optional<http::Response> failure = std::nullopt;
};

class Script {
 public:
  virtual ~Script() = default;
  // Of the call that the node at `path` of `graph` makes, once per attempt; an error when the
  // script has none.  On the engine's thread; never blocks.
  virtual Result<Scripted> answer(const std::string& graph, const std::string& path) = 0;
  // What the node's effect failed with in the end: documents, for example, without a sandbox.
  virtual void failed(const std::string& graph, const std::string& path, const Error& error) = 0;
};

}  // namespace plenum
