#!/usr/bin/env python3
"""What does a job cost that does nothing?  Enqueued and completed, one after the other and many at once, beside the queues
that others would pick.

    jobs.py --peers DIR [--plenum BINARY] [--rounds 3] [--seconds 5]

See README.md beside this file.  Rounds are interleaved; what is not set up is named and left out.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import durable
from overload import PROJECT, World, free_port

WRK = """\
local n, id, ids = 0, 0, 0
function setup(thread) ids = ids + 1; thread:set("id", ids) end
function request()
  n = n + 1
  return wrk.format("POST", "/api/v1/load/nothing", {["Host"] = "x", ["Content-Type"] = "application/json",
    ["Authorization"] = "Bearer dev:u" .. id .. "n" .. math.floor(n / 40) .. ":pro"}, '{"q":"' .. n .. '"}')
end
"""


def cpu_seconds(process):
    """Of the process and all that it has started."""
    total, open_ = 0, [process.pid]
    while open_:
        pid = open_.pop()
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
            for task in Path(f"/proc/{pid}/task").iterdir():
                open_ += map(int, (task / "children").read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total / os.sysconf("SC_CLK_TCK")


def plenum(options, folder):
    script = folder / "jobs.lua"
    script.write_text(WRK)
    with World(options.plenum, options.mock, folder) as world:
        before, began = cpu_seconds(world.server), time.perf_counter()
        subprocess.run(["wrk", "-t1", "-c64", f"-d{options.seconds}s", "-s", script, f"http://127.0.0.1:{world.port}/"],
                       check=True, stdout=subprocess.DEVNULL)
        with durable.reader(world) as db:
            while db.execute("SELECT count(*) FROM run WHERE job = 1 AND status < 5").fetchone()[0]:
                time.sleep(0.005)
            jobs = db.execute("SELECT count(*) FROM run").fetchone()[0]
        return jobs / (time.perf_counter() - began), (cpu_seconds(world.server) - before) / jobs * 1e6


def beside_redis(worker, bench, folder, env, always=False):
    """A worker and its enqueuer as the peers' own scripts have them, on a Redis of their own."""
    port = free_port()
    env = {**os.environ, **{k: v.format(port=port) for k, v in env.items()}}
    redis = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "",
             "--appendonly", "yes" if always else "no", "--appendfsync", "always"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    processes = [subprocess.Popen(redis, **quiet)]
    try:
        time.sleep(1)
        processes.append(subprocess.Popen(worker[1], cwd=worker[0], env=env, **quiet))
        time.sleep(4)
        before = sum(map(cpu_seconds, processes))
        out = subprocess.run(bench[1], cwd=bench[0], env=env, capture_output=True, text=True, timeout=240)
        found = [line for line in out.stdout.splitlines() if line.startswith("JSON ")]
        if not found:
            raise RuntimeError((out.stderr + out.stdout)[-300:])
        told = json.loads(found[0][5:])
        # The script's warm-up, round trips and paced jobs are few beside its n.
        return told["jobs_s"], (sum(map(cpu_seconds, processes)) - before) / told["n"] * 1e6 + told["enq_cpu_us"]
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait()


def celery(options, folder):
    return beside_redis((options.peers / "py", ["/usr/bin/python3", "-m", "celery", "-A", "tasks", "worker", "-P", "prefork",
                                                "-c", "2", "-l", "ERROR"]),
                        (options.peers, ["/usr/bin/python3", "w4/celery_bench.py", "3000", "20", "50"]),
                        folder, {"REDIS": "redis://127.0.0.1:{port}"})


def bullmq(mode, always=False):
    def run(options, folder):
        return beside_redis((options.peers / "bullmq", ["node", "worker.mjs"]),
                            (options.peers, ["node", "bullmq/bench.mjs", "10000", "20", "50", mode]),
                            folder, {"REDIS_PORT": "{port}", "CONC": "50"}, always)
    return run


QUEUES = {"plenum, synced": plenum, "celery on redis": celery, "bullmq, one by one": bullmq("seq"),
          "bullmq, 100 at once": bullmq("bulk"), "bullmq, 100 side by side, synced": bullmq("par", True)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plenum", default=PROJECT / "build/release/tools/plenum")
    parser.add_argument("--mock", default=PROJECT / "build/release/tests/bench/model_mock")
    parser.add_argument("--peers", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    options = parser.parse_args()
    options.peers = options.peers.resolve()
    figures = {name: [] for name in QUEUES}
    for _ in range(options.rounds):
        for name, measure in QUEUES.items():
            folder = Path(tempfile.mkdtemp())
            try:
                figures[name].append(measure(options, folder))
            except (OSError, RuntimeError, subprocess.SubprocessError) as error:
                print(f"{name}: {error}", flush=True)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    ours = [statistics.median(column) for column in zip(*figures["plenum, synced"])]
    print("| | jobs/s | plenum / it | CPU µs/job | it / plenum |\n|---|---|---|---|---|")
    for name, rows in figures.items():
        if rows:
            rate, cpu = (statistics.median(column) for column in zip(*rows))
            print(f"| {name} | {rate:,.0f} | {ours[0] / rate:.1f} | {cpu:,.0f} | {cpu / ours[1]:.1f} |")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
