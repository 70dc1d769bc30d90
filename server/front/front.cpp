// Pistache as a listener: it accepts, reads and notices the end of a connection; everything else is
// ours.
//
// Its HTTP half is not used: it hangs on chunks, never closes after an error and writes to whoever
// owns the descriptor's number by then.  So each connection gets a descriptor of our own for
// writing, duplicated high above the accepted ones: Pistache deals connections to its threads by
// that number, and low duplicates would make it uneven.
#include "server/front/front.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pistache/listener.h>
#include <pistache/peer.h>
#include <pistache/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <mutex>

#include "engine/base/blocked_signals.h"
#include "engine/base/diagnostic.h"
#include "server/front/connection.h"
#include "server/front/hub.h"

// Pistache has a macro of the same name.
#undef TRY

namespace plenum::front {
namespace {

namespace Tcp = Pistache::Tcp;

constexpr rlim_t kHighBase = 10'000;
constexpr rlim_t kSpare = 128;  // descriptors for the rest of the program
constexpr int kBacklog = 4096;

// A connection's place among Pistache's peers.  Its end is the end of the connection, however it
// comes.
struct Seat {
  Seat(std::shared_ptr<Hub> hub, std::shared_ptr<Connection> connection, std::string peer, int fd)
      : hub(std::move(hub)), connection(std::move(connection)), peer(std::move(peer)), fd(fd) {}
  ~Seat() {
    connection->close();
    hub->remove(connection->id(), peer);
    if (!left) ::close(fd);  // Pistache forgets the descriptors of peers that outlive its listener
  }
  Seat(const Seat&) = delete;

  const std::shared_ptr<Hub> hub;
  const std::shared_ptr<Connection> connection;
  const std::string peer;
  const int fd;
  bool left = false;
};

std::string text_of(const Pistache::Address& address) {
  std::string text = address.host();
  if (text.rfind("::ffff:", 0) == 0 && text.find('.') != std::string::npos) text.erase(0, 7);
  return text;
}

// A client whose machine vanished says nothing; let the kernel ask.
void watch_for_silence(int fd) {
  const int on = 1, idle = 60, interval = 15, probes = 4;
  const unsigned unanswered_ms = 75'000;
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered_ms, sizeof unanswered_ms);
}

// Pistache clones it per thread and catches nothing that it throws.
class Adapter final : public Tcp::Handler {
 public:
  PROTOTYPE_OF(Tcp::Handler, Adapter)
  Adapter(std::shared_ptr<Hub> hub, int base) : hub_(std::move(hub)), base_(base) {}

  void onConnection(const std::shared_ptr<Tcp::Peer>& peer) override {
    try {
      if (!take_in(peer)) ::shutdown(peer->fd(), SHUT_RDWR);
    } catch (...) {  // out of memory
      ::shutdown(peer->fd(), SHUT_RDWR);
    }
  }

  void onInput(const char* bytes, size_t n, const std::shared_ptr<Tcp::Peer>& peer) override {
    const auto seat = std::static_pointer_cast<Seat>(peer->tryGetData("seat"));
    if (!seat) return;
    try {
      seat->connection->feed(std::string_view(bytes, n));
    } catch (...) {  // out of memory
      seat->connection->close();
    }
  }

  void onDisconnection(const std::shared_ptr<Tcp::Peer>& peer) override {
    const auto seat = std::static_pointer_cast<Seat>(peer->tryGetData("seat"));
    if (!seat) return;
    seat->left = true;
    seat->connection->close();
    seat->hub->remove(seat->connection->id(), seat->peer);
  }

 private:
  bool take_in(const std::shared_ptr<Tcp::Peer>& peer) {
    const int fd = fcntl(peer->fd(), F_DUPFD_CLOEXEC, base_);
    if (fd < 0) return false;
    const std::string name = text_of(peer->address());
    auto connection = std::make_shared<Connection>(hub_, fd, name);
    const Hub::Admission admission = hub_->add(connection, name);
    if (admission.hopeless) return false;
    peer->putData("seat", std::make_shared<Seat>(hub_, connection, name, peer->fd()));
    watch_for_silence(fd);
    if (admission.refusal) connection->refuse(*admission.refusal);
    return true;
  }

  std::shared_ptr<Hub> hub_;
  int base_;
};

// Room for two descriptors per connection: where the duplicates begin, and how many connections
// that allows. Without descriptors left to accept with, Pistache's accepting thread would spin.
struct Room {
  rlim_t base, connections;
};

Room make_room(size_t connections) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
  }
  const rlim_t wanted = connections + kSpare;
  const rlim_t base =
      limit.rlim_cur >= kHighBase + wanted ? std::max(kHighBase, wanted) : limit.rlim_cur / 2;
  const rlim_t below = base > kSpare ? base - kSpare : 1;
  const rlim_t above = limit.rlim_cur - base > kSpare ? limit.rlim_cur - base - kSpare : 1;
  return {base, std::min({static_cast<rlim_t>(connections), below, above})};
}

struct Place {
  sockaddr_storage address{};
  socklen_t size = 0;
  int family = AF_UNSPEC;
  std::string text;  // "[::1]:8080"
};

Result<Place> place_of(const Options& options) {
  std::string host = options.address == "localhost" ? "127.0.0.1" : options.address;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  const std::string port = std::to_string(options.port);
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (host.empty() || getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0)
    return fail(Kind::invalid,
                "cannot listen on " + plenum::quote(options.address) +
                    ": it is not an IP address; use 127.0.0.1, 0.0.0.0, ::1 or ::",
                "bad_address");
  Place place;
  memcpy(&place.address, found->ai_addr, found->ai_addrlen);
  place.size = found->ai_addrlen;
  place.family = found->ai_family;
  place.text = (place.family == AF_INET6 ? "[" + host + "]" : host) + ":" + port;
  freeaddrinfo(found);
  return place;
}

// Pistache keeps the reason of a failed bind to itself, so we try the same.
std::string why_not(const Place& place, const std::string& otherwise) {
  const int fd = ::socket(place.family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  int reason = errno;
  if (fd >= 0) {
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const bool bound =
        ::bind(fd, reinterpret_cast<const sockaddr*>(&place.address), place.size) == 0;
    reason = bound ? 0 : errno;
    ::close(fd);
  }
  if (reason == EADDRINUSE) return "address already in use: " + place.text;
  if (reason == EADDRNOTAVAIL) return "not an address of this machine: " + place.text;
  if (reason == EACCES)
    return "no permission to listen on " + place.text + "; ports below 1024 are for root";
  return "cannot listen on " + place.text + ": " + (reason ? strerror(reason) : otherwise);
}

class PistacheFront final : public Front {
 public:
  PistacheFront(std::shared_ptr<Hub> hub, std::unique_ptr<Tcp::Listener> listener, uint16_t port)
      : hub_(std::move(hub)), listener_(std::move(listener)), port_(port) {}
  ~PistacheFront() override { stop(); }

  uint16_t port() const override { return port_; }
  bool drain(std::chrono::milliseconds limit) override { return hub_->drain(limit); }
  size_t in_flight() const override { return hub_->in_flight(); }
  size_t connections() const override { return hub_->connections(); }

  void stop() override {
    std::lock_guard lock(stopping_);
    if (!listener_) return;
    hub_->close_connections();
    listener_->shutdown();
    listener_.reset();  // joins Pistache's threads
    hub_->stop();
  }

 private:
  const std::shared_ptr<Hub> hub_;
  std::mutex stopping_;
  std::unique_ptr<Tcp::Listener> listener_;
  const uint16_t port_;
};

}  // namespace

Result<std::unique_ptr<Front>> Front::open(Options options, Handler handler) {
  auto found = place_of(options);
  if (!found) return fail(std::move(found).error());
  const Place place = *std::move(found);
  if (!handler.handle) return fail(Kind::internal, "a front needs a handler");
  signal(SIGPIPE, SIG_IGN);
  const Room room = make_room(options.connections);
  options.connections = room.connections;
  const int threads = std::max(1, options.threads);
  auto hub = std::make_shared<Hub>(std::move(options), std::move(handler));
  const BlockedSignals blocked;
  try {
    const Pistache::Address address(place.text);
    auto listener = std::make_unique<Tcp::Listener>(address);
    listener->init(static_cast<size_t>(threads),
                   Pistache::Flags<Tcp::Options>(Tcp::Options::ReuseAddr | Tcp::Options::NoDelay |
                                                 Tcp::Options::CloseOnExec),
                   "front", kBacklog);
    listener->setHandler(std::make_shared<Adapter>(hub, static_cast<int>(room.base)));
    listener->bind();
    hub->start();
    listener->runThreaded();
    const auto port = static_cast<uint16_t>(listener->getPort());
    return std::make_unique<PistacheFront>(std::move(hub), std::move(listener), port);
  } catch (const std::exception& error) {
    hub->stop();
    return fail(Kind::unavailable, why_not(place, error.what()), "cannot_listen");
  }
}

}  // namespace plenum::front
