// Bombs: schemas and values that would take for ever, or the whole stack, are decided or refused
// soon.

#include <catch2/catch.hpp>
#include <ctime>

#include "tests/schema/cases.h"

using namespace plenum;
using namespace plenum::schema;

namespace {

// Processor time: what other programs do on the machine does not count.
class Stopwatch {
 public:
  double seconds() const { return static_cast<double>(std::clock() - start_) / CLOCKS_PER_SEC; }

 private:
  std::clock_t start_ = std::clock();
};

Json nested(int depth, const char* key, Json value) {
  for (int i = 0; i < depth; ++i) {
    Json outer = Json::object();
    outer[key] = std::move(value);
    value = std::move(outer);
  }
  return value;
}

}  // namespace

TEST_CASE("alternatives of alternatives end by the step limit", "[schema]") {
  Json schema = {{"$ref", "#/$defs/a0"}, {"$defs", Json::object()}};
  for (int i = 0; i < 40; ++i) {
    const Json next = {{"$ref", "#/$defs/a" + std::to_string(i + 1)}};
    schema["$defs"]["a" + std::to_string(i)] = {{"anyOf", {next, next}}};
  }
  schema["$defs"]["a40"] = {{"type", "string"}};
  const Stopwatch watch;
  const auto compiled = Schema::compile(schema);
  REQUIRE(compiled);
  const auto violations = compiled->validate(1);
  REQUIRE(!violations.empty());
  CHECK(violations[0].message.find("takes more than") != std::string::npos);
  CHECK(!compiled->valid(1));
  CHECK(watch.seconds() < 10);
}

TEST_CASE("a stopped check is not valid, not even under not", "[schema]") {
  Json schema = {{"not", {{"$ref", "#/$defs/a0"}}}, {"$defs", Json::object()}};
  for (int i = 0; i < 40; ++i) {
    const Json next = {{"$ref", "#/$defs/a" + std::to_string(i + 1)}};
    schema["$defs"]["a" + std::to_string(i)] = {{"allOf", {next, next}}};
  }
  schema["$defs"]["a40"] = {{"type", "integer"}};
  CHECK(!Schema::compile(schema)->valid(1));
}

TEST_CASE("values as deep as foreign JSON may be are checked, deeper ones end by the depth limit",
          "[schema]") {
  const auto schema = Schema::compile(Json::parse(
      R"({"$ref": "#/$defs/n", "$defs": {"n": {"allOf": [{"$ref": "#/$defs/m"}]}, "m": {"properties": {"a": {"$ref": "#/$defs/n"}}, "additionalProperties": false}}})"));
  REQUIRE(schema);
  CHECK(schema->valid(nested(64, "a", Json::object())));
  CHECK(shown(schema->validate(nested(64, "a", Json{{"b", 1}}))).find("/a/a/a") !=
        std::string::npos);
  CHECK(shown(schema->validate(nested(1000, "a", Json::object()))).find("nested too deep") !=
        std::string::npos);
}

TEST_CASE("a dynamic reference that never ends is stopped", "[schema]") {
  const auto schema =
      Schema::compile(Json::parse(R"({"$dynamicAnchor": "a", "allOf": [{"$dynamicRef": "#a"}]})"));
  REQUIRE(schema);
  CHECK(shown(schema->validate(1)).find("nested too deep") != std::string::npos);
}

TEST_CASE("long chains of references need no stack", "[schema]") {
  Json schema = {{"$ref", "#/$defs/a0"}, {"$defs", Json::object()}};
  for (int i = 0; i < 20'000; ++i)
    schema["$defs"]["a" + std::to_string(i)] = {{"$ref", "#/$defs/a" + std::to_string(i + 1)}};
  schema["$defs"]["a20000"] = {{"type", "string"}};
  const auto compiled = Schema::compile(schema);
  REQUIRE(compiled);
  CHECK(shown(compiled->validate("a")).find("nested too deep") != std::string::npos);
  compiled->type();
  compiled->with_defaults(Json::object());
}

TEST_CASE("schemas nested in each other have a limit", "[schema]") {
  CHECK(Schema::compile(nested(90, "not", Json::object())));
  const auto deep = Schema::compile(nested(5000, "not", Json::object()));
  REQUIRE(!deep);
  CHECK(deep.error()[0].message == "schemas are nested deeper than 100");
}

TEST_CASE("large lists are compared in less than quadratic time", "[schema]") {
  Json list = Json::array();
  for (int i = 0; i < 50'000; ++i) list.push_back({{"id", i}, {"b", 1}});
  const auto schema = Schema::compile(Json{{"uniqueItems", true}});
  const Stopwatch watch;
  CHECK(schema->valid(list));
  list.push_back({{"b", 1.0}, {"id", 40'000}});
  CHECK(shown(schema->validate(list)) ==
        "/50000: is the same as item 40000; all items must differ");
  CHECK(watch.seconds() < 10);
}

TEST_CASE("items that differ only far inside are no way to the end of the stack", "[schema]") {
  const auto schema = Schema::compile(Json{{"uniqueItems", true}});
  const Json deep = nested(2000, "a", 1);
  CHECK(shown(schema->validate(Json::array({deep, deep}))).find("nested too deep") !=
        std::string::npos);
}

TEST_CASE("patterns take linear time on any text", "[schema]") {
  const auto schema =
      Schema::compile(Json::parse(R"({"pattern": "^(a|b|ab)*(a+)+$", "format": "date-time"})"));
  const Stopwatch watch;
  CHECK(!schema->valid(std::string(1 << 20, 'a') + "!"));
  CHECK(!schema->valid(std::string(1 << 20, '1')));
  CHECK(watch.seconds() < 5);
}

TEST_CASE("a violation never repeats a long value", "[schema]") {
  const std::string text =
      verdict(R"({"type": "integer"})", Json(std::string(100'000, 'x')).dump());
  CHECK(text.size() < 200);
  const std::string key = Json{{std::string(10'000, 'k'), 1}}.dump();
  CHECK(verdict(R"({"additionalProperties": false})", key).substr(10'000).size() < 200);
}

TEST_CASE("wide objects and long enums are decided soon", "[schema]") {
  Json schema = {{"required", Json::array()}, {"properties", Json::object()}},
       value = Json::object();
  for (int i = 0; i < 10'000; ++i) {
    schema["required"].push_back("name" + std::to_string(i));
    value.push_back({"other" + std::to_string(i), i});
  }
  const Stopwatch watch;
  CHECK(Schema::compile(schema)->validate(value).size() == 20);
  Json values = Json::array();
  for (int i = 0; i < 10'000; ++i) values.push_back("v" + std::to_string(i));
  const auto among = Schema::compile(Json{{"items", {{"enum", values}}}});
  CHECK(among->valid(values));
  CHECK(watch.seconds() < 10);
}

TEST_CASE("a 2 KB value is validated in microseconds", "[schema][slow]") {
  const auto schema = Schema::compile(Json::parse(R"({
    "type": "object", "additionalProperties": false, "required": ["name", "email", "roles"],
    "properties": {
      "name": {"type": "string", "minLength": 1, "maxLength": 100},
      "email": {"type": "string", "maxLength": 200, "pattern": "^[^@]+@[^@]+$"},
      "headline": {"type": ["string", "null"]},
      "roles": {"type": "array", "maxItems": 20, "items": {"$ref": "#/$defs/role"}}},
    "$defs": {"role": {
      "type": "object", "additionalProperties": false, "required": ["title", "company", "from"],
      "properties": {
        "title": {"type": "string", "maxLength": 100}, "company": {"type": "string", "maxLength": 100},
        "from": {"type": "string", "format": "date"}, "to": {"type": ["string", "null"]},
        "kind": {"enum": ["full", "part", "contract"]}, "score": {"type": "number", "minimum": 0, "maximum": 10},
        "points": {"type": "array", "items": {"type": "string", "maxLength": 300}}}}}})"));
  REQUIRE(schema);
  Json value = {{"name", "Ada"},
                {"email", "ada@example.org"},
                {"headline", nullptr},
                {"roles", Json::array()}};
  while (value.dump().size() < 2048)
    value["roles"].push_back(
        {{"title", "Engineer"},
         {"company", "Example"},
         {"from", "2020-01-01"},
         {"to", nullptr},
         {"kind", "full"},
         {"score", 8.5},
         {"points", {"Built a thing that works.", "Kept it working for years."}}});
  const int rounds = 20'000;
  const Stopwatch watch;
  bool valid = true;
  for (int i = 0; i < rounds; ++i) valid &= schema->valid(value);
  const double quiet = watch.seconds() / rounds * 1e6;
  const Stopwatch second;
  for (int i = 0; i < rounds; ++i) valid &= schema->validate(value).empty();
  const double collecting = second.seconds() / rounds * 1e6;
  const Stopwatch third;
  for (int i = 0; i < rounds / 20; ++i) valid &= Schema::compile(schema->json()).has_value();
  WARN(value.dump().size() << " bytes: valid " << quiet << " us, validate " << collecting
                           << " us, compile " << third.seconds() / (rounds / 20) * 1e6 << " us");
  CHECK(valid);
}
