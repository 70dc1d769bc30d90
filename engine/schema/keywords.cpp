// Words of other drafts and dialects, with what this draft says instead.

#include "engine/schema/keywords.h"

#include <array>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/schema/program.h"

namespace plenum::schema {
namespace {

struct Entry {
  std::string_view word;
  const char* help;
};

constexpr std::array<Entry, 18> kOtherKeywords = {{
    {"definitions", "write `$defs`, and `#/$defs/name` in references"},
    {"dependencies", "write `dependentRequired` for names, `dependentSchemas` for schemas"},
    {"additionalItems", "write `prefixItems` for the first items and `items` for the rest"},
    {"id", "write `$id`; a property of that name belongs under `properties`"},
    {"nullable", "write `\"type\": [\"string\", \"null\"]`"},
    {"optional", "leave the name out of `required`"},
    {"example", "write `\"examples\": […]`"},
    {"options", "write `enum`"},
    {"choices", "write `enum`"},
    {"values", "write `enum`"},
    {"regex", "write `pattern`"},
    {"min", "write `minimum`, `minLength` or `minItems`"},
    {"max", "write `maximum`, `maxLength` or `maxItems`"},
    {"fields", "write `properties`"},
    {"discriminator", "write `oneOf` with a `const` in each form"},
    {"propertyOrdering", "the order of `properties` is kept as it is written"},
    {"$recursiveRef", "write `$ref`"},
    {"$recursiveAnchor", "write `$anchor`"},
}};

const std::vector<std::string>& keywords() {
  static const std::vector<std::string> list = {"$anchor",
                                                "$comment",
                                                "$defs",
                                                "$dynamicAnchor",
                                                "$dynamicRef",
                                                "$id",
                                                "$ref",
                                                "$schema",
                                                "additionalProperties",
                                                "allOf",
                                                "anyOf",
                                                "const",
                                                "contains",
                                                "contentEncoding",
                                                "contentMediaType",
                                                "contentSchema",
                                                "default",
                                                "dependentRequired",
                                                "dependentSchemas",
                                                "deprecated",
                                                "description",
                                                "else",
                                                "enum",
                                                "examples",
                                                "exclusiveMaximum",
                                                "exclusiveMinimum",
                                                "format",
                                                "if",
                                                "items",
                                                "maxContains",
                                                "maxItems",
                                                "maxLength",
                                                "maxProperties",
                                                "maximum",
                                                "minContains",
                                                "minItems",
                                                "minLength",
                                                "minProperties",
                                                "minimum",
                                                "multipleOf",
                                                "not",
                                                "oneOf",
                                                "pattern",
                                                "patternProperties",
                                                "prefixItems",
                                                "properties",
                                                "propertyNames",
                                                "readOnly",
                                                "required",
                                                "then",
                                                "title",
                                                "type",
                                                "unevaluatedItems",
                                                "unevaluatedProperties",
                                                "uniqueItems",
                                                "writeOnly"};
  return list;
}

const std::vector<std::string>& types() {
  static const std::vector<std::string> list = {"string", "number", "integer", "boolean",
                                                "object", "array",  "null"};
  return list;
}

constexpr std::array<Entry, 14> kOtherTypes = {{{"int", "integer"},
                                                {"str", "string"},
                                                {"text", "string"},
                                                {"float", "number"},
                                                {"double", "number"},
                                                {"decimal", "number"},
                                                {"bool", "boolean"},
                                                {"list", "array"},
                                                {"dict", "object"},
                                                {"map", "object"},
                                                {"none", "null"},
                                                {"nil", "null"},
                                                {"date", "string"},
                                                {"any", nullptr}}};

}  // namespace

uint8_t type_bit(std::string_view name) {
  constexpr std::array<uint8_t, 7> kBits = {kString, kNumber, kInteger, kBoolean,
                                            kObject, kArray,  kNull};
  for (size_t i = 0; i < kBits.size(); ++i)
    if (types()[i] == name) return kBits[i];
  return 0;
}

std::string type_help(const std::string& wrong) {
  for (const Entry& other : kOtherTypes)
    if (other.word == wrong)
      return other.help ? "write `" + std::string(other.help) + "`"
                        : "leave `type` out to allow any value";
  std::string lower;
  for (const char c : wrong) lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  const std::string near = nearest(lower, types());
  return near.empty() ? "the types are " + any_of(types())
                      : "a name that is close exists: `" + near + "`";
}

std::string keyword_help(const std::string& wrong) {
  for (const Entry& other : kOtherKeywords)
    if (other.word == wrong) return other.help;
  const std::string near = nearest(wrong, keywords());
  return near.empty()
             ? "use the keywords of JSON Schema 2020-12; an annotation of your own starts with `x-`"
             : "a name that is close exists: `" + near + "`";
}

}  // namespace plenum::schema
