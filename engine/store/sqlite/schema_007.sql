R"sql(
-- Keys by which programs call an app, as digests.  Revoked ones stay, so that the record can be read.
CREATE TABLE api_key (
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE CHECK (id <> ''),
  app INTEGER NOT NULL REFERENCES word,
  digest TEXT NOT NULL UNIQUE CHECK (length(digest) = 64),
  hint TEXT NOT NULL,
  label TEXT NOT NULL,
  user TEXT NOT NULL CHECK (user <> ''),
  owner TEXT NOT NULL CHECK (owner <> ''),
  plan TEXT NOT NULL,
  roles TEXT NOT NULL,            -- with spaces between
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL
) STRICT;
)sql"
