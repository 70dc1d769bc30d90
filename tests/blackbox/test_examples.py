"""The examples: each is served as it stands, and does what its first line says."""

import pytest
from conftest import PROJECT, Client, Server, gemini, needs_sandbox, new_user

EXAMPLES = PROJECT / "examples"


@pytest.fixture(scope="module")
def examples(tmp_path_factory, shared_models):
    folder = tmp_path_factory.mktemp("examples")
    server = Server(folder / "data", EXAMPLES, gemini(shared_models)).start()
    yield server
    server.healthy()
    server.stop()


@pytest.fixture
def client(examples, models):
    return lambda app: Client(examples, app, new_user())


def review(score):
    return {"json": {"advice": "Shorter.", "score": score}, "match": "You are an editor"}


def test_polish_revises_until_the_critic_is_content(client, models):
    polish = client("polish")
    models.script([
        {"text": "First draft", "match": "Write the text"},
        review(5), {"text": "Second draft", "match": "Revise the draft"},
        review(8),
    ])
    job = polish.post("/polish", {"brief": "A note on bridges"}).ok(202)["job_id"]
    assert polish.finished(job)["output"] == {"text": "Second draft", "score": 8}
    assert "First draft" in str(models.calls()[2]["body"]) and "Shorter." in str(models.calls()[2]["body"])
    assert len(models.calls()) == 4


def test_polish_gives_the_last_draft_after_three_rounds(client, models):
    polish = client("polish")
    models.script([{"text": "1", "match": "Write the text"}, review(2), {"text": "2", "match": "Revise"}, review(3),
                   {"text": "3", "match": "Revise"}, review(4)])
    job = polish.post("/polish", {"brief": "A note on bridges"}).ok(202)["job_id"]
    assert polish.finished(job)["output"] == {"text": "3", "score": 4}


@needs_sandbox
def test_digest_reads_a_long_document_in_pieces_and_joins_the_notes(client, models):
    digest = client("digest")
    words = " ".join(f"word{i}" for i in range(6000))
    models.script([{"text": "the summary", "match": "Write a summary of the whole"}], default={"text": "a note"})
    job = digest.form("/jobs/create", [("file", "long.txt", words.encode()), ("style", "prose")]).ok(202)["job_id"]
    output = digest.finished(job)["output"]
    assert output["summary"] == "the summary"
    assert output["parts"] == len(models.calls()) - 1 > 3
    assert str(models.calls()[-1]["body"]).count("a note") == output["parts"]


@pytest.mark.parametrize("kind, desk", [("billing", "billing desk"), ("technical", "technical desk"), ("general", "front desk")])
def test_support_takes_the_branch_that_the_verdict_names(client, models, kind, desk):
    models.script([{"json": {"why": "It says so.", "kind": kind, "urgent": False}, "match": "Sort this"},
                   {"text": "Dear customer", "match": desk}])
    output = client("support").post("/answer", {"request": "My invoice is wrong"}).ok()["output"]
    assert output == {"kind": kind, "urgent": False, "reply": "Dear customer"}
    assert len(models.calls()) == 2


def test_research_answers_the_parts_of_its_plan_and_leaves_out_what_fails(client, models):
    plan = {"title": "Bridges", "parts": [{"why": "w", "question": f"part {n}?"} for n in range(3)]}
    models.script([
        {"json": plan, "match": "Split this question"},
        {"text": "answer 0", "match": "part 0?"},
        {"status": 400, "match": "part 1?"},
        {"text": "answer 2", "match": "part 2?"},
        {"text": "the report", "match": "Write a report"},
    ])
    research = client("research")
    job = research.post("/research", {"question": "How do bridges stand?"}).ok(202)["job_id"]
    assert research.finished(job)["output"] == {"title": "Bridges", "report": "the report", "parts": 2}
    joined = str(models.calls()[-1]["body"])
    assert "part 0?: answer 0" in joined and "part 2?: answer 2" in joined and "part 1?" not in joined


def test_mailer_drafts_again_until_a_person_approves(client, models):
    def draft(text, match="short, friendly mail"):
        return {"json": {"subject": "Hello", "text": text}, "match": match}

    mailer = client("mailer")
    models.script([draft("one"), draft("two", "more polite")])
    first = mailer.post("/mails", {"to": "ada@example.org", "purpose": "Invite her to tea"}).ok()
    assert first["status"] == "waiting" and first["at"] == "approve" and first["output"]["round"] == 1
    waiting = mailer.get("/mails/waiting").ok()
    assert [run["run_id"] for run in waiting["items" if "items" in waiting else "runs"]] == [first["run_id"]]
    again = mailer.post("/mails/approve", {"run_id": first["run_id"], "approve": False, "change": "more polite"}).ok()
    assert again["status"] == "waiting" and again["output"] == {"mail": {"subject": "Hello", "text": "two"}, "round": 2}
    done = mailer.post("/mails/approve", {"run_id": first["run_id"], "approve": True}).ok()
    assert done["status"] == "completed" and done["output"]["mail"]["text"] == "two"
    assert mailer.get("/mails/waiting").ok() != waiting


def test_intake_remembers_its_thread_and_nobody_elses(client, models):
    def turn(say, **learned):
        return {"json": {"learned": learned, "say": say}}

    intake, other = client("intake"), client("intake")
    models.script([turn("What is wrong with it?", item="kettle"), turn("Your number?", fault="leaks"),
                   turn("What is broken?"), turn("Thanks", phone="123")])
    first = intake.post("/chat", {"text": "My kettle is broken"}).ok()
    thread = first["thread_id"]
    assert first["output"] == {"say": "What is wrong with it?", "known": {"item": "kettle"}, "complete": False}
    second = intake.post("/chat", {"text": "It leaks", "thread_id": thread}).ok()
    assert second["thread_id"] == thread and second["output"]["known"] == {"item": "kettle", "fault": "leaks"}
    sent = models.calls()[1]["body"]["contents"]
    assert [turn["role"] for turn in sent] == ["user", "model", "user"]
    assert sent[0]["parts"][0]["text"] == "My kettle is broken"

    # Another user who names the same thread finds an empty one of their own.
    stranger = other.post("/chat", {"text": "Hello", "thread_id": thread}).ok()
    assert stranger["output"]["known"] == {}
    assert len(models.calls()[2]["body"]["contents"]) == 1

    third = intake.post("/chat", {"text": "123", "thread_id": thread}).ok()
    assert third["output"] == {"say": "Thanks", "known": {"item": "kettle", "fault": "leaks", "phone": "123"}, "complete": True}


def test_a_thread_outlives_the_server(tmp_path, shared_models):
    shared_models.reset()
    server = Server(tmp_path / "data", EXAMPLES, gemini(shared_models)).start()
    shared_models.script([{"json": {"learned": {"item": "lamp"}, "say": "?"}}], {"json": {"learned": {}, "say": "!"}})
    user = Client(server, "intake", new_user())
    thread = user.post("/chat", {"text": "My lamp"}).ok()["thread_id"]
    server.kill()
    server.start()
    try:
        assert user.post("/chat", {"text": "Yes", "thread_id": thread}).ok()["output"]["known"] == {"item": "lamp"}
    finally:
        server.stop()
