// PDF by poppler's own programs, which run here, inside the sandbox: pdfinfo tells the pages and
// whether it is encrypted, pdftotext the text.  -raw keeps the order of the content, which reads a
// CV of two columns column by column.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tools/extract/extract.h"

namespace plenum::extract {

namespace {

struct Ran {
  int exit_code = 0;  // 128 + signal
  bool cut = false;   // it wrote more than was asked for
  std::string out;
};

// `errors` go with the output, or nowhere.
Ran run(const std::vector<std::string>& words, size_t limit, bool errors) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return {127, false, {}};
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, ends[1], 1);
  if (errors)
    posix_spawn_file_actions_adddup2(&files, ends[1], 2);
  else
    posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  char* no_environment[] = {nullptr};
  pid_t pid = 0;
  const int failed = posix_spawn(&pid, argv[0], &files, nullptr, argv.data(), no_environment);
  posix_spawn_file_actions_destroy(&files);
  close(ends[1]);
  Ran ran;
  char chunk[65536];
  for (ssize_t n; failed == 0 && (n = read(ends[0], chunk, sizeof chunk)) > 0;) {
    ran.out.append(chunk, static_cast<size_t>(n));
    if (ran.out.size() > limit) {
      ran.cut = true;
      kill(pid, SIGKILL);
      break;
    }
  }
  close(ends[0]);
  int status = 0;
  if (failed != 0 || waitpid(pid, &status, 0) != pid) return {127, false, {}};
  ran.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return ran;
}

class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view bytes) {
    const char* folder = std::getenv("TMPDIR");
    path_ = std::string(folder ? folder : "/tmp") + "/document-XXXXXX";
    const int fd = mkstemp(path_.data());
    written_ = fd >= 0;
    while (written_ && !bytes.empty()) {
      const ssize_t n = write(fd, bytes.data(), bytes.size());
      if (n <= 0)
        written_ = false;
      else
        bytes.remove_prefix(static_cast<size_t>(n));
    }
    if (fd >= 0) close(fd);
  }
  ~TemporaryFile() { unlink(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;

  bool written() const { return written_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool written_ = false;
};

// The last line that begins so: what stands before it may be the document's own title.
std::string last_field(const std::string& report, const std::string& name) {
  const size_t at = report.rfind("\n" + name + ":");
  if (at == std::string::npos) return {};
  const size_t begin = report.find_first_not_of(' ', at + name.size() + 2);
  if (begin == std::string::npos) return {};
  return report.substr(begin, report.find('\n', begin) - begin);
}

bool ran_too_long(const Ran& ran) {
  return ran.exit_code == 128 + SIGXCPU || ran.exit_code == 128 + SIGKILL;
}

Answer too_hard() {
  return refuse("too_large", "takes too long to read");
}

Answer broken() {
  return refuse("unreadable_file", "is a damaged PDF; open it in a PDF program and save it again");
}

}  // namespace

Answer read_pdf(std::string_view bytes, int max_pages) {
  const TemporaryFile file(bytes);
  if (!file.written()) return refuse("too_large", "has no room to be read");
  const Ran info = run({"/usr/bin/pdfinfo", file.path()}, 1u << 20, true);
  const std::string report = "\n" + info.out;
  const bool locked = report.find("Incorrect password") != std::string::npos;
  if (locked || last_field(report, "Encrypted").starts_with("yes"))
    return refuse("encrypted_file", "is protected with a password; save it without one");
  if (ran_too_long(info)) return too_hard();
  const int pages = std::atoi(last_field(report, "Pages").c_str());
  if (info.exit_code != 0 || pages < 1) return broken();
  if (pages > max_pages)
    return refuse("too_many_pages", "has " + std::to_string(pages) + " pages; at most " +
                                        std::to_string(max_pages) + " are read: send a part of it");
  const Ran text = run({"/usr/bin/pdftotext", "-raw", "-enc", "UTF-8", "-eol", "unix", "-l",
                        std::to_string(max_pages), file.path(), "-"},
                       kTextBytes, false);
  if (text.cut) return refuse("too_large", "holds more than 4 MiB of text; send a part of it");
  if (ran_too_long(text)) return too_hard();
  if (text.exit_code != 0) return broken();
  return {{}, {}, text.out, pages};
}

}  // namespace plenum::extract
