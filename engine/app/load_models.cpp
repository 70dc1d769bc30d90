// Models and collections: what nodes refer to by name.
#include <nlohmann/json.hpp>

#include "engine/app/load.h"
#include "engine/app/load_parts.h"

namespace plenum::app {

using yaml::Node;

namespace {

const std::vector<std::string> kProviders = {"gemini", "openai", "anthropic", "offline"};

// "gemini/gemini-3-flash-preview"; the model's own name may hold slashes.
bool split_use(Reader& reader, const Span& span, const std::string& use, Model& model) {
  const size_t slash = use.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == use.size()) {
    reader.report.error("S104", span, quote(use) + " does not name a model",
                        "write provider/model, for example gemini/gemini-3-flash-preview");
    return false;
  }
  model.provider = use.substr(0, slash);
  model.model = use.substr(slash + 1);
  if (std::find(kProviders.begin(), kProviders.end(), model.provider) == kProviders.end()) {
    const std::string near = nearest(model.provider, kProviders);
    reader.report.error("R201", span, "no provider " + quote(model.provider),
                        near.empty() ? "one of " + any_of(kProviders) : quote(near));
    return false;
  }
  model.price = price_of(model.provider, model.model);
  return true;
}

class ModelLoader {
 public:
  ModelLoader(Reader& reader, const Node& node, App& app)
      : reader_(reader), node_(node), app_(app) {}

  void load() {
    for (const yaml::Member& member : node_.members) model(member.key, member.value.span);
    reader_.models = app_.models;
  }

 private:
  // A declared model by name, loaded on first use so that fallbacks may name later ones; nullptr:
  // there is none.
  std::shared_ptr<const Model> model(const std::string& name, const Span& from) {
    if (const auto it = app_.models.find(name); it != app_.models.end()) return it->second;
    const yaml::Member* member = node_.find_member(name);
    if (!member) return nullptr;
    if (!open_.insert(name).second) {
      reader_.report.error("R206", from, "fallbacks form a circle at " + quote(name),
                           "let the last model have no fallback");
      return nullptr;
    }
    auto loaded = std::make_shared<Model>();
    loaded->name = name;
    loaded->span = member->key_span;
    reader_.good_id(name, member->key_span, "a model");
    fill(member->value, *loaded);
    open_.erase(name);
    app_.models[name] = loaded;
    return loaded;
  }

  void fill(const Node& node, Model& model) {
    if (!reader_.map_of(node, "a model",
                        {"use", "kind", "temperature", "top_p", "max_tokens", "seed", "stop",
                         "reasoning", "timeout", "key", "params", "fallback"}))
      return;
    std::string use, kind = "chat";
    if (const Node* value = node.find("use")) {
      if (reader_.read(*value, use)) split_use(reader_, value->span, use, model);
    } else if (Reader::lacks(node, "use")) {
      reader_.report.error("S102", model.span, "model " + quote(model.name) + " needs `use`",
                           "provider/model");
    }
    if (const Node* value = node.find("kind"))
      reader_.read_word(*value, kind, {"chat", "embedding"});
    model.embeds = kind == "embedding";
    if (model.embeds) check_embedding(node, model);
    if (const Node* value = node.find("key"))
      if (std::string name; reader_.read(*value, name) && reader_.known_secret(*value, name))
        model.key = name;
    if (const Node* value = node.find("temperature"))
      between(*value, model.temperature.emplace(), 0, 2);
    if (const Node* value = node.find("top_p")) between(*value, model.top_p.emplace(), 0, 1);
    if (const Node* value = node.find("max_tokens"))
      reader_.read_int(*value, model.max_tokens.emplace(), 1, 1'000'000);
    if (const Node* value = node.find("seed"))
      reader_.read_int(*value, model.seed.emplace(), 0, 2'147'483'647);
    if (const Node* value = node.find("stop")) reader_.read_words(*value, model.stop);
    if (const Node* value = node.find("reasoning"))
      reader_.read_word(*value, model.reasoning, {"none", "low", "medium", "high"});
    if (const Node* value = node.find("timeout")) reader_.read(*value, model.timeout);
    if (const Node* value = node.find("params"))
      if (reader_.is_map(*value, "`params`"))
        model.params = std::make_shared<const Json>(value->to_json());
    if (const Node* value = node.find("fallback")) load_fallback(*value, model);
  }

  void check_embedding(const Node& node, const Model& model) {
    if (model.provider == "anthropic")
      reader_.report.error("R213", node.find("use")->span, "Anthropic has no embedding models",
                           "gemini/gemini-embedding-001 or openai/text-embedding-3-small");
    for (const yaml::Member& member : node.members)
      for (const char* of_chat :
           {"temperature", "top_p", "max_tokens", "seed", "stop", "reasoning", "fallback"})
        if (member.key == of_chat)
          reader_.report.error(
              "S101", member.key_span, quote(member.key) + " has no meaning for an embedding model",
              member.key == "fallback" ? "vectors of different models cannot be compared; remove it"
                                       : "it writes no text; remove it");
  }

  void between(const Node& node, double& out, double low, double high) {
    reader_.read(node, out);
    if (out < low || out > high)
      reader_.report.error("S104", node.span,
                           quote(node.text) + " is out of range: it must be " +
                               to_text(Json(static_cast<int>(low))) + " to " +
                               to_text(Json(static_cast<int>(high))));
  }

  // A declared name, or provider/model with the settings of the model it stands in for.
  void load_fallback(const Node& node, Model& model) {
    if (!reader_.is_list(node, "`fallback`")) return;
    for (const Node& item : node.items) {
      std::string name;
      if (!reader_.read(item, name)) continue;
      if (auto declared = this->model(name, item.span)) {
        model.fallback.push_back(std::move(declared));
        continue;
      }
      if (node_.find(name)) continue;  // a circle, reported
      auto other = std::make_shared<Model>(model);
      other->fallback.clear();
      other->params = nullptr;  // of the first model's provider
      if (!split_use(reader_, item.span, name, *other)) continue;
      if (other->provider != model.provider) other->key.clear();
      model.fallback.push_back(std::move(other));
    }
  }

  Reader& reader_;
  const Node& node_;
  App& app_;
  std::set<std::string> open_;
};

void load_expose(Reader& reader, const Node& expose, Collection& collection) {
  std::vector<std::string> words;
  reader.read_words(expose, words);
  for (const std::string& word : words) {
    if (word == "list")
      collection.list = true;
    else if (word == "get")
      collection.get = true;
    else if (word == "delete")
      collection.remove = true;
    else
      reader.report.error("S104", expose.span, quote(word) + " cannot be exposed",
                          Reader::suggest(word, {"list", "get", "delete"}).empty()
                              ? "list, get or delete"
                              : quote(nearest(word, {"list", "get", "delete"})));
  }
  if (collection.owned_by_app)
    reader.unsupported(expose.span, "exposing a collection that the app owns");
}

void load_chunk(Reader& reader, const Node& node, Chunking& chunk) {
  if (!reader.map_of(node, "`chunk`", {"size", "overlap"})) return;
  if (const Node* size = node.find("size")) reader.read_int(*size, chunk.size, 50, 8000);
  chunk.overlap = std::min(chunk.overlap, chunk.size / 2);
  if (const Node* overlap = node.find("overlap"))
    reader.read_int(*overlap, chunk.overlap, 0, chunk.size / 2);
}

// What a collection of texts has in place of `fields`.
void load_vector(Reader& reader, const Node& node, Collection& collection) {
  const Node& vector = *node.find("vector");
  const size_t before = reader.report.size();
  reader.read(vector, collection.vector);
  if (collection.vector && !collection.vector->embeds && reader.report.size() == before)
    reader.report.error("R213", vector.span,
                        quote(collection.vector->name) + " is a chat model, " +
                            quote(collection.name) + " needs one that embeds",
                        "a model with `kind: embedding`, for example {use: "
                        "gemini/gemini-embedding-001, kind: embedding}");
  if (const Node* chunk = node.find("chunk")) load_chunk(reader, *chunk, collection.chunk);
  for (const yaml::Member& member : node.members)
    if (member.key == "fields" || member.key == "expose")
      reader.report.error("S101", member.key_span,
                          quote(member.key) + " has no meaning for a collection with `vector`",
                          "it holds texts, which `ingest` puts there and `retrieve` finds");
}

void load_collection(Reader& reader, const yaml::Member& member, Collection& collection) {
  collection.name = member.key;
  collection.span = member.key_span;
  reader.good_id(member.key, member.key_span, "a collection");
  const yaml::Member* later = member.value.find_member("unique");
  if (later) reader.unsupported(later->key_span, "`unique` of a collection");
  Node known = member.value;
  std::erase_if(known.members, [](const yaml::Member& m) { return m.key == "unique"; });
  if (!reader.map_of(known, "a collection",
                     {"fields", "vector", "chunk", "owner", "ttl", "expose"}))
    return;
  if (const Node* owner = known.find("owner")) {
    std::string word = "user";
    reader.read_word(*owner, word, {"user", "app"});
    collection.owned_by_app = word == "app";
  }
  if (const Node* ttl = known.find("ttl")) reader.read(*ttl, collection.ttl);
  if (known.find("vector")) return load_vector(reader, known, collection);
  if (const yaml::Member* chunk = known.find_member("chunk"))
    reader.report.error("S101", chunk->key_span,
                        "`chunk` has no meaning for a collection without `vector`",
                        "vector: an embedding model");
  if (const Node* fields = known.find("fields"))
    reader.read(*fields, collection.fields);
  else if (!later && Reader::lacks(known, "fields"))
    reader.report.error("S102", member.key_span,
                        "collection " + quote(member.key) + " needs `fields`",
                        "fields: {name: string, …}, or vector: an embedding model");
  if (const Node* expose = known.find("expose")) load_expose(reader, *expose, collection);
}

}  // namespace

void load_models(Reader& reader, const Node& node, App& app) {
  if (reader.is_map(node, "`models`")) ModelLoader(reader, node, app).load();
}

void load_collections(Reader& reader, const Node& node, App& app) {
  if (!reader.is_map(node, "`collections`")) return;
  for (const yaml::Member& member : node.members)
    load_collection(reader, member, app.collections[member.key]);
}

}  // namespace plenum::app
