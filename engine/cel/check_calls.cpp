// Functions and macros: which one a call means, whether its arguments fit, and what authors used to
// other languages mean.
#include <re2/re2.h>

#include <algorithm>

#include "engine/base/diagnostic.h"
#include "engine/cel/check.h"
#include "engine/cel/parser.h"

namespace plenum::cel {
namespace {

using K = Type::Kind;

// What other languages call it.  $0 is the receiver or first argument, $1 the next.
constexpr struct {
  std::string_view name, form;
} kElsewhere[] = {{"len", "size($0)"},
                  {"length", "size($0)"},
                  {"count", "size($0)"},
                  {"lower", "$0.lowerAscii()"},
                  {"upper", "$0.upperAscii()"},
                  {"toLowerCase", "$0.lowerAscii()"},
                  {"toUpperCase", "$0.upperAscii()"},
                  {"toLower", "$0.lowerAscii()"},
                  {"toUpper", "$0.upperAscii()"},
                  {"strip", "$0.trim()"},
                  {"includes", "$1 in $0"},
                  {"startswith", "$0.startsWith($1)"},
                  {"endswith", "$0.endsWith($1)"},
                  {"substr", "$0.substring($1)"},
                  {"str", "string($0)"},
                  {"toString", "string($0)"},
                  {"text", "string($0)"},
                  {"float", "double($0)"},
                  {"number", "double($0)"},
                  {"integer", "int($0)"},
                  {"boolean", "bool($0)"},
                  {"any", "$0.exists(x, …)"},
                  {"some", "$0.exists(x, …)"},
                  {"every", "$0.all(x, …)"},
                  {"select", "$0.filter(x, …)"},
                  {"where", "$0.filter(x, …)"},
                  {"find", "$0.filter(x, …)[0]"},
                  {"unique", "$0.distinct()"},
                  {"keys", "$0.map(k, k)"},
                  {"range", "lists.range($0)"},
                  {"concat", "$0 + $1"},
                  {"append", "$0 + [$1]"},
                  {"abs", "math.abs($0)"},
                  {"ceil", "math.ceil($0)"},
                  {"floor", "math.floor($0)"},
                  {"round", "math.round($0)"},
                  {"min", "math.least($0, $1)"},
                  {"max", "math.greatest($0, $1)"},
                  {"math.min", "math.least($0, $1)"},
                  {"math.max", "math.greatest($0, $1)"},
                  {"sqrt", "math.sqrt($0)"},
                  {"toJson", "json($0)"},
                  {"to_json", "json($0)"},
                  {"stringify", "json($0)"},
                  {"dumps", "json($0)"},
                  {"fromJson", "parseJson($0)"},
                  {"from_json", "parseJson($0)"},
                  {"parse_json", "parseJson($0)"},
                  {"loads", "parseJson($0)"},
                  {"default", "$0.orValue($1)"},
                  {"or_else", "$0.orValue($1)"},
                  {"now", "now"},
                  {"date", "timestamp($0)"}};

std::string filled(std::string_view form, const std::vector<std::string>& arguments) {
  std::string made;
  for (size_t i = 0; i < form.size(); ++i) {
    if (form[i] != '$') {
      made += form[i];
      continue;
    }
    const auto which = static_cast<size_t>(form[++i] - '0');
    made += which < arguments.size() ? arguments[which] : "…";
  }
  return made;
}

constexpr std::string_view kNamespaces[] = {"math",   "strings",  "lists",
                                            "base64", "optional", "cel"};

}  // namespace

uint16_t Checker::push(std::string_view name, Type type) {
  const auto slot = static_cast<uint16_t>(locals_.size());
  locals_.push_back({name, std::move(type), slot});
  program_.locals = std::max(program_.locals, locals_.size());
  return slot;
}

// Makes `math.abs(x)`, which the grammar reads as a member call on `math`, a call of that function.
bool Checker::namespaced(Node& node) {
  if (!node.member) return false;
  const std::string space = path_text(*node.operands[0]);
  if (space.empty()) return false;
  const Node* first = node.operands[0];
  while (first->op == Op::select) first = first->operands[0];
  if (local(first->text)) return false;
  const std::string name = space + "." + std::string(node.text);
  const bool is_space =
      names_.find(space) == names_.end() &&
      std::find(std::begin(kNamespaces), std::end(kNamespaces), space) != std::end(kNamespaces);
  if (!library().knows(name, false) && !is_space) return false;
  node.text = program_.arena.copy(name);
  node.member = false;
  ++node.operands;
  --node.count;
  return true;
}

Type Checker::call(Node& node) {
  namespaced(node);
  if (node.member && node.count == 2 && (node.text == "orValue" || node.text == "or"))
    return lazy_optional(node);
  node.function = library().find(node.text, node.member, node.count);
  std::vector<Type> arguments;
  for (size_t i = 0; i < node.count; ++i) arguments.push_back(visit(*node.operands[i]));
  if (!node.function) return unknown_function(node);
  if (node.text == "matches" && node.operands[1]->op == Op::constant &&
      node.operands[1]->value.is(Tag::string)) {
    const Type type = literal_pattern(node);
    if (type.is_any()) return type;
  }
  if (node.text == "timestamp" || node.text == "duration") literal_time(node);
  Type type;
  return result_type(*node.function, arguments, &type) ? type : wrong_arguments(node, arguments);
}

Type Checker::literal_pattern(Node& node) {
  const Node& argument = *node.operands[1];
  std::string message;
  auto pattern = compile_pattern(argument.value.text(), &message);
  if (!pattern) return wrong("X504", argument.start, argument.end, message);
  node.op = Op::matches;
  node.pattern = pattern.get();
  program_.patterns.push_back(std::move(pattern));
  return K::boolean;
}

// A literal that is no time never will be one.
void Checker::literal_time(const Node& node) {
  const Node& argument = *node.operands[0];
  if (argument.op != Op::constant || !argument.value.is(Tag::string)) return;
  Arena arena;
  Meter meter{1000};
  Context context(arena, meter);
  const Value value = invoke(*node.function, context, &argument.value, 1);
  if (value.failed())
    wrong("X504", argument.start, argument.end, std::string(value.fault->message));
}

Type Checker::lazy_optional(Node& node) {
  node.op = Op::or_value;
  node.flat = node.text == "or";
  const Type optional = visit(*node.operands[0]);
  const Type other = visit(*node.operands[1]);
  if (!optional.is_any() && !optional.is(K::optional)) {
    const std::string shown = text(node.operands[0]->outer_start, node.operands[0]->outer_end);
    return wrong("X504", node.operands[0]->start, node.operands[0]->end,
                 "`" + std::string(node.text) + "` needs an optional, " + plenum::quote(shown) +
                     " is " + a_word(optional),
                 optional.is_nullable() ? "write `" + shown + " != null ? " + shown + " : " +
                                              text(*node.operands[1]) + "`"
                                        : "`object.?field` gives an optional");
  }
  if (!node.flat) return optional.is_any() ? Type() : Type::join(optional.element(), other);
  if (!other.is_any() && !other.is(K::optional)) {
    return wrong("X504", node.operands[1]->start, node.operands[1]->end,
                 "`or` needs another optional, this is " + a_word(other), "write `.orValue(…)`");
  }
  return optional.is_any() || other.is_any() ? Type::optional({}) : Type::join(optional, other);
}

Type Checker::unknown_function(const Node& node) {
  if (!strict_) return {};
  const std::string name(node.text);
  const size_t start = node.member ? node.place : node.start;
  const size_t end = node.place + node.text.substr(node.text.rfind('.') + 1).size();
  std::vector<std::string> arguments;
  for (size_t i = 0; i < node.count; ++i) {
    arguments.push_back(i ? text(*node.operands[i])
                          : text(node.operands[i]->outer_start, node.operands[i]->outer_end));
  }
  if (library().knows(name, node.member)) {
    return wrong("X504", start, node.end,
                 plenum::quote(name) + " is not written with " +
                     std::to_string(node.count - (node.member ? 1 : 0)) + " arguments",
                 "write `" + any_of(library().forms(name)) + "`");
  }
  const std::string message = "no function " + plenum::quote(name);
  if (library().knows(name, !node.member) && node.count > 0) {
    const size_t first = node.member ? 0 : 1;
    std::string form = node.member ? name + "(" + arguments[0] : arguments[0] + "." + name + "(";
    for (size_t i = 1; i < arguments.size(); ++i) form += (i > first ? ", " : "") + arguments[i];
    return wrong("X503", start, end,
                 message + (node.member ? " of a value" : " with this argument first"),
                 "write `" + form + ")`");
  }
  if (const auto form = macro_form(name); !form.empty()) {
    return wrong("X503", start, end, message + " with these arguments",
                 "write `" + std::string(form) + "`");
  }
  for (const auto& known : kElsewhere)
    if (known.name == name)
      return wrong("X503", start, end, message, "`" + filled(known.form, arguments) + "`");
  const std::string near = nearest(name, library().names());
  return wrong("X503", start, end, message,
               near.empty()
                   ? "the reference of the language lists all functions"
                   : "a function that is close exists: `" + any_of(library().forms(near)) + "`");
}

// The call with one argument converted, if that is all it takes: "math.round(double(score))"; or
// "".
std::string Checker::converted(const Node& node, const std::vector<Type>& arguments) const {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const bool to_double = arguments[i].is(K::integer) || arguments[i].is(K::uint);
    if (!to_double && !arguments[i].is(K::real)) continue;
    std::vector<Type> others = arguments;
    others[i] = to_double ? K::real : K::integer;
    Type ignored;
    if (!result_type(*node.function, others, &ignored)) continue;
    const Node& argument = *node.operands[i];
    return text(node.start, argument.outer_start) + (to_double ? "double(" : "int(") +
           text(argument) + ")" + text(argument.outer_end, node.end);
  }
  return {};
}

Type Checker::wrong_arguments(const Node& node, const std::vector<Type>& arguments) {
  std::string given;
  for (const Type& type : arguments) given += (given.empty() ? "" : ", ") + type.text();
  std::string help = converted(node, arguments);
  if (!help.empty()) {
    help = "write `" + help + "`";
  } else {
    for (const Overload& overload : node.function->overloads) {
      help += (help.empty() ? "it is `" : ", `") + overload.text + "`";
    }
  }
  return wrong("X504", node.start, node.end,
               plenum::quote(node.text) + " does not take (" + given + ")", help);
}

Type Checker::macro(Node& node) {
  switch (node.macro) {
    case Macro::bind: {
      const Type value = visit(*node.operands[0]);
      node.slot = push(node.text, value);
      const Type result = visit(*node.operands[1]);
      pop(1);
      return result;
    }
    case Macro::opt_map:
    case Macro::opt_flat_map: {
      const Type optional = visit(*node.operands[0]);
      if (!optional.is_any() && !optional.is(K::optional)) {
        wrong("X504", node.operands[0]->start, node.operands[0]->end,
              "this macro needs an optional, " + plenum::quote(text(*node.operands[0])) + " is " +
                  a_word(optional),
              "`object.?field` gives an optional");
      }
      node.slot = push(node.text, optional.is(K::optional) ? optional.element() : Type());
      const Type result = visit(*node.operands[1]);
      pop(1);
      if (node.macro == Macro::opt_map) return Type::optional(result);
      return result.is(K::optional) ? result : Type::optional({});
    }
    default:
      return comprehension(node);
  }
}

// The type of a macro's variable: elements of a list, keys of a map; `value` is what goes with an
// index or key.
Type Checker::range_type(const Node& node, const Type& range, Type* value) {
  switch (range.kind()) {
    case K::any:
      return {};
    case K::list:
      *value = range.element();
      return node.variables == 2 ? Type(K::integer) : range.element();
    case K::map:
      *value = range.element();
      return range.key();
    case K::object: {
      if (range.is_open()) return K::string;
      bool first = true;
      for (const auto& [name, field] : range.fields()) {
        *value = first ? field.type : Type::join(*value, field.type);
        first = false;
      }
      return K::string;
    }
    default: {
      const Node& operand = *node.operands[0];
      return wrong("X504", operand.start, operand.end,
                   plenum::quote(text(operand)) + " is " + a_word(range) +
                       "; this macro goes over a list or a map");
    }
  }
}

Type Checker::comprehension(Node& node) {
  const Type range = visit(*node.operands[0]);
  Type value;
  const Type first = range_type(node, range, &value);
  node.slot = push(node.text, first);
  if (node.variables == 2) push(node.text2, value);
  const size_t last = node.count - 1u;
  const auto condition = [&](size_t i, std::string_view who) {
    want_boolean(*node.operands[i], visit(*node.operands[i]), who);
  };
  Type result = K::boolean;
  switch (node.macro) {
    case Macro::all:
      condition(1, "all");
      break;
    case Macro::exists:
      condition(1, "exists");
      break;
    case Macro::exists_one:
      condition(1, "exists_one");
      break;
    case Macro::filter:
      condition(1, "filter");
      result = Type::list(first);
      break;
    case Macro::sort_by:
      visit(*node.operands[1]);
      result = Type::list(first);
      break;
    default: {
      if (last == 2) condition(1, "the filter of this macro");
      const Type body = visit(*node.operands[last]);
      result = Type::list(body);
      if (node.macro == Macro::transform_map)
        result = Type::map(body, range.is(K::list) ? Type(K::integer) : first);
      if (node.macro == Macro::transform_map_entry) {
        result = body.is(K::map) ? body : Type::map({}, {});
        if (!body.is_any() && !body.is(K::map) && !body.is(K::object)) {
          wrong("X504", node.operands[last]->start, node.operands[last]->end,
                "`transformMapEntry` needs a map, this is " + a_word(body),
                "write `{newKey: newValue}`");
        }
      }
    }
  }
  pop(node.variables);
  return result;
}

}  // namespace plenum::cel
