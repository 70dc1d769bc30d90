// A810: an http write that would be tried again, if its peer could know it again.
#include "engine/lint/additions.h"
#include "engine/lint/check.h"
#include "engine/lint/flow.h"
#include "engine/lint/places.h"

namespace plenum::lint {

namespace {

const yaml::Member* write_of(const yaml::Node& http) {
  if (http.find("idempotency")) return nullptr;
  for (const char* method : {"post", "put", "patch", "delete"})
    if (const yaml::Member* member = http.find_member(method)) return member;
  return nullptr;
}

// Inside of a body one key for all its rounds would make the later ones look done.
std::vector<Fix> keyed(const app::Graph& graph, const app::NodeDef& def, const yaml::Node& http) {
  const bool once = std::any_of(graph.nodes.nodes.begin(), graph.nodes.nodes.end(),
                                [&](const app::NodeDef& own) { return &own == &def; });
  if (!once) return {};
  return {{"add `idempotency: =run.id`", false, {put_before(http, "idempotency: =run.id")}}};
}

void run(const Subject& subject, Report& report) {
  each_sound_graph(subject, [&](const app::Graph& graph, const yaml::Node&) {
    for (const app::NodeDef* one : all_nodes(graph.nodes)) {
      const app::NodeDef& def = *one;
      const yaml::Node* node = subject.node(def);
      const yaml::Node* http = node && def.kind == "http" ? node->find("http") : nullptr;
      const yaml::Member* write = http && def.retry.max > 0 ? write_of(*http) : nullptr;
      if (write)
        report.add({"A810", Severity::warning, write->key_span,
                    "without `idempotency` this write is sent once: when its answer is lost, "
                    "nobody knows whether it was done, and the node fails",
                    "idempotency: =run.id, if the peer honours Idempotency-Key; else retry: 0",
                    keyed(graph, def, *http)});
    }
  });
}

}  // namespace

Check write_without_key_check() {
  return {"A810",
          Severity::warning,
          "a write that cannot be tried again without an idempotency key",
          "When an answer is lost, the call may have been carried out. `idempotency: =run.id` lets "
          "the "
          "other side see that it is the same call; without it the node is not tried again and "
          "fails with "
          "`ambiguous_effect`. `retry: 0` says that this is meant.",
          R"(plenum: 1
app: test
routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, http: {«post»: "https://crm.example/x"}}]}}
limits: {hosts: [crm.example]}
)",
          R"(plenum: 1
app: test
routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, http: {post: "https://crm.example/x", idempotency: =run.id}}]}}
limits: {hosts: [crm.example]}
)",
          run};
}

}  // namespace plenum::lint
