"""What clients do: each op is one request with an Idempotency-Key, repeated until it is answered, and what follows from it.

A client believes nothing: what an answer has promised is noted, and the judge compares it with the database.
"""

import http.client
import json
import random
import threading
import time

from world import PROJECT, digest

JOB_TEXT = (PROJECT / "fixtures/fitmycv/job.txt").read_text()
CV_TEXT = (PROJECT / "fixtures/fitmycv/cv.txt").read_text()
FINAL = ("completed", "failed", "cancelled")


class Broken(Exception):
    """The server did what it must not do."""


class Stopped(Exception):
    """The round is over and this op has not begun."""


class Client:
    def __init__(self, world, number, kinds):
        self.world, self.number, self.kinds = world, number, kinds
        self.random = random.Random(f"{world.seed} client {number}")
        self.ops = 0

    def run(self):
        try:
            while not self.world.calm.is_set() and self.ops < self.world.most_ops:
                self.ops += 1
                kind = self.random.choice(self.kinds)
                self.token = f"{kind}-{self.world.round}-{self.number}-{self.ops}"
                self.user = f"u{self.world.round}x{self.number}x{self.ops}"
                getattr(self, kind)()
        except Exception as broken:  # whatever it is, the judge shall hear of it
            self.world.broken(f"client {self.number}, {self.token}: {broken!r}")

    # HTTP: a request is tried until it is answered, by whichever process is there.

    def once(self, method, path, body=None, key=None, timeout=20, content="application/json"):
        port = self.world.server.port
        if port is None:
            return None
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        headers = {"Authorization": f"Bearer dev:{self.user}:pro"}
        if body is not None:
            headers["Content-Type"] = content
        if key:
            headers["Idempotency-Key"] = key
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read()
            return response.status, json.loads(text) if text else None, response.headers
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()

    def asked(self, method, path, value=None, key=None, wanted=(200, 202), **more):
        body = json.dumps(value) if value is not None and not isinstance(value, bytes) else value
        end = time.monotonic() + self.world.patience
        while True:
            answer = self.once(method, path, body, key, **more)
            if answer and answer[0] in wanted:
                return answer
            busy = answer is None or answer[0] in (503, 429) or (
                answer[0] == 409 and answer[1]["code"] == "idempotency_in_progress")
            if not busy:
                raise Broken(f"{method} {path}: {answer[0]} {answer[1]}")
            if time.monotonic() > end:
                raise Broken(f"{method} {path}: no answer, last {answer and answer[:2]}")
            time.sleep(0.01 + self.random.random() * 0.03)

    def accepted(self, path, value, **more):
        """A run by an asynchronous route; sometimes asked for again with the same key."""
        again = self.random.random() < 0.3
        ids = set()
        for _ in range(2 if again else 1):
            ids.add(self.asked("POST", path, value, key=f"start.{self.token}", **more)[1]["job_id"])
        if len(ids) != 1:
            raise Broken(f"one key, two runs: {ids}")
        job = ids.pop()
        self.world.promise(job, self.token)
        return job

    def ended(self, app, job, errors=()):
        end = time.monotonic() + self.world.patience
        while True:
            page = self.asked("GET", f"/api/v1/{app}/jobs/{job}")[1]
            if page["status"] in FINAL:
                self.world.end(job, page)
                if page["status"] == "completed" or page.get("error", {}).get("code") in (*errors, "poison"):
                    return page
                raise Broken(f"{job} ended as {page['status']}: {page.get('error')}")
            if time.monotonic() > end:
                raise Broken(f"{job} does not end: {page['status']}")
            time.sleep(0.03)

    def check(self, page, prompts):
        if page["status"] != "completed":
            return  # given up as poison: the judge counts how often, and whether it was right
        answers, expected = page["output"]["answers"], [digest(prompt) for prompt in prompts]
        if answers != expected:
            raise Broken(f"{self.token} answered {answers}, expected {expected}")

    # Ops

    def chain(self):
        job = self.accepted("/api/v1/chaos/jobs/chain", {"token": self.token})
        self.check(self.ended("chaos", job), self.chain_of(self.token))

    @staticmethod
    def chain_of(token):
        a = f"first {token}"
        b = f"second {digest(a)}"
        return [a, b, f"third {digest(b)}"]

    def synchronous(self):
        answer = self.asked("POST", "/api/v1/chaos/chain", {"token": self.token}, key=f"start.{self.token}")[1]
        self.world.promise(answer["run_id"], self.token)
        self.world.end(answer["run_id"], answer)
        if answer["status"] != "completed":
            raise Broken(f"{self.token}: {answer}")
        self.check(answer, self.chain_of(self.token))

    def once_only(self):
        job = self.accepted("/api/v1/chaos/jobs/once", {"token": self.token})
        page = self.ended("chaos", job, errors=("ambiguous_effect",))
        if page["status"] == "completed":
            self.check(page, [f"first {self.token}"])

    def known(self):
        job = self.accepted("/api/v1/chaos/jobs/known", {"token": self.token})
        self.check(self.ended("chaos", job), [f"first {self.token}"])

    def fan(self):
        job = self.accepted("/api/v1/chaos/jobs/fan", {"token": self.token})
        self.check(self.ended("chaos", job), [f"{name} {self.token}" for name in "wxyz"] + [f"join {self.token}"])

    def parent(self):
        job = self.accepted("/api/v1/chaos/jobs/parent", {"token": self.token})
        self.check(self.ended("chaos", job), [f"first {self.token}"])

    def ask(self):
        first = self.asked("POST", "/api/v1/chaos/ask", {"token": self.token}, key=f"start.{self.token}")[1]
        self.world.promise(first["run_id"], self.token)
        draft = f"first {self.token}"
        if first["status"] != "waiting" or first["output"] != {"text": digest(draft)}:
            raise Broken(f"{self.token} does not wait: {first}")
        answer = {"run_id": first["run_id"], "sure": True}
        done = self.asked("POST", "/api/v1/chaos/answer", answer, key=f"answer.{self.token}")[1]
        if done["status"] != "completed":
            raise Broken(f"{self.token}: {done}")
        self.world.end(first["run_id"], done)
        self.check(done, [draft, f"second {digest(draft)}"])

    def clearreply(self):
        first = self.asked("POST", "/api/v1/clearreply/analyze", {"message": self.token}, key=f"start.{self.token}")[1]
        self.world.promise(first["run_id"], self.token)
        tone = first["output"]["tones"][0]["id"]
        done = self.asked("POST", "/api/v1/clearreply/generate", {"run_id": first["run_id"], "tone": tone},
                          key=f"answer.{self.token}")[1]
        if done["status"] != "completed":
            raise Broken(f"{self.token}: {done}")
        self.world.end(first["run_id"], done)

    def mailer(self):
        mail = {"to": "a@example.com", "purpose": f"about {self.token}"}
        first = self.asked("POST", "/api/v1/mailer/mails", mail, key=f"start.{self.token}")[1]
        self.world.promise(first["run_id"], self.token)
        for turn, answer in enumerate([{"approve": False, "change": "politer"}, {"approve": True}]):
            first = self.asked("POST", "/api/v1/mailer/mails/approve", {"run_id": first["run_id"], **answer},
                               key=f"answer.{turn}.{self.token}")[1]
        if first["status"] != "completed":
            raise Broken(f"{self.token}: {first}")
        self.world.end(first["run_id"], first)

    def research(self):
        job = self.accepted("/api/v1/research/research", {"question": f"What of {self.token}?"})
        self.ended("research", job)

    def upload(self):
        edge = "edge7d93b0"
        form = (f'--{edge}\r\nContent-Disposition: form-data; name="cv"; filename="cv.txt"\r\n\r\n'
                f"{CV_TEXT}\r\n--{edge}--\r\n").encode()
        kept = self.asked("POST", "/api/v1/fitmycv/upload", form, key=f"upload.{self.token}", wanted=(200,),
                          content=f"multipart/form-data; boundary={edge}")[1]
        self.world.promise(kept["run_id"], None)
        return kept["output"]["cv_id"]

    def fitmycv(self):
        cv = self.upload()
        job = self.accepted("/api/v1/fitmycv/jobs/create",
                            {"cv_id": cv, "job_description": f"{self.token}\n{JOB_TEXT}"})
        self.ended("fitmycv", job)


EVERYDAY = ["chain", "chain", "synchronous", "once_only", "known", "fan", "parent", "ask", "clearreply", "mailer",
            "research"]


def start(world, clients, documents):
    """Threads that go on until the world is calm; with documents, one of the clients works on CVs."""
    threads = []
    for number in range(clients):
        kinds = ["fitmycv"] if documents and number == 0 else EVERYDAY
        thread = threading.Thread(target=Client(world, number, kinds).run, daemon=True)
        thread.start()
        threads.append(thread)
    return threads
