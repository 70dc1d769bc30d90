// What is known of a value before there is one.  JSON Schema makes types, CEL checks and infers
// them, Mustache asks them which names exist; none of the three knows the others.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace plenum {

// An immutable value, cheap to copy (shared parts).  Callable from any thread.
class Type {
 public:
  enum class Kind {
    any,   // nothing is known: checked at run time
    null,  // only null
    boolean,
    integer,  // int64 (JSON integers)
    uint,     // CEL's uint
    number,   // a JSON number: an integer or a double, known only at run time
    real,     // CEL's double
    string,
    bytes,
    timestamp,
    duration,
    list,      // element()
    map,       // string or other keys to element(): no fixed names
    object,    // fixed names: fields(); with `open` others may be there, too
    optional,  // CEL's optional_type(element())
    type       // CEL's type values
  };
  struct Field;
  using Fields = std::vector<std::pair<std::string, Field>>;  // in the author's order

  Type() = default;  // any
  Type(Kind kind) : kind_(kind) {}

  static Type list(Type element);
  static Type map(Type value, Type key = Kind::string);
  static Type optional(Type element);
  // `title` names it in messages: "analysis", "the result of `extract`".  `open`: unknown fields
  // are any, not errors.
  static Type object(Fields fields, bool open = false, std::string title = {});
  // Strings that are one of these.
  static Type one_of(std::vector<std::string> values);
  Type nullable(bool yes = true) const;  // the same, or null
  Type titled(std::string title) const;

  Kind kind() const { return kind_; }
  bool is(Kind kind) const { return kind_ == kind; }
  bool is_any() const { return kind_ == Kind::any; }
  bool is_numeric() const;  // integer, uint, number or real
  bool is_nullable() const { return nullable_; }
  bool is_open() const { return open_; }
  const Type& element() const;  // of a list, map or optional; any when unknown
  const Type& key() const;      // of a map
  const Fields& fields() const;
  const Field* field(std::string_view name) const;  // nullptr: no such field
  const std::vector<std::string>& values() const;   // of one_of; empty: any string
  const std::string& title() const;

  // "string", "list<int>", "object", "string or null": for messages, in the words of the app
  // language.
  std::string text() const;

  // Whether a value of this type may be used where `wanted` is asked: yes also when it is only
  // possible (any).
  bool fits(const Type& wanted) const;
  // The least type that holds both; any when they have nothing in common.
  static Type join(const Type& a, const Type& b);
  bool operator==(const Type& other) const;

 private:
  struct Parts;
  std::shared_ptr<const Parts> parts_;
  Kind kind_ = Kind::any;
  bool nullable_ = false;
  bool open_ = false;
};

struct Type::Field {
  Type type;
  bool required = true;  // false: the member may be absent (has() tells); reading it then fails
  bool operator==(const Field&) const = default;
};

}  // namespace plenum
