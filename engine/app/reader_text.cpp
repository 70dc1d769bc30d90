// Expressions, templates and data: everything that reads names in scope.
//
// A mistake is reported where it stands: inside the scalar of the app file, or inside the prompt or
// template file.
#include "engine/app/reader.h"

#include <nlohmann/json.hpp>

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

}  // namespace

bool Reader::is_path(std::string_view text) {
  if (text.find('\n') != std::string_view::npos) return false;
  for (const char* folder : {"prompts/", "schemas/", "templates/", "fixtures/"})
    if (text.starts_with(folder)) return true;
  return false;
}

// A state key that is read where no path has written it yet.
void Reader::note_reads(const std::vector<std::string>& path, const Span& span) {
  if (path.empty() || !unwritten.contains(path[0])) return;
  report.error("D401", span, quote(path[0]) + " is read here, but no path has written it yet",
               "write it in an earlier node, give it a default, or declare it optional<…>");
}

std::optional<cel::Expression> Reader::compile(const Node& node, std::string text,
                                               Position text_start) {
  auto code = cel::Expression::compile(text, names);
  if (!code) {
    for (const Problem& problem : code.error())
      report.error(
          problem.code,
          node.locate(shifted(problem.start, text_start), shifted(problem.end, text_start)),
          problem.message, problem.help);
    return std::nullopt;
  }
  for (const cel::Read& read : code->reads())
    note_reads(read.path,
               node.locate(shifted(read.start, text_start), shifted(read.end, text_start)));
  return *code;
}

void Reader::read(const Node& node, Expr& out) {
  if (node.is(Node::Kind::list) || node.is(Node::Kind::map) || node.is(Node::Kind::null))
    return report.error("X505", node.span, "an expression is wanted here",
                        "write it as text, for example: size(text) > 0");
  if (node.text.starts_with("=") && !node.text.starts_with("=="))
    return report.error("X505", node.span, "this key is already an expression", "drop the `=`");
  if (node.text.find("{{") != std::string::npos)
    return report.error("X505", node.span, "this key is already an expression", "drop the `{{ }}`");
  if (auto code = compile(node, node.text)) out = Expr{std::move(code), node.span};
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
  } else {
    out = Value(Json(node.text));
  }
}

cel::Names Reader::visible() const {
  if (!with || !with->given) return names;
  cel::Names seen;
  for (const auto& [key, value] : with->values) seen[key] = value.type();
  return seen;
}

// Checks a parsed template's names; `place` maps a stretch of its text to the file.
bool Reader::finish(const mustache::Template& code,
                    const std::function<Span(Position, Position)>& place) {
  const Problems problems = code.check(visible());
  for (const Problem& problem : problems)
    report.error(problem.code, place(problem.start, problem.end), problem.message, problem.help);
  if (!with || !with->given)
    for (const mustache::Read& read : code.reads())
      note_reads(read.path, place(read.start, read.end));
  return problems.empty();
}

std::optional<Text> Reader::text_of(const Node& node, const std::string& text,
                                    mustache::Escape escape) {
  const auto place = [&](Position start, Position end) { return node.locate(start, end); };
  auto code = mustache::Template::parse(text, {escape, true});
  if (!code) {
    for (const Problem& p : code.error())
      report.error(p.code, place(p.start, p.end), p.message, p.help);
    return std::nullopt;
  }
  if (!finish(*code, place)) return std::nullopt;
  return Text{*code, node.span, ""};
}

std::optional<Text> Reader::file_text(const Node& node, const std::string& path) {
  if (path.find("..") != std::string::npos || path.starts_with("/")) {
    report.error("R210", node.span, quote(path) + " leaves the project's folder",
                 "keep it inside");
    return std::nullopt;
  }
  const std::optional<std::string> text = files.read(path);
  if (!text) {
    const size_t slash = path.rfind('/');
    const std::string folder = path.substr(0, slash);
    const std::string near = nearest(path.substr(slash + 1), files.list(folder));
    report.error("R202", node.span, "no file " + quote(path),
                 near.empty() ? "create it beside apps.d/" : quote(folder + "/" + near));
    return std::nullopt;
  }
  const auto file = std::make_shared<const std::string>(path);
  const auto place = [&](Position start, Position end) { return in_file(file, start, end); };
  auto code = mustache::Template::parse(*text, {escape_for(path), true});
  if (!code) {
    for (const Problem& p : code.error())
      report.error(p.code, place(p.start, p.end), p.message, p.help);
    return std::nullopt;
  }
  if (!code->partials().empty()) {
    report.error("T601", in_file(file, {1, 1}, {1, 1}),
                 "partials are not supported yet in app templates", "write the text out");
    return std::nullopt;
  }
  if (!finish(*code, place)) return std::nullopt;
  return Text{*code, in_file(file, {1, 1}, {1, 1}), path};
}

void Reader::read(const Node& node, Text& out) {
  std::string text;
  read(node, text);
  if (auto code = text_of(node, text, mustache::Escape::none)) out = std::move(*code);
}

void Reader::read(const Node& node, Prompt& out) {
  std::string text;
  read(node, text);
  auto code = is_path(text) ? file_text(node, text) : text_of(node, text, mustache::Escape::none);
  if (code) static_cast<Text&>(out) = std::move(*code);
}

void Reader::read(const Node& node, System& out) {
  const With* outer = std::exchange(with, nullptr);
  const size_t before = report.size();
  read(node, static_cast<Prompt&>(out));
  with = outer;
  if (!out.code || report.size() != before) return;
  for (const mustache::Read& read : out.code->reads())
    if (read.path[0] != "env" && read.path[0] != "now") {
      const Span span = out.path.empty() ? node.locate(read.start, read.end)
                                         : Span{out.span.file, read.start, read.end};
      report.error("A807", span,
                   quote(read.path[0]) + " must not stand in `system`: only `env` and `now` may",
                   "move it to `prompt`, fenced as data");
    }
}

// A path that holds names must have a known list of values, so that every file it can be is checked
// now.
void Reader::read(const Node& node, Page& out) {
  std::string text;
  read(node, text);
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
