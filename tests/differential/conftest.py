"""Differential tests: the same generated question to Plenum and to an implementation that others wrote.

`PLENUM` names the binary (else build/dev/tools/plenum), `PLENUM_ORACLE_SEED` the first seed (1), `PLENUM_ORACLE_CASES`
how many cases each test makes (4,000).  A peer that is not installed is a skipped test that says so.
"""

import json
import os
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
SEED = int(os.environ.get("PLENUM_ORACLE_SEED") or 1)
CASES = int(os.environ.get("PLENUM_ORACLE_CASES") or 4000)


def binary():
    path = Path(os.environ.get("PLENUM") or HERE.parent.parent / "build/dev/tools/plenum")
    assert path.exists(), f"{path} is not there: build the target `plenum`, or set PLENUM to the binary"
    return str(path)


def answers(command, lines):
    """What a line filter says to each of these."""
    text = "".join(json.dumps(line) + "\n" for line in lines)
    out = subprocess.run(command, input=text, capture_output=True, text=True, timeout=600)
    assert out.returncode == 0, (command, out.returncode, out.stderr[-2000:])
    found = [json.loads(line) for line in out.stdout.splitlines()]
    assert len(found) == len(lines), f"{len(found)} answers to {len(lines)} lines: {out.stderr[-2000:]}"
    return found


def report(differences, count):
    shown = "\n".join(differences[:25])
    assert not differences, f"{len(differences)} of {count} differ:\n{shown}"
