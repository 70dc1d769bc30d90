// D and A: what flows between nodes, and who speaks with whose voice.
#include "engine/lint/loader_checks.h"

namespace plenum::lint {

std::vector<Check> data_checks() {
  return {
      {"D401", Severity::error, "a state key that is read before any path has written it",
       "The read could only ever see nothing. Write the key earlier, give it a default, or declare "
       "it "
       "`optional<…>`.",
       R"(state: {draft: string}
nodes:
  - {id: show, render: {template: "{{«draft»}}"}}
  - {id: write, llm: {model: quick, prompt: Hello}, set: draft}
)",
       R"(state: {draft: string}
nodes:
  - {id: write, llm: {model: quick, prompt: Hello}, set: draft}
  - {id: show, render: {template: "{{draft}}"}}
)"},
      {"D404", Severity::error, "a state key or input that is not declared",
       "What a node sets and what a route fills in is declared in the graph's `state` or `input`.",
       R"(state: {answers: string}
nodes:
  - {id: a, llm: {model: quick, prompt: Hello}, set: «anwsers»}
output: {answers: =answers}
)",
       R"(state: {answers: string}
nodes:
  - {id: a, llm: {model: quick, prompt: Hello}, set: answers}
output: {answers: =answers}
)"},
      {"D405", Severity::error, "a value of the wrong type for a state key or input",
       "The types of results are known before a run: a node's own, or that of its schema.",
       R"(state: {count: integer}
nodes:
  - {id: a, llm: {model: quick, prompt: Hello}, set: «count»}
output: {count: =count}
)",
       R"(state: {draft: string}
nodes:
  - {id: a, llm: {model: quick, prompt: Hello}, set: draft}
output: {draft: =draft}
)"},
      {"D406", Severity::error, "a field that the value does not have",
       "Schemas say which fields there are; reading another one would fail every time.",
       R"(nodes:
  - id: a
    llm: {model: quick, prompt: Hello, output: schemas/test/a.json}
  - {id: b, fail: {code: no, message: No.}, when: "size(run.«ids») > 0"}
--- schemas/test/a.json
{"type": "object", "properties": {"tones": {"type": "string", "maxLength": 9}}, "required": ["tones"]}
)",
       R"(nodes:
  - {id: b, fail: {code: no, message: No.}, when: size(run.id) > 0}
)"},
      {"D407", Severity::error, "branches that set the same key",
       "Which of two concurrent writers comes last is chance; a `reduce` says what becomes of "
       "both.",
       R"(state: {fact: string}
nodes:
  - id: both
    parallel:
      branches:
        one: [{id: a, render: {template: A}, set: fact}]
        «two»: [{id: b, render: {template: B}, set: fact}]
output: {fact: =fact}
)",
       R"(state: {facts: {type: list<string>, reduce: append}}
nodes:
  - id: both
    parallel:
      branches:
        one: [{id: a, render: {template: A}, set: {facts: =result}}]
        two: [{id: b, render: {template: B}, set: {facts: =result}}]
output: {facts: =facts}
)"},
      {"D408", Severity::error, "an input that a route or call does not give",
       "A graph's required inputs come from the body by name, or from the route's `with`.",
       R"(plenum: 1
app: test
routes:
  POST /go: {start: main, with: «{name: =body.name}»}
graphs:
  main:
    input: {name: {type: string, maxLength: 9}, mail: {type: string, maxLength: 99}}
    nodes: [{id: a, render: {template: "{{name}} {{mail}}"}}]
)",
       R"(plenum: 1
app: test
routes:
  POST /go: {start: main, with: {name: =body.name, mail: =body.mail}}
graphs:
  main:
    input: {name: {type: string, maxLength: 9}, mail: {type: string, maxLength: 99}}
    nodes: [{id: a, render: {template: "{{name}} {{mail}}"}}]
)"},
      {"A807", Severity::error, "request input inside `system`",
       "`system` speaks with the operator's voice. A user's text there could give orders to the "
       "model "
       "(prompt injection): put it into `prompt`, fenced as data.",
       R"(input: {message: {type: string, maxLength: 900}}
nodes:
  - {id: a, llm: {model: quick, system: "Answer {{«message»}}", prompt: Hello}}
)",
       R"(input: {message: {type: string, maxLength: 900}}
nodes:
  - {id: a, llm: {model: quick, system: Answer politely., prompt: "<message>{{message}}</message>"}}
)"},
  };
}

}  // namespace plenum::lint
