// The math extension.
#include <cmath>
#include <cstdint>

#include "engine/cel/functions.h"

namespace plenum::cel {
namespace {

Value ceiling(Context&, const Value* a, size_t) {
  return Value::real(std::ceil(a->d));
}
Value floor_of(Context&, const Value* a, size_t) {
  return Value::real(std::floor(a->d));
}
Value round_of(Context&, const Value* a, size_t) {
  return Value::real(std::round(a->d));
}
Value truncated(Context&, const Value* a, size_t) {
  return Value::real(std::trunc(a->d));
}
Value is_nan(Context&, const Value* a, size_t) {
  return Value::boolean(std::isnan(a->d));
}
Value is_infinite(Context&, const Value* a, size_t) {
  return Value::boolean(std::isinf(a->d));
}
Value is_finite(Context&, const Value* a, size_t) {
  return Value::boolean(std::isfinite(a->d));
}

Value square_root(Context&, const Value* a, size_t) {
  const double value = a->is(Tag::real)      ? a->d
                       : a->is(Tag::integer) ? static_cast<double>(a->i)
                                             : static_cast<double>(a->u);
  return Value::real(std::sqrt(value));
}

Value absolute(Context& context, const Value* a, size_t) {
  if (a->is(Tag::uint)) return *a;
  if (a->is(Tag::real)) return Value::real(std::fabs(a->d));
  if (a->i == INT64_MIN)
    return context.fail("integer overflow: the absolute value of the least int is no int");
  return Value::integer(a->i < 0 ? -a->i : a->i);
}

Value sign(Context&, const Value* a, size_t) {
  if (a->is(Tag::uint)) return Value::uint(a->u > 0 ? 1 : 0);
  if (a->is(Tag::integer)) return Value::integer((a->i > 0) - (a->i < 0));
  if (std::isnan(a->d)) return *a;
  return Value::real((a->d > 0) - (a->d < 0));
}

template <typename Operation>
Value bitwise(const Value* a, Operation operation) {
  const uint64_t bits = operation(a[0].u, a[1].u);
  return a->is(Tag::uint) ? Value::uint(bits) : Value::integer(static_cast<int64_t>(bits));
}
Value bit_and(Context&, const Value* a, size_t) {
  return bitwise(a, [](uint64_t x, uint64_t y) { return x & y; });
}
Value bit_or(Context&, const Value* a, size_t) {
  return bitwise(a, [](uint64_t x, uint64_t y) { return x | y; });
}
Value bit_xor(Context&, const Value* a, size_t) {
  return bitwise(a, [](uint64_t x, uint64_t y) { return x ^ y; });
}
Value bit_not(Context&, const Value* a, size_t) {
  return a->is(Tag::uint) ? Value::uint(~a->u) : Value::integer(~a->i);
}

Value shift(Context& context, const Value* a, bool left) {
  const int64_t by = a[1].i;
  if (by < 0)
    return context.fail("negative offset: a shift by " + std::to_string(by) +
                        " bits; it must be 0 or more");
  // Both shift in zeros, also for negative ints.
  const uint64_t bits = by > 63 ? 0 : left ? a->u << by : a->u >> by;
  return a->is(Tag::uint) ? Value::uint(bits) : Value::integer(static_cast<int64_t>(bits));
}
Value shift_left(Context& context, const Value* a, size_t) {
  return shift(context, a, true);
}
Value shift_right(Context& context, const Value* a, size_t) {
  return shift(context, a, false);
}

// The greatest (wanted 1) or least (wanted -1) of some numbers; of equal ones the first.
class Extreme {
 public:
  Extreme(Context& context, int wanted) : context_(context), wanted_(wanted) {}

  bool take(const Value& value) {
    if (!value.is_number()) {
      error_ = context_.fail("no such overload: `" +
                             std::string(wanted_ > 0 ? "math.greatest" : "math.least") +
                             "` compares numbers, not " + std::string(word_for(value.tag)));
      return false;
    }
    if (!any_ || order(value, best_) == wanted_) best_ = value;
    any_ = true;
    return true;
  }
  Value result() {
    if (error_.failed()) return error_;
    return any_ ? best_ : context_.fail("there is no greatest or least of an empty list");
  }

 private:
  Context& context_;
  int wanted_;
  bool any_ = false;
  Value best_, error_;
};

Value extreme_of(Context& context, const Value* a, size_t count, int wanted) {
  Extreme extreme(context, wanted);
  if (count == 1 && a->is(Tag::list)) {
    const size_t size = list_size(*a);
    if (!context.meter.take(size)) return context.limit();
    for (size_t i = 0; i < size && extreme.take(list_at(*a, i)); ++i) {
    }
  } else {
    for (size_t i = 0; i < count && extreme.take(a[i]); ++i) {
    }
  }
  return extreme.result();
}
Value greatest(Context& context, const Value* a, size_t count) {
  return extreme_of(context, a, count, 1);
}
Value least(Context& context, const Value* a, size_t count) {
  return extreme_of(context, a, count, -1);
}

}  // namespace

void add_math_functions(Library& library) {
  constexpr auto kGlobal = Library::global;
  library.add("math.ceil", kGlobal, "double -> double", ceiling);
  library.add("math.floor", kGlobal, "double -> double", floor_of);
  library.add("math.round", kGlobal, "double -> double", round_of);
  library.add("math.trunc", kGlobal, "double -> double", truncated);
  library.add("math.isNaN", kGlobal, "double -> bool", is_nan);
  library.add("math.isInf", kGlobal, "double -> bool", is_infinite);
  library.add("math.isFinite", kGlobal, "double -> bool", is_finite);
  library.add("math.sqrt", kGlobal, "number -> double", square_root);
  for (const char* number : {"int -> int", "uint -> uint", "double -> double"}) {
    library.add("math.abs", kGlobal, number, absolute);
    library.add("math.sign", kGlobal, number, sign);
  }
  for (const char* pair : {"int, int -> int", "uint, uint -> uint"}) {
    library.add("math.bitAnd", kGlobal, pair, bit_and);
    library.add("math.bitOr", kGlobal, pair, bit_or);
    library.add("math.bitXor", kGlobal, pair, bit_xor);
  }
  for (const char* one : {"int -> int", "uint -> uint"})
    library.add("math.bitNot", kGlobal, one, bit_not);
  for (const char* by : {"int, int -> int", "uint, int -> uint"}) {
    library.add("math.bitShiftLeft", kGlobal, by, shift_left);
    library.add("math.bitShiftRight", kGlobal, by, shift_right);
  }
  for (const char* numbers :
       {"int -> int", "uint -> uint", "double -> double", "list<A> -> A", "… A -> A"}) {
    library.add("math.greatest", kGlobal, numbers, greatest);
    library.add("math.least", kGlobal, numbers, least);
  }
}

}  // namespace plenum::cel
