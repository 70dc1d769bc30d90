// Makes a value for a schema, as a person would fill in a form: a date where a date is wanted,
// "Example summary" for a summary, three different items in a list of three.
//
// What a schema demands beyond what this reads (`not`, `if`, clashes of branches) is met by trying:
// a few variants are made, and the first that validates is taken.
#include "engine/llm/pattern_text.h"
#include "engine/llm/provider.h"
#include "engine/llm/subschema.h"
#include "engine/schema/schema.h"

namespace plenum::llm {
namespace {

constexpr int kDepth = 24;
constexpr int kMostValues = 5'000;

// "whyThisTone" and "why_this_tone" are "why this tone".
std::string words_of(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool upper = std::isupper(static_cast<unsigned char>(c));
    if (upper && !out.empty() && out.back() != ' ') out += ' ';
    out +=
        c == '_' || c == '-' ? ' ' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

std::string two_digits(uint64_t n) {
  return (n < 10 ? "0" : "") + std::to_string(n);
}

std::string of_format(const std::string& format, uint64_t n) {
  const std::string day = "2026-01-" + two_digits(15 + n % 14), number = std::to_string(1 + n);
  const std::string nth = n == 0 ? "" : number;
  if (format == "date-time") return day + "T09:30:00Z";
  if (format == "date") return day;
  if (format == "time") return two_digits(9 + n % 12) + ":30:00Z";
  if (format == "duration") return "PT" + number + "H";
  if (format == "email" || format == "idn-email") return "ada" + nth + "@example.com";
  if (format == "hostname" || format == "idn-hostname") return "host" + nth + ".example.com";
  if (format == "ipv4") return "192.0.2." + std::to_string(1 + n % 250);
  if (format == "ipv6") return "2001:db8::" + std::to_string(1 + n % 9);
  if (format == "uri" || format == "iri") return "https://example.com/" + nth;
  if (format == "uri-reference" || format == "iri-reference") return "/example/" + nth;
  if (format == "uri-template") return "/example/{id}";
  if (format == "uuid") return "00000000-0000-4000-8000-0000000000" + two_digits(1 + n % 90);
  if (format == "json-pointer") return "/example/" + number;
  if (format == "regex") return "^example" + nth + "$";
  return "";
}

std::string of_name(const std::string& words, uint64_t n) {
  const std::string nth = n == 0 ? "" : " " + std::to_string(1 + n),
                    key = n == 0 ? "" : "-" + std::to_string(1 + n);
  const std::string last = words.substr(words.rfind(' ') + 1);
  if (last == "id" || last == "key" || last == "slug") return "example" + key;
  if (last == "email") return of_format("email", n);
  if (last == "url" || last == "link" || last == "website") return of_format("uri", n);
  if (last == "date") return of_format("date", n);
  if (last == "phone") return "+1 555 01" + two_digits(n % 100);
  if (words == "name" || words == "full name") return "Ada Example" + nth;
  if (words.empty()) return "Example" + nth;
  return "Example " + words + nth;
}

class Maker {
 public:
  Maker(const Json& root, uint64_t seed, int attempt)
      : root_(root), seed_(seed), attempt_(attempt) {}

  Json make() { return value(root_, words_of(text_or(root_, "title")), seed_, 0); }

 private:
  // `n` tells the members of a list apart.
  Json value(const Json& schema, const std::string& name, uint64_t n, int depth) {
    if (!schema.is_object() || depth > kDepth || ++made_ > kMostValues) return nullptr;
    if (const Json* only = find(schema, "const")) return *only;
    if (attempt_ % 2 == 0) {
      if (const Json* some = find(schema, "examples"); some && some->is_array() && !some->empty())
        return (*some)[n % some->size()];
      if (const Json* usual = find(schema, "default")) return *usual;
    }
    if (const Json* list = find(schema, "enum"); list && list->is_array() && !list->empty())
      return (*list)[n % list->size()];
    if (find(schema, "$ref")) return referenced(schema, name, n, depth);
    if (find(schema, "allOf")) return value(flattened(root_, schema), name, n, depth + 1);
    for (const char* key : {"anyOf", "oneOf"})
      if (const Json* branches = find(schema, key);
          branches && branches->is_array() && !branches->empty())
        return branch(schema, key, *branches, name, n, depth);
    return of_type(schema, name, n, depth);
  }

  Json referenced(const Json& schema, const std::string& name, uint64_t n, int depth) {
    const std::string reference = text_or(schema, "$ref");
    const Json* target = at_pointer(root_, reference);
    if (!target) return nullptr;
    Json beside = schema;
    for (const char* key : {"$ref", "$defs", "definitions"}) beside.erase(key);
    const bool again = !inside_.insert(reference).second;
    circles_ += again;
    const bool alone = beside.empty();
    Json out = value(alone ? *target : merged(beside, *target), name, n, depth + 1);
    circles_ -= again;
    if (!again) inside_.erase(reference);
    return out;
  }

  Json branch(const Json& schema, const char* key, const Json& branches, const std::string& name,
              uint64_t n, int depth) {
    const size_t first = static_cast<size_t>(attempt_ / 2) % branches.size();
    const Json* chosen = &branches[first];
    if (text_or(*chosen, "type") == "null") chosen = &branches[(first + 1) % branches.size()];
    Json base = schema;
    base.erase(key);
    return value(merged(*chosen, base), name, n, depth + 1);
  }

  Json of_type(const Json& schema, const std::string& name, uint64_t n, int depth) {
    const std::vector<std::string> types = types_of(schema);
    const auto wanted = std::find_if(types.begin(), types.end(),
                                     [](const std::string& type) { return type != "null"; });
    const std::string type = wanted != types.end() ? *wanted : types.empty() ? "string" : "null";
    if (type == "object") return object(schema, n, depth);
    if (type == "array") return array(schema, name, n, depth);
    if (type == "string") return string(schema, name, n);
    if (type == "integer" || type == "number") return number(schema, type == "integer", n);
    if (type == "boolean") return n % 2 == 0;
    return nullptr;
  }

  Json object(const Json& schema, uint64_t n, int depth) {
    Json out = Json::object();
    const bool least = circles_ > 0 || attempt_ >= 4;  // only what must be there
    if (const Json* properties = find(schema, "properties"); properties && properties->is_object())
      for (const auto& [name, property] : properties->items())
        if (is_required(schema, name) || (!least && property != false))
          out[name] = value(property, words_of(name), n, depth + 1);
    for (const std::string& name : required_names(schema))
      if (!out.contains(name)) add(out, schema, name, n, depth);
    const size_t fewest = size_of(schema, "minProperties",
                                  out.empty() && find(schema, "additionalProperties") ? 1 : 0);
    for (uint64_t i = 0; out.size() < fewest && i < 100; ++i)
      add(out, schema, key_for(schema, i), n + i, depth);
    return out;
  }

  void add(Json& out, const Json& schema, const std::string& name, uint64_t n, int depth) {
    const Json* more = find(schema, "additionalProperties");
    if (more && *more == false) return;
    out[name] =
        value(more && more->is_object() ? *more : Json::object(), words_of(name), n, depth + 1);
  }

  std::string key_for(const Json& schema, uint64_t i) {
    const Json* names = find(schema, "propertyNames");
    return names    ? string(*names, "key", i).get<std::string>()
           : i == 0 ? "example"
                    : "example_" + std::to_string(1 + i);
  }

  Json array(const Json& schema, const std::string& name, uint64_t n, int depth) {
    Json out = Json::array();
    const size_t fewest = size_of(schema, "minItems", 0), most = size_of(schema, "maxItems", 1000);
    const size_t count =
        circles_ > 0 || attempt_ >= 4 ? fewest : std::max(fewest, std::min<size_t>(2, most));
    const Json* first = find(schema, "prefixItems");
    const Json* items = find(schema, "items");
    const Json* contains = find(schema, "contains");
    const Json any = Json::object();
    const std::string one =
        name.size() > 1 && name.back() == 's' ? name.substr(0, name.size() - 1) : name;
    for (size_t i = 0; i < count || (first && first->is_array() && i < first->size() && i < most);
         ++i) {
      const bool placed = first && first->is_array() && i < first->size();
      if (!placed && items && *items == false) break;
      const Json& item = placed ? (*first)[i] : items ? *items : any;
      out.push_back(
          value(contains && i == 0 ? merged(*contains, item) : item, one, n + i, depth + 1));
    }
    if (const Json* unique = find(schema, "uniqueItems"); unique && *unique == true)
      drop_repeated(out, fewest);
    return out;
  }

  static void drop_repeated(Json& list, size_t fewest) {
    for (size_t i = list.size(); i-- > 1 && list.size() > fewest;)
      if (std::any_of(list.begin(), list.begin() + static_cast<long>(i),
                      [&](const Json& one) { return equal(one, list[i]); }))
        list.erase(i);
  }

  static size_t size_of(const Json& schema, const char* key, size_t otherwise) {
    const Json* size = find(schema, key);
    return size && size->is_number() && *size >= 0 && *size <= 1e6 ? size->get<size_t>()
                                                                   : otherwise;
  }

  Json string(const Json& schema, const std::string& name, uint64_t n) {
    const size_t least = size_of(schema, "minLength", 0),
                 most = size_of(schema, "maxLength", 1'000'000);
    if (const std::string pattern = text_or(schema, "pattern"); !pattern.empty())
      if (auto text = text_matching(pattern, least, most, n)) return *std::move(text);
    std::string text = of_format(text_or(schema, "format"), n);
    if (!text.empty()) return text;
    text = of_name(name, n);
    for (int i = 0; text.size() < least; ++i)
      text += i % 2 ? ", and more words" : " with some words";
    if (text.size() > most) text.resize(most);
    while (!text.empty() && text.size() > least && text.back() == ' ') text.pop_back();
    return text;
  }

  // The middle of the range, a step further for each next item; 1, 2, 3 … where there is no range.
  static Json number(const Json& schema, bool whole, uint64_t n) {
    const auto limit = [&](const char* key) -> std::optional<double> {
      const Json* value = find(schema, key);
      return value && value->is_number() ? std::optional(value->get<double>()) : std::nullopt;
    };
    const double step = limit("multipleOf").value_or(whole ? 1 : 0.5);
    std::optional<double> low = limit("minimum"), high = limit("maximum");
    if (const auto above = limit("exclusiveMinimum"))
      low = std::max(low.value_or(*above), *above + step / 2);
    if (const auto below = limit("exclusiveMaximum"))
      high = std::min(high.value_or(*below), *below - step / 2);
    double value;
    if (low && high) {
      const double first = std::ceil(*low / step) * step;
      const double count = std::floor((*high - first) / step) + 1;
      value = count < 1
                  ? (*low + *high) / 2  // no multiple fits: anything between
                  : first + step * std::fmod(std::floor(count / 2) + static_cast<double>(n % 1000),
                                             count);
    } else {
      const double start = low    ? std::ceil(*low / step) * step
                           : high ? std::min(std::floor(*high / step) * step, 1.0)
                                  : 1;
      value = start + (high ? -step : step) * static_cast<double>(n % 1000);
    }
    if (value == std::floor(value) && std::abs(value) < 9e15) return static_cast<int64_t>(value);
    return value;
  }

  const Json& root_;
  const uint64_t seed_;
  const int attempt_;
  int made_ = 0;
  int circles_ = 0;  // how many references around us lead back to themselves
  std::set<std::string> inside_;
};

}  // namespace

Json example_of(const Json& schema, uint64_t seed) {
  constexpr int kAttempts = 8;
  Json first = Maker(schema, seed, 0).make();
  const auto compiled =
      schema::Schema::compile(schema, {.load = {}, .refuse_unknown_keywords = false});
  if (!compiled || compiled->valid(first)) return first;
  for (int attempt = 1; attempt < kAttempts; ++attempt) {
    Json other = Maker(schema, seed, attempt).make();
    if (compiled->valid(other)) return other;
  }
  return first;
}

}  // namespace plenum::llm
