"""Images and PDFs that a model is shown: uploaded, stored, and sent in the provider's form."""

import base64

from conftest import PROJECT

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


def test_a_model_is_shown_an_uploaded_image(probe, models):
    models.script([{"text": "A dot."}])
    assert probe.form("/look", [("photo", "dot.png", PNG), ("question", "What is on it?")]).ok()["output"] == "A dot."
    parts = models.calls()[0]["body"]["contents"][0]["parts"]
    assert [base64.b64decode(part["inlineData"]["data"]) for part in parts if "inlineData" in part] == [PNG]
    assert [part["inlineData"]["mimeType"] for part in parts if "inlineData" in part] == ["image/png"]
    assert [part["text"] for part in parts if "text" in part] == ["What is on it?"]


def test_a_pdf_is_shown_whole_and_a_text_is_refused(probe, models):
    pdf = (PROJECT / "fixtures/fitmycv/cv.pdf").read_bytes()
    models.script([{"text": "A CV."}])
    assert probe.form("/look", [("photo", "cv.pdf", pdf)]).ok()["output"] == "A CV."
    part = next(part for part in models.calls()[0]["body"]["contents"][0]["parts"] if "inlineData" in part)
    assert part["inlineData"]["mimeType"] == "application/pdf" and base64.b64decode(part["inlineData"]["data"]) == pdf
    problem = probe.form("/look", [("photo", "notes.txt", b"only words")]).problem(422, "unsupported_type")
    assert "`extract` its text instead" in problem["detail"]
    assert len(models.calls()) == 1


def test_files_that_are_too_large_for_a_call_never_reach_the_model(probe, models):
    problem = probe.form("/look/twice", [("photo", "large.png", PNG + bytes(8 << 20))]).problem(413, "too_large")
    assert "14 MB" in problem["detail"]
    assert models.calls() == []
