"""An issuer of OpenID Connect that says whatever a test wants, right or wrong."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jws, jwt
from joserfc.jwk import RSAKey

KEYS = [RSAKey.generate_key(2048, {"kid": f"k{at}", "use": "sig"}) for at in range(2)]
SECRET = "s3cret:with/odd"


class Issuer(ThreadingHTTPServer):
    """Knows one person; `claims`, `head`, `key` and the rest are what it says, right or wrong."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self.server_port}/realms/acme"
        self.claims: dict[str, Any] = {}
        self.head = {"alg": "RS256", "kid": "k0"}
        self.key: Any = KEYS[0]
        self.shown = [KEYS[0]]
        self.named = self.url
        self.sent: dict[str, str] = {}
        self.status = 200
        self.denies = ""
        """What it tells a browser in place of a code."""
        self.visited: list[dict[str, str]] = []
        """What browsers were sent to it with."""
        self.asked = 0
        """How often it was asked what it is."""
        self.slow_s = 0.0
        self.claims_as: Any = None
        """What it signs instead of claims."""
        self.token: Callable[[str], str] = lambda token: token

    def id_token(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": "tidings", "sub": "f:17", "exp": now + 300, "iat": now, "email": "Kim@Example.com",
            "email_verified": True, "name": "Kim Lee", **self.claims,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.head["alg"] != "RS256":
            return self.token(jwt.encode(self.head, claims, self.key, algorithms=["HS256", "none"]))
        # By hand: the library does not let one write all that is wrong.
        parts = (json.dumps(one).encode() for one in (self.head, self.claims_as or claims))
        first, second = (base64.urlsafe_b64encode(one).rstrip(b"=") for one in parts)
        signature = jws.JWSRegistry.algorithms["RS256"].sign(first + b"." + second, self.key)
        return self.token(b".".join([first, second, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode())


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Issuer

    def _tell(self, status: int, body: Any) -> None:
        octets = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)

    def do_GET(self) -> None:
        here = self.server.url
        time.sleep(self.server.slow_s)
        if urlsplit(self.path).path.endswith("/auth"):
            self._send_back()
        elif self.path.endswith("/.well-known/openid-configuration"):
            self.server.asked += 1
            # By its other name, so that browsers take it for another site.
            away = here.replace("127.0.0.1", "localhost")
            told = {"issuer": self.server.named, "authorization_endpoint": f"{away}/auth"}
            self._tell(200, {**told, "token_endpoint": f"{here}/token", "jwks_uri": f"{here}/keys", "more": 1})
        else:
            self._tell(200, {"keys": [one.as_dict(private=False) for one in self.server.shown]})

    def _send_back(self) -> None:
        """A browser came, and whoever sits at it is let in at once."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        self.server.visited.append(asked)
        self.server.claims["nonce"] = asked["nonce"]
        told = {"error": self.server.denies} if self.server.denies else {"code": "c0de"}
        self.send_response(302)
        self.send_header("location", f"{asked['redirect_uri']}?{urlencode({**told, 'state': asked['state']})}")
        self.send_header("content-length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        self.server.sent = {name: values[0] for name, values in form.items()}
        self.server.sent["authorization"] = self.headers["authorization"]
        self._tell(
            self.server.status, {"access_token": "a", "token_type": "Bearer", "id_token": self.server.id_token()}
        )

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""
