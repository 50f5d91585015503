"""What the embedded engine promises of its own: the folder, its lock, its schema, and a disk that is full."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import apsw
import pytest

from contract_kit import held, present, store_messages, submitted
from golden.write import FILE, fresh, schema
from spine_kit import HandClock, ask, opened
from tidings.core.ports import StoreUnavailable
from tidings.core.questions import Tx
from tidings.store import migrate, sqlite
from tidings.store.folder import DataFolderInUse
from tidings.store.group_commit import GroupStore
from tidings.store.sqlite import Sqlite, UnsafeSqlite
from tidings.store.writer import rest

TEXT = "x" * 5_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "data"


def on_sqlite(folder: Path) -> Any:
    return GroupStore(Sqlite(folder, HandClock()), HandClock())


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


# the folder


async def test_a_folder_is_made_for_its_owner_alone(folder: Path) -> None:
    with opened(folder, HandClock(), asyncio.get_running_loop()) as store:
        await store_messages(store, 1, text=TEXT)
        assert (mode(folder), mode(store.driver.file)) == (0o700, 0o600)
        assert store.free_disk_mb() > 0


def test_a_folder_is_for_one_at_a_time(folder: Path) -> None:
    one, other = on_sqlite(folder), on_sqlite(folder)
    one.open()
    with pytest.raises(DataFolderInUse, match=rf"in use by process {os.getpid()}"):
        other.open()
    one.stop()
    other.open()
    other.stop()


HOLD = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from contract_kit import message
from spine_kit import HandClock, ask, opened

async def main():
    with opened(Path(sys.argv[1]), HandClock(), asyncio.get_running_loop()) as store:
        await store.write(ask, [lambda tx: tx.messages.insert([message(7)])])
        print("stored", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_folder_is_free_once_its_process_is_killed_and_what_was_stored_is_there(folder: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(folder), str(Path(__file__).parents[1])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:  # noqa: ASYNC220 - nothing else runs
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "stored\n"
            with pytest.raises(DataFolderInUse, match=f"process {holder.pid}"):
                on_sqlite(folder).open()
        finally:
            holder.send_signal(signal.SIGKILL)
    with opened(folder, HandClock(), asyncio.get_running_loop()) as store:
        assert await present(store, 7) == [7]


def test_a_file_that_is_no_database_is_refused(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "tidings.db").write_bytes(b"This is a letter, not a database. " * 100)
    with pytest.raises(apsw.NotADBError):
        on_sqlite(folder).open()


# the library

VERSIONS = [
    ("3.51.2", False),
    ("3.46.1", False),
    ("3.9.99", False),
    ("3.51.3", True),
    ("3.60.0", True),
    ("4.0.0", True),
]


@pytest.mark.parametrize(("version", "safe"), VERSIONS)
def test_an_unsafe_library_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch, version: str, safe: bool) -> None:
    monkeypatch.setattr(apsw, "sqlite_lib_version", lambda: version)
    store = on_sqlite(folder)
    if safe:
        store.open()
        store.stop()
    else:
        with pytest.raises(UnsafeSqlite, match=version):
            store.open()
        assert not folder.exists()


def test_every_commit_reaches_the_disk(folder: Path) -> None:
    store = on_sqlite(folder)
    store.open()
    pragmas = {
        name: store.driver.db.execute(f"pragma {name}").fetchall()[0][0] for name in ("journal_mode", "synchronous")
    }
    store.stop()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2}


@pytest.mark.parametrize(("rows", "seconds"), [(0, 0.0), (1, 0.0002), (10, 0.002), (30, 0.006), (10_000, 0.006)])
def test_how_long_a_commit_waits_for_company(rows: int, seconds: float) -> None:
    assert rest(rows) == seconds


# the schema


async def test_every_migration_is_applied_once(folder: Path) -> None:
    clock = HandClock()
    with opened(folder, clock, asyncio.get_running_loop()) as store:
        first = store.applied()
        await store_messages(store, 1, text=TEXT)
    clock.move(60)
    with opened(folder, clock, asyncio.get_running_loop()) as store:
        assert store.applied() == first
        assert await present(store, 1) == [1]
    assert first == sorted(file.stem for file in (Path(sqlite.__file__).parent / "migrations").glob("*.sql"))
    db = apsw.Connection(str(folder / "tidings.db"))
    moments = {row[0] for row in db.execute("select applied_at from schema_migration").fetchall()}
    db.close()
    assert moments == {HandClock().now()}


def test_the_schema_is_the_one_that_was_agreed() -> None:
    """A change of schema is a migration, and shows in `tests/golden`: run tests/golden/write.py."""
    assert fresh() == FILE.read_text(encoding="utf-8")


def test_a_migration_that_breaks_leaves_the_schema_as_it_was(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = on_sqlite(folder)
    store.open()
    store.stop()
    before = schema(folder)
    available = migrate.available()
    bad = ("9999_pre_bad", "create table half (id integer); create table half (id integer);")
    monkeypatch.setattr(migrate, "available", lambda: [*available, bad])
    broken = on_sqlite(folder)
    with pytest.raises(apsw.SQLError, match="half"):
        broken.open()
    broken.stop()
    assert schema(folder) == before


# faults of the disk


def room(store: Any, pages: int) -> None:
    """Let the database grow to so many pages; fewer than it has keep it as it is."""
    store.driver.db.execute(f"pragma max_page_count = {pages}")


async def test_a_full_disk_is_everybodys_loss_and_passes(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """All of the commit are told, nothing of it is stored, no follower hears of it."""
    with opened(folder, HandClock(), asyncio.get_running_loop()) as store:
        await store_messages(store, 1, text=TEXT)
        heard: list[int] = []
        room(store, 1)
        async with held(store):
            store.follow(ask, lambda items, results: heard.append(len(items)))
            tasks = await submitted(store_messages(store, 2), store_messages(store, *range(10, 200)))
        faults = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(fault) for fault in faults] == [StoreUnavailable, StoreUnavailable]
        assert "FullError" in store.fault
        assert "FullError" in caplog.text
        assert heard == []
        assert await present(store, 2, *range(10, 200)) == []
        room(store, 1 << 30)
        await store_messages(store, 3, text=TEXT)
        assert store.fault == ""
        assert await present(store, 1, 2, 3) == [1, 3]


FAULTS = [apsw.FullError, apsw.IOError, apsw.BusyError, apsw.CorruptError, apsw.ReadOnlyError, apsw.NoMemError]


@pytest.mark.parametrize("beside", ["alone", "beside one at fault itself"])
@pytest.mark.parametrize("kind", FAULTS, ids=[kind.__name__ for kind in FAULTS])
async def test_a_fault_of_the_engine_is_told_to_all(folder: Path, kind: type[Exception], beside: str) -> None:
    """Whoever met it, it is nobody's: neither this one's nor that of him who is at fault himself."""

    async def wrong(tx: Tx) -> None:
        raise ValueError("mine")

    async def meet(tx: Tx) -> None:
        raise kind("as told by the test")

    with opened(folder, HandClock(), asyncio.get_running_loop()) as store:
        questions = [meet] if beside == "alone" else [wrong, meet]
        async with held(store):
            writes = [
                store_messages(store, 1),
                *(store.write(ask, [one]) for one in questions),
                store_messages(store, 2),
            ]
            tasks = await submitted(*writes)
        faults = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(fault) for fault in faults} == {StoreUnavailable}
        assert kind.__name__ in store.fault
        assert await present(store, 1, 2) == []
        await store_messages(store, 3, text=TEXT)
        assert (store.fault, await present(store, 3)) == ("", [3])


async def test_the_file_tells_of_itself(tmp_path: Path) -> None:
    with opened(tmp_path, HandClock(), asyncio.get_running_loop()) as store:
        told = await store.look()
        assert told.engine == "sqlite"
        assert told.version == store.driver.name
        assert told.size_mb == (tmp_path / "tidings.db").stat().st_size // 2**20
        assert told.wal_mb is not None
