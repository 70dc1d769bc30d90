// An index of a schema document, made before compiling.
//
// Only the places where the standard expects a schema are entered, so that an `$id` inside `enum`
// or `const` stays data. Documents that a reference names are loaded when they are first asked for,
// and indexed the same way.

#include "engine/schema/documents.h"

#include <algorithm>
#include <array>

#include "engine/base/diagnostic.h"
#include "engine/schema/uri.h"

namespace plenum::schema {
namespace {

constexpr int kMaxDepth = 100;
constexpr size_t kMaxDocuments = 100;

constexpr std::array<std::string_view, 11> kOne = {"additionalProperties",
                                                   "propertyNames",
                                                   "unevaluatedProperties",
                                                   "items",
                                                   "contains",
                                                   "unevaluatedItems",
                                                   "not",
                                                   "if",
                                                   "then",
                                                   "else",
                                                   "contentSchema"};
constexpr std::array<std::string_view, 4> kLists = {"allOf", "anyOf", "oneOf", "prefixItems"};
constexpr std::array<std::string_view, 4> kMaps = {"properties", "patternProperties", "$defs",
                                                   "dependentSchemas"};

template <size_t n>
bool among(std::string_view word, const std::array<std::string_view, n>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string unescape(std::string_view token) {
  std::string text;
  for (size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1'))
      text += token[++i] == '0' ? '~' : '/';
    else
      text += token[i];
  }
  return text;
}

const Json* step(const Json& value, const std::string& token) {
  if (value.is_object()) return find(value, token);
  if (!value.is_array() || token.empty() || token.size() > 9 ||
      (token[0] == '0' && token.size() > 1) || !std::all_of(token.begin(), token.end(), ::isdigit))
    return nullptr;
  const size_t index = std::stoul(token);
  return index < value.size() ? &value[index] : nullptr;
}

}  // namespace

Documents::Documents(const Json& root, const Options& options, std::deque<Json>& store,
                     std::vector<Mistake>& mistakes)
    : options_(options), store_(store), mistakes_(mistakes) {
  add_resource("", root);
  index(root, 0, "#", 0);
}

uint32_t Documents::add_resource(const std::string& uri, const Json& root) {
  const auto number = static_cast<uint32_t>(resources_.size());
  resources_.push_back({uri, &root, {}, {}});
  by_uri_.emplace(uri, number);
  return number;
}

void Documents::index(const Json& schema, uint32_t resource, const std::string& pointer,
                      int depth) {
  if (!schema.is_object() && !schema.is_boolean()) return;
  if (depth > kMaxDepth) {
    mistakes_.push_back({"J701", pointer.substr(pointer.find('#') + 1),
                         "schemas are nested deeper than " + std::to_string(kMaxDepth),
                         "move the inner ones into `$defs` and refer to them"});
    return;
  }
  const Json* id = find(schema, "$id");
  if (id && id->is_string()) {
    const std::string uri =
        resolve_uri(resources_[resource].uri, id->get_ref<const std::string&>());
    if (resources_[resource].root == &schema) {  // the document itself: known by both names
      resources_[resource].uri = uri;
      by_uri_.emplace(uri, resource);
    } else {
      resource = add_resource(uri, schema);
    }
  }
  places_.emplace(&schema, Place{resource, pointer});
  if (schema.is_boolean()) return;
  for (const auto& [key, value] : schema.get_ref<const Json::object_t&>()) {
    const std::string at = pointer + "/" + pointer_token(key);
    if (key == "$anchor" && value.is_string()) {
      resources_[resource].anchors.emplace(value.get<std::string>(), &schema);
    } else if (key == "$dynamicAnchor" && value.is_string()) {
      resources_[resource].dynamic_anchors.emplace(value.get<std::string>(), &schema);
    } else if (among(key, kOne)) {
      index(value, resource, at, depth + 1);
    } else if (among(key, kLists) && value.is_array()) {
      for (size_t i = 0; i < value.size(); ++i)
        index(value[i], resource, at + "/" + std::to_string(i), depth + 1);
    } else if (among(key, kMaps) && value.is_object()) {
      for (const auto& [name, member] : value.get_ref<const Json::object_t&>())
        index(member, resource, at + "/" + pointer_token(name), depth + 1);
    }
  }
}

const Documents::Place* Documents::place(const Json* schema) const {
  const auto found = places_.find(schema);
  return found == places_.end() ? nullptr : &found->second;
}

std::optional<uint32_t> Documents::resource_of(const std::string& uri) {
  const auto known = by_uri_.find(uri);
  if (known != by_uri_.end()) return known->second;
  if (!options_.load || store_.size() >= kMaxDocuments) return std::nullopt;
  std::optional<Json> document = options_.load(uri);
  if (!document) return std::nullopt;
  store_.push_back(std::move(*document));
  const uint32_t number = add_resource(uri, store_.back());
  index(store_.back(), number, uri + "#", 0);
  return number;
}

Documents::Target Documents::resolve(std::string_view reference, uint32_t resource) {
  const std::string fragment = fragment_of(reference);
  const std::string uri = resolve_uri(resources_[resource].uri, reference);
  const bool here = reference.empty() || reference[0] == '#';
  const std::optional<uint32_t> found = here ? std::optional(resource) : resource_of(uri);
  if (!found && uri == kMetaSchema && fragment.empty()) {
    Target target;
    target.is_meta_schema = true;
    return target;
  }
  if (!found) {
    Target target;
    const bool foreign = uri.find("://") != std::string::npos;
    target.problem = "there is no document " + plenum::quote(uri);
    target.help = foreign ? "schemas are not fetched from the network; put it beside this one and "
                            "refer to the file"
                          : "refer to a schema file of the project, or to `#/$defs/name`";
    return target;
  }
  if (fragment.empty()) {
    Target target;
    target.schema = resources_[*found].root;
    target.resource = *found;
    return target;
  }
  return fragment[0] == '/' ? find_pointer(fragment, *found) : find_anchor(fragment, *found);
}

Documents::Target Documents::find_pointer(const std::string& pointer, uint32_t resource) {
  Target target;
  const Json* at = resources_[resource].root;
  std::vector<std::string> siblings;
  std::string token;
  for (size_t start = 1; at && start <= pointer.size();) {
    const size_t end = std::min(pointer.find('/', start), pointer.size());
    token = unescape(std::string_view(pointer).substr(start, end - start));
    siblings.clear();
    if (at->is_object())
      for (const auto& [key, unused] : at->get_ref<const Json::object_t&>())
        siblings.push_back(key);
    at = step(*at, token);
    if (const Place* known = at ? place(at) : nullptr) resource = known->resource;
    start = end + 1;
  }
  if (!at || (!at->is_object() && !at->is_boolean())) {
    const std::string near = at ? "" : nearest(token, siblings);
    target.problem = at ? "there is no schema at its end" : "there is no " + plenum::quote(token);
    target.help = near.empty() ? "define it under `$defs` and refer to `#/$defs/name`"
                               : "a name that is close exists: " + plenum::quote(near);
    return target;
  }
  if (!place(at))
    index(*at, resource, "#" + pointer, 0);  // a schema under a key that is no keyword
  target.schema = at;
  target.resource = place(at) ? place(at)->resource : resource;
  return target;
}

Documents::Target Documents::find_anchor(const std::string& anchor, uint32_t resource) {
  Target target;
  target.resource = resource;
  const Resource& where = resources_[resource];
  if (const auto found = where.anchors.find(anchor); found != where.anchors.end()) {
    target.schema = found->second;
    return target;
  }
  if (const auto found = where.dynamic_anchors.find(anchor); found != where.dynamic_anchors.end()) {
    target.schema = found->second;
    target.dynamic_anchor = anchor;
    return target;
  }
  std::vector<std::string> names;
  for (const auto& entry : where.anchors) names.push_back(entry.first);
  const std::string near = nearest(anchor, names);
  target.problem = "there is no `$anchor` " + plenum::quote(anchor);
  target.help = near.empty() ? "write `\"$anchor\": \"" + anchor +
                                   "\"` where it should lead, or refer to `#/$defs/" + anchor + "`"
                             : "a name that is close exists: " + plenum::quote(near);
  return target;
}

}  // namespace plenum::schema
