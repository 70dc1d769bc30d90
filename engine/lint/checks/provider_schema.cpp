// J702: a keyword of a schema that the asked provider does not enforce.
#include "engine/lint/check.h"
#include "engine/lint/provider_schemas.h"
#include "engine/lint/schema_walk.h"

namespace plenum::lint {

namespace {

// The providers that lack it, each once: "gemini and anthropic".
std::string lacking(const Answer& answer, const std::string& keyword, const Json& value) {
  std::vector<std::string> names;
  for (const app::Model* model : answer.models)
    if (!enforces(model->provider, keyword, value) &&
        std::find(names.begin(), names.end(), model->provider) == names.end())
      names.push_back(model->provider);
  return names.empty() ? std::string() : any_of(names);
}

void run(const Subject& subject, Report& report) {
  for (const Answer& answer : answers(subject))
    each_schema(answer.schema, [&](const Json& schema, const std::string& pointer) {
      for (const auto& [keyword, value] : schema.items()) {
        const std::string provider = lacking(answer, keyword, value);
        if (provider.empty()) continue;
        const std::string text = value.is_structured() ? keyword : keyword + ": " + to_text(value);
        report.warning("J702", key_place(subject, answer, pointer + "/" + keyword),
                       provider + " does not enforce " + quote(text) + " (as of " +
                           std::string(provider_schemas_as_of()) + ")",
                       "it is left out of the request and checked after the reply: say it in the "
                       "`description`, too");
      }
    });
}

}  // namespace

Check provider_schema_check() {
  return {
      "J702",
      Severity::warning,
      "a rule that the provider does not enforce while the model writes",
      "Each provider enforces a part of JSON Schema. What it lacks is left out of the request, "
      "written "
      "into the description, and checked after the reply: the answer may then have to be asked for "
      "again.",
      R"(plenum: 1
app: test
models: {m: {use: anthropic/claude-haiku-4-5, max_tokens: 100}}
routes: {POST /go: {start: main, quota: 10/day}}
graphs: {main: {nodes: [{id: a, llm: {model: m, prompt: Hello, output: schemas/test/a.json}}]}}
--- schemas/test/a.json
{
  "type": "object",
  "required": ["tones"],
  "properties": {
    "tones": {"type": "array", «"minItems"»: 4, "items": {"enum": ["calm", "warm"]}}
  }
}
)",
      R"(plenum: 1
app: test
models: {m: {use: openai/gpt-5-mini, max_tokens: 100}}
routes: {POST /go: {start: main, quota: 10/day}}
graphs: {main: {nodes: [{id: a, llm: {model: m, prompt: Hello, output: schemas/test/a.json}}]}}
--- schemas/test/a.json
{
  "type": "object",
  "required": ["tones"],
  "properties": {
    "tones": {"type": "array", "minItems": 4, "items": {"enum": ["calm", "warm"]}}
  }
}
)",
      run};
}

}  // namespace plenum::lint
