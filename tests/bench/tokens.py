#!/usr/bin/env python3
"""How long is a token under way from the model's socket to the client's?

    tokens.py [--plenum BINARY] [--streams 500] [--every 500] [--seconds 8]

Each of so many streams gets a token every so many milliseconds; in it stands when it was written.  The same clients read the
same streams from the model itself, without Plenum between them: what this program needs to notice a token is told beside.
"""

import argparse
import asyncio
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

import overload
from overload import PROJECT, free_port

overload.APP = overload.APP.replace("job: {ttl: 20s}", "summary: ''").replace("max_tokens: 100", "max_tokens: 5000, timeout: 50s")


def event(text, **more):
    part = {"content": {"role": "model", "parts": [{"text": text}]}, **more}
    return b"data: " + json.dumps({"candidates": [part], "modelVersion": "m"}).encode() + b"\r\n\r\n"


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


class Model:
    """Streams what Gemini would; every token is the time it is written at."""

    def __init__(self, every, seconds):
        self.every, self.count = every / 1000, int(seconds * 1000 / every)

    async def serve(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
                for _ in range(self.count):
                    await asyncio.sleep(self.every)
                    writer.write(chunk(event(f"<{time.perf_counter():.7f}> ")))
                writer.write(chunk(event("end", finishReason="STOP")) + b"0\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            writer.close()


async def listen(port, path, user, times):
    """Reads one stream to its end and notes how old each token is."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = json.dumps({"q": "go"}).encode()
    writer.write((f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer dev:{user}:pro\r\nAccept: text/event-stream\r\n"
                  f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body)
    rest = b""
    while True:
        data = await reader.read(65536)
        now = time.perf_counter()
        if not data:
            break
        rest += data
        ended = rest.find(b"node.completed")  # which tells the whole text again
        fresh = rest if ended < 0 else rest[:ended]
        while (begin := fresh.find(b"<")) >= 0 and (end := fresh.find(b">", begin)) >= 0:
            word, fresh = fresh[begin + 1:end], fresh[end:]
            times.append(now - float(word))
        if ended >= 0 or b"run.failed" in rest or b"\r\n0\r\n\r\n" in rest:
            break
        rest = fresh[-400:]
    writer.close()


async def ages(port, path, streams):
    times = []
    await asyncio.gather(*(listen(port, path, f"u{n}", times) for n in range(streams)))
    times.sort()
    return times


def told(name, times):
    def at(share):
        return times[min(len(times) - 1, int(len(times) * share))] * 1000
    print(f"| {name} | {len(times):,} | {at(0.5):.2f} | {at(0.9):.2f} | {at(0.99):.2f} |", flush=True)


async def measure(options, folder):
    model = free_port()
    server = await asyncio.start_server(Model(options.every, options.seconds).serve, "127.0.0.1", model, backlog=2000)
    (folder / "apps.d").mkdir()
    (folder / "apps.d/load.yaml").write_text(overload.APP)
    port = free_port()
    env = {**os.environ, "GEMINI_API_KEY": "none", "PLENUM_PROVIDERS_GEMINI_BASE_URL": f"http://127.0.0.1:{model}",
           "PLENUM_CONNECTIONS": "4096", "PLENUM_CONNECTIONS_PER_ADDRESS": "4096",
           "PLENUM_OUTBOUND_CONNECTIONS_PER_HOST": "4096"}
    with open(folder / "log", "w") as log:
        plenum = subprocess.Popen([options.plenum, "serve", "--root", folder, "--data", folder / "data", "--listen",
                                   f"127.0.0.1:{port}"], env=env, stdout=log, stderr=log)
    try:
        for _ in range(200):
            await asyncio.sleep(0.05)
            if "listening" in (folder / "log").read_text():
                break
        print("| | tokens | p50 ms | p90 ms | p99 ms |\n|---|---|---|---|---|")
        for turn in ("first", "again"):
            told(f"from the model itself, {turn}", await ages(model, "/x", options.streams))
            told(f"through plenum, {turn}", await ages(port, "/api/v1/load/ask", options.streams))
    finally:
        plenum.terminate()
        plenum.wait()
        server.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plenum", default=PROJECT / "build/release/tools/plenum")
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--every", type=int, default=500, help="milliseconds between two tokens of a stream")
    parser.add_argument("--seconds", type=float, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(options, Path(folder)))
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
