#include "engine/lint/schema_walk.h"

#include "engine/app/json_place.h"
#include "engine/lint/flow.h"

namespace plenum::lint {

namespace {

void add_answer(const Subject& subject, const app::NodeDef& def, std::vector<Answer>& all) {
  const yaml::Node* node = subject.node(def);
  const yaml::Node* llm = node ? node->find("llm") : nullptr;
  const yaml::Node* output = llm ? llm->find("output") : nullptr;
  const yaml::Node* name = llm ? llm->find("model") : nullptr;
  if (!output || !name) return;
  const auto model = subject.app.models.find(name->text);
  if (model == subject.app.models.end() || !model->second) return;
  Answer answer{"", output, {}, {model->second.get()}};
  for (const auto& other : model->second->fallback) answer.models.push_back(other.get());
  if (output->is(yaml::Node::Kind::map)) {
    answer.schema = output->to_json();
  } else {
    const auto file = subject.draft.files.find(output->text);
    if (file == subject.draft.files.end()) return;
    Result<Json> json = parse_json(file->second);
    if (!json) return;
    answer.path = output->text;
    answer.schema = *std::move(json);
  }
  all.push_back(std::move(answer));
}

void walk(const Json& schema, const std::string& pointer, int depth,
          const std::function<void(const Json&, const std::string&)>& visit) {
  if (!schema.is_object() || depth > 32) return;
  visit(schema, pointer);
  for (const char* key : {"properties", "$defs", "definitions", "patternProperties"})
    if (const Json* members = find(schema, key); members && members->is_object())
      for (const auto& [name, member] : members->items())
        walk(member, pointer + "/" + key + "/" + pointer_token(name), depth + 1, visit);
  for (const char* key : {"items", "additionalProperties", "not", "contains"})
    if (const Json* member = find(schema, key))
      walk(*member, pointer + "/" + key, depth + 1, visit);
  for (const char* key : {"anyOf", "oneOf", "allOf", "prefixItems"})
    if (const Json* members = find(schema, key); members && members->is_array())
      for (size_t i = 0; i < members->size(); ++i)
        walk((*members)[i], pointer + "/" + key + "/" + std::to_string(i), depth + 1, visit);
}

Span inline_place(const yaml::Node& schema, std::string_view pointer) {
  const yaml::Node* node = &schema;
  Span span = schema.span;
  while (node && pointer.starts_with('/')) {
    pointer.remove_prefix(1);
    const std::string token(pointer.substr(0, pointer.find('/')));
    pointer.remove_prefix(token.size());
    if (node->is(yaml::Node::Kind::list)) {
      const size_t i = static_cast<size_t>(atoi(token.c_str()));
      if (i >= node->items.size()) break;
      node = &node->items[i];
      span = node->span;
      continue;
    }
    const yaml::Member* found = nullptr;
    for (const yaml::Member& member : node->members)
      if (pointer_token(member.key) == token) found = &member;
    if (!found) break;
    node = &found->value;
    span = found->key_span;
  }
  return span;
}

}  // namespace

const std::vector<Answer>& answers(const Subject& subject) {
  if (subject.answers) return *subject.answers;
  std::vector<Answer> all;
  for (const auto& [name, graph] : subject.app.graphs)
    for (const app::NodeDef* def : all_nodes(graph.nodes))
      if (def->kind == "llm") add_answer(subject, *def, all);
  subject.answers = std::make_shared<const std::vector<Answer>>(std::move(all));
  return *subject.answers;
}

void each_schema(const Json& schema,
                 const std::function<void(const Json&, const std::string&)>& visit) {
  walk(schema, "", 0, visit);
}

Span value_place(const Subject& subject, const Answer& answer, const std::string& pointer) {
  if (answer.path.empty()) return inline_place(*answer.node, pointer);
  const app::JsonPlace place = app::json_place(subject.draft.files.at(answer.path), pointer);
  return {std::make_shared<const std::string>(answer.path), place.value_start, place.value_end};
}

Span key_place(const Subject& subject, const Answer& answer, const std::string& pointer) {
  if (answer.path.empty()) return inline_place(*answer.node, pointer);
  const app::JsonPlace place = app::json_place(subject.draft.files.at(answer.path), pointer);
  return {std::make_shared<const std::string>(answer.path), place.key_start, place.key_end};
}

}  // namespace plenum::lint
