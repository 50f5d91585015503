"""What the server engine promises of its own: clear refusals, one writer, commits that are never in doubt for long."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

import postgres_kit
from contract_kit import PATIENCE, event, held, message, present, settled, store_messages, submitted
from golden.write import POSTGRES, fresh_postgres
from spine_kit import HandClock, ask, opened
from tidings.core.ports import Stage, StoreUnavailable
from tidings.core.questions import Tx
from tidings.store import address, migrate, nodes, postgres, writer
from tidings.store.engine import CannotOpen, statements
from tidings.store.group_commit import GroupStore
from tidings.store.postgres import Postgres
from tidings.store.writer import CommitUnknown

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def on_postgres() -> Iterator[None]:
    with postgres_kit.chosen_for(True):
        yield


# what it refuses, in one sentence


def opens(folder: Path, url: str) -> None:
    driver = Postgres(url, folder, HandClock())
    try:
        driver.open()
    finally:
        driver.close()


def with_port(url: str) -> str:
    return "postgresql://tidings:hunter2@127.0.0.1:1/tidings"


def without_database(url: str) -> str:
    return postgres_kit.beside(url, "nowhere_to_be_found")


def read_only(url: str) -> str:
    postgres_kit.execute(f"alter database {urlsplit(url).path[1:]} set default_transaction_read_only = on", url=url)
    return url


def without_rights(url: str) -> str:
    name = f"guest_{secrets.token_hex(4)}"
    postgres_kit.execute(
        f"create role {name} login password 'hunter2'", "drop table schema_migration cascade",
        "revoke all on schema public from public", f"grant usage on schema public to {name}", url=url,
    )  # fmt: skip
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{name}:hunter2@{parts.netloc.rpartition('@')[2]}"))


def from_the_future(url: str) -> str:
    postgres_kit.execute("insert into schema_migration values ('9998_post_wonders', 1)", url=url)
    return url


def not_an_address(url: str) -> str:
    return "postgresql://tidings:hunter2/slashed@127.0.0.1/x"


REFUSED: list[tuple[str, Callable[[str], str], str]] = [
    ("nobody listens", with_port, r"127.0.0.1:1/tidings cannot be reached \(.*\); check address, port"),
    ("no such database", without_database, r'database "nowhere_to_be_found" does not exist .* create it'),
    ("a read-only database", read_only, "the database is read-only"),
    ("no right to make tables", without_rights, r"lacks rights \(permission denied for schema public\)"),
    ("a schema newer than the program", from_the_future, "the schema is newer than this program .*9998_post_wonders"),
    ("not an address", not_an_address, "check the address in `database`"),
]


@pytest.mark.parametrize(("spoil", "sentence"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_cannot_be_used_is_refused(tmp_path: Path, spoil: Callable[[str], str], sentence: str) -> None:
    url = spoil(postgres_kit.url(tmp_path, throw_away=True))
    with pytest.raises(CannotOpen, match=sentence) as refusal:
        opens(tmp_path, url)
    assert "hunter2" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_an_old_server_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "OLDEST", 990_000)
    with pytest.raises(CannotOpen, match=r"the server is PostgreSQL \d+; 99 or newer is needed"):
        opens(tmp_path, postgres_kit.url(tmp_path))


def test_the_schema_is_the_one_that_was_agreed() -> None:
    """A change of schema is a migration, and shows in `tests/golden`: run tests/golden/write.py."""
    assert fresh_postgres() == POSTGRES.read_text(encoding="utf-8")


def test_a_migration_that_breaks_leaves_the_schema_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = postgres_kit.url(tmp_path, throw_away=True)
    opens(tmp_path, url)
    available = migrate.available()
    bad = ("9999_pre_bad", "create table half (id integer); create table half (id integer);")
    monkeypatch.setattr(migrate, "available", lambda: [*available, bad])
    with pytest.raises(CannotOpen, match="half"):
        opens(tmp_path, url)
    assert tuple(postgres_kit.ask(url, "select to_regclass('half') is null")) == (True,)


# order


async def test_an_event_is_not_seen_before_one_with_a_lower_position(tmp_path: Path) -> None:
    """Numbers are drawn before commits: with a transaction still open, what comes behind its number waits for it."""
    with opened(tmp_path, HandClock(), asyncio.get_running_loop()) as store:
        other = await asyncpg.connect(postgres_kit.url(tmp_path))
        open_one = other.transaction()
        await open_one.start()
        await other.execute(f"select pg_advisory_xact_lock({nodes.LOCK})")
        await other.execute("insert into message_event values (7, 1, 1, 'message.queued', 100)")
        behind = asyncio.ensure_future(store.write(ask, [lambda tx: tx.events.append([event(8, 1)])]))
        await asyncio.wait([behind], timeout=0.3)
        assert not behind.done()
        assert await store.read(lambda tx: tx.events.after(0, 10)) == []
        await open_one.commit()
        await behind
        seen = await store.read(lambda tx: tx.events.after(0, 10))
        assert [one.message_id for _, one in seen] == [7, 8]
        await other.close()


# connections that are lost


async def terminate(folder: Path) -> None:
    url = postgres_kit.url(folder)
    command = "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'tidings %'"
    await asyncio.to_thread(postgres_kit.execute, command, url=url)


async def test_a_connection_that_died_unseen_is_nobodys_loss(tmp_path: Path) -> None:
    with opened(tmp_path, HandClock(), asyncio.get_running_loop()) as store:
        await store_messages(store, 1)
        assert await present(store, 1) == [1]
        await terminate(tmp_path)
        await store_messages(store, 2)
        assert await present(store, 1, 2) == [1, 2]
        assert store.fault == ""


async def test_a_connection_that_dies_in_a_commit_takes_nothing_along(tmp_path: Path) -> None:
    """It is run again, from its beginning."""
    runs: list[int] = []

    async def interrupted(tx: Tx, items: Any, now: int) -> list[None]:
        await tx.messages.insert([message(number) for number in items])
        runs.append(len(runs))
        if len(runs) == 1:
            postgres_kit.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where state like 'idle in %'",
                url=postgres_kit.url(tmp_path),
            )
        await tx.messages.by_id(items)
        return [None for _ in items]

    with opened(tmp_path, HandClock(), asyncio.get_running_loop()) as store:
        await store.write(Stage(interrupted, 1, False), [1, 2])
        assert runs == [0, 1]
        assert await present(store, 1, 2) == [1, 2]


@pytest.mark.parametrize("arrives", [True, False], ids=["it went through", "it did not"])
async def test_a_commit_in_doubt_is_found_out(tmp_path: Path, arrives: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller at a door is told at once that it cannot be said; who cannot be refused hears what is true in the end,
    and so does who hands over what was stored.
    """
    armed, heard = [], []
    back = threading.Event()
    execute = asyncpg.Connection.execute

    async def keep(tx: Tx, items: Any, now: int) -> list[int]:
        await tx.messages.insert([message(number) for number in items])
        armed.extend(one for one in items if one == 2)
        return list(items)

    async def lose(self: Any, sql: str, *values: Any, **more: Any) -> Any:
        if sql != "commit" or not armed:
            return await execute(self, sql, *values, **more)
        armed.clear()
        if arrives:
            await execute(self, sql)
        self.terminate()
        raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")

    door, inner = Stage(keep, 1, True), Stage(keep, 2, False)
    with opened(tmp_path, HandClock(), asyncio.get_running_loop()) as store:
        monkeypatch.setattr(asyncpg.Connection, "execute", lose)
        committed = store.driver.in_turn.committed

        async def learn() -> bool:
            if not back.is_set():
                raise postgres.Away("the test keeps it away")
            return bool(await committed())

        monkeypatch.setattr(store.driver.in_turn, "committed", learn)
        store.follow(door, lambda items, results: heard.extend(items))
        async with held(store):
            outside, inside = await submitted(store.write(door, [1]), store.write(inner, [2]))
        with pytest.raises(StoreUnavailable, match="CommitUnknown"):
            await outside
        with pytest.raises(StoreUnavailable, match="CommitUnknown"):
            await store.write(door, [3])
        behind = asyncio.ensure_future(store.write(inner, [4]))
        await asyncio.wait([inside, behind], timeout=0.3)
        assert not inside.done()
        assert not behind.done()
        assert "CommitUnknown" in store.fault
        back.set()
        if arrives:
            assert await inside == [2]
        else:
            with pytest.raises(StoreUnavailable):
                await inside
        assert await behind == [4]
        await settled()
        assert heard == ([1] if arrives else [])
        assert await present(store, 1, 2, 3, 4) == ([1, 2, 4] if arrives else [4])
        assert store.fault == ""


async def test_a_stop_does_not_wait_for_ever_to_find_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "LAST_PATIENCE", 0.0)

    async def lost() -> bool:
        raise CommitUnknown("lost")

    async def away() -> bool:
        raise postgres.Away("away")

    with opened(tmp_path, HandClock(), asyncio.get_running_loop()) as store:
        monkeypatch.setattr(store.driver.in_turn, "commit", lost)
        monkeypatch.setattr(store.driver.in_turn, "committed", away)
        waiting = asyncio.ensure_future(store_messages(store, 1))
        while not store.fault:  # noqa: ASYNC110 - another thread sets it
            await asyncio.sleep(0.01)
    with pytest.raises(StoreUnavailable):
        await waiting


async def test_while_the_server_is_away_all_are_told_and_then_it_goes_on(tmp_path: Path) -> None:
    server = postgres_kit.Server()
    try:
        store = GroupStore(Postgres(server.url, tmp_path, HandClock()), HandClock())
        store.open()
        store.start(asyncio.get_running_loop())
        await store_messages(store, 1)
        await asyncio.to_thread(server.stop, signal.SIGQUIT)
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                await store_messages(store, 2)
        with pytest.raises(StoreUnavailable):
            await present(store, 1)
        assert "cannot be reached" in store.fault
        await asyncio.to_thread(server.start)
        async with asyncio.timeout(PATIENCE):
            while store.fault:
                with contextlib.suppress(StoreUnavailable):
                    await store_messages(store, 3)
                await asyncio.sleep(0.05)
        assert await present(store, 1, 2, 3) == [1, 3]
        await asyncio.to_thread(store.stop)
    finally:
        server.end()


# plans


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("known", ["nothing", "of one message"])
async def test_what_a_text_answers_is_found_by_its_handset_whatever_statistics_there_are(
    tmp_path: Path, known: str, mode: str
) -> None:
    url = postgres_kit.url(tmp_path)
    with opened(tmp_path, HandClock(), asyncio.get_running_loop()) as store:
        await store_messages(store, 1)
        session = await asyncpg.connect(url, server_settings=postgres._SESSION)
        try:
            await session.execute("alter table message set (autovacuum_enabled = off)")
            if known == "of one message":
                await session.execute("analyze message")
            await session.execute(
                "insert into message (id, account_id, direction, status, category, recipient, sender, encoding, "
                "segments, reference, created_at, expires_at, event_count, sent_at) select 1000 + n, 1, 'mt', 'sent', "
                "'transactional', '+1555' || n, '12345', 'gsm7', 1, 0, 0, 0, 1, 0 from generate_series(1, 20000) as n"
            )
            if known == "nothing":
                # Somebody may have gathered some before the table was left alone.
                await session.execute("delete from pg_statistic where starelid = 'message'::regclass")
                await session.execute(
                    "update pg_class set reltuples = -1, relpages = 0 where oid = 'message'::regclass"
                )
            await session.execute(f"set plan_cache_mode = {mode}")
            question = postgres.translate(statements("messages")["answered"])
            asked = ([f'[1, "+1555{n}", "12345"]' for n in range(1, 9)], 0)
            assert [row["id"] for row in await session.fetch(question, *asked)] == [1000 + n for n in range(1, 9)]
            plan = await session.fetchval(f"explain (format json) {question}", *asked)
            assert "message_recipient" in plan, plan
            assert "message_account" not in plan, plan
        finally:
            await session.close()


# what it tells of itself


async def test_the_database_tells_of_itself(tmp_path: Path) -> None:
    url = postgres_kit.url(tmp_path)
    with opened(tmp_path, HandClock(), asyncio.get_running_loop()) as store:
        await store_messages(store, *range(1, 50))
        other = await asyncpg.connect(url, server_settings={"application_name": "a report"})
        await other.execute("begin; select 1")
        try:
            told = await store.look()
        finally:
            await other.close()
        assert told.engine == "postgresql"
        assert told.version.startswith("PostgreSQL 1")
        assert told.supported_until > "2027"
        assert told.size_mb > 0
        assert told.wal_mb > 0
        assert told.oldest_transaction_s > 0
        assert "a report of user tidings, PID" in told.oldest_transaction_by
        assert {"queue", "message"} <= {one.name for one in told.tables}
        assert 0 < told.connections <= told.connections_most
        assert told.oldest_ids > 0
        assert (told.servers, told.synchronous_commit, told.waits_for) == (1, "on", "")
        assert (told.standbys, told.slots, told.hidden) == ((), (), False)
        assert told.settings.keys() == {"fsync", "full_page_writes", "autovacuum", "zero_damaged_pages"}


async def test_a_user_without_rights_to_see_is_told_so(tmp_path: Path) -> None:
    url = postgres_kit.url(tmp_path, throw_away=True)
    guest, base = f"guest_{secrets.token_hex(4)}", urlsplit(url).path[1:]
    postgres_kit.execute(
        f"create role {guest} login", f"grant create on database {base} to {guest}",
        f"create schema {guest} authorization {guest}", url=url,
    )  # fmt: skip
    parts = urlsplit(url)
    as_guest = urlunsplit(parts._replace(netloc=f"{guest}@{parts.netloc.rpartition('@')[2]}"))
    store = GroupStore(Postgres(as_guest, tmp_path, HandClock()), HandClock())
    store.open()
    store.start(asyncio.get_running_loop())
    try:
        told = await store.look()
        assert told.hidden
        assert told.wal_mb is None
    finally:
        await asyncio.to_thread(store.stop)


# texts


PLACES = [
    ("postgresql://u:secret@db.example.net:5432/sms", "db.example.net:5432/sms"),
    ("postgresql://u:secret@one:1,two:2/sms?sslmode=require", "one:1,two:2/sms"),
    ("postgresql://u:secret@[::1]/sms", "[::1]/sms"),
    ("postgresql:///sms?host=/run", "the local socket/sms"),
    ("postgresql://u:se/cret@db/sms", "the database"),
    ("postgresql://u:secret#x@db/sms", "the database"),
    ("postgresql://u:secret", "the database"),
]


@pytest.mark.parametrize(("url", "place"), PLACES)
def test_an_address_is_shown_without_its_password(url: str, place: str) -> None:
    assert address.shown(url) == place


SIGNS = st.text(st.sampled_from(["\0", "\ufdd0", "0", "1", "a", "é"]), max_size=12)


@given(SIGNS)
def test_every_text_can_be_held(text: str) -> None:
    kept = postgres.held(text)
    assert "\0" not in kept
    assert postgres.told(kept) == text
