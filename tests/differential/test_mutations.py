"""Every app with one edit: `plenum lint` reports it, or it is harmless: the app's own tests still pass.

What is left over changes what the app does without being a mistake of its text (another prompt, another condition), and
its tests say so.  The shares are printed.
"""

import copy
import json
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue

import pytest

yaml = pytest.importorskip("yaml")

PROJECT = Path(__file__).resolve().parents[2]
PLENUM = os.environ.get("PLENUM") or str(PROJECT / "build/dev/tools/plenum")
APPS = [(root, path.stem) for root in (PROJECT, PROJECT / "examples") for path in sorted((root / "apps.d").glob("*.yaml"))]
WORKERS = 2


def value_of(node):
    """YAML 1.2's values, which PyYAML's own loader does not know."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: value_of(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [value_of(item) for item in node.value]
    if node.style is None:
        if node.value in ("true", "false"):
            return node.value == "true"
        if re.fullmatch(r"-?\d+", node.value):
            return int(node.value)
        if re.fullmatch(r"-?\d+\.\d+", node.value):
            return float(node.value)
    return node.value


def misspelt(word):
    return word + "q" if len(word) < 3 else word[:-2] + word[-1]


def at(root, path):
    for step in path:
        root = root[step]
    return root


def mutations(root):
    """Pairs of what was done and the whole of what came of it."""
    def changed(path, what, change):
        new = copy.deepcopy(root)
        change(at(new, path[:-1]), path[-1])
        return f"/{'/'.join(map(str, path))}: {what}", new

    def drop(holder, key):
        del holder[key]

    def put(value):
        def change(holder, key):
            holder[key] = value
        return change

    def rename(holder, key):
        members = [(misspelt(name) if name == key else name, value) for name, value in holder.items()]
        holder.clear()
        holder.update(members)

    def visit(value, path):
        if path:
            yield changed(path, "dropped", drop)
            if isinstance(path[-1], str):
                yield changed(path, "renamed", rename)
                yield changed(path, "made a list", put([value]))
        if isinstance(value, dict):
            for key, member in value.items():
                yield from visit(member, path + [key])
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from visit(item, path + [index])
        elif isinstance(value, str):
            yield changed(path, "misspelt", put(misspelt(value)))
            yield changed(path, "made a number", put(7))
            if value.startswith("="):
                yield changed(path, "without its =", put(value[1:]))
        else:
            yield changed(path, "made a text", put("some text"))

    return visit({key: value for key, value in root.items() if key != "tests"}, [])


def said(root, *words):
    return subprocess.run([PLENUM, *words], cwd=root, capture_output=True, text=True, timeout=300).returncode


@pytest.mark.parametrize("source, app", APPS, ids=[app for _, app in APPS])
def test_one_wrong_edit_is_reported_or_harmless(source, app, tmp_path, capsys):
    folders = Queue()
    for number in range(WORKERS):
        root = tmp_path / str(number)
        for name in ("prompts", "schemas", "templates", "fixtures"):
            if (source / name / app).exists():
                shutil.copytree(source / name / app, root / name / app)
        (root / "apps.d").mkdir(parents=True)
        folders.put(root)
    file = f"apps.d/{app}.yaml"
    whole = value_of(yaml.compose((source / file).read_text()))

    def judge(mutation):
        what, edited = mutation
        root = folders.get()
        try:
            (root / file).write_text(json.dumps(edited, indent=1))
            reported = said(root, "lint", file)
            assert reported in (0, 1), what
            return what, "reported" if reported else "harmless" if said(root, "test", app) == 0 else "missed"
        finally:
            folders.put(root)

    assert judge(("nothing", whole))[1] == "harmless"
    with ThreadPoolExecutor(WORKERS) as pool:
        judged = list(pool.map(judge, mutations(whole)))
    count = {kind: sum(1 for _, one in judged if one == kind) for kind in ("reported", "harmless", "missed")}
    share = 100 * (len(judged) - count["missed"]) / len(judged)
    with capsys.disabled():
        print(f"\n{app}: {len(judged)} edits, {count['reported']} reported, {count['harmless']} harmless, "
              f"{count['missed']} that only the tests found: {share:.1f} % reported or harmless")
        for what, kind in judged:
            if kind == "missed":
                print("  " + what)
    assert len(judged) >= 100 and share >= 90
