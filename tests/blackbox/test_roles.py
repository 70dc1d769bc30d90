"""Who may call by role, who may answer for others, and how fast anybody may call."""

import threading

from conftest import Client, Server, copy_of_apps, eventually, gemini, new_user


def with_roles(server, user, roles, plan="free"):
    client = Client(server, "probe", user)
    client.token = f"Bearer dev:{user}:{plan}:{roles}" if roles else f"Bearer dev:{user}:{plan}"
    return client


def test_a_route_with_roles_is_for_who_has_one(server):
    user = new_user()
    assert with_roles(server, user, "editor").post("/roles/who", {}).ok()["output"]["roles"] == ["editor"]
    assert with_roles(server, user, "other,admin").post("/roles/who", {}).ok()["output"]["roles"] == ["other", "admin"]
    for roles in ("", "other", "editors", "Editor"):
        reply = with_roles(server, user, roles).post("/roles/who", {})
        document = reply.problem(403, "insufficient_scope")
        assert "editor" in document["detail"]
        assert reply.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope"'
    stranger = with_roles(server, user, "")
    stranger.token = None
    stranger.post("/roles/who", {}).problem(401, "unauthenticated")
    for roles in ("editor,", "a b", ",", "a:b"):
        with_roles(server, user, roles).post("/roles/who", {}).problem(401, "invalid_token")


def test_an_interrupt_with_roles_is_answered_by_who_has_one_whosesoever_the_run_is(server):
    owner, reviewer, stranger = (Client(server, "probe", new_user()) for _ in range(3))
    reviewer.token += ":reviewer"
    run = owner.post("/roles/ask", {"question": "q"}).ok()["run_id"]

    document = owner.post("/roles/approve", {"run_id": run, "sure": True}).problem(403, "insufficient_scope")
    assert "reviewer" in document["detail"]
    stranger.post("/roles/approve", {"run_id": run, "sure": True}).problem(404, "not_found")
    assert owner.get(f"/runs/{run}").ok()["status"] == "waiting"

    assert run in [item["run_id"] for item in reviewer.get("/roles/open").ok()["items"]]
    assert [item["run_id"] for item in owner.get("/roles/open").ok()["items"]] == [run]
    assert stranger.get("/roles/open").ok()["items"] == []

    reviewer.get(f"/runs/{run}").problem(404, "not_found")  # to answer is not to own
    reviewer.post("/roles/approve", {"run_id": run, "sure": "yes"}).problem(422, "invalid_answer")
    answered = reviewer.post("/roles/approve", {"run_id": run, "sure": True}).ok()
    assert answered["output"] == {"sure": True, "user": owner.user}
    assert owner.get(f"/runs/{run}").ok()["status"] == "completed"
    reviewer.post("/roles/approve", {"run_id": run, "sure": True}).problem(409)
    for unknown in ("run_" + "0" * 26, "x"):
        reviewer.post("/roles/approve", {"run_id": unknown, "sure": True}).problem(404, "not_found")


def test_a_role_in_one_app_is_none_in_another_and_no_key_to_other_interrupts(server):
    owner, reviewer = Client(server, "probe", new_user()), Client(server, "probe", new_user())
    reviewer.token += ":reviewer"
    run = owner.post("/optional/confirm", {"question": "q"}).ok()["run_id"]
    reviewer.post("/roles/approve", {"run_id": run, "sure": True}).problem(404, "not_found")
    reviewer.post("/optional/answer", {"run_id": run, "sure": True}).problem(404, "not_found")


def test_a_rate_is_exact_when_many_call_at_once_and_each_has_their_own(server):
    ada, eve = Client(server, "probe", new_user()), Client(server, "probe", new_user())
    replies = []

    def call():
        for _ in range(5):
            replies.append(ada.post("/fast", {}))

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(reply.status == 200 for reply in replies) == 5
    for reply in replies:
        if reply.status != 200:
            reply.problem(429, "rate_exceeded")
            assert 600 < int(reply.headers["Retry-After"]) <= 720  # a fifth of an hour brings the next
    eve.post("/fast", {}).ok()
    ada.post("/optional/who", {}).ok()  # another route
    pro = Client(server, "probe", ada.user, "pro")
    assert [pro.post("/fast", {}).status for _ in range(3)] == [200, 200, 200]


def test_a_call_that_is_too_fast_takes_nothing_of_the_quota(server):
    ada = Client(server, "probe", new_user())
    statuses = [ada.post("/rated", {}) for _ in range(4)]
    assert [reply.status for reply in statuses] == [200, 200, 429, 429]
    assert {reply.json["code"] for reply in statuses[2:]} == {"rate_exceeded"}


def test_strangers_are_told_apart_by_their_address(server):
    one = Client(server, "probe", "nobody")
    one.token = None
    assert [one.post("/public/rated", {}).status for _ in range(3)] == [200, 200, 429]
    Client(server, "probe", new_user()).post("/fast", {}).ok()
