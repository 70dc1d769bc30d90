"""RevenueCat and Stripe asked about a customer: how often, and what counts when they do not answer."""

import json
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import PATIENCE, Server
from peer_server import PeerServer
from test_purchases import SECRETS, event, plan_of, plenum, shop_in, subscription, tell, tell_stripe

KEY = "rc-key-77aa"


def subscriber(hours=24.0, sandbox=False):
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + hours * 3600))
    return {"json": {"subscriber": {
        "entitlements": {"gold": {"expires_date": ends, "grace_period_expires_date": None, "product_identifier": "monthly"}},
        "subscriptions": {"monthly": {"is_sandbox": sandbox}}}}}


@pytest.fixture
def revenuecat():
    with PeerServer() as peer:
        yield peer


@pytest.fixture
def asking(tmp_path, revenuecat):
    server = Server(tmp_path / "data", shop_in(tmp_path / "root"), {
        **SECRETS, "PLENUM_APPS_SHOP_REVENUECAT_API_KEY": KEY,
        "PLENUM_APPS_SHOP_PURCHASES_REVENUECAT_URL": revenuecat.url}).start()
    yield server
    if server.process.poll() is None:
        server.healthy()
        assert KEY not in server.log()
        server.kill()


def test_a_customer_is_looked_up_once_for_minutes(asking, revenuecat):
    revenuecat.script([subscriber()])
    assert plan_of(asking, "ada@home") == "pro"
    assert plan_of(asking, "ada@home") == "pro"
    asking.kill()
    asking.start()
    assert plan_of(asking, "ada@home") == "pro"
    (call,) = revenuecat.calls()
    assert (call["method"], call["path"]) == ("GET", "/v1/subscribers/ada%40home")
    assert {name.lower(): value for name, value in call["headers"].items()}["authorization"] == "Bearer " + KEY


def test_an_event_has_its_customer_looked_up_again(asking, revenuecat):
    revenuecat.script([subscriber(hours=-1), subscriber()])
    assert plan_of(asking, "ada") == "free"
    tell(asking, event("bob")).ok()
    assert plan_of(asking, "ada") == "free" and len(revenuecat.calls()) == 1
    tell(asking, event("ada", hours=-5, kind="EXPIRATION")).ok()  # what it says itself does not count
    assert plan_of(asking, "ada") == "pro" and len(revenuecat.calls()) == 2


def test_many_requests_of_a_customer_are_one_look_up(asking, revenuecat):
    revenuecat.script([subscriber()] + [{"status": 500}] * 20)
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(lambda _: plan_of(asking, "ada"), range(16))) == {"pro"}
    assert len(revenuecat.calls()) == 1


@pytest.mark.parametrize("failure", [{"status": 500}, {"status": 429}, {"status": 401}, {"close": True}, {"body": "<html>"},
                                     {"json": {"subscriber": {}}}])
def test_a_provider_that_fails_leaves_what_it_last_said(asking, revenuecat, failure):
    revenuecat.script([subscriber()] + [failure] * 4)
    assert plan_of(asking, "ada") == "pro"
    tell(asking, event("ada")).ok()
    assert plan_of(asking, "ada") == "pro" and len(revenuecat.calls()) >= 2
    assert plan_of(asking, "bob") == "free"  # nobody ever said anything of bob
    plenum(asking, "grant", "shop", "bob", "team")
    assert plan_of(asking, "bob") == "team"


def test_what_was_said_an_hour_ago_does_not_count_when_the_provider_fails(asking, revenuecat):
    revenuecat.script([subscriber()] + [{"status": 503}] * 4)
    assert plan_of(asking, "ada") == "pro"
    asking.stop()
    with sqlite3.connect(asking.data / "plenum.db") as db:  # an hour later
        (data,) = db.execute("SELECT data FROM cached WHERE key = 'purchases revenuecat'").fetchone()
        said = json.loads(data)
        said["at"] -= 3_600_000
        db.execute("UPDATE cached SET data = ?, expires_at = expires_at - 3600000", [json.dumps(said)])
    asking.start()
    assert plan_of(asking, "ada") == "free"


def test_the_sandbox_of_an_answer_opens_nothing(asking, revenuecat):
    revenuecat.script([subscriber(sandbox=True)])
    assert plan_of(asking, "ada") == "free"


STRIPE_KEY = "sk_live_canary-1f2e"


def standing(user, refunded=False, status="active", live=True, hours=24):
    """What Stripe answers: the version that is asked for has the end in the subscription, and the charge in the invoice."""
    return {"json": {"id": f"sub_{user}", "object": "subscription", "status": status, "livemode": live, "customer": f"cus_{user}",
                     "current_period_end": int(time.time() + hours * 3600), "metadata": {"app_user_id": user},
                     "items": {"data": [{"price": {"id": "price_1", "product": "prod_1"}}]},
                     "latest_invoice": {"id": "in_1", "charge": {"id": "ch_1", "refunded": refunded}}}}


def refund(user):
    return {"id": f"evt_refund_{user}", "object": "event", "type": "charge.refunded", "created": int(time.time()), "livemode": True,
            "data": {"object": {"id": "ch_1", "object": "charge", "customer": f"cus_{user}", "refunded": True}}}


@pytest.fixture
def stripe():
    with PeerServer() as peer:
        yield peer


@pytest.fixture
def selling(tmp_path, stripe):
    server = Server(tmp_path / "data", shop_in(tmp_path / "root"), {
        **SECRETS, "PLENUM_APPS_SHOP_STRIPE_API_KEY": STRIPE_KEY, "PLENUM_APPS_SHOP_PURCHASES_STRIPE_URL": stripe.url}).start()
    yield server
    if server.process.poll() is None:
        server.healthy()
        assert STRIPE_KEY not in server.log()
        server.kill()


def test_stripe_is_asked_about_subscriptions_that_it_told_of(selling, stripe):
    assert plan_of(selling, "ada") == "free" and stripe.calls() == []
    stripe.script([standing("ada")])
    tell_stripe(selling, subscription("ada", hours=-1)).ok()  # what it tells itself is over
    assert plan_of(selling, "ada") == "pro"
    selling.kill()
    selling.start()
    assert plan_of(selling, "ada") == "pro"
    (call,) = stripe.calls()
    assert (call["method"], call["path"]) == ("GET", "/v1/subscriptions/sub_ada?expand[0]=latest_invoice.charge")
    headers = {name.lower(): value for name, value in call["headers"].items()}
    assert headers["authorization"] == "Bearer " + STRIPE_KEY and headers["stripe-version"] == "2024-06-20"


def test_a_refund_of_stripe_counts_at_once(selling, stripe):
    stripe.script([standing("ada"), standing("bob"), standing("ada", refunded=True)])
    tell_stripe(selling, subscription("ada")).ok()
    assert plan_of(selling, "ada") == "pro"
    tell_stripe(selling, subscription("bob")).ok()
    assert plan_of(selling, "bob") == plan_of(selling, "ada") == "pro" and len(stripe.calls()) == 2
    tell_stripe(selling, refund("ada")).ok()
    assert plan_of(selling, "ada") == "free"
    assert plan_of(selling, "bob") == "pro" and len(stripe.calls()) == 3


@pytest.mark.parametrize("failure", [{"status": 500}, {"status": 429}, {"status": 401}, {"close": True}, {"body": "<html>"},
                                     {"json": {"object": "list"}}, {"status": 404}])
def test_stripe_that_fails_leaves_its_events(selling, stripe, failure):
    stripe.script([failure] * 4)
    tell_stripe(selling, subscription("ada")).ok()
    assert plan_of(selling, "ada") == "pro"
    tell_stripe(selling, subscription("bob", status="unpaid")).ok()
    assert plan_of(selling, "bob") == "free"


def test_what_stripe_last_said_counts_while_it_is_silent(selling, stripe):
    stripe.script([standing("ada", refunded=True)] + [{"status": 503}] * 4)
    tell_stripe(selling, subscription("ada")).ok()
    assert plan_of(selling, "ada") == "free"
    tell_stripe(selling, refund("ada")).ok()  # has it asked again
    assert plan_of(selling, "ada") == "free" and len(stripe.calls()) >= 2
    assert "Stripe was asked about a customer of shop" in selling.log()


def test_a_key_of_stripe_needs_its_events(tmp_path):
    server = Server(tmp_path / "data", shop_in(tmp_path / "root"), {"PLENUM_APPS_SHOP_STRIPE_API_KEY": STRIPE_KEY}).launch()
    assert server.process.wait(20 * PATIENCE) == 2
    assert "PLENUM_APPS_SHOP_STRIPE_SIGNING_SECRET is not" in server.log()
