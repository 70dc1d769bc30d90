R"sql(
-- What providers of purchases told, from which plans are computed; plans that operators gave; and the record of what was
-- done in whose name.

-- Events are kept and deleted with their purchase, so that none is missing while another still counts.
CREATE TABLE purchase (
  n INTEGER PRIMARY KEY,
  app INTEGER NOT NULL REFERENCES word,
  provider TEXT NOT NULL CHECK (provider <> ''),
  id TEXT NOT NULL CHECK (id <> ''),
  keep_until INTEGER NOT NULL,    -- 0: for ever
  UNIQUE (app, provider, id)
) STRICT;
CREATE INDEX purchase_expiry ON purchase (keep_until) WHERE keep_until > 0;

CREATE TABLE purchase_event (
  n INTEGER PRIMARY KEY,
  purchase INTEGER NOT NULL REFERENCES purchase ON DELETE CASCADE,
  app INTEGER NOT NULL REFERENCES word,
  provider TEXT NOT NULL,
  id TEXT NOT NULL CHECK (id <> ''),
  received_at INTEGER NOT NULL,
  fact TEXT NOT NULL,             -- what it says
  body TEXT NOT NULL,             -- as it came; '' after 90 days
  UNIQUE (app, provider, id)
) STRICT;
CREATE INDEX purchase_event_of ON purchase_event (purchase);
CREATE INDEX purchase_event_body ON purchase_event (received_at) WHERE body <> '';

-- Whom an event names, by any of their ids.
CREATE TABLE purchase_customer (
  app INTEGER NOT NULL REFERENCES word,
  customer TEXT NOT NULL CHECK (customer <> ''),
  provider TEXT NOT NULL,
  event INTEGER NOT NULL REFERENCES purchase_event ON DELETE CASCADE,
  PRIMARY KEY (app, customer, provider, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX purchase_customer_of ON purchase_customer (event);

CREATE TABLE plan_grant (
  app INTEGER NOT NULL REFERENCES word,
  user TEXT NOT NULL CHECK (user <> ''),
  plan TEXT NOT NULL CHECK (plan <> ''),
  granted_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,    -- 0: never
  PRIMARY KEY (app, user, plan)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
  n INTEGER PRIMARY KEY,          -- from 1, without gaps
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  app TEXT NOT NULL,
  owner TEXT NOT NULL,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  outcome TEXT NOT NULL,
  request TEXT NOT NULL,
  previous TEXT NOT NULL,         -- the hash of the row before
  hash TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the record is only added to'); END;
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the record is only added to'); END;
)sql"
