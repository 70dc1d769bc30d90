R"sql(
-- :put_embedded
INSERT INTO embedded (run, key, model, dimensions, input_tokens, cost_usd, texts, vectors)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING
-- :embedded
SELECT word.text, dimensions, input_tokens, cost_usd, texts, vectors
FROM embedded JOIN word ON word.word = embedded.model WHERE run = ?1 AND key = ?2
-- The table has only what is under way and what has ended since the last sweep, so all of it may be looked at.
-- :expire_embedded
DELETE FROM embedded WHERE (run, key) IN
  (SELECT embedded.run, key FROM embedded CROSS JOIN run ON run.n = embedded.run
   WHERE embedded.run > 0 AND status >= 5 LIMIT ?1)

-- :chunks_of_others
SELECT coalesce(sum(chunks), 0) FROM document INDEXED BY document_order
WHERE scope = ?1 AND collection = ?2 AND n <> ?3
-- :document_number
SELECT n FROM document WHERE scope = ?1 AND collection = ?2 AND id = ?3
-- :put_document
INSERT INTO document (scope, collection, id, model, dimensions, chunks, created_at, expires_at, meta)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
ON CONFLICT DO UPDATE SET model = excluded.model, dimensions = excluded.dimensions, chunks = excluded.chunks,
  expires_at = excluded.expires_at, meta = excluded.meta
RETURNING n
-- :delete_document
DELETE FROM document WHERE n = ?1
-- :delete_chunks
DELETE FROM chunk WHERE document = ?1
-- :put_chunk
INSERT INTO chunk (document, place, text) VALUES (?1, ?2, ?3)
-- :put_vectors
INSERT INTO document_vectors (document, vectors) VALUES (?1, ?2)
ON CONFLICT DO UPDATE SET vectors = excluded.vectors

-- :documents
SELECT n, id, word.text, dimensions, meta, document.created_at, expires_at
FROM document CROSS JOIN word ON word.word = document.model
WHERE scope = ?1 AND collection = ?2 AND (expires_at = 0 OR expires_at > ?3) AND NOT EXISTS
  (SELECT 1 FROM json_each(?4) AS wanted WHERE json_extract(meta, wanted.key) IS NOT wanted.value)
ORDER BY n
-- :document_vectors
SELECT vectors FROM document_vectors WHERE document = ?1
-- :chunk
SELECT id, chunk.text, meta FROM chunk JOIN document ON document.n = chunk.document
WHERE chunk.document = ?1 AND place = ?2

-- :expire_documents
DELETE FROM document
WHERE n IN (SELECT n FROM document WHERE expires_at > 0 AND expires_at <= ?1 ORDER BY expires_at LIMIT ?2)
-- :forget_documents
DELETE FROM document WHERE n IN (SELECT n FROM document WHERE scope = ?1 LIMIT ?2)
)sql"
