// Most of a text is strings, and most of these are plain ASCII: they are copied in stretches.
#include "engine/base/json_text.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "engine/base/json_plain.h"
#include "engine/base/utf8.h"

namespace plenum {

namespace {

void append_escaped(std::string& out, char c) {
  constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  out += "\\u00";
  out += kHex[c >> 4];
  out += kHex[c & 15];
}

void append_string(std::string& out, const std::string& text) {
  const size_t began = out.size();
  out += '"';
  bool ascii = true;
  for (size_t from = 0, at = 0;;) {
    at = plain_until(text, at);
    if (at < text.size() && static_cast<unsigned char>(text[at]) >= 0x80) {
      ascii = false;
      ++at;
      continue;
    }
    out.append(text, from, at - from);
    if (at == text.size()) break;
    append_escaped(out, text[at]);
    from = ++at;
  }
  out += '"';
  if (ascii || find_bad_utf8(text) == std::string::npos) return;
  out.resize(began);  // the library knows what to put in its place
  out += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

template <typename Integer>
void append_integer(std::string& out, Integer value) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

}  // namespace

void append_text(std::string& out, const Json::object_t& members) {
  char separator = '{';
  for (const auto& [key, member] : members) {
    out += separator;
    separator = ',';
    append_string(out, key);
    out += ':';
    append_text(out, member);
  }
  out += separator == '{' ? "{}" : "}";
}

void append_text(std::string& out, const Json& value) {
  switch (value.type()) {
    case Json::value_t::object:
      return append_text(out, value.get_ref<const Json::object_t&>());
    case Json::value_t::array: {
      char separator = '[';
      for (const Json& item : value.get_ref<const Json::array_t&>()) {
        out += separator;
        separator = ',';
        append_text(out, item);
      }
      out += separator == '[' ? "[]" : "]";
      return;
    }
    case Json::value_t::string:
      return append_string(out, value.get_ref<const std::string&>());
    case Json::value_t::number_integer:
      return append_integer(out, value.get<int64_t>());
    case Json::value_t::number_unsigned:
      return append_integer(out, value.get<uint64_t>());
    case Json::value_t::boolean:
      out += value.get<bool>() ? "true" : "false";
      return;
    case Json::value_t::null:
      out += "null";
      return;
    case Json::value_t::binary: {
      const Json::binary_t& text = value.get_binary();
      out.append(reinterpret_cast<const char*>(text.data()), text.size());
      return;
    }
    default:
      out += value.dump();
  }
}

Json verbatim(const std::string& text) {
  return Json::binary({text.begin(), text.end()});
}

std::string to_text(const Json& value) {
  std::string out;
  append_text(out, value);
  return out;
}

}  // namespace plenum
