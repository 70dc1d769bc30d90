"""A model server for black-box tests: Gemini, OpenAI and Anthropic dialects, scripted, with a ledger of every call.

    with ModelServer() as models:                     # a free port on 127.0.0.1
        models.script([{"status": 503}, {"json": {"a": 1}}])
        ...                                           # point providers.gemini.base_url at models.url
        assert len(models.calls()) == 2

Without a script every call succeeds: a structured one is answered with a value made for its schema, any other with a
short text. Over HTTP the same is POST /_script {"replies": […], "default": {…}}, GET /_calls[?wait=n], POST /_reset.

A reply is a map; every key is optional:
    text, json       the answer's text, or the value whose JSON is the text; else made for the request's schema
    with             members laid over the made value
    fenced           the text inside a code fence         malformed    the text is not JSON
    finish           finish reason, as Gemini names it (MAX_TOKENS, SAFETY, RECITATION, …)
    empty            no candidates                        blocked      the prompt is refused; true or a reason
    usage            [input, output] tokens
    status           an HTTP error in the dialect's shape; `message` is its text, `error` its code
    retry_after      the Retry-After header               retry_info   Gemini's RetryInfo delay ("2.5s")
    body, headers    the raw body (text, or a value as JSON) and further headers
    malformed_body   the body is not JSON                 cut          hang up after this many bytes; true: in the middle
    close            hang up without a word               hang         never answer
    delay_ms         wait first (ends when the client leaves)
    drip_ms          send the body byte by byte, this far apart
    vectors          of texts that are embedded: a list of lists of numbers; else made of their words
    calls            tools that the model asks for: [[name, input], …]; never streamed
    pieces           of a streamed answer's text: a list of them (8 characters each)
    stop_after       streams: so many pieces, then nothing until the client leaves
    gate             streams: [n, a threading.Event]: after n pieces the rest waits for it (only within this process)
    cut_after        streams: hang up after so many pieces    error_after   streams: an error event after so many
    match            use this reply only for a request that holds this text (scripted replies are tried in order)
    times            how often the reply is used (1); 0: for ever
"""

import argparse
import json
import os
import re
import select
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from model_embeddings import GeminiTexts, OpenAiTexts

try:
    from re import _constants, _parser
except ImportError:  # Python before 3.11
    import sre_constants as _constants
    import sre_parse as _parser


class ModelServer:
    """Runs in threads of this process; start() and stop(), or a with statement. All methods may be called from any thread."""

    def __init__(self, replies=(), default=None, port=0):
        self._lock = threading.Condition()
        self._script = []
        self._default = dict(default or {})
        self._calls = []
        self._open = set()
        self._port = port
        self._http = None
        self._thread = None
        self.stopping = threading.Event()
        self.script(replies)

    # Life

    def start(self):
        server = self

        class Handler(_Handler):
            models = server

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 1024

            def handle_error(self, request, client_address):
                pass  # a client that hangs up is part of the tests

        self._http = Server(("127.0.0.1", self._port), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def stop(self):
        self.stopping.set()
        if self._http is None:
            return
        self._http.shutdown()
        self._http.server_close()
        with self._lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        self._thread.join()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    @property
    def port(self):
        return self._http.server_address[1]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    # Script and ledger

    def script(self, replies, default=None):
        """Appends replies; `default` replaces what is answered when none fits."""
        with self._lock:
            self._script += [{**reply, "left": reply.get("times", 1)} for reply in replies]
            if default is not None:
                self._default = dict(default)

    def reset(self):
        with self._lock:
            self._script.clear()
            self._calls.clear()
            self._default = {}

    def calls(self):
        with self._lock:
            return [dict(call) for call in self._calls]

    def wait_for_calls(self, count, timeout=10.0):
        timeout *= float(os.environ.get("PLENUM_TEST_PATIENCE") or 1)
        """The calls, once there are `count`; else an AssertionError."""
        with self._lock:
            if not self._lock.wait_for(lambda: len(self._calls) >= count, timeout):
                raise AssertionError(f"{len(self._calls)} calls after {timeout} s; expected {count}")
        return self.calls()

    def unused(self):
        """Scripted replies that nobody has asked for."""
        with self._lock:
            return [reply for reply in self._script if reply["left"] > 0]

    # For the handler

    def take(self, call):
        """Writes the call into the ledger and picks its reply, in one step."""
        text = json.dumps(call["body"], ensure_ascii=False)
        with self._lock:
            call["n"] = len(self._calls) + 1
            self._calls.append(call)
            self._lock.notify_all()
            for position, reply in enumerate(self._script):
                if reply.get("match", "") not in text:
                    continue
                if reply["left"] > 0:
                    reply["left"] -= 1
                    if reply["left"] == 0:
                        del self._script[position]
                return dict(reply)
            return dict(self._default)

    def note(self, call, **facts):
        with self._lock:
            call.update(facts)
            self._lock.notify_all()

    def opened(self, connection):
        with self._lock:
            self._open.add(connection)

    def closed(self, connection):
        with self._lock:
            self._open.discard(connection)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    models = None

    def setup(self):
        super().setup()
        self.models.opened(self.connection)

    def finish(self):
        self.models.closed(self.connection)
        super().finish()

    def log_message(self, *_):
        pass

    def do_GET(self):
        url = urlsplit(self.path)
        if url.path != "/_calls":
            return self._answer(404, {"error": {"code": 404, "message": f"no such path: {url.path}", "status": "NOT_FOUND"}})
        query = parse_qs(url.query)
        try:
            if "wait" in query:
                self.models.wait_for_calls(int(query["wait"][0]), float(query.get("timeout", ["10"])[0]))
        except AssertionError as too_few:
            return self._answer(504, {"error": str(too_few), "calls": self.models.calls()})
        return self._answer(200, {"calls": self.models.calls()})

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        try:
            body = json.loads(raw or b"{}")
        except ValueError:
            return self._answer(400, {"error": {"code": 400, "message": "the request is not JSON", "status": "INVALID_ARGUMENT"}})
        path = urlsplit(self.path).path
        if path == "/_script":
            self.models.script(body.get("replies", []), body.get("default"))
            return self._answer(200, {})
        if path == "/_reset":
            self.models.reset()
            return self._answer(200, {})
        dialect = dialect_of(path)
        if dialect is None:
            return self._answer(404, {"error": {"code": 404, "message": f"no such path: {path}", "status": "NOT_FOUND"}})
        call = {
            "dialect": dialect.name,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": body,
            "model": dialect.model(path, body),
            "prompt": dialect.prompt(body),
            "at_ms": int(time.monotonic() * 1000),
            "connection": self.client_address[1],
        }
        reply = self.models.take(call)
        try:
            self._perform(call, dialect, reply)
        except Exception as mistake:  # of this file or of a script: say so instead of looking like a flaky network
            self.models.note(call, mistake=repr(mistake))
            self._answer(500, {"error": {"code": 500, "message": f"model_server: {mistake!r}", "status": "INTERNAL"}})

    def _perform(self, call, dialect, reply):
        delay = float("inf") if reply.get("hang") else reply.get("delay_ms", 0) / 1000
        if delay and self._client_left(delay):
            self.models.note(call, aborted=True, ended_at_ms=int(time.monotonic() * 1000))
            self.close_connection = True
            return
        if dialect.streams(self.path, call["body"]) and not AS_A_WHOLE & reply.keys() and reply.get("status", 200) == 200:
            return self._stream(call, dialect, reply)
        status, headers, body = response_of(dialect, call, reply)
        whole = b"" if reply.get("close") else self._head(status, headers, len(body)) + body
        cut = reply.get("cut")
        if cut:
            whole = whole[: len(whole) - len(body) + (len(body) // 2 if cut is True else int(cut))]
        if cut or reply.get("close"):
            self.close_connection = True
        left = self._send(whole, len(body), reply.get("drip_ms", 0) / 1000)
        self.models.note(call, status=status, aborted=left, ended_at_ms=int(time.monotonic() * 1000))

    def _stream(self, call, dialect, reply):
        """Events as they are sent; `sent` in the ledger says how many bytes of them, `stalled` that the client takes none."""
        self.close_connection = True
        text = text_of(dialect, call, reply)
        pieces = reply.get("pieces") or re.findall(r".{1,8}", text, re.S)
        ended = None
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
        try:
            self.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
            events = dialect.events(call, reply, pieces)
            for count, event in enumerate(events):
                done = count - dialect.before  # pieces that are out
                if "gate" in reply and done == reply["gate"][0]:
                    reply["gate"][1].wait(60)
                if done == reply.get("stop_after"):
                    self._client_left(float("inf"))
                    ended = "left"
                    break
                if done == reply.get("cut_after"):
                    ended = "cut"
                    break
                if done == reply.get("error_after"):
                    self._send_event(call, dialect.failure(reply), reply)
                    ended = "error"
                    break
                if self._send_event(call, event, reply):
                    ended = "left"
                    break
        except OSError:
            ended = "left"
        self.models.note(call, status=200, aborted=ended == "left", ended=ended or "whole",
                         ended_at_ms=int(time.monotonic() * 1000))

    def _send_event(self, call, event, reply):
        """True: the client has left."""
        if reply.get("drip_ms"):
            return self._send(event, len(event), reply["drip_ms"] / 1000)
        view = memoryview(event)
        while view:
            _, writable, _ = select.select([], [self.connection], [], 1)
            if self.models.stopping.is_set():
                return True
            if not writable:
                self.models.note(call, stalled=True)
                continue
            try:
                view = view[self.connection.send(view, socket.MSG_DONTWAIT):]
            except BlockingIOError:
                pass
        call["sent"] = call.get("sent", 0) + len(event)
        return False

    def _client_left(self, seconds):
        """Waits, until the client hangs up or the server stops."""
        end = time.monotonic() + seconds
        while (rest := end - time.monotonic()) > 0 and not self.models.stopping.is_set():
            readable, _, _ = select.select([self.connection], [], [], min(rest, 0.5))
            if readable:
                return True
        return self.models.stopping.is_set()

    def _send(self, whole, body_length, drip):
        """Sends; True when the client has left before the end."""
        try:
            if not drip:
                self.connection.sendall(whole)
                return False
            self.connection.sendall(whole[: len(whole) - body_length])
            for byte in whole[len(whole) - body_length :]:
                if self._client_left(drip):
                    self.close_connection = True
                    return True
                self.connection.sendall(bytes([byte]))
            return False
        except OSError:
            self.close_connection = True
            return True

    @staticmethod
    def _head(status, headers, length):
        given = {name.lower() for name in headers}
        lines = [f"HTTP/1.1 {status} {'OK' if status == 200 else 'Scripted'}"]
        if "content-type" not in given:
            lines.append("Content-Type: application/json; charset=UTF-8")
        if "content-length" not in given:
            lines.append(f"Content-Length: {length}")
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def _answer(self, status, value):
        body = json.dumps(value, ensure_ascii=False).encode()
        self.connection.sendall(self._head(status, {}, len(body)) + body)


# What makes a streamed call be answered as one that is not.
AS_A_WHOLE = {"malformed_body", "body", "empty", "blocked", "cut", "close", "calls"}


def sse(value, event=None, end="\n"):
    lines = [f"event: {event}"] if event else []
    return (end.join([*lines, "data: " + json.dumps(value, ensure_ascii=False)]) + end + end).encode()


def response_of(dialect, call, reply):
    """(status, headers, body bytes) of a reply."""
    headers = {name: str(value) for name, value in reply.get("headers", {}).items()}
    if "retry_after" in reply:
        headers["Retry-After"] = str(reply["retry_after"])
    status = reply.get("status", 200)
    if reply.get("malformed_body"):
        return status, headers, b'{"candidates": [{"content": {"par'
    if "body" in reply:
        body = reply["body"]
        return status, headers, (body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)).encode()
    if status >= 400:
        return status, headers, json.dumps(dialect.error(status, reply)).encode()
    return status, headers, json.dumps(dialect.answer(call, reply, text_of(dialect, call, reply)), ensure_ascii=False).encode()


def text_of(dialect, call, reply):
    if "text" in reply:
        text = reply["text"]
    elif "json" in reply:
        text = json.dumps(reply["json"], ensure_ascii=False)
    else:
        schema = dialect.schema(call["body"])
        if schema is None:
            text = "This is a scripted answer."
        else:
            value = Example(schema).value()
            if "with" in reply:
                value = {**value, **reply["with"]}
            text = json.dumps(value, ensure_ascii=False)
    if reply.get("malformed"):
        text = text.rstrip()[:-1] + ", oops"
    if reply.get("fenced"):
        text = f"```json\n{text}\n```"
    return text


class Gemini:
    name = "gemini"
    before = 0  # events before the first piece

    @staticmethod
    def streams(path, _):
        return ":streamGenerateContent" in path

    @staticmethod
    def events(call, reply, pieces):
        whole = Gemini.answer(call, reply, "".join(pieces))
        for piece in pieces:
            yield sse({"candidates": [{"content": {"role": "model", "parts": [{"text": piece}]}, "index": 0}]}, end="\r\n")
        whole["candidates"][0]["content"] = {"role": "model", "parts": [{"text": ""}]}
        yield sse(whole, end="\r\n")

    @staticmethod
    def failure(_):
        return b'{"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}\n'

    @staticmethod
    def model(path, _):
        return path.rsplit("/", 1)[-1].split(":")[0]

    @staticmethod
    def prompt(body):
        parts = [part for content in body.get("contents", []) for part in content.get("parts", [])]
        return "\n".join(part["text"] for part in parts if "text" in part)

    @staticmethod
    def schema(body):
        config = body.get("generationConfig", {})
        if config.get("responseMimeType") != "application/json":
            return None
        said = schema_in_words(json.dumps(body.get("systemInstruction", {})))
        return config.get("responseJsonSchema", config.get("responseSchema", said or {}))

    @staticmethod
    def answer(call, reply, text):
        usage = reply.get("usage", [len(json.dumps(call["body"])) // 4, len(text) // 4])
        counts = {"promptTokenCount": usage[0], "candidatesTokenCount": usage[1], "totalTokenCount": sum(usage)}
        whole = {"usageMetadata": counts, "modelVersion": call["model"], "responseId": f"r-{call['n']}"}
        if reply.get("blocked"):
            reason = reply["blocked"] if isinstance(reply["blocked"], str) else "PROHIBITED_CONTENT"
            return {"promptFeedback": {"blockReason": reason}, **whole}
        if reply.get("empty"):
            return {"candidates": [], **whole}
        finish = reply.get("finish", "STOP")
        shown = finish in ("STOP", "MAX_TOKENS") and (finish == "STOP" or "text" in reply or "json" in reply)
        content = {"role": "model", "parts": [{"text": text}]} if shown else {"role": "model"}
        if "calls" in reply:
            content["parts"] = [{"functionCall": {"name": name, "args": given}} for name, given in reply["calls"]]
            content["parts"][0]["thoughtSignature"] = f"signed-{call['n']}"
        return {"candidates": [{"content": content, "finishReason": finish, "index": 0}], **whole}

    @staticmethod
    def error(status, reply):
        names = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
                 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED"}
        error = {"code": status, "message": reply.get("message", "Scripted error."),
                 "status": reply.get("error", names.get(status, "INTERNAL"))}
        if "retry_info" in reply:
            error["details"] = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": reply["retry_info"]}]
        return {"error": error}


class OpenAi:
    name = "openai"
    before = 1

    @staticmethod
    def streams(_, body):
        return body.get("stream") is True

    @staticmethod
    def events(call, reply, pieces):
        whole = OpenAi.answer(call, reply, "".join(pieces))
        say = lambda delta, finish=None: sse({"id": whole["id"], "model": call["model"], "usage": None, "choices": [
            {"index": 0, "delta": delta, "finish_reason": finish}]})
        yield say({"role": "assistant", "content": ""})
        for piece in pieces:
            yield say({"content": piece})
        yield say({}, whole["choices"][0]["finish_reason"])
        yield sse({"id": whole["id"], "model": call["model"], "choices": [], "usage": whole["usage"]})
        yield b"data: [DONE]\n\n"

    @staticmethod
    def failure(_):
        return sse({"error": {"message": "The server had an error", "type": "server_error", "param": None, "code": None}})

    @staticmethod
    def model(_, body):
        return body.get("model", "")

    @staticmethod
    def prompt(body):
        return "\n".join(_plain(message.get("content")) for message in body.get("messages", []) if message.get("role") == "user")

    @staticmethod
    def schema(body):
        wanted = body.get("response_format") or {}
        if "json_schema" in wanted:
            return wanted["json_schema"].get("schema", {})
        said = schema_in_words(json.dumps(body.get("messages", [])))
        return said or ({} if wanted.get("type") == "json_object" else None)

    @staticmethod
    def answer(call, reply, text):
        usage = reply.get("usage", [len(json.dumps(call["body"])) // 4, len(text) // 4])
        finish = {"STOP": "stop", "MAX_TOKENS": "length"}.get(reply.get("finish", "STOP"), "content_filter")
        message = {"role": "assistant", "content": text, "refusal": None}
        if reply.get("blocked"):
            message.update(content=None, refusal="I'm sorry, I can't help with that.")
        if "calls" in reply:
            finish = "tool_calls"
            message.update(content=None, tool_calls=[
                {"id": f"call_{call['n']}_{i}", "type": "function", "function": {"name": name, "arguments": json.dumps(given)}}
                for i, (name, given) in enumerate(reply["calls"])])
        choices = [] if reply.get("empty") else [{"index": 0, "message": message, "finish_reason": finish}]
        return {"id": f"chatcmpl-{call['n']}", "object": "chat.completion", "model": call["model"], "choices": choices,
                "usage": {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}}

    @staticmethod
    def error(status, reply):
        codes = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}
        kind = "server_error" if status >= 500 else "requests" if status == 429 else "invalid_request_error"
        return {"error": {"message": reply.get("message", "Scripted error."), "type": kind, "param": None,
                          "code": reply.get("error", codes.get(status))}}


class Anthropic:
    name = "anthropic"
    before = 2
    streams = OpenAi.streams

    @staticmethod
    def events(call, reply, pieces):
        whole = Anthropic.answer(call, reply, "".join(pieces))
        say = lambda value: sse(value, value["type"])
        yield say({"type": "message_start", "message": {**whole, "content": [], "stop_reason": None}})
        yield say({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
        for piece in pieces:
            yield say({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}})
        yield say({"type": "content_block_stop", "index": 0})
        yield say({"type": "message_delta", "delta": {"stop_reason": whole["stop_reason"]}, "usage": whole["usage"]})
        yield say({"type": "message_stop"})

    @staticmethod
    def failure(_):
        error = {"type": "overloaded_error", "message": "Overloaded"}
        return sse({"type": "error", "error": error}, "error")
    model = OpenAi.model
    prompt = OpenAi.prompt

    @staticmethod
    def schema(body):
        wanted = body.get("output_config", {}).get("format")
        return wanted.get("schema", {}) if wanted else schema_in_words(json.dumps(body.get("system", "")))

    @staticmethod
    def answer(call, reply, text):
        usage = reply.get("usage", [len(json.dumps(call["body"])) // 4, len(text) // 4])
        reason = {"STOP": "end_turn", "MAX_TOKENS": "max_tokens"}.get(reply.get("finish", "STOP"), "refusal")
        content = [] if reply.get("empty") or reply.get("blocked") else [{"type": "text", "text": text}]
        if "calls" in reply:
            reason = "tool_use"
            content = [{"type": "tool_use", "id": f"toolu_{call['n']}_{i}", "name": name, "input": given}
                       for i, (name, given) in enumerate(reply["calls"])]
        return {"id": f"msg_{call['n']}", "type": "message", "role": "assistant", "model": call["model"], "content": content,
                "stop_reason": "refusal" if reply.get("blocked") else reason,
                "usage": {"input_tokens": usage[0], "output_tokens": usage[1]}}

    @staticmethod
    def error(status, reply):
        kinds = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error",
                 429: "rate_limit_error", 529: "overloaded_error"}
        kind = reply.get("error", kinds.get(status, "api_error"))
        return {"type": "error", "error": {"type": kind, "message": reply.get("message", "Scripted error.")}}


class GeminiEmbeddings(GeminiTexts, Gemini):
    pass


class OpenAiEmbeddings(OpenAiTexts, OpenAi):
    pass


def dialect_of(path):
    if path.endswith(":batchEmbedContents"):
        return GeminiEmbeddings
    if path.endswith("/embeddings"):
        return OpenAiEmbeddings
    if path.endswith((":generateContent", ":streamGenerateContent")):
        return Gemini
    if path.endswith("/chat/completions"):
        return OpenAi
    return Anthropic if path.endswith("/messages") else None


def schema_in_words(text):
    """The schema that a sender wrote into its instructions, because the service would not enforce it."""
    found = re.search(r"It must fit this JSON Schema:\\n(.*)", text)
    if not found:
        return None
    schema, _ = json.JSONDecoder().raw_decode(json.loads('"' + re.match(r'(?:[^"\\]|\\.)*', found[1])[0] + '"'))
    return schema


def _plain(content):
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content or [] if "text" in part)


class Example:
    """A value for a schema as it was sent. Limits that the sender wrote into descriptions are read there, as a model would."""

    def __init__(self, schema):
        self.root = schema

    def value(self):
        return self._of(self.root, "answer", 0, 0)

    def _of(self, schema, name, index, depth):
        if not isinstance(schema, dict) or depth > 30:
            return None
        if "allOf" in schema:
            parts = [self._target(one["$ref"]) if "$ref" in one else one for one in schema["allOf"]]
            return self._of(merged([{k: v for k, v in schema.items() if k != "allOf"}, *parts]), name, index, depth + 1)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return schema["enum"][index % len(schema["enum"])]
        listed = re.search(r"One of (\[.*\])\.$", schema.get("description", ""))
        if listed:
            return json.loads(listed[1])[0]
        if "$ref" in schema:
            return self._of(self._target(schema["$ref"]), name, index, depth + 1)
        for union in ("anyOf", "oneOf"):
            if schema.get(union):
                branches = [one for one in schema[union] if one.get("type") != "null"] or schema[union]
                return self._of(branches[0], name, index, depth + 1)
        kinds = schema.get("type", "object" if "properties" in schema else "string")
        kind = next((one for one in ([kinds] if isinstance(kinds, str) else kinds) if one != "null"), "null").lower()
        return getattr(self, "_" + kind)(schema, name, index, depth)

    def _target(self, reference):
        at = self.root
        for token in reference.lstrip("#").split("/")[1:]:
            at = at[token.replace("~1", "/").replace("~0", "~")]
        return at

    def _object(self, schema, _, index, depth):
        required = schema.get("required", [])
        allowed = {name: one for name, one in schema.get("properties", {}).items() if one is not False}
        wanted = {name: one for name, one in allowed.items() if name in required or depth < 4}
        value = {name: self._of(one, name, index, depth + 1) for name, one in wanted.items()}
        more = schema.get("additionalProperties")
        for name in required:
            value.setdefault(name, self._of(more if isinstance(more, dict) else {}, name, index, depth + 1))
        least = max(self._said(schema, "members", ("Exactly", "At least"), 0), int(schema.get("minProperties", 0)))
        if isinstance(more, dict):
            for extra in range(max(least - len(value), 0 if value else 1)):
                value[f"example_{extra + 1}"] = self._of(more, "example", index + extra, depth + 1)
        return value

    def _array(self, schema, name, index, depth):
        first = schema.get("prefixItems", [])
        least = max(self._said(schema, "items", ("Exactly", "At least"), 0), int(schema.get("minItems", 0)))
        most = int(schema.get("maxItems", self._said(schema, "items", ("Exactly", "At most"), 1)))
        if not first and not least and depth < 4 and most > 0:
            least = 1
        items = [self._of(one, name, index, depth + 1) for one in first]
        while len(items) < least:
            items.append(self._of(schema.get("items", {}), name, index + len(items), depth + 1))
        return items

    def _string(self, schema, name, index, _):
        words = schema.get("description", "")
        nth = f" {index + 1}" if index else ""
        format_said = re.search(r"Format: ([a-z-]+)", words)
        made = self._format(schema.get("format") or (format_said and format_said[1]), index)
        pattern = schema.get("pattern") or (re.search(r"Must match the regular expression `(.*)`\.", words) or [None, None])[1]
        least = max(self._said(schema, "characters", ("Exactly", "At least"), 0), int(schema.get("minLength", 0)))
        most = int(schema.get("maxLength", self._said(schema, "characters", ("Exactly", "At most"), 1 << 20)))
        if pattern:
            return matching(pattern, least, index)
        if made:
            return made
        text = f"Scripted {name}{nth}"
        while len(text) < least:
            text += " and more"
        return text[: max(most, 0)]

    @staticmethod
    def _format(name, index):
        day = f"2026-01-{15 + index % 14}"
        return {"date-time": f"{day}T09:30:00Z", "date": day, "time": f"{9 + index % 12:02}:30:00Z", "duration": f"PT{index + 1}H",
                "email": f"ada{index}@example.com", "hostname": f"host{index}.example.com", "ipv4": f"192.0.2.{index % 250}",
                "ipv6": f"2001:db8::{index % 10}", "uri": f"https://example.com/{index}", "uri-reference": f"/example/{index}",
                "uuid": f"00000000-0000-4000-8000-{index % 10**12:012}"}.get(name)

    def _integer(self, schema, _, index, __):
        return int(self._bounded(schema, index))

    def _number(self, schema, _, index, __):
        return self._bounded(schema, index)

    def _bounded(self, schema, index):
        def limit(key, said):
            found = re.search(said + r" (-?[0-9.]+?)\.(?:\s|$)", schema.get("description", ""))
            return float(schema[key]) if key in schema else float(found[1]) if found else None

        step = limit("multipleOf", "A multiple of") or 1
        low, high = limit("minimum", "At least"), limit("maximum", "At most")
        above, below = limit("exclusiveMinimum", "Greater than"), limit("exclusiveMaximum", "Less than")
        if above is not None:
            low = above + step if below is None or above + step < below else (above + below) / 2
        if below is not None and high is None:
            high = below - step if low is None or below - step >= low else low
        value = (low if low is not None else min(high, 1) if high is not None else 1) + index * step
        if "multipleOf" in schema or step != 1:
            value = -(-value // step) * step
        value = min(value, high) if high is not None else value
        return int(value) if value == int(value) else value

    @staticmethod
    def _boolean(_, __, index, ___):
        return index % 2 == 0

    @staticmethod
    def _null(*_):
        return None

    @staticmethod
    def _said(schema, what, words, otherwise):
        for word in words:
            found = re.search(rf"{word} (\d+) {what}\.", schema.get("description", ""))
            if found:
                return int(found[1])
        return otherwise


def merged(schemas):
    out = {}
    for schema in schemas:
        for key, value in schema.items():
            if key in ("properties", "required") and key in out:
                out[key] = {**out[key], **value} if key == "properties" else [*out[key], *value]
            else:
                out.setdefault(key, value)
    return out


def matching(pattern, least, index):
    """A text that matches the pattern, at least so long where repetition allows."""

    def write(tokens, more):
        return "".join(one(op, argument, more) for op, argument in tokens)

    def one(op, argument, more):
        if op is _constants.LITERAL:
            return chr(argument)
        if op is _constants.NOT_LITERAL:
            return "a" if argument != ord("a") else "b"
        if op is _constants.ANY:
            return "a"
        if op is _constants.IN:
            return member(argument)
        if op is _constants.BRANCH:
            return write(argument[1][index % len(argument[1])], more)
        if op is _constants.SUBPATTERN:
            return write(argument[3], more)
        if op in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
            low, high, inner = argument
            return "".join(write(inner, more) for _ in range(min(high, low + more)))
        return ""  # anchors and look-arounds

    def member(options):
        for candidate in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_ .,:/#@+"[index % 5 :] + "abcde":
            if fits(options, candidate):
                return candidate
        return "?"

    def fits(options, candidate):
        code, negated, found = ord(candidate), False, False
        kinds = {_constants.CATEGORY_DIGIT: candidate.isdigit(), _constants.CATEGORY_NOT_DIGIT: not candidate.isdigit(),
                 _constants.CATEGORY_SPACE: candidate.isspace(), _constants.CATEGORY_NOT_SPACE: not candidate.isspace(),
                 _constants.CATEGORY_WORD: candidate.isalnum() or candidate == "_",
                 _constants.CATEGORY_NOT_WORD: not (candidate.isalnum() or candidate == "_")}
        for op, argument in options:
            if op is _constants.NEGATE:
                negated = True
            elif op is _constants.LITERAL:
                found = found or code == argument
            elif op is _constants.RANGE:
                found = found or argument[0] <= code <= argument[1]
            elif op is _constants.CATEGORY:
                found = found or kinds[argument]
        return found != negated

    tokens = _parser.parse(pattern)
    for more in (1, 0, 2, least, least + 1):
        text = write(tokens, more)
        if len(text) >= least and re.search(pattern, text):
            return text
    return write(tokens, 0)


def main():
    options = argparse.ArgumentParser(description="A scripted model server on 127.0.0.1.")
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--delay-ms", type=int, default=0, help="of every answer that no script says otherwise")
    given = options.parse_args()
    server = ModelServer(default={"delay_ms": given.delay_ms} if given.delay_ms else None, port=given.port).start()
    print(json.dumps({"url": server.url}), flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        server.stop()


if __name__ == "__main__":
    main()
