"""Somebody else's server for black-box tests: scripted answers, and a ledger of what it was sent.

    with PeerServer() as peer:                        # a free port on 127.0.0.1
        peer.script([{"status": 503}, {"json": {"a": 1}}])
        ...
        assert [call["method"] for call in peer.calls()] == ["GET", "GET"]

A reply is a map; every key is optional: status (200), json or body (text), headers, close (hang up without a word), hang
(never answer).  Without a script everything is answered with {"ok": true}.
"""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class PeerServer:
    def __init__(self):
        self._lock = threading.Condition()
        self._script, self._calls, self._open = [], [], set()
        self._stopping = threading.Event()
        peer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                reply = peer._take({
                    "method": self.command, "path": self.path, "headers": dict(self.headers),
                    "body": self.rfile.read(length).decode()}, self.connection)
                if reply.get("hang"):
                    peer._stopping.wait()
                if reply.get("hang") or reply.get("close"):
                    self.close_connection = True
                    return
                is_text = "body" in reply
                body = (reply["body"] if is_text else json.dumps(reply.get("json", {"ok": True}))).encode()
                self.send_response(reply.get("status", 200))
                headers = {"Content-Type": "text/plain" if is_text else "application/json", **reply.get("headers", {})}
                for name, value in {**headers, "Content-Length": len(body)}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

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
        for connection in self._open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self._thread.join()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def script(self, replies):
        with self._lock:
            self._script += replies

    def reset(self):
        with self._lock:
            self._script.clear()
            self._calls.clear()

    def calls(self):
        with self._lock:
            return list(self._calls)

    def wait_for_calls(self, count, timeout=10.0):
        with self._lock:
            assert self._lock.wait_for(lambda: len(self._calls) >= count, timeout), self._calls
            return list(self._calls)

    def _take(self, call, connection):
        with self._lock:
            self._open.add(connection)
            self._calls.append(call)
            self._lock.notify_all()
            return self._script.pop(0) if self._script else {}
