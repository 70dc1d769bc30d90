"""Programs that call with keys: made and revoked by operators, good for one app."""

import json
import subprocess

import pytest

from conftest import PATIENCE, Client, Server, binary, copy_of_apps, gemini, new_user


def keys(data, *words, status=0, env=None):
    said = subprocess.run([binary(), "keys", *words, "--data", str(data)], capture_output=True, text=True, timeout=30 * PATIENCE)
    assert said.returncode == status, said
    return said.stdout.strip() if status == 0 else said.stderr


def new_key(server, app="probe", *words):
    return keys(server.data, "create", app, *words)


def listed(server, *words):
    return json.loads(keys(server.data, "list", *words, "--format", "json"))


class Program(Client):
    def __init__(self, server, key, app="probe"):
        super().__init__(server, app, "")
        self.token = f"Bearer {key}"


def test_a_key_calls_its_app_as_its_user(server):
    key = new_key(server, "probe", "--user", "cron", "--plan", "pro")
    assert key.startswith("plenum_key_") and len(key) == 54
    assert Program(server, key).post("/optional/who", {}).ok()["output"] == {"user": "cron", "plan": "pro"}
    named = Client(server, "probe", "nobody")
    named.token = None
    assert named.post("/optional/who", {}, X_Api_Key=key).ok()["output"] == {"user": "cron", "plan": "pro"}


def test_two_keys_of_one_user_share_their_data_so_that_one_can_replace_the_other(server):
    first, second = (Program(server, new_key(server, "probe", "--user", "rotating")) for _ in range(2))
    job = first.post("/optional/who", {}, Prefer="respond-async").ok(202)["job_id"]
    assert second.get(f"/jobs/{job}").status == 200
    others = [Program(server, new_key(server, "probe")), Program(server, new_key(server, "probe", "--user", "other")),
              Client(server, "probe", "rotating")]
    for other in others:
        other.get(f"/jobs/{job}").problem(404, "not_found")


def test_a_key_of_another_app_a_wrong_one_and_two_at_once_are_refused(server):
    key = new_key(server, "clearreply")
    wrong = [key, key[:-1] + ("A" if key[-1] != "A" else "B"), key + "A", key.upper(), "plenum_key_", "plenum_key_" + "A" * 43]
    for text in wrong:
        reply = Program(server, text).post("/optional/who", {})
        reply.problem(401, "invalid_token")
        assert reply.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    nobody = Client(server, "clearreply", "nobody")
    nobody.token = None
    nobody.post("/analyze", {}, X_Api_Key="dev:ada").problem(401, "invalid_token")
    nobody.post(f"/analyze?key={key}", {}).problem(401, "unauthenticated")
    Client(server, "clearreply", "ada").post("/analyze", {}, X_Api_Key=key).problem(400, "ambiguous_credentials")
    assert Program(server, key, "clearreply").post("/analyze", {}).status == 422


def test_a_revoked_key_opens_nothing_at_once_and_is_remembered(server):
    key = new_key(server, "probe", "--label", "the nightly job", "--role", "editor", "--role", "admin")
    row = listed(server, "probe")[-1]
    assert row["label"] == "the nightly job" and row["roles"] == ["editor", "admin"] and row["status"] == "good"
    assert row["used_at"] is None and row["user"] == row["id"]
    Program(server, key).post("/optional/who", {}).ok()
    keys(server.data, "revoke", row["id"])
    Program(server, key).post("/optional/who", {}).problem(401, "invalid_token")
    row = next(one for one in listed(server) if one["id"] == row["id"])
    assert row["status"] == "revoked" and row["revoked_at"] and row["used_at"]
    keys(server.data, "revoke", row["id"])
    assert "there is no key" in keys(server.data, "revoke", "apikey_none", status=1)


def test_a_key_is_nowhere_but_with_its_owner(server):
    key = new_key(server)
    Program(server, key).post("/optional/who", {}).ok()
    assert key not in json.dumps(listed(server)) and key not in server.log()
    for file in server.data.rglob("*"):
        if file.is_file():
            assert key.encode() not in file.read_bytes(), file


def test_keys_are_made_without_a_server_and_outlive_its_end(tmp_path, shared_models):
    server = Server(tmp_path / "data", copy_of_apps(tmp_path / "root"), gemini(shared_models, PLENUM_MODE="production")).start()
    server.stop()
    key, gone = new_key(server), new_key(server)
    keys(server.data, "revoke", listed(server)[1]["id"])
    server.start()
    try:
        assert Program(server, key).post("/optional/who", {}).ok()
        Program(server, gone).post("/optional/who", {}).problem(401, "invalid_token")
        server.kill()
        server.start()
        assert Program(server, key).post("/optional/who", {}).ok()
        server.healthy()
    finally:
        server.stop()


def test_a_key_of_an_app_that_is_not_served_says_so(server):
    for app, says in (("probe", False), ("prope", True)):
        said = subprocess.run([binary(), "keys", "create", app, "--data", str(server.data)], capture_output=True, text=True)
        assert said.returncode == 0 and ("serves no app `prope`" in said.stderr) == says


def test_a_folder_that_is_no_servers_is_not_made_by_a_slip_of_the_pen(tmp_path):
    assert "there is no database" in keys(tmp_path / "dta", "create", "probe", status=3)
    assert "there is no database" in keys(tmp_path / "dta", "revoke", "apikey_x", status=3)
    assert not (tmp_path / "dta").exists()


@pytest.mark.parametrize("words, message", [
    (["probe", "--user", "a b"], "must be 1 to 100"), (["probe", "--role", ""], "must be 1 to 100"),
    (["probe", "--plan", "a/b"], "must be 1 to 100"), (["pro be"], "must be 1 to 100"),
    (["probe", "--label", "x" * 101], "at most 100 characters"),
])
def test_what_cannot_be_told_apart_makes_no_key(server, words, message):
    before = len(listed(server))
    assert message in keys(server.data, "create", *words, status=2)
    assert len(listed(server)) == before
