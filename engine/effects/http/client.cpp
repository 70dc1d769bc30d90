// The curl thread: takes calls from any thread, runs them all with one multi handle, answers each
// once.
//
// Calls wait in our own line, not in curl's, because curl's clock runs while a call waits inside
// it: a call is given to curl only when its host has room, and its timeout starts there.  A host
// gets as many calls at a time as it may have connections; once it has answered over HTTP/2 it gets
// a hundred times as many, which share them as streams.
//
// curl tells which sockets and what time it waits for, and epoll waits for them: with a thousand
// calls under way, asking all of them at each event (curl_multi_perform, curl_multi_poll) cost as
// much as the calls.
#include "engine/effects/http/client.h"

#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <system_error>

#include "engine/base/blocked_signals.h"
#include "engine/effects/http/transfer.h"

namespace plenum::http {
namespace {

constexpr size_t kStreams = 100;      // curl's own limit of streams per connection
constexpr size_t kKnownHosts = 1024;  // idle hosts beyond this many are forgotten
constexpr size_t kSpareHandles = 1024;

Error cancelled(std::string_view why) {
  return {Kind::unavailable, std::string(why), "cancelled", {}};
}

}  // namespace

const std::string* Response::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers)
    if (name == lower_case_name) return &value;
  return nullptr;
}

struct Client::Loop {
  struct Call {
    uint64_t id;
    Request request;
    Done done;
  };
  struct Host {
    std::deque<uint64_t> line;  // ids; one that is no longer in `waiting` was cancelled
    size_t active = 0;
    bool multiplexes = false;
    bool queued = false;  // stands in `crowded`
  };

  explicit Loop(Options given) : options(std::move(given)) {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
    curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                      static_cast<long>(options.connections_per_host));
    // Without this curl keeps four idle connections per running call: nearly none after a burst.
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS,
                      static_cast<long>(std::max<size_t>(256, 2 * options.connections_per_host)));
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &Loop::on_interest);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &Loop::on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
    if (epoll < 0 || bell < 0 || !interest(EPOLL_CTL_ADD, bell, EPOLLIN))
      throw std::system_error(errno, std::generic_category(), "no epoll for outgoing requests");
    start();
  }

  ~Loop() {
    {
      std::lock_guard lock(mutex);
      stopping = true;
    }
    ring();
    thread.join();
    spare.clear();
    curl_multi_cleanup(multi);
    close(bell);
    close(epoll);
  }

  // A broken pipe inside TLS must not end the process, either.
  void start() {
    const BlockedSignals blocked;
    thread = std::thread([this] { run(); });
    pthread_setname_np(thread.native_handle(), "curl");
  }

  void run() {
    for (;;) {
      const bool last = take();
      for (Call& call : arrived) accept(std::move(call));
      for (const uint64_t id : dropped) abandon(id, cancelled("the call was cancelled"));
      for (const uint64_t id : roomy)
        if (const auto it = active.find(id); it != active.end()) it->second->go_on();
      if (last) return answer_everybody();
      admit();
      if (reap()) continue;  // there may be room for others now
      listen();
    }
  }

  // Waits until a socket is ready, the time has come that curl asked for, or the bell is rung; and
  // has curl go on with what is ready.
  void listen() {
    constexpr int kAtOnce = 256;
    epoll_event ready[kAtOnce];
    const int count = epoll_wait(epoll, ready, kAtOnce, nothing_new() ? patience() : 0);
    int running = 0;
    for (int i = 0; i < count; ++i) {
      const int descriptor = ready[i].data.fd;
      const uint32_t what = ready[i].events;
      if (descriptor == bell)
        hush();
      else
        curl_multi_socket_action(multi, descriptor,
                                 (what & EPOLLIN ? CURL_CSELECT_IN : 0) |
                                     (what & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                                     (what & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0),
                                 &running);
    }
    if (!due || Steady::now() < *due) return;
    due.reset();  // curl asks anew for what is left
    curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
  }

  // Milliseconds, rounded up: a wait that ends too early is a round for nothing.
  int patience() const {
    if (!due) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*due - Steady::now()).count();
    return static_cast<int>(std::clamp<int64_t>(left, 0, 60'000));
  }

  void ring() {
    const uint64_t once = 1;
    (void)!write(bell, &once, sizeof once);
  }
  void hush() {
    uint64_t rings;
    (void)!read(bell, &rings, sizeof rings);
  }

  bool interest(int change, int descriptor, uint32_t in) {
    epoll_event event{};
    event.events = in;
    event.data.fd = descriptor;
    return epoll_ctl(epoll, change, descriptor, &event) == 0;
  }

  // `known` is what was assigned to the socket here when it was first seen.
  static int on_interest(CURL*, curl_socket_t socket, int what, void* self, void* known) {
    Loop& loop = *static_cast<Loop*>(self);
    if (what == CURL_POLL_REMOVE) {
      loop.interest(EPOLL_CTL_DEL, socket, 0);
      curl_multi_assign(loop.multi, socket, nullptr);
      return 0;
    }
    const uint32_t in = (what & CURL_POLL_IN ? static_cast<uint32_t>(EPOLLIN) : 0) |
                        (what & CURL_POLL_OUT ? static_cast<uint32_t>(EPOLLOUT) : 0);
    // A number may name another socket than the one that was known by it.
    if (!loop.interest(known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, in))
      loop.interest(known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, in);
    if (!known) curl_multi_assign(loop.multi, socket, &loop);
    return 0;
  }

  static int on_timer(CURLM*, long milliseconds, void* self) {
    Loop& loop = *static_cast<Loop*>(self);
    loop.due.reset();
    if (milliseconds >= 0) loop.due = Steady::now() + std::chrono::milliseconds(milliseconds);
    return 0;
  }

  void tell(std::vector<uint64_t> Loop::*list, uint64_t id) {
    bool wake;
    {
      std::lock_guard lock(mutex);
      wake = std::exchange(polling, false);
      (this->*list).push_back(id);
    }
    if (wake) ring();
  }

  bool take() {
    arrived.clear();
    dropped.clear();
    roomy.clear();
    std::lock_guard lock(mutex);
    polling = false;
    arrived.swap(inbox);
    dropped.swap(cancels);
    roomy.swap(resumes);
    return stopping;
  }

  bool nothing_new() {
    std::lock_guard lock(mutex);
    polling = inbox.empty() && cancels.empty() && resumes.empty() && !stopping;
    return polling;
  }

  // Puts a call in its host's line; `admit` takes it out at once when there is room.
  void accept(Call call) {
    const Result<> fine = check(call.request);
    if (!fine) return call.done(fail(fine.error()));
    if (waiting.size() >= options.waiting)
      return call.done(fail(Kind::limited, "too many outgoing calls wait in line; try again later",
                            "calls_waiting"));
    Host& host = hosts[std::string(origin(call.request.url))];
    host.line.push_back(call.id);
    if (!host.queued) crowded.push_back(&host);
    host.queued = true;
    const uint64_t id = call.id;
    waiting.emplace(id, std::move(call));
  }

  size_t room(const Host& host) const {
    return options.connections_per_host * (host.multiplexes ? kStreams : 1);
  }

  // Hosts with a line take turns, so that a crowded one does not use up what all share.
  void admit() {
    std::deque<Host*> still_crowded;
    while (!crowded.empty() && active.size() < options.in_flight) {
      Host* host = crowded.front();
      crowded.pop_front();
      if (host->line.empty()) {
        host->queued = false;
      } else if (host->active >= room(*host)) {
        still_crowded.push_back(host);
      } else {
        admit_first_of(*host);
        crowded.push_back(host);
      }
    }
    crowded.insert(crowded.end(), still_crowded.begin(), still_crowded.end());
    if (hosts.size() > kKnownHosts)
      std::erase_if(hosts, [](const auto& entry) {
        return !entry.second.queued && entry.second.active == 0;
      });
  }

  void admit_first_of(Host& host) {
    auto call = waiting.extract(host.line.front());
    host.line.pop_front();
    if (!call) return;
    if (spare.empty()) spare.push_back(std::make_unique<Transfer>(options));
    std::unique_ptr<Transfer> transfer = std::move(spare.back());
    spare.pop_back();
    Call& value = call.mapped();
    transfer->prepare(value.id, std::move(value.request), std::move(value.done), &host);
    ++host.active;
    curl_multi_add_handle(multi, transfer->handle());
    active.emplace(value.id, std::move(transfer));
  }

  bool reap() {
    bool any = false;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code =
          message->data.result;  // the message does not outlive the handle's removal
      Transfer* transfer = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
      end(transfer->id(), [&] {
        static_cast<Host*>(transfer->peer())->multiplexes |= transfer->multiplexed();
        return transfer->finish(code);
      });
      any = true;
    }
    return any;
  }

  template <typename Outcome>
  void end(uint64_t id, const Outcome& outcome) {
    auto node = active.extract(id);
    std::unique_ptr<Transfer> transfer = std::move(node.mapped());
    curl_multi_remove_handle(multi, transfer->handle());
    --static_cast<Host*>(transfer->peer())->active;
    Result<Response> result = outcome();
    const Done done = transfer->release();
    if (spare.size() < kSpareHandles) spare.push_back(std::move(transfer));
    done(std::move(result));
  }

  void abandon(uint64_t id, Error why) {
    if (auto call = waiting.extract(id)) return call.mapped().done(fail(std::move(why)));
    if (active.count(id)) end(id, [&]() -> Result<Response> { return fail(std::move(why)); });
  }

  void answer_everybody() {
    while (!waiting.empty() || !active.empty() || !arrived.empty()) {
      while (!waiting.empty()) abandon(waiting.begin()->first, cancelled("the server is stopping"));
      while (!active.empty()) abandon(active.begin()->first, cancelled("the server is stopping"));
      take();  // an answer may have sent a new call
      for (Call& call : arrived) call.done(fail(cancelled("the server is stopping")));
    }
  }

  using Steady = std::chrono::steady_clock;

  const Options options;
  CURLM* multi;
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  const int bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);  // rung when `polling`
  std::atomic<uint64_t> ids = 0;

  std::mutex mutex;  // guards what follows, up to the blank line
  std::vector<Call> inbox;
  std::vector<uint64_t> cancels, resumes;
  bool polling = false;  // the thread sleeps or is about to: it needs a wake-up to notice anything
  bool stopping = false;

  // The curl thread's own.
  std::optional<Steady::time_point> due;  // when curl wants to be asked next
  std::vector<Call> arrived;
  std::vector<uint64_t> dropped, roomy;
  std::unordered_map<std::string, Host> hosts;  // addresses of its values are stable
  std::deque<Host*> crowded;                    // hosts with a line, in turn
  std::unordered_map<uint64_t, Call> waiting;
  std::unordered_map<uint64_t, std::unique_ptr<Transfer>> active;
  std::vector<std::unique_ptr<Transfer>> spare;
  std::thread thread;
};

Client::Client() : Client(Options()) {}
Client::Client(Options options) : loop_(std::make_unique<Loop>(std::move(options))) {}
Client::~Client() = default;

uint64_t Client::send(Request request, Done done) {
  const uint64_t id = ++loop_->ids;
  bool wake;
  {
    std::lock_guard lock(loop_->mutex);
    wake = std::exchange(loop_->polling, false);
    loop_->inbox.push_back({id, std::move(request), std::move(done)});
  }
  if (wake) loop_->ring();
  return id;
}

void Client::cancel(uint64_t id) {
  loop_->tell(&Loop::cancels, id);
}

void Client::resume(uint64_t id) {
  loop_->tell(&Loop::resumes, id);
}

}  // namespace plenum::http
