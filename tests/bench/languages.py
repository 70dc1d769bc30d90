#!/usr/bin/env python3
"""The three languages: microseconds of an expression, of a page, of a validation, and ratios.

Each case is done by Plenum, by hand-written C++ for just that case, by writing the same document as
text (nlohmann's dump), and, with --peers DIR, by the JavaScript libraries a user would pick:
`npm install @bufbuild/cel mustache ajv` in DIR.  All of them are given the same files.  Rounds are
interleaved; a round's figure is processor time, the best of many short stretches, and medians of the
rounds are told.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
TARGETS = {"cel evaluate": 0.5, "cel compile": 30, "mustache render": 50, "schema validate": 15}

EXPRESSION = 'score >= 8 && kind in ["a","b"]'
PAGE = """<!doctype html><title>{{title}}</title>
<table>
{{#rows}}
<tr class="{{kind}}"><td>{{name}}</td><td>{{what}}</td><td>{{count}}</td><td>{{#note}}<em>{{.}}</em>{{/note}}</td></tr>
{{/rows}}
</table>
"""
TEXT = {"type": "string", "maxLength": 100}
SCHEMA = {
    "type": "object", "additionalProperties": False, "required": ["name", "email", "roles"],
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 100},
        "email": {"type": "string", "maxLength": 200, "pattern": "^[^@]+@[^@]+$"},
        "headline": {"type": ["string", "null"]},
        "roles": {"type": "array", "maxItems": 20, "items": {"$ref": "#/$defs/role"}}},
    "$defs": {"role": {
        "type": "object", "additionalProperties": False, "required": ["title", "company", "from"],
        "properties": {
            "title": TEXT, "company": TEXT, "from": {"type": "string", "format": "date"},
            "to": {"type": ["string", "null"]}, "kind": {"enum": ["full", "part", "contract"]},
            "score": {"type": "number", "minimum": 0, "maximum": 10},
            "points": {"type": "array", "items": {"type": "string", "maxLength": 300}}}}}}


def escaped(text):
    for plain, safe in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        text = text.replace(plain, safe)
    return text


def document():
    """About 2 KB; what the expression reads stands last."""
    data = {f"field{i}": f"some text of a usual length, number {i}" for i in range(12)}
    data["tones"] = [{"id": f"tone{i}", "label": "A label for people",
                      "why": "Because it answers what the message asks for, and keeps the door open wide. " * 2}
                     for i in range(6)]
    return {**data, "score": 8, "kind": "b"}


def page():
    """A page of 25 KB: 212 rows, about 1,400 tags."""
    rows = [{"kind": "odd" if i % 2 else "even", "name": f"Ada & Grace {i}", "what": "Kept it working for years.",
             "count": i * 7, "note": "text of a note" if i % 2 else ""} for i in range(212)]
    body = "".join(
        f'<tr class="{row["kind"]}"><td>{escaped(row["name"])}</td><td>{escaped(row["what"])}</td><td>{row["count"]}</td><td>'
        + (f'<em>{escaped(row["note"])}</em>' if row["note"] else "") + "</td></tr>\n" for row in rows)
    return ({"title": "All of it", "rows": rows},
            "<!doctype html><title>All of it</title>\n<table>\n" + body + "</table>\n")


def value():
    """About 2 KB."""
    person = {"name": "Ada", "email": "ada@example.org", "headline": None, "roles": []}
    while len(json.dumps(person, separators=(",", ":"))) < 2000:
        person["roles"].append({"title": "Engineer", "company": "Example", "from": "2020-01-01", "to": None, "kind": "full",
                                "score": 8.5, "points": ["Built a thing that works.", "Kept it working for years."]})
    return person


def make_cases(folder):
    data, expected = page()
    files = {"document.json": document(), "page.json": data, "value.json": value(), "schema.json": SCHEMA}
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content, separators=(",", ":")))
    for name, text in {"expression.cel": EXPRESSION, "page.html": PAGE, "expected.html": expected}.items():
        (folder / name).write_text(text)
    print("documents: " + ", ".join(f"{name} {(folder / name).stat().st_size} bytes"
                                    for name in ("document.json", "expected.html", "value.json")))


def measured(command):
    out = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if out.returncode:
        sys.exit(f"{command[0]}: {out.stdout}{out.stderr}")
    return json.loads(out.stdout), out.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", default=ROOT / "build/release/tests/bench/languages")
    parser.add_argument("--peers", help="a folder with node_modules of the JavaScript libraries")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if not os.access(options.program, os.X_OK):
        sys.exit(f"{options.program} is missing: cmake --preset release && cmake --build build/release --target languages")
    ours, theirs, said = [], [], ""
    with tempfile.TemporaryDirectory(prefix="plenum-bench-") as name:
        folder = Path(name)
        make_cases(folder)
        for _ in range(options.rounds):
            ours.append(measured([options.program, folder])[0])
            if options.peers:
                seen, said = measured(["node", HERE / "languages.mjs", folder, Path(options.peers).resolve()])
                theirs.append(seen)
    print(said, end="")
    print(f"\n{'':<18}{'µs':>9}{'target':>9}{'by hand':>10}{'ratio':>8}{'dump':>9}{'ratio':>8}{'JavaScript':>12}{'ratio':>8}")
    for name in ("cel evaluate", "cel compile", "mustache render", "mustache parse", "schema validate", "schema compile"):
        here = statistics.median(one[name] for one in ours)
        row = f"{name:<18}{here:>9.3f}{TARGETS.get(name, ''):>9}"
        language = name.split()[0]
        main_case = name.endswith(("evaluate", "render", "validate"))
        for other, rounds, width in ((f"{language} by hand", ours, 10), (f"{language} dump", ours, 9), (name, theirs, 12)):
            found = [one[other] for one in rounds if other in one]
            if not found or (rounds is ours and not main_case):
                row += f"{'-':>{width}}{'-':>8}"
                continue
            there = statistics.median(found)
            row += f"{there:>{width}.3f}{here / there:>8.2f}"
        print(row)


if __name__ == "__main__":
    main()
