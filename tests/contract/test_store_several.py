"""Several processes on one database: their commits keep out of each other's way, they hear of one another, and each
lease is held by one of them. PostgreSQL alone; the tests shorten its times, not its promises.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

import postgres_kit
from contract_kit import PATIENCE, event, message, present
from several_kit import Process, processes, store, until
from spine_kit import ask
from tidings import membership
from tidings.core.account import DEFAULT_ACCOUNT
from tidings.core.audit import OPERATOR, Entry
from tidings.core.people import User, UserSession
from tidings.core.ports import Stage, StoreUnavailable, stage
from tidings.core.questions import Tx
from tidings.pipeline import founding, people
from tidings.pipeline import tries as tries_
from tidings.store import news, nodes, postgres, primary
from tidings.store.engine import CannotOpen
from tidings.store.folder import DataFolderInUse
from tidings.store.group_commit import GroupStore

pytestmark = pytest.mark.slow

LEASE_S = 1.2


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    times = {"BEAT_S": 0.1, "LEASE_MS": 1_200, "SAFE_S": 1.0, "PULSE_S": 0.05, "SPARE_S": 0.3, "YIELD_S": 0.3}
    for name, value in times.items():
        monkeypatch.setattr(membership, name, value)
    with postgres_kit.chosen_for(True):
        yield


def frozen(one: Process) -> None:
    """As far as others can see: it says nothing any more, and its sessions stay open."""
    one.leases._beat = _silence  # type: ignore[method-assign]


async def _silence() -> None:
    return None


# who they are


async def test_every_process_has_a_number_of_its_own(tmp_path: Path) -> None:
    with store(tmp_path, "one") as one, store(tmp_path, "two", "api") as two:
        assert [one.driver.node, two.driver.node] == [0, 1]
        db = await asyncpg.connect(postgres_kit.url(tmp_path))
        assert [(node.number, node.role, node.lives) for node in await nodes.everybody(db)] == [
            (0, "all", True), (1, "api", True),
        ]  # fmt: skip
        await db.close()
    with store(tmp_path, "three") as three:
        assert three.driver.node == 0


async def test_a_data_folder_is_still_one_processs(tmp_path: Path) -> None:
    with (
        store(tmp_path, "one"),
        pytest.raises(DataFolderInUse, match="choose another --data; several processes can share"),
        store(tmp_path, "one"),
    ):
        pass


async def test_when_all_numbers_are_taken_the_one_silent_for_longest_gives_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nodes, "NODES", 1)
    with store(tmp_path, "one") as one:
        with pytest.raises(CannotOpen, match="1 processes share this database already"), store(tmp_path, "two"):
            pass
        monkeypatch.setattr(nodes, "FORGOTTEN_MS", -1)
        with store(tmp_path, "three") as two:
            assert two.driver.node == 0
            with pytest.raises(StoreUnavailable, match="another process goes under the number of this one"):
                await one.write(ask, [lambda tx: tx.messages.insert([message(1)])])
            await two.write(ask, [lambda tx: tx.messages.insert([message(2)])])
            assert sorted(await two.read(lambda tx: tx.messages.by_id([1, 2]))) == [2]


async def test_one_that_lost_its_number_is_told_to_stop(tmp_path: Path) -> None:
    async with processes(tmp_path, "one") as (one,):
        postgres_kit.execute("delete from node", url=postgres_kit.url(tmp_path))
        await until(lambda: one.displaced, "it is displaced")


async def test_a_start_on_the_folder_of_one_that_was_killed_finds_its_leases_free(tmp_path: Path) -> None:
    async with processes(tmp_path, "one", "two") as (one, two):
        await one.want("router")
        db = await asyncpg.connect(postgres_kit.url(tmp_path))
        home = await db.fetchval("select home from node where number = 0")
        assert await nodes.enter(db, 99, "all", home) == 0
        await db.close()
        await two.want("router")
        assert two.told == ["router 2"]
        await until(lambda: one.displaced, "it is displaced")


# commits


async def test_commits_of_processes_come_one_after_the_other(tmp_path: Path) -> None:
    """Each reads what the other has written, adds to it, and neither loses a thing."""

    async def count(tx: Tx, items: Any, now: int) -> list[int]:
        used = (await tx.accounts.usage([(1, "d")])).get((1, "d"), 0)
        await tx.accounts.forget_usage("z")
        await tx.accounts.count_usage([(1, "d", used + len(items))])
        return list(items)

    counting = Stage(count, 1, False)
    with store(tmp_path, "one") as one, store(tmp_path, "two") as two:
        for _ in range(10):
            await asyncio.gather(*(each.write(counting, [1]) for each in (one, two) for _ in range(5)))
        assert await one.read(lambda tx: tx.accounts.usage([(1, "d")])) == {(1, "d"): 100}


async def test_who_comes_while_a_commit_waits_for_its_turn_goes_with_it(tmp_path: Path) -> None:
    """One commit of two whose turn has come late, the patient in it too, in the order of their stages."""
    ran: list[str] = []

    def noting(name: str, order: int, patient: bool = False) -> Stage[int, int]:
        async def run(tx: Tx, items: Any, now: int) -> list[int]:
            ran.append(name)
            return list(items)

        return Stage(run, order, False, patient=patient)

    first, earlier, patient = noting("first", 2), noting("earlier", 1), noting("patient", 3, patient=True)
    commits: list[set[Stage[Any, Any]]] = []
    with store(tmp_path, "one") as one, store(tmp_path, "two"):
        one.after_commit(commits.append)
        db = await asyncpg.connect(postgres_kit.url(tmp_path))
        await db.execute(f"select pg_advisory_lock({nodes.LOCK})")
        waits = [asyncio.ensure_future(one.write(first, [1]))]
        in_line = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
        await until(lambda: postgres_kit.ask(postgres_kit.url(tmp_path), in_line)[0], "it waits for its turn")
        waits += [asyncio.ensure_future(one.write(later, [2, 3])) for later in (patient, earlier)]
        await asyncio.sleep(0)
        await db.execute(f"select pg_advisory_unlock({nodes.LOCK})")
        await db.close()
        assert await asyncio.gather(*waits) == [[1], [2, 3], [2, 3]]
    assert ran == ["earlier", "first", "patient"]
    assert commits == [{first, earlier, patient}]


async def test_positions_of_events_are_seen_in_their_order(tmp_path: Path) -> None:
    """A reader that follows positions while two processes write misses nothing."""
    with store(tmp_path, "one") as one, store(tmp_path, "two") as two:
        seen: list[int] = []

        async def write(each: GroupStore, base: int) -> None:
            for number in range(base, base + 30):
                await each.write(ask, [lambda tx, n=number: tx.events.append([event(n, 1)])])

        async def follow() -> None:
            cursors = [0]
            while len(seen) < 60:
                for at, found in await one.read(lambda tx: tx.events.after(cursors[-1], 100)):
                    cursors.append(at)
                    seen.append(found.message_id)

        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(write(one, 100), write(two, 200), follow())
        assert sorted(seen) == [*range(100, 130), *range(200, 230)]


async def test_a_transaction_that_stands_still_ends_and_lets_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(postgres._SESSION, "idle_in_transaction_session_timeout", "300ms")
    with store(tmp_path, "one") as one, store(tmp_path, "two") as two:

        async def stand_still(tx: Tx, items: Any, now: int) -> list[Any]:
            await tx.messages.insert([message(number) for number in items])
            time.sleep(0.8)  # noqa: ASYNC251 - in the thread of the writer
            await tx.messages.by_id(items)
            return list(items)

        standing = asyncio.ensure_future(one.write(Stage(stand_still, 1, False), [1]))
        await asyncio.sleep(0.1)
        await asyncio.wait_for(two.write(ask, [lambda tx: tx.messages.insert([message(2)])]), PATIENCE)
        with pytest.raises(StoreUnavailable):
            await standing
        assert sorted(await two.read(lambda tx: tx.messages.by_id([1, 2]))) == [2]
        await one.write(ask, [lambda tx: tx.messages.insert([message(3)])])


# news


@stage(order=1)
async def remember(tx: Tx, numbers: Any, now: int) -> list[int]:
    """Store messages of these numbers."""
    await tx.messages.insert([message(number) for number in numbers])
    return list(numbers)


async def test_others_hear_of_a_commit_and_of_what_was_announced(tmp_path: Path) -> None:
    async with processes(tmp_path, "one", "two") as (one, two):
        one.store.announce(remember, lambda items, results: [[f'"{number}\\', "é'"] for number in results])
        watched: list[set[Any]] = []
        two.store.after_commit(watched.append)
        two.heard.clear()
        one.heard.clear()
        await one.store.write(remember, [1, 2])
        await until(lambda: two.heard, "the other hears")
        (told,) = two.heard
        assert (told.stages, told.missed) == (frozenset({remember}), False)
        assert told.told == {remember: [['"1\\', "é'"], ['"2\\', "é'"]]}
        assert watched == [{remember}]
        assert one.heard == []


@stage(order=1, private=True)
async def keep_books(tx: Tx, numbers: Any, now: int) -> list[int]:
    """Store messages of these numbers; no other process has a use for it."""
    return await remember.run(tx, numbers, now)


async def test_of_what_is_private_others_hear_only_what_was_announced(tmp_path: Path) -> None:
    async with processes(tmp_path, "one", "two") as (one, two):
        one.store.announce(keep_books, lambda items, results: [number for number in results if number > 2])
        two.heard.clear()
        for number in (1, 2, 3):
            await one.store.write(keep_books, [number])
        await one.store.write(remember, [4])
        await until(lambda: any(remember in news.stages for news in two.heard), "what came last")
        assert [dict(news.told) for news in two.heard] == [{keep_books: [3]}, {remember: []}]
        assert await present(two.store, 1, 2, 3, 4) == [1, 2, 3, 4]


def long(number: int) -> list[Any]:
    return ["north", *range(number * 10**17, number * 10**17 + 200)]


async def test_what_does_not_fit_into_one_note_comes_in_several(tmp_path: Path) -> None:
    async with processes(tmp_path, "one", "two") as (one, two):
        one.store.announce(remember, lambda items, results: list(map(long, results)))
        two.heard.clear()
        await one.store.write(remember, range(1, 12))
        await until(lambda: sum(len(one.told[remember]) for one in two.heard) == 11, "all of it")
        words = [word for one in two.heard for word in one.told[remember]]
        assert words == list(map(long, range(1, 12)))
        assert len(two.heard) > 1


def test_what_can_never_fit_is_to_be_looked_for() -> None:
    notes = [news.read(text) for text in news.written({remember.key: ["x" * 9_000, "y"]})]
    assert [one.missed for one in notes] == [True]
    assert notes[0].told == {remember: ["y"]}


def test_a_stage_of_a_newer_program_is_somebody_elses() -> None:
    (text,) = news.written({"wonders.work": [1], remember.key: []})
    assert news.read(text).stages == frozenset({news.FOREIGN, remember})


async def test_who_leaves_takes_along_what_its_commits_were_numbered_in(tmp_path: Path) -> None:
    def numbered() -> int:
        return int(postgres_kit.ask(postgres_kit.url(tmp_path), "select count(*) from store_commit")[0])

    with store(tmp_path, "one"):
        before = numbered()
        with store(tmp_path, "two"):
            assert numbered() == 2 * before == 4
        assert numbered() == before


async def test_one_that_is_alone_tells_nobody(tmp_path: Path) -> None:
    with store(tmp_path, "one") as one:
        asked: list[Any] = []
        one.announce(remember, lambda items, results: asked.append(items) or [])
        await one.write(remember, [1])
        assert not one.driver.in_turn.peers
        with store(tmp_path, "two"):
            await one.write(remember, [2])
            assert one.driver.in_turn.peers
        await one.write(remember, [3])
        assert not one.driver.in_turn.peers
        assert [list(items) for items in asked] == [[2]]


async def test_one_whose_ear_was_cut_off_is_told_to_look_at_all_again(tmp_path: Path) -> None:
    async with processes(tmp_path, "one", "two") as (one, two):
        await one.want("router")
        two.heard.clear()
        await asyncio.to_thread(
            postgres_kit.execute,
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'tidings %'",
            url=postgres_kit.url(tmp_path),
        )
        await until(lambda: any(one.missed for one in two.heard), "it looks at all again")
        await until(lambda: one.holds("router"), "its lease is held still")
        await one.store.write(remember, [1])
        await until(lambda: any(remember in one.told for one in two.heard), "it hears again")
        assert one.told == ["router 1"]


async def test_one_that_was_silent_for_long_is_told_to_look_at_all_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its connection stands, and nobody told it anything meanwhile."""
    monkeypatch.setattr(nodes, "SILENT_MS", 500)
    async with processes(tmp_path, "one", "two") as (one, two):
        await until(lambda: two.leases.nodes, "it lives")
        beat = two.leases._beat
        frozen(two)
        await asyncio.sleep(0.8)
        two.heard.clear()
        await one.store.write(remember, [1])
        two.leases._beat = beat  # type: ignore[method-assign]
        await until(lambda: any(news.missed or remember in news.stages for news in two.heard), "it hears of it")


# leases


async def test_a_lease_is_one_processs_and_goes_at_once_to_the_next_when_it_is_left(tmp_path: Path) -> None:
    async with processes(tmp_path, "one", "two") as (one, two):
        await one.want("router")
        await two.want("router")
        assert (one.told, two.told) == (["router 1"], [])
        assert (one.holds("router"), two.holds("router")) == (True, False)
        await asyncio.sleep(2 * LEASE_S)
        assert (one.holds("router"), two.holds("router")) == (True, False)
        began = time.monotonic()
        await one.leases.leave("router")
        assert not one.holds("router")
        await until(lambda: two.told, "the other has it")
        assert two.holds("router")
        assert time.monotonic() - began < LEASE_S
        assert (one.told, two.told) == (["router 1", "router left"], ["router 2"])


async def test_one_that_falls_silent_stops_before_another_begins(tmp_path: Path) -> None:
    async with processes(tmp_path, "one", "two") as (one, two):
        await one.want("router")
        await two.want("router")
        beat = one.leases._beat
        frozen(one)
        while not two.told:
            assert not (one.holds("router") and two.holds("router"))
            await asyncio.sleep(0.005)
        assert not one.holds("router")
        one.leases._beat = beat  # type: ignore[method-assign]
        await until(lambda: one.told == ["router 1", "router taken"], "it learns that it lost it")
        assert two.told == ["router 2"]


async def test_who_takes_over_ends_what_the_one_before_keeps_open(tmp_path: Path) -> None:
    """Also where it holds the lock of commits, and the server would wait for it."""
    async with processes(tmp_path, "one", "two") as (one, two):
        await one.want("router")
        await two.want("router")
        db = await asyncpg.connect(
            postgres_kit.url(tmp_path), server_settings={"application_name": one.driver.place.name}
        )  # fmt: skip
        await db.execute(f"begin; select pg_advisory_xact_lock({nodes.LOCK})")
        frozen(one)
        await until(lambda: two.told, "the other takes over")
        assert two.told == ["router 2"]
        await until(db.is_closed, "what it had begun is undone")


async def test_who_takes_what_was_given_back_ends_nothing_of_the_one_before(tmp_path: Path) -> None:
    async with processes(tmp_path, "one", "two") as (one, two):
        await one.want("router")
        await two.want("router")
        await one.store.write(remember, [1])
        mine = one.driver.place.name
        sessions = "select pid from pg_stat_activity where application_name = $1 order by pid"
        db = await asyncpg.connect(postgres_kit.url(tmp_path))
        before = await db.fetch(sessions, mine)
        one.heard.clear()
        await one.leases.leave("router")
        await until(lambda: two.told == ["router 2"], "the other has it")
        await asyncio.sleep(0.3)
        assert await db.fetch(sessions, mine) == before
        assert not any(news.missed for news in one.heard)
        await db.close()


async def test_a_lease_that_could_not_be_given_back_ends_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with processes(tmp_path, "one", "two") as (one, two):
        await one.want("router")
        await two.want("router")

        async def away(*_: Any) -> Any:
            raise StoreUnavailable("the test keeps it away")

        monkeypatch.setattr(one.store, "write", away)
        await one.leases.leave("router")
        monkeypatch.undo()
        await until(lambda: two.told == ["router 2"], "the other has it once its time is over")


async def test_while_the_database_is_away_only_what_keeps_a_link_alive_goes_on(tmp_path: Path) -> None:
    async with processes(tmp_path, "one") as (one,):
        await one.want("router")

        async def away() -> None:
            raise OSError("the test keeps it away")

        beat, one.leases._beat = one.leases._beat, away  # type: ignore[method-assign]
        await until(lambda: not one.holds("router"), "the lease runs out")
        assert one.leases.may_write("router", asked=False)
        one.leases._beat = beat  # type: ignore[method-assign]
        await until(lambda: one.holds("router"), "it is held again")
        assert one.told == ["router 1"]


async def test_one_that_stood_still_writes_nothing_once_its_lease_has_run_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "FROZEN_S", 0.3)
    async with processes(tmp_path, "one") as (one,):
        await one.want("router")
        time.sleep(1.5)  # noqa: ASYNC251 - the loop stands still, as if the process did
        assert not one.leases.may_write("router", asked=True)
        assert not one.leases.may_write("router", asked=False)
        await until(lambda: one.holds("router"), "nobody took it: it is held again")


async def test_those_of_a_kind_are_shared_out(tmp_path: Path) -> None:
    carriers = [f"carrier/{name}" for name in ("a", "b", "c", "d", "e")]
    async with processes(tmp_path, "one", "two") as both:
        for one in both:
            await until(lambda one=one: len(one.leases.nodes) == 2, "they know of each other")
        await asyncio.gather(*(one.want(name, spread=True) for one in both for name in carriers))
        await until(lambda: sum(one.holds(name) for one in both for name in carriers) == 5, "all are held")
        # One that was kept waiting by the machine for long finds all taken, and is left its share.
        await until(
            lambda: sorted(sum(one.holds(name) for name in carriers) for one in both) == [2, 3], "each its share"
        )


async def test_one_that_comes_later_is_given_its_share(tmp_path: Path) -> None:
    carriers = [f"carrier/{name}" for name in ("a", "b", "c", "d")]
    async with processes(tmp_path, "one") as (one,):
        for name in carriers:
            await one.want(name, spread=True)
        assert all(map(one.holds, carriers))
        async with processes(tmp_path, "two") as (two,):
            for name in carriers:
                await two.want(name, spread=True)
            assert not any(map(two.holds, carriers))
            await until(lambda: sum(map(two.holds, carriers)) == 2, "it has its share")
            await until(lambda: sum(map(one.holds, carriers)) == 2, "and the first keeps its own")
        assert [told for told in one.told if "left" in told] == ["carrier/d left", "carrier/c left"]


async def test_one_is_given_after_the_other_however_long_each_takes(tmp_path: Path) -> None:
    carriers = [f"carrier/{name}" for name in ("a", "b", "c", "d")]
    async with processes(tmp_path, "one") as (one,):

        async def gained(fence: int) -> None:
            return None

        async def lost(to_another: bool) -> None:  # waits for its answers
            one.told.append("begins")
            await asyncio.sleep(0.6)
            one.told.append("ends")

        for name in carriers:
            await one.leases.want(name, gained, lost, spread=True)
        async with processes(tmp_path, "two") as (two,):
            for name in carriers:
                await two.want(name, spread=True)
            await until(lambda: sum(map(two.holds, carriers)) == 2, "it has its share")
            await asyncio.sleep(1.0)
            assert [sum(map(each.holds, carriers)) for each in (one, two)] == [2, 2]
        assert one.told == ["begins", "ends"] * 2


async def test_what_others_do_not_take_is_taken_beyond_a_fair_share(tmp_path: Path) -> None:
    carriers = [f"carrier/{name}" for name in ("a", "b", "c", "d")]
    async with processes(tmp_path, "one", "two") as (one, _):
        await until(lambda: len(one.leases.nodes) == 2, "they know of each other")
        for name in carriers:
            await one.want(name, spread=True)
        assert sum(map(one.holds, carriers)) == 2
        await until(lambda: all(map(one.holds, carriers)), "all are held")
        await asyncio.sleep(1.0)
        assert all(map(one.holds, carriers)), "and kept, since nobody wants them"


# a promotion


@pytest.mark.slow
async def test_leases_go_along_to_a_new_primary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old primary lives on, so nothing breaks by itself: a lease renewed there would be no lease."""
    monkeypatch.setattr(primary, "LOOK_S", 0.2)
    pair = postgres_kit.Pair()
    monkeypatch.setattr(postgres_kit, "url", lambda folder: pair.url)
    try:
        async with processes(tmp_path, "one") as (one,):
            await one.want("router")
            await until(lambda: one.holds("router"), "it is held")
            postgres_kit.execute(
                "alter system reset synchronous_standby_names", "select pg_reload_conf()", url=pair.a.url
            )
            await asyncio.to_thread(pair.b.promote)

            def renewed() -> bool:
                left = "select until - (extract(epoch from clock_timestamp()) * 1000)::bigint from lease"
                return bool(postgres_kit.ask(pair.b.url, left)[0] > 0)

            await asyncio.sleep(2 * LEASE_S)
            await until(renewed, "it is renewed at the new primary")
            await until(lambda: one.holds("router"), "it is held")
    finally:
        pair.end()


async def test_of_two_first_owners_at_two_processes_one_is_made_and_of_two_last_ones_one_stays(tmp_path: Path) -> None:
    def owner(number: int) -> User:
        return User(
            id=number, account_id=DEFAULT_ACCOUNT, email=f"u{number}@example.com", name="u", role="owner", created_at=0,
            password="$",
        )  # fmt: skip

    def line(number: int) -> Entry:
        return Entry(id=number, account_id=DEFAULT_ACCOUNT, occurred_at=0, action="setup.completed", actor=OPERATOR)

    def founding_of(number: int) -> founding.Founding:
        session = UserSession(
            id=number, account_id=DEFAULT_ACCOUNT, user_id=number, digest=b"%d" % number, created_at=0, seen_at=0,
            ends_at=1, address="", agent="", method="password",
        )  # fmt: skip
        return founding.Founding(b"code", people.Arrival(owner(number), line(number)), session)

    with store(tmp_path, "a") as one, store(tmp_path, "b") as two:
        await one.write(founding.add_setups, [b"code"])
        made = await asyncio.gather(
            *(each.write(founding.found, [founding_of(at)]) for at, each in ((1, one), (2, two), (3, one), (4, two)))
        )
        assert sorted(type(each[0]).__name__ for each in made) == ["Refused"] * 3 + ["User"]
        first = next(each[0].id for each in made if isinstance(each[0], User))
        await one.write(people.add_users, [people.Arrival(owner(9), line(9))])
        gone = [people.UserChange(DEFAULT_ACCOUNT, number, lambda user: None, None) for number in (first, 9)]
        went = await asyncio.gather(one.write(people.change_users, gone[:1]), two.write(people.change_users, gone[1:]))
        assert sorted(type(each[0]).__name__ for each in went) == ["Changed", "Refused"]
        tries = [each.write(tries_.count_tries, [("user x",)]) for each in (one, two) for _ in range(8)]
        assert sorted(each[0] > 0 for each in await asyncio.gather(*tries)) == [False] * 6 + [True] * 10
