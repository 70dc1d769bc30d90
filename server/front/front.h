// HTTP on the wire: framing, limits, deadlines and writing on Pistache's listener; the only user of
// Pistache.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "server/front/address.h"

namespace plenum::front {

using Headers = std::vector<std::pair<std::string, std::string>>;

// The head of a request, checked: names in lower case, the path percent-decoded once and without
// "..", the query decoded.
struct Head {
  std::string method, target, path;
  Headers query;
  Headers headers;
  std::string peer;  // whom it comes from, "127.0.0.1": the socket, or for whom a proxy asks
  bool keep_alive = true;

  const std::string* header(std::string_view lower_case_name) const;
  const std::string* parameter(std::string_view name) const;
};

struct Request : Head {
  std::string body;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
};

// The answer to one request.  A cheap handle; callable from any thread.  The first send() or
// start() counts, later ones are ignored; a handle whose last copy goes unanswered answers 500.
class Reply {
 public:
  // Where the answer goes: a connection, or a caller in this process.  Its end is the last
  // handle's.
  class Exchange {
   public:
    virtual ~Exchange() = default;
    virtual void send(Response response) = 0;
    virtual void start(Response head) = 0;
    virtual bool write(std::string_view bytes) = 0;
    virtual void end() = 0;
    virtual void on_gone(std::function<void()> hook) = 0;
    virtual bool behind(std::function<void()>) { return false; }
  };
  explicit Reply(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  void send(Response response) const { exchange_->send(std::move(response)); }

  // A streamed body (chunked): start, any number of writes, end.  write() returns false once the
  // client is gone or has not read 4 MiB; the connection is then closed.  So it is when the last
  // handle goes before end().
  void start(Response head) const { exchange_->start(std::move(head)); }
  bool write(std::string_view bytes) const { return exchange_->write(bytes); }
  // Whether the client has left more than 64 KiB of the stream unread.  The hook then runs once, on
  // a front thread, when it has read half of that, or has gone.  A second hook replaces the first.
  bool behind(std::function<void()> hook) const { return exchange_->behind(std::move(hook)); }
  void end() const { exchange_->end(); }

  // Runs once, on a front thread, when the client leaves before the answer is whole; at once when
  // it has left already. A second hook replaces the first.  A hook must not hold this Reply: it
  // would keep the request waiting for ever.
  void on_gone(std::function<void()> hook) const { exchange_->on_gone(std::move(hook)); }

 private:
  std::shared_ptr<Exchange> exchange_;
};

struct Options {
  std::string address = "127.0.0.1";
  uint16_t port = 8080;  // 0: any free one; see port()
  int threads = 1;
  size_t connections = 1024, connections_per_address = 1024;
  Networks proxies;  // whose word counts for whom they ask; their connections are not counted
  size_t header_bytes = 16 << 10, header_count = 100, target_bytes = 8 << 10;
  size_t body_bytes = 1 << 20;  // when `body_limit` is not set
  // The body's time is `body_time` and a second more for each 64 KiB.
  std::chrono::milliseconds header_time{10'000}, body_time{10'000}, idle_time{30'000},
      write_stall{15'000};
  std::chrono::milliseconds linger{2'000};  // how long input is swallowed after the last answer
  size_t unread_bytes = 4 << 20;            // of a stream, kept for a client that does not read
  size_t pipelined_bytes = 64 << 10;        // kept while a request is being answered
  size_t body_memory = 256 << 20;           // of all request bodies together; 503 over it
};

// Called on a front thread, must not block.
struct Handler {
  // Largest body for this head in bytes, asked before any of the body is read (413 over it); unset:
  // Options::body_bytes.
  std::function<size_t(const Head&)> body_limit;
  std::function<void(Request, Reply)> handle;
  // The body of an answer the front makes itself (400, 408, 413, 414, 417, 429, 431, 500, 503):
  // status, code, sentence. May be called on any thread.
  std::function<Response(int status, const std::string& code, const std::string& message)> problem;
};

class Front {
 public:
  // Listens, or says why not: "address already in use: 127.0.0.1:8080".
  static Result<std::unique_ptr<Front>> open(Options options, Handler handler);
  virtual ~Front() = default;  // stops
  virtual uint16_t port() const = 0;
  // Answers no further request (503, and the connection is closed); returns when none is in flight
  // or the time is over (true: none was left).  A request is in flight until its answer has been
  // handed to the kernel.
  virtual bool drain(std::chrono::milliseconds limit) = 0;
  // Closes everything.  When it returns no callback runs any more.  Not to be called from a
  // callback.
  virtual void stop() = 0;
  virtual size_t in_flight() const = 0;
  virtual size_t connections() const = 0;
};

}  // namespace plenum::front
