#!/usr/bin/env python3
"""POST /analyze: how many requests a core serves, how soon the first one, in how much memory.

Plenum with the ClearReply app (its quota taken out) beside a bare nginx and, with --peers DIR, the
servers that a user would pick instead.  All of them ask the same kind of model, `model_mock`, which
answers at once; so what is measured is everything around the model.  Rounds are interleaved and
medians told, because machines are shared; the CPU that others took meanwhile is told too.

The server has one core, the load (wrk, 64 kept connections) and the model another one.  Everything
is written to a temporary folder, nothing to the checkout.
"""
import argparse
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TICKS = os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = {CORES[-1]}, {CORES[0]}
BODY = json.dumps({"message": "Thank you so much, the delivery arrived a day early and all of it works!"})
ANSWER = json.dumps({
    "summary": "The customer is happy with a delivery that came early and thanks the team for it.",
    "intent": "To say thanks; no answer is strictly needed.",
    "tones": [{"why": f"It suits a message like this one, because it is {word}.", "id": word,
               "label": word.capitalize()}
              for word in ("professional", "friendly", "casual", "enthusiastic")]})
PEER_ANSWER = json.dumps({"tone": "positive", "confidence": 0.92,
                          "summary": "The customer is happy with the delivery and thanks the team."})
WRK = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer dev:bench:pro"
wrk.body = os.getenv("BODY")
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('\\nDONE {"requests": %d, "us": %d, "p50": %.2f, "p99": %.2f, "errors": %d}\\n',
    summary.requests, summary.duration, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""
NGINX = """
daemon off; worker_processes 1; pid {dir}/nginx.pid; error_log {dir}/nginx.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000;
  client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fastcgi;
  uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;
  server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ return 200 "{{}}"; }} }}
}}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def family(pid):
    pids, todo = [], [pid]
    while todo:
        pid = todo.pop()
        pids.append(pid)
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                todo += map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split())
        except OSError:
            pass  # it has ended
    return pids


def cpu_of(pid):
    """Seconds of user and system time of the process and its children, living and reaped."""
    total = 0
    for one in family(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15]))
    return total / TICKS


def memory_of(pid, field):
    total = 0
    for one in family(pid):
        try:
            for line in Path(f"/proc/{one}/status").read_text().splitlines():
                if line.startswith(field + ":"):
                    total += int(line.split()[1])
        except OSError:
            continue
    return total / 1024


def busy():
    fields = [int(x) for x in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    return (sum(fields[:3]) + sum(fields[5:8])) / TICKS


class Running:
    """A started program; ended by its own id."""

    def __init__(self, command, cwd=None, env=None, cores=None):
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            command, cwd=cwd, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=LOG, text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, cores) if cores else None)
        self.pid = self.process.pid

    def first_answer(self, port, path, limit=60):
        """Seconds from the start to the first 200."""
        request = (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                   "Authorization: Bearer dev:bench:pro\r\nContent-Type: application/json\r\n"
                   f"Content-Length: {len(BODY)}\r\n\r\n{BODY}").encode()
        answer = b""
        while time.monotonic() - self.started < limit:
            if self.process.poll() is not None:
                raise RuntimeError(f"it ended with {self.process.returncode}; see {LOG.name}")
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=limit) as s:
                    s.sendall(request)
                    answer = b""
                    while part := s.recv(65536):
                        answer += part
                if answer.split(b" ")[1:2] == [b"200"]:
                    return time.monotonic() - self.started
            except OSError:
                pass
            time.sleep(0.001)
        raise RuntimeError(f"no answer with status 200 in {limit} s: {answer[:300]!r}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class Server:
    """How one of those that are compared is started; `fresh` runs before each start."""

    def __init__(self, name, path, command, cwd=None, env=None, fresh=None, loaded=True):
        self.name, self.path, self.command, self.cwd = name, path, command, cwd
        self.env, self.fresh, self.loaded = env or {}, fresh or (lambda: None), loaded

    def start(self, cores=SERVER_CORE):
        port = free_port()
        fill = lambda text: str(text).replace("@PORT@", str(port))
        self.port = port
        self.fresh()
        env = {key: fill(value) for key, value in self.env.items()}
        return Running([fill(word) for word in self.command], self.cwd, env, cores)


def plenum_root(folder):
    """A root of its own: the app's files, without the quota that would stop the measurement."""
    app = (ROOT / "apps.d/clearreply.yaml").read_text().splitlines(keepends=True)
    (folder / "apps.d").mkdir(parents=True)
    (folder / "apps.d/clearreply.yaml").write_text("".join(l for l in app if "quota:" not in l))
    for kind in ("prompts", "schemas"):
        shutil.copytree(ROOT / kind / "clearreply", folder / kind / "clearreply")
    return folder


def plenum(options, scratch, model, name="plenum", fresh=True):
    root = plenum_root(scratch / name / "root")
    data = scratch / name / "data"
    return Server(
        name, "/api/v1/clearreply/analyze",
        [options.plenum, "serve", "--root", root, "--data", data, "--listen", "127.0.0.1:@PORT@"],
        env={"PLENUM_PROVIDERS_GEMINI_BASE_URL": f"http://127.0.0.1:{model}",
             "PLENUM_CONNECTIONS": str(2 * options.clients + 64),
             "PLENUM_CONNECTIONS_PER_ADDRESS": str(2 * options.clients),
             "PLENUM_OUTBOUND_CONNECTIONS_PER_HOST": str(2 * options.clients),
             "PLENUM_RUNS_AT_ONCE": str(2 * options.clients)},
        fresh=lambda: fresh and shutil.rmtree(data, ignore_errors=True))


def nginx(scratch):
    folder = scratch / "nginx"
    folder.mkdir()
    server = Server("nginx return 200", "/", ["nginx", "-p", folder, "-c", folder / "nginx.conf"])
    server.fresh = lambda: (folder / "nginx.conf").write_text(
        NGINX.format(dir=folder, port=server.port))
    return server


def peers(folder, scratch, model):
    """Those of the folder that are set up; the others are named and left out."""
    base = f"http://127.0.0.1:{model}"
    found = []
    node = folder / "langgraph"
    if shutil.which("node") and (node / "node_modules/fastify").is_dir():
        env = {"LLM_BASE": base, "PORT": "@PORT@", "NODE_ENV": "production",
               "LANGCHAIN_TRACING_V2": "false"}
        found.append(Server("fastify + fetch", "/analyze", ["node", "server.mjs"], node,
                            {**env, "CLIENT": "fetch", "GRAPH": "off"}))
        database = scratch / "langgraph.sqlite"
        fresh = lambda: [Path(f"{database}{end}").unlink(missing_ok=True) for end in ("", "-wal", "-shm")]
        if list(node.glob("node_modules/better-sqlite3/build/Release/*.node")):
            found.append(Server("langgraph.js + sqlite", "/analyze", ["node", "server.mjs"], node,
                                {**env, "CLIENT": "openai", "CP": "sqlite", "DB": database}, fresh))
        else:
            print("left out: langgraph.js + sqlite (better-sqlite3 is not built)")
    else:
        print(f"left out: fastify, langgraph.js (`npm install` in {node} sets them up)")
    python = {"PYTHONPATH": str(folder / "py/deb/usr/lib/python3/dist-packages")}
    there = subprocess.run(["/usr/bin/python3", "-c", "import fastapi, uvicorn, httpx"],
                           env={**os.environ, **python}, capture_output=True).returncode == 0
    if there and (folder / "py/app.py").is_file():
        found.append(Server("fastapi", "/analyze",
                            ["/usr/bin/python3", "-m", "uvicorn", "app:app", "--port", "@PORT@",
                             "--log-level", "warning", "--no-access-log"],
                            folder / "py", {**python, "LLM_BASE": base}, loaded=False))
    else:
        print("left out: fastapi (python3-fastapi, python3-uvicorn or python3-httpx is missing)")
    return found


def wrk(server, script, seconds, clients):
    url = f"http://127.0.0.1:{server.port}{server.path}"
    out = subprocess.run(["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout=30s",
                          "-s", script, url], env={**os.environ, "BODY": BODY}, text=True,
                         capture_output=True, preexec_fn=lambda: os.sched_setaffinity(0, LOAD_CORE))
    for line in out.stdout.splitlines():
        if line.startswith("DONE "):
            return json.loads(line[5:])
    raise RuntimeError(f"wrk: {out.stdout}{out.stderr}")


def load_round(server, script, options, model):
    running = server.start()
    try:
        running.first_answer(server.port, server.path)
        wrk(server, script, options.warm, options.clients)
        before, ours, all_before = cpu_of(running.pid), cpu_of(model.pid), busy()
        children = os.times()
        at = time.monotonic()
        seen = wrk(server, script, options.seconds, options.clients)
        wall = time.monotonic() - at
        cpu = cpu_of(running.pid) - before
        after = os.times()
        loaded = after.children_user + after.children_system - children.children_user - children.children_system
        others = busy() - all_before - cpu - loaded - (cpu_of(model.pid) - ours)
        requests = max(1, seen["requests"])
        rate = requests / (seen["us"] / 1e6)
        ideal = {"ideal": rate / (options.clients * 1000 / options.delay) * 100} if options.delay else {}
        return {"rps": rate, **ideal, "cpu_us": cpu / requests * 1e6,
                "p50": seen["p50"], "p99": seen["p99"], "errors": seen["errors"],
                "peak": memory_of(running.pid, "VmHWM"), "others": max(0.0, others / wall)}
    finally:
        running.stop()


def cold_round(server):
    """All cores, as a user would start it; the idle memory is that after one answer."""
    running = server.start(cores=None)
    try:
        first = running.first_answer(server.port, server.path)
        time.sleep(1)
        return {"cold": first * 1000, "idle": memory_of(running.pid, "VmRSS")}
    finally:
        running.stop()


def median(rounds, key):
    values = [one[key] for one in rounds if key in one]
    return statistics.median(values) if values else None


def table(results, ours):
    columns = [("rps", "requests/s", 0), ("ideal", "% of ideal", 1), ("cpu_us", "CPU µs/req", 0), ("p50", "p50 ms", 1),
               ("p99", "p99 ms", 1), ("peak", "peak MB", 0), ("cold", "first answer ms", 0),
               ("idle", "idle MB", 0), ("errors", "errors", 0), ("others", "others' cores", 1)]
    width = max(map(len, results)) + 2
    print("\nmedians" + " " * (width - 7) + "".join(f"{title:>17}" for _, title, _ in columns))
    for name, rounds in results.items():
        cells = [median(rounds, key) for key, _, _ in columns]
        print(f"{name:<{width}}" + "".join(
            f"{'-' if cell is None else format(cell, f'.{digits}f'):>17}"
            for cell, (_, _, digits) in zip(cells, columns)))
    print(f"\n{ours} / other" + " " * max(0, width - len(ours) - 8)
          + "".join(f"{title:>17}" for _, title, _ in columns[:8]))
    for name, rounds in results.items():
        if name == ours:
            continue
        pairs = [(median(results[ours], key), median(rounds, key)) for key, _, _ in columns[:8]]
        print(f"{name:<{width}}" + "".join(
            f"{'-' if not a or not b else format(a / b, '.3f'):>17}" for a, b in pairs))


def measure(options, scratch):
    script = scratch / "post.lua"
    script.write_text(WRK)
    for name, text in (("answer", ANSWER), ("peer_answer", PEER_ANSWER)):
        (scratch / name).write_text(text)
    models, ports = [], []
    for name in ("answer", "peer_answer"):
        models.append(Running([options.mock, "0", scratch / name, str(options.delay)],
                              cores=LOAD_CORE))
        ports.append(int(models[-1].process.stdout.readline()))
    servers = [plenum(options, scratch, ports[0]), nginx(scratch)]
    if options.peers:
        servers += peers(Path(options.peers).resolve(), scratch, ports[1])
    again = plenum(options, scratch, ports[0], "plenum, data there", fresh=False)
    again.loaded = False
    servers.append(again)
    if options.only:
        servers = [one for one in servers if one.name in options.only]
    results = {server.name: [] for server in servers}
    try:
        for turn in range(options.rounds):
            for server in servers if turn % 2 == 0 else servers[::-1]:
                if not server.loaded:
                    continue
                seen = load_round(server, script, options, models[1 if server.path == "/analyze" else 0])
                results[server.name].append(seen)
                print(f"load {turn + 1}  {server.name:<24}"
                      + "  ".join(f"{key} {value:.1f}" for key, value in seen.items()), flush=True)
        if again in servers:
            cold_round(again)  # makes its data
        for turn in range(options.starts):
            for server in servers:
                seen = cold_round(server)
                results[server.name].append(seen)
                print(f"start {turn + 1}  {server.name:<24}"
                      + "  ".join(f"{key} {value:.1f}" for key, value in seen.items()), flush=True)
    finally:
        for model in models:
            model.stop()
    table(results, "plenum")


def main():
    global LOG
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--plenum", default=ROOT / "build/release/tools/plenum", help="the server's binary")
    parser.add_argument("--mock", default=ROOT / "build/release/tests/bench/model_mock")
    parser.add_argument("--peers", help="a folder with the other servers, set up")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5, help="measured, per round and server")
    parser.add_argument("--warm", type=int, default=3, help="seconds of load before that")
    parser.add_argument("--starts", type=int, default=7, help="cold starts of each server")
    parser.add_argument("--delay", type=int, default=0, help="milliseconds that the model takes")
    parser.add_argument("--clients", type=int, default=64, help="connections, each with one request at a time")
    parser.add_argument("--only", action="append", help="just this server; may be given again")
    options = parser.parse_args()
    for tool in ("wrk", "nginx"):
        if not shutil.which(tool):
            sys.exit(f"{tool} is missing: apt-get install {tool}")
    for program, target in ((options.plenum, "plenum"), (options.mock, "model_mock")):
        if not os.access(program, os.X_OK):
            sys.exit(f"{program} is missing: cmake --preset release && "
                     f"cmake --build build/release --target {target}")
    options.plenum, options.mock = Path(options.plenum).resolve(), Path(options.mock).resolve()
    with tempfile.TemporaryDirectory(prefix="plenum-bench-") as folder:
        with open(Path(folder) / "log", "ab") as LOG:
            try:
                measure(options, Path(folder))
            except RuntimeError as error:
                sys.exit(f"{error}\n{(Path(folder) / 'log').read_text()[-2000:]}")


if __name__ == "__main__":
    main()
