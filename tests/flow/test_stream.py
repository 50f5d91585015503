"""`/v1/stream` over the real store: nothing is missed, repeated or shown to others, and nothing is held for anybody."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kit import ask
from stream_kit import Place, Reader, place
from tidings import streamer
from tidings.core import telling
from tidings.core.account import DEFAULT_ACCOUNT
from tidings.core.events import event_id, position_id
from tidings.core.ids import show
from tidings.core.message import DAY
from tidings.core.ports import StoreUnavailable
from tidings.core.questions import Tx
from tidings.pipeline import expire, stream


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Place]:
    async with place(tmp_path) as one:
        yield one


async def everything(home: Place, account: int = DEFAULT_ACCOUNT) -> list[str]:
    """The ids of all events of an account, in the order of their commits."""

    async def look(tx: Tx) -> list[str]:
        rows = await tx.events.after(0, 1_000_000)
        return [event_id(one.message_id, one.sequence) for _, one in rows if one.account_id == account]

    return await home.store._store.read(look)


# what it tells


async def test_an_event_is_told_as_a_webhook_tells_it(home: Place) -> None:
    reader = await home.opened()
    message = (await home.send(tags=["a"], metadata={"x": "é\n"}))[0]
    await reader.count(1)
    opening, told = reader.blocks
    assert (opening.event, msgspec.json.decode(opening.data)["data"]) == ("stream.open", {"position": opening.id})
    assert opening.retry_ms is not None
    assert 1_000 <= opening.retry_ms < 3_000

    position = (await home.store.read(lambda tx: tx.events.after(0, 1)))[0][0]

    async def look(tx: Tx) -> Any:
        return telling.told((await tx.events.of(message.id))[0], (await tx.messages.by_id([message.id]))[message.id])

    expected = await home.store.read(look)
    assert msgspec.json.decode(told.data) == msgspec.json.decode(msgspec.json.encode(expected))
    assert (told.event, told.id) == ("message.accepted", position_id(position))
    headers = {"content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no"}
    assert headers.items() <= reader.headers.items()
    assert "content-length" not in reader.headers


async def test_an_event_is_told_at_once_whatever_commit_it_came_with(home: Place) -> None:
    """Nothing else happens afterwards that would make anybody look."""
    reader = await home.opened()
    message = (await home.send())[0]
    await reader.count(1)
    await home.cancel(message)
    assert await reader.count(2) == [event_id(message.id, 1), event_id(message.id, 2)]


NARROWED = [
    ("types=message.canceled", ["canceled a"]),
    ("types=message.acc*,%20message.canceled", ["accepted a", "accepted b", "canceled a"]),
    ("types=message.delivered", []),
    ("direction=mt", ["accepted a", "accepted b", "canceled a"]),
    ("direction=mo", []),
    ("to=%2B15551230101", ["accepted b"]),
    ("from=ACME", ["accepted b"]),
    ("tag=blue", ["accepted a", "canceled a"]),
    ("client_ref=two", ["accepted b"]),
    ("tag=blue&types=message.canceled", ["canceled a"]),
    ("message_id={b}", ["accepted b"]),
]


@pytest.mark.parametrize(("query", "expected"), NARROWED, ids=[query for query, _ in NARROWED])
async def test_it_is_narrowed_live_and_in_the_past_alike(home: Place, query: str, expected: list[str]) -> None:
    """`message_id` needs a message that is there: it is only asked for the past, and of what comes after."""
    live = None if "{b}" in query else await home.opened(query)
    a = (await home.send(tags=["blue", "red"]))[0]
    b = (await home.send(to="+15551230101", sender="ACME", client_ref="two"))[0]
    await home.cancel(a)
    names = {show("msg", a.id): "a", show("msg", b.id): "b"}
    query = query.format(b=show("msg", b.id))
    readers = [await home.opened(f"{query}&last_event_id={position_id(0)}"), *([live] if live else [])]
    last = (await home.send(to="+15551230101", sender="ACME", client_ref="two", tags=["blue"]))[0]
    await home.cancel(last)
    for reader in readers:
        stop = await home.opened(f"last_event_id={position_id(0)}")
        await stop.count(5)
        await asyncio.sleep(0.05)
        told = [f"{one['type'][8:]} {names.get(one['data']['id'], '-')}" for one in reader.events]
        assert [one for one in told if not one.endswith("-")] == expected


REFUSED = [
    ("types=", None, 422, "?types"),
    ("types=message.delivrd", None, 422, "?types"),
    ("types=message.sent,,", None, 422, "?types"),
    ("direction=up", None, 422, "?direction"),
    ("status=sent", None, 422, "?status"),
    ("message_id=msg_1", None, 422, "?message_id"),
    ("message_id=msg_zzzzzzzzzzzzz", None, 404, None),
    (f"message_id={show('msg', 77)}", None, 404, None),
    ("", "evt_02n5m8h2tc800_4", 400, None),
    ("", "17", 400, None),
    ("", "\xff\xfe", 400, None),
    ("", position_id(99), 400, None),
    (f"last_event_id={position_id(99)}", None, 400, None),
    ("last_event_id=pos_zzzzzzzzzzzzz", None, 400, None),
    ("last_event_id=" + "x" * 200, None, 422, "?last_event_id"),
]


@pytest.mark.parametrize(("query", "last", "status", "pointer"), REFUSED, ids=[f"{q[:40]}~{l}" for q, l, *_ in REFUSED])  # noqa: E741
async def test_what_it_does_not_take(home: Place, query: str, last: str, status: int, pointer: str | None) -> None:
    told, problem, _ = await home.refused(query, last=last)
    assert told == status
    if status == 400:
        assert problem["code"] == "cannot_resume"
    if pointer is not None:
        assert {one["pointer"] for one in problem["errors"]} == {pointer}
    assert home.streamer.open == 0


async def test_who_may_watch(home: Place) -> None:
    assert (await home.refused(token="tk_nobody"))[0] == 401
    for scope in ("admin", "read"):
        await home.opened(token=home.tokens[scope])
    assert (await home.refused(token=home.tokens["send"]))[0] == 403
    head = await ask(home.app, "HEAD", "/v1/stream", key=home.tokens["read"])
    assert (head.status, head.headers["allow"]) == (405, "GET")


async def test_nobody_sees_what_belongs_to_others(home: Place) -> None:
    other, token = await home.account("other")
    mine, theirs = await home.opened(), await home.opened(token=token)
    own = [one.id for one in await home.send(3)]
    foreign = [one.id for one in await home.send(2, account=other, sender="TIDINGS")]
    assert await theirs.count(2) == [event_id(one, 1) for one in foreign]
    assert await mine.count(3) == [event_id(one, 1) for one in own]
    past = await home.opened(token=token, last=position_id(0))
    assert await past.count(2) == [event_id(one, 1) for one in foreign]
    status, problem, _ = await home.refused(f"message_id={show('msg', own[0])}", token=token)
    assert (status, problem["code"]) == (404, "not_found")
    await asyncio.sleep(0.05)
    assert len(past.events) == len(theirs.events) == 2
    assert len(mine.events) == 3


# going on


@pytest.mark.parametrize("at", [0, 7, 18, 19])
async def test_it_goes_on_behind_any_event(home: Place, at: int) -> None:
    await home.send(20)
    first = await home.opened(last=position_id(0))
    told = await first.count(20)
    places = [one.id for one in first.blocks if one.event == "message.accepted"]
    again = await home.opened(last=places[at])
    more = event_id((await home.send(1))[0].id, 1)
    assert await again.count(20 - at) == [*told[at + 1 :], more]
    assert await first.count(21) == [*told, more]


async def nth(home: Place, number: int) -> str:
    """The position of the event of a number."""
    return position_id((await home.store.read(lambda tx: tx.events.after(0, number)))[-1][0])


async def test_the_header_wins_over_the_parameter(home: Place) -> None:
    await home.send(3)
    reader = await home.opened(f"last_event_id={position_id(0)}", last=await nth(home, 2))
    assert await reader.count(1) == (await everything(home))[2:]


async def test_a_stream_that_broke_before_its_first_event_goes_on_too(home: Place) -> None:
    await home.send(2)
    reader = await home.opened()
    reader.leave()
    missed = await home.send(2)
    again = await home.opened(last=reader.last_id)
    assert await again.count(2) == [event_id(one.id, 1) for one in missed]


async def test_what_is_too_old_is_refused_and_what_only_stands_behind_it_is_not(tmp_path: Path) -> None:
    async with place(tmp_path, history=2) as home:
        await home.send(2)
        home.clock.ahead = 3 * DAY / 1000
        await home.send(1)
        status, problem, _ = await home.refused(last=await nth(home, 1))
        assert (status, problem["code"]) == (400, "cannot_resume")
        assert "too old" in problem["detail"]
        assert "GET /v1/messages" in problem["detail"]
        behind = await nth(home, 2)
        assert await (await home.opened(last=behind)).count(1) == (await everything(home))[2:]
        for _ in range(100):  # PostgreSQL drops no day that somebody reads at the moment
            await home.store.write(expire.forget_events, [(home.clock.now() - 2 * DAY) // DAY * DAY])
            if len(left := await home.store.read(lambda tx: tx.events.after(0, 9))) == 1:
                break
            await asyncio.sleep(0.02)
        assert len(left) == 1
        assert (await home.refused(last=position_id(1)))[0] == 400


@pytest.mark.parametrize("seed", range(6))
async def test_whoever_comes_and_goes_misses_and_repeats_nothing(home: Place, seed: int) -> None:
    """Readers of two accounts with other types come, go and come again while things happen and readings take long."""
    chance = random.Random(seed)
    other, token = await home.account("other")
    accounts = {DEFAULT_ACCOUNT: home.tokens["read"], other: token}

    async def slowly() -> None:
        await asyncio.sleep(chance.choice((0, 0, 0.002, 0.01)))

    home.store.before = slowly
    done = False

    async def happen() -> None:
        nonlocal done
        for _ in range(60):
            account = chance.choice((DEFAULT_ACCOUNT, other))
            sent = await home.send(chance.choice((1, 1, 5)), account=account, sender="TIDINGS")
            if chance.random() < 0.5:
                await home.cancel(sent[0])
            await asyncio.sleep(chance.choice((0, 0.001, 0.01)))
        done = True

    async def follow(account: int, types: str) -> tuple[int, str, str, list[str]]:
        seen: list[str] = []
        reader = await home.opened(f"types={types}", token=accounts[account])
        begin = last = reader.blocks[0].id or ""
        while not done:
            await asyncio.sleep(chance.choice((0.005, 0.03)))
            if chance.random() < 0.3:
                reader.leave()
                assert reader.task is not None
                await reader.task
                seen, last = seen + reader.ids, reader.last_id
                reader = await home.opened(f"types={types}", token=accounts[account], last=last)
        marker = (await home.send(1, account=account, sender="TIDINGS", client_ref="end"))[0]
        await home.cancel(marker)
        kind = types.split(",")[-1].removeprefix("message.")
        end = event_id(marker.id, {"accepted": 1, "canceled": 2}[kind])
        await reader.until(lambda: end in reader.ids)
        return account, types, begin, [*seen, *reader.ids[: reader.ids.index(end) + 1]]

    both = "message.accepted,message.canceled"
    kinds = ("message.accepted", "message.canceled", both)
    work = [follow(account, types) for account in accounts for types in kinds]
    told, _ = await asyncio.gather(asyncio.gather(*work), happen())

    async def look(tx: Tx) -> Any:
        return await tx.events.after(0, 1_000_000)

    rows = await home.store.read(look)
    for account, types, begin, seen in told:
        all_of_them = [
            event_id(one.message_id, one.sequence)
            for place, one in rows
            if one.account_id == account and one.type in types.split(",") and position_id(place) > begin
        ]
        assert seen == all_of_them[: len(seen)]
        assert seen, "its last one at the least"


async def test_who_comes_while_the_others_are_read_to_misses_nothing(home: Place) -> None:
    """The reading that is under way does not look for what the newcomer wants."""
    other, token = await home.account("other")
    first = await home.opened()
    hold = home.store.hold = asyncio.Event()
    mine = (await home.send(1))[0]
    async with asyncio.timeout(10):
        while home.store.hold is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    second = await home.opened(token=token)
    third = await home.opened("types=message.canceled")
    theirs = (await home.send(1, account=other, sender="TIDINGS"))[0]
    await home.cancel(mine)
    hold.set()
    assert await second.count(1) == [event_id(theirs.id, 1)]
    assert await third.count(1) == [event_id(mine.id, 2)]
    assert await first.count(2) == [event_id(mine.id, 1), event_id(mine.id, 2)]


async def test_what_happens_while_a_stream_begins_is_not_missed(home: Place) -> None:
    async def happen() -> None:
        home.store.before = None
        happened.extend(await home.send(1))

    happened: list[Any] = []
    home.store.before = happen
    reader = await home.opened()
    assert await reader.count(1) == [event_id(happened[0].id, 1)]


async def test_a_past_of_which_little_is_wanted_is_read_to_its_end(home: Place) -> None:
    for _ in range(5):
        await home.send(70)
        await home.send(1, tags=["rare"])
    reader = await home.opened("tag=rare", last=position_id(0))
    assert len(await reader.count(5)) == 5
    last = await home.send(1, tags=["rare"])
    assert (await reader.count(6))[5:] == [event_id(last[0].id, 1)]


# bounds


async def test_a_reader_who_takes_nothing_holds_nothing_up_and_misses_nothing(
    home: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamer, "RING_OCTETS", 20_000)
    slow, quick = await home.opened(), await home.opened()
    slow.taking.clear()
    sent = [event_id(one.id, 1) for _ in range(20) for one in await home.send(50)]
    assert await quick.count(1_000) == sent
    assert slow.ids == []
    held = sum(batch.octets for _, batch in home.streamer._ring)
    assert held <= 20_000 + stream.TAIL_OCTETS
    assert len(slow.octets) < 200
    slow.taking.set()
    assert await slow.count(1_000) == sent
    most = max(streamer.CHUNK, stream.PAST_OCTETS)
    assert max(slow.chunks) < most + 2_000, "never much at a time"


async def test_what_happens_is_read_once_for_all(home: Place) -> None:
    readers = [await home.opened() for _ in range(50)]
    before = home.store.reads
    for _ in range(10):
        await home.send(20)
    for reader in readers:
        await reader.count(200)
    assert home.store.reads - before <= 25, "not once for everybody"
    assert len({reader.octets.partition(b"\n")[2] for reader in readers}) == 1


async def test_what_all_have_read_is_not_kept_for_long(home: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    quickly(monkeypatch)
    reader = await home.opened()
    told = [event_id(one.id, 1) for one in await home.send(3)]
    await reader.count(3)
    assert home.streamer._octets > 0
    home.clock.ahead = streamer.RING_S + 1
    async with asyncio.timeout(10):
        while home.streamer._ring:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    assert home.streamer._octets == 0
    late = await home.opened(last=position_id(0))
    told += [event_id(one.id, 1) for one in await home.send(2)]
    assert await late.count(5) == await reader.count(5) == told


async def test_while_nobody_watches_nothing_is_read(home: Place) -> None:
    before = home.store.reads
    await home.send(5)
    await asyncio.sleep(0.1)
    assert home.store.reads == before
    reader = await home.opened()
    reader.leave()
    await _gone(home)
    before = home.store.reads
    await home.send(5)
    await asyncio.sleep(0.1)
    assert home.store.reads == before


async def _gone(home: Place) -> None:
    async with asyncio.timeout(10):
        while home.streamer.open:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_who_hangs_up_leaves_nothing_behind(home: Place) -> None:
    tasks = len(asyncio.all_tasks())
    readers = [await home.opened() for _ in range(20)]
    await home.send(5)
    readers[0].taking.clear()
    for reader in readers:
        reader.leave()
    await _gone(home)
    await asyncio.gather(*(one.task for one in readers if one.task))
    await asyncio.sleep(0.01)
    kept = home.streamer
    assert (len(asyncio.all_tasks()), len(kept._ring), kept._octets, kept.position) == (tasks, 0, 0, None)
    assert (kept._covered, dict(kept._per_account)) == ({}, {})


async def test_so_many_of_an_account_and_no_more(tmp_path: Path) -> None:
    async with place(tmp_path, per_account=2, clients=3) as home:
        _, token = await home.account("other")
        first, _ = await home.opened(), await home.opened()
        status, problem, headers = await home.refused()
        assert (status, problem["code"]) == (429, "too_many_streams")
        assert int(headers["retry-after"]) > 0
        await home.opened(token=token)
        status, problem, headers = await home.refused(token=token)
        assert (status, problem["code"]) == (503, "streams_full")
        assert int(headers["retry-after"]) > 0
        first.leave()
        await _until_open(home, 2)
        await home.opened()


async def _until_open(home: Place, number: int) -> None:
    async with asyncio.timeout(10):
        while home.streamer.open != number:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_who_is_refused_takes_no_place(tmp_path: Path) -> None:
    async with place(tmp_path, per_account=1) as home:
        for _ in range(3):
            assert (await home.refused(last=position_id(50)))[0] == 400
        home.store.fault = StoreUnavailable("gone")
        assert (await home.refused())[0] == 503
        home.store.fault = None
        await home.opened()


# signs of life, and the end


async def test_signs_of_life_tell_what_was_passed_over(tmp_path: Path) -> None:
    async with place(tmp_path, heartbeat=0.1) as home:
        reader = await home.opened("types=message.canceled")
        await reader.until(lambda: b": still here" in reader.octets)
        await home.send(3)
        await reader.until(lambda: reader.blocks[-1].event == "stream.position")
        assert reader.last_id == await nth(home, 3)
        assert reader.events == []


def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamer, "ASK_S", 0.02)


async def _ends(reader: Reader, reason: str) -> None:
    await reader.until(lambda: reader.ended)
    last = reader.blocks[-1]
    assert (last.event, last.id) == ("stream.end", None)
    assert msgspec.json.decode(last.data)["data"]["reason"] == reason


LOST = ["revoked", "rotated", "expired", "closed", "moved"]


@pytest.mark.parametrize("how", LOST)
async def test_a_key_that_opens_nothing_any_more_ends_its_streams(
    home: Place, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    quickly(monkeypatch)
    made = await home.call("POST", "/v1/accounts", {"name": "x"})
    key = await home.call("POST", f"/v1/accounts/{made['id']}/keys", {"name": "k", "scope": "admin"})
    token = key["token"]
    reader, other = await home.opened(token=token), await home.opened()

    async def own(method: str, path: str, body: Any = None) -> None:
        told = await ask(home.app, method, path, body, key=token)
        assert told.status < 300, told

    if how == "revoked":
        await own("DELETE", f"/v1/keys/{key['id']}")
    elif how == "rotated":
        await own("POST", f"/v1/keys/{key['id']}/rotate", {"overlap_s": 0})
    elif how == "expired":
        await own("PATCH", f"/v1/keys/{key['id']}", {"expires_at": "2127-01-01T00:00:00Z"})
        home.clock.ahead = 101 * 366 * 86_400.0
    elif how == "closed":
        await home.call("DELETE", f"/v1/accounts/{made['id']}")
    else:
        await own("PATCH", f"/v1/keys/{key['id']}", {"networks": ["192.0.2.0/24"]})
    await _ends(reader, "key")
    await home.send(1)
    await other.count(1)
    assert not other.ended


async def test_nothing_is_told_after_the_key_was_lost_even_to_who_reads_late(
    home: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    quickly(monkeypatch)
    key = await home.call("POST", "/v1/keys", {"name": "k", "scope": "read"})
    reader = await home.opened(token=key["token"])
    reader.taking.clear()
    await home.send(1)
    await asyncio.sleep(0.1)
    await home.call("DELETE", f"/v1/keys/{key['id']}")
    await asyncio.sleep(0.1)
    await home.send(5)
    reader.taking.set()
    await _ends(reader, "key")
    assert len(reader.events) <= 1


async def test_a_stop_ends_every_stream_and_lets_nobody_in(home: Place) -> None:
    readers = [await home.opened() for _ in range(5)]
    await home.streamer.stop()
    for reader in readers:
        await _ends(reader, "shutdown")
    status, problem, headers = await home.refused()
    assert (status, problem["code"], headers["retry-after"]) == (503, "unavailable", "2")


async def test_a_stop_does_not_wait_for_who_takes_nothing(home: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamer, "PARTING_S", 0.05)
    stuck, well = await home.opened(), await home.opened()
    stuck.taking.clear()
    await home.send(1)
    await well.count(1)
    async with asyncio.timeout(5):
        await home.streamer.stop()
    await _ends(well, "shutdown")
    assert home.streamer.open == 1


async def test_a_store_that_cannot_be_read_ends_who_reads_the_past_and_keeps_the_others(home: Place) -> None:
    await home.send(400)
    live = await home.opened()
    behind = await home.opened(last=position_id(0))
    behind.taking.clear()
    home.store.fault = StoreUnavailable("disk")
    assert (await home.refused())[0] == 503
    behind.taking.set()
    await _ends(behind, "unavailable")
    assert len(behind.ids) < 400
    await home.send(1)
    await asyncio.sleep(0.05)
    home.store.fault = None
    assert len(await live.count(1)) == 1
    assert not live.ended
    again = await home.opened(last=behind.last_id)
    assert [*behind.ids, *await again.count(401 - len(behind.ids))] == await everything(home)
