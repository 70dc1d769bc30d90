// A model that answers at once: the other end of the calls that are measured.
//
//   model_mock PORT ANSWER_FILE [DELAY_MS]
//
// One thread and epoll, so that it costs little beside what is measured.  Every POST is answered
// with the text of ANSWER_FILE, as Gemini would (…:generateContent) or as OpenAI would
// (…/chat/completions), after the same delay for all; connections are kept.  PORT 0 takes a free
// one; the port is printed.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <unordered_map>

namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

struct Peer {
  std::string in, out;
  uint64_t serial = 0;  // which connection: descriptors come again
  bool blocked = false;
};

struct Answer {
  Clock::time_point due;
  int fd;
  uint64_t serial;
  const std::string* text;
};

std::string whole(int status, const char* reason, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) + " " + reason +
         "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

std::string as_gemini(const std::string& text) {
  const Json part{{"text", text}};
  const Json content{{"parts", Json::array({part})}, {"role", "model"}};
  const Json candidate{{"content", content}, {"finishReason", "STOP"}, {"index", 0}};
  const Json usage{
      {"promptTokenCount", 320}, {"candidatesTokenCount", 150}, {"totalTokenCount", 470}};
  return Json{{"candidates", Json::array({candidate})},
              {"usageMetadata", usage},
              {"modelVersion", "mock"},
              {"responseId", "mock-1"}}
      .dump();
}

std::string as_openai(const std::string& text) {
  const Json message{{"role", "assistant"}, {"content", text}, {"refusal", nullptr}};
  const Json choice{{"index", 0}, {"message", message}, {"finish_reason", "stop"}};
  const Json usage{{"prompt_tokens", 320}, {"completion_tokens", 150}, {"total_tokens", 470}};
  return Json{{"id", "mock-1"},  {"object", "chat.completion"},      {"created", 1700000000},
              {"model", "mock"}, {"choices", Json::array({choice})}, {"usage", usage}}
      .dump();
}

bool named(std::string_view line, std::string_view name) {
  return line.size() > name.size() && line[name.size()] == ':' &&
         strncasecmp(line.data(), name.data(), name.size()) == 0;
}

// The bytes of the first request in `in`, 0 while it is not whole, -1 without a Content-Length.
ssize_t request_size(std::string_view in) {
  const size_t end = in.find("\r\n\r\n");
  if (end == in.npos) return 0;
  for (size_t at = in.find("\r\n") + 2; at < end + 2; at = in.find("\r\n", at) + 2) {
    const std::string_view line = in.substr(at);
    if (!named(line, "content-length")) continue;
    const size_t size = end + 4 + strtoul(line.data() + 15, nullptr, 10);
    return in.size() < size ? 0 : static_cast<ssize_t>(size);
  }
  return -1;
}

class Mock {
 public:
  Mock(uint16_t port, const std::string& text, std::chrono::milliseconds delay)
      : delay_(delay),
        gemini_(whole(200, "OK", as_gemini(text))),
        openai_(whole(200, "OK", as_openai(text))),
        epoll_(epoll_create1(EPOLL_CLOEXEC)),
        listener_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 ||
        listen(listener_, 4096) != 0) {
      perror("model_mock: cannot listen");
      exit(1);
    }
    socklen_t size = sizeof at;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    watch(EPOLL_CTL_ADD, listener_, EPOLLIN);
  }

  [[noreturn]] void run() {
    epoll_event events[256];
    for (;;) {
      const int n = epoll_wait(epoll_, events, 256, wait_ms());
      for (int i = 0; i < n; ++i) {
        const int fd = events[i].data.fd;
        if (fd == listener_)
          accept_all();
        else if (events[i].events & EPOLLOUT)
          flush(fd);
        else
          read_all(fd);
      }
      answer_due();
    }
  }

 private:
  void watch(int how, int fd, uint32_t what) const {
    epoll_event event{};
    event.events = what;
    event.data.fd = fd;
    epoll_ctl(epoll_, how, fd, &event);
  }

  int wait_ms() const {
    if (line_.empty()) return -1;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(line_.front().due - Clock::now());
    return static_cast<int>(std::max<int64_t>(0, left.count()));
  }

  void accept_all() {
    for (int fd; (fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      peers_[fd].serial = ++serials_;
      watch(EPOLL_CTL_ADD, fd, EPOLLIN);
    }
  }

  void drop(int fd) {
    peers_.erase(fd);
    close(fd);
  }

  void read_all(int fd) {
    Peer& peer = peers_.at(fd);
    char chunk[64 << 10];
    const ssize_t n = recv(fd, chunk, sizeof chunk, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN)) return drop(fd);
    if (n > 0) peer.in.append(chunk, static_cast<size_t>(n));
    ssize_t size = 0;
    while ((size = request_size(peer.in)) > 0) {
      const std::string_view target(peer.in.data(), peer.in.find("\r\n"));
      const bool openai = target.find("/chat/completions") != target.npos;
      line_.push_back({Clock::now() + delay_, fd, peer.serial, openai ? &openai_ : &gemini_});
      peer.in.erase(0, static_cast<size_t>(size));
    }
    if (size < 0) drop(fd);
  }

  void answer_due() {
    while (!line_.empty() && line_.front().due <= Clock::now()) {
      const Answer answer = line_.front();
      line_.pop_front();
      const auto peer = peers_.find(answer.fd);
      if (peer == peers_.end() || peer->second.serial != answer.serial) continue;
      peer->second.out += *answer.text;
      flush(answer.fd);
    }
  }

  void flush(int fd) {
    Peer& peer = peers_.at(fd);
    const ssize_t n = send(fd, peer.out.data(), peer.out.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) return drop(fd);
    if (n > 0) peer.out.erase(0, static_cast<size_t>(n));
    if (peer.blocked == !peer.out.empty()) return;
    peer.blocked = !peer.out.empty();
    watch(EPOLL_CTL_MOD, fd, peer.blocked ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }

  const std::chrono::milliseconds delay_;
  const std::string gemini_, openai_;
  const int epoll_, listener_;
  std::unordered_map<int, Peer> peers_;
  std::deque<Answer> line_;  // the delay is the same for all: first come, first due
  uint64_t serials_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  std::ifstream file(argc > 2 ? argv[2] : "");
  std::ostringstream text;
  text << file.rdbuf();
  if (argc < 3 || argc > 4 || !file) {
    fprintf(stderr, "usage: model_mock PORT ANSWER_FILE [DELAY_MS]\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  const std::chrono::milliseconds delay(argc > 3 ? atoi(argv[3]) : 0);
  Mock(static_cast<uint16_t>(atoi(argv[1])), text.str(), delay).run();
}
