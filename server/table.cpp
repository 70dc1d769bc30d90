#include "server/table.h"

#include <nlohmann/json.hpp>

namespace plenum::server {

namespace {

std::vector<std::string> split(const std::string& path) {
  std::vector<std::string> segments;
  for (size_t at = 1; at <= path.size();) {
    const size_t slash = std::min(path.find('/', at), path.size());
    segments.push_back(path.substr(at, slash - at));
    at = slash + 1;
  }
  return segments;
}

bool is_parameter(const std::string& segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

// What a body may hold: the graph's input but for files, which come as uploads.
std::shared_ptr<const schema::Schema> body_schema(const app::App& app, const app::Route& route) {
  const auto graph = app.graphs.find(route.graph);
  if (graph == app.graphs.end()) return nullptr;
  app::FieldMap fields;
  for (const app::Field& field : graph->second.input)
    if (!field.type.file) fields.push_back(field);
  const auto compiled = schema::Schema::compile(app::object_schema(fields));
  return compiled ? std::make_shared<const schema::Schema>(*compiled) : nullptr;
}

}  // namespace

const char* word_of(Endpoint::Does does) {
  using Does = Endpoint::Does;
  switch (does) {
    case Does::call:
      return "call";
    case Does::run_status:
      return "run_status";
    case Does::run_short_status:
      return "run_short_status";
    case Does::run_result:
      return "run_result";
    case Does::run_events:
      return "run_events";
    case Does::run_cancel:
      return "run_cancel";
    case Does::file:
      return "file";
    case Does::rows:
      return "rows";
    case Does::row:
      return "row";
    case Does::delete_row:
      return "delete_row";
    case Does::openapi:
      return "openapi";
    case Does::docs:
      return "docs";
    case Does::index:
      return "index";
    case Does::health:
      return "health";
    case Does::ready:
      return "ready";
    case Does::webhook:
      return "webhook";
  }
  return "";
}

Table::Table(std::shared_ptr<const Catalog> catalog) : catalog_(std::move(catalog)) {
  using Does = Endpoint::Does;
  add("GET", "/", {Does::index, nullptr, nullptr, nullptr, nullptr});
  add("GET", "/healthz", {Does::health, nullptr, nullptr, nullptr, nullptr});
  add("GET", "/readyz", {Does::ready, nullptr, nullptr, nullptr, nullptr});
  // Also for an app that is not served at the moment: what is told is told once.
  add("POST", "/webhooks/{app}/{provider}", {Does::webhook, nullptr, nullptr, nullptr, nullptr});
  for (const auto& [name, app] : catalog_->apps) add_app(app);
}

void Table::add_app(const std::shared_ptr<const app::App>& app) {
  using Does = Endpoint::Does;
  const std::string base = "/api/v1/" + app->name;
  const auto own = [&](Does does, const app::Collection* collection = nullptr) {
    return Endpoint{does, app, nullptr, collection, nullptr};
  };
  for (const app::Route& route : app->routes)
    add(route.method, base + route.path,
        {Does::call, app, &route, nullptr, body_schema(*app, route)});
  for (const char* kind : {"/jobs", "/runs"}) {
    const std::string one = base + kind + "/{id}";
    add("GET", one, own(Does::run_status));
    add("DELETE", one, own(Does::run_cancel));
    add("GET", one + "/status", own(Does::run_short_status));
    add("GET", one + "/result", own(Does::run_result));
    add("GET", one + "/events", own(Does::run_events));
  }
  add("GET", base + "/files/{id}", own(Does::file));
  for (const auto& [name, collection] : app->collections) {
    if (collection.list) add("GET", base + "/" + name, own(Does::rows, &collection));
    if (collection.get) add("GET", base + "/" + name + "/{id}", own(Does::row, &collection));
    if (collection.remove)
      add("DELETE", base + "/" + name + "/{id}", own(Does::delete_row, &collection));
  }
  for (const auto& [path, does] :
       {std::pair("/openapi.json", Does::openapi), {"/docs", Does::docs}}) {
    Endpoint endpoint = own(does);
    endpoint.document = std::make_shared<const Document>();
    add("GET", base + path, std::move(endpoint));
  }
}

void Table::add(const std::string& method, const std::string& path, Endpoint endpoint) {
  std::vector<std::string> segments = split(path);
  for (Entry& entry : entries_)
    if (entry.segments == segments) {
      entry.methods.emplace_back(method, std::move(endpoint));
      return;
    }
  const bool fixed = std::none_of(segments.begin(), segments.end(), is_parameter);
  if (fixed)
    fixed_[path] = entries_.size();
  else
    patterns_.push_back(entries_.size());
  entries_.push_back({std::move(segments), {{method, std::move(endpoint)}}});
}

Match Table::find(const std::string& method, const std::string& path) const {
  Match match;
  const auto choose = [&](const Entry& entry) {
    for (const auto& [name, endpoint] : entry.methods)
      if (name == method || (method == "HEAD" && name == "GET")) match.endpoint = &endpoint;
    if (!match.endpoint)
      for (const auto& [name, endpoint] : entry.methods) match.allowed.push_back(name);
  };
  if (const auto it = fixed_.find(path); it != fixed_.end()) {
    choose(entries_[it->second]);
    return match;
  }
  const std::vector<std::string> segments = split(path);
  for (const size_t index : patterns_) {
    const Entry& entry = entries_[index];
    if (entry.segments.size() != segments.size()) continue;
    std::map<std::string, std::string> params;
    bool same = true;
    for (size_t i = 0; i < segments.size() && same; ++i) {
      if (is_parameter(entry.segments[i]))
        params[entry.segments[i].substr(1, entry.segments[i].size() - 2)] = segments[i];
      else
        same = entry.segments[i] == segments[i];
    }
    if (!same) continue;
    match.params = std::move(params);
    choose(entry);
    return match;
  }
  return match;
}

std::vector<std::pair<std::string, const Endpoint*>> Table::all() const {
  std::vector<std::pair<std::string, const Endpoint*>> list;
  for (const Entry& entry : entries_)
    for (const auto& [method, endpoint] : entry.methods) {
      std::string path;
      for (const std::string& segment : entry.segments) path += "/" + segment;
      list.emplace_back(method + " " + path, &endpoint);
    }
  std::sort(list.begin(), list.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return list;
}

}  // namespace plenum::server
