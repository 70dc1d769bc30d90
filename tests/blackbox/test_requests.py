"""Every answer names its request, and the log and the record know it by that name; forms that a client does not take are refused."""

import json
import re
import subprocess

import pytest

from conftest import PATIENCE, Client, Server, binary, gemini, new_user


@pytest.fixture(scope="module")
def telling(tmp_path_factory, shared_models):
    server = Server(tmp_path_factory.mktemp("telling") / "data", env={**gemini(shared_models), "PLENUM_LOG_REQUESTS": "true"}).start()
    server.models = shared_models
    yield server
    server.healthy()
    server.stop()


def id_of(reply):
    assert re.fullmatch(r"req_[0-9a-z]{31}", reply.headers["X-Request-Id"]), reply
    return reply.headers["X-Request-Id"]


def test_every_answer_names_its_request(telling):
    telling.models.reset()
    user = Client(telling, "clearreply", new_user())
    run = user.analyze()
    replies = [run, telling.request("GET", "/"), telling.request("GET", "/healthz"), telling.request("GET", "/readyz"),
               telling.request("GET", "/nothing"), telling.request("PUT", "/"), user.get("/docs"), user.get("/openapi.json"),
               user.get("/runs/" + run.json["run_id"]), user.get("/files/file_x"), user.post("/analyze", {}),
               telling.request("POST", "/webhooks/clearreply/stripe", b"{}")]
    assert len({id_of(reply) for reply in replies}) == len(replies)
    stream = user.stream("GET", f"/runs/{run.json['run_id']}/events")
    assert re.fullmatch(r"req_[0-9a-z]{31}", stream.headers["X-Request-Id"])
    stream.close()
    for broken in (b"GET\r\n\r\n", b"GET /%2f HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/3\r\n\r\n", b"\0\r\n\r\n"):
        answer = telling.raw(broken).decode()
        (name,) = re.findall(r"X-Request-Id: (req_[0-9a-z]{31})\r\n", answer)
        assert json.loads(answer.split("\r\n\r\n", 1)[1])["request_id"] == name


def test_the_log_has_a_line_of_each_request_without_a_word_of_its_client(telling):
    telling.models.reset()
    user = Client(telling, "clearreply", new_user())
    name = id_of(user.analyze("pineapple"))
    assert re.search(rf" info {name}: 200 clearreply POST /analyze in \d+ ms\n", telling.log())
    name = id_of(telling.request("GET", "/pineapple?pineapple=1", headers={"Authorization": "pineapple"}))
    assert re.search(rf" info {name}: 404 none in \d+ ms\n", telling.log())
    assert "pineapple" not in telling.log()


def test_a_failure_is_found_in_the_log_by_its_request(telling):
    telling.models.reset()
    telling.models.script([{"status": 400}] * 3)
    failed = Client(telling, "clearreply", new_user()).analyze()
    problem = failed.problem(failed.status)
    assert failed.status >= 500 or failed.status == 422, failed
    assert f"{id_of(failed)}: answered with the failure of {problem['run_id']}\n" in telling.log()
    assert f"run {problem['run_id']} failed: {problem['code']} (" in telling.log()


def test_the_record_names_the_request_of_owners_and_operators(telling):
    telling.models.reset()
    user = Client(telling, "clearreply", new_user())
    runs = [user.analyze().ok()["run_id"] for _ in range(2)]
    asked = id_of(user.delete("/runs/" + runs[0]))
    words = ["--data", str(telling.data), "--root", str(telling.root)]
    done = subprocess.run([binary(), "runs", "cancel", runs[1], *words], env=telling.env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    record = subprocess.run([binary(), "audit", "--format", "json", *words], env=telling.env, capture_output=True, text=True)
    requests = {row["object"]: row["request"] for row in json.loads(record.stdout)}
    assert requests[runs[0]] == asked
    assert f"{requests[runs[1]]}: an operator asked to cancel the run {runs[1]}: it is cancelled\n" in telling.log()
    shown = subprocess.run([binary(), "audit", *words], env=telling.env, capture_output=True, text=True).stdout
    assert asked in shown and requests[runs[1]] in shown


@pytest.mark.parametrize("path, accept, status", [
    ("/openapi.json", "image/png", 406), ("/openapi.json", "*/*", 200), ("/openapi.json", "text/html, */*;q=0.1", 200),
    ("/openapi.json", "*", 200), ("/docs", "application/json", 406), ("/docs", "text/html", 200)])
def test_a_form_that_the_client_does_not_take_is_a_406(telling, path, accept, status):
    reply = Client(telling, "clearreply", new_user()).get(path, Accept=accept)
    assert reply.status == status
    if status == 406:
        assert "this answers with" in reply.problem(406, "not_acceptable")["detail"]


def test_a_call_whose_answer_nobody_takes_runs_nothing(telling):
    telling.models.reset()
    user = Client(telling, "clearreply", new_user())
    user.analyze(Accept="application/pdf").problem(406, "not_acceptable")
    assert telling.models.calls() == []


def test_a_wrong_method_is_told_the_right_ones(telling):
    assert telling.request("POST", "/healthz").headers["Allow"] == "GET, HEAD"
    assert telling.request("HEAD", "/healthz").status == 200


def test_production_reads_no_document_without_its_sandbox(tmp_path):
    server = Server(tmp_path / "data", env={"PLENUM_ALLOW_UNSANDBOXED": "true", "PLENUM_MODE": "production"}).launch()
    assert server.process.wait(20 * PATIENCE) == 3
    assert "`allow_unsandboxed` is for development" in server.log()


def test_production_leaves_no_core(tmp_path):
    server = Server(tmp_path / "data", env={"PLENUM_MODE": "production"}).start()
    limits = open(f"/proc/{server.process.pid}/limits").read()
    server.stop()
    assert re.search(r"Max core file size +0 +0 ", limits)
