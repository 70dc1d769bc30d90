// The facade: apps loaded from their files, and runs of them.  Listens on nothing, reads no
// environment, keeps no globals.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/app/app.h"
#include "engine/base/clock.h"
#include "engine/base/diagnostic.h"
#include "engine/base/json.h"
#include "engine/base/metrics.h"
#include "engine/base/result.h"
#include "engine/base/secret.h"
#include "engine/entitlements/offer.h"
#include "engine/llm/provider.h"
#include "engine/store/store.h"

namespace plenum {

class Script;  // engine/effects/script.h
struct Catalog;

// What a test of apps puts in the place of the world.
struct Stage {
  std::shared_ptr<const Clock> clock;      // moved by the test
  std::shared_ptr<Script> script;          // answers what is not on this machine
  std::shared_ptr<const Catalog> catalog;  // the apps, instead of those in the folder
  Hold hold;                               // what is under way holds a token
};

struct Settings {
  std::string root = ".";                        // the folder that holds apps.d/
  std::string apps = "apps.d";                   // below root
  std::string data = "data";                     // database and files
  std::map<std::string, llm::Access> providers;  // those that can be called, by name
  bool development = true;                       // a provider that is missing answers offline
  bool allow_unsandboxed = false;
  bool allow_local_hosts = false;     // `http` nodes may call this machine; never in production
  entitlements::Offers offers;        // what apps sell
  Secrets::Source secrets;            // where the values of `secrets` come from; unset: none is set
  std::string extract_helper;         // absolute path of the plenum-extract program
  uint64_t disk_reserve = 256 << 20;  // with less free nothing is accepted or begun
  int jobs_at_once = 256;             // claimed and unfinished
  int64_t jobs_per_owner = 100, jobs_queued = 10'000;
  int retry_budget = 20;  // retries of one app at one provider or host, earned by good calls
  int breaker_calls = 20;    // fewer calls within 30 s never keep a provider or host from being asked
  struct Rate {  // of one key of a provider; 0: no limit
    int concurrency = 0, requests_per_minute = 0;
    int64_t tokens_per_minute = 0;
  };
  std::map<std::string, Rate> rates;  // by provider
  // What models may cost in a day (UTC), for all users of an app and for one of them; 0: no limit.
  double app_usd_per_day = 0, user_usd_per_day = 0;
  int runs_at_once = 4096;  // synchronous ones; more are refused with `limited`
  size_t calls_per_host = 64;  // outgoing connections to one host; HTTP/2 carries 100 calls on each
  milliseconds run_time{60'000}, job_time{30 * 60'000};
  milliseconds run_ttl{30LL * 86'400'000};  // how long finished runs are kept
  std::shared_ptr<const Stage> stage;       // null: the world; with one the database is in memory
};

// The apps as they are served now.  Immutable; a reload makes another one.
struct Catalog {
  std::map<std::string, std::shared_ptr<const app::App>> apps;
  std::vector<Diagnostic> findings;  // of all files, sorted by place
  std::vector<std::string> refused;  // files with an error
};

// Who asks: made by sign-in, never from a request's body.
struct Caller {
  std::string owner;  // digest of app, issuer and subject
  std::string plan;   // "free"
  std::vector<std::string> roles;
  // Who vouches for them ("dev": they do themselves), as which user; "": not known by a name.
  std::string issuer, subject;
  std::map<std::string, Millis> ended;  // plans that they had, and until when
  Json user;                            // what expressions see as `user`
  bool signed_in = true;  // false: everybody who did not sign in is this one owner of the app
};

// The plan of a user: the best of what sign-in names, what they bought and what they were given.
struct Standing {
  std::string plan;                     // "": none
  std::map<std::string, Millis> ended;  // plans that they had, and until when
};

// A run as clients see it.
struct RunView {
  std::string owner;  // digest
  std::string id, thread, route, graph, model;
  bool job = false;
  RunStatus status = RunStatus::queued;
  std::string at;              // the interrupt it waits at
  Json output;                 // when completed; what the interrupt shows, when waiting
  std::optional<Error> error;  // when failed
  int percent = 0;
  std::string message;
  double cost_usd = 0;
  Millis created_at = 0, started_at = 0, finished_at = 0;
  bool replayed = false;  // an idempotency key was known: this is the earlier run
};

// Gets a run's events in order; ended when it returns false or the run stops (`last`: nothing
// follows).  Every 15 s without one it gets a `heartbeat` with id 0.
struct EventSink {
  std::function<bool(const EventRow& event, bool last)> take;
  // Whether it has much to read yet: tokens then wait.  The hook runs once, on any thread, when it
  // has read most of it.  Unset: it never has.
  std::function<bool(std::function<void()> hook)> behind = nullptr;
};

struct StartOptions {
  std::string
      id;  // new_run_id(); known to the caller before the run ends, so that it can be cancelled
  std::string thread;  // "": a new one
  bool job = false;
  std::optional<Idempotency> idempotency;
  EventSink events;  // gets them from the first one on; unset: nobody does
};

struct ResumeOptions {
  std::optional<Idempotency> idempotency;
  bool background = false;  // answers as soon as the answer is taken, not when the run stops
  EventSink events;
};

using OnRun = std::function<void(Result<RunView>)>;

// Callable from any thread; callbacks run on the engine's own thread and must not block.
class Engine {
 public:
  // Opens the store, loads the apps and recovers what an earlier process left.  Does not claim jobs
  // before serve().
  static Result<std::unique_ptr<Engine>> open(Settings settings);
  virtual ~Engine() = default;

  virtual std::shared_ptr<const Catalog> catalog() const = 0;
  // Loads the files again; apps with errors keep their old version.  On the engine's thread, later.
  virtual void reload(std::function<void(std::shared_ptr<const Catalog>)> done) = 0;
  virtual void serve() = 0;  // starts claiming jobs

  virtual std::string new_run_id(bool job) const = 0;

  // Runs a graph with a checked input.  Answers when it has completed, failed, been cancelled or
  // waits; a job, when it is queued.
  virtual void start(std::shared_ptr<const app::App> app, const app::Route& route, Caller caller,
                     Json input, StartOptions options, OnRun done) = 0;
  // Answers the interrupt of `route` that the run waits at, then as start() without job.
  virtual void resume(std::shared_ptr<const app::App> app, const app::Route& route, Caller caller,
                      std::string run, Json answer, ResumeOptions options, OnRun done) = 0;
  // With an actor these three are recorded.
  virtual void cancel(Owner owner, std::string run, std::optional<Actor> actor, OnRun done) = 0;
  virtual void operate(Owner owner, std::string run, Store::Act act, Actor actor, OnRun done) = 0;
  // Deletes what is kept for an owner; runs of theirs that are under way end.
  virtual void forget(Owner owner, Actor actor, std::function<void(Result<>)> done) = 0;

  // What a user of an app may use, `own` being the plan that sign-in named.  Calls `done` at once
  // when it is known already.
  virtual void standing(std::string app, std::string user, std::string own,
                        std::function<void(Result<Standing>)> done) = 0;
  // T9: false when the event was known.
  virtual void store_purchase(std::string app, std::string provider, entitlements::Fact fact,
                              std::string body, std::function<void(Result<bool>)> done) = 0;
  virtual void grant(Grant grant, Actor actor, std::function<void(Result<>)> done) = 0;
  // How many there were: of the plan, or with "" of all.
  virtual void revoke(Grant grant, Actor actor, std::function<void(Result<int>)> done) = 0;
  // Purchases and grants of a user: how much was deleted.
  virtual void forget_user(std::string app, std::string user, Actor actor,
                           std::function<void(Result<int>)> done) = 0;
  virtual void find(Owner owner, std::string run, OnRun done) = 0;
  virtual void waiting(Owner owner, std::string graph, std::string at, Page page,
                       std::function<void(Result<std::vector<RunView>>)> done) = 0;
  // For callers who may answer in the place of others: whose a run of the app is, and everybody's
  // that wait there.
  virtual void owner_of(std::string app, std::string run,
                        std::function<void(Result<std::string>)> done) = 0;
  virtual void waiting_of_all(std::string app, std::string graph, std::string at, Page page,
                              std::function<void(Result<std::vector<RunView>>)> done) = 0;
  // All of the owner's, newest first.
  virtual void runs(Owner owner, Page page,
                    std::function<void(Result<std::vector<RunView>>)> done) = 0;
  virtual void steps(Owner owner, std::string run,
                     std::function<void(Result<std::vector<StepRow>>)> done) = 0;
  virtual void events(Owner owner, std::string run, int64_t after, EventSink sink) = 0;

  virtual void keep_file(Owner owner, std::string name, std::string mime, std::string bytes,
                         Millis expires_at, std::function<void(Result<FileRow>)> done) = 0;
  virtual void read_file(Owner owner, std::string id,
                         std::function<void(Result<std::pair<FileRow, std::string>>)> done) = 0;

  virtual void rows(Owner owner, std::string collection, Page page,
                    std::function<void(Result<std::vector<Row>>)> done) = 0;
  virtual void row(Owner owner, std::string collection, std::string id,
                   std::function<void(Result<Row>)> done) = 0;
  virtual void delete_row(Owner owner, std::string collection, std::string id,
                          std::function<void(Result<>)> done) = 0;

  // A key by its digest, as the store has it; using it is noted.
  virtual void api_key(std::string digest, std::function<void(Result<ApiKey>)> done) = 0;
  virtual void put_api_key(ApiKey key, Actor actor, std::function<void(Result<>)> done) = 0;
  virtual void revoke_api_key(std::string id, Actor actor,
                              std::function<void(Result<ApiKey>)> done) = 0;

  struct Load {
    size_t live_runs = 0, jobs_running = 0;
  };
  virtual Load load() const = 0;
  virtual Metrics& metrics() = 0;  // what happened since the start
  // From now on no job is claimed, and runs that nobody waits for go no further than their next
  // checkpoint.
  virtual void rest() = 0;
  // rest(), then answers true once no run is live, or false at the limit; what is left is
  // queued for the next start.
  virtual bool drain(milliseconds limit) = 0;
  // The secret that signs links; made once and kept in the data folder.
  virtual const std::string& link_key() const = 0;
  virtual const Clock& clock() const = 0;
  virtual Result<> documents_available() const = 0;  // the sandbox works
  // For the log: documents are read without the sandbox.  Empty when they are not.
  virtual std::string documents_warning() const = 0;
};

}  // namespace plenum
