// Failed effects: tried again, replaced, or the node's end.
#include <catch2/catch.hpp>

#include "engine/run/retry.h"
#include "tests/support/test_run.h"

using namespace plenum;
using std::chrono::milliseconds;

namespace {

const char* kAsk = R"(
state: {text: optional<string>}
nodes:
  - {id: ask, llm: {model: quick, prompt: Hi}, set: text, KEYS}
  - {id: after, render: {template: "[{{text}}]"}}
)";

std::shared_ptr<const app::App> asking(const std::string& keys) {
  std::string text = kAsk;
  return test_app(text.replace(text.find(", KEYS"), 6, keys.empty() ? "" : ", " + keys));
}

}  // namespace

TEST_CASE("what can help is tried again, what cannot is not", "[run]") {
  struct Row {
    Kind kind;
    const char* code;
    bool again;
  };
  const Row rows[] = {{Kind::timeout, "", true},
                      {Kind::limited, "", true},
                      {Kind::unavailable, "", true},
                      {Kind::unavailable, "provider_overloaded", true},
                      {Kind::limited, "quota_exhausted", false},
                      {Kind::limited, "cost_limit", false},
                      {Kind::unavailable, "cancelled", false},
                      {Kind::invalid, "", false},
                      {Kind::invalid, "blocked", false},
                      {Kind::not_found, "", false},
                      {Kind::denied, "", false},
                      {Kind::conflict, "", false},
                      {Kind::internal, "", false}};
  for (const Row& row : rows) {
    CAPTURE(name(row.kind), row.code);
    CHECK(run::retryable(error_of(row.kind, row.code), app::Retry()) == row.again);
  }
  app::Retry never;
  never.timeout = never.rate_limit = never.server = false;
  for (const Row& row : rows) CHECK(!run::retryable(error_of(row.kind, row.code), never));
  app::Retry timeouts = never;
  timeouts.timeout = true;
  CHECK(run::retryable(error_of(Kind::timeout), timeouts));
  CHECK(!run::retryable(error_of(Kind::limited), timeouts));
}

TEST_CASE("a delay is a share of wait times factor to the tries", "[run]") {
  app::Retry policy;  // 1s, factor 2
  const Error error = error_of(Kind::timeout);
  for (int attempt = 1; attempt <= 12; ++attempt) {
    const int64_t most = std::min<int64_t>(1000ll << (attempt - 1), 60'000);
    CHECK(run::delay(error, policy, attempt, 0).count() == 0);
    CHECK(run::delay(error, policy, attempt, 0.5).count() == most / 2);
    CHECK(run::delay(error, policy, attempt, 0.999).count() < most);
    CHECK(run::delay(error, policy, attempt, 0.999).count() >= most * 99 / 100);
  }
}

TEST_CASE("Retry-After is a lower bound, of at most 15 minutes and a tenth more", "[run]") {
  const app::Retry policy;
  Error error = error_of(Kind::limited);
  error.retry_after = milliseconds(20'000);
  CHECK(run::delay(error, policy, 1, 0) == milliseconds(20'000));
  CHECK(run::delay(error, policy, 1, 0.5) == milliseconds(21'000));
  error.retry_after = milliseconds(1);
  CHECK(run::delay(error, policy, 6, 0.5) == milliseconds(16'000));
  error.retry_after = std::chrono::hours(3);
  CHECK(run::delay(error, policy, 1, 0) == std::chrono::minutes(15));
}

TEST_CASE("a retried node waits for its timer, tries again, and counts its tries", "[run]") {
  TestRun run(asking("retry: 2"));
  CHECK(run.start() == R"(#1 ask model quick gemini-3-flash-preview "Hi" | running)");
  CHECK(run.asked.attempt == 1);
  CHECK_THAT(run.fails(Kind::unavailable), Catch::StartsWith("#2 in "));
  CHECK(run.state.root.phase == run::Phase::backoff);
  CHECK(run.due <= kStart + 1000);
  CHECK(run.wake() == R"(#3 ask model quick gemini-3-flash-preview "Hi" try 2 | running)");
  CHECK(run.asked.attempt == 2);
  CHECK_THAT(run.fails(Kind::timeout), Catch::StartsWith("#4 in "));
  CHECK(run.wake() == R"(#5 ask model quick gemini-3-flash-preview "Hi" try 3 | running)");
  CHECK(run.says("ok") == R"(ask done "ok" after 3 | after done "[ok]" | completed "[ok]")");
}

TEST_CASE("after the last try the node fails with the last error", "[run]") {
  TestRun run(asking("retry: 1"));
  run.start();
  run.fails(Kind::unavailable);
  run.wake();
  CHECK(run.fails(error_of(Kind::timeout, "", "no answer in 60s")) ==
        R"(ask failed {"code":"timeout","message":"no answer in 60s"} after 2 | )"
        R"(failed at ask timeout: no answer in 60s)");
}

TEST_CASE("an llm node retries twice unless it is told otherwise, others do not", "[run]") {
  CHECK(asking("")->graphs.at("main").nodes.nodes[0].retry.max == 2);
  CHECK(asking("retry: 0")->graphs.at("main").nodes.nodes[0].retry.max == 0);
  CHECK(asking("")->graphs.at("main").nodes.nodes[1].retry.max == 0);
  TestRun run(asking("retry: 0"));
  run.start();
  CHECK(run.fails(Kind::timeout) == R"(ask failed {"code":"timeout","message":"it broke"} | )"
                                    R"(failed at ask timeout: it broke)");
}

TEST_CASE("the peer's Retry-After puts the next try off", "[run]") {
  TestRun run(asking("retry: 1"));
  run.start();
  Error error = error_of(Kind::limited);
  error.retry_after = milliseconds(90'000);
  CHECK(run.fails(error) == "#2 in 94500ms | running");  // a tenth more, by chance
}

TEST_CASE("a refusal is not tried again", "[run]") {
  TestRun run(asking("retry: 5"));
  run.start();
  CHECK_THAT(run.fails(Kind::invalid, "blocked"), Catch::Contains("failed at ask blocked"));
}

TEST_CASE("retry on a list retries on nothing else", "[run]") {
  const auto app = asking("retry: {max: 3, wait: 100ms, factor: 1, on: [rate_limit]}");
  TestRun limited(app), timeout(app);
  limited.start();
  timeout.start();
  CHECK_THAT(limited.fails(Kind::limited), Catch::StartsWith("#2 in "));
  CHECK(limited.due <= kStart + 100);
  CHECK_THAT(timeout.fails(Kind::timeout), Catch::Contains("failed at ask timeout"));
}

TEST_CASE("every try has a time of its own, the node's or its kind's", "[run]") {
  const auto timeout = [](const std::string& keys) {
    TestRun run(asking(keys));
    run.start();
    return run.asked.timeout.count();
  };
  CHECK(timeout("") == 60'000);
  CHECK(timeout("timeout: 5s") == 5'000);
  TestRun run(asking("timeout: 7s"));
  run.start();
  run.fails(Kind::timeout);
  run.wake();
  CHECK(run.asked.timeout.count() == 7'000);
}

TEST_CASE("a deliberate retry has another key than the try before", "[run]") {
  TestRun run(asking(""));
  run.start();
  const std::string first = run.asked.key;
  run.fails(Kind::unavailable);
  run.wake();
  CHECK(run.asked.key != first);
  TestRun same(asking(""));
  same.start();
  CHECK(same.asked.key == first);  // a key follows from the run and its place alone
}

TEST_CASE("on_error value stands in for the result", "[run]") {
  TestRun run(asking(
      R"(retry: 0, on_error: {value: "{{error.code}} at {{error.node}}: {{error.message}}"})"));
  run.start();
  CHECK(
      run.fails(Kind::unavailable) ==
      R"(ask done "unavailable at ask: it broke" | )"
      R"(after done "[unavailable at ask: it broke]" | completed "[unavailable at ask: it broke]")");
  CHECK(run.events ==
        "run.started node.started node.completed node.started node.completed run.completed");
}

TEST_CASE("on_error comes after the retries", "[run]") {
  TestRun run(asking("retry: 1, on_error: {value: none}"));
  run.start();
  CHECK_THAT(run.fails(Kind::unavailable), Catch::StartsWith("#2 in "));
  run.wake();
  CHECK_THAT(run.fails(Kind::unavailable), Catch::StartsWith(R"(ask done "none" after 2)"));
}

TEST_CASE("on_error next goes on elsewhere and sets nothing", "[run]") {
  TestRun run(test_app(R"(
state: {text: {type: string, default: unset}}
nodes:
  - {id: ask, llm: {model: quick, prompt: Hi}, retry: 0, set: text, on_error: {next: sorry}}
  - {id: fine, render: {template: fine}, next: end}
  - {id: sorry, render: {template: "sorry, {{text}}"}}
)"));
  run.start();
  CHECK(run.fails(Kind::unavailable) ==
        R"(ask failed {"code":"unavailable","message":"it broke"} | sorry done "sorry, unset" | )"
        R"(completed "sorry, unset")");
}

TEST_CASE("a value of on_error that does not fit its key fails the run", "[run]") {
  TestRun run(test_app(R"(
state: {n: integer}
input: {spare: any}
nodes:
  - id: ask
    llm: {model: quick, prompt: Hi, output: {type: object, properties: {n: {type: integer}}, required: [n]}}
    retry: 0
    set: {n: =result.n}
    on_error: {value: =spare}
output: =n
)"),
              Json{{"spare", {{"n", "seven"}}}});
  run.start();
  CHECK_THAT(run.fails(Kind::unavailable), Catch::Contains("failed at ask wrong_type"));
}

TEST_CASE("an error while computing the value of on_error ends the run", "[run]") {
  TestRun run(test_app(R"(
input: {list: list<string>}
nodes:
  - {id: ask, llm: {model: quick, prompt: Hi}, retry: 0, on_error: {value: "=list[3]"}}
)"),
              Json{{"list", Json::array()}});
  run.start();
  CHECK_THAT(run.fails(Kind::unavailable), Catch::Contains("failed at ask"));
  CHECK(run.state.status == run::Status::failed);
}

TEST_CASE("a node with `cache` asks for its reply to be kept", "[run]") {
  const auto asks = [](const std::string& cache) {
    TestRun run(test_app("input: {q: string}\nstate: {n: {type: integer, default: 7}}\nnodes:\n  - "
                         "{id: a, cache: " +
                         cache + ", llm: {model: quick, prompt: \"{{q}}\"}}"),
                Json{{"q", "hi"}});
    const std::string line = run.start();
    return line.substr(line.find("\"hi\""));
  };
  CHECK(asks("10m") == "\"hi\" kept 600000ms | running");
  CHECK(asks("{ttl: 1h, scope: app}") == "\"hi\" kept 3600000ms for all | running");
  CHECK(asks("{ttl: 1h, key: {q: =q, n: =n}}") ==
        R"("hi" kept 3600000ms as {"q":"hi","n":7} | running)");
  CHECK(asks("{ttl: 1h, key: \"{{q}}-{{run.id}}\"}") ==
        R"("hi" kept 3600000ms as "hi-run_1" | running)");
}

TEST_CASE("a key that cannot be computed is the node's error", "[run]") {
  TestRun run(test_app(R"(
input: {o: any}
nodes: [{id: a, cache: {ttl: 1h, key: =o.missing}, llm: {model: quick, prompt: hi}}]
)"),
              Json{{"o", Json::object()}});
  CHECK_THAT(run.start(), Catch::Contains("failed at a "));
}

TEST_CASE("the key of a kept reply is the same after a retry and a crash", "[run]") {
  TestRun run(test_app(R"(
nodes: [{id: a, cache: {ttl: 1h, key: =now}, llm: {model: quick, prompt: hi}}]
)"));
  run.start();
  const Json key = *run.asked.kept->key;
  run.fails(Kind::unavailable);
  run.now += 5000;
  run.wake();
  CHECK(*run.asked.kept->key == key);
  run.reload();
  run.now += 5000;
  run.restart();
  CHECK(*run.asked.kept->key == key);
}

// What the core can't know comes in with the failure.

namespace {
run::Chance chance(bool patient, bool granted = true, Millis deadline = 0) {
  return {0.5, granted, patient, deadline};
}
Error open_for(int seconds) {
  Error error = error_of(Kind::unavailable, "circuit_open", "calls keep failing");
  error.retry_after = std::chrono::seconds(seconds);
  return error;
}
std::string fails(TestRun& run, Error error, run::Chance chance) {
  return run.happen(run::Failed{run.asked.call, std::move(error), 0, chance});
}
}  // namespace

TEST_CASE("without a retry left in the budget a node fails at once, and says why", "[run]") {
  TestRun run(asking("retry: 2"));
  run.start();
  CHECK(fails(run, error_of(Kind::unavailable), chance(false, false)) ==
        R"(ask failed {"code":"retry_budget","message":"it broke; it is not tried again, because )"
        R"(too many calls of this app have failed there"} | failed at ask retry_budget: it broke; )"
        R"(it is not tried again, because too many calls of this app have failed there)");
}

TEST_CASE("an empty retry budget does not matter where nothing would be tried again", "[run]") {
  TestRun run(asking("retry: 0"));
  run.start();
  CHECK_THAT(fails(run, error_of(Kind::timeout), chance(false, false)),
             Catch::EndsWith("failed at ask timeout: it broke"));
}

TEST_CASE("a client does not wait for a retry that comes after its deadline", "[run]") {
  Error later = error_of(Kind::limited, "", "slow down");
  later.retry_after = std::chrono::seconds(20);
  TestRun waits(asking("retry: 2"));
  waits.start();
  CHECK(fails(waits, later, chance(false, true, kStart + 22'000)) == "#2 in 21000ms | running");
  TestRun late(asking("retry: 2"));
  late.start();
  CHECK_THAT(fails(late, later, chance(false, true, kStart + 20'500)),
             Catch::EndsWith("failed at ask limited: slow down"));
  CHECK(late.state.error->retry_after == std::chrono::seconds(20));
}

TEST_CASE("an open breaker is a client's answer, and a job's pause without a lost try", "[run]") {
  TestRun client(asking("retry: 2"));
  client.start();
  CHECK_THAT(fails(client, open_for(30), chance(false)),
             Catch::EndsWith("failed at ask circuit_open: calls keep failing"));
  CHECK(client.state.error->retry_after == std::chrono::seconds(30));

  TestRun job(asking("retry: 0"));
  job.start();
  CHECK(fails(job, open_for(20), chance(true)) == "#2 in 21000ms | running");
  CHECK(job.wake() == R"(#3 ask model quick gemini-3-flash-preview "Hi" | running)");
  CHECK(job.asked.attempt == 1);
}

TEST_CASE("a job that is held back for long frees everything, and goes on when it wakes", "[run]") {
  TestRun job(asking("retry: 1"));
  job.start();
  CHECK(fails(job, open_for(60), chance(true)) == "#2 in 63000ms | waiting at ask null");
  CHECK(run::wakes_at(job.state) == kStart + 63'000);
  CHECK(run::expected(job.state) == nullptr);
  job.reload();
  CHECK(job.answer(Json{{"tone", "kind"}}) == "waiting at ask null");  // nobody was asked
  CHECK(job.wake() == R"(#3 ask model quick gemini-3-flash-preview "Hi" | running)");
  CHECK(fails(job, error_of(Kind::unavailable), chance(true)) == "#4 in 500ms | running");
  CHECK(job.wake() == R"(#5 ask model quick gemini-3-flash-preview "Hi" try 2 | running)");
  CHECK(job.says("ok") == R"(ask done "ok" after 2 | after done "[ok]" | completed "[ok]")");
}

TEST_CASE("a job is held back for a day and no longer", "[run]") {
  TestRun job(asking(""));
  job.start();
  for (int hour = 0; hour < 23; ++hour) {
    job.now += 3'600'000;
    CHECK_THAT(fails(job, open_for(300), chance(true)), Catch::EndsWith("waiting at ask null"));
    CHECK_THAT(job.wake(), Catch::EndsWith("running"));
    job.now -= 315'000;
  }
  job.now += 3'600'000;
  CHECK_THAT(fails(job, open_for(300), chance(true)), Catch::Contains("circuit_open"));
}

TEST_CASE("an open breaker leads to the fallback before anybody waits", "[run]") {
  const auto app = test_app(R"(
nodes:
  - {id: ask, llm: {model: best, prompt: Hi}}
)");
  TestRun job(app);
  job.start();
  CHECK_THAT(fails(job, open_for(20), chance(true)), Catch::StartsWith("#2 ask model quick"));
  CHECK_THAT(fails(job, open_for(20), chance(true)), Catch::StartsWith("#3 ask model best"));
  CHECK(fails(job, open_for(20), chance(true)) == "#4 in 21000ms | running");  // the last one
  CHECK_THAT(job.wake(), Catch::StartsWith("#5 ask model best gpt-5-mini"));   // the first again
  CHECK_THAT(fails(job, open_for(20), chance(true)), Catch::StartsWith("#6 ask model quick"));
}

TEST_CASE("whether a node would try again is known before a retry is taken", "[run]") {
  TestRun run(asking("retry: 1"));
  run.start();
  CHECK(run::would_retry(run.state, run.asked.call, error_of(Kind::timeout)));
  CHECK(!run::would_retry(run.state, run.asked.call, error_of(Kind::invalid)));
  CHECK(!run::would_retry(run.state, run.asked.call, open_for(1)));
  CHECK(!run::would_retry(run.state, run.asked.call + 1, error_of(Kind::timeout)));
  run.fails(Kind::timeout);
  run.wake();
  CHECK(!run::would_retry(run.state, run.asked.call, error_of(Kind::timeout)));
}
