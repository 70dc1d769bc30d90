"""An issuer of tokens: an OpenID Connect provider's documents on 127.0.0.1, RS256 keys and tokens, and a ledger of what it was asked.

    with Issuer() as issuer:
        token = issuer.token("ada", roles=["editor"])
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SMALL = [n for n in range(3, 2000, 2) if all(n % d for d in range(3, int(n**0.5) + 1, 2))]
SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")  # its name, as RFC 8017 puts it before a digest


def is_prime(n):
    if any(n % p == 0 for p in SMALL):
        return False
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(20):
        x = pow(secrets.randbelow(n - 3) + 2, odd, n)
        if x in (1, n - 1):
            continue
        for _ in range(twos - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def prime(bits):
    while True:
        n = secrets.randbits(bits) | 3 << (bits - 2) | 1
        if n % 65537 != 1 and is_prime(n):
            return n


def encoded(data):
    data = json.dumps(data).encode() if isinstance(data, dict) else data
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class RsaKey:
    def __init__(self, kid):
        p, q = prime(1024), prime(1024)
        self.kid, self.n, self.p, self.q = kid, p * q, p, q
        self.d = pow(65537, -1, (p - 1) * (q - 1))

    def pem(self):
        """The private key as PKCS#1 has it (RFC 8017, appendix A)."""
        def der(tag, content):
            size = len(content)
            length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
            return bytes([tag]) + length + content

        numbers = (0, self.n, 65537, self.d, self.p, self.q, self.d % (self.p - 1), self.d % (self.q - 1),
                   pow(self.q, -1, self.p))
        integers = (n.to_bytes(n.bit_length() // 8 + 1, "big") for n in numbers)
        lines = base64.encodebytes(der(0x30, b"".join(der(2, integer) for integer in integers))).decode()
        return f"-----BEGIN RSA PRIVATE KEY-----\n{lines}-----END RSA PRIVATE KEY-----\n"

    def published(self):
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "e": "AQAB",
                "n": encoded(self.n.to_bytes(256, "big"))}

    def sign(self, text):
        digest = SHA256 + hashlib.sha256(text.encode()).digest()
        padded = b"\0\1" + b"\xff" * (256 - 3 - len(digest)) + b"\0" + digest
        return pow(int.from_bytes(padded, "big"), self.d, self.n).to_bytes(256, "big")


class Issuer:
    audience = "plenum-tests"

    def __init__(self):
        self.keys = [RsaKey("one")]
        self.paths, self.held = [], None
        self.broken = None  # a status that everything is answered with
        self._lock = threading.Lock()
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                with issuer._lock:
                    issuer.paths.append(self.path)
                    held, broken = issuer.held, issuer.broken
                if held:
                    held.wait()
                document = {"/.well-known/openid-configuration": {"issuer": issuer.url, "jwks_uri": issuer.url + "/keys"},
                            "/keys": {"keys": [key.published() for key in issuer.keys]}}.get(self.path)
                body = json.dumps(document).encode()
                self.send_response(broken or (200 if document else 404))
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.release()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def hold(self):
        """From now on nothing is answered until release()."""
        self.held = threading.Event()

    def release(self):
        if self.held:
            self.held.set()
        self.held = None

    def fetches(self):
        with self._lock:
            return self.paths.count("/keys")

    def token(self, subject, key=None, kid=None, header=None, lasts=3600, **claims):
        key = key or self.keys[0]
        now = int(time.time())
        head = {"alg": "RS256", "typ": "JWT", "kid": kid or key.kid, **(header or {})}
        body = {"iss": self.url, "aud": self.audience, "sub": subject, "iat": now, "exp": now + lasts, **claims}
        signed = encoded(head) + "." + encoded(body)
        return signed + "." + encoded(key.sign(signed))

    def settings(self, name="main", under="sign_in"):
        """The environment that makes a server accept its tokens."""
        at = f"PLENUM_{under}_{name}_".replace(".", "_").upper()
        return {at + "ISSUER": self.url, at + "AUDIENCE": self.audience}
