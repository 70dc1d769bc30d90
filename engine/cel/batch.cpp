// Tagged values in, tagged values out.
#include "engine/cel/batch.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/base/diagnostic.h"
#include "engine/base/ids.h"

namespace plenum::cel {
namespace {

constexpr int kDeepest = 64;
constexpr size_t kMostBytes = 16 << 20;  // of one printed value

Result<Value> unreadable(const Json& tagged) {
  return fail(Kind::invalid,
              "not a tagged value: " + plenum::quote(to_text(tagged)) + "; e.g. {\"int\": \"1\"}");
}

template <typename Number>
bool read_number(const Json& json, Number* number) {
  if (json.is_number_integer()) {
    *number = json.get<Number>();
    return true;
  }
  if (!json.is_string()) return false;
  const std::string& text = json.get_ref<const std::string&>();
  const auto read = std::from_chars(text.data(), text.data() + text.size(), *number);
  return read.ec == std::errc{} && read.ptr == text.data() + text.size();
}

class Reader {
 public:
  explicit Reader(Context& context) : context_(context) {}

  Result<Value> read(const Json& tagged, int depth) {
    if (!tagged.is_object() || tagged.size() != 1 || depth > kDeepest) return unreadable(tagged);
    const auto& [tag, body] = *tagged.get_ref<const Json::object_t&>().begin();
    if (tag == "null") return Value();
    if (tag == "bool" && body.is_boolean()) return Value::boolean(body.get<bool>());
    if (tag == "string" && body.is_string()) return Value::of(body);
    if (tag == "int") {
      int64_t number = 0;
      if (read_number(body, &number)) return Value::integer(number);
    }
    if (tag == "uint") {
      uint64_t number = 0;
      if (read_number(body, &number)) return Value::uint(number);
    }
    if (tag == "double" && body.is_number()) return Value::real(body.get<double>());
    if (tag == "double" && body.is_string()) return called("double", body);
    if (tag == "bytes_base64" && body.is_string()) return called("base64.decode", body);
    if (tag == "timestamp" && body.is_string()) return called("timestamp", body);
    if (tag == "duration" && body.is_string()) return called("duration", body);
    if (tag == "type" && body.is_string()) return named_type(body.get_ref<const std::string&>());
    if (tag == "optional") return optional(body, depth);
    if (tag == "list" && body.is_array()) return list(body, depth);
    if (tag == "map" && body.is_array()) return map(body, depth);
    return unreadable(tagged);
  }

 private:
  Result<Value> called(std::string_view function, const Json& body) {
    const Value text = Value::of(body);
    const Value made = invoke(*library().find(function, false, 1), context_, &text, 1);
    if (made.failed()) return fail(Kind::invalid, std::string(made.fault->message));
    return made;
  }

  Result<Value> named_type(const std::string& name) {
    for (int tag = 0; tag < static_cast<int>(Tag::error); ++tag) {
      if (type_name(static_cast<Tag>(tag)) == name) return Value::type(static_cast<Tag>(tag));
    }
    return fail(Kind::invalid, "no such type: " + plenum::quote(name));
  }

  Result<Value> optional(const Json& body, int depth) {
    if (body.is_null()) return Value::optional(nullptr);
    return context_.optional(TRY(read(body, depth + 1)));
  }

  Result<Value> list(const Json& body, int depth) {
    auto* items = context_.arena.make<Value>(body.size());
    for (size_t i = 0; i < body.size(); ++i) items[i] = TRY(read(body[i], depth + 1));
    return Value::list(items, body.size());
  }

  Result<Value> map(const Json& body, int depth) {
    MapBuilder made(context_.arena, body.size());
    for (const Json& entry : body) {
      if (!entry.is_array() || entry.size() != 2) return unreadable(entry);
      const Value key = TRY(read(entry[0], depth + 1));
      if (!hashable(key))
        return fail(Kind::invalid, "not a key of a map: " + plenum::quote(to_text(entry[0])));
      if (!made.add(key, TRY(read(entry[1], depth + 1)))) {
        return fail(Kind::invalid,
                    "the key " + plenum::quote(to_text(entry[0])) + " is there twice");
      }
    }
    return made.done();
  }

  Context& context_;
};

Json tagged(const char* tag, Json value) {
  Json made = Json::object();
  made[tag] = std::move(value);
  return made;
}

class BindingSource final : public Source {
 public:
  std::map<std::string, Value, std::less<>> values;
  bool find(const Compiled::Global& global, Context&, Value* value) const override {
    const auto found = values.find(global.name);
    if (found == values.end()) return false;
    *value = found->second;
    return true;
  }
};

std::string text_of(const Problems& problems) {
  std::string text;
  for (const Problem& problem : problems) {
    if (!text.empty()) text += "; ";
    text += std::to_string(problem.start.line) + ":" + std::to_string(problem.start.column) + ": " +
            problem.message;
  }
  return text;
}

Result<Json> evaluated(const Json& line, const Limits& limits) {
  const Json* expression = find(line, "expr");
  if (!expression || !expression->is_string()) {
    return fail(Kind::invalid, "a line is an object with `expr`, and `bindings` if it uses names");
  }
  Arena arena;
  Meter meter{limits.steps};
  Context context(arena, meter);
  BindingSource source;
  Names names;
  if (const Json* bindings = find(line, "bindings")) {
    if (!bindings->is_object())
      return fail(Kind::invalid, "`bindings` must be an object {name: tagged value}");
    for (const auto& [name, value] : bindings->get_ref<const Json::object_t&>()) {
      source.values[name] = TRY(Reader(context).read(value, 0));
      names[name] = Type();
    }
  }
  const Json* types = find(line, "types");
  for (size_t i = 0; types && types->is_array() && i < types->size(); ++i) {
    if ((*types)[i].is_string()) names[(*types)[i].get<std::string>()] = Type();
  }
  const auto program = compile(expression->get_ref<const std::string&>(), names,
                               types ? Checking::strict : Checking::none);
  if (!program) return fail(Kind::invalid, text_of(program.error()));
  meter = Meter{limits.steps};  // reading the bindings is free
  const Value value = run(**program, source, context);
  if (value.failed()) return fail(error_of(**program, value));
  if (const auto size = to_json(value, kMostBytes);
      !size && size.error().code == "expression_limit") {
    return fail(size.error());
  }
  return to_tagged(value);
}

}  // namespace

Result<Value> from_tagged(const Json& tagged, Context& context) {
  return Reader(context).read(tagged, 0);
}

Json to_tagged(const Value& value) {
  switch (value.tag) {
    case Tag::null:
      return tagged("null", nullptr);
    case Tag::boolean:
      return tagged("bool", value.flag);
    case Tag::integer:
      return tagged("int", std::to_string(value.i));
    case Tag::uint:
      return tagged("uint", std::to_string(value.u));
    case Tag::real:
      return tagged("double", std::isfinite(value.d) ? Json(value.d) : Json(number_text(value.d)));
    case Tag::string:
      return tagged("string", std::string(value.text()));
    case Tag::bytes:
      return tagged("bytes_base64", base64(value.text()));
    case Tag::timestamp:
      return tagged("timestamp", timestamp_text(value.i, value.size));
    case Tag::duration:
      return tagged("duration", duration_text(value.i));
    case Tag::type:
      return tagged("type", type_name(value.named));
    case Tag::optional:
      return tagged("optional", value.inner ? to_tagged(*value.inner) : Json(nullptr));
    case Tag::list: {
      Json items = Json::array();
      for (size_t i = 0; i < list_size(value); ++i) items.push_back(to_tagged(list_at(value, i)));
      return tagged("list", std::move(items));
    }
    case Tag::map: {
      Json entries = Json::array();
      for (size_t i = 0; i < map_size(value); ++i) {
        const Entry entry = map_at(value, i);
        entries.push_back(Json::array({to_tagged(entry.key), to_tagged(entry.value)}));
      }
      return tagged("map", std::move(entries));
    }
    case Tag::error:
      break;
  }
  return tagged("error", value.fault ? std::string(value.fault->message) : std::string());
}

Json evaluate_line(const Json& line, const Limits& limits) {
  Result<Json> value = evaluated(line, limits);
  Json answer = Json::object();
  if (value) {
    answer["value"] = *std::move(value);
  } else {
    answer["error"] = value.error().message;
  }
  return answer;
}

}  // namespace plenum::cel
