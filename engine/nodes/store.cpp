// store: rows of the app's collections, always the caller's own.
//
// The row's id comes from the effect's key when the author names none: putting the same row again
// after a crash changes nothing.
#include <nlohmann/json.hpp>

#include "engine/app/kind_of.h"

namespace plenum::nodes {

namespace {

struct Store final : run::Node {
  app::CollectionRef put, get, remove;
  app::Value id, data;

  const app::CollectionRef& ref() const {
    return put.collection ? put : get.collection ? get : remove;
  }

  Result<run::Next> start(run::Visit& visit) const override {
    const app::Collection& collection = *ref().collection;
    const Json row_id = TRY(id.in(visit.scope));
    const std::string row = row_id.is_string() ? row_id.get<std::string>() : "";
    if (put.collection) {
      Json values = TRY(complete(collection, TRY(data.in(visit.scope))));
      return run::Next::perform(run::PutRow{collection.name, row, std::move(values), collection.ttl,
                                            collection.owned_by_app});
    }
    if (row.empty())
      return fail(Kind::invalid, "the id for `" + collection.name + "` is not a text");
    if (get.collection)
      return run::Next::perform(run::GetRow{collection.name, row, collection.owned_by_app});
    return run::Next::perform(run::DeleteRow{collection.name, row, collection.owned_by_app});
  }

  // Every value is checked against its field, because rows outlive the app's version that wrote
  // them.
  static Result<Json> complete(const app::Collection& collection, Json values) {
    Json row = Json::object();
    for (const app::Field& field : collection.fields) {
      const Json* value = find(values, field.name);
      if (!value && field.required())
        return fail(Kind::invalid,
                    "`" + field.name + "` is missing for a row of `" + collection.name + "`");
      row[field.name] = value ? *value : field.type.fallback.value_or(Json());
      const std::vector<Violation> violations = field.type.schema.validate(row[field.name], 3);
      if (!violations.empty())
        return fail(Error{Kind::invalid,
                          "`" + field.name + "` does not fit `" + collection.name +
                              "`: " + violations[0].pointer + " " + violations[0].message,
                          "wrong_type",
                          {},
                          {},
                          violations});
    }
    return row;
  }

  Type result() const override { return ref().collection ? ref().collection->row_type() : Type(); }
};

void check_store(app::Reader& reader, const yaml::Node& yaml, Store& store) {
  int actions = 0;
  for (const char* action : {"put", "get", "query", "delete"})
    actions += yaml.find(action) != nullptr;
  if (actions != 1)
    return reader.report.error("S102", yaml.span,
                               "`store` needs exactly one of `put`, `get`, `query` and `delete`");
  const bool put = yaml.find("put");
  if (!put && !yaml.find("id"))
    return reader.report.error(
        "S102", yaml.span,
        "`store` needs `id` to " + std::string(yaml.find("get") ? "get" : "delete") + " a row");
  if (!put || !store.put.collection) return;
  const yaml::Node* data = yaml.find("data");
  if (!data) return reader.report.error("S102", yaml.span, "`store` needs `data` to put a row");
  const app::Collection& collection = *store.put.collection;
  std::vector<std::string> known;
  for (const app::Field& field : collection.fields) known.push_back(field.name);
  for (const auto& [name, field] : store.data.type().fields())
    if (!app::find(collection.fields, name))
      if (const yaml::Member* member = data->find_member(name)) {
        const std::string near = nearest(name, known);
        reader.report.error(
            "D404", member->key_span,
            "no field " + quote(name) + " in collection " + quote(collection.name),
            near.empty() ? "one of " + any_of(known) : quote(near));
      }
  for (const app::Field& field : collection.fields) {
    const Type::Field* given = store.data.type().field(field.name);
    if (!given && field.required() && store.data.type().is(Type::Kind::object) &&
        !store.data.type().is_open())
      reader.report.error("D408", data->span,
                          "a row of " + quote(collection.name) + " needs " + quote(field.name),
                          "add it");
    if (given && !given->type.fits(field.type.type))
      if (const yaml::Member* member = data->find_member(field.name))
        reader.report.error("D405", member->value.span,
                            quote(field.name) + " is " + field.type.type.text() + ", this gives " +
                                given->type.text());
  }
}

}  // namespace

app::NodeKind store_kind() {
  return app::KindOf<Store>("store",
                            "Puts, gets or deletes a row of a collection; only the caller's own "
                            "rows exist for it.")
      .takes("put", &Store::put, "The collection to put a row into.")
      .takes("get", &Store::get,
             "The collection to get a row from; a row that is not there fails with not_found.")
      .takes("delete", &Store::remove, "The collection to delete a row from.")
      .takes("id", &Store::id, "The row's id; a new one when it is left out of `put`.")
      .takes("data", &Store::data, "The row's fields.")
      .later({"query", "where", "sort", "limit"})
      .check(check_store);
}

}  // namespace plenum::nodes
