"""What is stored costs a start neither time nor memory: waiting runs, interrupted runs, runs that kill the server.

The rows are copies of one that the server has written itself, made in its database while it does not run."""

import sqlite3
import time

import pytest

from conftest import PATIENCE, Client, eventually, new_user, own_server

WAITING = 100_000
INTERRUPTED = 10_000


@pytest.fixture
def machine(tmp_path, shared_models):
    server = own_server(tmp_path, shared_models)
    yield server
    server.healthy()
    server.kill()


def copy_run(server, run, copies):
    """So many more rows like this run's."""
    with sqlite3.connect(server.data / "plenum.db") as db:
        columns = [row[1] for row in db.execute("PRAGMA table_info(run)") if row[1] not in ("n", "id")]
        names = ", ".join(columns)
        db.execute(
            f"WITH RECURSIVE k(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k WHERE i < ?) "
            f"INSERT INTO run (id, {names}) SELECT 'copy_' || i, {names} FROM k, run WHERE run.id = ?", (copies, run))
        db.execute(
            "INSERT INTO state (run, state) SELECT n, (SELECT state FROM state JOIN run ON run = n WHERE id = ?) "
            "FROM run WHERE id LIKE 'copy!_%' ESCAPE '!'", (run,))


def memory_mb(server):
    status = (f"/proc/{server.process.pid}/status")
    return next(int(line.split()[1]) for line in open(status) if line.startswith("VmRSS")) / 1024


def timed_start(server):
    began = time.monotonic()
    server.start()
    return time.monotonic() - began


def test_a_hundred_thousand_waiting_runs_cost_a_start_neither_time_nor_memory(machine):
    machine.models.script([], default={"text": "A draft."})
    probe = Client(machine, "probe", new_user())
    run = probe.post("/confirm", {"question": "q"}).ok()["run_id"]
    machine.stop()
    empty = timed_start(machine)
    assert machine.request("GET", "/readyz").status == 200
    before = memory_mb(machine)
    machine.stop()

    copy_run(machine, run, WAITING)
    full = timed_start(machine)
    assert len(probe.get("/open?limit=100").ok()["items"]) == 100
    after = memory_mb(machine)
    print(f"\nstart with one run {empty:.3f} s, {before:.1f} MB; with {WAITING} that wait {full:.3f} s, {after:.1f} MB")
    assert full < 1 * PATIENCE
    assert after < before + 8 or PATIENCE > 1  # a sanitizer keeps what was freed
    assert probe.post("/answer", {"run_id": run, "sure": False}).ok()["output"] == {"text": "A draft.", "sure": False}


def test_ten_thousand_interrupted_runs_are_rescued_within_two_seconds(machine):
    machine.models.script([{"hang": True}], default={"text": "Fine."})
    probe = Client(machine, "probe", new_user())
    job = probe.post("/jobs/chain", {"question": "q"}).ok(202)["job_id"]
    machine.models.wait_for_calls(1)
    machine.kill()
    with sqlite3.connect(machine.data / "plenum.db") as db:  # its route lets an owner run two at once
        db.execute("UPDATE run SET concurrency = 0")
    copy_run(machine, job, INTERRUPTED - 1)

    machine.models.script([], default={"text": "Fine."})
    calls = len(machine.models.calls())
    began = time.monotonic()
    machine.launch()
    eventually(lambda: len(machine.models.calls()) > calls, 20, "the first rescued step")
    took = time.monotonic() - began
    machine.port = int(eventually(machine._listening, 20, "listening")[1])
    print(f"\nfirst rescued step {took:.3f} s after the start")
    assert took < 2 * PATIENCE
    assert f"{INTERRUPTED} runs were interrupted and go on" in machine.log()


def test_a_run_that_outlives_five_rescues_is_given_up_as_poison(machine):
    machine.models.script([], default={"hang": True})
    probe = Client(machine, "probe", new_user())
    job = probe.post("/jobs/chain", {"question": "a poisoned one"}).ok(202)["job_id"]

    def calls():
        return sum("a poisoned one" in call["prompt"] for call in machine.models.calls())

    for kill in range(6):
        eventually(lambda: calls() == kill + 1, 20, f"the rescue after kill {kill}")
        assert probe.status(job)["status"] == "running"
        machine.kill()
        machine.start()
    page = probe.get(f"/jobs/{job}").ok()
    assert page["status"] == "failed" and page["error"]["code"] == "poison" and page["finished_at"]
    probe.get(f"/jobs/{job}/result").problem(500, "poison")
    assert calls() == 6
