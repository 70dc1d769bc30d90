"""Idempotency-Key: a request that is sent again is not done again."""

import http.client
import json
import threading

import pytest

from conftest import ANALYSIS, CV_TEXT, REPLIES, Client, eventually, needs_sandbox, new_user


def test_the_same_key_and_body_get_the_same_run_back(clearreply, models):
    models.script([], default={"json": ANALYSIS})
    first = clearreply.analyze(Idempotency_Key="k1")
    again = clearreply.analyze(Idempotency_Key="k1")
    assert again.ok() == first.ok()
    assert first.headers["Idempotent-Replayed"] is None and again.headers["Idempotent-Replayed"] == "true"
    assert len(models.calls()) == 1
    assert clearreply.analyze(Idempotency_Key="k2").ok()["run_id"] != first.json["run_id"]


def test_a_replay_costs_no_quota_and_shows_what_became_of_the_run(clearreply, models):
    models.script([{"json": ANALYSIS}, {"json": REPLIES}])
    run = clearreply.analyze(Idempotency_Key="k").ok()["run_id"]
    clearreply.post("/generate", {"run_id": run, "tone": "friendly"}).ok()
    for _ in range(12):
        again = clearreply.analyze(Idempotency_Key="k")
        assert again.ok()["run_id"] == run and again.json["output"] == REPLIES


def test_the_same_key_with_another_body_is_refused(clearreply, models):
    models.script([], default={"json": ANALYSIS})
    clearreply.analyze("One thing.", Idempotency_Key="k").ok()
    document = clearreply.analyze("Another thing.", Idempotency_Key="k").problem(422, "idempotency_mismatch")
    assert "new key" in document["detail"]
    assert len(models.calls()) == 1


def test_members_in_another_order_mean_the_same(clearreply, models):
    models.script([], default={"json": ANALYSIS})
    first = clearreply.post("/analyze", b'{"message": "a", "context": "b"}', Idempotency_Key="k").ok()
    again = clearreply.post("/analyze", b'{ "context":"b",\n "message":"\\u0061" }', Idempotency_Key="k")
    assert again.ok() == first and again.headers["Idempotent-Replayed"] == "true"


def test_a_key_whose_first_request_is_still_being_worked_on_is_a_409(clearreply, models):
    models.script([{"json": ANALYSIS, "delay_ms": 700}])
    first = []
    worker = threading.Thread(target=lambda: first.append(clearreply.analyze(Idempotency_Key="k")))
    worker.start()
    models.wait_for_calls(1)
    reply = clearreply.analyze(Idempotency_Key="k")
    reply.problem(409, "idempotency_in_progress")
    assert reply.headers["Retry-After"] == "1"
    worker.join()
    assert clearreply.analyze(Idempotency_Key="k").ok() == first[0].ok()
    assert len(models.calls()) == 1


def test_of_many_at_once_one_is_done(server, models):
    client = Client(server, "clearreply", new_user())
    models.script([], default={"json": ANALYSIS})
    replies = []
    workers = [threading.Thread(target=lambda: replies.append(client.analyze(Idempotency_Key="k"))) for _ in range(12)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert {reply.status for reply in replies} <= {200, 409}
    assert len({reply.json["run_id"] for reply in replies if reply.status == 200}) == 1
    assert len(models.calls()) == 1


def test_a_client_that_leaves_after_sending_a_key_finds_its_answer_later(clearreply, models):
    models.script([{"json": ANALYSIS, "delay_ms": 400}])
    connection = http.client.HTTPConnection("127.0.0.1", clearreply.server.port)
    connection.request("POST", clearreply.url("/analyze"), json.dumps({"message": "I want my refund. Today."}),
                       {"Authorization": clearreply.token, "Content-Type": "application/json", "Idempotency-Key": "k"})
    models.wait_for_calls(1)
    connection.close()

    def replayed():
        reply = clearreply.analyze(Idempotency_Key="k")
        return reply if reply.status == 200 else None

    assert eventually(replayed).json["output"] == ANALYSIS
    assert len(models.calls()) == 1


def test_one_key_is_not_the_same_key_for_another_user_or_another_route(server, models):
    models.script([], default={"json": ANALYSIS})
    ada, bob = Client(server, "clearreply", new_user()), Client(server, "clearreply", new_user())
    ours, theirs = ada.analyze(Idempotency_Key="k").ok(), bob.analyze(Idempotency_Key="k").ok()
    assert ours["run_id"] != theirs["run_id"]
    models.reset()
    models.script([], default={"text": "Fine."})
    probe = Client(server, "probe", new_user())
    probe.post("/ask", {"question": "How?"}, Idempotency_Key="k").ok()
    reply = probe.post("/slow", {"question": "How?"}, Idempotency_Key="k")
    assert reply.ok() and reply.headers["Idempotent-Replayed"] is None


def test_a_job_is_accepted_once_per_key(probe, models):
    models.script([], default={"text": "Fine."})
    first = probe.post("/jobs/chain", {"question": "How?"}, Idempotency_Key="k").ok(202)
    probe.finished(first["job_id"])
    again = probe.post("/jobs/chain", {"question": "How?"}, Idempotency_Key="k")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert first["job_id"] in str(again.json)
    assert len(models.calls()) == 3


@needs_sandbox
def test_an_upload_that_is_sent_again_is_the_same_upload_and_another_file_is_not(fitmycv):
    first = fitmycv.upload(Idempotency_Key="k").ok()
    again = fitmycv.upload(Idempotency_Key="k")
    assert again.ok() == first and again.headers["Idempotent-Replayed"] == "true"
    fitmycv.upload(content=(CV_TEXT + " and more").encode(), Idempotency_Key="k").problem(422, "idempotency_mismatch")
    fitmycv.upload("other.txt", Idempotency_Key="k").problem(422, "idempotency_mismatch")
    assert len(fitmycv.get("/cvs").ok()["items"]) == 1


def test_an_answer_that_is_sent_again_is_not_a_second_answer(clearreply, models):
    models.script([{"json": ANALYSIS}, {"json": REPLIES}])
    run = clearreply.analyze().ok()["run_id"]
    answer = {"run_id": run, "tone": "friendly"}
    first = clearreply.post("/generate", answer, Idempotency_Key="k").ok()
    again = clearreply.post("/generate", answer, Idempotency_Key="k")
    assert again.ok() == first and again.headers["Idempotent-Replayed"] == "true"
    clearreply.post("/generate", {**answer, "tone": "casual"}, Idempotency_Key="k").problem(422, "idempotency_mismatch")
    clearreply.post("/generate", answer).problem(409, "not_waiting")
    assert len(models.calls()) == 2


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "ké"], ids=repr)
def test_a_key_that_is_none_is_refused(clearreply, models, key):
    clearreply.analyze(Idempotency_Key=key).problem(400, "invalid_idempotency_key")
    assert models.calls() == []


def test_a_request_that_was_refused_does_not_use_its_key_up(clearreply, models):
    clearreply.post("/analyze", {"message": ""}, Idempotency_Key="k").problem(422, "invalid_input")
    models.script([{"json": ANALYSIS}])
    clearreply.analyze(Idempotency_Key="k").ok()


def test_a_run_that_failed_is_told_again_and_not_tried_again(clearreply, models):
    models.script([{"status": 401}])
    first = clearreply.analyze(Idempotency_Key="k").problem(502, "provider_auth")
    again = clearreply.analyze(Idempotency_Key="k").problem(502, "provider_auth")
    assert again["run_id"] == first["run_id"] and again["detail"] == first["detail"]
    assert len(models.calls()) == 1
