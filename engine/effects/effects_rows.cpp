// Rows of collections.
#include <nlohmann/json.hpp>

#include "engine/effects/row_scope.h"
#include "engine/effects/work.h"

namespace plenum {

namespace {

std::function<void(Result<Row>)> row_reply(std::function<void(Result<EffectReply>)> done,
                                           std::string collection) {
  return [done = std::move(done), collection = std::move(collection)](Result<Row> row) {
    if (!row && row.error().kind == Kind::not_found)
      return done(
          fail(Kind::not_found, "there is no such row in `" + collection + "`", "not_found"));
    if (!row) return done(tl::unexpected(std::move(row).error()));
    Result<Json> data = parse_json(row->data, kOwnJson);
    if (!data) return done(tl::unexpected(std::move(data).error()));
    done(EffectReply{Json{{"id", row->id}, {"data", *std::move(data)}}, 0, ""});
  };
}

}  // namespace

void Effects::Work::start(uint64_t, const run::PutRow& ask, const run::Perform& what,
                          const EffectContext& context, Done done) {
  Row row;
  row.id = ask.id.empty() ? "row_" + what.key.substr(0, 26) : ask.id;
  row.data = to_text(ask.data);
  row.created_at = parts.clock->now();
  row.expires_at = ask.ttl ? row.created_at + ask.ttl->count() : 0;
  parts.store->put_row(scope(context, ask.app_owned), ask.collection, std::move(row),
                       row_reply(std::move(done), ask.collection));
}

void Effects::Work::start(uint64_t, const run::GetRow& ask, const run::Perform&,
                          const EffectContext& context, Done done) {
  parts.store->row(scope(context, ask.app_owned), ask.collection, ask.id,
                   row_reply(std::move(done), ask.collection));
}

void Effects::Work::start(uint64_t, const run::DeleteRow& ask, const run::Perform& what,
                          const EffectContext& context, Done done) {
  parts.store->delete_row(scope(context, ask.app_owned), ask.collection, ask.id,
                          [id = ask.id, again = what.again, done](Result<> deleted) {
                            // Asked for before a crash, it may have been carried out then.
                            const bool gone =
                                again && !deleted && deleted.error().kind == Kind::not_found;
                            if (!deleted && !gone)
                              return done(tl::unexpected(std::move(deleted).error()));
                            done(EffectReply{Json{{"id", id}}, 0, ""});
                          });
}

namespace {

std::function<Result<bool>(const Row&)> condition(const run::Wanted& wanted) {
  if (!wanted.where) return nullptr;
  return [where = wanted.where, names = wanted.names](const Row& row) -> Result<bool> {
    Json fields = TRY(parse_json(row.data, kOwnJson));
    if (!plenum::find(fields, "id")) fields["id"] = row.id;
    return where.holds(RowScope(fields, names));
  };
}

Result<EffectReply> rows_reply(Result<std::vector<Row>> rows) {
  if (!rows) return tl::unexpected(std::move(rows).error());
  EffectReply reply;
  reply.result = Json::array();
  for (const Row& row : *rows)
    reply.result.push_back(Json{{"id", row.id}, {"data", TRY(parse_json(row.data, kOwnJson))}});
  return reply;
}

}  // namespace

void Effects::Work::start(uint64_t, const run::QueryRows& ask, const run::Perform&,
                          const EffectContext& context, Done done) {
  RowQuery query;
  query.equal = ask.wanted.equal;
  query.sort = ask.sort;
  query.descending = ask.descending;
  query.limit = ask.limit;
  query.keep = condition(ask.wanted);
  parts.store->query(scope(context, ask.app_owned), ask.collection, std::move(query),
                     [done = std::move(done)](Result<std::vector<Row>> rows) {
                       done(rows_reply(std::move(rows)));
                     });
}

}  // namespace plenum
