// J707: a schema that requires a property which it does not describe.
#include "engine/lint/check.h"
#include "engine/lint/schema_walk.h"

namespace plenum::lint {

namespace {

void look(const Subject& subject, const Answer& answer, const Json& schema,
          const std::string& pointer, Report& report) {
  const Json* properties = find(schema, "properties");
  const Json* required = find(schema, "required");
  if (!properties || !properties->is_object() || !required || !required->is_array()) return;
  std::vector<std::string> known;
  for (const auto& [name, member] : properties->items()) known.push_back(name);
  for (size_t i = 0; i < required->size(); ++i) {
    const Json& name = (*required)[i];
    if (!name.is_string() || properties->contains(name.get<std::string>())) continue;
    const std::string near = nearest(name.get<std::string>(), known);
    report.warning(
        "J707", value_place(subject, answer, pointer + "/required/" + std::to_string(i)),
        quote(name.get<std::string>()) + " is required, but `properties` does not have it",
        near.empty() ? "describe it, or do not require it" : quote(near));
  }
}

void run(const Subject& subject, Report& report) {
  for (const Answer& answer : answers(subject))
    each_schema(answer.schema, [&](const Json& schema, const std::string& pointer) {
      look(subject, answer, schema, pointer, report);
    });
}

}  // namespace

Check required_property_check() {
  return {"J707",
          Severity::warning,
          "a property that is required, but not described",
          "The model has to invent what it means, and where `additionalProperties` is false no "
          "answer can "
          "ever be valid.",
          R"(nodes:
  - {id: a, llm: {model: quick, prompt: Hello, output: schemas/test/a.json}}
--- schemas/test/a.json
{
  "type": "object",
  "required": [«"tnoe"»],
  "properties": {"tone": {"type": "string", "maxLength": 20}}
}
)",
          R"(nodes:
  - {id: a, llm: {model: quick, prompt: Hello, output: schemas/test/a.json}}
--- schemas/test/a.json
{
  "type": "object",
  "required": ["tone"],
  "properties": {"tone": {"type": "string", "maxLength": 20}}
}
)",
          run};
}

}  // namespace plenum::lint
