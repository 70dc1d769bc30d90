R"sql(
-- :begin_effect
INSERT INTO effect_begun (scope, key, expires_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING
-- :expire_begun
DELETE FROM effect_begun
WHERE (scope, key) IN (SELECT scope, key FROM effect_begun WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)

-- :cached
SELECT data FROM cached WHERE scope = ?1 AND key = ?2 AND expires_at > ?3
-- :put_cached
INSERT INTO cached (scope, key, expires_at, data) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT DO UPDATE SET expires_at = excluded.expires_at, data = excluded.data
-- :expire_cached
DELETE FROM cached WHERE n IN (SELECT n FROM cached WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)
)sql"
