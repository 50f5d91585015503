"""What the server engine promises of a standby: the newest primary is found and kept to, commits are on both."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import postgres_kit
from contract_kit import PATIENCE, message, present
from postgres_kit import Pair
from spine_kit import HandClock, ask
from tidings.core.ports import Stage, StoreUnavailable
from tidings.core.questions import Tx
from tidings.doctor.database import advise
from tidings.store import address, postgres, primary
from tidings.store.address import Server
from tidings.store.engine import CannotOpen
from tidings.store.group_commit import GroupStore
from tidings.store.postgres import Postgres
from tidings.store.primary import Fence, Standing

slow = pytest.mark.slow

# addresses

ADDRESSES: list[tuple[str, list[Server]]] = [
    ("postgresql://u:p@a:1,b:2/sms", [Server("a", 1), Server("b", 2)]),
    ("postgresql://u:p@a,b/sms?target_session_attrs=read-write", [Server("a", 5432), Server("b", 5432)]),
    ("postgresql://a,[::1]:7/sms?port=6", [Server("a", 6), Server("::1", 7)]),
    ("postgresql:///sms?host=/run/one,/run/two&port=1,2", [Server("/run/one", 1), Server("/run/two", 2)]),
    ("postgresql://u@%2Frun%2Fpg/sms", [Server("/run/pg", 5432)]),
    ("postgresql:///sms", []),
]


@pytest.mark.parametrize(("url", "servers"), ADDRESSES)
def test_an_address_names_its_servers(url: str, servers: list[Server]) -> None:
    assert address.servers(url) == servers


def test_servers_may_come_from_the_usual_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "a,b")
    monkeypatch.setenv("PGPORT", "7")
    assert address.servers("postgresql:///sms") == [Server("a", 7), Server("b", 7)]


ODD = [
    ("postgresql://a,b/sms?port=1,2,3", "the servers it names cannot be read"),
    ("postgresql://a,/sms", "the servers it names cannot be read"),
    ("postgresql://a:b:c/sms", "the servers it names cannot be read"),
    ("postgresql://a,b/sms?target_session_attrs=standby", "target_session_attrs is standby, and tidings writes"),
]


@pytest.mark.parametrize(("url", "sentence"), ODD)
def test_an_odd_address_is_refused(url: str, sentence: str) -> None:
    with pytest.raises(CannotOpen, match=sentence):
        address.servers(url)


# the fence

OURS, OLDER, OTHER = Standing("7", 2), Standing("7", 1), Standing("8", 9)


def fence(folder: Path) -> Fence:
    one = Fence(folder / "primary.json")
    one.open()
    return one


def test_the_newest_primary_is_remembered_over_a_restart(tmp_path: Path) -> None:
    fence(tmp_path).admit(OURS, "a:1")
    again = fence(tmp_path)
    again.admit(OURS, "a:1")
    with pytest.raises(CannotOpen, match=r"b:2 is a primary that was replaced: it is on timeline 1, .* timeline 2"):
        again.admit(OLDER, "b:2")
    with pytest.raises(CannotOpen, match="b:2 is not the database server this data folder has worked with"):
        again.admit(OTHER, "b:2")
    again.admit(Standing("7", 3), "b:2")
    assert fence(tmp_path).timeline == 3


def test_who_removes_the_file_has_decided(tmp_path: Path) -> None:
    fence(tmp_path).admit(OURS, "a:1")
    (tmp_path / "primary.json").unlink()
    fence(tmp_path).admit(OLDER, "b:2")


def test_a_server_that_tells_nothing_of_itself_is_let_in(tmp_path: Path) -> None:
    one = fence(tmp_path)
    one.admit(OURS, "a:1")
    one.admit(Standing("", 1), "b:2")
    assert one.timeline == 2


def test_a_file_that_is_spoilt_is_told(tmp_path: Path) -> None:
    (tmp_path / "primary.json").write_text("{")
    with pytest.raises(CannotOpen, match=r"primary\.json cannot be read"):
        fence(tmp_path)


# two servers


@pytest.fixture
def pair() -> Iterator[Pair]:
    """To be spoilt."""
    one = Pair()
    yield one
    one.end()


@pytest.fixture(scope="module")
def _both() -> Iterator[Pair]:
    one = Pair()
    yield one
    one.end()


@pytest.fixture
def lasting(_both: Pair) -> Iterator[Pair]:
    """To be left as it was."""
    yield _both.new()
    if _both.b.process is None:
        _both.b.start()


@contextlib.asynccontextmanager
async def opened(folder: Path, url: str, how: str = "on") -> Any:
    clock = HandClock()
    store = GroupStore(Postgres(url, folder, clock, how), clock)
    await asyncio.to_thread(store.open)
    store.start(asyncio.get_running_loop())
    try:
        yield store
    finally:
        await asyncio.to_thread(store.stop)


async def keep(store: Any, *numbers: int) -> None:
    await store.write(ask, [lambda tx: tx.messages.insert([message(number) for number in numbers])])


async def insist(store: Any, *numbers: int) -> float:
    """Seconds until it could be stored."""
    began = time.monotonic()
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(StoreUnavailable):
                await keep(store, *numbers)
                return time.monotonic() - began
            await asyncio.sleep(0.05)


def opens(folder: Path, url: str) -> None:
    driver = Postgres(url, folder, HandClock())
    try:
        driver.open()
    finally:
        driver.close()


@slow
async def test_a_standby_is_promoted_and_found_and_the_old_primary_is_not_let_in_again(
    tmp_path: Path, pair: Pair
) -> None:
    async with opened(tmp_path, pair.url) as store:
        await keep(store, 1)
        await asyncio.to_thread(pair.a.kill)
        with pytest.raises(StoreUnavailable):
            await keep(store, 2)
        assert "is a standby and takes no changes" in store.fault
        with pytest.raises(StoreUnavailable, match="is a standby and takes no changes"):
            await present(store, 1)
        await asyncio.to_thread(pair.b.promote)
        await insist(store, 3)
        assert await present(store, 1, 2, 3) == [1, 3]
        await asyncio.to_thread(pair.a.start)
        await keep(store, 4)
        assert await present(store, 1, 3, 4) == [1, 3, 4]
    await asyncio.to_thread(opens, tmp_path, pair.url)
    with pytest.raises(CannotOpen, match="is a primary that was replaced"):
        await asyncio.to_thread(opens, tmp_path, pair.a.url)
    await asyncio.to_thread(pair.b.stop)
    with pytest.raises(CannotOpen, match="is a primary that was replaced"):
        await asyncio.to_thread(opens, tmp_path, pair.url)


@slow
async def test_a_primary_that_was_replaced_is_left_while_it_lives(
    tmp_path: Path, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was cut off from the standby, which was promoted: commits on it are in doubt, reads are old."""
    monkeypatch.setattr(primary, "LOOK_S", 0.2)
    async with opened(tmp_path, pair.url) as store:
        await keep(store, 1)
        assert await present(store, 1) == [1]
        await asyncio.to_thread(pair.b.promote)
        await insist(store, 2)
        assert await present(store, 1, 2) == [1, 2]
        on_new = await asyncio.to_thread(postgres_kit.ask, pair.b.url, "select count(*) from message")
        on_old = await asyncio.to_thread(postgres_kit.ask, pair.a.url, "select count(*) from message")
        assert (on_new[0], on_old[0]) == (2, 1)


async def insert(tx: Tx, items: Any, now: int) -> list[Any]:
    await tx.messages.insert([message(number) for number in items])
    return list(items)


DOOR, INNER = Stage(insert, 1, True), Stage(insert, 2, False)


@contextlib.asynccontextmanager
async def in_doubt(folder: Path, pair: Pair, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A store whose commit of message 2 waits for the standby, which was stopped; 1 is stored, 3 and 4 are refused."""
    monkeypatch.setattr(postgres, "COMMIT_S", 0.5)
    monkeypatch.setattr(primary, "LOOK_S", 0.2)
    async with opened(folder, pair.url) as store:
        await keep(store, 1)
        await asyncio.to_thread(pair.b.stop)
        waits = asyncio.create_task(store.write(INNER, [2]))
        for number in (3, 4):
            with pytest.raises(StoreUnavailable):
                await store.write(DOOR, [number])
        await asyncio.wait([waits], timeout=2)
        assert not waits.done()
        yield store, waits


@slow
async def test_a_commit_that_waits_for_a_standby_is_stored_once_the_standby_has_it(
    tmp_path: Path, lasting: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Till then it is seen on the primary, and yet not stored: whoever is promoted would not have it."""
    async with in_doubt(tmp_path, lasting, monkeypatch) as (store, waits):
        await asyncio.to_thread(lasting.b.start)
        assert await asyncio.wait_for(waits, PATIENCE) == [2]
        assert await present(store, 1, 2, 4) == [1, 2]


@slow
async def test_a_commit_that_waits_for_a_standby_is_undone_where_that_one_is_promoted(
    tmp_path: Path, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with in_doubt(tmp_path, pair, monkeypatch) as (store, waits):
        await asyncio.to_thread(pair.a.kill)
        await asyncio.to_thread(pair.b.start)
        await asyncio.to_thread(pair.b.promote)
        with pytest.raises(StoreUnavailable):
            await asyncio.wait_for(waits, PATIENCE)
        await insist(store, 5)
        assert await present(store, 1, 2, 3, 5) == [1, 5]


@slow
async def test_an_operator_who_cuts_the_wait_short_makes_no_commit(tmp_path: Path, lasting: Pair) -> None:
    """PostgreSQL calls it a success then, with a warning."""
    async with opened(tmp_path, lasting.url) as store:
        await keep(store, 1)
        await asyncio.to_thread(lasting.b.stop)
        waits = asyncio.create_task(keep(store, 2))
        await asyncio.to_thread(_until_waiting, lasting)
        await asyncio.to_thread(postgres_kit.execute, CANCEL, url=lasting.a.url)
        await asyncio.wait([waits], timeout=1)
        assert not waits.done()
        assert "CommitUnknown" in store.fault
        await asyncio.to_thread(lasting.b.start)
        await asyncio.wait_for(waits, PATIENCE)


WAITING = "from pg_stat_activity where application_name like 'tidings %' and wait_event = 'SyncRep'"
CANCEL = f"select pg_cancel_backend(pid) {WAITING}"


def _until_waiting(pair: Pair) -> None:
    end = time.monotonic() + PATIENCE
    while not postgres_kit.ask(pair.a.url, f"select count(*) {WAITING}")[0]:
        assert time.monotonic() < end
        time.sleep(0.05)


@slow
async def test_how_far_a_commit_waits_is_a_setting(tmp_path: Path, lasting: Pair) -> None:
    """With `remote_apply`, what was stored can be read on the standby at once."""
    async with opened(tmp_path, lasting.url, "remote_apply") as store:
        for number in range(1, 21):
            await keep(store, number)
            seen = await asyncio.to_thread(postgres_kit.ask, lasting.at(lasting.b), "select count(*) from message")
            assert seen[0] == number


@slow
async def test_the_primary_tells_of_its_standby(tmp_path: Path, lasting: Pair) -> None:
    async with opened(tmp_path, lasting.url, "remote_apply") as store:
        await keep(store, 1)
        told = await store.look()
        assert [one.mode for one in told.standbys] == ["sync"]
        assert (told.servers, told.waits_for, told.synchronous_commit) == (2, "*", "remote_apply")
        await asyncio.to_thread(lasting.b.stop)
        told = await store.look()
        assert told.standbys == ()
        assert [one.severity for one in advise(told, {}) if "and none is there" in one.what] == ["error"]


ALONE: list[tuple[str, Callable[[Pair], str], str]] = [
    ("a standby", lambda pair: pair.b.url, "is a standby and takes no changes; promote it, or give the address of the"),
    (
        "a standby and one that is down", lambda pair: pair.url.replace(f":{pair.a.port},", ":1,"),
        r"^127.0.0.1:1 cannot be reached \(.*\); .*; 127.0.0.1:\d+ is a standby and takes no changes; promote it",
    ),
    (
        "none there is", lambda pair: "postgresql://u:hunter2@127.0.0.1:1,127.0.0.1:2/x",
        r"^127.0.0.1:1 cannot be reached \(.*\); .*; 127.0.0.1:2 cannot be reached \(.*\); check",
    ),
]  # fmt: skip


@slow
def test_servers_that_cannot_be_written_to_are_refused_in_a_sentence(tmp_path: Path, lasting: Pair) -> None:
    for name, url, sentence in ALONE:
        with pytest.raises(CannotOpen, match=sentence) as refusal:
            opens(tmp_path, url(lasting))
        assert "\n" not in str(refusal.value), name
        assert "hunter2" not in str(refusal.value), name


@slow
def test_a_server_that_says_nothing_does_not_keep_us_from_the_others(tmp_path: Path, lasting: Pair) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        url = lasting.url.replace("@", f"@127.0.0.1:{mute.getsockname()[1]},")
        began = time.monotonic()
        opens(tmp_path, url)
        assert time.monotonic() - began < address.CONNECT_S
