"""Jobs, and events of runs: accepted, seen moving, cancelled, told as a stream."""

import threading
import time

import pytest

from conftest import ANALYSIS, CV, JOB, PATIENCE, READS_JOB, REPLIES, TAILORS, Client, Reply, eventually, needs_sandbox, new_user

CHAIN = ["run.started",
         "node.started", "node.progress", "node.completed",
         "node.started", "node.progress", "node.completed",
         "node.started", "node.progress", "node.completed", "run.completed"]


PASSING = ("heartbeat", "token", "reset")  # heard by who listens at the moment, and never stored


def types(events):
    return [event.type for event in events if event.type not in PASSING]


def ids(events):
    return [event.id for event in events if event.type not in PASSING]


def gated(models, *words):
    """Calls with these words hang until the test lets the run go."""
    models.script([{"hang": True, "match": word} for word in words])


# Status


@needs_sandbox
def test_a_job_tells_how_far_it_is_until_its_result_is_there(fitmycv, models):
    models.script([{"json": JOB, "match": READS_JOB, "delay_ms": 150}, {"json": CV, "match": TAILORS, "delay_ms": 150}])
    job = fitmycv.new_job()
    seen, kept = [], []

    def done():
        page = fitmycv.status(job)
        step = (page["status"], page["progress"]["percent"], page["progress"]["message"])
        if not seen or seen[-1] != step:
            seen.append(step)
            kept.append(page)
        if page["status"] != "completed":
            reply = fitmycv.get(f"/jobs/{job}/result")
            if reply.status != 200:
                reply.problem(409, "not_finished")
                assert reply.headers["Retry-After"] == "1"
        return page["status"] == "completed"

    eventually(done, 20, "the job's end")
    percents = [percent for _, percent, _ in seen]
    assert percents == sorted(percents) and percents[-1] == 100
    assert {"Reading the job", "Tailoring your CV", "Laying it out"} <= {message for _, _, message in seen}
    page = kept[-1]
    assert set(page) == {"job_id", "status", "progress", "created_at", "started_at", "finished_at", "error"}
    assert page["job_id"] == job and page["error"] is None
    assert page["created_at"] <= page["started_at"] <= page["finished_at"]
    whole = fitmycv.get(f"/jobs/{job}").ok()
    assert whole["output"]["cv"] == CV and whole["output"]["pdf"]["url"] and whole["cost_usd"] > 0


def test_a_job_that_fails_says_where_and_why(probe, models):
    models.script([{"text": "One."}, {"status": 401}])
    job = probe.post("/jobs/chain", {"question": "q"}).ok(202)["job_id"]
    page = probe.finished(job, "failed")
    assert page["error"]["code"] == "provider_auth" and page["progress"] == {"percent": 40, "message": "Second"}
    assert page["finished_at"]
    probe.get(f"/jobs/{job}/result").problem(502, "provider_auth")


def test_a_job_can_be_read_under_runs_and_a_run_under_jobs(probe, models):
    models.script([], default={"text": "Fine."})
    job = probe.post("/jobs/chain", {"question": "q"}).ok(202)["job_id"]
    probe.finished(job)
    assert probe.get(f"/runs/{job}").ok() == probe.get(f"/jobs/{job}").ok()
    run = probe.post("/ask", {"question": "q"}).ok()["run_id"]
    assert probe.get(f"/jobs/{run}/result").ok() == "Fine."


# Cancel


def test_cancelling_a_running_job_aborts_its_model_call_and_keeps_it_cancelled(probe, models):
    models.script([{"text": "One."}, {"hang": True}])
    job = probe.post("/jobs/chain", {"question": "q"}).ok(202)["job_id"]
    models.wait_for_calls(2)
    asked = time.monotonic()
    page = probe.delete(f"/jobs/{job}").ok()
    assert page["job_id"] == job and page["status"] in ("running", "cancelled")
    eventually(lambda: models.calls()[1].get("aborted"), 1.0, "the call's end")
    assert time.monotonic() - asked < 1.0 * PATIENCE
    page = probe.finished(job, "cancelled", 2)
    assert page["finished_at"] and "output" not in page
    assert probe.delete(f"/jobs/{job}").ok()["status"] == "cancelled"
    probe.get(f"/jobs/{job}/result").problem(409, "cancelled")
    assert types(probe.stream("GET", f"/jobs/{job}/events"))[-1] == "run.cancelled"
    assert len(models.calls()) == 2


def test_cancelling_a_job_that_waits_in_the_queue_means_that_it_never_starts(probe, models):
    gated(models, "first of a", "first of b")
    running = [probe.post("/jobs/chain", {"question": word}).ok(202)["job_id"] for word in "ab"]
    models.wait_for_calls(2)
    queued = probe.post("/jobs/chain", {"question": "c"}).ok(202)["job_id"]
    assert probe.delete(f"/jobs/{queued}").ok()["status"] == "cancelled"
    assert types(probe.stream("GET", f"/jobs/{queued}/events")) == ["run.cancelled"]
    for job in running:
        probe.delete(f"/jobs/{job}").ok()
        probe.finished(job, "cancelled")
    assert len(models.calls()) == 2
    page = probe.get(f"/jobs/{queued}").ok()
    assert page["status"] == "cancelled" and page["started_at"] is None


def test_someone_who_listens_to_a_queued_job_hears_that_it_was_cancelled(probe, models):
    gated(models, "first of a", "first of b")
    running = [probe.post("/jobs/chain", {"question": word}).ok(202)["job_id"] for word in "ab"]
    models.wait_for_calls(2)
    queued = probe.post("/jobs/chain", {"question": "c"}).ok(202)["job_id"]
    stream = probe.stream("GET", f"/jobs/{queued}/events")
    probe.delete(f"/jobs/{queued}").ok()
    assert types(stream) == ["run.cancelled"]
    for job in running:
        probe.delete(f"/jobs/{job}").ok()


def test_cancelling_what_is_finished_changes_nothing(probe, models):
    models.script([], default={"text": "Fine."})
    job = probe.post("/jobs/chain", {"question": "q"}).ok(202)["job_id"]
    before = probe.finished(job)
    assert probe.delete(f"/jobs/{job}").ok()["status"] == "completed"
    assert probe.get(f"/jobs/{job}").ok() == before


def test_cancelling_a_run_that_waits_for_an_answer_ends_it(clearreply, models):
    models.script([{"json": ANALYSIS}])
    run = clearreply.analyze().ok()["run_id"]
    assert clearreply.delete(f"/runs/{run}").ok()["status"] == "cancelled"
    clearreply.post("/generate", {"run_id": run, "tone": "friendly"}).problem(409, "not_waiting")
    assert clearreply.get(f"/runs/{run}").ok()["status"] == "cancelled"


def test_a_synchronous_run_that_somebody_cancels_is_a_409_for_who_waits_for_it(probe, models):
    models.script([{"hang": True}])
    replies = []
    stream = probe.stream("POST", "/slow", {"question": "q"})
    run = stream.headers["Plenum-Run"]
    models.wait_for_calls(1)
    probe.delete(f"/runs/{run}").ok()
    assert types(stream)[-1] == "run.cancelled"
    assert replies == []


# Concurrency


def test_no_more_than_two_jobs_of_a_user_run_at_once_and_all_are_done_in_the_end(server, models):
    probe, other = Client(server, "probe", new_user()), Client(server, "probe", new_user())
    models.script([], default={"text": "Fine.", "delay_ms": 40})
    jobs = [probe.post("/jobs/chain", {"question": f"mine {n}"}).ok(202)["job_id"] for n in range(5)]
    theirs = other.post("/jobs/chain", {"question": "theirs"}).ok(202)["job_id"]

    def all_done():
        return all(probe.status(job)["status"] == "completed" for job in jobs)

    eventually(all_done, 20, "the end of all jobs")
    assert other.status(theirs)["status"] == "completed"
    spans = {}
    for call in models.calls():
        if "mine" not in call["prompt"]:
            continue
        span = spans.setdefault(call["prompt"].split()[-1], [call["at_ms"], call["ended_at_ms"]])
        span[1] = max(span[1], call["ended_at_ms"])
    assert len(spans) == 5
    for start, _ in spans.values():
        assert sum(a <= start < b for a, b in spans.values()) <= 2
    ends = {prompt: span[1] for prompt, span in spans.items()}
    foreign = [call["ended_at_ms"] for call in models.calls() if "theirs" in call["prompt"]]
    assert max(foreign) < max(ends.values())  # one's five jobs do not make another wait for all of them


# Events


def test_a_jobs_events_are_complete_numbered_and_end_with_its_end(probe, models):
    models.script([{"text": "One."}, {"text": "Two."}, {"text": "Three."}])
    job = probe.post("/jobs/chain", {"question": "q"}).ok(202)["job_id"]
    stream = probe.stream("GET", f"/jobs/{job}/events")
    assert stream.status == 200 and stream.headers["Content-Type"] == "text/event-stream"
    events = list(stream)
    assert types(events) == CHAIN
    assert ids(events) == list(range(1, len(CHAIN) + 1))
    assert [event.data["percent"] for event in events if event.type == "node.progress"] == [10, 40, 70]
    assert [event.data["node"] for event in events if event.type == "node.completed"] == ["first", "second", "third"]
    assert events[-1].data["output"] == {"answers": ["One.", "Two.", "Three."]}
    late = list(probe.stream("GET", f"/jobs/{job}/events"))
    assert [(e.id, e.type, e.data) for e in late] == [(e.id, e.type, e.data) for e in events if e.type not in PASSING]


@pytest.mark.parametrize("after", [0, 1, 4, 10])
def test_a_stream_goes_on_behind_the_last_event_that_was_heard(probe, models, after):
    models.script([], default={"text": "Fine."})
    job = probe.post("/jobs/chain", {"question": "q"}).ok(202)["job_id"]
    probe.finished(job)
    events = list(probe.stream("GET", f"/jobs/{job}/events", Last_Event_ID=str(after)))
    assert ids(events) == list(range(after + 1, len(CHAIN) + 1)) and types(events) == CHAIN[after:]


@pytest.mark.parametrize("after", ["11", "99", "x", "-5", "99999999999999999999"])
def test_a_stream_ends_whatever_a_client_says_it_heard_last(probe, models, after):
    models.script([], default={"text": "Fine."})
    job = probe.post("/jobs/chain", {"question": "q"}).ok(202)["job_id"]
    probe.finished(job)
    stream = probe.stream("GET", f"/jobs/{job}/events", Last_Event_ID=after)
    assert types(stream)[-1:] == ["run.completed"] or stream.status == 204


def test_a_listener_who_comes_back_in_the_middle_hears_the_rest_once(probe, models):
    models.script([{"text": "One."}, {"text": "Two.", "delay_ms": 300}, {"text": "Three."}])
    job = probe.post("/jobs/chain", {"question": "q"}).ok(202)["job_id"]
    stream = probe.stream("GET", f"/jobs/{job}/events")
    heard = stream.until("node.completed")
    stream.close()
    rest = list(probe.stream("GET", f"/jobs/{job}/events", Last_Event_ID=str(heard[-1].id)))
    assert types(heard) + types(rest) == CHAIN
    assert ids(heard) + ids(rest) == list(range(1, len(CHAIN) + 1))


def test_many_listeners_all_hear_everything(probe, models):
    models.script([], default={"text": "Fine.", "delay_ms": 20})
    job = probe.post("/jobs/chain", {"question": "q"}).ok(202)["job_id"]
    heard = [[] for _ in range(6)]
    workers = [threading.Thread(target=lambda one=one: one.extend(probe.stream("GET", f"/jobs/{job}/events"))) for one in heard]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(20)
    assert [types(one) for one in heard] == [CHAIN] * 6


def test_a_listener_who_leaves_does_not_disturb_the_job(probe, models):
    models.script([], default={"text": "Fine.", "delay_ms": 50})
    job = probe.post("/jobs/chain", {"question": "q"}).ok(202)["job_id"]
    stream = probe.stream("GET", f"/jobs/{job}/events")
    next(iter(stream))
    stream.close()
    assert probe.finished(job)["output"] == {"answers": ["Fine."] * 3}


def test_a_post_that_accepts_events_gets_them_until_the_run_waits_and_then_until_it_ends(clearreply, models):
    models.script([{"json": ANALYSIS}, {"json": REPLIES}])
    stream = clearreply.stream("POST", "/analyze", {"message": "I want my refund."})
    assert stream.status == 200 and stream.headers["Content-Type"] == "text/event-stream"
    first = list(stream)
    assert types(first) == ["run.started", "node.started", "node.completed", "node.started", "run.waiting"]
    assert first[-1].data == {"at": "choose", "output": ANALYSIS}
    run = stream.headers["Plenum-Run"]
    second = list(clearreply.stream("POST", "/generate", {"run_id": run, "tone": "friendly"}))
    assert types(second) == ["node.completed", "node.started", "node.completed", "run.completed"]
    assert second[-1].data["output"] == REPLIES
    assert ids(first) + ids(second) == list(range(1, 10))
    assert types(clearreply.stream("GET", f"/runs/{run}/events")) == types(first) + types(second)


def test_events_of_a_waiting_run_end_where_it_waits(clearreply, models):
    models.script([{"json": ANALYSIS}])
    run = clearreply.analyze().ok()["run_id"]
    assert types(clearreply.stream("GET", f"/runs/{run}/events"))[-1] == "run.waiting"


def test_a_job_route_that_is_asked_for_events_tells_them_from_the_queue_to_the_end(probe, models):
    models.script([], default={"text": "Fine."})
    stream = probe.stream("POST", "/jobs/chain", {"question": "q"})
    assert stream.status == 200 and stream.headers["Plenum-Run"].startswith("job_")
    assert types(stream) == CHAIN
    assert probe.get(f"/jobs/{stream.headers['Plenum-Run']}").ok()["status"] == "completed"


def test_a_post_for_events_that_is_refused_gets_a_problem_and_no_stream(clearreply, models):
    stream = clearreply.stream("POST", "/analyze", {"message": ""})
    body = stream.response.read()
    Reply(stream.status, stream.headers, body).problem(422, "invalid_input")
    stream = clearreply.stream("POST", "/generate", {"run_id": "run_x", "tone": "a"})
    Reply(stream.status, stream.headers, stream.response.read()).problem(404, "not_found")


def test_a_run_that_fails_says_so_in_its_stream(clearreply, models):
    models.script([{"status": 401}])
    events = list(clearreply.stream("POST", "/analyze", {"message": "hi"}))
    assert types(events)[-1] == "run.failed" and events[-1].data["code"] == "provider_auth"


def test_a_replayed_request_for_events_hears_what_happened(clearreply, models):
    models.script([{"json": ANALYSIS}])
    first = list(clearreply.stream("POST", "/analyze", {"message": "hi"}, Idempotency_Key="k"))
    again = list(clearreply.stream("POST", "/analyze", {"message": "hi"}, Idempotency_Key="k"))
    assert types(again) == types(first) and ids(again) == ids(first)
    assert len(models.calls()) == 1


# Prefer: respond-async


@pytest.mark.parametrize("prefer", ["respond-async", "respond-async, wait=5", "return=minimal, RESPOND-ASYNC"])
def test_a_client_may_prefer_a_job_to_waiting(clearreply, models, prefer):
    models.script([{"json": ANALYSIS, "delay_ms": 200}])
    reply = clearreply.analyze(Prefer=prefer)
    body = reply.ok(202)
    assert body["status"] == "queued" and reply.headers["Location"] == body["status_url"] and reply.headers["Retry-After"]
    page = clearreply.finished(body["job_id"], "waiting")
    assert page["at"] == "choose" and page["output"] == ANALYSIS


def test_a_job_that_waits_for_an_answer_goes_on_when_it_gets_one(probe, models):
    models.script([{"text": "A draft."}, {"text": "The end."}])
    job = probe.post("/jobs/confirm", {"question": "q"}).ok(202)["job_id"]
    page = probe.finished(job, "waiting")
    assert page["at"] == "check" and page["output"] == {"text": "A draft."}
    [open_one] = probe.get("/open").ok()["items"]
    assert open_one["run_id"] == job and open_one["output"] == {"text": "A draft."}
    assert probe.post("/answer", {"run_id": job, "sure": True}).ok()["output"] == {"text": "The end.", "sure": True}
    assert probe.get("/open").ok()["items"] == []
    assert probe.get(f"/jobs/{job}").ok()["status"] == "completed"


def test_an_answer_may_be_worked_on_in_the_background_too(clearreply, models):
    models.script([{"json": ANALYSIS}, {"json": REPLIES, "delay_ms": 200}])
    run = clearreply.analyze().ok()["run_id"]
    reply = clearreply.post("/generate", {"run_id": run, "tone": "friendly"}, Prefer="respond-async")
    body = reply.ok(202)
    assert reply.headers["Location"] == body["status_url"] and run in body["status_url"]
    assert clearreply.finished(run)["output"] == REPLIES
