// A: where an app's requests may go, and what is secret about them.
#include "engine/lint/loader_checks.h"

namespace plenum::lint {

std::vector<Check> outbound_checks() {
  return {
      {"A802", Severity::error, "a secret in an expression, a template or `headers`",
       "What an expression or a template reads can end up in a prompt, a log or an answer, and a "
       "file "
       "is read by many. A secret's value goes into the header that `auth` names and nowhere else.",
       R"(plenum: 1
app: test
secrets: [CRM_TOKEN]
limits: {hosts: [api.example.com]}
routes: {POST /go: {start: main}}
graphs:
  main:
    nodes: [{id: a, http: {post: "https://api.example.com/", body: "{{«env.CRM_TOKEN»}}"}}]
)",
       R"(plenum: 1
app: test
secrets: [CRM_TOKEN]
limits: {hosts: [api.example.com]}
routes: {POST /go: {start: main}}
graphs:
  main:
    nodes: [{id: a, http: {get: "https://api.example.com/", auth: {bearer: CRM_TOKEN}}}]
)"},
      {"A803", Severity::error, "a URL whose host is computed",
       "Whoever can choose the host can make the server call its own network or hand out what it "
       "sends. "
       "The host is fixed text; path, query, headers and body may be filled in.",
       R"(plenum: 1
app: test
limits: {hosts: [api.example.com]}
routes: {POST /go: {start: main}}
graphs:
  main:
    input: {host: {type: string, maxLength: 99}}
    nodes: [{id: a, http: {get: «"https://{{host}}/things"»}}]
)",
       R"(plenum: 1
app: test
limits: {hosts: [api.example.com]}
routes: {POST /go: {start: main}}
graphs:
  main:
    input: {thing: {type: string, maxLength: 99}}
    nodes: [{id: a, http: {get: "https://api.example.com/things/{{thing}}"}}]
)"},
      {"A804", Severity::error, "a host that the app does not list",
       "`limits.hosts` says in one place whom an app may talk to, so that a review sees it.",
       R"(plenum: 1
app: test
routes: {POST /go: {start: main}}
graphs:
  main:
    nodes: [{id: a, http: {get: «"https://api.example.com/"»}}]
)",
       R"(plenum: 1
app: test
limits: {hosts: [api.example.com]}
routes: {POST /go: {start: main}}
graphs:
  main:
    nodes: [{id: a, http: {get: "https://api.example.com/"}}]
)"},
      {"A811", Severity::error, "a secret that is not set, or not an app's to use",
       "The server reads the value of every name under `secrets` from its environment, or from the "
       "file that NAME_FILE names, and serves no app that would lack one; `plenum lint` needs no "
       "values. "
       "The server's own keys and settings are not for apps.",
       R"(plenum: 1
app: test
secrets: [«GEMINI_API_KEY»]
routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
)",
       R"(plenum: 1
app: test
secrets: [CRM_TOKEN]
limits: {hosts: [api.example.com]}
routes: {POST /go: {start: main}}
graphs:
  main:
    nodes: [{id: a, http: {get: "https://api.example.com/", auth: {bearer: CRM_TOKEN}}}]
)"},
      {"A812", Severity::error, "a secret that is not declared",
       "`auth` names a secret of the app's `secrets`; its value comes from the server's "
       "environment.",
       R"(plenum: 1
app: test
secrets: [CRM_TOKEN]
limits: {hosts: [api.example.com]}
routes: {POST /go: {start: main}}
graphs:
  main:
    nodes: [{id: a, http: {get: "https://api.example.com/", auth: {bearer: «CRM_TOKN»}}}]
)",
       R"(plenum: 1
app: test
secrets: [CRM_TOKEN]
limits: {hosts: [api.example.com]}
routes: {POST /go: {start: main}}
graphs:
  main:
    nodes: [{id: a, http: {get: "https://api.example.com/", auth: {bearer: CRM_TOKEN}}}]
)"},
  };
}

}  // namespace plenum::lint
