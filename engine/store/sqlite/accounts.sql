R"sql(
-- :put_purchase
INSERT INTO purchase (app, provider, id, keep_until) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT DO UPDATE SET keep_until =
  CASE WHEN keep_until = 0 OR excluded.keep_until = 0 THEN 0 ELSE max(keep_until, excluded.keep_until) END
RETURNING n
-- :has_purchase_event
SELECT 1 FROM purchase_event WHERE app = ?1 AND provider = ?2 AND id = ?3
-- :put_purchase_event
INSERT INTO purchase_event (purchase, app, provider, id, received_at, fact, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
-- :put_purchase_customer
INSERT INTO purchase_customer (app, customer, provider, event) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING
-- :events_of_customer
SELECT event, purchase, purchase_customer.provider, fact FROM purchase_customer JOIN purchase_event ON n = event
WHERE purchase_customer.app = ?1 AND customer = ?2 AND (?3 = '' OR purchase_customer.provider = ?3)
-- :events_of_purchase
SELECT n, purchase, provider, fact FROM purchase_event WHERE purchase = ?1
-- :customers_of_event
SELECT customer FROM purchase_customer WHERE event = ?1
-- :drop_purchase_bodies
UPDATE purchase_event SET body = ''
WHERE n IN (SELECT n FROM purchase_event WHERE body <> '' AND received_at <= ?1 ORDER BY received_at LIMIT ?2)
-- :expire_purchases
DELETE FROM purchase
WHERE n IN (SELECT n FROM purchase WHERE keep_until > 0 AND keep_until <= ?1 ORDER BY keep_until LIMIT ?2)
-- :forget_purchases
DELETE FROM purchase WHERE n IN
  (SELECT purchase FROM purchase_customer JOIN purchase_event ON n = event
   WHERE purchase_customer.app = ?1 AND customer = ?2)

-- :put_grant
INSERT INTO plan_grant (app, user, plan, granted_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT DO UPDATE SET granted_at = excluded.granted_at, expires_at = excluded.expires_at
-- :delete_grants
DELETE FROM plan_grant WHERE app = ?1 AND user = ?2 AND (?3 = '' OR plan = ?3)
-- :grants_of
SELECT plan, granted_at, expires_at FROM plan_grant WHERE app = ?1 AND user = ?2 ORDER BY plan
-- :inspect_grants
SELECT app.text, user, plan, granted_at, expires_at FROM plan_grant JOIN word AS app ON app.word = plan_grant.app
WHERE (?1 = '' OR app.text = ?1) ORDER BY app.text, user, plan

-- :last_audit
SELECT n, hash FROM audit WHERE n = (SELECT max(n) FROM audit)
-- :put_audit
INSERT INTO audit (n, at, actor, app, owner, action, object, outcome, request, previous, hash)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
-- :audit_after
SELECT n, at, actor, app, owner, action, object, outcome, request, previous, hash FROM audit WHERE n > ?1 ORDER BY n LIMIT ?2
-- :audit_latest
SELECT n, at, actor, app, owner, action, object, outcome, request, previous, hash FROM audit
WHERE n < ?1 AND (?2 = '' OR app = ?2) AND (?3 = '' OR owner = ?3) AND (?4 = '' OR action = ?4) ORDER BY n DESC LIMIT ?5
)sql"
