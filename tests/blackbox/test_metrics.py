"""The page that Prometheus reads: what it counts, where it is, and what it never says."""

import http.client
import re

import pytest

from conftest import PATIENCE, Client, Server, copy_of_apps, gemini, new_user
from peer_server import PeerServer
from test_purchases import SECRETS, event, shop_in, tell

CALLER = """
plenum: 1
app: caller
secrets: [CRM_TOKEN]
limits: {hosts: ["PEER"]}
graphs:
  send:
    input: {text: string}
    nodes: [{id: send, retry: 0, http: {post: "PEER/notes", body: {text: =text}, auth: {bearer: CRM_TOKEN}}}]
    output: {sent: true}
routes:
  POST /send: {start: send}
"""


def metrics(server, method="GET", path="/metrics"):
    port = int(re.findall(r"metrics at http://127\.0\.0\.1:(\d+)/metrics\n", server.log())[-1])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10 * PATIENCE)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode()
    finally:
        connection.close()


def values(server):
    """{series: number}; every line of the page is one of the format's."""
    status, headers, page = metrics(server)
    assert status == 200 and headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = {}
    for line in page.splitlines():
        if re.fullmatch(r"# HELP plenum_\w+ .+|# TYPE plenum_\w+ (counter|gauge|histogram)", line):
            continue
        series, number = re.fullmatch(r'(plenum_\w+(?:\{\w+="[^"]*"(?:,\w+="[^"]*")*\})?) ([0-9.e+-]+)', line).groups()
        assert series not in found, line
        found[series] = float(number)
    return found


@pytest.fixture
def watched(tmp_path, shared_models):
    shared_models.reset()
    root = copy_of_apps(tmp_path / "root")
    shop_in(tmp_path / "shop")
    (root / "apps.d/shop.yaml").write_text((tmp_path / "shop/apps.d/shop.yaml").read_text())
    (root / "plenum.yaml").write_text((tmp_path / "shop/plenum.yaml").read_text() + "metrics: {listen: '127.0.0.1:0'}\n")
    server = Server(tmp_path / "data", root, gemini(shared_models, **SECRETS)).start()
    server.models = shared_models
    yield server
    server.healthy()
    server.stop()


def test_requests_runs_effects_and_costs_are_counted(watched):
    user = new_user()
    probe = Client(watched, "probe", user)
    for _ in range(3):
        probe.post("/ask", {"question": "secret-pineapple"}).ok()
    probe.post("/ask", {"question": 17}).problem(422)
    watched.models.script([{"status": 400}])
    assert probe.post("/ask", {"question": "x"}).status >= 400
    probe.finished(probe.post("/jobs/chain", {"question": "x"}).ok(202)["job_id"])
    watched.request("GET", "/nothing/here")
    tell(watched, event(user)).ok()
    tell(watched, event(user), "Bearer wrong").problem(401)
    found = values(watched)
    assert found['plenum_requests_total{app="probe",route="POST /ask",status="2xx"}'] == 3
    assert found['plenum_requests_total{app="probe",route="POST /ask",status="4xx"}'] >= 1
    assert found['plenum_requests_total{app="",route="none",status="4xx"}'] == 1
    assert found['plenum_runs_total{app="probe",graph="ask",status="completed"}'] == 3
    assert found['plenum_runs_total{app="probe",graph="ask",status="failed"}'] == 1
    assert found['plenum_runs_total{app="probe",graph="chain",status="completed"}'] == 1
    assert found['plenum_effects_total{app="probe",kind="model",outcome="done"}'] == 6
    assert found['plenum_effects_total{app="probe",kind="model",outcome="failed"}'] == 1
    assert 0 < found['plenum_cost_usd_total{app="probe",kind="model"}'] < 1
    assert found['plenum_webhooks_total{app="shop",provider="revenuecat",outcome="stored"}'] == 1
    assert found['plenum_webhooks_total{app="shop",provider="revenuecat",outcome="refused"}'] == 1
    asks = '{app="probe",route="POST /ask"'
    assert found[f'plenum_request_seconds_bucket{asks},le="+Inf"}}'] == found[f"plenum_request_seconds_count{asks}}}"] == 5
    assert found[f'plenum_request_seconds_bucket{asks},le="0.005"}}'] <= found[f'plenum_request_seconds_bucket{asks},le="120"}}'] == 5
    assert 0 <= found[f"plenum_request_seconds_sum{asks}}}"] < 600
    assert found['plenum_effect_seconds_count{app="probe",kind="model"}'] == 7
    assert found["plenum_jobs_queued"] == found["plenum_live_runs"] == 0
    _, _, page = metrics(watched)
    assert user not in page and "pineapple" not in page


def test_what_nobody_knows_the_end_of_is_counted(tmp_path, shared_models):
    shared_models.reset()
    with PeerServer() as peer:
        root = copy_of_apps(tmp_path / "root")
        (root / "apps.d/caller.yaml").write_text(CALLER.replace("PEER", peer.url))
        server = Server(tmp_path / "data", root, gemini(
            shared_models, CRM_TOKEN="t", PLENUM_OUTBOUND_ALLOW_LOCAL="true", PLENUM_METRICS_LISTEN="127.0.0.1:0")).start()
        shared_models.script([{"hang": True, "match": "second of"}], default={"text": "Fine."})
        probe, caller = Client(server, "probe", new_user()), Client(server, "caller", new_user())
        peer.script([{"close": True}, {"hang": True}])
        caller.post("/send", {"text": "x"}).problem(502, "ambiguous_effect")
        failed = 'plenum_effects_ambiguous_total{app="caller",kind="http",then="fail"}'
        assert values(server)[failed] == 1
        job = probe.post("/jobs/chain", {"question": "q"}).ok(202)["job_id"]
        write = caller.post("/send", {"text": "y"}, Prefer="respond-async").ok(202)["job_id"]
        shared_models.wait_for_calls(2)
        peer.wait_for_calls(2)
        server.kill()
        server.start()
        probe.finished(job)
        caller.finished(write, "failed")
        found = values(server)
        assert found['plenum_effects_ambiguous_total{app="probe",kind="model",then="retry"}'] == 1
        assert found[failed] == 1 and len(peer.calls()) == 2
        server.stop()


def test_the_page_is_where_the_operator_put_it_and_nowhere_else(watched, offline_server):
    assert watched.request("GET", "/metrics").status == 404
    assert metrics(watched, path="/")[0] == 404
    assert metrics(watched, path="/api/v1/probe/ask")[0] == 404
    assert metrics(watched, "POST")[0] == 405
    assert offline_server.request("GET", "/metrics").status == 404 and "metrics at" not in offline_server.log()
