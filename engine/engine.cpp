// Puts the parts together: store, effects, runner, and the threads they live on.
//
// The engine's own thread runs the core and every callback; the disk thread waits for files; store,
// curl and the sandbox bring threads of their own.  What crosses between them is a value.
#include "engine/engine.h"

#include <spdlog/spdlog.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <future>
#include <random>

#include "engine/base/anchored_clock.h"
#include "engine/base/ids.h"
#include "engine/catalog.h"
#include "engine/effects/effects.h"
#include "engine/own_providers.h"
#include "engine/run_view.h"
#include "engine/runner.h"
#include "engine/secret_file.h"
#include "engine/subscriptions.h"

namespace plenum {

namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

std::shared_ptr<const Clock> server_clock() {
  return std::make_shared<const AnchoredClock>([](Millis by) {
    spdlog::warn(
        "the system's clock was set by {} s: this server goes by its own until it is restarted",
        by / 1000);
  });
}

Done<std::vector<Run>> views(std::function<void(Result<std::vector<RunView>>)> done) {
  return [done = std::move(done)](Result<std::vector<Run>> rows) {
    if (!rows) return done(tl::unexpected(std::move(rows).error()));
    std::vector<RunView> views;
    for (const Run& row : *rows) views.push_back(view(row));
    done(std::move(views));
  };
}

class EngineImpl final : public Engine {
 private:
  void schedule() {
    std::vector<std::shared_ptr<const app::App>> apps;
    for (const auto& [name, app] : catalog()->apps) apps.push_back(app);
    runner_->schedule(std::move(apps));
  }

  // On the engine's thread.
  double chance() { return std::uniform_real_distribution<double>(0, 1)(random_); }

  template <typename F>
  auto on_engine(F f) {
    std::promise<decltype(f())> promise;
    auto future = promise.get_future();
    asio::post(io_, [&] { promise.set_value(f()); });
    return future.get();
  }

 public:
  explicit EngineImpl(Settings settings)
      : settings_(std::move(settings)),
        clock_(settings_.stage ? settings_.stage->clock : server_clock()),
        secrets_(std::make_shared<Secrets>(settings_.secrets)),
        work_(asio::make_work_guard(io_)),
        random_(settings_.stage ? 1 : std::random_device()()),
        disk_(1) {}

  ~EngineImpl() override {
    work_.reset();
    io_.stop();  // nothing new is begun; what is posted from here on is dropped
    if (thread_.joinable()) thread_.join();
    sandbox_.reset();  // each waits for its own thread, so none may end on it
    http_.reset();
    disk_.join();
    effects_.reset();
    store_.reset();  // commits what is queued
  }

  Result<> open() {
    std::error_code error;
    fs::create_directories(settings_.data, error);
    if (error)
      return fail(Kind::unavailable,
                  "cannot make the data folder " + settings_.data + ": " + error.message());
    fs::permissions(settings_.data, fs::perms::owner_all, error);
    link_key_ = TRY(secret_file(settings_.data + "/link.key"));
    const Post post = [this](std::function<void()> f) { asio::post(io_, std::move(f)); };
    const Stage* stage = settings_.stage.get();
    const Hold hold = stage ? stage->hold : Hold();
    store_ = TRY(open_sqlite_store(stage ? ":memory:" : settings_.data + "/plenum.db", post, hold,
                                   settings_.disk_reserve));
    blobs_ = TRY(open_disk_blobs(settings_.data + "/files"));
    // A test never reaches the network, but for one that records what models say.
    http::Client::Options calls;
    calls.connections_per_host = settings_.calls_per_host;
    if (!stage || !settings_.providers.empty()) http_ = std::make_shared<http::Client>(calls);
    child::Options options;
    options.allow_unsandboxed = settings_.allow_unsandboxed && settings_.development;
    sandbox_ = std::make_shared<child::Sandbox>(options);
    Effects::Parts parts;
    parts.providers = own_providers(settings_);
    // Not theirs: a late callback must not be the last to let go of the thread that it runs on.
    parts.http = {std::shared_ptr<void>(), http_.get()};
    parts.sandbox = {std::shared_ptr<void>(), sandbox_.get()};
    parts.blobs = blobs_;
    parts.store = store_.get();
    parts.clock = clock_.get();
    parts.script = stage ? stage->script : nullptr;
    parts.hold = hold;
    parts.peers = {settings_.breaker_calls, settings_.retry_budget};
    parts.chance = [this] { return chance(); };
    for (const auto& [provider, rate] : settings_.rates)
      parts.lines[provider] = {rate.concurrency, rate.requests_per_minute, rate.tokens_per_minute};
    parts.budgets = {settings_.app_usd_per_day, settings_.user_usd_per_day};
    parts.provider_with = [this](const std::string& name, const std::string& key) {
      return provider_with(settings_, name, key);
    };
    parts.secrets = secrets_;
    parts.allow_local_hosts = settings_.allow_local_hosts && settings_.development;
    parts.extract_helper = settings_.extract_helper;
    parts.post = post;
    if (!stage)
      parts.later = [this](milliseconds pause, std::function<void()> f) {
        const auto timer = std::make_shared<asio::steady_timer>(io_, pause);
        timer->async_wait([timer, f = std::move(f)](const boost::system::error_code&) { f(); });
      };
    parts.files = [this](std::function<void()> f) { on_disk(std::move(f)); };
    effects_ = std::make_unique<Effects>(std::move(parts));
    runner_ = std::make_unique<Runner>(Runner::Parts{
        &io_, clock_.get(), store_.get(), effects_.get(), &settings_, [this] { return chance(); },
        [this](const std::string& app, const std::string& hash, auto done) {
          bundle(app, hash, std::move(done));
        },
        [this](std::vector<FileRow> files, milliseconds idle) {
          remove_files(std::move(files), idle);
        },
        &metrics_});
    subscriptions_ = std::make_unique<Subscriptions>(
        Subscriptions::Parts{&settings_.offers, store_.get(), http_.get(), clock_.get(), post});
    thread_ = std::thread([this] { loop(); });
    TRY(keep(stage ? stage->catalog
                   : load_catalog(*app::disk_files(settings_.root), settings_.apps,
                                  granted(settings_, *secrets_), nullptr)));
    return recover();
  }

  std::shared_ptr<const Catalog> catalog() const override { return std::atomic_load(&catalog_); }

  void reload(std::function<void(std::shared_ptr<const Catalog>)> done) override {
    asio::post(disk_, [this, done = std::move(done)] {
      const auto before = catalog();
      const Result<> kept = keep(load_catalog(*app::disk_files(settings_.root), settings_.apps,
                                              granted(settings_, *secrets_), before.get()));
      if (!kept) spdlog::error("reloading the apps: {}", kept.error().message);
      asio::post(io_, [this, done] {
        schedule();
        done(catalog());
      });
    });
  }

  void serve() override {
    asio::post(io_, [this] {
      runner_->serve();
      schedule();
    });
  }

  std::string new_run_id(bool job) const override { return new_id(job ? "job" : "run"); }

  void start(std::shared_ptr<const app::App> app, const app::Route& route, Caller caller,
             Json input, StartOptions options, OnRun done) override {
    asio::post(io_, [this, app = std::move(app), &route, caller = std::move(caller),
                     input = std::move(input), options = std::move(options),
                     done = std::move(done)]() mutable {
      runner_->start(std::move(app), route, std::move(caller), std::move(input), std::move(options),
                     std::move(done));
    });
  }

  void resume(std::shared_ptr<const app::App> app, const app::Route& route, Caller caller,
              std::string run, Json answer, ResumeOptions options, OnRun done) override {
    asio::post(io_, [this, app = std::move(app), &route, caller = std::move(caller),
                     run = std::move(run), answer = std::move(answer), options = std::move(options),
                     done = std::move(done)]() mutable {
      runner_->resume(app->name, route, std::move(caller), std::move(run), std::move(answer),
                      std::move(options), std::move(done));
    });
  }

  void cancel(Owner owner, std::string run, std::optional<Actor> actor, OnRun done) override {
    asio::post(io_, [=, this] { runner_->cancel(owner, run, actor, done); });
  }

  void operate(Owner owner, std::string run, Store::Act act, Actor actor, OnRun done) override {
    asio::post(io_, [=, this] { runner_->operate(owner, run, act, actor, done); });
  }

  void forget(Owner owner, Actor actor, std::function<void(Result<>)> done) override {
    asio::post(io_, [=, this] { runner_->forget(owner, actor, done); });
  }

  void standing(std::string app, std::string user, std::string own,
                std::function<void(Result<Standing>)> done) override {
    subscriptions_->standing(app, user, own, std::move(done));
  }

  void store_purchase(std::string app, std::string provider, entitlements::Fact fact,
                      std::string body, std::function<void(Result<bool>)> done) override {
    subscriptions_->store(app, provider, fact, std::move(body), std::move(done));
  }

  void grant(Grant grant, Actor actor, std::function<void(Result<>)> done) override {
    subscriptions_->grant(std::move(grant), std::move(actor), std::move(done));
  }

  void revoke(Grant grant, Actor actor, std::function<void(Result<int>)> done) override {
    subscriptions_->revoke(std::move(grant), std::move(actor), std::move(done));
  }

  void forget_user(std::string app, std::string user, Actor actor,
                   std::function<void(Result<int>)> done) override {
    subscriptions_->forget(std::move(app), std::move(user), std::move(actor), std::move(done));
  }

  void find(Owner owner, std::string run, OnRun done) override {
    store_->run(std::move(owner), std::move(run), [done = std::move(done)](Result<Run> row) {
      if (!row) return done(tl::unexpected(std::move(row).error()));
      done(view(*row));
    });
  }

  void waiting(Owner owner, std::string graph, std::string at, Page page,
               std::function<void(Result<std::vector<RunView>>)> done) override {
    store_->runs(std::move(owner), std::move(graph), RunStatus::waiting, std::move(at),
                 std::move(page), views(std::move(done)));
  }

  void owner_of(std::string app, std::string run,
                std::function<void(Result<std::string>)> done) override {
    store_->owner_of(std::move(app), std::move(run), std::move(done));
  }

  void waiting_of_all(std::string app, std::string graph, std::string at, Page page,
                      std::function<void(Result<std::vector<RunView>>)> done) override {
    store_->waiting(std::move(app), std::move(graph), std::move(at), std::move(page),
                    views(std::move(done)));
  }

  void runs(Owner owner, Page page,
            std::function<void(Result<std::vector<RunView>>)> done) override {
    store_->runs(std::move(owner), "", std::nullopt, "", std::move(page), views(std::move(done)));
  }

  void steps(Owner owner, std::string run,
             std::function<void(Result<std::vector<StepRow>>)> done) override {
    store_->steps(std::move(owner), std::move(run), std::move(done));
  }

  void events(Owner owner, std::string run, int64_t after, EventSink sink) override {
    asio::post(io_, [=, this] { runner_->events(owner, run, after, sink); });
  }

  void keep_file(Owner owner, std::string name, std::string mime, std::string bytes,
                 Millis expires_at, std::function<void(Result<FileRow>)> done) override {
    FileRow file;
    file.id = new_id("file");
    file.owner = std::move(owner);
    file.name = std::move(name);
    file.mime = std::move(mime);
    file.created_at = clock_->now();
    file.expires_at = expires_at;
    effects_->keep_file(std::move(file), std::move(bytes), std::move(done));
  }

  void read_file(Owner owner, std::string id,
                 std::function<void(Result<std::pair<FileRow, std::string>>)> done) override {
    store_->file(
        std::move(owner), std::move(id), [this, done = std::move(done)](Result<FileRow> file) {
          if (file && file->expires_at && file->expires_at <= clock_->now())
            file = fail(Kind::not_found, "there is no such file");
          if (!file) return done(tl::unexpected(std::move(file).error()));
          on_disk([this, file = *std::move(file), done] {
            Result<std::string> bytes = blobs_->get(file.owner.app, file.owner.owner, file.digest);
            asio::post(io_, [file, done, bytes = std::move(bytes)]() mutable {
              if (!bytes) return done(tl::unexpected(std::move(bytes).error()));
              done(std::pair(file, *std::move(bytes)));
            });
          });
        });
  }

  void rows(Owner owner, std::string collection, Page page,
            std::function<void(Result<std::vector<Row>>)> done) override {
    store_->rows(std::move(owner), std::move(collection), std::move(page), std::move(done));
  }
  void row(Owner owner, std::string collection, std::string id,
           std::function<void(Result<Row>)> done) override {
    store_->row(std::move(owner), std::move(collection), std::move(id), std::move(done));
  }
  void delete_row(Owner owner, std::string collection, std::string id,
                  std::function<void(Result<>)> done) override {
    store_->delete_row(std::move(owner), std::move(collection), std::move(id), std::move(done));
  }

  Metrics& metrics() override { return metrics_; }
  void api_key(std::string digest, std::function<void(Result<ApiKey>)> done) override {
    store_->api_key(std::move(digest), [this, done = std::move(done)](Result<ApiKey> key) {
      const Millis now = clock_->now();
      if (key && now - key->used_at >= kApiKeyUse)
        store_->use_api_key(key->id, now, [](Result<>) {});
      done(std::move(key));
    });
  }
  void put_api_key(ApiKey key, Actor actor, std::function<void(Result<>)> done) override {
    key.created_at = clock_->now();
    store_->put_api_key(std::move(key), std::move(actor), std::move(done));
  }
  void revoke_api_key(std::string id, Actor actor,
                      std::function<void(Result<ApiKey>)> done) override {
    store_->revoke_api_key(std::move(id), clock_->now(), std::move(actor), std::move(done));
  }

  Load load() const override { return {runner_->live(), runner_->jobs()}; }

  void rest() override {
    asio::post(io_, [this] { runner_->rest(); });
  }

  bool drain(milliseconds limit) override {
    const auto until = std::chrono::steady_clock::now() + limit;
    rest();
    while (std::chrono::steady_clock::now() < until) {
      if (on_engine([this] { return runner_->live(); }) == 0) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    on_engine([this] {
      runner_->release_all();
      return 0;
    });
    return false;
  }

  const std::string& link_key() const override { return link_key_; }
  const Clock& clock() const override { return *clock_; }
  Result<> documents_available() const override { return sandbox_->available(); }
  std::string documents_warning() const override { return sandbox_->warning(); }

 private:
  void on_disk(std::function<void()> f) {
    if (settings_.stage) f = [hold = settings_.stage->hold(), f = std::move(f)] { f(); };
    asio::post(disk_, std::move(f));
  }

  // An exception here is a bug: it is logged, and the other runs go on.
  void loop() {
    for (;;) {
      try {
        io_.run();
        return;
      } catch (const std::exception& e) {
        spdlog::critical("a bug in the engine: {}", e.what());
      }
    }
  }

  // Definitions are on disk before the first run that is pinned to them.
  Result<> keep(std::shared_ptr<const Catalog> catalog) {
    for (const auto& [name, app] : catalog->apps) {
      std::promise<Result<>> kept;
      store_->put_bundle(name, app->hash, pack_bundle(*app),
                         [&](Result<> result) { kept.set_value(std::move(result)); });
      TRY(kept.get_future().get());
    }
    std::atomic_store(&catalog_, std::move(catalog));
    return {};
  }

  Result<> recover() {
    std::promise<Result<int>> recovered;
    store_->recover(clock_->now(),
                    [&](Result<int> result) { recovered.set_value(std::move(result)); });
    const int count = TRY(recovered.get_future().get());
    if (count > 0) spdlog::info("{} runs were interrupted and go on", count);
    return recover_spending();
  }

  // What was under way counts as the worst that it can have cost: after recover().
  Result<> recover_spending() {
    std::promise<Result<std::vector<Spent>>> read;
    store_->spent(clock_->now() / 86'400'000,
                  [&](Result<std::vector<Spent>> spent) { read.set_value(std::move(spent)); });
    const std::vector<Spent> spent = TRY(read.get_future().get());
    on_engine([&] {
      effects_->spent_before(spent);
      return 0;
    });
    return {};
  }

  void bundle(const std::string& app, const std::string& hash,
              std::function<void(Result<std::shared_ptr<const app::App>>)> done) {
    const auto current = catalog();
    if (const auto it = current->apps.find(app);
        it != current->apps.end() && it->second->hash == hash)
      return done(it->second);
    if (const auto it = older_.find(hash); it != older_.end())
      if (auto kept = it->second.lock()) return done(std::move(kept));
    store_->bundle(app, hash, [this, app, hash, done = std::move(done)](Result<std::string> text) {
      if (!text) return done(tl::unexpected(std::move(text).error()));
      Result<std::shared_ptr<const app::App>> loaded = unpack_bundle(app, *text);
      if (loaded) older_[hash] = *loaded;
      if (loaded)  // what is not set any more fails where it is needed
        for (const app::App::Secret& secret : (*loaded)->secrets)
          if (!secrets_->find(secret.name)) (void)secrets_->load(secret.name);
      done(std::move(loaded));
    });
  }

  void remove_files(std::vector<FileRow> files, milliseconds idle) {
    asio::post(disk_, [this, idle, files = std::move(files)] {
      for (const FileRow& file : files) {
        const Result<> removed =
            blobs_->remove(file.owner.app, file.owner.owner, file.digest, idle);
        if (!removed) spdlog::warn("removing an expired file: {}", removed.error().message);
      }
    });
  }

  const Settings settings_;
  const std::shared_ptr<const Clock> clock_;
  const std::shared_ptr<Secrets> secrets_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::mt19937_64 random_;  // spreads retries: no secrets; engine's thread only
  asio::thread_pool disk_;
  std::string link_key_;
  Metrics metrics_;
  std::unique_ptr<Store> store_;
  std::shared_ptr<Blobs> blobs_;
  std::shared_ptr<http::Client> http_;
  std::shared_ptr<child::Sandbox> sandbox_;
  std::unique_ptr<Effects> effects_;
  std::unique_ptr<Runner> runner_;
  std::unique_ptr<Subscriptions> subscriptions_;
  std::shared_ptr<const Catalog> catalog_ = std::make_shared<Catalog>();
  std::map<std::string, std::weak_ptr<const app::App>> older_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Engine>> Engine::open(Settings settings) {
  auto engine = std::make_unique<EngineImpl>(std::move(settings));
  TRY(engine->open());
  return std::unique_ptr<Engine>(std::move(engine));
}

}  // namespace plenum
