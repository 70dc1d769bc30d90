R"sql(
-- A lane is the queued runs of one urgency, owner and route, oldest first; its head is found with one seek.
-- :lane_after
SELECT urgency, scope, route, available_at, n, job, concurrency FROM run
WHERE status = 0 AND (urgency, scope, route) > (?1, ?2, ?3)
ORDER BY urgency, scope, route, available_at, n LIMIT 1
-- :lane_head
SELECT urgency, scope, route, available_at, n, job, concurrency FROM run
WHERE status = 0 AND urgency = ?1 AND scope = ?2 AND route = ?3
ORDER BY available_at, n LIMIT 1
-- :app_of_scope
SELECT app FROM scope WHERE scope = ?1
-- :claim
UPDATE run SET status = 1, epoch = epoch + 1, boot = ?3, started_at = CASE started_at WHEN 0 THEN ?2 ELSE started_at END
WHERE n = ?1 AND status = 0 AND available_at <= ?2
-- Most claims find nobody to wake, and the statement that wakes makes three temporary tables.
-- :asleep_too_long
SELECT 1 FROM run WHERE status = 2 AND wake_at > 0 AND wake_at <= ?1 LIMIT 1
-- :wake
UPDATE run SET status = 0, available_at = wake_at, wake_at = 0, at = '', returned = ''
WHERE n IN (SELECT n FROM run WHERE status = 2 AND wake_at > 0 AND wake_at <= ?1 ORDER BY wake_at LIMIT ?2)
RETURNING scope, (SELECT app FROM scope WHERE scope.scope = run.scope), route, job
-- :next_due
SELECT (SELECT min(available_at) FROM run WHERE status = 0),
  (SELECT min(wake_at) FROM run WHERE status = 2 AND wake_at > 0)
)sql"
