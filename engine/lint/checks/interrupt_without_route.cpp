// G306: a run that pauses where no route goes on.
#include "engine/lint/additions.h"
#include "engine/lint/check.h"
#include "engine/lint/flow.h"
#include "engine/lint/places.h"

namespace plenum::lint {

namespace {

bool started(const app::App& app, const std::string& graph) {
  return std::any_of(app.routes.begin(), app.routes.end(), [&](const app::Route& route) {
    return route.does == app::Route::Does::start && route.graph == graph;
  });
}

bool resumed(const app::App& app, const std::string& graph, const std::string& id) {
  return std::any_of(app.routes.begin(), app.routes.end(), [&](const app::Route& route) {
    return route.does == app::Route::Does::resume && route.graph == graph && route.interrupt == id;
  });
}

std::string line_for(const std::string& graph, const std::string& id) {
  return "POST /" + id + ": {resume: " + graph + "." + id + "}";
}

void run(const Subject& subject, Report& report) {
  const yaml::Node* routes = subject.root.find("routes");
  if (!routes || routes->members.empty() || !subject.sound(*routes)) return;
  each_sound_graph(subject, [&](const app::Graph& graph, const yaml::Node&) {
    const std::string& name = graph.name;
    for (const app::NodeDef* node : all_nodes(graph.nodes))
      if (const app::NodeDef& def = *node;
          def.pauses && started(subject.app, name) && !resumed(subject.app, name, def.id))
        report.add({"G306",
                    Severity::warning,
                    def.span,
                    "no route resumes " + quote(def.id),
                    "runs that pause here expire: add a route, " + line_for(name, def.id),
                    {{"add the route", false, {put_before(*routes, line_for(name, def.id))}}}});
  });
}

}  // namespace

Check interrupt_without_route_check() {
  return {"G306",
          Severity::warning,
          "an interrupt that no route resumes",
          "The run waits for an answer that no client can send, and fails when its time is over.",
          R"(plenum: 1
app: test
routes: {POST /go: {start: main}}
graphs:
  main:
    nodes:
      - {id: «choose», interrupt: {expects: {tone: {type: string, maxLength: 9}}}}
)",
          R"(plenum: 1
app: test
routes: {POST /go: {start: main}, POST /choose: {resume: main.choose}}
graphs:
  main:
    nodes:
      - {id: choose, interrupt: {expects: {tone: {type: string, maxLength: 9}}}}
)",
          run};
}

}  // namespace plenum::lint
