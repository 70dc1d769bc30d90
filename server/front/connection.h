// One client's connection: from bytes to requests, and from answers to bytes.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "server/front/answer.h"
#include "server/front/hub.h"
#include "server/front/parse.h"

namespace plenum::front {

// Requests are taken one at a time: bytes of the next ones wait until the answer has been handed to
// the kernel. feed() and gone() are called by the one Pistache thread that reads the socket; all
// else is callable from any thread. `serial` names the request an answer belongs to; an answer to
// another one than the present is ignored.
class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  // Takes over `fd`.  Keeps the hub alive.
  Connection(std::shared_ptr<Hub> hub, int fd, std::string peer);
  ~Connection();
  Connection(const Connection&) = delete;

  uint64_t id() const { return id_; }
  void feed(std::string_view bytes);
  void refuse(const Refusal& refusal);  // the whole connection, before any input
  void close();                         // the client left, or must

  void send(uint64_t serial, Response response);
  void start(uint64_t serial, Response head);
  bool write(uint64_t serial, std::string_view bytes);
  void end(uint64_t serial);
  void on_gone(uint64_t serial, std::function<void()> hook);
  bool behind(uint64_t serial, std::function<void()> hook);
  void abandon(uint64_t serial);  // nobody is left who could answer

  void writable();           // from the hub: the socket takes bytes again
  void resume();             // from the hub: look at the pipelined input
  void tick(Hub::Time now);  // from the hub: look at the deadlines

 private:
  using Lock = std::unique_lock<std::mutex>;
  enum State {
    head,       // reading a head, or idle before one
    body,       // reading a body
    busy,       // a request is being answered; deadlines rest
    refusing,   // the front makes the last answer; input is dropped
    lingering,  // the last answer is out: swallowing what still comes, so that it is not lost to a
                // reset
    dead
  };

  bool reading() const { return state_ == head || state_ == body; }
  bool may_answer(uint64_t serial) const {
    return state_ == busy && serial == serial_ && !started_;
  }
  void pump(Lock& lock, std::string_view bytes);
  size_t step(Lock& lock, std::string_view bytes);
  size_t read_body(Lock& lock, std::string_view bytes);
  void begin_body(Lock& lock);
  void dispatch(Lock& lock);
  void refuse(Lock& lock, const Refusal& refusal);
  void allow(std::chrono::milliseconds time);
  void allow_body(uint64_t bytes);
  void limit_run();

  void transmit(Response&& response);
  void sent(Outbox::State state);
  void finish();
  void give_back();
  void kill();
  void abort();

  const std::shared_ptr<Hub> hub_;
  const uint64_t id_;
  const std::string peer_;

  std::mutex mutex_;
  State state_ = head;
  int fd_;
  Hub::Time deadline_, progress_;  // progress_: when the client last took bytes
  Hub::Time body_start_;

  HeadParser parser_;
  BodyReader reader_;
  Request request_;
  std::string input_;     // read but not looked at yet
  bool pumping_ = false;  // a thread is inside pump(), perhaps with the lock released
  bool first_ = true;     // no request has been answered yet
  size_t swallowed_ = 0;
  size_t memory_ = 0;  // of the body, as counted by the hub
  uint32_t run_ = 0;   // requests since the socket was last seen empty

  uint64_t serial_ = 0;
  bool keep_alive_ = true, head_only_ = false, http10_ = false;
  bool started_ = false;  // the answer has begun
  bool whole_ = false;    // the answer has been given in full; bytes of it may still wait
  bool counted_ = false;  // the hub counts a request for us
  bool chunked_ = false, silent_ = false;  // a stream's bytes go out in chunks; not at all
  std::function<void()> gone_hook_, read_hook_;
  Outbox outbox_;
  bool watched_ = false, waiting_ = false;  // for the socket to become writable
};

// What the copies of one Reply share.
class ConnectionExchange final : public Reply::Exchange {
 public:
  ConnectionExchange(std::shared_ptr<Connection> connection, uint64_t serial)
      : connection_(std::move(connection)), serial_(serial) {}
  ~ConnectionExchange() override { connection_->abandon(serial_); }
  ConnectionExchange(const ConnectionExchange&) = delete;

  void send(Response response) override { connection_->send(serial_, std::move(response)); }
  void start(Response head) override { connection_->start(serial_, std::move(head)); }
  bool write(std::string_view bytes) override { return connection_->write(serial_, bytes); }
  void end() override { connection_->end(serial_); }
  void on_gone(std::function<void()> hook) override {
    connection_->on_gone(serial_, std::move(hook));
  }
  bool behind(std::function<void()> hook) override {
    return connection_->behind(serial_, std::move(hook));
  }

 private:
  const std::shared_ptr<Connection> connection_;
  const uint64_t serial_;
};

}  // namespace plenum::front
