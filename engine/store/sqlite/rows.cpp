// Rows of collections, records of files, definitions: small tables with a key each.
#include <algorithm>
#include <limits>

#include "engine/store/sqlite/operations.h"

namespace plenum::sqlite {

namespace {

tl::unexpected<Error> no_row(const std::string& collection, const std::string& id) {
  return fail(Kind::not_found, "there is no row " + id + " in the collection " + collection);
}

Row row_of(const Statement& row) {
  return {row.text(0), row.text(1), row.integer(2), row.integer(3)};
}

struct Place {  // where an owner's collection is; 0 when nothing was ever put there
  int64_t scope = 0, collection = 0;
};

Result<Place> place_of(Connection& db, const Owner& owner, const std::string& collection) {
  return Place{TRY(find_scope(db, owner)), TRY(find_word(db, collection))};
}

constexpr int kNumber = 4;  // the column of a row's number

}  // namespace

Result<Row> put_row(Session& session, const Owner& owner, const std::string& collection, Row& row) {
  if (row.id.empty())
    return fail(Kind::invalid, "a row of the collection " + collection + " needs an id");
  const int64_t scope = TRY(session.names.scope(session.db, owner)).scope;
  row.created_at = TRY(put_row(session, scope, collection, row));
  return std::move(row);
}

Result<Millis> put_row(Session& session, int64_t scope, const std::string& collection,
                       const Row& row) {
  const int64_t word = TRY(session.names.word(session.db, collection));
  Statement put = session.db.use("put_row");
  TRY(put.bind(scope, word, row.id, row.created_at, row.expires_at, row.data).next());
  return put.integer(0);
}

Result<> delete_row(Session& session, const Owner& owner, const std::string& collection,
                    const std::string& id) {
  const Place place = TRY(place_of(session.db, owner, collection));
  if (TRY(session.db.use("delete_row").bind(place.scope, place.collection, id).finish()) != 1)
    return no_row(collection, id);
  return {};
}

Result<Row> read_row(Connection& db, const Owner& owner, const std::string& collection,
                     const std::string& id) {
  const Place place = TRY(place_of(db, owner, collection));
  Statement row = db.use("row");
  if (!TRY(row.bind(place.scope, place.collection, id).next())) return no_row(collection, id);
  return row_of(row);
}

Result<std::vector<Row>> read_rows(Connection& db, const Owner& owner,
                                   const std::string& collection, const Page& page) {
  const Place place = TRY(place_of(db, owner, collection));
  int64_t before = std::numeric_limits<int64_t>::max();
  if (!page.after.empty()) {
    Statement last = db.use("row");
    if (!TRY(last.bind(place.scope, place.collection, page.after).next()))
      return no_row(collection, page.after);
    before = last.integer(kNumber);
  }
  std::vector<Row> rows;
  Statement row = db.use("rows");
  row.bind(place.scope, place.collection, before, std::clamp(page.limit, 1, 100));
  while (TRY(row.next())) rows.push_back(row_of(row));
  return rows;
}

namespace {

// A member's place as SQLite's JSON functions name it.
std::string json_path(const std::string& field) {
  return "$." + to_text(Json(field));
}

tl::unexpected<Error> too_much(const std::string& collection, const std::string& what) {
  return fail(Kind::limited,
              "a query of the collection " + collection + " " + what +
                  ": ask for less, with an equality on a field in `where` or a smaller `limit`",
              "query_limit");
}

Result<std::vector<Row>> gather(Statement& found, const std::string& collection,
                                const RowQuery& query) {
  std::vector<Row> rows;
  size_t bytes = 0;
  const size_t limit = static_cast<size_t>(std::clamp(query.limit, 1, 500));
  for (int asked = 0; rows.size() < limit && TRY(found.next());) {
    Row row = row_of(found);
    if (query.keep) {
      if (++asked > RowQuery::kMostAsked)
        return too_much(collection, "looks at more than " + std::to_string(RowQuery::kMostAsked) +
                                        " rows one by one");
      if (!TRY(query.keep(row))) continue;
    }
    bytes += row.data.size();
    if (bytes > RowQuery::kMostBytes) return too_much(collection, "finds more than 4 MB");
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

std::string equal_text(const Json& equal) {
  Json wanted = Json::object();
  if (equal.is_object())
    for (const auto& [field, value] : equal.items()) wanted[json_path(field)] = value;
  return to_text(wanted);
}

Result<std::vector<Row>> query_rows(Connection& db, const Owner& owner,
                                    const std::string& collection, const RowQuery& query) {
  const Place place = TRY(place_of(db, owner, collection));
  const std::string equal = equal_text(query.equal), sort = json_path(query.sort);
  if (query.sort.empty()) {
    Statement found = db.use("query_newest");
    found.bind(place.scope, place.collection, equal);
    return gather(found, collection, query);
  }
  Statement more = db.use("more_rows_than");
  if (TRY(more.bind(place.scope, place.collection, RowQuery::kMostRows).next()))
    return too_much(collection, "sorts more than " + std::to_string(RowQuery::kMostRows) + " rows");
  Statement found = db.use(query.descending ? "query_downwards" : "query_upwards");
  found.bind(place.scope, place.collection, equal, sort);
  return gather(found, collection, query);
}

Result<FileRow> put_file(Session& session, const FileRow& file) {
  if (file.id.empty()) return fail(Kind::invalid, "a file's record needs an id");
  const int64_t scope = TRY(session.names.scope(session.db, file.owner)).scope;
  TRY(session.db.use("put_file")
          .bind(scope, file.id, file.name, file.mime, file.digest, file.size, file.created_at,
                file.expires_at)
          .finish());
  return read_file(session.db, file.owner, file.id);
}

Result<FileRow> read_file(Connection& db, const Owner& owner, const std::string& id) {
  const int64_t scope = TRY(find_scope(db, owner));
  Statement row = db.use("file");
  if (!TRY(row.bind(scope, id).next())) return fail(Kind::not_found, "there is no file " + id);
  return FileRow{id,          owner,          row.text(0),    row.text(1),
                 row.text(2), row.integer(3), row.integer(4), row.integer(5)};
}

Result<> put_bundle(Session& session, const std::string& app, const std::string& hash,
                    const std::string& text) {
  if (app.empty() || hash.empty())
    return fail(Kind::invalid, "a definition is kept by its app and its hash");
  const int64_t word = TRY(session.names.word(session.db, app));
  if (TRY(session.db.use("put_bundle").bind(word, hash, text).finish()) == 0) return {};
  TRY(session.db.use("drop_bundles").bind(word).finish());
  return {};
}

Result<std::string> read_bundle(Connection& db, const std::string& app, const std::string& hash) {
  const int64_t word = TRY(find_word(db, app));
  Statement row = db.use("bundle");
  if (!TRY(row.bind(word, hash).next()))
    return fail(Kind::not_found,
                "the definition " + hash + " of the app " + app + " is not kept here");
  return row.text(0);
}

}  // namespace plenum::sqlite
