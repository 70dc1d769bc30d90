// The operators' door of a server: a socket in its data folder, which nobody but the folder's user
// can open.  One line of JSON asks, one line of JSON answers.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/base/json.h"
#include "engine/base/result.h"

namespace plenum::server {

// Answers on a thread of its own, one request after the other.
class Control {
 public:
  // `answer` is called on that thread and may block for as long as the act takes.  The request's
  // `uid` is who asks, as the system knows them.
  using Answer = std::function<Result<Json>(const Json& request)>;
  static Result<std::unique_ptr<Control>> open(const std::string& data, Answer answer);
  virtual ~Control() = default;  // answers what it has begun, and removes the socket
};

// Asks the server of that data folder.  `not_found` (code "not_served") when none listens there;
// otherwise its answer, or its error with kind, code and message.
Result<Json> ask_server(const std::string& data, const Json& request);

}  // namespace plenum::server
