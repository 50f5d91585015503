"""One HTTP exchange: a call goes out, its answer or its fault comes back."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode

import urllib3

from tidings_client import route
from tidings_client.errors import NoAnswer, NotTidings, Problem

VERSION = "0.1.0"
MOST_OCTETS = 64 * 1024 * 1024
"""Largest answer that is read."""
_NOT_SENT = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.ProxyError,
)
_VISIBLE = re.compile(r"[!-~]([ -~]*[!-~])?")
"""What may be the value of a header."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request of the API."""

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    """Goes out as JSON."""
    form: Mapping[str, Any] | None = None
    """Goes out as a form, in place of `body`."""
    idempotency_key: str | None = None
    harmless: bool | None = None
    """Whether making it twice does no more than once; None: as its method says."""

    @property
    def repeatable(self) -> bool:
        """Whether it may be made again when nobody knows what became of it."""
        if self.harmless is not None:
            return self.harmless
        return self.method in ("GET", "DELETE", "PATCH", "PUT") or self.idempotency_key is not None

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{_encoded(self.query)}" if any(v is not None for v in self.query.values()) else self.path


def step(value: str) -> str:
    """A value as one step of a path. Raises ValueError for what would lead elsewhere: nothing, `.` and `..`."""
    if value in ("", ".", ".."):
        raise ValueError(f"{value!r} is no id")
    return quote(value, safe="")


class Wire:
    """A pool of connections to one server. Safe to share among threads."""

    def __init__(self, url: str, key: str | None, timeout: float, connections: int) -> None:
        """Raises ValueError: no http or https URL, or a key that no header can hold. Neither is quoted."""
        self._url = route.checked(url)
        self._timeout = timeout
        self._headers = {"Accept": "application/json", "User-Agent": f"tidings-client/{VERSION}"}
        if key is not None:
            self._headers["Authorization"] = f"Bearer {_fit(key.strip(), 'the key')}"
        self._pool = route.pool(self._url, retries=False, timeout=timeout, maxsize=connections, block=True)
        self._closed = False

    def exchange(self, call: Call) -> Any:
        """The answer as JSON, or as text where it is none. Raises Problem, NoAnswer or NotTidings.

        Redirects are not followed: the key goes to the server it was made for and nowhere else.
        """
        if self._closed:
            raise RuntimeError("the client is closed")
        octets, headers = self._outgoing(call)
        try:
            answer = self._pool.request(
                call.method,
                self._url + call.target,
                body=octets,
                headers=headers,
                redirect=False,
                preload_content=False,
            )
            told = _whole(answer)
        except urllib3.exceptions.HTTPError as fault:
            raise _no_answer(self._url, fault) from fault
        if len(told) > MOST_OCTETS:
            raise NotTidings(f"the answer of {self._url} is larger than {MOST_OCTETS} octets", answer.status)
        return self._read(answer, told)

    def open(self, call: Call, last_event_id: str, patience: float, kind: str = "text/event-stream") -> Line:
        """A connection of its own that octets of this media type come on.

        Quiet for longer than `patience` seconds it counts as broken.
        Raises Problem, NoAnswer or NotTidings.
        """
        if self._closed:
            raise RuntimeError("the client is closed")
        headers = {**self._headers, "Accept": kind}
        if last_event_id:
            headers["Last-Event-ID"] = _fit(last_event_id, "the Last-Event-ID")
        timeout = urllib3.Timeout(connect=self._timeout, read=patience)
        pool = route.pool(self._url, retries=False, timeout=timeout, maxsize=1)
        try:
            answer = pool.request(
                call.method, self._url + call.target, headers=headers, redirect=False, preload_content=False
            )
            if answer.status == 200 and _kind(answer) == kind:
                return Line(answer, self._url)
            try:
                self._read(answer, answer.read(MOST_OCTETS))
            finally:
                pool.clear()
        except urllib3.exceptions.HTTPError as fault:
            raise _no_answer(self._url, fault) from fault
        raise NotTidings(f"what answers at {self._url} sends no {kind}", answer.status)

    def close(self) -> None:
        """Close the connections; there are no calls after this."""
        self._closed = True
        self._pool.clear()

    def _outgoing(self, call: Call) -> tuple[bytes | None, dict[str, str]]:
        headers = dict(self._headers)
        if call.idempotency_key is not None:
            headers["Idempotency-Key"] = _fit(call.idempotency_key, "the Idempotency-Key")
        if call.form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            return _encoded(call.form).encode(), headers
        if call.body is None:
            return None, headers
        headers["Content-Type"] = "application/json"
        return json.dumps(call.body, allow_nan=False).encode(), headers

    def _read(self, answer: urllib3.BaseHTTPResponse, octets: bytes) -> Any:
        kind = _kind(answer)
        is_json = kind == "application/json" or kind.endswith("+json")
        told: Any = None
        try:
            told = json.loads(octets) if is_json else octets.decode() if kind == "text/plain" else None
        except (ValueError, RecursionError):
            is_json = False
        if answer.status < 300 and (is_json or told is not None):
            return told
        if not is_json:
            what = "a redirect, which is not followed" if 300 <= answer.status < 400 else "no JSON"
            what = f"what answers at {self._url} is not tidings (HTTP {answer.status}, {what})"
            raise NotTidings(what, answer.status, _seconds(answer))
        if answer.status == 422 and isinstance(told, dict) and "rejected" in told and "data" in told:
            return told  # a batch of which nothing was accepted: an outcome each, as ever
        details = told if isinstance(told, dict) else {}
        raise Problem(answer.status, details, answer.headers.get("x-request-id"), _seconds(answer))


class Line:
    """A connection that octets come on for as long as it lasts."""

    def __init__(self, answer: urllib3.BaseHTTPResponse, url: str) -> None:
        self._answer = answer
        self._url = url

    def read(self) -> bytes:
        """The next octets, b"" at the end. Raises NoAnswer when it broke off or stayed quiet for too long."""
        try:
            octets: bytes = self._answer.read1(65_536)
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as fault:
            raise _no_answer(self._url, fault) from fault
        return octets

    def shut(self) -> None:
        """End it from another thread: a `read` that waits returns at once."""
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            self._answer.shutdown()

    def close(self) -> None:
        """End it; by the thread that reads."""
        self._answer.close()


def _kind(answer: urllib3.BaseHTTPResponse) -> str:
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower()


def _no_answer(url: str, fault: Exception) -> NoAnswer:
    kind = type(fault).__name__
    return NoAnswer(f"{url} does not answer ({kind})", kind, not isinstance(fault, _NOT_SENT))


def _whole(answer: urllib3.BaseHTTPResponse) -> bytes:
    """The body. Its connection goes back to the pool, which would wait for it, and closed unless all of it was read."""
    try:
        told = answer.read(MOST_OCTETS + 1)
        if not told and "content-length" not in answer.headers and "transfer-encoding" not in answer.headers:
            raise urllib3.exceptions.ProtocolError("the answer ends within its head")
    except BaseException:
        answer.close()
        raise
    else:
        if len(told) > MOST_OCTETS:
            answer.close()
        return told
    finally:
        answer.release_conn()


def _encoded(values: Mapping[str, Any]) -> str:
    return urlencode({name: value for name, value in values.items() if value is not None})


def _fit(value: str, what: str) -> str:
    if not _VISIBLE.fullmatch(value):
        raise ValueError(f"{what} is empty or holds characters that no header can hold")
    return value


def _seconds(answer: urllib3.BaseHTTPResponse) -> float | None:
    """Retry-After, which is a number of seconds or, by some proxies, a date."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit() and len(value) < 10:
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
