// A set of bits for each key, grown until nothing is new.
#include "engine/lint/origins.h"

#include "engine/lint/flow.h"
#include "engine/lint/places.h"

namespace plenum::lint {

namespace {

// The map of a node; of a tool's only one, the tool's.
const yaml::Node* map_of(const Subject& subject, const app::Graph& graph, const app::NodeDef& def) {
  if (!graph.name.starts_with("tool:")) return subject.node(def);
  const yaml::Node* tools = subject.root.find("tools");
  return tools ? tools->find(graph.name.substr(5)) : nullptr;
}

std::string text(const yaml::Node& map, const char* key) {
  if (!map.is(yaml::Node::Kind::map)) return "";
  const yaml::Node* value = map.find(key);
  return value ? value->text : "";
}

unsigned declared(const app::Graph& graph, const app::Field& field) {
  if (field.type.file) return kOwn | kStranger;
  if (field.keep != app::Keep::run) return kOwn;
  // A tool's input is what the model writes, which this is not about.
  return app::find(graph.input, field.name) && !graph.name.starts_with("tool:") ? kCaller : kNobody;
}

}  // namespace

std::vector<std::pair<const app::Tool*, Span>> tools_of(const Subject& subject,
                                                        const yaml::Node& llm) {
  std::vector<std::pair<const app::Tool*, Span>> tools;
  const yaml::Node* names = llm.is(yaml::Node::Kind::map) ? llm.find("tools") : nullptr;
  if (!names) return tools;
  const auto take = [&](const yaml::Node& name) {
    const auto tool = subject.app.tools.find(name.text);
    if (tool != subject.app.tools.end() && tool->second)
      tools.emplace_back(tool->second.get(), name.span);
  };
  if (names->is(yaml::Node::Kind::string)) take(*names);
  for (const yaml::Node& name : names->items) take(name);
  return tools;
}

Origins::Origins(const Subject& subject) : subject_(subject) {
  do {
    changed_ = false;
    for (const auto& [name, graph] : subject_.app.graphs) look(graph);
    for (const auto& [name, tool] : subject_.app.tools)
      if (tool) look(tool->graph);
  } while (changed_);
}

void Origins::add(unsigned& known, unsigned more) {
  changed_ = changed_ || (known | more) != known;
  known |= more;
}

void Origins::look(const app::Graph& graph) {
  for (const app::NodeDef* def : all_nodes(graph.nodes)) {
    const yaml::Node* node = map_of(subject_, graph, *def);
    if (!node) continue;
    const yaml::Node* args = def->kind.empty() ? nullptr : node->find(def->kind);
    const unsigned read = inside(graph, node->span);
    const unsigned made = args ? result(*def, *args, read) : read;
    for (const std::string& key : set_by(*def)) add(keys_[{graph.name, key}], made | read);
    add(results_[graph.name], made);
  }
}

unsigned Origins::result(const app::NodeDef& def, const yaml::Node& args, unsigned read) {
  if (def.kind == "extract") return kOwn | kStranger;
  if (def.kind == "http" || def.kind == "mcp") return kStranger;
  if (def.kind == "interrupt") return kCaller;
  if (def.kind == "graph") {
    const auto called = subject_.app.graphs.find(def.calls);
    if (called == subject_.app.graphs.end()) return read;
    for (const app::Field& field : called->second.input) add(keys_[{def.calls, field.name}], read);
    return results_[def.calls];
  }
  if (def.kind == "llm") {
    for (const auto& [tool, span] : tools_of(subject_, args)) read |= of(*tool);
    return read;
  }
  if (def.kind != "store" && def.kind != "ingest" && def.kind != "retrieve") return read;
  if (args.find("file")) read |= kOwn | kStranger;
  for (const char* key : {"put", "into"})
    if (const std::string into = text(args, key); !into.empty()) add(rows_[into], read);
  std::string from;
  for (const char* key : {"get", "query", "from"})
    if (from.empty()) from = text(args, def.kind == "retrieve" ? "from" : key);
  const auto rows = subject_.app.collections.find(from);
  if (rows == subject_.app.collections.end()) return kNobody;
  return rows_[rows->first] | (rows->second.owned_by_app ? kApps | kStranger : kOwn);
}

unsigned Origins::of(const app::Tool& tool) const {
  const auto found = results_.find(tool.graph.name);
  return found == results_.end() ? kNobody : found->second;
}

unsigned Origins::inside(const app::Graph& graph, const Span& part) const {
  unsigned all = kNobody;
  for (const app::Use& use : subject_.draft.uses)
    if (use.graph == graph.name && (within(use.from, part) || within(use.span, part)))
      all |= named(graph, use);
  return all;
}

unsigned Origins::named(const app::Graph& graph, const app::Use& use) const {
  const app::Field* field = graph.field(use.path[0]);
  if (!field) return item(graph, use);
  const auto known = keys_.find({graph.name, field->name});
  return declared(graph, *field) | (known == keys_.end() ? kNobody : known->second);
}

// `item`, or what `as` calls it: of the list that the map around it goes over.
unsigned Origins::item(const app::Graph& graph, const app::Use& use) const {
  for (const app::NodeDef* def : all_nodes(graph.nodes)) {
    const yaml::Node* node = def->kind == "map" ? map_of(subject_, graph, *def) : nullptr;
    const yaml::Node* args = node ? node->find("map") : nullptr;
    const yaml::Node* over = args ? args->find("over") : nullptr;
    if (!over || !within(use.from, args->span) || within(use.from, over->span)) continue;
    const std::string as = text(*args, "as");
    if (use.path[0] == (as.empty() ? "item" : as)) return inside(graph, over->span);
  }
  return kNobody;
}

}  // namespace plenum::lint
