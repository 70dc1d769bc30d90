// One keyword is one row of the table and one function, which says what its value must be.

#include <algorithm>

#include "engine/base/diagnostic.h"
#include "engine/schema/compiler.h"
#include "engine/schema/keywords.h"
#include "engine/schema/number.h"
#include "engine/schema/words.h"

namespace plenum::schema {

const std::unordered_map<std::string_view, Compiler::Handler>& Compiler::handlers() {
  using C = Compiler;
  static const std::unordered_map<std::string_view, Handler> table = {
      {"$id", &C::identifier},
      {"$schema", &C::meta_schema},
      {"$vocabulary", &C::vocabulary},
      {"$ref", &C::reference},
      {"$dynamicRef", &C::reference},
      {"$anchor", &C::anchor},
      {"$dynamicAnchor", &C::anchor},
      {"$defs", &C::definitions},
      {"$comment", &C::text_annotation},
      {"title", &C::text_annotation},
      {"description", &C::text_annotation},
      {"contentEncoding", &C::text_annotation},
      {"contentMediaType", &C::text_annotation},
      {"contentSchema", &C::annotation},
      {"default", &C::annotation},
      {"examples", &C::list_annotation},
      {"deprecated", &C::flag_annotation},
      {"readOnly", &C::flag_annotation},
      {"writeOnly", &C::flag_annotation},
      {"type", &C::type},
      {"const", &C::constant},
      {"enum", &C::enumeration},
      {"minimum", &C::limit},
      {"maximum", &C::limit},
      {"exclusiveMinimum", &C::limit},
      {"exclusiveMaximum", &C::limit},
      {"multipleOf", &C::multiple_of},
      {"minLength", &C::count},
      {"maxLength", &C::count},
      {"minItems", &C::count},
      {"maxItems", &C::count},
      {"minContains", &C::count},
      {"maxContains", &C::count},
      {"minProperties", &C::count},
      {"maxProperties", &C::count},
      {"pattern", &C::pattern},
      {"format", &C::format},
      {"uniqueItems", &C::unique_items},
      {"items", &C::one_schema},
      {"contains", &C::one_schema},
      {"unevaluatedItems", &C::one_schema},
      {"additionalProperties", &C::one_schema},
      {"unevaluatedProperties", &C::one_schema},
      {"propertyNames", &C::one_schema},
      {"not", &C::one_schema},
      {"if", &C::one_schema},
      {"then", &C::one_schema},
      {"else", &C::one_schema},
      {"allOf", &C::schema_list},
      {"anyOf", &C::schema_list},
      {"oneOf", &C::schema_list},
      {"prefixItems", &C::schema_list},
      {"properties", &C::properties},
      {"patternProperties", &C::pattern_properties},
      {"dependentSchemas", &C::dependent_schemas},
      {"required", &C::required},
      {"dependentRequired", &C::dependent_required},
  };
  return table;
}

// Identification and references

void Compiler::identifier(Draft& draft, const Word& word) {
  const bool fine = word.value.is_string();
  if (!fine) return wrong(draft, word, "a URI");
  const auto& text = word.value.get_ref<const std::string&>();
  const size_t hash = text.find('#');
  if (hash != std::string::npos && hash + 1 < text.size())
    wrong(draft, word, "a URI without a fragment", "name a part of a schema by `$anchor`");
}

void Compiler::anchor(Draft& draft, const Word& word) {
  const std::string text = word.value.is_string() ? word.value.get<std::string>() : "";
  const auto letter = [](unsigned char c) { return std::isalpha(c) || c == '_'; };
  const bool fine = !text.empty() && letter(static_cast<unsigned char>(text[0])) &&
                    std::all_of(text.begin(), text.end(), [&](unsigned char c) {
                      return letter(c) || std::isdigit(c) || c == '-' || c == '.';
                    });
  if (!fine) wrong(draft, word, "a name of letters, digits, `_`, `-` and `.`");
}

void Compiler::meta_schema(Draft& draft, const Word& word) {
  if (!word.value.is_string()) return wrong(draft, word, "a URI");
  if (!options_.refuse_unknown_keywords) return;
  std::string uri = word.value.get<std::string>();
  if (!uri.empty() && uri.back() == '#') uri.pop_back();
  if (uri != kMetaSchema)
    wrong(draft, word, "`" + std::string(kMetaSchema) + "`",
          "rewrite the schema for draft 2020-12, or remove `$schema`");
}

void Compiler::vocabulary(Draft& draft, const Word& word) {
  if (!word.value.is_object()) return wrong(draft, word, "an object");
  if (options_.refuse_unknown_keywords)
    mistake(draft.place, "/$vocabulary", "J701",
            "`$vocabulary` is not supported: the vocabularies are fixed", "remove it");
}

void Compiler::reference(Draft& draft, const Word& word) {
  if (!word.value.is_string())
    return wrong(draft, word, "a text like `#/$defs/name` or `file.json`");
  if (shape_only_) return;
  const std::string path = "/" + std::string(word.key);
  Documents::Target target =
      documents_.resolve(word.value.get_ref<const std::string&>(), draft.place.resource);
  draft.asserts = true;
  if (target.is_meta_schema) {
    draft.node.is_schema = true;
    return;
  }
  if (!target.schema)
    return mistake(draft.place, path, "J706",
                   "`" + std::string(word.key) + "` " +
                       plenum::quote(word.value.get_ref<const std::string&>()) +
                       " leads nowhere: " + target.problem,
                   std::move(target.help));
  const Documents::Place* place = documents_.place(target.schema);
  const std::string via =
      draft.place.pointer[0] == '#' ? draft.place.pointer.substr(1) + path : draft.place.via;
  const Ref ref = add(*target.schema, target.resource, place ? place->pointer : "#", via);
  if (word.key == "$ref") {
    draft.node.ref = ref;
    return;
  }
  draft.node.dynamic_ref = ref;
  if (target.dynamic_anchor.empty()) return;
  const auto number = anchors_.emplace(target.dynamic_anchor, static_cast<int>(anchors_.size()));
  draft.node.anchor = number.first->second;
  program_.has_dynamic = true;
}

// Annotations

void Compiler::annotation(Draft&, const Word&) {}

void Compiler::text_annotation(Draft& draft, const Word& word) {
  if (!word.value.is_string()) wrong(draft, word, "a text");
}

void Compiler::flag_annotation(Draft& draft, const Word& word) {
  if (!word.value.is_boolean()) wrong(draft, word, "true or false");
}

void Compiler::list_annotation(Draft& draft, const Word& word) {
  if (!word.value.is_array()) wrong(draft, word, "a list");
}

void Compiler::definitions(Draft& draft, const Word& word) {
  if (!word.value.is_object()) return wrong(draft, word, "an object of schemas by name");
  // Compiled even if nothing refers to them, so that their mistakes are found.
  for (const auto& [name, schema] : word.value.get_ref<const Json::object_t&>())
    child(draft, schema, "/$defs/" + pointer_token(name));
}

// Any value

void Compiler::type(Draft& draft, const Word& word) {
  const Json names = word.value.is_array() ? word.value : Json::array({word.value});
  uint8_t bits = 0;
  for (const Json& name : names) {
    const uint8_t bit = name.is_string() ? type_bit(name.get_ref<const std::string&>()) : 0;
    if (bit == 0) {
      mistake(draft.place, "/type", "J701", "`type` must name types; " + shown(name) + " is none",
              type_help(name.is_string() ? name.get<std::string>() : ""));
      return;
    }
    if (bits & bit)
      return mistake(draft.place, "/type", "J701", "`type` names " + shown(name) + " twice",
                     "remove one");
    bits |= bit;
  }
  if (bits == 0) return wrong(draft, word, "a type or a list of types");
  draft.node.types = bits;
  draft.asserts = true;
}

void Compiler::constant(Draft& draft, const Word& word) {
  draft.node.constant = &word.value;
  draft.asserts = true;
}

void Compiler::enumeration(Draft& draft, const Word& word) {
  if (!word.value.is_array()) return wrong(draft, word, "a list of values");
  if (word.value.empty() && options_.refuse_unknown_keywords)
    return mistake(draft.place, "/enum", "J701", "`enum` is empty, so no value is ever valid",
                   "list the allowed values");
  draft.node.one_of_values = &word.value;
  draft.asserts = true;
  if (word.value.size() <= 8) return;
  for (const Json& value : word.value)
    if (value.is_string()) draft.node.texts.insert(value.get_ref<const std::string&>());
}

// Numbers, texts and counts

void Compiler::limit(Draft& draft, const Word& word) {
  if (!word.value.is_number()) return wrong(draft, word, "a number");
  draft.asserts = true;
  Numbers& numbers = draft.numbers();
  const Json** place = word.key == "minimum"            ? &numbers.minimum
                       : word.key == "maximum"          ? &numbers.maximum
                       : word.key == "exclusiveMinimum" ? &numbers.above
                                                        : &numbers.below;
  *place = &word.value;
}

void Compiler::multiple_of(Draft& draft, const Word& word) {
  if (!word.value.is_number() || compare(word.value, Json(0)) <= 0)
    return wrong(draft, word, "a number above 0");
  draft.numbers().step = &word.value;
  draft.asserts = true;
}

void Compiler::count(Draft& draft, const Word& word) {
  const std::optional<uint64_t> number = as_count(word.value);
  if (!number) return wrong(draft, word, "a whole number, 0 or more");
  draft.asserts = true;
  uint64_t* place = nullptr;
  if (word.key == "minLength") place = &draft.strings().least;
  if (word.key == "maxLength") place = &draft.strings().most;
  if (word.key == "minItems") place = &draft.arrays().least;
  if (word.key == "maxItems") place = &draft.arrays().most;
  if (word.key == "minContains") place = &draft.arrays().contains_least;
  if (word.key == "maxContains") place = &draft.arrays().contains_most;
  if (word.key == "minProperties") place = &draft.objects().least;
  if (word.key == "maxProperties") place = &draft.objects().most;
  *place = *number;
}

Pattern Compiler::compiled(Draft& draft, const std::string& text, const std::string& path) {
  if (shape_only_) return nullptr;
  const auto known = patterns_.find(text);
  if (known != patterns_.end()) return known->second;
  auto pattern = compile_pattern(text);
  if (!pattern) {
    mistake(draft.place, path, "J705", pattern.error().message, pattern.error().help);
    return nullptr;
  }
  patterns_.emplace(text, *pattern);
  return *std::move(pattern);
}

void Compiler::pattern(Draft& draft, const Word& word) {
  if (!word.value.is_string()) return wrong(draft, word, "a regular expression");
  draft.strings().pattern_text = word.value.get<std::string>();
  draft.strings().pattern = compiled(draft, draft.strings().pattern_text, "/pattern");
  draft.asserts = true;
}

void Compiler::format(Draft& draft, const Word& word) {
  if (!word.value.is_string()) return wrong(draft, word, "the name of a format");
  if (!options_.assert_formats || shape_only_) return;
  const auto& name = word.value.get_ref<const std::string&>();
  const Format* format = find_format(name);
  if (!format) {
    const std::string near = nearest(name, format_names());
    return mistake(draft.place, "/format", "J701", "unknown format " + plenum::quote(name),
                   near.empty() ? "remove it, or use one of " + any_of(format_names())
                                : "a name that is close exists: " + plenum::quote(near));
  }
  draft.strings().format = format;
  draft.asserts = true;
}

void Compiler::unique_items(Draft& draft, const Word& word) {
  if (!word.value.is_boolean()) return wrong(draft, word, "true or false");
  draft.arrays().unique = word.value.get<bool>();
  draft.asserts = true;
}

// Schemas inside

void Compiler::one_schema(Draft& draft, const Word& word) {
  const Ref ref = child(draft, word.value, "/" + std::string(word.key));
  if (ref == kNone) return;
  draft.asserts = true;
  if (word.key == "items") draft.arrays().items = ref;
  if (word.key == "contains") draft.arrays().contains = ref;
  if (word.key == "unevaluatedItems") draft.arrays().unevaluated = ref;
  if (word.key == "additionalProperties") draft.objects().additional = ref;
  if (word.key == "unevaluatedProperties") draft.objects().unevaluated = ref;
  if (word.key == "propertyNames") draft.objects().names = ref;
  if (word.key == "not") draft.node.none_of = ref;
  if (word.key == "if") draft.node.condition = ref;
  if (word.key == "then") draft.node.then = ref;
  if (word.key == "else") draft.node.otherwise = ref;
}

void Compiler::schema_list(Draft& draft, const Word& word) {
  if (!word.value.is_array() || word.value.empty())
    return wrong(draft, word, "a list of schemas, not empty");
  std::vector<Ref> refs;
  for (size_t i = 0; i < word.value.size(); ++i) {
    const Ref ref =
        child(draft, word.value[i], "/" + std::string(word.key) + "/" + std::to_string(i));
    if (ref != kNone) refs.push_back(ref);
  }
  draft.asserts = true;
  if (word.key == "allOf")
    draft.node.all_of = std::move(refs);
  else if (word.key == "anyOf")
    draft.node.any_of = std::move(refs);
  else if (word.key == "oneOf")
    draft.node.one_of = std::move(refs);
  else
    draft.arrays().prefix = std::move(refs);
}

Slot& Compiler::slot(Draft& draft, const std::string& name) {
  std::vector<Slot>& slots = draft.objects().slots;
  const auto known = draft.slots.emplace(name, slots.size());  // keys live in the schema's own text
  if (known.second) slots.push_back({name, kNone, false});
  return slots[known.first->second];
}

void Compiler::properties(Draft& draft, const Word& word) {
  if (!word.value.is_object()) return wrong(draft, word, "an object of schemas by name");
  draft.objects();
  draft.asserts = true;
  for (const auto& [name, schema] : word.value.get_ref<const Json::object_t&>()) {
    const Ref ref = child(draft, schema, "/properties/" + pointer_token(name));
    if (ref != kNone) slot(draft, name).node = ref;
  }
}

void Compiler::pattern_properties(Draft& draft, const Word& word) {
  if (!word.value.is_object()) return wrong(draft, word, "an object of schemas by pattern");
  draft.asserts = true;
  for (const auto& [text, schema] : word.value.get_ref<const Json::object_t&>()) {
    const std::string path = "/patternProperties/" + pointer_token(text);
    Pattern pattern = compiled(draft, text, path);
    const Ref ref = child(draft, schema, path);
    if (pattern && ref != kNone) draft.objects().patterns.emplace_back(std::move(pattern), ref);
  }
}

void Compiler::dependent_schemas(Draft& draft, const Word& word) {
  if (!word.value.is_object()) return wrong(draft, word, "an object of schemas by name");
  draft.asserts = true;
  for (const auto& [name, schema] : word.value.get_ref<const Json::object_t&>()) {
    const Ref ref = child(draft, schema, "/dependentSchemas/" + pointer_token(name));
    if (ref != kNone) draft.objects().dependent_schemas.emplace_back(name, ref);
  }
}

bool Compiler::is_list_of_names(Draft& draft, const Word& word, const Json& list) {
  std::unordered_set<std::string_view> names;
  const bool fine =
      list.is_array() && std::all_of(list.begin(), list.end(), [&](const Json& name) {
        return name.is_string() && names.insert(name.get_ref<const std::string&>()).second;
      });
  if (!fine) wrong(draft, {word.key, list}, "a list of different names");
  return fine;
}

void Compiler::required(Draft& draft, const Word& word) {
  if (!is_list_of_names(draft, word, word.value)) return;
  draft.asserts = true;
  for (const Json& name : word.value)
    slot(draft, name.get_ref<const std::string&>()).required = true;
}

void Compiler::dependent_required(Draft& draft, const Word& word) {
  if (!word.value.is_object()) return wrong(draft, word, "an object of lists of names");
  draft.asserts = true;
  for (const auto& [name, list] : word.value.get_ref<const Json::object_t&>())
    if (is_list_of_names(draft, word, list))
      draft.objects().dependent_required.emplace_back(name, list.get<std::vector<std::string>>());
}

}  // namespace plenum::schema
