R"sql(
-- :put_api_key
INSERT INTO api_key (id, app, digest, hint, label, user, owner, plan, roles, created_at, expires_at, revoked_at, used_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0, 0)
-- :api_key_by_digest
SELECT id, text, digest, hint, label, user, owner, plan, roles, created_at, expires_at, revoked_at, used_at
FROM api_key JOIN word ON word = app WHERE digest = ?1
-- :api_key_by_id
SELECT id, text, digest, hint, label, user, owner, plan, roles, created_at, expires_at, revoked_at, used_at
FROM api_key JOIN word ON word = app WHERE id = ?1
-- :inspect_api_keys
SELECT id, text, digest, hint, label, user, owner, plan, roles, created_at, expires_at, revoked_at, used_at
FROM api_key JOIN word ON word = app WHERE ?1 = '' OR text = ?1 ORDER BY n
-- :revoke_api_key
UPDATE api_key SET revoked_at = ?2 WHERE id = ?1 AND revoked_at = 0
-- :use_api_key
UPDATE api_key SET used_at = ?2 WHERE id = ?1 AND used_at < ?2
)sql"
