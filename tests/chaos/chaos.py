#!/usr/bin/env python3
"""Kills the server at random instants under load, and judges from outside what became of the work.

    tests/chaos/chaos.py --kills 200 [--seed N] [--servers 2] [--clients 6] [--keep]

Each server is a world of its own: a process of this program with the peers, the clients and the judge.  Its kills come in
rounds; a round has a data folder of its own and ends calm: everything must come to an end by itself, then the invariants
are checked.  All choices follow from the seed, which is printed.  The exit status is 1 when anything was found.
"""

import argparse
import multiprocessing
import random
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import clients  # noqa: E402
from judge import Judge  # noqa: E402
from world import PATIENCE, PROJECT, Peers, Server, adopt_orphans, folder_in_memory, orphans  # noqa: E402

KILLS_PER_ROUND = 25
LOOK_EVERY = 5
MOST_THREADS, MOST_FILES = 20, 80
FORMATS = ("apps.d", "prompts", "schemas", "templates", "fixtures")


def can_sandbox():
    try:
        return subprocess.run(["/usr/bin/bwrap", "--ro-bind", "/", "/", "--unshare-all", "/bin/true"],
                              capture_output=True, timeout=10).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def make_root(folder, peers):
    """The two products, the examples that ask only models, and the judge's own app."""
    for name in FORMATS:
        shutil.copytree(PROJECT / name, folder / name)
        if (PROJECT / "examples" / name).exists():
            shutil.copytree(PROJECT / "examples" / name, folder / name, dirs_exist_ok=True)
    for app in (folder / "apps.d").iterdir():
        if app.stem not in ("clearreply", "fitmycv", "mailer", "research"):
            app.unlink()
    app = (PROJECT / "tests/chaos/chaos.yaml").read_text().replace("PEER", peers.url)
    (folder / "apps.d/chaos.yaml").write_text(app)
    return folder


class Round:
    """One data folder, killed so many times, then left to come to its end."""

    def __init__(self, seed, number, folder, kills, options, documents):
        self.seed, self.round, self.kills = f"{seed}.{number}", number, kills
        self.options, self.documents = options, documents
        self.random = random.Random(f"{self.seed} kills")
        self.peers = Peers(self.seed)
        self.server = Server(make_root(folder / "root", self.peers), folder / "data", self.peers)
        self.judge = Judge(folder / "data", self.peers)
        self.calm = threading.Event()
        self.most_ops = 10_000
        self.patience = 90 * PATIENCE
        self.lock = threading.Lock()
        self.promised, self.ends, self.troubles = {}, {}, []
        self.slowest_start = 0

    # What clients report

    def promise(self, run, token):
        with self.lock:
            self.promised[run] = token

    def end(self, run, page):
        with self.lock:
            before = self.ends.setdefault(run, page["status"])
        if before != page["status"]:
            self.broken(f"{run} ended as {before} and as {page['status']}")

    def broken(self, what):
        with self.lock:
            self.troubles.append(what)

    # The round

    def run(self):
        self.server.start()
        working = clients.start(self, self.options.clients, self.documents)
        for kill in range(1, self.kills + 1):
            self.pause()
            self.server.kill()
            if kill % LOOK_EVERY == 0:
                self.judge.look()
            if self.random.random() < 0.15:  # and once more, in the middle of its start
                self.server.launch()
                time.sleep(self.random.random() * 0.15)
                self.server.kill()
            began = time.monotonic()
            self.server.start()
            self.slowest_start = max(self.slowest_start, time.monotonic() - began)
        self.calm.set()
        for thread in working:
            thread.join(120 * PATIENCE)
            if thread.is_alive():
                self.broken("a client does not come to its end")
        self.settle()
        self.nothing_left_behind()
        self.at_rest()
        status, took = self.server.drain()
        if status != 0 or took > 30 * PATIENCE:
            self.broken(f"SIGTERM: exit status {status} after {took:.1f} s")
        return [*self.judge.verdict(self.promised, self.ends, self.kills * 2), *self.troubles]

    def pause(self):
        longest = 2.5 if self.documents else 0.35
        time.sleep((0.02 + self.random.random() * longest) * PATIENCE)

    def settle(self):
        """Children of runs, which no client waits for."""
        end = time.monotonic() + 60 * PATIENCE
        while time.monotonic() < end:
            if "running" not in self.under_way():
                return
            time.sleep(0.05)
        self.broken(f"the runs do not come to their end: {self.under_way()}")

    def at_rest(self):
        """Threads and descriptors of a server with nothing to do: no more than it begins with and a few kept connections."""
        process = Path(f"/proc/{self.server.process.pid}")
        threads, files = len(list((process / "task").iterdir())), len(list((process / "fd").iterdir()))
        if threads > MOST_THREADS or files > MOST_FILES:
            self.broken(f"at rest the server has {threads} threads and {files} open files")

    def under_way(self):
        from judge import STATUS, database  # read from a copy: the server has the database
        db, folder = database(self.server.data)
        try:
            rows = [STATUS[row[0]] for row in db.execute("SELECT status FROM run WHERE status IN (0, 1, 4)")]
            return ["running", *rows] if rows else []
        finally:
            db.close()
            shutil.rmtree(folder)

    def nothing_left_behind(self):
        end = time.monotonic() + 2 * PATIENCE
        while left := orphans({self.server.process.pid}):
            if time.monotonic() > end:
                return self.broken(f"processes of killed servers still run: {left}")
            time.sleep(0.05)


def live(number, seed, kills, options, results):
    """One server's world: rounds until its kills are done.  It reports whatever happens."""
    figures, found = Counter(), []
    try:
        judged(number, seed, kills, options, figures, found)
    except Exception as trouble:
        found.append(f"server {number}: the judge itself failed: {trouble!r}")
    results.put((figures, found[:100]))


def judged(number, seed, kills, options, figures, found):
    adopt_orphans()
    began, done = time.monotonic(), 0
    documents = can_sandbox()
    while done < kills and (not options.minutes or time.monotonic() - began < options.minutes * 60):
        now = min(KILLS_PER_ROUND, kills - done)
        round_number = done // KILLS_PER_ROUND
        folder = folder_in_memory(f"chaos-{number}-")
        round_seed = f"{seed}.{number}"
        try:
            round = Round(round_seed, round_number, folder, now, options, documents and (round_number + number) % 8 == 3)
            try:
                wrong = round.run()
            finally:
                round.server.end()
                round.peers.close()
        except Exception as trouble:  # the judge's own, or a server that does not start
            wrong = [f"the round ended early: {trouble!r}"]
        done += now
        figures.update(round.judge.figures)
        figures["kills"] += now
        figures["slowest start, ms"] = max(figures["slowest start, ms"], int(round.slowest_start * 1000))
        if wrong:
            found += [f"[seed {round_seed} round {round_number}] {line}" for line in wrong]
            print(f"server {number}, round {round_number}: {len(wrong)} findings, kept in {folder}", flush=True)
            for line in wrong[:10]:
                print("   ", line, flush=True)
        elif options.keep:
            print(f"kept: {folder}", flush=True)
        else:
            shutil.rmtree(folder)
        if options.verbose:
            print(f"server {number}: {done} of {kills} kills, {time.monotonic() - began:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--servers", type=int, default=4)
    parser.add_argument("--clients", type=int, default=6)
    parser.add_argument("--minutes", type=float, help="begin no further round after so long")
    parser.add_argument("--keep", action="store_true", help="keep the data of rounds without findings, too")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else secrets.randbelow(1_000_000)
    print(f"chaos: {options.kills} kills, {options.servers} servers, {options.clients} clients each, --seed {seed}", flush=True)
    began = time.monotonic()
    share = [options.kills // options.servers + (n < options.kills % options.servers) for n in range(options.servers)]
    results = multiprocessing.SimpleQueue()
    worlds = [multiprocessing.Process(target=live, args=(n, seed, kills, options, results))
              for n, kills in enumerate(share) if kills]
    for world in worlds:
        world.start()
    figures, found = Counter(), []
    for _ in worlds:
        its, wrong = results.get()
        slowest = max(figures["slowest start, ms"], its.pop("slowest start, ms", 0))
        figures.update(its)
        figures["slowest start, ms"] = slowest
        found += wrong
    # Killed every quarter of a second, a run that waits to try again, or a slow machine's, may see six kills without
    # finishing a node: rarely.
    if figures["dead"] > 1 + figures["kills"] / 100:
        found.append(f"{figures['dead']} runs were given up as poison, of {figures['kills']} kills")
    for name in ("kills", "runs", "lost", "recorded", "duplicated", "ambiguous", "called twice", "given up as ambiguous", "dead",
                 "taken up again", "effects", "calls", "completed", "failed", "looks", "files", "bytes without a record",
                 "slowest start, ms"):
        print(f"  {name:24} {figures[name]}")
    print(f"  {'seconds':24} {time.monotonic() - began:.0f}")
    print("\n".join(found) if found else "nothing found: every invariant holds")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
