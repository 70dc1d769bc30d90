// `tests`: the cases, with every path, node and name that they use checked against the app.
//
// Fixtures are read here, once, and are no part of the app: a served app needs neither its tests
// nor their files.
#include <nlohmann/json.hpp>

#include "engine/app/json_place.h"
#include "engine/app/load_parts.h"
#include "engine/app/tests.h"

namespace plenum::app {

using yaml::Node;

namespace {

const std::vector<std::string> kCaseKeys = {"name", "user", "steps"};
const std::vector<std::string> kStepKeys = {"call", "after", "body", "replies", "files", "expect"};
const std::vector<std::string> kMethods = {"GET", "POST", "PUT", "PATCH", "DELETE"};

// What every app serves besides its routes; {} stands for any segment.
std::vector<std::string> generated(const App& app) {
  std::vector<std::string> calls = {"GET /openapi.json", "GET /docs", "GET /files/{}"};
  for (const std::string kind : {"/jobs/{}", "/runs/{}"}) {
    calls.push_back("GET " + kind);
    calls.push_back("DELETE " + kind);
    for (const char* page : {"/status", "/result", "/events"})
      calls.push_back("GET " + kind + page);
  }
  for (const auto& [name, collection] : app.collections) {
    if (collection.list) calls.push_back("GET /" + name);
    if (collection.get) calls.push_back("GET /" + name + "/{}");
    if (collection.remove) calls.push_back("DELETE /" + name + "/{}");
  }
  return calls;
}

// A path with parameters and templates as {}, without its query.
std::string shape(std::string_view path) {
  std::string text;
  int depth = 0;
  for (const char c : path) {
    if (c == '?' && depth == 0) break;
    if (c == '{' && depth++ == 0) text += "{}";
    if (depth == 0) text += c;
    if (c == '}') --depth;
  }
  return text;
}

// Whether a call of this shape is one that `pattern` takes; {} takes any segment on either side.
bool takes(std::string_view pattern, std::string_view call) {
  const auto segment = [](std::string_view& text) {
    const size_t slash = text.find('/');
    const std::string_view first = text.substr(0, slash);
    text = slash == text.npos ? std::string_view() : text.substr(slash + 1);
    return first;
  };
  if (std::count(pattern.begin(), pattern.end(), '/') != std::count(call.begin(), call.end(), '/'))
    return false;
  while (!pattern.empty() || !call.empty()) {
    const std::string_view wanted = segment(pattern), given = segment(call);
    if (wanted != given && wanted != "{}" && given.find("{}") == given.npos) return false;
  }
  return true;
}

// The kinds of all nodes by their paths; `graph` is left out of a block's id.
void add_nodes(const Block& block, size_t graph, std::map<std::string, std::string>& kinds) {
  const std::string prefix = block.id.size() > graph ? block.id.substr(graph + 1) + "/" : "";
  for (const NodeDef& node : block.nodes) {
    kinds.emplace(prefix + node.id, node.kind);
    for (const auto& body : node.bodies) add_nodes(*body, graph, kinds);
  }
}

class TestLoader {
 public:
  TestLoader(Reader& reader, const App& app, Tests& tests)
      : reader_(reader), app_(app), tests_(tests), sound_(!reader.report.has_errors()) {
    for (const auto& [name, graph] : app.graphs) add_nodes(graph.nodes, name.size(), nodes_);
    for (const auto& [name, tool] : app.tools)
      add_nodes(tool->graph.nodes, tool->graph.name.size(), nodes_);
    for (const Route& route : app.routes) calls_.push_back(route.method + " " + shape(route.path));
    for (std::string& call : generated(app)) calls_.push_back(std::move(call));
  }

  void load(const Node& list) {
    if (!reader_.is_list(list, "`tests`")) return;
    for (const Node& item : list.items) load_case(item);
  }

 private:
  void load_case(const Node& node) {
    if (!reader_.map_of(node, "a test", kCaseKeys)) return;
    TestCase& test = tests_.cases.emplace_back();
    test.span = node.span;
    if (const Node* name = node.find("name")) {
      test.span = name->span;
      reader_.read(*name, test.name);
      for (const TestCase& other : tests_.cases)
        if (&other != &test && !test.name.empty() && other.name == test.name)
          reader_.report.error("Y001", name->span, "two tests are named " + quote(test.name),
                               "the other one is at " + other.span.place());
    } else if (Reader::lacks(node, "name")) {
      reader_.report.error("S102", node.span, "a test needs `name`",
                           "what it shows, as a sentence");
    }
    load_user(node.find("user"), test);
    const Node* steps = node.find("steps");
    if (!steps && Reader::lacks(node, "steps"))
      reader_.report.error("S102", node.span, "a test needs `steps`",
                           "steps: [{call: POST /…, expect: [response.status == 200]}]");
    if (!steps || !reader_.is_list(*steps, "`steps`")) return;
    for (size_t i = 0; i < steps->items.size(); ++i) load_step(steps->items[i], i == 0, test);
  }

  void load_user(const Node* node, TestCase& test) {
    test.user = "tester";
    test.plan = "free";
    if (!node || !reader_.map_of(*node, "`user` of a test", {"id", "plan", "roles"})) return;
    for (const auto& [key, member] :
         {std::pair<const char*, std::string TestCase::*>{"id", &TestCase::user},
          {"plan", &TestCase::plan}})
      if (const Node* value = node->find(key); value && reader_.read(*value, test.*member))
        check_word(*value, test.*member);
    const Node* roles = node->find("roles");
    if (!roles) return;
    reader_.read_words(*roles, test.roles);
    for (const std::string& role : test.roles) check_word(*roles, role);
  }

  void check_word(const Node& node, const std::string& word) {
    const auto good = [](unsigned char c) {
      return isalnum(c) || c == '_' || c == '-' || c == '.' || c == '@';
    };
    if (word.empty() || word.size() > 64 || !std::all_of(word.begin(), word.end(), good))
      reader_.report.error("S104", node.span, quote(word) + " cannot name a user, a plan or a role",
                           "1 to 64 letters, digits and _-.@");
  }

  void load_step(const Node& node, bool first, TestCase& test) {
    TestStep& step = test.steps.emplace_back();
    step.span = node.span;
    if (!reader_.map_of(node, "a step of a test", kStepKeys)) return;
    reader_.names = test_names(app_, false, first);
    if (const yaml::Member* call = node.find_member("call"))
      load_call(call->value, step);
    else if (Reader::lacks(node, "call"))
      reader_.report.error("S102", node.span, "a step of a test needs `call`",
                           "for example call: POST /analyze");
    if (const Node* after = node.find("after")) reader_.read(*after, step.after);
    if (const Node* body = node.find("body")) load_body(*body, step);
    if (const Node* replies = node.find("replies")) load_replies(*replies, step);
    if (const Node* files = node.find("files")) load_files(*files, step);
    reader_.names = test_names(app_, true, first);
    if (const Node* expect = node.find("expect")) load_expect(*expect, step);
  }

  // "POST /analyze", "GET /jobs/{{last.body.job_id}}/result"
  void load_call(const Node& node, TestStep& step) {
    std::string text;
    step.span = node.span;
    if (!reader_.read(node, text)) return;
    const size_t space = text.find(' ');
    const std::string method = text.substr(0, space);
    const bool known = std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end();
    if (space == std::string::npos || !known || text.compare(space + 1, 1, "/") != 0)
      return reader_.report.error("S104", node.span, quote(text) + " is not a method and a path",
                                  "for example POST /analyze");
    reader_.read(node, step.call);
    const std::string call = method + " " + shape(std::string_view(text).substr(space + 1));
    if (!sound_) return;
    if (std::any_of(calls_.begin(), calls_.end(),
                    [&](const std::string& known) { return takes(known, call); }))
      return;
    const std::string near = nearest(text, calls_);
    std::vector<std::string> own;
    for (const Route& route : app_.routes) own.push_back(route.key());
    reader_.report.error(
        "R211", node.span, "no route " + quote(text) + " in app " + quote(app_.name),
        !near.empty() ? quote(near)
        : own.empty() ? "declare it under `routes`"
                      : "one of " + any_of(own) + ", or a page that every app has");
  }

  void load_body(const Node& node, TestStep& step) {
    if (is_fixture(node)) {
      if (const auto value = fixture(node)) step.body = Value(*value);
      return;
    }
    reader_.read(node, step.body);
    reader_.wants(node, step.body, Type::object({}, true), "`body`");
  }

  void load_replies(const Node& node, TestStep& step) {
    if (!reader_.is_map(node, "`replies`",
                        "replies: {a node: a value, a fixture, or a list of them}"))
      return;
    for (const yaml::Member& member : node.members) {
      TestReplies& replies = step.replies.emplace_back();
      replies.kind = check_node(member);
      replies.node = member.key;
      replies.span = member.key_span;
      replies.each = member.value.is(Node::Kind::list);
      if (!replies.each) {
        load_reply(member.value, replies.visits.emplace_back());
        continue;
      }
      for (const Node& item : member.value.items) load_reply(item, replies.visits.emplace_back());
    }
  }

  // The node's kind; "": it takes no replies, or nobody knows.
  std::string check_node(const yaml::Member& member) {
    if (!sound_) return {};
    // Behind the call of a graph stand that graph's own nodes.
    std::string path = member.key;
    for (size_t slash = 0; (slash = path.find('/', slash)) != std::string::npos; ++slash)
      if (const auto call = nodes_.find(path.substr(0, slash));
          call != nodes_.end() && (call->second == "graph" || call->second == "llm"))
        path = path.substr(slash + 1), slash = 0;
    const auto it = nodes_.find(path);
    if (it == nodes_.end()) {
      std::vector<std::string> known;
      for (const auto& [path, kind] : nodes_)
        if (takes_replies(kind)) known.push_back(path);
      const std::string near = nearest(member.key, known);
      reader_.report.error("R203", member.key_span, "no such node: " + quote(member.key),
                           !near.empty()   ? quote(near)
                           : known.empty() ? "no node of this app takes replies"
                                           : "one of " + any_of(known));
      return {};
    }
    if (takes_replies(it->second)) return it->second;
    reader_.report.error(
        "R203", member.key_span,
        "node " + quote(member.key) + " takes no reply: it " +
            (it->second.empty() ? "only computes" : "is of kind " + quote(it->second)),
        "`replies` answer llm, http and retrieve nodes; all others really run");
    return {};
  }

  void load_reply(const Node& node, TestReply& reply) {
    if (is_fixture(node)) {
      reply.fixture = node.text;
      if (auto value = fixture(node)) reply.value = Value(*std::move(value));
      return;
    }
    const Node* error =
        node.is(Node::Kind::map) && node.members.size() == 1 ? node.find("error") : nullptr;
    if (!error) return reader_.read(node, reply.value);
    if (!reader_.map_of(*error, "`error` of a reply", {"status", "body"})) return;
    reply.status = 500;
    if (const Node* status = error->find("status"))
      reader_.read_int(*status, reply.status, 400, 599);
    else
      reader_.report.error("S102", error->span, "`error` of a reply needs `status`",
                           "the HTTP status, for example {error: {status: 503}}");
    if (const Node* body = error->find("body")) reader_.read(*body, reply.value);
  }

  static bool is_fixture(const Node& node) {
    return node.is(Node::Kind::string) && node.text.starts_with("fixtures/") &&
           node.text.find_first_of(" \n{") == std::string::npos;
  }

  // The file's JSON, or its text when it is called something else.
  std::optional<Json> fixture(const Node& node) {
    const auto text = bytes_of(node);
    if (!text) return std::nullopt;
    if (!node.text.ends_with(".json")) return Json(*text);
    Result<Json> value = parse_json(*text);
    if (value) return *std::move(value);
    const Position place = place_in_message(value.error().message).value_or(Position{1, 1});
    reader_.report.error(
        "J701",
        {std::make_shared<const std::string>(node.text), place, {place.line, place.column + 1}},
        quote(node.text) + " is not JSON: " + value.error().message);
    return std::nullopt;
  }

  std::optional<std::string> bytes_of(const Node& node) {
    return reader_.whole_file(node.span, node.text);
  }

  void load_files(const Node& node, TestStep& step) {
    if (!reader_.is_map(node, "`files`", "files: {a field: a fixture}")) return;
    for (const yaml::Member& member : node.members) {
      std::string path;
      if (!reader_.read(member.value, path)) continue;
      if (!is_fixture(member.value)) {
        reader_.report.error("S104", member.value.span, quote(path) + " is no file under fixtures/",
                             "for example fixtures/" + app_.name + "/" + member.key + ".pdf");
        continue;
      }
      if (auto bytes = bytes_of(member.value))
        step.uploads.push_back({member.key, path.substr(path.rfind('/') + 1), *std::move(bytes)});
    }
  }

  void load_expect(const Node& node, TestStep& step) {
    if (!node.is(Node::Kind::list)) return reader_.read(node, step.expect.emplace_back());
    for (const Node& item : node.items) reader_.read(item, step.expect.emplace_back());
  }

  Reader& reader_;
  const App& app_;
  Tests& tests_;
  const bool sound_;  // of an app with mistakes it is not known which nodes and routes it has
  std::map<std::string, std::string> nodes_;  // path to kind
  std::vector<std::string> calls_;            // "POST /analyze", "GET /jobs/{}"
};

}  // namespace

bool takes_replies(std::string_view kind) {
  return kind == "llm" || kind == "http" || kind == "mcp" || kind == "retrieve";
}

cel::Names test_names(const App& app, bool answered, bool first) {
  const auto answer = [](const char* title) {
    return Type::object({{"status", {Type::Kind::integer}},
                         {"headers", {Type::map(Type::Kind::string)}},
                         {"body", {Type()}}},
                        false, title);
  };
  cel::Names names;
  if (answered) names["response"] = answer("`response`");
  if (!first) names["last"] = answer("`last`");
  names["user"] = user_type(false);
  names["env"] = type_of(*app.env);
  names["now"] = Type::Kind::timestamp;
  return names;
}

Tests read_tests(const Draft& draft, const Files& files, Report& report) {
  Tests tests;
  const Node* node = draft.root && draft.app ? draft.root->find("tests") : nullptr;
  if (!node) return tests;
  const RecordingFiles recorded(files);
  Reader reader(recorded, report);
  TestLoader loader(reader, *draft.app, tests);
  if (!node->is(Node::Kind::string)) {
    loader.load(*node);
  } else if (!Reader::is_path(node->text)) {
    report.error("S104", node->span,
                 quote(node->text) + " is neither a list of tests nor a file of them",
                 "for example fixtures/" + draft.app->name + "/tests.yaml");
  } else if (const auto text = reader.whole_file(node->span, node->text)) {
    if (const auto list = yaml::parse(node->text, *text, report)) loader.load(*list);
  }
  tests.files = recorded.record();
  return tests;
}

}  // namespace plenum::app
