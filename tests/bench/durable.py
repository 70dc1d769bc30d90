#!/usr/bin/env python3
"""What does durability cost?  Jobs and steps that are on disk before they are told, beside what this disk can sync.

    durable.py [--plenum BINARY] [--mock BINARY] [--data FOLDER] [--seconds 5]

See README.md beside this file.  FOLDER should be on the disk in question; it is made, and removed at the end.
"""

import argparse
import asyncio
import json
import os
import shutil
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

import overload
from overload import PROJECT, Line, World

STEPS = 10
overload.APP = """\
plenum: 1
app: load
models: {m: {use: gemini/gemini-3-flash-preview, max_tokens: 100}}
graphs:
  nothing: {input: {q: string}, state: {done: boolean}, nodes: [{id: done, set: {done: "=true"}}]}
  ten:
    input: {q: string}
    nodes:
""" + "".join(f'      - {{id: n{n}, retry: 0, llm: {{model: m, prompt: "{{{{q}}}}"}}}}\n' for n in range(STEPS)) + """\
  puts:
    input: {q: string}
    nodes:
""" + "".join(f'      - {{id: n{n}, store: {{put: kept, id: row{n}, data: {{q: "=q"}}}}}}\n' for n in range(STEPS)) + """\
  sets:
    input: {q: string}
    state: {k: integer}
    nodes:
""" + "".join(f'      - {{id: n{n}, set: {{k: "={n}"}}}}\n' for n in range(STEPS)) + """\
collections: {kept: {fields: {q: string}}}
limits: {cost_per_run: 1.0}
routes:
  POST /nothing: {start: nothing, async: true}
  POST /ten: {start: ten}
  POST /puts: {start: puts}
  POST /sets: {start: sets}
"""
overload.MODEL_MS, overload.AT_ONCE = 0, 4096


def syncs_per_second(folder, seconds):
    """Pages of 4 KB written and synced, one after the other."""
    file = os.open(folder / "raw", os.O_RDWR | os.O_CREAT, 0o600)
    page, n, began = b"x" * 4096, 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        os.pwrite(file, page, n % 256 * 4096)
        os.fdatasync(file)
        n += 1
    rate = n / (time.perf_counter() - began)
    os.close(file)
    return rate


def grouped_per_second(folder, seconds, group):
    """Rows of 500 bytes, so many to a commit, in SQLite's WAL with full syncs: what group commit can give."""
    (folder / "raw.db").unlink(missing_ok=True)
    db = sqlite3.connect(folder / "raw.db", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, x TEXT)")
    n, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        db.execute("BEGIN")
        for _ in range(group):
            db.execute("INSERT INTO t (x) VALUES (?)", ("x" * 500,))
        db.execute("COMMIT")
        n += group
    rate = n / (time.perf_counter() - began)
    db.close()
    return rate


async def asked(port, path, seconds, width):
    """How many are answered by so many connections that ask one after the other, and in what time."""
    done, times = 0, []
    end = time.perf_counter() + seconds

    async def one(k):
        nonlocal done
        _, line = await asyncio.get_running_loop().create_connection(Line, "127.0.0.1", port)
        n = 0
        while n == 0 or time.perf_counter() < end:
            body = json.dumps({"q": f"{k} {n}"})
            n += 1
            began = time.perf_counter()
            status, _ = await line.ask((
                f"POST /api/v1/load{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer dev:u{k}n{n // 50}:pro\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode())
            if status in (200, 202):
                done += 1
                times.append(time.perf_counter() - began)
            elif status == 429:
                await asyncio.sleep(0.01)
            else:
                raise RuntimeError(f"answered with {status}")
        line.transport.close()

    began = time.perf_counter()
    await asyncio.gather(*(one(k) for k in range(width)))
    return done, time.perf_counter() - began, times


def reader(world):
    return sqlite3.connect(f"file:{world.folder}/data/plenum.db?mode=ro", uri=True)


async def jobs(world, seconds, width):
    done, took, _ = await asked(world.port, "/nothing", seconds, width)
    began = time.perf_counter()
    with reader(world) as db:
        while db.execute("SELECT count(*) FROM run WHERE job = 1 AND status < 5").fetchone()[0]:
            time.sleep(0.005)
    return done / (took + time.perf_counter() - began)


async def starts(world, count):
    """From queued to begun, one job at a time, in whole milliseconds."""
    with reader(world) as db:
        last = db.execute("SELECT coalesce(max(n), 0) FROM run").fetchone()[0]
    for _ in range(count):
        await asked(world.port, "/nothing", 0, 1)
        await asyncio.sleep(0.005)
    time.sleep(0.5)
    with reader(world) as db:
        return sorted(row[0] for row in db.execute("SELECT started_at - created_at FROM run WHERE n > ?", (last,)))


async def steps_beside(world, seconds, limit, path, width):
    """Steps and what the disk can do at the same time: it may be ten times as fast a minute later, so turn by turn."""
    turns, steps, limits = 6, [], []
    for _ in range(turns):
        limits.append(limit(seconds / turns))
        done, took, _ = await asked(world.port, path, seconds / turns, width)
        steps.append(done * STEPS / took)
    return statistics.median(steps), statistics.median(limits), statistics.median(s / l for s, l in zip(steps, limits))


async def measure(world, seconds):
    raw = Path(world.folder)
    limits = {1: ("syncs", lambda s: syncs_per_second(raw, s)),
              64: ("rows in commits of 64", lambda s: grouped_per_second(raw, s, 64))}
    print("| | per second | limit | of it |\n|---|---|---|---|")
    for width, (name, limit) in limits.items():
        for what, path in {"model calls": "/ten", "rows put": "/puts", "values set": "/sets"}.items():
            steps, most, share = await steps_beside(world, seconds, limit, path, width)
            print(f"| steps, {what}, {width} at once | {steps:.0f} | {most:.0f} {name} | {share * 100:.0f} % |", flush=True)
    for width in (1, 64, 256):
        print(f"| no-op jobs, asked for by {width} | {await jobs(world, seconds, width):.0f} | | |", flush=True)
    times = await starts(world, 300)
    print(f"\nqueued to begun, idle: p50 {statistics.median(times):.0f} ms, p99 {times[int(len(times) * 0.99)]} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plenum", default=PROJECT / "build/release/tools/plenum")
    parser.add_argument("--mock", default=PROJECT / "build/release/tests/bench/model_mock")
    parser.add_argument("--data", default=None)
    parser.add_argument("--seconds", type=float, default=5)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=arguments.data))
    try:
        with World(arguments.plenum, arguments.mock, folder) as world:
            asyncio.run(measure(world, arguments.seconds))
        db = sqlite3.connect(folder / "data/plenum.db")
        size, steps = (folder / "data/plenum.db").stat().st_size, db.execute("SELECT count(*) FROM step").fetchone()[0]
        runs = db.execute("SELECT count(*) FROM run").fetchone()[0]
        print(f"database: {size / steps:.0f} bytes a step, {runs} runs and {steps} steps")
        print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
