"""The address of a PostgreSQL database: the servers it names, and words about them without its password."""

from __future__ import annotations

import asyncio
import os
import re
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from tidings.store.engine import CannotOpen

CONNECT_S = 5.0
PORT = 5432
WRITING = ("any", "primary", "read-write")
"""What `target_session_attrs` may say: whichever it is, the server that takes changes is looked for."""


class Server(NamedTuple):
    """One server of an address."""

    host: str
    """A name, an address, or the folder of a socket."""
    port: int

    @property
    def place(self) -> str:
        """As people write it."""
        if self.host.startswith("/"):
            return f"the local socket {self.host}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def servers(url: str) -> list[Server]:
    """All servers that an address names, in its order; none where it names none, which means those of this machine.

    `host:port` stand before the path, separated by commas, or as lists in `host` and `port` behind it; else in PGHOST
    and PGPORT, as elsewhere. Raises CannotOpen for what is no list of servers.
    """
    try:
        parts = urlsplit(url)
        asked = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        wanted = asked.get("target_session_attrs", "any")
        if wanted not in WRITING:
            raise CannotOpen(f"target_session_attrs is {wanted}, and tidings writes: say read-write, or leave it out")
        named = parts.netloc.partition("@")[2] if "@" in parts.netloc else parts.netloc
        hosts = named or asked.get("host") or os.environ.get("PGHOST", "")
        ports = asked.get("port") or os.environ.get("PGPORT", "") or str(PORT)
        return [_server(one, port) for one, port in _paired(hosts, ports)] if hosts else []
    except ValueError as fault:
        raise CannotOpen(f"{shown(url)} cannot be used (the servers it names cannot be read); "
                         "check the address in `database`") from fault  # fmt: skip


def _paired(hosts: str, ports: str) -> list[tuple[str, str]]:
    those, numbers = hosts.split(","), ports.split(",")
    if len(numbers) == 1:
        numbers *= len(those)
    return list(zip(those, numbers, strict=True))


def _server(named: str, port: str) -> Server:
    found = re.fullmatch(r"(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?", unquote(named))
    if found is None:
        raise ValueError("not a server")
    return Server(found[1] or found[2], int(found[3] or port))


_PLACE = re.compile(r"(\[[0-9a-fA-F:.]+\]|[\w.-]*)(:\d+)?(,(\[[0-9a-fA-F:.]+\]|[\w.-]*)(:\d+)?)*")


def shown(url: str) -> str:
    """Where the database is, without any secret: nothing at all where a password may have got into the wrong place."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "the database"
    hosts = parts.netloc.rpartition("@")[2]
    if "@" in parts.path + parts.query + parts.fragment or not _PLACE.fullmatch(hosts):
        return "the database"
    return f"{hosts or 'the local socket'}{parts.path}"


def why_not(place: str, fault: BaseException) -> str:
    """One sentence for an operator. Words of a fault may hold pieces of the address, and so its password."""
    if isinstance(fault, CannotOpen):
        return str(fault)
    match str(getattr(fault, "sqlstate", None) or ""):
        case "28P01" | "28000":
            return f"{place} refuses the user or its password: {fault}"
        case "3D000":
            return f"{fault} at {place}; create it with createdb"
        case "42501":
            return f"the user of {place} lacks rights ({fault}); make it owner of the database, or of a schema in it"
        case "":
            pass
        case _:
            return f"{place}: {fault}"
    if isinstance(fault, asyncio.TimeoutError):
        return f"{place} does not answer within {CONNECT_S:.0f} s; check address, firewall and server"
    if isinstance(fault, OSError):
        why = fault.strerror or str(fault)
        return f"{place} cannot be reached ({why}); check address, port and whether the server runs"
    return f"{place} cannot be used ({type(fault).__name__}); check the address in `database`"
