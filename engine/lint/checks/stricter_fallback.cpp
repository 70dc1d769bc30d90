// J704: a fallback that takes less of the schema than the first model.
#include "engine/lint/check.h"
#include "engine/lint/schema_walk.h"

namespace plenum::lint {

namespace {

// The first property that may be left out, as "contact.phone"; "" when there is none.
std::string optional_property(const Json& schema) {
  std::string first;
  each_schema(schema, [&](const Json& part, const std::string&) {
    const Json* properties = find(part, "properties");
    if (!first.empty() || !properties || !properties->is_object()) return;
    const Json* required = find(part, "required");
    for (const auto& [name, member] : properties->items()) {
      const bool needed =
          required && required->is_array() &&
          std::find(required->begin(), required->end(), Json(name)) != required->end();
      if (!needed && first.empty()) first = name;
    }
  });
  return first;
}

const yaml::Node* fallback_of(const Subject& subject, const app::Model& model, size_t index) {
  const yaml::Node* models = subject.root.find("models");
  const yaml::Node* own = models ? models->find(model.name) : nullptr;
  const yaml::Node* list = own ? own->find("fallback") : nullptr;
  return list && index < list->items.size() ? &list->items[index] : nullptr;
}

void run(const Subject& subject, Report& report) {
  for (const Answer& answer : answers(subject)) {
    const app::Model& first = *answer.models.front();
    if (first.provider == "openai") continue;
    for (size_t i = 1; i < answer.models.size(); ++i) {
      const app::Model& other = *answer.models[i];
      const yaml::Node* place = fallback_of(subject, first, i - 1);
      if (other.provider != "openai" || !place) continue;
      const std::string name = optional_property(answer.schema);
      if (name.empty()) continue;
      report.warning("J704", place->span,
                     "fallback " + quote(place->text) +
                         " is stricter than the first model: optional " + quote(name) +
                         " becomes nullable",
                     "require it and allow null, so that both models answer alike");
    }
  }
}

}  // namespace

Check stricter_fallback_check() {
  return {"J704",
          Severity::warning,
          "a fallback that is stricter than the first model",
          "OpenAI requires every property: an optional one is asked for as `null`, and dropped "
          "from the "
          "reply. With the same fields required for both models, both answer alike.",
          R"(plenum: 1
app: test
models: {m: {use: gemini/gemini-3-flash-preview, max_tokens: 100, fallback: [«openai/gpt-5-mini»]}}
routes: {POST /go: {start: main, quota: 10/day}}
graphs: {main: {nodes: [{id: a, llm: {model: m, prompt: Hello, output: schemas/test/a.json}}]}}
--- schemas/test/a.json
{"type": "object", "properties": {"phone": {"type": "string"}}}
)",
          R"(plenum: 1
app: test
models: {m: {use: gemini/gemini-3-flash-preview, max_tokens: 100, fallback: [openai/gpt-5-mini]}}
routes: {POST /go: {start: main, quota: 10/day}}
graphs: {main: {nodes: [{id: a, llm: {model: m, prompt: Hello, output: schemas/test/a.json}}]}}
--- schemas/test/a.json
{"type": "object", "properties": {"phone": {"type": ["string", "null"]}}, "required": ["phone"]}
)",
          run};
}

}  // namespace plenum::lint
