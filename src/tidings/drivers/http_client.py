"""Outgoing HTTP, one guarded request at a time: an address is checked and then called, not looked up again."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import cast
from urllib.parse import urlsplit

import httptools

from tidings.core.ports import Clock, NotPosted, Posted

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]

READ_MOST = 64 * 1024
"""Octets of an answer's body that are kept; more are let in only to see whether the end is near."""
DRAIN_MOST = 64 * 1024
"""Octets beyond those that are read and dropped before the connection is cut instead."""
HEADERS_MOST = 32 * 1024
CONNECT_S = 5.0
ADDRESSES_MOST = 4
IDLE_MOST = 256
"""Connections kept open in all."""
IDLE_S = 30.0

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Target:
    """Where a URL leads: scheme, host, port, and what stands in the request line."""

    __slots__ = ("host", "host_header", "key", "path", "port", "tls")

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.tls = parts.scheme == "https"
        self.host = (parts.hostname or "").rstrip(".")
        self.port = parts.port or (443 if self.tls else 80)
        self.path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        shown = f"[{self.host}]" if ":" in self.host else self.host
        self.host_header = shown if parts.port is None else f"{shown}:{self.port}"
        self.key = (self.tls, self.host, self.port)


class HttpPost:
    """See `core.ports.Post`. Connections are kept open for a while and used again; `close` drops them."""

    def __init__(
        self,
        clock: Clock,
        *,
        timeout_s: float = 15.0,
        allow_private: bool = False,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._clock = clock
        self._timeout = timeout_s
        self._allow_private = allow_private
        self._resolve = resolve or _resolve
        self._tls = tls
        self._idle: OrderedDict[_Wire, None] = OrderedDict()
        self._by_key: dict[tuple[bool, str, int], list[_Wire]] = {}

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> Posted | NotPosted:
        """Send one POST. The whole of it, from the name to the last octet, must fit into the time-out."""
        started = self._clock.monotonic()

        def took() -> int:
            return round((self._clock.monotonic() - started) * 1000)

        target = Target(url)
        request = _request(target, headers, body)
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._post(target, request)
        except _Refused as refused:
            return NotPosted(refused.kind, refused.detail, took())
        except TimeoutError:
            return NotPosted("timeout", f"no whole answer within {self._timeout:g} s", took())
        return Posted(answer.status, answer.headers, bytes(answer.body), answer.truncated, took())

    async def _post(self, target: Target, request: bytes) -> _Answer:
        wire = self._take(target)
        if wire is not None:
            try:
                return await self._ask(wire, target, request)
            except _Refused:
                # A kept connection that the other end closed meanwhile says nothing; one that had begun to answer does.
                if wire.heard:
                    raise
        return await self._ask(await self._connect(target), target, request)

    async def _ask(self, wire: _Wire, target: Target, request: bytes) -> _Answer:
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

    async def _connect(self, target: Target) -> _Wire:
        addresses = await self._addresses(target)
        try:
            async with asyncio.timeout(CONNECT_S):
                for address in addresses[:-1]:
                    try:
                        return await self._open(address, target)
                    except OSError:
                        continue  # such as one of IPv6 where there is none
                return await self._open(addresses[-1], target)
        except TimeoutError:
            raise _Refused("timeout", f"no connection to {addresses[-1]} within {CONNECT_S:g} s") from None
        except ssl.SSLError as fault:
            raise _Refused("tls", f"TLS with {target.host}: {fault.reason or fault}") from None
        except OSError as fault:
            raise _Refused("unreachable", f"{addresses[-1]}: {fault.strerror or fault}") from None

    async def _open(self, address: str, target: Target) -> _Wire:
        _, wire = await asyncio.get_running_loop().create_connection(
            _Wire, address, target.port,
            ssl=self._context() if target.tls else None, server_hostname=target.host if target.tls else None,
        )  # fmt: skip
        return wire

    async def _addresses(self, target: Target) -> list[str]:
        """Addresses of the host, checked; they alone are connected to, so the name cannot lead elsewhere meanwhile."""
        try:
            async with asyncio.timeout(CONNECT_S):
                found = await self._resolve(target.host, target.port)
        except TimeoutError:
            raise _Refused("unresolved", f"no answer about {target.host} within {CONNECT_S:g} s") from None
        except (OSError, UnicodeError) as fault:
            raise _Refused("unresolved", f"{target.host}: {getattr(fault, 'strerror', None) or fault}") from None
        if not found:
            raise _Refused("unresolved", f"{target.host} has no address")
        # One inner address among several is enough to refuse: which one would be called must not be a matter of luck.
        for text in found:
            why = forbidden(text)
            if why is not None and not self._allow_private:
                raise _Refused("blocked", f"{target.host} leads to {text}, {why}; see webhooks.allow_private")
        return found[:ADDRESSES_MOST]

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    def _take(self, target: Target) -> _Wire | None:
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

    def _keep(self, wire: _Wire, target: Target) -> None:
        wire.idle_since = self._clock.monotonic()
        wire.key = target.key
        self._idle[wire] = None
        self._by_key.setdefault(target.key, []).append(wire)
        while self._idle and (
            len(self._idle) > IDLE_MOST or wire.idle_since - next(iter(self._idle)).idle_since >= IDLE_S
        ):
            self._drop(next(iter(self._idle)))

    def _drop(self, wire: _Wire) -> None:
        del self._idle[wire]
        wires = self._by_key[wire.key]
        wires.remove(wire)
        if not wires:
            del self._by_key[wire.key]
        wire.cut()

    def close(self) -> None:
        """Drop the connections that are kept."""
        for wire in list(self._idle):
            self._drop(wire)


def forbidden(text: str) -> str | None:
    """What kind of inner address this is, in words; None for one of the open Internet."""
    address: Address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return forbidden(str(inner))
    if address.is_loopback:
        return "this machine"
    if address.is_link_local:
        return "a link-local address"
    if address.is_multicast or address.is_unspecified or address.is_reserved:
        return "an address that no host has"
    return None if address.is_global else "a private address"


async def _resolve(host: str, port: int) -> list[str]:
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(one[4][0]) for one in found))


def _request(target: Target, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"POST {target.path} HTTP/1.1", f"host: {target.host_header}", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


class _Refused(Exception):
    """No answer; `kind` and `detail` as in NotPosted."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


class _Answer:
    """An answer as it comes in, bounded."""

    __slots__ = ("body", "headers", "reusable", "status", "truncated")

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self.truncated = False
        self.reusable = False


class _Wire(asyncio.Protocol):
    """One connection: a request at a time, its answer parsed as it comes."""

    def __init__(self) -> None:
        self.open = False
        self.heard = False
        """Whether anything of the present answer has come."""
        self.idle_since = 0.0
        self.key: tuple[bool, str, int] = (False, "", 0)
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[_Answer] | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._answer = _Answer()
        self._held = 0
        self._headers_held = 0

    async def ask(self, request: bytes) -> _Answer:
        """Write a request and wait for its answer. Raises _Refused when the connection breaks or speaks no HTTP."""
        if self._transport is None or not self.open:
            raise _Refused("broken", "the connection was closed")
        self._start()
        waiting = self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            answer: _Answer = await waiting
            return answer
        finally:
            self._waiting = None

    def cut(self) -> None:
        """Close at once, whatever is on its way."""
        self.open = False
        if self._transport is not None:
            self._transport.abort()

    def _start(self) -> None:
        self._answer = _Answer()
        self._parser = httptools.HttpResponseParser(self)
        self._held = self._headers_held = 0
        self.heard = False

    # asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # those of uvloop are of no class that could be asked
        self.open = True

    def data_received(self, data: bytes) -> None:
        waiting = self._waiting
        if waiting is None or waiting.done() or self._parser is None:
            self.cut()  # nobody asked
            return
        self.heard = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail("broken", "the endpoint wants to change the protocol")
        except httptools.HttpParserError as fault:
            self._fail("broken", f"the answer is not HTTP: {fault}")
        if self._headers_held > HEADERS_MOST:
            self._fail("broken", f"the headers of the answer are longer than {HEADERS_MOST} octets")

    def connection_lost(self, fault: Exception | None) -> None:
        self.open = False
        if self._answer.status and self._ends_with_connection() and fault is None:
            self._done()
        else:
            self._fail("broken", str(fault) if fault else "the connection was closed before the answer was whole")

    def _ends_with_connection(self) -> bool:
        headers = self._answer.headers
        return "content-length" not in headers and "transfer-encoding" not in headers

    # httptools

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers_held += len(name) + len(value)
        if self._headers_held <= HEADERS_MOST:
            self._answer.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if self._parser is not None:
            self._answer.status = self._parser.get_status_code()

    def on_body(self, part: bytes) -> None:
        answer = self._answer
        room = READ_MOST - len(answer.body)
        answer.body += part[:room]
        self._held += len(part)
        if self._held > READ_MOST:
            answer.truncated = True
        if self._held > READ_MOST + DRAIN_MOST:
            self._done()  # long enough: its status is what counts, the rest is not waited for

    def on_message_complete(self) -> None:
        if 100 <= self._answer.status < 200:
            self._answer.headers.clear()
            self._answer.status = 0
            return
        parser = self._parser
        self._answer.reusable = bool(
            parser is not None and parser.should_keep_alive() and not self._ends_with_connection_now()
        )
        self._done()

    def _ends_with_connection_now(self) -> bool:
        return self._ends_with_connection() and self._answer.status not in (204, 304)

    def _done(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(self._answer)

    def _fail(self, kind: str, detail: str) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(_Refused(kind, detail))
