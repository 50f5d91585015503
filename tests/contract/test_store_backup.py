"""A backup is of one moment, on either engine; a damaged one is refused; a restore can be gone on with."""

from __future__ import annotations

import asyncio
import gzip
import os
import random
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import postgres_kit
from contract_kit import message
from copy_kit import NAMES, contents, furnished, looked, quiet
from spine_kit import HandClock, ask, opened
from tidings.cli import commands
from tidings.core.questions import Tx
from tidings.store import migrate
from tidings.store.copy import fill
from tidings.store.copy.backup import Backup, back_up, restore, verify
from tidings.store.copy.move import move
from tidings.store.copy.place import applied
from tidings.store.copy.sqlite import Folder
from tidings.store.copy.tables import schema
from tidings.store.engine import CannotOpen
from tidings.store.sqlite import Sqlite

pytestmark = pytest.mark.slow

ENGINES = ("sqlite", "postgres")


@pytest.fixture(autouse=True)
def databases() -> Iterator[None]:
    with postgres_kit.chosen_for(True):
        yield


def installation(engine: str, folder: Path) -> str:
    """With something of everything."""
    furnished(folder, many=40)
    if engine == "sqlite":
        return str(folder)
    url = postgres_kit.url(folder, empty=True)
    move(str(folder), url, folder, quiet, HandClock())
    return url


def empty(engine: str, folder: Path) -> str:
    return postgres_kit.url(folder, empty=True) if engine == "postgres" else str(folder)


def backed_up(where: str, file: Path) -> Backup:
    return back_up(where, file.parent, file, quiet, HandClock())


def restored(file: Path, where: str, **more: Any) -> Backup:
    return restore(file, where, file.parent, quiet, HandClock(), **more)


@pytest.mark.parametrize("target", ENGINES)
@pytest.mark.parametrize("source", ENGINES)
def test_what_is_restored_is_what_was_backed_up(tmp_path: Path, source: str, target: str) -> None:
    """From either engine into either: the file is the same."""
    here, there, file = installation(source, tmp_path / "a"), empty(target, tmp_path / "b"), tmp_path / "one.backup"
    written = backed_up(here, file)
    read = restored(file, there)
    assert contents(there) == contents(here)
    assert read == written
    assert verify(file, quiet, HandClock()) == written
    assert file.stat().st_mode & 0o777 == 0o600
    left = {one.name for one in tmp_path.iterdir()} - {"a", "b", "one.backup"}
    assert left == set(), "nothing else is left behind"


@pytest.mark.parametrize("engine", ENGINES)
async def test_it_is_of_one_moment_while_messages_come_in(
    tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each commit brings a message and a suppression: a backup has both or neither, and none from after its begin."""
    monkeypatch.setattr("tidings.store.copy.place.FIRST_PAGE", 3)
    monkeypatch.setattr("tidings.store.copy.place.PAGE_OCTETS", 1_000)
    data, file = tmp_path / "data", tmp_path / "one.backup"
    with postgres_kit.chosen_for(engine == "postgres"), opened(data, HandClock(), asyncio.get_running_loop()) as store:
        where = postgres_kit.url(data) if engine == "postgres" else str(data)

        async def take(number: int) -> None:
            async def both(tx: Tx) -> None:
                await tx.messages.insert([message(number)])
                await tx.suppressions.add(1, f"+1555{number:07d}", "stop", number)

            await store.write(ask, [both])

        for number in range(1, 21):
            await take(number)
        seen = 0

        def tell(_: str) -> None:
            nonlocal seen
            seen += 1
            if seen < 40:
                asyncio.run_coroutine_threadsafe(take(1_000 + seen), loop).result(10)

        loop = asyncio.get_running_loop()
        monkeypatch.setattr("tidings.store.copy.progress.OFTEN", 0.0)
        clock = HandClock()
        written = await asyncio.to_thread(lambda: back_up(where, data, file, tell, clock))
    assert seen > 5
    assert written.sums["message"].rows == written.sums["suppression"].rows == 20


def test_a_backup_that_fails_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, file = furnished(tmp_path / "a", many=3), tmp_path / "one.backup"
    backed_up(str(folder), file)
    before = file.read_bytes()
    page = Folder.page

    def fails(self: Any, table: Any, *more: Any) -> Any:
        if table.name == "queue":
            raise OSError(28, "No space left on device")
        return page(self, table, *more)

    monkeypatch.setattr(Folder, "page", fails)
    with pytest.raises(OSError, match="No space left"):
        backed_up(str(folder), file)
    assert file.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir() if one.name.endswith(".part")] == []


OCCUPIED: list[tuple[str, Callable[[Path], Path]]] = [
    ("the database itself", lambda folder: folder / "tidings.db"),
    ("another's file", lambda folder: folder / "admin.key"),
    ("what is no file", lambda folder: folder / "fifo"),
]


@pytest.mark.parametrize("chosen", [case[1] for case in OCCUPIED], ids=[case[0] for case in OCCUPIED])
def test_it_writes_over_nothing_but_a_backup(tmp_path: Path, chosen: Callable[[Path], Path]) -> None:
    folder = furnished(tmp_path / "a", many=3)
    os.mkfifo(folder / "fifo")
    file, before = chosen(folder), contents(str(folder))
    with pytest.raises(CannotOpen, match=r"is there already, and is no backup that can be replaced; give another name"):
        backed_up(str(folder), file)
    assert contents(str(folder)) == before
    assert (folder / "admin.key").read_text() == "the key\n"
    assert (folder / "fifo").is_fifo()


def test_it_writes_into_an_empty_file_over_a_backup_and_where_a_link_leads(tmp_path: Path) -> None:
    folder, file, link = furnished(tmp_path / "a", many=3), tmp_path / "one.backup", tmp_path / "link.backup"
    file.touch()
    backed_up(str(folder), file)
    link.symlink_to(file)
    before = file.read_bytes()
    assert backed_up(str(furnished(tmp_path / "b", many=4)), link) == verify(file, quiet, HandClock())
    assert link.is_symlink()
    assert file.read_bytes() != before


def test_what_could_not_be_read_again_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidings.store.copy.archive.FRAME_MOST", 2_000)
    with pytest.raises(CannotOpen, match="larger than is ever read again"):
        backed_up(str(furnished(tmp_path / "a", many=30)), tmp_path / "one.backup")
    assert not (tmp_path / "one.backup").exists()


# damage


def test_a_damaged_file_is_refused_or_of_no_other_content(tmp_path: Path) -> None:
    """One octet anywhere, or an end anywhere: in a sentence. (A few octets of gzip's head mean nothing.)"""
    folder, file, bad = furnished(tmp_path / "a", many=2), tmp_path / "one.backup", tmp_path / "bad.backup"
    written = backed_up(str(folder), file)
    whole, chance = file.read_bytes(), random.Random(5)
    refusals = []
    for at in [0, 1, 2, 3, 10, len(whole) - 1, len(whole) - 5, *(chance.randrange(len(whole)) for _ in range(25))]:
        for spoilt in (whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :], whole[:at]):
            bad.write_bytes(spoilt)
            try:
                assert verify(bad, quiet, HandClock()) == written
            except CannotOpen as refusal:
                refusals.append(str(refusal))
    assert len(refusals) > 50
    assert [one for one in refusals if "bad.backup cannot be used" not in one or "\n" in one] == []


def test_a_file_with_a_row_changed_and_packed_again_is_refused(tmp_path: Path) -> None:
    folder, file = furnished(tmp_path / "a", many=2), tmp_path / "one.backup"
    backed_up(str(folder), file)
    plain = gzip.decompress(file.read_bytes())
    assert plain.count(b"Hello") > 1
    file.write_bytes(gzip.compress(plain.replace(b"Hello", b"Jello", 1)))
    with pytest.raises(CannotOpen, match=r"the checksum of .* is another"):
        verify(file, quiet, HandClock())


def test_a_file_with_a_value_of_no_column_is_refused(tmp_path: Path) -> None:
    """A list where a text was."""
    folder, file = furnished(tmp_path / "a", many=1), tmp_path / "one.backup"
    backed_up(str(folder), file)
    plain = gzip.decompress(file.read_bytes())
    at = plain.index(b"\xa5Hello")
    file.write_bytes(gzip.compress(plain[:at] + b"\x95\1\1\1\1\1" + plain[at + 6 :]))
    with pytest.raises(CannotOpen, match="what it holds makes no sense"):
        verify(file, quiet, HandClock())


@pytest.mark.parametrize("instead", [b"\xc0", b"\xc4\1x"], ids=["nothing", "octets"])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_file_with_a_value_that_its_column_does_not_take_is_refused(
    tmp_path: Path, engine: str, instead: bytes
) -> None:
    folder, file = furnished(tmp_path / "a", many=1), tmp_path / "one.backup"
    backed_up(str(folder), file)
    plain = gzip.decompress(file.read_bytes())
    at = plain.index(b"\xa5Hello")
    frame = _frame(plain, at)
    size = int.from_bytes(plain[frame : frame + 4], "big") - 6 + len(instead)
    spoilt = plain[:frame] + size.to_bytes(4, "big") + plain[frame + 4 : at] + instead + plain[at + 6 :]
    file.write_bytes(gzip.compress(spoilt))
    with pytest.raises(CannotOpen, match=r"one\.backup cannot be used"):
        restored(file, empty(engine, tmp_path / "b"))


def _frame(plain: bytes, at: int) -> int:
    """Where the frame begins that something is in."""
    begin = 0
    while begin + 4 + (size := int.from_bytes(plain[begin : begin + 4], "big")) <= at:
        begin += 4 + size
    return begin


NO_BACKUPS: list[tuple[str, bytes, str]] = [
    ("nothing", b"", "it ends too early"),
    ("another file", b"Dear Sir or Madam", "cannot be used"),
    ("another gzip", gzip.compress(b"\0\0\0\x04abcd"), "it is not a backup of tidings"),
    ("a claim of a huge frame", gzip.compress(b"\xff\xff\xff\xffabcd"), "it is not a backup of tidings"),
]


@pytest.mark.parametrize(
    ("octets", "sentence"), [case[1:] for case in NO_BACKUPS], ids=[case[0] for case in NO_BACKUPS]
)
def test_what_is_no_backup_is_refused(tmp_path: Path, octets: bytes, sentence: str) -> None:
    file = tmp_path / "x"
    file.write_bytes(octets)
    with pytest.raises(CannotOpen, match=sentence):
        restored(file, str(tmp_path / "b"))


@pytest.mark.parametrize("words", [["restore", "--only-verify"], ["backup", "--verify"]])
def test_what_is_ended_by_a_service_manager_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    folder, file = furnished(tmp_path / "a", many=5), tmp_path / "one.backup"
    backed_up(str(folder), file)
    monkeypatch.setattr("tidings.store.copy.backup._fill", lambda *_: signal.raise_signal(signal.SIGTERM))
    told = CliRunner().invoke(commands, [*words, str(file), *(["--data", str(folder)] if words[0] == "backup" else [])])
    assert told.exit_code == 1
    assert {one.name for one in tmp_path.iterdir()} == {"a", "one.backup"}
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


# restoring


class Killed(BaseException):
    """What ends a process ends all."""


def test_a_restore_goes_on_after_any_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, file, target = furnished(tmp_path / "a", many=5), tmp_path / "one.backup", tmp_path / "b"
    written = backed_up(str(folder), file)
    commit, left, tries = Folder.commit, 0, 0

    def ends(self: Any) -> None:
        nonlocal left
        if left == 0:
            raise Killed
        left -= 1
        commit(self)

    monkeypatch.setattr(Folder, "commit", ends)
    while True:
        tries += 1
        assert tries < 100
        left = 1 + tries % 5
        try:
            assert restored(file, str(target)) == written
            break
        except Killed:
            if looked(str(target), fill.half):
                with pytest.raises(CannotOpen, match=r"half-finished copy of the backup one\.backup"):
                    Sqlite(target, HandClock()).open()
    assert tries > 8
    assert contents(str(target)) == contents(str(folder))


def test_a_restore_wants_an_empty_place(tmp_path: Path) -> None:
    folder, file = furnished(tmp_path / "a", many=1), tmp_path / "one.backup"
    backed_up(str(folder), file)
    with pytest.raises(CannotOpen, match=r"a is not empty: account has 2 rows"):
        restored(file, str(folder))


def test_a_backup_of_an_older_schema_is_restored_and_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    available = migrate.available()
    monkeypatch.setattr(migrate, "available", lambda: available[:3])
    schema.__globals__["_made"].cache_clear()
    old, file = Sqlite(tmp_path / "a", HandClock()), tmp_path / "one.backup"
    old.open()
    old.db.execute("insert into account (id, name, created_at) values (7, 'seven', 0)")
    old.close()
    backed_up(str(tmp_path / "a"), file)
    monkeypatch.undo()
    restored(file, str(tmp_path / "b"))
    assert looked(str(tmp_path / "b"), applied) == NAMES[:3]
    new = Sqlite(tmp_path / "b", HandClock())
    new.open()
    assert new.applied() == NAMES
    assert new.db.execute("select name from account where id = 7").fetchall() == [("seven",)]
    new.close()


def test_a_backup_of_a_newer_schema_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    available = migrate.available()
    monkeypatch.setattr(
        migrate,
        "available",
        lambda: [*available, ("9998_pre_wonders", "create table wonder (id integer primary key);")],
    )
    new, file = Sqlite(tmp_path / "a", HandClock()), tmp_path / "one.backup"
    new.open()
    new.close()
    backed_up(str(tmp_path / "a"), file)
    monkeypatch.undo()
    with pytest.raises(CannotOpen, match=r"the schema is newer than this program .*9998_pre_wonders"):
        restored(file, str(tmp_path / "b"))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_copy_can_begin_with_its_carriers_paused(tmp_path: Path, engine: str) -> None:
    folder, file, there = furnished(tmp_path / "a", many=2), tmp_path / "one.backup", empty(engine, tmp_path / "b")
    backed_up(str(folder), file)
    before = looked(str(folder), lambda one: one.fetch("select count(*) from carrier_pause"))[0][0]
    restored(file, there, pause=["north"])
    names = "select carrier from carrier_pause where bind = '' and account_id = 1"
    made = looked(str(folder), lambda one: [row[0] for row in one.fetch("select name from carrier")])
    assert {row[0] for row in looked(there, lambda one: one.fetch(names))} >= {"north", *made}
    assert looked(there, lambda one: one.fetch("select count(*) from carrier_pause"))[0][0] == before + 1 + len(made)


def leave(folder: Path) -> None:
    move(str(folder), str(folder.parent / "elsewhere"), folder, quiet, HandClock())


REFUSED: list[tuple[str, Callable[[Path], None], str]] = [
    ("no installation", lambda folder: (folder / "tidings.db").unlink(), "there is no installation in"),
    ("moved elsewhere", leave, "this installation was moved to .*elsewhere; what has happened since is there"),
]


@pytest.mark.parametrize(("spoil", "sentence"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_cannot_be_backed_up_is_refused(tmp_path: Path, spoil: Callable[[Path], None], sentence: str) -> None:
    folder = furnished(tmp_path / "a", many=1)
    spoil(folder)
    with pytest.raises(CannotOpen, match=sentence):
        backed_up(str(folder), tmp_path / "one.backup")
    assert not (tmp_path / "one.backup").exists()
