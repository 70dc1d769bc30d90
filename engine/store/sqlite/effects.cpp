// The journal of effects (T3, T4), and replies to be given again.
#include "engine/store/sqlite/operations.h"

namespace plenum::sqlite {

Result<> begin_effects(Connection& db, int64_t run, const std::vector<EffectRow>& effects) {
  for (const EffectRow& e : effects)
    TRY(db.use("begin_effect")
            .bind(run, e.call, e.started_at, e.kind, e.path, e.key, e.digest, e.reserved_usd)
            .finish());
  return {};
}

Result<> end_effects(Connection& db, int64_t run, const std::vector<EffectRow>& effects) {
  for (const EffectRow& e : effects)
    TRY(db.use("end_effect")
            .bind(run, e.call, static_cast<int>(e.status), e.ended_at, e.cost_usd, e.error,
                  e.input_tokens, e.output_tokens, e.cached_tokens)
            .finish());
  return {};
}

namespace {

using Key = std::pair<int64_t, int64_t>;  // call, sent

Result<std::optional<Key>> open_effect(Connection& db, int64_t run) {
  Statement row = db.use("open_effect");
  if (!TRY(row.bind(run).next())) return std::nullopt;
  return Key{row.integer(0), row.integer(1)};
}

}  // namespace

Result<> doubt_effects(Connection& db, int64_t run, Millis now) {
  while (const std::optional<Key> open = TRY(open_effect(db, run)))
    TRY(db.use("doubt_effect").bind(run, open->first, open->second, now).finish());
  return {};
}

Result<std::vector<EffectRow>> read_effects(Connection& db, const Owner& owner,
                                            const std::string& run) {
  const int64_t number = TRY(number_of(db, owner, run));
  std::vector<EffectRow> all;
  Statement row = db.use("effects_of");
  row.bind(number);
  while (TRY(row.next())) {
    EffectRow& e = all.emplace_back();
    e.call = static_cast<uint64_t>(row.integer(0));
    e.sent = static_cast<int>(row.integer(1));
    e.status = static_cast<EffectStatus>(row.integer(2));
    e.started_at = row.integer(3);
    e.ended_at = row.integer(4);
    e.cost_usd = row.real(5);
    e.kind = row.text(6);
    e.path = row.text(7);
    e.key = row.text(8);
    e.digest = row.text(9);
    e.error = row.text(10);
    e.reserved_usd = row.real(11);
    e.input_tokens = row.integer(12);
    e.output_tokens = row.integer(13);
    e.cached_tokens = row.integer(14);
  }
  return all;
}

Spent spent_of(const Statement& row) {
  return {{row.text(0), row.text(1)},
          row.integer(2),
          row.integer(3),
          row.integer(4),
          row.integer(5),
          row.real(6)};
}

Result<std::vector<Spent>> read_spent(Connection& db, int64_t day) {
  std::vector<Spent> all;
  Statement row = db.use("spent");
  row.bind(day);
  while (TRY(row.next())) all.push_back(spent_of(row));
  return all;
}

Result<> put_cached(Session& session, const Owner& owner, const std::string& key,
                    const std::string& data, Millis expires_at) {
  if (key.empty()) return fail(Kind::invalid, "a reply is kept by its key");
  const int64_t scope = TRY(session.names.scope(session.db, owner)).scope;
  TRY(session.db.use("put_cached").bind(scope, key, expires_at, data).finish());
  return {};
}

Result<std::string> read_cached(Connection& db, const Owner& owner, const std::string& key,
                                Millis now) {
  const int64_t scope = TRY(find_scope(db, owner));
  Statement row = db.use("cached");
  if (!TRY(row.bind(scope, key, now).next()))
    return fail(Kind::not_found, "no reply is kept under this key");
  return row.text(0);
}

}  // namespace plenum::sqlite
