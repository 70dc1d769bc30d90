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
