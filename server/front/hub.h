// What all connections of one front share: options, handler, counters, and the one thread that
// waits for what Pistache's threads must not wait for (sockets that are full, deadlines, work
// handed over).
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "server/front/front.h"
#include "server/front/parse.h"

namespace plenum::front {

class Connection;

class Hub {
 public:
  using Time = std::chrono::steady_clock::time_point;

  Hub(Options options, Handler handler);
  ~Hub();
  Hub(const Hub&) = delete;

  const Options options;
  const Handler handler;

  // The answer that the front makes itself; never throws.
  Response problem(const Refusal& refusal) const;

  // Takes the connection in; the refusal says that there are too many.  `hopeless`: not even an
  // answer is affordable.
  struct Admission {
    bool hopeless = false;
    std::optional<Refusal> refusal;
  };
  Admission add(const std::shared_ptr<Connection>& connection, const std::string& peer);
  void remove(uint64_t id, const std::string& peer);
  size_t connections() const;
  uint64_t next_id() { return ids_++; }

  // Callable from any thread.
  void post(std::function<void()> work);  // runs on the hub's thread
  void watch(int fd, uint64_t id,
             bool first_time);  // Connection::writable() once the socket takes bytes again
  void unwatch(int fd);

  bool take_request();  // false: draining
  void give_request();
  bool take_memory(size_t bytes);  // false: there is no more; nothing was taken
  void give_memory(size_t bytes);
  size_t in_flight() const { return in_flight_; }

  bool draining() const { return draining_; }
  bool drain(std::chrono::milliseconds limit);
  bool stopping() const { return stopping_; }
  // Closes all connections and waits a moment for Pistache to let go of them.
  void close_connections();
  void start();
  void stop();  // runs what was posted, then ends the thread

 private:
  void run();
  void tick(Time now);
  std::vector<std::shared_ptr<Connection>> all() const;

  std::atomic<uint64_t> ids_{1};  // 0 is the wake-up descriptor
  std::atomic<size_t> in_flight_{0}, body_bytes_{0};
  std::atomic<bool> draining_{false}, stopping_{false};
  int epoll_ = -1, wake_ = -1;
  std::thread thread_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::unordered_map<uint64_t, std::shared_ptr<Connection>> connections_;
  std::unordered_map<std::string, size_t> per_peer_;
  std::vector<std::function<void()>> posted_;
  bool quit_ = false;
};

}  // namespace plenum::front
