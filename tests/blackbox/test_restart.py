"""The process dies at any point, and is started again on the same data: nothing that finished is done again."""

import threading
import time

import pytest

from conftest import (ANALYSIS, CV, JOB, READS_JOB, REPLIES, TAILORS, Client, eventually, needs_sandbox, new_user,
                      own_server)


@pytest.fixture
def machine(tmp_path, shared_models):
    server = own_server(tmp_path, shared_models)
    yield server
    server.healthy()
    server.kill()


def again(server):
    server.kill()
    server.start()


def prompts(models):
    return [call["prompt"] for call in models.calls()]


@pytest.mark.parametrize("point", ["first", "second", "third"])
def test_a_job_killed_during_a_model_call_asks_only_that_call_again(machine, point):
    models = machine.models
    models.script([{"hang": True, "match": f"{point} of"}], default={"text": "Fine."})
    probe = Client(machine, "probe", new_user())
    job = probe.post("/jobs/chain", {"question": "q"}).ok(202)["job_id"]
    models.wait_for_calls(["first", "second", "third"].index(point) + 1)
    again(machine)
    page = probe.finished(job)
    assert page["output"] == {"answers": ["Fine."] * 3}
    asked = [prompt.split()[0] for prompt in prompts(models)]
    assert {word: asked.count(word) for word in ("first", "second", "third")} == {"first": 1, "second": 1, "third": 1, point: 2}
    events = list(probe.stream("GET", f"/jobs/{job}/events"))
    assert [e.id for e in events] == sorted({e.id for e in events})
    assert [e.data["node"] for e in events if e.type == "node.completed"] == ["first", "second", "third"]


def test_a_job_that_is_killed_again_and_again_still_ends_with_at_most_one_call_more_per_kill(machine):
    models = machine.models
    models.script([], default={"text": "Fine.", "delay_ms": 60})
    probe = Client(machine, "probe", new_user(), "pro")
    jobs = [probe.post("/jobs/chain", {"question": f"job{n}"}).ok(202)["job_id"] for n in range(4)]
    kills = 0
    for pause in (0.03, 0.07, 0.11, 0.05):
        time.sleep(pause)  # anywhere: before, during and after calls
        again(machine)
        kills += 1
    for job in jobs:
        assert probe.finished(job)["output"] == {"answers": ["Fine."] * 3}
    asked = prompts(models)
    assert len(asked) <= 12 + 2 * kills  # two at once may be under way at each kill
    assert len(set(asked)) == 12


def test_a_job_that_was_accepted_is_never_lost_even_when_the_kill_follows_at_once(machine):
    models = machine.models
    models.script([], default={"text": "Fine."})
    probe = Client(machine, "probe", new_user(), "pro")
    jobs = [probe.post("/jobs/chain", {"question": f"job{n}"}, Idempotency_Key=f"k{n}").ok(202)["job_id"] for n in range(8)]
    again(machine)
    for job in jobs:
        assert probe.finished(job)["output"] == {"answers": ["Fine."] * 3}
    replayed = probe.post("/jobs/chain", {"question": "job0"}, Idempotency_Key="k0")
    assert replayed.headers["Idempotent-Replayed"] == "true" and jobs[0] in str(replayed.json)


def test_a_job_killed_while_it_waits_to_try_again_tries_again(machine):
    models = machine.models
    models.script([{"status": 429, "retry_info": "0.8s", "match": "second of"}], default={"text": "Fine."})
    probe = Client(machine, "probe", new_user())
    job = probe.post("/jobs/chain", {"question": "q"}).ok(202)["job_id"]
    models.wait_for_calls(2)
    time.sleep(0.1)  # the refusal has been committed
    again(machine)
    probe.finished(job)
    assert [prompt.split()[0] for prompt in prompts(models)] == ["first", "second", "second", "third"]


@needs_sandbox
def test_fitmycv_killed_while_tailoring_has_read_the_job_once_and_makes_one_result(machine):
    models = machine.models
    models.script([{"json": JOB, "match": READS_JOB}, {"hang": True, "match": TAILORS}, {"json": CV, "match": TAILORS}])
    client = Client(machine, "fitmycv", new_user())
    job = client.new_job()
    models.wait_for_calls(2)
    assert client.status(job)["progress"] == {"percent": 35, "message": "Tailoring your CV"}
    again(machine)
    page = client.finished(job)
    assert page["output"]["cv"] == CV
    assert [READS_JOB in prompt for prompt in prompts(models)] == [True, False, False]
    [row] = client.get("/results").ok()["items"]
    assert row["data"]["pdf"]["id"] == page["output"]["pdf"]["id"]
    assert machine.request("GET", page["output"]["pdf"]["url"]).body.startswith(b"%PDF-")


@needs_sandbox
def test_fitmycv_killed_while_laying_out_asks_no_model_again(machine):
    models = machine.models
    models.script([{"json": JOB, "match": READS_JOB}, {"json": CV, "match": TAILORS}])
    client = Client(machine, "fitmycv", new_user())
    job = client.new_job()
    eventually(lambda: client.status(job)["progress"]["percent"] >= 80, 10, "the layout")
    again(machine)
    client.finished(job)
    assert len(models.calls()) == 2
    assert len(client.get("/results").ok()["items"]) == 1


def test_a_synchronous_run_killed_in_the_middle_is_finished_after_the_restart(machine):
    models = machine.models
    models.script([{"hang": True}, {"json": ANALYSIS}])
    client = Client(machine, "clearreply", new_user())
    stream = client.stream("POST", "/analyze", {"message": "I want my refund."}, Idempotency_Key="k")
    run = stream.headers["Plenum-Run"]
    models.wait_for_calls(1)
    again(machine)
    page = client.finished(run, "waiting")
    assert page["output"] == ANALYSIS
    replayed = client.analyze("I want my refund.", Idempotency_Key="k")
    assert replayed.ok()["run_id"] == run and replayed.headers["Idempotent-Replayed"] == "true"


def test_a_run_that_waits_survives_a_kill_and_an_edited_app_that_it_does_not_see(machine):
    models = machine.models
    models.script([{"json": ANALYSIS}])
    client = Client(machine, "clearreply", new_user())
    run = client.analyze("I want my refund.").ok()["run_id"]
    machine.kill()
    file = machine.root / "apps.d/clearreply.yaml"
    file.write_text(file.read_text().replace("max_tokens: 1200", "max_tokens: 777").replace("tone: string", "tone: string\n      mood: optional<string>"))
    prompt = machine.root / "prompts/clearreply/generate.md"
    prompt.write_text("A NEW PROMPT. {{message}}")
    machine.start()

    assert client.get(f"/runs/{run}").ok()["output"] == ANALYSIS
    client.post("/generate", {"run_id": run, "tone": "sarcastic"}).problem(422, "invalid_answer")
    models.script([{"json": REPLIES}])
    assert client.post("/generate", {"run_id": run, "tone": "friendly"}).ok()["output"] == REPLIES
    pinned = models.calls()[-1]
    assert pinned["body"]["generationConfig"]["maxOutputTokens"] == 1200 and "A NEW PROMPT" not in pinned["prompt"]

    models.script([{"json": ANALYSIS}, {"json": REPLIES}])
    newer = client.analyze("Another.").ok()["run_id"]
    client.post("/generate", {"run_id": newer, "tone": "friendly"}).ok()
    fresh = models.calls()[-1]
    assert fresh["body"]["generationConfig"]["maxOutputTokens"] == 777 and fresh["prompt"] == "A NEW PROMPT. Another."


def test_an_answer_that_was_taken_is_not_lost_by_a_kill(machine):
    models = machine.models
    models.script([{"json": ANALYSIS}, {"hang": True}, {"json": REPLIES}])
    client = Client(machine, "clearreply", new_user())
    run = client.analyze().ok()["run_id"]

    def answer():
        try:
            client.post("/generate", {"run_id": run, "tone": "friendly"})
        except OSError:
            pass  # the server is killed while this waits

    worker = threading.Thread(target=answer)
    worker.start()
    models.wait_for_calls(2)
    again(machine)
    worker.join()
    assert client.finished(run)["output"] == REPLIES
    client.post("/generate", {"run_id": run, "tone": "casual"}).problem(409, "not_waiting")
    assert "friendly" in models.calls()[2]["prompt"] and len(models.calls()) == 3


def test_a_job_that_is_being_cancelled_when_the_process_dies_does_not_come_back(machine):
    models = machine.models
    models.script([{"hang": True}], default={"text": "Fine."})
    probe = Client(machine, "probe", new_user())
    job = probe.post("/jobs/chain", {"question": "q"}).ok(202)["job_id"]
    models.wait_for_calls(1)
    probe.delete(f"/jobs/{job}").ok()
    again(machine)
    assert probe.finished(job, "cancelled")["finished_at"]
    assert len(models.calls()) == 1


def test_quotas_and_links_outlive_the_process(machine):
    models = machine.models
    models.script([], default={"json": ANALYSIS})
    client = Client(machine, "clearreply", new_user())
    for _ in range(10):
        client.analyze().ok()
    again(machine)
    client.analyze().problem(429, "quota_exceeded")
