// The standard library's size, type and conversions.
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>

#include "engine/base/diagnostic.h"
#include "engine/cel/functions.h"
#include "engine/cel/utf8.h"

namespace plenum::cel {
namespace {

Value size_of(Context& context, const Value* a, size_t) {
  switch (a->tag) {
    case Tag::string:
      if (!context.meter.scans(a->size)) return context.limit();
      return Value::integer(static_cast<int64_t>(utf8_size(a->text())));
    case Tag::bytes:
      return Value::integer(a->size);
    case Tag::list:
      return Value::integer(static_cast<int64_t>(list_size(*a)));
    default:
      return Value::integer(static_cast<int64_t>(map_size(*a)));
  }
}

Value itself(Context&, const Value* a, size_t) {
  return *a;
}
Value type_of(Context&, const Value* a, size_t) {
  return Value::type(a->tag);
}

Value out_of_range(Context& context, const std::string& shown, const char* type) {
  return context.fail("range error: " + shown + " does not fit into " + type);
}

Value not_readable(Context& context, const Value& text, const char* type, const char* form) {
  return context.fail("cannot read " + plenum::quote(text.text()) + " as " + type +
                      "; it is written like " + form);
}

Value int_of_uint(Context& context, const Value* a, size_t) {
  if (a->u > static_cast<uint64_t>(INT64_MAX))
    return out_of_range(context, std::to_string(a->u), "an int");
  return Value::integer(static_cast<int64_t>(a->u));
}
Value int_of_double(Context& context, const Value* a, size_t) {
  // The bounds themselves are out: as doubles they may stand for numbers beyond.
  if (!(a->d > -9223372036854775808.0 && a->d < 9223372036854775808.0)) {
    return out_of_range(context, number_text(a->d), "an int");
  }
  return Value::integer(static_cast<int64_t>(a->d));
}
Value int_of_string(Context& context, const Value* a, size_t) {
  const std::string_view text = a->text();
  int64_t value = 0;
  const size_t sign = text.size() > 1 && text[0] == '+' && text[1] != '-' ? 1 : 0;
  const auto read = std::from_chars(text.data() + sign, text.data() + text.size(), value);
  if (read.ec == std::errc::result_out_of_range)
    return out_of_range(context, plenum::quote(text), "an int");
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) {
    return not_readable(context, *a, "an int", "`42`");
  }
  return Value::integer(value);
}
Value int_of_timestamp(Context&, const Value* a, size_t) {
  return Value::integer(a->i);
}

Value uint_of_int(Context& context, const Value* a, size_t) {
  if (a->i < 0) return out_of_range(context, std::to_string(a->i), "a uint");
  return Value::uint(static_cast<uint64_t>(a->i));
}
Value uint_of_double(Context& context, const Value* a, size_t) {
  if (!(a->d >= 0 && a->d < 18446744073709551616.0))
    return out_of_range(context, number_text(a->d), "a uint");
  return Value::uint(static_cast<uint64_t>(a->d));
}
Value uint_of_string(Context& context, const Value* a, size_t) {
  const std::string_view text = a->text();
  uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec == std::errc::result_out_of_range)
    return out_of_range(context, plenum::quote(text), "a uint");
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) {
    return not_readable(context, *a, "a uint", "`42`");
  }
  return Value::uint(value);
}

Value double_of_int(Context&, const Value* a, size_t) {
  return Value::real(static_cast<double>(a->i));
}
Value double_of_uint(Context&, const Value* a, size_t) {
  return Value::real(static_cast<double>(a->u));
}
Value double_of_string(Context& context, const Value* a, size_t) {
  const std::string_view text = a->text();
  if (text.size() > 400) return not_readable(context, *a, "a double", "`1.5`");
  const size_t sign = text.size() > 1 && text[0] == '+' && text[1] != '-' ? 1 : 0;
  double value = 0;
  const auto read = std::from_chars(text.data() + sign, text.data() + text.size(), value);
  const bool small = read.ec == std::errc::result_out_of_range;  // or too large
  if ((read.ec != std::errc{} && !small) || read.ptr != text.data() + text.size()) {
    return not_readable(context, *a, "a double", "`1.5`");
  }
  if (small) value = std::strtod(std::string(text).c_str(), nullptr);
  return Value::real(value);
}

Value string_of_bool(Context&, const Value* a, size_t) {
  return Value::string(a->flag ? "true" : "false");
}
Value string_of_int(Context& context, const Value* a, size_t) {
  return context.string(std::to_string(a->i));
}
Value string_of_uint(Context& context, const Value* a, size_t) {
  return context.string(std::to_string(a->u));
}
Value string_of_double(Context& context, const Value* a, size_t) {
  return context.string(number_text(a->d));
}
Value string_of_bytes(Context& context, const Value* a, size_t) {
  if (!context.meter.scans(a->size)) return context.limit();
  if (!is_utf8(a->text()))
    return context.fail("invalid UTF-8: these bytes are not text; use `base64.encode`");
  return Value::string(a->text());
}
Value string_of_timestamp(Context& context, const Value* a, size_t) {
  return context.string(timestamp_text(a->i, a->size));
}
Value string_of_duration(Context& context, const Value* a, size_t) {
  return context.string(duration_text(a->i));
}
Value bytes_of_string(Context&, const Value* a, size_t) {
  return Value::bytes(a->text());
}

Value bool_of_string(Context& context, const Value* a, size_t) {
  for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"})
    if (a->text() == yes) return Value::boolean(true);
  for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"})
    if (a->text() == no) return Value::boolean(false);
  return not_readable(context, *a, "a bool", "`true` or `false`");
}

}  // namespace

void add_standard_functions(Library& library) {
  for (const char* sized :
       {"string -> int", "bytes -> int", "list<A> -> int", "map<A, B> -> int"}) {
    library.add("size", Library::both, sized, size_of);
  }
  library.add("type", Library::global, "any -> type", type_of);
  library.add("dyn", Library::global, "A -> any", itself);
  library.add("int", Library::global, "int -> int", itself);
  library.add("int", Library::global, "uint -> int", int_of_uint);
  library.add("int", Library::global, "double -> int", int_of_double);
  library.add("int", Library::global, "string -> int", int_of_string);
  library.add("int", Library::global, "timestamp -> int", int_of_timestamp);
  library.add("uint", Library::global, "uint -> uint", itself);
  library.add("uint", Library::global, "int -> uint", uint_of_int);
  library.add("uint", Library::global, "double -> uint", uint_of_double);
  library.add("uint", Library::global, "string -> uint", uint_of_string);
  library.add("double", Library::global, "double -> double", itself);
  library.add("double", Library::global, "int -> double", double_of_int);
  library.add("double", Library::global, "uint -> double", double_of_uint);
  library.add("double", Library::global, "string -> double", double_of_string);
  library.add("string", Library::global, "string -> string", itself);
  library.add("string", Library::global, "bool -> string", string_of_bool);
  library.add("string", Library::global, "int -> string", string_of_int);
  library.add("string", Library::global, "uint -> string", string_of_uint);
  library.add("string", Library::global, "double -> string", string_of_double);
  library.add("string", Library::global, "bytes -> string", string_of_bytes);
  library.add("string", Library::global, "timestamp -> string", string_of_timestamp);
  library.add("string", Library::global, "duration -> string", string_of_duration);
  library.add("bytes", Library::global, "bytes -> bytes", itself);
  library.add("bytes", Library::global, "string -> bytes", bytes_of_string);
  library.add("bool", Library::global, "bool -> bool", itself);
  library.add("bool", Library::global, "string -> bool", bool_of_string);
}

}  // namespace plenum::cel
