"""One installation of several real processes on a real PostgreSQL, around one simulated network."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from processes import CARRIER, QUICK, Simulator, Tidings, _toml, until
from promises import Posted

import postgres_kit

ALICE, BOB = "alice", "bob"
"""Two engines."""


class Member(Tidings):
    """One process of it, in one role; the key is that of the whole installation."""

    def __init__(self, folder: Path, name: str, role: str, config: str) -> None:
        super().__init__(folder / name, folder / f"{name}.log", f'role = "{role}"\n{config}')
        self.name, self.role = name, role

    def kept_key(self) -> str:
        key = self.data / "admin.key"
        return key.read_text().strip() if key.exists() else self.key

    @property
    def log(self) -> str:
        return self._log.read_text()


class Wire:
    """A line between an engine and the SMSC, on which it is seen when octets pass."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.sent: list[float] = []
        """When the engine wrote something, by the monotonic clock."""
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                engine, _ = self._server.accept()
            except OSError:
                return
            try:
                smsc = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                engine.close()
                continue
            threading.Thread(target=self._carry, args=(engine, smsc, self.sent), daemon=True).start()
            threading.Thread(target=self._carry, args=(smsc, engine, []), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, seen: list[float]) -> None:
        try:
            while octets := source.recv(65_536):
                seen.append(time.monotonic())
                target.sendall(octets)
        except OSError:
            pass
        for one in (source, target):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def close(self) -> None:
        self._server.close()


class Several:
    """The simulated network, and members that come and go. What tests for one tidings need is the first API process."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder, self.database = folder, database
        self.simulator = Simulator(folder)
        self.members: dict[str, Member] = {}
        self.wires: dict[str, Wire] = {}
        self.posted: list[Posted] = []
        """What was examined already."""

    @property
    def tidings(self) -> Member:
        return next(one for one in self.members.values() if one.role in ("api", "all"))

    def add(
        self, name: str, role: str, *, wired: bool = False, listen: int = 0, carriers: bool = True, **top: Any
    ) -> Member:
        """One more process, started. `wired`: its way to the SMSC is watched."""
        port = self.simulator.smpp_port
        if wired:
            self.wires[name] = Wire(port)
            port = self.wires[name].port
        carrier = {"name": CARRIER, "host": "127.0.0.1", "port": port, "system_id": name, "sender_rules": "off",
                   "window": 20}  # fmt: skip
        config = "\n".join([
            _toml({"database": self.database, "log_level": "info"} | top), "[limits]\n" + _toml({"free_disk_mb": 0}),
            "[delivery]\n" + _toml(QUICK), "[webhooks]\nallow_private = true",
            "[[carriers]]\n" + _toml(carrier) if carriers else "",
        ])  # fmt: skip
        one = self.members[name] = Member(self.folder, name, role, config)
        if len(self.members) > 1:
            one.key = self.tidings.key
        one.port = listen
        one.start()
        return one

    def holder(self) -> Member:
        """The engine that has the carrier."""

        def look() -> Member | None:
            found = postgres_kit.ask(
                self.database,
                "select node.place from lease join node on node.writer = lease.holder where lease.name = $1 "
                "and until > extract(epoch from clock_timestamp()) * 1000",
                f"carrier/{CARRIER}",
            )
            if found is None:
                return None
            pid = int(found[0].rpartition(" ")[2])
            return next((one for one in self.members.values() if one.program and one.program.pid == pid), None)

        return until(look, "somebody has the carrier")

    def end(self) -> None:
        for one in self.members.values():
            if one.program is not None:
                one.program.end()
        if self.simulator.program is not None:
            self.simulator.program.end()
        for wire in self.wires.values():
            wire.close()


@contextmanager
def several(folder: Path, database: str, kind: type[Several] = Several) -> Iterator[Several]:
    """The network alone; members are added."""
    one = kind(folder, database)
    one.simulator.start()
    try:
        yield one
    finally:
        one.end()
