// A805: anybody may start a graph that calls a model.
#include "engine/lint/check.h"
#include "engine/lint/worst.h"

namespace plenum::lint {

namespace {

void run(const Subject& subject, Report& report) {
  if (!subject.sound(subject.root)) return;
  for (const app::Route& route : subject.app.routes) {
    const auto graph = subject.app.graphs.find(route.graph);
    if (route.auth != app::Route::Auth::open || !route.quota.empty() ||
        route.does != app::Route::Does::start || graph == subject.app.graphs.end())
      continue;
    const int64_t calls = worst_of(subject, graph->second).calls;
    if (calls > 0)
      report.warning(
          "A805", route.span,
          "public route " + quote(route.key()) + " starts a graph with " + std::to_string(calls) +
              (calls == 1 ? " model call" : " model calls"),
          "ask for sign-in with auth: required, or give it a quota: anybody can spend your budget");
  }
}

}  // namespace

Check public_model_calls_check() {
  return {"A805",
          Severity::warning,
          "a public route that calls models without a quota",
          "Anybody can call it, as often as they like: a script can spend the whole budget.",
          R"(plenum: 1
app: test
models: {m: {use: openai/gpt-5-mini, max_tokens: 100}}
routes: {«POST /go»: {start: main, auth: public}}
graphs: {main: {nodes: [{id: a, llm: {model: m, prompt: Hello}}]}}
)",
          R"(plenum: 1
app: test
models: {m: {use: openai/gpt-5-mini, max_tokens: 100}}
routes: {POST /go: {start: main, quota: 10/day}}
graphs: {main: {nodes: [{id: a, llm: {model: m, prompt: Hello}}]}}
)",
          run};
}

}  // namespace plenum::lint
