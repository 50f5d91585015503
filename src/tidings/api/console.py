"""The web console, built by `make console`: its files under `/console/`, and a policy that lets nothing else in."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import mimetypes
import secrets
from collections.abc import Mapping
from pathlib import Path

import msgspec
from starlette.requests import Request as WebRequest
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tidings.metrics import Metrics

FOLDER = Path(__file__).parents[1] / "console"
"""Where the build puts it, in a checkout as in a wheel."""
NONCE = b"__NONCE__"
"""What the build writes where an answer's own nonce belongs."""
_INDEX = "index.html"
_HASHED = "assets/"
"""Names in here change with their content, so what is cached stays right for ever."""
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))

_SAFE = {
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Scripts from files alone, never from text. The nonce is for the sheets that components put in for their sizes."""

_MISSING = """<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>tidings: the console is not built</title>
<h1>The console is not built</h1>
<p>In the checkout, run</p>
<pre>make console</pre>
<p>and load this page again; tidings need not be restarted. The <a href="/docs">API</a> works without it.</p>
"""


class _File(msgspec.Struct, frozen=True):
    """One file of the build, with the forms it was compressed into."""

    body: bytes
    kind: str
    tag: str
    packed: Mapping[str, bytes]


class Console:
    """Answers everything below `/console`. Files are read once, off the loop, and anew after another build.

    Only what was found in the folder is served, so no path leads out of it.
    """

    def __init__(self, metrics: Metrics, folder: Path = FOLDER) -> None:
        self._metrics = metrics
        self._folder = folder
        self._built: tuple[int, int] | None = None
        self._files: Mapping[str, _File] = {}

    def routes(self) -> list[Route]:
        """The root, which leads to the console, and all of its paths."""
        return [
            Route("/", self._root, methods=["GET"]),
            Route("/console", self._root, methods=["GET"]),
            Route("/console/{path:path}", self._answer, methods=["GET"]),
        ]

    async def _root(self, request: WebRequest) -> Response:
        self._metrics.requested("GET", "/", 307)
        return RedirectResponse("/console/", headers={"cache-control": "no-cache", **_SAFE})

    async def _answer(self, request: WebRequest) -> Response:
        reply = await asyncio.to_thread(self._reply, request.path_params["path"], request.headers)
        self._metrics.requested("GET", "/console/", reply.status_code)
        return reply

    def _reply(self, name: str, headers: Mapping[str, str]) -> Response:
        self._look()
        if name != _INDEX and name in self._files:
            return _file(self._files[name], headers, for_ever=name.startswith(_HASHED))
        if name.startswith(_HASHED):  # of a build before: the page asks for a reload
            return Response("", 404, {"cache-control": "no-store", **_SAFE})
        index = self._files.get(_INDEX)
        return _page(index.body if index else None)

    def _look(self) -> None:
        """Read the folder, where it is another build than the last one read."""
        try:
            stat = (self._folder / _INDEX).stat()
        except OSError:
            self._built, self._files = None, {}
            return
        built = stat.st_mtime_ns, stat.st_ino
        if built != self._built:
            self._files = dict(_read(self._folder))
            self._built = built


def _read(folder: Path) -> list[tuple[str, _File]]:
    packed = {suffix for _, suffix in _ENCODINGS}
    return [
        (path.relative_to(folder).as_posix(), _one(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in packed and not path.relative_to(folder).parts[0].startswith(".")
    ]


def _one(path: Path) -> _File:
    body = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    tag = base64.urlsafe_b64encode(hashlib.sha256(body).digest()[:12]).decode()
    forms = {name: path.with_name(path.name + suffix) for name, suffix in _ENCODINGS}
    return _File(body, kind, tag, {name: form.read_bytes() for name, form in forms.items() if form.is_file()})


def _page(index: bytes | None) -> Response:
    """The one page, for whatever path of the console: it reads the path itself."""
    nonce = secrets.token_urlsafe(16)
    headers = {"cache-control": "no-cache", "content-security-policy": _POLICY.format(nonce=nonce), **_SAFE}
    if index is None:
        return Response(_MISSING, 503, headers, "text/html")
    return Response(index.replace(NONCE, nonce.encode()), 200, headers, "text/html")


def _file(one: _File, asked: Mapping[str, str], *, for_ever: bool) -> Response:
    encoding = _encoding(asked.get("accept-encoding", ""), one.packed)
    tag = f'"{one.tag}{"-" + encoding if encoding else ""}"'
    headers = {
        "cache-control": "public, max-age=31536000, immutable" if for_ever else "no-cache",
        "etag": tag,
        "vary": "accept-encoding",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        **_SAFE,
    }
    if {tag, "*"} & {known.strip().removeprefix("W/") for known in asked.get("if-none-match", "").split(",")}:
        return Response(None, 304, headers)
    if encoding:
        headers["content-encoding"] = encoding
    return Response(one.packed[encoding] if encoding else one.body, 200, headers, one.kind)


def _encoding(accepted: str, packed: Mapping[str, bytes]) -> str:
    """The best form that the caller takes, "" for the file as it is."""
    taken = {
        word.partition(";")[0].strip().lower()
        for word in accepted.split(",")
        if word.partition(";")[2].replace(" ", "").rstrip("0") not in ("q=", "q=0.")
    }
    return next((name for name, _ in _ENCODINGS if name in packed and name in taken), "")
