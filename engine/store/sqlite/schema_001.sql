R"sql(
-- The first schema.  Released migrations are never edited: their checksums are kept in the database.
--
-- Names that come again in every run (apps, graphs, routes, bundle hashes) and owners are kept once and referred to by
-- small integers, so that a run costs some 200 bytes and a step some 50 besides what it says.
-- status: 0 queued, 1 running, 2 waiting, 3 paused, 4 cancelling, 5 completed, 6 failed, 7 cancelled, 8 dead.
-- Times are UTC milliseconds; 0 means none.  Flags are 0 or 1.

CREATE TABLE word (
  word INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
) STRICT;

-- Whose data: every row of a run, file, counter, key or collection row belongs to one, directly or through its run.
CREATE TABLE scope (
  scope INTEGER PRIMARY KEY,
  app INTEGER NOT NULL REFERENCES word,
  owner TEXT NOT NULL CHECK (owner <> ''),
  UNIQUE (app, owner)
) STRICT;

CREATE TABLE boot (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  boot INTEGER NOT NULL
) STRICT;
INSERT INTO boot VALUES (1, 0);

CREATE TABLE run (
  n INTEGER PRIMARY KEY,          -- order of acceptance
  id TEXT NOT NULL UNIQUE CHECK (id <> ''),
  scope INTEGER NOT NULL REFERENCES scope,
  status INTEGER NOT NULL CHECK (status BETWEEN 0 AND 8),
  epoch INTEGER NOT NULL,
  boot INTEGER NOT NULL,          -- which start of the server took it last
  job INTEGER NOT NULL,
  keyed INTEGER NOT NULL,         -- it has an idempotency key, which it must outlive
  urgency INTEGER NOT NULL,       -- the negated priority
  concurrency INTEGER NOT NULL,
  rescues INTEGER NOT NULL,
  bundle INTEGER NOT NULL REFERENCES word,
  graph INTEGER NOT NULL REFERENCES word,
  route INTEGER NOT NULL REFERENCES word,
  percent INTEGER NOT NULL,
  cost_usd REAL NOT NULL,
  created_at INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  finished_at INTEGER NOT NULL,
  available_at INTEGER NOT NULL,
  wake_at INTEGER NOT NULL,
  deadline INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  thread TEXT NOT NULL,
  user TEXT NOT NULL,
  at TEXT NOT NULL,
  message TEXT NOT NULL,
  returned TEXT NOT NULL,
  output TEXT NOT NULL,
  error TEXT NOT NULL
) STRICT;

-- Partial, so that a run costs nothing in them once it is past the status they serve.
CREATE INDEX run_of_scope ON run (scope);
CREATE INDEX run_ready ON run (urgency, scope, route, available_at) WHERE status = 0;
CREATE INDEX run_due ON run (available_at) WHERE status = 0;
CREATE INDEX run_held ON run (boot) WHERE status IN (1, 4);
CREATE INDEX run_waiting ON run (scope, at) WHERE status = 2;
CREATE INDEX run_wake ON run (wake_at) WHERE status = 2 AND wake_at > 0;
CREATE INDEX run_deadline ON run (deadline) WHERE status IN (0, 2) AND deadline > 0;
CREATE INDEX run_expiry ON run (expires_at) WHERE status >= 5 AND expires_at > 0;

-- Apart from the run, so that a change of either does not rewrite the other.
CREATE TABLE state (
  run INTEGER PRIMARY KEY REFERENCES run ON DELETE CASCADE,
  state TEXT NOT NULL
) STRICT;

-- A step or event has no scope of its own: it cannot be in another one than its run.
CREATE TABLE step (
  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  finished_at INTEGER NOT NULL,
  path TEXT NOT NULL,
  status TEXT NOT NULL,
  result TEXT NOT NULL,
  PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  id INTEGER NOT NULL,
  type TEXT NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (run, id)
) STRICT, WITHOUT ROWID;

-- The run is named by its id, which is never used twice, so that a key can never lead to another run.
CREATE TABLE idempotency (
  scope INTEGER NOT NULL REFERENCES scope,
  key TEXT NOT NULL CHECK (key <> ''),
  fingerprint TEXT NOT NULL,
  run TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_expiry ON idempotency (expires_at);

CREATE TABLE counter (
  scope INTEGER NOT NULL REFERENCES scope,
  name TEXT NOT NULL,
  window_start INTEGER NOT NULL,
  window_end INTEGER NOT NULL,
  used INTEGER NOT NULL,
  PRIMARY KEY (scope, name, window_start)
) STRICT, WITHOUT ROWID;
CREATE INDEX counter_end ON counter (window_end);

CREATE TABLE collection_row (
  n INTEGER PRIMARY KEY,  -- order of creation
  scope INTEGER NOT NULL REFERENCES scope,
  collection INTEGER NOT NULL REFERENCES word,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  data TEXT NOT NULL,
  UNIQUE (scope, collection, id)
) STRICT;
CREATE INDEX collection_row_order ON collection_row (scope, collection);
CREATE INDEX collection_row_expiry ON collection_row (expires_at) WHERE expires_at > 0;

CREATE TABLE file (
  n INTEGER PRIMARY KEY,
  scope INTEGER NOT NULL REFERENCES scope,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  mime TEXT NOT NULL,
  digest TEXT NOT NULL,
  size INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  UNIQUE (scope, id)
) STRICT;
CREATE INDEX file_digest ON file (scope, digest);
CREATE INDEX file_expiry ON file (expires_at) WHERE expires_at > 0;

-- Definitions that runs are pinned to.
CREATE TABLE bundle (
  n INTEGER PRIMARY KEY,
  app INTEGER NOT NULL REFERENCES word,
  hash TEXT NOT NULL,
  text TEXT NOT NULL,
  UNIQUE (app, hash)
) STRICT;

CREATE VIEW run_whole AS
SELECT run.n, run.scope, run.graph AS graph_word, id,
  app.text AS app, scope.owner AS owner,
  bundle.text AS bundle, graph.text AS graph, route.text AS route, thread, user,
  job, -urgency AS priority, concurrency, status, epoch, rescues,
  at, returned, output, error, percent, message, cost_usd,
  created_at, started_at, finished_at, available_at, wake_at, deadline, expires_at
FROM run
  JOIN scope ON scope.scope = run.scope
  JOIN word AS app ON app.word = scope.app
  JOIN word AS bundle ON bundle.word = run.bundle
  JOIN word AS graph ON graph.word = run.graph
  JOIN word AS route ON route.word = run.route;
)sql"
