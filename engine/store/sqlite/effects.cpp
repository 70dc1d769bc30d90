// What effects leave behind besides their results: that they were begun, and replies to be given
// again.
#include "engine/store/sqlite/operations.h"

namespace plenum::sqlite {

namespace {
constexpr Millis kBegunLife = 30LL * 24 * 60 * 60 * 1000;
}

Result<bool> begin_effect(Session& session, const Owner& owner, const std::string& key,
                          Millis now) {
  if (key.empty()) return fail(Kind::invalid, "an effect is begun by its key");
  const int64_t scope = TRY(session.names.scope(session.db, owner)).scope;
  return TRY(session.db.use("begin_effect").bind(scope, key, now + kBegunLife).finish()) == 1;
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
