// The pure core without a store: node steps per second of a line, a loop and a map.
//
//   core_bench [SECONDS [CASE]]    one JSON object per case, as the peers' harness prints them
#include <ctime>
#include <nlohmann/json.hpp>

#include "tests/support/test_run.h"

using namespace plenum;

namespace {

struct Case {
  const char* name;
  int steps;
  std::shared_ptr<const app::App> app;
};

std::shared_ptr<const app::App> app_of(const std::string& graph) {
  return test_app(R"(plenum: 1
app: test
limits: {steps: 1000}
routes: {POST /go: {start: main}}
graphs:
  main:
)" + [&] {
    std::string text;
    std::istringstream lines(graph);
    for (std::string line; std::getline(lines, line);) text += "    " + line + "\n";
    return text;
  }());
}

std::vector<Case> cases() {
  std::string line = "state: {n: {type: integer, default: 0}}\nnodes:\n";
  for (int i = 0; i < 10; ++i) line += "  - {id: n" + std::to_string(i) + ", set: {n: =n + 1}}\n";
  return {{"linear", 10, app_of(line + "output: =n")},
          {"loop", 101, app_of(R"(
state: {n: {type: integer, default: 0}}
nodes: [{id: repeat, loop: {max: 100, until: n >= 100, do: [{id: step, set: {n: =n + 1}}]}}]
output: =n
)")},
          {"fan", 102, app_of(R"(
input: {items: list<integer>}
state: {out: list<integer>, n: {type: integer, default: 0}}
nodes:
  - {id: each, map: {over: items, concurrency: 8, do: [{id: work, set: {n: =item * 2}}], collect: =n}, set: out}
  - {id: join, set: {n: =size(out)}}
output: =n
)")}};
}

int64_t run_once(const Case& one, const Json& input) {
  run::State state = run::open(*one.app, one.app->graphs.at("main"), "run_1", input,
                               Json{{"id", "run_1"}}, Json::object());
  run::step(state, *one.app, run::Started{}, kStart);
  if (state.status != run::Status::completed) throw std::runtime_error(shown::status(state));
  return state.output.get<int64_t>();
}

}  // namespace

int main(int count, char** words) {
  const double seconds = count > 1 ? atof(words[1]) : 2;
  Json items = Json::array();
  for (int i = 0; i < 100; ++i) items.push_back(i);
  for (const Case& one : cases()) {
    if (count > 2 && std::string(words[2]) != one.name) continue;
    const Json input = std::string(one.name) == "fan" ? Json{{"items", items}} : Json::object();
    for (int i = 0; i < 100; ++i) run_once(one, input);
    int64_t runs = 0;
    const std::clock_t start = std::clock();  // of this process: others do not count
    double passed = 0;
    do {
      for (int i = 0; i < 20; ++i) run_once(one, input);
      runs += 20;
      passed = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    } while (passed < seconds);
    const double rate = static_cast<double>(runs) * one.steps / passed;
    printf("{\"engine\": \"plenum\", \"case\": \"%s\", \"steps_s\": %.0f, \"us_step\": %.3f}\n",
           one.name, rate, 1e6 / rate);
  }
}
