// What is certain of every valid value, as a type.
//
// A schema says separately which kinds of value it allows and what an object or a list looks like
// if it is one; `allOf` may say the one here and the other there.  So facts of the three sorts are
// collected per node and put together last.

#include "engine/schema/program.h"

namespace plenum::schema {
namespace {

constexpr int kMaxDepth = 100;
constexpr int kMaxNodes = 20'000;

struct Facts {
  Type type;                   // objects and lists without their parts
  std::optional<Type> object;  // what it has if it is an object
  std::optional<Type> list;

  Type whole() const {
    if (type.is(Type::Kind::object) && object) return object->nullable(type.is_nullable());
    if (type.is(Type::Kind::list) && list) return list->nullable(type.is_nullable());
    return type;
  }
};

// The least that holds of a value that is both.
Type both(const Type& a, const Type& b);

Type both_objects(const Type& a, const Type& b) {
  if (a.is(Type::Kind::map) && b.is(Type::Kind::map))
    return Type::map(both(a.element(), b.element()));
  if (a.is(Type::Kind::map)) return b;
  if (b.is(Type::Kind::map)) return a;
  Type::Fields fields;
  for (const auto& [name, mine] : a.fields()) {
    const Type::Field* theirs = b.field(name);
    fields.push_back({name, theirs ? Type::Field{both(mine.type, theirs->type),
                                                 mine.required || theirs->required}
                                   : mine});
  }
  for (const auto& field : b.fields())
    if (!a.field(field.first)) fields.push_back(field);
  return Type::object(std::move(fields), a.is_open() && b.is_open(),
                      a.title().empty() ? b.title() : a.title());
}

Type both(const Type& a, const Type& b) {
  using K = Type::Kind;
  if (a.is_any()) return b;
  if (b.is_any()) return a;
  if (a.is(K::null) || b.is(K::null)) return K::null;
  const bool null = a.is_nullable() && b.is_nullable();
  const auto objects = [](const Type& type) { return type.is(K::object) || type.is(K::map); };
  if (objects(a) && objects(b)) return both_objects(a, b).nullable(null);
  if (a.is(K::list) && b.is(K::list))
    return Type::list(both(a.element(), b.element())).nullable(null);
  if (a.is(K::number) && b.is_numeric()) return b.nullable(null);
  if (a.is(K::string) && b.is(K::string) && a.values().empty()) return b.nullable(null);
  return a.nullable(null);
}

class Typer {
 public:
  explicit Typer(const Program& program)
      : program_(program), memo_(program.nodes.size()), active_(program.nodes.size()) {}

  Type of(Ref ref) { return ref == kNone ? Type() : facts(ref).whole(); }

 private:
  Facts facts(Ref ref);
  Facts own(const Node& node);
  Type of_value(const Json& value);
  Type of_kinds(uint8_t types);
  Type object(const Objects& rule, const std::string& title);
  Type list(const Arrays& rule);
  void add(Facts& facts, const Facts& more);
  void alternatives(Facts& facts, const std::vector<Ref>& forms);
  void perhaps(Facts& facts, Ref ref);

  const Program& program_;
  std::vector<std::optional<Facts>> memo_;
  std::vector<bool> active_;
  int depth_ = 0, nodes_ = 0;
};

Facts Typer::facts(Ref ref) {
  if (memo_[ref]) return *memo_[ref];
  if (active_[ref] || depth_ == kMaxDepth || nodes_ == kMaxNodes)
    return {};  // recursion ends as any
  active_[ref] = true;
  ++depth_;
  ++nodes_;
  const Node& node = program_.nodes[ref];
  Facts result = own(node);
  for (const Ref other : node.all_of) add(result, facts(other));
  if (node.ref != kNone) add(result, facts(node.ref));
  alternatives(result, node.any_of);
  alternatives(result, node.one_of);
  for (const Ref other : {node.condition, node.then, node.otherwise}) perhaps(result, other);
  if (node.objects)
    for (const auto& dependent : node.objects->dependent_schemas) perhaps(result, dependent.second);
  --depth_;
  active_[ref] = false;
  memo_[ref] = result;
  return result;
}

Facts Typer::own(const Node& node) {
  Facts facts;
  const Json* title = node.source ? find(*node.source, "title") : nullptr;
  const std::string name = title && title->is_string() ? title->get<std::string>() : "";
  if (node.constant) {
    facts.type = of_value(*node.constant);
  } else if (node.one_of_values && !node.one_of_values->empty()) {
    facts.type = of_value((*node.one_of_values)[0]);
    for (const Json& value : *node.one_of_values)
      facts.type = Type::join(facts.type, of_value(value));
  } else {
    facts.type = of_kinds(node.types);
  }
  if (node.objects)
    facts.object = object(*node.objects, name);
  else if (!name.empty() && facts.type.is(Type::Kind::object))
    facts.object = Type::object({}, true, name);
  if (node.arrays) facts.list = list(*node.arrays);
  return facts;
}

Type Typer::of_value(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return Type::Kind::null;
    case Json::value_t::boolean:
      return Type::Kind::boolean;
    case Json::value_t::string:
      return Type::one_of({value.get<std::string>()});
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      return Type::Kind::integer;
    case Json::value_t::number_float:
      return Type::Kind::number;
    case Json::value_t::array:
      return Type::list({});
    default:
      return Type::object({}, true);
  }
}

Type Typer::of_kinds(uint8_t types) {
  const bool null = types & kNull;
  types = static_cast<uint8_t>(types & ~kNull);
  if (types & kNumber) types = static_cast<uint8_t>(types & ~kInteger);
  switch (types) {
    case 0:
      return null ? Type(Type::Kind::null) : Type();
    case kBoolean:
      return Type(Type::Kind::boolean).nullable(null);
    case kString:
      return Type(Type::Kind::string).nullable(null);
    case kInteger:
      return Type(Type::Kind::integer).nullable(null);
    case kNumber:
      return Type(Type::Kind::number).nullable(null);
    case kObject:
      return Type::object({}, true).nullable(null);
    case kArray:
      return Type::list({}).nullable(null);
    default:
      return {};  // several kinds
  }
}

Type Typer::object(const Objects& rule, const std::string& title) {
  const auto known = [&](Ref ref) { return ref != kNone && !program_.nodes[ref].never; };
  const Ref more = rule.additional != kNone ? rule.additional : rule.unevaluated;
  Type::Fields fields;
  for (const Slot& slot : rule.slots) fields.push_back({slot.name, {of(slot.node), slot.required}});
  if (fields.empty() && rule.patterns.empty() && known(more)) {
    const Type element = of(more);
    return element.is_any() ? Type::object({}, true, title) : Type::map(element);
  }
  // Without `additionalProperties` others are valid, too; but a name that no property has is almost
  // certainly a mistake.
  const bool closed = fields.empty() ? more != kNone && rule.patterns.empty() : !known(more);
  return Type::object(std::move(fields), !closed || !rule.patterns.empty(), title);
}

Type Typer::list(const Arrays& rule) {
  if (rule.prefix.empty()) return Type::list(of(rule.items));
  Type element = of(rule.prefix[0]);
  for (const Ref item : rule.prefix) element = Type::join(element, of(item));
  const bool ends = rule.items != kNone && program_.nodes[rule.items].never;
  return Type::list(ends ? element : Type::join(element, of(rule.items)));
}

void Typer::add(Facts& facts, const Facts& more) {
  facts.type = both(facts.type, more.type);
  if (more.object)
    facts.object = facts.object ? both_objects(*facts.object, *more.object) : *more.object;
  if (more.list) facts.list = facts.list ? both(*facts.list, *more.list) : *more.list;
}

void Typer::alternatives(Facts& facts, const std::vector<Ref>& forms) {
  if (forms.empty()) return;
  Type type;
  std::optional<Type> object;
  bool first = true, objects = true;
  for (const Ref form : forms) {
    if (program_.nodes[form].never) continue;
    const Facts one = this->facts(form);
    type = first ? one.whole() : Type::join(type, one.whole());
    if (!one.object)
      objects = false;
    else
      object = object ? Type::join(*object, *one.object) : *one.object;
    first = false;
  }
  Facts joined;
  joined.type = type;
  if (type.is(Type::Kind::object) || type.is(Type::Kind::map)) {
    joined.object = type.nullable(false);
  } else if (type.is(Type::Kind::list)) {
    joined.list = type.nullable(false);
  } else if (objects) {
    joined.object = object;
  } else if (object && facts.object) {
    for (const Ref form : forms) perhaps(facts, form);
  }
  add(facts, joined);
}

// Members that a condition may bring: they may be there.
void Typer::perhaps(Facts& facts, Ref ref) {
  if (ref == kNone || !facts.object || !facts.object->is(Type::Kind::object)) return;
  const Facts more = this->facts(ref);
  if (!more.object || !more.object->is(Type::Kind::object)) return;
  Type::Fields fields = facts.object->fields();
  for (const auto& [name, field] : more.object->fields())
    if (!facts.object->field(name)) fields.push_back({name, {field.type, false}});
  facts.object = Type::object(std::move(fields), facts.object->is_open(), facts.object->title());
}

}  // namespace

Type Schema::type() const {
  return Typer(*program_).of(0);
}

}  // namespace plenum::schema
