"""The invariants (specification section 26), read from the database when no server has it, and from the ledger of the peers."""

import shutil
import sqlite3
import tempfile
from collections import Counter
from pathlib import Path

STATUS = ["queued", "running", "waiting", "paused", "cancelling", "completed", "failed", "cancelled", "dead"]
FINAL = {"completed", "failed", "cancelled", "dead"}
STARTED, DONE, FAILED, AMBIGUOUS = range(4)
WIDTH = {"fan": 2, "research": 4}  # effects of one run that may be under way at once; else 1
RUNS = """SELECT run.n, run.id, run.status, epoch, rescues, job, cost_usd, output, error, finished_at, graph.text AS graph,
  route.text AS route, scope.owner, run.scope, state.state FROM run JOIN scope USING (scope)
  JOIN word AS graph ON graph.word = run.graph JOIN word AS route ON route.word = run.route JOIN state ON state.run = run.n"""


def database(data):
    """A copy to look at: the server shall find its own as the kill left it."""
    folder = Path(tempfile.mkdtemp(prefix="look-", dir=data.parent))
    for name in ("plenum.db", "plenum.db-wal"):
        if (data / name).exists():
            shutil.copy(data / name, folder / name)
    db = sqlite3.connect(folder / "plenum.db")
    db.row_factory = sqlite3.Row
    return db, folder


class Judge:
    """Of one data folder."""

    def __init__(self, data, peers):
        self.data, self.peers = data, peers
        self.wrong = []
        self.seen = {}  # run → (epoch, and when it was final, all that must not change)
        self.figures = Counter()

    def finds(self, what, *facts):
        self.wrong.append(f"{what}: {' '.join(str(fact) for fact in facts)}")

    def look(self):
        """After a kill: what has ended stays as it was, epochs only grow."""
        if not (self.data / "plenum.db").exists():
            return
        db, folder = database(self.data)
        try:
            if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'run_whole'").fetchone():
                return  # it died before its first migration
            for run in db.execute(RUNS):
                status = STATUS[run["status"]]
                end = tuple(run[name] for name in ("status", "output", "error", "cost_usd", "finished_at", "state"))
                epoch, before = self.seen.get(run["id"], (0, None))
                if run["epoch"] < epoch:
                    self.finds("an epoch shrank", run["id"], epoch, run["epoch"])
                if before is not None and before != end:
                    self.finds("a final run changed", run["id"], before, end)
                self.seen[run["id"]] = (run["epoch"], end if status in FINAL else None)
            self.figures["looks"] += 1
        finally:
            db.close()
            shutil.rmtree(folder)

    def verdict(self, promised, ends, kills):
        """Once nothing is under way any more and the server has ended."""
        self.look()
        db, folder = database(self.data)
        try:
            for pragma in ("integrity_check", "foreign_key_check"):
                said = [tuple(row) for row in db.execute(f"PRAGMA {pragma}")]
                if said not in ([], [("ok",)]):
                    self.finds(pragma, said)
            runs = {run["id"]: run for run in db.execute(RUNS)}
            effects = {}
            for effect in db.execute("SELECT * FROM effect"):
                effects.setdefault(effect["run"], []).append(effect)
            self.runs_are_whole(runs, promised, ends, kills)
            self.effects_are_once(runs, effects)
            self.children_belong(runs)
            self.rows_are_once(db)
            self.files_have_rows(db)
        finally:
            db.close()
            shutil.rmtree(folder)
        return self.wrong

    def runs_are_whole(self, runs, promised, ends, kills):
        self.figures["runs"] += len(runs)
        for run, token in promised.items():
            if run not in runs:
                self.figures["lost"] += 1
                self.finds("lost: an accepted run is not there", run, token)
        tokens = Counter(promised.values())
        for token, count in tokens.items():
            if token is not None and count > 1:
                self.finds("one request, several runs", token, count)
        for run in runs.values():
            status = STATUS[run["status"]]
            self.figures[status] += 1
            self.figures["rescues"] += run["rescues"]
            self.figures["taken up again"] += max(0, run["epoch"] - 1)
            by_client = run["route"].startswith("POST ")
            if by_client and run["id"] not in promised:
                self.finds("a run that no client was promised", run["id"], run["route"], status)
            if status not in FINAL:
                self.figures["lost"] += 1
                self.finds("lost: a run that nobody ends", run["id"], status)
            if status == "dead" and run["rescues"] < 6:
                self.finds("given up too early", run["id"], run["rescues"])
            if run["id"] in ends and ends[run["id"]] != ("failed" if status == "dead" else status):
                self.finds("a client heard of another end", run["id"], ends[run["id"]], status)
            if run["rescues"] > kills:
                self.finds("more rescues than kills", run["id"], run["rescues"], kills)

    def effects_are_once(self, runs, effects):
        asked = Counter((what, key) for what, key, _ in self.peers.calls)
        latest = {}
        for what, key, at in self.peers.calls:
            latest[(what, key)] = max(at, latest.get((what, key), 0))
        journal = Counter()
        for run in runs.values():
            rows = effects.get(run["n"], [])
            cost = sum(row["cost_usd"] for row in rows)
            if abs(cost - run["cost_usd"]) > 1e-9:
                self.finds("the run's cost is not its effects'", run["id"], run["cost_usd"], cost)
            ambiguous = sum(row["status"] == AMBIGUOUS for row in rows)
            self.figures["effects"] += len(rows)
            self.figures["ambiguous"] += ambiguous
            width = WIDTH.get(run["graph"], 1)
            stops = run["epoch"] + (STATUS[run["status"]] == "cancelled")  # it was taken up that often
            if ambiguous > stops * width:
                self.finds("more ambiguous effects than kills allow", run["id"], ambiguous, run["rescues"])
            if any(row["status"] == STARTED for row in rows):
                self.finds("an effect of an ended run is still open", run["id"])
            done = Counter(row["call"] for row in rows if row["status"] == DONE)
            self.figures["recorded"] += len(done)
            for row in rows:
                if done[row["call"]] > 1:
                    self.figures["duplicated"] += 1
                    self.finds("recorded twice", run["id"], row["path"])
                if row["kind"] != "model":
                    continue
                journal[("model", row["key"])] += 1
                if row["status"] == DONE and latest.get(("model", row["key"]), 0) > row["ended_at"]:
                    self.figures["duplicated"] += 1
                    self.finds("called again after its result was recorded", run["id"], row["path"])
            self.writes_are_once(run, rows, asked)
        for (what, key), count in asked.items():
            if what == "model" and count > journal[(what, key)]:
                self.figures["duplicated"] += 1
                self.finds("the peer had more calls than the journal has intents", key, count, journal[(what, key)])
            if what == "once" and count > 1:
                self.figures["duplicated"] += 1
                self.finds("a write that must not be repeated was", key, count)
        self.figures["calls"] += sum(asked.values())
        self.figures["called twice"] += sum(count > 1 for (what, _), count in asked.items() if what != "known")

    def writes_are_once(self, run, rows, asked):
        sent = [row for row in rows if row["kind"] == "http"]
        if run["graph"] == "write_once" and STATUS[run["status"]] == "completed":
            token = run["state"].split('"token":"')[1].split('"')[0]
            if asked[("once", f"/once/{token}")] != 1:
                self.finds("a write that is said to be done was not", run["id"])
        if run["graph"] == "write_known" and asked[("known", run["id"])] > len(sent):
            self.finds("a write was sent more often than the journal says", run["id"])
        if STATUS[run["status"]] == "failed" and "ambiguous_effect" in run["error"]:
            self.figures["given up as ambiguous"] += 1
            if not any(row["status"] == AMBIGUOUS for row in sent):
                self.finds("given up without a doubt in the journal", run["id"])

    def children_belong(self, runs):
        children = Counter()
        for run in runs.values():
            if run["route"] == "graph chain":
                children[(run["scope"], run["state"].split('"token":"child-')[1].split('"')[0])] += 1
        for run in runs.values():
            if run["graph"] != "parent" or STATUS[run["status"]] != "completed":
                continue
            token = run["state"].split('"token":"')[1].split('"')[0]
            if children[(run["scope"], token)] != 1:
                self.finds("not one child in its parent's scope", run["id"], children[(run["scope"], token)])

    def rows_are_once(self, db):
        rows = Counter(text for (text,) in db.execute("SELECT json_extract(data, '$.text') FROM collection_row "
                                                      "JOIN word ON word = collection WHERE word.text = 'notes'"))
        for text, count in rows.items():
            if count > 1:
                self.figures["duplicated"] += 1
                self.finds("a row was put twice", text, count)

    def files_have_rows(self, db):
        """No record without its bytes.  Bytes without a record are what a kill between the two leaves: counted."""
        there = {path.name for path in (self.data / "files").rglob("*") if path.is_file()}
        named = {digest for (digest,) in db.execute("SELECT digest FROM file")}
        for digest in named - there:
            self.finds("a file without its bytes", digest)
        self.figures["files"] += len(named)
        self.figures["bytes without a record"] += len(there - named)
