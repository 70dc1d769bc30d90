// Child processes that touch what strangers sent: bubblewrap, resource limits, no network, nothing inherited
// (specification section 17).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/result.h"

namespace plenum::child {

struct Job {
  std::vector<std::string> argv;  // its program by an absolute path: below /usr, or listed in `read_only`
  std::string input;              // its standard input
  std::vector<std::string> read_only = {};  // further absolute paths it may read (its own binary, …)
  // Nothing is inherited.  HOME and TMPDIR are a folder of its own in memory, gone when it ends.
  std::vector<std::pair<std::string, std::string>> environment = {};
  size_t data_bytes = 512u << 20;     // RLIMIT_DATA, per process; 0: none
  std::chrono::seconds cpu{10};
  std::chrono::milliseconds wall{20'000};
  size_t max_output_bytes = 64u << 20;  // more is an error, the child is killed
};

struct Output {
  int exit_code = 0;       // 128 + signal when killed by one
  std::string out, err;    // err is cut at 64 KiB
};

// Kinds: `timeout` (wall or CPU limit), `unavailable` (sandbox missing or the queue is full), `invalid` (too much
// output), `internal`.  A child that ran and failed is an Output with its exit code.
using Done = std::function<void(Result<Output>)>;

struct Options {
  int concurrency = 2;           // children at once; others wait in line
  size_t queue = 256;            // waiting beyond it: `unavailable`
  bool allow_unsandboxed = false;  // development only; warned about
};

// Runs children.  Callable from any thread; `done` runs once, on the sandbox's own thread, and must not block there or
// destroy the sandbox.  Destroying it kills the children and answers their `done`.
class Sandbox {
 public:
  explicit Sandbox(Options options = {});
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;

  // Whether children can run: bubblewrap works on this machine (tried once, at construction), or doing without was
  // allowed.  The error says why not and what to do.
  Result<> available() const;
  // For the log, now and then: children run without a sandbox.  Empty when they do not.
  std::string warning() const;

  uint64_t run(Job job, Done done);
  void cancel(uint64_t id);  // kills the whole group; done gets `unavailable` with code "cancelled"
  // Runs `work` on the sandbox's own thread, for an answer that needs no child.
  void post(std::function<void()> work);

 private:
  struct Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace plenum::child
