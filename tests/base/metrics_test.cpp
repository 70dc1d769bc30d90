// The page that Prometheus reads.
#include "engine/base/metrics.h"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

using namespace plenum;

TEST_CASE("what happened is counted by its labels", "[metrics]") {
  Metrics metrics;
  metrics.add("plenum_runs_total", {{"app", "shop"}, {"status", "completed"}});
  metrics.add("plenum_runs_total", {{"app", "shop"}, {"status", "completed"}});
  metrics.add("plenum_runs_total", {{"app", "shop"}, {"status", "failed"}});
  metrics.add("plenum_cost_usd_total", {{"app", "shop"}, {"kind", "model"}}, 0.25);
  CHECK(metrics.text() ==
        "# HELP plenum_runs_total Runs that stopped, by app, graph and status.\n"
        "# TYPE plenum_runs_total counter\n"
        "plenum_runs_total{app=\"shop\",status=\"completed\"} 2\n"
        "plenum_runs_total{app=\"shop\",status=\"failed\"} 1\n"
        "# HELP plenum_cost_usd_total What effects cost, by app and kind, in US dollars.\n"
        "# TYPE plenum_cost_usd_total counter\n"
        "plenum_cost_usd_total{app=\"shop\",kind=\"model\"} 0.25\n");
}

TEST_CASE("times are told by how many took no longer than each bound", "[metrics]") {
  using std::chrono::milliseconds;
  Metrics metrics;
  for (const int took : {0, 5, 6, 90, 700, 700, 3'600'000})
    metrics.observe("plenum_request_seconds", {{"app", "shop"}}, milliseconds(took));
  metrics.observe("plenum_effect_seconds", {}, milliseconds(1));
  const std::string page = metrics.text();
  CHECK(page.find("# TYPE plenum_request_seconds histogram\n"
                  "plenum_request_seconds_bucket{app=\"shop\",le=\"0.005\"} 2\n"
                  "plenum_request_seconds_bucket{app=\"shop\",le=\"0.02\"} 3\n"
                  "plenum_request_seconds_bucket{app=\"shop\",le=\"0.1\"} 4\n"
                  "plenum_request_seconds_bucket{app=\"shop\",le=\"0.5\"} 4\n"
                  "plenum_request_seconds_bucket{app=\"shop\",le=\"1\"} 6\n") != std::string::npos);
  CHECK(page.find("plenum_request_seconds_bucket{app=\"shop\",le=\"120\"} 6\n"
                  "plenum_request_seconds_bucket{app=\"shop\",le=\"+Inf\"} 7\n"
                  "plenum_request_seconds_sum{app=\"shop\"} 3601.501\n"
                  "plenum_request_seconds_count{app=\"shop\"} 7\n") != std::string::npos);
  CHECK(page.find("plenum_effect_seconds_bucket{le=\"0.005\"} 1\n") != std::string::npos);
  CHECK(page.find("plenum_effect_seconds_count 1\n") != std::string::npos);
  for (int i = 0; i < 5'000; ++i)
    metrics.observe("plenum_request_seconds", {{"app", std::to_string(i)}}, milliseconds(1));
  const std::string many = metrics.text();
  CHECK(std::count(many.begin(), many.end(), '\n') < 5'100);
}

TEST_CASE("a label cannot end its line or its value", "[metrics]") {
  Metrics metrics;
  metrics.add("plenum_runs_total", {{"app", "a\"} 1\nplenum_runs_total{app=\"b\\"}});
  CHECK(metrics.text().find("{app=\"a\\\"} 1 plenum_runs_total{app=\\\"b\\\\\"} 1\n") !=
        std::string::npos);
}

TEST_CASE("nothing is counted as nothing, and no number of labels fills the memory", "[metrics]") {
  Metrics metrics;
  CHECK(metrics.text().empty());
  for (int i = 0; i < 20'000; ++i) metrics.add("plenum_runs_total", {{"app", std::to_string(i)}});
  const std::string page = metrics.text();
  CHECK(std::count(page.begin(), page.end(), '\n') == 5'002);
  CHECK(Metrics::gauge("plenum_live_runs", 3).find("\nplenum_live_runs 3\n") != std::string::npos);
  CHECK(Metrics::gauge("unheard_of", 3).empty());
}

TEST_CASE("threads lose no count", "[metrics]") {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 5'000; ++i) metrics.add("plenum_runs_total", {{"app", "shop"}});
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(metrics.text().find("{app=\"shop\"} 20000\n") != std::string::npos);
}
