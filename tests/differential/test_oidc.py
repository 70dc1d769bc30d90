"""Sign-in with the tokens of an OpenID provider that others wrote: npm's `oidc-provider`, installed into a temporary folder."""

import base64
import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PACKAGE = "oidc-provider@9.13.3"
APP = """plenum: 1
app: who
routes: {POST /who: {start: who}}
graphs: {who: {nodes: [{id: note, emit: {event: seen}}], output: {user: =user.id}}}
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    if not shutil.which("npm") or not shutil.which("node"):
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("npm")
    (folder / "package.json").write_text("{}")
    said = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE], cwd=folder,
                          capture_output=True, text=True, timeout=300)
    if said.returncode:
        pytest.skip(f"npm cannot install {PACKAGE}: {said.stderr[-300:]}")
    return folder


class Provider:
    def __init__(self, folder):
        self.folder, self.process = folder, None
        with socket.socket() as any_port:
            any_port.bind(("127.0.0.1", 0))
            self.port = any_port.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self, generation):
        peer = Path(__file__).with_name("oidc_peer.mjs")
        self.process = subprocess.Popen(["node", peer, self.folder, str(self.port), generation], stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if line == "ready\n":
                return
        raise AssertionError("the provider ended")

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
        self.process = None

    def token(self, algorithm):
        body = urllib.parse.urlencode({"grant_type": "client_credentials"}).encode()
        login = base64.b64encode(f"svc-{algorithm}:only-for-this-test".encode()).decode()
        request = urllib.request.Request(self.url + "/token", body, {"Authorization": f"Basic {login}"})
        with urllib.request.urlopen(request, timeout=30) as reply:
            return json.load(reply)["access_token"]


@pytest.fixture
def provider(package):
    provider = Provider(package)
    yield provider
    provider.stop()


class Server:
    def __init__(self, folder, provider):
        (folder / "apps.d").mkdir()
        (folder / "apps.d/who.yaml").write_text(APP)
        (folder / "plenum.yaml").write_text(json.dumps({"mode": "production", "sign_in": {"oidc": {
            "issuer": provider.url, "audience": "https://api.example.test", "token_type": "at+jwt",
            "algorithms": ["RS256", "ES256", "EdDSA"]}}}))
        binary = os.environ.get("PLENUM") or PROJECT / "build/dev/tools/plenum"
        self.log = open(folder / "log", "w+b")
        clean = {k: v for k, v in os.environ.items() if not k.startswith("PLENUM")}
        self.process = subprocess.Popen([binary, "serve", "--root", folder, "--data", folder / "data", "--listen", "127.0.0.1:0"],
                                        env=clean, stdout=self.log, stderr=self.log)
        until = time.monotonic() + 60
        while not (found := re.search(rb"listening on http://[^ ]*:(\d+)\n", (folder / "log").read_bytes())):
            assert self.process.poll() is None and time.monotonic() < until, (folder / "log").read_text()
        self.port = int(found[1])

    def who(self, token):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api/v1/who/who", b"{}",
                                         {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return json.load(reply)["output"]["user"]
        except urllib.error.HTTPError as refused:
            return json.load(refused)["code"]

    def stop(self):
        self.process.terminate()
        self.process.wait(60)
        self.log.close()


def test_its_tokens_sign_in_through_rotation_and_outage(tmp_path, provider):
    provider.start("first")
    server = Server(tmp_path, provider)
    try:
        first = {algorithm: provider.token(algorithm) for algorithm in ("RS256", "ES256", "EdDSA")}
        for algorithm, token in first.items():
            assert server.who(token) == f"svc-{algorithm}"
            head, body, signature = token.split(".")
            assert server.who(f"{head}.{body}.{signature[:-8]}AAAAAAAA") == "invalid_token"

        provider.stop()
        for algorithm, token in first.items():
            assert server.who(token) == f"svc-{algorithm}"

        provider.start("second")  # other keys, and the old ones are gone
        for algorithm in first:
            assert server.who(provider.token(algorithm)) == f"svc-{algorithm}"
        for token in first.values():
            assert server.who(token) == "invalid_token"
    finally:
        server.stop()
