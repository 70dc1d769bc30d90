// Random graphs, random orders of answers, failures and crashes: whatever happens, a run ends, asks
// for nothing twice that was answered, and is the same run for the same seed.  SIMULATIONS=n runs
// more of them.
#include <catch2/catch.hpp>

#include <functional>
#include <random>
#include <set>

#include "tests/support/test_run.h"

using namespace plenum;

namespace {

using Random = std::mt19937;

size_t pick(Random& random, size_t count) {
  return random() % count;
}

// A graph of random nodes in random bodies; every one of them loads.
class Author {
 public:
  explicit Author(Random& random) : random_(random) {}

  std::string write() {
    return "input: {items: list<integer>}\n"
           "state:\n"
           "  n: {type: integer, reduce: sum}\n"
           "  words: {type: list<string>, reduce: append, last: 20}\n"
           "nodes:\n" +
           list(2, 0, false) + "output: {n: =n, words: =words}\n";
  }

 private:
  std::string list(int indent, int depth, bool concurrent) {
    std::string text;
    const size_t count = 1 + pick(random_, depth == 0 ? 5 : 3);
    for (size_t i = 0; i < count; ++i) {
      const bool last = i + 1 == count;
      text += node(indent, depth, concurrent, last);
    }
    return text;
  }

  std::string node(int indent, int depth, bool concurrent, bool last) {
    const std::string pad(static_cast<size_t>(indent), ' ');
    std::string text = pad + "- id: n" + std::to_string(++ids_) + "\n";
    const std::string in = pad + "  ";
    if (pick(random_, 6) == 0) text += in + "when: n % 3 != 1\n";
    if (pick(random_, 8) == 0) text += in + "on_error: {value: none}\n";
    if (last && pick(random_, 10) == 0) text += in + "next: end\n";
    if (last && depth > 0 && pick(random_, 8) == 0 && text.find("next") == std::string::npos)
      text += in + "next: break\n";
    switch (pick(random_, depth < 3 ? 10 : 5)) {
      case 0:
        return text + in + "set: {n: =1}\n";
      case 1:
        return text + in + "wait: " + (pick(random_, 2) ? "3s" : "10m") + "\n";
      case 2:
        if (concurrent) return text + in + "emit: told\n";
        return text + in +
               "interrupt: {expects: {ok: boolean}, ttl: 1h, on_timeout: {value: late}}\n";
      case 3:
      case 4:
        return text + in + "retry: {max: " + std::to_string(pick(random_, 3)) + "}\n" + in +
               "llm: {model: quick, prompt: \"{{n}}\"}\n" + in +
               "set: {words: =string(result), n: =1}\n";
      case 5:
      case 6:
        return text + in + "loop:\n" + in + "  max: " + std::to_string(1 + pick(random_, 3)) +
               "\n" + in + "  until: n > " + std::to_string(pick(random_, 30)) + "\n" + in +
               "  do:\n" + list(indent + 6, depth + 1, concurrent);
      case 7:
      case 8:
        return text + in + "map:\n" + in + "  over: items\n" + in +
               "  concurrency: " + std::to_string(1 + pick(random_, 3)) + "\n" + in +
               "  on_item_error: " + (pick(random_, 2) ? "skip" : "fail") + "\n" + in + "  do:\n" +
               list(indent + 6, depth + 1, true);
      default: {
        text += in + "parallel:\n" + in + "  wait: " + (pick(random_, 2) ? "all" : "any") + "\n" +
                in + "  branches:\n";
        const size_t branches = 1 + pick(random_, 3);
        for (size_t i = 0; i < branches; ++i)
          text += in + "    b" + std::to_string(i) + ":\n" + list(indent + 8, depth + 1, true);
        return text;
      }
    }
  }

  Random& random_;
  int ids_ = 0;
};

// A run, the world around it, and what must hold between them.
class World {
 public:
  World(std::shared_ptr<const app::App> app, unsigned seed, bool crashes, bool rests)
      : run_(std::move(app), Json{{"items", {1, 2, 3}}}),
        random_(seed),
        crashes_(crashes),
        rests_(rests) {}

  void live() {
    happens(run::Started{});
    for (int i = 0; i < 5000 && !over(); ++i) something();
    REQUIRE(over());
    CHECK(open_.empty());
    CHECK(run_.state.reserved_usd == Approx(0).margin(1e-9));
    CHECK(run_.state.cost_usd == Approx(cost_));
    const std::string end = run::save(run_.state);
    late();
    CHECK(run::save(run_.state) == end);  // what has ended never changes
  }

  std::string told() const {
    return run_.path + "\n" + shown::status(run_.state) + "\n" + run::save(run_.state);
  }

 private:
  bool over() const {
    return run_.state.status != run::Status::running && run_.state.status != run::Status::waiting;
  }

  void happens(const run::Event& event) {
    const bool rests = rests_ && pick(random_, 3) == 0;
    follow(
        run::step(run_.state, *run_.app, event, run_.now, rests ? run::Pace::rest : run::Pace::on));
    if (crashes_ && !over()) crash(rests);
  }

  void follow(const run::Outcome& outcome) {
    for (const run::Finished& node : outcome.finished) {
      INFO(node.path);
      CHECK(finished_.insert(node.path).second);  // a node finishes once
      run_.path += node.path + " " + node.status + " " + to_text(node.result) + "\n";
    }
    for (const run::Command& command : outcome.commands) obey(command);
    for (const run::Published& published : outcome.published) CHECK(published.id == ++last_event_);
    drop_stale(run_.state.root);
  }

  // Timers of bodies that were left come and change nothing; that is tested at the end.
  void drop_stale(const run::Frame& root) {
    std::set<uint64_t> waited_for;
    const std::function<void(const run::Frame&)> visit = [&](const run::Frame& frame) {
      if (frame.phase != run::Phase::ready) waited_for.insert(frame.call);
      for (const run::Frame& child : frame.children) visit(child);
    };
    visit(root);
    std::erase_if(timers_, [&](const auto& timer) { return !waited_for.contains(timer.first); });
  }

  void obey(const run::Command& command) {
    if (const auto* ask = std::get_if<run::Perform>(&command)) {
      CHECK(!answered_.contains(ask->call));  // what was answered is never asked again
      const auto [known, fresh] = keys_.emplace(ask->call, ask->key);
      CHECK(known->second == ask->key);  // the same call, the same key
      if (fresh) CHECK(all_keys_.insert(ask->key).second);
      CHECK(open_.insert(ask->call).second);
    } else if (const auto* timer = std::get_if<run::StartTimer>(&command)) {
      timers_[timer->call] = timer->due;
    } else {
      CHECK(open_.erase(std::get<run::Abandon>(command).call) == 1);  // only what is under way
    }
  }

  // Everything but the committed state is lost.  A run that rested goes on now.
  void crash(bool rested) {
    const std::string before = run::save(run_.state);
    run_.reload();
    CHECK(run::save(run_.state) == before);
    const std::set<uint64_t> were_open = std::exchange(open_, {});
    const auto timers = std::exchange(timers_, {});
    if (run_.state.status == run::Status::waiting) return;
    if (rested && were_open.empty() && run_.state.status == run::Status::running)
      CHECK(run::rests(run_.state));
    const run::Outcome outcome = run::step(run_.state, *run_.app, run::Restarted{}, run_.now);
    follow(outcome);
    if (rested) return;
    CHECK(outcome.finished.empty());
    CHECK(outcome.published.empty());
    CHECK(open_ == were_open);
    for (const auto& [call, due] : timers_) CHECK(timers.at(call) == due);
  }

  void something() {
    run_.now += static_cast<Millis>(pick(random_, 5)) * 100;
    if (run_.state.status == run::Status::waiting) return end_pause();
    const size_t choice = pick(random_, 20);
    if (choice == 0) return happens(run::Replied{pick(random_, 50) + 100'000, "late", 1, ""});
    if (choice == 1 && pick(random_, 10) == 0) return happens(run::Cancelled{});
    std::vector<uint64_t> calls(open_.begin(), open_.end());
    if (calls.empty() || (choice < 5 && !timers_.empty())) return wake();
    const uint64_t call = calls[pick(random_, calls.size())];
    open_.erase(call);
    answered_.insert(call);
    cost_ += 0.0001;
    if (choice < 8)
      return happens(run::Failed{
          call, error_of(choice < 7 ? Kind::timeout : Kind::invalid, choice < 7 ? "" : "no"),
          0.0001});
    happens(run::Replied{call, Json{{"text", std::to_string(choice)}, {"cut", false}}, 0.0001, ""});
  }

  void end_pause() {
    const run::Frame* frame = run::waits(run_.state);
    REQUIRE(frame);
    if (frame->phase == run::Phase::paused && pick(random_, 3))
      return happens(run::Answered{Json{{"ok", true}}});
    REQUIRE(frame->due > 0);  // nothing waits for ever
    run_.now = std::max(run_.now, frame->due);
    const uint64_t call = frame->call;
    timers_.erase(call);
    happens(run::TimerDue{call});
  }

  void wake() {
    REQUIRE(!timers_.empty());  // nothing is under way and nothing will come: the run hangs
    const auto first = std::min_element(timers_.begin(), timers_.end(),
                                        [](auto& a, auto& b) { return a.second < b.second; });
    const auto [call, due] = *first;
    timers_.erase(first);
    run_.now = std::max(run_.now, due);
    happens(run::TimerDue{call});
  }

  void late() {
    for (const auto& [call, key] : keys_) {
      happens(run::Replied{call, "late", 1, ""});
      happens(run::Failed{call, error_of(Kind::timeout), 1});
      happens(run::TimerDue{call});
    }
    happens(run::Answered{Json::object()});
    happens(run::Restarted{});
    happens(run::Cancelled{});
    happens(run::DeadlinePassed{});
  }

  TestRun run_;
  Random random_;
  const bool crashes_, rests_;
  std::set<uint64_t> open_, answered_;  // calls
  std::map<uint64_t, Millis> timers_;
  std::map<uint64_t, std::string> keys_;
  std::set<std::string> all_keys_, finished_;
  int64_t last_event_ = 0;
  double cost_ = 0;
};

std::string simulated(unsigned seed, bool crashes, bool rests = false) {
  Random random(seed);
  const std::string graph = Author(random).write();
  CAPTURE(seed, crashes, rests, graph);
  World world(test_app(graph), seed, crashes, rests);
  world.live();
  return world.told();
}

unsigned simulations() {
  const char* wanted = getenv("SIMULATIONS");
  return wanted ? static_cast<unsigned>(atoi(wanted)) : 300;
}

}  // namespace

TEST_CASE("random runs end, and a crash after every commit changes nothing", "[run][simulation]") {
  size_t completed = 0;
  for (unsigned seed = 1; seed <= simulations(); ++seed) {
    CAPTURE(seed);
    const std::string calm = simulated(seed, false);
    CHECK(simulated(seed, true) == calm);
    if (seed % 10 == 0) CHECK(simulated(seed, false) == calm);
    simulated(seed, true, true);  // in another order, so with an end of its own
    completed += calm.find("\ncompleted ") != std::string::npos;
  }
  CHECK(completed > simulations() / 4);
}
