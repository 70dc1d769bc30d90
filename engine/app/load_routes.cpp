// Routes: which graph an endpoint starts, resumes or shows, and who may call it how often.
#include <charconv>
#include <nlohmann/json.hpp>

#include "engine/app/load_parts.h"

namespace plenum::app {

using yaml::Node;

namespace {

const std::vector<std::string> kRouteKeys = {"start", "resume", "waiting", "read",   "async",
                                             "with",  "output", "auth",    "plans",  "quota",
                                             "rate",  "files",  "job",     "summary"};

constexpr int64_t kMostRate = 1'000'000;

bool good_path(const std::string& path) {
  if (path.empty() || path[0] != '/' || path.size() > 200 || path.find("//") != std::string::npos)
    return false;
  for (const char c : path)
    if (!(isalnum(static_cast<unsigned char>(c)) ||
          std::string_view("/_-{}.").find(c) != std::string_view::npos))
      return false;
  return true;
}

// What is generated under every app, by its first segments.
bool hides_generated(const std::string& method, const std::string& path) {
  const bool get = method == "GET";
  if (get && (path == "/openapi.json" || path == "/docs" || path.starts_with("/files/")))
    return true;
  if ((get || method == "DELETE") && (path.starts_with("/jobs/") || path.starts_with("/runs/")))
    return true;
  return false;
}

// Routes that differ only in the names of their parameters are the same route.
std::string shape(const Route& route) {
  std::string text = route.method + " ";
  bool name = false;
  for (const char c : route.path) {
    if (!name) text += c;
    if (c == '{') name = true;
    if (c == '}') name = false;
  }
  return text;
}

class RouteLoader {
 public:
  RouteLoader(Reader& reader, App& app, Route& route) : reader_(reader), app_(app), route_(route) {}

  void load(const yaml::Member& member, const Node* access) {
    route_.span = member.key_span;
    if (!read_key(member) || !reader_.map_of(member.value, "a route", kRouteKeys)) return;
    if (access && access->is(Node::Kind::map)) load_access(*access);
    load_action(member);
    load_access(member.value);
    const Node& node = member.value;
    refuse_ignored(node);
    if (const Node* async = node.find("async")) reader_.read(*async, route_.async);
    if (const Node* with = node.find("with")) load_with(*with);
    if (const Node* files = node.find("files")) load_files(*files);
    if (const Node* job = node.find("job")) load_job(*job);
    if (const Node* summary = node.find("summary")) reader_.read(*summary, route_.summary);
    if (const Node* output = node.find("output")) load_output(*output);
    check_uploads(member);
    check_auth(member);
  }

 private:
  bool read_key(const yaml::Member& member) {
    const size_t space = member.key.find(' ');
    route_.method = member.key.substr(0, space);
    route_.path = space == std::string::npos ? "" : member.key.substr(space + 1);
    static const std::vector<std::string> kMethods = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    if (std::find(kMethods.begin(), kMethods.end(), route_.method) == kMethods.end() ||
        !good_path(route_.path)) {
      reader_.report.error("S104", member.key_span,
                           quote(member.key) + " is not a method and a path",
                           "for example POST /analyze");
      return false;
    }
    for (const Route& other : app_.routes)
      if (&other != &route_ && shape(other) == shape(route_))
        reader_.report.error("R207", member.key_span,
                             quote(member.key) + " is defined twice: " + quote(other.key()) +
                                 " takes the same calls",
                             "take another path");
    if (hides_generated(route_.method, route_.path))
      reader_.report.error("R207", member.key_span, quote(member.key) + " hides a generated route",
                           "take another path");
    return true;
  }

  void load_action(const yaml::Member& member) {
    int actions = 0;
    for (const char* action : {"start", "resume", "waiting", "read"}) {
      const Node* value = member.value.find(action);
      if (!value) continue;
      ++actions;
      std::string name;
      if (!reader_.read(*value, name)) continue;
      if (std::string_view(action) == "start")
        route_.does = Route::Does::start, find_graph(*value, name);
      if (std::string_view(action) == "resume")
        route_.does = Route::Does::resume, find_interrupt(*value, name);
      if (std::string_view(action) == "waiting")
        route_.does = Route::Does::waiting, find_interrupt(*value, name);
      if (std::string_view(action) == "read")
        route_.does = Route::Does::read, find_collection(*value, name);
    }
    const bool slip = actions == 0 && !(Reader::lacks(member.value, "start") &&
                                        Reader::lacks(member.value, "resume") &&
                                        Reader::lacks(member.value, "waiting"));
    if (slip) return;  // reported as an unknown key
    if (actions != 1)
      return reader_.report.error(
          "S102", member.key_span,
          quote(member.key) + " needs exactly one of `start`, `resume`, `waiting` and `read`",
          "for example start: a graph");
    const bool reads = route_.does == Route::Does::waiting || route_.does == Route::Does::read;
    if (reads && route_.method != "GET")
      reader_.report.error("S104", member.key_span, "a route that shows something is a GET",
                           "GET " + route_.path);
    if (!reads && route_.method == "GET")
      reader_.report.error("S104", member.key_span,
                           "a route that starts or resumes a run is not a GET",
                           "POST " + route_.path);
  }

  void find_graph(const Node& node, const std::string& name) {
    route_.graph = name;
    if (app_.graphs.contains(name)) return;
    std::vector<std::string> known;
    for (const auto& [key, graph] : app_.graphs) known.push_back(key);
    const std::string near = nearest(name, known);
    reader_.report.error("R204", node.span, "no graph " + quote(name),
                         !near.empty()   ? quote(near)
                         : known.empty() ? "declare it under `graphs`"
                                         : "one of " + any_of(known));
  }

  void find_interrupt(const Node& node, const std::string& name) {
    const size_t dot = name.rfind('.');
    route_.graph = name.substr(0, dot);
    route_.interrupt = dot == std::string::npos ? "" : name.substr(dot + 1);
    std::vector<std::string> known;
    for (const auto& [key, graph] : app_.graphs)
      for (const NodeDef* node : all_nodes(graph.nodes))
        if (node->pauses) {
          known.push_back(key + "." + node->id);
          if (known.back() == name) route_.answers = node->who;
        }
    if (std::find(known.begin(), known.end(), name) != known.end()) return;
    const std::string near = nearest(name, known);
    reader_.report.error("R204", node.span, quote(name) + " is not an interrupt",
                         !near.empty()   ? quote(near)
                         : known.empty() ? "no graph has an interrupt"
                                         : "one of " + any_of(known));
  }

  void find_collection(const Node& node, const std::string& name) {
    route_.collection = name;
    if (const auto found = app_.collections.find(name); found != app_.collections.end()) {
      if (found->second.vector)
        reader_.report.error("R214", node.span, quote(name) + " holds texts with vectors, not rows",
                             "a graph with `retrieve` finds them");
      return;
    }
    std::vector<std::string> known;
    for (const auto& [key, collection] : app_.collections) known.push_back(key);
    const std::string near = nearest(name, known);
    reader_.report.error("R201", node.span, "no collection " + quote(name),
                         !near.empty()   ? quote(near)
                         : known.empty() ? "declare it under `collections`"
                                         : "one of " + any_of(known));
  }

  // Options that `access` gives for every route and a route may give for itself.
  void load_access(const Node& node) {
    if (const Node* auth = node.find("auth")) load_auth(*auth);
    if (const Node* plans = node.find("plans")) reader_.read_words(*plans, route_.plans);
    if (const Node* rate = node.find("rate")) load_rate(*rate);
    if (const Node* quota = node.find("quota")) load_amounts(*quota, route_.quota);
  }

  void load_auth(const Node& node) {
    std::string word = "required";
    route_.roles.clear();
    if (!node.is(Node::Kind::map)) {
      reader_.read_word(node, word, {"required", "optional", "public"});
    } else if (reader_.map_of(node, "`auth`", {"roles"})) {
      const Node* roles = node.find("roles");
      if (roles) reader_.read_words(*roles, route_.roles);
      if (route_.roles.empty() && Reader::lacks(node, "roles"))
        reader_.report.error("S102", node.span, "`auth` names no role", "roles: [editor]");
    }
    route_.auth = word == "public"     ? Route::Auth::open
                  : word == "optional" ? Route::Auth::optional
                                       : Route::Auth::required;
  }

  void load_rate(const Node& node) {
    load_amounts(node, route_.rate);
    for (const auto& [plan, rate] : route_.rate)
      if (rate.period.count() > 0 && (rate.count < 1 || rate.count > kMostRate))
        return reader_.report.error(
            "S104", node.span, "a `rate` is 1 to " + std::to_string(kMostRate) + " calls per time",
            "60/min; with `plans` nobody else may call at all");
  }

  // One amount for everybody, or one for each plan.
  void load_amounts(const Node& node, std::map<std::string, Quota>& amounts) {
    amounts.clear();
    if (!node.is(Node::Kind::map)) return reader_.read(node, amounts[""]);
    for (const yaml::Member& member : node.members) reader_.read(member.value, amounts[member.key]);
  }

  // What a route of this kind would not act on.
  void refuse_ignored(const Node& node) {
    using Does = Route::Does;
    if (route_.does == Does::start) return;
    const std::string what = route_.does == Does::resume ? "resumes a run" : "shows something";
    for (const char* key : {"async", "with", "files", "job", "output", "quota"})
      if (const yaml::Member* member = node.find_member(key))
        reader_.unsupported(member->key_span, "`" + std::string(key) + "` of a route that " + what);
  }

  // All callers without sign-in are one owner: what lists its objects would show each of them the
  // others'.
  void check_auth(const yaml::Member& member) {
    using Does = Route::Does;
    if (route_.auth == Route::Auth::required) return;
    if (!route_.answers.empty())
      reader_.report.error("S104", member.key_span,
                           quote(member.key) + " is for callers with a role, so they must sign in",
                           "auth: required");
    const bool lists = route_.does == Does::waiting || route_.does == Does::read;
    if (lists)
      reader_.report.error("S104", member.key_span,
                           quote(member.key) +
                               " shows what belongs to its caller, so it cannot be "
                               "called without sign-in",
                           "auth: required");
    if (const Graph* g = graph(); g && route_.does == Does::start && g->reads_owner)
      reader_.report.error("S104", member.key_span,
                           quote(member.key) +
                               " starts a graph with `keep: user` or a query; callers without "
                               "sign-in would see what others of them left",
                           "auth: required");
    if (route_.auth != Route::Auth::open) return;
    route_.plans.clear();  // those that `access` gives
    if (member.value.find("plans"))
      reader_.report.error("S104", member.key_span,
                           quote(member.key) + " is public, so nobody who calls it has a plan",
                           "auth: required, or no `plans`");
  }

  const Graph* graph() const {
    const auto it = app_.graphs.find(route_.graph);
    return it == app_.graphs.end() ? nullptr : &it->second;
  }

  void load_with(const Node& node) {
    route_.has_with = true;
    if (!reader_.is_map(node, "`with`")) return;
    const auto saved = reader_.names;
    reader_.names = base_names(reader_);
    reader_.names["body"] = Type();
    reader_.names["params"] = Type::map(Type::Kind::string);
    reader_.names["query"] = Type::map(Type::Kind::string);
    for (const yaml::Member& member : node.members) {
      route_.with.emplace_back(member.key, Value());
      Value& value = route_.with.back().second;
      reader_.read(member.value, value);
      const Graph* g = graph();
      if (!g || route_.does != Route::Does::start) continue;
      if (const Field* field = find(g->input, member.key))
        reader_.wants(member.value, value, field->type.type, "input " + quote(member.key),
                      &field->type.schema);
      else
        report_no_input(*g, member);
    }
    reader_.names = saved;
    if (const Graph* g = graph(); g && route_.does == Route::Does::start)
      for (const Field& field : g->input)
        if (field.required() && !field.type.file && !node.find(field.name))
          reader_.report.error("D408", node.span,
                               "graph " + quote(g->name) + " needs input " + quote(field.name),
                               "add it: " + field.name + ": =body." + field.name);
  }

  void report_no_input(const Graph& graph, const yaml::Member& member) {
    std::vector<std::string> known;
    for (const Field& field : graph.input) known.push_back(field.name);
    const std::string near = nearest(member.key, known);
    reader_.report.error("D404", member.key_span,
                         "graph " + quote(graph.name) + " has no input " + quote(member.key),
                         !near.empty()   ? quote(near)
                         : known.empty() ? "declare it under `input`"
                                         : "one of " + any_of(known));
  }

  void load_output(const Node& node) {
    const auto saved = reader_.names;
    reader_.names = base_names(reader_);
    if (const Graph* g = graph()) {
      reader_.names["result"] = g->output_type;
      for (const FieldMap* fields : {&g->input, &g->state})
        for (const Field& field : *fields) reader_.names[field.name] = field.type.type;
    }
    reader_.read(node, route_.output.emplace());
    reader_.names = saved;
  }

  void load_files(const Node& node) {
    if (!reader_.is_map(node, "`files`")) return;
    static const std::vector<std::string> kTypes = {"pdf", "docx", "txt", "md",  "html",
                                                    "png", "jpeg", "gif", "webp"};
    for (const yaml::Member& member : node.members) {
      Upload upload;
      upload.field = member.key;
      if (!reader_.map_of(member.value, "a file", {"accept", "max"})) continue;
      if (const Node* accept = member.value.find("accept")) {
        reader_.read_words(*accept, upload.accept);
        for (std::string& type : upload.accept) {
          if (type == "jpg") type = "jpeg";
          if (std::find(kTypes.begin(), kTypes.end(), type) == kTypes.end())
            reader_.report.error(
                "S104", accept->span,
                quote(type) + " is not a file type that can be told by its content",
                any_of(kTypes));
        }
      }
      if (const Node* max = member.value.find("max")) reader_.read_size(*max, upload.max_bytes);
      const Graph* g = graph();
      const Field* field = g ? find(g->input, member.key) : nullptr;
      if (g && !field)
        report_no_input(*g, member);
      else if (field && !field->type.file)
        reader_.report.error(
            "D405", member.key_span,
            "input " + quote(member.key) + " is " + field->type.type.text() + ", not a file",
            "give it the type `file`");
      route_.uploads.push_back(std::move(upload));
    }
  }

  // A file can only come as an upload.
  void check_uploads(const yaml::Member& member) {
    if (route_.does != Route::Does::start || !graph()) return;
    for (const Field& field : graph()->input) {
      const bool uploaded =
          std::any_of(route_.uploads.begin(), route_.uploads.end(),
                      [&](const Upload& upload) { return upload.field == field.name; });
      if (field.type.file && field.required() && !uploaded)
        reader_.report.error("D408", member.key_span,
                             "graph " + quote(route_.graph) + " needs the file " +
                                 quote(field.name) + ", this route takes no upload for it",
                             "files: {" + field.name + ": {accept: [pdf], max: 10MB}}");
    }
  }

  void load_job(const Node& node) {
    if (!reader_.map_of(node, "`job`", {"priority", "concurrency", "timeout", "ttl"})) return;
    if (const Node* priority = node.find("priority")) {
      std::string word = "normal";
      reader_.read_word(*priority, word, {"high", "normal", "low"});
      route_.priority = word == "high" ? 1 : word == "low" ? -1 : 0;
    }
    if (const Node* concurrency = node.find("concurrency")) {
      const std::string& text = concurrency->text;
      int n = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
      if (error != std::errc() || n < 1 || n > 1000 || std::string_view(end) != "/user")
        reader_.report.error("S104", concurrency->span,
                             quote(text) + " is not a number of jobs per user, 1 to 1000",
                             "for example 2/user");
      else
        route_.concurrency = n;
    }
    if (const Node* timeout = node.find("timeout")) reader_.read(*timeout, route_.timeout);
    if (const Node* ttl = node.find("ttl")) reader_.read(*ttl, route_.ttl);
  }

  Reader& reader_;
  App& app_;
  Route& route_;
};

// Whose runs a route starts or resumes.
bool serves(const Route& route, bool signed_in) {
  return route.auth == Route::Auth::optional || (route.auth == Route::Auth::required) == signed_in;
}

// A `resume` route for signed-in callers never finds a run that was started without, and the other
// way round.
void check_resumable(Reader& reader, const App& app, const Route& resume) {
  const Route* other = nullptr;
  for (const Route& start : app.routes) {
    if (start.does != Route::Does::start || start.graph != resume.graph) continue;
    for (const bool signed_in : {true, false})
      if (serves(start, signed_in) && serves(resume, signed_in)) return;
    other = &start;
  }
  if (!other) return;
  const bool open = other->auth == Route::Auth::open;
  reader.report.error("S104", resume.span,
                      quote(resume.key()) + " is " + (open ? "not public" : "public") +
                          " and would never find the runs that " + quote(other->key()) +
                          " starts, which is " + (open ? "public" : "not"),
                      std::string("auth: ") + (open ? "public" : "required"));
}

}  // namespace

void load_routes(Reader& reader, const Node& node, const Node* access, App& app) {
  if (!reader.is_map(node, "`routes`")) return;
  app.routes.reserve(node.members.size());
  for (const yaml::Member& member : node.members) {
    app.routes.emplace_back();
    RouteLoader(reader, app, app.routes.back()).load(member, access);
  }
  for (const Route& route : app.routes)
    if (route.does == Route::Does::resume) check_resumable(reader, app, route);
}

}  // namespace plenum::app
