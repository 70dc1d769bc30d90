// Answers in place of the world beyond this machine, for tests of apps; or listens to it, to answer
// the next time.
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

// The call of a node that is about to be answered.
struct ScriptCall {
  std::string graph, path;
  std::string run;
  uint64_t call = 0;  // a number that no other try of any node of the run has
  int attempt = 1;
  std::string provider, model;  // that a model node asks; "": it is none
};

class Script {
 public:
  virtual ~Script() = default;
  // Of the call that a node makes, once per attempt; an error when the script has none.  On the
  // engine's thread; never blocks.
  virtual Result<Scripted> answer(const ScriptCall& call) = 0;
  // Whether the node's model is really asked this time, in place of answer(); an error: it ought to
  // be, and cannot.
  virtual Result<bool> asks(const ScriptCall& call) = 0;
  // What a model that was really asked said.
  virtual void heard(const ScriptCall& call, const std::string& text) = 0;
  // What the node's effect failed with in the end: documents, for example, without a sandbox.
  virtual void failed(const ScriptCall& call, const Error& error) = 0;
};

}  // namespace plenum
