"""The judge finds what it is there to find: a good round's database, spoilt in each way in turn."""

import shutil
import sqlite3
import sys
from argparse import Namespace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
import judge  # noqa: E402
from chaos import Round  # noqa: E402


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A round without findings: what it left behind."""
    folder = tmp_path_factory.mktemp("round")
    round = Round("judged", 0, folder, 4, Namespace(clients=8), documents=False)
    assert round.run() == []
    round.peers.close()
    assert round.judge.figures["completed"] > 10 and round.judge.figures["ambiguous"] > 0
    return round


def verdict(good, tmp_path, sql="", seen=None, calls=(), promised=None):
    data = tmp_path / "data"
    shutil.copytree(good.server.data, data)
    db = sqlite3.connect(data / "plenum.db")
    db.executescript("PRAGMA ignore_check_constraints = 1;" + sql)
    db.close()
    again = judge.Judge(data, Namespace(calls=[*good.peers.calls, *calls]))
    again.seen = dict(seen or {})
    return again.verdict({**good.promised, **(promised or {})}, good.ends, good.kills * 2)


def test_a_good_round_is_found_good(good, tmp_path):
    assert verdict(good, tmp_path, seen=good.judge.seen) == []


SPOILT = {
    "DELETE FROM run WHERE n = (SELECT max(n) FROM run WHERE route IN (SELECT word FROM word WHERE text LIKE 'POST %'));":
        "lost: an accepted run is not there",
    "UPDATE run SET status = 1 WHERE n = 1;": "lost: a run that nobody ends",
    "UPDATE run SET cost_usd = cost_usd + 0.001 WHERE n = 1;": "the run's cost is not its effects'",
    "UPDATE run SET rescues = 99 WHERE n = 1;": "more rescues than kills",
    "UPDATE run SET status = 8 WHERE n = 1;": "given up too early",
    "UPDATE effect SET status = 0 WHERE run = 1;": "an effect of an ended run is still open",
    "DELETE FROM effect WHERE kind = 'model';": "the peer had more calls than the journal has intents",
    "INSERT INTO effect SELECT run, call, sent + 50, status, started_at, ended_at, 0, kind, path, key, digest, error, 0, 0, 0, 0 FROM effect"
    " WHERE status = 1 LIMIT 1;": "recorded twice",
    "INSERT INTO effect SELECT run, call + 900, 1, 3, started_at, ended_at, 0, kind, path, key, digest, error, 0, 0, 0, 0 FROM effect"
    " WHERE status = 1;": "more ambiguous effects than kills allow",
    "UPDATE run SET scope = (SELECT max(scope) FROM scope) + 0 WHERE route IN (SELECT word FROM word WHERE text = 'graph chain');":
        "not one child in its parent's scope",
    "INSERT INTO collection_row (scope, collection, id, created_at, expires_at, data) SELECT scope, collection, 'again', 1, 0, data"
    " FROM collection_row JOIN word ON word = collection WHERE word.text = 'notes' LIMIT 1;": "a row was put twice",
    "INSERT INTO file (scope, id, name, mime, digest, size, created_at, expires_at) VALUES (1, 'f', 'n', 'm', 'gone', 1, 1, 0);":
        "a file without its bytes",
    "UPDATE step SET run = 12345678 WHERE run = 1;": "foreign_key_check",
}


@pytest.mark.parametrize("sql", SPOILT)
def test_each_way_to_spoil_it_is_found(good, tmp_path, sql):
    found = verdict(good, tmp_path, sql)
    assert any(line.startswith(SPOILT[sql]) for line in found), found


def test_a_final_run_that_changes_and_an_epoch_that_shrinks_are_found(good, tmp_path):
    found = verdict(good, tmp_path, "UPDATE run SET output = '7', epoch = epoch - 1;", seen=good.judge.seen)
    assert any(line.startswith("a final run changed") for line in found)
    assert any(line.startswith("an epoch shrank") for line in found)


def test_a_call_after_the_result_was_recorded_is_found(good, tmp_path):
    what, key, at = next(call for call in good.peers.calls if call[0] == "model")
    found = verdict(good, tmp_path, calls=[(what, key, at + 3_600_000)])
    assert any(line.startswith("called again after its result was recorded") for line in found)


def test_a_write_that_may_happen_once_and_did_so_twice_is_found(good, tmp_path):
    found = verdict(good, tmp_path, calls=[("once", "/once/x", 1), ("once", "/once/x", 2)])
    assert any(line.startswith("a write that must not be repeated was") for line in found)


def test_a_request_that_became_two_runs_is_found(good, tmp_path):
    token = next(token for token in good.promised.values() if token)
    found = verdict(good, tmp_path, promised={"run_other": token})
    assert any(line.startswith("one request, several runs") for line in found)
