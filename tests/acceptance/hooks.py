"""An endpoint for the acceptance tests that outlives the tidings that calls it: one path a way of answering."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

DRIP_S = 0.05


class Hooks:
    """What was asked, oldest first: path, headers, and the body's JSON."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], Any]] = []
        self.url = ""
        self.closing = threading.Event()

    def told(self, path: str) -> list[Any]:
        """The bodies that came to a path."""
        return [body for asked, _, body in list(self.got) if asked == path]


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hooks: Hooks

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.hooks.got.append((self.path, headers, json.loads(body)))
        getattr(self, f"_{self.path.strip('/')}")(json.loads(body))

    def _answer(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"content_type": "application/json", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _asked(self, told: Any) -> None:
        """A reply that says which text it answers."""
        self._answer(json.dumps({"reply": {"text": f"You asked: {told['data']['text'][:20]}"}}).encode())

    def _xml(self, told: Any) -> None:
        self._answer(b"<Response><Message>Read twice, &amp; liked</Message></Response>", content_type="text/xml")

    def _hang(self, told: Any) -> None:
        self.hooks.closing.wait(60)
        self.close_connection = True

    def _loop(self, told: Any) -> None:
        self._answer(b"", 307, location=f"{self.hooks.url}/loop")

    def _nonsense(self, told: Any) -> None:
        self.wfile.write(bytes(range(256)) * 64)
        self.close_connection = True

    def _garbage(self, told: Any) -> None:
        self._answer(b'{"reply": {"text": ["\xff"]}}')

    def _endless(self, told: Any) -> None:
        """A body without an end."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n")
        self._for_ever(b'{"reply": ' + b" " * 65_536)

    def _drip(self, told: Any) -> None:
        """A line of the head without an end, a letter at a time."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nx-slow: ")
        self._for_ever(b"z", DRIP_S)

    def _for_ever(self, octets: bytes, pause: float = 0.0) -> None:
        self.close_connection = True
        try:
            while not self.hooks.closing.is_set():
                self.wfile.write(octets)
                time.sleep(pause)
        except OSError:
            return  # the other end had enough

    def log_message(self, *args: Any) -> None:
        """Says nothing."""


@contextmanager
def listening() -> Iterator[Hooks]:
    """Hooks that answer until the block ends."""
    hooks = Hooks()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hooks": hooks}))
    server.daemon_threads = True
    hooks.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hooks
    finally:
        hooks.closing.set()
        server.shutdown()
        server.server_close()
