"""One HTTP exchange: a call goes out, its answer or its fault comes back."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import urllib3

from tidings_client.errors import NoAnswer, NotTidings, Problem

MOST_OCTETS = 64 * 1024 * 1024
"""Largest answer that is read."""
_NOT_SENT = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)


@dataclass(frozen=True, slots=True)
class Call:
    """One request of the API."""

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    idempotency_key: str | None = None
    harmless: bool | None = None
    """Whether making it twice does no more than once; None: as its method says."""

    @property
    def repeatable(self) -> bool:
        """Whether it may be made again when nobody knows what became of it."""
        if self.harmless is not None:
            return self.harmless
        return self.method in ("GET", "DELETE", "PATCH") or self.idempotency_key is not None

    @property
    def target(self) -> str:
        """Path and query."""
        given = {name: value for name, value in self.query.items() if value is not None}
        return f"{self.path}?{urlencode(given)}" if given else self.path


def step(value: str) -> str:
    """A value as one step of a path."""
    return quote(value, safe="")


class Wire:
    """A pool of connections to one server. Safe to share among threads."""

    def __init__(self, url: str, key: str | None, timeout: float, connections: int) -> None:
        self._url = url.rstrip("/")
        self._shown = _USER.sub(r"\1", re.split(r"[?#]", self._url, maxsplit=1)[0])
        self._headers = {"Accept": "application/json", "User-Agent": "tidings-client"}
        if key is not None:
            self._headers["Authorization"] = f"Bearer {key}"
        self._timeout = timeout
        self._pool = urllib3.PoolManager(retries=False, timeout=timeout, maxsize=connections, block=True)

    def exchange(self, call: Call) -> Any:
        """The answer as JSON, or as text where it is none. Raises Problem, NoAnswer or NotTidings."""
        headers = dict(self._headers)
        if call.idempotency_key is not None:
            headers["Idempotency-Key"] = call.idempotency_key
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        octets = None if call.body is None else json.dumps(call.body).encode()
        try:
            answer = self._pool.request(
                call.method,
                self._url + call.target,
                body=octets,
                headers=headers,
                redirect=False,
                preload_content=False,
            )
            try:
                told = answer.read(MOST_OCTETS + 1)
            finally:
                answer.release_conn()
        except urllib3.exceptions.HTTPError as fault:
            raise _no_answer(self._shown, fault) from fault
        if len(told) > MOST_OCTETS:
            raise NotTidings(f"the answer of {self._shown} is larger than {MOST_OCTETS} octets", answer.status)
        return self._read(answer, told)

    def open(self, call: Call, last_event_id: str, patience: float) -> Line:
        """A connection of its own that events come on; quiet for longer than `patience` seconds it counts as broken.

        Raises Problem, NoAnswer or NotTidings.
        """
        headers = {**self._headers, "Accept": "text/event-stream"}
        if last_event_id:
            headers["Last-Event-ID"] = last_event_id
        timeout = urllib3.Timeout(connect=self._timeout, read=patience)
        pool = urllib3.PoolManager(retries=False, timeout=timeout, maxsize=1)
        try:
            answer = pool.request(
                call.method, self._url + call.target, headers=headers, redirect=False, preload_content=False
            )
            if answer.status == 200 and _kind(answer) == "text/event-stream":
                return Line(answer, self._shown)
            try:
                self._read(answer, answer.read(MOST_OCTETS))
            finally:
                pool.clear()
        except urllib3.exceptions.HTTPError as fault:
            raise _no_answer(self._shown, fault) from fault
        raise NotTidings(f"what answers at {self._shown} sends no events", answer.status)

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def _read(self, answer: urllib3.BaseHTTPResponse, octets: bytes) -> Any:
        kind = _kind(answer)
        is_json = kind == "application/json" or kind.endswith("+json")
        told: Any = None
        try:
            told = json.loads(octets) if is_json else octets.decode() if kind == "text/plain" else None
        except ValueError:
            is_json = False
        if answer.status < 300 and (is_json or told is not None):
            return told
        if not is_json:
            raise NotTidings(
                f"what answers at {self._shown} is not tidings (HTTP {answer.status}, no JSON)", answer.status
            )
        if answer.status == 422 and isinstance(told, dict) and "rejected" in told and "data" in told:
            return told  # a batch of which nothing was accepted: an outcome each, as ever
        details = told if isinstance(told, dict) else {}
        raise Problem(answer.status, details, answer.headers.get("x-request-id"), _seconds(answer))


_USER = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://)?.*@", re.DOTALL)
"""Name and password in an address: not for messages, which end in logs."""


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


def _seconds(answer: urllib3.BaseHTTPResponse) -> float | None:
    value = answer.headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() else None
