#include <catch2/catch.hpp>

#include "engine/llm/lower.h"

using namespace plenum;
using namespace plenum::llm;

namespace {

Json lowered(Dialect dialect, const char* schema) {
  const Lowered result = lower(Json::parse(schema), dialect);
  return result.enforced ? result.schema : Json("not enforced");
}
Json gemini(const char* schema) {
  return lowered(Dialect::gemini, schema);
}
Json openai(const char* schema) {
  return lowered(Dialect::openai, schema);
}
Json anthropic(const char* schema) {
  return lowered(Dialect::anthropic, schema);
}

// One property's schema, put into an object and taken out again.
Json property(Dialect dialect, const char* schema) {
  const Json object = {
      {"type", "object"}, {"properties", {{"p", Json::parse(schema)}}}, {"required", {"p"}}};
  const Lowered result = lower(object, dialect);
  return result.enforced ? result.schema["properties"]["p"] : Json("not enforced");
}

}  // namespace

TEST_CASE("a plain schema goes to Gemini as it is", "[lower]") {
  const char* schema =
      R"({"type": "object", "title": "T", "description": "D", "properties": {"a": {"type": "string", "enum": ["x", "y"]},
    "b": {"type": ["integer", "null"], "minimum": 0, "maximum": 9}, "c": {"type": "array", "items": {"type": "boolean"}, "minItems": 1},
    "d": {"type": "string", "format": "date-time"}, "e": {"$ref": "#/$defs/E"}}, "required": ["a", "b"], "additionalProperties": false,
    "$defs": {"E": {"type": "object", "additionalProperties": {"type": "number"}}}})";
  CHECK(equal(gemini(schema), Json::parse(schema)));
}

TEST_CASE("members keep the order in which the author wrote them", "[lower]") {
  CHECK(
      to_text(gemini(
          R"({"type": "object", "properties": {"z": {"type": "string"}, "a": {"type": "string"}}})")
                  ["properties"]) == R"({"z":{"type":"string"},"a":{"type":"string"}})");
}

TEST_CASE("what only tools read is left out", "[lower]") {
  CHECK(equal(
      gemini(
          R"({"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "x", "$comment": "c", "type": "string", "default": "a",
    "examples": ["a"], "x-note": 1, "deprecated": true, "readOnly": true})"),
      Json::parse(R"({"type": "string"})")));
}

TEST_CASE("limits that a provider does not enforce are said in the description", "[lower]") {
  const auto words = [](Dialect dialect, const char* schema) {
    return property(dialect, schema)["description"].get<std::string>();
  };
  CHECK(words(Dialect::gemini,
              R"({"type": "string", "description": "A label", "maxLength": 20, "minLength": 2})") ==
        "A label. At least 2 characters. At most 20 characters.");
  CHECK(words(Dialect::openai, R"({"type": "string", "minLength": 1})") ==
        "At least 1 characters.");
  CHECK(words(Dialect::gemini, R"({"type": "string", "pattern": "^[a-z]+$"})") ==
        "Must match the regular expression `^[a-z]+$`.");
  CHECK(words(Dialect::gemini, R"({"type": "string", "format": "uri"})") == "Format: uri.");
  CHECK(words(Dialect::gemini, R"({"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.5})") ==
        "Greater than 0. A multiple of 0.5.");
  CHECK(words(Dialect::anthropic, R"({"type": "integer", "minimum": 0, "maximum": 10})") ==
        "At least 0. At most 10.");
  CHECK(words(Dialect::gemini,
              R"({"type": "array", "items": {"type": "string"}, "minItems": 4, "maxItems": 4})") ==
        "Exactly 4 items.");
  CHECK(
      words(
          Dialect::anthropic,
          R"({"type": "array", "items": {"type": "string"}, "minItems": 2, "uniqueItems": true})") ==
      "At least 2 items. No two items alike.");
}

TEST_CASE("maxItems is never sent to Gemini, minItems is", "[lower]") {
  const Json list =
      property(Dialect::gemini,
               R"({"type": "array", "items": {"type": "string"}, "minItems": 4, "maxItems": 4})");
  CHECK(list["minItems"] == 4);
  CHECK_FALSE(list.contains("maxItems"));
  CHECK(property(Dialect::openai,
                 R"({"type": "array", "items": {"type": "string"}, "minItems": 4, "maxItems": 4})")
            ["maxItems"] == 4);
  CHECK_FALSE(property(Dialect::anthropic,
                       R"({"type": "array", "items": {"type": "string"}, "minItems": 4})")
                  .contains("minItems"));
}

TEST_CASE("a constant is a choice of one", "[lower]") {
  CHECK(equal(property(Dialect::gemini, R"({"const": "a"})"),
              Json::parse(R"({"type": "string", "enum": ["a"]})")));
  CHECK(equal(property(Dialect::openai, R"({"const": 5})"),
              Json::parse(R"({"type": "integer", "enum": [5]})")));
  CHECK(equal(property(Dialect::openai, R"({"const": null})"), Json::parse(R"({"type": "null"})")));
}

TEST_CASE("a choice of several types becomes branches, null among them", "[lower]") {
  CHECK(equal(
      property(Dialect::gemini, R"({"enum": ["a", "b", null, 3]})"),
      Json::parse(
          R"({"anyOf": [{"type": "string", "enum": ["a", "b"]}, {"type": "null"}, {"type": "integer", "enum": [3]}]})")));
  CHECK(equal(property(Dialect::gemini, R"({"enum": [true, false]})"),
              Json::parse(R"({"type": "boolean"})")));
  CHECK(property(Dialect::gemini, R"({"enum": [{"a": 1}, {"a": 2}]})")["description"] ==
        R"(One of [{"a":1},{"a":2}].)");
}

TEST_CASE("several types become branches; null stays a type where that is known", "[lower]") {
  const char* schema = R"({"type": ["string", "integer"], "description": "D", "minimum": 3})";
  CHECK(equal(
      property(Dialect::gemini, schema),
      Json::parse(
          R"({"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 3}], "description": "D"})")));
  CHECK(equal(property(Dialect::openai, R"({"type": ["string", "null"]})"),
              Json::parse(R"({"type": ["string", "null"]})")));
  CHECK(equal(
      property(Dialect::anthropic, R"({"type": ["string", "null"], "description": "D"})"),
      Json::parse(R"({"description": "D", "anyOf": [{"type": "string"}, {"type": "null"}]})")));
}

TEST_CASE("oneOf is sent as anyOf, with what stands beside it in every branch", "[lower]") {
  CHECK(equal(
      property(Dialect::gemini,
               R"({"description": "D", "oneOf": [{"type": "string"}, {"type": "integer"}]})"),
      Json::parse(R"({"description": "D", "anyOf": [{"type": "string"}, {"type": "integer"}]})")));
  CHECK(equal(
      property(Dialect::gemini,
               R"({"type": "object", "properties": {"k": {"type": "string"}}, "required": ["k"],
                 "anyOf": [{"properties": {"a": {"type": "string"}}, "required": ["a"]}, {"properties": {"k": {"const": "b"}}}]})"),
      Json::parse(R"({"anyOf": [
                {"type": "object", "properties": {"a": {"type": "string"}, "k": {"type": "string"}}, "required": ["a", "k"]},
                {"type": "object", "properties": {"k": {"type": "string", "enum": ["b"]}}, "required": ["k"]}]})")));
}

TEST_CASE("allOf is folded into one object", "[lower]") {
  CHECK(equal(
      gemini(
          R"({"$defs": {"base": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}},
                 "allOf": [{"$ref": "#/$defs/base"}, {"properties": {"name": {"type": "string"}}, "required": ["name"]}]})"),
      Json::parse(
          R"({"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}}, "required": ["id", "name"]})")));
}

TEST_CASE("references stand alone; definitions that nobody refers to are left out", "[lower]") {
  const Json schema = gemini(
      R"({"type": "object", "properties": {"a": {"$ref": "#/definitions/A", "description": "the first"}, "b": {"$ref": "#/definitions/A"}},
    "definitions": {"A": {"type": "string"}, "unused": {"type": "null"}}})");
  CHECK(equal(
      schema,
      Json::parse(
          R"({"type": "object", "properties": {"a": {"type": "string", "description": "the first"},
    "b": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"type": "string"}}})")));
}

TEST_CASE("recursion is kept where it is known, and not enforced where it is not", "[lower]") {
  const char* tree =
      R"({"title": "Tree", "$ref": "#/$defs/Node", "$defs": {"Node": {"type": "object", "required": ["value"],
    "properties": {"value": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}}}}}})";
  CHECK(equal(
      gemini(tree),
      Json::parse(
          R"({"$ref": "#/$defs/Node", "$defs": {"Node": {"type": "object", "required": ["value"],
    "properties": {"value": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}}}}}})")));
  CHECK(openai(tree)["properties"]["value"]["$ref"] == "#/$defs/Node");
  CHECK(anthropic(tree) == "not enforced");
  const Json whole = gemini(R"({"type": "object", "properties": {"next": {"$ref": "#"}}})");
  CHECK(whole["properties"]["next"]["$ref"] == "#/$defs/root");
  CHECK(whole["$defs"]["root"]["properties"]["next"]["$ref"] == "#/$defs/root");
}

TEST_CASE("OpenAI: every member is required; one that may be absent may be null instead",
          "[lower]") {
  const Json schema = openai(
      R"({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer", "description": "B."},
    "c": {"enum": ["x"]}, "d": {"type": ["string", "null"]}}, "required": ["a"]})");
  CHECK(equal(schema, Json::parse(R"({"type": "object", "properties": {"a": {"type": "string"},
    "b": {"type": ["integer", "null"], "description": "B. Null when there is none."},
    "c": {"anyOf": [{"type": "string", "enum": ["x"]}, {"type": "null"}], "description": "Null when there is none."},
    "d": {"type": ["string", "null"]}}, "required": ["a", "b", "c", "d"], "additionalProperties": false})")));
}

TEST_CASE("a required member without a schema of its own is sent as one that may be anything",
          "[lower]") {
  const char* schema =
      R"({"type": "object", "properties": {"a": {"type": "string"}, "never": false}, "required": ["a", "b"]})";
  CHECK(equal(
      gemini(schema),
      Json::parse(
          R"({"type": "object", "properties": {"a": {"type": "string"}, "b": {}}, "required": ["a", "b"]})")));
  CHECK(openai(schema) == "not enforced");
}

TEST_CASE("Anthropic: every object is closed, absent members stay possible", "[lower]") {
  CHECK(equal(
      anthropic(
          R"({"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {"type": "string"}}}}})"),
      Json::parse(
          R"({"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {"type": "string"}},
                "additionalProperties": false}}, "additionalProperties": false})")));
}

TEST_CASE(
    "structures that a dialect cannot hold are not enforced, and the authored schema is kept for "
    "words",
    "[lower]") {
  for (
      const char* schema :
      {R"({"type": "object", "additionalProperties": {"type": "string"}})", R"({"type": "object"})",
       R"({"type": "object", "properties": {"a": {}}})",
       R"({"type": "object", "properties": {"a": true}})",
       R"({"type": "object", "properties": {"a": {"type": "array"}}})",
       R"({"type": "object", "properties": {"a": {"type": "array", "prefixItems": [{"type": "string"}]}}})",
       R"({"type": "object", "properties": {"a": {"$ref": "#/$defs/none"}}})", "{}", "true"}) {
    INFO(schema);
    for (const Dialect dialect : {Dialect::openai, Dialect::anthropic}) {
      const Lowered result = lower(Json::parse(schema), dialect);
      CHECK_FALSE(result.enforced);
      CHECK_FALSE(result.wrapped);
      CHECK(result.schema == Json::parse(schema));
    }
  }
  CHECK(equal(
      property(
          Dialect::gemini,
          R"({"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}], "minItems": 2, "maxItems": 2})"),
      Json::parse(
          R"({"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}], "minItems": 2, "description": "Exactly 2 items."})")));
}

TEST_CASE("a root that is no object is wrapped into one, except for Gemini", "[lower]") {
  const char* list =
      R"({"type": "array", "items": {"$ref": "#/$defs/x"}, "$defs": {"x": {"type": "string"}}})";
  CHECK(equal(
      openai(list),
      Json::parse(
          R"({"type": "object", "properties": {"value": {"type": "array", "items": {"$ref": "#/$defs/x"}}},
    "required": ["value"], "additionalProperties": false, "$defs": {"x": {"type": "string"}}})")));
  CHECK(equal(gemini(list), Json::parse(list)));
  CHECK(lower(Json::parse(list), Dialect::openai).wrapped);
}

TEST_CASE("a schema without a type is taken for what it speaks of", "[lower]") {
  CHECK(equal(gemini(R"({"properties": {"a": {"minLength": 0}}})"),
              Json::parse(R"({"type": "object", "properties": {"a": {"type": "string"}}})")));
}

TEST_CASE("schemas that lead nowhere or grow without end are survived", "[lower]") {
  for (
      const char* schema :
      {R"({"$ref": "#"})", R"({"allOf": [{"$ref": "#"}, {"$ref": "#"}, {"$ref": "#"}]})",
       R"({"anyOf": [{"$ref": "#"}]})", R"({"$ref": "#/$ref"})",
       R"({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}})",
       R"({"type": 5, "properties": 5, "required": 5, "items": 5, "enum": 5})",
       R"({"enum": [], "anyOf": []})", "[]", "5", "null",
       R"({"type": "object", "properties": {"a": 5, "b": null}})", R"({"allOf": 5})",
       R"({"minItems": "x", "maxItems": {}})",
       R"({"$ref": "#/$defs/a", "description": "d", "$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}})"})
    for (const Dialect dialect : {Dialect::gemini, Dialect::openai, Dialect::anthropic}) {
      INFO(schema);
      lower(Json::parse(schema), dialect);
    }
  Json doubling = {{"$defs", Json::object()}, {"$ref", "#/$defs/d0"}};
  for (int i = 0; i < 40; ++i) {
    const Json next = {{"$ref", "#/$defs/d" + std::to_string(i + 1)}, {"description", "inlined"}};
    doubling["$defs"]["d" + std::to_string(i)] = {{"type", "object"},
                                                  {"properties", {{"l", next}, {"r", next}}}};
  }
  doubling["$defs"]["d40"] = {{"type", "string"}};
  CHECK_FALSE(lower(doubling, Dialect::gemini).enforced);
}

TEST_CASE("nulls that stand for absent members are taken out, at any depth, and no others",
          "[lower]") {
  const Json schema = Json::parse(
      R"({"type": "object", "required": ["r"], "properties": {"r": {"type": ["string", "null"]}, "o": {"type": "string"},
    "n": {"type": ["string", "null"]}, "e": {"enum": ["a", null]}, "any": {}, "list": {"type": "array", "items": {"$ref": "#/$defs/I"}},
    "one": {"anyOf": [{"$ref": "#/$defs/I"}, {"type": "null"}]}}, "$defs": {"I": {"type": "object", "properties": {"x": {"type": "integer"}, "up": {"$ref": "#"}}}}})");
  const Lowered lowered = lower(schema, Dialect::openai);
  CHECK(
      restored(
          schema, lowered,
          R"({"r": null, "o": null, "n": null, "e": null, "any": null, "list": [{"x": null}, {"x": 1, "up": {"r": "a", "o": null}}], "one": {"x": null}, "more": null})") ==
      R"({"r":null,"n":null,"e":null,"any":null,"list":[{},{"x":1,"up":{"r":"a"}}],"one":{},"more":null})");
  CHECK(restored(schema, lowered, "no json") == "no json");
}

TEST_CASE("circles of references end", "[lower]") {
  const Json circle = Json::parse(
      R"({"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}]}}})");
  CHECK(restored(circle, lower(circle, Dialect::openai), R"({"a":null})") == R"({"a":null})");
}

TEST_CASE("a schema is lowered once, whoever asks, and another one is another", "[lower]") {
  const LoweredSchemas schemas(Dialect::openai);
  const Json one = Json::parse(R"({"type": "object", "properties": {"a": {"type": "string"}}})");
  const Json other = Json::parse(R"({"type": "object", "properties": {"b": {"type": "string"}}})");
  std::vector<std::shared_ptr<const Lowered>> seen(8);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < seen.size(); ++i)
    threads.emplace_back([&, i] { seen[i] = schemas.of(i % 2 ? one : other); });
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < seen.size(); ++i) {
    CHECK(seen[i] == schemas.of(i % 2 ? one : other));
    CHECK(seen[i]->schema["required"][0] == (i % 2 ? "a" : "b"));
  }
}
