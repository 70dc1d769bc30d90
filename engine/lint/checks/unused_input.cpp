// D410: an input that nothing reads.
#include "engine/lint/check.h"
#include "engine/lint/deletion.h"
#include "engine/lint/places.h"

namespace plenum::lint {

namespace {

// Whether a route's `with` or `files` names it.
bool filled_by_routes(const Subject& subject, const std::string& graph, const std::string& input) {
  for (const app::Route& route : subject.app.routes) {
    if (route.graph != graph) continue;
    for (const auto& [key, value] : route.with)
      if (key == input) return true;
    for (const app::Upload& upload : route.uploads)
      if (upload.field == input) return true;
  }
  return false;
}

void run(const Subject& subject, Report& report) {
  each_sound_graph(subject, [&](const app::Graph& graph, const yaml::Node& node) {
    const yaml::Node* input = node.find("input");
    for (const app::Field& field : graph.input) {
      const auto& uses = subject.draft.uses;
      const bool used = std::any_of(uses.begin(), uses.end(), [&](const app::Use& use) {
        return use.path[0] == field.name && (use.graph == graph.name || use.graph.empty());
      });
      if (used) continue;
      const yaml::Member* member = input ? input->find_member(field.name) : nullptr;
      report.add(
          {"D410", Severity::warning, field.span, "input " + quote(field.name) + " is never used",
           "remove it, or use it: clients send it for nothing",
           member && !filled_by_routes(subject, graph.name, field.name) ? deletion(*input, *member)
                                                                        : std::vector<Fix>()});
    }
  });
}

}  // namespace

Check unused_input_check() {
  return {"D410",
          Severity::warning,
          "an input that is never used",
          "Clients have to send it, and nothing reads it: it is left over, or a prompt forgot it.",
          R"(input: {«context»: {type: string, maxLength: 900}}
nodes:
  - {id: a, llm: {model: quick, prompt: Hello}}
)",
          R"(input: {context: {type: string, maxLength: 900}}
nodes:
  - {id: a, llm: {model: quick, prompt: "Hello {{context}}"}}
)",
          run};
}

}  // namespace plenum::lint
