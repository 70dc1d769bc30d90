"""`plenum runs`, `jobs`, `backup`, `restore` and `doctor`, on the data of a server that serves and of one that does not."""

import json
import os
import sqlite3
import subprocess

import pytest

from conftest import CV_TEXT, PATIENCE, Client, Server, binary, copy_of_apps, eventually, gemini, new_user, own_server


class Said:
    def __init__(self, process):
        self.status, self.out, self.err = process.returncode, process.stdout, process.stderr

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"exit {self.status}\n{self.out}{self.err}"


def plenum(server, *words, data=None):
    command = [binary(), *words, "--data", str(data or server.data), "--root", str(server.root)]
    return Said(subprocess.run(command, env=server.env, capture_output=True, text=True, timeout=60 * PATIENCE))


@pytest.fixture
def machine(tmp_path, shared_models):
    server = own_server(tmp_path, shared_models)
    yield server
    if server.process.poll() is None:
        server.healthy()
        server.kill()


@pytest.fixture
def probe(machine):
    return Client(machine, "probe", new_user())


def failed_job(machine, probe, question="q"):
    """A job that has paid for its first node and failed at the second."""
    machine.models.script([{"status": 400, "match": f"second of {question}"}], default={"text": "Fine."})
    job = probe.post("/jobs/chain", {"question": question}).ok(202)["job_id"]
    probe.finished(job, "failed")
    return job


def test_a_list_shows_the_newest_first_and_what_each_is_doing(machine, probe):
    job = failed_job(machine, probe)
    run = probe.post("/confirm", {"question": "q"}).ok()["run_id"]
    said = plenum(machine, "runs", "list")
    lines = said.out.splitlines()
    assert said.status == 0 and [line.split()[0] for line in lines] == ["id", run, job], said
    assert "waiting" in lines[1] and "probe.confirm" in lines[1] and lines[1].endswith("at check"), said
    assert "failed" in lines[2] and lines[2].endswith("provider_rejected"), said
    assert [r["id"] for r in plenum(machine, "jobs", "list", "--format", "json").json] == [job]
    assert [r["id"] for r in plenum(machine, "runs", "list", "--status", "waiting", "--format", "json").json] == [run]
    assert plenum(machine, "runs", "list", "--app", "clearreply", "--format", "json").json == []
    first = plenum(machine, "runs", "list", "--limit", "1")
    assert f"--after {run}" in first.err, first
    assert plenum(machine, "runs", "list", "--limit", "1", "--after", run).out.splitlines()[1].startswith(job)


def test_show_tells_nodes_effects_and_cost_but_no_content_unless_asked(machine, probe):
    job = failed_job(machine, probe, "a secret matter")
    said = plenum(machine, "jobs", "show", job)
    assert said.status == 0, said
    words = [line.split() for line in said.out.splitlines()]
    assert ["job", job] in words and ["node", "second"] in words, said
    nodes = [w[:2] for w in words if w and w[-1:] == ["1"]]
    assert nodes == [["first", "done"], ["second", "failed"]], said
    assert any(w[2:5] == ["model", "first", "done"] for w in words), said
    cost = next(float(w[1]) for w in words if w[:1] == ["cost"])
    told = plenum(machine, "jobs", "show", job, "--format", "json").json
    assert told["cost_usd"] == pytest.approx(cost, abs=1e-6) and cost > 0
    assert sum(effect["cost_usd"] for effect in told["effects"]) == pytest.approx(told["cost_usd"])
    assert "a secret matter" not in said.out + json.dumps(told)
    assert "a secret matter" in plenum(machine, "jobs", "show", job, "--state").out


def test_what_is_not_there_is_said_with_exit_status_1(machine):
    for verb in ("show", "cancel", "retry"):
        said = plenum(machine, "runs", verb, "run_none")
        assert said.status == 1 and "there is no run `run_none`" in said.err, said


def test_usage(machine):
    for words, sentence in {("runs",): "A subcommand is required", ("runs", "list", "--status", "asleep"): "asleep",
                            ("runs", "show"): "id is required", ("jobs", "retry"): "name at least one to retry",
                            ("runs", "list", "--limit", "0"): "--limit", ("backup",): "folder is required"}.items():
        said = Said(subprocess.run([binary(), *words, *(["--data", str(machine.data)] if len(words) > 1 else [])],
                                   env=machine.env, capture_output=True, text=True))
        assert said.status == 2 and sentence in said.err, said
    said = plenum(machine, "runs", "list", data=machine.data / "none")
    assert said.status == 3 and "--data" in said.err, said


def test_cancel_aborts_what_a_live_server_is_doing(machine, probe):
    machine.models.script([{"hang": True}])
    job = probe.post("/jobs/chain", {"question": "q"}).ok(202)["job_id"]
    machine.models.wait_for_calls(1)
    said = plenum(machine, "jobs", "cancel", job)
    assert said.status == 0 and said.out.split()[0] == job, said
    probe.finished(job, "cancelled")
    eventually(lambda: machine.request("GET", "/readyz").ok()["live_runs"] == 0, what="the end of the run")
    assert f"an operator asked to cancel the run {job}" in machine.log()


def test_retry_goes_on_at_the_node_that_failed_and_pays_for_nothing_twice(machine, probe):
    job = failed_job(machine, probe)
    machine.models.script([], default={"text": "Better."})
    calls = len(machine.models.calls())
    assert plenum(machine, "jobs", "retry", job).status == 0
    assert probe.finished(job)["output"] == {"answers": ["Fine.", "Better.", "Better."]}
    asked = [call["prompt"].split()[0] for call in machine.models.calls()[calls:]]
    assert asked == ["second", "third"]
    said = plenum(machine, "jobs", "retry", job)
    assert said.status == 1 and "is completed: only a failed one is tried again" in said.err, said


def test_retry_without_a_server_is_done_by_the_next_one(machine, probe):
    job = failed_job(machine, probe)
    machine.stop()
    assert plenum(machine, "jobs", "retry", job).out == f"{job} queued\n"
    machine.models.script([], default={"text": "Better."})
    machine.start()
    probe.finished(job)


def test_retry_brings_a_poisoned_run_back(machine, probe):
    machine.models.script([], default={"hang": True})
    job = probe.post("/jobs/chain", {"question": "q"}).ok(202)["job_id"]
    machine.models.wait_for_calls(1)
    machine.kill()
    with sqlite3.connect(machine.data / "plenum.db") as db:
        db.execute("UPDATE run SET rescues = 5")
    machine.start()
    assert probe.get(f"/jobs/{job}").ok()["error"]["code"] == "poison"
    machine.models.script([], default={"text": "Fine."})
    assert plenum(machine, "jobs", "retry", job).status == 0
    probe.finished(job)


def test_a_run_that_failed_while_it_waited_waits_again_for_the_same_answer(machine, probe):
    machine.models.script([], default={"text": "A draft."})
    run = probe.post("/confirm", {"question": "q"}).ok()["run_id"]
    machine.stop()
    with sqlite3.connect(machine.data / "plenum.db") as db:  # as if a deadline had passed
        db.execute("UPDATE run SET deadline = 1")
    machine.start()
    eventually(lambda: probe.get(f"/runs/{run}").ok()["status"] == "failed", 10, "the deadline")
    probe.post("/answer", {"run_id": run, "sure": False}).problem(409, "not_waiting")
    assert plenum(machine, "runs", "retry", run).status == 0
    assert probe.finished(run, "waiting")["at"] == "check"
    assert probe.post("/answer", {"run_id": run, "sure": False}).ok()["output"]["sure"] is False


def test_a_server_that_was_killed_leaves_a_socket_that_misleads_nobody(machine, probe):
    job = failed_job(machine, probe)
    machine.kill()
    assert (machine.data / "control.sock").exists()
    assert plenum(machine, "jobs", "retry", job).status == 0
    machine.start()
    assert machine.request("GET", "/healthz").status == 200
    assert (machine.data / "control.sock").stat().st_mode & 0o077 == 0
    machine.stop()
    assert not (machine.data / "control.sock").exists()


def test_a_backup_under_load_is_whole_and_its_unfinished_runs_are_paused_until_they_are_resumed(machine, probe, tmp_path):
    machine.models.script([{"hang": True, "match": "first of late"}], default={"text": "Fine."})
    done = probe.post("/jobs/chain", {"question": "done"}).ok(202)["job_id"]
    probe.finished(done)
    run = probe.post("/confirm", {"question": "q"}).ok()["run_id"]
    late = probe.post("/jobs/chain", {"question": "late"}).ok(202)["job_id"]
    eventually(lambda: any("first of late" in c["prompt"] for c in machine.models.calls()), 10, "the call")
    cv = Client(machine, "fitmycv", new_user())
    cv.upload().ok()
    said = plenum(machine, "backup", str(tmp_path / "copy"))
    assert said.status == 0 and "2 unfinished runs are paused in it" in said.out, said
    assert (tmp_path / "copy").stat().st_mode & 0o077 == 0
    assert plenum(machine, "jobs", "list", "--status", "paused", "--format", "json").json == []  # the server's own go on
    again = plenum(machine, "backup", str(tmp_path / "copy"))
    assert again.status == 2 and "is there already" in again.err, again
    after = probe.post("/confirm", {"question": "later"}).ok()["run_id"]
    machine.kill()

    said = plenum(machine, "restore", str(tmp_path / "copy"), data=tmp_path / "restored")
    assert said.status == 0, said
    machine.data = tmp_path / "restored"
    machine.models.script([], default={"text": "Better."})
    calls = len(machine.models.calls())
    machine.start()
    assert len(cv.get("/cvs").ok()["items"]) == 1
    assert probe.get(f"/jobs/{done}").ok()["status"] == "completed"
    probe.get(f"/runs/{after}").problem(404)
    assert probe.get(f"/jobs/{late}").ok()["status"] == "paused" and len(machine.models.calls()) == calls
    probe.post("/answer", {"run_id": run, "sure": False}).problem(409, "not_waiting")
    assert plenum(machine, "doctor", "--deep").status == 0
    assert sorted(plenum(machine, "runs", "resume", "--all").out.splitlines()) == sorted([f"{run} waiting", f"{late} queued"])
    assert probe.finished(late)["output"] == {"answers": ["Better."] * 3}
    assert probe.post("/answer", {"run_id": run, "sure": False}).ok()["output"]["sure"] is False


def test_a_backup_without_the_bytes_of_a_file_says_so_and_is_kept(machine, tmp_path):
    Client(machine, "fitmycv", new_user()).upload().ok()
    [file] = [p for p in (machine.data / "files").rglob("*") if p.is_file()]
    file.unlink()
    said = plenum(machine, "backup", str(tmp_path / "copy"))
    assert said.status == 1 and "missing: file_" in said.err and (tmp_path / "copy/plenum.db").exists(), said


def test_a_backup_that_cannot_be_made_leaves_nothing(machine, tmp_path):
    said = plenum(machine, "backup", str(tmp_path / "none/copy"))
    assert said.status == 3 and "cannot make the folder" in said.err, said
    said = plenum(machine, "backup", str(tmp_path / "copy"), data=tmp_path / "nothing")
    assert said.status == 3 and not [p for p in tmp_path.iterdir() if p.name.startswith("copy")], said


def test_a_doctor_finds_a_healthy_server_well(machine, probe):
    machine.models.script([], default={"text": "A draft."})
    probe.post("/confirm", {"question": "q"}).ok()
    said = plenum(machine, "doctor", "--format", "json")
    assert said.status == 0, said
    told = {(one["check"], one["level"]) for one in said.json}
    assert {("database", "ok"), ("files", "ok"), ("runs", "ok"), ("data", "ok")} <= told, said
    assert "which a server has" in said.out and "1 waiting" in said.out, said


def test_a_doctor_tells_what_is_wrong_with_data(machine, probe):
    machine.models.script([], default={"text": "A draft."})
    run = probe.post("/confirm", {"question": "q"}).ok()["run_id"]
    cv = Client(machine, "fitmycv", new_user())
    text = CV_TEXT.encode()
    cv.upload("a.txt", text).ok()
    cv.upload("b.txt", text + b" And more.").ok()
    machine.stop()
    first, second = sorted((p for p in (machine.data / "files").rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
    first.unlink()
    second.write_bytes(text + b" And mOre.")
    with sqlite3.connect(machine.data / "plenum.db") as db:
        db.execute("UPDATE run SET at = '', wake_at = 0 WHERE id = ?", (run,))
    said = plenum(machine, "doctor")
    assert said.status == 1 and said.out.count("error    files") == 1, said
    assert f"nothing can wake these, cancel them: {run}" in said.out, said
    said = plenum(machine, "doctor", "--deep")
    assert said.out.count("error    files") == 2 and "have changed on disk" in said.out, said
    with open(machine.data / "plenum.db", "r+b") as db:
        db.seek(4096 * 3)
        db.write(os.urandom(4096 * 4))
    said = plenum(machine, "doctor")
    assert said.status == 1 and "error    database" in said.out, said


def test_a_database_of_another_schema_is_refused_by_all_of_them(machine, tmp_path):
    machine.stop()
    with sqlite3.connect(machine.data / "plenum.db") as db:
        db.execute("INSERT INTO migration VALUES (99, 'x', 0)")
    for words in (("runs", "list"), ("backup", str(tmp_path / "copy")), ("runs", "cancel", "run_x")):
        said = plenum(machine, *words)
        assert said.status == 3 and "this version knows no more than" in said.err, said
    said = plenum(machine, "doctor")
    assert said.status == 1 and "this version knows no more than" in said.out, said


def test_forget_deletes_what_is_kept_for_one_owner_and_ends_what_is_under_way(machine):
    machine.models.script([{"hang": True, "match": "first of going"}], default={"text": "Fine."})
    ada, bob = (Client(machine, "probe", new_user()) for _ in range(2))
    kept = bob.post("/jobs/chain", {"question": "kept"}).ok(202)["job_id"]
    gone = ada.post("/jobs/chain", {"question": "going"}).ok(202)["job_id"]
    bob.finished(kept)
    eventually(lambda: any("first of going" in c["prompt"] for c in machine.models.calls()), 10, "the call")
    cv = Client(machine, "fitmycv", new_user())
    cv.upload().ok()
    owner = plenum(machine, "jobs", "show", gone, "--format", "json").json["owner"]
    said = plenum(machine, "forget", "probe", owner)
    assert said.status == 2 and "--yes" in said.err, said
    assert ada.get(f"/jobs/{gone}").ok()["status"] == "running"
    assert plenum(machine, "forget", "probe", owner, "--yes").status == 0
    ada.get(f"/jobs/{gone}").problem(404)
    eventually(lambda: machine.request("GET", "/readyz").ok()["live_runs"] == 0, 10, "the end of what was under way")
    assert bob.get(f"/jobs/{kept}").ok()["status"] == "completed"
    said = plenum(machine, "forget", "probe", "nobody", "--yes")
    assert said.status == 1 and "nothing was ever kept" in said.err, said

    machine.stop()  # without a server it is done at once
    owner = plenum(machine, "runs", "list", "--app", "fitmycv", "--format", "json").json[0]["owner"]
    files = [p for p in (machine.data / "files").rglob("*") if p.is_file()]
    assert len(files) == 1 and plenum(machine, "forget", "fitmycv", owner, "--yes").status == 0
    assert not files[0].exists()
    machine.start()
    assert cv.get("/cvs").ok()["items"] == []


# In a mount namespace of its own, where the data folder is a small disk.
SMALL_DISK = 'mount -t tmpfs -o size={size}m,mode=700 small "{data}" && exec "$@"'
can_mount = subprocess.run(["unshare", "-rm", "sh", "-c", "mount -t tmpfs none /mnt"], capture_output=True).returncode == 0


class SmallDisk:
    """A server whose data folder is a disk of so many megabytes, which can be filled and emptied."""

    def __init__(self, tmp_path, models, size, reserve):
        (tmp_path / "data").mkdir()
        under = ["unshare", "-rm", "sh", "-c", SMALL_DISK.format(size=size, data=tmp_path / "data"), "sh"]
        env = {**gemini(models), "PLENUM_DISK_RESERVE_MB": str(reserve)}
        self.server = Server(tmp_path / "data", copy_of_apps(tmp_path / "root"), env, under=under).start()
        # unshare becomes the shell, which becomes the server: its process sees the disk
        self.filler = f"/proc/{self.server.process.pid}/root{self.server.data}/filler"

    def fill(self, leave=0):
        disk = os.statvfs(os.path.dirname(self.filler))
        left = max(0, disk.f_bavail * disk.f_frsize - leave)
        with open(self.filler, "ab", buffering=0) as file:
            try:
                while left > 0:
                    left -= file.write(bytes(min(left, 65536)))
            except OSError:
                pass

    def empty(self):
        os.unlink(self.filler)


@pytest.mark.skipif(not can_mount, reason="this machine does not let a test mount a small disk")
@pytest.mark.parametrize("size, reserve, leave, code", [(24, 0, 0, "disk_full"), (160, 64, 20 << 20, "disk_low")])
def test_on_a_full_disk_reads_go_on_writes_are_refused_and_nothing_accepted_is_lost(
        tmp_path, shared_models, size, reserve, leave, code):
    shared_models.reset()
    disk = SmallDisk(tmp_path, shared_models, size, reserve)
    server = disk.server
    try:
        shared_models.script([{"text": "Late.", "delay_ms": 1500, "match": "slow one"}], default={"text": "Fine."})
        probe = Client(server, "probe", new_user(), "pro")
        before = probe.post("/jobs/chain", {"question": "before"}).ok(202)["job_id"]
        probe.finished(before)
        under_way = probe.post("/jobs/chain", {"question": "a slow one"}).ok(202)["job_id"]
        eventually(lambda: any("slow one" in c["prompt"] for c in shared_models.calls()), 10, "the call")
        disk.fill(leave)
        accepted, refused = [], None
        for n in range(3000):  # a log that has room for some more may take some more
            reply = probe.post("/confirm", {"question": f"n{n} " + "x" * 1000})
            if reply.status != 200:
                refused = reply
                break
            accepted.append(reply.json["run_id"])
        assert refused is not None
        assert refused.problem(503)["code"] in (code, "disk_error") and int(refused.headers["Retry-After"]) >= 1
        assert probe.get(f"/jobs/{before}").ok()["output"] == {"answers": ["Fine."] * 3}
        assert server.request("GET", "/healthz").status == 200
        assert plenum_in(server, "runs", "list", "--limit", "5").status == 0

        disk.empty()
        assert probe.finished(under_way)["output"] == {"answers": ["Late.", "Fine.", "Fine."]}
        eventually(lambda: probe.post("/confirm", {"question": "after"}).status == 200, 10, "a write")
        for run in accepted:
            assert probe.get(f"/runs/{run}").ok()["status"] == "waiting"
        server.healthy()
    finally:
        server.kill()


def plenum_in(server, *words):
    """The command in the server's own mount namespace."""
    command = ["nsenter", "-t", str(server.process.pid), "-U", "-m", "--preserve-credentials",
               binary(), *words, "--data", str(server.data), "--root", str(server.root)]
    return Said(subprocess.run(command, env=server.env, capture_output=True, text=True, timeout=60 * PATIENCE))
