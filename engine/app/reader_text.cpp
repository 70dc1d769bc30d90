// Expressions, templates and data: everything that reads names in scope.
//
// A mistake is reported where it stands: inside the scalar of the app file, or inside the prompt or
// template file.
#include "engine/app/reader.h"

#include <nlohmann/json.hpp>

#include "engine/app/load.h"

namespace plenum::app {

using yaml::Node;

namespace {

Position shifted(Position position, Position by) {
  if (position.line == 1) position.column += by.column - 1;
  position.line += by.line - 1;
  return position;
}

Span in_file(const std::shared_ptr<const std::string>& file, Position start, Position end) {
  return {file, start, end};
}

mustache::Escape escape_for(std::string_view path) {
  return path.ends_with(".html") || path.ends_with(".htm") ? mustache::Escape::html
                                                           : mustache::Escape::none;
}

// A list or map of constants is a constant.
Value folded(Value::List list) {
  Json constant = Json::array();
  for (const Value& item : list) {
    if (!item.constant()) return Value(std::move(list));
    constant.push_back(*item.constant());
  }
  return Value(std::move(constant));
}
Value folded(Value::Map map) {
  Json constant = Json::object();
  for (const auto& [key, item] : map) {
    if (!item.constant()) return Value(std::move(map));
    constant[key] = *item.constant();
  }
  return Value(std::move(constant));
}

// The languages count lines from the start of their own text: "opened at 4:1" becomes the place in
// the file.
std::string placed(const std::string& message, const Reader::Place& place) {
  static constexpr std::string_view kAt = " at ";
  std::string out;
  size_t from = 0;
  for (size_t at; (at = message.find(kAt, from)) != std::string::npos;) {
    out += message.substr(from, at + kAt.size() - from);
    from = at + kAt.size();
    Position inner;
    int length = 0;
    if (sscanf(message.c_str() + from, "%d:%d%n", &inner.line, &inner.column, &length) != 2)
      continue;
    const Position outer = place(inner, inner).start;
    out += std::to_string(outer.line) + ":" + std::to_string(outer.column);
    from += static_cast<size_t>(length);
  }
  return out + message.substr(from);
}

}  // namespace

bool Reader::is_path(std::string_view text) {
  if (text.find('\n') != std::string_view::npos) return false;
  for (const char* folder : {"prompts/", "schemas/", "templates/", "fixtures/"})
    if (text.starts_with(folder)) return true;
  return false;
}

// A state key that is read where no path has written it yet.
void Reader::note_reads(const std::vector<std::string>& path, const Span& span, const Node& from) {
  if (uses) uses->push_back({graph, path, span, from.span});
  if (path.empty() || !unwritten.contains(path[0])) return;
  report.error("D401", span, quote(path[0]) + " is read here, but no path has written it yet",
               "write it in an earlier node, give it a default, or declare it optional<…>");
}

std::optional<cel::Expression> Reader::compile(const Node& node, std::string text,
                                               Position text_start) {
  auto code = cel::Expression::compile(text, names);
  const auto place = [&](Position start, Position end) {
    return node.locate(shifted(start, text_start), shifted(end, text_start));
  };
  if (!code) {
    report_all(code.error(), place);
    return std::nullopt;
  }
  for (const cel::Read& read : code->reads())
    note_reads(read.path, place(read.start, read.end), node);
  return *code;
}

void Reader::read(const Node& node, Expr& out) {
  read_expr(node, out, Type::Kind::boolean, "true or false");
}

void Reader::read_expr(const Node& node, Expr& out, const Type& wanted, const std::string& what) {
  if (node.is(Node::Kind::list) || node.is(Node::Kind::map) || node.is(Node::Kind::null))
    return report.error("X505", node.span, "an expression is wanted here",
                        "write it as text, for example: size(text) > 0");
  if (node.text.starts_with("=") && !node.text.starts_with("=="))
    return report.error("X505", node.span, "this key is already an expression", "drop the `=`");
  if (node.text.find("{{") != std::string::npos)
    return report.error("X505", node.span, "this key is already an expression", "drop the `{{ }}`");
  auto code = compile(node, node.text);
  if (!code) return;
  if (!code->type().fits(wanted))
    return report.error(
        "X506", node.span, what + " is wanted here, this is " + code->type().text(),
        wanted.is(Type::Kind::boolean) ? "compare it, for example: " + code->text() + " == …" : "");
  out = Expr{std::move(code), node.span};
}

// Data: `=…` computes, `==…` is the text `=…`, `{{…}}` fills in, everything else is itself.
void Reader::read(const Node& node, Value& out) {
  switch (node.kind) {
    case Node::Kind::list: {
      Value::List list(node.items.size());
      for (size_t i = 0; i < list.size(); ++i) read(node.items[i], list[i]);
      out = folded(std::move(list));
      return;
    }
    case Node::Kind::map: {
      Value::Map map;
      for (const yaml::Member& member : node.members) {
        map.emplace_back(member.key, Value());
        read(member.value, map.back().second);
      }
      out = folded(std::move(map));
      return;
    }
    case Node::Kind::string:
      break;
    default:
      out = Value(node.to_json());
      return;
  }
  if (node.text.starts_with("==")) {
    out = Value(Json(node.text.substr(1)));
  } else if (node.text.starts_with("=")) {
    if (auto code = compile(node, node.text.substr(1), {1, 2}))
      out = Value(Expr{std::move(code), node.span});
    else
      out = Value(Expr{});  // its type is unknown, not null
  } else if (node.text.find("{{") != std::string::npos) {
    if (auto text = text_of(node, node.text, mustache::Escape::none)) out = Value(std::move(*text));
  } else if (names_a_value(node.text)) {
    report.error("X504", node.span, quote(node.text) + " here is text, not the value",
                 quote("=" + node.text));
    out = Value(Expr{});
  } else {
    out = Value(Json(node.text));
  }
}

// `result.tone`, where that is a field of a value in scope: its `=` was forgotten.
bool Reader::names_a_value(std::string_view text) const {
  size_t dot = text.find('.');
  if (dot == std::string_view::npos) return false;
  const auto name = names.find(text.substr(0, dot));
  if (name == names.end()) return false;
  Type type = name->second;
  while (dot != std::string_view::npos) {
    text.remove_prefix(dot + 1);
    dot = text.find('.');
    const Type::Field* field = type.field(text.substr(0, dot));
    if (!field) return false;
    type = Type(field->type);
  }
  return true;
}

cel::Names Reader::visible() const {
  if (!with || !with->given) return names;
  cel::Names seen;
  for (const auto& [key, value] : with->values) seen[key] = value.type();
  return seen;
}

void Reader::report_all(const Problems& problems, const Place& place) {
  for (const Problem& problem : problems)
    if (!reads_secret(problem, place)) {
      Diagnostic found{problem.code, Severity::error, place(problem.start, problem.end),
                       placed(problem.message, place), placed(problem.help, place)};
      if (problem.message.starts_with("unknown name ")) tell_scope(found);
      report.add(std::move(found));
    }
}

// Which names there are, where one is not known: those of the place, then those of every place.
void Reader::tell_scope(Diagnostic& found) const {
  constexpr size_t kMost = 24;
  static const std::set<std::string, std::less<>> kEverywhere = {"env", "now", "run", "user"};
  std::string own, others;
  size_t count = 0;
  for (const auto& [name, type] : visible()) {
    const bool everywhere = kEverywhere.contains(name);
    if (!everywhere && ++count > kMost) continue;
    std::string& list = everywhere ? others : own;
    list += (list.empty() ? "" : ", ") + name;
  }
  if (count > kMost) own += ", and " + std::to_string(count - kMost) + " more";
  found.note = "in scope here: " + own + (own.empty() || others.empty() ? "" : "; ") + others;
  if (with && with->given)
    found.label = "not a name of this `with`";
  else if (!graph.empty())
    found.label = "not a state key of graph " + quote(graph);
}

// A name that is not known because it is a secret's.
bool Reader::reads_secret(const Problem& problem, const Place& place) {
  if (problem.code != "X502" && problem.code != "D406" && problem.code != "T602") return false;
  for (const std::string& name : secrets) {
    if (problem.message.find(quote(name)) == std::string::npos &&
        problem.message.find("`secrets`") == std::string::npos)
      continue;
    report.error("A802", place(problem.start, problem.end),
                 "no expression or template can read a secret such as " + quote(name),
                 "name it in `auth`; its value goes to the peer's header and nowhere else");
    return true;
  }
  return false;
}

std::optional<Text> Reader::text_of(const Node& node, const std::string& text,
                                    mustache::Escape escape) {
  const auto place = [&](Position start, Position end) { return node.locate(start, end); };
  std::optional<Text> out = parse(node, text, escape, place);
  if (out) out->span = node.span;
  return out;
}

bool Reader::stays_inside(const Span& span, const std::string& path) {
  if (("/" + path + "/").find("/../") == std::string::npos) return true;
  report.error("R210", span, quote(path) + " may leave the project's folder",
               "name it without `..`, from the folder that holds apps.d/");
  return false;
}

void Reader::report_no_file(const Span& span, const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = path.substr(0, slash);
  const std::string near = nearest(path.substr(slash + 1), files.list(folder));
  report.error(
      "R202", span, "no file " + quote(path) + ", or it is larger than 1 MiB",
      near.empty() ? "create it in the folder that holds apps.d/" : quote(folder + "/" + near));
}

// `promts/a.md` is not a prompt of one word: a path that starts with no known folder is a slip.
bool Reader::looks_like_path(const Node& node, std::string_view text) {
  if (is_path(text) || text.find('/') == std::string_view::npos ||
      text.find_first_of(" \n\t") != std::string_view::npos)
    return false;
  for (const char* end : {".md", ".txt", ".html", ".htm", ".json", ".mustache"})
    if (text.ends_with(end)) {
      const std::string folder(text.substr(0, text.find('/')));
      const std::string near = nearest(folder, {"prompts", "schemas", "templates", "fixtures"});
      report.error("R202", node.span,
                   quote(text) +
                       " looks like a path, but paths start with prompts/, schemas/, "
                       "templates/ or fixtures/",
                   near.empty() ? "move the file there"
                                : quote(near + std::string(text.substr(folder.size()))));
      return true;
    }
  return false;
}

bool Reader::wants(const Node& node, const Value& value, const Type& wanted,
                   const std::string& what, const schema::Schema* schema) {
  if (const Json* constant = value.constant(); constant && schema) {
    const std::vector<Violation> violations = schema->validate(*constant, 1);
    if (violations.empty()) return true;
    report.error(
        "D405", node.span,
        what + " is " + wanted.text() + "; " + quote(to_text(*constant)) +
            " does not fit: " + (violations[0].pointer.empty() ? "it" : violations[0].pointer) +
            " " + violations[0].message);
    return false;
  }
  if (value.type().fits(wanted)) return true;
  report.error("D405", node.span,
               what + " is " + word(wanted) + ", this gives " + word(value.type()));
  return false;
}

std::optional<std::string> Reader::whole_file(const Span& span, const std::string& path) {
  if (!stays_inside(span, path)) return std::nullopt;
  std::optional<std::string> text = files.read(path);
  if (!text) report_no_file(span, path);
  return text;
}

std::optional<Text> Reader::file_text(const Node& node, const std::string& path) {
  const std::optional<std::string> text = whole_file(node.span, path);
  if (!text) return std::nullopt;
  const auto file = std::make_shared<const std::string>(path);
  const auto place = [&](Position start, Position end) { return in_file(file, start, end); };
  std::optional<Text> out = parse(node, *text, escape_for(path), place);
  if (!out) return out;
  out->span = in_file(file, {1, 1}, {1, 1});
  out->path = path;
  return out;
}

void Reader::read(const Node& node, Text& out) {
  std::string text;
  if (!read(node, text)) return;
  if (auto code = text_of(node, text, mustache::Escape::none)) out = std::move(*code);
}

void Reader::read(const Node& node, Prompt& out) {
  std::string text;
  if (!read(node, text)) return;
  if (looks_like_path(node, text)) return;
  auto code = is_path(text) ? file_text(node, text) : text_of(node, text, mustache::Escape::none);
  if (code) static_cast<Text&>(out) = std::move(*code);
}

void Reader::read(const Node& node, System& out) {
  const With* outer = std::exchange(with, nullptr);
  const size_t before = report.size();
  std::vector<Use> reads;
  std::vector<Use>* const all = std::exchange(uses, &reads);
  read(node, static_cast<Prompt&>(out));
  uses = all;
  if (all) all->insert(all->end(), reads.begin(), reads.end());
  with = outer;
  if (!out.code || report.size() != before) return;
  for (const Use& read : reads)
    if (!read.path.empty() && read.path[0] != "env" && read.path[0] != "now")
      report.error("A807", read.span,
                   quote(read.path[0]) + " must not stand in `system`: only `env` and `now` may",
                   "move it to `prompt`, fenced as data");
}

// A path that holds names must have a known list of values, so that every file it can be is checked
// now.
void Reader::read(const Node& node, Page& out) {
  std::string text;
  if (!read(node, text)) return;
  if (looks_like_path(node, text)) return;
  if (!is_path(text)) {
    if (auto code = text_of(node, text, mustache::Escape::html)) out.text = std::move(*code);
    return;
  }
  if (text.find("{{") == std::string::npos) {
    if (auto code = file_text(node, text)) out.text = std::move(*code);
    return;
  }
  const With* page_with = std::exchange(with, nullptr);  // the path sees the state, not `with`
  auto path = text_of(node, text, mustache::Escape::none);
  with = page_with;
  if (!path) return;
  if (path->partials)
    return report.error("T604", node.span, "the path of a template takes no partial",
                        "write it out, with names in {{ }}");
  std::vector<Json> scopes = {Json::object()};
  for (const mustache::Read& read : path->code->reads()) {
    const auto name = names.find(read.path[0]);
    const std::vector<std::string>* values =
        read.path.size() == 1 && name != names.end() ? &name->second.values() : nullptr;
    if (!values || values->empty() || values->size() * scopes.size() > 64)
      return report.error("T604", node.locate(read.start, read.end),
                          "the path of a template is filled from " + quote(read.path[0]) +
                              ", which can be any text",
                          "make " + quote(read.path[0]) + " an enum, so that every file is known");
    std::vector<Json> more;
    for (const Json& scope : scopes)
      for (const std::string& value : *values) {
        more.push_back(scope);
        more.back()[read.path[0]] = value;
      }
    scopes = std::move(more);
  }
  for (const Json& scope : scopes) {
    const Result<std::string> file = path->code->render(ObjectScope(scope));
    if (!file) continue;
    if (auto code = file_text(node, *file)) out.files[*file] = std::move(*code);
  }
  out.path = std::move(*path);
}

Result<std::string> Page::in(const Scope& path_scope, const Scope& scope) const {
  if (!path) return text.in(scope);
  const std::string file = TRY(path.in(path_scope));
  const auto it = files.find(file);
  if (it == files.end())
    return fail(Kind::invalid, "there is no template " + quote(file) + " in this app",
                "template_not_found");
  return it->second.in(scope);
}

void Reader::read(const Node& node, With& out) {
  out.given = true;
  if (!is_map(node, "`with`")) return;
  for (const yaml::Member& member : node.members) {
    out.values.emplace_back(member.key, Value());
    read(member.value, out.values.back().second);
  }
}

}  // namespace plenum::app
