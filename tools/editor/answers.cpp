// What the language server says of one place: hovers, definitions, completions.
#include <nlohmann/json.hpp>

#include "engine/app/reader.h"
#include "engine/lint/check.h"
#include "engine/nodes/nodes.h"
#include "tools/editor/cursor.h"
#include "tools/editor/keys.h"
#include "tools/editor/places.h"
#include "tools/editor/server.h"

namespace plenum::editor {

namespace {

bool covers(const Span& span, const std::string& file, Position at) {
  return span.file && *span.file == file && span.start <= at &&
         (at < span.end || (at == span.end && span.start == span.end));
}

// The way from the top to what stands at a place: members and items, the innermost last.
struct Step {
  const yaml::Member* member = nullptr;  // or an item of a list
  const yaml::Node* node = nullptr;
};
std::vector<Step> way_to(const yaml::Node& root, Position at) {
  std::vector<Step> way;
  const yaml::Node* node = &root;
  for (bool deeper = true; deeper;) {
    deeper = false;
    for (const yaml::Member& member : node->members)
      if ((member.key_span.start <= at && at < member.key_span.end) ||
          (member.value.span.start <= at && at < member.value.span.end)) {
        way.push_back({&member, &member.value});
        node = &member.value;
        deeper = true;
        break;
      }
    for (const yaml::Node& item : node->items)
      if (!deeper && item.span.start <= at && at < item.span.end) {
        way.push_back({nullptr, &item});
        node = &item;
        deeper = true;
      }
  }
  return way;
}

std::vector<std::string> path_of_way(const std::vector<Step>& way, size_t count) {
  std::vector<std::string> path;
  for (size_t i = 0; i < count; ++i) path.push_back(way[i].member ? way[i].member->key : "#");
  return path;
}

// The list of nodes that the place is in, and the node of it.
const yaml::Node* list_around(const std::vector<Step>& way) {
  for (size_t i = way.size(); i-- > 1;)
    if (!way[i].member && way[i].node->find("id") && way[i - 1].member) return way[i - 1].node;
  return nullptr;
}

std::string kind_text(const app::NodeKind& kind) {
  std::string text = "**" + kind.name + "**: " + kind.summary + "\n";
  for (const app::FieldSpec& field : kind.fields)
    text += "\n- `" + field.name + "` " + (field.required ? "(needed) " : "") + field.type + ": " +
            field.summary;
  return text;
}

// Of a key that stands inside `where`; "": nothing is known.
std::string key_text(const Inside& where, const std::string& key) {
  if (where.kind) {
    const app::NodeKind* kind = app::find_kind(nodes::kinds(), where.place);
    if (kind)
      for (const app::FieldSpec& field : kind->fields)
        if (field.name == key)
          return "**" + key + "**" + (field.required ? " (needed)" : "") + ", " + field.type +
                 ": " + field.summary;
    return {};
  }
  for (const Key& known : place(where.place).keys)
    if (known.name == key)
      return "**" + key + "**" + (known.required ? " (needed)" : "") + ": " + known.summary;
  if (where.place == "a node")
    if (const app::NodeKind* kind = app::find_kind(nodes::kinds(), key)) return kind_text(*kind);
  return {};
}

Json item(const std::string& label, int kind, const std::string& about, const std::string& insert) {
  Json out{{"label", label}, {"kind", kind}};
  if (!about.empty()) out["documentation"] = about;
  if (insert != label) out["insertText"] = insert;
  return out;
}

constexpr int kProperty = 10, kValue = 12, kKeyword = 14, kFile = 17, kReference = 18;

void add_keys(const Inside& where, Json& items) {
  if (where.kind) {
    if (const app::NodeKind* kind = app::find_kind(nodes::kinds(), where.place))
      for (const app::FieldSpec& field : kind->fields)
        items.push_back(item(field.name, kProperty, field.summary, field.name + ": "));
    return;
  }
  for (const Key& key : place(where.place).keys)
    items.push_back(item(key.name, kProperty, key.summary, key.name + ": "));
  if (where.place == "a node")
    for (const app::NodeKind& kind : nodes::kinds())
      items.push_back(item(kind.name, kKeyword, kind.summary, kind.name + ": "));
}

// The words of an `enum`, of the key's own or of its alternatives.
void add_words(const Json& schema, Json& items) {
  if (const Json* words = find(schema, "enum"))
    for (const Json& word : *words)
      if (word.is_string())
        items.push_back(item(word.get<std::string>(), kValue, "", word.get<std::string>()));
  if (const Json* type = find(schema, "type"); type && *type == "boolean")
    for (const char* word : {"true", "false"}) items.push_back(item(word, kValue, "", word));
  for (const char* key : {"anyOf", "items"})
    if (const Json* inner = find(schema, key)) {
      if (inner->is_array())
        for (const Json& one : *inner) add_words(one, items);
      else
        add_words(*inner, items);
    }
}

// Files of prompts/<app>/ and the like.
void add_files(const app::Files& files, const std::string& folder, Json& items) {
  for (const std::string& name : files.list(folder))
    items.push_back(item(folder + "/" + name, kFile, "", folder + "/" + name));
}

class Values {
 public:
  Values(const app::Draft& draft, const std::string& root, const std::vector<std::string>& path)
      : app_(*draft.app), files_(app::disk_files(root)), path_(path) {}

  Json all() {
    const std::string& key =
        path_.back() == "#" && path_.size() > 1 ? path_[path_.size() - 2] : path_.back();
    std::vector<std::string> around(path_.begin(), path_.end() - (path_.back() == "#" ? 2 : 1));
    const Inside where = inside(around);
    if (!where.kind)
      for (const Key& known : place(where.place).keys)
        if (known.name == key)
          if (const Result<Json> schema = parse_json(known.schema)) add_words(*schema, items_);
    add_names(where, key);
    return std::move(items_);
  }

 private:
  void add(const std::string& name, const std::string& about = {}) {
    items_.push_back(item(name, kReference, about, name));
  }

  void add_names(const Inside& where, const std::string& key) {
    const std::string name = app_.name;
    if (key == "model" || (where.place == "a model" && key == "fallback") ||
        (where.place == "a collection" && key == "vector"))
      for (const auto& [model, is] : app_.models) add(model, is->provider + "/" + is->model);
    if (where.place == "a route" && key == "start")
      for (const auto& [graph, is] : app_.graphs) add(graph);
    if (where.place == "graph" && key == "name")
      for (const auto& [graph, is] : app_.graphs) add(graph);
    if (where.place == "a route" && (key == "resume" || key == "waiting"))
      for (const auto& [graph, is] : app_.graphs)
        for (const app::NodeDef* node : all_nodes(is.nodes))
          if (node->kind == "interrupt") add(graph + "." + node->id);
    if ((where.place == "a route" && key == "read") || (where.kind && where.place == "store") ||
        (where.kind && (key == "into" || key == "from")))
      for (const auto& [collection, is] : app_.collections) add(collection);
    if (where.place == "a node" && key == "set") add_state();
    if ((where.place == "a node" && key == "next") || key == "to" ||
        (where.place == "`on_error`" && key == "next"))
      add_nodes();
    if (where.kind && (key == "prompt" || key == "system"))
      add_files(*files_, "prompts/" + name, items_);
    if (where.kind && key == "output") add_files(*files_, "schemas/" + name, items_);
    if (where.kind && key == "template") add_files(*files_, "templates/" + name, items_);
    if (where.place.empty() || where.place == "a graph") add_types();
  }

  const app::Graph* graph() const {
    if (path_.size() < 2 || path_[0] != "graphs") return nullptr;
    const auto it = app_.graphs.find(path_[1]);
    return it == app_.graphs.end() ? nullptr : &it->second;
  }
  void add_state() {
    if (const app::Graph* g = graph())
      for (const app::FieldMap* fields : {&g->state, &g->input})
        for (const app::Field& field : *fields) add(field.name, field.type.type.text());
  }
  void add_nodes() {
    if (const app::Graph* g = graph())
      for (const app::NodeDef& node : g->nodes.nodes) add(node.id, node.kind);
    add("end", "finishes the graph");
  }
  // `state:` and `input:` of a graph, `fields:` of a collection.
  void add_types() {
    const bool typed = path_.size() >= 3 &&
                       (path_[path_.size() - 2] == "state" || path_[path_.size() - 2] == "input" ||
                        path_[path_.size() - 2] == "fields");
    if (!typed) return;
    for (const char* word :
         {"string", "number", "integer", "boolean", "object", "any", "file", "message"})
      items_.push_back(item(word, kValue, "", word));
    add_files(*files_, "schemas/" + app_.name, items_);
  }

  const app::App& app_;
  std::unique_ptr<app::Files> files_;
  const std::vector<std::string>& path_;
  Json items_ = Json::array();
};

}  // namespace

Json LanguageServer::hover(const Json& params) {
  const auto place = at(params);
  if (!place) return {};
  std::string text;
  Json range;
  if (place->known && place->known->now.draft.root) {
    const std::vector<Step> way = way_to(*place->known->now.draft.root, place->position);
    if (!way.empty() && way.back().member) {
      const yaml::Member& last = *way.back().member;
      if (last.key_span.start <= place->position && place->position < last.key_span.end) {
        text = key_text(inside(path_of_way(way, way.size() - 1)), last.key);
        range = range_of(place->text, last.key_span.start, last.key_span.end);
      }
    }
  }
  for (const auto& [path, known] : apps_)
    for (const Diagnostic& finding : known.now.findings)
      if (path.starts_with(place->root) && covers(finding.span, place->path, place->position))
        if (const lint::Check* check = lint::find_check(finding.code)) {
          text += (text.empty() ? "" : "\n\n") + ("**" + check->code + "**: " + check->summary) +
                  ".\n\n" + check->explanation;
          range = range_of(place->text, finding.span.start, finding.span.end);
        }
  if (text.empty()) return {};
  return Json{{"contents", {{"kind", "markdown"}, {"value", text}}}, {"range", range}};
}

Json LanguageServer::definition(const Json& params) {
  const auto place = at(params);
  if (!place || !place->known || !place->known->now.draft.root) return {};
  const yaml::Node& root = *place->known->now.draft.root;
  const std::vector<Step> way = way_to(root, place->position);
  if (way.empty() || !way.back().node->is(yaml::Node::Kind::string)) return {};
  const std::string& word = way.back().node->text;
  std::string key;
  for (const Step& step : way)
    if (step.member) key = step.member->key;
  const auto found = [&](const Span& span) {
    return Json{{"uri", uri_of(place->root + "/" + *span.file)},
                {"range", range_of(text_of(place->root, *span.file), span.start, span.end)}};
  };
  const auto named = [&](const char* group, const std::string& name) -> Json {
    const yaml::Node* all = root.find(group);
    const yaml::Member* one = all ? all->find_member(name) : nullptr;
    return one ? found(one->key_span) : Json();
  };
  if (app::Reader::is_path(word) && app::disk_files(place->root)->read(word))
    return Json{{"uri", uri_of(place->root + "/" + word)}, {"range", range_of("", {1, 1}, {1, 1})}};
  if (key == "model" || key == "fallback" || key == "vector") return named("models", word);
  if (key == "start" || (key == "name" && way.size() > 1)) return named("graphs", word);
  if (key == "read" || key == "put" || key == "get" || key == "query" || key == "delete" ||
      key == "into" || key == "from")
    return named("collections", word);
  const auto node_in = [&](const yaml::Node* list, const std::string& id) -> Json {
    if (list)
      for (const yaml::Node& node : list->items)
        if (const yaml::Node* is = node.find("id"); is && is->text == id) return found(is->span);
    return {};
  };
  if (key == "next" || key == "to") return node_in(list_around(way), word);
  if (key == "resume" || key == "waiting") {
    const size_t dot = word.find('.');
    const yaml::Node* graphs = root.find("graphs");
    const yaml::Node* graph = graphs ? graphs->find(word.substr(0, dot)) : nullptr;
    if (graph && dot != std::string::npos)
      return node_in(graph->find("nodes"), word.substr(dot + 1));
  }
  if (key == "set" && way.size() > 1 && way[0].member && way[0].member->key == "graphs")
    if (const yaml::Node* state = way[1].node->find("state"))
      if (const yaml::Member* one = state->find_member(word)) return found(one->key_span);
  return {};
}

Json LanguageServer::completion(const Json& params) {
  const auto place = at(params);
  Json items = Json::array();
  if (place && place->known) {
    const Cursor cursor = cursor_at(place->text, place->position);
    if (!cursor.in_value)
      add_keys(inside(cursor.path), items);
    else if (place->known->good.app && !cursor.path.empty())
      items = Values(place->known->good, place->root, cursor.path).all();
  }
  return Json{{"isIncomplete", false}, {"items", std::move(items)}};
}

}  // namespace plenum::editor
