"""Outgoing HTTP, one guarded request at a time: an address is checked and then called, not looked up again."""

from __future__ import annotations

import asyncio
import functools
import ssl
from collections import OrderedDict
from urllib.parse import urlsplit

from tidings.core.inner import forbidden
from tidings.core.ports import Clock, NotPosted, Posted
from tidings.drivers.http_wire import Answer, NoAnswer, Wire
from tidings.drivers.names import Names

CONNECT_S = 5.0
"""Seconds for a connection with its TLS, shared by the addresses that are tried."""
ADDRESSES_MOST = 4
IDLE_MOST = 256
"""Connections kept open in all."""
IDLE_S = 30.0


class Target:
    """Where a URL leads: scheme, host, port, and the beginning of a request to it."""

    __slots__ = ("head", "host", "key", "port", "tls")

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.tls = parts.scheme == "https"
        self.host = (parts.hostname or "").rstrip(".")
        self.port = parts.port or (443 if self.tls else 80)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        shown = f"[{self.host}]" if ":" in self.host else self.host
        host = shown if parts.port is None else f"{shown}:{self.port}"
        self.head = f"POST {path} HTTP/1.1\r\nhost: {host}\r\n"
        self.key = (self.tls, self.host, self.port)


@functools.lru_cache(maxsize=4_096)
def _target(url: str) -> Target:
    return Target(url)


class HttpPost:
    """See `core.ports.Post`. Connections are kept open for a while and used again; `close` drops them."""

    def __init__(
        self,
        clock: Clock,
        *,
        timeout_s: float = 15.0,
        allow_private: bool = False,
        names: Names | None = None,
        tls: ssl.SSLContext | None = None,
        setting: str = "webhooks.allow_private",
    ) -> None:
        self._clock = clock
        self._timeout = timeout_s
        self._allow_private = allow_private
        self._names = names or Names(clock)
        self._tls = tls
        self._setting = setting
        """What allows inner addresses."""
        self._idle: OrderedDict[Wire, None] = OrderedDict()
        self._by_key: dict[tuple[bool, str, int], list[Wire]] = {}
        self._asked: dict[Wire, float] = {}
        """When the time is over for each kept connection that was asked, the first asked first."""
        self._look: asyncio.TimerHandle | None = None
        self._late = f"no whole answer within {timeout_s:g} s"

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> Posted | NotPosted:
        """Send one POST. The whole of it, from the name to the last octet, must fit into the time-out."""
        target = _target(url)
        return await self._send(target, _request(target, headers, body))

    async def get(self, url: str, headers: dict[str, str]) -> Posted | NotPosted:
        """Send one GET, under the same bounds."""
        target = _target(url)
        head = target.head.replace("POST ", "GET ", 1)
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        return await self._send(target, f"{head}{lines}\r\n".encode("ascii"))

    async def _send(self, target: Target, request: bytes) -> Posted | NotPosted:
        started = self._clock.monotonic()

        def took() -> int:
            return round((self._clock.monotonic() - started) * 1000)

        try:
            answer = await self._on_kept(target, request)
            if answer is None:
                async with asyncio.timeout(self._timeout + started - self._clock.monotonic()):
                    answer = await self._ask(await self._connect(target), target, request)
        except NoAnswer as refused:
            return NotPosted(refused.kind, refused.detail, took())
        except TimeoutError:
            return NotPosted("timeout", self._late, took())
        return Posted(answer.status, answer.headers, bytes(answer.body), answer.truncated, took())

    async def _on_kept(self, target: Target, request: bytes) -> Answer | None:
        """The answer over a connection that was kept; None where there is none, or it says nothing any more."""
        wire = self._take(target)
        if wire is None:
            return None
        self._asked[wire] = asyncio.get_running_loop().time() + self._timeout
        if self._look is None:
            self._look_later()
        try:
            return await self._ask(wire, target, request)
        except NoAnswer as fault:
            # A kept connection that the other end closed meanwhile says nothing; one that had begun to answer does.
            if wire.heard or fault.kind == "timeout":
                raise
            return None
        finally:
            del self._asked[wire]

    # One timer for all: each has the same time, so the first that was asked is the first whose time is over.

    def _look_later(self) -> None:
        first = next(iter(self._asked.values()), None)
        self._look = None if first is None else asyncio.get_running_loop().call_at(first, self._look_at_late)

    def _look_at_late(self) -> None:
        now = asyncio.get_running_loop().time()
        for wire, until in self._asked.items():
            if until > now:
                break
            wire.fail("timeout", self._late)
        self._look_later()

    async def _ask(self, wire: Wire, target: Target, request: bytes) -> Answer:
        try:
            answer = await wire.ask(request)
        except BaseException:
            wire.cut()
            raise
        if answer.reusable:
            self._keep(wire, target)
        else:
            wire.cut()
        return answer

    # connections

    async def _connect(self, target: Target) -> Wire:
        addresses = await self._addresses(target)
        share = CONNECT_S / len(addresses)
        for address in addresses:
            try:
                return await self._open(address, target, share)
            except OSError as fault:  # such as for IPv6 where there is none; a TimeoutError is one too
                failed = _unconnected(fault, address, target, share)
        raise failed

    async def _open(self, address: str, target: Target, seconds: float) -> Wire:
        async with asyncio.timeout(seconds):
            _, wire = await asyncio.get_running_loop().create_connection(
                Wire, address, target.port,
                ssl=self._context() if target.tls else None, server_hostname=target.host if target.tls else None,
            )  # fmt: skip
        return wire

    async def _addresses(self, target: Target) -> list[str]:
        """Addresses of the host, checked; they alone are connected to, so the name cannot lead elsewhere meanwhile."""
        try:
            found = await self._names.addresses(target.host, target.port)
        except TimeoutError:
            raise NoAnswer("unresolved", f"no answer about the name {target.host} in time") from None
        except (OSError, UnicodeError) as fault:
            raise NoAnswer("unresolved", f"{target.host}: {getattr(fault, 'strerror', None) or fault}") from None
        if not found:
            raise NoAnswer("unresolved", f"{target.host} has no address")
        # One inner address among several is enough to refuse: which one would be called must not be a matter of luck.
        for text in found:
            why = forbidden(text, self._allow_private)
            if why is not None:
                raise NoAnswer("blocked", f"{target.host} leads to {text}, {why}; see {self._setting}")
        return found[:ADDRESSES_MOST]

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    def _take(self, target: Target) -> Wire | None:
        now = self._clock.monotonic()
        wires = self._by_key.get(target.key, [])
        while wires:
            wire = wires.pop()
            self._idle.pop(wire, None)
            if not wires:
                self._by_key.pop(target.key, None)
            if wire.open and now - wire.idle_since < IDLE_S:
                return wire
            wire.cut()
        return None

    def _keep(self, wire: Wire, target: Target) -> None:
        wire.idle_since = self._clock.monotonic()
        wire.key = target.key
        self._idle[wire] = None
        self._by_key.setdefault(target.key, []).append(wire)
        while self._idle and (
            len(self._idle) > IDLE_MOST or wire.idle_since - next(iter(self._idle)).idle_since >= IDLE_S
        ):
            self._drop(next(iter(self._idle)))

    def _drop(self, wire: Wire) -> None:
        del self._idle[wire]
        wires = self._by_key[wire.key]
        wires.remove(wire)
        if not wires:
            del self._by_key[wire.key]
        wire.cut()

    def close(self) -> None:
        """Drop the connections that are kept."""
        if self._look is not None:
            self._look.cancel()
        for wire in list(self._idle):
            self._drop(wire)


def _unconnected(fault: OSError, address: str, target: Target, seconds: float) -> NoAnswer:
    if isinstance(fault, TimeoutError):
        return NoAnswer("timeout", f"no connection to {address} within {seconds:g} s")
    if isinstance(fault, ssl.SSLCertVerificationError):
        return NoAnswer("tls", f"the certificate of {target.host} is not to be trusted: {fault.verify_message}")
    if isinstance(fault, ssl.SSLError):
        return NoAnswer("tls", f"TLS with {target.host}: {fault.reason or fault}")
    return NoAnswer("unreachable", f"{address}: {fault.strerror or fault}")


def _request(target: Target, headers: dict[str, str], body: bytes) -> bytes:
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    return f"{target.head}content-length: {len(body)}\r\n{lines}\r\n".encode("ascii") + body
