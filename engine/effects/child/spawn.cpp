// posix_spawn, because fork in a process with threads is a trap.  Our pipe ends are moved above the
// standard descriptors first: a server may run with those closed.
#include "engine/effects/child/spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace plenum::child {

namespace {

constexpr int kAboveStandard = 10;

tl::unexpected<Error> system_error(const char* what) {
  return fail(Kind::unavailable,
              std::string("cannot start a child process: ") + what + ": " + std::strerror(errno));
}

Descriptor raise(int fd) {
  const int raised = fcntl(fd, F_DUPFD_CLOEXEC, kAboveStandard);
  const int kept = errno;
  close(fd);
  errno = kept;
  return Descriptor(raised);
}

struct Pipe {
  Descriptor read, write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return system_error("pipe");
  Pipe made;
  made.read = raise(ends[0]);
  made.write = raise(ends[1]);
  if (!made.read.open() || !made.write.open()) return system_error("pipe");
  return made;
}

Result<Descriptor> file_of(const std::string& bytes) {
  const int fd = memfd_create("filter", MFD_CLOEXEC);
  if (fd < 0) return system_error("memfd");
  Descriptor file = raise(fd);
  if (!file.open() ||
      write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
      lseek(file.get(), 0, SEEK_SET) != 0)
    return system_error("memfd");
  return file;
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> list;
  for (const std::string& word : words) list.push_back(const_cast<char*>(word.c_str()));
  list.push_back(nullptr);
  return list;
}

// posix_spawn's two settings objects.
struct Settings {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  Settings() {
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Settings() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
  Settings(const Settings&) = delete;
};

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.fd_;
    other.fd_ = -1;
  }
  return *this;
}

void Descriptor::reset() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

Result<Process> spawn(const std::vector<std::string>& argv,
                      const std::vector<std::string>& environment, const std::string& inherited) {
  Pipe in = TRY(make_pipe()), out = TRY(make_pipe()), err = TRY(make_pipe());
  Descriptor file;
  Settings settings;
  posix_spawn_file_actions_adddup2(&settings.files, in.read.get(), 0);
  posix_spawn_file_actions_adddup2(&settings.files, out.write.get(), 1);
  posix_spawn_file_actions_adddup2(&settings.files, err.write.get(), 2);
  if (!inherited.empty()) {
    file = TRY(file_of(inherited));
    posix_spawn_file_actions_adddup2(&settings.files, file.get(), 3);
  }
  posix_spawn_file_actions_addclosefrom_np(&settings.files, inherited.empty() ? 3 : 4);
  Process process;
  errno = posix_spawn(&process.pid, argv.at(0).c_str(), &settings.files, &settings.attributes,
                      pointers(argv).data(), pointers(environment).data());
  if (errno != 0) return system_error(argv[0].c_str());
  process.exit = Descriptor(static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0)));
  if (!process.exit.open()) {
    const auto error = system_error("pidfd_open");
    kill_group(process.pid);
    reap(process.pid);
    return error;
  }
  process.in = std::move(in.write);
  process.out = std::move(out.read);
  process.err = std::move(err.read);
  for (const Descriptor* end : {&process.in, &process.out, &process.err})
    fcntl(end->get(), F_SETFL, O_NONBLOCK);
  return process;
}

void kill_group(pid_t pid) {
  if (pid > 0) kill(-pid, SIGKILL);
}

int reap(pid_t pid) {
  int status = 0;
  pid_t got;
  do got = waitpid(pid, &status, 0);
  while (got < 0 && errno == EINTR);
  if (got != pid) return -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

Result<Finished> run_and_wait(const std::vector<std::string>& argv,
                              const std::vector<std::string>& environment,
                              const std::string& inherited, std::chrono::milliseconds timeout) {
  Process process = TRY(spawn(argv, environment, inherited));
  process.in.reset();
  pollfd ended{process.exit.get(), POLLIN, 0};
  int ready;
  do ready = poll(&ended, 1, static_cast<int>(timeout.count()));
  while (ready < 0 && errno == EINTR);
  kill_group(process.pid);
  Finished finished;
  finished.exit_code = reap(process.pid);
  if (ready <= 0)
    return fail(Kind::timeout,
                argv.at(0) + " did not end within " + std::to_string(timeout.count()) + " ms");
  char text[4096];
  const ssize_t n = read(process.err.get(), text, sizeof text);
  if (n > 0) finished.err.assign(text, static_cast<size_t>(n));
  return finished;
}

}  // namespace plenum::child
