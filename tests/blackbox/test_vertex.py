"""A service account's key file as the key of `gemini`: its tokens are asked for, renewed, and never shown."""

import base64
import json
import sys
from urllib.parse import parse_qs

import pytest

from conftest import ANALYSIS, HERE, Client, Server, copy_of_apps, gemini, new_user

sys.path.insert(0, str(HERE.parent / "support"))
from issuer import RsaKey  # noqa: E402
from peer_server import PeerServer  # noqa: E402


@pytest.fixture
def google():
    with PeerServer() as peer:
        yield peer


@pytest.fixture(scope="module")
def key():
    return RsaKey("key-1")


def serve(tmp_path, models, google, key, **more):
    file = tmp_path / "key.json"
    file.write_text(json.dumps({"type": "service_account", "client_email": "robot@p.iam.gserviceaccount.com", "private_key_id": key.kid,
                                "private_key": key.pem(), "token_uri": google.url + "/token", **more}, indent=2))
    env = gemini(models, PLENUM_OUTBOUND_ALLOW_LOCAL="true", GEMINI_API_KEY_FILE=str(file),
                 PLENUM_PROVIDERS_GEMINI_BASE_URL=models.url + "/v1beta1/projects/p/locations/l")
    del env["GEMINI_API_KEY"]
    return Server(tmp_path / "data", copy_of_apps(tmp_path / "root"), env).start()


def decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_calls_carry_the_accounts_token_which_is_asked_for_once(tmp_path, models, google, key):
    google.script([{"json": {"access_token": "ya29.first", "expires_in": 3599, "token_type": "Bearer"}}])
    models.script([{"json": ANALYSIS}, {"json": ANALYSIS}])
    server = serve(tmp_path, models, google, key)
    try:
        for _ in range(2):
            assert Client(server, "clearreply", new_user()).analyze().ok()["output"] == ANALYSIS
        (asked,) = google.calls()
        claim = parse_qs(asked["body"])["assertion"][0]
        text, _, signature = claim.rpartition(".")
        assert decoded(signature) == key.sign(text)
        assert json.loads(decoded(text.split(".")[1]))["aud"] == google.url + "/token"
        for call in models.calls():
            assert call["headers"]["authorization"] == "Bearer ya29.first" and "x-goog-api-key" not in call["headers"]
            assert call["path"].startswith("/v1beta1/projects/p/locations/l/publishers/google/models/gemini-3-flash-preview:")
        assert "PRIVATE KEY" not in server.log() and "ya29" not in server.log()
    finally:
        server.healthy()
        server.stop()


def test_a_key_that_google_refuses_is_a_problem_that_says_what_to_do(tmp_path, models, google, key):
    google.script([{"status": 400, "json": {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}}])
    server = serve(tmp_path, models, google, key)
    try:
        reply = Client(server, "clearreply", new_user()).analyze()
        assert reply.status >= 500 and reply.json["code"] == "provider_auth", reply
        assert "does not take the service account's key (invalid_grant)" in server.log() + reply.json["detail"]
        assert models.calls() == []
    finally:
        server.healthy()
        server.stop()
