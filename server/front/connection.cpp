// The life of a connection: head, body, busy, and again, until an answer says close.
//
// The first half reads: it runs on Pistache's thread, or on the hub's for requests that had to wait
// for an answer. The second half writes, from whichever thread answers, on a descriptor of our own:
// its number cannot be given to another client while we hold it.  One mutex guards both, and no
// callback of the handler runs under it.
#include "server/front/connection.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>

namespace plenum::front {
namespace {

using std::chrono::milliseconds;

constexpr size_t kSwallowed = 16 << 20;   // after the last answer
constexpr uint64_t kBodyRate = 64 << 10;  // bytes per second that a body must at least bring
constexpr size_t kBehind = 64 << 10;      // bytes of a stream that a client has not read
constexpr uint32_t kRun = 4096, kRunCheck = 256;

Hub::Time now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

Connection::Connection(std::shared_ptr<Hub> hub, int fd, std::string peer)
    : hub_(std::move(hub)),
      id_(hub_->next_id()),
      peer_(std::move(peer)),
      fd_(fd),
      deadline_(now() + hub_->options.header_time),
      parser_(hub_->options) {}

Connection::~Connection() {
  Lock lock(mutex_);
  kill();
}

// ---- reading

void Connection::feed(std::string_view bytes) {
  Lock lock(mutex_);
  if (state_ == dead || state_ == refusing) return;
  if (state_ == lingering) {
    swallowed_ += bytes.size();
    if (swallowed_ > kSwallowed) abort();
    return;
  }
  if (!pumping_ && reading() && input_.empty()) return pump(lock, bytes);
  if (input_.size() + bytes.size() > hub_->options.pipelined_bytes) return abort();
  input_.append(bytes);
  if (pumping_ || !reading()) return;
  std::string taken;
  taken.swap(input_);
  pump(lock, taken);
}

void Connection::resume() {
  try {
    Lock lock(mutex_);
    if (pumping_ || !reading() || input_.empty()) return;
    std::string taken;
    taken.swap(input_);
    pump(lock, taken);
  } catch (...) {  // out of memory
    close();
  }
}

// Works through `bytes`, and through what arrives meanwhile, as far as requests can be taken now.
void Connection::pump(Lock& lock, std::string_view bytes) {
  pumping_ = true;
  std::string more;
  for (;;) {
    while (!bytes.empty() && reading()) bytes.remove_prefix(step(lock, bytes));
    if (!bytes.empty() || input_.empty() || !reading()) break;
    more.clear();
    more.swap(input_);
    bytes = more;
  }
  pumping_ = false;
  if (!bytes.empty() && state_ == busy) input_.insert(0, bytes);
}

size_t Connection::step(Lock& lock, std::string_view bytes) {
  if (state_ == body) return read_body(lock, bytes);
  if (!parser_.started() && !first_) allow(hub_->options.header_time);
  const size_t used = parser_.feed(bytes);
  if (parser_.refusal())
    refuse(lock, *parser_.refusal());
  else if (parser_.done())
    begin_body(lock);
  return used;
}

void Connection::begin_body(Lock& lock) {
  static_cast<Head&>(request_) = std::move(parser_.head());
  request_.peer =
      hub_->options.proxies.empty() ? peer_ : client_of(peer_, request_, hub_->options.proxies);
  const Framing framing = parser_.framing();
  keep_alive_ = request_.keep_alive;
  head_only_ = request_.method == "HEAD";
  http10_ = framing.http10;

  size_t limit = hub_->options.body_bytes;
  if (framing.has_body() && hub_->handler.body_limit) {
    bool failed = false;
    lock.unlock();
    try {
      limit = hub_->handler.body_limit(request_);
    } catch (...) {
      failed = true;
    }
    lock.lock();
    if (state_ != head) return;
    if (failed) return refuse(lock, {500, "internal", "the server failed at this request"});
  }
  parser_.reset();
  reader_.start(framing, limit);
  state_ = body;
  if (reader_.refusal()) return refuse(lock, *reader_.refusal());
  if (reader_.done()) return dispatch(lock);
  body_start_ = deadline_ = now();
  allow_body(framing.length);
  if (framing.expects_continue)
    sent(outbox_.send(fd_, "HTTP/1.1 100 Continue\r\n\r\n", std::string()));
}

size_t Connection::read_body(Lock& lock, std::string_view bytes) {
  const size_t used = reader_.feed(bytes, request_.body);
  if (reader_.refusal()) {
    refuse(lock, *reader_.refusal());
    return used;
  }
  const size_t grown = request_.body.size() - memory_;
  if (grown > 0 && !hub_->take_memory(grown)) {
    refuse(lock, {503, "overloaded", "the server holds too many request bodies; try again"});
    return used;
  }
  memory_ += grown;
  if (reader_.done())
    dispatch(lock);
  else if (grown > 0)
    allow_body(request_.body.size());
  return used;
}

void Connection::dispatch(Lock& lock) {
  if (!hub_->take_request())
    return refuse(lock, {503, "draining", "the server is shutting down; try again"});
  counted_ = true;
  state_ = busy;
  started_ = whole_ = chunked_ = silent_ = false;
  limit_run();
  const uint64_t serial = ++serial_;
  Request request = std::exchange(request_, Request());
  lock.unlock();
  try {
    Reply reply(std::make_shared<ConnectionExchange>(shared_from_this(), serial));
    hub_->handler.handle(std::move(request), std::move(reply));
  } catch (...) {  // its text is for nobody outside
    abandon(serial);
  }
  lock.lock();
}

// Pistache reads a socket until it is empty, so a client that never lets it run dry keeps all other
// clients of that thread waiting.  After some thousand requests in one go it must connect again.
void Connection::limit_run() {
  if (++run_ % kRunCheck != 0) return;
  int unread = 0;
  if (ioctl(fd_, FIONREAD, &unread) != 0 || unread == 0)
    run_ = 0;
  else if (run_ >= kRun)
    keep_alive_ = false;
}

void Connection::refuse(const Refusal& refusal) {
  Lock lock(mutex_);
  if (state_ == head) refuse(lock, refusal);
}

// The last answer on this connection: what follows a request that was not understood means nothing.
void Connection::refuse(Lock& lock, const Refusal& refusal) {
  if (state_ == head) head_only_ = parser_.head().method == "HEAD";
  const Refusal copy = refusal;
  state_ = refusing;
  keep_alive_ = false;
  request_ = Request();
  input_ = std::string();
  lock.unlock();
  Response response = hub_->problem(copy);
  lock.lock();
  if (state_ != refusing) return;
  started_ = whole_ = true;
  transmit(std::move(response));
}

void Connection::allow(milliseconds time) {
  deadline_ = now() + time;
}

void Connection::allow_body(uint64_t bytes) {
  const auto deadline = body_start_ + hub_->options.body_time +
                        milliseconds(static_cast<int64_t>(bytes * 1000 / kBodyRate));
  deadline_ = std::max(deadline_, deadline);
}

void Connection::tick(Hub::Time at) {
  Lock lock(mutex_);
  if (state_ == dead) return;
  if (waiting_ && at - progress_ > hub_->options.write_stall) return abort();
  if (state_ == busy || state_ == refusing || at < deadline_) return;
  const bool idle = state_ == head && !first_ && !parser_.started();
  if (state_ == lingering || idle) return kill();
  refuse(lock, {408, "request_timeout", "the request did not arrive in time"});
}

// ---- answering

void Connection::send(uint64_t serial, Response response) {
  std::function<void()> hook;  // destroyed without the lock
  Lock lock(mutex_);
  if (!may_answer(serial)) return;
  hook.swap(gone_hook_);
  started_ = whole_ = true;
  transmit(std::move(response));
}

void Connection::transmit(Response&& response) {
  if (response.status < 200 || response.status > 599) {
    response = Response();
    response.status = 500;
  }
  if (hub_->draining() || asks_to_close(response)) keep_alive_ = false;
  AnswerShape shape{BodyFraming::counted, response.body.size(), keep_alive_, http10_};
  if (!has_body(response.status)) shape.framing = BodyFraming::none;
  if (head_only_ || shape.framing == BodyFraming::none) response.body.clear();
  thread_local std::string text;
  text.clear();
  append_head(text, response, shape);
  sent(outbox_.send(fd_, text, std::move(response.body)));
}

void Connection::start(uint64_t serial, Response response) {
  Lock lock(mutex_);
  if (!may_answer(serial)) return;
  if (response.status < 200 || response.status > 599) response.status = 500;
  started_ = true;
  silent_ = head_only_ || !has_body(response.status);
  chunked_ = !http10_ && !silent_;
  if (hub_->draining() || asks_to_close(response) || http10_) keep_alive_ = false;
  AnswerShape shape{BodyFraming::chunked, 0, keep_alive_, http10_};
  if (http10_) shape.framing = BodyFraming::until_close;
  if (!has_body(response.status)) shape.framing = BodyFraming::none;
  std::string text;
  append_head(text, response, shape);
  sent(outbox_.send(fd_, text, std::string()));
}

bool Connection::write(uint64_t serial, std::string_view bytes) {
  Lock lock(mutex_);
  if (state_ != busy || serial != serial_ || !started_ || whole_) return false;
  if (bytes.empty() || silent_) return true;
  if (outbox_.size() > 0 && outbox_.size() + bytes.size() > hub_->options.unread_bytes) {
    abort();
    return false;
  }
  if (chunked_) {
    char size[20];
    char* end = std::to_chars(size, size + 16, bytes.size(), 16).ptr;
    *end++ = '\r';
    *end++ = '\n';
    sent(outbox_.send(fd_, std::string_view(size, static_cast<size_t>(end - size)), bytes, "\r\n"));
  } else {
    sent(outbox_.send(fd_, bytes, {}, {}));
  }
  return state_ == busy;
}

void Connection::end(uint64_t serial) {
  std::function<void()> hook;  // destroyed without the lock
  Lock lock(mutex_);
  if (state_ != busy || serial != serial_ || !started_ || whole_) return;
  hook.swap(gone_hook_);
  whole_ = true;
  if (chunked_)
    sent(outbox_.send(fd_, "0\r\n\r\n", std::string()));
  else if (outbox_.size() == 0)
    finish();
}

void Connection::on_gone(uint64_t serial, std::function<void()> hook) {
  {
    Lock lock(mutex_);
    if (serial != serial_ || whole_) return;
    if (state_ != dead) return hook.swap(gone_hook_);  // `hook` is destroyed without the lock
  }
  hook();
}

bool Connection::behind(uint64_t serial, std::function<void()> hook) {
  Lock lock(mutex_);
  if (state_ != busy || serial != serial_ || outbox_.size() <= kBehind) return false;
  hook.swap(read_hook_);  // the one before is destroyed without the lock
  lock.unlock();
  return true;
}

void Connection::abandon(uint64_t serial) {
  std::function<void()> hook;  // destroyed without the lock
  {
    Lock lock(mutex_);
    if (state_ != busy || serial != serial_ || whole_) return;
    if (started_) {  // half a stream: only the end of the connection says that the rest is missing
      hook.swap(gone_hook_);
      return kill();
    }
  }
  try {
    send(serial, hub_->problem({500, "internal", "the server failed at this request"}));
  } catch (...) {  // out of memory, in a destructor
    close();
  }
}

void Connection::sent(Outbox::State state) {
  if (state == Outbox::broken) return kill();
  if (state == Outbox::waiting && !waiting_) {
    waiting_ = true;
    progress_ = now();
    hub_->watch(fd_, id_, !watched_);
    watched_ = true;
  }
  if (state == Outbox::empty && whole_ && !reading()) finish();
}

void Connection::writable() {
  Lock lock(mutex_);
  if (state_ == dead || !waiting_) return;
  const size_t before = outbox_.size();
  const Outbox::State state = outbox_.resume(fd_);
  if (outbox_.size() < before) progress_ = now();
  if (outbox_.size() <= kBehind / 2 && read_hook_) hub_->post(std::exchange(read_hook_, nullptr));
  if (state == Outbox::waiting) return hub_->watch(fd_, id_, false);
  waiting_ = false;
  sent(state);
}

// The answer has been handed to the kernel.
void Connection::finish() {
  give_back();
  first_ = false;
  if (!keep_alive_) {
    ::shutdown(fd_, SHUT_WR);
    state_ = lingering;
    input_ = std::string();
    return allow(hub_->options.linger);
  }
  state_ = head;
  allow(hub_->options.idle_time);
  if (!pumping_ && !input_.empty()) hub_->post([self = shared_from_this()] { self->resume(); });
}

void Connection::give_back() {
  if (counted_) hub_->give_request();
  counted_ = false;
  if (memory_ > 0) hub_->give_memory(memory_);
  memory_ = 0;
}

void Connection::close() {
  Lock lock(mutex_);
  kill();
}

// For a client that does not keep to the rules: a reset, so that neither kernel keeps what is still
// on its way.
void Connection::abort() {
  const linger at_once{1, 0};
  if (state_ != dead) setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  kill();
}

// shutdown() makes Pistache read the end of the input and let go of its descriptor.
void Connection::kill() {
  if (state_ == dead) return;
  state_ = dead;
  outbox_.clear();
  input_ = std::string();
  if (watched_) hub_->unwatch(fd_);
  ::shutdown(fd_, SHUT_RDWR);
  ::close(fd_);
  fd_ = -1;
  give_back();
  if (read_hook_) hub_->post(std::exchange(read_hook_, nullptr));
  if (gone_hook_) hub_->post(std::exchange(gone_hook_, nullptr));
}

}  // namespace plenum::front
