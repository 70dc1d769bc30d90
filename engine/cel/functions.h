// The function library: overloads by signature, so that the checker and the evaluator read the same
// table.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/type.h"
#include "engine/cel/value.h"

namespace re2 {
class RE2;
}

namespace plenum::cel {

// What a function may use besides its arguments.
struct Context {
  Context(Arena& arena, Meter& meter);
  ~Context();

  // An error at the place of the call.
  Value fail(std::string_view message);
  // A copy of the text, charged; or the error that stopped it.
  Value string(std::string_view text);
  Value limit();  // the error of a limit
  // `count` values that are charged before they are made; nullptr when the limit is reached.
  Value* values(size_t count);
  Value optional(const Value& inner);
  // The compiled pattern, or nullptr and the error.  The last one is kept: patterns in loops
  // repeat.
  const re2::RE2* pattern(std::string_view text, Value* error);

  Arena& arena;
  Meter& meter;
  uint32_t place = 0;
  std::vector<std::unique_ptr<Json>> documents;  // what parseJson made

 private:
  std::string last_pattern_;
  std::unique_ptr<re2::RE2> last_;
};

using Call = Value (*)(Context& context, const Value* arguments, size_t count);

// A type of a signature: "list<A>", "map<A, B>", "string", "any", "A".
struct Shape {
  Type::Kind kind = Type::Kind::any;
  char variable = 0;
  std::vector<Shape> parts;
};

struct Overload {
  std::vector<Shape> parameters;  // of a member function the receiver comes first
  std::vector<uint32_t> masks;    // which tags each takes
  Shape result;
  Call call = nullptr;
  std::string text;  // "string.startsWith(string)"
};

// The overloads of one name, style and number of arguments.
struct FunctionGroup {
  std::string name;
  bool member = false;
  bool variadic = false;
  size_t arguments = 0;  // with the receiver
  std::vector<Overload> overloads;
};

class Library {
 public:
  enum Style { global, member, both };

  // signature: "string, string -> bool", the receiver of a member first; "… any" at the end takes
  // any number.
  void add(std::string_view name, Style style, std::string_view signature, Call call);

  const FunctionGroup* find(std::string_view name, bool member, size_t arguments) const;
  // Whether there is one with another number of arguments; and all forms of a name, for messages.
  bool knows(std::string_view name, bool member) const;
  std::vector<std::string> forms(std::string_view name) const;
  std::vector<std::string> names() const;

 private:
  void add_one(std::string_view name, bool member, std::string_view signature, Call call);
  std::map<std::string, std::vector<FunctionGroup>, std::less<>> groups_;  // by name
};

const Library& library();

// Calls the overload that takes these arguments; or the error that none does.
Value invoke(const FunctionGroup& group, Context& context, const Value* arguments, size_t count);

// The type of the result for arguments of these types; false: no overload takes them.
bool result_type(const FunctionGroup& group, const std::vector<Type>& arguments, Type* result);

void add_standard_functions(Library& library);
void add_string_functions(Library& library);
void add_format_function(Library& library);
void add_math_functions(Library& library);
void add_list_functions(Library& library);
void add_time_functions(Library& library);
void add_optional_functions(Library& library);
void add_plenum_functions(Library& library);

// The items in the order of their keys; equal keys keep their order.  Fails when the keys have no
// common order.
Value sorted(Context& context, const Value* keys, const Value* items, size_t size);

// RE2 as the language uses it; nullptr and a message when the pattern is wrong.
std::unique_ptr<re2::RE2> compile_pattern(std::string_view text, std::string* message);

}  // namespace plenum::cel
