"""What a model says reaches the client while it is said, and a stream that goes wrong never passes for an answer.

Nothing here depends on who is faster: the scripted model stops or waits at the place that a test is about.
"""

import json
import socket
import threading

import pytest

from conftest import Client, Server, copy_of_apps, eventually, gemini, new_user

PIECES = ["Hello", " w\u00f6rld", ", how", " are you?"]
TEXT = "".join(PIECES)
PROVIDERS = ("gemini", "openai", "anthropic")


@pytest.fixture(scope="module")
def stream_server(tmp_path_factory, shared_models):
    folder = tmp_path_factory.mktemp("streams")
    server = Server(folder / "data", copy_of_apps(folder / "root", "stream"), gemini(shared_models)).start()
    yield server
    server.stop()


@pytest.fixture
def client(stream_server, models):
    yield Client(stream_server, "stream", new_user())
    stream_server.healthy()


def ask(client, route="/gemini", value=None):
    return client.stream("POST", route, value or {"question": "How?"})


def told(events, node="ask"):
    """The text of a node as a client that keeps to the rules shows it in the end."""
    text = ""
    for event in events:
        if event.data.get("node") == node and event.type == "token":
            text += event.data["text"]
        elif event.data.get("node") == node and event.type == "reset":
            text = ""
    return text


def types(events):
    return [event.type for event in events if event.type != "heartbeat"]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_first_words_are_told_before_the_last_ones_are_said(client, models, provider):
    gate = threading.Event()
    models.script([{"pieces": PIECES, "gate": [2, gate], "usage": [7, 5]}])
    stream = ask(client, "/" + provider)
    seen = []
    for event in stream:
        seen.append(event)
        if told(seen) == "Hello w\u00f6rld":
            gate.set()  # only now the model goes on
    assert told(seen) == TEXT
    assert types(seen)[-2:] == ["node.completed", "run.completed"] and seen[-1].data["output"] == TEXT
    assert len(models.calls()) == 1


def test_who_wants_one_answer_gets_it_and_nothing_is_streamed(client, models):
    models.script([{"text": TEXT}])
    assert client.post("/gemini", {"question": "How?"}).ok()["output"] == TEXT
    assert models.calls()[0]["path"].endswith(":generateContent")


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("fault", ["cut_after", "error_after"])
def test_a_stream_that_breaks_before_the_first_word_is_asked_for_again_without_a_trace(client, models, provider, fault):
    models.script([{"pieces": PIECES, fault: 0}, {"pieces": PIECES}])
    seen = list(ask(client, "/" + provider))
    assert "reset" not in types(seen) and told(seen) == TEXT
    assert seen[-1].data["output"] == TEXT
    assert len(models.calls()) == 2


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("fault", ["cut_after", "error_after"])
def test_after_the_first_word_the_client_is_told_that_it_is_void(client, models, provider, fault):
    models.script([{"pieces": PIECES, fault: 2}, {"pieces": PIECES}])
    seen = list(ask(client, "/" + provider))
    assert types(seen).count("reset") == 1
    reset = next(event for event in seen if event.type == "reset")
    assert reset.data == {"node": "ask", "reason": reset.data["reason"]} and reset.data["reason"]
    assert told(seen) == TEXT and seen[-1].data["output"] == TEXT
    assert len(models.calls()) == 2


def test_a_stream_that_stays_broken_fails_the_run(client, models):
    models.script([{"pieces": PIECES, "cut_after": 2}, {"pieces": PIECES, "cut_after": 1}])
    seen = list(ask(client))
    assert types(seen)[-1] == "run.failed" and seen[-1].data["code"] == "provider_malformed"
    assert types(seen).count("reset") == 2 and told(seen) == ""


def test_the_fallback_takes_over_and_says_it_anew(client, models):
    models.script([{"pieces": ["No, wait"], "error_after": 1}, {"pieces": PIECES}])
    seen = list(ask(client, "/fallback"))
    assert types(seen).count("reset") == 1 and told(seen) == TEXT
    assert [call["dialect"] for call in models.calls()] == ["gemini", "openai"]


@pytest.mark.parametrize("fault", [
    {"status": 503}, {"body": {"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}}}, {"body": "<html>"},
    {"malformed_body": True}, {"empty": True}, {"cut": True}, {"close": True}, {"body": ""},
    {"body": "data: nonsense\n\n", "headers": {"Content-Type": "text/event-stream"}},
    {"body": "", "headers": {"Content-Type": "text/event-stream"}},
], ids=str)
def test_what_is_no_stream_is_judged_as_ever(client, models, fault):
    models.script([fault, {"pieces": PIECES}])
    seen = list(ask(client))
    assert "reset" not in types(seen) and seen[-1].data["output"] == TEXT
    assert len(models.calls()) == 2


def test_a_server_that_does_not_stream_although_asked_is_understood(client, models):
    models.script([{"body": {"candidates": [{"content": {"parts": [{"text": TEXT}]}, "finishReason": "STOP"}]}}])
    assert list(ask(client))[-1].data["output"] == TEXT


def test_words_that_drip_byte_by_byte_arrive_whole(client, models):
    models.script([{"pieces": ["\u20ac", "\U0001f600", "\u00e9"], "drip_ms": 1}])
    seen = list(ask(client))
    assert told(seen) == "\u20ac\U0001f600\u00e9" == seen[-1].data["output"]


def test_a_structured_answer_is_shown_as_far_as_it_is_a_value(client, models):
    value = {"title": "A \"quoted\" title", "score": 12, "tags": ["one", "two"]}
    gate = threading.Event()
    text = json.dumps(value)
    models.script([{"pieces": [text[:14], text[14:]], "gate": [1, gate]}])
    seen, partial = [], []
    for event in ask(client, "/card"):
        seen.append(event)
        if event.type == "token" and "partial" in event.data:
            partial.append(event.data["partial"])
            gate.set()
    assert partial[0] == {"title": "A "} and partial[-1] == value == seen[-1].data["output"]
    assert told(seen) == text


def test_an_answer_that_does_not_fit_is_taken_back_before_the_next_one(client, models):
    value = {"title": "T", "score": 1, "tags": []}
    models.script([{"text": '{"title": "T"}'}, {"json": value}])
    seen = list(ask(client, "/card"))
    assert types(seen).count("reset") == 1 and json.loads(told(seen)) == value == seen[-1].data["output"]


def test_answers_at_the_same_time_are_told_apart_by_their_path(client, models):
    models.script([{"match": "first", "text": "one one one"}, {"match": "second", "text": "two two two"}])
    texts = {}
    for event in ask(client, "/each", {"questions": ["first", "second"]}):
        if event.type == "token":
            assert event.data["node"] == "one"
            texts[event.data["path"]] = texts.get(event.data["path"], "") + event.data["text"]
    assert texts == {"all[0]/one": "one one one", "all[1]/one": "two two two"}


def test_a_client_that_leaves_cancels_the_call(client, models):
    models.script([{"pieces": PIECES, "stop_after": 2}])
    stream = ask(client)
    seen = []
    for event in stream:
        seen.append(event)
        if told(seen) == "Hello w\u00f6rld":
            break
    run = stream.headers["Plenum-Run"]
    stream.close()
    eventually(lambda: models.calls()[0].get("ended") == "left", what="the model's connection closing")
    assert client.get(f"/runs/{run}").ok()["status"] in ("cancelled", "cancelling")
    assert len(models.calls()) == 1


def test_somebody_who_comes_later_hears_it_from_the_start(client, models):
    gate = threading.Event()
    models.script([{"pieces": PIECES, "gate": [2, gate]}])
    first, heard, late = ask(client), [], []
    for event in first:
        heard.append(event)
        if told(heard) == "Hello w\u00f6rld" and not late:
            run = first.headers["Plenum-Run"]
            second = client.stream("GET", f"/runs/{run}/events", Last_Event_ID=f"{event.id}.{event.part}")
            for event in second:
                late.append(event)
                if told(late) == "Hello w\u00f6rld":
                    break
            gate.set()
    late += list(second)
    assert late[0].type == "reset" and late[0].data["reason"] == "joined"
    assert told(heard) == TEXT == told(late)
    assert heard[-1].type == "run.completed" == late[-1].type


def test_ids_count_on_behind_the_stored_event_and_take_a_client_back_to_it(client, models):
    models.script([{"pieces": PIECES}])
    stream = ask(client)
    seen = list(stream)
    stored = [event.id for event in seen if not event.part]
    assert stored == sorted(set(stored))
    tokens = [event for event in seen if event.type == "token"]
    assert [event.part for event in tokens] == list(range(1, len(tokens) + 1))
    assert {event.id for event in tokens} == {next(e.id for e in seen if e.type == "node.started")}
    again = client.stream("GET", f"/runs/{stream.headers['Plenum-Run']}/events", Last_Event_ID=f"{tokens[0].id}.1")
    assert [event.type for event in again] == ["node.completed", "run.completed"]


def test_a_client_that_does_not_read_stops_the_model_and_loses_nothing(client, models):
    pieces = [f"{n:08}" + "x" * 65528 for n in range(400)]  # 26 MB: more than kernels keep
    models.script([{"pieces": pieces}])
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", client.server.port))
    connection.settimeout(60)
    body = json.dumps({"question": "How?"})
    connection.sendall((f"POST /api/v1/stream/gemini HTTP/1.1\r\nHost: localhost\r\nAuthorization: {client.token}\r\n"
                        f"Accept: text/event-stream\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
                        f"Connection: close\r\n\r\n{body}").encode())
    eventually(lambda: models.calls() and models.calls()[0].get("stalled"), 30, "the model being stopped")
    assert models.calls()[0].get("sent", 0) < sum(map(len, pieces))
    received = bytearray()
    while b"\nevent: node.completed" not in received[-70000:]:
        data = connection.recv(1 << 20)
        assert data, received[-2000:]
        received += data
    connection.close()
    text = received.decode(errors="replace")
    places = [text.index(f"{n:08}x") for n in range(0, 400, 7)]
    assert places == sorted(places)


def test_offline_answers_stream_word_by_word(offline_server):
    offline = Client(offline_server, "clearreply", new_user())
    seen = list(offline.stream("POST", "/analyze", {"message": "I want my refund."}))
    tokens = [event for event in seen if event.type == "token"]
    assert len(tokens) > 3 and tokens[-1].data["partial"] == seen[-1].data["output"]
    assert json.loads(told(seen, "analyze")) == seen[-1].data["output"]


def test_an_answer_that_is_given_again_is_told_like_one_that_comes(client, models):
    models.script([{"pieces": PIECES, "usage": [7, 5]}])
    question = {"question": "Which words?"}
    first, again = (list(ask(client, "/kept", question)) for _ in range(2))
    assert len(models.calls()) == 1
    for events in (first, again):
        assert told(events) == TEXT == events[-1].data["output"]
    assert [event.data["text"] for event in again if event.type == "token"] == [TEXT]
    assert types(again) == [kind for i, kind in enumerate(types(first)) if kind != "token" or "token" not in types(first)[:i]]


def test_a_structured_answer_that_is_given_again_comes_with_its_value(client, models):
    card = {"title": "K\u00e4se", "score": 7}
    models.script([{"text": json.dumps(card)}])
    question = {"question": "Which card?"}
    list(ask(client, "/kept_card", question))
    again = list(ask(client, "/kept_card", question))
    assert len(models.calls()) == 1
    token, = (event for event in again if event.type == "token")
    assert token.data["partial"] == card == json.loads(token.data["text"]) == again[-1].data["output"]


def test_who_does_not_listen_gets_what_is_kept_all_the_same(client, models):
    models.script([{"text": "Said."}])
    question = {"question": "Who listens?"}
    assert told(list(ask(client, "/kept", question))) == "Said."
    assert client.post("/kept", question).ok()["output"] == "Said."
    assert len(models.calls()) == 1
