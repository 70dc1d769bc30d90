// A813: a model that reads what is private, beside texts that may give it orders, and can send
// something out.
#include <nlohmann/json.hpp>

#include "engine/lint/check.h"
#include "engine/lint/origins.h"
#include "engine/lint/places.h"

namespace plenum::lint {

namespace {

constexpr int64_t kShort = 64;  // bytes of a name or number; what is longer carries a text

// Whether a model can write a text of its own there.
bool carries_text(const app::Field& field) {
  const Json& schema = field.type.schema.json();
  if (!schema.is_object()) return true;
  for (const char* closed : {"enum", "const", "format"})
    if (schema.contains(closed)) return false;
  const std::string type = text_or(schema, "type");
  if (type == "integer" || type == "number" || type == "boolean") return false;
  const Json* most = find(schema, "maxLength");
  return type != "string" || !most || !most->is_number_integer() || most->get<int64_t>() > kShort;
}

// Whether what the model writes reaches another server.
bool sends(const Subject& subject, const app::Tool& tool) {
  const yaml::Node* tools = subject.root.find("tools");
  const yaml::Node* node = tools ? tools->find(tool.name) : nullptr;
  const yaml::Node* call = node ? node->find("http") : nullptr;
  if (node && !call) call = node->find("mcp");
  if (!call || tool.confirm) return false;
  return std::any_of(subject.draft.uses.begin(), subject.draft.uses.end(),
                     [&](const app::Use& use) {
                       const app::Field* field = app::find(tool.graph.input, use.path[0]);
                       return use.graph == tool.graph.name && within(use.from, call->span) &&
                              field && carries_text(*field);
                     });
}

bool acknowledged(const yaml::Node& llm) {
  const yaml::Node* said = llm.find("acknowledge_exfiltration_risk");
  return said && said->is(yaml::Node::Kind::boolean) && said->boolean;
}

// What is private and whose texts could have it sent away; "": nothing is at risk.
std::string at_risk(unsigned seen) {
  if (seen & kApps && seen & (kStranger | kCaller))
    return std::string("data of the app and texts of ") +
           (seen & kStranger ? "strangers" : "callers");
  if (seen & kOwn && seen & kStranger) return "data of its user and texts of strangers";
  return "";
}

void look(const Subject& subject, const Origins& origins, const app::Graph& graph,
          const yaml::Node& llm, Report& report) {
  const auto tools = tools_of(subject, llm);
  if (tools.empty() || acknowledged(llm)) return;
  unsigned seen = origins.inside(graph, llm.span);
  for (const auto& [tool, span] : tools) seen |= origins.of(*tool);
  const std::string risk = at_risk(seen);
  if (risk.empty()) return;
  for (const auto& [tool, span] : tools)
    if (sends(subject, *tool))
      report.error("A813", span,
                   "this model reads " + risk + ", and tool " + quote(tool->name) +
                       " sends what it writes to another server",
                   "ask the client first with confirm: true at the tool, take enums, numbers and "
                   "texts of at most 64 characters as its input, or say that this is meant: "
                   "acknowledge_exfiltration_risk: true at the node");
}

void run(const Subject& subject, Report& report) {
  const yaml::Node* declared = subject.root.find("tools");
  if (!declared || !subject.sound(*declared)) return;
  const Origins origins(subject);
  each_sound_graph(subject, [&](const app::Graph& graph, const yaml::Node&) {
    for (const app::NodeDef* def : all_nodes(graph.nodes)) {
      const yaml::Node* node = def->kind == "llm" ? subject.node(*def) : nullptr;
      const yaml::Node* llm = node ? node->find("llm") : nullptr;
      if (llm) look(subject, origins, graph, *llm, report);
    }
  });
}

}  // namespace

Check exfiltration_check() {
  return {"A813",
          Severity::error,
          "a model that could be talked into sending private data away",
          "Three things together make it possible: private data that the model reads, a text of "
          "somebody else beside it, which may give it orders, and a tool that carries what it "
          "writes to another server. A filter may be talked round; a capability that is not there "
          "may not. So take one of the three away: let the client agree (`confirm: true`), let "
          "the tool take only what is too small to carry a text, or read the foreign text in a "
          "node without that tool. `acknowledge_exfiltration_risk: true` at the node says that "
          "this is meant.",
          R"(plenum: 1
app: test
models: {m: {use: gemini/gemini-3-flash-preview, max_tokens: 100}}
tools: {search: {description: Searches, input: {text: {type: string, maxLength: 400}}, http: {get: "https://search.example/find", query: {q: =text}}}}
routes: {POST /go: {start: main, files: {cv: {accept: [pdf]}}, quota: 10/day}}
graphs:
  main:
    input: {cv: file}
    nodes:
      - {id: a, llm: {model: m, prompt: Look, files: [=cv], tools: [«search»]}}
limits: {hosts: [search.example]}
)",
          R"(plenum: 1
app: test
models: {m: {use: gemini/gemini-3-flash-preview, max_tokens: 100}}
tools: {weather: {description: Looks it up, input: {city: {enum: [Berlin, Paris]}}, http: {get: "https://search.example/weather", query: {q: =city}}}}
routes: {POST /go: {start: main, files: {cv: {accept: [pdf]}}, quota: 10/day}}
graphs:
  main:
    input: {cv: file}
    nodes:
      - {id: a, llm: {model: m, prompt: Look, files: [=cv], tools: [weather]}}
limits: {hosts: [search.example]}
)",
          run};
}

}  // namespace plenum::lint
