// inotify tells which folder changed, and that is all that is made of it: whoever is called reads
// everything again.  So events need not be understood, lost ones need not be found, and folders
// that came meanwhile are watched from then on, before anything in them is read.
#include "server/watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <thread>
#include "engine/base/blocked_signals.h"

namespace plenum::server {

namespace {

namespace fs = std::filesystem;
using Time = std::chrono::steady_clock::time_point;

constexpr std::chrono::milliseconds kQuiet{150}, kLatest{2'000};
constexpr uint32_t kChanges =
    IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR;
constexpr uint32_t kComings = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR;

class Inotify final : public Watch {
 public:
  Inotify(int inotify, std::string root, std::vector<std::string> folders,
          std::function<void()> changed)
      : inotify_(inotify),
        stop_(eventfd(0, EFD_CLOEXEC)),
        root_(std::move(root)),
        folders_(std::move(folders)),
        changed_(std::move(changed)) {}
  ~Inotify() override {
    const uint64_t one = 1;
    (void)!write(stop_, &one, sizeof one);
    if (thread_.joinable()) thread_.join();
    close(stop_);
    close(inotify_);
  }

  Result<> start() {
    if (!watch_all())
      return fail(Kind::unavailable,
                  "the folders of the apps cannot be watched (" +
                      std::string(std::strerror(errno)) +
                      "): raise fs.inotify.max_user_watches, or send SIGHUP after a change");
    const BlockedSignals blocked;
    thread_ = std::thread([this] { listen(); });
    pthread_setname_np(thread_.native_handle(), "watch");
    return {};
  }

 private:
  // A folder that is watched already is not watched twice.
  bool watch(const std::string& folder, uint32_t events) {
    return inotify_add_watch(inotify_, folder.c_str(), events) >= 0 || errno != ENOSPC;
  }
  bool watch_all() {
    if (!watch(root_, kComings)) return false;
    for (const std::string& name : folders_) {
      const std::string folder = root_ + "/" + name;
      if (!watch(folder, kChanges)) return false;
      std::error_code error;
      for (auto at = fs::recursive_directory_iterator(folder, error);
           !error && at != fs::recursive_directory_iterator(); at.increment(error))
        if (at->is_directory(error) && !watch(at->path(), kChanges)) return false;
    }
    return true;
  }

  void listen() {
    for (;;) {
      if (!wait(std::nullopt)) return;
      const Time latest = std::chrono::steady_clock::now() + kLatest;
      while (swallow()) {
        const Time quiet = std::chrono::steady_clock::now() + kQuiet;
        if (!wait(std::min(quiet, latest))) return;
        if (std::chrono::steady_clock::now() >= latest) break;
      }
      watch_all();
      changed_();
    }
  }

  // False when it is the end; true at an event, or when the time has come.
  bool wait(std::optional<Time> until) {
    using std::chrono::milliseconds;
    int left = -1;
    if (until)
      left = static_cast<int>(std::max<int64_t>(
          0, std::chrono::ceil<milliseconds>(*until - std::chrono::steady_clock::now()).count()));
    pollfd wanted[] = {{stop_, POLLIN, 0}, {inotify_, POLLIN, 0}};
    if (poll(wanted, 2, left) < 0) return errno == EINTR;
    return wanted[0].revents == 0;
  }

  // Whether there was anything.
  bool swallow() {
    alignas(inotify_event) char bytes[16 << 10];
    bool any = false;
    while (read(inotify_, bytes, sizeof bytes) > 0) any = true;
    return any;
  }

  const int inotify_, stop_;
  const std::string root_;
  const std::vector<std::string> folders_;
  const std::function<void()> changed_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Watch>> Watch::open(std::string root, std::vector<std::string> folders,
                                           std::function<void()> changed) {
  const int inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (inotify < 0)
    return fail(Kind::unavailable,
                "the folders of the apps cannot be watched: " + std::string(std::strerror(errno)) +
                    "; send SIGHUP after a change");
  auto watch =
      std::make_unique<Inotify>(inotify, std::move(root), std::move(folders), std::move(changed));
  TRY(watch->start());
  return std::unique_ptr<Watch>(std::move(watch));
}

}  // namespace plenum::server
