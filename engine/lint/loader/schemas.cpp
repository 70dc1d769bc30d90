// J: JSON Schemas.
#include "engine/lint/loader_checks.h"

namespace plenum::lint {

std::vector<Check> schema_checks() {
  return {
      {"J701", Severity::error, "an unknown or wrong keyword in a schema",
       "Validators ignore what they do not know, so a slip would let everything through. Here it "
       "is "
       "refused.",
       R"(nodes:
  - {id: a, llm: {model: quick, prompt: Hello, output: schemas/test/a.json}}
--- schemas/test/a.json
{
  «"tpye"»: "object"
}
)",
       R"(nodes:
  - {id: a, llm: {model: quick, prompt: Hello, output: schemas/test/a.json}}
--- schemas/test/a.json
{
  "type": "object"
}
)"},
      {"J705", Severity::error, "a pattern that needs looking ahead or back",
       "Patterns are matched in linear time (RE2), so that no text can stop the server. "
       "Look-ahead, "
       "look-behind and back references have no such form.",
       R"(nodes:
  - {id: a, llm: {model: quick, prompt: Hello, output: schemas/test/a.json}}
--- schemas/test/a.json
{
  "type": "object",
  "properties": {"id": {"type": "string", "pattern": «"^(?!x)a"»}}
}
)",
       R"(nodes:
  - {id: a, llm: {model: quick, prompt: Hello, output: schemas/test/a.json}}
--- schemas/test/a.json
{
  "type": "object",
  "properties": {"id": {"type": "string", "pattern": "^[a-w]"}}
}
)"},
      {"J706", Severity::error, "a `$ref` that leads nowhere, or outside the project",
       "References lead into the same file or to a file beside it.",
       R"(nodes:
  - {id: a, llm: {model: quick, prompt: Hello, output: schemas/test/a.json}}
--- schemas/test/a.json
{
  "type": "object",
  "properties": {"job": {"$ref": «"#/$defs/jbo"»}},
  "$defs": {"job": {"type": "string", "maxLength": 9}}
}
)",
       R"(nodes:
  - {id: a, llm: {model: quick, prompt: Hello, output: schemas/test/a.json}}
--- schemas/test/a.json
{
  "type": "object",
  "properties": {"job": {"$ref": "#/$defs/job"}},
  "$defs": {"job": {"type": "string", "maxLength": 9}}
}
)"},
  };
}

}  // namespace plenum::lint
