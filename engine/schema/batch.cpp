// The batch form of a schema: what a line asks for is compiled and validated in one go.

#include "engine/schema/batch.h"

#include "engine/schema/schema.h"

namespace plenum::schema {
namespace {

Options options_of(const Json& request) {
  Options options;
  const Json* strict = find(request, "strict");
  options.assert_formats = strict && strict->is_boolean() && strict->get<bool>();
  options.refuse_unknown_keywords = options.assert_formats;
  options.load = [&request](std::string_view uri) -> std::optional<Json> {
    const Json* documents = find(request, "documents");
    const Json* found = documents ? find(*documents, uri) : nullptr;
    return found ? std::optional(*found) : std::nullopt;
  };
  return options;
}

}  // namespace

Json batch(const Json& request) {
  const Json* schema = find(request, "schema");
  const Json* data = find(request, "data");
  if (!schema) return Json{{"error", "`schema` is required"}};
  if (!data) return Json{{"error", "`data` is required"}};
  const auto compiled = Schema::compile(*schema, options_of(request));
  if (!compiled) {
    std::string text;
    for (const Mistake& mistake : compiled.error())
      text += (text.empty() ? "" : "\n") + mistake.code + " at `" + mistake.pointer +
              "`: " + mistake.message + (mistake.help.empty() ? "" : "; " + mistake.help);
    return Json{{"error", text}};
  }
  Json errors = Json::array();
  for (const Violation& violation : compiled->validate(*data))
    errors.push_back(Json{{"pointer", violation.pointer}, {"message", violation.message}});
  const bool valid = errors.empty();
  return Json{{"valid", valid}, {"errors", std::move(errors)}};
}

}  // namespace plenum::schema
