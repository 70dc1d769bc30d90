// The lock is flock(2) on a side file: it belongs to the open file and not, as fcntl's does, to
// every descriptor that the process ever opens on it, and the database itself is opened by nothing
// but SQLite.
#include "engine/store/lock_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace plenum {

namespace {
std::string holder(int descriptor) {
  char text[32] = {};
  const ssize_t n = pread(descriptor, text, sizeof text - 1, 0);
  std::string pid(text, n > 0 ? static_cast<size_t>(n) : 0);
  pid.erase(pid.find_last_not_of("\n") + 1);
  return pid.empty() ? "another process" : "process " + pid;
}

void write_holder(int descriptor) {
  const std::string pid = std::to_string(getpid()) + "\n";
  // Only for people who read the message: a lock whose holder is not named is still a lock.
  if (ftruncate(descriptor, 0) == 0) (void)!pwrite(descriptor, pid.data(), pid.size(), 0);
}
}  // namespace

Result<LockFile> LockFile::take(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0)
    return fail(Kind::unavailable, "the lock file " + path +
                                       " cannot be opened: " + std::strerror(errno) +
                                       "; the data folder must exist and be writable");
  LockFile lock(descriptor);
  if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
    write_holder(descriptor);
    return lock;
  }
  if (errno != EWOULDBLOCK)
    return fail(Kind::unavailable, "the lock file " + path +
                                       " cannot be locked: " + std::strerror(errno) +
                                       "; the data folder must be on a local file system");
  return fail(Kind::conflict,
              "the data is in use by " + holder(descriptor) + ", which holds " + path +
                  ": one server per data folder; stop that one, or use another folder",
              "data_in_use");
}

LockFile::LockFile(LockFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

LockFile& LockFile::operator=(LockFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

LockFile::~LockFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace plenum
