"""What a model asks for is done once, in the caller's name, and told to it in its provider's own way."""

import pytest

from conftest import Client, Server, copy_of_apps, gemini, new_user


@pytest.fixture(scope="module")
def tools_server(tmp_path_factory, shared_models):
    folder = tmp_path_factory.mktemp("tools")
    server = Server(folder / "data", copy_of_apps(folder / "root", "tools"), gemini(shared_models)).start()
    yield server
    server.stop()


@pytest.fixture
def client(tools_server, models):
    yield Client(tools_server, "tools", new_user())
    tools_server.healthy()


def kept(client):
    return [note["data"]["text"] for note in client.get("/notes").ok()["items"]]


@pytest.mark.parametrize("provider", ["gemini", "openai", "anthropic"])
def test_tools_run_and_their_results_go_back(client, models, provider):
    models.script([{"calls": [["note", {"text": "tea"}], ["note", {"text": "milk"}]]}, {"calls": [["notes", {}]]},
                   {"text": "Two notes."}])
    assert client.post("/" + provider, {"question": "Keep tea and milk"}).ok()["output"] == "Two notes."
    assert sorted(kept(client)) == ["milk", "tea"]
    first, second, third = [str(call["body"]) for call in models.calls()]
    assert "Keeps a note" in first and "milk" in second and "tea" in third
    if provider == "gemini":
        assert "signed-1" in second and "signed-1" in third and "signed-2" in third


def test_a_call_that_does_not_fit_is_told_and_nothing_is_done(client, models):
    models.script([{"calls": [["note", {"text": "x" * 101}], ["nonsense", {}], ["note", {"words": "a"}]]}, {"text": "Sorry."}])
    assert client.post("/gemini", {"question": "?"}).ok()["output"] == "Sorry."
    assert kept(client) == []
    told = str(models.calls()[1]["body"])
    assert "there is no such tool" in told and "/text" in told and "words" in told


def test_who_listens_hears_of_the_tools_and_of_the_last_words(client, models):
    models.script([{"calls": [["note", {"text": "tea"}]]}, {"text": "It is kept."}])
    seen = list(client.stream("POST", "/gemini", {"question": "Keep tea"}))
    assert {"node": "note", "path": "ask[0]/note"} in [event.data for event in seen if event.type == "node.completed"]
    assert "".join(event.data["text"] for event in seen if event.type == "token") == "It is kept." == seen[-1].data["output"]


def test_a_tool_that_asks_first_waits_for_its_own_user(client, models):
    models.script([{"calls": [["note", {"text": "tea"}]]}, {"text": "Kept."}])
    client.post("/gemini", {"question": "Keep tea"}).ok()
    note = client.get("/notes").ok()["items"][0]["id"]
    for agree, left in ((False, 1), (True, 0)):
        models.reset()
        models.script([{"calls": [["forget", {"id": note}]]}, {"text": "As you wish."}])
        paused = client.post("/careful", {"question": "Forget it"}).ok()
        assert paused["status"] == "waiting" and paused["at"] == "ask"
        assert paused["output"] == {"tools": [{"name": "forget", "input": {"id": note}}]}
        assert len(kept(client)) == 1
        answer = {"run_id": paused["run_id"], "approve": agree}
        Client(client.server, "tools", new_user()).post("/agree", answer).problem(404)
        client.post("/agree", {"run_id": paused["run_id"], "approve": "yes"}).problem(422)
        assert client.post("/agree", answer).ok()["output"] == "As you wish."
        assert len(kept(client)) == left


def test_another_users_rows_are_out_of_a_models_reach(client, models):
    models.script([{"calls": [["note", {"text": "mine"}]]}, {"text": "Kept."}])
    client.post("/gemini", {"question": "Keep it"}).ok()
    note = client.get("/notes").ok()["items"][0]["id"]
    models.reset()
    models.script([{"calls": [["forget", {"id": note}]]}, {"text": "I could not."}])
    other = Client(client.server, "tools", new_user())
    paused = other.post("/careful", {"question": "Forget theirs"}).ok()
    assert other.post("/agree", {"run_id": paused["run_id"], "approve": True}).ok()["output"] == "I could not."
    assert kept(client) == ["mine"] and "it failed" in str(models.calls()[1]["body"])


def test_a_crash_repeats_no_tool(tmp_path, models):
    server = Server(tmp_path / "data", copy_of_apps(tmp_path / "root", "tools"), gemini(models)).start()
    client = Client(server, "tools", new_user())
    models.script([{"calls": [["note", {"text": "once"}]]}, {"hang": True}, {"text": "Done."}])
    job = client.post("/jobs/gemini", {"question": "Keep it"}).ok(202)["job_id"]
    models.wait_for_calls(2)
    server.kill()
    server.start()
    assert client.finished(job)["output"] == "Done."
    assert kept(client) == ["once"]
    assert len(models.calls()) == 3 and "row_" in str(models.calls()[2]["body"])
    server.stop()
