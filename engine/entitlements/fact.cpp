// Facts in the form in which they are kept beside the events themselves.
#include "engine/entitlements/fact.h"

#include <nlohmann/json.hpp>

namespace plenum::entitlements {

namespace {

std::vector<std::string> texts(const Json& json, std::string_view key) {
  std::vector<std::string> all;
  if (const Json* list = find(json, key); list && list->is_array())
    for (const Json& item : *list)
      if (item.is_string()) all.push_back(item.get<std::string>());
  return all;
}

Millis number(const Json& json, std::string_view key) {
  const Json* value = find(json, key);
  return value && value->is_number_integer() ? value->get<Millis>() : 0;
}

}  // namespace

Json to_json(const Fact& fact) {
  Json json{{"id", fact.id},
            {"type", fact.type},
            {"at", fact.at},
            {"sandbox", fact.environment == Environment::sandbox},
            {"does", static_cast<int>(fact.does)},
            {"purchase", fact.purchase},
            {"customers", fact.customers},
            {"entitlements", fact.entitlements},
            {"end", fact.end ? Json(*fact.end) : Json()}};
  if (fact.does == Fact::Does::moves) json["from"] = fact.from;
  if (fact.does == Fact::Does::moves) json["to"] = fact.to;
  if (fact.does == Fact::Does::grace) json["grace_end"] = fact.grace_end;
  if (!fact.fault.empty()) json["fault"] = fact.fault;
  return json;
}

Result<Fact> fact_of(const Json& json) {
  const Json* end = find(json, "end");
  const Millis does = number(json, "does");
  if (!end || does < 0 || does > static_cast<int>(Fact::Does::moves))
    return fail(Kind::internal, "a stored fact of a purchase cannot be read");
  Fact fact;
  fact.id = text_or(json, "id");
  fact.type = text_or(json, "type");
  fact.at = number(json, "at");
  fact.environment = json.value("sandbox", true) ? Environment::sandbox : Environment::production;
  fact.does = static_cast<Fact::Does>(does);
  fact.purchase = text_or(json, "purchase");
  fact.customers = texts(json, "customers");
  fact.from = texts(json, "from");
  fact.to = texts(json, "to");
  fact.entitlements = texts(json, "entitlements");
  if (end->is_number_integer()) fact.end = end->get<Millis>();
  fact.grace_end = number(json, "grace_end");
  fact.fault = text_or(json, "fault");
  return fact;
}

}  // namespace plenum::entitlements
