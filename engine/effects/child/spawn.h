// Starts a process with pipes, in a group of its own, with nothing inherited.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace plenum::child {

// A file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor() { reset(); }

  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  void reset();

 private:
  int fd_ = -1;
};

struct Process {
  pid_t pid = -1;
  Descriptor exit;          // readable once it has ended (a pidfd)
  Descriptor in, out, err;  // our ends of its pipes, not blocking
};

// `inherited` is what the child may read as descriptor 3; empty: it has none.
Result<Process> spawn(const std::vector<std::string>& argv,
                      const std::vector<std::string>& environment, const std::string& inherited);

void kill_group(pid_t pid);
// The exit code of a process that has ended, 128 + signal when killed by one; -1 when somebody else
// took it.
int reap(pid_t pid);

struct Finished {
  int exit_code = 0;
  std::string err;
};
// Without input, waiting for the end: for a quick look at start-up.
Result<Finished> run_and_wait(const std::vector<std::string>& argv,
                              const std::vector<std::string>& environment,
                              const std::string& inherited, std::chrono::milliseconds timeout);

}  // namespace plenum::child
