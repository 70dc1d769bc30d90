"""store queries: an owner's own rows, by condition, order and number."""

import pytest

from conftest import Client, Server, copy_of_apps, new_user

APP = """
plenum: 1
app: tasks
collections:
  tasks: {fields: {title: string, points: integer, done: boolean}, ttl: 1h}
  shared: {fields: {title: string}, owner: app, ttl: 1h}
graphs:
  add:
    input: {title: string, points: integer, done: boolean}
    nodes: [{id: put, store: {put: tasks, data: {title: =title, points: =points, done: =done}}}]
    output: {ok: true}
  share:
    input: {title: string}
    nodes: [{id: put, store: {put: shared, data: {title: =title}}}]
    output: {ok: true}
  everything:
    state: {titles: list<string>}
    nodes: [{id: find, store: {query: shared}, set: {titles: "=result.map(r, r.data.title)"}}]
    output: =titles
  open:
    input: {at_least: {type: integer, default: 0}}
    state: {titles: list<string>}
    nodes:
      - id: find
        store: {query: tasks, where: "row.done == false && row.points >= at_least", sort: -points, limit: 3}
        set: {titles: "=result.map(r, r.data.title)"}
    output: =titles
  titled:
    input: {title: string}
    state: {ids: list<string>}
    nodes: [{id: find, store: {query: tasks, where: row.title == title}, set: {ids: "=result.map(r, r.id)"}}]
    output: =ids
routes:
  POST /add: {start: add}
  POST /share: {start: share}
  POST /everything: {start: everything}
  POST /open: {start: open}
  POST /titled: {start: titled}
"""


@pytest.fixture(scope="module")
def tasks_server(tmp_path_factory):
    root = copy_of_apps(tmp_path_factory.mktemp("tasks"))
    (root / "apps.d/tasks.yaml").write_text(APP)
    server = Server(tmp_path_factory.mktemp("served") / "data", root).start()
    yield server
    server.healthy()
    server.stop()


@pytest.fixture
def ada(tasks_server):
    return Client(tasks_server, "tasks", new_user())


@pytest.fixture
def bob(tasks_server):
    return Client(tasks_server, "tasks", new_user())


def add(user, title, points, done=False):
    user.post("/add", {"title": title, "points": points, "done": done}).ok()


def test_rows_are_found_by_condition_in_order_and_no_more_than_asked_for(ada):
    for title, points, done in [("a", 1, False), ("b", 5, True), ("c", 3, False), ("d", 9, False), ("e", 2, False)]:
        add(ada, title, points, done)
    assert ada.post("/open", {}).ok()["output"] == ["d", "c", "e"]
    assert ada.post("/open", {"at_least": 3}).ok()["output"] == ["d", "c"]
    assert ada.post("/open", {"at_least": 10}).ok()["output"] == []


def test_a_query_finds_nothing_of_another_user(ada, bob):
    add(ada, "mine", 1)
    add(bob, "his", 1)
    assert ada.post("/open", {}).ok()["output"] == ["mine"]
    assert bob.post("/open", {}).ok()["output"] == ["his"]
    assert bob.post("/titled", {"title": "mine"}).ok()["output"] == []


@pytest.mark.parametrize("title", ["' OR 1=1 --", "\" || true || \"", "{{title}}", "=title", "\\", "%", "null"])
def test_what_a_user_sends_is_a_value_and_never_a_part_of_the_query(ada, title):
    add(ada, "other", 1)
    assert ada.post("/titled", {"title": title}).ok()["output"] == []
    add(ada, title, 1)
    assert len(ada.post("/titled", {"title": title}).ok()["output"]) == 1


def test_rows_of_the_app_are_found_by_everybody_newest_first(ada, bob):
    ada.post("/share", {"title": "first"}).ok()
    bob.post("/share", {"title": "second"}).ok()
    assert ada.post("/everything", {}).ok()["output"][:2] == ["second", "first"]
    assert bob.post("/everything", {}).ok()["output"][:2] == ["second", "first"]
