"""What the tree must look like: which folder may include which, complete families, small files.

Reads the sources as text; needs nothing but Python.  A rule that is broken says what to do about it.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TREES = ("engine", "server", "tools", "tests")


def files(*suffixes, under=TREES):
    found = [path for tree in under for path in sorted((ROOT / tree).rglob("*"))
             if path.suffix in suffixes and path.is_file()]
    return [path.relative_to(ROOT).as_posix() for path in found]


def text(path):
    return (ROOT / path).read_text(encoding="utf-8")


def includes(path):
    return re.findall(r'^\s*#\s*include\s+["<]([^">]+)[">]', text(path), re.MULTILINE)


# ── arrows ──────────────────────────────────────────────────────────────────────────────────────

LANGUAGES = {"engine/yaml", "engine/cel", "engine/mustache", "engine/schema"}

# Folder to the folders it may include, besides itself and engine/base.  A new arrow is a discussed
# change: it needs a line here.
ARROWS = {
    "engine/base": set(),
    "engine/yaml": set(),
    "engine/cel": set(),
    "engine/mustache": set(),
    "engine/schema": set(),
    "engine/app": LANGUAGES,
    "engine/run": {"engine/app"} | LANGUAGES,
    "engine/nodes": {"engine/run", "engine/app"} | LANGUAGES,
    "engine/llm": {"engine/effects/http", "engine/schema"},
    "engine/llm/providers": {"engine/llm"},
    "engine/effects": {"engine/run", "engine/llm", "engine/blob", "engine/effects/http",
                       "engine/effects/child", "engine/effects/mcp", "engine/effects/peers"},
    "engine/effects/http": set(),
    "engine/effects/mcp": {"engine/effects/http", "engine/llm"},
    "engine/effects/peers": set(),
    "engine/effects/child": set(),
    "engine/blob": set(),
    "engine/entitlements": set(),
    "engine/store": {"engine/run"},
    "engine/store/sqlite": {"engine/store"},
    "engine/jobs": {"engine/store", "engine/run"},
    "engine/lint": {"engine/app", "engine/nodes"} | LANGUAGES,
    "engine/lint/checks": {"engine/lint", "engine/app"} | LANGUAGES,
    "engine/lint/loader": {"engine/lint"},
    "engine/engine.h": {"engine/app", "engine/entitlements", "engine/llm", "engine/store"},  # the values of the facade
    "server": {"engine/engine.h", "server/front", "server/auth"},
    "server/auth": {"engine/effects/http"},
    "server/front": set(),
    "tools": {"engine/engine.h", "engine/lint", "server", "server/auth", "tools/comparing", "tools/editor",
              "tools/testing"},
    "tools/comparing": {"engine/app", "engine/nodes"},
    "tools/editor": {"engine/app", "engine/lint", "engine/nodes", "engine/yaml"},
    "tools/testing": {"engine/app", "engine/effects", "engine/effects/http", "engine/lint", "engine/llm", "engine/yaml", "server",
                      "server/front"},
    "tools/extract": set(),
}

# Arrows beyond the design's table, each decided for a reason.
DECISIONS = {
    ("engine/effects", "engine/store"): "a store node's effect is a row; files have records",
    ("server", "engine/store"): "links and pages show file records, which are the store's values",
    ("server", "engine/app"): "which amount is a plan's: one rule for quotas and rates, of values that the facade shows anyway",
    ("server", "engine/effects/child"): "an upload's type is told by its content before a run starts",
    ("tools", "engine/store"): "operators' commands read the data of a server, which goes on",
    ("tools", "engine/blob"): "a backup copies files, the doctor looks for them",
    ("tools", "engine/effects/child"): "the doctor tries the sandbox",
    ("tools", "engine/app"): "lint and eval run the front end of the language alone",
    ("tools/editor", "engine/cel"): "the reference has the functions of expressions",
    ("tools", "engine/yaml"): "eval, render and validate run one language alone",
    ("tools", "engine/cel"): "eval, render and validate run one language alone",
    ("tools", "engine/mustache"): "eval, render and validate run one language alone",
    ("tools", "engine/schema"): "eval, render and validate run one language alone",
}


def folder(path):
    """The folder a file belongs to; the facade's header is a place of its own."""
    return path if path == "engine/engine.h" else path.rsplit("/", 1)[0]


def arrows():
    """(from, to) -> the includes that make the arrow."""
    found = {}
    for path in files(".cpp", ".h", ".inc", under=("engine", "server", "tools")):
        for target in includes(path):
            if not target.startswith(("engine/", "server/", "tools/", "tests/")):
                continue
            edge = (folder(path), folder(target))
            if edge[0] != edge[1]:
                found.setdefault(edge, []).append(f"{path} includes {target}")
    return found


def test_folders_include_only_what_the_table_allows():
    wrong = []
    for (source, target), where in arrows().items():
        if source == "engine":  # the engine's own files put everything below together
            if not target.startswith("engine"):
                wrong += where
        elif target != "engine/base" and target not in ARROWS.get(source, set()) \
                and (source, target) not in DECISIONS:
            wrong += where
    assert not wrong, "arrows that the table lacks:\n" + "\n".join(wrong)


def test_every_folder_has_a_line_in_the_table():
    known = set(ARROWS) | {"engine"}
    there = {folder(path) for path in files(".cpp", ".h", under=("engine", "server", "tools"))}
    assert there <= known, f"add them to ARROWS: {sorted(there - known)}"


def test_every_decision_is_still_needed():
    stale = [edge for edge in DECISIONS if edge not in arrows()]
    assert not stale, f"no file needs these any more, remove them: {stale}"


def test_there_are_no_cycles():
    graph = {}
    for source, target in arrows():
        graph.setdefault(source, set()).add(target)
    state = {}

    def walk(place, path):
        if state.get(place) == "done":
            return
        assert state.get(place) != "open", "a circle: " + " -> ".join(path + [place])
        state[place] = "open"
        for target in sorted(graph.get(place, ())):
            walk(target, path + [place])
        state[place] = "done"

    for place in sorted(graph):
        walk(place, [])


def test_the_engine_includes_neither_server_nor_tools_nor_tests():
    wrong = [f"{path} includes {target}" for path in files(".cpp", ".h", ".inc", under=("engine",))
             for target in includes(path) if target.startswith(("server/", "tools/", "tests/"))]
    assert not wrong, wrong


@pytest.mark.parametrize("library, homes", [
    ("pistache/", ["server/front/"]),
    ("sqlite3", ["engine/store/sqlite/", "tests/store/"]),
    ("curl/", ["engine/effects/http/", "engine/llm/failures.cpp"]),  # there only for its dates
    ("yaml-cpp/", ["engine/yaml/"]),
    ("CLI/", ["tools/"]),
    ("pugixml", ["tools/extract/"]),
    ("zip.h", ["tools/extract/", "tests/support/", "tests/effects/"]),
])
def test_a_library_is_used_in_one_place(library, homes):
    wrong = [path for path in files(".cpp", ".h") for target in includes(path)
             if target.startswith(library) and not path.startswith(tuple(homes))]
    assert not wrong, f"<{library}…> belongs to {homes}: {wrong}"


def test_own_headers_come_first():
    later = {"engine/cel/eval.cpp"}  # shrinks only
    wrong = set()
    for path in files(".cpp", under=("engine", "server", "tools")):
        own = path[:-4] + ".h"
        if (ROOT / own).exists() and includes(path)[0] != own:
            wrong.add(path)
    assert wrong <= later, f"include the own header first: {sorted(wrong - later)}"


# ── code ────────────────────────────────────────────────────────────────────────────────────────

def code_of(path):
    """The source without comments and strings."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'',
        re.DOTALL)
    return pattern.sub('""', text(path))


# Where waiting for a time is the point.
SLEEPERS = {
    "engine/engine.cpp",  # drain looks every 20 ms whether the last run has ended
    "server/serve.cpp",  # readiness says no for a while before the port closes
}


@pytest.mark.parametrize("word, why", [
    (r"std::w?regex|#\s*include\s*<regex>", "it recurses over the data; use RE2"),
    (r"\bco_(await|yield|return)\b", "g++ 12 destroys temporaries twice; use a state and an event"),
    (r"\bsleep_for\b|\bsleep_until\b|\busleep\s*\(", "wait for what happens, not for a time"),
    (r"\busing\s+namespace\s+std\s*;", "name what you use"),
])
def test_code_keeps_away_from(word, why):
    wrong = [path for path in files(".cpp", ".h")
             if re.search(word, code_of(path)) and not ("sleep" in word and path in SLEEPERS)]
    assert not wrong, f"{word}: {why}: {wrong}"


def test_queries_are_written_in_the_store_only():
    """There every row has an app and an owner, and no query leaves them out."""
    query = re.compile(r"\b(SELECT\s.+\sFROM|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+TABLE)\b")
    wrong = [path for path in files(".cpp", ".h", ".inc", under=("engine", "server", "tools"))
             if not path.startswith("engine/store/") and query.search(text(path))]
    assert not wrong, f"SQL outside of engine/store: {wrong}"


def test_the_core_has_no_clock_threads_or_randomness():
    word = re.compile(r"std::(thread|mutex|atomic|random_device|mt19937|async)\b|_clock::now|"
                      r"\b(getenv|rand)\s*\(|\bstd::time\s*\(")
    core = ("engine/run", "engine/nodes", "engine/app", "engine/cel", "engine/mustache",
            "engine/schema")
    allowed = {"engine/cel/civil.cpp"}  # the time zone database is opened once, under a lock
    wrong = [path for path in files(".cpp", ".h", under=core)
             if word.search(code_of(path)) and path not in allowed]
    assert not wrong, f"these come in as events and values: {wrong}"


# ── families ────────────────────────────────────────────────────────────────────────────────────

# Files of engine/nodes/ that are no node kind.
NODE_HELPERS = {"all", "budget", "chunks", "reference", "right_to_left", "sent_headers", "tool_rounds", "where"}


def test_every_node_kind_is_listed_and_tested():
    listed = re.findall(r"^KIND\((\w+)\)", text("engine/nodes/all.inc"), re.MULTILINE)
    there = {Path(p).stem for p in files(".cpp", under=("engine/nodes",))} - NODE_HELPERS
    assert set(listed) == there, "a kind is its file and its line in engine/nodes/all.inc"
    assert len(listed) == len(set(listed))
    for kind in sorted(there):
        assert f"{kind}_kind()" in text(f"engine/nodes/{kind}.cpp"), kind
        assert (ROOT / f"tests/nodes/{kind}_test.cpp").exists(), f"{kind} has no test"
        assert f"\n## {kind}\n" in text("engine/nodes/README.md"), f"{kind} is not on the page"


def test_every_check_is_listed():
    listed = re.findall(r"^CHECK\((\w+)\)", text("engine/lint/checks/all.inc"), re.MULTILINE)
    there = {Path(p).stem for p in files(".cpp", under=("engine/lint/checks",))} - {"all"}
    assert set(listed) == there, "a check is its file and its line in engine/lint/checks/all.inc"
    assert len(listed) == len(set(listed))
    for check in sorted(there):
        assert f"Check {check}_check()" in text(f"engine/lint/checks/{check}.cpp"), check


def test_every_provider_is_listed_and_tested():
    folder_of = "engine/llm/providers"
    listed = re.findall(r"PROVIDER\((\w+)\)\s*(?:\\|$)", text(folder_of + "/all.cpp"), re.MULTILINE)
    listed = [name for name in listed if name not in ("name", "member")]
    there = {Path(p).stem for p in files(".cpp", under=(folder_of,))} - {"all"}
    assert set(listed) == there, "a provider is its file and its line in all.cpp"
    tests = "".join(text(p) for p in files(".cpp", ".h", under=("tests/llm",)))
    for provider in sorted(there):
        assert f'"{provider}"' in tests, f"{provider} has no test under tests/llm that names it"


def test_every_subcommand_is_in_main():
    defined = re.findall(r"^void (add_\w+)\(", text("tools/command.h"), re.MULTILINE)
    main = text("tools/main.cpp")
    missing = [name for name in defined if f"{name}(app, run)" not in main]
    assert not missing, missing


# ── files ───────────────────────────────────────────────────────────────────────────────────────

LINES = 500
# Files that are longer, and how long at most.  The list only shrinks: split by a second idea.
LONG = {
    "engine/cel/check.cpp": 600,
    "engine/cel/parser.cpp": 560,
    "tests/effects/http_test.cpp": 800,
    "tests/support/model_server.py": 850,
}


def length(path):
    return text(path).count("\n")


def test_files_are_short():
    wrong = {path: length(path) for path in files(".cpp", ".h", ".py", ".sql")
             if length(path) > LONG.get(path, LINES)}
    assert not wrong, f"more than {LINES} lines; split them by idea: {wrong}"


def test_the_list_of_long_files_only_shrinks():
    stale = [path for path in LONG if not (ROOT / path).exists() or length(path) <= LINES]
    assert not stale, f"no longer long, remove them from LONG: {stale}"


# A .cpp that implements its header and needs no word of its own lets the header speak.
def opens_with_comment(path):
    first = text(path).lstrip("\ufeff")
    if first.startswith(("//", '"""', "#!", "# ")):
        return True
    own = path[:-4] + ".h"
    return path.endswith(".cpp") and (ROOT / own).exists() and opens_with_comment(own)


# Older files without one; the list only shrinks.
UNEXPLAINED = {
    "tests/llm/example_test.cpp",
    "tests/llm/gemini_test.cpp",
    "tests/llm/lower_test.cpp",
    "tests/llm/openai_anthropic_test.cpp",
    "tests/llm/structured_test.cpp",
    "tests/support/catch_main.cpp",
}


def test_every_file_opens_with_what_it_is_for():
    wrong = [p for p in files(".cpp", ".h", ".py") if not opens_with_comment(p)]
    assert set(wrong) <= UNEXPLAINED, f"say what they are for: {sorted(set(wrong) - UNEXPLAINED)}"
    assert UNEXPLAINED <= set(wrong), f"remove from the list: {sorted(UNEXPLAINED - set(wrong))}"


def test_headers_are_guarded():
    wrong = [p for p in files(".h") if "#pragma once" not in text(p)]
    assert not wrong, wrong


def published():
    """Every text of the project, whatever its folder."""
    names = ("apps.d", "prompts", "schemas", "templates", "fixtures", "cmake", "docs", ".ci") + TREES
    for name in names:
        for path in sorted((ROOT / name).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path
    for path in sorted(ROOT.glob("*")):
        if path.is_file():
            yield path


def test_nothing_names_a_place_on_somebodys_machine():
    common = {"/", "/tmp", "/home", "/root", "/opt", "/srv", "/var", "/usr", "/usr/src", "/src"}
    places = [place for place in (str(ROOT), str(ROOT.parent)) if place not in common]
    word = re.compile("|".join([r"(?<![\w.])" + re.escape(p) + r"(?:/|\b)" for p in places]
                               + [r"/(?:home|Users)/[a-z]+/"]))
    wrong = []
    for path in published():
        try:
            body = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(body.splitlines(), 1):
            if word.search(line):
                wrong.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert not wrong, "\n".join(wrong)


def test_texts_are_utf8_and_end_with_a_newline():
    wrong = []
    for path in files(".cpp", ".h", ".inc", ".py", ".sql"):
        body = (ROOT / path).read_bytes()
        body.decode("utf-8")
        if not body.endswith(b"\n") or b"\r" in body or b"\t" in body:
            wrong.append(path)
    assert not wrong, f"one newline at the end, no tabs, no carriage returns: {wrong}"
