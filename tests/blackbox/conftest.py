"""Black-box tests: the real binary, driven over HTTP as a user would.

`PLENUM` names the binary (else build/dev/tools/plenum); `PLENUM_TEST_PATIENCE`, a factor (1), is for slow builds: every time
that a test waits or allows is multiplied by it.  Every server gets a free port and a data folder of its own; the
models it asks are tests/support/model_server.py, so that nothing leaves 127.0.0.1.  Servers are shared by the tests of a
module; each test signs in as users of its own, so that no quota or list is shared.
"""

import http.client
import itertools
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "support"))
from model_server import ModelServer  # noqa: E402

PATIENCE = float(os.environ.get("PLENUM_TEST_PATIENCE") or 1)
SANITIZERS_SAY = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer", "runtime error: ")
GEMINI_KEY = "gemini-key-4f1c0e5d"
OPENAI_KEY = "openai-key-9a27b3e8"
ANTHROPIC_KEY = "anthropic-key-61d0f7c2"
ANALYSIS = json.loads((PROJECT / "fixtures/clearreply/analyze.json").read_text())
REPLIES = json.loads((PROJECT / "fixtures/clearreply/generate.json").read_text())
JOB = json.loads((PROJECT / "fixtures/fitmycv/read_job.json").read_text())
CV = json.loads((PROJECT / "fixtures/fitmycv/tailor.json").read_text())
JOB_TEXT = (PROJECT / "fixtures/fitmycv/job.txt").read_text()
CV_TEXT = (PROJECT / "fixtures/fitmycv/cv.txt").read_text()
READS_JOB = "Read the job description below"  # how the two prompts of fitmycv are told apart
TAILORS = "Tailor the CV below"


def binary():
    path = Path(os.environ.get("PLENUM") or PROJECT / "build/dev/tools/plenum")
    assert path.exists(), f"{path} is not there: build the target `plenum`, or set PLENUM to the binary"
    return str(path)


def eventually(holds, timeout=10.0, what="it"):
    """The first true value of `holds`, polled; an AssertionError when there is none in time."""
    timeout *= PATIENCE
    end = time.monotonic() + timeout
    while True:
        value = holds()
        if value:
            return value
        assert time.monotonic() < end, f"{what} did not happen within {timeout} s"
        time.sleep(0.01)


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def problem(self, status, code=None):
        """The problem document, which must be a whole one."""
        assert self.status == status, self
        assert self.headers["Content-Type"] == "application/problem+json", self
        document = self.json
        assert document["status"] == status and document["title"] and document["detail"], self
        assert document["request_id"] == self.headers["X-Request-Id"], self
        assert code is None or document["code"] == code, self
        return document

    def ok(self, status=200):
        assert self.status == status, self
        return self.json

    def __repr__(self):
        return f"{self.status} {dict(self.headers)} {self.body[:1500]!r}"


class Event:
    def __init__(self, id, type, data, part=0):
        self.id, self.type, self.data, self.part = id, type, data, part  # part: counts what is not stored

    def __repr__(self):
        return f"{self.id}:{self.type} {self.data}"


def read_events(lines):
    """Events as the WHATWG standard cuts them out of a stream's lines."""
    fields = {}
    for line in lines:
        line = line.decode().rstrip("\n")
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            event_id = fields.get("id")
            stored, _, part = (event_id or "").partition(".")
            yield Event(int(stored) if stored else None, fields["event"], json.loads(fields["data"]), int(part or 0))
            fields = {}


class Stream:
    """An event stream under way; iterating it ends when the server ends it."""

    def __init__(self, connection, response):
        self.connection, self.response = connection, response
        self.status, self.headers = response.status, response.headers
        self.events = read_events(iter(response.readline, b""))

    def __iter__(self):
        return self.events

    def until(self, type):
        seen = []
        for event in self.events:
            seen.append(event)
            if event.type == type:
                return seen
        raise AssertionError(f"the stream ended without {type}: {seen}")

    def close(self):
        # A response keeps the socket open as long as it is not closed itself.
        self.response.close()
        self.connection.close()


class Client:
    """A signed-in user of one app."""

    def __init__(self, server, app, user, plan="free"):
        self.server, self.app, self.user, self.plan = server, app, user, plan
        self.token = f"Bearer dev:{user}:{plan}"

    def url(self, path):
        return path if path.startswith("/api/") else f"/api/v1/{self.app}{path}"

    def send(self, method, path, body=None, **headers):
        named = {"Authorization": self.token, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.server.request(method, self.url(path), body, {k: v for k, v in named.items() if v is not None})

    def get(self, path, **headers):
        return self.send("GET", path, **headers)

    def delete(self, path, **headers):
        return self.send("DELETE", path, **headers)

    def post(self, path, value=None, **headers):
        body = value if isinstance(value, (bytes, type(None))) else json.dumps(value).encode()
        return self.send("POST", path, body, **{"Content_Type": "application/json", **headers})

    def form(self, path, parts, **headers):
        """A multipart form; a part is (field, text) or (field, filename, bytes[, type])."""
        edge = "edge-" + secrets.token_hex(8)
        body = b""
        for field, *rest in parts:
            named = f'; filename="{rest[0]}"' if len(rest) > 1 else ""
            kind = f"\r\nContent-Type: {rest[2]}" if len(rest) > 2 else ""
            content = rest[1] if len(rest) > 1 else rest[0].encode()
            body += f'--{edge}\r\nContent-Disposition: form-data; name="{field}"{named}{kind}\r\n\r\n'.encode()
            body += content + b"\r\n"
        body += f"--{edge}--\r\n".encode()
        return self.send("POST", path, body, **{"Content_Type": f"multipart/form-data; boundary={edge}", **headers})

    def stream(self, method, path, value=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20 * PATIENCE)
        named = {"Authorization": self.token, "Accept": "text/event-stream", "Content-Type": "application/json"}
        named.update({name.replace("_", "-"): text for name, text in headers.items()})
        body = None if value is None else json.dumps(value)
        connection.request(method, self.url(path), body, {k: v for k, v in named.items() if v is not None})
        return Stream(connection, connection.getresponse())

    # What the two apps' users do

    def analyze(self, message="I want my refund. Today.", **headers):
        return self.post("/analyze", {"message": message}, **headers)

    def upload(self, name="cv.txt", content=None, **headers):
        content = CV_TEXT.encode() if content is None else content
        return self.form("/upload", [("cv", name, content)], **headers)

    def cv_id(self):
        return self.upload().ok()["output"]["cv_id"]

    def create(self, cv_id, **more):
        return self.post("/jobs/create", {"cv_id": cv_id, "job_description": JOB_TEXT, **more})

    def new_job(self, **more):
        return self.create(self.cv_id(), **more).ok(202)["job_id"]

    def status(self, job):
        return self.get(f"/jobs/{job}/status").ok()

    def finished(self, job, status="completed", timeout=20.0):
        """The job's whole page, once it has this status."""

        def look():
            page = self.get(f"/jobs/{job}").ok()
            if page["status"] == status:
                return page
            assert page["status"] not in ("completed", "failed", "cancelled"), page
            return None

        return eventually(look, timeout, f"{job} becoming {status}")


class Server:
    """One process of `plenum serve`."""

    def __init__(self, data, root=PROJECT, env=None, listen="127.0.0.1:0", under=()):
        self.data, self.root, self.listen = Path(data), root, listen
        self.under = list(under)  # the command that runs the server's own
        self.env = {k: v for k, v in os.environ.items() if not k.endswith("_API_KEY") and not k.startswith("PLENUM")}
        self.env.update(env or {})
        self.log_path = self.data.with_name(self.data.name + ".log")
        self.process = None
        self.port = None

    def launch(self):
        """Starts the process without waiting for it."""
        self.from_here = self.log_path.stat().st_size if self.log_path.exists() else 0
        command = [*self.under, binary(), "serve", "--root", str(self.root), "--data", str(self.data), "--listen", self.listen]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self

    def start(self):
        self.launch()
        found = eventually(self._listening, 20, "listening")
        self.port = int(found[1])
        return self

    def _listening(self):
        assert self.process.poll() is None, f"the server ended with {self.process.returncode}:\n{self.log()}"
        written = self.log_path.read_bytes()[self.from_here:]
        return re.search(rb"listening on http://[^ ]*:(\d+)\n", written)  # the whole line: it may come in two writes

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.process.kill()
        self.process.wait(10 * PATIENCE)

    def stop(self, timeout=20):
        """Ends it gracefully; the exit status.  Leaks are found at the end of the process."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout * PATIENCE)
            self.no_sanitizer_spoke()
            return status
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def no_sanitizer_spoke(self):
        log = self.log()
        found = min((log.find(words) for words in SANITIZERS_SAY if words in log), default=-1)
        assert found < 0, log[found:found + 8000]

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30 * PATIENCE)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()

    def raw(self, text):
        """What the server says to these bytes, until it hangs up."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10 * PATIENCE) as connection:
            connection.sendall(text)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def healthy(self):
        """What must hold after whatever was sent: it runs, nothing broke inside, and no secret was written down."""
        assert self.process.poll() is None, f"the server ended with {self.process.returncode}:\n{self.log()[-4000:]}"
        self.no_sanitizer_spoke()
        log = self.log()
        assert "a bug in the engine" not in log, log[-4000:]
        for key in (GEMINI_KEY, OPENAI_KEY, ANTHROPIC_KEY):
            assert key not in log
        return True


def gemini(models, **more):
    """The environment of a server that has keys and asks the scripted server.

    One server hears the faults of many tests: what it makes of them together is tested with a server of its own.
    """
    return {
        "PLENUM_OUTBOUND_RETRY_BUDGET": "1000000",
        "PLENUM_OUTBOUND_BREAKER_CALLS": "1000000",
        "GEMINI_API_KEY": GEMINI_KEY,
        "PLENUM_PROVIDERS_GEMINI_BASE_URL": models.url,
        "OPENAI_API_KEY": OPENAI_KEY,
        "PLENUM_PROVIDERS_OPENAI_BASE_URL": models.url,
        "ANTHROPIC_API_KEY": ANTHROPIC_KEY,
        "PLENUM_PROVIDERS_ANTHROPIC_BASE_URL": models.url,
        **more,
    }


def copy_of_apps(folder, *more):
    """A root of its own: the project's app files to be edited, and the tests' own app beside them; others of them by name."""
    for name in ("apps.d", "prompts", "schemas", "templates", "fixtures"):
        shutil.copytree(PROJECT / name, folder / name)
    for name in ("probe", *more):
        shutil.copy(HERE / f"{name}.yaml", folder / f"apps.d/{name}.yaml")
    return folder


def can_sandbox():
    try:
        return subprocess.run(
            ["/usr/bin/bwrap", "--ro-bind", "/", "/", "--unshare-all", "/bin/true"], capture_output=True, timeout=10
        ).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


needs_sandbox = pytest.mark.skipif(
    not can_sandbox(), reason="/usr/bin/bwrap cannot make a sandbox on this machine, so documents are switched off"
)


@pytest.fixture(scope="module")
def shared_models():
    with ModelServer() as models:
        yield models


def own_server(tmp_path, models):
    """A server of one test's own, to be stopped, killed and started again; what it ends with is the test's to say."""
    models.reset()
    server = Server(tmp_path / "data", copy_of_apps(tmp_path / "root"), gemini(models)).start()
    server.models = models
    return server


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory, shared_models):
    """With keys, and with the tests' own app `probe` beside the two."""
    folder = tmp_path_factory.mktemp("server")
    server = Server(folder / "data", copy_of_apps(folder / "root"), gemini(shared_models)).start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def offline_server(tmp_path_factory):
    """As it comes: no key, no network."""
    server = Server(tmp_path_factory.mktemp("offline") / "data").start()
    yield server
    server.healthy()
    server.stop()


@pytest.fixture
def models(shared_models):
    shared_models.reset()
    yield shared_models
    mistakes = [call["mistake"] for call in shared_models.calls() if "mistake" in call]
    assert not mistakes
    shared_models.reset()


@pytest.fixture
def server(shared_server, models):
    if shared_server.process.poll() is not None:  # one test's crash is that test's failure only
        shared_server.start()
    yield shared_server
    shared_server.healthy()


_users = itertools.count(1)


def new_user():
    return f"user{next(_users)}"


@pytest.fixture
def clearreply(server):
    return Client(server, "clearreply", new_user())


@pytest.fixture
def fitmycv(server):
    return Client(server, "fitmycv", new_user(), "pro")


@pytest.fixture
def probe(server):
    return Client(server, "probe", new_user())
