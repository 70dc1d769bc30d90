// Outgoing HTTP: every transfer of the process on one curl thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/result.h"

namespace plenum::http {

using Headers = std::vector<std::pair<std::string, std::string>>;  // names in lower case when received

struct Request {
  std::string method = "POST";
  std::string url;
  Headers headers;  // may hold credentials: never logged
  std::string body;
  std::chrono::milliseconds timeout{120'000};      // the whole transfer, counted from admission
  std::chrono::milliseconds connect_timeout{5'000};
  size_t max_response_bytes = 8 << 20;             // decoded; beyond it the call fails
  // An operator's own base URL (a setting) may be http:// and local.  Anything an app file names is https to global
  // addresses only (specification section 19).
  bool trusted_destination = false;
};

struct Response {
  int status = 0;
  Headers headers;
  std::string body;
  const std::string* header(std::string_view lower_case_name) const;
};

// What went wrong before a complete response: kind `timeout` (nothing or not all came in time) or `unavailable`
// (DNS, connect, TLS, reset, cut short; code "connect_failed" when no byte of the request can have left), `denied`
// (address policy), `invalid` (a malformed URL), `internal`.
using Done = std::function<void(Result<Response>)>;

// Owns the curl thread.  Calls from any thread; `done` runs exactly once, on the curl thread (post from it to your own
// executor), also for a cancelled call (kind `unavailable`, code "cancelled") and when the client is destroyed.
class Client {
 public:
  struct Options {
    size_t connections_per_host = 64;
    size_t in_flight = 8192;  // beyond it calls wait in line; their timeouts start when they are admitted
  };
  Client();
  explicit Client(Options options);
  ~Client();
  Client(const Client&) = delete;

  uint64_t send(Request request, Done done);
  void cancel(uint64_t id);  // aborts the transfer within 100 ms; unknown and finished ids are ignored

 private:
  struct Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace plenum::http
