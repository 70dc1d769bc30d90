// Two JSON Schemas, seen by who sends a value and by who reads it: what narrows breaks a sender,
// what widens breaks a reader.
#include <nlohmann/json.hpp>

#include "engine/base/diagnostic.h"
#include "tools/comparing/compare.h"

namespace plenum::comparing {

namespace {

class Comparison {
 public:
  Comparison(bool sent, std::vector<Change>& changes) : sent_(sent), changes_(changes) {}

  void compare(const std::string& where, const Json& before, const Json& after) {
    if (equal(before, after)) return;
    if (!before.is_object() || !after.is_object())
      return say(where, "takes other values than before", true);
    const std::string old_type = type(before), new_type = type(after);
    if (old_type != new_type) {
      const bool wider = old_type == "integer" && new_type == "number";
      return say(where, "was " + old_type + ", is " + new_type, wider ? !sent_ : true);
    }
    compare_enum(where, before, after);
    for (const char* key : {"maxLength", "maximum", "maxItems", "exclusiveMaximum"})
      compare_bound(where, key, before, after, true);
    for (const char* key : {"minLength", "minimum", "minItems", "exclusiveMinimum"})
      compare_bound(where, key, before, after, false);
    for (const char* key : {"pattern", "format", "const", "anyOf", "oneOf", "allOf", "$ref"})
      compare_rest(where, key, before, after);
    compare_members(where, before, after);
    const Json *old_items = find(before, "items"), *new_items = find(after, "items");
    if (old_items && new_items) compare(where + "[]", *old_items, *new_items);
  }

 private:
  void say(const std::string& where, const std::string& what, bool breaking) {
    changes_.push_back({Change::For::clients, breaking, where + ": " + what});
  }

  static std::string type(const Json& schema) {
    const Json* type = find(schema, "type");
    if (type) return type->is_string() ? type->get<std::string>() : to_text(*type);
    return find(schema, "enum") ? "one of a list" : "any";
  }

  void compare_enum(const std::string& where, const Json& before, const Json& after) {
    const Json *old_values = find(before, "enum"), *new_values = find(after, "enum");
    if (!old_values && !new_values) return;
    if (!old_values || !new_values)
      return say(where, new_values ? "takes only listed values now" : "takes any value now",
                 (new_values != nullptr) == sent_);
    const auto lacks = [](const Json& list, const Json& value) {
      return std::none_of(list.begin(), list.end(), [&](const Json& v) { return equal(v, value); });
    };
    for (const Json& value : *old_values)
      if (lacks(*new_values, value)) say(where, "no longer " + quote(to_text(value)), sent_);
    for (const Json& value : *new_values)
      if (lacks(*old_values, value)) say(where, "may be " + quote(to_text(value)) + " now", !sent_);
  }

  void compare_bound(const std::string& where, const char* key, const Json& before,
                     const Json& after, bool upper) {
    const Json *was = find(before, key), *is = find(after, key);
    if ((!was && !is) || (was && is && equal(*was, *is))) return;
    const bool narrower = !was || (is && ((is->get<double>() < was->get<double>()) == upper));
    say(where,
        std::string(key) + " was " + (was ? to_text(*was) : "not set") + ", is " +
            (is ? to_text(*is) : "not set"),
        narrower == sent_);
  }

  void compare_rest(const std::string& where, const char* key, const Json& before,
                    const Json& after) {
    const Json *was = find(before, key), *is = find(after, key);
    if ((!was && !is) || (was && is && equal(*was, *is))) return;
    const bool breaking = !was ? sent_ : !is ? !sent_ : true;
    say(where, std::string("`") + key + "` has changed", breaking);
  }

  static bool required(const Json& schema, const std::string& name) {
    const Json* list = find(schema, "required");
    return list && std::find(list->begin(), list->end(), name) != list->end();
  }

  void compare_members(const std::string& where, const Json& before, const Json& after) {
    static const Json kNone = Json::object();
    const Json* found = find(before, "properties");
    const Json& old_members = found ? *found : kNone;
    found = find(after, "properties");
    const Json& new_members = found ? *found : kNone;
    const auto place = [&](const std::string& name) { return where + "." + name; };
    for (const auto& [name, member] : old_members.items()) {
      const Json* other = find(new_members, name);
      if (!other) {
        say(place(name), sent_ ? "is not taken any more" : "is gone", true);
        continue;
      }
      const bool was = required(before, name), is = required(after, name);
      if (was != is) say(place(name), is ? "is required now" : "is optional now", is == sent_);
      compare(place(name), member, *other);
    }
    for (const auto& [name, member] : new_members.items()) {
      if (find(old_members, name)) continue;
      const bool needed = sent_ && required(after, name);
      say(place(name), needed ? "is new and required" : "is new", needed);
    }
  }

  const bool sent_;
  std::vector<Change>& changes_;
};

}  // namespace

void compare_schema(const std::string& where, const Json& before, const Json& after, bool sent,
                    std::vector<Change>& changes) {
  Comparison(sent, changes).compare(where, before, after);
}

}  // namespace plenum::comparing
