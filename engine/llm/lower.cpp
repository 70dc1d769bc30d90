// Schema lowering: what each provider enforces of an authored JSON Schema.
//
// The idea: send structure (types, properties, enums, unions, references), say limits.  A limit a
// provider does not enforce goes into the description, where the model reads it, and is checked
// after the reply.  A structure a provider cannot hold makes the whole schema "not enforced": a
// narrower one would forbid right answers.
#include "engine/llm/lower.h"

#include "engine/base/json_text.h"
#include "engine/llm/provider.h"
#include "engine/llm/stream.h"
#include "engine/llm/subschema.h"

namespace plenum::llm {
namespace {

constexpr int kMostNodes = 5'000;  // as many as OpenAI takes properties

bool one_of(std::string_view word, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

class Lowering {
 public:
  Lowering(const Json& root, Dialect dialect) : root_(root), dialect_(dialect) {}

  Lowered run() {
    Lowered out;
    Json top = schema(root_);
    const bool object = text_or(top, "type") == "object";
    out.wrapped = !object && dialect_ != Dialect::gemini;
    if (out.wrapped)
      top = {{"type", "object"},
             {"properties", {{"value", std::move(top)}}},
             {"required", {"value"}},
             {"additionalProperties", false}};
    lower_definitions();
    out.enforced = enforced_ && nodes_ < kMostNodes && !top.empty();
    if (!out.enforced) {
      out.wrapped = false;
      out.schema = root_;
      if (out.schema.is_object()) out.schema.erase("$schema");
      return out;
    }
    if (!definitions_.empty()) top["$defs"] = std::move(definitions_);
    out.schema = std::move(top);
    return out;
  }

 private:
  Json schema(const Json& given) {
    if (++nodes_ > kMostNodes || !given.is_object()) return anything();
    if (find(given, "allOf")) return schema(flattened(root_, given));
    if (find(given, "$ref")) return reference(given);
    for (const char* union_of : {"anyOf", "oneOf"})
      if (const Json* branches = find(given, union_of);
          branches && branches->is_array() && !branches->empty())
        return any_of(given, *branches);
    if (find(given, "const") || find(given, "enum")) return choice(given);
    return typed(given);
  }

  // A schema that allows everything: no strict dialect has one.
  Json anything() {
    enforced_ = enforced_ && dialect_ == Dialect::gemini;
    return Json::object();
  }

  Json reference(const Json& given) {
    const std::string pointer = text_or(given, "$ref");
    const Json* target = at_pointer(root_, pointer);
    if (!target) return anything();
    const bool recursive = reaches(root_, *target, pointer);
    if (recursive && dialect_ == Dialect::anthropic) enforced_ = false;
    // Nothing may stand beside a reference: it is written out where something does, unless that
    // would never end.
    Json beside = given;
    beside.erase("$ref");
    for (const char* definitions : {"$defs", "definitions", "$schema", "$id", "$comment"})
      beside.erase(definitions);
    if (!beside.empty() && !recursive) return schema(merged(beside, *target));
    if (&given == &root_ && !recursive) return schema(*target);
    return {{"$ref", "#/$defs/" + definition(pointer)}};
  }

  // The name a referenced schema gets among the definitions; it is lowered later, once.
  std::string definition(const std::string& pointer) {
    const auto known = names_.find(pointer);
    if (known != names_.end()) return known->second;
    std::string name;
    for (const char c : pointer.substr(pointer.rfind('/') + 1))
      name += std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' ? c : '_';
    if (name.empty() || pointer == "#") name = "root";
    const std::string wanted = name;
    for (int i = 2; taken_.count(name); ++i) name = wanted + "_" + std::to_string(i);
    taken_.insert(name);
    names_[pointer] = name;
    pending_.push_back(pointer);
    return name;
  }

  void lower_definitions() {
    for (size_t i = 0; i < pending_.size(); ++i) {
      const std::string pointer = pending_[i];
      Json lowered = schema(*at_pointer(root_, pointer));
      definitions_[names_.at(pointer)] = std::move(lowered);
    }
  }

  Json any_of(const Json& given, const Json& branches) {
    Json base = given;
    for (const char* key : {"anyOf", "oneOf", "discriminator"}) base.erase(key);
    Json out = Json::object();
    annotate(out, base);
    for (const char* key :
         {"title", "description", "default", "examples", "$defs", "definitions", "$schema", "$id"})
      base.erase(key);
    Json lowered = Json::array();
    for (const Json& branch : branches)
      lowered.push_back(schema(base.empty() ? branch : merged(branch, base)));
    if (lowered.size() == 1 && out.empty()) return lowered.front();
    out["anyOf"] = std::move(lowered);
    return out;
  }

  // Values by name.  Null, and values of several types, become branches of their own; objects and
  // arrays are not enforced.
  Json choice(const Json& given) {
    const Json* only = find(given, "const");
    const Json* list = find(given, "enum");
    const Json values = only ? Json::array({*only}) : list->is_array() ? *list : Json::array();
    std::vector<std::pair<std::string, Json>> by_type;
    for (const Json& value : values) {
      if (value.is_structured()) return typed_by(given, values);
      const std::string type = type_name(value);
      auto there = std::find_if(by_type.begin(), by_type.end(),
                                [&](const auto& one) { return one.first == type; });
      if (there == by_type.end()) there = by_type.insert(by_type.end(), {type, Json::array()});
      there->second.push_back(value);
    }
    Json branches = Json::array();
    for (auto& [type, group] : by_type) {
      Json branch = {{"type", type}};
      if (type == "boolean" && group.size() == 1 && dialect_ == Dialect::gemini) {
        branch["description"] = "Always " + to_text(group.front()) + ".";
      } else if (type != "null" && !(type == "boolean" && group.size() == 2)) {
        branch["enum"] = std::move(group);
      }
      branches.push_back(std::move(branch));
    }
    Json out = branches.size() == 1 ? branches.front() : Json{{"anyOf", std::move(branches)}};
    annotate(out, given);
    return out;
  }

  // A choice among whole objects or arrays: their type, and the values in words.
  Json typed_by(const Json& given, const Json& values) {
    Json rest = given;
    rest.erase("const");
    rest.erase("enum");
    if (!find(rest, "type")) rest["type"] = type_name(values.front());
    Json out = schema(rest);
    say(out, "One of " + to_text(values) + ".");
    return out;
  }

  Json typed(const Json& given) {
    std::vector<std::string> types = types_of(given);
    if (types.empty()) return untyped(given);
    const bool nullable = std::erase(types, "null") > 0;
    if (types.empty()) {
      Json out = {{"type", "null"}};
      annotate(out, given);
      return out;
    }
    Json out;
    if (types.size() == 1) {
      out = of_type(given, types.front());
    } else {
      out = {{"anyOf", Json::array()}};
      for (const std::string& type : types) {
        Json branch = of_type(given, type);
        branch.erase("title");
        branch.erase("description");
        out["anyOf"].push_back(std::move(branch));
      }
      annotate(out, given);
    }
    return nullable ? or_null(std::move(out)) : out;
  }

  Json untyped(const Json& given) {
    Json out = anything();
    annotate(out, given);
    return out;
  }

  Json of_type(const Json& given, const std::string& type) {
    Json out = {{"type", type}};
    annotate(out, given);
    if (type == "object") object(out, given);
    if (type == "array") array(out, given);
    if (type == "string") string(out, given);
    if (type == "number" || type == "integer") number(out, given);
    return out;
  }

  void object(Json& out, const Json& given) {
    const Json none = Json::object();
    const Json* properties = find(given, "properties");
    if (!properties || !properties->is_object()) properties = &none;
    const Json* more = find(given, "additionalProperties");
    const bool open =
        properties->empty() || (more && *more != false) || find(given, "patternProperties");
    if (open && dialect_ != Dialect::gemini) enforced_ = false;
    Json lowered = Json::object(), required = Json::array();
    for (const auto& [name, property] : properties->items()) {
      if (property == false) continue;
      Json one = schema(property);
      const bool needed = is_required(given, name);
      if (!needed && dialect_ == Dialect::openai && !accepts_null(root_, property)) {
        one = or_null(std::move(one));
        say(one, "Null when there is none.");
      }
      lowered[name] = std::move(one);
      if (needed || dialect_ == Dialect::openai) required.push_back(name);
    }
    for (const std::string& name : required_names(given))
      if (!properties->contains(name)) {
        lowered[name] = more ? schema(*more) : anything();
        required.push_back(name);
      }
    if (!lowered.empty()) out["properties"] = std::move(lowered);
    if (!required.empty()) out["required"] = std::move(required);
    if (dialect_ != Dialect::gemini || (more && *more == false))
      out["additionalProperties"] = false;
    else if (more && more->is_object())
      out["additionalProperties"] = schema(*more);
    limits(out, given, "minProperties", "maxProperties", "members");
  }

  void array(Json& out, const Json& given) {
    if (const Json* first = find(given, "prefixItems"); first && first->is_array()) {
      if (dialect_ != Dialect::gemini) enforced_ = false;
      for (const Json& item : *first) out["prefixItems"].push_back(schema(item));
    }
    const Json* items = find(given, "items");
    if (items && items->is_object()) out["items"] = schema(*items);
    if (!items && dialect_ != Dialect::gemini) enforced_ = false;
    const Json* least = find(given, "minItems");
    const Json* most = find(given, "maxItems");
    const bool few = least && least->is_number() && least->get<double>() <= 1;
    const bool send_least = least && (dialect_ != Dialect::anthropic || few);
    // Gemini takes maxItems, but refuses schemas whose maxItems add up to much.
    const bool send_most = most && dialect_ == Dialect::openai;
    if (send_least) out["minItems"] = *least;
    if (send_most) out["maxItems"] = *most;
    if ((least && !send_least) || (most && !send_most))
      limits(out, given, "minItems", "maxItems", "items");
    if (const Json* unique = find(given, "uniqueItems"); unique && *unique == true)
      say(out, "No two items alike.");
  }

  void string(Json& out, const Json& given) {
    limits(out, given, "minLength", "maxLength", "characters");
    if (const std::string pattern = text_or(given, "pattern"); !pattern.empty()) {
      if (dialect_ == Dialect::openai)
        out["pattern"] = pattern;
      else
        say(out, "Must match the regular expression `" + pattern + "`.");
    }
    if (const std::string format = text_or(given, "format"); !format.empty()) {
      if (enforces_format(format))
        out["format"] = format;
      else
        say(out, "Format: " + format + ".");
    }
  }

  bool enforces_format(std::string_view format) const {
    if (one_of(format, {"date-time", "date", "time"})) return true;
    if (dialect_ == Dialect::gemini) return false;
    return one_of(format, {"duration", "email", "hostname", "ipv4", "ipv6", "uuid"}) ||
           (format == "uri" && dialect_ == Dialect::anthropic);
  }

  void number(Json& out, const Json& given) {
    struct Rule {
      const char* key;
      const char* words;
      bool gemini;
    };
    constexpr Rule kRules[] = {{"minimum", "At least ", true},
                               {"maximum", "At most ", true},
                               {"exclusiveMinimum", "Greater than ", false},
                               {"exclusiveMaximum", "Less than ", false},
                               {"multipleOf", "A multiple of ", false}};
    for (const Rule& rule : kRules) {
      const Json* limit = find(given, rule.key);
      if (!limit || !limit->is_number()) continue;
      if (dialect_ == Dialect::openai || (dialect_ == Dialect::gemini && rule.gemini))
        out[rule.key] = *limit;
      else
        say(out, rule.words + to_text(*limit) + ".");
    }
  }

  // "At least 2 items." "At most 60 characters." "Exactly 4 items."
  void limits(Json& out, const Json& given, const char* least_key, const char* most_key,
              const char* what) {
    const Json* least = find(given, least_key);
    const Json* most = find(given, most_key);
    const std::string end = std::string(" ") + what + ".";
    if (least && most && equal(*least, *most)) return say(out, "Exactly " + to_text(*most) + end);
    if (least && least->is_number() && least->get<double>() > 0)
      say(out, "At least " + to_text(*least) + end);
    if (most) say(out, "At most " + to_text(*most) + end);
  }

  Json or_null(Json one) const {
    if (Json* branches = one.contains("anyOf") ? &one["anyOf"] : nullptr) {
      const Json null = {{"type", "null"}};
      if (std::find(branches->begin(), branches->end(), null) == branches->end())
        branches->push_back(null);
      return one;
    }
    Json* type = one.contains("type") ? &one["type"] : nullptr;
    if (type && type->is_string() && !one.contains("enum") && dialect_ != Dialect::anthropic) {
      *type = Json::array({*type, "null"});
      return one;
    }
    Json out = Json::object();
    for (const char* key : {"title", "description"})
      if (one.contains(key)) {
        out[key] = one[key];
        one.erase(key);
      }
    out["anyOf"] = Json::array({std::move(one), Json{{"type", "null"}}});
    return out;
  }

  static void annotate(Json& out, const Json& given) {
    for (const char* key : {"title", "description"})
      if (const std::string text = text_or(given, key); !text.empty()) {
        const std::string said = text_or(out, key);
        out[key] = said.empty() ? text : text + " " + said;
      }
  }

  static void say(Json& out, const std::string& rule) {
    const std::string said = text_or(out, "description");
    out["description"] =
        said.empty()
            ? rule
            : said + (one_of(said.substr(said.size() - 1), {".", "!", "?"}) ? " " : ". ") + rule;
  }

  const Json& root_;
  const Dialect dialect_;
  bool enforced_ = true;
  int nodes_ = 0;
  std::map<std::string, std::string> names_;  // by pointer
  std::set<std::string> taken_;
  std::vector<std::string> pending_;
  Json definitions_ = Json::object();
};

// Takes out the nulls that stand for absent members.  References may lead in circles, and branch on
// the way: both the depth and the visits in all are bounded.
class Restoring {
 public:
  explicit Restoring(const Json& root) : root_(root) {}

  void drop_nulls(const Json& schema, Json& value, int depth = 0) {
    if (depth > 64 || ++visits_ > 100'000 || !schema.is_object() || !value.is_structured()) return;
    if (const Json* target = at_pointer(root_, text_or(schema, "$ref")))
      drop_nulls(*target, value, depth + 1);
    for (const char* key : {"allOf", "anyOf", "oneOf"})
      if (const Json* parts = find(schema, key); parts && parts->is_array())
        for (const Json& part : *parts) drop_nulls(part, value, depth + 1);
    if (const Json* items = find(schema, "items"); items && value.is_array())
      for (Json& item : value) drop_nulls(*items, item, depth + 1);
    if (const Json* properties = find(schema, "properties");
        properties && properties->is_object() && value.is_object())
      for (const auto& [name, property] : properties->items())
        member(schema, name, property, value, depth);
  }

 private:
  void member(const Json& schema, const std::string& name, const Json& property, Json& value,
              int depth) {
    const auto there = value.find(name);
    if (there == value.end()) return;
    if (there->is_null() && !is_required(schema, name) && !accepts_null(root_, property))
      value.erase(name);
    else
      drop_nulls(property, *there, depth + 1);
  }

  const Json& root_;
  int visits_ = 0;
};

}  // namespace

Lowered lower(const Json& authored, Dialect dialect) {
  Lowered lowered = Lowering(authored, dialect).run();
  lowered.sent = verbatim(to_text(lowered.schema));
  return lowered;
}

constexpr size_t kMost = 1000;  // old versions of edited apps stay until then

std::shared_ptr<const Lowered> LoweredSchemas::of(const Json& authored) const {
  std::string text = to_text(authored);
  {
    std::lock_guard lock(mutex_);
    if (const auto known = known_.find(text); known != known_.end()) return known->second;
  }
  auto lowered = std::make_shared<const Lowered>(lower(authored, dialect_));
  std::lock_guard lock(mutex_);
  if (known_.size() >= kMost) known_.clear();
  return known_.emplace(std::move(text), std::move(lowered)).first->second;
}

std::shared_ptr<const Lowered> LoweredSchemas::of(
    const std::shared_ptr<const Json>& authored) const {
  {
    std::lock_guard lock(mutex_);
    if (const auto known = shared_.find(authored.get()); known != shared_.end())
      return known->second.lowered;
  }
  std::shared_ptr<const Lowered> lowered = of(*authored);
  std::lock_guard lock(mutex_);
  if (shared_.size() >= kMost) shared_.clear();
  return shared_.emplace(authored.get(), Shared{authored, std::move(lowered)})
      .first->second.lowered;
}

namespace {

Json restored(const Json& authored, const Lowered& lowered, Json value) {
  if (lowered.wrapped && value.is_object() && value.size() == 1 && value.contains("value")) {
    Json inner = std::move(value["value"]);
    value = std::move(inner);
  }
  Restoring(authored).drop_nulls(authored, value);
  return value;
}

}  // namespace

std::string restored(const Json& authored, const Lowered& lowered, std::string text) {
  Result<Parsed> parsed = read_structured(text);
  if (!parsed) return text;
  return to_text(restored(authored, lowered, std::move(parsed->value)));
}

Json LoweredSchemas::partial(const std::shared_ptr<const Json>& authored,
                             std::string_view text) const {
  Json value = partial_value(text);
  return value.is_null() ? value : restored(*authored, *of(authored), std::move(value));
}

}  // namespace plenum::llm
