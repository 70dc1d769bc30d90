// A client that sends exactly the bytes it is told to, and a server to send them to.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "server/front/front.h"

namespace plenum::front::test {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Answer {
  int status = 0;  // 0: the connection ended, or nothing came for ten seconds
  std::string head, body;
  bool whole = false;                                  // the body ended as its framing says
  std::string header(const std::string& name) const {  // names compared as they were sent
    const size_t at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    const size_t start = at + name.size() + 4;
    return head.substr(start, head.find("\r\n", start) - start);
  }
};

class Client {
 public:
  explicit Client(uint16_t port, const char* address = "127.0.0.1", int receive_buffer = 0) {
    const bool six = strchr(address, ':') != nullptr;
    fd_ = ::socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (receive_buffer) setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(int));
    const timeval patience{10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    sockaddr_in6 sixth{};
    sixth.sin6_family = AF_INET6;
    sixth.sin6_port = htons(port);
    if (six)
      inet_pton(AF_INET6, address, &sixth.sin6_addr);
    else
      inet_pton(AF_INET, address, &four.sin_addr);
    connected_ = six ? ::connect(fd_, reinterpret_cast<sockaddr*>(&sixth), sizeof sixth) == 0
                     : ::connect(fd_, reinterpret_cast<sockaddr*>(&four), sizeof four) == 0;
  }
  explicit Client(int fd) : fd_(fd), connected_(true) {}
  Client(Client&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)),
        connected_(other.connected_),
        in_(std::move(other.in_)) {}
  ~Client() { leave(); }

  bool connected() const { return connected_; }
  void leave() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  void reset() {  // leaves rudely
    const linger hard{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    leave();
  }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }

  // Everything until the server closes.
  std::string read_all() {
    while (more()) {
    }
    return std::exchange(in_, std::string());
  }
  bool closed() { return in_.empty() && !more(); }
  // Whether the last read ended because the server closed (and not because we lost patience).
  bool saw_end() const { return ended_; }
  // Bytes as they come, at least one, or none at the end.
  std::string read_some() {
    if (in_.empty()) more();
    return std::exchange(in_, std::string());
  }

  Answer read(bool to_head = false) {
    Answer answer;
    size_t end;
    while ((end = in_.find("\r\n\r\n")) == std::string::npos)
      if (!more()) return answer;
    answer.head = in_.substr(0, end + 2);
    in_.erase(0, end + 4);
    answer.status = std::stoi(answer.head.substr(9, 3));
    if (to_head || answer.status == 204 || answer.status == 304 || answer.status < 200) {
      answer.whole = true;
    } else if (answer.header("Transfer-Encoding") == "chunked") {
      answer.whole = read_chunks(answer.body);
    } else if (const std::string length = answer.header("Content-Length"); !length.empty()) {
      const size_t wanted = std::stoul(length);
      while (in_.size() < wanted && more()) {
      }
      answer.whole = in_.size() >= wanted;
      answer.body = in_.substr(0, wanted);
      in_.erase(0, wanted);
    } else {
      answer.body = read_all();
      answer.whole = true;
    }
    return answer;
  }

  Answer get(const std::string& target) {
    send("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
    return read();
  }
  int fd() const { return fd_; }

 private:
  bool more() {
    char bytes[65536];
    const ssize_t n = ::recv(fd_, bytes, sizeof bytes, 0);
    if (n <= 0) {
      ended_ = n == 0 || errno == ECONNRESET;
      return false;
    }
    in_.append(bytes, static_cast<size_t>(n));
    return true;
  }
  bool read_chunks(std::string& body) {
    for (;;) {
      size_t end;
      while ((end = in_.find("\r\n")) == std::string::npos)
        if (!more()) return false;
      const size_t size = std::stoul(in_.substr(0, end), nullptr, 16);
      while (in_.size() < end + 2 + size + 2)
        if (!more()) return false;
      body += in_.substr(end + 2, size);
      in_.erase(0, end + 2 + size + 2);
      if (size == 0) return true;
    }
  }

  int fd_ = -1;
  bool connected_ = false, ended_ = false;
  std::string in_;
};

// "POST /a?b=c|body": what the server understood.
inline Response echo(const Request& request) {
  Response response;
  response.headers.emplace_back("Content-Type", "text/plain");
  response.body = request.method + " " + request.path;
  for (const auto& [name, value] : request.query) response.body += "?" + name + "=" + value;
  response.body += "|" + request.body;
  return response;
}

inline void answer_echo(Request request, Reply reply) {
  reply.send(echo(request));
}

inline Options options() {
  Options options;
  options.port = 0;
  return options;
}

struct Server {
  explicit Server(std::function<void(Request, Reply)> handle = answer_echo,
                  Options with = test::options())
      : Server(with, Handler{nullptr, std::move(handle), nullptr}) {}
  Server(Options with, Handler handler) {
    auto opened = Front::open(std::move(with), std::move(handler));
    if (!opened) FAIL(opened.error().message);
    front = *std::move(opened);
  }
  uint16_t port() const { return front->port(); }
  Client connect() const { return Client(port()); }

  std::unique_ptr<Front> front;
};

// Asks until it is so; false after ten seconds.
inline bool soon(const std::function<bool()>& holds) {
  const auto until = std::chrono::steady_clock::now() + seconds(10);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

inline size_t count(std::string_view text, std::string_view word) {
  size_t n = 0;
  for (size_t at = text.find(word); at != text.npos; at = text.find(word, at + word.size())) ++n;
  return n;
}

}  // namespace plenum::front::test
