#include "engine/base/type.h"

#include <algorithm>

namespace plenum {

struct Type::Parts {
  Type element, key;
  Fields fields;
  std::vector<std::string> values;
  std::string title;
};

Type Type::list(Type element) {
  Type t(Kind::list);
  t.parts_ = std::make_shared<Parts>(Parts{std::move(element), {}, {}, {}, {}});
  return t;
}

Type Type::map(Type value, Type key) {
  Type t(Kind::map);
  t.parts_ = std::make_shared<Parts>(Parts{std::move(value), std::move(key), {}, {}, {}});
  return t;
}

Type Type::optional(Type element) {
  Type t(Kind::optional);
  t.parts_ = std::make_shared<Parts>(Parts{std::move(element), {}, {}, {}, {}});
  return t;
}

Type Type::object(Fields fields, bool open, std::string title) {
  Type t(Kind::object);
  t.parts_ = std::make_shared<Parts>(Parts{{}, {}, std::move(fields), {}, std::move(title)});
  t.open_ = open;
  return t;
}

Type Type::one_of(std::vector<std::string> values) {
  Type t(Kind::string);
  t.parts_ = std::make_shared<Parts>(Parts{{}, {}, {}, std::move(values), {}});
  return t;
}

Type Type::nullable(bool yes) const {
  Type t = *this;
  t.nullable_ = yes && kind_ != Kind::any && kind_ != Kind::null;
  return t;
}

Type Type::titled(std::string title) const {
  Type t = *this;
  Parts parts = parts_ ? *parts_ : Parts{};
  parts.title = std::move(title);
  t.parts_ = std::make_shared<Parts>(std::move(parts));
  return t;
}

bool Type::is_numeric() const {
  return kind_ == Kind::integer || kind_ == Kind::uint || kind_ == Kind::number ||
         kind_ == Kind::real;
}

const Type& Type::element() const {
  static const Type any;
  return parts_ ? parts_->element : any;
}
const Type& Type::key() const {
  static const Type any;
  return parts_ ? parts_->key : any;
}
const Type::Fields& Type::fields() const {
  static const Fields none;
  return parts_ ? parts_->fields : none;
}
const Type::Field* Type::field(std::string_view name) const {
  for (const auto& [key, field] : fields())
    if (key == name) return &field;
  return nullptr;
}
const std::vector<std::string>& Type::values() const {
  static const std::vector<std::string> none;
  return parts_ ? parts_->values : none;
}
const std::string& Type::title() const {
  static const std::string none;
  return parts_ ? parts_->title : none;
}

std::string Type::text() const {
  const auto word = [&]() -> std::string {
    switch (kind_) {
      case Kind::any:
        return "any";
      case Kind::null:
        return "null";
      case Kind::boolean:
        return "boolean";
      case Kind::integer:
        return "integer";
      case Kind::uint:
        return "uint";
      case Kind::number:
        return "number";
      case Kind::real:
        return "double";
      case Kind::string:
        return "string";
      case Kind::bytes:
        return "bytes";
      case Kind::timestamp:
        return "timestamp";
      case Kind::duration:
        return "duration";
      case Kind::list:
        return "list<" + element().text() + ">";
      case Kind::map:
        return "map<" + key().text() + ", " + element().text() + ">";
      case Kind::object:
        return "object";
      case Kind::optional:
        return "optional_type(" + element().text() + ")";
      case Kind::type:
        return "type";
    }
    return "any";
  };
  return nullable_ ? word() + " or null" : word();
}

bool Type::fits(const Type& wanted) const {
  if (is_any() || wanted.is_any()) return true;
  if (is(Kind::null)) return wanted.is(Kind::null) || wanted.is_nullable();
  if (wanted.is(Kind::number) && is_numeric()) return true;
  if (wanted.is_numeric() && is(Kind::number)) return true;  // possible; the value decides
  if (is(Kind::object) && wanted.is(Kind::map)) return true;
  if (is(Kind::map) && wanted.is(Kind::object)) return true;
  if (kind_ != wanted.kind_) return false;
  switch (kind_) {
    case Kind::list:
    case Kind::map:
    case Kind::optional:
      return element().fits(wanted.element());
    case Kind::object:
      return std::all_of(wanted.fields().begin(), wanted.fields().end(), [&](const auto& member) {
        const Field* mine = field(member.first);
        if (!mine) return open_ || !member.second.required || fields().empty();
        return mine->type.fits(member.second.type);
      });
    default:
      return true;
  }
}

Type Type::join(const Type& a, const Type& b) {
  if (a == b) return a;
  if (a.is(Kind::null)) return b.nullable();
  if (b.is(Kind::null)) return a.nullable();
  const bool null = a.is_nullable() || b.is_nullable();
  if (a.is_numeric() && b.is_numeric()) return Type(Kind::number).nullable(null);
  if (a.kind_ != b.kind_) return {};
  switch (a.kind_) {
    case Kind::list:
      return list(join(a.element(), b.element())).nullable(null);
    case Kind::map:
      return map(join(a.element(), b.element()), join(a.key(), b.key())).nullable(null);
    case Kind::optional:
      return optional(join(a.element(), b.element()));
    case Kind::string: {
      if (a.values().empty() || b.values().empty()) return Type(Kind::string).nullable(null);
      std::vector<std::string> values = a.values();
      for (const std::string& v : b.values())
        if (std::find(values.begin(), values.end(), v) == values.end()) values.push_back(v);
      return one_of(std::move(values)).nullable(null);
    }
    case Kind::object: {
      Fields fields;
      for (const auto& [name, mine] : a.fields()) {
        const Field* theirs = b.field(name);
        fields.push_back(
            {name, theirs ? Field{join(mine.type, theirs->type), mine.required && theirs->required}
                          : Field{mine.type, false}});
      }
      for (const auto& [name, theirs] : b.fields())
        if (!a.field(name)) fields.push_back({name, {theirs.type, false}});
      return object(std::move(fields), a.open_ || b.open_, a.title()).nullable(null);
    }
    default:
      return a.nullable(null);
  }
}

bool Type::operator==(const Type& other) const {
  if (kind_ != other.kind_ || nullable_ != other.nullable_ || open_ != other.open_) return false;
  if (parts_ == other.parts_) return true;
  return element() == other.element() && key() == other.key() && fields() == other.fields() &&
         values() == other.values();
}

}  // namespace plenum
