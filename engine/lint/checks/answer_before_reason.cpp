// J703: a schema that asks for the verdict before the reason.
#include "engine/lint/check.h"
#include "engine/lint/schema_walk.h"

namespace plenum::lint {

namespace {

bool is_any(const std::string& word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool verdict(const std::string& name) {
  return is_any(name, {"score", "rating", "verdict", "decision", "grade", "result", "answer"});
}

bool reason(const std::string& name) {
  return is_any(name, {"reason", "reasons", "reasoning", "why", "rationale", "explanation",
                       "justification", "analysis", "evidence"});
}

void look(const Subject& subject, const Answer& answer, const Json& schema,
          const std::string& pointer, Report& report) {
  const Json* properties = find(schema, "properties");
  if (!properties || !properties->is_object()) return;
  std::string first;
  for (const auto& [name, member] : properties->items()) {
    if (first.empty() && verdict(name)) first = name;
    if (first.empty() || !reason(name)) continue;
    report.advice(
        "J703", key_place(subject, answer, pointer + "/properties/" + pointer_token(first)),
        quote(first) + " comes before " + quote(name) + ": models write fields in this order",
        "put " + quote(name) + " first, so that it is thought of before the verdict");
    return;
  }
}

void run(const Subject& subject, Report& report) {
  for (const Answer& answer : answers(subject))
    each_schema(answer.schema, [&](const Json& schema, const std::string& pointer) {
      look(subject, answer, schema, pointer, report);
    });
}

}  // namespace

Check answer_before_reason_check() {
  return {"J703",
          Severity::advice,
          "a verdict that is asked for before its reason",
          "A model writes the fields in the schema's order. With the reason first, the score "
          "follows from "
          "it; with the score first, the reason defends it.",
          R"(nodes:
  - {id: a, llm: {model: quick, prompt: Hello, output: schemas/test/a.json}}
--- schemas/test/a.json
{
  "type": "object",
  "required": ["score", "reason"],
  "properties": {
    «"score"»: {"type": "integer"},
    "reason": {"type": "string", "maxLength": 200}
  }
}
)",
          R"(nodes:
  - {id: a, llm: {model: quick, prompt: Hello, output: schemas/test/a.json}}
--- schemas/test/a.json
{
  "type": "object",
  "required": ["score", "reason"],
  "properties": {
    "reason": {"type": "string", "maxLength": 200},
    "score": {"type": "integer"}
  }
}
)",
          run};
}

}  // namespace plenum::lint
