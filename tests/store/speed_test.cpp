// How fast the store commits, beside how fast the disk syncs, measured in one run; and how large a
// step is.
#include <catch2/catch.hpp>

#include <fcntl.h>

#include <condition_variable>
#include <cstdio>
#include <deque>

#include "tests/store/places.h"

using namespace plenum;
using namespace plenum::testing;

namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double syncs_per_second(const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const std::string page(4096, 'x');
  const auto start = std::chrono::steady_clock::now();
  int n = 0;
  for (; n < 2000 && seconds_since(start) < 1; ++n)
    if (pwrite(file, page.data(), page.size(), (n % 256) * 4096) < 0 || fdatasync(file) != 0) break;
  close(file);
  return n / seconds_since(start);
}

// One thread that runs answers, as the engine's does; it keeps `width` runs going until `wanted`
// are done.
class Engine {
 public:
  Post post() {
    return [this](std::function<void()> answer) {
      {
        const std::lock_guard lock(mutex_);
        posted_.push_back(std::move(answer));
      }
      filled_.notify_one();
    };
  }

  void drive(Store& store, int width, int wanted, const std::string& state) {
    left_ = wanted;
    done_ = 0;
    for (int i = 0; i < width; ++i) next(store, state);
    while (done_ < wanted) take()();
  }

 private:
  void next(Store& store, const std::string& state) {
    if (left_-- <= 0) return;
    Run run = a_run(RunStatus::running, {"shop", "owner" + std::to_string(left_ % 100)});
    run.state = state;
    run.bundle = std::string(64, 'b');
    run.user = R"({"id":"0123456789abcdef","plan":"pro"})";
    run.deadline = 61'000;
    run.expires_at = kLife;
    store.accept(
        std::move(run), {}, {}, {}, {}, {}, [this, &store, &state](Result<Accepted> accepted) {
          Checkpoint c = a_checkpoint(accepted.value().run, RunStatus::completed);
          c.state = state;
          c.output = R"({"score":0.75,"summary":"fits"})";
          c.steps = {{"extract", "done", R"({"score":0.75,"summary":"fits"})", 1000, 2000}};
          c.events = {{1, "step", R"({"node":"extract","status":"done"})"}};
          store.checkpoint(std::move(c), [this, &store, &state](const Result<>& written) {
            must(written);
            ++done_;
            next(store, state);
          });
        });
  }
  std::function<void()> take() {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [&] { return !posted_.empty(); });
    std::function<void()> answer = std::move(posted_.front());
    posted_.pop_front();
    return answer;
  }

  static constexpr Millis kLife = 86'400'000;
  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<std::function<void()>> posted_;
  int left_ = 0, done_ = 0;
};

}  // namespace

TEST_CASE("accept and checkpoint pairs per second", "[slow][store]") {
  const TempFolder folder(TempFolder::On::disk);
  std::printf("%-24s %14s %14s\n", "in flight", "pairs/s", "fdatasync/s");
  for (const int width : {1, 8, 64, 256}) {
    Engine engine;
    std::unique_ptr<Store> store =
        open_sqlite_store(folder / ("speed" + std::to_string(width) + ".db"), engine.post())
            .value();
    const std::string state(400, 's');
    const double syncs = syncs_per_second(folder / "raw");
    engine.drive(*store, width, 4 * width, state);
    const int wanted = width == 1 ? 2000 : 40'000;
    const auto start = std::chrono::steady_clock::now();
    engine.drive(*store, width, wanted, state);
    std::printf("%-24d %14.0f %14.0f\n", width, wanted / seconds_since(start), syncs);
    CHECK(wanted / seconds_since(start) > 100);
  }
}

TEST_CASE("a run of ten small steps takes less than a kilobyte a step", "[store]") {
  SqliteFile file;
  Asking store(file.open());
  constexpr int kRuns = 200, kSteps = 10;
  for (int i = 0; i < kRuns; ++i) {
    Run run = a_run();
    run.bundle = std::string(64, 'b');
    run.user = R"({"id":"0123456789abcdef","plan":"pro"})";
    run = store.accepted(run);
    for (int step = 1; step <= kSteps; ++step) {
      Checkpoint c = a_checkpoint(run, step < kSteps ? RunStatus::running : RunStatus::completed);
      c.state = std::string(400, 's');
      c.steps = {{"extract", "done", R"({"score":0.75,"summary":"fits"})", 1'700'000'000'000,
                  1'700'000'001'000}};
      c.events = {{step, "step", R"({"node":"extract","status":"done"})"}};
      must(store.checkpoint(c));
    }
  }
  store.close();
  const auto bytes = std::filesystem::file_size(file.path());
  WARN("bytes per step: " << bytes / (kRuns * kSteps) << ", per run: " << bytes / kRuns);
  CHECK(bytes / (kRuns * kSteps) < 400);
}

TEST_CASE("ten thousand runs of a stopped server are queued again within two seconds", "[store]") {
  SqliteFile file;
  Asking store(file.open());
  for (int i = 0; i < 9'999; ++i) store.store().accept(a_run(), {}, {}, {}, {}, {}, {});
  store.accepted(a_run());
  store.close();
  const auto start = std::chrono::steady_clock::now();
  store = Asking(file.open());
  CHECK(store.recover(5000).value() == 10'000);
  CHECK(store.claim(5000, 1).value().size() == 1);
  CHECK(seconds_since(start) < 2);
}

TEST_CASE("a claim looks at the owners it serves, not at all that wait", "[slow][store]") {
  SqliteMemory memory;
  Asking store(memory.open());
  constexpr int kOwners = 10'000, kClaims = 1'000;
  for (int i = 0; i < kOwners; ++i)
    store.store().accept(a_run(RunStatus::queued, {"shop", "o" + std::to_string(i)}), {}, {}, {},
                         {}, {}, {});
  store.accepted(a_run(RunStatus::queued));
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kClaims; ++i) CHECK(store.claim(5000, 4).value().size() == 4);
  std::printf("claims of 4 among %d owners: %.0f/s\n", kOwners, kClaims / seconds_since(start));
  CHECK(seconds_since(start) < 5);
}

// The peer is what any search has to do at the least: read the same numbers once, from memory.
TEST_CASE("the nearest of ten thousand vectors, beside a loop over their numbers",
          "[slow][store]") {
  constexpr int kDocuments = 1'000, kChunks = 10, kSize = 768, kRounds = 20;
  SqliteFile place;
  Asking store(place.open());
  const Run run = store.accepted(a_run());
  std::vector<float> all(static_cast<size_t>(kDocuments) * kChunks * kSize);
  uint32_t seed = 1;
  for (float& x : all) {
    seed = seed * 1'664'525 + 1'013'904'223;
    x = (static_cast<float>(seed >> 8) / 16'777'216 - 0.5F) / 8;  // of length 1, or nearly so
  }
  for (int i = 0; i < kDocuments; ++i) {
    const auto begin = all.begin() + static_cast<ptrdiff_t>(i) * kChunks * kSize;
    EmbeddedRow row{run.id, "k" + std::to_string(i),         "m", kSize,
                    {},     {begin, begin + kChunks * kSize}};
    row.texts.assign(kChunks, std::string(800, 'x'));
    must(store.put_embedded(kAda, row));
    REQUIRE(store.put_document(kAda, "docs", {row.key, "{}", 1000, 0}, {kAda, run.id, {row.key}}));
  }
  VectorQuery query;
  query.model = "m";
  query.vector.assign(all.begin(), all.begin() + kSize);
  std::vector<double> searches, loops;
  float sum = 0;
  for (int i = 0; i < kRounds; ++i) {
    auto start = std::chrono::steady_clock::now();
    REQUIRE(store.search(kAda, "docs", query).value().size() == 5);
    searches.push_back(seconds_since(start) * 1000);
    start = std::chrono::steady_clock::now();
    float sums[16] = {};
    for (size_t at = 0; at < all.size(); at += 16)
      for (size_t j = 0; j < 16; ++j) sums[j] += all[at + j];
    for (const float one : sums) sum += one;
    loops.push_back(seconds_since(start) * 1000);
  }
  std::sort(searches.begin(), searches.end());
  std::sort(loops.begin(), loops.end());
  WARN("10,000 x 768: retrieved in "
       << searches[kRounds / 2] << " ms, a loop over the numbers " << loops[kRounds / 2]
       << " ms: " << searches[kRounds / 2] / loops[kRounds / 2] << " times (" << sum << ")");
}
