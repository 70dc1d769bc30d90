// Outgoing HTTP: every transfer of the process on one curl thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"

namespace plenum::http {

using Headers =
    std::vector<std::pair<std::string, std::string>>;  // names in lower case when received

struct Request {
  std::string method = "POST";
  std::string url;
  Headers headers;  // may hold credentials: never logged
  std::string body;
  std::chrono::milliseconds timeout{120'000};  // the whole transfer, counted from admission
  std::chrono::milliseconds connect_timeout{5'000};
  size_t max_response_bytes = 8 << 20;  // decoded; beyond it the call fails
  size_t max_response_headers = 200, max_response_header_bytes = 64 << 10;  // the same
  // An operator's own base URL (a setting) may be http:// and local.  Anything an app file names is
  // https to global addresses only (specification section 19).
  bool trusted_destination = false;
  // curl sends a request a second time when a kept connection turns out to be dead, although the
  // peer may have acted on the first copy.  Right for model calls and reads; a write without an
  // idempotency key sets this and gets `unavailable` (outcome unknown) instead.
  bool at_most_once = false;
  // Of a 200 whose content type is text/event-stream: gets the body's bytes as they come, on the
  // curl thread, and the response's own body stays empty.  False: there is no room for them now;
  // the socket is not read, and the same bytes come again after resume().  Any other response's
  // body is collected as usual.
  std::function<bool(std::string_view)> on_body = nullptr;
  // Its answer may rest once it has begun, as long as `timeout` allows; see Options::stalled.
  bool may_rest = false;
};

struct Response {
  int status = 0;
  Headers headers;
  std::string body;
  const std::string* header(std::string_view lower_case_name) const;
};

// What went wrong before a complete response: kind `timeout` (nothing or not all came in time) or
// `unavailable` (DNS, connect, TLS, reset, cut short), either with code "connect_failed" when no
// byte of the request can have left; `denied` (address policy; code "address_denied"), `invalid` (a
// malformed URL, header or method; or code "response_too_large"), `limited` (too many calls wait in
// line; code "calls_waiting"), `internal`.
using Done = std::function<void(Result<Response>)>;

// Owns the curl thread.  Calls from any thread; `done` runs exactly once, on the curl thread (post
// from it to your own executor), also for a cancelled call (kind `unavailable`, code "cancelled")
// and when the client is destroyed, which must not happen on the curl thread.
class Client {
 public:
  struct Options {
    // Calls to one origin at a time; a hundred times as many once it has spoken HTTP/2 (streams
    // share connections).
    size_t connections_per_host = 64;
    size_t in_flight =
        8192;  // beyond it calls wait in line; their timeouts start when they are admitted
    size_t waiting = 100'000;  // calls in line; beyond it a call fails at once with `limited`
    std::chrono::seconds stalled{
        30};              // a response that has begun and stays below 10 bytes a second is given up
    std::string ca_file;  // PEM file of further trusted authorities instead of the system's; empty:
                          // the system's
  };
  Client();
  explicit Client(Options options);
  ~Client();
  Client(const Client&) = delete;

  uint64_t send(Request request, Done done);
  void cancel(
      uint64_t id);  // aborts the transfer within 100 ms; unknown and finished ids are ignored
  // The call's on_body has room again.  Spurious calls and unknown ids do no harm.
  void resume(uint64_t id);

 private:
  struct Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace plenum::http
