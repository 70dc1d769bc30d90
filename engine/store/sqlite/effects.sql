R"sql(
-- These three run at every step.  Written as they are, each changes one row that it finds by its whole key, and SQLite
-- makes no temporary table for it, which would cost more than the change.
-- :begin_effect
INSERT INTO effect (run, call, sent, status, started_at, ended_at, cost_usd, kind, path, key, digest, error, reserved_usd)
VALUES (?1, ?2, (SELECT count(*) + 1 FROM effect WHERE run = ?1 AND call = ?2), 0, ?3, 0, 0, ?4, ?5, ?6, ?7, '', ?8)
-- What is begun again was ambiguous before: only the last one can be open.
-- :end_effect
UPDATE effect SET status = ?3, ended_at = ?4, cost_usd = ?5, error = ?6, input_tokens = ?7, output_tokens = ?8, cached_tokens = ?9
WHERE run = ?1 AND call = ?2 AND status = 0
  AND sent = (SELECT max(sent) FROM effect WHERE run = ?1 AND call = ?2)
-- :open_effect
SELECT call, sent FROM effect WHERE run = ?1 AND status = 0 LIMIT 1
-- :doubt_effect
UPDATE effect SET status = 3, ended_at = ?4 WHERE run = ?1 AND call = ?2 AND sent = ?3
-- Before the runs themselves are rescued.
-- :doubt_effects
UPDATE effect SET status = 3, ended_at = ?2
WHERE status = 0 AND run IN (SELECT n FROM run WHERE status IN (1, 4) AND boot <> ?1)
-- :effects_of
SELECT call, sent, status, started_at, ended_at, cost_usd, kind, path, key, digest, error, reserved_usd,
  input_tokens, output_tokens, cached_tokens
FROM effect WHERE run = ?1 ORDER BY call, sent

-- :spent
SELECT app.text, owner, day, calls, input_tokens, output_tokens, cost_usd
FROM spent CROSS JOIN scope USING (scope) CROSS JOIN word AS app ON app.word = scope.app
WHERE day = ?1
-- :expire_spent
DELETE FROM spent WHERE (scope, day) IN (SELECT scope, day FROM spent WHERE day < ?1 / 86400000 - 400 LIMIT ?2)
-- :forget_spent
DELETE FROM spent WHERE (scope, day) IN (SELECT scope, day FROM spent WHERE scope = ?1 LIMIT ?2)

-- :cached
SELECT data FROM cached WHERE scope = ?1 AND key = ?2 AND expires_at > ?3
-- :put_cached
INSERT INTO cached (scope, key, expires_at, data) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT DO UPDATE SET expires_at = excluded.expires_at, data = excluded.data
-- :expire_cached
DELETE FROM cached WHERE n IN (SELECT n FROM cached WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)
)sql"
