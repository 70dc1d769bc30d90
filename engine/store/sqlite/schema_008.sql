R"sql(
-- Documents of collections that hold texts: cut into chunks, each with its vector.

-- What a run has had embedded, until it ends: paid for once, whatever happens before it is made a document.
CREATE TABLE embedded (
  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  key TEXT NOT NULL,
  model INTEGER NOT NULL REFERENCES word,
  dimensions INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  cost_usd REAL NOT NULL,
  texts TEXT NOT NULL,            -- JSON
  vectors BLOB NOT NULL,          -- float32, little-endian, one text's after the other's
  PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE document (
  n INTEGER PRIMARY KEY,          -- order of their first being put
  scope INTEGER NOT NULL REFERENCES scope,
  collection INTEGER NOT NULL REFERENCES word,
  id TEXT NOT NULL CHECK (id <> ''),
  model INTEGER NOT NULL REFERENCES word,
  dimensions INTEGER NOT NULL,
  chunks INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  meta TEXT NOT NULL,
  UNIQUE (scope, collection, id)
) STRICT;
CREATE INDEX document_order ON document (scope, collection, n, chunks);
CREATE INDEX document_expiry ON document (expires_at) WHERE expires_at > 0;

-- Apart from the texts, so that a search reads vectors and nothing else.
CREATE TABLE document_vectors (
  document INTEGER PRIMARY KEY REFERENCES document ON DELETE CASCADE,
  vectors BLOB NOT NULL
) STRICT;

CREATE TABLE chunk (
  document INTEGER NOT NULL REFERENCES document ON DELETE CASCADE,
  place INTEGER NOT NULL,         -- from 0
  text TEXT NOT NULL,
  PRIMARY KEY (document, place)
) STRICT, WITHOUT ROWID;

-- Embedding is paid for, too.
DROP TRIGGER effect_spent;
CREATE TRIGGER effect_spent AFTER UPDATE OF status ON effect
WHEN old.status = 0 AND new.status <> 0 AND new.kind IN ('model', 'embed', 'retrieve')
BEGIN
  INSERT INTO spent (scope, day, calls, input_tokens, output_tokens, cost_usd)
  SELECT scope, new.started_at / 86400000, 1, new.input_tokens, new.output_tokens,
    CASE new.status WHEN 3 THEN new.reserved_usd ELSE new.cost_usd END
  FROM run WHERE n = new.run
  ON CONFLICT DO UPDATE SET calls = calls + 1, input_tokens = input_tokens + excluded.input_tokens,
    output_tokens = output_tokens + excluded.output_tokens, cost_usd = cost_usd + excluded.cost_usd;
END;
)sql"
