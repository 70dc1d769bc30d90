"""Start, reload and end of the server process."""

import http.client
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from conftest import ANALYSIS, PATIENCE, Client, Server, copy_of_apps, eventually, gemini, new_user, own_server


@pytest.fixture
def machine(tmp_path, shared_models):
    server = own_server(tmp_path, shared_models)
    yield server
    if server.process.poll() is None:
        server.kill()


def test_an_idle_server_ends_at_once_and_well(machine):
    asked = time.monotonic()
    assert machine.stop() == 0
    assert time.monotonic() - asked < 2 * PATIENCE
    assert "ended: all work is done" in machine.log()


def test_an_open_connection_that_says_nothing_does_not_hold_up_the_end(machine):
    with socket.create_connection(("127.0.0.1", machine.port)):
        asked = time.monotonic()
        assert machine.stop() == 0
        assert time.monotonic() - asked < 3 * PATIENCE


def test_requests_that_were_refused_leave_nothing_that_holds_up_the_end(machine):
    machine.models.script([], default={"json": ANALYSIS})
    client = Client(machine, "clearreply", new_user())
    for _ in range(11):
        reply = client.analyze()
    reply.problem(429)
    assert machine.request("GET", "/readyz").ok()["live_runs"] == 0
    asked = time.monotonic()
    assert machine.stop() == 0
    assert time.monotonic() - asked < 2 * PATIENCE
    assert "ended: all work is done" in machine.log()


def hurried(machine, accept, work):
    """Started again with so many seconds to end in."""
    machine.kill()
    machine.env.update({"PLENUM_DRAIN_ACCEPT_SECONDS": str(accept), "PLENUM_DRAIN_WORK_SECONDS": str(work)})
    machine.start()


def test_sigterm_lets_a_job_finish_the_node_it_is_at_and_go_no_further(machine):
    hurried(machine, 0, 15)
    models = machine.models
    models.script([{"text": "Paid for.", "delay_ms": 1200, "match": "first of"}], default={"text": "Later."})
    probe = Client(machine, "probe", new_user())
    job = probe.post("/jobs/chain", {"question": "q"}).ok(202)["job_id"]
    models.wait_for_calls(1)
    assert machine.stop() == 0
    assert "ended: all work is done" in machine.log()
    assert len(models.calls()) == 1

    machine.start()
    assert probe.finished(job)["output"] == {"answers": ["Paid for.", "Later.", "Later."]}
    assert len(models.calls()) == 3


def test_a_node_that_outlasts_the_drain_is_begun_again_at_the_next_start(machine):
    hurried(machine, 0, 1)
    models = machine.models
    models.script([{"hang": True, "match": "first of"}], default={"text": "Later."})
    probe = Client(machine, "probe", new_user())
    job = probe.post("/jobs/chain", {"question": "q"}).ok(202)["job_id"]
    models.wait_for_calls(1)
    asked = time.monotonic()
    assert machine.stop() == 0
    assert time.monotonic() - asked < 4 * PATIENCE
    assert "unfinished work goes on at the next start" in machine.log()

    machine.start()
    assert probe.finished(job)["output"] == {"answers": ["Later."] * 3}


@pytest.mark.parametrize("value", ["-1", "3601", "soon", "5s"])
def test_a_time_to_drain_in_that_is_none_is_refused_at_start(tmp_path, value):
    server = Server(tmp_path / "data", env={"PLENUM_DRAIN_WORK_SECONDS": value}).launch()
    assert server.process.wait(10 * PATIENCE) == 2
    assert f"`drain.work_seconds` is `{value}`; it must be 0 to 3600" in server.log()


def test_sigterm_lets_a_request_in_flight_finish_and_a_job_go_on_after_the_next_start(machine):
    hurried(machine, 2, 3)
    models = machine.models
    models.script([{"text": "In time.", "delay_ms": 1200, "match": "sync"}, {"hang": True, "match": "first of"}],
                  default={"text": "Later."})
    probe = Client(machine, "probe", new_user())
    job = probe.post("/jobs/chain", {"question": "q"}).ok(202)["job_id"]
    replies = []
    worker = threading.Thread(target=lambda: replies.append(probe.post("/slow", {"question": "sync"})))
    worker.start()
    models.wait_for_calls(2)
    machine.signal(signal.SIGTERM)
    eventually(lambda: "draining" in machine.log(), 5, "the drain")
    machine.request("GET", "/readyz").problem(503, "shutting_down")
    assert machine.request("GET", "/healthz").status == 200
    worker.join()
    assert replies[0].ok()["output"] == "In time."
    assert machine.process.wait(20 * PATIENCE) == 0
    assert "unfinished work goes on at the next start" in machine.log()
    assert len(models.calls()) == 2  # nothing new was begun

    machine.start()
    assert probe.finished(job)["output"] == {"answers": ["Later."] * 3}
    machine.healthy()


def test_a_second_signal_ends_the_server_at_once(machine):
    machine.models.script([{"hang": True}])
    probe = Client(machine, "probe", new_user())
    probe.post("/jobs/chain", {"question": "q"}).ok(202)
    machine.models.wait_for_calls(1)
    machine.signal(signal.SIGTERM)
    eventually(lambda: "draining" in machine.log(), 5, "the drain")
    machine.signal(signal.SIGTERM)
    assert machine.process.wait(2) != 0


def test_a_second_server_on_the_same_data_is_refused_with_the_reason(machine):
    second = Server(machine.data, machine.root, machine.env).launch()
    assert second.process.wait(10 * PATIENCE) == 3
    said = second.log()[second.from_here:]
    assert f"in use by process {machine.process.pid}" in said and str(machine.data) in said
    assert "one server per data folder" in said
    assert machine.request("GET", "/healthz").status == 200


def test_a_port_that_is_taken_is_refused_with_the_reason(machine, tmp_path):
    second = Server(tmp_path / "other", machine.root, machine.env, f"127.0.0.1:{machine.port}").launch()
    assert second.process.wait(10 * PATIENCE) == 3
    assert str(machine.port) in second.log()


@pytest.mark.parametrize("listen", ["nonsense", "127.0.0.1:99999", "127.0.0.1:"])
def test_an_address_that_is_none_is_refused_with_the_reason(tmp_path, listen):
    server = Server(tmp_path / "data", listen=listen).launch()
    assert server.process.wait(10 * PATIENCE) == 2
    assert listen in server.log()


def test_the_data_folder_is_for_the_servers_user_only(machine):
    assert machine.data.stat().st_mode & 0o077 == 0
    assert (machine.data / "link.key").stat().st_mode & 0o077 == 0


def reload(server, what):
    seen = len(server.log())
    server.signal(signal.SIGHUP)
    return eventually(lambda: (lambda new: new if re.search(what, new) else None)(server.log()[seen:]), 10, f"a log of {what}")


def test_sighup_with_a_broken_file_keeps_the_old_app_and_tells_the_place_of_the_mistake(machine):
    models = machine.models
    models.script([], default={"json": ANALYSIS})
    file = machine.root / "apps.d/clearreply.yaml"
    good = file.read_text()
    lines = good.splitlines()
    row = next(n for n, line in enumerate(lines, 1) if line.lstrip().startswith("- id: choose"))
    file.write_text(good.replace("- id: choose", "- id: choose\n        nonsense: 1"))
    said = reload(machine, "is not served as it is")
    assert f"apps.d/clearreply.yaml:{row + 1}:9" in said and "nonsense" in said
    client = Client(machine, "clearreply", new_user())
    client.analyze().ok()
    assert machine.request("GET", "/readyz").ok()["refused"] == ["apps.d/clearreply.yaml"]

    file.write_text(good.replace("POST /analyze:", "POST /look:"))
    reload(machine, "serving ClearReply")
    client.analyze().problem(404, "route_not_found")
    client.post("/look", {"message": "hi"}).ok()
    assert machine.request("GET", "/readyz").ok()["refused"] == []


def test_sighup_serves_a_new_file_and_no_longer_one_that_is_gone(machine):
    machine.models.script([], default={"text": "Hello."})
    (machine.root / "apps.d/fresh.yaml").write_text(
        "plenum: 1\napp: fresh\ntitle: Fresh\n"
        "models: {quick: {use: gemini/gemini-3-flash-preview, max_tokens: 100}}\n"
        "graphs: {greet: {input: {name: string}, nodes: [{id: say, llm: {model: quick, prompt: 'Greet {{name}}'}}]}}\n"
        "routes: {POST /greet: {start: greet}}\n")
    fresh = Client(machine, "fresh", new_user())
    fresh.post("/greet", {"name": "Ada"}).problem(404)
    (machine.root / "apps.d/fitmycv.yaml").unlink()
    reload(machine, "serving Fresh")
    assert fresh.post("/greet", {"name": "Ada"}).ok()["output"] == "Hello."
    Client(machine, "fitmycv", new_user()).get("/cvs").problem(404, "route_not_found")


def test_a_reload_in_the_middle_of_a_request_does_not_disturb_it(machine):
    models = machine.models
    models.script([{"text": "Old.", "delay_ms": 400}])
    probe = Client(machine, "probe", new_user())
    replies = []
    worker = threading.Thread(target=lambda: replies.append(probe.post("/slow", {"question": "q"})))
    worker.start()
    models.wait_for_calls(1)
    (machine.root / "apps.d/probe.yaml").unlink()
    reload(machine, "serving ClearReply")
    worker.join()
    assert replies[0].ok()["output"] == "Old."


def test_a_changed_file_is_noticed_a_broken_one_keeps_the_old_app_and_a_mended_one_is_served(machine):
    models = machine.models
    models.script([], default={"text": "Hello."})
    probe = Client(machine, "probe", new_user())
    file = machine.root / "apps.d/probe.yaml"
    good = file.read_text()

    def after(edit, what):
        seen = len(machine.log())
        edit()
        eventually(lambda: re.search(what, machine.log()[seen:]), 10, f"a log of {what}")

    after(lambda: file.write_text(good.replace("POST /slow:", "POST /slower:")), "serving probe")
    probe.post("/slow", {"question": "q"}).problem(404, "route_not_found")
    assert probe.post("/slower", {"question": "q"}).ok()["output"] == "Hello."

    after(lambda: file.write_text(good.replace("graphs:", "graphs:\n  nonsense: 1")), r"probe.yaml:\d+:\d+: error")
    probe.post("/slower", {"question": "q"}).ok()
    assert machine.request("GET", "/readyz").ok()["refused"] == ["apps.d/probe.yaml"]

    def replace():  # as editors and deployments do
        (machine.root / "apps.d/.new").write_text(good)
        (machine.root / "apps.d/.new").rename(file)

    after(replace, "serving probe")
    probe.post("/slow", {"question": "q"}).ok()
    assert machine.request("GET", "/readyz").ok()["refused"] == []


def test_a_changed_prompt_and_one_in_a_new_folder_are_noticed(machine):
    models = machine.models
    models.script([], default={"text": "Hello."})
    (machine.root / "apps.d/fresh.yaml").write_text(
        "plenum: 1\napp: fresh\ntitle: Fresh\n"
        "models: {quick: {use: gemini/gemini-3-flash-preview, max_tokens: 100}}\n"
        "graphs: {greet: {nodes: [{id: say, llm: {model: quick, prompt: prompts/fresh/deep/greet.md}}]}}\n"
        "routes: {POST /greet: {start: greet}}\n")
    eventually(lambda: "apps.d/fresh.yaml is not served as it is" in machine.log(), 10, "the missing prompt's mistake")
    prompt = machine.root / "prompts/fresh/deep/greet.md"
    prompt.parent.mkdir(parents=True)
    prompt.write_text("Say one.")
    eventually(lambda: "serving Fresh" in machine.log(), 10, "the app")
    fresh = Client(machine, "fresh", new_user())
    fresh.post("/greet", {}).ok()
    seen = machine.log().count("serving Fresh")
    prompt.write_text("Say two.")
    eventually(lambda: machine.log().count("serving Fresh") > seen, 10, "the new prompt")
    fresh.post("/greet", {}).ok()
    assert [call["prompt"] for call in models.calls()] == ["Say one.", "Say two."]


def test_changes_that_mean_nothing_are_not_told(machine):
    seen = len(machine.log())
    file = machine.root / "apps.d/probe.yaml"
    file.touch()
    (machine.root / "apps.d/notes.txt").write_text("not an app")
    file.write_text(file.read_text())
    file.write_text(file.read_text().replace("title:", "title:"))
    fresh = machine.root / "apps.d/late.yaml"  # a change that is told, after those that are not
    fresh.write_text("plenum: 1\napp: late\ngraphs: [\n")
    eventually(lambda: "late.yaml" in machine.log()[seen:], 10, "the last change")
    assert machine.log()[seen:].count("serving probe") == 1


def test_watching_can_be_turned_off(tmp_path, shared_models):
    root = copy_of_apps(tmp_path / "root")
    server = Server(tmp_path / "data", root, {**gemini(shared_models), "PLENUM_WATCH": "false"}).start()
    try:
        threads = {task.joinpath("comm").read_text() for task in Path(f"/proc/{server.process.pid}/task").iterdir()}
        assert "control\n" in threads and "watch\n" not in threads
        reload(server, "serving probe")
    finally:
        server.stop()


def test_a_thousand_changes_under_load_answer_every_request_and_end_with_the_last(machine):
    models = machine.models
    models.script([], default={"text": "Hello."})
    file = machine.root / "apps.d/probe.yaml"
    good = file.read_text()
    probe = Client(machine, "probe", new_user(), "pro")
    stop, wrong, answered = threading.Event(), [], []

    def ask():
        while not stop.is_set():
            reply = probe.post("/slow", {"question": "q"})
            answered.append(1)
            if reply.status != 200:
                wrong.append(reply)

    workers = [threading.Thread(target=ask) for _ in range(2)]
    for worker in workers:
        worker.start()
    for n in range(1000):
        text = good.replace("max_tokens: 200", f"max_tokens: {300 + n}") if n % 7 else good.replace("graphs:", "graphs: [")
        file.write_text(text)
        if n % 50 == 0:
            machine.signal(signal.SIGHUP)
    file.write_text(good.replace("max_tokens: 200", "max_tokens: 777"))
    eventually(lambda: machine.request("GET", "/readyz").ok()["refused"] == [], 10, "the last version")
    eventually(lambda: probe.post("/slow", {"question": "last"}).ok()
               and models.calls()[-1]["body"]["generationConfig"]["maxOutputTokens"] == 777, 10, "the last version")
    stop.set()
    for worker in workers:
        worker.join()
    assert not wrong and answered


def test_a_server_starts_with_one_broken_app_and_serves_the_others(tmp_path, shared_models):
    root = copy_of_apps(tmp_path / "root")
    (root / "apps.d/fitmycv.yaml").write_text("plenum: 1\napp: fitmycv\ngraphs: [\n")
    server = Server(tmp_path / "data", root, gemini(shared_models)).start()
    try:
        assert re.search(r"apps\.d/fitmycv\.yaml:\d+:\d+", server.log())
        assert [app["app"] for app in server.request("GET", "/").ok()["apps"]] == ["clearreply", "probe"]
    finally:
        server.stop()


def test_in_production_a_model_without_a_key_is_an_error_of_its_app(tmp_path):
    server = Server(tmp_path / "data", env={"PLENUM_MODE": "production"}).start()
    try:
        assert "GEMINI_API_KEY" in server.log() and re.search(r"apps\.d/clearreply\.yaml:\d+:\d+", server.log())
        assert server.request("GET", "/").ok()["apps"] == []
    finally:
        assert server.stop() == 0


def test_a_wrong_setting_is_refused_with_its_name(tmp_path):
    server = Server(tmp_path / "data", env={"PLENUM_MODE": "prod"}).launch()
    assert server.process.wait(10 * PATIENCE) == 2
    assert "`mode`" in server.log() and "production" in server.log()


def test_connections_are_kept_open_between_requests(machine):
    connection = http.client.HTTPConnection("127.0.0.1", machine.port, timeout=5 * PATIENCE)
    for _ in range(50):
        connection.request("GET", "/healthz")
        response = connection.getresponse()
        assert response.status == 200 and response.read()
        assert connection.sock is not None
    connection.close()


def kept_connections(server, count):
    """So many connections that have each been answered once and stay open; they are left as they are."""
    kept = []
    for _ in range(count):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10 * PATIENCE)
        connection.request("GET", "/healthz")
        response = connection.getresponse()
        assert response.status == 200 and response.read()
        kept.append(connection)
    return kept


@pytest.mark.parametrize("setting, most", [({}, 64), ({"PLENUM_CONNECTIONS_PER_ADDRESS": "3"}, 3)])
def test_one_address_has_so_many_connections_at_once_and_no_more(tmp_path, setting, most):
    server = Server(tmp_path / "data", env=setting).start()
    kept = kept_connections(server, most)
    try:
        refused = server.request("GET", "/healthz")
        assert refused.status == 429 and refused.json["code"] == "too_many_connections"
        assert f"has {most} connections" in refused.json["detail"] and refused.headers["Retry-After"] == "1"
        kept[0].request("GET", "/healthz")  # who is in stays in
        assert kept[0].getresponse().read()
        kept.pop().close()
        eventually(lambda: server.request("GET", "/healthz").status == 200, 5, "a place becoming free")
    finally:
        for connection in kept:
            connection.close()
        server.stop()


@pytest.mark.parametrize("value", ["0", "-1", "1025", "many", "64x", "99999999999999999999"])
def test_a_number_of_connections_that_is_none_is_refused_at_start(tmp_path, value):
    server = Server(tmp_path / "data", env={"PLENUM_CONNECTIONS_PER_ADDRESS": value}).launch()
    assert server.process.wait(10 * PATIENCE) == 2
    assert f"`connections_per_address` is `{value}`; it must be 1 to 1024" in server.log()


# In a mount namespace of its own, in which there is no bubblewrap.
WITHOUT_BWRAP = ["unshare", "-rm", "sh", "-c", 'mount --bind /dev/null /usr/bin/bwrap && exec "$@"', "sh"]
can_hide_bwrap = subprocess.run([*WITHOUT_BWRAP, "true"], capture_output=True).returncode == 0


@pytest.mark.skipif(not can_hide_bwrap, reason="this machine does not let a test hide /usr/bin/bwrap")
@pytest.mark.parametrize("allowed, says", [("true", "WITHOUT a sandbox"), ("false", "no documents")])
def test_the_log_says_once_at_start_that_there_is_no_sandbox(tmp_path, allowed, says):
    server = Server(tmp_path / "data", env={"PLENUM_ALLOW_UNSANDBOXED": allowed}, under=WITHOUT_BWRAP).start()
    reply = Client(server, "fitmycv", new_user()).form("/upload", [("cv", "cv.pdf", b"%PDF-1.4 nothing")])
    server.stop()
    assert server.log().count(says) == 1
    assert "no documents" not in server.log() or reply.status == 503
