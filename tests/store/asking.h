// The store as tests use it: a call is asked and its answer waited for.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/base/ids.h"
#include "engine/store/store.h"

namespace plenum::testing {

// Answers come on the store's own threads, at once.
inline Post at_once() {
  return [](const std::function<void()>& answer) { answer(); };
}

template <typename T, typename Call>
Result<T> wait_for(Call call) {
  std::promise<Result<T>> answer;
  call([&](Result<T> result) { answer.set_value(std::move(result)); });
  return answer.get_future().get();
}

// A folder of its own, gone with the value.  In memory where the system has such a place: a test
// that asks nothing of the disk need not wait for its syncs.
class TempFolder {
 public:
  enum class On { memory, disk };
  explicit TempFolder(On on = On::memory) {
    const bool memory = on == On::memory && access("/dev/shm", W_OK | X_OK) == 0;
    const std::filesystem::path base = memory ? "/dev/shm" : std::filesystem::temp_directory_path();
    std::string pattern = (base / "plenum-XXXXXX").string();
    if (!mkdtemp(pattern.data())) throw std::runtime_error("no folder for the test's data");
    path_ = std::filesystem::canonical(pattern).string();
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
    std::filesystem::remove(path_ + ".lock", ignored);  // of a store that was named like it
  }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline const Owner kAda{"shop", "ada"};
inline const Owner kBob{"shop", "bob"};
inline const Owner kAdaElsewhere{"clinic", "ada"};

// What a test changes of it, it says.
inline Run a_run(RunStatus status = RunStatus::running, Owner owner = kAda) {
  Run run;
  run.id = new_id("run");
  run.owner = std::move(owner);
  run.bundle = "b1";
  run.graph = "analyze";
  run.route = "POST /analyze";
  run.job = status == RunStatus::queued;
  run.status = status;
  run.state = R"({"v":0})";
  run.created_at = 1000;
  return run;
}

inline Checkpoint a_checkpoint(const Run& run, RunStatus status) {
  Checkpoint checkpoint;
  checkpoint.run = run.id;
  checkpoint.epoch = run.epoch;
  checkpoint.status = status;
  checkpoint.state = R"({"v":1})";
  checkpoint.now = 2000;
  return checkpoint;
}

inline std::string code_of(const Error& error) {
  return std::string(name(error.kind)) + (error.code.empty() ? "" : " " + error.code);
}

template <typename T>
std::string outcome(const Result<T>& result) {
  return result ? "ok" : code_of(result.error());
}

// For what a test builds on.
inline void must(const Result<>& result) {
  if (!result) throw std::runtime_error(code_of(result.error()) + ": " + result.error().message);
}

// Everything that can change about a run, short.
inline std::string told(const Run& run) {
  std::string text = std::string(name(run.status)) + " e" + std::to_string(run.epoch);
  const auto add = [&](const char* name, const auto& value, const auto& unset) {
    if (value == unset) return;
    text += std::string(" ") + name + "=";
    if constexpr (std::is_arithmetic_v<std::decay_t<decltype(value)>>)
      text += std::to_string(value);
    else
      text += value;
  };
  add("rescues", run.rescues, 0);
  add("state", run.state, std::string());
  add("at", run.at, std::string());
  add("returned", run.returned, std::string());
  add("output", run.output, std::string());
  add("error", run.error, std::string());
  add("percent", run.percent, 0);
  add("message", run.message, std::string());
  add("started", run.started_at, 0);
  add("finished", run.finished_at, 0);
  add("wake", run.wake_at, 0);
  return text;
}

// Each call of the store, waited for.
class Asking {
 public:
  Asking() = default;
  explicit Asking(std::unique_ptr<Store> store) : store_(std::move(store)) {}

  Store& store() { return *store_; }
  void close() { store_.reset(); }

  Result<Accepted> accept(Run run, std::vector<EventRow> events = {},
                          std::optional<Charge> charge = {}, std::optional<Idempotency> key = {},
                          Store::Limits limits = {}, std::vector<EffectRow> begun = {}) {
    return wait_for<Accepted>([&](Done<Accepted> done) {
      store_->accept(std::move(run), std::move(events), std::move(charge), std::move(key), limits,
                     std::move(begun), std::move(done));
    });
  }
  // The run as it was stored.
  Run accepted(Run run) { return accept(std::move(run)).value().run; }
  Result<std::vector<Run>> claim(Millis now, int limit) {
    return wait_for<std::vector<Run>>([&](auto done) { store_->claim(now, limit, done); });
  }
  Result<> checkpoint(Checkpoint checkpoint) {
    return wait_for<void>([&](Done<> done) { store_->checkpoint(std::move(checkpoint), done); });
  }
  Result<Run> take_waiting(const Owner& owner, const std::string& run, const std::string& at,
                           Millis now = 3000) {
    Result<Accepted> taken = take_waiting(owner, run, at, std::nullopt, now);
    if (!taken) return tl::unexpected(taken.error());
    return taken->run;
  }
  Result<Accepted> take_waiting(const Owner& owner, const std::string& run, const std::string& at,
                                std::optional<Idempotency> key, Millis now = 3000,
                                std::optional<Checkpoint> step = {}) {
    return wait_for<Accepted>([&](Done<Accepted> done) {
      store_->take_waiting(owner, run, at, now, std::move(key), std::move(step), done);
    });
  }
  Result<Run> cancel(const Owner& owner, const std::string& run, Millis now = 3000) {
    return wait_for<Run>([&](Done<Run> done) { store_->cancel(owner, run, now, done); });
  }
  Result<Run> operate(const Owner& owner, const std::string& run, Store::Act act,
                      Millis now = 5000) {
    return wait_for<Run>([&](auto done) { store_->operate(owner, run, act, now, done); });
  }
  Result<int> recover(Millis now) {
    return wait_for<int>([&](Done<int> done) { store_->recover(now, done); });
  }
  Result<std::vector<FileRow>> sweep(Millis now, int limit = 1000) {
    return sweep_once(now, limit).map([](Swept swept) { return std::move(swept.files); });
  }
  Result<Swept> sweep_once(Millis now, int limit) {
    return wait_for<Swept>([&](auto done) { store_->sweep(now, limit, done); });
  }
  Result<Swept> forget(const Owner& owner, int limit = 1000) {
    return wait_for<Swept>([&](auto done) { store_->forget(owner, limit, done); });
  }
  Result<Millis> next_due() {
    return wait_for<Millis>([&](Done<Millis> done) { store_->next_due(done); });
  }
  Result<Run> run(const Owner& owner, const std::string& id) {
    return wait_for<Run>([&](Done<Run> done) { store_->run(owner, id, done); });
  }
  Result<std::vector<Run>> runs(const Owner& owner, const std::string& graph = "",
                                std::optional<RunStatus> status = {}, const std::string& at = "",
                                Page page = {}) {
    return wait_for<std::vector<Run>>(
        [&](auto done) { store_->runs(owner, graph, status, at, page, done); });
  }
  Result<std::vector<StepRow>> steps(const Owner& owner, const std::string& run) {
    return wait_for<std::vector<StepRow>>([&](auto done) { store_->steps(owner, run, done); });
  }
  // "shop/ada 2 calls 30+12 0.5": of one day, one owner after the other.
  std::string spent(int64_t day = 0) {
    std::string text;
    const auto all = wait_for<std::vector<Spent>>([&](auto done) { store_->spent(day, done); });
    for (const Spent& one : all.value()) {
      char line[200];
      snprintf(line, sizeof line, "%s/%s %d calls %d+%d %.4g", one.owner.app.c_str(),
               one.owner.owner.c_str(), static_cast<int>(one.calls),
               static_cast<int>(one.input_tokens), static_cast<int>(one.output_tokens),
               one.cost_usd);
      text += (text.empty() ? "" : ", ") + std::string(line);
    }
    return text;
  }
  Result<std::vector<EffectRow>> effects(const Owner& owner, const std::string& run) {
    return wait_for<std::vector<EffectRow>>([&](auto done) { store_->effects(owner, run, done); });
  }
  // The journal of a run, short.
  std::string journal(const Run& run) {
    std::string text;
    const std::vector<EffectRow> all = effects(run.owner, run.id).value();
    for (const EffectRow& e : all)
      text += (text.empty() ? "" : ", ") + std::to_string(e.call) + "." + std::to_string(e.sent) +
              " " + e.path + " " + name(e.status) + (e.error.empty() ? "" : " " + e.error);
    return text;
  }
  Result<std::vector<EventRow>> events(const Owner& owner, const std::string& run,
                                       int64_t after = 0) {
    return wait_for<std::vector<EventRow>>(
        [&](auto done) { store_->events(owner, run, after, done); });
  }
  Result<Row> put_row(const Owner& owner, const std::string& collection, Row row) {
    return wait_for<Row>(
        [&](Done<Row> done) { store_->put_row(owner, collection, std::move(row), done); });
  }
  Result<Row> row(const Owner& owner, const std::string& collection, const std::string& id) {
    return wait_for<Row>([&](Done<Row> done) { store_->row(owner, collection, id, done); });
  }
  Result<std::vector<Row>> rows(const Owner& owner, const std::string& collection, Page page = {}) {
    return wait_for<std::vector<Row>>(
        [&](auto done) { store_->rows(owner, collection, page, done); });
  }
  Result<> delete_row(const Owner& owner, const std::string& collection, const std::string& id) {
    return wait_for<void>([&](Done<> done) { store_->delete_row(owner, collection, id, done); });
  }
  Result<std::vector<Row>> query(const Owner& owner, const std::string& collection,
                                 RowQuery query) {
    return wait_for<std::vector<Row>>(
        [&](auto done) { store_->query(owner, collection, std::move(query), done); });
  }
  Result<std::string> cached(const Owner& owner, const std::string& key, Millis now) {
    return wait_for<std::string>([&](auto done) { store_->cached(owner, key, now, done); });
  }
  Result<> put_cached(const Owner& owner, const std::string& key, const std::string& data,
                      Millis expires_at) {
    return wait_for<void>(
        [&](Done<> done) { store_->put_cached(owner, key, data, expires_at, done); });
  }
  Result<> put_embedded(const Owner& owner, EmbeddedRow row) {
    return wait_for<void>([&](Done<> done) { store_->put_embedded(owner, std::move(row), done); });
  }
  Result<EmbeddedRow> embedded(const Owner& owner, const std::string& run, const std::string& key) {
    return wait_for<EmbeddedRow>([&](auto done) { store_->embedded(owner, run, key, done); });
  }
  Result<int> put_document(const Owner& owner, const std::string& collection, DocumentRow document,
                           Store::Parts parts) {
    return wait_for<int>([&](Done<int> done) {
      store_->put_document(owner, collection, std::move(document), std::move(parts), done);
    });
  }
  Result<std::vector<FoundChunk>> search(const Owner& owner, const std::string& collection,
                                         VectorQuery query) {
    return wait_for<std::vector<FoundChunk>>(
        [&](auto done) { store_->search(owner, collection, std::move(query), done); });
  }
  Result<FileRow> put_file(FileRow file) {
    return wait_for<FileRow>([&](Done<FileRow> done) { store_->put_file(std::move(file), done); });
  }
  Result<FileRow> file(const Owner& owner, const std::string& id) {
    return wait_for<FileRow>([&](Done<FileRow> done) { store_->file(owner, id, done); });
  }
  Result<> put_bundle(const std::string& app, const std::string& hash, const std::string& text) {
    return wait_for<void>([&](Done<> done) { store_->put_bundle(app, hash, text, done); });
  }
  Result<std::string> bundle(const std::string& app, const std::string& hash) {
    return wait_for<std::string>([&](auto done) { store_->bundle(app, hash, done); });
  }

  // A run with its steps and events, short: what a refused write must leave as it was.
  std::string whole(const Run& run) {
    const Result<Run> now = this->run(run.owner, run.id);
    if (!now) return code_of(now.error());
    std::string text = told(*now);
    const std::vector<StepRow> all_steps = steps(run.owner, run.id).value();
    for (const StepRow& step : all_steps)
      text += " | " + step.path + " " + step.status + " " + step.result;
    const std::vector<EventRow> all_events = events(run.owner, run.id).value();
    for (const EventRow& event : all_events)
      text += " #" + std::to_string(event.id) + " " + event.type;
    return text;
  }

 private:
  std::unique_ptr<Store> store_;
};

// Where a store keeps its data: it can be opened, and where it lasts, opened again.
class Place {
 public:
  virtual ~Place() = default;
  virtual std::unique_ptr<Store> open() = 0;
  virtual bool lasts() const = 0;
};
using MakePlace = std::function<std::unique_ptr<Place>()>;

}  // namespace plenum::testing
