// Messages in, messages out; what is known of an app is found again after each change.
#include "tools/editor/server.h"

#include <nlohmann/json.hpp>

#include "tools/editor/places.h"

namespace plenum::editor {

namespace {

constexpr int kParseError = -32700, kInvalid = -32600, kUnknown = -32601, kNotReady = -32002;
const JsonLimits kMessage{32u << 20, 64, 1'000'000, 16u << 20, 10'000};

// The files of a folder, with what is open in the editor over them.
class Overlay final : public app::Files {
 public:
  Overlay(const std::string& root, const std::map<std::string, std::string>& open)
      : root_(root), open_(open), disk_(app::disk_files(root)) {}
  std::optional<std::string> read(const std::string& path) const override {
    if (const auto it = open_.find(root_ + "/" + path); it != open_.end()) return it->second;
    return disk_->read(path);
  }
  std::vector<std::string> list(const std::string& folder) const override {
    return disk_->list(folder);
  }

 private:
  const std::string& root_;
  const std::map<std::string, std::string>& open_;
  std::unique_ptr<app::Files> disk_;
};

// "/x/apps.d/a.yaml" to "/x" and "apps.d/a.yaml"; the same for prompts/, schemas/, templates/ and
// fixtures/.
std::optional<std::pair<std::string, std::string>> split(const std::string& path) {
  for (const char* folder : {"/apps.d/", "/prompts/", "/schemas/", "/templates/", "/fixtures/"})
    if (const size_t at = path.rfind(folder); at != std::string::npos)
      return std::pair(path.substr(0, at), path.substr(at + 1));
  // An app file may stand in a folder of any name.
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos || slash == 0 ||
      !(path.ends_with(".yaml") || path.ends_with(".yml")))
    return std::nullopt;
  const size_t above = path.rfind('/', slash - 1);
  if (above == std::string::npos) return std::nullopt;
  return std::pair(path.substr(0, above), path.substr(above + 1));
}

bool is_app(const std::string& path) {
  return (path.ends_with(".yaml") || path.ends_with(".yml")) &&
         std::count(path.begin(), path.end(), '/') == 1;
}

const Json& member(const Json& value, std::string_view key) {
  static const Json kNull;
  const Json* found = find(value, key);
  return found ? *found : kNull;
}

int severity(const Diagnostic& finding) {
  return finding.severity == Severity::error ? 1 : finding.severity == Severity::warning ? 2 : 3;
}

}  // namespace

bool LanguageServer::take(const std::string& text) {
  const Result<Json> message = parse_json(text, kMessage);
  if (!message) {
    reply(Json(), "error", Json{{"code", kParseError}, {"message", message.error().message}});
    return true;
  }
  const Json& id = member(*message, "id");
  const std::string method = text_or(*message, "method");
  if (method == "exit") return false;
  if (id.is_null()) {
    if (ready_ || method == "initialized") notice(method, member(*message, "params"));
    return true;
  }
  if (method.empty()) {  // an answer to a question that we never ask
    if (!find(*message, "result") && !find(*message, "error"))
      reply(id, "error", Json{{"code", kInvalid}, {"message", "a request has a method"}});
    return true;
  }
  if (!ready_ && method != "initialize") {
    reply(id, "error", Json{{"code", kNotReady}, {"message", "send `initialize` first"}});
    return true;
  }
  static const std::set<std::string> kMethods = {"initialize", "shutdown", "textDocument/hover",
                                                 "textDocument/definition",
                                                 "textDocument/completion"};
  if (!kMethods.contains(method))
    reply(id, "error", Json{{"code", kUnknown}, {"message", "no method " + method}});
  else
    reply(id, "result", answer(method, member(*message, "params")));
  return true;
}

void LanguageServer::reply(const Json& id, const char* name, Json value) {
  send_(Json{{"jsonrpc", "2.0"}, {"id", id}, {name, std::move(value)}});
}

Json LanguageServer::answer(const std::string& method, const Json& params) {
  if (method == "textDocument/hover") return hover(params);
  if (method == "textDocument/definition") return definition(params);
  if (method == "textDocument/completion") return completion(params);
  if (method == "shutdown") {
    shut_down_ = true;
    return {};
  }
  ready_ = true;
  return Json{{"capabilities",
               {{"positionEncoding", "utf-16"},
                {"textDocumentSync", {{"openClose", true}, {"change", 1}, {"save", true}}},
                {"hoverProvider", true},
                {"definitionProvider", true},
                {"completionProvider", {{"triggerCharacters", {" ", "/", "."}}}}}},
              {"serverInfo", {{"name", "plenum"}, {"version", "0.1.0"}}}};
}

void LanguageServer::notice(const std::string& method, const Json& params) {
  const Json& document = member(params, "textDocument");
  const std::string uri = text_or(document, "uri"), path = path_of(uri);
  if (path.empty()) return;
  if (method == "textDocument/didOpen") {
    open_[path] = text_or(document, "text");
  } else if (method == "textDocument/didChange") {
    const Json& changes = member(params, "contentChanges");
    if (changes.is_array() && !changes.empty()) open_[path] = text_or(changes.back(), "text");
  } else if (method == "textDocument/didClose") {
    open_.erase(path);
  } else if (method != "textDocument/didSave") {
    return;
  }
  refresh(path);
}

// The app itself, or every known app that the file belongs to, and the one that its folder names.
void LanguageServer::refresh(const std::string& path) {
  const auto place = split(path);
  if (!place) return;
  const auto& [root, file] = *place;
  if (is_app(file)) return check(root, file);
  std::set<std::string> apps;
  for (const auto& [app, known] : apps_)
    if (known.now.draft.files.contains(file) || known.now.tests.files.contains(file))
      apps.insert(app.substr(root.size() + 1));
  const size_t first = file.find('/'), second = file.find('/', first + 1);
  if (second != std::string::npos) {
    const std::string named = "apps.d/" + file.substr(first + 1, second - first - 1) + ".yaml";
    if (app::disk_files(root)->read(named)) apps.insert(named);
  }
  for (const std::string& app : apps) check(root, app);
}

void LanguageServer::check(const std::string& root, const std::string& path) {
  Known& known = apps_[root + "/" + path];
  known.now = lint::lint_app(path, Overlay(root, open_), lint::Tests::read);
  if (known.now.draft.root) known.good = known.now.draft;
  publish(root, known);
}

void LanguageServer::publish(const std::string& root, Known& known) {
  std::map<std::string, Json> by_uri;
  for (const std::string& uri : known.told) by_uri[uri] = Json::array();
  if (known.now.draft.app && known.now.draft.app->span.file)
    by_uri[uri_of(root + "/" + *known.now.draft.app->span.file)] = Json::array();
  for (const Diagnostic& finding : known.now.findings) {
    if (!finding.span.file) continue;
    const std::string text = text_of(root, *finding.span.file);
    Json& list = by_uri[uri_of(root + "/" + *finding.span.file)];
    if (list.is_null()) list = Json::array();
    list.push_back(Json{
        {"range", range_of(text, finding.span.start, finding.span.end)},
        {"severity", severity(finding)},
        {"code", finding.code},
        {"source", "plenum"},
        {"message", finding.message + (finding.help.empty() ? "" : "\nhelp: " + finding.help)}});
  }
  known.told.clear();
  for (auto& [uri, list] : by_uri) {
    if (!list.empty()) known.told.insert(uri);
    send_(Json{{"jsonrpc", "2.0"},
               {"method", "textDocument/publishDiagnostics"},
               {"params", {{"uri", uri}, {"diagnostics", std::move(list)}}}});
  }
}

std::string LanguageServer::text_of(const std::string& root, const std::string& path) const {
  return Overlay(root, open_).read(path).value_or("");
}

std::optional<LanguageServer::At> LanguageServer::at(const Json& params) {
  const std::string path = path_of(text_or(member(params, "textDocument"), "uri"));
  const auto place = split(path);
  if (!place) return std::nullopt;
  At at{place->first, place->second, text_of(place->first, place->second), {}, nullptr};
  at.position = from_editor(at.text, member(params, "position"));
  if (const auto it = apps_.find(path); it != apps_.end()) at.known = &it->second;
  return at;
}

}  // namespace plenum::editor
