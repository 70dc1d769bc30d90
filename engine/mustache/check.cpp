// Names against types, before there are values.
//
// The walk mirrors rendering with types in the place of values.  Where nothing is known (any, open
// objects) nothing is said: a finding is certain to fail when the template is rendered with a value
// of those types.

#include <algorithm>

#include "engine/base/diagnostic.h"
#include "engine/mustache/body.h"

namespace plenum::mustache {
namespace {

constexpr size_t kMostProblems = 100;

struct Resolved {
  Type type;
  bool known = true;
  bool may_lack = false;  // a field on the way may be absent
  bool top = false;       // found among the top-level names
};

class Checker {
 public:
  Checker(const Body& body, const Names& names, const std::vector<Type>& around)
      : body_(body), names_(names), scopes_(around) {}

  void run() { range(0, body_.ops.size()); }

  Problems problems;
  std::vector<uint32_t> may_lack;  // operations whose value may be absent
  std::vector<Read> top;           // names that resolve at the top level
  std::vector<Use> uses;           // of partials

 private:
  void range(size_t from, size_t to);
  void value(uint32_t index);
  void section(size_t index);
  Resolved resolve(const Read& name);
  Resolved first(const Read& name);
  Resolved element() const;
  void raw(const Op& op, const Resolved& resolved);
  void no_field(const Read& name, size_t parts, const Type& type);
  void unknown(const Read& name);
  void report(const char* code, Position start, Position end, std::string message,
              std::string help) {
    if (problems.size() < kMostProblems)
      problems.push_back({code, start, end, std::move(message), std::move(help)});
  }

  const Body& body_;
  const Names& names_;
  std::vector<Type> scopes_;
};

Type plain(const Type& type) {
  return type.is(Type::Kind::optional) ? type.element().nullable() : type;
}

void Checker::range(size_t from, size_t to) {
  for (size_t i = from; i < to; ++i) {
    const Op& op = body_.ops[i];
    if (op.kind == Op::Kind::value) value(static_cast<uint32_t>(i));
    if (op.kind == Op::Kind::partial)
      uses.push_back({body_.calls[op.name].partial, body_.position(op.begin),
                      body_.position(op.end), scopes_});
    if (op.kind != Op::Kind::section && op.kind != Op::Kind::inverted) continue;
    section(i);
    i = op.jump;
  }
}

void Checker::value(uint32_t index) {
  const Op& op = body_.ops[index];
  const Read& name = body_.names[op.name];
  const Resolved resolved = resolve(name);
  if (!resolved.known) return;
  if (resolved.may_lack) may_lack.push_back(index);
  raw(op, resolved);
  const Type& type = resolved.type;
  const std::string path = dotted(name.path, name.path.size());
  if (type.is(Type::Kind::list)) {
    report("T603", name.start, name.end, "`" + path + "` is a list, it has no text form",
           "repeat a section over it, `{{#" + path + "}}…{{/" + path + "}}`, or " +
               as_json(name.path));
  } else if (type.is(Type::Kind::object) || type.is(Type::Kind::map)) {
    std::string field = "a field";
    if (!type.fields().empty()) {
      const std::string prefix = path == "." ? "" : path + ".";
      field += ", e.g. `{{" + prefix + type.fields()[0].first + "}}`";
    }
    report("T603", name.start, name.end, "`" + path + "` is an object, it has no text form",
           "use " + field + ", or " + as_json(name.path));
  }
}

void Checker::raw(const Op& op, const Resolved& resolved) {
  if (!op.raw || body_.options.escape == Escape::none) return;
  const std::vector<std::string>& path = body_.names[op.name].path;
  const auto& constants = body_.options.constants;
  if (resolved.top && std::find(constants.begin(), constants.end(), path[0]) != constants.end())
    return;
  report("T605", body_.position(op.begin), body_.position(op.end),
         plenum::quote(body_.source(op)) +
             " is not escaped: what a model or a caller wrote would become " +
             (body_.options.escape == Escape::html ? "markup" : "a part of the URL"),
         "write `{{" + dotted(path, path.size()) + "}}`");
}

void Checker::section(size_t index) {
  const Op& op = body_.ops[index];
  const Resolved resolved = resolve(body_.names[op.name]);
  if (op.kind == Op::Kind::inverted) return range(index + 1, op.jump);
  const Type& type = resolved.type;
  scopes_.push_back(type.is(Type::Kind::list) ? plain(type.element()) : type.nullable(false));
  range(index + 1, op.jump);
  scopes_.pop_back();
}

Resolved Checker::element() const {
  if (!scopes_.empty()) return {scopes_.back(), true, false, false};
  const auto found = names_.find(".");
  if (found == names_.end()) return {{}, false, false, true};
  return {plain(found->second), true, false, true};
}

// The first part of a name, through the enclosing sections from the inside out.
Resolved Checker::first(const Read& name) {
  const std::string& key = name.path[0];
  for (size_t i = scopes_.size(); i-- > 0;) {
    const Type& scope = scopes_[i];
    if (scope.is_any()) return {};
    if (scope.is(Type::Kind::map)) return {plain(scope.element()), true, true, false};
    if (!scope.is(Type::Kind::object)) continue;
    if (const Type::Field* field = scope.field(key)) {
      if (field->required) return {plain(field->type)};
      // When the field is absent, the name is looked for further out.
      return {plain(field->type), true, true, false};
    }
    if (scope.is_open()) return {};
  }
  const auto found = names_.find(key);
  if (found == names_.end()) return {{}, false, false, true};
  return {plain(found->second), true, false, true};
}

Resolved Checker::resolve(const Read& name) {
  Resolved at = name.path[0] == "." ? element() : first(name);
  if (!at.known) {
    unknown(name);
    return at;
  }
  if (at.top && name.path[0] != ".") top.push_back(name);
  for (size_t i = 1; i < name.path.size(); ++i) {
    const Type type = at.type;
    if (type.is_any() || type.is(Type::Kind::null)) return {{}, true, at.may_lack, at.top};
    if (type.is(Type::Kind::map)) {
      at.type = plain(type.element());
      at.may_lack = true;
      continue;
    }
    const Type::Field* field = type.is(Type::Kind::object) ? type.field(name.path[i]) : nullptr;
    if (field) {
      at.type = plain(field->type);
      at.may_lack |= !field->required;
    } else if (type.is(Type::Kind::object) && type.is_open()) {
      return {{}, true, at.may_lack, at.top};
    } else {
      no_field(name, i, type);
      return {{}, false, false, at.top};
    }
  }
  return at;
}

void Checker::unknown(const Read& name) {
  if (problems.size() >= kMostProblems) return;
  if (name.path[0] == ".")
    return report("T602", name.start, name.end, "`.` stands outside every section",
                  "write the name of a value");
  std::vector<std::string> known;
  for (size_t i = scopes_.size(); i-- > 0;)
    for (const auto& field : scopes_[i].fields()) known.push_back(field.first);
  for (const auto& entry : names_) known.push_back(entry.first);
  const std::string near = nearest(name.path[0], known);
  std::string help;
  if (!near.empty()) {
    help = "a name that is close exists: " + plenum::quote(near);
  } else if (!known.empty()) {
    std::vector<std::string> some(known.begin(),
                                  known.begin() + std::min<size_t>(known.size(), 12));
    for (std::string& word : some) word = plenum::quote(word);
    help = "in scope here: " + any_of(some) + (known.size() > some.size() ? ", …" : "");
  }
  report("T602", name.start, name.end, "unknown name " + ticked(name.path, 1), help);
}

void Checker::no_field(const Read& name, size_t parts, const Type& type) {
  if (problems.size() >= kMostProblems) return;
  const std::string owner = dotted(name.path, parts);
  const std::string what = "`" + owner + "` is a ";
  const std::string lacks = ", it has no field " + plenum::quote(name.path[parts]);
  if (type.is(Type::Kind::list))
    return report("T602", name.start, name.end, what + "list" + lacks,
                  "repeat a section over it: `{{#" + owner + "}}{{" + name.path[parts] + "}}{{/" +
                      owner + "}}`");
  if (!type.is(Type::Kind::object))
    return report("T602", name.start, name.end, what + type.text() + lacks,
                  "write `{{" + owner + "}}`");
  std::vector<std::string> fields;
  for (const auto& entry : type.fields()) fields.push_back(entry.first);
  const std::string near = nearest(name.path[parts], fields);
  for (std::string& word : fields) word = plenum::quote(word);
  report("T602", name.start, name.end,
         "`" + owner + "` has no field " + plenum::quote(name.path[parts]),
         !near.empty()    ? "a name that is close exists: " + plenum::quote(near)
         : fields.empty() ? "it is an object without fields"
                          : "it has " + any_of(fields));
}

}  // namespace

Problems Template::check(const Names& names, const std::vector<Type>& around) const {
  if (!body_->options.strict) return {};
  Checker checker(*body_, names, around);
  checker.run();
  return std::move(checker.problems);
}

Template Template::typed(const Names& names, const std::vector<Type>& around) const {
  Checker checker(*body_, names, around);
  checker.run();
  if (checker.may_lack.empty()) return *this;
  const auto body = std::make_shared<Body>(*body_);
  for (const uint32_t op : checker.may_lack) body->ops[op].may_lack = true;
  return Template(body);
}

std::vector<Read> Template::reads(const Names& names, const std::vector<Type>& around) const {
  Checker checker(*body_, names, around);
  checker.run();
  return std::move(checker.top);
}

std::vector<Use> Template::uses(const Names& names, const std::vector<Type>& around) const {
  Checker checker(*body_, names, around);
  checker.run();
  return std::move(checker.uses);
}

}  // namespace plenum::mustache
