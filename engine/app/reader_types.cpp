// Types: words, schema files, inline schemas and field maps; and what refers to models and
// collections.
#include <nlohmann/json.hpp>

#include "engine/app/json_place.h"
#include "engine/app/reader.h"

namespace plenum::app {

using yaml::Node;

namespace {

Json file_schema() {
  return Json{{"type", "object"},
              {"properties",
               {{"id", {{"type", "string"}}},
                {"name", {{"type", "string"}}},
                {"mime", {{"type", "string"}}},
                {"size", {{"type", "integer"}}}}},
              {"required", {"id", "name", "mime", "size"}}};
}

Json message_schema() {
  return Json{{"type", "object"},
              {"properties",
               {{"role", {{"enum", {"user", "assistant"}}}}, {"content", {{"type", "string"}}}}},
              {"required", {"role", "content"}}};
}

// The JSON Schema of a word of the language; nullopt: not a word.
std::optional<Json> word_schema(std::string_view word) {
  if (word == "string" || word == "number" || word == "integer" || word == "boolean" ||
      word == "object")
    return Json{{"type", word}};
  if (word == "any") return Json(true);
  if (word == "file") return file_schema();
  if (word == "message") return message_schema();
  return std::nullopt;
}

bool computed(const Node& node) {
  if (node.is(Node::Kind::string)) return node.text.starts_with("=");
  for (const Node& item : node.items)
    if (computed(item)) return true;
  for (const yaml::Member& member : node.members)
    if (computed(member.value)) return true;
  return false;
}

// Wraps `inner<…>`: the part between the angle brackets.
std::optional<std::string_view> argument(std::string_view text, std::string_view outer) {
  if (!text.starts_with(outer) || text.size() < outer.size() + 2 || text[outer.size()] != '<' ||
      text.back() != '>')
    return std::nullopt;
  return text.substr(outer.size() + 1, text.size() - outer.size() - 2);
}

}  // namespace

Type file_type() {
  return Type::object({{"id", {Type::Kind::string}},
                       {"name", {Type::Kind::string}},
                       {"mime", {Type::Kind::string}},
                       {"size", {Type::Kind::integer}}},
                      false, "a file");
}

schema::Schema FieldType::anything() {
  static const schema::Schema any = *schema::Schema::compile(Json(true));
  return any;
}

const Field* find(const FieldMap& fields, std::string_view name) {
  for (const Field& field : fields)
    if (field.name == name) return &field;
  return nullptr;
}

Json object_schema(const FieldMap& fields) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const Field& field : fields) {
    properties[field.name] = field.type.schema.json();
    if (field.required()) required.push_back(field.name);
  }
  Json schema{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  schema["additionalProperties"] = false;
  return schema;
}

namespace {

// Where a mistake of an inline schema stands: at its key when the keyword is wrong, else at its
// value.
Span place_in(const Node& schema, std::string_view pointer, bool at_key) {
  const Node* node = &schema;
  Span span = schema.span;
  while (pointer.starts_with('/')) {
    pointer.remove_prefix(1);
    const std::string token(pointer.substr(0, pointer.find('/')));
    pointer.remove_prefix(token.size());
    if (node->is(Node::Kind::list)) {
      const size_t i = static_cast<size_t>(atoi(token.c_str()));
      if (i >= node->items.size()) break;
      node = &node->items[i];
      span = node->span;
      continue;
    }
    const auto member =
        std::find_if(node->members.begin(), node->members.end(),
                     [&](const yaml::Member& m) { return pointer_token(m.key) == token; });
    if (member == node->members.end()) break;
    node = &member->value;
    span = at_key ? member->key_span : node->span;
  }
  return span;
}

Span file_span(const std::string& path, Position start, Position end) {
  return {std::make_shared<const std::string>(path), start, end};
}

}  // namespace

// A mistake is reported where the schema stands: in its file, or in the app file.
void Reader::report_mistake(const schema::Mistake& mistake, const Node& node,
                            const std::string& path) {
  const bool at_key = mistake.code == "J701";
  Span span = place_in(node, mistake.pointer, at_key);
  if (const std::optional<std::string> text = path.empty() ? std::nullopt : files.read(path)) {
    const JsonPlace place = json_place(*text, mistake.pointer);
    span = at_key ? file_span(path, place.key_start, place.key_end)
                  : file_span(path, place.value_start, place.value_end);
  }
  report.error(mistake.code, span, mistake.message, mistake.help);
}

std::optional<FieldType> Reader::schema_type(const Node& node, const Json& json,
                                             const std::string& path) {
  schema::Options options;
  options.load = [&](std::string_view uri) -> std::optional<Json> {
    if (path.empty() || uri.find("..") != std::string_view::npos) return std::nullopt;
    const std::string folder = path.substr(0, path.rfind('/') + 1);
    const std::optional<std::string> text = files.read(folder + std::string(uri));
    if (!text) return std::nullopt;
    Result<Json> value = parse_json(*text);
    if (!value) return std::nullopt;
    return *std::move(value);
  };
  auto code = schema::Schema::compile(json, options);
  if (!code) {
    for (const schema::Mistake& mistake : code.error()) report_mistake(mistake, node, path);
    return std::nullopt;
  }
  FieldType type;
  type.type = code->type();
  type.schema = *code;
  if (const Json* fallback = plenum::find(json, "default")) {
    type.fallback = *fallback;
    check_default(type, node, path);
  }
  return type;
}

void Reader::check_default(const FieldType& type, const Node& node, const std::string& path) {
  const std::vector<Violation> violations = type.schema.validate(*type.fallback, 1);
  if (violations.empty()) return;
  report_mistake({"D405", "/default",
                  "the default " + quote(to_text(*type.fallback)) + " does not fit its own type: " +
                      (violations[0].pointer.empty() ? "it" : violations[0].pointer) + " " +
                      violations[0].message,
                  "change the default or the type"},
                 node, path);
}

std::optional<Json> Reader::schema_file(const Node& node, const std::string& path) {
  if (!stays_inside(node.span, path)) return std::nullopt;
  const std::optional<std::string> text = files.read(path);
  if (!text) {
    report_no_file(node.span, path);
    return std::nullopt;
  }
  Result<Json> json = parse_json(*text);
  if (!json) {
    const Position place = place_in_message(json.error().message).value_or(Position{1, 1});
    report.error("J701", file_span(path, place, {place.line, place.column + 1}),
                 quote(path) + " is not JSON: " + json.error().message);
    return std::nullopt;
  }
  return *std::move(json);
}

std::optional<FieldType> Reader::named_type(const Node& node, std::string_view text) {
  if (is_path(text)) {
    const std::optional<Json> json = schema_file(node, std::string(text));
    return json ? schema_type(node, *json, std::string(text)) : std::nullopt;
  }
  if (const auto inner = argument(text, "optional")) {
    std::optional<FieldType> type = named_type(node, *inner);
    if (!type) return std::nullopt;
    std::optional<FieldType> optional =
        schema_type(node, Json{{"anyOf", {type->schema.json(), {{"type", "null"}}}}},
                    is_path(*inner) ? std::string(*inner) : "");
    if (!optional) return std::nullopt;
    optional->type = type->type.nullable();
    optional->optional = true;
    optional->file = type->file;
    optional->fallback.reset();  // absent reads as null
    return optional;
  }
  if (const auto inner = argument(text, "list")) {
    const std::optional<FieldType> type = named_type(node, *inner);
    if (!type) return std::nullopt;
    std::optional<FieldType> list =
        schema_type(node, Json{{"type", "array"}, {"items", type->schema.json()}},
                    is_path(*inner) ? std::string(*inner) : "");
    if (list) list->type = Type::list(type->type);
    return list;
  }
  const std::optional<Json> schema = word_schema(text);
  if (!schema) {
    static const std::vector<std::string> kWords = {"string", "number", "integer", "boolean",
                                                    "object", "any",    "file",    "message"};
    if (looks_like_path(node, text)) return std::nullopt;
    const std::string near = nearest(text, kWords);
    report.error("S104", node.span, quote(text) + " is not a type",
                 near.empty()
                     ? any_of(kWords) + ", list<…>, optional<…>, a schema file or an inline schema"
                     : quote(near));
    return std::nullopt;
  }
  std::optional<FieldType> type = schema_type(node, *schema, "");
  if (type && text == "file") type->file = true, type->type = file_type();
  if (type && text == "object") type->type = Type::object({}, true);
  return type;
}

void Reader::read(const Node& node, FieldType& out) {
  if (node.is(Node::Kind::map)) {
    if (auto type = schema_type(node, node.to_json(), "")) out = std::move(*type);
    return;
  }
  std::string text;
  if (!read(node, text)) return;
  if (auto type = named_type(node, text)) out = std::move(*type);
}

void Reader::read(const Node& node, FieldMap& out) {
  if (!is_map(node, "a field map")) return;
  for (const yaml::Member& member : node.members) {
    Field field{member.key, member.key_span, FieldType()};
    good_id(member.key, member.key_span, "a field");
    read(member.value, field.type);
    out.push_back(std::move(field));
  }
}

void Reader::read(const Node& node, Output& out) {
  FieldType type;
  read(node, type);
  out.type = std::move(type);
}

// The keywords whose values are computed are not compiled now, so their names are looked at here.
void Reader::check_computed(const Node& schema) {
  static const std::vector<std::string> kKeywords = {"type",
                                                     "enum",
                                                     "const",
                                                     "minimum",
                                                     "maximum",
                                                     "exclusiveMinimum",
                                                     "exclusiveMaximum",
                                                     "multipleOf",
                                                     "minLength",
                                                     "maxLength",
                                                     "minItems",
                                                     "maxItems",
                                                     "uniqueItems",
                                                     "pattern",
                                                     "format",
                                                     "items",
                                                     "properties",
                                                     "required",
                                                     "default",
                                                     "description",
                                                     "title",
                                                     "examples"};
  for (const yaml::Member& member : schema.members) {
    if (!computed(member.value) ||
        std::find(kKeywords.begin(), kKeywords.end(), member.key) != kKeywords.end())
      continue;
    const std::string near = nearest(member.key, kKeywords);
    report.error("J701", member.key_span, "unknown schema keyword " + quote(member.key),
                 near.empty() ? "a keyword of JSON Schema, such as `enum`"
                              : "a name that is close exists: " + quote(near));
  }
}

// A computed schema is known only when the run pauses; what does not depend on it is checked now.
void Reader::read(const Node& node, Expects& out) {
  if (!is_map(node, "`expects`")) return;
  for (const yaml::Member& member : node.members) {
    Expects::Item item;
    item.name = member.key;
    good_id(member.key, member.key_span, "an expected field");
    if (member.value.is(Node::Kind::map) && computed(member.value)) {
      item.computed = true;
      check_computed(member.value);
      read(member.value, item.schema);
      Node known = member.value;
      std::erase_if(known.members, [](const yaml::Member& m) { return computed(m.value); });
      read(known, item.type);
    } else {
      read(member.value, item.type);
    }
    out.items.push_back(std::move(item));
  }
}

Type Expects::type() const {
  Type::Fields fields;
  for (const Item& item : items) fields.push_back({item.name, {item.type.type, true}});
  return Type::object(std::move(fields), false, "the answer");
}

void Reader::read(const Node& node, ModelRef& out) {
  std::string name;
  if (!read(node, name)) return;
  if (const auto it = models.find(name); it != models.end()) {
    out = it->second;
    return;
  }
  std::vector<std::string> known;
  for (const auto& [key, model] : models) known.push_back(key);
  const std::string near = nearest(name, known);
  report.error("R201", node.span, "no model " + quote(name),
               !near.empty()   ? quote(near)
               : known.empty() ? "declare it under `models`"
                               : "one of " + any_of(known));
}

void Reader::read(const Node& node, CollectionRef& out) {
  if (!read(node, out.name)) return;
  if (collections)
    if (const auto it = collections->find(prefix + out.name); it != collections->end()) {
      out.collection = &it->second;
      return;
    }
  std::vector<std::string> known;
  if (collections)
    for (const auto& [key, collection] : *collections) known.push_back(key);
  const std::string near = nearest(out.name, known);
  report.error("R201", node.span, "no collection " + quote(out.name),
               !near.empty()   ? quote(near)
               : known.empty() ? "declare it under `collections`"
                               : "one of " + any_of(known));
}

void Reader::read(const Node& node, GraphRef& out) {
  std::string name;
  if (read(node, name)) out.graph = graph_named(node, name);
  if (out.graph) called.push_back(out.graph);
}

template <>
const char* type_word<bool>() {
  return "true or false";
}
template <>
const char* type_word<std::string>() {
  return "text";
}
template <>
const char* type_word<double>() {
  return "number";
}
template <>
const char* type_word<milliseconds>() {
  return "duration";
}
template <>
const char* type_word<std::optional<milliseconds>>() {
  return "duration";
}
template <>
const char* type_word<Expr>() {
  return "CEL";
}
template <>
const char* type_word<Value>() {
  return "data";
}
template <>
const char* type_word<Text>() {
  return "text";
}
template <>
const char* type_word<Prompt>() {
  return "path or text";
}
template <>
const char* type_word<System>() {
  return "path or text";
}
template <>
const char* type_word<Page>() {
  return "path or text";
}
template <>
const char* type_word<std::optional<Page>>() {
  return "path or text";
}
template <>
const char* type_word<With>() {
  return "map of data";
}
template <>
const char* type_word<ModelRef>() {
  return "model";
}
template <>
const char* type_word<Output>() {
  return "type";
}
template <>
const char* type_word<Expects>() {
  return "field map";
}
template <>
const char* type_word<CollectionRef>() {
  return "collection";
}
template <>
const char* type_word<GraphRef>() {
  return "graph";
}
template <>
const char* type_word<FieldMap>() {
  return "field map";
}

}  // namespace plenum::app
