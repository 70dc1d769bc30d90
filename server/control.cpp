// Why a socket: the database has one writer, the server, which also knows what its runs are doing
// at the moment.  So whoever wants to change a run asks it, and no second writer is ever needed.
#include "server/control.h"

#include <fcntl.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include "engine/base/blocked_signals.h"

namespace plenum::server {

namespace {

constexpr const char* kName = "control.sock";
constexpr size_t kLongest = 1 << 20;
constexpr int kPatience = 10;        // seconds that a peer may take to send its line
constexpr int kAnswerPatience = 90;  // … and that an asker waits

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_;
};

// A socket's path has room for 107 bytes, and a data folder may be deeper: so it is named by way of
// the open folder.
struct Place {
  Descriptor folder;
  sockaddr_un address{};
};

std::optional<Place> place_in(const std::string& data) {
  Place place{Descriptor(::open(data.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), {}};
  if (!place.folder) return std::nullopt;
  place.address.sun_family = AF_UNIX;
  snprintf(place.address.sun_path, sizeof place.address.sun_path, "/proc/self/fd/%d/%s",
           place.folder.number(), kName);
  return place;
}

const sockaddr* raw(const Place& place) {
  return reinterpret_cast<const sockaddr*>(&place.address);
}

void give_patience(int socket, int seconds) {
  const timeval limit{seconds, 0};
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

// Who asks, as the system knows them.  The folder is its user's alone; this is the second lock.
std::optional<uid_t> asker(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  if (peer.uid != 0 && peer.uid != geteuid()) return std::nullopt;
  return peer.uid;
}

std::optional<std::string> read_line(int socket) {
  std::string line;
  char bytes[4096];
  while (line.size() < kLongest) {
    const ssize_t n = recv(socket, bytes, sizeof bytes, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return std::nullopt;
    line.append(bytes, static_cast<size_t>(n));
    if (line.back() == '\n') return line;
  }
  return std::nullopt;
}

bool write_line(int socket, const Json& json) {
  const std::string line = to_text(json) + "\n";
  for (size_t done = 0; done < line.size();) {
    const ssize_t n = send(socket, line.data() + done, line.size() - done, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    done += static_cast<size_t>(n);
  }
  return true;
}

Json told(const Result<Json>& answer) {
  if (answer) return Json{{"ok", *answer}};
  const Error& error = answer.error();
  return Json{
      {"error",
       {{"kind", static_cast<int>(error.kind)}, {"code", error.code}, {"message", error.message}}}};
}

class SocketControl final : public Control {
 public:
  SocketControl(Place place, Descriptor listener, Answer answer)
      : place_(std::move(place)),
        listener_(std::move(listener)),
        stop_(eventfd(0, EFD_CLOEXEC)),
        answer_(std::move(answer)) {
    const BlockedSignals blocked;
    thread_ = std::thread([this] { listen(); });
    pthread_setname_np(thread_.native_handle(), "control");
  }
  ~SocketControl() override {
    const uint64_t one = 1;
    (void)!write(stop_.number(), &one, sizeof one);
    thread_.join();
    unlinkat(place_.folder.number(), kName, 0);
  }

 private:
  void listen() {
    for (;;) {
      pollfd wanted[] = {{stop_.number(), POLLIN, 0}, {listener_.number(), POLLIN, 0}};
      if (poll(wanted, 2, -1) < 0 && errno != EINTR) return;
      if (wanted[0].revents) return;
      if (!(wanted[1].revents & POLLIN)) continue;
      const Descriptor peer(accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!peer) continue;
      if (const auto uid = asker(peer.number())) serve(peer.number(), *uid);
    }
  }

  void serve(int peer, uid_t uid) {
    give_patience(peer, kPatience);
    const std::optional<std::string> line = read_line(peer);
    if (!line) return;
    Result<Json> request = parse_json(*line);
    if (!request) return (void)write_line(peer, told(tl::unexpected(request.error())));
    if (request->is_object()) (*request)["uid"] = uid;  // whatever it says itself
    try {
      write_line(peer, told(answer_(*request)));
    } catch (const std::exception& bug) {
      spdlog::error("a bug in the control socket: {}", bug.what());
      write_line(peer, told(fail(Kind::internal, "the server failed; its log has the details")));
    }
  }

  const Place place_;
  const Descriptor listener_, stop_;
  const Answer answer_;
  std::thread thread_;
};

tl::unexpected<Error> cannot(const std::string& data) {
  return fail(Kind::unavailable,
              "cannot make the control socket " + data + "/" + kName + ": " + std::strerror(errno));
}

tl::unexpected<Error> not_served(const std::string& data) {
  return fail(Kind::not_found, "no server answers in " + data, "not_served");
}

}  // namespace

Result<std::unique_ptr<Control>> Control::open(const std::string& data, Answer answer) {
  std::optional<Place> place = place_in(data);
  if (!place) return cannot(data);
  unlinkat(place->folder.number(), kName, 0);  // of a server that was killed: the lock is ours
  Descriptor listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!listener) return cannot(data);
  const mode_t mask = umask(0077);
  const int bound = bind(listener.number(), raw(*place), sizeof place->address);
  umask(mask);
  if (bound != 0 || ::listen(listener.number(), 16) != 0) return cannot(data);
  return std::make_unique<SocketControl>(*std::move(place), std::move(listener), std::move(answer));
}

Result<Json> ask_server(const std::string& data, const Json& request) {
  const std::optional<Place> place = place_in(data);
  if (!place) return not_served(data);
  const Descriptor peer(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!peer || connect(peer.number(), raw(*place), sizeof place->address) != 0)
    return not_served(data);
  give_patience(peer.number(), kAnswerPatience);
  std::optional<std::string> line;
  if (write_line(peer.number(), request)) line = read_line(peer.number());
  if (!line)
    return fail(Kind::unavailable,
                "the server of " + data + " did not answer: it is being stopped, or hangs",
                "no_answer");
  const Json answer = TRY(parse_json(*line));
  if (const Json* error = find(answer, "error"))
    return fail(static_cast<Kind>(error->value("kind", static_cast<int>(Kind::internal))),
                text_or(*error, "message"), text_or(*error, "code"));
  const Json* ok = find(answer, "ok");
  return ok ? *ok : Json();
}

}  // namespace plenum::server
