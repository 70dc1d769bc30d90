#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "engine/llm/pattern_text.h"
#include "engine/schema/schema.h"
#include "tests/llm/support.h"

using namespace plenum;
using namespace plenum::llm;

namespace {

std::string example(const char* schema, uint64_t seed = 0) {
  return to_text(example_of(Json::parse(schema), seed));
}

// A folder with fixtures, gone at the end.
struct Folder {
  Folder() { std::filesystem::create_directories(path + "/app"); }
  ~Folder() { std::filesystem::remove_all(path); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path + "/" + name) << text;
  }
  const std::string path =
      (std::filesystem::temp_directory_path() / ("plenum-offline-" + std::to_string(getpid())))
          .string();
};

Reply offline_reply(const std::string& folder, const Call& call) {
  auto prepared = make_provider("offline", {}, folder)->prepare(call);
  if (!prepared) throw std::runtime_error(prepared.error().message);
  return std::get<Reply>(*prepared);
}

}  // namespace

TEST_CASE("an example reads like an answer", "[example]") {
  CHECK(
      example(
          R"({"type": "object", "required": ["summary", "tones"], "properties": {"summary": {"type": "string"},
    "tones": {"type": "array", "minItems": 3, "maxItems": 3, "items": {"type": "object", "properties": {"id": {"type": "string"}, "whyThis_one": {"type": "string"}}}},
    "score": {"type": "integer", "minimum": 0, "maximum": 10}, "mood": {"enum": ["calm", "angry"]}, "born": {"type": "string", "format": "date"}}})") ==
      R"({"summary":"Example summary","tones":[{"id":"example","whyThis_one":"Example why this one"},{"id":"example-2","whyThis_one":"Example why this one 2"},{"id":"example-3","whyThis_one":"Example why this one 3"}],"score":5,"mood":"calm","born":"2026-01-15"})");
}

TEST_CASE("the author's own values come first", "[example]") {
  CHECK(example(R"({"type": "string", "examples": ["Refund for order 7"], "default": "x"})") ==
        R"("Refund for order 7")");
  CHECK(example(R"({"type": "string", "default": "x"})") == R"("x")");
  CHECK(example(R"({"type": "string", "default": "not in it", "enum": ["a"]})") == R"("a")");
  CHECK(example(R"({"type": "string", "examples": ["too long"], "maxLength": 3})").size() <= 5);
}

TEST_CASE("the same seed makes the same example, another one another", "[example]") {
  const char* schema =
      R"({"type": "object", "properties": {"label": {"type": "string"}, "n": {"type": "integer"}}})";
  CHECK(example(schema, 3) == example(schema, 3));
  CHECK(example(schema, 3) != example(schema, 4));
}

TEST_CASE("examples are valid for their schemas", "[example]") {
  for (
      const char* text :
      {R"({"type": "string", "minLength": 60})",
       R"({"type": "string", "minLength": 10, "maxLength": 10})",
       R"({"type": "string", "maxLength": 2})",
       R"({"type": "string", "maxLength": 0})",
       R"({"type": "string", "pattern": "^[A-Z]{2}[0-9]{3,5}$"})",
       R"({"type": "string", "pattern": "^#(?:[0-9a-fA-F]{3}){1,2}$"})",
       R"({"type": "string", "pattern": "^[a-z][a-z0-9_]*$", "minLength": 12, "maxLength": 14})",
       R"({"type": "string", "pattern": "^(\\+\\d{1,3} )?\\d{3}-\\d{4}$"})",
       R"({"type": "string", "pattern": "\\S"})",
       R"({"type": "string", "pattern": "^(jpg|png|gif)$"})",
       R"({"type": "array", "uniqueItems": true, "minItems": 5, "items": {"type": "integer", "minimum": 1, "maximum": 5}})",
       R"({"type": "array", "uniqueItems": true, "minItems": 3, "items": {"enum": ["a", "b", "c"]}})",
       R"({"type": "array", "uniqueItems": true, "minItems": 2, "items": {"type": "boolean"}})",
       R"({"type": "array", "uniqueItems": true, "items": {"const": 1}})",
       R"({"type": "array", "maxItems": 0})",
       R"({"type": "array", "prefixItems": [{"type": "number"}, {"type": "string"}], "items": false, "minItems": 2})",
       R"({"type": "array", "contains": {"const": 7}, "items": {"type": "integer"}})",
       R"({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 2})",
       R"({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.25})",
       R"({"type": "number", "minimum": 0.1, "maximum": 0.2})",
       R"({"type": "integer", "multipleOf": 7, "minimum": 50, "maximum": 60})",
       R"({"type": "integer", "maximum": -5})",
       R"({"type": "integer", "minimum": 9000000000})",
       R"({"type": "object", "minProperties": 3, "additionalProperties": {"type": "integer"}})",
       R"({"type": "object", "minProperties": 1, "propertyNames": {"pattern": "^x-[a-z]+$"}, "additionalProperties": {"type": "integer"}})",
       R"({"type": "object", "required": ["free"]})",
       R"({"type": "object", "properties": {"a": {"type": "string"}, "never": false}})",
       R"({"anyOf": [{"type": "null"}, {"type": "string", "format": "email"}]})",
       R"({"oneOf": [{"type": "integer"}, {"type": "number"}, {"type": "string"}]})",
       R"({"oneOf": [{"type": "object", "properties": {"k": {"const": "a"}}, "required": ["k"]}, {"type": "object", "properties": {"k": {"const": "b"}, "v": {"type": "integer"}}, "required": ["k", "v"]}]})",
       R"({"type": "object", "properties": {"k": {"type": "string"}}, "required": ["k"], "anyOf": [{"properties": {"k": {"const": "a"}}}]})",
       R"({"allOf": [{"$ref": "#/$defs/b"}, {"properties": {"n": {"type": "string"}}, "required": ["n"]}], "$defs": {"b": {"type": "object", "properties": {"id": {"type": "string", "format": "uuid"}}, "required": ["id"]}}})",
       R"({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}, "maxProperties": 1, "required": ["b"]})",
       R"({"$ref": "#/$defs/N", "$defs": {"N": {"type": "object", "required": ["v", "c"], "properties": {"v": {"type": "string"}, "c": {"type": "array", "items": {"$ref": "#/$defs/N"}}, "next": {"$ref": "#/$defs/N"}}}}})",
       R"({"type": "object", "properties": {"self": {"$ref": "#"}}})",
       R"({"type": ["null", "integer"]})",
       R"({"type": "null"})",
       R"({"const": {"a": [1]}})",
       R"({"enum": [null, 1]})",
       "true",
       "{}"}) {
    const auto schema =
        schema::Schema::compile(Json::parse(text), {.load = {}, .refuse_unknown_keywords = false});
    REQUIRE(schema);
    for (uint64_t seed : {0, 1, 7, 1000}) {
      const Json value = example_of(Json::parse(text), seed);
      INFO(text << " seed " << seed << "\n" << to_text(value));
      CHECK(schema->valid(value));
    }
  }
}

TEST_CASE("examples of every asserted format are valid", "[example]") {
  for (const char* format : {"date-time", "date", "time", "duration", "email", "hostname", "ipv4",
                             "ipv6", "uri", "uri-reference", "uuid", "json-pointer", "regex"}) {
    const Json text = {{"type", "string"}, {"format", format}};
    const auto schema = schema::Schema::compile(text);
    REQUIRE(schema);
    for (uint64_t seed = 0; seed < 30; ++seed) {
      INFO(format << " " << to_text(example_of(text, seed)));
      CHECK(schema->valid(example_of(text, seed)));
    }
  }
}

TEST_CASE("a schema that nothing can satisfy, or that never ends, still gets some value",
          "[example]") {
  for (
      const char* text :
      {"false", R"({"type": "integer", "minimum": 5, "maximum": 1})", R"({"$ref": "#"})",
       R"({"$ref": "#/none"})",
       R"({"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}})",
       R"({"allOf": [{"$ref": "#"}]})",
       R"({"type": "array", "minItems": 100000000, "items": {"type": "array", "minItems": 100000000}})",
       R"({"type": "string", "minLength": 99999999})",
       R"({"type": "string", "pattern": "(a{900}){900}"})",
       R"({"type": "string", "pattern": "((((("})", R"({"type": 5})", R"({"type": "nope"})", "5",
       R"({"anyOf": [{"$ref": "#"}, {"$ref": "#"}]})",
       R"({"type": "object", "required": [1, "a"], "additionalProperties": false})"}) {
    INFO(text);
    example_of(Json::parse(text));
  }
}

TEST_CASE("text for a pattern matches it", "[example]") {
  const auto text = [](const char* pattern) {
    return text_matching(pattern, 0, 100, 0).value_or("none");
  };
  CHECK(text("^abc$") == "abc");
  CHECK(text("^a{3}$") == "aaa");
  CHECK(text("^(?P<year>\\d{4})-(0[1-9]|1[0-2])$").size() == 7);
  CHECK(text("^[^a-y]+$") != "none");
  CHECK(text("^[]x]$") != "none");
  CHECK(text("a++") == "none");
  CHECK(text("(") == "none");
  CHECK(text("[") == "none");
  CHECK(text("\\") == "none");
  CHECK(text("a{") == "none");
  CHECK(text("a{1001}") == "none");
  CHECK(text("\\pL") == "none");
  CHECK(text("") == "");
}

TEST_CASE("offline: an app's fixture answers for the node of its name", "[offline]") {
  const Folder folder;
  folder.write("app/analyze.json", "{\"from\": \"fixture\"}\n");
  folder.write("app/write.txt", "A text.");
  folder.write("app/revise.md", "A *text*.");
  Call call = a_call();
  call.schema = std::make_shared<const Json>(Json::parse(R"({"type": "object"})"));
  const Reply reply = offline_reply(folder.path, call);
  CHECK(reply.text == "{\"from\": \"fixture\"}\n");
  CHECK(reply.model == "offline");
  CHECK(story(reply.usage) == "0 in, 0 out, 0 cached");
  call.node = "improve[2]/analyze[17]";
  CHECK(offline_reply(folder.path, call).text == "{\"from\": \"fixture\"}\n");
  call.schema.reset();
  call.node = "write";
  CHECK(offline_reply(folder.path, call).text == "A text.");
  call.node = "improve/revise";
  CHECK(offline_reply(folder.path, call).text == "A *text*.");
}

TEST_CASE("offline: without a fixture the schema answers, and without a schema an honest text",
          "[offline]") {
  Call call = a_call();
  call.schema = std::make_shared<const Json>(
      Json::parse(R"({"type": "object", "properties": {"summary": {"type": "string"}}})"));
  CHECK(offline_reply("/no/such/folder", call).text == R"({"summary":"Example summary"})");
  CHECK(offline_reply("", call).text == R"({"summary":"Example summary"})");
  call.schema.reset();
  const std::string text = offline_reply("", call).text;
  CHECK(text.find("no model was asked for `analyze`") != std::string::npos);
  CHECK(text.find("fixtures/app/analyze.txt") != std::string::npos);
}

TEST_CASE("offline: a name never leads out of the app's folder", "[offline]") {
  const Folder folder;
  folder.write("secret.json", "\"secret\"");
  Call call = a_call();
  call.schema = std::make_shared<const Json>(Json::parse(R"({"type": "integer"})"));
  for (const auto& [app, node] : {std::pair("..", "secret"),
                                  {"app", "../secret"},
                                  {"app/..", "secret"},
                                  {".", "secret"},
                                  {"", "secret"},
                                  {"app", ""}}) {
    call.app = app;
    call.node = node;
    CHECK(offline_reply(folder.path, call).text == "1");
  }
}

TEST_CASE("offline: there is no response to read", "[offline]") {
  CHECK(story(make_provider("offline", {}, "")->read(a_call(), a_response(200, "{}"))) ==
        "internal");
}
