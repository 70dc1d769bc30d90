// The few questions that are asked of values everywhere.
#include "engine/base/json.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/base/json_text.h"

namespace plenum {

namespace {

constexpr size_t kLinearKeys = 16;  // up to here members are looked for one by one

bool same_number(const Json& a, const Json& b);

bool integer_is(int64_t integer, double real) {
  return real >= -0x1p63 && real < 0x1p63 && static_cast<int64_t>(real) == integer &&
         static_cast<double>(static_cast<int64_t>(real)) == real;
}
bool natural_is(uint64_t natural, double real) {
  return real >= 0 && real < 0x1p64 && static_cast<uint64_t>(real) == natural &&
         static_cast<double>(static_cast<uint64_t>(real)) == real;
}

bool same_number(const Json& a, const Json& b) {
  if (a.is_number_float() && b.is_number_float()) return a.get<double>() == b.get<double>();
  if (a.is_number_float()) return same_number(b, a);
  if (b.is_number_float())
    return a.is_number_unsigned() ? natural_is(a.get<uint64_t>(), b.get<double>())
                                  : integer_is(a.get<int64_t>(), b.get<double>());
  if (a.is_number_unsigned() == b.is_number_unsigned()) return a.get<int64_t>() == b.get<int64_t>();
  const int64_t is_signed = a.is_number_unsigned() ? b.get<int64_t>() : a.get<int64_t>();
  const uint64_t is_natural = a.is_number_unsigned() ? a.get<uint64_t>() : b.get<uint64_t>();
  return is_signed >= 0 && static_cast<uint64_t>(is_signed) == is_natural;
}

using Members = std::vector<const Json::object_t::value_type*>;

Members by_key(const Json& object) {
  Members members;
  const auto& list = object.get_ref<const Json::object_t&>();
  members.reserve(list.size());
  for (const auto& member : list) members.push_back(&member);
  std::sort(members.begin(), members.end(),
            [](const auto* a, const auto* b) { return a->first < b->first; });
  return members;
}

bool same_object(const Json& a, const Json& b) {
  if (a.size() != b.size()) return false;
  if (a.size() <= kLinearKeys)
    return std::all_of(a.get_ref<const Json::object_t&>().begin(),
                       a.get_ref<const Json::object_t&>().end(), [&](const auto& member) {
                         const Json* other = find(b, member.first);
                         return other && equal(member.second, *other);
                       });
  const Members mine = by_key(a), theirs = by_key(b);
  return std::equal(mine.begin(), mine.end(), theirs.begin(), [](const auto* x, const auto* y) {
    return x->first == y->first && equal(x->second, y->second);
  });
}

// A number that equals an integer is written as that integer, so that 1 and 1.0 have one text.
void write_number(const Json& value, std::string& out) {
  if (value.is_number_float()) {
    const double real = value.get<double>();
    if (real >= -0x1p63 && real < 0x1p63 && std::trunc(real) == real) {
      out += std::to_string(static_cast<int64_t>(real));
      return;
    }
    if (real >= 0x1p63 && real < 0x1p64) {
      out += std::to_string(static_cast<uint64_t>(real));
      return;
    }
  }
  out += value.dump();
}

void write_canonical(const Json& value, std::string& out) {
  if (value.is_object()) {
    char separator = '{';
    for (const auto* member : by_key(value)) {
      out += separator;
      separator = ',';
      append_text(out, member->first);
      out += ':';
      write_canonical(member->second, out);
    }
    out += separator == '{' ? "{}" : "}";
  } else if (value.is_array()) {
    char separator = '[';
    for (const Json& item : value) {
      out += separator;
      separator = ',';
      write_canonical(item, out);
    }
    out += separator == '[' ? "[]" : "]";
  } else if (value.is_number()) {
    write_number(value, out);
  } else {
    append_text(out, value);
  }
}

}  // namespace

bool equal(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) return same_number(a, b);
  if (a.type() != b.type()) return false;
  if (a.is_object()) return same_object(a, b);
  if (a.is_array()) return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), equal);
  return a == b;
}

const Json* find(const Json& value, std::string_view key) {
  if (!value.is_object()) return nullptr;
  for (const auto& [name, member] : value.get_ref<const Json::object_t&>())
    if (name == key) return &member;
  return nullptr;
}

std::string text_or(const Json& value, std::string_view key, std::string_view fallback) {
  const Json* member = find(value, key);
  return member && member->is_string() ? member->get_ref<const std::string&>()
                                       : std::string(fallback);
}

std::string canonical(const Json& value) {
  std::string out;
  write_canonical(value, out);
  return out;
}

const char* type_name(const Json& value) {
  switch (value.type()) {
    case Json::value_t::object:
      return "object";
    case Json::value_t::array:
      return "array";
    case Json::value_t::string:
      return "string";
    case Json::value_t::boolean:
      return "boolean";
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      return "integer";
    case Json::value_t::number_float:
      return "number";
    default:
      return "null";
  }
}

std::string pointer_token(std::string_view key) {
  std::string token;
  token.reserve(key.size());
  for (const char c : key) {
    if (c == '~')
      token += "~0";
    else if (c == '/')
      token += "~1";
    else
      token += c;
  }
  return token;
}

}  // namespace plenum
