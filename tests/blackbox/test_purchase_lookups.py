"""RevenueCat asked about a customer: how often, and what counts when it does not answer."""

import json
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import Server
from peer_server import PeerServer
from test_purchases import SECRETS, event, plan_of, plenum, shop_in, tell

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
