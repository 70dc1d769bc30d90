// store: rows of the app's collections, always the caller's own.
//
// The row's id comes from the effect's key when the author names none: putting the same row again
// after a crash changes nothing.
#include <nlohmann/json.hpp>

#include "engine/nodes/kind_of.h"
#include "engine/nodes/where.h"

namespace plenum::nodes {

namespace {

struct Store final : run::Node {
  app::CollectionRef put, get, query, remove;
  app::Value id, data;
  Where where;
  std::string sort;  // a field, or -field
  int limit = 50;

  const app::CollectionRef& ref() const {
    return put.collection ? put : get.collection ? get : query.collection ? query : remove;
  }

  Result<run::Next> start(run::Visit& visit) const override {
    const app::Collection& collection = *ref().collection;
    if (query.collection) return run::Next::perform(rows(visit.scope));
    const Json row_id = TRY(id.in(visit.scope));
    const std::string row = row_id.is_string() ? row_id.get<std::string>() : "";
    if (put.collection) {
      Json values = TRY(complete(collection, TRY(data.in(visit.scope))));
      return run::Next::perform(run::PutRow{collection.name, row, std::move(values), collection.ttl,
                                            collection.owned_by_app});
    }
    if (row.empty())
      return fail(Kind::invalid,
                  "the id of a row of `" + collection.name + "` is text; this is " +
                      (row_id.is_string() ? "empty" : type_name(row_id)),
                  "wrong_type");
    if (get.collection)
      return run::Next::perform(run::GetRow{collection.name, row, collection.owned_by_app});
    return run::Next::perform(run::DeleteRow{collection.name, row, collection.owned_by_app});
  }

  run::QueryRows rows(const Scope& scope) const {
    run::QueryRows ask;
    ask.collection = query.collection->name;
    ask.app_owned = query.collection->owned_by_app;
    ask.wanted = where.in(scope);
    ask.descending = sort.starts_with('-');
    ask.sort = sort.substr(ask.descending ? 1 : 0);
    ask.limit = limit;
    return ask;
  }

  // Every value is checked against its field, because rows outlive the app's version that wrote
  // them.
  static Result<Json> complete(const app::Collection& collection, Json values) {
    Json row = Json::object();
    for (const app::Field& field : collection.fields) {
      const Json* value = find(values, field.name);
      if (!value && field.required())
        return fail(Kind::invalid,
                    "`" + field.name + "` is missing for a row of `" + collection.name + "`",
                    "wrong_type");
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

  Type result() const override {
    if (remove.collection)
      return Type::object({{"id", {Type::Kind::string}}}, false, "the result of `delete`");
    if (query.collection) return Type::list(query.collection->row_type());
    return ref().collection ? ref().collection->row_type() : Type();
  }
};

// `row` is the row's fields, and its id unless a field has that name.
Type row_type(const app::Collection& collection) {
  Type::Fields fields;
  for (const app::Field& field : collection.fields)
    fields.push_back({field.name, {field.type.type}});
  if (!app::find(collection.fields, "id")) fields.push_back({"id", {Type::Kind::string}});
  return Type::object(std::move(fields), false, "a row of `" + collection.name + "`");
}

void read_where(app::Reader& reader, const yaml::Node& yaml, Store& store) {
  const app::Collection* rows = store.query.collection;
  read_where(reader, yaml, rows ? row_type(*rows) : Type(), store.where,
             [&](const std::string& field) { return rows && app::find(rows->fields, field); });
}

void read_sort(app::Reader& reader, const yaml::Node& yaml, Store& store) {
  if (!reader.read(yaml, store.sort) || !store.query.collection) return;
  const std::string field = store.sort.substr(store.sort.starts_with('-') ? 1 : 0);
  if (app::find(store.query.collection->fields, field)) return;
  std::vector<std::string> known;
  for (const app::Field& one : store.query.collection->fields) known.push_back(one.name);
  const std::string near = nearest(field, known);
  reader.report.error(
      "D404", yaml.span,
      "no field " + quote(field) + " in collection " + quote(store.query.collection->name),
      near.empty() ? "it has " + any_of(known) : quote(near));
}

// What `data` gives for one field, as far as it is known before it is computed.
std::optional<app::Value> given(const app::Value& data, const std::string& name) {
  if (const app::Value::Map* map = data.map()) {
    for (const auto& [key, value] : *map)
      if (key == name) return value;
  } else if (const Json* constant = data.constant()) {
    if (const Json* value = find(*constant, name)) return app::Value(*value);
  }
  return std::nullopt;
}

void check_data(app::Reader& reader, const yaml::Node& yaml, const app::Value& data,
                const app::Collection& collection) {
  if (!data.type().is(Type::Kind::object)) {
    reader.wants(yaml, data, Type::object({}, true), "a row of " + quote(collection.name));
    return;  // what an expression gives is checked when it is put
  }
  std::vector<std::string> known;
  for (const app::Field& field : collection.fields) known.push_back(field.name);
  for (const auto& [name, type] : data.type().fields()) {
    if (app::find(collection.fields, name)) continue;
    const yaml::Member* member = yaml.find_member(name);
    const std::string near = nearest(name, known);
    reader.report.error("D404", member ? member->key_span : yaml.span,
                        "no field " + quote(name) + " in collection " + quote(collection.name),
                        near.empty() ? "it has " + any_of(known) : quote(near));
  }
  for (const app::Field& field : collection.fields) {
    const Type::Field* type = data.type().field(field.name);
    const yaml::Member* member = yaml.find_member(field.name);
    if (const auto value = given(data, field.name))
      reader.wants(member ? member->value : yaml, *value, field.type.type, quote(field.name),
                   &field.type.schema);
    else if (type && !type->type.fits(field.type.type))
      reader.report.error("D405", yaml.span,
                          quote(field.name) + " is " + app::Reader::word(field.type.type) +
                              ", this gives " + app::Reader::word(type->type));
    else if (!type && field.required() && !data.type().is_open())
      reader.report.error("D408", yaml.span,
                          "a row of " + quote(collection.name) + " needs " + quote(field.name),
                          "add it: it is " + app::Reader::word(field.type.type));
  }
}

void check_store(app::Reader& reader, const yaml::Node& yaml, Store& store) {
  std::vector<std::string> actions;
  for (const char* action : {"put", "get", "query", "delete"})
    if (yaml.find(action)) actions.push_back(action);
  if (actions.size() == 1 && store.ref().collection && store.ref().collection->vector)
    return wrong_collection(reader, *yaml.find(actions[0]), *store.ref().collection);
  if (actions.size() != 1)
    return reader.report.error("S102", yaml.span,
                               "`store` needs exactly one of `put`, `get`, `query` and `delete`",
                               "for example put: a collection");
  const yaml::Node* id = yaml.find("id");
  const yaml::Node* data = yaml.find("data");
  const bool put = actions[0] == "put", query = actions[0] == "query";
  if (query && store.query.collection && !store.query.collection->owned_by_app)
    reader.reads_owner = true;
  for (const char* key : {"where", "sort", "limit"})
    if (const yaml::Member* member = yaml.find_member(key); member && !query)
      reader.report.error("S101", member->key_span,
                          quote(key) + " has no meaning for " + quote(actions[0]),
                          "it belongs to `query`");
  if (query && id)
    reader.report.error("S101", yaml.find_member("id")->key_span, "`id` has no meaning for `query`",
                        "`get` reads one row by its id");
  if (id) reader.wants(*id, store.id, Type(Type::Kind::string).nullable(put), "`id`");
  if (!put && !query && !id)
    reader.report.error("S102", yaml.span, "`store` needs `id` to " + actions[0] + " a row",
                        "id: =the row's id");
  if (!put && data)
    reader.report.error("S101", yaml.find_member("data")->key_span,
                        "`data` has no meaning for " + quote(actions[0]), "remove it");
  if (put && !data)
    reader.report.error("S102", yaml.span, "`store` needs `data` to put a row",
                        "data: {field: value}");
  if (put && data) check_data(reader, *data, store.data, *store.put.collection);
}

}  // namespace

NodeKind store_kind() {
  return KindOf<Store>("store",
                       "Puts, gets, queries or deletes rows of a collection; only the caller's "
                       "own rows exist for it.")
      .takes("put", &Store::put, "The collection to put a row into.")
      .takes("get", &Store::get,
             "The collection to get a row from; a row that is not there fails with not_found.")
      .takes("query", &Store::query,
             "The collection to find rows in; the result is a list of rows.")
      .takes("delete", &Store::remove, "The collection to delete a row from.")
      .takes("id", &Store::id, "The row's id; a new one when it is left out of `put`.")
      .takes("data", &Store::data, "The row's fields.")
      .takes("where", "CEL", read_where,
             "Which rows are wanted: a condition over `row`, which has the collection's fields and "
             "`id`.")
      .takes("sort", "field or -field", read_sort,
             "The field that orders them, with - downwards; the newest come first without it.")
      .takes("limit", &Store::limit, 1, 500, "The most rows that are returned.")
      .check(check_store);
}

}  // namespace plenum::nodes
