"""Two users, two apps: what is not yours is not there, and looks exactly like what never was."""

import string

import pytest

from conftest import (ANALYSIS, CV, JOB, READS_JOB, REPLIES, TAILORS, Client, Server, gemini, needs_sandbox,
                      new_user)


def same_but_for_the_request_id(reply):
    document = reply.json
    document.pop("request_id")
    names = {name.lower() for name in reply.headers}
    return reply.status, document, names


@pytest.fixture
def ada(server):
    return Client(server, "fitmycv", new_user(), "pro")


@pytest.fixture
def bob(server):
    return Client(server, "fitmycv", new_user(), "pro")


@needs_sandbox
def test_another_users_job_run_row_and_result_are_not_there_whatever_is_done_with_them(ada, bob, models):
    models.script([{"json": JOB, "match": READS_JOB}, {"json": CV, "match": TAILORS}])
    cv = ada.cv_id()
    job = ada.create(cv).ok(202)["job_id"]
    page = ada.finished(job)
    row = ada.get("/results").ok()["items"][0]["id"]

    unknown_job, unknown_row = job[:-1] + ("0" if job[-1] != "0" else "1"), row[:-1] + ("0" if row[-1] != "0" else "1")
    for method, path in (("GET", ""), ("GET", "/status"), ("GET", "/result"), ("GET", "/events"), ("DELETE", "")):
        for kind in ("jobs", "runs"):
            foreign = bob.send(method, f"/{kind}/{job}{path}")
            foreign.problem(404, "not_found")
            assert same_but_for_the_request_id(foreign) == same_but_for_the_request_id(bob.send(method, f"/{kind}/{unknown_job}{path}"))
    for method, path, other in (("GET", f"/results/{row}", f"/results/{unknown_row}"),
                                ("DELETE", f"/results/{row}", f"/results/{unknown_row}"),
                                ("DELETE", f"/cvs/{cv}", f"/cvs/{unknown_row}")):
        foreign = bob.send(method, path)
        foreign.problem(404, "not_found")
        assert same_but_for_the_request_id(foreign) == same_but_for_the_request_id(bob.send(method, other))
    assert bob.get("/cvs").ok()["items"] == [] and bob.get("/results").ok()["items"] == []

    assert ada.get(f"/jobs/{job}").ok()["output"]["cv"] == page["output"]["cv"]
    assert len(ada.get("/cvs").ok()["items"]) == 1 and len(ada.get("/results").ok()["items"]) == 1


@needs_sandbox
def test_a_job_cannot_be_made_from_another_users_cv(ada, bob, models):
    models.script([], default={"json": JOB})
    job = bob.create(ada.cv_id()).ok(202)["job_id"]
    page = bob.finished(job, "failed")
    assert page["error"]["code"] == "not_found"
    unknown = bob.finished(bob.create("row_0000").ok(202)["job_id"], "failed")
    assert unknown["error"] == page["error"]
    assert models.calls() == []


def test_another_users_waiting_run_cannot_be_answered_seen_or_cancelled(server, models):
    ada, bob = Client(server, "clearreply", new_user()), Client(server, "clearreply", new_user())
    models.script([{"json": ANALYSIS}, {"json": REPLIES}])
    run = ada.analyze().ok()["run_id"]
    unknown = "run_" + "0" * (len(run) - 4)

    def shown(reply, name):
        status, document, headers = same_but_for_the_request_id(reply)
        return status, str(document).replace(name, "…"), headers

    foreign = bob.post("/generate", {"run_id": run, "tone": "friendly"})
    foreign.problem(404, "not_found")
    assert shown(foreign, run) == shown(bob.post("/generate", {"run_id": unknown, "tone": "friendly"}), unknown)
    bob.delete(f"/runs/{run}").problem(404)
    assert ada.get(f"/runs/{run}").ok()["status"] == "waiting"
    ada.post("/generate", {"run_id": run, "tone": "friendly"}).ok()


def test_the_list_of_waiting_runs_is_the_callers_own(server, models):
    ada, bob = Client(server, "probe", new_user()), Client(server, "probe", new_user())
    models.script([], default={"text": "A draft."})
    mine = ada.post("/confirm", {"question": "q"}).ok()["run_id"]
    theirs = bob.post("/confirm", {"question": "q"}).ok()["run_id"]
    assert [run["run_id"] for run in ada.get("/open").ok()["items"]] == [mine]
    assert [run["run_id"] for run in bob.get("/open").ok()["items"]] == [theirs]


def test_the_same_person_is_somebody_else_in_another_app(server, models):
    name = new_user()
    models.script([{"json": ANALYSIS}])
    run = Client(server, "clearreply", name).analyze().ok()["run_id"]
    for app in ("fitmycv", "probe"):
        Client(server, app, name).get(f"/runs/{run}").problem(404, "not_found")
        Client(server, app, name).delete(f"/runs/{run}").problem(404, "not_found")


def test_a_plan_does_not_make_another_person(server, models):
    name = new_user()
    models.script([{"json": ANALYSIS}])
    run = Client(server, "clearreply", name, "free").analyze().ok()["run_id"]
    assert Client(server, "clearreply", name, "pro").get(f"/runs/{run}").ok()["status"] == "waiting"


@needs_sandbox
def test_a_list_comes_in_pages_and_a_cursor_of_another_user_shows_nothing_of_theirs(ada, bob):
    mine = [ada.cv_id() for _ in range(5)]
    bobs = bob.cv_id()
    seen, after = [], ""
    for _ in range(10):
        page = ada.get(f"/cvs?limit=2{after}").ok()
        seen += [row["id"] for row in page["items"]]
        if not page["next"]:
            break
        after = f"&after={page['next']}"
    assert sorted(seen) == sorted(mine) and len(set(seen)) == 5
    for cursor in (bobs, "row_x", "'%20OR%201=1", ""):
        reply = ada.get(f"/cvs?after={cursor}")
        assert bobs not in reply.body.decode()
        if cursor:
            reply.problem(400, "invalid_parameter")


# Files


@pytest.fixture
def link(ada, models):
    models.script([{"json": JOB, "match": READS_JOB}, {"json": CV, "match": TAILORS}])
    return ada.finished(ada.new_job())["output"]["pdf"]["url"]


@needs_sandbox
def test_a_signed_link_needs_no_sign_in_and_any_changed_character_breaks_it(server, link):
    assert server.request("GET", link).status == 200
    document = server.request("GET", link).body
    assert document.startswith(b"%PDF-")
    start = link.index("/files/") + len("/files/")
    for position in range(start, len(link)):
        old = link[position]
        new = next(one for one in string.digits + string.ascii_lowercase if one != old)
        reply = server.request("GET", link[:position] + new + link[position + 1:])
        assert reply.status == 404, (position, link[:position] + new + link[position + 1:], reply)
        assert b"%PDF" not in reply.body
    for position in range(start, len(link)):
        assert server.request("GET", link[:position] + link[position + 1:]).status == 404
    for more in ("&x=1", "?", "#x".replace("#", "%23"), "&e=1", "0"):
        assert server.request("GET", link + more).status == 404


@needs_sandbox
def test_a_link_is_good_for_one_app_one_method_and_one_order_of_its_parameters(server, link):
    assert server.request("GET", link.replace("/fitmycv/", "/clearreply/")).status == 404
    path, query = link.split("?")
    assert server.request("GET", path).status == 404
    assert server.request("GET", path + "?" + "&".join(reversed(query.split("&")))).status == 404
    assert server.request("DELETE", link).status == 405
    assert server.request("HEAD", link).status == 200


@needs_sandbox
def test_a_link_still_works_after_a_restart_and_not_at_another_server(tmp_path, shared_models):
    shared_models.reset()
    server = Server(tmp_path / "one", env=gemini(shared_models)).start()
    other = Server(tmp_path / "two", env=gemini(shared_models)).start()
    try:
        shared_models.script([{"json": JOB, "match": READS_JOB}, {"json": CV, "match": TAILORS}])
        client = Client(server, "fitmycv", new_user())
        link = client.finished(client.new_job())["output"]["pdf"]["url"]
        server.kill()
        server.start()
        assert server.request("GET", link).status == 200
        assert other.request("GET", link).status == 404
    finally:
        server.kill()
        other.kill()


# Sign-in


def test_development_sign_in_is_refused_in_production(tmp_path, shared_models):
    server = Server(tmp_path / "data", env=gemini(shared_models, PLENUM_MODE="production")).start()
    before = len(shared_models.calls())
    try:
        client = Client(server, "clearreply", new_user())
        document = client.analyze().problem(401, "invalid_token")
        assert "switched off" in document["detail"]
        client.get("/runs/run_x").problem(401, "invalid_token")
        assert len(shared_models.calls()) == before
        assert server.request("GET", "/healthz").status == 200
    finally:
        server.stop()


def test_a_server_that_listens_to_the_world_has_no_development_sign_in(tmp_path, shared_models):
    server = Server(tmp_path / "data", env=gemini(shared_models), listen="0.0.0.0:0").start()
    try:
        Client(server, "clearreply", new_user()).analyze().problem(401, "invalid_token")
    finally:
        server.stop()
