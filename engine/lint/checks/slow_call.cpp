// G308: a call that may take longer than a client is kept waiting.
#include "engine/lint/check.h"
#include "engine/lint/worst.h"

namespace plenum::lint {

namespace {

constexpr std::chrono::milliseconds kSyncLimit{60'000};  // limits.timeout by default

void run(const Subject& subject, Report& report) {
  if (!subject.sound(subject.root)) return;
  const auto limit = subject.app.limits.timeout.value_or(kSyncLimit);
  for (const app::Route& route : subject.app.routes) {
    const bool resumes = route.does == app::Route::Does::resume;
    const auto graph = subject.app.graphs.find(route.graph);
    if (route.async || (!resumes && route.does != app::Route::Does::start) ||
        graph == subject.app.graphs.end())
      continue;
    const auto longest =
        longest_wait(subject, graph->second, resumes ? route.interrupt : std::string());
    if (longest <= limit) continue;
    report.warning("G308", route.span,
                   "the worst case of " + quote(route.key()) + " is " +
                       std::to_string(longest.count() / 1000) + "s, a call is answered within " +
                       std::to_string(limit.count() / 1000) + "s",
                   resumes ? "raise limits.timeout, or shorten the nodes' `timeout`"
                           : "make it a job with async: true, or raise limits.timeout");
  }
}

}  // namespace

Check slow_call_check() {
  return {"G308",
          Severity::warning,
          "a call that may take longer than a client waits",
          "The nodes' timeouts on the longest path, without retries, add up to more than "
          "`limits.timeout` (60s). A job has 30 minutes and tells its progress.",
          R"(plenum: 1
app: test
models: {m: {use: openai/gpt-5-mini, max_tokens: 100}}
routes: {«POST /go»: {start: main, quota: 10/day}}
graphs:
  main:
    nodes:
      - {id: a, llm: {model: m, prompt: Hello}}
      - {id: b, llm: {model: m, prompt: Hello}}
)",
          R"(plenum: 1
app: test
models: {m: {use: openai/gpt-5-mini, max_tokens: 100}}
routes: {POST /go: {start: main, async: true, quota: 10/day}}
graphs:
  main:
    nodes:
      - {id: a, llm: {model: m, prompt: Hello}}
      - {id: b, llm: {model: m, prompt: Hello}}
)",
          run};
}

}  // namespace plenum::lint
