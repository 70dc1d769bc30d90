"""What users paid for or were given: webhooks of RevenueCat and Stripe, granted plans, the record, quotas by plan."""

import hashlib
import hmac
import json
import sqlite3
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conftest import PATIENCE, PROJECT, Client, Server, binary, new_user

SHOP = """
plenum: 1
app: shop
graphs:
  who:
    nodes: [{id: hello, render: {template: "Hello"}}]
    output: {user: =user.id, plan: =user.plan}
routes:
  POST /who: {start: who}
  POST /pro: {start: who, plans: [pro, team]}
  POST /team: {start: who, plans: [team]}
  POST /counted: {start: who, quota: {free: 3/day, pro: 10/day}}
"""
SETTINGS = """
apps:
  shop:
    plans: [free, pro, team]
    purchases:
      entitlements: [gold=pro, price_1=pro, com.shop.team=team]
      leeway_seconds: 0
"""
AUTHORIZATION = "Bearer rc-hook-5f1e"
STRIPE = "whsec_9c0d"
SECRETS = {
    "PLENUM_APPS_SHOP_REVENUECAT_AUTHORIZATION": AUTHORIZATION + "\nBearer rc-hook-next",
    "PLENUM_APPS_SHOP_STRIPE_SIGNING_SECRET": "whsec_old\n" + STRIPE,
}
SAMPLES = PROJECT.parent / "shared/reference/fixtures/subscriptions/revenuecat"


def shop_in(folder, settings=SETTINGS):
    (folder / "apps.d").mkdir(parents=True)
    (folder / "apps.d/shop.yaml").write_text(SHOP)
    (folder / "apps.d/clinic.yaml").write_text(SHOP.replace("app: shop", "app: clinic"))
    (folder / "plenum.yaml").write_text(settings)
    return folder


@pytest.fixture(scope="module")
def seller(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seller")
    server = Server(folder / "data", shop_in(folder / "root"), SECRETS).start()
    yield server
    server.healthy()
    for secret in (AUTHORIZATION, "rc-hook-next", STRIPE, "whsec_old"):
        assert secret not in server.log()
    server.stop()


@pytest.fixture
def machine(tmp_path):
    server = Server(tmp_path / "data", shop_in(tmp_path / "root"), SECRETS).start()
    yield server
    if server.process.poll() is None:
        server.healthy()
        server.kill()


def ms(hours=0.0):
    return int((time.time() + hours * 3600) * 1000)


_events = iter(range(1, 1_000_000))


def event(user, hours=24.0, kind="INITIAL_PURCHASE", **more):
    """An event that gives `user` the entitlement gold for so many hours from now."""
    said = {"id": f"evt-{next(_events)}", "type": kind, "event_timestamp_ms": ms(), "app_user_id": user,
            "environment": "PRODUCTION", "entitlement_ids": ["gold"], "product_id": "monthly",
            "original_transaction_id": f"tx-{user}", "expiration_at_ms": ms(hours)}
    return {"api_version": "1.0", "event": {**said, **more}}


def tell(server, body, authorization=AUTHORIZATION, path="/webhooks/shop/revenuecat"):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    if authorization is not None:
        headers["Authorization"] = authorization
    return server.request("POST", path, body, headers)


def signature(body, secret=STRIPE, at=None):
    at = int(time.time()) if at is None else at
    return f"t={at},v1=" + hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def subscription(user, hours=24, kind="customer.subscription.created", live=True, **more):
    return {"id": f"evt_{next(_events)}", "object": "event", "type": kind, "created": int(time.time()), "livemode": live,
            "data": {"object": {"id": f"sub_{user}", "status": "active", "metadata": {"app_user_id": user},
                                "items": {"data": [{"current_period_end": int(time.time() + hours * 3600),
                                                    "price": {"id": "price_1", "product": "prod_1"}}]}, **more}}}


def tell_stripe(server, value, header=None, path="/webhooks/shop/stripe"):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    header = signature(body) if header is None else header
    return server.request("POST", path, body, {"Content-Type": "application/json", "Stripe-Signature": header})


def stored(server):
    """(app, provider, id) of every event, as the database has them."""
    with sqlite3.connect(f"file:{server.data}/plenum.db?mode=ro", uri=True) as db:
        return sorted(db.execute(
            "SELECT text, provider, id FROM purchase_event JOIN word ON word.word = purchase_event.app").fetchall())


def plan_of(server, user, app="shop", plan="free"):
    return Client(server, app, user, plan).post("/who", {}).ok()["output"]["plan"]


def plenum(server, *words):
    done = subprocess.run([binary(), *words, "--data", str(server.data), "--root", str(server.root)], env=server.env,
                          capture_output=True, text=True, timeout=60 * PATIENCE)
    return done.returncode, done.stdout, done.stderr


# ── webhooks of RevenueCat ──────────────────────────────────────────────────────────────────────────


def test_a_purchase_opens_what_it_pays_for_until_it_ends(seller):
    user = new_user()
    mine = Client(seller, "shop", user)
    closed = mine.post("/pro", {}).problem(402, "plan_required")
    assert closed["detail"] == "this needs the plan pro or team; yours is free", closed
    assert tell(seller, event(user)).ok() == {"status": "stored"}
    assert mine.post("/pro", {}).ok()["output"] == {"user": user, "plan": "pro"}
    mine.post("/team", {}).problem(402)
    assert plan_of(seller, user, "clinic") == "free"
    assert plan_of(seller, new_user()) == "free"
    ended = event(user, hours=-1, kind="EXPIRATION")
    assert tell(seller, ended).ok() == {"status": "stored"}
    closed = mine.post("/pro", {}).problem(402, "plan_required")
    assert "yours is free; pro ended on 20" in closed["detail"], closed


def test_the_best_plan_counts_wherever_it_comes_from(seller):
    user = new_user()
    assert plan_of(seller, user, plan="pro") == "pro"
    tell(seller, event(user, entitlement_ids=["com.shop.team"]))
    assert plan_of(seller, user, plan="pro") == "team"
    assert plan_of(seller, user) == "team"
    tell(seller, event(user, entitlement_ids=["coins"]))
    assert plan_of(seller, user) == "free"


def test_an_event_is_applied_once_by_its_time_however_it_comes(seller):
    user = new_user()
    bought = event(user, hours=720, event_timestamp_ms=ms(-3))
    refund = event(user, hours=-2, kind="CANCELLATION", cancel_reason="CUSTOMER_SUPPORT", event_timestamp_ms=ms(-1))
    for order in (refund, bought, refund, bought):
        tell(seller, order).ok()
    assert plan_of(seller, user) == "free"
    tell(seller, event(user, hours=720, kind="REFUND_REVERSED")).ok()
    tell(seller, refund).ok()
    assert plan_of(seller, user) == "pro"


def test_fifty_deliveries_at_the_same_time_store_one_event(seller):
    user = new_user()
    body = json.dumps(event(user)).encode()
    with ThreadPoolExecutor(50) as pool:
        answers = [reply.ok()["status"] for reply in pool.map(lambda _: tell(seller, body), range(50))]
    assert sorted(answers) == ["known"] * 49 + ["stored"]
    assert plan_of(seller, user) == "pro"


@pytest.mark.skipif(not SAMPLES.exists(), reason="no reference fixtures beside the checkout")
def test_every_sample_event_is_stored_once(machine):
    bodies = [path.read_bytes() for path in sorted(SAMPLES.glob("*.json"))]
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda body: tell(machine, body), bodies * 2))
    assert len(bodies) == 19 and all(reply.status == 200 for reply in replies), replies
    ids = {json.loads(body)["event"]["id"] for body in bodies}
    assert [row[2] for row in stored(machine)] == sorted(ids)


def test_who_has_not_the_authorization_is_refused_and_nothing_is_stored(machine):
    user = new_user()
    for wrong in (None, "", "rc-hook-5f1e", AUTHORIZATION.lower(), AUTHORIZATION + "x", "Bearer dev:eve"):
        tell(machine, event(user), wrong).problem(401, "unauthenticated")
    assert stored(machine) == [] and plan_of(machine, user) == "free"
    tell(machine, event(user), "Bearer rc-hook-next").ok()
    assert plan_of(machine, user) == "pro"


def test_what_is_not_configured_does_not_exist(seller, tmp_path):
    for path in ("/webhooks/clinic/revenuecat", "/webhooks/clinic/stripe", "/webhooks/shop/paypal",
                 "/webhooks/nobody/stripe", "/webhooks/shop/"):
        tell(seller, event("eve"), path=path).problem(404, "route_not_found")
    assert seller.request("GET", "/webhooks/shop/stripe").status == 405
    bare = Server(tmp_path / "data", shop_in(tmp_path / "root")).start()  # plans without secrets
    tell(bare, event("eve")).problem(404)
    tell_stripe(bare, subscription("eve")).problem(404)
    bare.stop()


def test_what_is_no_event_is_refused(seller):
    before = stored(seller)
    for body in (b"", b"{", b"[]", b'{"event": {}}', b"\xff\xfe", b'{"event": ' + b"[" * 1000 + b"]" * 1000 + b"}"):
        tell(seller, body).problem(400)
    assert tell(seller, b'{"a": "' + b"x" * (256 << 10) + b'"}').status == 413
    assert stored(seller) == before


def test_the_sandbox_opens_nothing_in_production(seller, tmp_path):
    user = new_user()
    tell(seller, event(user, environment="SANDBOX")).ok()
    tell_stripe(seller, subscription(user, live=False)).ok()
    assert plan_of(seller, user) == "free"
    settings = SETTINGS.replace("leeway_seconds: 0", "environment: sandbox")
    staging = Server(tmp_path / "data", shop_in(tmp_path / "root", settings), SECRETS).start()
    tell(staging, event(user, environment="SANDBOX")).ok()
    assert plan_of(staging, user) == "pro"
    other = new_user()
    tell(staging, event(other)).ok()
    assert plan_of(staging, other) == "free"
    staging.stop()


def test_a_transfer_takes_along_what_was_bought(seller):
    giver, taker = new_user(), new_user()
    tell(seller, event(giver)).ok()
    assert plan_of(seller, giver) == "pro" and plan_of(seller, taker) == "free"
    moved = {"event": {"id": f"move-{giver}", "type": "TRANSFER", "event_timestamp_ms": ms(), "environment": "PRODUCTION",
                       "transferred_from": [giver], "transferred_to": [taker]}}
    tell(seller, moved).ok()
    assert plan_of(seller, giver) == "free" and plan_of(seller, taker) == "pro"


def test_purchases_outlive_a_restart(machine):
    user = new_user()
    tell(machine, event(user)).ok()
    machine.kill()
    machine.start()
    assert plan_of(machine, user) == "pro"
    assert tell(machine, event(user, id=stored(machine)[0][2])).ok() == {"status": "known"}


def test_a_signature_is_asked_for_when_a_secret_is_set(tmp_path):
    server = Server(tmp_path / "data", shop_in(tmp_path / "root"),
                    {**SECRETS, "PLENUM_APPS_SHOP_REVENUECAT_SIGNING_SECRET": "rc-sign"}).start()
    body = json.dumps(event("ada")).encode()

    def sent(header, authorization=AUTHORIZATION):
        return server.request("POST", "/webhooks/shop/revenuecat", body, {
            "Authorization": authorization, "X-RevenueCat-Webhook-Signature": header})

    sent("").problem(401)
    sent(signature(body, "other")).problem(401)
    sent(signature(body, "rc-sign"), "Bearer other").problem(401)
    sent(signature(body, "rc-sign", int(time.time()) - 400)).problem(401)
    assert stored(server) == []
    sent(signature(body, "rc-sign")).ok()
    server.stop()


# ── Stripe ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_subscription_of_stripe_opens_and_closes(seller):
    user = new_user()
    tell_stripe(seller, subscription(user)).ok()
    assert plan_of(seller, user) == "pro"
    gone = subscription(user, kind="customer.subscription.deleted", status="canceled")
    tell_stripe(seller, gone).ok()
    assert plan_of(seller, user) == "free"


def test_a_checkout_names_the_user_of_a_subscription(seller):
    user = new_user()
    tell_stripe(seller, subscription(user, metadata={})).ok()
    assert plan_of(seller, user) == "free"
    done = {"id": f"evt_c{user}", "type": "checkout.session.completed", "created": int(time.time()), "livemode": True,
            "data": {"object": {"id": "cs_1", "subscription": f"sub_{user}", "client_reference_id": user}}}
    tell_stripe(seller, done).ok()
    assert plan_of(seller, user) == "pro"


def test_forged_and_replayed_events_of_stripe_are_refused(seller):
    user = new_user()
    body = json.dumps(subscription(user)).encode()
    now = int(time.time())
    other = json.dumps(subscription(user)).encode()
    for header in ("", "t=,v1=", signature(body, "whsec_other"), signature(other), signature(body, at=now - 400),
                   signature(body, at=now + 400), signature(body).replace("v1=", "v0="),
                   signature(body, at=now - 400).replace(f"t={now - 400}", f"t={now}")):
        tell_stripe(seller, body, header).problem(401, "unauthenticated")
    assert plan_of(seller, user) == "free"
    tell_stripe(seller, body, signature(body, "whsec_old")).ok()
    assert plan_of(seller, user) == "pro"
    assert tell_stripe(seller, body).ok() == {"status": "known"}


# ── granted plans ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("served", [True, False])
def test_a_plan_is_granted_and_taken_back(machine, served):
    user = new_user()

    def operate(*words):
        if not served:
            machine.stop()
        said = plenum(machine, *words)
        if not served:
            machine.start()
        return said

    status, out, _ = operate("grant", "shop", user, "team", "--until", "2099-12-31")
    assert status == 0 and out == f"{user} of shop has the plan team until 2100-01-01T00:00:00.000Z\n"
    assert plan_of(machine, user) == "team" and plan_of(machine, user, "clinic") == "free"
    assert operate("grant", "shop", user, "pro")[0] == 0
    listed = json.loads(operate("grants", "shop", "--format", "json")[1])
    assert [(row["user"], row["plan"], row["until"]) for row in listed] == [
        (user, "pro", None), (user, "team", "2100-01-01T00:00:00.000Z")]
    assert operate("revoke", "shop", user, "team")[:2] == (0, "taken back: 1\n")
    assert plan_of(machine, user) == "pro"
    assert operate("revoke", "shop", user)[0] == 0
    assert plan_of(machine, user) == "free"
    status, _, err = operate("revoke", "shop", user)
    assert status == 1 and "no such plan was granted" in err
    assert plenum(machine, "audit", "--verify")[1].startswith("4 rows, whole; the last hash is ")


def test_a_grant_that_makes_no_sense_is_refused(machine):
    for words in (["shop", "ada", "pro", "--until", "2020-01-01"], ["shop", "ada", "pro", "--until", "soon"],
                  ["shop", "a da", "pro"], ["shop", "ada", "pro", "--until", "2099-02-30"], ["shop", "ada"]):
        assert plenum(machine, "grant", *words)[0] == 2, words
    assert plenum(machine, "grants")[2] == "no plan was granted\n"


def test_a_user_who_is_forgotten_has_bought_nothing(machine):
    user = new_user()
    mine = Client(machine, "shop", user)
    tell(machine, event(user)).ok()
    plenum(machine, "grant", "shop", user, "team")
    run = mine.post("/who", {}).ok()["run_id"]
    owner = json.loads(plenum(machine, "runs", "show", run, "--format", "json")[1])["owner"]
    assert plenum(machine, "forget", "shop", owner, "--user", user, "--yes")[0] == 0
    assert plan_of(machine, user) == "free" and stored(machine) == []
    rows = json.loads(plenum(machine, "audit", "--format", "json")[1])
    assert [row["action"] for row in rows] == ["forget", "forget", "grant"]
    assert all(user not in json.dumps(row) for row in rows)


# ── the record ──────────────────────────────────────────────────────────────────────────────────────


def test_the_record_tells_who_did_what_and_a_change_of_it_is_found(machine):
    mine = Client(machine, "shop", new_user())
    job = mine.post("/who", {}, Prefer="respond-async").ok(202)["job_id"]
    mine.finished(job)
    plenum(machine, "grant", "shop", "ada", "pro")
    plenum(machine, "grant", "shop", "bob", "pro")
    plenum(machine, "revoke", "shop", "ada")
    rows = json.loads(plenum(machine, "audit", "--app", "shop", "--user", "ada", "--format", "json")[1])
    assert [(row["number"], row["action"], row["object"]) for row in rows] == [(3, "revoke", ""), (1, "grant", "pro")]
    assert rows[0]["actor"].startswith("operator ")
    status, out, _ = plenum(machine, "audit", "--verify")
    assert status == 0 and out.startswith("3 rows, whole")
    head = out.split()[-1]
    plenum(machine, "grant", "shop", "eve", "pro")
    assert plenum(machine, "audit", "--contains", head)[0] == 0
    assert plenum(machine, "audit", "--contains", "0" * 64)[0] == 1
    machine.stop()
    with sqlite3.connect(machine.data / "plenum.db") as db:
        with pytest.raises(sqlite3.DatabaseError):
            db.execute("UPDATE audit SET actor = 'nobody'")
        db.execute("DROP TRIGGER audit_stays")
        db.execute("UPDATE audit SET actor = 'nobody' WHERE n = 2")
    status, _, err = plenum(machine, "audit", "--verify")
    assert status == 1 and "row 2 was changed" in err, err


# ── quotas by plan ──────────────────────────────────────────────────────────────────────────────────


def test_a_quota_is_counted_exactly_by_many_at_once_and_over_a_restart(machine):
    if time.time() % 86_400 > 86_100:
        pytest.skip("the day's quota would start anew during the test")
    user = new_user()
    mine = Client(machine, "shop", user)

    def counted(times):
        gate = threading.Barrier(times)

        def one(_):
            gate.wait()
            return mine.post("/counted", {}).status

        with ThreadPoolExecutor(times) as pool:
            return sorted(pool.map(one, range(times)))

    assert counted(20) == [200] * 3 + [429] * 17
    machine.kill()
    machine.start()
    refused = mine.post("/counted", {})
    refused.problem(429, "quota_exceeded")
    assert int(refused.headers["Retry-After"]) > 60
    tell(machine, event(user)).ok()
    assert counted(20) == [200] * 7 + [429] * 13  # ten with the new plan, of which three are used
    assert plan_of(machine, user) == "pro"


# ── settings ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("setting, message", [
    ("purchases: {environment: test}", "it must be production or sandbox"),
    ("purchases: {entitlements: [gold]}", "it must be ENTITLEMENT=PLAN"),
    ("purchases: {entitlements: [gold=platinum]}", "one of `apps.shop.plans`"),
    ("purchases: {issuer: main}", "the name of one of the app's sign-ins"),
    ("purchases: {leeway_seconds: -1}", "it must be 0 to 86400"),
    ("purchases: {stripe_signing_secret: whsec_1}", "unknown setting"),
])
def test_a_wrong_setting_is_named(tmp_path, setting, message):
    root = shop_in(tmp_path / "root", f"apps: {{shop: {{plans: [free, pro], {setting}}}}}\n")
    server = Server(tmp_path / "data", root).launch()
    assert server.process.wait(20 * PATIENCE) == 2
    assert message in server.log() and "apps.shop" in server.log(), server.log()
