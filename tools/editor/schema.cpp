#include "tools/editor/schema.h"

#include <nlohmann/json.hpp>

#include "engine/nodes/nodes.h"
#include "tools/editor/keys.h"

namespace plenum::editor {

namespace {

Json parsed(const std::string& text) {
  Result<Json> value = parse_json(text);
  return value ? *std::move(value) : Json(true);
}

Json described(Json schema, const std::string& text) {
  if (!schema.is_object()) schema = Json::object();
  // Beside a `$ref` draft-07 ignores everything.
  if (find(schema, "$ref")) schema = Json{{"allOf", Json::array({std::move(schema)})}};
  schema["description"] = text;
  return schema;
}

Json object_of(const Place& place) {
  Json properties = Json::object(), required = Json::array();
  for (const Key& key : place.keys) {
    properties[key.name] = described(parsed(key.schema), key.summary);
    if (key.required) required.push_back(key.name);
  }
  Json schema{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  schema["additionalProperties"] = false;
  return schema;
}

// A field's word in its table as a schema; what is not listed may be anything.
Json schema_of_word(const std::string& word) {
  static const std::map<std::string, const char*, std::less<>> kWords = {
      {"text", R"({"$ref": "#/definitions/text"})"},
      {"path or text", R"({"$ref": "#/definitions/text"})"},
      {"model", R"({"$ref": "#/definitions/id"})"},
      {"collection", R"({"$ref": "#/definitions/id"})"},
      {"CEL", R"({"$ref": "#/definitions/cel"})"},
      {"duration", R"({"$ref": "#/definitions/duration"})"},
      {"type", R"({"$ref": "#/definitions/type"})"},
      {"field map", R"({"$ref": "#/definitions/fields"})"},
      {"map of data", R"({"type": "object"})"},
      {"number", R"({"type": "number"})"},
      {"true or false", R"({"type": "boolean"})"},
      {"nodes", R"({"type": "array", "items": {"$ref": "#/definitions/node"}})"}};
  const auto it = kWords.find(word);
  if (it != kWords.end()) return parsed(it->second);
  int low = 0, high = 0;
  if (sscanf(word.c_str(), "%d to %d", &low, &high) == 2)
    return Json{{"type", "integer"}, {"minimum", low}, {"maximum", high}};
  return Json::object();
}

Json kind_schema(const app::NodeKind& kind) {
  Json properties = Json::object(), required = Json::array();
  for (const app::FieldSpec& field : kind.fields) {
    properties[field.name] =
        described(schema_of_word(field.type), field.summary + " (" + field.type + ")");
    if (field.required) required.push_back(field.name);
  }
  Json schema{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  schema["additionalProperties"] = false;
  if (kind.shorthand.empty()) return schema;
  return Json{{"anyOf", Json::array({std::move(schema), {{"not", {{"type", "object"}}}}})}};
}

// The keys of every node or tool, and one kind at most.
Json node_schema(const char* what) {
  Json schema = object_of(place(what));
  Json pairs = Json::array();
  std::vector<std::string> names;
  for (const app::NodeKind& kind : nodes::kinds()) {
    schema["properties"][kind.name] =
        described({{"$ref", "#/definitions/kind_" + kind.name}}, kind.summary);
    for (const std::string& other : names)
      pairs.push_back(Json{{"not", {{"required", {other, kind.name}}}}});
    names.push_back(kind.name);
  }
  schema["allOf"] = std::move(pairs);
  return schema;
}

// What occurs often.
void add_words(Json& definitions) {
  definitions["id"] = {{"type", "string"}, {"pattern", "^[a-z][a-z0-9_]*$"}};
  definitions["text"] = {{"type", {"string", "number", "boolean"}}};
  definitions["cel"] = {{"type", {"string", "number", "boolean"}},
                        {"description", "A CEL expression; no leading `=` here."}};
  definitions["duration"] = {{"type", "string"}, {"pattern", "^[0-9]+(ms|s|m|h|d)$"}};
  definitions["size"] = {{"type", "string"}, {"pattern", "^[0-9]+(KB|MB)$"}};
  definitions["amount"] = {{"type", "string"}, {"pattern", "^[0-9]+/[a-z]+$"}};
  definitions["words"] = parsed(
      R"({"anyOf": [{"type": "string"}, {"type": "array", "items": {"$ref": "#/definitions/text"}}]})");
  definitions["type"] = {
      {"description",
       "string, number, integer, boolean, object, any, file, message, list<…>, optional<…>, a file "
       "under schemas/, or an inline JSON Schema."},
      {"type", {"string", "object"}}};
  definitions["fields"] =
      parsed(R"({"type": "object", "additionalProperties": {"$ref": "#/definitions/type"}})");
}

}  // namespace

Json app_schema() {
  Json schema{{"$schema", "http://json-schema.org/draft-07/schema#"},
              {"title", "A Plenum app, language version 1"},
              {"description", "Made by `plenum schema`; do not edit."}};
  const Json top = object_of(place("an app file"));
  for (const auto& [key, value] : top.items()) schema[key] = value;
  Json definitions = Json::object();
  add_words(definitions);
  const std::vector<std::pair<const char*, const char*>> kNamed = {
      {"variable", "a variable of `env`"},
      {"model", "a model"},
      {"collection", "a collection"},
      {"graph", "a graph"},
      {"edge", "an edge of `next`"},
      {"retry", "`retry`"},
      {"cache", "`cache`"},
      {"on_error", "`on_error`"},
      {"progress", "`progress`"},
      {"state_key", "a state key"},
      {"schedule", "a schedule"},
      {"route", "a route"},
      {"access", "`access`"},
      {"upload", "a file"},
      {"job", "`job`"},
      {"limits", "`limits`"},
      {"test", "a test"},
      {"test_user", "`user` of a test"},
      {"roles", "`auth`"},
      {"step", "a step of a test"}};
  for (const auto& [name, what] : kNamed) definitions[name] = object_of(place(what));
  definitions["node"] = node_schema("a node");
  definitions["tool"] = node_schema("a tool");
  for (const app::NodeKind& kind : nodes::kinds())
    definitions["kind_" + kind.name] = kind_schema(kind);
  schema["definitions"] = std::move(definitions);
  return schema;
}

}  // namespace plenum::editor
