// Checks of the language about keys that this server refuses as a whole (S109), or cannot see yet.
#include "engine/lint/loader_checks.h"

namespace plenum::lint {

namespace {

Check waiting(const char* code, Severity severity, const char* summary, const char* explanation,
              const char* waits_for, Example bad, Example good) {
  return {code,           severity,        summary, explanation,
          std::move(bad), std::move(good), nullptr, waits_for};
}

std::vector<Check> world() {
  return {
      waiting("A802", Severity::error, "a secret in a template or expression",
              "Secrets stand only in `key`, `auth` and `webhooks.secret`: what a template holds is "
              "stored "
              "with the run and may be sent to a model.",
              "`secrets`",
              R"(plenum: 1
app: test
secrets: [CRM_KEY]
routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, render: {template: "{{«CRM_KEY»}}"}}]}}
)",
              R"(plenum: 1
app: test
secrets: [CRM_KEY]
routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, http: {get: "https://crm.example/x", auth: {bearer: CRM_KEY}}}]}}
limits: {hosts: [crm.example]}
)"),
      waiting("A803", Severity::error, "a URL whose host comes from input",
              "A caller could make the server reach addresses inside its own network (SSRF). The "
              "host is "
              "fixed; the path may vary.",
              "`http`",
              R"(input: {host: {type: string, maxLength: 99}}
nodes:
  - {id: a, http: {get: «"https://{{host}}/x"»}}
)",
              R"(input: {id: {type: string, maxLength: 99}}
nodes:
  - {id: a, http: {get: "https://crm.example/{{id}}"}}
)"),
      waiting("A804", Severity::error, "a host that `limits.hosts` does not name",
              "An `http` node reaches only the hosts that the app declares.", "`http`",
              R"(nodes:
  - {id: a, http: {get: «https://crm.example/x»}}
)",
              R"(plenum: 1
app: test
routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, http: {get: https://crm.example/x}}]}}
limits: {hosts: [crm.example]}
)"),
      waiting(
          "A808", Severity::warning, "a tool that writes without `confirm`",
          "A model decides when a tool is called. What it cannot take back is asked about first.",
          "`tools`",
          R"(plenum: 1
app: test
tools: {«refund»: {description: Pays back, http: {post: https://crm.example/refund}}}
routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
)",
          R"(plenum: 1
app: test
tools: {refund: {description: Pays back, confirm: true, http: {post: https://crm.example/refund}}}
routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
)"),
      waiting(
          "A810", Severity::warning, "a write that is tried again without an idempotency key",
          "When the answer to the first try is lost, the second one writes twice. `idempotency: "
          "=run.id` lets the other side see that it is the same call.",
          "`http`",
          R"(plenum: 1
app: test
routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, «http»: {post: https://crm.example/x}}]}}
limits: {hosts: [crm.example]}
)",
          R"(plenum: 1
app: test
routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, http: {post: https://crm.example/x, idempotency: =run.id}}]}}
limits: {hosts: [crm.example]}
)"),
      waiting("R208", Severity::error,
              "an embedding model where a chat model is needed, or the reverse",
              "`llm` asks chat models; collections with `vector` use embedding models.",
              "`kind: embedding`",
              R"(plenum: 1
app: test
models: {embed: {use: openai/text-embedding-3-small, kind: embedding}}
routes: {POST /go: {start: main, quota: 9/day}}
graphs: {main: {nodes: [{id: a, llm: {model: «embed», prompt: Hello}}]}}
)",
              R"(plenum: 1
app: test
models: {chat: {use: openai/gpt-5-mini, max_tokens: 100}}
routes: {POST /go: {start: main, quota: 9/day}}
graphs: {main: {nodes: [{id: a, llm: {model: chat, prompt: Hello}}]}}
)"),
      waiting("S107", Severity::error, "a schedule's time that is no cron line",
              "Five fields: minute, hour, day of month, month, day of week.", "`schedules`",
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
)"),
      waiting("D409", Severity::error, "a route's output that does not fit its schema",
              "What clients are promised in OpenAPI is checked against what the route gives.",
              "a key for a route's output schema, which the language does not have",
              R"(plenum: 1
app: test
routes: {POST /go: {start: main, output: {score: 1}, «returns»: {score: string}}}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
)",
              R"(plenum: 1
app: test
routes: {POST /go: {start: main, output: {score: high}}}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
)"),
  };
}

}  // namespace

std::vector<Check> waiting_checks() {
  return world();
}

}  // namespace plenum::lint
