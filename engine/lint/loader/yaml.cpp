// Y: what is not the YAML of app files.
#include "engine/lint/loader_checks.h"

namespace plenum::lint {

std::vector<Check> yaml_checks() {
  return {
      {"Y001", Severity::error, "a key, or a node's id, that is there twice",
       "YAML readers take the last of two equal keys and drop the first without a word. Here the "
       "second "
       "one is refused, and so is a second node with the same id.",
       R"(nodes:
  - id: a
    when: true
    «when»: false
    fail: {code: gone, message: Gone.}
)",
       R"(nodes:
  - id: a
    when: false
    fail: {code: gone, message: Gone.}
)"},
      {"Y002", Severity::error, "a template that is not quoted",
       "`{` begins a map in YAML. A text that begins with `{{` needs quotes.",
       R"(input: {tone: {type: string, maxLength: 20}}
nodes:
  - id: a
    render: {template: «{{tone}}»}
)",
       R"(input: {tone: {type: string, maxLength: 20}}
nodes:
  - id: a
    render: {template: "{{tone}}"}
)"},
      {"Y003", Severity::error, "an anchor, alias, merge key or tag",
       "What an app file says stands where it is read: name a thing once (a model, a schema, a "
       "prompt) "
       "and use the name.",
       R"(nodes:
  - id: a
    llm: «&same» {model: quick, prompt: Hello}
)",
       R"(nodes:
  - id: a
    llm: {model: quick, prompt: Hello}
)"},
      {"Y004", Severity::error, "a text that ends at ` #`",
       "A `#` behind a blank begins a comment, so the rest of the text is lost. Quote the text.",
       R"(nodes:
  - id: a
    render: {template: «Take number # 5»}
)",
       R"(nodes:
  - id: a
    render: {template: "Take number # 5"}
)"},
      {"Y005", Severity::error, "a word where true or false is wanted",
       "In YAML 1.2 `yes`, `no`, `on` and `off` are texts. Write `true` or `false`.",
       R"(plenum: 1
app: test
routes: {POST /go: {start: main, async: «yes»}}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
)",
       R"(plenum: 1
app: test
routes: {POST /go: {start: main, async: true}}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
)"},
      {"Y006", Severity::error, "a text that needs quotes",
       "`: `, and a `[`, `{`, `&`, `!`, `%`, `@` or `|` at the beginning, mean something to YAML. "
       "A text "
       "that holds them is quoted.",
       R"(nodes:
  - id: a
    render:
      template: «Note: this is a note»
)",
       R"(nodes:
  - id: a
    render:
      template: "Note: this is a note"
)"},
      {"Y007", Severity::warning, "a text that reads as a number",
       "`1.10` without quotes is the number 1.1: its last digit is lost when it is written again. "
       "Quote "
       "what is a text.",
       R"(plenum: 1
app: test
version: «1.10»
routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
)",
       R"(plenum: 1
app: test
version: "1.10"
routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
)"},
      {"Y009", Severity::error, "a text that begins with `*`",
       "An unquoted `*` begins an alias. Quote the text.",
       R"(nodes:
  - id: a
    render:
      template: «*/10 of them»
)",
       R"(nodes:
  - id: a
    render:
      template: "*/10 of them"
)"},
      {"Y010", Severity::error, "two documents in one file",
       "One file is one app. Split the file at `---`.",
       R"(plenum: 1
app: test
routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
«---»
app: other
)",
       R"(plenum: 1
app: test
routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
)"},
      {"Y011", Severity::error, "a quote that is never closed",
       "The text goes on to the end of the file. Close the quote on its line.",
       R"(nodes:
  - id: a
    render:
      template: «"Hello»
)",
       R"(nodes:
  - id: a
    render:
      template: "Hello"
)"},
      {"Y012", Severity::error,
       "a file that is not UTF-8, deeper than 64 levels, or larger than 1 MiB",
       "Save the file as UTF-8; keep what is large in files of its own.",
       "plenum: 1\napp: test\ntitle: Caf«\xE9»\nroutes: {POST /go: {start: main}}\ngraphs: {main: "
       "{nodes: "
       "[{id: a, render: {template: Hello}}]}}\n",
       "plenum: 1\napp: test\ntitle: Caf\xC3\xA9\nroutes: {POST /go: {start: main}}\ngraphs: "
       "{main: "
       "{nodes: [{id: a, render: {template: Hello}}]}}\n"},
      {"Y013", Severity::error, "what is not YAML in any other way",
       "Tabs in the indentation, brackets that are not closed, escapes that do not exist: the "
       "message "
       "says what was found and what was expected.",
       R"(nodes:
  - id: a
    render: {template: "a«\q»b"}
)",
       R"(nodes:
  - id: a
    render: {template: "a\\qb"}
)"},
  };
}

}  // namespace plenum::lint
