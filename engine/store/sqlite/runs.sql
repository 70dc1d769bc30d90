R"sql(
-- :begin
BEGIN IMMEDIATE
-- :begin_read
BEGIN
-- :commit
COMMIT
-- :rollback
ROLLBACK
-- :savepoint
SAVEPOINT operation
-- :release
RELEASE operation
-- :rollback_to
ROLLBACK TO operation

-- :find_word
SELECT word FROM word WHERE text = ?1
-- :add_word
INSERT INTO word (text) VALUES (?1) RETURNING word
-- :find_scope
SELECT scope FROM scope WHERE app = ?1 AND owner = ?2
-- :add_scope
INSERT INTO scope (app, owner) VALUES (?1, ?2) RETURNING scope

-- :find_key
SELECT fingerprint, run, expires_at FROM idempotency WHERE scope = ?1 AND key = ?2
-- :put_key
INSERT INTO idempotency (scope, key, fingerprint, run, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT DO UPDATE SET fingerprint = excluded.fingerprint, run = excluded.run, expires_at = excluded.expires_at

-- :charge
INSERT INTO counter (scope, name, window_start, window_end, used) VALUES (?1, ?2, ?3, ?4, 1)
ON CONFLICT DO UPDATE SET used = used + 1 WHERE used < ?5

-- :add_run
INSERT INTO run (id, scope, status, epoch, boot, job, keyed, urgency, concurrency, rescues, bundle, graph, route,
  percent, cost_usd, created_at, started_at, finished_at, available_at, wake_at, deadline, expires_at,
  thread, user, at, message, returned, output, error)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?10, ?11, ?12, ?13, 0, ?14, ?15, 0, ?16, 0, ?17, ?18, ?19, ?20,
  '', ?21, '', '', '')
ON CONFLICT DO NOTHING
-- :add_state
INSERT INTO state (run, state) VALUES (?1, ?2)
-- :set_state
UPDATE state SET state = ?2 WHERE run = ?1
-- :add_step
INSERT INTO step (run, seq, attempts, started_at, finished_at, path, status, result)
VALUES (?1, (SELECT coalesce(max(seq), 0) + 1 FROM step WHERE run = ?1), ?2, ?3, ?4, ?5, ?6, ?7)
-- :add_event
INSERT INTO event (run, id, type, data) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT DO NOTHING

-- What a run counts under, and what a refused write was refused for.
-- :standing
SELECT n, scope, app, route, job, status, epoch FROM run JOIN scope USING (scope) WHERE id = ?1

-- A running run that goes on: none of its indexes is touched.  ?6: it has finished a node, so it is not what keeps on
-- ending the server.
-- :go_on
UPDATE run SET percent = ?3, message = ?4, cost_usd = ?5, rescues = CASE ?6 WHEN 1 THEN 0 ELSE rescues END WHERE n = ?1 AND epoch = ?2 AND status = 1
-- :move_on
UPDATE run SET status = ?3, percent = ?4, message = ?5, cost_usd = ?6, at = ?7, returned = ?8, output = ?9,
  error = ?10, finished_at = ?11, wake_at = ?12,
  deadline = CASE WHEN ?3 <> 2 OR deadline = 0 THEN deadline WHEN ?12 = 0 THEN 0
    WHEN ?12 > deadline THEN ?12 + 60000 ELSE deadline END,
  expires_at = CASE ?13 WHEN 0 THEN expires_at ELSE max(?13, keyed * (created_at + 86400000)) END
WHERE n = ?1 AND epoch = ?2 AND (status = 1 OR status = 4 AND ?3 = 7)
-- :take_waiting
UPDATE run SET status = 1, epoch = epoch + 1, boot = ?3, wake_at = 0, at = '', returned = ''
WHERE n = ?1 AND status = 2 AND at = ?2 AND at <> ''
-- :cancel_idle
UPDATE run SET status = 7, finished_at = ?2, wake_at = 0, at = '', returned = '' WHERE n = ?1 AND status IN (0, 2, 3)
-- :cancel_running
UPDATE run SET status = 4 WHERE n = ?1 AND status = 1

-- :retry
UPDATE run SET status = 0, rescues = 0, error = '', finished_at = 0, available_at = ?2, deadline = ?2 + 86400000,
  expires_at = CASE expires_at WHEN 0 THEN 0 ELSE max(expires_at, expires_at - created_at + ?2) END
WHERE n = ?1 AND status IN (6, 8)
-- :pause
UPDATE run SET status = 3 WHERE n = ?1 AND status IN (0, 2)
-- A paused run keeps what it waited for.
-- :resume
UPDATE run SET status = CASE WHEN at <> '' OR wake_at > 0 THEN 2 ELSE 0 END,
  deadline = CASE deadline WHEN 0 THEN 0 ELSE max(deadline, ?2 + 86400000) END
WHERE n = ?1 AND status = 3

-- :run_by_id
SELECT * FROM run_whole WHERE id = ?1 AND app = ?2 AND owner = ?3
-- :run_by_number
SELECT * FROM run_whole WHERE n = ?1
-- :state_of
SELECT state FROM state WHERE run = ?1
-- :steps_of
SELECT path, status, result, started_at, finished_at, attempts FROM step WHERE run = ?1 ORDER BY seq
-- :events_of
SELECT id, type, data FROM event WHERE run = ?1 AND id > ?2 ORDER BY id
-- :runs_of_scope
SELECT * FROM run_whole
WHERE scope = ?1 AND n < ?2 AND (?3 = 0 OR graph_word = ?3) AND (?4 < 0 OR status = ?4) AND (?5 = '' OR at = ?5)
ORDER BY n DESC LIMIT ?6
-- :owner_of_run
SELECT owner FROM run_whole WHERE id = ?1 AND app = ?2
-- :waiting_of_app
SELECT * FROM run_whole
WHERE app = ?1 AND n < ?2 AND status = 2 AND graph = ?3 AND at = ?4
ORDER BY n DESC LIMIT ?5
-- :waiting_of_scope
SELECT * FROM run_whole
WHERE scope = ?1 AND n < ?2 AND status = 2 AND (?3 = 0 OR graph_word = ?3) AND (?5 = '' OR at = ?5)
ORDER BY n DESC LIMIT ?6
)sql"
