"""What the judge holds in its own hands: the server's process, and the peers it calls, with a ledger of every call.

The peers live outside the process under test, so what they saw is true whatever that process believes of itself.
"""

import ctypes
import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

PROJECT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(PROJECT / "tests/support"))
from model_server import dialect_of, response_of  # noqa: E402

PATIENCE = float(os.environ.get("PLENUM_TEST_PATIENCE") or 1)
PR_SET_CHILD_SUBREAPER = 36


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Peers:
    """A model provider and somebody else's API on one port.  What a prompt is answered, how late and with which fault
    follows from the prompt and the seed alone: the same seed plays the same world."""

    def __init__(self, seed, faults=True, slowest_ms=60):
        self.seed, self.faults, self.slowest_ms = seed, faults, slowest_ms
        self.lock = threading.Lock()
        self.calls = []  # (what, key, wall ms): "model", effect key | "once", path | "known", key
        self.asked = {}  # prompt → how often
        self.hold = False  # no model answers while it is set
        self.in_flight = 0
        peers = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with peers.lock:
                    peers.in_flight += 1
                try:
                    status, answer = peers.answer(urlsplit(self.path).path, self.headers, body)
                    whole = (f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n"
                             f"Content-Length: {len(answer)}\r\n\r\n").encode() + answer
                    self.connection.sendall(whole)
                except OSError:
                    self.close_connection = True  # the server was killed meanwhile
                finally:
                    with peers.lock:
                        peers.in_flight -= 1

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 1024

            def handle_error(self, request, client_address):
                pass

        self.http = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.http.server_address[1]}"

    def close(self):
        self.http.shutdown()
        self.http.server_close()

    def wait_for(self, prompt, timeout=20):
        """Whether it was asked this, at the latest after a while."""
        end = time.monotonic() + timeout * PATIENCE
        while not self.asked.get(prompt):
            if time.monotonic() > end:
                return False
            time.sleep(0.005)
        return True

    def note(self, what, key):
        with self.lock:
            self.calls.append((what, key, int(time.time() * 1000)))

    def answer(self, path, headers, body):
        if path.startswith(("/once/", "/known/")):
            known = path.startswith("/known/")
            self.note("known" if known else "once", headers["Idempotency-Key"] if known else path)
            time.sleep(random.Random(f"{self.seed} {path}").random() * self.slowest_ms / 1000)
            return 200, b'{"ok": true}'
        dialect, asked = dialect_of(path), json.loads(body)
        call = {"body": asked, "model": dialect.model(path, asked), "prompt": dialect.prompt(asked), "n": 1}
        prompt = call["prompt"]
        self.note("model", headers["Idempotency-Key"])
        with self.lock:
            nth = self.asked[prompt] = self.asked.get(prompt, 0) + 1
        chance = random.Random(f"{self.seed} {prompt} {nth}")
        time.sleep(chance.random() * self.slowest_ms / 1000)
        while self.hold:
            time.sleep(0.005)
        reply = {}
        if dialect.schema(asked) is None:
            reply = {"text": digest(prompt)}
            if self.faults and nth <= 2 and chance.random() < 0.05:
                reply = {"status": chance.choice([500, 503])}
        status, _, answer = response_of(dialect, call, reply)
        return status, answer


class Server:
    """One `plenum serve` on one data folder, killed and started again."""

    def __init__(self, root, data, peers, env=None):
        self.data, self.log_path = data, data.with_name(data.name + ".log")
        self.command = [binary(), "serve", "--root", str(root), "--data", str(data), "--listen", "127.0.0.1:0"]
        self.env = {k: v for k, v in os.environ.items() if not k.endswith("_API_KEY") and not k.startswith("PLENUM_")}
        self.env.update({"GEMINI_API_KEY": "key", "OPENAI_API_KEY": "key", "PLENUM_OUTBOUND_ALLOW_LOCAL": "true",
                         "PLENUM_PROVIDERS_GEMINI_BASE_URL": peers.url, "PLENUM_PROVIDERS_OPENAI_BASE_URL": peers.url,
                         "PLENUM_CONNECTIONS_PER_ADDRESS": "1024", **(env or {})})
        self.process, self.port = None, None

    def launch(self):
        self.port = None
        self.from_here = self.log_path.stat().st_size if self.log_path.exists() else 0
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def start(self):
        self.launch()
        end = time.monotonic() + 30 * PATIENCE
        while True:
            found = re.search(rb"listening on http://[^ ]*:(\d+)\n", self.log_path.read_bytes()[self.from_here:])
            if found:
                self.port = int(found[1])
                return
            assert self.process.poll() is None, f"the server ended with {self.process.returncode}:\n{self.log()[-3000:]}"
            assert time.monotonic() < end, f"the server does not listen:\n{self.log()[-3000:]}"
            time.sleep(0.004)

    def kill(self):
        self.port = None
        self.process.kill()
        self.process.wait()

    def end(self):
        """Whatever became of it."""
        if self.process and self.process.poll() is None:
            self.kill()

    def drain(self, limit=30):
        """SIGTERM; its exit status and how long it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(limit * PATIENCE)
        self.port = None
        return status, time.monotonic() - began

    def log(self):
        return self.log_path.read_text(errors="replace")


def binary():
    path = Path(os.environ.get("PLENUM") or PROJECT / "build/dev/tools/plenum")
    assert path.exists(), f"{path} is not there: build the target `plenum`, or set PLENUM to the binary"
    return str(path)


def folder_in_memory(prefix):
    """A new folder, on no disk where there is such a place: a killed process loses nothing there, either."""
    return Path(tempfile.mkdtemp(prefix=prefix, dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None))


def adopt_orphans():
    """What a killed server leaves behind becomes a child of this process, and so is found."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def orphans(known):
    """The processes left behind that still run; those that have ended are buried."""
    left = []
    for task in Path("/proc/self/task").iterdir():
        try:
            children = [int(pid) for pid in (task / "children").read_text().split()]
        except OSError:
            continue
        for pid in children:
            if pid in known:
                continue
            try:
                if os.waitpid(pid, os.WNOHANG) == (0, 0):
                    left.append(pid)
            except ChildProcessError:
                pass
    return left
