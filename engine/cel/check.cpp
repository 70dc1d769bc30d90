// Names, fields and operators.  A subexpression with a mistake has the type `any`, which fits
// everywhere: so one mistake is reported once.
#include "engine/cel/check.h"

#include <algorithm>

#include "engine/base/diagnostic.h"
#include "engine/cel/arithmetic.h"
#include "engine/cel/lexer.h"

namespace plenum::cel {
namespace {

using K = Type::Kind;

constexpr struct {
  std::string_view name;
  Tag tag;
} kTypeNames[] = {{"bool", Tag::boolean},
                  {"int", Tag::integer},
                  {"uint", Tag::uint},
                  {"double", Tag::real},
                  {"string", Tag::string},
                  {"bytes", Tag::bytes},
                  {"list", Tag::list},
                  {"map", Tag::map},
                  {"null_type", Tag::null},
                  {"type", Tag::type},
                  {"optional_type", Tag::optional},
                  {"google.protobuf.Timestamp", Tag::timestamp},
                  {"google.protobuf.Duration", Tag::duration}};

std::optional<Tag> type_named(std::string_view name) {
  for (const auto& known : kTypeNames)
    if (known.name == name) return known.tag;
  return std::nullopt;
}

// At most twelve words, "a, b, c".
std::string some_of(const std::vector<std::string>& words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i == 12) return text + ", …";
    text += (i ? ", " : "") + words[i];
  }
  return text;
}

Type constant_type(const Value& value) {
  switch (value.tag) {
    case Tag::null:
      return K::null;
    case Tag::boolean:
      return K::boolean;
    case Tag::integer:
      return K::integer;
    case Tag::uint:
      return K::uint;
    case Tag::real:
      return K::real;
    case Tag::string:
      return K::string;
    case Tag::bytes:
      return K::bytes;
    default:
      return K::type;
  }
}

bool is_text(const Node& node) {
  return node.op == Op::constant && node.value.is(Tag::string);
}

// Whether two values of these types can be equal at all.
bool comparable(const Type& a, const Type& b) {
  if (a.is_any() || b.is_any() || a.is(K::null) || b.is(K::null)) return true;
  if (a.is_numeric() && b.is_numeric()) return true;
  const auto is_map = [](const Type& t) { return t.is(K::map) || t.is(K::object); };
  if (is_map(a) && is_map(b)) return true;
  if (a.kind() != b.kind()) return a.is_nullable() && b.is_nullable();
  return !a.is(K::list) || comparable(a.element(), b.element());
}

bool has_order(const Type& type) {
  return type.is_numeric() || type.is(K::boolean) || type.is(K::string) || type.is(K::bytes) ||
         type.is(K::timestamp) || type.is(K::duration);
}

const char* short_word(const Type& type) {
  switch (type.kind()) {
    case K::integer:
      return "int";
    case K::uint:
      return "uint";
    case K::real:
      return "double";
    case K::number:
      return "number";
    case K::boolean:
      return "boolean";
    case K::string:
      return "string";
    case K::bytes:
      return "bytes";
    case K::timestamp:
      return "timestamp";
    case K::duration:
      return "duration";
    case K::list:
      return "list";
    case K::map:
      return "map";
    case K::object:
      return "object";
    case K::optional:
      return "optional";
    case K::type:
      return "type";
    case K::null:
      return "null";
    case K::any:
      break;
  }
  return "any";
}

}  // namespace

std::string a_word(const Type& type) {
  switch (type.kind()) {
    case K::any:
      return "any value";
    case K::null:
      return "null";
    case K::bytes:
      return "bytes";
    case K::integer:
      return "an integer";
    case K::real:
      return "a double";
    case K::object:
      return "an object";
    case K::optional:
      return "an optional";
    default:
      return std::string("a ") + short_word(type);
  }
}

Checker::Checker(Compiled& program, const Names& names, Checking checking)
    : program_(program),
      names_(names),
      places_(program.text),
      strict_(checking == Checking::strict) {
  for (const auto& [name, type] : names)
    qualified_names_ = qualified_names_ || name.find('.') != name.npos;
}

Problems Checker::run(Node& root) {
  program_.type = visit(root);
  std::stable_sort(problems_.begin(), problems_.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::stable_sort(program_.reads.begin(), program_.reads.end(),
                   [](const Read& a, const Read& b) { return a.start < b.start; });
  Problems problems;
  for (auto& [start, problem] : problems_) problems.push_back(std::move(problem));
  return problems;
}

Type Checker::wrong(std::string code, size_t start, size_t end, std::string message,
                    std::string help) {
  if (!strict_) return {};
  problems_.emplace_back(start, Problem{std::move(code), places_.at(start), places_.at(end),
                                        std::move(message), std::move(help)});
  return {};
}

void Checker::record(Path& path) {
  if (path.known) program_.reads.push_back(std::move(path.read));
  path.known = false;
}

Type Checker::visit(Node& node) {
  Path path;
  Type type = visit_path(node, path);
  record(path);
  return type;
}

Type Checker::visit_path(Node& node, Path& path) {
  switch (node.op) {
    case Op::constant:
      return constant_type(node.value);
    case Op::name:
      return resolve_name(node, path);
    case Op::select:
      return select(node, path);
    case Op::has:
      return has(node);
    case Op::index:
      return index(node, path);
    case Op::call:
      return call(node);
    case Op::list:
      return list(node);
    case Op::map:
      return map(node);
    case Op::logical_and:
    case Op::logical_or:
      for (size_t i = 0; i < node.count; ++i) {
        want_boolean(*node.operands[i], visit(*node.operands[i]),
                     node.op == Op::logical_and ? "&&" : "||");
      }
      return K::boolean;
    case Op::logical_not:
      want_boolean(*node.operands[0], visit(*node.operands[0]), "!");
      return K::boolean;
    case Op::negate: {
      const Type type = visit(*node.operands[0]);
      if (type.is_any() || (type.is_numeric() && !type.is(K::uint))) return type;
      return wrong(
          "X504", node.start, node.end,
          "`-` needs a number, " + plenum::quote(text(*node.operands[0])) + " is " + a_word(type));
    }
    case Op::arithmetic:
      return arithmetic(node);
    case Op::relation:
      return relation(node);
    case Op::conditional:
      return conditional(node);
    case Op::macro:
      return macro(node);
    default:
      return {};
  }
}

const Checker::Local* Checker::local(std::string_view name) const {
  const auto found = std::find_if(locals_.rbegin(), locals_.rend(),
                                  [&](const Local& l) { return l.name == name; });
  return found == locals_.rend() ? nullptr : &*found;
}

Type Checker::resolve_global(Node& node, const std::string& name, const Type& type, Path& path) {
  auto& globals = program_.globals;
  const auto known =
      std::find_if(globals.begin(), globals.end(), [&](const auto& g) { return g.name == name; });
  node.op = Op::global;
  node.slot = static_cast<uint16_t>(known - globals.begin());
  if (known == globals.end()) globals.push_back({name, type.kind()});
  path.known = true;
  path.read = {{name}, places_.at(node.start), places_.at(node.end), false};
  return type;
}

Type Checker::resolve_name(Node& node, Path& path) {
  if (const Local* known = node.absolute ? nullptr : local(node.text)) {
    node.op = Op::local;
    node.slot = known->slot;
    return known->type;
  }
  if (const auto known = names_.find(node.text); known != names_.end()) {
    return resolve_global(node, known->first, known->second, path);
  }
  if (const auto tag = type_named(node.text)) {
    node.op = Op::constant;
    node.value = Value::type(*tag);
    return K::type;
  }
  return unknown_name(node);
}

Type Checker::unknown_name(Node& node) {
  if (!strict_) return {};
  std::vector<std::string> candidates;
  for (const Local& known : locals_) candidates.emplace_back(known.name);
  for (const auto& [name, type] : names_) candidates.push_back(name);
  const std::string near = nearest(node.text, candidates);
  std::string help = !near.empty()        ? "a name that is close exists: `" + near + "`"
                     : candidates.empty() ? "no names can be used here"
                                          : "in scope here: " + some_of(candidates);
  if (node.text == "dyn" || library().knows(node.text, false)) {
    help =
        "`" + std::string(node.text) + "` is a function: write `" + std::string(node.text) + "(…)`";
  }
  return wrong("X502", node.start, node.end, "unknown name " + plenum::quote(node.text), help);
}

std::string Checker::path_text(const Node& node) const {
  if (node.op == Op::name) return std::string(node.text);
  if (node.op != Op::select || node.optional) return {};
  std::string before = path_text(*node.operands[0]);
  return before.empty() ? before : before + "." + std::string(node.text);
}

// A whole chain of fields may be one name ("a.b", "google.protobuf.Timestamp"); locals hide it.
std::optional<Type> Checker::resolve_qualified(Node& node, Path& path) {
  const Node* first = &node;
  while (first->op == Op::select && !first->optional) first = first->operands[0];
  if (first->op != Op::name || (!first->absolute && local(first->text))) return std::nullopt;
  if (!qualified_names_ && first->text != "google") return std::nullopt;
  const std::string name = path_text(node);
  if (const auto known = names_.find(name); known != names_.end()) {
    return resolve_global(node, known->first, known->second, path);
  }
  if (const auto tag = type_named(name)) {
    node.op = Op::constant;
    node.value = Value::type(*tag);
    return Type(K::type);
  }
  return std::nullopt;
}

Type Checker::field_of(const Node& operand, const Type& type, std::string_view name, size_t start,
                       size_t end) {
  switch (type.kind()) {
    case K::any:
    case K::null:
      return {};
    case K::map:
      if (type.key().is_any() || type.key().is(K::string)) return type.element();
      return wrong("X504", start, end,
                   "the keys of " + plenum::quote(text(operand)) + " are not strings",
                   "write `" + text(operand) + "[…]`");
    case K::optional:
      return Type::optional(field_of(operand, type.element(), name, start, end));
    case K::object: {
      if (const Type::Field* field = type.field(name)) return field->type;
      if (type.is_open()) return {};
      std::vector<std::string> fields;
      for (const auto& [known, field] : type.fields()) fields.push_back(known);
      const std::string near = nearest(name, fields);
      return wrong("D406", start, end,
                   plenum::quote(text(operand)) + " has no " + plenum::quote(name),
                   !near.empty()    ? "a field that is close exists: `" + near + "`"
                   : fields.empty() ? "it has no fields"
                                    : "it has: " + some_of(fields));
    }
    case K::list:
      return wrong(
          "X504", start, end,
          plenum::quote(text(operand)) + " is a list, it has no field " + plenum::quote(name),
          "take an element, `" + text(operand) + "[0]." + std::string(name) + "`, or all, `" +
              text(operand) + ".map(x, x." + std::string(name) + ")`");
    default:
      return wrong(
          "X504", start, end,
          plenum::quote(text(operand)) + " is " + a_word(type) + ", it has no field " +
              plenum::quote(name),
          type.is(K::string) && name == "length" ? "write `size(" + text(operand) + ")`" : "");
  }
}

Type Checker::select(Node& node, Path& path) {
  if (!node.optional) {
    if (const auto qualified = resolve_qualified(node, path)) return *qualified;
  }
  Node& operand = *node.operands[0];
  const Type type = visit_path(operand, path);
  if (path.known) {
    path.read.path.emplace_back(node.text);
    path.read.end = places_.at(node.end);
    path.read.guarded = path.read.guarded || node.optional;
  }
  const Type field = field_of(operand, type, node.text, node.place, node.end);
  return node.optional && !field.is(K::optional) ? Type::optional(field) : field;
}

Type Checker::has(Node& node) {
  Node& operand = *node.operands[0];
  Path path;
  const Type type = visit_path(operand, path);
  if (path.known) {
    path.read.path.emplace_back(node.text);
    path.read.end = places_.at(node.name_place2);
    path.read.guarded = true;
  }
  record(path);
  field_of(operand, type, node.text, node.place, node.name_place2);
  return K::boolean;
}

Type Checker::element_at(const Node& node, const Type& container, const Type& key) {
  const Node& operand = *node.operands[0];
  const Node& inner = *node.operands[1];
  switch (container.kind()) {
    case K::any:
    case K::null:
      return {};
    case K::optional:
      return Type::optional(element_at(node, container.element(), key));
    case K::list:
      if (key.is_any() || key.is_numeric()) return container.element();
      return wrong("X504", inner.start, inner.end,
                   "an element's place is an integer from 0, this is " + a_word(key),
                   key.is(K::string)
                       ? "to find by a field write `" + text(operand) + ".filter(x, …)[0]`"
                       : "");
    case K::map:
      if (comparable(container.key(), key)) return container.element();
      return wrong("X504", inner.start, inner.end,
                   "the keys of " + plenum::quote(text(operand)) + " are " +
                       container.key().text() + ", this is " + a_word(key));
    case K::object:
      if (is_text(inner))
        return field_of(operand, container, inner.value.text(), inner.start, inner.end);
      if (key.is_any() || key.is(K::string)) return {};
      return wrong(
          "X504", inner.start, inner.end,
          "the fields of " + plenum::quote(text(operand)) + " have names, this is " + a_word(key));
    default:
      return wrong(
          "X504", node.start, node.end,
          plenum::quote(text(operand)) + " is " + a_word(container) + ", it has no elements",
          container.is(K::string) ? "write `" + text(operand) + ".charAt(" + text(inner) + ")`"
                                  : "");
  }
}

Type Checker::index(Node& node, Path& path) {
  Node& inner = *node.operands[1];
  const Type container = visit_path(*node.operands[0], path);
  const bool literal = is_text(inner);
  if (!literal) record(path);
  const Type key = visit(inner);
  if (literal && path.known) {
    path.read.path.emplace_back(inner.value.text());
    path.read.end = places_.at(node.end);
    path.read.guarded = path.read.guarded || node.optional;
  }
  const Type element = element_at(node, container, key);
  return node.optional && !element.is(K::optional) ? Type::optional(element) : element;
}

Type Checker::list(Node& node) {
  Type element;
  for (size_t i = 0; i < node.count; ++i) {
    Type type = visit(*node.operands[i]);
    if (node.optional_bits && node.optional_bits[i]) {
      if (!type.is_any() && !type.is(K::optional)) {
        wrong("X504", node.operands[i]->start, node.operands[i]->end,
              "`?` in a list needs an optional, this is " + a_word(type));
      }
      type = type.is(K::optional) ? type.element() : Type();
    }
    element = i ? Type::join(element, type) : type;
  }
  return Type::list(element);
}

// A literal with literal text keys is an object with these fields; it stays open, since has() may
// ask for others.
Type Checker::map(Node& node) {
  Type::Fields fields;
  Type keys, values;
  bool named = true;
  for (size_t i = 0; i + 1 < node.count; i += 2) {
    Node& key = *node.operands[i];
    const Type key_type = visit(key);
    Type value = visit(*node.operands[i + 1]);
    const bool maybe = node.optional_bits && node.optional_bits[i / 2];
    if (maybe && !value.is_any() && !value.is(K::optional)) {
      wrong("X504", key.start, key.end,
            "`?` before a key needs an optional value, this is " + a_word(value));
    }
    if (maybe) value = value.is(K::optional) ? value.element() : Type();
    if (!key_type.is_any() && !key_type.is(K::string) && !key_type.is(K::boolean) &&
        !key_type.is(K::integer) && !key_type.is(K::uint) && !key_type.is(K::number)) {
      wrong("X504", key.start, key.end,
            "a key of a map is a string, an int, a uint or a bool, not " + a_word(key_type));
    }
    named = named && is_text(key);
    if (named) fields.push_back({std::string(key.value.text()), {value, !maybe}});
    keys = i == 0 ? key_type : keys.kind() == key_type.kind() ? Type::join(keys, key_type) : Type();
    values = i ? Type::join(values, value) : value;
  }
  if (node.count == 0) return Type::map({}, {});
  return named ? Type::object(std::move(fields), true) : Type::map(values, keys);
}

Type Checker::arithmetic(Node& node) {
  Type left = visit(*node.operands[0]);
  for (size_t i = 1; i < node.count; ++i)
    left = arithmetic_step(node, i, left, visit(*node.operands[i]));
  return left;
}

Type Checker::arithmetic_step(const Node& node, size_t i, const Type& left, const Type& right) {
  const char symbol = node.operators[i - 1].symbol;
  if (left.is_numeric() && right.is_numeric()) {
    if (symbol == '%' && (left.is(K::real) || right.is(K::real))) {
      return wrong("X504", node.operands[i - 1]->outer_start, node.operands[i]->outer_end,
                   "`%` divides whole numbers, not doubles", "convert with `int(…)`");
    }
    if (left.kind() == right.kind() || right.is(K::number)) return left.kind();
    if (left.is(K::number)) return right.kind();
    const MixedNumbers mixed =
        mixed_numbers(program_.text, node, i - 1, short_word(left), short_word(right));
    return wrong("X507", node.operands[0]->outer_start, node.operands[i]->outer_end, mixed.message,
                 mixed.help);
  }
  const bool plus = symbol == '+', minus = symbol == '-';
  const bool any = left.is_any() || right.is_any();
  const Type& known = left.is_any() ? right : left;
  if (any && (known.is_any() || known.is_numeric())) {
    return known.is_any() && !plus && !minus ? Type() : known;
  }
  if (plus && (any || left.kind() == right.kind())) {
    if (known.is(K::string) || known.is(K::bytes)) return known.kind();
    if (known.is(K::list))
      return any ? Type::list({}) : Type::list(Type::join(left.element(), right.element()));
  }
  if (plus || minus) {
    const auto is = [](const Type& type, K kind) { return type.is(kind) || type.is_any(); };
    if (is(left, K::duration) && is(right, K::duration)) return any ? Type() : Type(K::duration);
    if (is(left, K::timestamp) && is(right, K::duration)) return K::timestamp;
    if (plus && is(left, K::duration) && is(right, K::timestamp)) return K::timestamp;
    if (minus && is(left, K::timestamp) && is(right, K::timestamp))
      return any ? Type() : Type(K::duration);
  }
  const Node& a = *node.operands[i - 1];
  const Node& b = *node.operands[i];
  std::string help;
  if (plus && left.is(K::string) && has_order(right)) help = "`string(" + text(b) + ")`";
  if (plus && right.is(K::string) && has_order(left)) help = "`string(" + text(a) + ")`";
  return wrong("X504", a.outer_start, b.outer_end,
               plenum::quote(text(a.outer_start, b.outer_end)) + ": " + short_word(left) + " " +
                   std::string(operation_word(symbol)) + " " + short_word(right),
               help);
}

Type Checker::relation(Node& node) {
  const Node& a = *node.operands[0];
  const Node& b = *node.operands[1];
  const Type left = visit(*node.operands[0]), right = visit(*node.operands[1]);
  const char symbol = node.operators->symbol;
  const auto shown = [&] { return plenum::quote(text(a.outer_start, b.outer_end)); };
  if (symbol == 'i') {
    if (right.is_any() || right.is(K::object)) return K::boolean;
    if (right.is(K::list) || right.is(K::map)) {
      const Type& inner = right.is(K::list) ? right.element() : right.key();
      if (!comparable(left, inner)) {
        wrong("X504", a.outer_start, b.outer_end,
              shown() + ": " + a_word(left) + " is never in a " + right.text());
      }
      return K::boolean;
    }
    wrong("X504", b.start, b.end,
          "`in` needs a list or a map on its right, this is " + a_word(right),
          right.is(K::string)
              ? "write `" + text(b.outer_start, b.outer_end) + ".contains(" + text(a) + ")`"
              : "");
    return K::boolean;
  }
  if (symbol == '=' || symbol == '!') {
    if (!comparable(left, right)) {
      wrong("X504", a.outer_start, b.outer_end,
            shown() + ": " + a_word(left) + " never equals " + a_word(right));
    }
    return K::boolean;
  }
  const bool any = left.is_any() || right.is_any();
  const Type& known = left.is_any() ? right : left;
  if ((any && (known.is_any() || has_order(known))) ||
      (has_order(left) &&
       (left.kind() == right.kind() || (left.is_numeric() && right.is_numeric())))) {
    return K::boolean;
  }
  wrong("X504", a.outer_start, b.outer_end,
        shown() + ": " + a_word(left) + " and " + a_word(right) + " have no order");
  return K::boolean;
}

Type Checker::conditional(Node& node) {
  want_boolean(*node.operands[0], visit(*node.operands[0]), "?:");
  const Type yes = visit(*node.operands[1]);
  return Type::join(yes, visit(*node.operands[2]));
}

void Checker::want_boolean(const Node& node, const Type& type, std::string_view who) {
  if (type.is_any() || type.is(K::boolean)) return;
  const std::string shown = text(node.outer_start, node.outer_end);
  std::string help;
  if (type.is(K::string)) help = "compare it: `" + shown + " != \"\"`";
  if (type.is(K::list) || type.is(K::map)) help = "compare it: `size(" + text(node) + ") > 0`";
  if (type.is_numeric()) help = "compare it: `" + shown + " != 0`";
  wrong("X504", node.start, node.end,
        "`" + std::string(who) + "` needs true or false, " + plenum::quote(shown) + " is " +
            a_word(type),
        help);
}

}  // namespace plenum::cel
