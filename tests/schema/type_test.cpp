// What a schema tells the checkers of templates and expressions, and what its defaults fill in.

#include <catch2/catch.hpp>

#include "tests/schema/cases.h"

using namespace plenum;
using namespace plenum::schema;

namespace {

// The whole type as text: "{a: string, b?: list<integer>, …}".
std::string spelled(const Type& type, int depth = 0) {
  std::string text = type.text();
  if (depth > 6) return "deep";
  if (type.is(Type::Kind::object)) {
    text = "{";
    for (const auto& [name, field] : type.fields())
      text += (text.size() > 1 ? ", " : "") + name + (field.required ? ": " : "?: ") +
              spelled(field.type, depth + 1);
    text += std::string(type.is_open() ? (text.size() > 1 ? ", …" : "…") : "") + "}";
  } else if (type.is(Type::Kind::list)) {
    text = "[" + spelled(type.element(), depth + 1) + "]";
  } else if (type.is(Type::Kind::map)) {
    text = "map " + spelled(type.element(), depth + 1);
  } else if (!type.values().empty()) {
    text = "";
    for (const std::string& value : type.values()) text += (text.empty() ? "" : "|") + value;
  } else {
    return text;
  }
  return text + (type.is_nullable() ? "?" : "");
}

std::string type_of(const char* schema) {
  const auto compiled = Schema::compile(Json::parse(schema));
  return compiled ? spelled(compiled->type()) : shown(compiled.error());
}

std::string filled(const char* schema, const char* value) {
  return Schema::compile(Json::parse(schema))->with_defaults(Json::parse(value)).dump();
}

}  // namespace

TEST_CASE("a schema's type is what is certain of its values", "[schema]") {
  const std::vector<std::pair<const char*, const char*>> rows = {
      {"{}", "any"},
      {"true", "any"},
      {R"({"type": "string"})", "string"},
      {R"({"type": "integer"})", "integer"},
      {R"({"type": "number"})", "number"},
      {R"({"type": ["integer", "number"]})", "number"},
      {R"({"type": "boolean"})", "boolean"},
      {R"({"type": "null"})", "null"},
      {R"({"type": ["string", "null"]})", "string or null"},
      {R"({"type": ["string", "integer"]})", "any"},
      {R"({"enum": ["a", "b"]})", "a|b"},
      {R"({"enum": ["a", null]})", "a?"},
      {R"({"enum": [1, 2]})", "integer"},
      {R"({"enum": [1, 2.5]})", "number"},
      {R"({"enum": [1, "a"]})", "any"},
      {R"({"const": "a"})", "a"},
      {R"({"const": true})", "boolean"},
      {R"({"type": "array"})", "[any]"},
      {R"({"type": "array", "items": {"type": "string"}})", "[string]"},
      {R"({"type": ["array", "null"], "items": {"type": "string"}})", "[string]?"},
      {R"({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "number"}], "items": false})",
       "[number]"},
      {R"({"type": "array", "prefixItems": [{"type": "integer"}]})", "[any]"},
      {R"({"type": "object"})", "{…}"},
      {R"({"type": "object", "additionalProperties": false})", "{}"},
      {R"({"type": "object", "additionalProperties": {"type": "string"}})", "map string"},
      {R"({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "required": ["a"]})",
       "{a: string, b?: integer}"},
      {R"({"type": "object", "properties": {"a": {}}, "additionalProperties": false})",
       "{a?: any}"},
      {R"({"type": "object", "properties": {"a": {}}, "additionalProperties": true})",
       "{a?: any, …}"},
      {R"({"type": "object", "properties": {"a": {}}, "additionalProperties": {"type": "string"}})",
       "{a?: any, …}"},
      {R"({"type": "object", "properties": {"a": {}}, "patternProperties": {"^x": {}}})",
       "{a?: any, …}"},
      {R"({"type": ["object", "null"], "properties": {"a": {"type": "string"}}})", "{a?: string}?"},
      {R"({"properties": {"a": {"type": "string"}}})", "any"},
      {R"({"$ref": "#/$defs/a", "$defs": {"a": {"type": "string"}}})", "string"},
      {R"({"allOf": [{"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
                     {"properties": {"b": {"type": "integer"}}}]})",
       "{a: string, b?: integer}"},
      {R"({"type": "object", "properties": {"a": {"type": ["integer", "null"]}}, "allOf": [{"required": ["a"]}]})",
       "{a: integer or null}"},
      {R"({"anyOf": [{"type": "string"}, {"type": "null"}]})", "string or null"},
      {R"({"anyOf": [{"type": "string"}, {"type": "integer"}]})", "any"},
      {R"({"type": "object", "properties": {"kind": {"type": "string"}},
           "oneOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"b": {"type": "string"}}}]})",
       "{kind?: string, a?: string, b?: string}"},
      {R"({"oneOf": [{"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
                     {"type": "object", "properties": {"a": {"type": "string"}, "b": {}}, "required": ["a"]}]})",
       "{a: string, b?: any}"},
      {R"({"type": "object", "properties": {"kind": {"enum": ["x", "y"]}},
           "if": {"properties": {"kind": {"const": "x"}}}, "then": {"properties": {"more": {"type": "string"}}}})",
       "{kind?: x|y, more?: string}"},
      {R"({"type": "object", "properties": {"v": {"type": "integer"}, "kids": {"type": "array", "items": {"$ref": "#"}}}})",
       "{v?: integer, kids?: [any]}"},
  };
  for (const auto& [schema, expected] : rows) {
    INFO(schema);
    CHECK(type_of(schema) == expected);
  }
}

TEST_CASE("a type has the schema's title", "[schema]") {
  CHECK(
      Schema::compile(Json::parse(R"({"title": "CV", "type": "object", "properties": {"a": {}}})"))
          ->type()
          .title() == "CV");
  CHECK(Schema::compile(Json::parse(R"({"title": "CV", "type": "object"})"))->type().title() ==
        "CV");
}

TEST_CASE("defaults fill in what is absent, where the schema says so plainly", "[schema]") {
  const char* schema = R"({
    "properties": {"tone": {"default": "friendly"}, "n": {"type": "integer", "default": 3},
                   "who": {"$ref": "#/$defs/who"}, "list": {"items": {"properties": {"x": {"default": null}}}}},
    "allOf": [{"properties": {"more": {"default": [1]}}}],
    "anyOf": [{"properties": {"never": {"default": 1}}}],
    "if": true, "then": {"properties": {"nor this": {"default": 1}}},
    "$defs": {"who": {"default": {}, "properties": {"name": {"default": "?"}}}}})";
  CHECK(filled(schema, "{}") == R"({"tone":"friendly","n":3,"who":{"name":"?"},"more":[1]})");
  CHECK(filled(schema,
               R"({"n": null, "tone": "x", "list": [{}, {"x": 1}, 5], "who": {"name": 1}})") ==
        R"({"n":null,"tone":"x","list":[{"x":null},{"x":1},5],"who":{"name":1},"more":[1]})");
  CHECK(filled(schema, "5") == "5");
  CHECK(filled(R"({"default": {"a": 1}})", "null") == "null");
}

TEST_CASE("defaults that bring defaults end", "[schema]") {
  const auto schema = Schema::compile(Json::parse(
      R"({"properties": {"a": {"$ref": "#", "default": {}}, "b": {"$ref": "#", "default": {}}}})"));
  REQUIRE(schema);
  CHECK(schema->with_defaults(Json::object()).contains("a"));
}
