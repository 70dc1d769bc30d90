// One thread waits for everything: pipes, ends of processes, time limits and new jobs.  A child's
// three pipes are pumped side by side, so that neither a full pipe nor a chatty error output can
// stop it.
#include "engine/effects/child/sandbox.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "engine/effects/child/jail.h"
#include "engine/effects/child/spawn.h"

namespace plenum::child {

namespace {

using Instant = std::chrono::steady_clock::time_point;

constexpr size_t kErrorBytes = 64u << 10;
constexpr size_t kChunk = 64u << 10;

// What an epoll event speaks of; kept in the two lowest bits of its number.
enum class End : uint64_t { exit = 0, in = 1, out = 2, err = 3 };
constexpr uint64_t kWake = ~0ull;

Error because(Kind kind, std::string message, std::string code = {}) {
  return fail(kind, std::move(message), std::move(code)).value();
}

tl::unexpected<Error> cancelled() {
  return fail(Kind::unavailable, "the work on this document was cancelled", "cancelled");
}

std::string seconds(std::chrono::milliseconds time) {
  const long tenths = static_cast<long>((time.count() + 50) / 100);
  return std::to_string(tenths / 10) + (tenths % 10 ? "." + std::to_string(tenths % 10) : "") +
         " s";
}

}  // namespace

struct Sandbox::Loop {
  struct Waiting {
    uint64_t id;
    Job job;
    Done done;
  };
  struct Child {
    Job job;
    Done done;
    Process process;
    Instant deadline;
    size_t sent = 0;
    Output output;
    std::optional<Error> error;  // why it was killed
  };

  explicit Loop(Options options);
  ~Loop();

  uint64_t run(Job job, Done done);
  void cancel(uint64_t id);
  void post(std::function<void()> work);

  void work();
  void take_requests();
  void start_waiting();
  void start(Waiting waiting);
  void watch(int fd, uint32_t events, uint64_t id, End end);
  void handle(uint64_t key);
  void feed(Child& child);
  void drain(Child& child, Descriptor& from, std::string& into, size_t limit, bool is_output);
  void stop(Child& child, Error error);
  void finish(uint64_t id);
  void kill_late();
  int wait_ms() const;
  void wake();

  const Options options;
  Jail jail;
  Result<> usable;
  std::string warning;

  Descriptor epoll, event;
  std::mutex mutex;  // guards the five below
  uint64_t last_id = 0;
  std::deque<Waiting> waiting;
  std::vector<uint64_t> cancels;
  std::vector<std::function<void()>> posted;
  bool stopping = false;

  std::map<uint64_t, Child> children;  // the thread's own
  std::thread thread;
};

Sandbox::Loop::Loop(Options o)
    : options(o),
      epoll(epoll_create1(EPOLL_CLOEXEC)),
      event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  Result<Jail> found = find_jail();
  if (found) {
    jail = *std::move(found);
  } else if (options.allow_unsandboxed) {
    jail.sandboxed = false;
    warning = "children read documents WITHOUT a sandbox, which is for development only: " +
              found.error().message;
  } else {
    usable = fail(std::move(found).error());
  }
  epoll_event wake{EPOLLIN, {.u64 = kWake}};
  if (!epoll.open() || !event.open() ||
      epoll_ctl(epoll.get(), EPOLL_CTL_ADD, event.get(), &wake) != 0)
    usable = fail(Kind::unavailable,
                  "no descriptors are left to watch children with; raise the limit of open files",
                  "sandbox_unavailable");
  thread = std::thread([this] {
    sigset_t
        all;  // signals are for the server's other threads; a closed pipe is an error code here
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    work();
  });
}

Sandbox::Loop::~Loop() {
  {
    const std::lock_guard lock(mutex);
    stopping = true;
  }
  wake();
  thread.join();
}

void Sandbox::Loop::wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = write(event.get(), &one, sizeof one);
}

uint64_t Sandbox::Loop::run(Job job, Done done) {
  std::optional<Error> refused;
  if (!usable) refused = usable.error();
  if (job.argv.empty()) refused = because(Kind::internal, "a child needs a program");
  uint64_t id = 0;
  {
    const std::lock_guard lock(mutex);
    id = ++last_id;
    if (!refused && waiting.size() >= options.queue)
      refused = because(Kind::unavailable,
                        "too many documents wait for their turn (" + std::to_string(options.queue) +
                            "); try again in a moment",
                        "queue_full");
    if (refused)
      posted.push_back([done = std::move(done), error = *refused] { done(fail(error)); });
    else
      waiting.push_back({id, std::move(job), std::move(done)});
  }
  wake();
  return id;
}

void Sandbox::Loop::cancel(uint64_t id) {
  {
    const std::lock_guard lock(mutex);
    cancels.push_back(id);
  }
  wake();
}

void Sandbox::Loop::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex);
    posted.push_back(std::move(work));
  }
  wake();
}

void Sandbox::Loop::work() {
  std::array<epoll_event, 64> events;
  for (bool go_on = true; go_on;) {
    const int n = epoll_wait(epoll.get(), events.data(), events.size(), wait_ms());
    for (int i = 0; i < n; ++i) handle(events[static_cast<size_t>(i)].data.u64);
    kill_late();
    take_requests();
    start_waiting();
    const std::lock_guard lock(mutex);
    go_on = !stopping || !children.empty() || !waiting.empty() || !posted.empty();
  }
}

void Sandbox::Loop::take_requests() {
  std::vector<uint64_t> ids;
  std::vector<std::function<void()>> calls;
  std::vector<Done> given_up;
  {
    const std::lock_guard lock(mutex);
    ids.swap(cancels);
    calls.swap(posted);
    for (auto it = waiting.begin(); it != waiting.end();) {
      const bool gone = stopping || std::find(ids.begin(), ids.end(), it->id) != ids.end();
      if (!gone) {
        ++it;
        continue;
      }
      given_up.push_back(std::move(it->done));
      it = waiting.erase(it);
    }
    if (stopping)
      for (const auto& [id, child] : children) ids.push_back(id);
  }
  for (const uint64_t id : ids)
    if (const auto child = children.find(id); child != children.end())
      stop(child->second, cancelled().value());
  for (const Done& done : given_up) done(cancelled());
  for (const auto& call : calls) call();
}

void Sandbox::Loop::start_waiting() {
  while (children.size() < static_cast<size_t>(std::max(1, options.concurrency))) {
    Waiting next;
    {
      const std::lock_guard lock(mutex);
      if (waiting.empty() || stopping) return;
      next = std::move(waiting.front());
      waiting.pop_front();
    }
    start(std::move(next));
  }
}

void Sandbox::Loop::start(Waiting next) {
  Result<Process> process =
      spawn(jail.command(next.job), jail.environment(next.job), jail.sandboxed ? jail.seccomp : "");
  if (!process) return next.done(fail(std::move(process).error()));
  Child& child = children[next.id];
  child.job = std::move(next.job);
  child.done = std::move(next.done);
  child.process = *std::move(process);
  child.deadline = std::chrono::steady_clock::now() + child.job.wall;
  watch(child.process.exit.get(), EPOLLIN, next.id, End::exit);
  watch(child.process.out.get(), EPOLLIN, next.id, End::out);
  watch(child.process.err.get(), EPOLLIN, next.id, End::err);
  watch(child.process.in.get(), EPOLLOUT, next.id, End::in);
  feed(child);
}

void Sandbox::Loop::watch(int fd, uint32_t events, uint64_t id, End end) {
  epoll_event wanted{events, {.u64 = id << 2 | static_cast<uint64_t>(end)}};
  epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &wanted);
}

void Sandbox::Loop::handle(uint64_t key) {
  if (key == kWake) {
    uint64_t count;
    [[maybe_unused]] const ssize_t n = read(event.get(), &count, sizeof count);
    return;
  }
  const auto found = children.find(key >> 2);
  if (found == children.end()) return;
  Child& child = found->second;
  switch (static_cast<End>(key & 3)) {
    case End::in:
      return feed(child);
    case End::out:
      return drain(child, child.process.out, child.output.out, child.job.max_output_bytes, true);
    case End::err:
      return drain(child, child.process.err, child.output.err, kErrorBytes, false);
    case End::exit:
      return finish(found->first);
  }
}

void Sandbox::Loop::feed(Child& child) {
  while (child.process.in.open()) {
    const std::string& input = child.job.input;
    const size_t left = input.size() - child.sent;
    if (left == 0) return child.process.in.reset();
    const ssize_t n = write(child.process.in.get(), input.data() + child.sent, left);
    if (n > 0)
      child.sent += static_cast<size_t>(n);
    else if (errno == EAGAIN)
      return;
    else if (errno != EINTR)
      return child.process.in.reset();  // it does not read on; its exit code tells the rest
  }
}

// Reads what is there.  Output past its limit ends the child, error output past its limit is
// dropped.
void Sandbox::Loop::drain(Child& child, Descriptor& from, std::string& into, size_t limit,
                          bool is_output) {
  std::array<char, kChunk> chunk;
  while (from.open()) {
    const ssize_t n = read(from.get(), chunk.data(), chunk.size());
    if (n == 0) return from.reset();
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) return from.reset();
    const size_t room = limit - std::min(limit, into.size());
    const size_t got = static_cast<size_t>(n);
    into.append(chunk.data(), std::min(room, got));
    if (is_output && got > room) {
      from.reset();
      return stop(child, because(Kind::invalid,
                                 "the result has more than " + std::to_string(limit) + " bytes",
                                 "too_large"));
    }
  }
}

void Sandbox::Loop::stop(Child& child, Error error) {
  if (!child.error) child.error = std::move(error);
  kill_group(child.process.pid);
}

void Sandbox::Loop::finish(uint64_t id) {
  Child child = std::move(children.at(id));
  children.erase(id);
  kill_group(child.process.pid);  // whatever it left behind, before its number is free again
  child.output.exit_code = reap(child.process.pid);
  child.process.pid = -1;
  drain(child, child.process.out, child.output.out, child.job.max_output_bytes, true);
  drain(child, child.process.err, child.output.err, kErrorBytes, false);
  if (!child.error && child.output.exit_code == 128 + SIGXCPU)
    child.error =
        because(Kind::timeout, "it used more than " + seconds(child.job.cpu) + " of computing time",
                "cpu_limit");
  if (!child.error && child.output.exit_code < 0)
    child.error = because(Kind::internal, "the child's exit code was taken by other code");
  if (child.error) return child.done(fail(*std::move(child.error)));
  child.done(std::move(child.output));
}

void Sandbox::Loop::kill_late() {
  const Instant now = std::chrono::steady_clock::now();
  for (auto& [id, child] : children)
    if (!child.error && child.deadline <= now)
      stop(child,
           because(Kind::timeout, "it took longer than " + seconds(child.job.wall), "wall_limit"));
}

int Sandbox::Loop::wait_ms() const {
  std::optional<Instant> next;
  for (const auto& [id, child] : children)
    if (!child.error && (!next || child.deadline < *next)) next = child.deadline;
  if (!next) return -1;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(*next - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<int64_t>(left.count(), 0, 60'000));
}

Sandbox::Sandbox(Options options) : loop_(std::make_unique<Loop>(options)) {}
Sandbox::~Sandbox() = default;

Result<> Sandbox::available() const {
  return loop_->usable;
}
std::string Sandbox::warning() const {
  return loop_->warning;
}
uint64_t Sandbox::run(Job job, Done done) {
  return loop_->run(std::move(job), std::move(done));
}
void Sandbox::cancel(uint64_t id) {
  loop_->cancel(id);
}
void Sandbox::post(std::function<void()> work) {
  loop_->post(std::move(work));
}

}  // namespace plenum::child
