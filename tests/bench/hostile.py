#!/usr/bin/env python3
"""Do other clients notice hostile ones?

A hundred requests a second of honest clients, at their times, whether others were answered or not; half read a run, half
make one, which is committed to disk.  In turns the server is theirs alone, and theirs beside one kind of hostile clients after
the other, and all kinds at once.  The server has one core; everybody else has the other, the hostile ones at the lowest
priority, so that what is measured is the server and not a client that waits for its turn.  See README.md beside this file.

    hostile.py [--plenum BINARY] [--seconds 5] [--rounds 3] [--ahead]
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from overload import PROJECT, Line, free_port  # noqa: E402

RATE = 100
APP = """\
plenum: 1
app: hello
graphs:
  hello: {nodes: [{id: hello, render: {template: Hello}}]}
routes:
  POST /hello: {start: hello, job: {ttl: 30m}}
"""
BROKEN = [
    b"GET\r\n\r\n", b"GET / HTTP/3\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET /%2f HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\na", b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: x\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"\x16\x03\x01\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 200 + b"\r\n", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 20000 + b"\r\n\r\n",
]


# ── hostile clients: hostile.py --be KIND PORT, until they are ended ────────────────────────────────


async def slowloris(port):
    """Heads that never end, a byte each second."""
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"POST /api/v1/hello/hello HTTP/1.1\r\nHost: x\r\nX-A: ")
            answer = asyncio.ensure_future(reader.read())
            while not answer.done():
                writer.write(b"a")
                await asyncio.wait([answer], timeout=1)
            writer.close()
        except OSError:
            await asyncio.sleep(0.1)


async def stalled(port):
    """Answers that nobody reads: a thousand pages asked for at once, 5 MB, more than the kernel keeps for a reader."""
    import socket
    while True:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.setblocking(False)
            loop = asyncio.get_running_loop()
            try:
                await loop.sock_connect(client, ("127.0.0.1", port))
                await loop.sock_sendall(client, b"GET /api/v1/hello/docs HTTP/1.1\r\nHost: x\r\n\r\n" * 1000)
                await asyncio.sleep(30)
            except OSError:
                await asyncio.sleep(0.1)


async def malformed(port):
    """What is no request, on a connection of its own each time."""
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(random.choice(BROKEN))
            await reader.read()
            writer.close()
        except OSError:
            await asyncio.sleep(0.1)


async def flood(port):
    """Forged tokens, as fast as they are refused."""
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            while True:
                writer.write(b"GET /api/v1/hello/runs/run_x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a.b.c\r\n\r\n")
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
        except (OSError, asyncio.IncompleteReadError):
            await asyncio.sleep(0.1)


KINDS = {"slowloris": (slowloris, 300), "stalled readers": (stalled, 50), "malformed": (malformed, 8), "flood": (flood, 16)}


async def be(kind, port):
    attack, count = KINDS[kind]
    await asyncio.gather(*(attack(port) for _ in range(count)))


# ── honest ones ─────────────────────────────────────────────────────────────────────────────────────


async def honest(port, run, seconds):
    """{what: sorted seconds}; a request that comes late because the line before it is slow counts from its own time."""
    loop = asyncio.get_running_loop()
    head = b"Host: x\r\nAuthorization: Bearer dev:ada\r\n"
    head = head.replace(b"Host: x", b"Host: localhost")
    asks = {"read": b"GET /api/v1/hello/runs/" + run.encode() + b" HTTP/1.1\r\n" + head + b"\r\n",
            "make": b"POST /api/v1/hello/hello HTTP/1.1\r\n" + head + b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"}
    took = {what: [] for what in asks}
    lines = [(await loop.create_connection(Line, "127.0.0.1", port))[1] for _ in range(20)]
    begin = loop.time()

    async def client(number, line):
        what = ("read", "make")[number % 2]
        due = begin + number / RATE
        while due < begin + seconds:
            await asyncio.sleep(max(0, due - loop.time()))
            status, _ = await line.ask(asks[what])
            assert status == 200, status
            took[what].append(loop.time() - due)
            due += len(lines) / RATE

    await asyncio.gather(*(client(number, line) for number, line in enumerate(lines)))
    for line in lines:
        line.transport.close()
    return {what: sorted(times) for what, times in took.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--plenum", default=PROJECT / "build/release/tools/plenum")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ahead", action="store_true", help="as root, on a machine that others use: 15 steps of priority before them")
    parser.add_argument("--be", nargs=2, metavar=("KIND", "PORT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.be:
        os.nice(19)  # 15 steps behind with --ahead, too
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        return asyncio.run(be(options.be[0], int(options.be[1])))
    if options.ahead:
        os.nice(-15)
    cores = sorted(os.sched_getaffinity(0))
    folder = Path(tempfile.mkdtemp(prefix="hostile-"))
    (folder / "apps.d").mkdir()
    (folder / "apps.d/hello.yaml").write_text(APP)
    port = free_port()
    log = open(folder / "log", "w")
    server = subprocess.Popen(
        [options.plenum, "serve", "--root", folder, "--data", folder / "data", "--listen", f"127.0.0.1:{port}"], stdout=log, stderr=log,
        env={**os.environ, "PLENUM_CONNECTIONS_PER_ADDRESS": "1024"}, preexec_fn=lambda: os.sched_setaffinity(0, {cores[0]}))
    try:
        os.sched_setaffinity(0, {cores[-1]})
        for _ in range(500):
            if "listening on" in (folder / "log").read_text():
                break
            time.sleep(0.02)
        made = urllib.request.Request(f"http://localhost:{port}/api/v1/hello/hello", b"{}", {
            "Authorization": "Bearer dev:ada", "Content-Type": "application/json"})
        run = json.load(urllib.request.urlopen(made))["run_id"]
        measure(options, port, run)
        assert server.poll() is None and "error" not in (folder / "log").read_text(), (folder / "log").read_text()
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder)


def measure(options, port, run):
    asyncio.run(honest(port, run, 1))  # warm
    p99s = {}
    for _ in range(options.rounds):
        for name in ("nobody", *KINDS, "all of them"):
            kinds = [] if name == "nobody" else list(KINDS) if name == "all of them" else [name]
            attackers = [subprocess.Popen([sys.executable, __file__, "--be", kind, str(port)]) for kind in kinds]
            time.sleep(6 if kinds else 0)  # until they are at it
            try:
                took = asyncio.run(honest(port, run, options.seconds))
            finally:
                for attacker in attackers:
                    attacker.kill()
                    attacker.wait()
            for what, times in took.items():
                p99s.setdefault(name, {}).setdefault(what, []).append(
                    (times[len(times) // 2] * 1000, times[int(len(times) * 0.99)] * 1000))
    print("| beside | read p50 ms | p99 ms | of alone | make p50 ms | p99 ms | of alone |\n|---|---|---|---|---|---|---|")
    alone = {what: statistics.median(p99 for _, p99 in rounds) for what, rounds in p99s["nobody"].items()}
    for name, of in p99s.items():
        cells = []
        for what in ("read", "make"):
            p50, p99 = (statistics.median(column) for column in zip(*of[what]))
            cells += [f"{p50:.2f}", f"{p99:.2f}", f"{p99 / alone[what]:.2f}"]
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
