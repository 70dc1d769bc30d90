// Live runs: feeds events to the core, commits what follows, then performs it.  Everything here
// happens on the engine's thread; what a run does between two commits is the core's business, what
// survives a crash is the store's.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/effects/effects.h"
#include "engine/engine.h"
#include "engine/run/step.h"
#include "engine/store/store.h"
#include "engine/timers.h"

namespace plenum {

// One run that is being worked on.
struct Live {
  Run row;  // as stored when it became live
  std::shared_ptr<const app::App> app;
  run::State state;
  bool committing = false;
  bool over = false;                             // ended or waiting: nothing more is done here
  std::deque<run::Event> inbox;                  // events that came during a commit
  std::vector<EffectRow> ended;                  // effects, since the last commit
  OnRun answer;                                  // of a synchronous caller; or none
  std::unordered_map<uint64_t, uint64_t> calls;  // call → effect handle
  uint64_t deadline_timer = 0;

  // A model's answer that is told while it comes; by call.
  struct Telling {
    std::shared_ptr<Flow> flow;
    std::string place;  // "each[3]/part"
    Millis partial_at = 0;
    size_t partial_size = 0;  // of the text whose value was told last
  };
  std::map<uint64_t, Telling> telling;
  std::set<std::string> half_told;  // places whose text was told and has not become a result
};

class Runner {
 public:
  struct Parts {
    boost::asio::io_context* io = nullptr;
    const Clock* clock = nullptr;
    Store* store = nullptr;
    Effects* effects = nullptr;
    const Settings* settings = nullptr;
    std::function<double()> chance;  // uniform in [0, 1)
    // The app that a run is pinned to, by app and hash; loaded from the store when it is not served
    // any more.
    std::function<void(const std::string& app, const std::string& hash,
                       std::function<void(Result<std::shared_ptr<const app::App>>)>)>
        bundle;
    // Whose records are gone; not those whose bytes were put within `idle`.
    std::function<void(std::vector<FileRow>, milliseconds idle)> remove_files;
    Metrics* metrics = nullptr;
  };
  explicit Runner(Parts parts);

  void start(std::shared_ptr<const app::App> app, const app::Route& route, Caller caller,
             Json input, StartOptions options, OnRun done);
  void resume(const std::string& app, const app::Route& route, Caller caller, std::string run,
              Json answer, ResumeOptions options, OnRun done);
  void cancel(Owner owner, std::string run, std::optional<Actor> actor, OnRun done);
  void operate(Owner owner, std::string run, Store::Act act, Actor actor, OnRun done);
  void forget(const Owner& owner, std::optional<Actor> actor, std::function<void(Result<>)> done);
  void events(Owner owner, std::string run, int64_t after, EventSink sink);

  // Starts what these apps' schedules name, from now on and instead of those before.
  void schedule(std::vector<std::shared_ptr<const app::App>> apps);
  void serve();  // claims from now on
  // Claims nothing any more; runs that nobody waits for go no further than their next checkpoint,
  // which hands them back to the queue.
  void rest();
  void release_all();                          // hands every live run back to the queue
  size_t live() const { return live_count_; }  // callable from any thread, as is jobs()
  size_t jobs() const { return jobs_; }

 private:
  using LivePtr = std::shared_ptr<Live>;
  struct Subscriber {
    EventSink sink;
    int64_t seen = 0;
    bool filled = false;              // the stored events have been delivered
    std::vector<EventRow> meanwhile;  // published before that
    bool done = false;
    int64_t part = 0;                  // of what was told since `seen` and is not stored
    std::map<uint64_t, size_t> heard;  // by call: how much of its text
    bool behind = false;               // it will say when it has caught up
  };

  LivePtr adopt(Run row, std::shared_ptr<const app::App> app, run::State state, OnRun answer);
  void adopt(const LivePtr& live);
  Run row_for(const app::App& app, const app::Graph& graph, Owner owner, const Json& user,
              std::string id, std::string thread) const;
  run::State state_for(const app::App& app, const app::Graph& graph, const Run& row, Json input,
                       Json user) const;
  void begin(LivePtr live, std::optional<Charge> charge, std::optional<Idempotency> key,
             EventSink events);
  void arm(std::shared_ptr<const app::App> app, size_t index);
  void fire(const std::shared_ptr<const app::App>& app, size_t index, Millis due);
  void start_scheduled(const std::shared_ptr<const app::App>& app, const app::Schedule& schedule,
                       Millis due);
  void start_child(const LivePtr& live, const run::Perform& what);
  // Gives `then` what earlier runs of the thread and the user have left for the graph.
  void with_kept(const Owner& owner, const std::string& thread, const app::Graph& graph,
                 std::function<void(Result<Json>)> then);
  void keep(const Live& live, Checkpoint& point) const;
  std::vector<EffectRow> begun(const run::Outcome& outcome) const;
  void accept_sync(LivePtr live, run::Outcome outcome, std::optional<Charge> charge,
                   std::optional<Idempotency> key, EventSink events);
  void take(LivePtr live, run::Event event);
  void commit(LivePtr live, run::Outcome outcome);
  void committed(LivePtr live, run::Outcome outcome, Result<> result);
  void lost(LivePtr live, run::Outcome outcome);
  void perform(LivePtr live, const std::vector<run::Command>& commands);
  run::Chance chance(const Live& live, uint64_t call, const std::string& peer, const Error& error);
  void conclude(LivePtr live);
  bool may_rest(const Live& live) const { return resting_ && !live.answer; }
  void release(const LivePtr& live);
  void finish_output(Live& live);
  Checkpoint checkpoint(Live& live, run::Outcome& outcome);
  void forget(const LivePtr& live);
  milliseconds time_for(const app::App& app, const Run& row) const;

  void answer_waiting(Owner owner, Run row, std::shared_ptr<const app::App> app, Json answer,
                      ResumeOptions options, OnRun done);
  void take_waiting(Owner owner, const std::string& run, const std::string& at,
                    std::optional<Idempotency> key, std::optional<Checkpoint> step, OnRun done,
                    std::function<void(Run)> taken);
  void pump();
  void pump_at(Millis due);
  void adopt_claimed(Run row);
  void sweep();

  void publish(const Run& row, const std::vector<EventRow>& events);
  void deliver(Subscriber& subscriber, const EventRow& event, bool last);
  void fill(const std::string& run, Subscriber& subscriber, const std::vector<EventRow>& stored);
  void end_if_over(const Owner& owner, const std::string& run,
                   std::shared_ptr<Subscriber> subscriber);
  void drop_finished(const std::string& run);
  void subscribe(const std::string& run, EventSink sink, int64_t seen);
  void heartbeat();

  std::shared_ptr<Flow> open_flow(const LivePtr& live, const run::Perform& what);
  void close_flow(Live& live, uint64_t call, const Error* error);
  void reset(const Live& live, const std::string& place, const std::string& why);
  void tell(Live& live, uint64_t call, bool whole);
  void tell(Subscriber& subscriber, const char* type, std::string data);
  void tell_all(const std::string& run);
  Json partial_of(Live::Telling& telling, bool whole) const;
  bool ready(const std::string& run, const std::shared_ptr<Subscriber>& subscriber, bool whole);
  void catch_up(const std::string& run, Subscriber& subscriber);

  Parts parts_;
  Timers timers_;
  std::unordered_map<std::string, LivePtr> live_;
  std::unordered_map<std::string, std::vector<std::shared_ptr<Subscriber>>> subscribers_;
  std::atomic<size_t> live_count_{0}, jobs_{0};
  bool resting_ = false;
  bool claiming_allowed_ = false, claiming_ = false, claim_again_ = false;
  uint64_t pump_timer_ = 0;
  std::map<std::pair<std::string, size_t>, uint64_t> schedule_timers_;  // by app and place
};

}  // namespace plenum
