R"sql(
-- What operators' commands ask, on a connection of their own: these may read whole tables.
-- :inspect_number
SELECT n FROM run WHERE id = ?1
-- :inspect_runs
SELECT * FROM run_whole
WHERE n < ?1 AND (?2 = '' OR app = ?2) AND (?3 = '' OR owner = ?3) AND (?4 < 0 OR status = ?4) AND (?5 = 0 OR job = 1)
ORDER BY n DESC LIMIT ?6
-- :inspect_spent
SELECT app.text, owner, day, calls, input_tokens, output_tokens, cost_usd
FROM spent JOIN scope USING (scope) JOIN word AS app ON app.word = scope.app
WHERE day >= ?1 AND (?2 = '' OR app.text = ?2) AND (?3 = '' OR owner = ?3) ORDER BY day, app.text, owner
-- :inspect_files
SELECT id, app.text, owner, name, mime, digest, size, created_at, expires_at
FROM file JOIN scope USING (scope) JOIN word AS app ON app.word = scope.app
WHERE expires_at = 0 OR expires_at > ?1 ORDER BY n
-- :inspect_counts
SELECT status, count(*) FROM run GROUP BY status
-- :inspect_lost
SELECT * FROM run_whole WHERE status = 2 AND at = '' AND wake_at = 0 ORDER BY n LIMIT 100
-- :inspect_left
SELECT * FROM run_whole WHERE n IN
  (SELECT n FROM run WHERE status IN (1, 4) AND (?1 = 0 OR boot <> (SELECT boot FROM boot)) LIMIT 100)
-- :inspect_overdue
SELECT count(*) FROM run WHERE status = 0 AND available_at < ?1
-- :pause_unfinished
UPDATE run SET status = 3 WHERE status IN (0, 1, 2)
-- :cancel_unfinished
UPDATE run SET status = 7, finished_at = ?1 WHERE status = 4
)sql"
