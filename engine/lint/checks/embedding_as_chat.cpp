// R208: a node that talks to a model which only turns texts into numbers.
#include "engine/lint/check.h"
#include "engine/lint/places.h"

namespace plenum::lint {

namespace {

// Providers name their embedding models so: text-embedding-3-small, gemini-embedding-001.
bool is_embedding(const app::Model& model) {
  return model.embeds || model.model.find("embedding") != std::string::npos;
}

void look(const Subject& subject, const app::NodeDef& def, Report& report) {
  const yaml::Node* node = subject.node(def);
  const yaml::Node* llm = node && def.kind == "llm" ? node->find("llm") : nullptr;
  const yaml::Node* name = llm ? llm->find("model") : nullptr;
  const auto model = name ? subject.app.models.find(name->text) : subject.app.models.end();
  if (model == subject.app.models.end() || !model->second || !is_embedding(*model->second)) return;
  report.error("R208", name->span,
               quote(name->text) + " is an embedding model, `llm` needs one that chats",
               "name a chat model: " + quote(model->second->provider + "/" + model->second->model) +
                   " turns texts into numbers");
}

void run(const Subject& subject, Report& report) {
  for (const auto& [name, graph] : subject.app.graphs)
    for (const app::NodeDef* def : all_nodes(graph.nodes)) look(subject, *def, report);
}

}  // namespace

Check embedding_as_chat_check() {
  return {
      "R208",
      Severity::error,
      "an embedding model where a chat model is needed",
      "`llm` asks chat models; an embedding model turns a text into numbers and answers nothing, "
      "so every run would fail.",
      R"(plenum: 1
app: test
models: {embed: {use: openai/text-embedding-3-small, max_tokens: 100}}
routes: {POST /go: {start: main, quota: 9/day}}
graphs: {main: {nodes: [{id: a, llm: {model: «embed», prompt: Hello}}]}}
)",
      R"(plenum: 1
app: test
models: {chat: {use: openai/gpt-5-mini, max_tokens: 100}}
routes: {POST /go: {start: main, quota: 9/day}}
graphs: {main: {nodes: [{id: a, llm: {model: chat, prompt: Hello}}]}}
)",
      run};
}

}  // namespace plenum::lint
