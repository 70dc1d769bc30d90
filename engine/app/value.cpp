// Computing data: constants cost nothing, an error names the line of the app file it came from.
#include "engine/app/value.h"

#include <nlohmann/json.hpp>

namespace plenum::app {

namespace {

// "apps.d/a.yaml:27:54" in front of what went wrong there.
Error placed(Error error, const Span& span) {
  if (span.known())
    error.trail = error.trail.empty() ? span.place() : span.place() + ": " + error.trail;
  return error;
}

}  // namespace

Result<Json> Expr::in(const Scope& scope) const {
  Result<Json> value = code->evaluate(scope);
  if (!value) return fail(placed(std::move(value).error(), span));
  return value;
}

Result<bool> Expr::holds(const Scope& scope) const {
  Result<bool> value = code->holds(scope);
  if (!value) return fail(placed(std::move(value).error(), span));
  return value;
}

Result<std::string> Text::in(const Scope& scope) const {
  const auto partial = [this](std::string_view name) -> const mustache::Template* {
    const auto found = partials->find(name);
    return found == partials->end() ? nullptr : &found->second;
  };
  Result<std::string> text =
      code->render(scope, partials ? mustache::Partials(partial) : mustache::Partials());
  if (!text) return fail(placed(std::move(text).error(), span));
  return text;
}

Type type_of(const Json& constant) {
  switch (constant.type()) {
    case Json::value_t::null:
      return Type::Kind::null;
    case Json::value_t::boolean:
      return Type::Kind::boolean;
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      return Type::Kind::integer;
    case Json::value_t::number_float:
      return Type::Kind::real;
    case Json::value_t::string:
      return Type::one_of({constant.get_ref<const std::string&>()});
    case Json::value_t::array: {
      std::optional<Type> element;
      for (const Json& item : constant)
        element = element ? Type::join(*element, type_of(item)) : type_of(item);
      return Type::list(element.value_or(Type()));
    }
    case Json::value_t::object: {
      Type::Fields fields;
      for (const auto& [key, item] : constant.items()) fields.push_back({key, {type_of(item)}});
      return Type::object(std::move(fields));
    }
    default:
      return {};
  }
}

Value::Value(Json constant) : type_(type_of(constant)) {
  node_ = std::make_shared<const std::variant<Json, Expr, Text, List, Map>>(std::move(constant));
}
Value::Value(Expr expr) : type_(expr.type()) {
  node_ = std::make_shared<const std::variant<Json, Expr, Text, List, Map>>(std::move(expr));
}
Value::Value(Text text) : type_(Type::Kind::string) {
  node_ = std::make_shared<const std::variant<Json, Expr, Text, List, Map>>(std::move(text));
}

Value::Value(List list) {
  std::optional<Type> element;
  for (const Value& item : list)
    element = element ? Type::join(*element, item.type()) : item.type();
  type_ = Type::list(element.value_or(Type()));
  node_ = std::make_shared<const std::variant<Json, Expr, Text, List, Map>>(std::move(list));
}

Value::Value(Map map) {
  Type::Fields fields;
  for (const auto& [key, item] : map) fields.push_back({key, {item.type()}});
  type_ = Type::object(std::move(fields));
  node_ = std::make_shared<const std::variant<Json, Expr, Text, List, Map>>(std::move(map));
}

const Json* Value::constant() const {
  static const Json null;
  return node_ ? std::get_if<Json>(node_.get()) : &null;
}
const Value::Map* Value::map() const {
  return node_ ? std::get_if<Map>(node_.get()) : nullptr;
}
const Expr* Value::expr() const {
  return node_ ? std::get_if<Expr>(node_.get()) : nullptr;
}

Result<Json> compute(const Values& values, const Scope& scope) {
  Json object = Json::object();
  for (const auto& [key, value] : values) object.emplace(key, TRY(value.in(scope)));
  return object;
}

Result<Json> Value::in(const Scope& scope) const {
  if (!node_) return Json();
  if (const auto* constant = std::get_if<Json>(node_.get())) return *constant;
  if (const auto* expr = std::get_if<Expr>(node_.get())) return expr->in(scope);
  if (const auto* text = std::get_if<Text>(node_.get())) return Json(TRY(text->in(scope)));
  if (const auto* map = std::get_if<Map>(node_.get())) return compute(*map, scope);
  Json list = Json::array();
  for (const Value& item : std::get<List>(*node_)) list.push_back(TRY(item.in(scope)));
  return list;
}

}  // namespace plenum::app
