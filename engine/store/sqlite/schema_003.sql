R"sql(
-- The journal of effects: each time one was begun is a row, written before a byte of it leaves, and closed with its
-- result.  A run's calls are numbered; asked for again after a crash, a call has the same number and key.
-- status: 0 started, 1 done, 2 failed, 3 ambiguous (begun, and what became of it was not recorded).
CREATE TABLE effect (
  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  call INTEGER NOT NULL,
  sent INTEGER NOT NULL,          -- how often it was begun, from 1
  status INTEGER NOT NULL CHECK (status BETWEEN 0 AND 3),
  started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  cost_usd REAL NOT NULL,
  kind TEXT NOT NULL,
  path TEXT NOT NULL,
  key TEXT NOT NULL,
  digest TEXT NOT NULL,           -- of what was asked, without credentials
  error TEXT NOT NULL,            -- code, when it failed
  PRIMARY KEY (run, call, sent)
) STRICT, WITHOUT ROWID;

-- What it was for, the journal tells.
DROP TABLE effect_begun;
)sql"
