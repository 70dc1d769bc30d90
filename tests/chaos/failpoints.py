#!/usr/bin/env python3
"""The process dies at every place in turn: around each transaction and each effect.  Then the judge looks.

    tests/chaos/failpoints.py [--times 1,2,3,5] [--only step] [--at-once 4]

A place is reached in a world without chance: one client does one op after the other.  `PLENUM_FAILPOINT` exists in builds
with assertions only (engine/base/failpoint.h).  Each place must be reached: what is not any more, is a finding.
"""

import argparse
import multiprocessing
import re
import shutil
import signal
import sys
import threading
import time
from argparse import Namespace
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import clients  # noqa: E402
from chaos import Round, can_sandbox  # noqa: E402
from world import PATIENCE, adopt_orphans, folder_in_memory  # noqa: E402

OPS = ["chain", "synchronous", "once_only", "known", "fan", "parent", "ask", "mailer", "rows", "cancelled", "released"]
TRANSACTIONS = ["accept", "claim", "step", "pause", "finish", "stop", "release", "take_waiting", "cancel", "recover", "sweep",
                "put_row", "delete_row", "put_bundle"]
EFFECTS = ["model", "http", "put", "get", "query", "delete", "start"]
DOCUMENTS = ["put_file.before", "put_file.uncommitted", "put_file.committed", "extract.before", "extract.after", "pdf.before",
             "pdf.after"]
PLACES = [f"{name}.{where}" for name in TRANSACTIONS for where in ("before", "uncommitted", "committed")]
PLACES += [f"{name}.{where}" for name in EFFECTS for where in ("before", "after")]


class Script(clients.Client):
    """All ops once, in order."""

    def run(self):
        try:
            for kind in self.kinds:
                self.ops += 1
                self.token = f"{kind}-{self.ops}"
                self.user = f"u{self.ops}"
                getattr(self, kind)()
        except Exception as broken:
            self.world.broken(f"{self.token}: {broken!r}")

    def rows(self):
        job = self.accepted("/api/v1/chaos/jobs/rows", {"token": self.token})
        page = self.ended("chaos", job)
        if page["output"] != {"answers": [1, 0]}:
            raise clients.Broken(page)

    def cancelled(self):
        """A job that is cancelled while it works: it may have ended before that."""
        self.world.peers.hold = True
        job = self.accepted("/api/v1/chaos/jobs/chain", {"token": self.token})
        asked = self.world.peers.wait_for(f"first {self.token}")
        self.asked("DELETE", f"/api/v1/chaos/jobs/{job}")
        self.world.peers.hold = False
        end = time.monotonic() + self.world.patience
        while (page := self.asked("GET", f"/api/v1/chaos/jobs/{job}")[1])["status"] not in clients.FINAL:
            if time.monotonic() > end:
                raise clients.Broken(page)
            time.sleep(0.02)
        self.world.end(job, page)
        if page["status"] not in ("cancelled", "completed") or not asked:
            raise clients.Broken(page)

    def released(self):
        """A job whose server is told to end while it works: the next one goes on with it."""
        self.world.peers.hold = True
        job = self.accepted("/api/v1/chaos/jobs/chain", {"token": self.token})
        self.world.peers.wait_for(f"first {self.token}")
        self.world.stop_and_start()
        self.world.peers.hold = False
        self.check(self.ended("chaos", job), self.chain_of(self.token))


class Crash(Round):
    """One data folder and a script of ops, in which the server dies once at a place, and is started again."""

    def __init__(self, folder, place, kinds):
        super().__init__("failpoints", 0, folder, 1, Namespace(clients=1), documents=False)
        self.peers.faults, self.peers.slowest_ms = False, 20
        self.server.env |= {"PLENUM_FAILPOINT": place, "PLENUM_DRAIN_ACCEPT_SECONDS": "0", "PLENUM_DRAIN_WORK_SECONDS": "1"}
        self.kinds, self.crashes = kinds, 0
        self.starting = threading.Lock()

    def run(self):
        self.start()
        client = threading.Thread(target=Script(self, 0, self.kinds).run, daemon=True)
        client.start()
        while client.is_alive():
            self.look_after()
            client.join(0.01)
        self.settle()
        self.nothing_left_behind()
        status, _ = self.server.drain()
        if status == 137:  # it was to die here
            self.crashes += 1
        elif status != 0:
            self.broken(f"the server ended with {status}")
        return [*self.judge.verdict(self.promised, self.ends, self.crashes), *self.troubles]

    def start(self):
        """A server that dies while it starts is started again."""
        try:
            self.server.start()
        except AssertionError:
            self.died()
            self.server.start()

    def look_after(self):
        with self.starting:
            if self.server.process.poll() is not None:
                self.died()
                self.server.start()

    def died(self):
        """It must have died where it was told to."""
        self.server.port = None
        status = self.server.process.wait()
        if status != 137:
            self.broken(f"the server ended with {status}: {self.server.log()[-2000:]}")
        self.crashes += 1
        self.judge.look()
        self.server.env.pop("PLENUM_FAILPOINT", None)

    def stop_and_start(self):
        with self.starting:
            if self.server.process.poll() is None:
                self.server.process.send_signal(signal.SIGTERM)
            if self.server.process.wait(40 * PATIENCE) == 137:
                self.died()
            self.start()


def crash(place, times, kinds):
    """Findings, whether the place was reached, and figures."""
    adopt_orphans()
    folder = folder_in_memory("crash-")
    world = Crash(folder, f"{place} {times}" if times else place, kinds)
    try:
        wrong = world.run()
        told = set(re.findall(r"^failpoint (\S+)$", world.server.log(), re.M))
    except Exception as trouble:
        wrong, told = [f"ended early: {trouble!r}"], set()
    finally:
        world.server.end()
        world.peers.close()
    if not wrong:
        shutil.rmtree(folder)
    else:
        wrong = [f"[{place} {times}, kept in {folder}] {line}" for line in wrong]
    return place, times, wrong, world.crashes, told, world.judge.figures


def kinds_for(place):
    if place in DOCUMENTS:
        return ["fitmycv"]
    return OPS if place.startswith("release.") else OPS[:-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", default="1", help="at which visits of the place it dies, one after the other: 1,2,3,5")
    parser.add_argument("--only", default="", help="places that begin like this")
    parser.add_argument("--at-once", type=int, default=4)
    options = parser.parse_args()
    places = PLACES + (DOCUMENTS if can_sandbox() else [])
    work = [(place, int(times), kinds_for(place)) for times in options.times.split(",") for place in places
            if place.startswith(options.only)]
    began, found, reached, figures = time.monotonic(), [], set(), Counter()
    with multiprocessing.Pool(options.at_once, maxtasksperchild=1) as pool:
        done = pool.starmap(crash, [("?", 0, OPS)] + work, chunksize=1)
    _, _, wrong, _, told, _ = done[0]
    found += wrong
    for extra in sorted(told - set(PLACES) - set(DOCUMENTS) - {"read.before", "read.uncommitted", "read.committed"}):
        found.append(f"a place that is not in the list: {extra}")
    for place, times, wrong, crashes, _, its in done[1:]:
        found += wrong
        figures.update(its)
        if crashes:
            reached.add(place)
    missed = sorted({place for place, _, _ in work} - reached)
    found += [f"never reached: {place}" for place in missed]
    print(f"failpoints: {len(work)} crashes at {len(reached)} places, {time.monotonic() - began:.0f} s")
    for name in ("runs", "lost", "recorded", "duplicated", "ambiguous", "rescues", "given up as ambiguous"):
        print(f"  {name:24} {figures[name]}")
    print("\n".join(found) if found else "nothing found: every invariant holds")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
