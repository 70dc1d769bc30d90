"""Marked secrets and personal data are sent through everything that works and fails; then every place they must not be in is read.

Secrets (keys, tokens, signing secrets) may be nowhere but in the headers meant for them.  What users say may be in the database
and in answers to them, and nowhere else: no log, no problem document about somebody else's failure, no metrics, no temporary file.
"""

import json

import pytest

from conftest import Client, Server, copy_of_apps, gemini, needs_sandbox
from peer_server import PeerServer
from test_metrics import metrics
from test_purchases import event, plenum, shop_in, signature, subscription, tell, tell_stripe

SECRETS = {
    "GEMINI_API_KEY": "canary-gemini-6b1f7e", "OPENAI_API_KEY": "canary-openai-0d94aa", "CRM_TOKEN": "canary-crm-51c2f3",
    "PLENUM_APPS_SHOP_REVENUECAT_AUTHORIZATION": "Bearer canary-hook-9f9f10",
    "PLENUM_APPS_SHOP_STRIPE_SIGNING_SECRET": "whsec_canary-stripe-4d4e",
    "PLENUM_APPS_SHOP_REVENUECAT_API_KEY": "canary-lookup-8e21bb", "PLENUM_APPS_SHOP_STRIPE_API_KEY": "canary-lookup-77c0de",
}
TOKENS = ["canary-token-c0ffee", "canary-basic-77b1"]
PERSONAL = ["canary-name-Zwetschgenbaum", "canary-phone-555-0199", "canary.mail@example.invalid", "canary-question-pineapple"]
CANARIES = [value.split()[-1] for value in SECRETS.values()] + TOKENS

CALLER = """
plenum: 1
app: caller
secrets: [CRM_TOKEN]
limits: {hosts: ["PEER"]}
graphs:
  send:
    input: {text: string}
    state: {answer: any}
    nodes:
      - {id: send, retry: 0, timeout: 2s, http: {post: "PEER/notes", body: {text: =text}, auth: {bearer: CRM_TOKEN}}, set: {answer: =result.body}}
    output: =answer
routes:
  POST /send: {start: send}
"""


@pytest.fixture
def place(tmp_path, shared_models):
    """A server whose every file is below one folder: data, log, temporary files."""
    shared_models.reset()
    with PeerServer() as peer:
        root = copy_of_apps(tmp_path / "root")
        shop_in(tmp_path / "shop")
        (root / "apps.d/shop.yaml").write_text((tmp_path / "shop/apps.d/shop.yaml").read_text())
        (root / "plenum.yaml").write_text((tmp_path / "shop/plenum.yaml").read_text())
        (root / "apps.d/caller.yaml").write_text(CALLER.replace("PEER", peer.url))
        (tmp_path / "tmp").mkdir()
        env = gemini(shared_models, **SECRETS, PLENUM_OUTBOUND_ALLOW_LOCAL="true", TMPDIR=str(tmp_path / "tmp"),
                     PLENUM_APPS_SHOP_PURCHASES_REVENUECAT_URL=peer.url, PLENUM_APPS_SHOP_PURCHASES_STRIPE_URL=peer.url,
                     PLENUM_LOG_REQUESTS="true", PLENUM_METRICS_LISTEN="127.0.0.1:0")
        server = Server(tmp_path / "data", root, env).start()
        server.peer, server.models, server.tmp = peer, shared_models, tmp_path / "tmp"
        yield server
        if server.process.poll() is None:
            server.kill()


def everything(server):
    """What answers said, in short: (where, text)."""
    said = []

    def hear(where, reply):
        said.append((where, f"{dict(reply.headers)} {reply.body!r}"))
        return reply

    words = " ".join(PERSONAL)
    user = Client(server, "clearreply", "canary-user-1")
    hear("analyze", user.analyze(words))
    for failure in ({"status": 400, "message": "bad " + words}, {"malformed": True}, {"blocked": "SAFETY"},
                    {"status": 401, "message": "no such key " + SECRETS["GEMINI_API_KEY"]}, {"body": "<p>" + words}):
        server.models.script([failure] * 3)
        hear("failing model", user.analyze(words))
        server.models.reset()
    probe = Client(server, "probe", "canary-user-2")
    job = probe.post("/jobs/chain", {"question": PERSONAL[3]}).ok(202)["job_id"]
    probe.finished(job)
    server.models.script([{"status": 400, "match": "second of"}], default={"text": "Fine."})
    probe.finished(probe.post("/jobs/chain", {"question": words}).ok(202)["job_id"], "failed")
    server.models.reset()
    for body in ({"message": 17}, {"message": words * 400}, {"other": words}):
        hear("bad input", user.post("/analyze", body))
    hear("broken body", user.post("/analyze", ('{"message": "' + words).encode()))
    caller = Client(server, "caller", "canary-user-3")
    for reply in ({"status": 500, "json": {"you sent": SECRETS["CRM_TOKEN"], "text": words}}, {"close": True},
                  {"json": {"echo": "Bearer " + SECRETS["CRM_TOKEN"]}}, {"body": SECRETS["CRM_TOKEN"]}):
        server.peer.script([reply])
        hear("peer", caller.post("/send", {"text": words}))
    for credentials in ("Bearer " + TOKENS[0], "Bearer dev:" + TOKENS[0] + "\u00e4", "Basic " + TOKENS[1], TOKENS[0],
                        "Bearer eyJhbGciOiJub25lIn0." + TOKENS[0] + "."):
        user.token = credentials
        hear("sign-in", user.post("/analyze", {"message": words}))
    hear("hook", tell(server, event("canary-user-4"), "Bearer " + TOKENS[0]))
    hear("hook", tell(server, {"event": {"id": words}}, SECRETS["PLENUM_APPS_SHOP_REVENUECAT_AUTHORIZATION"]))
    hear("hook", tell(server, event("canary-user-4", app_user_id=None, subscriber_attributes={"$email": {"value": PERSONAL[2]}}),
                      SECRETS["PLENUM_APPS_SHOP_REVENUECAT_AUTHORIZATION"]))
    body = json.dumps(subscription("canary-user-4", customer_email=PERSONAL[2])).encode()
    hear("hook", tell_stripe(server, body, signature(body, SECRETS["PLENUM_APPS_SHOP_STRIPE_SIGNING_SECRET"])))
    server.peer.script([{"status": 401, "json": {"message": "bad key " + SECRETS[f"PLENUM_APPS_SHOP_{provider}_API_KEY"]}}
                        for provider in ("STRIPE", "REVENUECAT")])
    hear("look-up", Client(server, "shop", "canary-user-4").post("/pro", {}))
    hear("path", server.request("GET", "/api/v1/clearreply/" + TOKENS[0], headers={"Authorization": "Bearer " + TOKENS[0]}))
    hear("smuggled", server.request("POST", "/api/v1/clearreply/analyze?token=" + TOKENS[0], b"{}"))
    plenum(server, "grant", "shop", "canary-user-4", "pro")
    return said


def found_in(text, canaries):
    return [canary for canary in canaries if canary in text]


def files_below(folder):
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]


def test_no_secret_and_nothing_that_users_said_is_where_it_must_not_be(place):
    said = everything(place)
    assert len(said) > 20
    log = place.log()
    assert found_in(log, CANARIES + PERSONAL) == []
    for where, text in said:
        hits = [hit for hit in found_in(text, CANARIES) if (where, hit) != ("path", TOKENS[0])]  # a path that is not there is named
        assert hits == [], (where, text)
    page = metrics(place)[2]
    assert "plenum_effects_total" in page and found_in(page, CANARIES + PERSONAL + ["canary-user"]) == []
    in_problems = [where for where, text in said if "problem+json" in text and found_in(text, PERSONAL)]
    assert in_problems == []
    place.stop()
    # What a child or a library put aside is gone, or says nothing.
    for path in files_below(place.tmp):
        assert found_in(path.read_bytes().decode("latin-1"), CANARIES + PERSONAL) == [], path
    # The data folder has what users said, and no secret of anybody.
    for path in files_below(place.data):
        assert found_in(path.read_bytes().decode("latin-1"), CANARIES) == [], path
    # What the test looks for can be found: the message was stored.
    assert any(PERSONAL[0].encode() in path.read_bytes() for path in files_below(place.data))


@needs_sandbox
def test_a_document_leaves_nothing_behind(place):
    user = Client(place, "fitmycv", "canary-user-5", "pro")
    text = "\n".join(PERSONAL).encode()
    user.upload(content=text)
    user.upload(name=PERSONAL[0] + ".pdf", content=b"%PDF-1.4 " + text)
    user.upload(name="x.docx", content=b"PK\x03\x04" + text)
    place.stop()
    assert found_in(place.log(), PERSONAL) == []
    for path in files_below(place.tmp):
        assert found_in(path.read_bytes().decode("latin-1"), PERSONAL) == [], path
