// Walking inside an authored schema.  Everything is bounded: references may lead in circles.
#include "engine/llm/subschema.h"

namespace plenum::llm {
namespace {

std::string unescaped(std::string token) {
  for (size_t at = 0; (at = token.find('~', at)) != std::string::npos; ++at)
    if (at + 1 < token.size()) token.replace(at, 2, token[at + 1] == '1' ? "/" : "~");
  return token;
}

const Json* anchored(const Json& part, std::string_view name) {
  if (text_or(part, "$anchor") == name) return &part;
  if (part.is_structured())
    for (const Json& inner : part)
      if (const Json* found = anchored(inner, name)) return found;
  return nullptr;
}

bool reaches(const Json& root, const Json& part, const std::string& pointer,
             std::set<std::string>& seen) {
  if (!part.is_structured()) return false;
  if (const std::string reference = text_or(part, "$ref"); !reference.empty()) {
    if (reference == pointer) return true;
    const Json* target = seen.insert(reference).second ? at_pointer(root, reference) : nullptr;
    if (target && reaches(root, *target, pointer, seen)) return true;
  }
  const bool object = part.is_object();
  for (auto member = part.begin(); member != part.end(); ++member) {
    if (object && (member.key() == "$defs" || member.key() == "definitions")) continue;
    if (reaches(root, *member, pointer, seen)) return true;
  }
  return false;
}

bool accepts_null(const Json& root, const Json& schema, int& steps) {
  if (schema.is_boolean()) return schema.get<bool>();
  if (--steps <= 0 || !schema.is_object()) return false;
  const auto accepts = [&](const Json& part) { return accepts_null(root, part, steps); };
  if (const Json* only = find(schema, "const"); only && !only->is_null()) return false;
  if (const Json* list = find(schema, "enum");
      list && std::find(list->begin(), list->end(), nullptr) == list->end())
    return false;
  if (const Json* type = find(schema, "type")) {
    const bool listed =
        type->is_array() && std::find(type->begin(), type->end(), "null") != type->end();
    if (!listed && *type != "null") return false;
  }
  if (find(schema, "$ref")) {
    const Json* target = at_pointer(root, text_or(schema, "$ref"));
    if (target && !accepts(*target)) return false;
  }
  if (const Json* all = find(schema, "allOf");
      all && !std::all_of(all->begin(), all->end(), accepts))
    return false;
  for (const char* key : {"anyOf", "oneOf"})
    if (const Json* some = find(schema, key);
        some && std::none_of(some->begin(), some->end(), accepts))
      return false;
  return true;
}

}  // namespace

const Json* at_pointer(const Json& root, const std::string& reference) {
  if (reference.empty() || reference[0] != '#') return nullptr;
  if (reference.size() > 1 && reference[1] != '/') return anchored(root, reference.substr(1));
  const Json* at = &root;
  for (size_t start = 2; start <= reference.size() && reference.size() > 1;) {
    const size_t end = std::min(reference.size(), reference.find('/', start));
    const std::string token = unescaped(reference.substr(start, end - start));
    if (at->is_array()) {
      const bool digits =
          !token.empty() && token.size() < 6 && token.find_first_not_of("0123456789") == token.npos;
      at = digits && std::stoul(token) < at->size() ? &(*at)[std::stoul(token)] : nullptr;
    } else {
      at = find(*at, token);
    }
    if (!at) return nullptr;
    start = end + 1;
  }
  return at;
}

bool reaches(const Json& root, const Json& schema, const std::string& pointer) {
  std::set<std::string> seen;
  return reaches(root, schema, pointer, seen);
}

std::vector<std::string> required_names(const Json& schema) {
  std::vector<std::string> names;
  if (const Json* required = find(schema, "required"); required && required->is_array())
    for (const Json& name : *required)
      if (name.is_string()) names.push_back(name.get<std::string>());
  return names;
}

bool is_required(const Json& schema, std::string_view property) {
  const Json* required = find(schema, "required");
  return required && required->is_array() &&
         std::any_of(required->begin(), required->end(), [&](const Json& name) {
           return name.is_string() && name.get_ref<const std::string&>() == property;
         });
}

bool accepts_null(const Json& root, const Json& schema) {
  int steps = 1000;
  return accepts_null(root, schema, steps);
}

std::vector<std::string> types_of(const Json& schema) {
  const Json* type = find(schema, "type");
  if (type && type->is_string()) return {type->get<std::string>()};
  std::vector<std::string> types;
  if (type && type->is_array())
    for (const Json& one : *type)
      if (one.is_string()) types.push_back(one.get<std::string>());
  if (type) return types;
  const auto speaks_of = [&](std::initializer_list<const char*> keys) {
    return std::any_of(keys.begin(), keys.end(),
                       [&](const char* key) { return find(schema, key); });
  };
  if (speaks_of({"properties", "required", "additionalProperties", "patternProperties"}))
    return {"object"};
  if (speaks_of({"items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"}))
    return {"array"};
  if (speaks_of({"pattern", "minLength", "maxLength", "format"})) return {"string"};
  if (speaks_of({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}))
    return {"number"};
  return {};
}

Json merged(const Json& first, const Json& second) {
  if (!first.is_object()) return second;
  if (!second.is_object()) return first;
  Json out = first;
  for (const auto& [key, value] : second.items()) {
    if (!out.contains(key)) {
      out[key] = value;
    } else if (key == "properties" && out[key].is_object() && value.is_object()) {
      for (const auto& [name, property] : value.items())
        out[key][name] = out[key].contains(name) ? merged(out[key][name], property) : property;
    } else if (key == "required" && out[key].is_array() && value.is_array()) {
      for (const Json& name : value)
        if (std::find(out[key].begin(), out[key].end(), name) == out[key].end())
          out[key].push_back(name);
    } else if (key == "allOf" && out[key].is_array() && value.is_array()) {
      out[key].insert(out[key].end(), value.begin(), value.end());
    }
  }
  return out;
}

Json flattened(const Json& root, const Json& schema) {
  Json out = schema;
  for (int steps = 0; steps < 64 && out.contains("allOf"); ++steps) {
    const Json parts = out["allOf"];
    out.erase("allOf");
    if (!parts.is_array() || parts.size() > 1000) break;
    for (const Json& part : parts) {
      const Json* target = at_pointer(root, text_or(part, "$ref"));
      Json whole = part;
      if (target && target != &schema) {
        whole.erase("$ref");
        whole = merged(whole, *target);
      }
      for (const char* key : {"$defs", "definitions", "$schema", "$id"}) whole.erase(key);
      out = merged(out, whole);
    }
  }
  out.erase("allOf");
  return out;
}

}  // namespace plenum::llm
