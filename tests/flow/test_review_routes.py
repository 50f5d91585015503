"""Routes that were chosen before: kept while their carrier is there, chosen again when it is gone, and in order."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from spine_kit import NOW, FakeCarrier, World, inbound, live, receipt, refused, request, send, taken
from tidings.core.message import MINUTE, Part
from tidings.core.ports import CarrierEvent
from tidings.mover import Mover
from tidings.pipeline import assemble, receive, route
from tidings.pipeline import receipt as receipts
from tidings.text.segments import split
from tidings.text.terms import PLAIN, Terms

SECOND_ONE = "south"


def south(**more: Any) -> FakeCarrier:
    """Another carrier."""
    carrier = FakeCarrier(**more)
    carrier.name = SECOND_ONE
    carrier.windows = {f"{SECOND_ONE}/1": 10}
    carrier.up = set(carrier.windows)
    return carrier


def _delivers_south(part: Part, earlier: int) -> Iterable[CarrierEvent]:
    return (taken(part), receipt(f"c{part.attempt_id}", to=part.to, carrier=SECOND_ONE))


def test_what_waits_for_a_carrier_that_is_gone_tells_of_the_one_it_goes_by(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        async with world.up():
            (message,) = await send(world.house, request())
            assert (await world.story(message)).message.carrier == "north"
        world.carrier = south(script=lambda part, _: (refused(part, "permanent"),))
        world.carrier.up.clear()
        async with world.up():
            await asyncio.sleep(1)
            assert (await world.story(message)).message.carrier == SECOND_ONE
            world.carrier.come_back("south/1")
            (story,) = await world.ended(message)
            assert (story.statuses[-1], story.message.carrier) == ("failed", SECOND_ONE)
            assert len(world.carrier.written) == 1

    live(tmp_path, scenario, lambda: FakeCarrier(window=0))


def test_a_carrier_that_comes_first_now_does_not_attract_what_waits_for_another(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        async with world.up():
            (message,) = await send(world.house, request())
        world.carrier, world.others = south(script=_delivers_south), [FakeCarrier()]
        async with world.up():
            (story,) = await world.ended(message)
            assert [one.carrier for one in story.attempts] == ["north"]
            (fresh,) = await world.ended(*(await send(world.house, request())))
            assert [one.carrier for one in fresh.attempts] == [SECOND_ONE]

    live(tmp_path, scenario, lambda: FakeCarrier(window=0))


def test_what_is_in_doubt_is_not_rejected_when_no_carrier_is_left(tmp_path: Path) -> None:
    """It may have arrived, and its receipt may still come."""

    async def scenario(world: World) -> None:
        async with world.up():
            (message,) = await send(world.house, request())
            await world.until(lambda: len(world.carrier.written) == 1)
            world.carrier.break_down("north/1")
            await asyncio.sleep(1)
            assert (await world.story(message)).queued
        world.carrier.name = ""
        async with world.up():
            (story,) = await world.ended(message)
            assert (story.statuses[-1], story.error) == ("unknown", ("outcome_lost", "tidings"))
            assert not story.queued

    live(tmp_path, scenario, lambda: FakeCarrier(delay=60.0))


def test_a_message_with_a_route_does_not_overtake_one_of_its_lane_without(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        held, original = asyncio.Event(), Mover.insist

        async def insist(mover: Mover, stage: Any, items: Sequence[Any]) -> list[Any]:
            if stage is route.store_routes and not held.is_set():
                under_way.set()
                await held.wait()
            return await original(mover, stage, items)

        under_way = asyncio.Event()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Mover, "insist", insist)
            async with world.up():
                due = dt.datetime.fromtimestamp(NOW / 1000 + 30, dt.UTC)
                (first,) = await send(world.house, request(send_at=due))
                await under_way.wait()
                second, other = await send(world.house, request(), request(to="+15551230199"))
                await world.ended(other)
                assert [number for number, _ in world.carrier.order()] == [other.id]
                held.set()
                await world.ended(first, second)
                assert [number for number, _ in world.carrier.order()] == [other.id, first.id, second.id]
                await world.until(world.runner.idle)

    live(tmp_path, scenario)


def test_a_lone_part_that_cannot_become_a_message_holds_up_nobody(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        original = assemble.message

        def message(rows: Any, *rest: Any) -> Any:
            if rows[0].text == "poison":
                raise ZeroDivisionError
            return original(rows, *rest)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(assemble, "message", message)
            patch.setattr(receive, "PART_WAIT", MINUTE)
            async with world.up():
                for number, text in enumerate(("first", "poison", "STOP"), 1):
                    sender = f"1555123020{number}"
                    udh = bytes((5, 0, 3, number, 2, 1))
                    world.carrier.tell(inbound(text, sender=sender, udh=udh))
                await asyncio.sleep(60 + 60)
                assert [part.to for _, part in world.carrier.written] == ["+15551230203"]
                (story,) = await world.ended(*(await send(world.house, request())))
                assert story.statuses[-1] == "delivered"

    live(tmp_path, scenario)


def test_one_receipt_that_breaks_its_stage_does_not_make_a_commit_of_each_beside_it(tmp_path: Path) -> None:
    """Else whoever says it again and again slows down all that the carrier says."""

    async def scenario(world: World) -> None:
        original, commits = receipts._row, 0

        def row(one: receipts.Arrived, now: int) -> Any:
            if one.receipt.carrier_id == "poison":
                raise ZeroDivisionError
            return original(one, now)

        def counted(committed: set[str]) -> None:
            nonlocal commits
            commits += "take_receipts" in committed

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(receipts, "_row", row)
            async with world.up():
                world.store.after_commit(counted)
                ids = [f"c{number}" for number in range(100)]
                world.carrier.tell(*map(receipt, ids[:50]), receipt("poison"), *map(receipt, ids[50:]))
                await asyncio.sleep(1)
                assert (world.carrier.acknowledged, world.carrier.wanted_again) == (ids, ["poison"])
                assert commits < 10

    live(tmp_path, scenario)


# texts that were cut for another carrier, or for an earlier profile

TURKEY = "+905321234567"
TURKISH = "Sayın müşterimiz, şifreniz değiştirildi. Lütfen bizi arayın. İyi günler. " * 4
TABLES = Terms(languages=("tr",))
# What it was cut for, and what takes it now; the text; what it was cut as, and what goes.
MOVES = [
    ("tables that the other lacks", TABLES, PLAIN, TURKISH, "gsm7+locking-tr", "ucs2"),
    ("tables that it has too", TABLES, Terms(languages=("es", "tr"), wide=True), TURKISH, "gsm7+locking-tr",
     "gsm7+locking-tr"),
    ("letters that its alphabet lacks", PLAIN, Terms(repertoire="latin-1"), "10 €", "gsm7", "ucs2"),
    ("letters that its alphabet has", PLAIN, Terms(repertoire="latin-1"), "10 £", "gsm7", "gsm7"),
    ("tables, to an alphabet of its own", TABLES, Terms(repertoire="latin-1"), TURKISH, "gsm7+locking-tr", "ucs2"),
    ("what was to be cut by the carrier", Terms(whole=True), PLAIN, "a" * 400, "gsm7", "gsm7"),
    ("what fits one part anyway", Terms(whole=True), PLAIN, "a" * 160, "gsm7", "gsm7"),
    ("plain parts, to a carrier that cuts", PLAIN, Terms(whole=True), "a" * 400, "gsm7", "gsm7"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "now", "text", "was", "goes"), [m[1:] for m in MOVES], ids=[m[0] for m in MOVES])
@pytest.mark.parametrize("moved", [True, False], ids=["moved", "same carrier"])
def test_what_the_carrier_would_misread_is_cut_anew(
    tmp_path: Path, before: Terms, now: Terms, text: str, was: str, goes: str, moved: bool
) -> None:
    async def scenario(world: World) -> None:
        world.carrier.terms = before
        async with world.up():
            (message,) = await send(world.house, request(to=TURKEY, text=text))
            assert message.encoding == was
        world.carrier = south(script=_delivers_south) if moved else FakeCarrier()
        world.carrier.terms = now
        async with world.up():
            await world.until(lambda: bool(world.carrier.written))
            (story,) = await world.ended(message)
            told, parts = story.message, [part for _, part in world.carrier.written]
            assert {one.encoding for one in parts} == {told.encoding, goes}
            assert told.segments == len(parts) == parts[0].parts
            cut = split(text, told.encoding, told.reference).segments
            assert [(one.payload, one.udh) for one in parts] == [(one.payload, one.udh) for one in cut]
            # As the profile has it, the SMSC can be told, and none of it is too long for one part.
            assert now.whole or all(len(one.payload) <= 160 for one in parts)

    live(tmp_path, scenario, lambda: FakeCarrier(window=0))


def test_what_was_handed_over_in_part_keeps_its_octets(tmp_path: Path) -> None:
    """A repeat has to fit what has arrived; the carrier that would misread it refuses it."""

    async def scenario(world: World) -> None:
        world.carrier.terms = TABLES
        async with world.up():
            (message,) = await send(world.house, request(to=TURKEY, text=TURKISH))
            await world.until(lambda: len(world.carrier.written) == message.segments)
            first = [(part.payload, part.udh) for _, part in world.carrier.written]
            world.carrier.break_down("north/1")
            await asyncio.sleep(1)
        world.carrier = FakeCarrier()
        async with world.up():
            await world.until(lambda: len(world.carrier.written) == message.segments)
            assert [(part.payload, part.udh) for _, part in world.carrier.written] == first

    live(tmp_path, scenario, lambda: FakeCarrier(delay=60.0))


def test_what_goes_later_is_cut_for_the_carrier_it_then_gets(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        async with world.up():
            due = dt.datetime.fromtimestamp(NOW / 1000 + 30, dt.UTC)
            (message,) = await send(world.house, request(send_at=due, text="10 €"))
            assert message.encoding == "gsm7"
            world.house.terms = {"north": Terms(repertoire="latin-1")}
            (story,) = await world.ended(message)
            assert (story.message.encoding, story.statuses[-1]) == ("ucs2", "delivered")

    live(tmp_path, scenario)
