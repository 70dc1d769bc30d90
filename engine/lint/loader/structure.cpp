// S: the keys of an app file, and the shape of their values.
#include "engine/lint/loader_checks.h"

namespace plenum::lint {

std::vector<Check> structure_checks() {
  return {
      {"S101", Severity::error, "a key that is not known here",
       "Nothing in an app file is ignored: a key that the language does not have is a slip, or "
       "belongs "
       "somewhere else.",
       R"(nodes:
  - {id: a, llm: {model: quick, «promt»: Hello}}
)",
       R"(nodes:
  - {id: a, llm: {model: quick, prompt: Hello}}
)"},
      {"S102", Severity::error, "a key that has to be there",
       "Some keys have no default: an `llm` has no model of its own, a graph without nodes does "
       "nothing.",
       R"(nodes:
  - {id: a, «llm»: {prompt: Hello}}
  - {id: b, llm: {model: quick, prompt: Hello}}
)",
       R"(nodes:
  - {id: a, llm: {model: quick, prompt: Hello}}
)"},
      {"S103", Severity::error, "a node that does two things",
       "A node has exactly one kind, so that its result, its retries and its failure are its own. "
       "Write "
       "two nodes.",
       R"(nodes:
  - id: a
    llm: {model: quick, prompt: Hello}
    «render»: {template: Hello}
)",
       R"(nodes:
  - id: a
    llm: {model: quick, prompt: Hello}
  - id: b
    render: {template: Hello}
)"},
      {"S104", Severity::error, "a value of the wrong shape",
       "Durations have a unit (`30s`), sizes too (`10MB`), numbers have bounds, lists are lists.",
       R"(nodes:
  - {id: a, timeout: «30», llm: {model: quick, prompt: Hello}}
)",
       R"(nodes:
  - {id: a, timeout: 30s, llm: {model: quick, prompt: Hello}}
)"},
      {"S105", Severity::error, "a reserved name",
       "Expressions and `next` mean something else by some words (`run`, `user`, `result`, `end`, "
       "…): "
       "state keys and nodes need other names.",
       R"(input: {«run»: string}
nodes:
  - {id: a, render: {template: Hello}}
)",
       R"(input: {number: {type: string, maxLength: 9}}
nodes:
  - {id: a, render: {template: "{{number}}"}}
)"},
      {"S106", Severity::error, "an app that is not called like its file",
       "An app's endpoints are under its name, and tools find its file by it.",
       R"(plenum: 1
app: «other»
routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
)",
       R"(plenum: 1
app: test
routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
)"},
      {"S107", Severity::error, "a schedule's time that is no cron line",
       "Five fields: minute, hour, day of month, month, day of week.",
       R"(plenum: 1
app: test
schedules: [{cron: «0 9 * *», start: main}]
routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
)",
       R"(plenum: 1
app: test
schedules: [{cron: 0 9 * * 1, start: main}]
routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
)"},
      {"S108", Severity::error, "a language version that this server does not have",
       "`plenum: 1` is the version that this server reads.",
       R"(plenum: «2»
app: test
routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
)",
       R"(plenum: 1
app: test
routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
)"},
      {"S109", Severity::error, "what the language has, but this server does not support yet",
       "Nothing in a file is ignored: what is not built yet is refused, so that an app never seems "
       "to do "
       "what it does not.",
       R"(plenum: 1
app: test
collections: {notes: {fields: {text: string}, ttl: 1h, «unique»: [text]}}
routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
)",
       R"(plenum: 1
app: test
collections: {notes: {fields: {text: string}, ttl: 1h}}
routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
)"},
  };
}

}  // namespace plenum::lint
