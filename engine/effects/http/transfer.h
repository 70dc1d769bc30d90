// One call on one curl handle: what is set before it, what is collected during it, what its end
// means.
#pragma once

#include <curl/curl.h>

#include "engine/effects/http/client.h"

namespace plenum::http {

// What cannot be sent at all: a scheme that is not allowed, a header that would become two.  Empty:
// fine.
Result<> check(const Request& request);

// "https://host:port" of a URL, to count calls per peer.
std::string_view origin(std::string_view url);

// Reused for call after call, so that curl's buffers and most of its options are set once.  Used by
// one thread.
class Transfer {
 public:
  explicit Transfer(const Client::Options& options);
  ~Transfer();
  Transfer(const Transfer&) = delete;

  CURL* handle() const { return easy_; }
  // Makes the handle ready for this call; curl's clock starts when it is added to a multi handle.
  void prepare(uint64_t id, Request request, Done done, void* peer);
  // The call's end, as its caller reads it.  The transfer is free for the next call then.
  Result<Response> finish(CURLcode code);
  // Lets go of the call, its body and its credentials.
  Done release();
  uint64_t id() const { return id_; }
  void* peer() const { return peer_; }
  bool multiplexed() const;  // the response came over HTTP/2
  void go_on();              // after on_body had no room

 private:
  Error failure(CURLcode code) const;
  Error lost(CURLcode code, std::string_view why) const;
  void set_method();
  void set_headers();
  void watch_pace();
  bool streams() const;

  static size_t on_header(char* data, size_t size, size_t count, void* self);
  static size_t on_body(char* data, size_t size, size_t count, void* self);
  static curl_socket_t on_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int on_request(void* self, char* peer_ip, char* own_ip, int peer_port, int own_port);

  CURL* easy_;
  curl_slist* headers_ = nullptr;
  std::chrono::seconds stalled_;
  uint64_t id_ = 0;
  void* peer_ = nullptr;
  Request request_;
  Done done_;
  Response response_;
  int sent_ = 0;  // how many times the request was about to be written
  bool address_denied_ = false;
  bool repeat_denied_ = false;
  bool too_large_ = false;
  bool headers_too_large_ = false;
  enum { unknown, collected, streamed } body_ = unknown;  // known from its first byte on
  size_t body_bytes_ = 0;
  size_t header_bytes_ = 0;
  char error_[CURL_ERROR_SIZE] = {};
};

}  // namespace plenum::http
