"""`plenum lint` and `plenum explain` as scripts and CI call them: exit codes, forms, standard input, --fix."""

import json
import os
import shutil
import subprocess

import pytest

from conftest import PROJECT, Server, binary

GOOD = """plenum: 1
app: shop
routes: {POST /go: {start: main}}
graphs: {main: {nodes: [{id: a, render: {template: Hello}}]}}
"""
BAD = GOOD.replace("start: main", "start: mian")
WARNED = GOOD.replace("routes:", "collections: {notes: {fields: {text: string}}}\nroutes:")


def lint(*arguments, cwd, text=None):
    return subprocess.run([binary(), "lint", *map(str, arguments)], cwd=cwd, input=text,
                          capture_output=True, text=True, timeout=60)


@pytest.fixture
def project(tmp_path):
    (tmp_path / "apps.d").mkdir()
    (tmp_path / "apps.d/shop.yaml").write_text(GOOD)
    return tmp_path


def write(project, text, name="shop"):
    (project / f"apps.d/{name}.yaml").write_text(text)


def test_the_apps_of_this_project_are_clean(tmp_path):
    run = lint("apps.d", cwd=PROJECT)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_exit_codes(project):
    assert lint(cwd=project).returncode == 0
    write(project, BAD)
    assert lint(cwd=project).returncode == 1
    write(project, WARNED)
    assert lint(cwd=project).returncode == 1
    assert lint("nothing.yaml", cwd=project).returncode == 2
    assert lint("--format", "xml", cwd=project).returncode == 2
    assert lint("--unsafe", cwd=project).returncode == 2
    assert lint("--fix", "-", cwd=project, text=GOOD).returncode == 2
    assert lint("--wrong", cwd=project).returncode == 2


def test_an_internal_error_has_its_own_status(project):
    write(project, BAD)
    (project / "apps.d").chmod(0o555)
    (project / "apps.d/shop.yaml").chmod(0o444)
    if os.geteuid() == 0:
        (project / "apps.d/shop.yaml").unlink()
        (project / "apps.d/shop.yaml").symlink_to("/dev/full")
        pytest.skip("root writes everywhere")
    run = lint("--fix", cwd=project)
    assert run.returncode == 3, run.stderr


def test_paths_folders_and_the_project_itself(project):
    write(project, BAD)
    write(project, BAD.replace("shop", "other"), "other")
    one = lint("apps.d/other.yaml", "--format", "json", cwd=project)
    assert [json.loads(line)["file"] for line in one.stdout.splitlines()] == ["apps.d/other.yaml"]
    for path in ("apps.d", ".", project, project / "apps.d"):
        both = lint(path, "--format", "json", cwd=project)
        assert [json.loads(line)["file"] for line in both.stdout.splitlines()] == [
            "apps.d/other.yaml", "apps.d/shop.yaml"], path
    outside = lint("apps.d/shop.yaml", "--format", "json", cwd=project)
    assert outside.returncode == 1
    from_above = lint(project.name, "--format", "json", cwd=project.parent)
    assert json.loads(from_above.stdout.splitlines()[0])["file"] == f"{project.name}/apps.d/other.yaml"


def test_standard_input(project):
    run = lint("-", "--format", "json", cwd=project, text=BAD)
    assert run.returncode == 1
    assert json.loads(run.stdout)["file"] == "apps.d/shop.yaml"
    assert lint("-", cwd=project, text=GOOD).returncode == 0
    named = lint("-", "--as", "apps.d/cart.yaml", "--format", "json", cwd=project, text=GOOD)
    assert json.loads(named.stdout)["code"] == "S106"


def test_no_colour_unless_asked(project):
    write(project, BAD)
    assert "\x1b" not in lint(cwd=project).stdout
    assert "\x1b" in lint("--colour", "always", cwd=project).stdout


def test_fix_writes_what_is_certain_and_unsafe_the_rest(project):
    write(project, WARNED.replace("start: main", "start: mian  ").replace(
        "routes:", "models:\n  m: {use: openai/gpt-5-mini, max_tokens: 9}  # old\n"
        "  n: {use: openai/gpt-5-mini, max_tokens: 9}\nroutes:").replace(
        "render: {template: Hello}", "llm: {model: n, prompt: Hello}").replace(
        "fields: {text: string}", "fields: {text: string}, ttl: 1h").replace(
        "mian  ", "mian, quota: 9/day"))
    run = lint("--fix", "--format", "json", cwd=project)
    assert [json.loads(line)["code"] for line in run.stdout.splitlines()] == ["R205"]
    text = (project / "apps.d/shop.yaml").read_text()
    assert "start: main, quota" in text and "  m: {" in text
    run = lint("--fix", "--unsafe", cwd=project)
    assert (run.returncode, run.stdout) == (0, "")
    after = (project / "apps.d/shop.yaml").read_text()
    assert "  m: {" not in after and "  n: {" in after
    assert lint("--fix", "--unsafe", cwd=project).stderr == ""
    assert (project / "apps.d/shop.yaml").read_text() == after


def test_a_file_that_no_app_uses_is_found_when_all_are_known(project):
    (project / "prompts/shop").mkdir(parents=True)
    (project / "prompts/shop/old.md").write_text("Hello\n")
    run = lint("--format", "json", cwd=project)
    assert [json.loads(line)["file"] for line in run.stdout.splitlines()] == ["prompts/shop/old.md"]
    assert lint("apps.d/shop.yaml", cwd=project).returncode == 0


def test_github_annotations(project):
    write(project, BAD)
    assert lint("--format", "github", cwd=project).stdout == (
        "::error file=apps.d/shop.yaml,line=3,col=28,endColumn=32,title=R204::"
        "no graph `mian`%0Ahelp: `main`\n")


# The part of the SARIF 2.1.0 schema that consumers rely on, written from the standard's text.
REGION = {"type": "object", "additionalProperties": False,
          "required": ["startLine", "startColumn", "endLine", "endColumn"],
          "properties": {key: {"type": "integer", "minimum": 1}
                         for key in ("startLine", "startColumn", "endLine", "endColumn")}}
MESSAGE = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
SARIF = {
    "type": "object", "required": ["version", "runs"], "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "minItems": 1, "items": {
            "type": "object", "required": ["tool", "results"],
            "properties": {
                "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                "tool": {"type": "object", "required": ["driver"], "properties": {"driver": {
                    "type": "object", "required": ["name"],
                    "properties": {"rules": {"type": "array", "uniqueItems": True, "items": {
                        "type": "object", "required": ["id"],
                        "properties": {
                            "id": {"type": "string", "pattern": "^[A-Z][0-9]{3}$"},
                            "shortDescription": MESSAGE, "fullDescription": MESSAGE,
                            "defaultConfiguration": {"type": "object", "properties": {
                                "level": {"enum": ["none", "note", "warning", "error"]}}}}}}}}}},
                "results": {"type": "array", "items": {
                    "type": "object", "required": ["message", "ruleId", "partialFingerprints"],
                    "properties": {
                        "ruleId": {"type": "string"},
                        "ruleIndex": {"type": "integer", "minimum": 0},
                        "level": {"enum": ["none", "note", "warning", "error"]},
                        "message": MESSAGE,
                        "partialFingerprints": {"type": "object", "minProperties": 1,
                                                "additionalProperties": {"type": "string"}},
                        "locations": {"type": "array", "minItems": 1, "items": {
                            "type": "object", "required": ["physicalLocation"],
                            "properties": {"physicalLocation": {
                                "type": "object", "required": ["artifactLocation", "region"],
                                "properties": {
                                    "artifactLocation": {"type": "object", "required": ["uri"], "properties": {
                                        "uri": {"type": "string", "pattern": "^[^/:\\\\][^:\\\\]*$"},
                                        "uriBaseId": {"type": "string"}}},
                                    "region": REGION}}}}}}}}}}},
    },
}


def test_sarif_validates(project):
    jsonschema = pytest.importorskip("jsonschema")
    shutil.copy(PROJECT / "tests/golden/lint/sixty.yaml", project / "apps.d/sixty.yaml")
    (project / "apps.d/shop.yaml").unlink()
    run = lint("--format", "sarif", cwd=project)
    assert run.returncode == 1
    sarif = json.loads(run.stdout)
    jsonschema.Draft7Validator(SARIF).validate(sarif)
    results = sarif["runs"][0]["results"]
    assert len(results) >= 60
    rules = [rule["id"] for rule in sarif["runs"][0]["tool"]["driver"]["rules"]]
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in results)
    prints = [json.dumps(result["partialFingerprints"]) for result in results]
    assert len(set(prints)) == len(prints)
    (project / "apps.d/sixty.yaml").write_text(GOOD.replace("shop", "sixty"))
    clean = lint("--format", "sarif", cwd=project)
    assert clean.returncode == 0
    jsonschema.Draft7Validator(SARIF).validate(json.loads(clean.stdout))


def test_explain_knows_checks_and_kinds(project):
    def explain(*arguments):
        return subprocess.run([binary(), "explain", *arguments], capture_output=True, text=True, timeout=60)

    assert explain("R204").stdout.startswith("R204: ")
    assert explain("llm").stdout.startswith("llm: ")
    assert explain("Z999").returncode == 2
    assert explain("nothing").returncode == 2
    assert explain("retry").stdout.startswith("retry, a key of a node: ")
    assert "`who`" not in explain("when").stdout and explain("when").stdout.count("a key of ") == 2  # a node, an edge
    assert explain("substring").stdout.startswith("substring, a function: string.substring(start, [end]) -> string")
    assert explain("wen").stderr == "plenum explain: no node kind, key or function wen; there is when\n"
    assert explain().returncode == 2
    assert explain("--all").stdout == (PROJECT / "docs/reference.md").read_text()
    assert explain("--checks").stdout == (PROJECT / "engine/lint/README.md").read_text()


def test_the_server_logs_and_refuses_exactly_what_lint_says(project, tmp_path):
    write(project, WARNED)
    write(project, """plenum: 1
app: dear
models: {m: {use: openai/gpt-5, max_tokens: 90000}}
routes: {POST /go: {start: main, quota: 9/day}}
graphs: {main: {nodes: [{id: a, llm: {model: m, prompt: Hello}}]}}
""", "dear")
    write(project, BAD.replace("shop", "wrong"), "wrong")
    findings = [json.loads(line) for line in lint("--format", "json", cwd=project).stdout.splitlines()]
    assert [finding["code"] for finding in findings] == ["C901", "A809", "R204"]
    server = Server(tmp_path / "data", root=project).start()
    try:
        log = server.log()
        for finding in findings:
            start = finding["start"]
            assert (f"{finding['file']}:{start['line']}:{start['column']}: "
                    f"{finding['severity']}[{finding['code']}]: {finding['message']}") in log
        refused = server.request("GET", "/readyz").json["refused"]
        assert sorted(refused) == sorted({f["file"] for f in findings if f["severity"] == "error"})
        assert server.request("POST", "/api/v1/shop/go").status != 404
        assert server.request("POST", "/api/v1/dear/go").status == 404
    finally:
        server.stop()
