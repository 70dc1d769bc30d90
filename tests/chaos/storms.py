#!/usr/bin/env python3
"""Many of one thing, and then the judge: drains, cancels, the same key from many clients at once.

    tests/chaos/storms.py drains  [--count 500]     SIGTERM under load, with an idle connection held open
    tests/chaos/storms.py cancels [--count 2000]    DELETE at random instants
    tests/chaos/storms.py keys    [--count 1000]    each key posted by 50 clients at the same time
"""

import argparse
import http.client
import json
import random
import secrets
import shutil
import socket
import sys
import threading
import time
from argparse import Namespace
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import clients  # noqa: E402
from chaos import Round, can_sandbox  # noqa: E402
from judge import STATUS  # noqa: E402
from world import PATIENCE, adopt_orphans, folder_in_memory  # noqa: E402

AT_ONCE = 50
BOUND_MS = 1000  # an effect may still begin so long after a cancel was acknowledged; children may live twice as long


class Storm(Round):
    """One data folder; what happens in it is the subclass's."""

    def __init__(self, seed, folder, env=None):
        super().__init__(seed, 0, folder, 0, Namespace(clients=6), documents=False)
        self.server.env.update(env or {})
        self.facts = {}

    def run(self):
        self.server.start()
        self.happen()
        self.calm.set()
        self.settle()
        self.nothing_left_behind()
        status, took = self.server.drain()
        if status != 0:
            self.broken(f"SIGTERM: exit status {status} after {took:.1f} s")
        wrong = self.judge.verdict(self.promised, self.ends, 0)
        self.judged()
        return [*wrong, *self.troubles]

    def judged(self):
        pass


class Drains(Storm):
    """A server that is told to end finishes what it has begun: nothing is asked for twice, nobody is rescued."""

    def __init__(self, seed, folder, count):
        super().__init__(seed, folder, {"PLENUM_DRAIN_ACCEPT_SECONDS": "0", "PLENUM_DRAIN_WORK_SECONDS": "10"})
        self.count, self.longest = count, 0

    def happen(self):
        working = clients.start(self, self.options.clients, documents=False)
        for _ in range(self.count):
            with socket.create_connection(("127.0.0.1", self.server.port)):
                time.sleep((0.02 + self.random.random() * 0.3) * PATIENCE)
                status, took = self.drain()
            self.longest = max(self.longest, took)
            if took > 3 * PATIENCE:
                self.facts.setdefault("slow drains", []).append(self.server.log()[self.server.from_here:][-600:])
            if status != 0:
                self.broken(f"SIGTERM: exit status {status} after {took:.1f} s")
            self.server.start()
        self.calm.set()
        for thread in working:
            thread.join(120 * PATIENCE)

    def drain(self):
        """The port stays known meanwhile: clients go on asking the server that ends."""
        began = time.monotonic()
        self.server.process.terminate()
        status = self.server.process.wait(30 * PATIENCE)
        self.server.port = None
        return status, time.monotonic() - began

    def judged(self):
        figures = self.judge.figures
        self.facts["longest drain, ms"] = int(self.longest * 1000)
        for name in ("rescues", "ambiguous", "called twice", "given up as ambiguous"):
            if figures[name]:
                self.broken(f"a graceful end left {figures[name]} {name}")


class Cancels(Storm):
    """After a cancel is acknowledged nothing of the run begins any more, and no child process lives on."""

    def __init__(self, seed, folder, count):
        super().__init__(seed, folder)
        self.count, self.acknowledged, self.latest = count, {}, 0

    def happen(self):
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(self.one, range(self.count)))
        self.facts["children"] = self.cancel_documents() if can_sandbox() else "no sandbox on this machine"

    def one(self, n):
        try:
            chance = random.Random(f"{self.seed} {n}")
            client = self.client(f"cancel-{n}")
            kind = chance.choice(["chain", "fan", "once", "known", "parent"])
            job = client.asked("POST", f"/api/v1/chaos/jobs/{kind}", {"token": client.token}, key=f"k{n}")[1]["job_id"]
            self.promise(job, client.token)
            time.sleep(chance.random() * 0.15)
            client.asked("DELETE", f"/api/v1/chaos/jobs/{job}")
            with self.lock:
                self.acknowledged[job] = time.time() * 1000
            client.asked("DELETE", f"/api/v1/chaos/jobs/{job}")  # once more changes nothing
            page = self.ended(client, job)
            with self.lock:
                self.facts[page["status"]] = self.facts.get(page["status"], 0) + 1
        except Exception as broken:
            self.broken(f"cancel {n}: {broken!r}")

    def client(self, token):
        client = clients.Client(self, 0, [])
        client.token, client.user = token, token
        return client

    def ended(self, client, job):
        end = time.monotonic() + 5 * PATIENCE
        while (page := client.asked("GET", f"/api/v1/chaos/jobs/{job}")[1])["status"] not in clients.FINAL:
            if time.monotonic() > end:
                raise clients.Broken(f"{job} is still {page['status']}")
            time.sleep(0.005)
        self.end(job, page)
        return page

    def cancel_documents(self):
        """Jobs that are cancelled while wkhtmltopdf works for them."""
        slow, seen = 0, 0
        for n in range(5):
            client = self.client(f"document-{n}")
            kept = client.upload()
            job = client.accepted("/api/v1/fitmycv/jobs/create",
                                  {"cv_id": kept, "job_description": f"{client.token}\n{clients.JOB_TEXT}"})
            while not (children := self.children()):
                if client.asked("GET", f"/api/v1/fitmycv/jobs/{job}")[1]["status"] in clients.FINAL:
                    break
                time.sleep(0.002)
            client.asked("DELETE", f"/api/v1/fitmycv/jobs/{job}")
            began = time.monotonic()
            seen += bool(children)
            while self.children():
                if time.monotonic() - began > 2 * BOUND_MS / 1000 * PATIENCE:
                    self.broken(f"a child lives on after the cancel of {job}")
                    break
                time.sleep(0.005)
            slow = max(slow, time.monotonic() - began)
        if not seen:
            self.broken("no child was ever at work: the cancels tell nothing")
        return f"{seen} killed, the slowest after {slow * 1000:.0f} ms"

    def children(self):
        found = []
        for task in Path(f"/proc/{self.server.process.pid}/task").iterdir():
            try:
                found += (task / "children").read_text().split()
            except OSError:
                pass
        return found

    def judged(self):
        """The ledger says when each call of a cancelled run began."""
        from judge import database
        db, folder = database(self.server.data)
        owner = dict(db.execute("SELECT effect.key, run.id FROM effect JOIN run ON run.n = effect.run"))
        db.close()
        shutil.rmtree(folder)
        for what, key, at in self.peers.calls:
            late = at - self.acknowledged.get(owner.get(key), at)
            self.latest = max(self.latest, late)
            if late > BOUND_MS * PATIENCE:
                self.broken(f"a {what} call began {late:.0f} ms after its run's cancel was acknowledged")
        self.facts["latest call after a cancel, ms"] = int(self.latest)


class Keys(Storm):
    """The same request with the same key, from many at once: one run, one answer."""

    def __init__(self, seed, folder, count):
        super().__init__(seed, folder)
        self.count = count

    def happen(self):
        barrier = threading.Barrier(AT_ONCE)
        answers = [[None] * AT_ONCE for _ in range(self.count)]
        threads = [threading.Thread(target=self.post_all, args=(n, barrier, answers)) for n in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        replayed = 0
        for key, given in enumerate(answers):
            ids = {run for run, _ in filter(None, given)}
            if len(ids) != 1:
                self.broken(f"key {key} got {len(ids)} runs: {ids}")
                continue
            self.promise(ids.pop(), f"key-{key}")
            first = [again for _, again in filter(None, given)].count(False)
            replayed += sum(again for _, again in filter(None, given))
            if first > 1:
                self.broken(f"key {key} was new {first} times")
        self.facts["posts"] = self.count * AT_ONCE
        self.facts["replayed"] = replayed

    def post_all(self, n, barrier, answers):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        for key in range(self.count):
            barrier.wait()
            try:
                answers[key][n] = self.post(connection, key)
            except Exception as broken:
                self.broken(f"key {key}: {broken!r}")
                connection.close()
        connection.close()

    def post(self, connection, key):
        """Every third key asks for an answer that is waited for."""
        waits = key % 3 == 0
        path = "/api/v1/chaos/chain" if waits else "/api/v1/chaos/jobs/chain"
        while True:
            connection.request("POST", path, json.dumps({"token": f"key-{key}"}), {
                "Authorization": f"Bearer dev:keys{key}:pro", "Content-Type": "application/json",
                "Idempotency-Key": f"key-{key}"})
            response = connection.getresponse()
            answer = json.loads(response.read())
            if response.status in (200, 202):
                return answer["run_id" if waits else "job_id"], response.headers["Idempotent-Replayed"] == "true"
            if answer.get("code") != "idempotency_in_progress":
                raise clients.Broken(f"{response.status} {answer}")
            time.sleep(0.05)


STORMS = {"drains": (Drains, 500), "cancels": (Cancels, 2000), "keys": (Keys, 1000)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("storm", choices=STORMS)
    parser.add_argument("--count", type=int)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else secrets.randbelow(1_000_000)
    kind, usual = STORMS[options.storm]
    count = options.count or usual
    print(f"{options.storm}: {count}, --seed {seed}", flush=True)
    adopt_orphans()
    folder = folder_in_memory("storm-")
    began = time.monotonic()
    storm = kind(seed, folder, count)
    try:
        found = storm.run()
    finally:
        storm.server.end()
        storm.peers.close()
    for name in ("runs", "lost", "recorded", "duplicated", "ambiguous", "called twice", "rescues", *STATUS):
        if storm.judge.figures[name] or name in ("lost", "duplicated"):
            print(f"  {name:32} {storm.judge.figures[name]}")
    for name, fact in {**storm.facts, "seconds": int(time.monotonic() - began)}.items():
        print(f"  {name:32} {fact}")
    print("\n".join(found[:50]) + f"\nkept in {folder}" if found else "nothing found: every invariant holds")
    if not found:
        shutil.rmtree(folder)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
