"""What a client sends wrong: it is told what, where and what would be right; never a 5xx, and nothing is lost."""

import io
import json
import socket
import struct
import time
import zipfile
import zlib

import pytest

from conftest import ANALYSIS, PROJECT, REPLIES, Client, needs_sandbox


def waiting_run(client, models):
    models.script([{"json": ANALYSIS}])
    return client.analyze().ok()["run_id"]


def pointers(document):
    return [error["pointer"] for error in document["errors"]]


# Routes and methods


@pytest.mark.parametrize("path, meant", [
    ("/api/v1/clearreply/analyse", "/api/v1/clearreply/analyze"),
    ("/api/v1/clearrepy/analyze", "/api/v1/clearreply/analyze"),
    ("/api/v1/fitmycv/uplod", "/api/v1/fitmycv/upload"),
    ("/healtz", "/healthz"),
])
def test_an_unknown_route_is_a_404_that_guesses_what_was_meant(clearreply, path, meant):
    document = clearreply.server.request("POST", path).problem(404, "route_not_found")
    assert f"did you mean `{meant}`" in document["detail"]


@pytest.mark.parametrize("path", ["/nothing/like/it", "/api", "/api/v1/clearreply/", "//", "/api/v1/clearreply/analyze/x", "/%F0%9F%92%A9"])
def test_a_path_that_resembles_nothing_is_a_404(server, path):
    server.request("GET", path).problem(404, "route_not_found")


@pytest.mark.parametrize("method, path, allow", [
    ("GET", "/api/v1/clearreply/analyze", "POST"),
    ("PUT", "/api/v1/clearreply/generate", "POST"),
    ("POST", "/api/v1/clearreply/runs/run_x", "DELETE, GET, HEAD"),
    ("PATCH", "/api/v1/fitmycv/results/row_x", "DELETE, GET, HEAD"),
    ("DELETE", "/healthz", "GET, HEAD"),
    ("OPTIONS", "/api/v1/clearreply/analyze", "POST"),
])
def test_a_wrong_method_is_a_405_that_names_the_right_ones(server, method, path, allow):
    reply = server.request(method, path)
    document = reply.problem(405, "method_not_allowed")
    assert sorted(word.strip() for word in reply.headers["Allow"].split(",")) == allow.split(", ")
    assert method in document["detail"]


# Bodies


@pytest.mark.parametrize("body, place", [
    (b'{"message": "hi"', "line 1, column 17"),
    (b'{"message": "hi",\n "context": nope}', "line 2, column 13"),
    (b"{'message': 1}", "line 1, column 2"),
    (b'{"message": "a", "message": "b"}', "line 1, column "),
    (b'{"message": "\xff"}', "line 1, column "),
    (b'{"message": "\\ud800"}', "line 1, column "),
    (b'{"message": "hi"} trailing', "line 1, column 19"),
    (b"[" * 5000, "line 1, column "),
    (b'{"n": 1e999}', "line 1, column "),
    (b"\x00", "line 1, column 1"),
], ids=lambda value: str(value)[:40])
def test_a_body_that_is_not_json_is_a_400_with_the_place(clearreply, models, body, place):
    assert place in clearreply.post("/analyze", body).problem(400, "malformed_json")["detail"]
    assert models.calls() == []


@pytest.mark.parametrize("body, where", [
    ({}, ""), (None, ""),
    ({"message": ""}, "/message"), ({"message": 7}, "/message"), ({"message": None}, "/message"),
    ({"message": "x" * 8001}, "/message"), ({"message": "hi", "context": ["no"]}, "/context"),
    ({"message": "hi", "extra": 1}, "/extra"), ({"message": "hi", "tone": "friendly"}, "/tone"),
    ([], ""), ("text", ""), (7, ""),
], ids=lambda value: str(value)[:30])
def test_a_body_that_breaks_the_input_schema_is_a_422_with_json_pointers(clearreply, models, body, where):
    document = clearreply.post("/analyze", body).problem(422, "invalid_input")
    assert where in pointers(document) or where == "/extra" and "" in pointers(document), document
    assert all(error["detail"] for error in document["errors"])
    assert models.calls() == []


def test_all_mistakes_of_a_body_are_told_at_once(clearreply):
    document = clearreply.post("/analyze", {"context": 1, "wrong": 2}).problem(422, "invalid_input")
    assert len(document["errors"]) == 3
    assert "message" in json.dumps(document["errors"]) and "wrong" in json.dumps(document["errors"])


def test_a_job_description_that_is_too_short_and_an_unknown_template_make_no_job(fitmycv, models):
    document = fitmycv.post("/jobs/create", {"cv_id": "row_x", "job_description": "short", "template": "comic"})
    assert set(pointers(document.problem(422, "invalid_input"))) == {"/job_description", "/template"}
    assert "professional" in json.dumps(document.json["errors"])


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "nonsense", ";"])
def test_a_body_of_another_media_type_is_a_415(clearreply, kind):
    document = clearreply.send("POST", "/analyze", b'{"message": "hi"}', Content_Type=kind).problem(415, "unsupported_media_type")
    assert "application/json" in document["detail"]


def test_json_with_a_charset_and_a_json_dialect_are_taken(clearreply, models):
    for kind in ("application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.example+json"):
        models.script([{"json": ANALYSIS}])
        clearreply.analyze(Content_Type=kind).ok()


def test_a_body_past_the_limit_is_a_413(clearreply, models):
    reply = clearreply.post("/analyze", {"message": "x" * (1 << 20)})
    assert reply.status == 413 and reply.json["code"], reply
    assert models.calls() == []


def test_a_declared_length_past_the_limit_is_a_413_before_the_body_comes(clearreply):
    head = (f"POST /api/v1/clearreply/analyze HTTP/1.1\r\nHost: localhost\r\nAuthorization: {clearreply.token}\r\n"
            "Content-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n").encode()
    said = clearreply.server.raw(head)
    assert said.startswith(b"HTTP/1.1 413 "), said


@pytest.mark.parametrize("request_bytes, status", [
    (b"GET / HTTP/1.1\r\n\r\n", 400), (b"nonsense\r\n\r\n", 400), (b"GET / HTTP/3.0\r\nHost: x\r\n\r\n", 400),
    (b"GET /../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", 400), (b"GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"GET /%ff HTTP/1.1\r\nHost: x\r\n\r\n", 400), (b"GET /%2e%2e/x HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 17000 + b"\r\n\r\n", 431),
], ids=lambda value: str(value)[:50])
def test_a_request_that_is_not_proper_http_gets_a_proper_answer(server, request_bytes, status):
    said = server.raw(request_bytes)
    assert said.startswith(f"HTTP/1.1 {status} ".encode()), said[:300]
    assert b"application/problem+json" in said


# The answer to a paused run


@pytest.mark.parametrize("answer, pointer", [
    ({"tone": "sarcastic"}, "/tone"), ({"tone": 3}, "/tone"), ({"tone": None}, "/tone"), ({}, ""),
    ({"tone": "friendly", "note": 5}, "/note"), ({"tone": "friendly", "extra": 1}, "/extra"),
], ids=str)
def test_an_answer_that_does_not_fit_is_a_422_and_the_run_waits_on_for_a_right_one(clearreply, models, answer, pointer):
    run = waiting_run(clearreply, models)
    document = clearreply.post("/generate", {"run_id": run, **answer}).problem(422, "invalid_answer")
    assert pointer in pointers(document) or pointer == "/extra" and "" in pointers(document), document
    if answer.get("tone") == "sarcastic":
        assert "friendly" in json.dumps(document["errors"])
    page = clearreply.get(f"/runs/{run}").ok()
    assert page["status"] == "waiting" and page["at"] == "choose" and page["output"] == ANALYSIS

    models.script([{"json": REPLIES}])
    assert clearreply.post("/generate", {"run_id": run, "tone": "friendly"}).ok()["output"] == REPLIES


def test_a_second_answer_is_a_409_and_the_first_ones_replies_stay(clearreply, models):
    run = waiting_run(clearreply, models)
    models.script([{"json": REPLIES}])
    clearreply.post("/generate", {"run_id": run, "tone": "friendly"}).ok()
    document = clearreply.post("/generate", {"run_id": run, "tone": "casual"}).problem(409, "not_waiting")
    assert "completed" in document["detail"]
    assert clearreply.get(f"/runs/{run}/result").ok() == REPLIES
    assert len(models.calls()) == 2


def test_an_answer_without_or_with_a_senseless_run_id_is_refused(clearreply):
    for body in ({"tone": "friendly"}, {"run_id": "", "tone": "friendly"}, {"run_id": 7, "tone": "friendly"}):
        document = clearreply.post("/generate", body).problem(422, "missing_run_id")
        assert "run_id" in document["detail"]


def test_an_unknown_run_or_job_is_a_404_wherever_it_is_named(clearreply):
    for name in ("run_00000000000000000000000000", "job_x", "x", "%20", "run_" + "é", "0"):
        for method, path in (("GET", ""), ("GET", "/status"), ("GET", "/result"), ("GET", "/events"), ("DELETE", "")):
            for kind in ("jobs", "runs"):
                reply = clearreply.send(method, f"/{kind}/{name.replace('é', '%C3%A9')}{path}")
                assert reply.problem(404, "not_found")["detail"] == "there is no such run"
    clearreply.post("/generate", {"run_id": "run_x", "tone": "friendly"}).problem(404, "not_found")


# Who asks


@pytest.mark.parametrize("header", [
    None, "", "Bearer", "Bearer ", "Bearer nobody", "Basic YTpi", "Bearer dev:", "Bearer dev::pro", "Bearer dev:a b",
    "Bearer dev:a:", "Bearer dev:../x", "dev:ada", "Bearer dev:" + "a" * 200, "Bearer eyJhbGciOiJub25lIn0.e30.",
], ids=str)
def test_without_a_proper_sign_in_there_is_only_a_401(server, models, header):
    headers = {"Content-Type": "application/json", **({} if header is None else {"Authorization": header})}
    for method, path in (("POST", "/analyze"), ("GET", "/runs/run_x"), ("DELETE", "/jobs/job_x")):
        reply = server.request(method, f"/api/v1/clearreply{path}", b'{"message": "hi"}' if method == "POST" else None, headers)
        bad = (header or "").startswith("Bearer ") and header != "Bearer "
        reply.problem(401, "invalid_token" if bad else "unauthenticated")
        assert reply.headers["WWW-Authenticate"] == ('Bearer error="invalid_token"' if bad else "Bearer")
    assert models.calls() == []


def test_a_route_for_another_plan_is_a_402_that_names_the_plan(server, models):
    models.script([{"text": "Fine."}])
    document = Client(server, "probe", "ada", "free").post("/pro", {"question": "How?"}).problem(402, "plan_required")
    assert "pro" in document["detail"] and "free" in document["detail"]
    assert Client(server, "probe", "ada", "pro").post("/pro", {"question": "How?"}).ok()["output"] == "Fine."


def test_the_free_plan_has_ten_analyses_a_day_and_the_pro_plan_is_not_held_up(clearreply, models):
    models.script([], default={"json": ANALYSIS})
    runs = [clearreply.analyze().ok()["run_id"] for _ in range(10)]
    reply = clearreply.analyze()
    document = reply.problem(429, "quota_exceeded")
    assert "10" in document["detail"]
    left = 86_400 - time.time() % 86_400
    assert abs(int(reply.headers["Retry-After"]) - left) < 30 or left < 30
    assert len(models.calls()) == 10
    assert clearreply.get(f"/runs/{runs[0]}").ok()["status"] == "waiting"  # what was begun goes on
    models.script([{"json": REPLIES}])
    clearreply.post("/generate", {"run_id": runs[9], "tone": "friendly"}).ok()

    pro = Client(clearreply.server, "clearreply", clearreply.user + "-pro", "pro")
    for _ in range(12):
        pro.analyze().ok()


def test_a_request_that_is_refused_costs_nothing_of_the_quota(clearreply, models):
    models.script([], default={"json": ANALYSIS})
    for _ in range(15):
        clearreply.post("/analyze", {"message": ""}).problem(422)
        clearreply.post("/analyze", b"{").problem(400)
    for _ in range(10):
        clearreply.analyze().ok()
    clearreply.analyze().problem(429)


# Uploads


def png():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b""))


def zipped(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return out.getvalue()


@pytest.mark.parametrize("name, content", [
    ("cv.pdf", png()), ("cv.txt", png()), ("cv.pdf", b"\xff\xd8\xff\xe0" + b"\0" * 500), ("cv.docx", zipped(a="not a document")),
    ("cv.docx", b"PK\x03\x04"), ("cv.pdf", b"MZ\x90\0" + b"\0" * 300), ("cv.txt", b"\x7fELF" + b"\0" * 300),
    ("cv.txt", b"<!DOCTYPE html><html><body>" + b"hello " * 100), ("cv.txt", b"text\0with\0zeroes" * 30),
    ("cv.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600), ("cv.html", b"<html><body>" + b"hello " * 100),
    ("cv.md", b"# Mara Lindqvist\n" + b"hello " * 100), ("cv.txt", b"{\\rtf1 hello}"),
], ids=lambda value: str(value)[:24])
def test_the_content_of_an_upload_decides_and_not_its_name_or_the_clients_word(fitmycv, name, content):
    for said in ("application/pdf", "text/plain", "application/octet-stream"):
        document = fitmycv.form("/upload", [("cv", name, content, said)]).problem(415, "unsupported_type")
        assert "pdf" in document["detail"] and "docx" in document["detail"] and "txt" in document["detail"]
    assert fitmycv.get("/cvs").ok()["items"] == []


@needs_sandbox
@pytest.mark.parametrize("name, content", [
    ("cv.txt", b"Ada Lovelace, programmer."), ("cv.txt", b" \n" * 400),
    ("cv.docx", zipped(**{"[Content_Types].xml": "<Types/>", "word/document.xml":
     '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body/></w:document>'})),
], ids=lambda value: str(value)[:24])
def test_a_cv_without_enough_text_is_unreadable(fitmycv, name, content):
    document = fitmycv.upload(name, content).problem(422, "unreadable_cv")
    assert document["detail"] == "We found no text in this file." and document["run_id"]
    assert fitmycv.get("/cvs").ok()["items"] == []


@needs_sandbox
@pytest.mark.parametrize("name, content", [
    ("cv.pdf", b"%PDF-1.7\nnonsense " * 50), ("cv.pdf", (PROJECT / "fixtures/fitmycv/cv.pdf").read_bytes()[:9000]),
    ("cv.docx", (PROJECT / "fixtures/fitmycv/cv.docx").read_bytes()[:1500]),
    ("cv.docx", zipped(**{"[Content_Types].xml": "<Types/>", "word/document.xml": "<w:document><unclosed>"})),
    ("cv.docx", zipped(**{"[Content_Types].xml": "<Types/>", "word/document.xml":
     '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><w:document>&x;</w:document>'})),
], ids=lambda value: str(value)[:24])
def test_a_damaged_file_is_a_422_and_never_an_error_of_the_server(fitmycv, name, content):
    document = fitmycv.upload(name, content).problem(422)
    assert document["code"] in ("unreadable_file", "unreadable_cv", "unsupported_type"), document
    assert "root:" not in document["detail"]


def test_a_file_past_its_limit_is_a_413(fitmycv):
    document = fitmycv.upload("cv.txt", b"word " * (2 << 20) + b"more").problem(413, "too_large")
    assert "10240 KB" in document["detail"]


def test_a_form_past_the_routes_limit_is_a_413(fitmycv):
    head = (f"POST /api/v1/fitmycv/upload HTTP/1.1\r\nHost: localhost\r\nAuthorization: {fitmycv.token}\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 50000000\r\n\r\n").encode()
    assert fitmycv.server.raw(head).startswith(b"HTTP/1.1 413 ")


def test_an_empty_file_is_told_apart_from_a_missing_one(fitmycv):
    fitmycv.upload("cv.txt", b"").problem(422, "unreadable_file")
    document = fitmycv.form("/upload", []).problem(422, "missing_file")
    assert "`cv`" in document["detail"]
    fitmycv.form("/upload", [("cv", "only text, no file")]).problem(400, "not_a_file")


def test_a_file_or_a_field_that_nobody_asked_for_is_refused(fitmycv):
    cv = (PROJECT / "fixtures/fitmycv/cv.txt").read_bytes()
    document = fitmycv.form("/upload", [("cv", "cv.txt", cv), ("photo", "me.txt", b"hello")]).problem(400, "unexpected_file")
    assert "photo" in document["detail"]
    document = fitmycv.form("/upload", [("cv", "cv.txt", cv), ("colour", "red")]).problem(422, "invalid_input")
    assert "colour" in json.dumps(document["errors"])
    assert fitmycv.get("/cvs").ok()["items"] == []


def test_a_second_file_under_the_same_name_is_refused(fitmycv):
    cv = (PROJECT / "fixtures/fitmycv/cv.txt").read_bytes()
    fitmycv.form("/upload", [("cv", "a.txt", cv), ("cv", "b.txt", cv)]).problem(400, "repeated_field")
    assert fitmycv.get("/cvs").ok()["items"] == []


def test_a_file_cannot_be_named_in_a_text_field(fitmycv):
    reply = fitmycv.form("/upload", [("cv", json.dumps({"id": "file_x", "name": "a", "mime": "text/plain", "size": 1}))])
    reply.problem(400, "not_a_file")


@pytest.mark.parametrize("kind, body, status", [
    ("application/json", b"{}", 415), (None, b"x", 415), ("multipart/form-data", b"x", 400),
    ("multipart/form-data; boundary=b", b"no parts at all", 400), ("multipart/form-data; boundary=b", b"--b\r\n", 400),
    ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n", 400),
    ("multipart/form-data; boundary=b", b"", 400), ("multipart/form-data; boundary=" + "b" * 300, b"x", 400),
], ids=str)
def test_an_upload_in_the_wrong_form_is_refused(fitmycv, kind, body, status):
    fitmycv.send("POST", "/upload", body, Content_Type=kind).problem(status)


def test_a_job_with_a_cv_that_is_not_there_fails_with_not_found(fitmycv, models):
    job = fitmycv.create("row_nothing").ok(202)["job_id"]
    page = fitmycv.finished(job, "failed")
    assert page["error"]["code"] == "not_found"
    fitmycv.get(f"/jobs/{job}/result").problem(404, "not_found")
    assert models.calls() == []


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=-1", "limit=1e3", "limit=99999999999999999999"])
def test_a_senseless_page_size_is_refused(fitmycv, query):
    fitmycv.get(f"/cvs?{query}").problem(400, "invalid_parameter")


def test_a_client_that_hangs_up_in_the_middle_of_its_request_disturbs_nobody(clearreply, models):
    for cut in (10, 60, 150):
        whole = (f"POST /api/v1/clearreply/analyze HTTP/1.1\r\nHost: localhost\r\nAuthorization: {clearreply.token}\r\n"
                 'Content-Type: application/json\r\nContent-Length: 20\r\n\r\n{"message": "hello"}').encode()
        with socket.create_connection(("127.0.0.1", clearreply.server.port)) as connection:
            connection.sendall(whole[:cut])
    models.script([{"json": ANALYSIS}])
    clearreply.analyze().ok()
    assert len(models.calls()) == 1
