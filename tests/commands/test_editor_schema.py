"""`plenum schema`: the JSON Schema of app files is the committed one, and takes what the loader takes."""

import json
import re

import pytest

from running import PROJECT, plenum

SCHEMA = PROJECT / "schemas/app.schema.json"
APPS = sorted((PROJECT / "apps.d").glob("*.yaml"))
EXAMPLES = sorted((PROJECT / "examples/apps.d").glob("*.yaml"))


def schema():
    said = plenum("schema")
    assert said.status == 0, said
    return said.out


def test_the_committed_schema_is_the_generated_one():
    assert schema() == SCHEMA.read_text(encoding="utf-8"), "run: plenum schema > schemas/app.schema.json"


def test_every_key_is_described():
    def keys(node, path):
        for name, value in node.get("properties", {}).items():
            assert value.get("description"), f"{path}.{name} has no description"
            keys(value, f"{path}.{name}")
    document = json.loads(schema())
    keys(document, "app")
    for name, definition in document["definitions"].items():
        keys(definition, name)
        for one in definition.get("anyOf", []):
            keys(one, name)


@pytest.mark.parametrize("path", APPS, ids=lambda path: path.stem)
def test_every_app_says_where_its_schema_is_and_fits_it(path):
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=../schemas/app.schema.json\n")
    jsonschema = pytest.importorskip("jsonschema")
    yaml = pytest.importorskip("yaml")
    validator = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert [error.message for error in validator.iter_errors(yaml.safe_load(text))] == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_fits_the_schema(path):
    jsonschema = pytest.importorskip("jsonschema")
    yaml = pytest.importorskip("yaml")
    validator = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert [error.message for error in validator.iter_errors(yaml.safe_load(path.read_text(encoding="utf-8")))] == []


def test_the_schema_refuses_what_the_loader_refuses():
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    jsonschema.Draft7Validator.check_schema(validator.schema)
    good = {"plenum": 1, "app": "a", "graphs": {"g": {"nodes": [{"id": "n", "render": {"template": "x"}}]}},
            "routes": {"POST /x": {"start": "g"}}}
    assert list(validator.iter_errors(good)) == []
    for change in (lambda a: a.pop("routes"), lambda a: a.update(rotes={}), lambda a: a.update(plenum=2),
                   lambda a: a["routes"].update({"FETCH /x": {"start": "g"}}),
                   lambda a: a["graphs"]["g"]["nodes"][0].update(timeout="soon"),
                   lambda a: a["graphs"]["g"]["nodes"][0].update(fail={"code": "c", "message": "m"}),
                   lambda a: a["graphs"]["g"]["nodes"][0].update(render={"tmplate": "x"}),
                   lambda a: a["graphs"]["g"]["nodes"][0].update(render={})):
        bad = json.loads(json.dumps(good))
        change(bad)
        assert list(validator.iter_errors(bad)), bad


# A place of the editor's tables, and a file with an unknown key there: the loader then lists the known ones.
HEAD = "plenum: 1\napp: a\n"
GRAPHS = "graphs: {g: {nodes: [{id: n, render: {template: x}}]}}\n"
ROUTES = "routes: {POST /x: {start: g}}\n"
NODE = HEAD + ROUTES + "graphs: {g: {nodes: [{id: n, render: {template: x}, %s}]}}\n"
PLACES = {
    "variable": HEAD + GRAPHS + ROUTES + "env: {A: {zzzzzzzz: 1}}\n",
    "model": HEAD + GRAPHS + ROUTES + "models: {m: {zzzzzzzz: 1}}\n",
    "tool": HEAD + GRAPHS + ROUTES + "tools: {m: {zzzzzzzz: 1}}\n",
    "collection": HEAD + GRAPHS + ROUTES + "collections: {m: {zzzzzzzz: 1}}\n",
    "graph": HEAD + ROUTES + "graphs: {g: {zzzzzzzz: 1}}\n",
    "edge": NODE % "next: [{zzzzzzzz: 1}]",
    "retry": NODE % "retry: {zzzzzzzz: 1}",
    "on_error": NODE % "on_error: {zzzzzzzz: 1}",
    "progress": NODE % "progress: {zzzzzzzz: 1}",
    "cache": HEAD + ROUTES + "models: {m: {use: gemini/gemini-3-flash-preview}}\n"
             "graphs: {g: {nodes: [{id: n, llm: {model: m, prompt: x}, cache: {zzzzzzzz: 1}}]}}\n",
    "schedule": HEAD + GRAPHS + ROUTES + "schedules: [{zzzzzzzz: 1}]\n",
    "route": HEAD + GRAPHS + "routes: {POST /x: {zzzzzzzz: 1}}\n",
    "access": HEAD + GRAPHS + ROUTES + "access: {zzzzzzzz: 1}\n",
    "upload": HEAD + GRAPHS + "routes: {POST /x: {start: g, files: {f: {zzzzzzzz: 1}}}}\n",
    "roles": HEAD + GRAPHS + "routes: {POST /x: {start: g, auth: {zzzzzzzz: 1}}}\n",
    "job": HEAD + GRAPHS + "routes: {POST /x: {start: g, job: {zzzzzzzz: 1}}}\n",
    "limits": HEAD + GRAPHS + ROUTES + "limits: {zzzzzzzz: 1}\n",
    "test": HEAD + GRAPHS + ROUTES + "tests: [{zzzzzzzz: 1}]\n",
    "test_user": HEAD + GRAPHS + ROUTES + "tests: [{name: a, steps: [], user: {zzzzzzzz: 1}}]\n",
    "step": HEAD + GRAPHS + ROUTES + "tests: [{name: a, steps: [{zzzzzzzz: 1}]}]\n",
    None: HEAD + GRAPHS + ROUTES + "zzzzzzzz: 1\n",
}
# Known to the loader, which refuses them as not supported yet: an editor must not offer them.
LATER = {None: {"webhooks"}}


@pytest.mark.parametrize("name", PLACES, ids=lambda name: name or "top")
def test_the_editor_knows_the_loaders_keys(project, name):
    project.write("apps.d/a.yaml", PLACES[name])
    said = project.plenum("lint", "apps.d/a.yaml", "--format", "json")
    helps = [finding["help"] for finding in map(json.loads, said.out.splitlines())
             if "unknown key `zzzzzzzz`" in finding["message"]]
    assert len(helps) == 1 and helps[0].startswith("known here: "), said
    loader = set(re.split(r", | or ", helps[0][len("known here: "):])) - LATER.get(name, set())
    document = json.loads(schema())
    table = document if name is None else document["definitions"][name]
    assert set(table["properties"]) == loader, f"tools/editor/keys.cpp: {name}"


@pytest.mark.parametrize("name", LATER, ids=lambda name: name or "top")
def test_what_the_editor_leaves_out_is_refused(project, name):
    for key in LATER[name]:
        project.write("apps.d/a.yaml", PLACES[name].replace("zzzzzzzz: 1", key + ": x"))
        said = project.plenum("lint", "apps.d/a.yaml", "--format", "json")
        assert any(f["code"] == "S109" and key in f["message"] for f in map(json.loads, said.out.splitlines())), said
