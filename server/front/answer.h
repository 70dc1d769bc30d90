// The bytes of an answer, and the queue they wait in when the client does not read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/front/front.h"

namespace plenum::front {

enum class BodyFraming { counted, chunked, until_close, none };

struct AnswerShape {
  BodyFraming framing = BodyFraming::counted;
  size_t length = 0;  // when counted
  bool keep_alive = true;
  bool http10 = false;
};

// Whether an answer with this status has a body at all.
inline bool has_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

// Status line and headers, with the empty line after them.  The framing headers, Connection and
// Date are the front's: a handler's own are left out, as is a header that is not one (a name that
// is no token); control characters in a value become spaces, so that no value can end its line.
void append_head(std::string& out, const Response& response, const AnswerShape& shape);

// Whether the handler asks for the connection to be closed after this answer.
bool asks_to_close(const Response& response);

// Bytes on their way to one socket, in order.  Not synchronized.
class Outbox {
 public:
  enum State { empty, waiting, broken };
  // Sends what the socket takes at once and keeps the rest; `last` is moved when it is worth it.
  State send(int fd, std::string_view first, std::string&& last);
  State send(int fd, std::string_view first, std::string_view middle, std::string_view last);
  State resume(int fd);  // after the socket became writable
  size_t size() const { return bytes_; }
  void clear();

 private:
  void keep(std::string_view text);
  void keep(std::string&& text, size_t offset);

  std::vector<std::string> chunks_;
  size_t first_ = 0, offset_ = 0;  // of the next byte: the chunk, and its place in there
  size_t bytes_ = 0;
};

}  // namespace plenum::front
