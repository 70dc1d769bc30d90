R"sql(
-- What model calls use and cost: each in the journal, and by owner and day, which outlasts the runs.
ALTER TABLE effect ADD COLUMN reserved_usd REAL NOT NULL DEFAULT 0;
ALTER TABLE effect ADD COLUMN input_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE effect ADD COLUMN output_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE effect ADD COLUMN cached_tokens INTEGER NOT NULL DEFAULT 0;

CREATE TABLE spent (
  scope INTEGER NOT NULL REFERENCES scope,
  day INTEGER NOT NULL,           -- since 1970, UTC: when the call was begun
  calls INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cost_usd REAL NOT NULL,
  PRIMARY KEY (scope, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX spent_day ON spent (day);

-- In the transaction that ends the call, however that comes about.  What became of an ambiguous one is not known: it
-- counts as the worst that it can have cost.
CREATE TRIGGER effect_spent AFTER UPDATE OF status ON effect
WHEN old.status = 0 AND new.status <> 0 AND new.kind = 'model'
BEGIN
  INSERT INTO spent (scope, day, calls, input_tokens, output_tokens, cost_usd)
  SELECT scope, new.started_at / 86400000, 1, new.input_tokens, new.output_tokens,
    CASE new.status WHEN 3 THEN new.reserved_usd ELSE new.cost_usd END
  FROM run WHERE n = new.run
  ON CONFLICT DO UPDATE SET calls = calls + 1, input_tokens = input_tokens + excluded.input_tokens,
    output_tokens = output_tokens + excluded.output_tokens, cost_usd = cost_usd + excluded.cost_usd;
END;
)sql"
