"""Which server is written to: of those an address names, the primary that was promoted last, and none before it."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Union

import asyncpg
import msgspec
import uvloop

from tidings.store.address import CONNECT_S, Server, servers, shown, why_not
from tidings.store.engine import CannotOpen

log = logging.getLogger("tidings.store")

Answer = Union["Session", Exception, None]
"""What came of a try to connect; None where it was not waited for."""

OTHERS_S = 0.5
"""How long others are waited for once a primary has answered: one of them may be the newer."""
LOOK_S = 2.0
"""Seconds between two looks for a newer primary."""
SILENCE_MS = 10_000
"""A connection whose server confirms nothing for so long is lost: that of a machine without power says nothing."""

_ASK = (
    "select pg_is_in_recovery() as standby, (select system_identifier::text from pg_control_system()) as system, "
    "case when not pg_is_in_recovery() then pg_walfile_name(pg_current_wal_lsn()) end as file"
)


class Standing(msgspec.Struct, frozen=True):
    """What tells a primary from the one it replaced: PostgreSQL counts a new timeline at every promotion."""

    system: str = ""
    """The identifier that a primary and all its standbys have in common; empty where the server does not tell."""
    timeline: int = 0


class Session(asyncpg.Connection):  # type: ignore[misc]
    """A connection that does not wait for ever for a machine that is gone, and keeps the server's last warning."""

    __slots__ = ("pid", "standing", "warning")

    def __init__(self, protocol: Any, transport: asyncio.Transport, *more: Any) -> None:
        super().__init__(protocol, transport, *more)
        self.pid: int = protocol.get_server_pid()
        self.standing = Standing()
        self.warning = ""
        self.add_log_listener(_warned)
        wire = transport.get_extra_info("socket")
        if wire is not None and wire.family != socket.AF_UNIX and hasattr(socket, "TCP_USER_TIMEOUT"):
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENCE_MS)


def _warned(session: Any, message: asyncpg.PostgresLogMessage) -> None:
    if str(message.sqlstate)[:2] == "01":
        session.warning = str(message)


class Fence:
    """Remembers, over restarts too, the newest primary this data folder has worked with, and lets no older one in."""

    def __init__(self, file: Path | None) -> None:
        """`file`: where it is remembered; None: nowhere, for what is done once."""
        self._file = file
        self._one_at_a_time = threading.Lock()
        self._newest = Standing()

    def open(self) -> None:
        """Read what is remembered. Raises CannotOpen where that cannot be."""
        if self._file is None or not self._file.exists():
            return
        try:
            self._newest = msgspec.json.decode(self._file.read_bytes(), type=Standing)
        except (OSError, msgspec.MsgspecError) as fault:
            raise CannotOpen(f"{self._file} cannot be read ({fault}); restore it, or remove it") from fault

    @property
    def timeline(self) -> int:
        """Of the newest."""
        return self._newest.timeline

    def lets(self, one: Standing) -> bool:
        """Whether none newer is known than this one."""
        known = self._newest
        return not (one.system and known.system) or (one.system == known.system and one.timeline >= known.timeline)

    def admit(self, one: Standing, place: str) -> None:
        """Remember it. Raises CannotOpen where a newer one is known, or another database altogether."""
        with self._one_at_a_time:
            known = self._newest
            if not one.system or one == known:
                return
            if known.system and one.system != known.system:
                raise CannotOpen(
                    f"{place} is not the database server this data folder has worked with, nor a standby of it; check "
                    f"`database`, or remove {self._file} if it was moved on purpose"
                )
            if one.timeline < known.timeline:
                raise CannotOpen(
                    f"{place} is a primary that was replaced: it is on timeline {one.timeline}, and tidings has "
                    f"already worked on timeline {known.timeline}; make it a standby of the new primary, or remove "
                    f"{self._file} if what was stored since may be lost"
                )
            if known.timeline:
                log.warning("%s was promoted: timeline %d after %d", place, one.timeline, known.timeline)
            self._keep(one)
            self._newest = one

    def _keep(self, one: Standing) -> None:
        if self._file is None:
            return
        fresh = self._file.with_suffix(".new")
        with fresh.open("wb") as file:
            file.write(msgspec.json.encode(one) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._file)


async def find(url: str, fence: Fence, **how: Any) -> Session:
    """A connection to the primary. Raises CannotOpen, or the fault of the only server there is."""
    named = servers(url)
    if len(named) < 2:
        return _chosen([(shown(url), await _reach(url, named[0] if named else None, how))], [], fence)
    answers = await _reach_all(url, named, fence, how)
    both = list(zip([server.place for server in named], answers, strict=True))
    found = [(place, one) for place, one in both if isinstance(one, Session)]
    return _chosen(found, [why_not(place, one) for place, one in both if isinstance(one, Exception)], fence)


async def _reach(url: str, server: Server | None, how: dict[str, Any]) -> Session:
    at = {} if server is None else {"host": server.host, "port": server.port}
    session: Session = await asyncpg.connect(
        url, timeout=CONNECT_S, connection_class=Session, target_session_attrs="any", **at, **how
    )
    try:
        session.standing = await _standing(session)
    except BaseException:
        session.terminate()
        raise
    return session


async def _standing(session: Session) -> Standing:
    """Of a standby, timeline 0."""
    try:
        standby, system, file = await session.fetchrow(_ASK, timeout=CONNECT_S)
    except asyncpg.InsufficientPrivilegeError as fault:
        # Some who offer PostgreSQL as a service let nobody ask; their address always leads to the primary.
        log.warning(
            "the database server does not tell whether it was promoted (%s): an old primary is not noticed", fault
        )
        return Standing("", 0 if await session.fetchval("select pg_is_in_recovery()") else 1)
    return Standing(system, 0 if standby else int(file[:8], 16))


async def _reach_all(url: str, named: Sequence[Server], fence: Fence, how: dict[str, Any]) -> list[Answer]:
    """All at once: one that says nothing must not keep us from the others."""
    answers: list[Answer] = [None] * len(named)

    async def reach(at: int) -> None:
        try:
            answers[at] = await _reach(url, named[at], how)
        except Exception as fault:
            answers[at] = fault

    async with asyncio.TaskGroup() as tasks:
        waiting, patience = {tasks.create_task(reach(at)) for at in range(len(named))}, None
        while waiting:
            done, waiting = await asyncio.wait(waiting, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                break
            if any(_serves(one, fence) for one in answers):
                patience = OTHERS_S
        for one in waiting:
            one.cancel()
    return answers


def _serves(one: Answer, fence: Fence) -> bool:
    return isinstance(one, Session) and bool(one.standing.timeline) and fence.lets(one.standing)


def _chosen(found: Sequence[tuple[str, Session]], faults: Sequence[str], fence: Fence) -> Session:
    """The newest primary among them; the others are let go."""
    primaries = [one for one in found if one[1].standing.timeline]
    if not primaries:
        for _, session in found:
            session.terminate()
        raise CannotOpen("; ".join([*faults, *_standbys([place for place, _ in found])]))
    place, best = max(primaries, key=lambda one: (fence.lets(one[1].standing), one[1].standing.timeline))
    for _, session in found:
        if session is not best:
            session.terminate()
    try:
        fence.admit(best.standing, place)
    except BaseException:
        best.terminate()
        raise
    return best


def _standbys(places: Sequence[str]) -> list[str]:
    if len(places) > 1:
        return [f"{' and '.join(places)} are standbys and take no changes; promote one of them"]
    return [
        f"{one} is a standby and takes no changes; promote it, or give the address of the primary" for one in places
    ]


class Lookout:
    """Looks at all servers of an address now and then, so that a primary that was replaced is left at once: one that
    hangs, or was cut off, does not say so.
    """

    def __init__(self, url: str, fence: Fence, newer: Callable[[], None]) -> None:
        """`newer` is told, in a thread of its own, each time one was found."""
        self._url = url
        self._fence = fence
        self._newer = newer
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look_for_ever, name="tidings-lookout", daemon=True)

    def start(self) -> None:
        """Begin, where there is more than one server."""
        if len(servers(self._url)) > 1:
            self._thread.start()

    def stop(self) -> None:
        """Returns when it has looked its last."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _look_for_ever(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            while not self._stop.wait(LOOK_S):
                if runner.run(self._look()):
                    self._newer()

    async def _look(self) -> bool:
        named = servers(self._url)
        how = {"server_settings": {"application_name": "tidings lookout"}}
        told = await asyncio.gather(*(_reach(self._url, one, how) for one in named), return_exceptions=True)
        newer = False
        for server, session in zip(named, told, strict=True):
            if isinstance(session, Session):
                session.terminate()
                newer |= self._admitted(session.standing, server.place)
        return newer

    def _admitted(self, one: Standing, place: str) -> bool:
        """Whether it is newer than all before."""
        if not one.system or not one.timeline or not self._fence.lets(one):
            return False
        before = self._fence.timeline
        self._fence.admit(one, place)
        return one.timeline > before
