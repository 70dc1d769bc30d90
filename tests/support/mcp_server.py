"""An MCP server for black-box tests, over streamable HTTP, in each of the forms that are in use.

    with McpServer("modern") as server:        # 2026-07-28: each request stands alone
    with McpServer("session") as server:       # 2025-11-25: initialize, a session, answers as streams
    with McpServer("stateless") as server:     # 2025-11-25 without a session

`server.acts(name, function)` adds a tool: what the function returns is the call's result, an exception is one that failed.
`server.calls` are the tool calls that were carried out; `server.requests` everything that came in.
"""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODERN, OLD = "2026-07-28", "2025-11-25"


class Hangs(Exception):
    """The tool acts, and its server never says so."""


class McpServer:
    def __init__(self, form="modern"):
        self.form, self.calls, self.requests, self.answers = form, [], [], []
        self.asks_back = False       # the server asks something of its client before it answers
        self.keeps_open = False      # a stream goes on after its answer
        self._tools, self._sessions = {}, set()
        self._changed, self._stopping = threading.Condition(), threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer._answer(self, json.loads(body))

            def do_GET(self):
                self.reply(405, {"Allow": "POST"}, b"")

            def reply(self, status, headers, body):
                self.send_response(status)
                for name, value in {**headers, "Content-Length": len(body)}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(body)

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass  # a client that hangs up is part of the tests

        self._http = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def acts(self, name, function):
        self._tools[name] = function

    def forget_sessions(self):
        self._sessions.clear()

    def reset(self):
        with self._changed:
            self.calls.clear()
            self.requests.clear()
            self.answers.clear()
        self.asks_back = self.keeps_open = False

    def methods(self):
        return [message.get("method") for _, message in self.requests]

    def wait_for_calls(self, count, timeout=20.0):
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.calls) >= count, timeout), self.requests

    def _answer(self, handler, message):
        headers = {name.lower(): value for name, value in handler.headers.items()}
        with self._changed:
            (self.requests if "method" in message else self.answers).append((headers, message))
            self._changed.notify_all()
        refusal = self._refusal(headers, message)
        if refusal:
            status, error = refusal
            body = {"jsonrpc": "2.0", "id": message.get("id"), "error": error}
            return handler.reply(status, {"Content-Type": "application/json"}, json.dumps(body).encode())
        if "id" not in message or "method" not in message:
            return handler.reply(202, {}, b"")
        extra = {}
        if message["method"] == "initialize" and self.form == "session":
            session = f"session-{len(self._sessions)}-{id(message)}"
            self._sessions.add(session)
            extra["Mcp-Session-Id"] = session
        try:
            said = self._result(message)
        except Hangs:
            return self._stopping.wait()
        response = {"jsonrpc": "2.0", "id": message["id"], **said}
        if self.form == "modern":
            return handler.reply(200, {"Content-Type": "application/json"}, json.dumps(response).encode())
        return self._stream(handler, extra, message, response)

    def _refusal(self, headers, message):
        version, method = headers.get("mcp-protocol-version"), message.get("method")
        if self.form == "modern":
            meta = message.get("params", {}).get("_meta", {})
            if version != MODERN or meta.get("io.modelcontextprotocol/protocolVersion") != MODERN:
                return 400, {"code": -32022, "message": "Unsupported protocol version",
                             "data": {"supported": [MODERN], "requested": version}}
            name = message["params"].get("name") if method == "tools/call" else None
            if headers.get("mcp-method") != method or headers.get("mcp-name") != name:
                return 400, {"code": -32020, "message": "headers and body disagree"}
            return None
        if method == "initialize":
            return None
        if version != OLD:
            return 400, {"code": -32000, "message": f"Bad Request: Unsupported protocol version: {version}"}
        if self.form == "session" and headers.get("mcp-session-id") not in self._sessions:
            return 404, {"code": -32001, "message": "Session not found"}
        return None

    def _result(self, message):
        method, params = message["method"], message.get("params", {})
        if method == "server/discover":
            return {"result": {"supportedVersions": [MODERN], "capabilities": {"tools": {}}, "resultType": "complete"}}
        if method == "initialize":
            return {"result": {"protocolVersion": OLD, "capabilities": {"tools": {}}, "serverInfo": {"name": "test", "version": "1"}}}
        if method != "tools/call" or params["name"] not in self._tools:
            return {"error": {"code": -32602, "message": f"Tool {params.get('name')} not found"}}
        with self._changed:
            self.calls.append((params["name"], params["arguments"]))
            self._changed.notify_all()
        try:
            return {"result": self._tools[params["name"]](**params["arguments"])}
        except Hangs:
            raise
        except Exception as problem:
            return {"result": {"isError": True, "content": [{"type": "text", "text": str(problem)}]}}

    def _stream(self, handler, extra, message, response):
        handler.send_response(200)
        for name, value in {"Content-Type": "text/event-stream", "Connection": "close", **extra}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.close_connection = True

        def event(data):
            handler.wfile.write(b"event: message\ndata: " + json.dumps(data).encode() + b"\n\n")
            handler.wfile.flush()

        if message["method"] == "tools/call":
            event({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": 1, "progress": 0.5}})
            if self.asks_back:
                event({"jsonrpc": "2.0", "id": "ask-1", "method": "sampling/createMessage", "params": {}})
                with self._changed:
                    assert self._changed.wait_for(lambda: self.answers, 20), "nobody answered the server"
        event(response)
        if self.keeps_open and message["method"] == "tools/call":
            deadline = time.monotonic() + 60
            while not self._stopping.is_set() and time.monotonic() < deadline:
                event({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": "still here"}})
                self._stopping.wait(0.1)
