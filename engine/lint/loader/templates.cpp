// T: prompts and pages.
#include "engine/lint/loader_checks.h"

namespace plenum::lint {

std::vector<Check> template_checks() {
  return {
      {"T601", Severity::error, "a tag or section that is not closed, or closed by another name",
       "Templates are Mustache: `{{#tones}} … {{/tones}}`.",
       R"(input: {tones: {type: array, maxItems: 4, items: {type: string, maxLength: 9}}}
nodes:
  - {id: a, llm: {model: quick, prompt: prompts/test/a.md}}
--- prompts/test/a.md
Tones:
{{#tones}}- {{.}}
«{{/tone}}»
)",
       R"(input: {tones: {type: array, maxItems: 4, items: {type: string, maxLength: 9}}}
nodes:
  - {id: a, llm: {model: quick, prompt: prompts/test/a.md}}
--- prompts/test/a.md
Tones:
{{#tones}}- {{.}}
{{/tones}}
)"},
      {"T602", Severity::error, "a name that is not known in a template",
       "A template sees the graph's input and state, or only its `with` when there is one. An "
       "unknown "
       "name would be an empty place in every prompt.",
       R"(input: {message: {type: string, maxLength: 900}}
nodes:
  - {id: a, llm: {model: quick, prompt: prompts/test/a.md}}
--- prompts/test/a.md
Answer this:
{{«mesage»}}
)",
       R"(input: {message: {type: string, maxLength: 900}}
nodes:
  - {id: a, llm: {model: quick, prompt: prompts/test/a.md}}
--- prompts/test/a.md
Answer this:
{{message}}
)"},
      {"T603", Severity::error, "an object or list as text",
       "Only texts, numbers and booleans can be written out. Write a field, repeat a section, or "
       "give "
       "the JSON text through `with: {job: =json(job)}`.",
       R"(input: {job: {type: object, properties: {title: {type: string, maxLength: 99}}, required: [title]}}
nodes:
  - {id: a, llm: {model: quick, prompt: "Read {{«job»}}"}}
)",
       R"(input: {job: {type: object, properties: {title: {type: string, maxLength: 99}}, required: [title]}}
nodes:
  - {id: a, llm: {model: quick, prompt: "Read {{job.title}}"}}
)"},
      {"T604", Severity::error, "a template's path from any text",
       "Which files a path can lead to must be known when the app is loaded: fill it from an enum.",
       R"(input: {design: {type: string, maxLength: 20}}
nodes:
  - {id: a, render: {template: "templates/test/{{«design»}}.html"}}
)",
       R"(input: {design: {enum: [plain, bold]}}
nodes:
  - {id: a, render: {template: "templates/test/{{design}}.html"}}
--- templates/test/plain.html
<p>plain</p>
--- templates/test/bold.html
<p>bold</p>
)"},
      {"T605", Severity::error, "a value in HTML without escaping",
       "`{{{x}}}` writes markup as it is. A model's or a user's text there could be a script.",
       R"(input: {summary: {type: string, maxLength: 900}}
nodes:
  - {id: a, render: {template: templates/test/a.html}}
--- templates/test/a.html
<p>«{{{summary}}}»</p>
)",
       R"(input: {summary: {type: string, maxLength: 900}}
nodes:
  - {id: a, render: {template: templates/test/a.html}}
--- templates/test/a.html
<p>{{summary}}</p>
)"},
  };
}

}  // namespace plenum::lint
