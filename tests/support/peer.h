// A server on loopback whose behaviour is a function of the connection, for tests of the HTTP
// client.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace plenum {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

// A thread per connection.
class Peer {
 public:
  using Behaviour = std::function<void(Peer&, int fd)>;

  explicit Peer(Behaviour behaviour, const char* address = "127.0.0.1")
      : behaviour_(std::move(behaviour)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in in = {};
    in.sin_family = AF_INET;
    inet_pton(AF_INET, address, &in.sin_addr);
    socklen_t length = sizeof in;
    REQUIRE(bind(listener_, reinterpret_cast<sockaddr*>(&in), length) == 0);
    REQUIRE(listen(listener_, 1024) == 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&in), &length);
    port = ntohs(in.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }

  ~Peer() {
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
      std::lock_guard lock(mutex_);
      for (const int fd : open_) shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
    close(listener_);
  }

  std::string url(std::string_view path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port) + std::string(path);
  }

  // Reads one request, head and body; false at the end of the connection.
  bool read_request(int fd) {
    std::string text;
    char buffer[16384];
    size_t whole = std::string::npos;
    while (text.size() < whole) {
      const ssize_t n = read(fd, buffer, sizeof buffer);
      if (n <= 0) return false;
      text.append(buffer, n);
      const size_t end = text.find("\r\n\r\n");
      if (end == std::string::npos) continue;
      const size_t at = text.find("Content-Length: ");
      whole = end + 4 + (at < end ? std::stoul(text.substr(at + 16)) : 0);
    }
    std::lock_guard lock(mutex_);
    last_ = text;
    ++requests_;
    return true;
  }
  static void say(int fd, std::string_view text) {
    while (!text.empty()) {
      const ssize_t n = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      text.remove_prefix(n);
    }
  }
  // Until the client hangs up, at most `limit`.
  static bool client_left(int fd, milliseconds limit = 20s) {
    pollfd wait = {fd, POLLIN, 0};
    return poll(&wait, 1, static_cast<int>(limit.count())) == 1;
  }

  std::string last() {
    std::lock_guard lock(mutex_);
    return last_;
  }
  int requests() {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  std::atomic<int> connections = 0;
  int port = 0;

 private:
  void accept_all() {
    for (;;) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      ++connections;
      std::lock_guard lock(mutex_);
      open_.insert(fd);
      threads_.emplace_back([this, fd] {
        behaviour_(*this, fd);
        std::lock_guard lock(mutex_);
        open_.erase(fd);
        close(fd);
      });
    }
  }

  Behaviour behaviour_;
  int listener_;
  std::mutex mutex_;
  std::set<int> open_;
  std::string last_;
  int requests_ = 0;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

inline Peer::Behaviour answers(std::string response) {
  return [response](Peer& peer, int fd) {
    while (peer.read_request(fd)) Peer::say(fd, response);
  };
}

}  // namespace plenum
