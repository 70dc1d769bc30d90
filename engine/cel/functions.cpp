// The library's table.  A signature is written once, as text; from it come the run-time dispatch (a
// mask of value tags per parameter), the types the checker infers, and the forms that messages
// show.
#include "engine/cel/functions.h"

#include <re2/re2.h>

#include <algorithm>
#include <cassert>
#include <nlohmann/json.hpp>

#include "engine/base/diagnostic.h"

namespace plenum::cel {
namespace {

constexpr size_t kVariadic = SIZE_MAX;

constexpr struct {
  std::string_view name;
  Type::Kind kind;
  uint32_t mask;
} kShapes[] = {{"any", Type::Kind::any, ~0u},
               {"null", Type::Kind::null, bit(Tag::null)},
               {"bool", Type::Kind::boolean, bit(Tag::boolean)},
               {"int", Type::Kind::integer, bit(Tag::integer)},
               {"uint", Type::Kind::uint, bit(Tag::uint)},
               {"double", Type::Kind::real, bit(Tag::real)},
               {"number", Type::Kind::number, bit(Tag::integer) | bit(Tag::uint) | bit(Tag::real)},
               {"string", Type::Kind::string, bit(Tag::string)},
               {"bytes", Type::Kind::bytes, bit(Tag::bytes)},
               {"timestamp", Type::Kind::timestamp, bit(Tag::timestamp)},
               {"duration", Type::Kind::duration, bit(Tag::duration)},
               {"list", Type::Kind::list, bit(Tag::list)},
               {"map", Type::Kind::map, bit(Tag::map)},
               {"optional", Type::Kind::optional, bit(Tag::optional)},
               {"type", Type::Kind::type, bit(Tag::type)}};

class SignatureReader {
 public:
  explicit SignatureReader(std::string_view text) : rest_(text) {}

  bool take(std::string_view word) {
    while (!rest_.empty() && rest_[0] == ' ') rest_.remove_prefix(1);
    if (rest_.substr(0, word.size()) != word) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  Shape shape() {
    take("");
    size_t size = 0;
    while (size < rest_.size() && std::isalpha(static_cast<unsigned char>(rest_[size]))) ++size;
    const std::string_view word = rest_.substr(0, size);
    rest_.remove_prefix(size);
    Shape shape;
    if (word.size() == 1) {
      shape.variable = word[0];
      return shape;
    }
    const auto* known = std::find_if(std::begin(kShapes), std::end(kShapes),
                                     [&](const auto& entry) { return entry.name == word; });
    assert(known != std::end(kShapes));
    shape.kind = known->kind;
    if (take("<")) {
      do shape.parts.push_back(this->shape());
      while (take(","));
      take(">");
    }
    return shape;
  }

  bool done() { return take("") && rest_.empty(); }

 private:
  std::string_view rest_;
};

uint32_t mask_of(const Shape& shape) {
  if (shape.variable) return ~0u;
  for (const auto& entry : kShapes)
    if (entry.kind == shape.kind) return entry.mask;
  return ~0u;
}

std::string text_of(const Shape& shape) {
  if (shape.variable) return "any";
  for (const auto& entry : kShapes)
    if (entry.kind == shape.kind) return std::string(entry.name);
  return "any";
}

std::string form_of(std::string_view name, bool member, const Overload& overload, bool variadic) {
  std::string text;
  size_t first = 0;
  if (member) text = text_of(overload.parameters[first++]) + ".";
  text += std::string(name) + "(";
  for (size_t i = first; i < overload.parameters.size(); ++i) {
    text += (i > first ? ", " : "") + text_of(overload.parameters[i]);
  }
  return text + (variadic ? ", …)" : ")");
}

// What the variables A and B of a signature stand for in one call.
struct Bound {
  Type types[2];
  bool known[2] = {false, false};
};

bool matches(const Shape& shape, const Type& type, Bound& bound) {
  if (shape.variable) {
    const size_t i = static_cast<size_t>(shape.variable - 'A');
    bound.types[i] = bound.known[i] ? Type::join(bound.types[i], type) : type;
    bound.known[i] = true;
    return true;
  }
  if (shape.kind == Type::Kind::any || type.is_any()) return true;
  if (shape.kind == Type::Kind::map && type.is(Type::Kind::object)) {
    if (shape.parts.size() == 2) {
      Type values;
      bool first = true;
      for (const auto& [name, field] : type.fields()) {
        values = first ? field.type : Type::join(values, field.type);
        first = false;
      }
      return matches(shape.parts[0], Type::Kind::string, bound) &&
             matches(shape.parts[1], type.is_open() ? Type() : values, bound);
    }
    return true;
  }
  if (!type.fits(Type(shape.kind).nullable(false)) && type.kind() != shape.kind) return false;
  if (shape.parts.empty()) return true;
  if (shape.kind == Type::Kind::map) {
    return matches(shape.parts[0], type.key(), bound) &&
           matches(shape.parts[1], type.element(), bound);
  }
  return matches(shape.parts[0], type.element(), bound);
}

Type made_of(const Shape& shape, const Bound& bound) {
  if (shape.variable) return bound.types[shape.variable - 'A'];
  switch (shape.kind) {
    case Type::Kind::list:
      return Type::list(shape.parts.empty() ? Type() : made_of(shape.parts[0], bound));
    case Type::Kind::optional:
      return Type::optional(shape.parts.empty() ? Type() : made_of(shape.parts[0], bound));
    case Type::Kind::map:
      if (shape.parts.size() < 2) return Type::map({}, {});
      return Type::map(made_of(shape.parts[1], bound), made_of(shape.parts[0], bound));
    default:
      return shape.kind;
  }
}

}  // namespace

Context::Context(Arena& the_arena, Meter& the_meter) : arena(the_arena), meter(the_meter) {}
Context::~Context() = default;

Value Context::fail(std::string_view message) {
  if (!meter.take(1 + message.size() / 64)) return limit();
  auto* fault = arena.make<Fault>();
  *fault = {arena.copy(message), place, false};
  return Value::error(fault);
}

Value Context::limit() {
  static constexpr Fault kLimit{
      "the expression takes more steps than allowed; work on less data, or split it over several "
      "nodes",
      0, true};
  meter.stop();
  return Value::error(&kLimit);
}

Value Context::string(std::string_view text) {
  return meter.copies(text.size()) ? Value::string(arena.copy(text)) : limit();
}

Value* Context::values(size_t count) {
  return meter.take(count) ? arena.make<Value>(count) : nullptr;
}

Value Context::optional(const Value& inner) {
  auto* kept = arena.make<Value>();
  *kept = inner;
  return Value::optional(kept);
}

std::unique_ptr<re2::RE2> compile_pattern(std::string_view text, std::string* message) {
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_max_mem(1 << 20);
  auto pattern = std::make_unique<re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
  if (pattern->ok()) return pattern;
  *message = "the pattern " + plenum::quote(text) +
             " is not a regular expression of RE2: " + pattern->error();
  return nullptr;
}

const re2::RE2* Context::pattern(std::string_view text, Value* error) {
  if (last_ && last_pattern_ == text) return last_.get();
  // Compiling is by far the dearest thing an expression can do.
  if (!meter.take(500 + text.size() * 16)) {
    *error = limit();
    return nullptr;
  }
  std::string message;
  last_ = compile_pattern(text, &message);
  last_pattern_ = std::string(text);
  if (!last_) *error = fail(message);
  return last_.get();
}

void Library::add(std::string_view name, Style style, std::string_view signature, Call call) {
  if (style != member) add_one(name, false, signature, call);
  if (style != global) add_one(name, true, signature, call);
}

void Library::add_one(std::string_view name, bool member, std::string_view signature, Call call) {
  SignatureReader reader(signature);
  Overload overload;
  overload.call = call;
  bool variadic = false;
  if (!reader.take("->")) {
    do {
      if (reader.take("…")) variadic = true;
      overload.parameters.push_back(reader.shape());
    } while (reader.take(","));
    reader.take("->");
  }
  overload.result = reader.shape();
  assert(reader.done());
  for (const Shape& shape : overload.parameters) overload.masks.push_back(mask_of(shape));
  overload.text = form_of(name, member, overload, variadic);
  const size_t arguments = variadic ? kVariadic : overload.parameters.size();
  std::vector<FunctionGroup>& groups = groups_[std::string(name)];
  auto group = std::find_if(groups.begin(), groups.end(), [&](const FunctionGroup& known) {
    return known.member == member && known.arguments == arguments;
  });
  if (group == groups.end()) {
    group = groups.insert(group, {std::string(name), member, variadic, arguments, {}});
  }
  group->overloads.push_back(std::move(overload));
}

const FunctionGroup* Library::find(std::string_view name, bool member, size_t arguments) const {
  const auto named = groups_.find(name);
  if (named == groups_.end()) return nullptr;
  const FunctionGroup* any_number = nullptr;
  for (const FunctionGroup& group : named->second) {
    if (group.member != member) continue;
    if (group.arguments == arguments) return &group;
    if (group.variadic && arguments > 0) any_number = &group;
  }
  return any_number;
}

bool Library::knows(std::string_view name, bool member) const {
  const auto named = groups_.find(name);
  return named != groups_.end() &&
         std::any_of(named->second.begin(), named->second.end(),
                     [&](const FunctionGroup& group) { return group.member == member; });
}

std::vector<std::string> Library::forms(std::string_view name) const {
  std::vector<std::string> forms;
  const auto named = groups_.find(name);
  if (named == groups_.end()) return forms;
  for (const FunctionGroup& group : named->second)
    for (const Overload& overload : group.overloads) forms.push_back(overload.text);
  return forms;
}

std::vector<std::string> Library::names() const {
  std::vector<std::string> names;
  for (const auto& [name, groups] : groups_) names.push_back(name);
  return names;
}

const Library& library() {
  static const Library all = [] {
    Library made;
    add_standard_functions(made);
    add_string_functions(made);
    add_format_function(made);
    add_math_functions(made);
    add_list_functions(made);
    add_time_functions(made);
    add_optional_functions(made);
    add_plenum_functions(made);
    return made;
  }();
  return all;
}

namespace {

Value no_overload(const FunctionGroup& group, Context& context, const Value* arguments,
                  size_t count) {
  std::string message = "no such overload: `" + group.name + "` does not take (";
  for (size_t i = 0; i < count && i < 8; ++i)
    message += (i ? ", " : "") + std::string(word_for(arguments[i].tag));
  message += "); write ";
  for (size_t i = 0; i < group.overloads.size() && i < 6; ++i) {
    message += (i ? " or `" : "`") + group.overloads[i].text + "`";
  }
  if (std::any_of(arguments, arguments + count, [](const Value& v) { return v.is(Tag::null); })) {
    message += "; test what may be null with `!= null` first";
  }
  return context.fail(message);
}

}  // namespace

Value invoke(const FunctionGroup& group, Context& context, const Value* arguments, size_t count) {
  for (const Overload& overload : group.overloads) {
    bool fits = true;
    for (size_t i = 0; fits && i < overload.masks.size(); ++i) {
      fits = (overload.masks[i] & bit(arguments[i].tag)) != 0;
    }
    if (fits) return overload.call(context, arguments, count);
  }
  return no_overload(group, context, arguments, count);
}

bool result_type(const FunctionGroup& group, const std::vector<Type>& arguments, Type* result) {
  // Only what is known at run time may still take another overload than the first that fits.
  const bool unsure = std::any_of(arguments.begin(), arguments.end(), [](const Type& type) {
    return type.is_any() || type.is(Type::Kind::number);
  });
  bool found = false;
  for (const Overload& overload : group.overloads) {
    Bound bound;
    bool fits = true;
    for (size_t i = 0; fits && i < arguments.size(); ++i) {
      fits = matches(overload.parameters[group.variadic ? 0 : i], arguments[i], bound);
    }
    if (!fits) continue;
    const Type made = made_of(overload.result, bound);
    *result = found ? Type::join(*result, made) : made;
    found = true;
    if (!unsure) break;
  }
  return found;
}

}  // namespace plenum::cel
