"""Documents: what is ingested is found by whose it is, paid for once, and never compared with what it cannot be."""

import json
import subprocess

import pytest

from conftest import (GEMINI_KEY, PATIENCE, Client, Server, binary, copy_of_apps, gemini, needs_sandbox, new_user)

TEA = "Green tea is brewed for two minutes."
BILL = "Invoices are payable within thirty days."


def make_server(folder, models, **env):
    root = folder / "root"
    if not root.exists():
        copy_of_apps(root, "documents")
    server = Server(folder / "data", root, gemini(models, **env))
    server.models = models
    return server


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory, shared_models):
    server = make_server(tmp_path_factory.mktemp("documents"), shared_models).start()
    yield server
    server.stop()


@pytest.fixture
def machine(tmp_path, models):
    server = make_server(tmp_path, models).start()
    yield server
    if server.process.poll() is None:
        server.healthy()
        server.kill()


@pytest.fixture
def user(server):
    return Client(server, "documents", new_user())


def plenum(server, *words):
    said = subprocess.run([binary(), *words, "--data", str(server.data)], capture_output=True, text=True)
    assert said.returncode == 0, said
    return said.stdout


def keep(client, text, id, **more):
    return client.post("/keep", {"text": text, "id": id, **more}).ok()["output"]["chunks"]


def found(client, query, **more):
    return client.post("/find", {"question": query, **more}).ok()["output"]


def ids(chunks):
    return [one["id"] for one in chunks]


def sentences(count):
    return " ".join(f"Sentence {n} tells about topic{n} and nothing besides." for n in range(count))


def test_the_nearest_come_first_and_each_text_is_asked_for_what_it_is_for(user, models):
    assert keep(user, TEA, "tea", meta={"lang": "en"}) == 1
    assert keep(user, BILL, "bill") == 1
    hits = found(user, "How many minutes is green tea brewed?")
    assert ids(hits) == ["tea", "bill"] and hits[0]["score"] > 0.5 > hits[1]["score"]
    assert hits[0]["text"] == TEA and hits[0]["meta"] == {"lang": "en"} and hits[1]["meta"] == {}
    tasks = [one["taskType"] for call in models.calls() for one in call["body"]["requests"]]
    assert tasks == ["RETRIEVAL_DOCUMENT", "RETRIEVAL_DOCUMENT", "RETRIEVAL_QUERY"]
    assert all(call["headers"]["x-goog-api-key"] == GEMINI_KEY for call in models.calls())
    assert len({call["headers"]["idempotency-key"] for call in models.calls()}) == 3


def test_a_condition_and_a_score_leave_documents_out(user):
    for lang in ("de", "en"):
        keep(user, TEA, lang, meta={"lang": lang})
    keep(user, BILL, "bill", meta={"lang": "de"})
    keep(user, TEA, "none")
    assert ids(found(user, "green tea minutes", lang="de")) == ["de"]  # the bill is too far
    assert ids(found(user, "green tea minutes", lang="fr")) == []


def test_a_long_text_is_cut_and_every_piece_is_found(user, models):
    assert keep(user, sentences(249) + " Elephants never forget where peanuts were hidden.", "long") == 250
    assert [len(call["body"]["requests"]) for call in models.calls()] == [100, 100, 50]
    assert found(user, "Where were peanuts hidden from elephants?")[0]["text"].startswith("Elephants never")


def test_a_document_that_is_ingested_again_replaces_itself_and_an_empty_one_is_gone(user):
    keep(user, TEA + " " + BILL, "a")
    keep(user, "Coffee wants four minutes.", "a")
    assert [one["text"] for one in found(user, "green tea coffee invoices")] == ["Coffee wants four minutes."]
    assert keep(user, "", "a") == 0
    assert found(user, "green tea coffee invoices") == []
    # Without an id the text is its own name.
    user.post("/keep", {"text": TEA}).ok()
    user.post("/keep", {"text": TEA}).ok()
    assert len(found(user, "tea")) == 1


def test_two_users_see_only_their_own_and_share_what_is_the_apps(server, models):
    ada, bob = (Client(server, "documents", new_user()) for _ in range(2))
    keep(ada, TEA, "tea")
    keep(bob, BILL, "bill")
    assert ids(found(ada, "tea and invoices")) == ["tea"]
    assert ids(found(bob, "tea and invoices")) == ["bill"]
    keep(bob, "", "tea")
    assert ids(found(ada, "tea")) == ["tea"]

    ada.post("/share", {"text": TEA, "id": "shared"}).ok()
    assert ids(bob.post("/find-shared", {"question": "tea"}).ok()["output"]) == ["shared"]


def test_openais_vectors_stand_where_they_belong_whatever_their_order(user, models):
    user.post("/share", {"text": TEA, "id": "t"}).ok()
    call = models.calls()[-1]
    assert call["path"] == "/v1/embeddings" and call["body"] == {
        "model": "text-embedding-3-small", "input": [TEA], "encoding_format": "float"}
    assert user.post("/find-shared", {"question": TEA}).ok()["output"][0]["score"] == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("fault", [
    {"status": 429}, {"status": 503}, {"cut": True}, {"close": True}, {"malformed_body": True}, {"vectors": []},
    {"vectors": [[0.0] * 64]}, {"vectors": [["x"] * 64]}, {"body": "null"},
], ids=str)
def test_what_fails_on_the_way_or_is_no_answer_is_asked_for_again(user, models, fault):
    models.script([fault, {}])
    assert keep(user, TEA, "tea") == 1
    models.script([fault, {}])
    assert ids(found(user, "tea")) == ["tea"]
    # One more each when a connection that was kept alive turns out to be closed.
    assert len(models.calls()) == 4 or "close" in fault


def test_a_provider_that_stays_limited_is_told_and_nothing_is_kept(user, models):
    models.script([{"status": 429, "times": 0}])
    user.post("/keep", {"text": TEA, "id": "tea"}).problem(503)
    assert len(models.calls()) == 3
    models.reset()
    assert found(user, "tea") == []


def test_a_batch_that_failed_is_asked_for_again_alone(user, models):
    models.script([{}, {"status": 429}, {}])
    assert keep(user, sentences(150), "long") == 150
    assert [len(call["body"]["requests"]) for call in models.calls()] == [100, 50, 50]


def test_a_question_whose_vector_is_kept_is_not_asked_for_again_but_the_search_is_new(user, models):
    keep(user, TEA, "tea")
    asked = len(models.calls())
    assert ids(user.post("/find-cached", {"question": "tea coffee"}).ok()["output"]) == ["tea"]
    keep(user, "Tea. Coffee.", "both")
    assert ids(user.post("/find-cached", {"question": "tea coffee"}).ok()["output"]) == ["both"]
    assert len(models.calls()) == asked + 2


def test_what_embedding_costs_is_counted_and_limited(user, models):
    run = user.post("/keep", {"text": TEA, "id": "tea"}).ok()["run_id"]
    assert 0 < user.get(f"/runs/{run}").ok()["cost_usd"] < 0.0001
    # All of it would cost 0.005 USD, the run may spend 0.001: it ends before, and keeps nothing.
    models.reset()
    document = user.post("/keep", {"text": sentences(1900), "id": "long"})
    run = document.json["run_id"]
    assert document.json["code"] == "cost_limit", document
    assert 0 < len(models.calls()) < 19 and 0 < user.get(f"/runs/{run}").ok()["cost_usd"] <= 0.001
    assert ids(found(user, "tea topic7")) == ["tea"]


@needs_sandbox
def test_a_files_text_is_ingested(user):
    assert user.form("/keep-file", [("paper", "paper.txt", TEA.encode())]).ok()["output"]["chunks"] == 1
    assert ids(found(user, "tea")) == ["paper"]


def test_vectors_of_another_model_are_refused_with_a_way_out(machine):
    user = Client(machine, "documents", new_user())
    keep(user, TEA, "tea")
    machine.kill()
    path = machine.root / "apps.d/documents.yaml"
    path.write_text(path.read_text().replace("docs: {vector: small", "docs: {vector: other"))
    machine.start()
    problem = user.post("/find", {"question": "tea"}).problem(409, "other_vectors")
    assert "gemini/gemini-embedding-001" in problem["detail"] and "ingest the documents again" in problem["detail"]
    keep(user, TEA, "tea")
    assert ids(found(user, "tea")) == ["tea"]


@pytest.mark.parametrize("place, calls", [("put_embedded.committed", 1), ("put_document.committed", 1), ("embed.before", 1),
                                          ("put_document.before", 1)])
def test_a_crash_after_the_answer_pays_nothing_twice(tmp_path, models, place, calls):
    server = make_server(tmp_path, models, PLENUM_FAILPOINT=place).start()
    user = Client(server, "documents", new_user())
    job = user.post("/jobs/keep", {"text": TEA, "id": "tea"}).ok(202)["job_id"]
    try:
        server.process.wait(20 * PATIENCE)
    except subprocess.TimeoutExpired:
        server.kill()
        pytest.skip("built without failpoints")
    del server.env["PLENUM_FAILPOINT"]
    server.start()
    assert user.finished(job)["output"] == {"chunks": 1}
    assert len(models.calls()) == calls
    assert ids(found(user, "tea")) == ["tea"]
    server.healthy()
    server.kill()


def test_a_crash_during_a_batch_asks_only_that_batch_again_under_the_same_key(machine, models):
    user = Client(machine, "documents", new_user())
    models.script([{}, {"hang": True}])
    job = user.post("/jobs/keep", {"text": sentences(150), "id": "long"}).ok(202)["job_id"]
    models.wait_for_calls(2)
    machine.kill()
    machine.start()
    assert user.finished(job)["output"] == {"chunks": 150}
    first, second, third = models.calls()
    assert [len(call["body"]["requests"]) for call in (first, second, third)] == [100, 50, 50]
    assert second["headers"]["idempotency-key"] == third["headers"]["idempotency-key"]


def test_documents_go_with_their_owner(machine):
    ada, bob = (Client(machine, "documents", new_user()) for _ in range(2))
    for client in (ada, bob):
        keep(client, TEA, "tea")
    run = ada.post("/find", {"question": "tea"}).ok()["run_id"]
    owner = json.loads(plenum(machine, "runs", "show", run, "--format", "json"))["owner"]
    plenum(machine, "forget", "documents", owner, "--yes")
    assert found(ada, "tea") == []
    assert ids(found(bob, "tea")) == ["tea"]


def test_a_backup_has_the_documents(machine, tmp_path, models):
    user = Client(machine, "documents", new_user())
    keep(user, TEA, "tea")
    file = tmp_path / "copy.tar"
    plenum(machine, "backup", str(file))
    machine.kill()
    again = Server(tmp_path / "again", machine.root, gemini(models))
    plenum(again, "restore", str(file))
    again.start()
    assert ids(found(Client(again, "documents", user.user), "tea")) == ["tea"]
    again.kill()


def test_without_a_key_vectors_are_made_offline_and_say_so(tmp_path, models):
    root = copy_of_apps(tmp_path / "root", "documents")
    server = Server(tmp_path / "data", root).start()
    user = Client(server, "documents", new_user())
    reply = user.post("/keep", {"text": TEA, "id": "tea"})
    assert reply.ok()["model"] == "offline" and reply.headers["Plenum-Model"] == "offline"
    keep(user, BILL, "bill")
    reply = user.post("/find", {"question": "How is green tea brewed?"})
    assert ids(reply.ok()["output"]) == ["tea", "bill"] and reply.headers["Plenum-Model"] == "offline"
    server.kill()
    # With a key the same vectors are another model's.
    server = Server(tmp_path / "data", root, gemini(models)).start()
    assert "embedded by offline" in Client(server, "documents", user.user).post("/find", {"question": "tea"}).problem(409, "other_vectors")["detail"]
    server.kill()
