// The child sees the system's programs and fonts, read-only, a small folder in memory, and nothing
// else: no network, no other process, no file of ours.  Limits are set by prlimit before bubblewrap
// starts, so they hold for all of it.
//
// RLIMIT_DATA limits memory, not RLIMIT_AS: the renderer reserves more address space than it ever
// uses.
#include "engine/effects/child/jail.h"

#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/diagnostic.h"
#include "engine/effects/child/seccomp.h"
#include "engine/effects/child/spawn.h"

namespace plenum::child {

namespace {

constexpr size_t kFileBytes = 64u << 20;
constexpr const char* kPrlimit = "/usr/bin/prlimit";
constexpr const char* kBubblewrap = "/usr/bin/bwrap";

using Words = std::vector<std::string>;

void add(Words& words, std::initializer_list<std::string> more) {
  words.insert(words.end(), more);
}

Words limits(const Job& job) {
  const long cpu = static_cast<long>(std::max<int64_t>(1, job.cpu.count()));
  Words words = {
      kPrlimit, "--core=0", "--nofile=64", "--fsize=" + std::to_string(kFileBytes),
      // one second between the signal that tells of the limit and the one that ends the process
      "--cpu=" + std::to_string(cpu) + ":" + std::to_string(cpu + 1)};
  if (job.data_bytes > 0) words.push_back("--data=" + std::to_string(job.data_bytes));
  return words;
}

// /lib and the like are links into /usr on current systems, folders on others.
void add_system_folders(Words& words) {
  for (const char* folder : {"/bin", "/sbin", "/lib", "/lib32", "/lib64"}) {
    struct stat info {};
    if (lstat(folder, &info) != 0) continue;
    if (S_ISLNK(info.st_mode))
      add(words, {"--symlink", std::string("usr") + folder, folder});
    else
      add(words, {"--ro-bind", folder, folder});
  }
}

}  // namespace

Words Jail::command(const Job& job) const {
  Words words = limits(job);
  if (!sandboxed) {
    words.insert(words.end(), job.argv.begin(), job.argv.end());
    return words;
  }
  add(words, {kBubblewrap, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop",
              "ALL", "--clearenv", "--setenv", "HOME", "/tmp", "--setenv", "TMPDIR", "/tmp"});
  for (const auto& [name, value] : job.environment) add(words, {"--setenv", name, value});
  add(words, {"--ro-bind", "/usr", "/usr"});
  add_system_folders(words);
  for (const char* path :
       {"/etc/fonts", "/etc/alternatives", "/etc/ld.so.cache", "/var/cache/fontconfig"})
    add(words, {"--ro-bind-try", path, path});
  if (proc) add(words, {"--proc", "/proc"});
  add(words, {"--dev", "/dev", "--perms", "0700", "--size", std::to_string(2 * kFileBytes),
              "--tmpfs", "/tmp"});
  for (const std::string& path : job.read_only) add(words, {"--ro-bind", path, path});
  add(words, {"--remount-ro", "/", "--chdir", "/tmp"});
  if (!seccomp.empty()) add(words, {"--seccomp", "3"});
  words.push_back("--");
  words.insert(words.end(), job.argv.begin(), job.argv.end());
  return words;
}

Words Jail::environment(const Job& job) const {
  if (sandboxed) return {};
  Words words = {"HOME=/tmp", "TMPDIR=/tmp"};
  for (const auto& [name, value] : job.environment) words.push_back(name + "=" + value);
  return words;
}

Result<Jail> find_jail() {
  const auto missing = [](std::string what) {
    return fail(Kind::unavailable, std::move(what), "sandbox_unavailable");
  };
  for (const auto& [program, package] :
       {std::pair{kBubblewrap, "bubblewrap"}, {kPrlimit, "util-linux"}})
    if (access(program, X_OK) != 0)
      return missing(std::string("documents need the sandbox, and ") + program +
                     " is not there: install the package " + package);
  std::string reason;
  for (const bool proc : {true, false}) {
    Jail jail{true, proc, seccomp_program()};
    Job job;
    job.argv = {"/usr/bin/true"};
    const Result<Finished> tried =
        run_and_wait(jail.command(job), {}, jail.seccomp, std::chrono::seconds(5));
    if (!tried)
      return missing("documents need the sandbox, and it cannot be started: " +
                     tried.error().message);
    if (tried->exit_code == 0) return jail;
    reason = tried->err.substr(0, tried->err.find('\n'));
    if (reason.empty()) reason = "exit code " + std::to_string(tried->exit_code);
  }
  return missing("documents need the sandbox, and bubblewrap is refused here (" + reason +
                 "): in a container allow user namespaces (Docker: --security-opt "
                 "seccomp=unconfined --security-opt "
                 "apparmor=unconfined), on a machine set kernel.unprivileged_userns_clone=1 "
                 "(Ubuntu: kernel.apparmor_restrict_unprivileged_userns=0); for "
                 "development only, "
                 "documents may be allowed without a sandbox");
}

}  // namespace plenum::child
