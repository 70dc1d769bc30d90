// Is the front fast enough not to matter?  Asked beside nginx `return 200`, in one run, because
// only ratios within one run say anything on a shared machine.  Needs a release build, nginx and
// wrk:
//   FRONT_BENCH=1 test_front "[slow]"
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/front/client.h"

using namespace plenum::front;
using namespace plenum::front::test;

namespace {

const char* const kBody = R"({"hello":"world"})";

uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

struct Nginx {
  Nginx() : port(free_port()) {
    folder = std::filesystem::temp_directory_path() / ("front-bench-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "nginx.conf")
        << "daemon off; master_process off; worker_processes 1; pid " << folder.string()
        << "/pid; error_log stderr crit;\nevents { worker_connections 1024; }\n"
        << "http { access_log off; server { listen 127.0.0.1:" << port
        << "; keepalive_requests 100000000; location / { default_type application/json; return 200 "
           "'"
        << kBody << "'; } } }\n";
    const std::string conf = (folder / "nginx.conf").string(), prefix = folder.string();
    const char* const words[] = {"nginx",      "-p", prefix.c_str(), "-c",
                                 conf.c_str(), "-e", "stderr",       nullptr};
    if (posix_spawnp(&pid, "nginx", nullptr, nullptr, const_cast<char* const*>(words), environ) !=
        0)
      pid = 0;
  }
  ~Nginx() {
    if (pid > 0) {
      kill(pid, SIGTERM);
      waitpid(pid, nullptr, 0);
    }
    std::filesystem::remove_all(folder);
  }
  uint16_t port;
  pid_t pid = 0;
  std::filesystem::path folder;
};

// Requests per second at 64 kept-alive connections.
double load(uint16_t port) {
  const std::string command = "wrk -t1 -c64 -d2 http://127.0.0.1:" + std::to_string(port) + "/";
  FILE* pipe = popen(command.c_str(), "re");
  if (!pipe) return 0;
  std::string text;
  char bytes[4096];
  for (size_t n; (n = fread(bytes, 1, sizeof bytes, pipe)) > 0;) text.append(bytes, n);
  pclose(pipe);
  const size_t at = text.find("Requests/sec:");
  return at == std::string::npos ? 0 : std::stod(text.substr(at + 13));
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

TEST_CASE("one thread answers at least 0.7 times as often as nginx", "[slow]") {
  if (!getenv("FRONT_BENCH")) {
    WARN("skipped: a release build with FRONT_BENCH=1 measures");
    return;
  }
  Server server([](Request, Reply reply) {
    reply.send({200, {{"Content-Type", "application/json"}}, kBody});
  });
  Nginx nginx;
  REQUIRE(soon([&] { return Client(nginx.port).connected(); }));
  std::vector<double> ours, theirs, ratios;
  for (int round = 0; round < 7; ++round) {
    theirs.push_back(load(nginx.port));
    ours.push_back(load(server.port()));
    REQUIRE(theirs.back() > 0);
    ratios.push_back(ours.back() / theirs.back());
  }
  WARN("front / nginx, 7 rounds: median "
       << median(ratios) << " (" << *std::min_element(ratios.begin(), ratios.end()) << " to "
       << *std::max_element(ratios.begin(), ratios.end()) << "); requests/s " << median(ours)
       << " and " << median(theirs));
  CHECK(median(ratios) >= 0.7);
}
