"""`plenum lsp`: a language server, driven as an editor would."""

import json
import subprocess

import pytest

from running import binary

APP = """plenum: 1
app: shop
models: {quick: {use: gemini/gemini-3-flash-preview, max_tokens: 100}}
collections: {notes: {fields: {text: string}}}
graphs:
  ask:
    input: {text: {type: string, maxLength: 99}}
    state: {answer: string}
    nodes:
      - id: think
        llm: {model: quick, prompt: prompts/shop/think.md}
        set: answer
        next: ask_back
      - {id: skipped, render: {template: x}}
      - {id: ask_back, interrupt: {returns: =answer, expects: {ok: boolean}}}
      - {id: twice, loop: {max: 2, do: [{id: sure, interrupt: {expects: {ok: boolean}}}]}}
    output: {answer: =answer}
routes:
  POST /ask: {start: ask, quota: 5/day}
  POST /go_on: {resume: ask.ask_back}
"""


class Editor:
    def __init__(self, project):
        self.root = project.folder
        self.process = subprocess.Popen([binary(), "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.ids = 0
        self.notices = []

    def raw(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message):
        text = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.raw(b"Content-Length: %d\r\n\r\n" % len(text) + text)

    def read(self):
        length = None
        while True:
            line = self.process.stdout.readline()
            assert line, "the server is gone: " + self.process.stderr.read().decode()
            if line == b"\r\n":
                return json.loads(self.process.stdout.read(length))
            length = int(line.split(b":")[1])

    def notify(self, method, params):
        self.send({"method": method, "params": params})

    def ask(self, method, params=None, error=False):
        self.ids += 1
        self.send({"id": self.ids, "method": method, "params": params or {}})
        while True:
            message = self.read()
            if message.get("id") == self.ids:
                return message["error"] if error else message["result"]
            self.notices.append(message)

    def uri(self, path):
        return (self.root / path).as_uri()

    def open(self, path, text):
        self.notify("textDocument/didOpen", {"textDocument": {
            "uri": self.uri(path), "languageId": "yaml", "version": 1, "text": text}})

    def change(self, path, text):
        self.notify("textDocument/didChange", {"textDocument": {"uri": self.uri(path), "version": 2},
                                               "contentChanges": [{"text": text}]})

    def findings(self, path="apps.d/shop.yaml"):
        """What is published for a file after everything that was sent so far."""
        self.ask("textDocument/hover", self.place("apps.d/none.yaml", 0, 0))
        last = None
        for notice in self.notices:
            if notice.get("method") == "textDocument/publishDiagnostics" and notice["params"]["uri"] == self.uri(path):
                last = notice["params"]["diagnostics"]
        return last

    def place(self, path, line, character):
        return {"textDocument": {"uri": self.uri(path)}, "position": {"line": line, "character": character}}

    def at(self, text, needle, inside=0, path="apps.d/shop.yaml"):
        index = text.index(needle) + inside
        line = text.count("\n", 0, index)
        before = text[text.rfind("\n", 0, index) + 1:index]
        return self.place(path, line, len(before.encode("utf-16-le")) // 2)

    def completions(self, text, mark="¦"):
        clean = text.replace(mark, "")
        self.change("apps.d/shop.yaml", clean)
        index = text.index(mark)
        line = text.count("\n", 0, index)
        column = index - text.rfind("\n", 0, index) - 1
        answer = self.ask("textDocument/completion", self.place("apps.d/shop.yaml", line, column))
        return [item["label"] for item in answer["items"]]


@pytest.fixture
def editor(project):
    project.write("apps.d/shop.yaml", APP)
    project.write("prompts/shop/think.md", "Think about {{text}}.\n")
    editor = Editor(project)
    yield editor
    editor.process.kill()
    editor.process.wait()
    for stream in (editor.process.stdin, editor.process.stdout, editor.process.stderr):
        stream.close()


@pytest.fixture
def shop(editor):
    editor.ask("initialize", {"capabilities": {}})
    editor.notify("initialized", {})
    editor.open("apps.d/shop.yaml", APP)
    return editor


def test_it_says_what_it_can_do_and_ends(editor):
    can = editor.ask("initialize", {"capabilities": {}})["capabilities"]
    assert can["hoverProvider"] and can["definitionProvider"] and "completionProvider" in can
    assert editor.ask("shutdown") is None
    editor.notify("exit", None)
    assert editor.process.wait(timeout=10) == 0


def test_exit_without_shutdown_is_a_failure(editor):
    editor.ask("initialize")
    editor.notify("exit", None)
    assert editor.process.wait(timeout=10) == 1


def test_findings_follow_the_unsaved_text(shop):
    assert [f["code"] for f in shop.findings() if f["severity"] == 1] == []
    shop.change("apps.d/shop.yaml", APP.replace("model: quick", "model: quik"))
    found = [f for f in shop.findings() if f["severity"] == 1]
    assert [f["code"] for f in found] == ["R201"], found
    assert found[0]["range"] == {"start": {"line": 10, "character": 21}, "end": {"line": 10, "character": 25}}
    assert "no model `quik`" in found[0]["message"] and "help: `quick`" in found[0]["message"]
    shop.change("apps.d/shop.yaml", APP)
    assert [f for f in shop.findings() if f["severity"] == 1] == []


def test_findings_in_a_prompt_stand_there_and_go_again(shop):
    shop.open("prompts/shop/think.md", "Think about {{txt}}.\n")
    found = shop.findings("prompts/shop/think.md")
    assert [f["code"] for f in found] == ["T602"], found
    assert found[0]["range"]["start"] == {"line": 0, "character": 14}
    shop.notify("textDocument/didClose", {"textDocument": {"uri": shop.uri("prompts/shop/think.md")}})
    assert shop.findings("prompts/shop/think.md") == []


def test_columns_are_counted_in_utf_16(shop):
    shop.change("apps.d/shop.yaml", APP.replace("nodes:\n", "nodes:\n      - {note: \"😀 é\", wen: true, id: n, next: end}\n", 1))
    found = [f for f in shop.findings() if f["code"] == "S101"]
    assert found and found[0]["range"] == {"start": {"line": 9, "character": 23}, "end": {"line": 9, "character": 26}}, found


def test_hovers_explain_keys_kinds_and_findings(shop):
    shop.findings()
    def hover(needle, inside=0, text=APP):
        answer = shop.ask("textDocument/hover", shop.at(text, needle, inside))
        return answer and answer["contents"]["value"]
    assert hover("quota").startswith("**quota**: How often")
    assert "`model` (needed)" in hover("llm:") and hover("llm:").startswith("**llm**")
    assert "(needed)" in hover("model: quick") and hover("max_tokens").startswith("**max_tokens**")
    assert hover("think\n") is None
    broken = APP.replace("next: ask_back", "next: ask_bakc")
    shop.change("apps.d/shop.yaml", broken)
    assert hover("ask_bakc", 2, broken).startswith("**R203**")


def test_definitions_lead_to_nodes_models_graphs_and_files(shop):
    shop.findings()
    def leads(needle, inside=0):
        answer = shop.ask("textDocument/definition", shop.at(APP, needle, inside))
        if answer is None:
            return None
        line = answer["range"]["start"]["line"]
        return answer["uri"].rsplit("/", 1)[1], line if answer["uri"].endswith("yaml") else None
    lines = APP.splitlines()
    assert leads("next: ask_back", 7) == ("shop.yaml", 14) and "id: ask_back" in lines[14]
    assert leads("ask.ask_back", 2) == ("shop.yaml", 14)
    assert leads("model: quick", 8) == ("shop.yaml", 2)
    assert leads("start: ask", 8) == ("shop.yaml", 5)
    assert leads("set: answer", 6) == ("shop.yaml", 7)
    assert leads("prompts/shop", 3) == ("think.md", None)
    assert leads("plenum: 1", 2) is None


def test_completions_of_keys(shop):
    shop.findings()
    assert "routes" in shop.completions(APP + "¦")
    offered = shop.completions(APP.replace("        set: answer\n", "        set: answer\n        ¦\n"))
    assert {"when", "retry", "on_error", "llm", "interrupt"} <= set(offered), offered
    offered = shop.completions(APP.replace("llm: {model: quick,", "llm: {model: quick, ¦"))
    assert {"prompt", "system", "output"} <= set(offered) and "when" not in offered, offered
    offered = shop.completions(APP.replace("quota: 5/day", "quota: 5/day, ¦"))
    assert {"async", "auth", "files"} <= set(offered), offered
    assert "max_tokens" in shop.completions(APP.replace("max_tokens: 100", "max_tokens: 100, ¦"))
    assert shop.completions(APP.replace("    output:", "    ¦\n    output:"))[:2] == ["input", "state"]


def test_completions_of_names(shop):
    shop.findings()
    assert shop.completions(APP.replace("model: quick", "model: ¦")) == ["quick"]
    assert shop.completions(APP.replace("start: ask", "start: ¦")) == ["ask"]
    assert shop.completions(APP.replace("resume: ask.ask_back", "resume: ¦")) == ["ask.ask_back", "ask.sure"]
    assert {"answer", "text"} == set(shop.completions(APP.replace("set: answer", "set: ¦")))
    assert {"skipped", "end"} <= set(shop.completions(APP.replace("next: ask_back", "next: ¦")))
    assert shop.completions(APP.replace("prompt: prompts/shop/think.md", "prompt: ¦")) == ["prompts/shop/think.md"]
    assert {"required", "public"} <= set(shop.completions(APP.replace("quota: 5/day", "auth: ¦")))
    assert shop.completions(APP.replace("{id: skipped,", "{id: skipped, store: {put: ¦},")) == ["notes"]


def test_nonsense_does_not_end_it(shop):
    shop.raw(b"hello\r\nContent-Length: x\r\n\r\nContent-Length: 3\r\n\r\n{{{")
    shop.raw(b"Content-Length: 2\r\n\r\n[]" + b"Content-Length: 4\r\n\r\nnull")
    for params in (None, [], 7, {"textDocument": 7}, {"textDocument": {"uri": "http://x"}},
                   {"textDocument": {"uri": "file:///%zz/%"}, "position": {"line": -1, "character": 1e99}},
                   {"textDocument": {"uri": shop.uri("apps.d/shop.yaml")}, "position": {"line": 99999, "character": 99999}}):
        for method in ("hover", "definition", "completion"):
            shop.send({"id": "x", "method": "textDocument/" + method, "params": params})
        shop.notify("textDocument/didChange", params)
    assert shop.ask("no/such", error=True)["code"] == -32601
    assert [n["error"]["code"] for n in shop.notices if n.get("id", 0) is None and "error" in n][:1] == [-32700]
    for cut in range(0, len(APP), 23):
        shop.change("apps.d/shop.yaml", APP[:cut])
        shop.ask("textDocument/completion", shop.place("apps.d/shop.yaml", APP.count("\n", 0, cut), 4))
    assert shop.findings() is not None


def test_requests_before_initialize_are_refused(editor):
    assert editor.ask("textDocument/hover", {}, error=True)["code"] == -32002
