"""Whatever a model does wrong: it is asked again where that can help, and else the client learns what it was.

Calls are counted in the scripted server's ledger.  The probe app's nodes wait 10 ms between attempts and 500 ms for an
answer; ClearReply's wait up to a second and a minute.
"""

import copy
import http.client
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import (ANALYSIS, CV, GEMINI_KEY, JOB, OPENAI_KEY, READS_JOB, REPLIES, TAILORS, Client, Server, binary, copy_of_apps,
                      eventually, gemini, needs_sandbox, new_user)


@pytest.fixture(autouse=True)
def no_keys_in_answers(server, monkeypatch):
    """Whatever these tests get to read, no key stands in it."""
    ask = server.request

    def watched(*arguments):
        reply = ask(*arguments)
        for key in (GEMINI_KEY, OPENAI_KEY):
            assert key.encode() not in reply.body and key not in str(reply.headers)
        return reply

    monkeypatch.setattr(server, "request", watched)


def test_a_call_that_was_limited_is_made_again_after_the_time_that_gemini_asked_for(clearreply, models):
    models.script([{"status": 429, "retry_info": "1.2s"}, {"json": ANALYSIS}])
    assert clearreply.analyze().ok()["output"] == ANALYSIS
    first, second = models.calls()
    assert second["at_ms"] - first["at_ms"] >= 1190


def test_the_retry_after_header_of_a_provider_is_obeyed(probe, models):
    models.script([{"status": 429, "retry_after": 1}, {"text": "Fine."}])
    assert probe.post("/ask", {"question": "How?"}).ok()["output"] == "Fine."
    first, second = models.calls()
    assert second["at_ms"] - first["at_ms"] >= 990


@pytest.mark.parametrize("fault", [
    {"status": 500}, {"status": 503}, {"status": 504}, {"status": 529}, {"cut": True}, {"cut": 1}, {"close": True},
    {"malformed_body": True}, {"empty": True}, {"body": ""}, {"body": "<html>proxy</html>"},
    {"finish": "MALFORMED_FUNCTION_CALL"}, {"hang": True}, {"body": "[]"}, {"body": "null"}, {"body": "1"},
    {"body": {"candidates": "none"}}, {"body": {"candidates": [7]}}, {"body": {"candidates": [{"content": {"parts": 3}}]}},
], ids=str)
def test_a_call_that_failed_on_the_way_or_at_the_provider_is_made_again(probe, models, fault):
    models.script([fault, {"text": "Fine."}])
    assert probe.post("/ask", {"question": "How?"}).ok()["output"] == "Fine."
    assert len(models.calls()) == 2
    assert models.unused() == []


@pytest.mark.parametrize("fault, status", [
    ({"status": 500}, 503), ({"status": 503}, 503), ({"status": 429}, 503), ({"close": True}, 503), ({"cut": True}, 503),
    ({"malformed_body": True}, 503), ({"empty": True}, 503), ({"hang": True}, 504),
], ids=str)
def test_a_provider_that_stays_broken_is_asked_three_times_and_the_client_is_told_to_come_back(probe, models, fault, status):
    models.script([{**fault, "times": 0}])
    reply = probe.post("/ask", {"question": "How?"})
    document = reply.problem(status)
    assert document["run_id"].startswith("run_")
    if status == 503:
        assert int(reply.headers["Retry-After"]) >= 1
    # Three tries; one more when a connection that was kept alive turns out to be closed: curl then takes a fresh one.
    assert len(models.calls()) in (3, 4) if "close" in fault else len(models.calls()) == 3
    assert probe.get(f"/runs/{document['run_id']}").ok()["status"] == "failed"
    again = probe.get(f"/runs/{document['run_id']}/result").problem(status, document["code"])
    assert again["detail"] == document["detail"]


@pytest.mark.parametrize("fault, code", [
    ({"status": 400, "message": f"Unknown name near {GEMINI_KEY}"}, "provider_rejected"),
    ({"status": 400, "message": "API key not valid. Please pass a valid API key."}, "provider_auth"),
    ({"status": 401}, "provider_auth"),
    ({"status": 403}, "provider_auth"),
    ({"status": 404}, "model_not_found"),
    ({"status": 418, "body": "I am a teapot"}, "provider_rejected"),
    ({"status": 301, "headers": {"Location": "http://127.0.0.1:1/"}}, "provider_rejected"),
], ids=str)
def test_a_refusal_that_trying_again_cannot_help_is_final_and_not_the_clients_fault(clearreply, models, fault, code):
    models.script([fault])
    document = clearreply.analyze("Where is my parcel with the tracking number?").problem(502, code)
    assert "Gemini" in document["detail"]
    assert len(models.calls()) == 1


def test_a_providers_words_that_quote_the_prompt_are_not_repeated_to_anyone(clearreply, server, models):
    message = "my bank card number is one two three four"
    models.script([{"status": 400, "message": f"cannot read: {message}"}])
    assert "bank card" not in clearreply.analyze(message).problem(502)["detail"]
    assert "bank card" not in server.log()


@pytest.mark.parametrize("wrap", [
    {"fenced": True},
    {"text": "Sure! Here is the analysis you wanted:\n\n" + json.dumps(ANALYSIS) + "\n\nAnything else?"},
    {"text": "```json\n" + json.dumps(ANALYSIS, indent=2).replace('"\n    }\n', '",\n    }\n') + "\n```"},
    {"text": "\ufeff  \n" + json.dumps(ANALYSIS)},
], ids=["fenced", "prose around it", "trailing commas in a fence", "byte order mark"])
def test_json_in_a_fence_or_among_prose_is_found_without_asking_again(clearreply, models, wrap):
    models.script([{"json": ANALYSIS, **wrap}])
    assert clearreply.analyze().ok()["output"] == ANALYSIS
    assert len(models.calls()) == 1


def three_tones():
    broken = copy.deepcopy(ANALYSIS)
    del broken["tones"][3]
    return broken


def test_an_answer_that_breaks_the_schema_is_mended_by_one_call_that_says_what_was_wrong(clearreply, models):
    models.script([{"json": three_tones()}, {"json": ANALYSIS}])
    assert clearreply.analyze().ok()["output"] == ANALYSIS
    first, repair = models.calls()
    turns = repair["body"]["contents"]
    assert [turn["role"] for turn in turns] == ["user", "model", "user"]
    assert turns[0] == first["body"]["contents"][0]
    assert json.loads(turns[1]["parts"][0]["text"]) == three_tones()
    said = turns[2]["parts"][0]["text"]
    assert "/tones" in said and "4" in said
    assert repair["body"]["systemInstruction"] == first["body"]["systemInstruction"]
    assert repair["body"]["generationConfig"] == first["body"]["generationConfig"]


@pytest.mark.parametrize("broken", [
    {"malformed": True, "json": ANALYSIS}, {"text": "I would rather not."}, {"text": '{"summary": "a'}, {"text": "[]"},
    {"json": {**ANALYSIS, "extra": 1}}, {"json": {**ANALYSIS, "summary": ""}}, {"json": {**ANALYSIS, "tones": None}},
    {"text": '{"summary": 1, "summary": 2}'}, {"text": "[" * 3000},
], ids=lambda reply: str(reply)[:60])
def test_whatever_is_not_the_wanted_object_is_asked_for_once_more(clearreply, models, broken):
    models.script([broken, {"json": ANALYSIS}])
    assert clearreply.analyze().ok()["output"] == ANALYSIS
    assert len(models.calls()) == 2


def test_an_answer_that_stays_invalid_is_an_error_of_the_model_and_never_data(clearreply, models):
    models.script([{"json": three_tones(), "times": 0}])
    document = clearreply.analyze().problem(502, "model_answer_invalid")
    assert "/tones" in document["detail"]
    assert len(models.calls()) == 2
    run = clearreply.get(f"/runs/{document['run_id']}").ok()
    assert run["status"] == "failed" and run["error"]["code"] == "model_answer_invalid" and "output" not in run


def test_a_repair_that_is_limited_by_the_provider_is_still_one_repair(clearreply, models):
    models.script([{"json": three_tones()}, {"status": 503}, {"json": ANALYSIS}])
    assert clearreply.analyze().ok()["output"] == ANALYSIS
    assert [len(call["body"]["contents"]) for call in models.calls()] == [1, 3, 3]


@pytest.mark.parametrize("reply", [{"finish": "MAX_TOKENS"}, {"finish": "MAX_TOKENS", "text": '{"summary": "The cus'}], ids=str)
def test_an_answer_that_was_cut_off_at_max_tokens_says_so(clearreply, models, reply):
    models.script([reply])
    assert "max_tokens" in clearreply.analyze().problem(502, "model_answer_cut")["detail"]
    assert len(models.calls()) == 1


@pytest.mark.parametrize("reply", [{"blocked": True}, {"blocked": "SAFETY"}, {"finish": "SAFETY"}, {"finish": "RECITATION"}], ids=str)
def test_a_prompt_that_the_model_will_not_answer_is_the_clients_to_change(clearreply, models, reply):
    models.script([reply])
    assert "Gemini" in clearreply.analyze().problem(422, "provider_refused")["detail"]
    assert len(models.calls()) == 1


def test_a_failed_second_call_does_not_lose_what_the_first_one_said(clearreply, models):
    models.script([{"json": ANALYSIS}, {"status": 401}])
    run = clearreply.analyze().ok()["run_id"]
    clearreply.post("/generate", {"run_id": run, "tone": "friendly"}).problem(502, "provider_auth")
    assert clearreply.get(f"/runs/{run}").ok()["status"] == "failed"
    clearreply.post("/generate", {"run_id": run, "tone": "friendly"}).problem(409, "not_waiting")


@needs_sandbox
def test_when_gemini_is_down_the_best_model_of_fitmycv_falls_back_to_openai(fitmycv, models):
    models.script([
        {"json": JOB, "match": READS_JOB},
        {"status": 503, "match": "generationConfig", "times": 3},
        {"json": CV, "match": '"response_format"'},
    ])
    page = fitmycv.finished(fitmycv.new_job())
    assert page["output"]["cv"] == CV and page["model"] == "gpt-5-mini"
    calls = models.calls()
    assert [call["dialect"] for call in calls] == ["gemini"] * 4 + ["openai"]
    assert calls[-1]["headers"]["authorization"] == f"Bearer {OPENAI_KEY}"
    assert GEMINI_KEY not in str(calls[-1]) and OPENAI_KEY not in str(calls[:-1])


@needs_sandbox
def test_a_fallback_is_not_asked_when_the_prompt_was_refused(fitmycv, models):
    models.script([{"json": JOB, "match": READS_JOB}, {"blocked": True, "match": TAILORS}])
    page = fitmycv.finished(fitmycv.new_job(), "failed")
    assert page["error"]["code"] == "provider_refused"
    assert [call["dialect"] for call in models.calls()] == ["gemini", "gemini"]


def test_a_run_may_not_spend_more_than_its_limit(clearreply, models):
    models.script([{"json": ANALYSIS, "usage": [30_000, 1_000]}])  # 0.018 of 0.02 USD
    run = clearreply.analyze().ok()["run_id"]
    document = clearreply.post("/generate", {"run_id": run, "tone": "friendly"}).problem(422, "cost_limit")
    assert "0.0020 USD" in document["detail"] and "cost_per_run" in document["detail"]
    assert len(models.calls()) == 1
    assert clearreply.get(f"/runs/{run}").ok()["cost_usd"] == pytest.approx(0.018)


def test_a_prompt_too_dear_for_its_run_is_refused_before_any_call(clearreply, models):
    models.script([{"json": three_tones(), "usage": [35_000, 800]}])  # the repair would go over the limit
    clearreply.analyze().problem(422, "cost_limit")
    assert len(models.calls()) == 1


def test_a_run_that_takes_too_long_ends_and_its_call_is_aborted(probe, models):
    models.script([{"hang": True}])
    probe.post("/hurried", {"question": "How?"}).problem(504, "deadline")
    eventually(lambda: models.calls()[0].get("aborted"), 2, "the call's end")


def test_a_job_that_takes_longer_than_its_route_allows_fails_and_its_call_is_aborted(probe, models):
    models.script([{"hang": True}])
    job = probe.post("/jobs/hurried", {"question": "How?"}).ok(202)["job_id"]
    assert probe.finished(job, "failed", 5)["error"]["code"] == "deadline"
    eventually(lambda: models.calls()[0].get("aborted"), 2, "the call's end")


def test_a_client_that_leaves_takes_its_call_with_it(probe, models):
    models.script([{"hang": True}])
    connection = http.client.HTTPConnection("127.0.0.1", probe.server.port)
    connection.request("POST", probe.url("/slow"), b'{"question": "How?"}',
                       {"Authorization": probe.token, "Content-Type": "application/json"})
    models.wait_for_calls(1)
    connection.close()
    eventually(lambda: models.calls()[0].get("aborted"), 3, "the call's end")


def test_a_provider_that_cannot_be_reached_at_all_is_a_503(tmp_path, models):
    env = gemini(models, PLENUM_PROVIDERS_GEMINI_BASE_URL="http://127.0.0.1:1")
    server = Server(tmp_path / "data", env=env).start()
    try:
        document = Client(server, "clearreply", new_user()).analyze().problem(503)
        assert "127.0.0.1" in document["detail"] or "Gemini" in document["detail"]
        assert GEMINI_KEY not in str(document)
    finally:
        server.healthy()
        server.stop()


def test_a_provider_that_is_down_is_left_alone_and_clients_learn_for_how_long(tmp_path, models):
    models.script([], default={"status": 503})
    env = gemini(models, PLENUM_OUTBOUND_RETRY_BUDGET="20", PLENUM_OUTBOUND_BREAKER_CALLS="20")
    server = Server(tmp_path / "data", copy_of_apps(tmp_path / "root"), env).start()
    try:
        probe = Client(server, "probe", new_user())
        replies = [probe.post("/ask", {"question": "How?"}) for _ in range(60)]
        codes = [reply.problem(503)["code"] for reply in replies]
        assert len(models.calls()) <= 1.2 * 20 + 2  # the breaker opens at the 20th; nothing leaves after that
        held = replies[codes.index("circuit_open")]
        assert 28 <= int(held.headers["Retry-After"]) <= 33
        assert set(codes[codes.index("circuit_open"):]) == {"circuit_open"}
        job = probe.post("/jobs/chain", {"question": "Why?"}).ok(202)["job_id"]
        assert probe.get(f"/jobs/{job}").ok()["status"] in ("queued", "running", "waiting")  # it has time
    finally:
        server.healthy()
        server.stop()


def costs(server, *words):
    said = subprocess.run([binary(), "runs", "costs", "--data", str(server.data), *words, "--format", "json"],
                          capture_output=True, text=True, check=True)
    return json.loads(said.stdout)


def test_thirty_calls_at_once_do_not_overspend_a_users_day_and_a_crash_forgets_nothing(tmp_path, models):
    models.script([], default={"json": ANALYSIS, "usage": [1000, 1000]})  # 0.0035 USD; reserved is more
    env = gemini(models, PLENUM_BUDGETS_USER_USD_PER_DAY="0.02")
    server = Server(tmp_path / "data", env=env).start()
    try:
        user = new_user()
        ada = Client(server, "clearreply", user, "pro")
        with ThreadPoolExecutor(30) as pool:
            replies = list(pool.map(lambda _: ada.analyze(), range(30)))
        while (last := ada.analyze()).status == 200:
            pass
        paid = [call for call in models.calls() if call["status"] == 200]
        assert 1 <= len(paid) <= 5 and all(reply.status in (200, 429) for reply in replies)
        problem = last.problem(429, "daily_budget")
        assert "budgets.user_usd_per_day" in problem["detail"] and 0 < int(last.headers["Retry-After"]) <= 86400
        assert Client(server, "clearreply", new_user(), "pro").analyze().status == 200
        spent = costs(server, "--days", "2")
        assert sorted(round(one["cost_usd"], 6) for one in spent) == [0.0035, round(0.0035 * len(paid), 6)]
        server.kill()
        server.start()
        assert ada.analyze().status == 429 and len(models.calls()) == len(paid) + 1
    finally:
        server.healthy()
        server.stop()


def test_an_app_with_a_key_of_its_own_asks_with_that_key(tmp_path, models):
    root = copy_of_apps(tmp_path / "root")
    app = root / "apps.d/clearreply.yaml"
    app.write_text(app.read_text().replace("models:\n", "secrets: [THEIR_KEY]\nmodels:\n", 1)
                   .replace("max_tokens: 1200}", "max_tokens: 1200, key: THEIR_KEY}", 1))
    server = Server(tmp_path / "data", root, gemini(models, THEIR_KEY="theirs-4711")).start()
    try:
        models.script([{"json": ANALYSIS}])
        assert Client(server, "clearreply", new_user()).analyze().ok()["output"] == ANALYSIS
        assert models.calls()[0]["headers"]["x-goog-api-key"] == "theirs-4711"
        assert "theirs-4711" not in server.log()
    finally:
        server.healthy()
        server.stop()


def test_an_answer_that_never_ends_is_cut_off(probe, models):
    models.script([{"text": "x" * 9_000_000, "times": 0}])
    reply = probe.post("/slow", {"question": "How?"})
    reply.problem(502, "response_too_large")
    assert len(reply.body) < 2000
