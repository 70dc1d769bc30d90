"""Runs the commands of the real binary as a developer would: a folder with an app in it, a command, what it says."""

import os
import subprocess
import textwrap
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def binary():
    path = Path(os.environ.get("PLENUM") or
                Path(os.environ.get("PLENUM_BUILD") or PROJECT / "build/dev") / "tools/plenum")
    assert path.exists(), f"{path} is not there: build the target `plenum`, or set PLENUM to the binary"
    return str(path)


class Said:
    def __init__(self, process):
        self.status, self.out, self.err = process.returncode, process.stdout, process.stderr

    def __repr__(self):
        return f"exit {self.status}\n{self.out}{self.err}"


def plenum(*words, cwd=PROJECT, env=None, data=None):
    """Runs `plenum words…`; without any settings of whoever runs the tests."""
    clean = {name: value for name, value in os.environ.items()
             if not name.endswith(("_API_KEY", "_API_KEY_FILE")) and not name.startswith("PLENUM_")}
    return Said(subprocess.run([binary(), *words], cwd=cwd, env={**clean, **(env or {})}, input=data,
                               capture_output=True, text=True, timeout=120))


class Project:
    """A folder with app files."""

    def __init__(self, folder):
        self.folder = folder

    def write(self, path, text):
        full = self.folder / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return full

    def plenum(self, *words, **more):
        return plenum(*words, cwd=self.folder, **more)
