// The parts of the loader; load.cpp calls them in turn.
#pragma once

#include "engine/app/app.h"
#include "engine/app/kind.h"
#include "engine/app/reader.h"
#include "engine/yaml/yaml.h"

namespace plenum::app {

// The names that are in scope everywhere: run, user, env, now.
cel::Names base_names(const Reader& reader);
// What expressions know of a caller: {id, plan, roles}, and with `more` that there may be more.
Type user_type(bool more);

// A name that means something else for a while.
class Shadow {
 public:
  Shadow(cel::Names& names, std::string name, const Type& type)
      : names_(names), name_(std::move(name)) {
    if (const auto it = names_.find(name_); it != names_.end()) before_ = it->second;
    names_[name_] = type;
  }
  ~Shadow() {
    if (before_)
      names_[name_] = *before_;
    else
      names_.erase(name_);
  }
  Shadow(const Shadow&) = delete;
  Shadow& operator=(const Shadow&) = delete;

 private:
  cel::Names& names_;
  const std::string name_;
  std::optional<Type> before_;
};

void load_graph(Reader& reader, const Kinds& kinds, const yaml::Node& node, Graph& graph);
// A node of a list that has been read whole.
struct EdgePlace {
  const yaml::Node& node;
  Block& block;
  size_t index;
  bool in_body;                             // `break` leaves it
  const std::vector<std::string>& written;  // the keys that it is the first to write
};
// Leaves `written` out of what is unwritten.
void load_edges(Reader& reader, const Kinds& kinds, const Graph& graph, const EdgePlace& at);
// One of `tools`; `reader` has the names of no graph.
void load_tool(Reader& reader, const Kinds& kinds, const yaml::Member& member, Tool& tool);
void load_state(Reader& reader, const yaml::Node& node, Graph& graph);
void load_progress(Reader& reader, const yaml::Node& node, NodeDef& def);
void load_retry(Reader& reader, const yaml::Node& node, Retry& retry);
void load_cache(Reader& reader, const yaml::Member& member, const NodeKind* kind, NodeDef& def);
void load_models(Reader& reader, const yaml::Node& node, App& app);
void load_collections(Reader& reader, const yaml::Node& node, App& app);
void load_schedules(Reader& reader, const yaml::Node& node, App& app);
void load_routes(Reader& reader, const yaml::Node& node, const yaml::Node* access, App& app);

}  // namespace plenum::app
