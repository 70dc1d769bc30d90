// The optionals extension's functions; orValue, or, optMap and optFlatMap look before they compute
// and stand in eval.cpp.
#include "engine/cel/functions.h"

namespace plenum::cel {
namespace {

Value of(Context& context, const Value* a, size_t) {
  return context.optional(*a);
}
Value none(Context&, const Value*, size_t) {
  return Value::optional(nullptr);
}
Value of_non_zero(Context& context, const Value* a, size_t) {
  return is_zero(*a) ? Value::optional(nullptr) : context.optional(*a);
}
Value has_value(Context&, const Value* a, size_t) {
  return Value::boolean(a->inner != nullptr);
}
Value value(Context& context, const Value* a, size_t) {
  if (a->inner) return *a->inner;
  return context.fail(
      "optional.none() has no value; use `.orValue(…)`, or ask `.hasValue()` first");
}

Value unwrap(Context& context, const Value* a, size_t) {
  const size_t size = list_size(*a);
  Value* items = context.values(size);
  if (!items) return context.limit();
  size_t kept = 0;
  for (size_t i = 0; i < size; ++i) {
    const Value item = list_at(*a, i);
    if (!item.is(Tag::optional)) {
      return context.fail("no such overload: element " + std::to_string(i) + " is " +
                          std::string(word_for(item.tag)) + ", not an optional");
    }
    if (item.inner) items[kept++] = *item.inner;
  }
  return Value::list(items, kept);
}

}  // namespace

void add_optional_functions(Library& library) {
  library.add("optional.of", Library::global, "A -> optional<A>", of);
  library.add("optional.none", Library::global, "-> optional<any>", none);
  library.add("optional.ofNonZeroValue", Library::global, "A -> optional<A>", of_non_zero);
  library.add("optional.unwrap", Library::global, "list<optional<A>> -> list<A>", unwrap);
  library.add("unwrapOpt", Library::member, "list<optional<A>> -> list<A>", unwrap);
  library.add("hasValue", Library::member, "optional<A> -> bool", has_value);
  library.add("value", Library::member, "optional<A> -> A", value);
}

}  // namespace plenum::cel
