"""http nodes: what reaches the peer, what is sent again and what is not, and where a secret never shows up."""

import subprocess
import sys
from pathlib import Path

import pytest

from conftest import HERE, Client, Server, binary, copy_of_apps, eventually, new_user

sys.path.insert(0, str(HERE.parent / "support"))
from peer_server import PeerServer  # noqa: E402

TOKEN = "crm-token-77aa01d4"
ALLOWED = {"PLENUM_OUTBOUND_ALLOW_LOCAL": "true", "CRM_TOKEN": TOKEN}

APP = """
plenum: 1
app: caller
secrets: [CRM_TOKEN]
limits: {hosts: ["PEER"]}
collections: {seen: {fields: {body: any}, expose: [list]}}
graphs:
  read:
    input: {id: string, tags: optional<list<string>>}
    state: {answer: any}
    nodes:
      - id: ask
        retry: {max: 2, wait: 10ms}
        http: {get: "PEER/things/{{id}}", query: {tag: =tags}, auth: {bearer: CRM_TOKEN}, expect: [2xx, 404]}
        set: {answer: "={'status': result.status, 'body': result.body, 'type': result.headers['content-type']}"}
      - {id: keep, store: {put: seen, data: {body: =answer}}}
    output: =answer
  kept:
    input: {id: string}
    state: {answer: any}
    nodes:
      - {id: ask, cache: 10m, http: {get: "PEER/things/{{id}}", auth: {bearer: CRM_TOKEN}}, set: {answer: =result.body}}
    output: =answer
  write:
    input: {text: string}
    nodes:
      - id: send
        retry: {max: 2, wait: 10ms}
        timeout: 2s
        http: {post: "PEER/notes", body: {text: =text}, auth: {header: CRM_TOKEN}}
    output: {done: true}
  write_known:
    input: {text: string}
    nodes:
      - id: send
        retry: {max: 2, wait: 10ms}
        timeout: 2s
        http: {post: "PEER/notes", body: {text: =text}, auth: {bearer: CRM_TOKEN}, idempotency: "{{run.id}}-note"}
    output: {done: true}
routes:
  POST /read: {start: read}
  POST /kept: {start: kept}
  POST /write: {start: write}
  POST /write_known: {start: write_known}
  POST /jobs/write: {start: write, async: true}
  POST /jobs/write_known: {start: write_known, async: true}
"""


@pytest.fixture(scope="module")
def peers():
    with PeerServer() as peer:
        yield peer


@pytest.fixture(scope="module")
def root(tmp_path_factory, peers):
    folder = copy_of_apps(tmp_path_factory.mktemp("callers"))
    (folder / "apps.d/caller.yaml").write_text(APP.replace("PEER", peers.url))
    return folder


@pytest.fixture(scope="module")
def calling_server(tmp_path_factory, root):
    server = Server(tmp_path_factory.mktemp("calling") / "data", root, ALLOWED).start()
    yield server
    server.healthy()
    server.stop()


@pytest.fixture
def peer(peers):
    peers.reset()
    return peers


@pytest.fixture
def caller(calling_server):
    return Client(calling_server, "caller", new_user())


def test_a_reply_that_is_kept_is_given_again_to_the_same_user_also_after_a_restart(tmp_path, root, peer):
    server = Server(tmp_path / "data", root, ALLOWED).start()
    try:
        ada, bob = Client(server, "caller", new_user()), Client(server, "caller", new_user())
        peer.script([{"json": {"n": 1}}, {"json": {"n": 2}}, {"json": {"n": 3}}])
        assert ada.post("/kept", {"id": "x"}).ok()["output"] == {"n": 1}
        assert ada.post("/kept", {"id": "x"}).ok()["output"] == {"n": 1}
        assert bob.post("/kept", {"id": "x"}).ok()["output"] == {"n": 2}
        assert ada.post("/kept", {"id": "y"}).ok()["output"] == {"n": 3}
        server.stop()
        server.start()
        assert ada.post("/kept", {"id": "x"}).ok()["output"] == {"n": 1}
        assert len(peer.calls()) == 3
        assert holds_the_token(server) == []
    finally:
        server.stop()


def holds_the_token(server):
    """Files of the server's that hold the secret."""
    files = [server.log_path, *(path for path in Path(server.data).rglob("*") if path.is_file())]
    return [path for path in files if TOKEN.encode() in path.read_bytes()]


def test_a_node_calls_its_peer_with_what_was_filled_in_and_with_its_secret(caller, peer):
    peer.script([{"json": {"name": "A thing"}}])
    answer = caller.post("/read", {"id": "a b/../?#", "tags": ["x&y", "z"]}).ok()["output"]
    assert answer == {"status": 200, "body": {"name": "A thing"}, "type": "application/json"}
    (call,) = peer.calls()
    assert (call["method"], call["path"]) == ("GET", "/things/a%20b%2F..%2F%3F%23?tag=x%26y&tag=z")
    assert call["headers"]["Authorization"] == f"Bearer {TOKEN}"
    assert "Cookie" not in call["headers"] and call["body"] == ""


def test_a_status_that_is_expected_is_an_answer(caller, peer):
    peer.script([{"status": 404, "body": "none"}])
    assert caller.post("/read", {"id": "x"}).ok()["output"] == {"status": 404, "body": "none", "type": "text/plain"}


def test_another_status_is_an_error_that_says_host_and_status_and_nothing_of_the_body(caller, peer):
    peer.script([{"status": 403, "json": {"error": "the peer's own words"}}])
    reply = caller.post("/read", {"id": "x"})
    problem = reply.problem(502, "http_status")
    assert "127.0.0.1" in problem["detail"] and "403" in problem["detail"]
    assert b"own words" not in reply.body
    assert len(peer.calls()) == 1


@pytest.mark.parametrize("fault", [{"status": 429, "headers": {"Retry-After": 0}}, {"status": 503}, {"close": True}], ids=str)
def test_reading_is_tried_again(caller, peer, fault):
    peer.script([fault, fault, {"json": 1}])
    assert caller.post("/read", {"id": "x"}).ok()["output"]["body"] == 1
    assert len(peer.calls()) >= 3  # curl repeats a read by itself when a kept connection was dead


@pytest.mark.parametrize("fault, status, code", [
    ({"status": 503}, 502, "http_status"), ({"status": 429}, 502, "http_status"), ({"status": 408}, 502, "http_status"),
    ({"close": True}, 502, "ambiguous_effect"), ({"hang": True}, 504, "ambiguous_effect"),
], ids=str)
def test_a_write_that_its_peer_would_not_know_again_is_sent_once(caller, peer, fault, status, code):
    peer.script([fault])
    caller.post("/write", {"text": "hello"}).problem(status, code)
    assert [call["body"] for call in peer.calls()] == ['{"text":"hello"}']


@pytest.mark.parametrize("fault", [{"status": 503}, {"close": True}, {"hang": True}], ids=str)
def test_a_write_with_an_idempotency_key_is_tried_again_under_the_same_key(caller, peer, fault):
    peer.script([fault])
    run = caller.post("/write_known", {"text": "hello"}).ok()["run_id"]
    calls = peer.calls()
    assert len(calls) >= 2
    assert {call["headers"]["Idempotency-Key"] for call in calls} == {f"{run}-note"}


def test_a_secret_is_nowhere_but_in_the_peers_header(caller, calling_server, peer):
    peer.script([{"json": {"you sent": f"Bearer {TOKEN}"}, "headers": {"X-Echo": TOKEN}}])
    reply = caller.post("/read", {"id": "x"})
    assert reply.ok()["output"]["body"] == {"you sent": "Bearer [secret CRM_TOKEN]"}
    run = reply.json["run_id"]
    peer.script([{"status": 400, "body": TOKEN}])
    failed = caller.post("/read", {"id": "x"})
    pages = [failed, caller.get(f"/runs/{run}"), caller.get(f"/runs/{run}/events", Accept="text/event-stream"),
             caller.get("/seen"), caller.get("/openapi.json"), calling_server.request("GET", "/")]
    assert not [page for page in pages if TOKEN.encode() in page.body]
    assert holds_the_token(calling_server) == []


def test_a_write_under_way_when_the_server_dies_is_not_sent_a_second_time(tmp_path, root, peer):
    server = Server(tmp_path / "data", root, ALLOWED).start()
    try:
        caller = Client(server, "caller", new_user())
        peer.script([{"hang": True}])
        job = caller.post("/jobs/write", {"text": "once"}).ok(202)["job_id"]
        peer.wait_for_calls(1)
        server.kill()
        server.start()
        page = caller.finished(job, "failed")
        assert page["error"]["code"] == "ambiguous_effect"
        assert len(peer.calls()) == 1
    finally:
        server.stop()


def test_a_write_with_a_key_under_way_when_the_server_dies_is_sent_again_under_it(tmp_path, root, peer):
    server = Server(tmp_path / "data", root, ALLOWED).start()
    try:
        caller = Client(server, "caller", new_user())
        peer.script([{"hang": True}])
        job = caller.post("/jobs/write_known", {"text": "known"}).ok(202)["job_id"]
        peer.wait_for_calls(1)
        server.kill()
        server.start()
        assert caller.finished(job)["output"] == {"done": True}
        assert {call["headers"]["Idempotency-Key"] for call in peer.calls()} == {f"{job}-note"}
    finally:
        server.stop()


def is_not_served(server):
    reply = server.request("GET", "/api/v1/caller/openapi.json")
    return reply.status == 404 and server.request("GET", "/api/v1/clearreply/openapi.json").status == 200


def test_an_app_whose_secret_is_not_set_is_not_served_and_the_log_names_it(tmp_path, root, peer):
    server = Server(tmp_path / "data", root, {"PLENUM_OUTBOUND_ALLOW_LOCAL": "true"}).start()
    try:
        assert is_not_served(server)
        assert "caller.yaml:4:11: error[A811]: the secret `CRM_TOKEN` is not set" in server.log()
        assert "CRM_TOKEN_FILE" in server.log()
    finally:
        server.stop()


def test_a_secret_can_come_from_a_file(tmp_path, root, peer):
    (tmp_path / "token").write_text(TOKEN + "\n")
    env = {"PLENUM_OUTBOUND_ALLOW_LOCAL": "true", "CRM_TOKEN_FILE": str(tmp_path / "token")}
    server = Server(tmp_path / "data", root, env).start()
    try:
        Client(server, "caller", new_user()).post("/read", {"id": "x"}).ok()
        assert peer.calls()[0]["headers"]["Authorization"] == f"Bearer {TOKEN}"
    finally:
        server.stop()


def test_an_app_that_would_call_this_machine_is_not_served_unless_the_operator_allows_it(tmp_path, root, peer):
    server = Server(tmp_path / "data", root, {"CRM_TOKEN": TOKEN}).start()
    try:
        assert is_not_served(server)
        assert "error[A804]" in server.log() and "PLENUM_OUTBOUND_ALLOW_LOCAL" in server.log()
    finally:
        server.stop()
    assert peer.calls() == []


def test_production_does_not_start_with_calls_to_this_machine_allowed(tmp_path, root):
    server = Server(tmp_path / "data", root, {**ALLOWED, "PLENUM_MODE": "production"}).launch()
    assert server.process.wait(10) == 2
    assert "`outbound.allow_local` is for development" in server.log()


def test_lint_needs_no_secrets(root):
    done = subprocess.run([binary(), "lint", str(root / "apps.d/caller.yaml")], capture_output=True, text=True, env={})
    assert "A811" not in done.stdout and "0 errors" in done.stdout + done.stderr, done
