"""Binds whose settings change while they carry, against an SMSC over real sockets: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from smpp_kit import PATIENCE, House, house, part, settings
from tidings.config import ConfigError
from tidings.core.ports import Down, Receipt, SendError, Sent, Up
from tidings.drivers.smpp_link import Listener, SmppLink, listen
from tidings.smpp import pdus, receipt
from tidings.smpp.session import Event, Role, Timing

pytestmark = [pytest.mark.slow, pytest.mark.one_engine("links alone: no store is asked")]


class Smsc:
    """Lets in who has the password, as many as it grants; answers each submit_sm after a moment."""

    def __init__(self) -> None:
        self.password = "secret"
        self.most = 100
        self.refusal = 0x0E
        self.links: list[SmppLink] = []
        self.taken: Counter[str] = Counter()
        self.window = 0
        self.bound: list[str] = []
        self.answers: list[Callable[[], None]] = []
        self.holding = False
        self.news = asyncio.Event()

    def opened(self, link: SmppLink) -> None:
        self.links.append(link)

    def closed(self, link: SmppLink, reason: str) -> None:
        self.links.remove(link)
        self.news.set()

    def received(self, link: SmppLink, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, pdus.Bind):
                self._bind(link, event)
            elif isinstance(event, pdus.SubmitSm):
                self.taken[event.destination_addr] += 1
                self._answer(link, event)
        self.news.set()

    def _bind(self, link: SmppLink, event: pdus.Bind) -> None:
        bound = sum(other.session.bound for other in self.links)
        status = self.refusal if event.password != self.password else 0x05 if bound >= self.most else 0
        self.bound += [event.password] * (status == 0)
        link.answer_bind(event, status, "SMSC")

    def _answer(self, link: SmppLink, event: pdus.SubmitSm) -> None:
        def answer() -> None:
            link.answer(event, 0, f"id-{event.destination_addr}")

        if self.holding:
            self.answers.append(answer)
        else:
            asyncio.get_running_loop().call_later(0.01, answer)

    def let_go(self) -> None:
        self.holding = False
        for answer in self.answers:
            answer()

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():
                self.news.clear()
                await self.news.wait()


@asynccontextmanager
async def bound(smsc: Smsc, **changes: Any) -> AsyncIterator[tuple[House, Listener]]:
    listener = await listen("127.0.0.1", 0, lambda: SmppLink(Role.SMSC, Timing(window=1000), smsc))
    try:
        async with house(listener.port, **{"response_timeout": 3.0, **changes}) as one:
            await one.until(Up, changes.get("binds", 1))
            yield one, listener
    finally:
        await listener.close(0.5)


async def carry(one: House, count: int, meanwhile: Callable[[int], None]) -> None:
    """Hand over so many parts, as room is; each that was not written goes again, as the pipeline does it."""
    waiting, told = list(range(1, count + 1)), 0
    async with asyncio.timeout(PATIENCE):
        while len({event.attempt_id for event in one.of(Sent)}) < count:
            room = one.carrier.room()
            for bind, free in room.items():
                now, waiting = waiting[:free], waiting[free:]
                one.carrier.send([part(number, bind) for number in now])
            meanwhile(count - len(waiting))
            refused = [event for event in one.of(SendError)[told:] if event.kind == "not_written"]
            told = len(one.of(SendError))
            waiting += [event.attempt_id for event in refused]
            await asyncio.sleep(0.002)


@pytest.mark.parametrize("changes", [{}, {"binds": 3}, {"bind": "transmitter+receiver", "binds": 2}], ids=str)
@pytest.mark.parametrize("first", ["here first", "there first"])
async def test_a_new_password_takes_no_break(changes: dict[str, Any], first: str) -> None:
    """Both orders: here before the carrier knows it, and at the carrier before we do."""
    smsc = Smsc()
    done: list[int] = []

    async with bound(smsc, window=20, **changes) as (one, listener):

        def meanwhile(sent: int) -> None:
            if sent > 300 and not done:
                done.append(sent)
                if first == "there first":
                    smsc.password = "newer"
                one.carrier.change(
                    settings(listener.port, response_timeout=3.0, window=20, password="newer", **changes)
                )
            elif sent > 600 and len(done) == 1:
                done.append(sent)
                smsc.password = "newer"

        await carry(one, 1_000, meanwhile)
        assert set(smsc.taken.values()) == {1}, "each went once"
        assert len(smsc.taken) == 1_000
        assert {event.kind for event in one.of(SendError)} <= {"not_written"}
        if first == "there first":
            sessions = changes.get("binds", 1) * (2 if "bind" in changes else 1)
            await smsc.until(lambda: smsc.bound.count("newer") == sessions)
            await smsc.until(lambda: len(smsc.links) == sessions)
            assert [bind.change for bind in one.carrier.binds()] == [None] * changes.get("binds", 1)


async def test_a_password_that_is_refused_leaves_the_old_bind_at_work() -> None:
    smsc = Smsc()
    async with bound(smsc) as (one, listener):
        one.carrier.change(settings(listener.port, response_timeout=3.0, password="wrong"))
        await smsc.until(lambda: len(smsc.links) == 2)
        async with asyncio.timeout(PATIENCE):
            while "0x0000000E" not in (one.carrier.binds()[0].change or ""):  # noqa: ASYNC110 - nobody is told
                await asyncio.sleep(0.01)
        one.carrier.send([part(1)])
        await one.until(Sent)
        (bind,) = one.carrier.binds()
        assert (bind.state, bind.error, one.of(Down)) == ("up", None, [])
        one.carrier.change(settings(listener.port, response_timeout=3.0, password="secret", window=7))
        async with asyncio.timeout(PATIENCE):
            while one.carrier.room() != {"north/1": 7}:  # noqa: ASYNC110 - nobody is told
                await asyncio.sleep(0.01)
        assert one.carrier.binds()[0].change is None


async def test_when_the_old_bind_falls_the_new_one_has_its_place() -> None:
    smsc = Smsc()
    async with bound(smsc) as (one, listener):
        old = smsc.links[0]
        one.carrier.change(settings(listener.port, response_timeout=3.0, password="newer"))
        await smsc.until(lambda: len(smsc.links) == 2)
        smsc.password = "newer"
        old.abort("the carrier ends what has the old password")
        await one.until(Down)
        (bind,) = one.carrier.binds()
        assert (bind.bound, bind.change) == (False, None)


async def test_where_no_second_session_is_granted_the_old_one_goes_first() -> None:
    smsc = Smsc()
    smsc.most = 1
    async with bound(smsc) as (one, listener):
        smsc.holding = True
        one.carrier.send([part(number) for number in range(1, 6)])
        await smsc.until(lambda: len(smsc.taken) == 5)
        smsc.password = "newer"
        one.carrier.change(settings(listener.port, response_timeout=3.0, password="newer"))
        await smsc.until(lambda: len(smsc.links) == 2)
        async with asyncio.timeout(PATIENCE):
            while one.carrier.room():  # noqa: ASYNC110 - nobody is told
                await asyncio.sleep(0.01)
        smsc.let_go()
        await one.until(Sent, 5)
        await one.until(Up, 2)
        assert (smsc.bound, one.of(SendError)) == (["secret", "newer"], [])


async def test_what_is_under_way_on_the_old_bind_is_answered_there() -> None:
    smsc = Smsc()
    smsc.holding = True
    async with bound(smsc) as (one, listener):
        one.carrier.send([part(number) for number in range(1, 6)])
        await smsc.until(lambda: len(smsc.taken) == 5)
        (old,) = smsc.links
        one.carrier.change(settings(listener.port, response_timeout=3.0, window=9))
        await one.until(Up, 2)
        assert one.carrier.room() == {"north/1": 9}, "the new bind has a window of its own"
        text = receipt.write("id-1", "DELIVRD", submitted_ms=0, done_ms=0)
        assert old.request(pdus.DeliverSm(source_addr="4915112000001", esm_class=4, short_message=text), "receipt")
        (came,) = await one.until(Receipt)
        one.carrier.acknowledge([came.token], True)
        smsc.let_go()
        await one.until(Sent, 5)
        await smsc.until(lambda: len(smsc.links) == 1)
        assert one.of(SendError) == []
        (bind,) = one.carrier.binds()
        assert (bind.traffic.sent, bind.traffic.answered, bind.traffic.receipts) == (5, 5, 1), "counts go on"


async def test_a_bind_that_leaves_has_no_longer_than_the_carrier() -> None:
    """Else its last words would reach nobody, and what it held would be under way for ever."""
    smsc = Smsc()
    smsc.holding = True
    async with bound(smsc, response_timeout=60.0) as (one, listener):
        one.carrier.send([part(number) for number in range(1, 4)])
        await smsc.until(lambda: len(smsc.taken) == 3)
        one.carrier.change(settings(listener.port, response_timeout=3.0))
        await one.until(Up, 2)
        await one.carrier.stop(0.3)
        lost = await one.until(SendError, 3)
        assert {(event.attempt_id, event.kind) for event in lost} == {(n, "in_doubt") for n in (1, 2, 3)}


async def test_more_and_fewer_binds() -> None:
    smsc = Smsc()
    async with bound(smsc, binds=2) as (one, listener):
        one.carrier.change(settings(listener.port, response_timeout=3.0, binds=4))
        await one.until(Up, 4)
        assert set(one.carrier.room()) == {f"north/{number}" for number in (1, 2, 3, 4)}
        kept = smsc.links[0]
        one.carrier.change(settings(listener.port, response_timeout=3.0, binds=1))
        await smsc.until(lambda: smsc.links == [kept])
        assert set(one.carrier.room()) == {"north/1"}
        assert len(smsc.bound) == 4, "those that stay are not made anew"


async def test_settings_that_cannot_be_used_change_nothing() -> None:
    smsc = Smsc()
    async with bound(smsc) as (one, listener):
        for field, wrong in (
            ("bind", {"bind": "both"}),
            ("system_id", {"system_id": "a\0b"}),
            ("password", {"password": "newer\u20ac"}),
            ("profile", {"profile": {"address_range": "a\0b"}}),
            ("profile", {"profile": {"colour": "red"}}),
            ("tls_ca", {"tls": True, "tls_ca": "/nowhere"}),
        ):
            with pytest.raises(ConfigError) as told:
                one.carrier.change(settings(listener.port, **wrong))
            assert told.value.field == field
            assert "newer" not in str(told.value)
            assert "20ac" not in str(told.value)
        one.carrier.send([part(1)])
        await one.until(Sent)
        assert len(smsc.bound) == 1


async def test_a_bind_that_comes_up_and_falls_again_and_again_flaps() -> None:
    smsc = Smsc()
    async with bound(smsc) as (one, _):
        for count in range(2, 5):
            smsc.links[0].abort("again")
            await one.until(Up, count)
        (bind,) = one.carrier.binds()
        assert (bind.state, bind.bound, bind.traffic.drops) == ("flapping", True, 3)
        assert bind.error
