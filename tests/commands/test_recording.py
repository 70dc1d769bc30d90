"""`plenum test --record`: real models are asked once, by their own protocol; afterwards the tests run without them."""

import json
import sys

import pytest

from running import PROJECT

sys.path.insert(0, str(PROJECT / "tests/support"))
from model_server import ModelServer  # noqa: E402

APP = """
    plenum: 1
    app: asker
    models: {m: {use: gemini/gemini-3-flash-preview, max_tokens: 100}}
    graphs:
      ask:
        input: {text: {type: string, maxLength: 99}}
        state: {answer: {type: object, properties: {n: {type: integer}}, required: [n]}}
        nodes:
          - id: think
            llm: {model: m, prompt: "Think of {{text}}", output: {type: object, properties: {n: {type: integer}}, required: [n]}}
            set: answer
        output: {n: =answer.n}
      each:
        input: {words: list<string>}
        state: {all: list<string>}
        nodes:
          - {id: say, map: {over: words, do: [{id: one, llm: {model: m, prompt: "Say {{item}}"}}]}, set: all}
        output: {all: =all}
    routes:
      POST /ask: {start: ask, quota: 100/day}
      POST /each: {start: each, quota: 100/day}
"""
KEY = "gemini-key-7d1f"


@pytest.fixture
def models():
    with ModelServer() as server:
        yield server
        assert not [call["mistake"] for call in server.calls() if "mistake" in call]


@pytest.fixture
def record(project, models):
    """Writes the app with these tests, and records them."""
    def run(tests=None, *words, key=KEY):
        if tests is not None:
            project.write("apps.d/asker.yaml", APP + tests)
        return project.plenum("test", "--record", *words,
                              env={"GEMINI_API_KEY": key, "PLENUM_PROVIDERS_GEMINI_BASE_URL": models.url})
    return run


def case(body, name="it", tests="    tests:\n"):
    return f"{tests}      - name: {name}\n        steps:\n          - {body}\n"


def app_file(project):
    return (project.folder / "apps.d/asker.yaml").read_text()


def fixture(project, path):
    return (project.folder / "fixtures/asker" / path).read_text()


def test_what_a_model_said_is_replayed_without_it(project, record, models):
    models.script([{"json": {"n": 3}}])
    said = record(case("{call: POST /ask, body: {text: cats}, expect: [response.body.output.n == 3]}  # a test", "It thinks, once"))
    assert said.status == 0, said
    assert "recorded fixtures/asker/it_thinks_once/1_think.json\nrecorded apps.d/asker.yaml\n" in said.out, said
    assert json.loads(fixture(project, "it_thinks_once/1_think.json")) == {"n": 3}
    assert ("      - {call: POST /ask, replies: {think: fixtures/asker/it_thinks_once/1_think.json}, body: {text: cats}, "
            "expect: [response.body.output.n == 3]}  # a test\n") in app_file(project)
    assert len(models.calls()) == 1 and "Think of cats" in json.dumps(models.calls()[0]["body"])
    assert project.plenum("test").status == 0 and len(models.calls()) == 1
    assert "error" not in project.plenum("lint", "apps.d", "--format", "json").out


def test_a_step_in_lines_keeps_its_layout(project, record, models):
    models.script([{"json": {"n": 3}}])
    said = record(case("call: POST /ask   # the call\n            body: {text: cats}"))
    assert said.status == 0, said
    assert ("call: POST /ask   # the call\n        replies: {think: fixtures/asker/it/1_think.json}\n        body: {text: cats}\n"
            in app_file(project)), app_file(project)
    assert project.plenum("test").status == 0


@pytest.mark.parametrize("replies", ["replies: {say/one: Hello}", "replies: {}", "replies:\n              say/one: Hello"])
def test_replies_that_are_there_stay(project, record, models, replies):
    models.script([{"json": {"n": 3}}])
    said = record(case(f"call: POST /ask\n            body: {{text: cats}}\n            {replies}"))
    assert said.status == 0 and len(models.calls()) == 1, said
    assert ("say/one: Hello" in app_file(project)) == ("Hello" in replies)
    assert project.plenum("test").status == 0


def test_a_fixture_that_is_missing_is_written_and_one_that_is_there_is_not_asked_for(project, record, models):
    tests = case("{call: POST /ask, body: {text: cats}, replies: {think: fixtures/asker/cats.json}}")
    models.script([{"json": {"n": 1}}, {"json": {"n": 2}}])
    before = record(tests)
    assert before.status == 0 and json.loads(fixture(project, "cats.json")) == {"n": 1}, before
    unchanged = app_file(project)
    again = record()
    assert again.status == 0 and "nothing was recorded: every reply is there; --again asks" in again.out, again
    assert len(models.calls()) == 1
    anew = record(None, "--again")
    assert anew.status == 0 and json.loads(fixture(project, "cats.json")) == {"n": 2}, anew
    assert app_file(project) == unchanged


def test_a_fixture_that_tests_share_is_asked_for_once(project, record, models):
    tests = case("{call: POST /ask, body: {text: cats}, replies: {think: fixtures/asker/cats.json}}")
    tests += case("{call: POST /ask, body: {text: dogs}, replies: {think: fixtures/asker/cats.json}}", "that", "")
    models.script([{"json": {"n": 1}}, {"json": {"n": 2}}])
    assert record(tests).status == 0 and len(models.calls()) == 1


def test_what_the_author_wrote_is_never_asked_for(project, record, models):
    tests = case('{call: POST /ask, body: {text: cats}, replies: {think: [{error: {status: 503}}, "no JSON", {n: 4}]}}')
    said = record(tests, "--again")
    assert said.status == 0 and models.calls() == [], said


def test_every_visit_of_a_node_has_its_reply(project, record, models):
    models.script([{"text": word, "match": f"Say {word}"} for word in ("two", "one", "three")])
    expect = '["one", "two", "three"]'
    said = record(case(f"{{call: POST /each, body: {{words: [one, two, three]}}, expect: 'response.body.output.all == {expect}'}}"))
    assert said.status == 0, said
    assert [fixture(project, f"it/1_say_one.{n}.txt") for n in (1, 2, 3)] == ["one", "two", "three"]
    assert project.plenum("test").status == 0


def test_an_answer_that_did_not_fit_is_replayed_with_the_one_that_followed(project, record, models):
    models.script([{"text": "Sure! Here it is."}, {"json": {"n": 5}}])
    said = record(case("{call: POST /ask, body: {text: cats}, expect: [response.body.output.n == 5]}"))
    assert said.status == 0, said
    assert fixture(project, "it/1_think.1.txt") == "Sure! Here it is."
    assert project.plenum("test").status == 0


def test_a_model_that_failed_and_was_asked_again_is_one_visit(project, record, models):
    models.script([{"status": 503}, {"json": {"n": 5}}])
    said = record(case("{call: POST /ask, body: {text: cats}, expect: [response.body.output.n == 5]}"))
    assert said.status == 0 and len(models.calls()) == 2, said
    assert json.loads(fixture(project, "it/1_think.json")) == {"n": 5}
    assert project.plenum("test").status == 0


def test_of_a_test_that_fails_nothing_is_kept(project, record, models):
    tests = case("{call: POST /ask, body: {text: cats}, expect: [response.body.output.n == 9]}")
    models.script([{"json": {"n": 1}}])
    said = record(tests)
    assert said.status == 1 and "nothing was recorded: only tests that pass are" in said.out, said
    assert "response.body.output.n is 1" in said.out and not (project.folder / "fixtures").exists()
    assert "replies" not in app_file(project)


def test_a_file_that_is_there_already_is_not_overwritten(project, record, models):
    project.write("fixtures/asker/it/1_think.json", "{}")
    models.script([{"json": {"n": 1}}])
    said = record(case("{call: POST /ask, body: {text: cats}}"))
    assert said.status == 0 and "recorded fixtures/asker/it/1_think_2.json" in said.out, said
    assert fixture(project, "it/1_think.json") == "{}\n" or fixture(project, "it/1_think.json") == "{}"


def test_tests_in_a_file_of_their_own_are_completed_there(project, record, models):
    project.write("fixtures/asker/tests.yaml", "- name: it\n  steps:\n    - call: POST /ask\n      body: {text: cats}\n")
    models.script([{"json": {"n": 1}}])
    said = record("    tests: fixtures/asker/tests.yaml\n")
    assert said.status == 0 and "recorded fixtures/asker/tests.yaml" in said.out, said
    assert "      replies: {think: fixtures/asker/it/1_think.json}\n" in fixture(project, "tests.yaml")
    assert project.plenum("test").status == 0


def test_without_a_key_nothing_is_asked(project, record, models):
    project.write("apps.d/asker.yaml", APP + case("{call: POST /ask, body: {text: cats}}"))
    said = project.plenum("test", "--record")
    assert said.status == 1 and "no key is set for the model provider `gemini`" in said.out, said
    assert "set GEMINI_API_KEY" in said.out


def test_no_key_is_in_what_is_written(project, record, models):
    models.script([{"json": {"n": 1}}])
    said = record(case("{call: POST /ask, body: {text: cats}}"))
    assert said.status == 0 and KEY not in said.out + said.err
    assert all(KEY not in path.read_text() for path in project.folder.rglob("*") if path.is_file())


def test_other_missing_files_are_mistakes_as_ever(project, record, models):
    said = record(case("{call: POST /ask, body: fixtures/asker/nothing.json}"))
    assert said.status == 1 and "error[R202]" in said.out and models.calls() == [], said
    said = project.plenum("test", "--again")
    assert said.status == 2 and "--again goes with --record" in said.err


FINDER = """
    plenum: 1
    app: asker
    models: {e: {use: openai/text-embedding-3-small, kind: embedding}}
    collections: {docs: {vector: e, ttl: 1h}}
    graphs:
      keep:
        input: {text: {type: string, maxLength: 99}}
        nodes: [{id: keep, ingest: {into: docs, text: =text, id: one}}]
      find:
        input: {text: {type: string, maxLength: 99}}
        state: {found: list<any>}
        nodes: [{id: find, retrieve: {from: docs, query: =text}, set: found}]
        output: {texts: "=found.map(f, f.text)"}
    routes:
      POST /keep: {start: keep, quota: 100/day}
      POST /find: {start: find, quota: 100/day}
    tests:
      - name: it
        steps:
          - {call: POST /keep, body: {text: Green tea is brewed.}}
          - {call: POST /find, body: {text: tea}, %s expect: 'response.body.output.texts == ["Green tea is brewed."]'}
"""


def test_what_is_retrieved_is_recorded_without_asking_anybody(project, models):
    asks = {"env": {"GEMINI_API_KEY": KEY, "PLENUM_PROVIDERS_GEMINI_BASE_URL": models.url}}
    path = project.write("apps.d/asker.yaml", FINDER % "")
    assert project.plenum("test").status == 1  # no reply for `find`
    said = project.plenum("test", "--record", **asks)
    assert said.status == 0, said
    assert "find: fixtures/asker/it/2_find.json" in path.read_text(encoding="utf-8"), path.read_text()
    assert project.plenum("test").status == 0
    # A reply whose fixture is named and missing is recorded, too.
    path.write_text((FINDER % "replies: {find: fixtures/asker/mine.json},").replace("\n    ", "\n").strip() + "\n")
    assert project.plenum("test", "--record", **asks).status == 0
    found = json.loads((path.parent.parent / "fixtures/asker/mine.json").read_text(encoding="utf-8"))
    assert [one["id"] for one in found] == ["one"] and models.calls() == []
