"""Documents in and out: uploads of every type are read, and every design comes out as a printable PDF."""

import copy
import re
import subprocess

import pytest

from conftest import CV, JOB, PROJECT, READS_JOB, TAILORS, needs_sandbox

pytestmark = needs_sandbox


def text_of(pdf, tmp_path, *options):
    path = tmp_path / "cv.pdf"
    path.write_bytes(pdf)
    return subprocess.run(["pdftotext", "-layout", *options, str(path), "-"], check=True, capture_output=True).stdout.decode()


def tailored(client, models, cv, **more):
    models.script([{"json": JOB, "match": READS_JOB}, {"json": cv, "match": TAILORS}])
    return client.finished(client.new_job(**more))["output"]["pdf"]


@pytest.mark.parametrize("template", ["professional", "modern", "slate", "suna"])
def test_every_design_becomes_a_real_pdf_that_shows_the_cv(fitmycv, models, tmp_path, template):
    pdf = tailored(fitmycv, models, CV, template=template)
    assert pdf["name"] == f"CV {CV['name']}.pdf" and pdf["mime"] == "application/pdf"
    reply = fitmycv.server.request("GET", pdf["url"])
    assert reply.status == 200 and len(reply.body) == pdf["size"] and reply.body.startswith(b"%PDF-")
    shown = text_of(reply.body, tmp_path)
    flat = re.sub(r"\s+", " ", shown).lower()
    assert CV["name"].lower() in flat
    for job in CV["experience"]:
        assert job["company"].lower() in flat
    about = subprocess.run(["pdfinfo", str(tmp_path / "cv.pdf")], check=True, capture_output=True).stdout.decode()
    assert "A4" in about


def test_without_a_choice_the_design_is_professional(fitmycv, models):
    pdf = tailored(fitmycv, models, CV)
    assert fitmycv.server.request("GET", pdf["url"]).body.startswith(b"%PDF-")
    assert fitmycv.get("/results").ok()["items"][0]["data"]["cv"]["name"] == CV["name"]


def test_markup_in_a_cv_is_shown_as_text_and_fetches_nothing(fitmycv, models, tmp_path):
    cv = copy.deepcopy(CV)
    trap = f"<img src='{models.url}/stolen'><script>document.body.innerHTML='gone'</script>"
    cv["summary"] = trap
    cv["headline"] = "<iframe src='file:///etc/passwd'></iframe>"
    pdf = fitmycv.server.request("GET", tailored(fitmycv, models, cv)["url"]).body
    flat = re.sub(r"\s+", "", text_of(pdf, tmp_path))
    assert re.sub(r"\s+", "", trap)[:40] in flat and "root:x" not in flat
    assert len(models.calls()) == 2


def test_names_in_other_scripts_come_through_and_the_download_has_them_in_its_header(fitmycv, models, tmp_path):
    cv = {**copy.deepcopy(CV), "name": 'Łucja "Zoë" Müller/Ωμέγα'}
    pdf = tailored(fitmycv, models, cv)
    reply = fitmycv.server.request("GET", pdf["url"])
    disposition = reply.headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename=\"") and "filename*=UTF-8''CV%20" in disposition
    assert disposition.isascii() and "/" not in disposition and "\n" not in disposition
    assert disposition.count('"') == 2
    assert "Müller" in text_of(reply.body, tmp_path) and "Ωμέγα" in text_of(reply.body, tmp_path)


def test_a_download_cannot_run_be_cached_or_be_guessed_into_something_else(fitmycv, models):
    headers = fitmycv.server.request("GET", tailored(fitmycv, models, CV)["url"]).headers
    assert headers["Content-Type"] == "application/pdf"
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["Content-Security-Policy"] == "sandbox; frame-ancestors 'none'"
    assert headers["Cache-Control"] == "private, no-store" and headers["Referrer-Policy"] == "no-referrer"
    assert re.search(r'^attachment; filename="CV Mara Lindqvist\.pdf"', headers["Content-Disposition"])


@pytest.mark.parametrize("name, mime", [
    ("cv.pdf", "application/pdf"),
    ("cv.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("cv.txt", "text/plain"),
])
def test_a_cv_in_every_accepted_type_is_read_and_can_be_fetched_again(fitmycv, name, mime):
    content = (PROJECT / "fixtures/fitmycv" / name).read_bytes()
    fitmycv.upload(name, content).ok()
    [row] = fitmycv.get("/cvs").ok()["items"]
    assert "Mara Lindqvist" in row["data"]["text"] and len(row["data"]["text"]) > 500
    file = row["data"]["file"]
    assert file["name"] == name and file["mime"] == mime and file["size"] == len(content)
    again = fitmycv.server.request("GET", file["url"])
    assert again.status == 200 and again.body == content and again.headers["Content-Type"].split(";")[0] == mime


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_a_text_in_any_usual_encoding_is_read(fitmycv, encoding):
    text = "Zoë Müller, Ingénieure\n" + "Ten years of bridges, tunnels and dams in Orléans.\n" * 8
    fitmycv.upload("cv.txt", text.encode(encoding)).ok()
    [row] = fitmycv.get("/cvs").ok()["items"]
    assert "Zoë Müller, Ingénieure" in row["data"]["text"]


@pytest.mark.parametrize("name", ["../../etc/passwd.txt", "a\\b.txt", "<b>.txt", "cv\u202etxt.exe.txt", "ü" * 200 + ".txt", ".txt", "x"])
def test_a_strange_file_name_is_only_a_name(fitmycv, name):
    body = ("--b\r\nContent-Disposition: form-data; name=\"cv\"; filename=\"" + name + "\"\r\n\r\n").encode()
    body += (PROJECT / "fixtures/fitmycv/cv.txt").read_bytes() + b"\r\n--b--\r\n"
    reply = fitmycv.send("POST", "/upload", body, Content_Type="multipart/form-data; boundary=b")
    assert reply.status == 200, reply
    [row] = fitmycv.get("/cvs").ok()["items"]
    file = fitmycv.server.request("GET", row["data"]["file"]["url"])
    assert file.status == 200 and file.headers["Content-Disposition"].isascii()
    assert "/" not in row["data"]["name"] and "\u202e" not in row["data"]["name"], row["data"]["name"]


def test_a_deleted_cv_is_gone_from_the_list_and_cannot_be_tailored(fitmycv, models):
    cv = fitmycv.cv_id()
    assert fitmycv.delete(f"/cvs/{cv}").status == 204
    fitmycv.delete(f"/cvs/{cv}").problem(404, "not_found")
    assert fitmycv.get("/cvs").ok()["items"] == []
    assert fitmycv.finished(fitmycv.create(cv).ok(202)["job_id"], "failed")["error"]["code"] == "not_found"
    assert models.calls() == []
