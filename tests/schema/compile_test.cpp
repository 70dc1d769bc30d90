// Mistakes in schemas: each at its place, with its rule and the way out.

#include <catch2/catch.hpp>

#include "tests/schema/cases.h"

using namespace plenum;
using namespace plenum::schema;

TEST_CASE("unknown keywords are mistakes, with what was probably meant", "[schema]") {
  const std::vector<std::pair<const char*, const char*>> rows = {
      {R"({"tpye": "string"})",
       "J701 /tpye: unknown schema keyword `tpye` -> a name that is close exists: `type`"},
      {R"({"properties": {"a": {"maxlength": 1}}})",
       "J701 /properties/a/maxlength: unknown schema keyword `maxlength` -> a name that is close "
       "exists: `maxLength`"},
      {R"({"definitions": {}})",
       "J701 /definitions: unknown schema keyword `definitions` -> write `$defs`, and "
       "`#/$defs/name` in references"},
      {R"({"nullable": true})",
       R"(J701 /nullable: unknown schema keyword `nullable` -> write `"type": ["string", "null"]`)"},
      {R"({"additionalItems": false})",
       "J701 /additionalItems: unknown schema keyword `additionalItems` -> write `prefixItems` for "
       "the first items and "
       "`items` for the rest"},
      {R"({"zzzzzzzz": 1})",
       "J701 /zzzzzzzz: unknown schema keyword `zzzzzzzz` -> use the keywords of JSON Schema "
       "2020-12; an annotation of "
       "your own starts with `x-`"},
      {R"({"a/b~c": 1})",
       "J701 /a~1b~0c: unknown schema keyword `a/b~c` -> use the keywords of JSON Schema 2020-12; "
       "an annotation of your "
       "own starts with `x-`"},
      {R"({"x-order": 1, "const": {"tpye": 1}, "enum": [{"tpye": 1}], "default": {"tpye": 1}, "examples": [{"tpye": 1}]})",
       ""},
      {R"({"properties": {"tpye": {}}, "$defs": {"tpye": {}}})", ""},
      {R"({"$defs": {"never used": {"tpye": 1}}})",
       "J701 /$defs/never used/tpye: unknown schema keyword `tpye` -> a name that is close exists: "
       "`type`"},
  };
  for (const auto& [schema, expected] : rows) {
    INFO(schema);
    CHECK(mistakes(schema) == expected);
  }
  Options lenient;
  lenient.refuse_unknown_keywords = false;
  CHECK(mistakes(R"({"tpye": "string", "$schema": "https://example.org/own", "$vocabulary": {}})",
                 lenient) == "");
}

TEST_CASE("a keyword with a wrong value is a mistake", "[schema]") {
  const std::vector<std::pair<const char*, const char*>> rows = {
      {"5", "J701 : a schema is an object, true or false; this is 5 -> write `{\"type\": …}`"},
      {R"({"type": "strng"})",
       R"(J701 /type: `type` must name types; "strng" is none -> a name that is close exists: `string`)"},
      {R"({"type": "String"})",
       R"(J701 /type: `type` must name types; "String" is none -> a name that is close exists: `string`)"},
      {R"({"type": "list"})",
       R"(J701 /type: `type` must name types; "list" is none -> write `array`)"},
      {R"({"type": "any"})",
       R"(J701 /type: `type` must name types; "any" is none -> leave `type` out to allow any value)"},
      {R"({"type": "frobnicate"})",
       R"(J701 /type: `type` must name types; "frobnicate" is none -> the types are string, number, integer, boolean, object, array or null)"},
      {R"({"type": 1})",
       "J701 /type: `type` must name types; 1 is none -> the types are string, number, integer, "
       "boolean, object, array or null"},
      {R"({"type": []})", "J701 /type: `type` must be a type or a list of types; it is a list"},
      {R"({"type": ["null", "null"]})", R"(J701 /type: `type` names "null" twice -> remove one)"},
      {R"({"enum": "a"})", R"(J701 /enum: `enum` must be a list of values; it is "a")"},
      {R"({"enum": []})",
       "J701 /enum: `enum` is empty, so no value is ever valid -> list the allowed values"},
      {R"({"minimum": "1"})", R"(J701 /minimum: `minimum` must be a number; it is "1")"},
      {R"({"multipleOf": 0})", "J701 /multipleOf: `multipleOf` must be a number above 0; it is 0"},
      {R"({"multipleOf": -1.5})",
       "J701 /multipleOf: `multipleOf` must be a number above 0; it is -1.5"},
      {R"({"minLength": -1})",
       "J701 /minLength: `minLength` must be a whole number, 0 or more; it is -1"},
      {R"({"maxItems": 1.5})",
       "J701 /maxItems: `maxItems` must be a whole number, 0 or more; it is 1.5"},
      {R"({"maxProperties": "3"})",
       R"(J701 /maxProperties: `maxProperties` must be a whole number, 0 or more; it is "3")"},
      {R"({"maxLength": 1e300})",
       "J701 /maxLength: `maxLength` must be a whole number, 0 or more; it is 1e+300"},
      {R"({"pattern": 1})", "J701 /pattern: `pattern` must be a regular expression; it is 1"},
      {R"({"format": 1})", "J701 /format: `format` must be the name of a format; it is 1"},
      {R"({"format": "e-mail"})",
       "J701 /format: unknown format `e-mail` -> a name that is close exists: `email`"},
      {R"({"format": "int32"})",
       "J701 /format: unknown format `int32` -> remove it, or use one of date-time, date, time, "
       "duration, email, hostname, "
       "ipv4, ipv6, uri, uri-reference, uuid, json-pointer or regex"},
      {R"({"uniqueItems": "yes"})",
       R"(J701 /uniqueItems: `uniqueItems` must be true or false; it is "yes")"},
      {R"({"items": "string"})",
       R"(J701 /items: a schema is an object, true or false; this is "string" -> write `{"type": …}`)"},
      {R"({"items": [{}]})", "J701 /items: a schema is an object, true or false; this is a list"},
      {R"({"properties": {"a": "string"}})",
       R"(J701 /properties/a: a schema is an object, true or false; this is "string" -> write `{"type": …}`)"},
      {R"({"properties": []})",
       "J701 /properties: `properties` must be an object of schemas by name; it is a list"},
      {R"({"anyOf": []})",
       "J701 /anyOf: `anyOf` must be a list of schemas, not empty; it is a list"},
      {R"({"allOf": {}})",
       "J701 /allOf: `allOf` must be a list of schemas, not empty; it is an object"},
      {R"({"oneOf": [1]})", "J701 /oneOf/0: a schema is an object, true or false; this is 1"},
      {R"({"required": true})",
       "J701 /required: `required` must be a list of different names; it is true"},
      {R"({"required": ["a", "a"]})",
       "J701 /required: `required` must be a list of different names; it is a list"},
      {R"({"required": [1]})",
       "J701 /required: `required` must be a list of different names; it is a list"},
      {R"({"dependentRequired": {"a": "b"}})",
       R"(J701 /dependentRequired: `dependentRequired` must be a list of different names; it is "b")"},
      {R"({"dependentSchemas": 1})",
       "J701 /dependentSchemas: `dependentSchemas` must be an object of schemas by name; it is 1"},
      {R"({"$defs": []})",
       "J701 /$defs: `$defs` must be an object of schemas by name; it is a list"},
      {R"({"title": 1})", "J701 /title: `title` must be a text; it is 1"},
      {R"({"deprecated": "yes"})",
       R"(J701 /deprecated: `deprecated` must be true or false; it is "yes")"},
      {R"({"examples": 1})", "J701 /examples: `examples` must be a list; it is 1"},
      {R"({"$anchor": "1a"})",
       R"(J701 /$anchor: `$anchor` must be a name of letters, digits, `_`, `-` and `.`; it is "1a")"},
      {R"({"$id": "a#b"})",
       R"(J701 /$id: `$id` must be a URI without a fragment; it is "a#b" -> name a part of a schema by `$anchor`)"},
      {R"({"$id": 1})", "J701 /$id: `$id` must be a URI; it is 1"},
      {R"({"$ref": 1})",
       "J701 /$ref: `$ref` must be a text like `#/$defs/name` or `file.json`; it is 1"},
      {R"({"$schema": "http://json-schema.org/draft-07/schema#"})",
       "J701 /$schema: `$schema` must be `https://json-schema.org/draft/2020-12/schema`; it is "
       "\"http://json-schema.org/draft-07/schema#\" -> rewrite the schema for draft 2020-12, or "
       "remove `$schema`"},
      {R"({"$schema": "https://json-schema.org/draft/2020-12/schema"})", ""},
      {R"({"$vocabulary": {}})",
       "J701 /$vocabulary: `$vocabulary` is not supported: the vocabularies are fixed -> remove "
       "it"},
  };
  for (const auto& [schema, expected] : rows) {
    INFO(schema);
    CHECK(mistakes(schema) == expected);
  }
}

TEST_CASE("all mistakes are reported, not only the first", "[schema]") {
  CHECK(mistakes(R"({"tpye": 1, "minLength": -1, "properties": {"a": {"type": "x"}}})") ==
        "J701 /tpye: unknown schema keyword `tpye` -> a name that is close exists: `type`\n"
        "J701 /minLength: `minLength` must be a whole number, 0 or more; it is -1\n"
        "J701 /properties/a/type: `type` must name types; \"x\" is none -> the types are string, "
        "number, integer, "
        "boolean, object, array or null");
}

TEST_CASE("patterns without a linear-time form are refused by name", "[schema]") {
  const std::vector<std::pair<const char*, const char*>> rows = {
      {"a(?=b)",
       "the pattern needs look-ahead (`(?=…)`), which has no linear-time form -> say it without, "
       "e.g. as two "
       "patterns under `allOf`, or as `not: {pattern: …}`"},
      {"(?!b)",
       "the pattern needs look-ahead (`(?!…)`), which has no linear-time form -> say it without, "
       "e.g. as two "
       "patterns under `allOf`, or as `not: {pattern: …}`"},
      {"(?<=b)",
       "the pattern needs look-behind (`(?<=…)`), which has no linear-time form -> say it without, "
       "e.g. as two "
       "patterns under `allOf`, or as `not: {pattern: …}`"},
      {"(?<!b)",
       "the pattern needs look-behind (`(?<!…)`), which has no linear-time form -> say it without, "
       "e.g. as two "
       "patterns under `allOf`, or as `not: {pattern: …}`"},
      {"(a)\\\\1",
       "the pattern has a back reference (`\\1`), which has no linear-time form -> write the "
       "alternatives out"},
      {"(?<n>a)\\\\k<n>",
       "the pattern has a back reference (`\\k`), which has no linear-time form -> write the "
       "alternatives out"},
      {"[a",
       "a `[` in the pattern is never closed -> write `]` where it ends, or `\\[` for itself"},
      {"a\\\\", "the pattern ends with a lone `\\` -> write `\\\\` for a backslash"},
      {"\\\\Aa",
       "the pattern has an unknown escape `\\A` -> `^` is the start of the text and `$` its end"},
      {"\\\\e",
       "the pattern has an unknown escape `\\e` -> write the character itself, or `\\\\` for a "
       "backslash"},
      {"\\\\u12",
       "a character escape in the pattern lacks hexadecimal digits -> e.g. `\\x41`, `\\u0041` or "
       "`\\u{41}`"},
      {"\\\\xg1",
       "a character escape in the pattern lacks hexadecimal digits -> e.g. `\\x41`, `\\u0041` or "
       "`\\u{41}`"},
      {"\\\\ud83d",
       "the pattern has half a surrogate pair, `\\ud83d` -> write the character itself"},
      {"\\\\ud83d\\\\ude0",
       "the pattern has half a surrogate pair, `\\ud83d` -> write the character itself"},
      {"\\\\p", "`\\p` in the pattern needs a name in braces -> e.g. `\\p{L}` for letters"},
      {"\\\\c1", "`\\c` in the pattern needs a letter -> e.g. `\\cA`"},
      {"a{1,2000}",
       "the pattern repeats more than 1000 times -> bound the length with `maxLength` and repeat "
       "with `*` or `+`"},
  };
  for (const auto& [pattern, expected] : rows) {
    INFO(pattern);
    CHECK(mistakes("{\"pattern\": \"" + std::string(pattern) + "\"}") ==
          "J705 /pattern: " + std::string(expected));
  }
  CHECK(mistakes(R"({"pattern": "(a"})").substr(0, 60) ==
        "J705 /pattern: the pattern is not a regular expression: miss");
  CHECK(mistakes(R"({"pattern": "\\p{Nonsense}"})").substr(0, 59) ==
        "J705 /pattern: the pattern is not a regular expression: inv");
  CHECK(mistakes(R"x({"patternProperties": {"(?=a)": {}}})x").substr(0, 59) ==
        "J705 /patternProperties/(?=a): the pattern needs look-ahead");
}

TEST_CASE("references that lead nowhere are mistakes", "[schema]") {
  const std::vector<std::pair<const char*, const char*>> rows = {
      {R"({"$ref": "#/$defs/jbo", "$defs": {"job": {}}})",
       "J706 /$ref: `$ref` `#/$defs/jbo` leads nowhere: there is no `jbo` -> a name that is close "
       "exists: `job`"},
      {R"({"items": {"$ref": "#/$defs/a"}})",
       "J706 /items/$ref: `$ref` `#/$defs/a` leads nowhere: there is no `$defs` -> define it under "
       "`$defs` and refer to "
       "`#/$defs/name`"},
      {R"({"$ref": "#/required", "required": ["a"]})",
       "J706 /$ref: `$ref` `#/required` leads nowhere: there is no schema at its end -> define it "
       "under `$defs` and refer "
       "to `#/$defs/name`"},
      {R"({"$ref": "#/prefixItems/1", "prefixItems": [{}]})",
       "J706 /$ref: `$ref` `#/prefixItems/1` leads nowhere: there is no `1` -> define it under "
       "`$defs` and refer to "
       "`#/$defs/name`"},
      {R"({"$ref": "#naem", "$defs": {"a": {"$anchor": "name"}}})",
       "J706 /$ref: `$ref` `#naem` leads nowhere: there is no `$anchor` `naem` -> a name that is "
       "close exists: `name`"},
      {R"({"$ref": "#x"})",
       "J706 /$ref: `$ref` `#x` leads nowhere: there is no `$anchor` `x` -> write `\"$anchor\": "
       "\"x\"` where it should "
       "lead, or refer to `#/$defs/x`"},
      {R"({"$ref": "job.json"})",
       "J706 /$ref: `$ref` `job.json` leads nowhere: there is no document `job.json` -> refer to a "
       "schema file of the "
       "project, or to `#/$defs/name`"},
      {R"({"$ref": "https://example.org/a.json"})",
       "J706 /$ref: `$ref` `https://example.org/a.json` leads nowhere: there is no document "
       "`https://example.org/a.json` "
       "-> schemas are not fetched from the network; put it beside this one and refer to the file"},
      {R"({"$dynamicRef": "#x"})",
       "J706 /$dynamicRef: `$dynamicRef` `#x` leads nowhere: there is no `$anchor` `x` -> write "
       "`\"$anchor\": \"x\"` where "
       "it should lead, or refer to `#/$defs/x`"},
  };
  for (const auto& [schema, expected] : rows) {
    INFO(schema);
    CHECK(mistakes(schema) == expected);
  }
}

TEST_CASE("references that lead back to themselves are mistakes", "[schema]") {
  const std::string loop =
      "this schema leads back to itself without going into the value -> refer to it from "
      "`properties` or `items`";
  CHECK(mistakes(R"({"$ref": "#"})") == "J706 /$ref: " + loop);
  CHECK(
      mistakes(
          R"({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}})") ==
      "J706 /$defs/b/$ref: " + loop);
  CHECK(mistakes(R"({"anyOf": [{"type": "string"}, {"$ref": "#"}]})") ==
        "J706 /anyOf/1/$ref: " + loop);
  CHECK(mistakes(R"({"not": {"$ref": "#"}})") == "J706 /not/$ref: " + loop);
  CHECK(mistakes(R"({"if": true, "then": {"$ref": "#"}})") == "J706 /then/$ref: " + loop);
  CHECK(mistakes(R"({"dependentSchemas": {"a": {"$ref": "#"}}})") ==
        "J706 /dependentSchemas/a/$ref: " + loop);
  CHECK(mistakes(R"({"properties": {"a": {"$ref": "#"}}, "items": {"$ref": "#"}})") == "");
}

TEST_CASE("a schema keeps the text it was compiled from", "[schema]") {
  const Json source =
      Json::parse(R"({"type": "object", "x-order": 3, "properties": {"b": {}, "a": {}}})");
  CHECK(Schema::compile(source)->json().dump() == source.dump());
}
