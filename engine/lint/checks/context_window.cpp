// C904: a prompt that may be longer than the model can read.
#include "engine/lint/check.h"
#include "engine/lint/flow.h"
#include "engine/lint/places.h"
#include "engine/lint/worst.h"

namespace plenum::lint {

namespace {

constexpr size_t kBytesPerToken = 4;

// Who is asked: the model and its fallbacks; the one that reads least.
const app::Model* narrowest(const app::Model& first) {
  const app::Model* least = &first;
  for (const auto& other : first.fallback)
    if (app::context_tokens(*other) < app::context_tokens(*least)) least = other.get();
  return least;
}

void look(const Subject& subject, const app::Graph& graph, const yaml::Node& llm, const Span& place,
          Report& report) {
  const yaml::Node* name = llm.find("model");
  const auto model = name ? subject.app.models.find(name->text) : subject.app.models.end();
  if (model == subject.app.models.end() || !model->second) return;
  const app::Model& least = *narrowest(*model->second);
  const int64_t window = app::context_tokens(least);
  const PromptSize size = prompt_size(subject, graph, llm);
  // The state has a size limit, so what has no bound of its own has that one.
  const size_t most =
      size.unbounded.empty() ? size.bytes : std::max(size.bytes, subject.app.limits.state_bytes);
  const int64_t tokens = static_cast<int64_t>(most / kBytesPerToken);
  if (tokens <= window) return;
  const std::string why =
      size.unbounded.empty() ? "" : ": " + quote(size.unbounded) + " has no maxLength";
  report.warning("C904", place,
                 "the prompt may have " + std::to_string(tokens) + " tokens, " +
                     quote(least.provider + "/" + least.model) + " reads " +
                     std::to_string(window) + why,
                 size.unbounded.empty() ? "give the inputs smaller bounds"
                                        : "give it a maxLength, or with: {" + size.unbounded +
                                              ": =truncate(" + size.unbounded + ", 100000)}");
}

void run(const Subject& subject, Report& report) {
  each_sound_graph(subject, [&](const app::Graph& graph, const yaml::Node&) {
    for (const app::NodeDef* def : all_nodes(graph.nodes)) {
      const yaml::Node* node = def->kind == "llm" ? subject.node(*def) : nullptr;
      const yaml::Node* llm = node ? node->find("llm") : nullptr;
      if (llm) look(subject, graph, *llm, def->span, report);
    }
  });
}

}  // namespace

Check context_window_check() {
  return {"C904",
          Severity::warning,
          "a prompt that may be longer than the model's context window",
          "A longer prompt is refused by the provider, so the run fails for the largest inputs "
          "only. Bound "
          "the inputs with maxLength, or cut them with `truncate`.",
          R"(plenum: 1
app: test
models: {m: {use: anthropic/claude-haiku-4-5, max_tokens: 100}}
routes: {POST /go: {start: main, quota: 10/day}}
graphs:
  main:
    input: {text: string}
    nodes:
      - {id: «a», llm: {model: m, prompt: "Read {{text}}"}}
)",
          R"(plenum: 1
app: test
models: {m: {use: anthropic/claude-haiku-4-5, max_tokens: 100}}
routes: {POST /go: {start: main, quota: 10/day}}
graphs:
  main:
    input: {text: {type: string, maxLength: 200000}}
    nodes:
      - {id: a, llm: {model: m, prompt: "Read {{text}}"}}
)",
          run};
}

}  // namespace plenum::lint
