"""`plenum run`: one run on the terminal, kept nowhere."""

import json

import pytest

APP = """
    plenum: 1
    app: asker
    models: {m: {use: gemini/gemini-3-flash-preview, max_tokens: 100}}
    graphs:
      ask:
        input: {text: {type: string, maxLength: 5}, tone: {enum: [calm, warm], default: calm}}
        state: {said: string}
        nodes:
          - {id: think, set: said, progress: {at: 40, say: Thinking}, llm: {model: m, prompt: "{{text}} {{tone}}"}}
        output: {said: =said, tone: =tone}
      pause:
        input: {}
        nodes:
          - {id: gate, interrupt: {returns: "which one?", expects: {n: integer}}}
      upload: {input: {cv: file}, nodes: [{id: read, extract: {file: =cv}}]}
      refuse: {nodes: [{id: no, fail: {code: never, message: Not today.}}]}
    routes: {POST /ask: {start: ask, quota: 5/day}}
"""


@pytest.fixture
def asker(project):
    project.write("apps.d/asker.yaml", APP)
    project.write("fixtures/asker/think.txt", "I think so.")
    return project


def test_a_run_shows_its_progress_and_prints_its_output(asker):
    said = asker.plenum("run", "asker", "ask", "--input", '{"text": "hello"}')
    assert said.status == 0, said
    assert json.loads(said.out) == {"said": "I think so.\n", "tone": "calm"} or \
        json.loads(said.out) == {"said": "I think so.", "tone": "calm"}, said
    assert "40 % Thinking" in said.err and "think …" in said.err and "the model was offline" in said.err, said
    assert not (asker.folder / "data").exists()


def test_a_run_that_waits_says_so_and_takes_answers(asker):
    said = asker.plenum("run", "asker", "pause")
    assert said.status == 3 and json.loads(said.out) == "which one?" and "it waits at `gate`" in said.err, said
    said = asker.plenum("run", "asker", "pause", "--answer", '{"n": 7}')
    assert said.status == 0 and json.loads(said.out) == {"n": 7}, said
    said = asker.plenum("run", "asker", "pause", "--answer", '{"n": "x"}')
    assert said.status == 1 and "failed: invalid_answer" in said.err and "/n" in said.err, said


def test_a_run_that_fails_says_why(asker):
    said = asker.plenum("run", "asker", "refuse")
    assert said.status == 1 and said.err.endswith("failed: never: Not today.\n") and said.out == "", said


def test_usage(asker):
    for words, sentence in {
        ("askr", "ask"): "there is no app `askr`",
        ("asker", "aks"): "app `asker` has no graph `aks`; it has ask, pause, refuse or upload",
        ("asker", "ask"): "the input does not fit graph `ask`: `text` is required",
        ("asker", "ask", "--input", '{"text": "too long"}'): "/text: ",
        ("asker", "ask", "--input", "{"): "--input: ",
        ("asker", "upload"): "graph `upload` takes the file `cv`: serve the app and upload it there",
    }.items():
        said = asker.plenum("run", *words)
        assert said.status == 2 and sentence in said.err, said
