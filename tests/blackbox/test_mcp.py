"""MCP servers' tools: today's form and the one before it, what a model is told, and what is never called twice."""

import sys

import pytest

from conftest import HERE, Client, Server, copy_of_apps, gemini, new_user

sys.path.insert(0, str(HERE.parent / "support"))
from mcp_server import Hangs, McpServer  # noqa: E402

TOKEN = "mcp-token-5b1e90c2"


def keep(text, tag=None):
    if text == "hang":
        raise Hangs
    if text == "fail":
        raise ValueError(f"no more paper, {TOKEN}")
    if text == "huge":
        return {"content": [{"type": "text", "text": "x" * (2 << 20)}]}
    return {"structuredContent": {"kept": text}, "content": [{"type": "text", "text": "kept"}]}


def weather(location):
    return {"content": [{"type": "text", "text": f"sunny in {location}"}]}


@pytest.fixture(scope="module")
def all_servers():
    with McpServer("modern") as modern, McpServer("session") as session, McpServer("stateless") as stateless:
        modern.acts("keep.note", keep)
        session.acts("weather", weather)
        stateless.acts("weather", weather)
        yield {"MODERN": modern, "SESSION": session, "STATELESS": stateless}


@pytest.fixture
def servers(all_servers):
    for server in all_servers.values():
        server.reset()
    return all_servers


def served(folder, all_servers, models):
    root = copy_of_apps(folder)
    text = (HERE / "mcp.yaml").read_text()
    for name, server in all_servers.items():
        text = text.replace(name, server.url)
    (root / "apps.d/mcp.yaml").write_text(text)
    env = {**gemini(models), "PLENUM_OUTBOUND_ALLOW_LOCAL": "true", "MCP_TOKEN": TOKEN}
    return Server(folder / "data", root, env).start()


@pytest.fixture(scope="module")
def mcp_server(tmp_path_factory, shared_models, all_servers):
    server = served(tmp_path_factory.mktemp("mcp"), all_servers, shared_models)
    yield server
    server.stop()


@pytest.fixture
def client(mcp_server, models, servers):
    yield Client(mcp_server, "mcp", new_user())
    mcp_server.healthy()


def test_a_tool_of_todays_server_is_called_with_its_headers_and_its_secret(client, servers):
    assert client.post("/modern", {"text": "tea"}).ok()["output"] == {"kept": "tea"}
    assert servers["MODERN"].calls == [("keep.note", {"text": "tea"})]
    headers, message = servers["MODERN"].requests[-1]
    assert headers["mcp-name"] == "keep.note" and headers["authorization"] == f"Bearer {TOKEN}"
    assert message["params"]["_meta"]["io.modelcontextprotocol/clientInfo"]["name"] == "plenum"


def test_a_server_with_sessions_is_initialized_once_for_each_user(client, servers):
    server = servers["SESSION"]
    for _ in range(2):
        assert client.post("/session", {"location": "Oslo"}).ok()["output"] == {"text": "sunny in Oslo", "content": []}
    other = Client(client.server, "mcp", new_user())
    other.post("/session", {"location": "Rome"}).ok()
    assert [method for method in server.methods() if method != "server/discover"] == [
        "initialize", "notifications/initialized", "tools/call", "tools/call", "initialize", "notifications/initialized", "tools/call"]
    sessions = [headers["mcp-session-id"] for headers, message in server.requests if message["method"] == "tools/call"]
    assert sessions[0] == sessions[1] != sessions[2]


def test_a_session_that_is_gone_is_begun_anew(client, servers):
    client.post("/session", {"location": "Oslo"}).ok()
    servers["SESSION"].forget_sessions()
    assert client.post("/session", {"location": "Rome"}).ok()["output"]["text"] == "sunny in Rome"
    assert [arguments["location"] for _, arguments in servers["SESSION"].calls] == ["Oslo", "Rome"]


def test_a_server_of_before_without_sessions(client, servers):
    assert client.post("/stateless", {"location": "Bonn"}).ok()["output"]["text"] == "sunny in Bonn"
    assert not [headers for headers, _ in servers["STATELESS"].requests if "mcp-session-id" in headers]


def test_what_a_server_asks_of_us_is_refused_and_its_answer_counts(client, servers):
    servers["SESSION"].asks_back = True
    assert client.post("/session", {"location": "Oslo"}).ok()["output"]["text"] == "sunny in Oslo"
    (_, answer), = servers["SESSION"].answers
    assert answer["id"] == "ask-1" and answer["error"]["code"] == -32601


def test_nobody_waits_for_a_stream_that_goes_on_after_its_answer(client, servers):
    servers["SESSION"].keeps_open = True
    assert client.post("/session", {"location": "Oslo"}).ok()["output"]["text"] == "sunny in Oslo"


def test_a_tool_that_fails_is_the_nodes_error_without_the_secret(client, servers):
    reply = client.post("/modern", {"text": "fail"})
    assert "no more paper" in reply.problem(502, "mcp_tool_error")["detail"]
    assert TOKEN.encode() not in reply.body


def test_an_answer_that_is_too_large_is_an_error(client, servers):
    client.post("/modern", {"text": "huge"}).problem(502, "response_too_large")


def test_a_call_without_an_answer_is_made_once(client, servers):
    client.post("/modern", {"text": "hang"}).problem(504, "ambiguous_effect")
    assert len(servers["MODERN"].calls) == 1


def test_a_model_uses_servers_tools_and_is_told_what_came_of_them(client, models, servers):
    models.script([{"calls": [["note", {"text": "milk"}], ["note", {"text": "fail"}], ["weather", {"location": "Oslo"}],
                              ["note", {"words": "x"}]]}, {"text": "Done."}])
    assert client.post("/ask", {"question": "Do things"}).ok()["output"] == "Done."
    assert sorted(arguments["text"] for _, arguments in servers["MODERN"].calls) == ["fail", "milk"]
    assert "tag" not in servers["MODERN"].calls[0][1]
    told = str(models.calls()[1]["body"])
    assert "sunny in Oslo" in told and "no more paper" in told and "milk" in told and "does not fit" in told
    assert TOKEN not in told


def test_a_call_under_way_when_the_server_dies_is_not_made_a_second_time(tmp_path, models, servers):
    server = served(tmp_path, servers, models)
    try:
        client = Client(server, "mcp", new_user())
        job = client.post("/jobs/slow", {"text": "hang"}).ok(202)["job_id"]
        servers["MODERN"].wait_for_calls(1)
        server.kill()
        server.start()
        assert client.finished(job, "failed")["error"]["code"] == "ambiguous_effect"
        assert len(servers["MODERN"].calls) == 1
        files = [path for path in server.data.rglob("*") if path.is_file()]
        assert not [path for path in [server.log_path, *files] if TOKEN.encode() in path.read_bytes()]
    finally:
        server.stop()
