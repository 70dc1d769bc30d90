R"sql(
-- :put_row
INSERT INTO collection_row (scope, collection, id, created_at, expires_at, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at
RETURNING created_at
-- :row
SELECT id, data, created_at, expires_at, n FROM collection_row WHERE scope = ?1 AND collection = ?2 AND id = ?3
-- :rows
SELECT id, data, created_at, expires_at, n FROM collection_row
WHERE scope = ?1 AND collection = ?2 AND n < ?3 ORDER BY n DESC LIMIT ?4
-- :more_rows_than
SELECT 1 FROM collection_row WHERE scope = ?1 AND collection = ?2 LIMIT 1 OFFSET ?3
-- :query_newest
SELECT id, data, created_at, expires_at, n FROM collection_row
WHERE scope = ?1 AND collection = ?2 AND NOT EXISTS
  (SELECT 1 FROM json_each(?3) AS wanted WHERE json_extract(data, wanted.key) IS NOT wanted.value)
ORDER BY n DESC
-- :query_upwards
SELECT id, data, created_at, expires_at, n FROM collection_row
WHERE scope = ?1 AND collection = ?2 AND NOT EXISTS
  (SELECT 1 FROM json_each(?3) AS wanted WHERE json_extract(data, wanted.key) IS NOT wanted.value)
ORDER BY json_extract(data, ?4), n DESC
-- :query_downwards
SELECT id, data, created_at, expires_at, n FROM collection_row
WHERE scope = ?1 AND collection = ?2 AND NOT EXISTS
  (SELECT 1 FROM json_each(?3) AS wanted WHERE json_extract(data, wanted.key) IS NOT wanted.value)
ORDER BY json_extract(data, ?4) DESC, n DESC
-- :delete_row
DELETE FROM collection_row WHERE scope = ?1 AND collection = ?2 AND id = ?3

-- :put_file
INSERT INTO file (scope, id, name, mime, digest, size, created_at, expires_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING
-- :file
SELECT name, mime, digest, size, created_at, expires_at FROM file WHERE scope = ?1 AND id = ?2

-- :put_bundle
INSERT INTO bundle (app, hash, text) VALUES (?1, ?2, ?3)
ON CONFLICT DO UPDATE SET n = (SELECT max(n) + 1 FROM bundle)
WHERE n < (SELECT max(n) FROM bundle AS newer WHERE newer.app = ?1)
-- :drop_bundles
DELETE FROM bundle
WHERE n IN (SELECT n FROM bundle WHERE app = ?1 ORDER BY n DESC LIMIT -1 OFFSET 20)
  AND NOT EXISTS (SELECT 1 FROM word JOIN run ON run.bundle = word.word WHERE word.text = bundle.hash)
-- :bundle
SELECT text FROM bundle WHERE app = ?1 AND hash = ?2
)sql"
