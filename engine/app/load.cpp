// One app file to one App, top to bottom.  Every part reports all its mistakes; only at the end is
// it decided whether the app can be served.
#include "engine/app/load.h"

#include <nlohmann/json.hpp>

#include "engine/app/load_parts.h"
#include "engine/base/ids.h"

namespace plenum::app {

using yaml::Node;

namespace {

const std::vector<std::string> kKeys = {
    "plenum", "app",       "title",  "description", "version",     "use",
    "env",    "secrets",   "models", "tools",       "collections", "graphs",
    "routes", "schedules", "access", "limits",      "webhooks",    "tests"};
const std::vector<std::string> kLater = {"webhooks"};

void load_identity(Reader& reader, const Node& root, const std::string& path, App& app) {
  const Node* version = root.find("plenum");
  if (!version)
    reader.report.error("S102", {root.span.file, {1, 1}, {1, 1}},
                        "an app file needs `plenum`, the language version", "plenum: 1");
  else if (!version->is(Node::Kind::integer) || version->integer < 1)
    reader.report.error("S108", version->span, quote(version->text) + " is not a language version",
                        "1");
  else if (version->integer > 1)
    reader.report.error("S108", version->span,
                        "language version " + version->text + " is newer than this server", "1");
  const size_t slash = path.rfind('/');
  const std::string stem = path.substr(slash + 1, path.rfind('.') - slash - 1);
  if (const Node* name = root.find("app")) {
    if (reader.read(*name, app.name) && reader.good_id(app.name, name->span, "an app") &&
        app.name != stem)
      reader.report.error("S106", name->span,
                          "app " + quote(app.name) + " in the file " + quote(stem + ".yaml"),
                          "rename one of the two");
  } else {
    reader.report.error("S102", {root.span.file, {1, 1}, {1, 1}},
                        "an app file needs `app`, its name", "app: " + stem);
  }
  for (const auto& [key, member] :
       {std::pair<const char*, std::string App::*>{"title", &App::title},
        {"description", &App::description},
        {"version", &App::version}})
    if (const Node* value = root.find(key)) reader.read(*value, app.*member);
}

// {NAME: {type, default}}: the default is what expressions see until the operator sets the
// variable.
void load_env(Reader& reader, const Node& node, App& app) {
  Json env = Json::object();
  Type::Fields fields;
  if (reader.is_map(node, "`env`"))
    for (const yaml::Member& member : node.members) {
      if (!reader.map_of(member.value, "a variable of `env`", {"type", "default"})) continue;
      FieldType type;
      if (const Node* word = member.value.find("type")) reader.read(*word, type);
      const Node* fallback = member.value.find("default");
      if (!fallback) {
        if (Reader::lacks(member.value, "default"))
          reader.report.error("S102", member.key_span,
                              "variable " + quote(member.key) + " needs `default`",
                              "what it is until the operator sets it");
        continue;
      }
      const Json value = fallback->to_json();
      reader.wants(*fallback, Value(value), type.type, "variable " + quote(member.key),
                   &type.schema);
      env[member.key] = value;
      fields.push_back({member.key, {type.type}});
    }
  app.env = std::make_shared<const Json>(std::move(env));
  reader.env = Type::object(std::move(fields), false, "`env`");
}

bool is_secret_name(const std::string& name) {
  return name.size() >= 2 && name.size() <= 64 && name[0] >= 'A' && name[0] <= 'Z' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
         });
}

// The server's own settings and keys are not an app's to send anywhere.
bool is_servers_own(const std::string& name) {
  if (name.starts_with("PLENUM_") || name.ends_with("_FILE")) return true;
  for (const char* provider : {"GEMINI", "OPENAI", "ANTHROPIC"})
    if (name == std::string(provider) + "_API_KEY") return true;
  return false;
}

// A list of names; the values come from the operator, when the app is served.
void load_secrets(Reader& reader, const Node& node, App& app) {
  if (!reader.is_list(node, "`secrets`")) return;
  for (const Node& item : node.items) {
    std::string name;
    if (!reader.read(item, name)) continue;
    if (!is_secret_name(name))
      reader.report.error("S104", item.span, quote(name) + " is not the name of a secret",
                          "capitals, digits and _, as in the environment: CRM_TOKEN");
    else if (is_servers_own(name))
      reader.report.error("A811", item.span,
                          quote(name) + " is the server's own; no app can use it",
                          "give the app a secret of its own name");
    else if (!reader.secrets.insert(name).second)
      reader.report.error("Y001", item.span, "secret " + quote(name) + " is there twice");
    else
      app.secrets.push_back({name, item.span});
  }
}

void load_hosts(Reader& reader, const Node& node, Limits& limits) {
  limits.hosts_span = node.span;
  std::vector<std::string> words;
  reader.read_words(node, words);
  for (size_t i = 0; i < words.size(); ++i) {
    const Span& span = node.is(Node::Kind::list) ? node.items[i].span : node.span;
    const Result<Origin> host = read_host(words[i]);
    if (host) {
      limits.hosts.push_back(words[i]);
      continue;
    }
    const Result<Origin> meant = read_origin(words[i]);
    reader.report.error("S104", span, quote(words[i]) + " is not a host: " + host.error().message,
                        meant ? quote(meant->text()) : "");
  }
}

void load_limits(Reader& reader, const Node& node, Limits& limits) {
  if (!reader.map_of(node, "`limits`", {"cost_per_run", "steps", "timeout", "state", "hosts"}))
    return;
  if (const Node* cost = node.find("cost_per_run")) {
    reader.read(*cost, limits.cost_per_run);
    if (!(limits.cost_per_run > 0 && limits.cost_per_run <= 1000))
      reader.report.error("S104", cost->span,
                          "`cost_per_run` is " + quote(cost->text) +
                              "; it must be more than 0 and at most 1000 USD");
  }
  if (const Node* steps = node.find("steps")) reader.read_int(*steps, limits.steps, 1, 100'000);
  if (const Node* timeout = node.find("timeout")) reader.read(*timeout, limits.timeout);
  if (const Node* state = node.find("state")) reader.read_size(*state, limits.state_bytes);
  if (const Node* hosts = node.find("hosts")) load_hosts(reader, *hosts, limits);
}

void index_block(App& app, const Block& block) {
  app.blocks[block.id] = &block;
  for (const NodeDef& node : block.nodes)
    for (const auto& body : node.bodies) index_block(app, *body);
}

// Graphs call each other by name, so each is loaded when it is first needed: its types are then
// known to its callers, and a circle is found where it closes.
class GraphsLoader {
 public:
  // `tools`: null, there are none.
  GraphsLoader(const Reader& reader, const Kinds& kinds, const Node& node, const Node* tools,
               App& app, std::string prefix)
      : base_(reader),
        kinds_(kinds),
        node_(node),
        tools_(tools),
        app_(app),
        prefix_(std::move(prefix)) {}

  void load() {
    for (const yaml::Member& member : node_.members) load(member);
    if (tools_)
      for (const yaml::Member& member : tools_->members) load_one_tool(member);
  }

 private:
  Reader fresh() {
    Reader reader = base_;
    reader.graph_named = [this](const Node& at, const std::string& wanted) {
      return named(at, wanted);
    };
    if (prefix_.empty())
      reader.tool_named = [this](const Node& at, const std::string& wanted) {
        return tool(at, wanted);
      };
    return reader;
  }

  std::shared_ptr<const Tool> load_one_tool(const yaml::Member& member) {
    if (const auto it = app_.tools.find(member.key); it != app_.tools.end()) return it->second;
    const auto tool = std::make_shared<Tool>();
    Reader reader = fresh();
    open_.push_back(member.key);
    load_tool(reader, kinds_, member, *tool);
    open_.pop_back();
    app_.tools[member.key] = tool;
    return tool;
  }

  std::shared_ptr<const Tool> tool(const Node& at, const std::string& name) {
    const yaml::Member* member = tools_ ? tools_->find_member(name) : nullptr;
    const auto known_tool = app_.tools.find(name);
    if (known_tool != app_.tools.end()) return known_tool->second;
    if (member && std::find(open_.begin(), open_.end(), name) == open_.end())
      return load_one_tool(*member);
    if (member) {
      base_.report.error("G307", at.span, "tool " + quote(name) + " leads back to itself",
                         "a model that a tool asks has no use for that tool");
      return nullptr;
    }
    std::vector<std::string> known;
    if (tools_)
      for (const yaml::Member& one : tools_->members) known.push_back(one.key);
    const std::string near = nearest(name, known);
    base_.report.error("R212", at.span, "no tool " + quote(name),
                       !near.empty()   ? quote(near)
                       : known.empty() ? "declare it under `tools`"
                                       : "one of " + any_of(known));
    return nullptr;
  }

  void load(const yaml::Member& member) {
    const std::string name = prefix_ + member.key;
    if (app_.graphs.contains(name)) return;
    Graph& graph = app_.graphs[name];
    graph.name = name;
    graph.span = member.key_span;
    Reader reader = fresh();
    reader.good_id(member.key, member.key_span, "a graph");
    open_.push_back(member.key);
    load_graph(reader, kinds_, member.value, graph);
    open_.pop_back();
  }

  const Graph* named(const Node& at, const std::string& name) {
    if (const yaml::Member* member = node_.find_member(name)) {
      const auto open = std::find(open_.begin(), open_.end(), name);
      if (open == open_.end()) {
        load(*member);
        return &app_.graphs.at(prefix_ + name);
      }
      std::string circle;
      for (auto it = open; it != open_.end(); ++it) circle += *it + " → ";
      base_.report.error("G307", at.span, "graphs call each other in a circle: " + circle + name,
                         "a cycle is a `loop` with `max`");
      return nullptr;
    }
    if (const auto it = app_.graphs.find(name); it != app_.graphs.end()) return &it->second;
    std::vector<std::string> known;
    for (const yaml::Member& member : node_.members) known.push_back(member.key);
    for (const auto& [key, graph] : app_.graphs)
      if (key.find('.') != std::string::npos) known.push_back(key);
    const std::string near = nearest(name, known);
    base_.report.error("R204", at.span, "no graph " + quote(name),
                       near.empty() ? "one of " + any_of(known) : quote(near));
    return nullptr;
  }

  const Reader& base_;
  const Kinds& kinds_;
  const Node& node_;
  const Node* const tools_;
  App& app_;
  const std::string prefix_;
  std::vector<std::string> open_;  // that are being loaded, the caller before the called
};

// `use: [lib/common.yaml]`: its models, collections and graphs are reached as common.name.
void load_library(Reader& reader, const Kinds& kinds, const Node& use, App& app) {
  std::string path;
  if (!reader.read(use, path)) return;
  if (!path.ends_with(".yaml") || path.starts_with("/") ||
      ("/" + path).find("/../") != std::string::npos)
    return reader.report.error("R210", use.span, quote(path) + " is not a library of this project",
                               "a .yaml file below the folder that holds apps.d/");
  const std::optional<std::string> text = reader.files.read(path);
  if (!text)
    return reader.report.error("R202", use.span,
                               "no file " + quote(path) + ", or it is larger than 1 MiB");
  const std::optional<Node> root = yaml::parse(path, *text, reader.report);
  if (!root) return;
  static const std::vector<std::string> kLibrary = {
      "plenum", "title", "description", "version", "models", "collections", "graphs"};
  const auto among = [](const std::vector<std::string>& keys, const std::string& key) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
  };
  Node known = *root;
  std::erase_if(known.members, [&](const yaml::Member& member) {
    if (among(kLibrary, member.key) || !among(kKeys, member.key)) return false;
    if (among({"app", "routes", "schedules"}, member.key))
      reader.report.error("S101", member.key_span, "a library has no " + quote(member.key),
                          "it belongs to the app that uses the library");
    else
      reader.unsupported(member.key_span, quote(member.key) + " of a library");
    return true;
  });
  if (!reader.map_of(known, "a library", kLibrary)) return;
  const size_t slash = path.rfind('/');
  const std::string stem = path.substr(slash + 1, path.size() - 5 - slash - 1);
  if (!reader.good_id(stem, use.span, "a library")) return;
  App own;
  Reader inside = reader;
  inside.models.clear();
  if (const Node* models = root->find("models")) load_models(inside, *models, own);
  if (const Node* collections = root->find("collections"))
    load_collections(inside, *collections, own);
  for (auto& [name, collection] : own.collections) {
    Collection& kept = app.collections[stem + "." + name] = std::move(collection);
    kept.name = stem + "." + name;
  }
  inside.collections = &app.collections;
  inside.prefix = stem + ".";
  for (const auto& [name, model] : own.models) {
    app.models[stem + "." + name] = model;
    reader.models[stem + "." + name] = model;
  }
  if (const Node* graphs = root->find("graphs"); graphs && reader.is_map(*graphs, "`graphs`"))
    GraphsLoader(inside, kinds, *graphs, nullptr, app, stem + ".").load();
}

std::string hash_of(const std::map<std::string, std::string>& files) {
  std::string all;
  for (const auto& [path, text] : files)
    all += std::to_string(path.size()) + ":" + path + std::to_string(text.size()) + ":" + text;
  return sha256_hex(all);
}

}  // namespace

const Block* App::block(std::string_view id) const {
  const auto it = blocks.find(id);
  return it == blocks.end() ? nullptr : it->second;
}

const Graph* App::graph_of(std::string_view block) const {
  if (block.starts_with("tool:")) {
    const auto tool = tools.find(std::string(block.substr(5)));
    return tool == tools.end() ? nullptr : &tool->second->graph;
  }
  const auto graph = graphs.find(std::string(block));
  return graph == graphs.end() ? nullptr : &graph->second;
}

namespace {

// Into the draft, so that what was read before a mistake is kept.
void read_all(const std::string& path, const RecordingFiles& recorded, const Kinds& kinds,
              Report& report, Draft& draft) {
  const auto file = std::make_shared<const std::string>(path);
  const std::optional<std::string> text = recorded.read(path);
  if (!text) {
    report.error("R202", {file, {1, 1}, {1, 1}},
                 "no file " + quote(path) + ", or it is larger than 1 MiB");
    return;
  }
  draft.root = yaml::parse(path, *text, report);
  const std::optional<Node>& root = draft.root;
  if (!root) return;
  auto app = std::make_shared<App>();
  app->span = {file, {1, 1}, {1, 1}};
  app->env = std::make_shared<const Json>(Json::object());
  Reader reader(recorded, report);
  reader.uses = &draft.uses;
  if (!reader.map_of(*root, "an app file", kKeys)) return;
  draft.app = app;
  load_identity(reader, *root, path, *app);
  for (const std::string& key : kLater)
    if (const yaml::Member* member = root->find_member(key))
      reader.unsupported(member->key_span, "`" + key + "`");
  if (const Node* secrets = root->find("secrets")) load_secrets(reader, *secrets, *app);
  if (const Node* env = root->find("env")) load_env(reader, *env, *app);
  if (const Node* limits = root->find("limits")) load_limits(reader, *limits, app->limits);
  if (const Node* models = root->find("models")) load_models(reader, *models, *app);
  if (const Node* collections = root->find("collections"))
    load_collections(reader, *collections, *app);
  reader.collections = &app->collections;
  if (const Node* use = root->find("use"); use && reader.is_list(*use, "`use`"))
    for (const Node& library : use->items) load_library(reader, kinds, library, *app);
  reader.hosts = &app->limits.hosts;
  if (const Node* graphs = root->find("graphs")) {
    const Node* tools = root->find("tools");
    if (tools && !reader.is_map(*tools, "`tools`")) tools = nullptr;
    if (reader.is_map(*graphs, "`graphs`"))
      GraphsLoader(reader, kinds, *graphs, tools, *app, "").load();
  } else if (Reader::lacks(*root, "graphs")) {
    report.error("S102", app->span, "an app file needs `graphs`", "graphs: {main: {nodes: […]}}");
  }
  for (const auto& [name, graph] : app->graphs) index_block(*app, graph.nodes);
  for (const auto& [name, tool] : app->tools) index_block(*app, tool->graph.nodes);
  if (const Node* access = root->find("access"))
    reader.map_of(*access, "`access`", {"auth", "plans", "quota", "rate"});
  if (const Node* routes = root->find("routes"))
    load_routes(reader, *routes, root->find("access"), *app);
  else if (Reader::lacks(*root, "routes"))
    report.error("S102", app->span, "an app file needs `routes`",
                 "routes: {POST /ask: {start: a graph}}");
  if (const Node* schedules = root->find("schedules")) load_schedules(reader, *schedules, *app);
}

}  // namespace

Draft read_app(const std::string& path, const Files& files, const Kinds& kinds, Report& report) {
  const RecordingFiles recorded(files);
  Draft draft;
  read_all(path, recorded, kinds, report, draft);
  draft.files = recorded.record();
  if (draft.app) draft.app->files = draft.files, draft.app->hash = hash_of(draft.files);
  return draft;
}

std::shared_ptr<const App> load_app(const std::string& path, const Files& files, const Kinds& kinds,
                                    Report& report) {
  const Draft draft = read_app(path, files, kinds, report);
  return report.has_errors() ? nullptr : draft.app;
}

}  // namespace plenum::app
