#!/usr/bin/env python3
"""What becomes of the work that can be done when three and ten times as much is asked for?

A server may work on 64 runs at once, and its model takes 250 ms: so its capacity is known, about 256 requests a second, and
what is measured is how it refuses the rest, not how fast this machine is.  Requests come at their times whether others
were answered or not, over enough connections that none waits for one.  See README.md beside this file.

    overload.py [--plenum BINARY] [--mock BINARY] [--seconds 10] [--soak MINUTES]
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
AT_ONCE, MODEL_MS = 64, 250
CAPACITY = AT_ONCE * 1000 / MODEL_MS
APP = """\
plenum: 1
app: load
models: {m: {use: gemini/gemini-3-flash-preview, max_tokens: 100}}
graphs:
  ask: {input: {q: string}, nodes: [{id: ask, retry: 0, llm: {model: m, prompt: "{{q}}"}}]}
limits: {cost_per_run: 1.0}
routes:
  POST /ask: {start: ask, job: {ttl: 20s}}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def memory_mb(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0


class World:
    """The server and its model, each a process of ours."""

    def __init__(self, plenum, mock, folder):
        self.folder, self.port = Path(folder), free_port()
        (self.folder / "apps.d").mkdir()
        (self.folder / "apps.d/load.yaml").write_text(APP)
        (self.folder / "answer").write_text("Fine.")
        model = free_port()
        self.mock = subprocess.Popen([mock, str(model), self.folder / "answer", str(MODEL_MS)], stdout=subprocess.DEVNULL)
        env = {**os.environ, "GEMINI_API_KEY": "none", "PLENUM_PROVIDERS_GEMINI_BASE_URL": f"http://127.0.0.1:{model}",
               "PLENUM_CONNECTIONS_PER_ADDRESS": "1024", "PLENUM_RUNS_AT_ONCE": str(AT_ONCE)}
        self.log = open(self.folder / "log", "w")
        self.server = subprocess.Popen(
            [plenum, "serve", "--root", self.folder, "--data", self.folder / "data", "--listen", f"127.0.0.1:{self.port}"],
            env=env, stdout=self.log, stderr=self.log)

    def __enter__(self):
        for _ in range(500):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("the server does not listen: " + (self.folder / "log").read_text())

    def __exit__(self, *_):
        for process in (self.server, self.mock):
            process.terminate()
            process.wait()

    def state(self):
        pid = self.server.pid
        data = sum(p.stat().st_size for p in (self.folder / "data").rglob("*") if p.is_file())
        return memory_mb(pid), len(os.listdir(f"/proc/{pid}/fd")), data / 1e6


class Line(asyncio.Protocol):
    """One kept connection: a request at a time."""

    def __init__(self):
        self.answer, self.bytes = None, b""

    def connection_made(self, transport):
        self.transport = transport

    def ask(self, request):
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self.answer

    def data_received(self, data):
        self.bytes += data
        head, found, body = self.bytes.partition(b"\r\n\r\n")
        if not found:
            return
        lower = head.lower()
        length = int(lower.split(b"content-length:")[1].split(b"\r\n")[0])
        if len(body) < length:
            return
        self.bytes = b""
        if self.answer and not self.answer.done():
            self.answer.set_result((int(head[9:12]), b"retry-after:" in lower))

    def connection_lost(self, _):
        if self.answer and not self.answer.done():
            self.answer.set_result((0, False))


class Load:
    def __init__(self, port):
        self.port, self.idle = port, []

    async def one(self, n, tally):
        line = self.idle.pop() if self.idle else None
        if line is None or line.transport.is_closing():
            try:
                _, line = await asyncio.get_running_loop().create_connection(Line, "127.0.0.1", self.port)
            except OSError:
                tally.append((0, False, 0))
                return
        body = json.dumps({"q": f"n{n}"})
        request = (f"POST /api/v1/load/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer dev:u{n % 50}:pro\r\n"
                   f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()
        began = time.perf_counter()
        status, retry = await line.ask(request)
        tally.append((status, retry, time.perf_counter() - began))
        if status:
            self.idle.append(line)

    async def at(self, rate, seconds):
        """So many a second, at their times; what came of each."""
        tally, tasks, sent = [], set(), 0
        began = time.perf_counter()
        while (now := time.perf_counter() - began) < seconds:
            while sent < now * rate:
                task = asyncio.ensure_future(self.one(sent, tally))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                sent += 1
            await asyncio.sleep(0.002)
        took = time.perf_counter() - began
        if tasks:
            await asyncio.wait(tasks, timeout=30)
        return sent / took, took, tally


def told(name, asked, took, tally, base, memory):
    good = [t for s, _, t in tally if s == 200]
    refused = sorted(t for s, _, t in tally if s in (429, 503))
    wrong = [s for s, r, _ in tally if s not in (200, 429, 503) or (s != 200 and not r)]
    goodput = len(good) / took
    p99 = refused[int(len(refused) * 0.99)] * 1000 if refused else 0
    print(f"| {name} | {asked:.0f} | {goodput:.0f} | {goodput / base * 100 if base else 100:.0f} % | "
          f"{statistics.median(good) * 1000 if good else 0:.0f} | {p99:.0f} | {len(wrong)} | {memory:.1f} |", flush=True)
    return goodput


async def overload(world, seconds):
    load = Load(world.port)
    print("| | asked/s | done/s | of 1× | p50 ms | refusal p99 ms | other answers | memory MB |\n|---|---|---|---|---|---|---|---|")
    await load.at(CAPACITY, 3)
    asked, took, tally = await load.at(CAPACITY * 0.95, seconds)
    before = world.state()[0]
    base = told("1×", asked, took, tally, 0, before)
    for times in (3, 10):
        asked, took, tally = await load.at(CAPACITY * times, seconds)
        told(f"{times}×", asked, took, tally, base, world.state()[0])
        for second in range(1, 11):
            asked, took, tally = await load.at(CAPACITY * 0.95, 1)
            if sum(s == 200 for s, _, _ in tally) >= 0.95 * len(tally):
                break
        print(f"| … then 1× | {asked:.0f} | within {second} s | | | | | {world.state()[0]:.1f} |", flush=True)
    print(f"\nmemory: {world.state()[0] / before:.2f} of that at 1×")


async def soak(world, minutes):
    load = Load(world.port)
    print("| minute | done/s | memory MB | descriptors | data MB |\n|---|---|---|---|---|")
    for minute in range(minutes + 1):
        seconds = 60 if minute else 5
        _, took, tally = await load.at(CAPACITY * 0.9, seconds)
        memory, descriptors, data = world.state()
        done = sum(s == 200 for s, _, _ in tally) / took
        print(f"| {minute} | {done:.0f} | {memory:.1f} | {descriptors} | {data:.1f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plenum", default=PROJECT / "build/release/tools/plenum")
    parser.add_argument("--mock", default=PROJECT / "build/release/tests/bench/model_mock")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--soak", type=int, metavar="MINUTES")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, World(arguments.plenum, arguments.mock, folder) as world:
        asyncio.run(soak(world, arguments.soak) if arguments.soak else overload(world, arguments.seconds))
        print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
