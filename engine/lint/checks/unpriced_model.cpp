// C905: a model whose price nobody knows, in an app that limits what a run costs.
#include "engine/app/load.h"
#include "engine/lint/check.h"

namespace plenum::lint {

namespace {

std::string usd(double amount) {
  char text[32];
  snprintf(text, sizeof text, "%g", amount);
  return text;
}

void look(const yaml::Node& name, Report& report) {
  const size_t slash = name.text.find('/');
  if (!name.is(yaml::Node::Kind::string) || slash == std::string::npos) return;
  const app::Price price = app::price_of(name.text.substr(0, slash), name.text.substr(slash + 1));
  if (price.known) return;
  report.warning("C905", name.span,
                 "the price of " + quote(name.text) + " is not known: its calls count as " +
                     usd(price.input) + " USD per million tokens in and " + usd(price.output) +
                     " USD out, like the dearest, against `limits.cost_per_run` and daily budgets",
                 "raise the limits by as much, name a model of the list (" + app::price_list() +
                     "), or add its price there");
}

void run(const Subject& subject, Report& report) {
  const yaml::Node* models = subject.root.find("models");
  const yaml::Node* limits = subject.root.find("limits");
  if (!models || !limits || !limits->find("cost_per_run")) return;
  for (const yaml::Member& member : models->members) {
    if (!member.value.is(yaml::Node::Kind::map) || !subject.sound(member.value)) continue;
    if (const yaml::Node* use = member.value.find("use")) look(*use, report);
    if (const yaml::Node* fallback = member.value.find("fallback"))
      for (const yaml::Node& name : fallback->items) look(name, report);
  }
}

}  // namespace

Check unpriced_model_check() {
  return {"C905",
          Severity::warning,
          "a model whose price is not known, beside a limit of cost",
          "What a call may cost is reserved before it is made, and computed from a list of prices "
          "that is part of the server. A model that is not in it counts as the dearest one, so "
          "that a limit holds: a run may be refused with `cost_limit`, and a day's budget be used "
          "up, long before as much was spent. A model of the operator's own server, which costs "
          "nothing, counts like that, too.",
          R"(plenum: 1
app: test
models: {m: {use: «openai/llama-3.1-8b», max_tokens: 500}}
routes: {POST /go: {start: main, quota: 10/day}}
graphs: {main: {nodes: [{id: a, llm: {model: m, prompt: Hello}}]}}
limits: {cost_per_run: 0.50}
)",
          R"(plenum: 1
app: test
models: {m: {use: openai/gpt-5-mini, max_tokens: 500}}
routes: {POST /go: {start: main, quota: 10/day}}
graphs: {main: {nodes: [{id: a, llm: {model: m, prompt: Hello}}]}}
limits: {cost_per_run: 0.50}
)",
          run};
}

}  // namespace plenum::lint
