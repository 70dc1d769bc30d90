#include "engine/run/reduce.h"

#include <nlohmann/json.hpp>

#include "engine/base/diagnostic.h"

namespace plenum::run {

namespace {

using app::Reduce;

Result<Json> wrong(const app::Set& set, const char* does, const Json& value) {
  return fail(Kind::invalid, quote(set.key) + " " + does + ", but it is set to " + type_name(value),
              "wrong_type");
}

// A list's items are added, anything else is one item.
Json added(const Json* current, Json value, bool once) {
  Json list = current && current->is_array() ? *current : Json::array();
  if (!value.is_array()) value = Json::array({std::move(value)});
  for (Json& item : value) {
    const bool there = once && std::any_of(list.begin(), list.end(),
                                           [&](const Json& old) { return equal(old, item); });
    if (!there) list.push_back(std::move(item));
  }
  return list;
}

Result<Json> merged(const app::Set& set, const Json* current, const Json& value) {
  if (!value.is_object()) return wrong(set, "merges objects", value);
  Json object = current && current->is_object() ? *current : Json::object();
  for (const auto& [key, item] : value.items()) object[key] = item;
  return object;
}

Result<Json> counted(const app::Set& set, const Json* current, Json value) {
  if (!value.is_number()) return wrong(set, "counts numbers", value);
  if (!current || !current->is_number()) return value;
  if (set.reduce == Reduce::min) return value < *current ? value : *current;
  if (set.reduce == Reduce::max) return value > *current ? value : *current;
  int64_t sum = 0;
  if (current->is_number_integer() && value.is_number_integer() &&
      !__builtin_add_overflow(current->get<int64_t>(), value.get<int64_t>(), &sum))
    return Json(sum);
  return Json(current->get<double>() + value.get<double>());
}

}  // namespace

Result<Json> reduced(const app::Set& set, const Json* current, Json value) {
  if (current && current->is_null()) current = nullptr;
  switch (set.reduce) {
    case Reduce::last:
      break;
    case Reduce::first:
      if (current) value = *current;
      break;
    case Reduce::append:
    case Reduce::unite:
      value = added(current, std::move(value), set.reduce == Reduce::unite);
      break;
    case Reduce::merge:
      value = TRY(merged(set, current, value));
      break;
    case Reduce::sum:
    case Reduce::min:
    case Reduce::max:
      value = TRY(counted(set, current, std::move(value)));
      break;
  }
  const auto most = static_cast<size_t>(set.last);
  if (most > 0 && value.is_array() && value.size() > most)
    value.erase(value.begin(), value.begin() + static_cast<std::ptrdiff_t>(value.size() - most));
  return value;
}

}  // namespace plenum::run
