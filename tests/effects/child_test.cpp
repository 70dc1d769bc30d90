// Children in the sandbox: what comes back, what stops them, and what they cannot reach.
#include "engine/effects/child/sandbox.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>

#include "engine/effects/child/jail.h"

using plenum::Kind;
using plenum::Result;
using plenum::child::Job;
using plenum::child::Options;
using plenum::child::Output;
using plenum::child::Sandbox;
using namespace std::chrono_literals;

namespace {

// Whether the sandbox works here; a machine without it skips the test and says why.
bool works(const Sandbox& sandbox) {
  if (sandbox.available()) return true;
  WARN("skipped: " + sandbox.available().error().message);
  return false;
}

std::future<Result<Output>> start(Sandbox& sandbox, Job job, uint64_t* id = nullptr) {
  auto promise = std::make_shared<std::promise<Result<Output>>>();
  auto future = promise->get_future();
  const uint64_t number = sandbox.run(
      std::move(job), [promise](Result<Output> output) { promise->set_value(std::move(output)); });
  if (id) *id = number;
  return future;
}

Job shell(const std::string& script, std::string input = {}) {
  Job job;
  job.argv = {"/usr/bin/bash", "-c", script};
  job.input = std::move(input);
  return job;
}

Result<Output> run(Sandbox& sandbox, Job job) {
  return start(sandbox, std::move(job)).get();
}

// A socket that listens on 127.0.0.1 and counts who comes.
class Listener {
 public:
  Listener() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(fd_, 16) == 0);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~Listener() { close(fd_); }
  std::string port() const { return std::to_string(port_); }
  bool was_called() const {
    pollfd waiting{fd_, POLLIN, 0};
    return poll(&waiting, 1, 0) > 0;
  }

 private:
  int fd_;
  int port_ = 0;
};

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Whether there is a process whose command line holds the marker.  Processes of others come and go
// meanwhile: a file that ends between its opening and its reading (ESRCH) leaves the stream bad and
// the line empty, it throws nothing.
bool anything_runs(const std::string& marker) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ostringstream line;
    line << std::ifstream(entry.path() / "cmdline").rdbuf();
    if (line.str().find(marker) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a child's output, error output and exit code come back", "[child]") {
  Sandbox sandbox;
  if (!works(sandbox)) return;
  const auto echo = run(sandbox, shell("cat; echo oops >&2; exit 3", "hello"));
  REQUIRE(echo);
  CHECK(echo->out == "hello");
  CHECK(echo->err == "oops\n");
  CHECK(echo->exit_code == 3);
  CHECK(run(sandbox, shell("true"))->exit_code == 0);
  CHECK(run(sandbox, shell("kill -SEGV $$"))->exit_code == 139);
  Job none;
  none.argv = {"/usr/bin/no-such-program"};
  const auto missing = run(sandbox, none);
  REQUIRE(missing);
  CHECK(missing->exit_code != 0);
  CHECK_THAT(missing->err, Catch::Contains("no-such-program"));
  CHECK(run(sandbox, Job{}).error().kind == Kind::internal);
}

TEST_CASE("much input and output pass side by side", "[child]") {
  Sandbox sandbox;
  if (!works(sandbox)) return;
  const std::string input(8 << 20, 'x');
  const auto copied = run(sandbox, shell("tee /dev/stderr", input));
  REQUIRE(copied);
  CHECK(copied->out == input);
  CHECK(copied->err.size() == 64u << 10);  // cut, not blocking
  const auto deaf = run(sandbox, shell("exec 0<&-; echo done", input));
  REQUIRE(deaf);
  CHECK(deaf->out == "done\n");
}

TEST_CASE("too much output ends the child", "[child]") {
  Sandbox sandbox;
  if (!works(sandbox)) return;
  Job job = shell("head -c 1000 /dev/zero; exec sleep 1000");
  job.max_output_bytes = 999;
  const auto output = run(sandbox, std::move(job));
  REQUIRE_FALSE(output);
  CHECK(output.error().kind == Kind::invalid);
  CHECK(output.error().code == "too_large");
  CHECK(output.error().message == "the result has more than 999 bytes");
  Job just = shell("head -c 999 /dev/zero");
  just.max_output_bytes = 999;
  CHECK(run(sandbox, std::move(just))->out.size() == 999);
}

TEST_CASE("a child that is late is killed with all it started", "[child]") {
  Sandbox sandbox;
  if (!works(sandbox)) return;
  Job job = shell("sleep 86397 & (trap '' TERM; sleep 86397) & wait");
  job.wall = 300ms;
  Result<Output> output = plenum::fail(Kind::internal, "");
  CHECK(seconds_of([&] { output = run(sandbox, std::move(job)); }) < 3);
  REQUIRE_FALSE(output);
  CHECK(output.error().kind == Kind::timeout);
  CHECK(output.error().message == "it took longer than 0.3 s");
  bool gone = false;
  for (int i = 0; i < 200 && !gone; ++i) gone = !anything_runs("86397");
  CHECK(gone);
}

TEST_CASE("a child that computes too long is killed", "[child]") {
  Sandbox sandbox;
  if (!works(sandbox)) return;
  Job job = shell("while :; do :; done");
  job.cpu = 1s;
  const auto output = run(sandbox, std::move(job));
  REQUIRE_FALSE(output);
  CHECK(output.error().kind == Kind::timeout);
  CHECK(output.error().message == "it used more than 1 s of computing time");
}

TEST_CASE("memory, files and descriptors are limited", "[child]") {
  Sandbox sandbox;
  if (!works(sandbox)) return;
  Job hungry = shell("head -c 200M /dev/zero | tail -c 199M | wc -c");
  hungry.data_bytes = 64u << 20;
  const auto memory = run(sandbox, hungry);
  REQUIRE(memory);
  CHECK(memory->out == "0\n");
  CHECK_THAT(memory->err, Catch::Contains("memory exhausted"));
  CHECK(run(sandbox, shell("head -c 70M /dev/zero > /tmp/large"))->exit_code != 0);
  CHECK(run(sandbox, shell("ulimit -c; ulimit -n"))->out == "0\n64\n");
}

TEST_CASE("a cancelled child ends at once, waiting or running", "[child]") {
  Sandbox sandbox(Options{1, 256, false});
  if (!works(sandbox)) return;
  uint64_t running_id = 0, waiting_id = 0;
  auto running = start(sandbox, shell("echo go; exec sleep 1000"), &running_id);
  auto waiting = start(sandbox, shell("echo never"), &waiting_id);
  CHECK(running_id != waiting_id);
  sandbox.cancel(waiting_id);
  const auto never = waiting.get();
  REQUIRE_FALSE(never);
  CHECK(never.error().code == "cancelled");
  sandbox.cancel(running_id);
  const auto stopped = running.get();
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().kind == Kind::unavailable);
  CHECK(stopped.error().code == "cancelled");
  sandbox.cancel(running_id);  // too late: nothing happens
  CHECK(run(sandbox, shell("echo next"))->out == "next\n");
}

TEST_CASE("a full queue is refused at once", "[child]") {
  Sandbox sandbox(Options{1, 2, false});
  if (!works(sandbox)) return;
  uint64_t first = 0;
  std::vector<std::future<Result<Output>>> all;
  all.push_back(start(sandbox, shell("exec sleep 1000"), &first));
  for (int i = 0; i < 8; ++i) all.push_back(start(sandbox, shell("echo turn")));
  const auto last = all.back().get();
  REQUIRE_FALSE(last);
  CHECK(last.error().kind == Kind::unavailable);
  CHECK(last.error().code == "queue_full");
  all.pop_back();
  sandbox.cancel(first);
  int served = 0;
  for (auto& one : all) served += one.get().has_value();
  CHECK(served >= 1);
}

TEST_CASE("destroying the sandbox answers everybody", "[child]") {
  std::vector<std::future<Result<Output>>> all;
  {
    Sandbox sandbox(Options{2, 256, false});
    if (!works(sandbox)) return;
    for (int i = 0; i < 6; ++i) all.push_back(start(sandbox, shell("exec sleep 1000")));
  }
  for (auto& one : all) {
    REQUIRE(one.wait_for(0s) == std::future_status::ready);
    CHECK(one.get().error().code == "cancelled");
  }
}

TEST_CASE("eight children run side by side", "[child]") {
  Sandbox sandbox(Options{8, 256, false});
  if (!works(sandbox)) return;
  const double took = seconds_of([&] {
    std::vector<std::future<Result<Output>>> all;
    for (int i = 0; i < 8; ++i)
      all.push_back(start(sandbox, shell("sleep 1; cat", std::to_string(i))));
    for (int i = 0; i < 8; ++i) CHECK(all[static_cast<size_t>(i)].get()->out == std::to_string(i));
  });
  CHECK(took < 6);
}

TEST_CASE("a child has no network", "[child]") {
  Sandbox sandbox;
  if (!works(sandbox)) return;
  const Listener listener;
  const auto tried =
      run(sandbox, shell("exec 3<>/dev/tcp/127.0.0.1/" + listener.port() + " && echo reached"));
  REQUIRE(tried);
  CHECK(tried->out.empty());
  CHECK(tried->exit_code != 0);
  CHECK_FALSE(listener.was_called());
  CHECK(run(sandbox, shell("cat /proc/net/dev | grep -c eth"))->out != "1\n");
}

TEST_CASE("a child sees no file of ours, and writes only to its own folder", "[child]") {
  Sandbox sandbox;
  if (!works(sandbox)) return;
  const std::string secret = "/tmp/plenum-secret-" + std::to_string(getpid());
  std::ofstream(secret) << "secret";
  for (const std::string& path :
       {secret, std::string("/etc/passwd"), std::string("/root"), std::string("/home"),
        std::string("/var/lib"), std::string(SOURCE_ROOT)}) {
    CAPTURE(path);
    CHECK(run(sandbox, shell("test -e '" + path + "'"))->exit_code != 0);
  }
  Job reads = shell("cat '" + secret + "'; echo more >> '" + secret + "'");
  reads.read_only = {secret};
  const auto read = run(sandbox, std::move(reads));
  CHECK(read->out == "secret");
  CHECK(read->exit_code != 0);
  unlink(secret.c_str());
  CHECK(run(sandbox, shell("echo x > /usr/x; echo y > /x; mkdir /etc/y; echo z > /tmp/z; cat "
                           "/tmp/z; ls /x /usr/x /etc/y"))
            ->out == "z\n");
  CHECK(run(sandbox, shell("ls /tmp"))->out.empty());  // each has its own
}

TEST_CASE("nothing is inherited: environment, descriptors, other processes, privileges",
          "[child]") {
  Sandbox sandbox;
  if (!works(sandbox)) return;
  setenv("PLENUM_TEST_SECRET", "hush", 1);
  const int leak = open("/etc/hostname", O_RDONLY);  // deliberately not close-on-exec
  Job job;
  job.argv = {"/usr/bin/env"};
  job.environment = {{"LANG", "C.UTF-8"}};
  const auto env = run(sandbox, std::move(job));
  std::set<std::string> names;
  std::istringstream lines(env->out);
  for (std::string line; std::getline(lines, line);) names.insert(line.substr(0, line.find('=')));
  names.erase("PWD");
  CHECK(names == std::set<std::string>{"HOME", "LANG", "TMPDIR"});
  CHECK(run(sandbox, shell("for f in /proc/self/fd/*; do echo -n \"${f##*/} \"; done"))
            ->out.substr(0, 6) == "0 1 2 ");
  CHECK(run(sandbox, shell("test -e /proc/self/fd/" + std::to_string(leak)))->exit_code != 0);
  close(leak);
  unsetenv("PLENUM_TEST_SECRET");
  const auto status =
      run(sandbox, shell("grep -E '^(NoNewPrivs|CapEff|Seccomp):' /proc/self/status"));
  CHECK(status->out == "CapEff:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n");
  CHECK(run(sandbox, shell("ls -d /proc/[0-9]* | wc -l"))->out.size() <= 2);
  CHECK(run(sandbox, shell("unshare -r true"))->exit_code != 0);
}

TEST_CASE("work is posted to the sandbox's own thread", "[child]") {
  Sandbox sandbox;
  std::promise<std::thread::id> posted;
  sandbox.post([&] { posted.set_value(std::this_thread::get_id()); });
  const auto thread = posted.get_future().get();
  CHECK(thread != std::this_thread::get_id());
  if (!works(sandbox)) return;
  std::promise<std::thread::id> answered;
  sandbox.run(shell("true"),
              [&](const Result<Output>&) { answered.set_value(std::this_thread::get_id()); });
  CHECK(answered.get_future().get() == thread);
}

TEST_CASE("without a sandbox only the limits stand before the program", "[child]") {
  plenum::child::Jail jail;
  jail.sandboxed = false;
  Job job = shell("true");
  job.environment = {{"LANG", "C"}};
  CHECK(jail.command(job) ==
        std::vector<std::string>{"/usr/bin/prlimit", "--core=0", "--nofile=64", "--fsize=67108864",
                                 "--cpu=10:11", "--data=536870912", "/usr/bin/bash", "-c", "true"});
  CHECK(jail.environment(job) == std::vector<std::string>{"HOME=/tmp", "TMPDIR=/tmp", "LANG=C"});
  jail.sandboxed = true;
  CHECK(jail.environment(job).empty());
}
