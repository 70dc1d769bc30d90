// R and G: what names lead to, and where edges lead.
#include "engine/lint/loader_checks.h"

namespace plenum::lint {

std::vector<Check> reference_checks() {
  return {
      {"R201", Severity::error, "a model, provider or collection that is not declared",
       "Nodes name models of `models` and collections of `collections`; a model's `use` names a "
       "provider that the server knows. A name that leads nowhere would fail every run.",
       R"(nodes:
  - {id: a, llm: {model: «quik», prompt: Hello}}
)",
       R"(nodes:
  - {id: a, llm: {model: quick, prompt: Hello}}
)"},
      {"R202", Severity::error, "a file that is not there",
       "Paths are relative to the folder that holds `apps.d/` and start with `prompts/`, "
       "`schemas/`, "
       "`templates/` or `fixtures/`.",
       R"(nodes:
  - {id: a, llm: {model: quick, prompt: «prompts/test/anaylze.md»}}
--- prompts/test/analyze.md
Hello
)",
       R"(nodes:
  - {id: a, llm: {model: quick, prompt: prompts/test/analyze.md}}
--- prompts/test/analyze.md
Hello
)"},
      {"R203", Severity::error, "an edge to a node that is not there",
       "`next` names a later node of the same list, or `end`.",
       R"(nodes:
  - {id: a, next: «sned», llm: {model: quick, prompt: Hello}}
  - {id: send, render: {template: Hello}}
)",
       R"(nodes:
  - {id: a, next: send, llm: {model: quick, prompt: Hello}}
  - {id: send, render: {template: Hello}}
)"},
      {"R204", Severity::error, "a route to a graph or interrupt that is not there",
       "`start` names a graph; `resume` and `waiting` name an interrupt as `graph.node`.",
       R"(plenum: 1
app: test
routes: {POST /go: {start: «mian»}}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
)",
       R"(plenum: 1
app: test
routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
)"},
      {"R206", Severity::error, "fallbacks that form a circle",
       "A model that cannot be reached is replaced by its fallback, in turn; a circle would never "
       "end.",
       R"(plenum: 1
app: test
models:
  a: {use: openai/gpt-5-mini, max_tokens: 100, fallback: [b]}
  b: {use: openai/gpt-5-mini, max_tokens: 100, fallback: [«a»]}
routes: {POST /go: {start: main, quota: 10/day}}
graphs: {main: {nodes: [{id: n, llm: {model: a, prompt: Hello}}]}}
)",
       R"(plenum: 1
app: test
models:
  a: {use: openai/gpt-5-mini, max_tokens: 100, fallback: [b]}
  b: {use: openai/gpt-5-mini, max_tokens: 100}
routes: {POST /go: {start: main, quota: 10/day}}
graphs: {main: {nodes: [{id: n, llm: {model: a, prompt: Hello}}]}}
)"},
      {"R207", Severity::error,
       "two routes for the same calls, or one that hides a generated route",
       "Every app has `/jobs/{id}`, `/runs/{id}`, `/files/{id}`, `/openapi.json` and `/docs`.",
       R"(plenum: 1
app: test
routes:
  POST /a/{x}: {start: main}
  «POST /a/{y}»: {start: main}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
)",
       R"(plenum: 1
app: test
routes:
  POST /a/{x}: {start: main}
  POST /b/{y}: {start: main}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
)"},
      {"R210", Severity::error, "a path that leaves the project's folder",
       "An app reads files of its project only.",
       R"(nodes:
  - {id: a, llm: {model: quick, prompt: «prompts/../../secret.md»}}
)",
       R"(nodes:
  - {id: a, llm: {model: quick, prompt: prompts/test/a.md}}
--- prompts/test/a.md
Hello
)"},
      {"R212", Severity::error, "a tool that is not there",
       "`tools` of a node names what stands under `tools` of the app.",
       R"(plenum: 1
app: test
models: {m: {use: gemini/gemini-3-flash-preview, max_tokens: 100}}
tools: {search: {description: Looks it up, input: {text: string}, render: {template: "{{text}}"}}}
routes: {POST /go: {start: main, quota: 10/day}}
graphs: {main: {nodes: [{id: a, llm: {model: m, prompt: Hello, tools: [«serch»]}}]}}
)",
       R"(plenum: 1
app: test
models: {m: {use: gemini/gemini-3-flash-preview, max_tokens: 100}}
tools: {search: {description: Looks it up, input: {text: string}, render: {template: "{{text}}"}}}
routes: {POST /go: {start: main, quota: 10/day}}
graphs: {main: {nodes: [{id: a, llm: {model: m, prompt: Hello, tools: [search]}}]}}
)"},
      {"R213", Severity::error, "a chat model where an embedding model is needed",
       "A collection's `vector` names a model with `kind: embedding`, which turns texts into "
       "vectors; Anthropic has none.",
       R"(plenum: 1
app: test
models: {m: {use: openai/gpt-5-mini, max_tokens: 100}}
collections: {docs: {vector: «m», ttl: 1h}}
routes: {POST /go: {start: main, quota: 10/day}}
graphs: {main: {nodes: [{id: a, ingest: {into: docs, text: Hello}}]}}
)",
       R"(plenum: 1
app: test
models: {m: {use: openai/text-embedding-3-small, kind: embedding}}
collections: {docs: {vector: m, ttl: 1h}}
routes: {POST /go: {start: main, quota: 10/day}}
graphs: {main: {nodes: [{id: a, ingest: {into: docs, text: Hello}}]}}
)"},
      {"R214", Severity::error, "a collection of the other kind",
       "`store` and `read` are about rows, which have fields; `ingest` and `retrieve` about texts "
       "with vectors. A collection holds one or the other.",
       R"(plenum: 1
app: test
models: {m: {use: openai/text-embedding-3-small, kind: embedding}}
collections: {docs: {vector: m, ttl: 1h}}
routes: {POST /go: {start: main, quota: 10/day}}
graphs: {main: {nodes: [{id: a, store: {get: «docs», id: x}}]}}
)",
       R"(plenum: 1
app: test
models: {m: {use: openai/text-embedding-3-small, kind: embedding}}
collections: {docs: {vector: m, ttl: 1h}}
routes: {POST /go: {start: main, quota: 10/day}}
graphs: {main: {nodes: [{id: a, retrieve: {from: docs, query: Hello}}]}}
)"},
      {"R211", Severity::error, "a test that calls a route the app has not",
       "A test calls what a client could: a route of `routes`, below `/api/v1/{app}`, or a page "
       "that "
       "every app has, such as `/jobs/{id}`.",
       R"(plenum: 1
app: test
routes: {POST /ask: {start: main, quota: 10/day}}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
tests: [{name: it answers, steps: [{call: «POST /aks»}]}]
)",
       R"(plenum: 1
app: test
routes: {POST /ask: {start: main, quota: 10/day}}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
tests: [{name: it answers, steps: [{call: POST /ask}]}]
)"},
      {"G302", Severity::error, "an edge that jumps back",
       "Nodes run from top to bottom; what repeats is a `loop` with a `max`, so that every run "
       "ends.",
       R"(nodes:
  - {id: draft, llm: {model: quick, prompt: Hello}}
  - {id: check, next: «draft», render: {template: Hello}}
)",
       R"(nodes:
  - {id: draft, llm: {model: quick, prompt: Hello}}
  - {id: check, next: end, render: {template: Hello}}
)"},
      {"G303", Severity::error, "a loop without `max`",
       "Every cycle has a most number of rounds, so that the worst case of a run is known before "
       "it "
       "starts.",
       R"(nodes:
  - {id: again, «loop»: {do: [{id: a, render: {template: Hello}}]}}
)",
       R"(nodes:
  - {id: again, loop: {max: 3, do: [{id: a, render: {template: Hello}}]}}
)"},
      {"G305", Severity::error, "an interrupt inside a `map` or `parallel`",
       "A run pauses as a whole: while one of several bodies waits for an answer, the others could "
       "not go on.",
       R"(input: {names: {type: array, items: {type: string, maxLength: 9}, maxItems: 9}}
nodes:
  - {id: each, map: {over: names, do: [{id: ask, «interrupt»: {expects: {ok: boolean}}}]}}
)",
       R"(input: {names: {type: array, items: {type: string, maxLength: 9}, maxItems: 9}}
nodes:
  - {id: each, map: {over: names, do: [{id: a, render: {template: "{{item}}"}}]}}
)"},
      {"G307", Severity::error, "graphs that call each other in a circle",
       "Such a run would never end; what repeats is a `loop` with a `max`.",
       R"(plenum: 1
app: test
routes: {POST /go: {start: main}}
graphs:
  main: {nodes: [{id: a, graph: other}]}
  other: {nodes: [{id: b, graph: «main»}]}
)",
       R"(plenum: 1
app: test
routes: {POST /go: {start: main}}
graphs:
  main: {nodes: [{id: a, graph: other}]}
  other: {nodes: [{id: b, render: {template: Hello}}]}
)"},
  };
}

}  // namespace plenum::lint
