R"sql(
-- What effects leave behind besides their results.

-- An effect that may be begun once was begun; the key is the effect's own.
CREATE TABLE effect_begun (
  scope INTEGER NOT NULL REFERENCES scope,
  key TEXT NOT NULL CHECK (key <> ''),
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX effect_begun_expiry ON effect_begun (expires_at);

-- Replies that nodes with `cache` may be given again.
CREATE TABLE cached (
  n INTEGER PRIMARY KEY,
  scope INTEGER NOT NULL REFERENCES scope,
  key TEXT NOT NULL CHECK (key <> ''),
  expires_at INTEGER NOT NULL,
  data TEXT NOT NULL,
  UNIQUE (scope, key)
) STRICT;
CREATE INDEX cached_expiry ON cached (expires_at);
)sql"
