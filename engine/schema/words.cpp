// Sentences are made only for violations that are reported, so nothing here is on the fast path.

#include "engine/schema/words.h"

#include "engine/base/diagnostic.h"
#include "engine/schema/number.h"
#include "engine/schema/program.h"

namespace plenum::schema {
namespace {

constexpr size_t kMostListed = 12;
constexpr size_t kMostLetters = 40;

std::string cut(const std::string& text) {
  size_t letters = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) continue;
    if (++letters > kMostLetters) return text.substr(0, i) + "…";
  }
  return text;
}

}  // namespace

std::string shown(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  if (!value.is_string()) return to_text(value);
  // A long text is cut before it is escaped.
  const auto& text = value.get_ref<const std::string&>();
  const std::string whole =
      text.size() > 4 * kMostLetters ? text.substr(0, 4 * kMostLetters + 4) : text;
  const std::string part = cut(whole);
  return to_text(Json(part));
}

std::string listed(const Json& values) {
  std::string text;
  for (size_t i = 0; i < values.size() && i < kMostListed; ++i)
    text +=
        (i ? ", " : "") + (values[i].is_structured() ? cut(to_text(values[i])) : shown(values[i]));
  if (values.size() > kMostListed) text += ", … (" + std::to_string(values.size()) + " in all)";
  return text;
}

std::string counted(uint64_t number, const char* noun) {
  return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

std::string instead_of(std::string_view name, const std::vector<std::string>& allowed) {
  if (allowed.empty()) return "; nothing else is allowed here";
  const std::string near = nearest(name, allowed);
  if (!near.empty()) return "; did you mean " + plenum::quote(near) + "?";
  std::string text = "; allowed: ";
  for (size_t i = 0; i < allowed.size() && i < kMostListed; ++i)
    text += (i ? ", " : "") + plenum::quote(allowed[i]);
  if (allowed.size() > kMostListed) text += ", … (" + std::to_string(allowed.size()) + " in all)";
  return text;
}

uint8_t type_bits(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return kNull;
    case Json::value_t::boolean:
      return kBoolean;
    case Json::value_t::object:
      return kObject;
    case Json::value_t::array:
      return kArray;
    case Json::value_t::string:
      return kString;
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      return kInteger | kNumber;
    case Json::value_t::number_float:
      return is_integral(value) ? kInteger | kNumber : kNumber;
    default:
      return 0;
  }
}

std::string type_words(uint8_t types) {
  std::vector<std::string> words;
  if (types & kString) words.push_back("a string");
  if ((types & kInteger) && !(types & kNumber)) words.push_back("an integer");
  if (types & kNumber) words.push_back("a number");
  if (types & kBoolean) words.push_back("true or false");
  if (types & kArray) words.push_back("a list");
  if (types & kObject) words.push_back("an object");
  if (types & kNull) words.push_back("null");
  return any_of(words);
}

}  // namespace plenum::schema
