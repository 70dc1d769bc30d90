"""What browsers are told: which pages may call an app, and what they may do with its answers."""

import json
import subprocess

import pytest

from conftest import PATIENCE, Client, Server, binary, copy_of_apps, gemini, new_user

PAGE = "https://shop.example.com"
LOCAL = "http://localhost:3000"


@pytest.fixture(scope="module")
def front(tmp_path_factory, shared_models):
    folder = tmp_path_factory.mktemp("cors")
    root = copy_of_apps(folder / "root")
    (root / "plenum.yaml").write_text(json.dumps({"behind_tls": True, "apps": {"probe": {"cors": {"origins": [PAGE, LOCAL]}}}}))
    env = gemini(shared_models, PLENUM_APPS_FITMYCV_CORS_ORIGINS=PAGE, PLENUM_APPS_FITMYCV_CORS_CREDENTIALS="true")
    server = Server(folder / "data", root, env).start()
    yield server
    server.healthy()
    server.stop()


def cors(reply):
    return {name.lower(): value for name, value in reply.headers.items() if name.lower().startswith("access-control-")}


def test_a_listed_page_reads_answers_and_refusals_alike(front):
    ada = Client(front, "probe", new_user())
    for origin in (PAGE, LOCAL):
        nobody = front.request("POST", "/api/v1/probe/ask", b"{}", {"Origin": origin})
        for reply, status in ((ada.post("/optional/who", {}, Origin=origin), 200), (ada.post("/ask", {}, Origin=origin), 422),
                              (nobody, 401), (ada.get("/nowhere", Origin=origin), 404), (ada.get("/ask", Origin=origin), 405)):
            assert reply.status == status
            assert reply.headers["Access-Control-Allow-Origin"] == origin and reply.headers["Vary"] == "Origin"
            assert "X-Request-Id" in reply.headers["Access-Control-Expose-Headers"]
            assert "Access-Control-Allow-Credentials" not in reply.headers
    job = ada.post("/optional/who", {}, Prefer="respond-async").ok(202)["job_id"]
    stream = ada.stream("GET", f"/jobs/{job}/events", Origin=PAGE)
    assert stream.headers["Access-Control-Allow-Origin"] == PAGE
    stream.close()


@pytest.mark.parametrize("origin", [
    "https://evil.example.com", "null", "https://shop.example.com.evil.test", "https://shop.example.com:444",
    "http://shop.example.com", "https://SHOP.example.com", "https://shop.example.com/", "https://evilshop.example.com", "*",
    PAGE + " " + PAGE, PAGE + ", https://evil.test", "", "https://shop.example.com\t",
])
def test_no_other_page_reads_anything(front, origin):
    ada = Client(front, "probe", new_user())
    for reply in (ada.post("/optional/who", {}, Origin=origin), front.request("OPTIONS", "/api/v1/probe/ask", headers={
            "Origin": origin, "Access-Control-Request-Method": "POST"})):
        if origin != "https://shop.example.com\t":  # space around a value is not part of it
            assert cors(reply) == {}
            assert "Origin" in reply.headers["Vary"]
    assert cors(Client(front, "clearreply", new_user()).post("/analyze", {}, Origin=PAGE)) == {}
    assert cors(front.request("GET", "/", headers={"Origin": PAGE})) == {}


def test_a_preflight_is_answered_for_listed_pages_without_sign_in(front):
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization, x-evil"}
    reply = front.request("OPTIONS", "/api/v1/probe/ask", headers=asked)
    assert reply.status == 204 and reply.body == b""
    assert cors(reply)["access-control-allow-origin"] == PAGE
    assert cors(reply)["access-control-allow-methods"] == "POST"
    assert "Authorization" in cors(reply)["access-control-allow-headers"] and "evil" not in cors(reply)["access-control-allow-headers"]
    assert reply.headers["Vary"] == "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
    methods = cors(front.request("OPTIONS", "/api/v1/probe/jobs/x", headers=asked))["access-control-allow-methods"]
    assert set(methods.split(", ")) == {"GET", "DELETE"}
    assert front.request("OPTIONS", "/api/v1/probe/nowhere", headers=asked).status == 404
    assert front.request("OPTIONS", "/api/v1/probe/ask", headers={"Origin": PAGE}).status == 405
    assert front.request("OPTIONS", "/api/v1/clearreply/analyze", headers=asked).status == 405


def test_credentials_are_allowed_where_that_is_said(front):
    reply = Client(front, "fitmycv", new_user()).get("/cvs", Origin=PAGE)
    assert reply.headers["Access-Control-Allow-Credentials"] == "true"
    assert reply.headers["Access-Control-Allow-Origin"] == PAGE
    assert cors(Client(front, "fitmycv", new_user()).get("/cvs", Origin=LOCAL)) == {}


def test_every_answer_is_safe_in_a_browser(front, tmp_path):
    ada = Client(front, "probe", new_user())
    replies = [ada.post("/optional/who", {}), ada.post("/ask", {}), ada.get("/docs"), ada.get("/openapi.json"), ada.get("/nowhere"),
               front.request("GET", "/"), front.request("GET", "/healthz"), front.request("GET", "/readyz"),
               front.request("POST", "/api/v1/probe/ask", b"x" * (2 << 20)),
               front.request("GET", "/api/v1/probe/files/file_x?o=1&e=1&s=1")]
    for reply in replies:
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in reply.headers["Content-Security-Policy"]
        assert "no-store" in reply.headers["Cache-Control"]
        assert reply.headers["Strict-Transport-Security"] == "max-age=31536000"
        assert "Server" not in reply.headers
    broken = front.raw(b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n")
    assert b" 400 " in broken.split(b"\r\n")[0] and b"X-Content-Type-Options: nosniff" in broken


@pytest.mark.parametrize("origin", ["*", "null", "shop.example.com", "https://shop.example.com/", "https://Shop.example.com",
                                    "http://shop.example.com", "http://localhost.evil.test", "http://localhost@evil.test:80",
                                    "https://", "https://*.example.com", "https://a.test?x"])
def test_an_origin_that_no_browser_sends_stops_the_start(tmp_path, origin):
    root = copy_of_apps(tmp_path / "root")
    env = {**Server(tmp_path / "data", root).env, "PLENUM_APPS_PROBE_CORS_ORIGINS": f"{PAGE},{origin}"}
    said = subprocess.run([binary(), "serve", "--root", str(root), "--data", str(tmp_path / "data"), "--listen", "127.0.0.1:0"],
                          env=env, capture_output=True, text=True, timeout=20 * PATIENCE)
    assert said.returncode != 0 and "is not an origin" in said.stdout + said.stderr, said
