"""A move keeps every row as it is, can be gone on with after any end, and never leaves two that can be started."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import postgres_kit
from copy_kit import NAMES, contents, furnished, looked, quiet, rows
from spine_kit import HandClock
from tidings.store.copy import fill
from tidings.store.copy.move import Moved, gone, move, place, reopen
from tidings.store.copy.place import Done
from tidings.store.copy.postgres import Database
from tidings.store.copy.sqlite import Folder
from tidings.store.copy.tables import NUMBERED, of_postgres, schema
from tidings.store.copy.tally import Sum, added
from tidings.store.engine import CannotOpen
from tidings.store.folder import DataFolderInUse, take
from tidings.store.group_commit import Driver
from tidings.store.postgres import Postgres
from tidings.store.sqlite import Sqlite

pytestmark = pytest.mark.slow

TABLES = schema(NAMES).tables
ENGINES = ("sqlite", "postgres")
OF_PROCESSES = {"node", "store_commit"}
"""Tables of PostgreSQL alone that hold nothing but what running processes agree on."""
DERIVED = {
    "awaiting_receipt",
    "kept_days",
    "webhook_delivery_before",
    "webhook_waiting",
    "message_event_default",
    "webhook_delivery_default",
    "webhook_attempt_default",
}
"""Those that follow from others."""


@pytest.fixture(autouse=True)
def databases() -> Iterator[None]:
    with postgres_kit.chosen_for(True):
        yield


def empty(engine: str, folder: Path) -> str:
    """Where nothing is yet."""
    return postgres_kit.url(folder, empty=True) if engine == "postgres" else str(folder)


def moved(source: str | Path, target: str, data: Path | None = None) -> Moved:
    return move(str(source), target, data or Path(source), quiet, HandClock())


def driver(where: str, data: Path) -> Driver:
    return Postgres(where, data, HandClock()) if "://" in where else Sqlite(Path(where), HandClock())


def opens(where: str, data: Path) -> None:
    one = driver(where, data)
    try:
        one.open()
    finally:
        one.close()


# what is copied


@pytest.mark.parametrize("engine", ENGINES)
def test_every_row_of_every_table_arrives_as_it_was(tmp_path: Path, engine: str) -> None:
    source, target = furnished(tmp_path / "a"), empty(engine, tmp_path / "b")
    before = contents(str(source))
    done = moved(source, target)
    assert contents(target) == before
    assert all(len(found) >= 30 for found in before.values())
    assert {name: one.rows for name, one in done.sums.items()} == {name: len(found) for name, found in before.items()}
    opens(target, tmp_path / "b")


def test_there_and_back_again_is_the_same(tmp_path: Path) -> None:
    source, database = furnished(tmp_path / "a"), empty("postgres", tmp_path / "pg")
    before = contents(str(source))
    there = moved(source, database)
    back = moved(database, str(tmp_path / "c"), source)
    assert contents(str(tmp_path / "c")) == before
    assert there.sums == back.sums
    assert (tmp_path / "c" / "admin.key").read_text() == "the key\n"
    assert (tmp_path / "c" / "admin.key").stat().st_mode & 0o777 == 0o600


def test_numbers_go_on_behind_the_highest(tmp_path: Path) -> None:
    source, database = furnished(tmp_path / "a"), empty("postgres", tmp_path / "pg")
    moved(source, database)
    for table, column, values in (
        ("message_event", "rowid", "(message_id, sequence, account_id, type, occurred_at) values (1, 1, 1, '', 0)"),
        ("webhook_secret", "rowid", "(account_id, webhook_id, octets, created_at) values (1, 1, '', 0)"),
        ("consent_event", "id", "(account_id, brand_id, number, action, reason, occurred_at) "
         "values (1, 1, '', '', '', 0)"),
    ):  # fmt: skip
        highest = postgres_kit.ask(database, f"select max({column}) from {table}")[0]
        assert postgres_kit.ask(database, f"insert into {table} {values} returning {column}")[0] == highest + 1


def test_who_waits_for_a_receipt_waits_on(tmp_path: Path) -> None:
    source, database = furnished(tmp_path / "a"), empty("postgres", tmp_path / "pg")
    here = place(str(source), alone=True)
    here.fetch("update message set status = 'sent' where id in (70, 77)")
    here.close()
    moved(source, database)
    assert postgres_kit.ask(database, "select array_agg(message_id order by 1) from awaiting_receipt")[0] == [70, 77]


def test_every_table_is_copied_or_known_not_to_be() -> None:
    """A new table of PostgreSQL alone is derived from others, or of running processes: say which here."""
    assert of_postgres(NAMES) - {table.name for table in TABLES} == OF_PROCESSES | DERIVED


def test_every_column_is_the_same_on_both_engines(tmp_path: Path) -> None:
    url = postgres_kit.url(tmp_path)
    for table in TABLES:
        found = postgres_kit.ask(
            url,
            "select array_agg(column_name::text) from information_schema.columns "
            "where table_name = $1 and is_generated = 'NEVER'",
            table.name,
        )[0]
        assert sorted(found) == sorted(table.columns)
        assert ("rowid" in found) == (table.name in NUMBERED)


# checksums


def test_a_checksum_is_of_values_in_any_order() -> None:
    some = rows(TABLES[0], 20, 1)
    mixed = random.Random(1).sample(some, 20)
    halves = added(added(Sum(), mixed[:7])[0], mixed[7:])[0]
    assert halves == added(Sum(), some)[0]
    for at, changed in ((0, (*some[0][:-1], "other")), (3, (some[3][0], some[3][1] + "\0", *some[3][2:]))):
        assert added(Sum(), [*some[:at], changed, *some[at + 1 :]])[0] != halves
    assert added(Sum(), [*some, some[0]])[0] != halves


def test_a_target_that_changed_on_the_way_is_not_declared_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = furnished(tmp_path / "a"), tmp_path / "b"
    check = fill.check

    def spoilt(there: Any, *more: Any) -> None:
        there.fetch("update message set text = 'other' where id = 70")
        check(there, *more)

    monkeypatch.setattr("tidings.store.copy.move.check", spoilt)
    with pytest.raises(CannotOpen, match=r"does not hold the same: message has 30 rows .* should have 30"):
        moved(source, str(target))
    with pytest.raises(CannotOpen, match="half-finished copy"):
        opens(str(target), target)


# ends on the way


class Killed(BaseException):
    """What ends a process ends all."""


@pytest.mark.parametrize("engine", ENGINES)
def test_it_goes_on_after_any_end(tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ended before one commit or another, again and again; each try goes on from there, and rows are copied once."""
    source, target = furnished(tmp_path / "a", many=3), empty(engine, tmp_path / "b")
    before = contents(str(source))
    copied: list[int] = []
    left = [0]
    for kind in (Folder, Database) if engine == "postgres" else (Folder,):
        commit, insert = kind.commit, kind.insert

        def ends(self: Any, commit: Callable[[Any], None] = commit) -> None:
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            commit(self)

        def counts(self: Any, table: Any, rows: Any, insert: Callable[[Any, Any, Any], None] = insert) -> None:
            insert(self, table, rows)
            copied.append(len(rows))

        monkeypatch.setattr(kind, "commit", ends)
        if kind is Database or engine == "sqlite":
            monkeypatch.setattr(kind, "insert", counts)
    tries = 0
    while tries < 400:
        left[0] = 1 + tries % 5
        tries += 1
        try:
            done = moved(source, target)
            break
        except Killed:
            for where, data in ((str(source), source), (target, tmp_path / "b")):
                if looked(where, lambda one: one.tables() and (fill.half(one) or gone(one))):
                    with pytest.raises(CannotOpen, match=r"half-finished copy|is being moved|was moved"):
                        opens(where, data)
    monkeypatch.undo()
    assert tries > 8
    assert {name: one.rows for name, one in done.sums.items()} == {name: len(found) for name, found in before.items()}
    assert contents(target) == before
    assert sum(copied) < sum(map(len, before.values())) + 4 * tries
    opens(target, tmp_path / "b")


# refusals


def busy_folder(source: Path, target: Path, keep: list[Any]) -> None:
    keep.append(take(source))


def half_of_another(source: Path, target: Path, keep: list[Any]) -> None:
    other = furnished(source.parent / "other", many=2)
    start(other, target)


def half_of_what_was_used_since(source: Path, target: Path, keep: list[Any]) -> None:
    start(source, target)
    assert reopen(str(source), source) == str(target)


def used(source: Path, target: Path, keep: list[Any]) -> None:
    furnished(target, many=1)


def strange(source: Path, target: Path, keep: list[Any]) -> None:
    target.mkdir()
    one = place(str(target), alone=True, make=True)
    one.fetch("create table recipes (id integer)")
    one.close()


def moved_elsewhere(source: Path, target: Path, keep: list[Any]) -> None:
    moved(source, str(source.parent / "elsewhere"))


def nothing_there(source: Path, target: Path, keep: list[Any]) -> None:
    (source / "tidings.db").unlink()


def half_itself(source: Path, target: Path, keep: list[Any]) -> None:
    other = furnished(source.parent / "other", many=2)
    for file in source.iterdir():
        file.unlink()
    start(other, source)


def from_the_future(source: Path, target: Path, keep: list[Any]) -> None:
    one = place(str(source), alone=True)
    one.fetch("insert into schema_migration values ('9998_post_wonders', 1)")
    one.close()


def start(source: Path, target: Path) -> None:
    """A move that is ended after the first table."""
    insert = Folder.insert

    def ends(self: Any, table: Any, rows: Any) -> None:
        if table.name != TABLES[0].name:
            raise Killed
        insert(self, table, rows)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Folder, "insert", ends)
        with pytest.raises(Killed):
            moved(source, str(target))


REFUSED: list[tuple[str, Callable[[Path, Path, list[Any]], None], str]] = [
    ("a source in use", busy_folder, r"a is in use by process \d+; stop it"),
    ("a target in use", lambda source, target, keep: keep.append(take(target)), r"b is in use by process \d+"),
    ("the half copy of another", half_of_another, "half-finished copy of .*other, not of this installation"),
    ("a half copy, and the source used since", half_of_what_was_used_since, "not of this installation as it is now"),
    ("a target in use before", used, r"b is not empty: account has 2 rows; give an empty one"),
    ("another's tables", strange, "is not empty: it has a table recipes"),
    ("moved to another place before", moved_elsewhere, "was moved to .*elsewhere; take it back with"),
    ("no source", nothing_there, "there is no installation in .*a; give its folder as --data"),
    ("a source that is a half copy", half_itself, "is itself a half-finished copy"),
    ("a schema that is not ours", from_the_future, "the schema is newer than this program .*9998_post_wonders"),
]


@pytest.mark.parametrize(("spoil", "sentence"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_cannot_be_moved_is_refused_and_left(
    tmp_path: Path, spoil: Callable[[Path, Path, list[Any]], None], sentence: str
) -> None:
    source, target, keep = furnished(tmp_path / "a", many=2), tmp_path / "b", []  # type: ignore[var-annotated]
    spoil(source, target, keep)
    with pytest.raises((CannotOpen, DataFolderInUse), match=sentence) as refusal:
        moved(source, str(target))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("{source}", "that is where this installation is"),
        ("", "a place is a folder, or an address that begins with postgresql://"),
        ("mysql://u:hunter2@x/y", "a place is a folder, or an address that begins with postgresql://"),
        ("postgresql://u:hunter2@127.0.0.1:1/x", r"127.0.0.1:1/x cannot be reached"),
    ],
)
def test_a_target_that_is_none_leaves_the_source_open(tmp_path: Path, target: str, sentence: str) -> None:
    source = furnished(tmp_path / "a", many=2)
    with pytest.raises(CannotOpen, match=sentence) as refusal:
        moved(source, target.format(source=source))
    assert "hunter2" not in str(refusal.value)
    opens(str(source), source)


def test_a_database_in_use_is_refused_as_target_and_as_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidings.store.postgres.ALONE_S", 0.1)
    source, database = furnished(tmp_path / "a", many=2), postgres_kit.url(tmp_path / "pg", throw_away=True)
    running = Postgres(database, tmp_path / "pg", HandClock())
    running.open()
    for here, there in ((str(source), database), (database, str(tmp_path / "c"))):
        with pytest.raises(CannotOpen, match=r"another tidings works on .* stop it first"):
            moved(here, there, tmp_path / "a")
    running.close()
    opens(str(source), source)


def test_a_migrated_but_unused_database_is_a_target(tmp_path: Path) -> None:
    source, database = furnished(tmp_path / "a", many=2), postgres_kit.url(tmp_path / "pg", throw_away=True)
    before = contents(str(source))
    moved(source, database)
    assert contents(database) == before


# afterwards


def test_what_was_moved_is_not_opened_any_more_unless_it_is_taken_back(tmp_path: Path) -> None:
    source = furnished(tmp_path / "a", many=2)
    moved(source, str(tmp_path / "b"))
    with pytest.raises(CannotOpen, match=r"this installation was moved to .*b .*; use that one, or take this one back"):
        opens(str(source), source)
    assert moved(source, str(tmp_path / "b")).sums == {}, "once more is no fault"
    assert reopen(str(source), source) == str(tmp_path / "b")
    opens(str(source), source)
    assert reopen(str(source), source) is None


def test_pages_are_bounded_by_their_octets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidings.store.copy.place.PAGE_OCTETS", 20_000)
    folder = furnished(tmp_path / "a", many=300)
    one = place(str(folder), alone=False)
    table = next(table for table in TABLES if table.name == "message")
    sizes = [len(page) for page, _ in fill.pages(one, table, Done())]
    one.close()
    assert sum(sizes) == 300
    assert max(sizes) < 40


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_large_rows_behind_small_ones_are_not_all_in_memory(
    tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tidings.store.copy.place.PAGE_OCTETS", 20_000)
    monkeypatch.setattr("tidings.store.copy.postgres.STEP", 2)
    where = str(furnished(tmp_path / "a", many=1))
    if engine == "postgres":
        where = empty(engine, tmp_path / "pg")
        moved(tmp_path / "a", where)
    one = place(where, alone=True)
    answers = next(table for table in TABLES if table.name == "idempotency")
    small = [(1, f"a{number:04}", b"", b"", 1) for number in range(150)]
    one.insert(answers, small + [(1, f"b{number:04}", b"", b"x" * 5_000, 1) for number in range(100)])
    found = [page for page, _ in fill.pages(one, answers, Done())]
    one.close()
    assert sum(map(len, found)) == 251
    assert max(sum(len(row[3]) for row in page) for page in found) <= 30_000


def test_back_into_the_data_folder_it_came_from(tmp_path: Path) -> None:
    """Where the old file was put away: the admin key is there."""
    data, database = furnished(tmp_path / "a", many=2), empty("postgres", tmp_path / "pg")
    before = contents(str(data))
    moved(data, database)
    (data / "tidings.db").rename(tmp_path / "old.db")
    moved(database, str(data), data)
    assert contents(str(data)) == before
    assert (data / "admin.key").read_text() == "the key\n"
