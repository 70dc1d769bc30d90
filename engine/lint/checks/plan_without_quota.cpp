// A806: callers of some plan, or of all, may call models as often as they like.
#include "engine/lint/check.h"
#include "engine/lint/worst.h"

namespace plenum::lint {

namespace {

bool calls_models(const Subject& subject, const app::Route& route) {
  const auto graph = subject.app.graphs.find(route.graph);
  return route.does == app::Route::Does::start && graph != subject.app.graphs.end() &&
         worst_of(subject, graph->second).calls > 0;
}

// Every plan that the file names, so far as the route lets it in.
std::set<std::string> plans_of(const app::App& app, const app::Route& route) {
  if (!route.plans.empty()) return {route.plans.begin(), route.plans.end()};
  std::set<std::string> plans;
  for (const app::Route& other : app.routes) {
    plans.insert(other.plans.begin(), other.plans.end());
    for (const auto& [plan, quota] : other.quota)
      if (!plan.empty()) plans.insert(plan);
  }
  return plans;
}

void run(const Subject& subject, Report& report) {
  if (!subject.sound(subject.root)) return;
  for (const app::Route& route : subject.app.routes) {
    const bool open = route.auth == app::Route::Auth::open;  // A805 speaks of those
    if (open || route.quota.contains("") || !calls_models(subject, route)) continue;
    if (route.quota.empty()) {
      report.warning("A806", route.span,
                     "no quota for " + quote(route.key()) + ", which calls models",
                     "quota: 20/day, or one for each plan");
      continue;
    }
    for (const std::string& plan : plans_of(subject.app, route))
      if (!route.quota.contains(plan)) {
        report.warning("A806", route.span,
                       "no quota for plan " + quote(plan) + " at " + quote(route.key()),
                       "add it under `quota`, or let in fewer `plans`");
        break;
      }
  }
}

}  // namespace

Check plan_without_quota_check() {
  return {
      "A806",
      Severity::warning,
      "a plan without a quota on a route that calls models",
      "A plan that `quota` does not name is not limited: one caller can spend the whole budget.",
      R"(plenum: 1
app: test
models: {m: {use: openai/gpt-5-mini, max_tokens: 100}}
routes:
  POST /go: {start: main, quota: {free: 10/day, pro: 500/day}}
  «POST /more»: {start: main, quota: {pro: 500/day}}
graphs: {main: {nodes: [{id: a, llm: {model: m, prompt: Hello}}]}}
)",
      R"(plenum: 1
app: test
models: {m: {use: openai/gpt-5-mini, max_tokens: 100}}
routes:
  POST /go: {start: main, quota: {free: 10/day, pro: 500/day}}
  POST /more: {start: main, plans: [pro], quota: {pro: 500/day}}
graphs: {main: {nodes: [{id: a, llm: {model: m, prompt: Hello}}]}}
)",
      run};
}

}  // namespace plenum::lint
