// Keys of programs: found by their digest, never deleted, so that what the record says of them can
// be read.
#include "engine/store/sqlite/operations.h"

namespace plenum::sqlite {

namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(' ', begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

ApiKey key_of(const Statement& row) {
  return {row.text(0),     row.text(1),     row.text(2),    row.text(3),        row.text(4),
          row.text(5),     row.text(6),     row.text(7),    split(row.text(8)), row.integer(9),
          row.integer(10), row.integer(11), row.integer(12)};
}

Result<ApiKey> one(Connection& db, std::string_view statement, const std::string& by) {
  Statement row = db.use(statement);
  row.bind(by);
  if (!TRY(row.next())) return fail(Kind::not_found, "there is no such key");
  return key_of(row);
}

Result<> recorded(Session& session, const ApiKey& key, Millis now, const char* action,
                  const std::string& outcome, const Actor& actor) {
  return record(session, {0, now, actor.name, key.app, key.owner, action, key.id, outcome,
                          actor.request, "", ""});
}

}  // namespace

Result<> put_api_key(Session& session, const ApiKey& key, const Actor& actor) {
  if (key.id.empty() || key.app.empty() || key.digest.size() != 64 || key.user.empty() ||
      key.owner.empty())
    return fail(Kind::invalid, "a key needs an id, an app, a digest, a user and an owner");
  const int64_t app = TRY(session.names.word(session.db, key.app));
  TRY(session.db.use("put_api_key")
          .bind(key.id, app, key.digest, key.hint, key.label, key.user, key.owner, key.plan,
                joined(key.roles), key.created_at, key.expires_at)
          .finish());
  return recorded(session, key, key.created_at, "create_key",
                  key.expires_at ? "until " + rfc3339(key.expires_at) : "for ever", actor);
}

Result<ApiKey> revoke_api_key(Session& session, const std::string& id, Millis now,
                              const Actor& actor) {
  ApiKey key = TRY(one(session.db, "api_key_by_id", id));
  if (key.revoked_at) return key;
  TRY(session.db.use("revoke_api_key").bind(id, now).finish());
  TRY(recorded(session, key, now, "revoke_key", "done", actor));
  key.revoked_at = now;
  return key;
}

Result<> use_api_key(Session& session, const std::string& id, Millis now) {
  TRY(session.db.use("use_api_key").bind(id, now).finish());
  return {};
}

Result<ApiKey> read_api_key(Connection& db, const std::string& digest) {
  return one(db, "api_key_by_digest", digest);
}

Result<std::vector<ApiKey>> read_api_keys(Connection& db, const std::string& app) {
  std::vector<ApiKey> keys;
  Statement row = db.use("inspect_api_keys");
  row.bind(app);
  while (TRY(row.next())) keys.push_back(key_of(row));
  return keys;
}

}  // namespace plenum::sqlite
