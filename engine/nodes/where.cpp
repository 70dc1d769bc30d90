#include "engine/nodes/where.h"

#include <nlohmann/json.hpp>

#include "engine/base/diagnostic.h"

namespace plenum::nodes {

run::Wanted Where::in(const Scope& scope) const {
  run::Wanted wanted;
  wanted.where = condition;
  if (condition)
    for (const cel::Read& read : condition.code->reads())
      if (const Json* value = read.path[0] == "row" ? nullptr : scope.find(read.path[0]))
        wanted.names[read.path[0]] = *value;
  for (const Equal& one : equal)
    if (const Result<Json> value = one.wanted.evaluate(scope);
        value && (value->is_string() || value->is_boolean() || value->is_number()))
      wanted.equal[one.field] = *value;
  return wanted;
}

void read_where(app::Reader& reader, const yaml::Node& yaml, const Type& row, Where& where,
                const std::function<bool(const std::string& field)>& stored) {
  const auto outside = reader.names;
  reader.names["row"] = row;
  reader.read(yaml, where.condition);
  reader.names = outside;
  if (!where.condition) return;
  for (const cel::Equality& one : where.condition.code->equalities("row")) {
    if (!stored(one.field)) continue;
    if (auto wanted = cel::Expression::compile(one.text, reader.names))
      where.equal.push_back({one.field, *std::move(wanted)});
  }
}

void wrong_collection(app::Reader& reader, const yaml::Node& name,
                      const app::Collection& collection) {
  reader.report.error(
      "R214", name.span,
      quote(collection.name) + (collection.vector ? " holds texts with vectors, not rows"
                                                  : " holds rows, not texts with vectors"),
      collection.vector ? "`ingest` puts texts into it, `retrieve` finds them"
                        : "a collection with `vector`, for example {vector: an "
                          "embedding model}");
}

}  // namespace plenum::nodes
