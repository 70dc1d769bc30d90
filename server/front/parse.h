// HTTP/1.x requests from bytes, as strict as request smuggling demands.
//
// Both readers take bytes in pieces of any size and look at each byte a fixed number of times.  The
// cut between pieces never changes the outcome.  After a refusal the rest of the connection means
// nothing and must not be read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/front/front.h"

namespace plenum::front {

// Why a request is not served.
struct Refusal {
  int status = 400;
  std::string code;     // stable, e.g. "malformed_request"
  std::string message;  // one sentence for the person who wrote the client
};

// One CRLF-ended line at a time, whatever pieces it comes in.
class LineReader {
 public:
  enum Outcome { more, line, too_long, bare };
  // Takes from `bytes`.  `line`: `out` is the line without its CRLF, valid until the next call.
  // `too_long`: the line with its CRLF is longer than `limit`.  `bare`: it ended in a LF without a
  // CR.
  Outcome next(std::string_view& bytes, size_t limit, std::string_view& out);

 private:
  std::string pending_;
  bool returned_ = false;
};

struct Framing {
  bool chunked = false;
  uint64_t length = 0;
  bool expects_continue = false;
  bool http10 = false;
  bool has_body() const { return chunked || length > 0; }
};

class HeadParser {
 public:
  explicit HeadParser(const Options& options) : options_(options) {}
  // Takes bytes up to the head's end and returns how many; all of them while it is neither done nor
  // refused.
  size_t feed(std::string_view bytes);
  bool started() const { return started_; }
  bool done() const { return done_; }
  const std::optional<Refusal>& refusal() const { return refusal_; }
  const Framing& framing() const { return framing_; }
  Head& head() { return head_; }
  void reset();  // for the next request on the same connection

 private:
  void take(std::string_view line);
  void take_request_line(std::string_view line);
  void take_field(std::string_view line);
  void finish();
  void finish_framing();
  void finish_connection();
  void refuse(int status, const char* code, std::string message);

  const Options& options_;
  LineReader lines_;
  Head head_;
  Framing framing_;
  std::optional<Refusal> refusal_;
  bool started_ = false, in_fields_ = false, done_ = false;
  int blank_lines_ = 0;
  size_t field_bytes_ = 0;
};

class BodyReader {
 public:
  // `limit`: the largest body; over it the refusal is 413.
  void start(const Framing& framing, size_t limit);
  // Appends to `body`; takes bytes up to the body's end and returns how many.
  size_t feed(std::string_view bytes, std::string& body);
  bool done() const { return state_ == done_state; }
  const std::optional<Refusal>& refusal() const { return refusal_; }

 private:
  enum State { counted, chunk_size, chunk_data, chunk_cr, chunk_lf, trailer, done_state };
  void take_data(std::string_view& bytes, std::string& body);
  void take_chunk_size(std::string_view line, size_t body_size);
  void take_trailer(std::string_view line);
  void refuse(std::string message, int status = 400, const char* code = "malformed_body");

  State state_ = done_state;
  uint64_t left_ = 0;  // of the body (counted) or of the chunk
  size_t limit_ = 0, extension_bytes_ = 0, trailer_bytes_ = 0;
  LineReader lines_;
  std::optional<Refusal> refusal_;
};

// Splits a header line into name and value, or says what is wrong with it.
Result<std::pair<std::string_view, std::string_view>> split_field(std::string_view line);

// Fills head.path and head.query from head.target.  `host` is the Host header, or null.
std::optional<Refusal> parse_target(const std::string* host, Head& head);

Refusal body_too_large(const std::string& size, size_t limit);

}  // namespace plenum::front
