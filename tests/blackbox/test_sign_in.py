"""Callers with tokens of an issuer: who gets in, as whom, and what becomes of it when the issuer fails."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from conftest import PATIENCE, Client, Server, binary, copy_of_apps, eventually, gemini, new_user

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from issuer import Issuer, RsaKey  # noqa: E402


@pytest.fixture(scope="module")
def issuer():
    with Issuer() as one:
        yield one


@pytest.fixture(scope="module")
def guarded(tmp_path_factory, issuer, shared_models):
    """A server whose callers have tokens; in development, so that development sign-in works beside them."""
    folder = tmp_path_factory.mktemp("guarded")
    env = gemini(shared_models, **issuer.settings(), PLENUM_SIGN_IN_MAIN_PLAN_CLAIM="plan")
    server = Server(folder / "data", copy_of_apps(folder / "root"), env).start()
    yield server
    server.healthy()
    server.stop()


class Signed(Client):
    """Somebody whom the issuer vouches for."""

    def __init__(self, server, app, token, user=""):
        super().__init__(server, app, user)
        self.token = f"Bearer {token}"




def refused(client, code="invalid_token"):
    reply = client.post("/optional/who", {})
    document = reply.problem(401, code)
    assert reply.headers["WWW-Authenticate"].startswith('Bearer error="invalid_token"')
    return document, reply


def test_a_token_names_its_subject_and_plan(guarded, issuer):
    ada = Signed(guarded, "probe", issuer.token("ada", plan="pro"))
    assert ada.post("/optional/who", {}).ok()["output"] == {"user": "ada", "plan": "pro"}
    assert Signed(guarded, "probe", issuer.token("ada")).post("/optional/who", {}).ok()["output"]["plan"] == "free"
    ada.token = ada.token.replace("Bearer", "bEaReR")
    assert ada.post("/optional/who", {}).ok()["output"]["user"] == "ada"


def test_the_interface_names_the_ways_to_sign_in(guarded, issuer):
    document = guarded.request("GET", "/api/v1/probe/openapi.json").ok()
    schemes = document["components"]["securitySchemes"]
    assert schemes["openId_main"] == {"type": "openIdConnect", "openIdConnectUrl": issuer.url + "/.well-known/openid-configuration"}
    assert schemes["apiKey"]["in"] == "header" and schemes["bearer"]["scheme"] == "bearer"
    assert document["security"] == [{name: []} for name in schemes]


def test_a_subject_is_one_owner_whatever_the_token_and_another_one_elsewhere(guarded, issuer):
    mine = Signed(guarded, "probe", issuer.token("ada")).post("/optional/who", {}, Prefer="respond-async").ok(202)["job_id"]
    assert Signed(guarded, "probe", issuer.token("ada", lasts=60)).get(f"/jobs/{mine}").status == 200
    strangers = [Signed(guarded, "probe", issuer.token("eve")), Client(guarded, "probe", "ada"),
                 Signed(guarded, "clearreply", issuer.token("ada"))]
    for stranger in strangers:
        stranger.get(f"/jobs/{mine}").problem(404, "not_found")
        stranger.delete(f"/jobs/{mine}").problem(404, "not_found")


def test_bad_tokens_are_refused_without_a_reason_and_expired_ones_with_it(guarded, issuer):
    stranger = RsaKey("one")
    good = issuer.token("ada")
    head, body, signature = good.split(".")
    forged = [issuer.token("ada", key=stranger), issuer.token("ada", aud="others"), issuer.token("ada", iss="https://x.test"),
              issuer.token("", ), issuer.token("ada", nbf=4_000_000_000), f"{head}.{body}.", f"{head}.{body}", good + "x", "x.y.z",
              issuer.token("ada", header={"alg": "none"}), issuer.token("ada", header={"crit": ["x"]}), "a" * 9000]
    for token in forged:
        document, reply = refused(Signed(guarded, "probe", token))
        assert document["detail"] == "the token is not valid here"
        assert reply.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    document, reply = refused(Signed(guarded, "probe", issuer.token("ada", lasts=-1)), "token_expired")
    assert "expired" in document["detail"] and "expired" in reply.headers["WWW-Authenticate"]
    log = guarded.log()
    for token in [good, *forged[:5]]:
        assert token.split(".")[2] not in log
    assert "eyJ" not in log


def test_no_token_is_a_challenge_and_two_are_refused(guarded, issuer):
    nobody = Client(guarded, "probe", "nobody")
    nobody.token = None
    reply = nobody.post("/ask", {"question": "q"})
    reply.problem(401, "unauthenticated")
    assert reply.headers["WWW-Authenticate"] == "Bearer"
    token = issuer.token("ada")
    twice = guarded.raw(b"POST /api/v1/probe/optional/who HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                        b"Content-Length: 2\r\n" + 2 * f"Authorization: Bearer {token}\r\n".encode() + b"\r\n{}")
    assert b" 400 " in twice.split(b"\r\n")[0] and b"ambiguous_credentials" in twice


def test_two_hundred_unknown_keys_are_one_question(guarded, issuer):
    Signed(guarded, "probe", issuer.token("ada")).post("/optional/who", {}).ok()
    before = issuer.fetches()

    def forge(numbers):
        for number in numbers:
            refused(Signed(guarded, "probe", issuer.token("ada", kid=f"random{number}")))

    threads = [threading.Thread(target=forge, args=(range(i, 200, 8),)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert issuer.fetches() - before <= 1


def test_a_new_key_signs_in_as_soon_as_it_is_published(tmp_path, shared_models):
    with Issuer() as issuer:
        server = Server(tmp_path / "data", copy_of_apps(tmp_path / "root"), gemini(shared_models, **issuer.settings())).start()
        try:
            Signed(server, "probe", issuer.token("ada")).post("/optional/who", {}).ok()
            issuer.keys.insert(0, RsaKey("two"))
            for key in issuer.keys:
                assert Signed(server, "probe", issuer.token("ada", key=key)).post("/optional/who", {}).ok()["output"]["user"] == "ada"
            assert issuer.fetches() == 2
            server.healthy()
        finally:
            server.stop()


def test_who_waits_for_keys_holds_up_nobody(tmp_path, shared_models):
    with Issuer() as issuer:
        issuer.hold()
        server = Server(tmp_path / "data", copy_of_apps(tmp_path / "root"), gemini(shared_models, **issuer.settings())).start()
        try:
            eventually(lambda: issuer.paths, 20, "fetching at the start")
            replies = []

            def sign_in():
                replies.append(Signed(server, "probe", issuer.token("ada")).post("/optional/who", {}))

            threads = [threading.Thread(target=sign_in) for _ in range(20)]
            for thread in threads:
                thread.start()
            for _ in range(50):
                assert server.request("GET", "/healthz").status == 200
                Client(server, "probe", new_user()).post("/optional/who", {}).ok()
            issuer.release()
            for thread in threads:
                thread.join()
            assert {reply.ok()["output"]["user"] for reply in replies} == {"ada"}
            assert issuer.paths == ["/.well-known/openid-configuration", "/keys"]
            server.healthy()
        finally:
            server.stop()


def test_an_issuer_that_never_had_keys_closes_its_door_and_no_other(tmp_path, shared_models):
    with Issuer() as issuer:
        issuer.broken = 500
        server = Server(tmp_path / "data", copy_of_apps(tmp_path / "root"), gemini(shared_models, **issuer.settings())).start()
        try:
            reply = Signed(server, "probe", issuer.token("ada")).post("/optional/who", {})
            reply.problem(503, "sign_in_unavailable")
            assert int(reply.headers["Retry-After"]) > 0
            refused(Signed(server, "probe", "x.y.z"))
            Client(server, "probe", new_user()).post("/optional/who", {}).ok()
            server.healthy()
        finally:
            server.stop()


def test_a_server_that_ends_answers_who_waits_for_keys(tmp_path, shared_models):
    with Issuer() as issuer:
        issuer.hold()
        env = gemini(shared_models, **issuer.settings(), PLENUM_DRAIN_WORK_SECONDS="1", PLENUM_DRAIN_ACCEPT_SECONDS="0")
        server = Server(tmp_path / "data", copy_of_apps(tmp_path / "root"), env).start()
        eventually(lambda: issuer.paths, 20, "fetching at the start")
        thread = threading.Thread(target=lambda: server.raw(
            b"POST /api/v1/probe/optional/who HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nAuthorization: Bearer "
            + issuer.token("ada").encode() + b"\r\n\r\n"))
        thread.start()
        eventually(lambda: "listening" in server.log(), 20, "listening")
        assert server.stop() == 0
        thread.join(20 * PATIENCE)
        assert not thread.is_alive()


def test_an_app_with_an_issuer_of_its_own_takes_no_other(tmp_path, shared_models):
    with Issuer() as everybody, Issuer() as staff:
        root = copy_of_apps(tmp_path / "root")
        (root / "plenum.yaml").write_text(json.dumps({
            "sign_in": {"everybody": {"issuer": everybody.url, "audience": ["other", everybody.audience]}},
            "apps": {"probe": {"sign_in": {"staff": {"issuer": staff.url, "audience": "replaced"}}}}}))
        env = gemini(shared_models, PLENUM_APPS_PROBE_SIGN_IN_STAFF_AUDIENCE=staff.audience, PLENUM_MODE="production")
        server = Server(tmp_path / "data", root, env).start()
        try:
            assert Signed(server, "probe", staff.token("ada")).post("/optional/who", {}).ok()["output"]["user"] == "ada"
            refused(Signed(server, "probe", everybody.token("ada")))
            shared_models.script([], default={"text": "{}"})
            for issuer, status in ((everybody, 422), (staff, 401)):
                assert Signed(server, "clearreply", issuer.token("ada")).post("/analyze", {}).status == status
            document, _ = refused(Client(server, "probe", "ada"))
            assert "switched off" in document["detail"]
            server.healthy()
        finally:
            server.stop()


@pytest.mark.parametrize("settings, message", [
    ({"sign_in": {"main": {"issuer": "http://id.example.test", "audience": "a"}}}, "must be an https:// URL"),
    ({"sign_in": {"main": {"issuer": "https://id.example.test"}}}, "needs an `audience`"),
    ({"sign_in": {"main": {"audience": "a"}}}, "needs `firebase`, a project's id, or `issuer`"),
    ({"sign_in": {"main": {"firebase": "a", "audience": "b"}}}, "is fixed by `firebase`"),
    ({"sign_in": {"main": {"firebase": "a/b"}}}, "must be a Firebase project's id"),
    ({"sign_in": {"main": {"firebase": "a", "skew_seconds": 61}}}, "must be 0 to 60"),
    ({"sign_in": {"main": {"issuer": "https://a.test", "audience": "a", "algorithms": ["HS256"]}}}, "known: RS256, ES256 or EdDSA"),
    ({"sign_in": {"main": {"isuer": "https://a.test"}}}, "`sign_in.main.issuer`"),
    ({"sign_in": {"Main": {"issuer": "https://a.test"}}}, "unknown setting `sign_in.Main`"),
    ({"sign_in": "firebase"}, "unknown setting `sign_in`"),
    ({"apps": {"probe": {"sign_in": {"a": {"firebase": "a"}, "b": {"firebase": "a"}}}}}, "has the same issuer as"),
])
def test_settings_that_would_let_the_wrong_people_in_stop_the_start(tmp_path, settings, message):
    root = copy_of_apps(tmp_path / "root")
    (root / "plenum.yaml").write_text(json.dumps(settings))
    clean = Server(tmp_path / "data", root).env
    said = subprocess.run([binary(), "serve", "--root", str(root), "--data", str(tmp_path / "data"), "--listen", "127.0.0.1:0"],
                          env=clean, capture_output=True, text=True, timeout=20 * PATIENCE)
    assert said.returncode != 0 and message in said.stdout + said.stderr, said
