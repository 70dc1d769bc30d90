// R209: a prompt, schema or template that no app uses.  It shows only when every app of the folder
// is known, so lint_files looks for it (unused_files.cpp).
#include "engine/lint/check.h"

namespace plenum::lint {

Check unused_file_check() {
  return {
      "R209",
      Severity::warning,
      "a file that no app uses",
      "A prompt, schema or template in an app's own folder that nothing names is left over from a "
      "change, or meant to be named. It is looked for when a whole folder of apps is linted.",
      R"(nodes:
  - {id: a, llm: {model: quick, prompt: Hello}}
--- schemas/test/old.json
«»{"type": "string"}
)",
      R"(nodes:
  - {id: a, llm: {model: quick, prompt: Hello, output: schemas/test/new.json}}
--- schemas/test/new.json
{"type": "object", "properties": {"a": {"type": "string", "maxLength": 10}}, "required": ["a"]}
)"};
}

}  // namespace plenum::lint
