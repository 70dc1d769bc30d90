// The hub's thread owns no connection: it is told by number which one can go on, and asks all of
// them about their deadlines a few times per second.  Callbacks of the handler run without any
// lock.
#include "server/front/hub.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "server/front/connection.h"
#include "server/front/text.h"

namespace plenum::front {
namespace {

constexpr size_t kRefusedConnections = 64;  // beyond the limit, for as long as their refusal takes

std::chrono::milliseconds tick_interval(const Options& options) {
  const auto shortest = std::min({options.header_time, options.body_time, options.idle_time,
                                  options.write_stall, options.linger});
  return std::clamp(shortest / 4, std::chrono::milliseconds(5), std::chrono::milliseconds(500));
}

// Out of memory costs one connection, not the thread that all of them need.
template <typename Work>
void guarded(Connection& connection, Work work) {
  try {
    work();
  } catch (...) {
    connection.close();
  }
}

}  // namespace

Hub::Hub(Options wanted, Handler callbacks)
    : options(std::move(wanted)), handler(std::move(callbacks)) {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  epoll_event event{};
  event.events = EPOLLIN;
  if (epoll_ >= 0 && wake_ >= 0) epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
}

Hub::~Hub() {
  stop();
  if (epoll_ >= 0) ::close(epoll_);
  if (wake_ >= 0) ::close(wake_);
}

Response Hub::problem(const Refusal& refusal) const {
  Response response;
  response.status = refusal.status;
  try {
    if (handler.problem) response = handler.problem(refusal.status, refusal.code, refusal.message);
  } catch (...) {  // the answer matters more than its body
    response = Response{};
    response.status = refusal.status;
  }
  if (response.status < 400 || response.status > 599) response.status = refusal.status;
  if (response.body.empty() && response.headers.empty()) {
    response.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
    response.body = refusal.code + ": " + refusal.message + "\n";
  }
  if (response.status == 429 || response.status == 503) {
    const bool told = std::any_of(
        response.headers.begin(), response.headers.end(),
        [](const auto& header) { return equal_ignoring_case(header.first, "retry-after"); });
    if (!told) response.headers.emplace_back("Retry-After", "1");
  }
  return response;
}

Hub::Admission Hub::add(const std::shared_ptr<Connection>& connection, const std::string& peer) {
  std::lock_guard lock(mutex_);
  if (stopping_ || connections_.size() >= options.connections + kRefusedConnections)
    return {true, std::nullopt};
  connections_.emplace(connection->id(), connection);
  const size_t of_peer = ++per_peer_[network_of(peer)];
  if (connections_.size() > options.connections)
    return {false, Refusal{503, "too_many_connections", "the server has too many connections"}};
  const bool proxy = std::any_of(options.proxies.begin(), options.proxies.end(),
                                 [&](const Network& network) { return network.has(peer); });
  if (of_peer > options.connections_per_address && !proxy)
    return {false, Refusal{429, "too_many_connections",
                           "this address has " + std::to_string(options.connections_per_address) +
                               " connections, the most it may have"}};
  return {};
}

void Hub::remove(uint64_t id, const std::string& peer) {
  std::shared_ptr<Connection> kept;  // destroyed without the lock
  std::lock_guard lock(mutex_);
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  kept = std::move(found->second);
  connections_.erase(found);
  const auto of_peer = per_peer_.find(network_of(peer));
  if (of_peer != per_peer_.end() && --of_peer->second == 0) per_peer_.erase(of_peer);
  if (connections_.empty()) changed_.notify_all();
}

size_t Hub::connections() const {
  std::lock_guard lock(mutex_);
  return connections_.size();
}

std::vector<std::shared_ptr<Connection>> Hub::all() const {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Connection>> list;
  list.reserve(connections_.size());
  for (const auto& [id, connection] : connections_) list.push_back(connection);
  return list;
}

void Hub::post(std::function<void()> work) {
  {
    std::lock_guard lock(mutex_);
    posted_.push_back(std::move(work));
  }
  const uint64_t one = 1;
  (void)!::write(wake_, &one, sizeof one);  // full means that it is awake already
}

void Hub::watch(int fd, uint64_t id, bool first_time) {
  epoll_event event{};
  event.events = EPOLLOUT | EPOLLONESHOT;
  event.data.u64 = id;
  epoll_ctl(epoll_, first_time ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
}

// Needed before close(): the description lives on in Pistache's descriptor, and so would the
// registration.
void Hub::unwatch(int fd) {
  epoll_event event{};
  epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, &event);
}

bool Hub::take_request() {
  ++in_flight_;
  if (!draining_) return true;
  give_request();
  return false;
}

void Hub::give_request() {
  if (--in_flight_ > 0 || !draining_) return;
  std::lock_guard lock(mutex_);
  changed_.notify_all();
}

bool Hub::take_memory(size_t bytes) {
  if ((body_bytes_ += bytes) <= options.body_memory) return true;
  body_bytes_ -= bytes;
  return false;
}

void Hub::give_memory(size_t bytes) {
  body_bytes_ -= bytes;
}

bool Hub::drain(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  draining_ = true;
  return changed_.wait_for(lock, limit, [this] { return in_flight_ == 0; });
}

void Hub::close_connections() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  for (const auto& connection : all()) connection->close();
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::seconds(1), [this] { return connections_.empty(); });
}

void Hub::start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "front-wait");
    run();
  });
}

void Hub::stop() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    quit_ = true;
  }
  post([] {});
  thread_.join();
  posted_.clear();
}

void Hub::run() {
  const auto interval = tick_interval(options);
  Time next = std::chrono::steady_clock::now() + interval;
  std::array<epoll_event, 256> events;
  for (bool quit = false; !quit;) {
    const auto wait =
        std::chrono::ceil<std::chrono::milliseconds>(next - std::chrono::steady_clock::now());
    const int ready = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                                 static_cast<int>(std::max<int64_t>(0, wait.count())));
    std::vector<std::function<void()>> work;
    std::vector<std::shared_ptr<Connection>> writable;
    {
      std::lock_guard lock(mutex_);
      work.swap(posted_);
      quit = quit_;
      for (int i = 0; i < ready; ++i) {
        const uint64_t id = events[static_cast<size_t>(i)].data.u64;
        uint64_t count;
        if (id == 0)
          (void)!::read(wake_, &count, sizeof count);
        else if (const auto found = connections_.find(id); found != connections_.end())
          writable.push_back(found->second);
      }
    }
    for (const auto& connection : writable) guarded(*connection, [&] { connection->writable(); });
    for (const auto& task : work) {
      try {
        task();
      } catch (...) {  // a hook's exception is its owner's bug; the front goes on
      }
    }
    const Time now = std::chrono::steady_clock::now();
    if (now < next) continue;
    for (const auto& connection : all()) guarded(*connection, [&] { connection->tick(now); });
    next = now + interval;
  }
}

}  // namespace plenum::front
