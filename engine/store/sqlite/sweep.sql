R"sql(
-- :next_boot
UPDATE boot SET boot = boot + 1 RETURNING boot
-- :tally
SELECT scope, app, route, status, count(*) FROM
  (SELECT scope, route, status FROM run WHERE status = 0 AND job = 1
   UNION ALL SELECT scope, route, status FROM run WHERE status IN (1, 4) AND job = 1)
  CROSS JOIN scope USING (scope)
GROUP BY scope, app, route, status

-- :rescue
UPDATE run SET status = 0, rescues = rescues + 1, available_at = min(available_at, ?2)
WHERE status IN (1, 4) AND status = 1 AND boot <> ?1 AND rescues < 5
-- :bury
UPDATE run SET status = 8, rescues = rescues + 1, finished_at = ?2, error = ?3
WHERE status IN (1, 4) AND status = 1 AND boot <> ?1 AND rescues >= 5
-- :cancel_left
UPDATE run SET status = 7, finished_at = ?2 WHERE status IN (1, 4) AND status = 4 AND boot <> ?1

-- :missed
SELECT n, scope, app, route, job, status FROM run JOIN scope USING (scope)
WHERE status IN (0, 2) AND deadline > 0 AND deadline <= ?1 ORDER BY deadline LIMIT ?2
-- :miss_deadline
UPDATE run SET status = 6, finished_at = ?2, wake_at = 0, at = '', returned = '', error = ?3
WHERE n = ?1 AND status IN (0, 2)
-- :expire_runs
DELETE FROM run
WHERE n IN (SELECT n FROM run WHERE status >= 5 AND expires_at > 0 AND expires_at <= ?1 ORDER BY expires_at LIMIT ?2)
-- :expire_rows
DELETE FROM collection_row
WHERE n IN (SELECT n FROM collection_row WHERE expires_at > 0 AND expires_at <= ?1 ORDER BY expires_at LIMIT ?2)
-- :expire_counters
DELETE FROM counter
WHERE (scope, name, window_start) IN
  (SELECT scope, name, window_start FROM counter WHERE window_end <= ?1 ORDER BY window_end LIMIT ?2)
-- :expire_keys
DELETE FROM idempotency
WHERE (scope, key) IN (SELECT scope, key FROM idempotency WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)
-- :expired_files
SELECT file.n, file.scope, id, app.text, owner, name, mime, digest, size, created_at, expires_at
FROM file JOIN scope USING (scope) JOIN word AS app ON app.word = scope.app
WHERE expires_at > 0 AND expires_at <= ?1 ORDER BY expires_at LIMIT ?2
-- :delete_file
DELETE FROM file WHERE n = ?1
-- :digest_used
SELECT 1 FROM file WHERE scope = ?1 AND digest = ?2 LIMIT 1

-- What is kept for an owner; the name of the scope stays, and says nothing but that there was one.
-- :forget_keys
DELETE FROM idempotency WHERE (scope, key) IN (SELECT scope, key FROM idempotency WHERE scope = ?1 LIMIT ?2)
-- :forget_counters
DELETE FROM counter WHERE (scope, name, window_start) IN
  (SELECT scope, name, window_start FROM counter WHERE scope = ?1 LIMIT ?2)
-- :forget_cached
DELETE FROM cached WHERE n IN (SELECT n FROM cached WHERE scope = ?1 LIMIT ?2)
-- :forget_rows
DELETE FROM collection_row WHERE n IN (SELECT n FROM collection_row WHERE scope = ?1 LIMIT ?2)
-- :forget_runs
DELETE FROM run WHERE n IN (SELECT n FROM run WHERE scope = ?1 LIMIT ?2)
-- :files_of_scope
SELECT file.n, file.scope, id, app.text, owner, name, mime, digest, size, created_at, expires_at
FROM file JOIN scope USING (scope) JOIN word AS app ON app.word = scope.app
WHERE file.scope = ?1 LIMIT ?2
)sql"
