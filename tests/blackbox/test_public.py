"""Routes that take no sign-in: what their callers reach is what they know the id of, and nothing else."""

import pytest

from conftest import Client, eventually, new_user


class Stranger(Client):
    """A caller without credentials."""

    def __init__(self, server, app="probe"):
        super().__init__(server, app, "nobody")
        self.token = None


@pytest.fixture
def stranger(server):
    return Stranger(server)


BAD_TOKENS = ("Bearer dev:", "Bearer dev:a b", "Bearer x.y.z", "Basic ZGV2OmFkYQ==", "dev:ada", "Bearer", "")


def test_a_public_route_answers_without_sign_in_and_asks_for_none(stranger, models):
    models.script([{"text": "Forty-two."}])
    assert stranger.post("/public/ask", {"question": "q"}).ok()["output"] == "Forty-two."
    for path in ("/ask", "/confirm"):
        stranger.post(path, {"question": "q"}).problem(401, "unauthenticated")


@pytest.mark.parametrize("path", ["/public/jobs", "/optional/who"])
def test_credentials_that_are_not_good_are_refused_where_none_are_needed_too(probe, path, models):
    for token in BAD_TOKENS:
        reply = probe.post(path, {}, Authorization=token)
        named = token.startswith("Bearer ") and token != "Bearer "  # a token, and a bad one
        reply.problem(401, "invalid_token" if named else "unauthenticated")
        assert reply.headers["WWW-Authenticate"] == ('Bearer error="invalid_token"' if named else "Bearer")


def test_an_optional_route_knows_who_signed_in_and_that_nobody_did(server, stranger):
    ada = Client(server, "probe", new_user(), "pro")
    assert ada.post("/optional/who", {}).ok()["output"] == {"user": ada.user, "plan": "pro"}
    assert stranger.post("/optional/who", {}).ok()["output"] == {"user": "", "plan": "free"}


def test_a_public_route_does_not_look_at_who_calls(server, stranger):
    job = Client(server, "probe", new_user(), "pro").post("/public/jobs", {}).ok(202)["job_id"]
    assert stranger.finished(job)["output"] == {"user": "", "plan": "free"}


def test_a_plan_that_a_stranger_cannot_have_asks_them_to_sign_in(server, stranger):
    document = stranger.post("/optional/pro", {}).problem(401, "unauthenticated")
    assert "pro" in document["detail"] and "sign in" in document["detail"]
    Client(server, "probe", new_user()).post("/optional/pro", {}).problem(402, "plan_required")
    Client(server, "probe", new_user(), "pro").post("/optional/pro", {}).ok()


def test_a_strangers_job_is_open_to_whoever_knows_its_id(server, stranger):
    started = stranger.post("/public/jobs", {}).ok(202)
    job = started["job_id"]
    assert stranger.finished(job)["output"]["user"] == ""
    signed_in = Client(server, "probe", new_user())
    for caller in (stranger, signed_in):
        assert caller.send("GET", started["status_url"]).ok()["status"] == "completed"
        assert caller.get(f"/jobs/{job}/result").ok()["user"] == ""
        assert caller.stream("GET", f"/jobs/{job}/events").until("run.completed")
        assert caller.delete(f"/jobs/{job}").ok()["status"] == "completed"
    unknown = job[:-1] + ("0" if job[-1] != "0" else "1")
    for caller in (stranger, signed_in):
        for method, page in (("GET", ""), ("GET", "/status"), ("GET", "/result"), ("GET", "/events"), ("DELETE", "")):
            caller.send(method, f"/jobs/{unknown}{page}").problem(404, "not_found")


def test_a_stranger_reaches_nothing_of_anybody_who_signed_in(server, stranger, models):
    ada = Client(server, "probe", new_user())
    for path, answer in (("/confirm", "/answer"), ("/optional/confirm", "/optional/answer")):
        models.script([], default={"text": "A draft."})
        run = ada.post(path, {"question": "q"}).ok()["run_id"]
        for method, page in (("GET", ""), ("GET", "/status"), ("GET", "/result"), ("GET", "/events"), ("DELETE", "")):
            stranger.send(method, f"/runs/{run}{page}").problem(404, "not_found")
        for answer_path in ("/optional/answer", "/public/answer"):
            stranger.post(answer_path, {"run_id": run, "sure": True}).problem(404, "not_found")
        assert ada.get(f"/runs/{run}").ok()["status"] == "waiting"
        ada.post(answer, {"run_id": run, "sure": False}).ok()


def test_what_strangers_keep_is_in_nobodys_list(server, stranger):
    stranger.post("/optional/who", {}).ok()
    stranger.post("/optional/confirm", {"question": "q"}).ok()
    for path in ("/notes", "/open"):
        stranger.get(path).problem(401, "unauthenticated")
    for user in (new_user(), "anonymous", "nobody"):
        ada = Client(server, "probe", user)
        assert ada.get("/notes").ok()["items"] == [] and ada.get("/open").ok()["items"] == []


def test_a_paused_public_run_goes_on_with_its_id_and_with_no_other(stranger):
    one = stranger.post("/public/confirm", {"question": "one"}).ok()
    other = stranger.post("/public/confirm", {"question": "two"}).ok()
    assert one["output"] == {"text": "one"} and one["run_id"] != other["run_id"]
    assert stranger.post("/public/answer", {"run_id": one["run_id"], "sure": True}).ok()["output"] == {"sure": True}
    assert stranger.get(f"/runs/{other['run_id']}").ok()["status"] == "waiting"
    for unknown in ("run_" + "0" * 26, other["run_id"][:-1], "%", other["thread_id"]):
        stranger.post("/public/answer", {"run_id": unknown, "sure": True}).problem(404, "not_found")


def test_who_signs_in_between_goes_on_with_the_run_begun_before(server, stranger):
    run = stranger.post("/optional/confirm", {"question": "q"}).ok()["run_id"]
    ada = Client(server, "probe", new_user())
    assert ada.post("/optional/answer", {"run_id": run, "sure": True}).ok()["output"]["user"] == ""
    assert ada.get(f"/runs/{run}").ok()["status"] == "completed"


def test_a_guessed_idempotency_key_shows_a_stranger_no_other_strangers_answer(server, stranger):
    first = stranger.post("/optional/who", {}, Idempotency_Key="1").ok()
    again = stranger.post("/optional/who", {}, Idempotency_Key="1")
    assert again.ok()["run_id"] != first["run_id"] and "Idempotent-Replayed" not in again.headers
    ada = Client(server, "probe", new_user())
    mine = ada.post("/optional/who", {}, Idempotency_Key="1").ok()
    assert ada.post("/optional/who", {}, Idempotency_Key="1").ok()["run_id"] == mine["run_id"]


def test_a_stranger_names_no_thread_that_another_could_guess(server, stranger):
    thread = stranger.post("/optional/who", {}).ok()["thread_id"]
    assert stranger.post("/optional/who", {}, Plenum_Thread=thread).ok()["thread_id"] == thread
    for guessed in ("mine", "thread_1", ""):
        stranger.post("/optional/who", {}, Plenum_Thread=guessed).problem(400, "invalid_thread")


def test_strangers_share_one_quota_and_take_nothing_from_who_signs_in(server, models):
    models.script([], default={"text": "yes"})
    strangers = [Stranger(server) for _ in range(6)]
    seen = [one.post("/public/ask", {"question": "q"}).status for one in strangers]
    assert seen[-1] == 429 and set(seen) <= {200, 429}
    Client(server, "probe", new_user()).post("/ask", {"question": "q"}).ok()


def test_a_stranger_who_leaves_cancels_the_run_even_with_an_idempotency_key(server, stranger, models):
    # Without an owner of their own nobody could ask for the answer by that key again.
    models.script([], default={"hang": True})
    stream = stranger.stream("POST", "/public/slow", {"question": "q"}, Idempotency_Key="k")
    run = stream.headers["Plenum-Run"]
    models.wait_for_calls(1)
    stream.close()
    eventually(lambda: stranger.get(f"/runs/{run}").ok()["status"] == "cancelled", 20, "cancelling")


def test_the_documents_say_what_needs_no_sign_in(server):
    paths = server.request("GET", "/api/v1/probe/openapi.json").ok()["paths"]
    of = {path.removeprefix("/api/v1/probe"): operations for path, operations in paths.items()}
    assert of["/public/ask"]["post"]["security"] == []
    assert of["/optional/who"]["post"]["security"] == [{"bearer": []}, {"apiKey": []}, {}]
    assert "security" not in of["/ask"]["post"]
    assert of["/jobs/{id}/events"]["get"]["security"] == [{"bearer": []}, {"apiKey": []}, {}]
    clearreply = server.request("GET", "/api/v1/clearreply/openapi.json").ok()
    assert "security" not in clearreply["paths"]["/api/v1/clearreply/jobs/{id}"]["get"]
    assert clearreply["security"] == [{"bearer": []}, {"apiKey": []}]
    assert clearreply["components"]["securitySchemes"]["apiKey"]["name"] == "X-Api-Key"
    page = server.request("GET", "/api/v1/probe/docs").body.decode()
    assert "public: no sign-in" in page and "sign-in is optional" in page
