"""`plenum graph`: the pictures stand in tests/golden/graph/; UPDATE_GOLDEN=1 draws them anew."""

import os

import pytest

from running import PROJECT, plenum

GOLDEN = PROJECT / "tests/golden/graph"
EVERYTHING = """
    plenum: 1
    app: everything
    models: {m: {use: gemini/gemini-3-flash-preview, max_tokens: 100}}
    graphs:
      main:
        input: {text: string}
        state: {score: {type: object, properties: {n: {type: integer}}, required: [n]}, word: optional<string>}
        nodes:
          - id: rate
            llm: {model: m, prompt: "{{text}}", output: {type: object, properties: {n: {type: integer}}, required: [n]}}
            set: score
            next: [{when: result.n > 9 && text != "\\"#<b>", to: good}, {when: result.n < 2, to: end}]
            on_error: {next: sorry}
          - {id: middling, set: {word: so so}, next: ask}
          - {id: good, render: {template: "Well done: {{text}}"}, set: word}
          - {id: ask, when: size(text) > 3, interrupt: {expects: {ok: boolean}}, next: end}
          - {id: sorry, when: size(text) > 9, fail: {code: sorry, message: No.}}
          - {id: pick, next: [{when: size(text) == 1, to: last}]}
          - {id: last, render: {template: x}}
    routes: {POST /go: {start: main, quota: 5/day}, POST /ask: {resume: main.ask}}
"""


def same(name, text):
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("form, ending", [("mermaid", "mmd"), ("dot", "dot")])
def test_every_kind_of_edge(project, form, ending):
    project.write("apps.d/everything.yaml", EVERYTHING)
    said = project.plenum("graph", "everything", "--format", form)
    assert said.status == 0, said
    same(f"everything.{ending}", said.out)


def test_tools_stand_beside_the_model_that_may_ask_for_them():
    said = plenum("graph", "counter", "--root", str(PROJECT / "examples"))
    assert said.status == 0, said
    same("counter.mmd", said.out)


@pytest.mark.parametrize("app", ["clearreply", "fitmycv"])
def test_the_projects_own_apps(app):
    said = plenum("graph", app)
    assert said.status == 0, said
    same(f"{app}.mmd", said.out)


def test_mistakes_are_told(project):
    said = project.plenum("graph", "nowhere")
    assert said.status == 2 and "there is no app `nowhere`" in said.err, said
    project.write("apps.d/bad.yaml", "plenum: 1\napp: bad\n")
    said = project.plenum("graph", "apps.d/bad.yaml")
    assert said.status == 2 and "an app file needs `graphs`" in said.err and said.out == "", said
    assert project.plenum("graph", "bad", "--format", "png").status == 2


def test_openapi_is_printed(project):
    project.write("apps.d/everything.yaml", EVERYTHING)
    said = project.plenum("openapi", "everything")
    assert said.status == 0 and '"/api/v1/everything/go"' in said.out, said
    assert project.plenum("openapi", "evrything").status == 2
