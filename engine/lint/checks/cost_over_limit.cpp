// C901: a run that cannot stay within its budget.
#include "engine/lint/check.h"
#include "engine/lint/worst.h"

namespace plenum::lint {

namespace {

std::string usd(double amount) {
  char text[32];
  snprintf(text, sizeof text, amount < 0.1 ? "%.4f" : "%.2f", amount);
  return text;
}

const yaml::Node* limit_of(const Subject& subject) {
  const yaml::Node* limits = subject.root.find("limits");
  return limits ? limits->find("cost_per_run") : nullptr;
}

void run(const Subject& subject, Report& report) {
  const double limit = subject.app.limits.cost_per_run;
  if (!subject.sound(subject.root)) return;
  for (const app::Route& route : subject.app.routes) {
    const auto graph = subject.app.graphs.find(route.graph);
    if (route.does != app::Route::Does::start || graph == subject.app.graphs.end()) continue;
    const Worst worst = worst_of(subject, graph->second);
    if (worst.cost_usd <= limit) continue;
    report.error("C901", limit_of(subject) ? limit_of(subject)->span : route.span,
                 "worst case of " + quote(route.key()) + " is " + usd(worst.cost_usd) +
                     " USD/run, the limit " + usd(limit) + "; most of it is `" + worst.dearest +
                     "` (" + app::price_list() + ")",
                 "lower max_tokens, max or max_items, or raise limits.cost_per_run");
    return;
  }
}

}  // namespace

Check cost_over_limit_check() {
  return {
      "C901",
      Severity::error,
      "a worst case that costs more than a run may",
      "The dearest path, with every loop and map to its full size and every answer as long as "
      "`max_tokens` allows, would be stopped by `limits.cost_per_run`. Retries, repairs and inputs "
      "without a maxLength come on top.",
      R"(plenum: 1
app: test
models: {m: {use: openai/gpt-5, max_tokens: 50000}}
routes: {POST /go: {start: main, quota: 10/day}}
graphs: {main: {nodes: [{id: a, llm: {model: m, prompt: Hello}}]}}
limits: {cost_per_run: «0.30»}
)",
      R"(plenum: 1
app: test
models: {m: {use: openai/gpt-5, max_tokens: 5000}}
routes: {POST /go: {start: main, quota: 10/day}}
graphs: {main: {nodes: [{id: a, llm: {model: m, prompt: Hello}}]}}
limits: {cost_per_run: 0.30}
)",
      run};
}

}  // namespace plenum::lint
