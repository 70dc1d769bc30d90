// C903: loops, maps and retries whose product is very many calls.
#include "engine/lint/check.h"
#include "engine/lint/flow.h"
#include "engine/lint/worst.h"

namespace plenum::lint {

namespace {

constexpr int64_t kMany = 1000;

struct Chain {
  int64_t calls = 1;
  std::string text;  // "loop 3 × map 200"
  const app::NodeDef* outermost = nullptr;

  void times(const app::NodeDef& def, const std::string& what, int64_t count) {
    if (count <= 1) return;
    if (!outermost) outermost = &def;
    calls *= count;
    text += (text.empty() ? "" : " × ") + what + " " + std::to_string(count);
  }
};

void look(const Subject& subject, const app::Block& block, const Chain& outer, Report& report) {
  for (const app::NodeDef& def : block.nodes) {
    Chain chain = outer;
    chain.times(def, def.kind, rounds_of(subject, def));
    if (def.kind == "llm" || def.kind == "http" || def.kind == "mcp" || def.kind == "ingest" ||
        def.kind == "retrieve") {
      chain.times(def, "tries", def.retry.max + 1);
      if (chain.calls > kMany)
        report.warning(
            "C903", chain.outermost->span,
            chain.text + " = " + std::to_string(chain.calls) + " calls of " + quote(def.id),
            "lower max or max_items, or the node's `retry`");
    }
    for (const auto& body : def.bodies) look(subject, *body, chain, report);
  }
}

}  // namespace

Check many_calls_check() {
  return {"C903",
          Severity::warning,
          "calls that multiply",
          "A loop in a map whose calls are tried again: the product is how often a model may be "
          "asked in "
          "one run.",
          R"(plenum: 1
app: test
models: {m: {use: openai/gpt-5-nano, max_tokens: 100}}
routes: {POST /go: {start: main, async: true, quota: 10/day}}
graphs:
  main:
    input: {parts: {type: array, maxItems: 300, items: {type: string, maxLength: 99}}}
    nodes:
      - id: «each»
        map: {over: parts, max_items: 300, do: [{id: note, retry: 5, llm: {model: m, prompt: Hello}}]}
)",
          R"(plenum: 1
app: test
models: {m: {use: openai/gpt-5-nano, max_tokens: 100}}
routes: {POST /go: {start: main, async: true, quota: 10/day}}
graphs:
  main:
    input: {parts: {type: array, maxItems: 20, items: {type: string, maxLength: 99}}}
    nodes:
      - id: each
        map: {over: parts, max_items: 20, do: [{id: note, llm: {model: m, prompt: Hello}}]}
)",
          [](const Subject& subject, Report& report) {
            for (const auto& [name, graph] : subject.app.graphs)
              look(subject, graph.nodes, {}, report);
          }};
}

}  // namespace plenum::lint
