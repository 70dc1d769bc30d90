// What schemas mean and what a violation says: one row, one rule.

#include <catch2/catch.hpp>

#include "engine/schema/batch.h"
#include "tests/schema/cases.h"

using namespace plenum;
using namespace plenum::schema;

namespace {
struct Row {
  const char* schema;
  const char* value;
  const char* expected;
};

void holds(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    INFO(row.schema << "  of  " << row.value);
    CHECK(verdict(row.schema, row.value) == row.expected);
  }
}
}  // namespace

TEST_CASE("types name what is wanted and what is there", "[schema]") {
  holds({
      {R"({"type": "string"})", R"("a")", ""},
      {R"({"type": "string"})", "5", ": must be a string; it is 5"},
      {R"({"type": "string"})", "{}", ": must be a string; it is an object"},
      {R"({"type": "object"})", "[1]", ": must be an object; it is a list"},
      {R"({"type": "integer"})", "1.0", ""},
      {R"({"type": "integer"})", "1e300", ""},
      {R"({"type": "integer"})", "1.5", ": must be an integer; it is 1.5"},
      {R"({"type": "integer"})", "18446744073709551615", ""},
      {R"({"type": "number"})", "1", ""},
      {R"({"type": "number"})", R"("1")", R"(: must be a number; it is "1")"},
      {R"({"type": "boolean"})", "0", ": must be true or false; it is 0"},
      {R"({"type": ["string", "null"]})", "null", ""},
      {R"({"type": ["string", "null"]})", "false", ": must be a string or null; it is false"},
      {R"({"type": ["integer", "array", "object"]})", "null",
       ": must be an integer, a list or an object; it is null"},
      {R"({"type": "null"})", R"("01234567890123456789012345678901234567890123456789")",
       ": must be null; it is \"0123456789012345678901234567890123456789…\""},
      {"true", "1", ""},
      {"{}", "null", ""},
      {"false", "1", ": no value is allowed here"},
      {R"({"title": "t", "$comment": "c", "default": 1, "examples": [], "x-own": 1})", "null", ""},
  });
}

TEST_CASE("one wrong value gives one violation", "[schema]") {
  holds({
      {R"({"type": "string", "enum": ["a"], "minLength": 3})", "5", ": must be a string; it is 5"},
      {R"({"allOf": [{"type": "string"}, {"type": "string"}]})", "5",
       ": must be a string; it is 5"},
      {R"({"enum": ["a", "b"], "minLength": 3})", R"("c")",
       R"(: must be one of "a", "b"; it is "c")"},
  });
}

TEST_CASE("enum and const compare as JSON does", "[schema]") {
  holds({
      {R"({"const": 1})", "1.0", ""},
      {R"({"const": 1.0})", "1", ""},
      {R"({"const": {"a": 1, "b": 2}})", R"({"b": 2, "a": 1})", ""},
      {R"({"const": [1, 2]})", "[2, 1]", ": must be [1,2]; it is a list"},
      {R"({"const": false})", "0", ": must be false; it is 0"},
      {R"({"const": "a"})", R"("b")", R"(: must be "a"; it is "b")"},
      {R"({"const": null})", "false", ": must be null; it is false"},
      {R"({"enum": ["a"]})", R"("b")", R"(: must be "a"; it is "b")"},
      {R"({"enum": [1, [2], {"a": 3}, null]})", "[2.0]", ""},
      {R"({"enum": [1, [2], {"a": 3}, null]})", R"({"a": 3})", ""},
      {R"({"enum": [1, [2], {"a": 3}, null]})", "2",
       R"(: must be one of 1, [2], {"a":3}, null; it is 2)"},
      {R"({"enum": [9007199254740993]})", "9007199254740992",
       ": must be 9007199254740993; it is 9007199254740992"},
      {R"({"enum": ["aa","bb","cc","dd","ee","ff","gg","hh","ii","jj","kk","ll","friendly","formal"]})",
       R"("freindly")",
       R"(: must be one of "aa", "bb", "cc", "dd", "ee", "ff", "gg", "hh", "ii", "jj", "kk", "ll", … (14 in all); )"
       R"(it is "freindly"; did you mean "friendly"?)"},
      {R"({"enum": ["a","b","c","d","e","f","g","h","i", 1]})", R"("i")", ""},
      {R"({"enum": ["a","b","c","d","e","f","g","h","i", 1]})", "1", ""},
      {R"({"enum": ["a","b","c","d","e","f","g","h","i", 1]})", "2",
       R"(: must be one of "a", "b", "c", "d", "e", "f", "g", "h", "i", 1; it is 2)"},
  });
}

TEST_CASE("numbers are compared exactly", "[schema]") {
  holds({
      {R"({"minimum": 1})", "0", ": must be at least 1; it is 0"},
      {R"({"minimum": 1})", "1.0", ""},
      {R"({"maximum": 0.5})", "0.50000001", ": must be at most 0.5; it is 0.50000001"},
      {R"({"exclusiveMinimum": 0})", "0", ": must be more than 0; it is 0"},
      {R"({"exclusiveMaximum": 10})", "10.0", ": must be less than 10; it is 10.0"},
      {R"({"minimum": 1, "maximum": 3})", R"("text")", ""},
      {R"({"maximum": 9007199254740992})", "9007199254740993",
       ": must be at most 9007199254740992; it is 9007199254740993"},
      {R"({"maximum": 9007199254740992.0})", "9007199254740993",
       ": must be at most 9.007199254740992e+15; it is 9007199254740993"},
      {R"({"minimum": -1})", "18446744073709551615", ""},
      {R"({"maximum": 18446744073709551614})", "18446744073709551615",
       ": must be at most 18446744073709551614; it is 18446744073709551615"},
      {R"({"maximum": 9223372036854775807})", "9223372036854775808.0",
       ": must be at most 9223372036854775807; it is 9.223372036854776e+18"},
  });
}

TEST_CASE("multiples are decided on the decimal digits", "[schema]") {
  holds({
      {R"({"multipleOf": 0.0001})", "0.0075", ""},
      {R"({"multipleOf": 0.0001})", "0.00751", ": must be a multiple of 0.0001; it is 0.00751"},
      {R"({"multipleOf": 0.01})", "19.99", ""},
      {R"({"multipleOf": 0.1})", "0.30000000000000004",
       ": must be a multiple of 0.1; it is 0.30000000000000004"},
      {R"({"multipleOf": 3})", "-9", ""},
      {R"({"multipleOf": 3})", "9.0", ""},
      {R"({"multipleOf": 3})", "0", ""},
      {R"({"multipleOf": 1.5})", "4.5", ""},
      {R"({"multipleOf": 1.5})", "4", ": must be a multiple of 1.5; it is 4"},
      {R"({"multipleOf": 1e-8})", "12391239123", ""},
      {R"({"multipleOf": 0.123456789})", "1e308",
       ": must be a multiple of 0.123456789; it is 1e+308"},
      {R"({"multipleOf": 0.5})", "1e308", ""},
      {R"({"multipleOf": 10})", "9007199254740993",
       ": must be a multiple of 10; it is 9007199254740993"},
      {R"({"multipleOf": 7})", "9223372036854775807", ""},
      {R"({"multipleOf": 7})", "-9223372036854775808",
       ": must be a multiple of 7; it is -9223372036854775808"},
      {R"({"multipleOf": 5})", "18446744073709551615", ""},
      {R"({"multipleOf": 1e300})", "1e-300", ": must be a multiple of 1e+300; it is 1e-300"},
      {R"({"multipleOf": 2e300})", "6e300", ""},
      {R"({"multipleOf": 5e-324})", "1", ""},
  });
}

TEST_CASE("lengths count characters, not bytes", "[schema]") {
  holds({
      {R"({"minLength": 1})", R"("")", ": must not be empty"},
      {R"({"minLength": 50})", R"("short")", ": must have at least 50 characters; it has 5"},
      {R"({"maxLength": 3})", R"("äöü")", ""},
      {R"({"maxLength": 3})", R"("😀😀😀")", ""},
      {R"({"maxLength": 3})", R"("äöü!")", ": must have at most 3 characters; it has 4"},
      {R"({"maxLength": 1})", R"("ab")", ": must have at most 1 character; it has 2"},
      {R"({"maxLength": 2.0})", R"("abc")", ": must have at most 2 characters; it has 3"},
      {R"({"minLength": 2})", "1", ""},
  });
}

TEST_CASE("patterns are ECMA's and not anchored", "[schema]") {
  holds({
      {R"({"pattern": "b+"})", R"("abba")", ""},
      {R"({"pattern": "^b"})", R"("abba")", R"(: must match the pattern `^b`; it is "abba")"},
      {R"({"pattern": "^a$"})", R"("a\n")", R"(: must match the pattern `^a$`; it is "a\n")"},
      {R"({"pattern": "^\\d+$"})", R"("٣")", R"(: must match the pattern `^\d+$`; it is "٣")"},
      {R"({"pattern": "^\\s$"})", R"("\u00a0")", ""},
      {R"({"pattern": "^[\\s]$"})", R"("\ufeff")", ""},
      {R"({"pattern": "^\\u00e4\\u{1F600}\\ud83d\\ude00\\x41$"})", R"("ä😀😀A")", ""},
      {R"({"pattern": "^\\p{Letter}+$"})", R"("äßж")", ""},
      {R"({"pattern": "^\\p{L}\\P{Lu}\\p{Script=Greek}$"})", R"("Aaω")", ""},
      {R"({"pattern": "^[^]$"})", R"("\n")", ""},
      {R"({"pattern": "^[[]$"})", R"("[")", ""},
      {R"({"pattern": "^[\\b]$"})", R"("\b")", ""},
      {R"({"pattern": "^\\cJ\\/\\-$"})", R"("\n/-")", ""},
      {R"({"pattern": "^(?<year>\\d{4})-(?:a|b)$"})", R"("2026-b")", ""},
      {R"({"pattern": "^a"})", "1", ""},
  });
}

TEST_CASE("patterns refuse what ECMA's do not match", "[schema]") {
  const std::vector<std::pair<const char*, const char*>> rows = {
      {R"({"pattern": "^\\S$"})", R"("\u2003")"}, {R"({"pattern": "^.$"})", R"("\u2028")"},
      {R"({"pattern": "^.$"})", R"("\r")"},       {R"({"pattern": "[]"})", R"("a")"},
      {R"({"pattern": "^\\w$"})", R"("ä")"},      {R"({"pattern": "^\\P{L}$"})", R"("ä")"},
  };
  for (const auto& [schema, value] : rows) {
    INFO(schema << "  of  " << value);
    CHECK(verdict(schema, value).find("must match the pattern") != std::string::npos);
  }
}

TEST_CASE("lists", "[schema]") {
  holds({
      {R"({"items": {"type": "string"}})", R"(["a", 1, "b", 2])",
       "/1: must be a string; it is 1\n/3: must be a string; it is 2"},
      {R"({"minItems": 4})", "[1]", ": must have at least 4 items; it has 1"},
      {R"({"maxItems": 1})", "[1, 2]", ": must have at most 1 item; it has 2"},
      {R"({"prefixItems": [{"type": "string"}, {"type": "integer"}], "items": false})",
       R"(["a", 1])", ""},
      {R"({"prefixItems": [{"type": "string"}, {"type": "integer"}], "items": false})",
       R"(["a", 1, 2, 3])", ": must have at most 2 items; it has 4"},
      {R"({"prefixItems": [true, {"type": "integer"}]})", R"(["a", "b"])",
       R"(/1: must be an integer; it is "b")"},
      {R"({"items": false})", "[]", ""},
      {R"({"items": false})", "[1]", ": must have at most 0 items; it has 1"},
      {R"({"contains": {"type": "string"}})", "[1, 2]",
       ": must have at least 1 item of the kind that `contains` describes; it has 0"},
      {R"({"contains": {"type": "string"}, "minContains": 0})", "[1, 2]", ""},
      {R"({"contains": {"type": "string"}, "maxContains": 1})", R"(["a", "b"])",
       ": must have at most 1 item of the kind that `contains` describes; it has 2"},
      {R"({"minContains": 3})", "[]", ""},
      {R"({"uniqueItems": true})", "[1, true, \"1\", [1], {\"a\": 1}, null]", ""},
      {R"({"uniqueItems": true})", "[1, 2, 1.0]",
       "/2: is the same as item 0; all items must differ"},
      {R"({"uniqueItems": true})", R"([{"a": 1, "b": 2}, {"b": 2, "a": 1}])",
       "/1: is the same as item 0; all items must differ"},
      {R"({"uniqueItems": true})", "[0,1,2,3,4,5,6,7,8,9,10,11,3.0]",
       "/12: is the same as item 3; all items must differ"},
      {R"({"uniqueItems": true})", "[0,1,2,3,4,5,6,7,8,9,10,\"3\",false,[0],[false]]", ""},
      {R"({"uniqueItems": false})", "[1, 1]", ""},
      {R"({"items": {"type": "string"}, "minItems": 9})", "{}", ""},
  });
}

TEST_CASE("objects", "[schema]") {
  holds({
      {R"({"required": ["tone"]})", "{}", ": `tone` is required"},
      {R"({"properties": {"a": {"required": ["b", "c"]}}})", R"({"a": {"c": 1}})",
       "/a: `b` is required"},
      {R"({"properties": {"tone": true, "note": true}, "additionalProperties": false})",
       R"({"tnoe": 1})", "/tnoe: `tnoe` is not allowed here; did you mean `tone`?"},
      {R"({"properties": {"tone": true, "note": true}, "additionalProperties": false})",
       R"({"zzzzz": 1})", "/zzzzz: `zzzzz` is not allowed here; allowed: `tone`, `note`"},
      {R"({"additionalProperties": false})", R"({"a": 1})",
       "/a: `a` is not allowed here; nothing else is allowed here"},
      {R"({"additionalProperties": {"type": "integer"}})", R"({"a": 1, "b": "x"})",
       R"(/b: must be an integer; it is "x")"},
      {R"({"patternProperties": {"^n_": {"type": "integer"}}, "additionalProperties": false})",
       R"({"n_a": 1, "n_b": "x", "c": 1})",
       "/n_b: must be an integer; it is \"x\"\n/c: `c` is not allowed here; nothing else is "
       "allowed here"},
      {R"({"propertyNames": {"pattern": "^[a-z]+$"}})", R"({"ab": 1, "C": 2})",
       R"(/C: its name must match the pattern `^[a-z]+$`; it is "C")"},
      {R"({"propertyNames": {"maxLength": 2}})", R"({"abc": 1})",
       "/abc: its name must have at most 2 characters; it has 3"},
      {R"({"minProperties": 1})", "{}", ": must have at least 1 member; it has 0"},
      {R"({"maxProperties": 1})", R"({"a": 1, "b": 2})", ": must have at most 1 member; it has 2"},
      {R"({"dependentRequired": {"card": ["address", "name"]}})", R"({"card": 1, "name": 2})",
       ": `address` is required when `card` is there"},
      {R"({"dependentRequired": {"card": ["address"]}})", "{}", ""},
      {R"({"dependentSchemas": {"a": {"required": ["b"]}}})", R"({"a": 1})", ": `b` is required"},
      {R"({"properties": {"a/b": {"type": "string"}, "c~d": {"type": "string"}, "": {"type": "string"}}})",
       R"({"a/b": 1, "c~d": 2, "": 3})",
       "/a~1b: must be a string; it is 1\n/c~0d: must be a string; it is 2\n/: must be a string; "
       "it is 3"},
      {R"({"properties": {"a": false}})", R"({"a": 1})", "/a: no value is allowed here"},
      {R"({"properties": {"a": {"type": "string"}}, "required": ["a"]})", "[]", ""},
  });
}

TEST_CASE("an object with more than 64 properties knows which are missing", "[schema]") {
  Json schema = {{"properties", Json::object()}, {"required", Json::array()}},
       value = Json::object();
  for (int i = 0; i < 200; ++i) {
    const std::string name = "p" + std::to_string(i);
    schema["properties"][name] = {{"type", "integer"}};
    schema["required"].push_back(name);
    if (i != 63 && i != 64 && i != 199) value[name] = i;
  }
  CHECK(verdict(schema.dump(), value.dump()) ==
        ": `p63` is required\n: `p64` is required\n: `p199` is required");
}

TEST_CASE("violations come in the order of the document", "[schema]") {
  const char* schema = R"({
    "allOf": [{"properties": {"a": {"type": "string"}}}],
    "properties": {"b": {"type": "string"}, "list": {"items": {"type": "string"}}},
    "required": ["z"]})";
  CHECK(
      verdict(schema, R"({"list": ["x", 1, 2], "b": 2, "a": 1})") ==
      ": `z` is required\n/list/1: must be a string; it is 1\n/list/2: must be a string; it is 2\n"
      "/b: must be a string; it is 2\n/a: must be a string; it is 1");
}

TEST_CASE("at most as many violations as asked for", "[schema]") {
  const char* schema = R"({"items": {"type": "string"}})";
  CHECK(verdict(schema, "[1, 2, 3]", 2) ==
        "/0: must be a string; it is 1\n/1: must be a string; it is 2");
  CHECK(verdict(schema, "[1, 2, 3]", 0) ==
        "/0: must be a string; it is 1");  // an invalid value never looks valid
}

TEST_CASE("alternatives say what the likely one lacks", "[schema]") {
  holds({
      {R"({"anyOf": [{"type": "string"}, {"type": "integer"}]})", "null",
       ": must fit one of 2 forms: (1) must be a string; it is null (2) must be an integer; it is "
       "null"},
      {R"({"anyOf": [{"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}, {"type": "null"}]})",
       R"({"a": {}})",
       ": must fit one of 2 forms: (1) `/a` must be a string; it is an object (2) must be null; it "
       "is an object"},
      {R"({"anyOf": [{"type": "object", "required": ["a"]}, {"type": "null"}]})", "{}",
       ": `a` is required"},
      {R"({"anyOf": [{"type": "object", "properties": {"a": {"properties": {"b": {"type": "string"}}}}}, {"type": "null"}]})",
       R"({"a": {"b": 1}})", "/a/b: must be a string; it is 1"},
      {R"({"oneOf": [{"properties": {"kind": {"const": "card"}, "number": {"minLength": 9}}, "required": ["kind", "number"]},
                     {"properties": {"kind": {"const": "cash"}}, "required": ["kind"]}]})",
       R"({"kind": "card", "number": "12"})", "/number: must have at least 9 characters; it has 2"},
      {R"({"oneOf": [{"type": "integer"}, {"minimum": 2}, {"maximum": 0}]})", "3",
       ": must fit exactly one of 3 forms (`oneOf`); it fits forms 1 and 2"},
      {R"({"oneOf": [{"type": "string"}, {"type": "null"}]})", "1",
       ": must fit one of 2 forms: (1) must be a string; it is 1 (2) must be null; it is 1"},
      {R"({"anyOf": [true, {"type": "null"}]})", "1", ""},
      {R"({"not": {"type": "string"}})", R"("a")", R"(: must not be a string; it is "a")"},
      {R"({"not": {"const": "a"}})", R"("a")", R"(: must not be "a")"},
      {R"({"not": {"enum": [1, 2]}})", "2", ": must not be one of 1, 2"},
      {R"({"not": {"required": ["a"]}})", R"({"a": 1})",
       ": must not be what the schema under `not` describes"},
      {R"({"not": {"type": "string"}})", "1", ""},
  });
}

TEST_CASE("conditions apply the side that holds", "[schema]") {
  const char* schema = R"({"if": {"properties": {"kind": {"const": "card"}}, "required": ["kind"]},
                           "then": {"required": ["number"]}, "else": {"required": ["reason"]}})";
  CHECK(verdict(schema, R"({"kind": "card", "number": 1})") == "");
  CHECK(verdict(schema, R"({"kind": "card"})") == ": `number` is required");
  CHECK(verdict(schema, R"({"kind": "cash"})") == ": `reason` is required");
  CHECK(verdict(R"({"then": false, "else": false})", "1") == "");
  CHECK(verdict(R"({"if": false, "then": false})", "1") == "");
}

TEST_CASE("references lead to definitions, anchors, ids and themselves", "[schema]") {
  holds({
      {R"({"$ref": "#/$defs/a", "$defs": {"a": {"type": "string"}}})", "1",
       ": must be a string; it is 1"},
      {R"({"$ref": "#/$defs/a", "maxLength": 1, "$defs": {"a": {"type": "string"}}})", R"("ab")",
       ": must have at most 1 character; it has 2"},
      {R"({"$ref": "#/$defs/a~1b%25c", "$defs": {"a/b%c": {"type": "string"}}})", "1",
       ": must be a string; it is 1"},
      {R"({"$ref": "#name", "$defs": {"a": {"$anchor": "name", "type": "string"}}})", "1",
       ": must be a string; it is 1"},
      {R"({"$id": "https://example.org/a/b.json", "$ref": "c.json", "$defs": {"c": {"$id": "/a/c.json", "type": "string"}}})",
       "1", ": must be a string; it is 1"},
      {R"({"properties": {"v": {"type": "integer"}, "kids": {"items": {"$ref": "#"}}}, "required": ["v"]})",
       R"({"v": 1, "kids": [{"v": 2}, {"v": 3, "kids": [{"v": "x"}]}]})",
       R"(/kids/1/kids/0/v: must be an integer; it is "x")"},
      {R"({"properties": {"a": {"type": "string"}, "b": {"$ref": "#/properties/a"}}})",
       R"({"b": 1})", "/b: must be a string; it is 1"},
      {R"({"prefixItems": [{"type": "string"}, {"$ref": "#/prefixItems/0"}]})", R"(["a", 1])",
       "/1: must be a string; it is 1"},
      {R"({"$ref": "https://json-schema.org/draft/2020-12/schema"})", R"({"type": "string"})", ""},
      {R"({"$ref": "https://json-schema.org/draft/2020-12/schema"})", R"({"minLength": -1})",
       ": must be a JSON Schema of draft 2020-12"},
  });
}

TEST_CASE("references into other documents are loaded, from where they stand", "[schema]") {
  std::vector<std::string> asked;
  Options options;
  options.load = [&](std::string_view uri) -> std::optional<Json> {
    asked.emplace_back(uri);
    if (uri == "schemas/job.json")
      return Json::parse(
          R"({"$ref": "parts/skill.json#/$defs/skill", "$defs": {"t": {"type": "string"}}})");
    if (uri == "schemas/parts/skill.json")
      return Json::parse(
          R"({"$defs": {"skill": {"properties": {"n": {"$ref": "../job.json#/$defs/t"}}}}})");
    if (uri == "wrong.json") return Json::parse(R"({"properties": {"a": {"tpye": 1}}})");
    return std::nullopt;
  };
  CHECK(verdict(R"({"items": {"$ref": "schemas/job.json"}})", R"([{"n": 1}])", 20, options) ==
        "/0/n: must be a string; it is 1");
  CHECK(asked == std::vector<std::string>{"schemas/job.json", "schemas/parts/skill.json"});
  SECTION("a mistake there is reported at the reference") {
    CHECK(mistakes(R"({"properties": {"x": {"$ref": "wrong.json"}}})", options) ==
          "J701 /properties/x/$ref: in `wrong.json#/properties/a/tpye`: unknown schema keyword "
          "`tpye` -> "
          "a name that is close exists: `type`");
  }
}

TEST_CASE("dynamic references lead to the outermost anchor", "[schema]") {
  const char* schema = R"({
    "$id": "https://example.org/strings", "$ref": "list", "$defs": {
      "item": {"$dynamicAnchor": "item", "type": "string"},
      "list": {"$id": "list", "items": {"$dynamicRef": "#item"}, "$defs": {"any": {"$dynamicAnchor": "item"}}}}})";
  CHECK(verdict(schema, R"(["a"])") == "");
  CHECK(verdict(schema, "[1]") == "/0: must be a string; it is 1");
}

TEST_CASE("what no keyword evaluated is found", "[schema]") {
  holds({
      {R"({"allOf": [{"properties": {"a": true}}], "properties": {"b": true}, "unevaluatedProperties": false})",
       R"({"a": 1, "b": 2})", ""},
      {R"({"allOf": [{"properties": {"a": true}}], "properties": {"b": true}, "unevaluatedProperties": false})",
       R"({"a": 1, "bb": 2})", "/bb: `bb` is not allowed here; did you mean `b`?"},
      {R"({"anyOf": [{"properties": {"a": true}, "required": ["a"]}, {"properties": {"b": true}}],
           "unevaluatedProperties": false})",
       R"({"a": 1, "b": 2})", ""},
      {R"({"anyOf": [{"properties": {"a": true}, "required": ["c"]}], "unevaluatedProperties": false})",
       R"({"a": 1})", ": `c` is required"},
      {R"({"unevaluatedProperties": {"type": "string"}})", R"({"a": 1})",
       "/a: must be a string; it is 1"},
      {R"({"prefixItems": [true], "contains": {"type": "string"}, "unevaluatedItems": false})",
       R"([1, "a"])", ""},
      {R"({"prefixItems": [true], "contains": {"type": "string"}, "unevaluatedItems": false})",
       R"([1, "a", 2])", "/2: no value is allowed here"},
      {R"({"if": {"properties": {"a": {"const": 1}}, "required": ["a"]}, "then": {"properties": {"b": true}},
           "unevaluatedProperties": false})",
       R"({"a": 1, "b": 2})", ""},
  });
}

TEST_CASE("a batch line is a schema and a value", "[schema]") {
  const auto batch = [](const char* line) { return schema::batch(Json::parse(line)).dump(); };
  CHECK(batch(R"({"schema": {"type": "string"}, "data": "a"})") == R"({"valid":true,"errors":[]})");
  CHECK(batch(R"({"schema": {"type": "string"}, "data": null})") ==
        R"({"valid":false,"errors":[{"pointer":"","message":"must be a string; it is null"}]})");
  CHECK(batch(R"({"schema": {"tpye": 1, "format": "email"}, "data": "a"})") ==
        R"({"valid":true,"errors":[]})");
  CHECK(batch(R"({"schema": {"format": "email"}, "data": "a", "strict": true})").find("e-mail") !=
        std::string::npos);
  CHECK(
      batch(R"({"schema": {"tpye": 1}, "data": 1, "strict": true})") ==
      R"({"error":"J701 at `/tpye`: unknown schema keyword `tpye`; a name that is close exists: `type`"})");
  CHECK(
      batch(
          R"({"schema": {"$ref": "http://x/a"}, "data": 1, "documents": {"http://x/a": false}})") ==
      R"({"valid":false,"errors":[{"pointer":"","message":"no value is allowed here"}]})");
  CHECK(batch(R"({"data": 1})") == R"({"error":"`schema` is required"})");
  CHECK(batch(R"({"schema": {}})") == R"({"error":"`data` is required"})");
  CHECK(batch("3").find("error") != std::string::npos);
}
