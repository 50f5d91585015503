"""What customers' ESMEs get back: nothing lost, nothing twice that was acknowledged, in order for each handset."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from pathlib import Path

from esme_kit import NUMBER, SHOP, Shop, esme, shopping, takes
from spine_kit import HandClock, JumpingLoop
from tidings.pipeline import deliver
from tidings.smpp import pdus, receipt, user_data
from tidings.smpp.pdus import DataSm, DeliverSm


def shown(messages: list) -> list[str]:  # type: ignore[type-arg]
    return [f"{one.id:x}" for one in messages]


@shopping()
async def test_receipts_go_back_and_are_done_with_once_acknowledged(shop: Shop) -> None:
    bound = shop.bind()
    messages = await shop.delivered(5)
    await shop.until(lambda: len(bound.got) == 5)
    await shop.rest()
    assert bound.ids == shown(messages)
    pdu = bound.got[0]
    assert isinstance(pdu, DeliverSm)
    assert (pdu.source_addr, pdu.destination_addr, pdu.esm_class) == ("15551230100", "SHOP", 0x04)
    assert (pdu.source_addr_ton, pdu.dest_addr_ton) == (1, 5)
    assert receipt.parse(pdu.short_message).status == "delivered"
    assert await shop.waiting() == []
    assert shop.deliverer._line(SHOP).waiting == 0
    row = (await shop.rows(messages[0]))[0]
    assert (row.status, row.attempts, row.bind, row.answer) == ("delivered", 1, "one", 0)


@shopping()
async def test_what_waits_is_handed_over_when_the_customer_binds_later(shop: Shop) -> None:
    messages = await shop.delivered(3)
    await shop.rest(3_600)
    assert len(await shop.waiting()) == 3
    bound = shop.bind()
    await shop.until(lambda: len(bound.got) == 3)
    assert bound.ids == shown(messages)


@shopping()
async def test_one_handset_and_number_at_a_time_others_flow(shop: Shop) -> None:
    slow = {"15551230100"}

    def script(pdu: DeliverSm | DataSm, earlier: int) -> int | None:
        return None if pdu.source_addr in slow and not earlier else 0

    bound = shop.bind(script=script)
    first = await shop.delivered(3)
    others = await shop.delivered(3, to="+15551230999")
    await shop.until(lambda: len(bound.got) == 4)
    await shop.rest(1)
    assert sorted(bound.ids) == sorted([shown(first)[0], *shown(others)])
    slow.clear()
    await shop.until(lambda: len(bound.got) == 7)
    assert [one for one in bound.ids if one in shown(first)] == [shown(first)[0], *shown(first)]


@shopping()
async def test_binds_take_turns(shop: Shop) -> None:
    one, two = shop.bind("one"), shop.bind("two")
    for number in range(10):
        await shop.delivered(to=f"+155512301{number:02d}")
    await shop.until(lambda: len(one.got) + len(two.got) == 10)
    assert (len(one.got), len(two.got)) == (5, 5)


@shopping()
async def test_what_a_broken_bind_left_unacknowledged_goes_over_another_with_the_same_content(shop: Shop) -> None:
    mute = shop.bind("one", lambda pdu, earlier: None)
    for number in range(4):
        await shop.delivered(to=f"+155512301{number:02d}")
    await shop.until(lambda: len(mute.got) >= 1)
    two = shop.bind("two")
    mute.drop()
    await shop.until(lambda: len(two.got) == 4)
    assert mute.got[0] in two.got


@shopping()
async def test_with_the_last_bind_gone_they_wait_for_the_next(shop: Shop) -> None:
    mute = shop.bind("one", lambda pdu, earlier: None)
    messages = await shop.delivered(3)
    await shop.until(lambda: len(mute.got) == 1)
    mute.drop()
    await shop.rest(60)
    assert len(await shop.waiting()) == 3
    two = shop.bind("two")
    await shop.until(lambda: len(two.got) == 3)
    assert two.ids == shown(messages)


@shopping()
async def test_without_an_answer_it_goes_over_another_bind_after_the_time_out(shop: Shop) -> None:
    mute = shop.bind("mute", lambda pdu, earlier: None)
    message = (await shop.delivered())[0]
    await shop.until(lambda: len(mute.got) == 1)
    began = shop.loop.time()
    good = shop.bind("good")
    await shop.until(lambda: len(good.got) == 1)
    assert shop.loop.time() - began >= 9.9
    await shop.rest()
    row = (await shop.rows(message))[0]
    assert (row.status, row.attempts, row.bind) == ("delivered", 2, "good")


@shopping()
async def test_a_late_answer_counts(shop: Shop) -> None:
    mute = shop.bind("mute", lambda pdu, earlier: None)
    message = (await shop.delivered())[0]
    await shop.until(lambda: hasattr(mute, "late"))
    mute.say_late()
    await shop.rest(1)
    assert (await shop.rows(message))[0].status == "delivered"
    seen = len(mute.got)
    await shop.rest(60)
    assert len(mute.got) == seen


@shopping()
async def test_one_who_never_acknowledges_is_asked_ever_more_rarely_and_loses_nothing(shop: Shop) -> None:
    mute = shop.bind("mute", lambda pdu, earlier: None)
    for number in range(20):
        await shop.delivered(to=f"+155512301{number:02d}")
    await shop.rest(3_600)
    assert len(await shop.waiting()) == 20
    assert len(mute.got) < 40
    assert mute.most_pending == 10
    mute.script = takes
    await shop.until(lambda: len(set(mute.ids[-20:])) == 20, 1_000)


@shopping()
async def test_refused_for_now_it_comes_again_with_growing_waits_and_only_its_handset_waits(shop: Shop) -> None:
    def script(pdu: DeliverSm | DataSm, earlier: int) -> int:
        return 0x64 if pdu.source_addr.endswith("0100") and earlier < 3 else 0

    bound = shop.bind(script=script)
    first = await shop.delivered(2)
    others = await shop.delivered(5, to="+15551230999")
    await shop.until(lambda: len(bound.got) == 10)
    assert bound.ids[-2:] == [shown(first)[0], shown(first)[1]]
    moments = [at for at, pdu in zip(bound.at, bound.ids, strict=True) if pdu == shown(first)[0]]
    waits = [later - earlier for earlier, later in itertools.pairwise(moments)]
    assert [round(wait / 5) for wait in waits] == [1, 2, 4]
    assert Counter(bound.ids)[shown(others)[0]] == 1
    await shop.rest()
    row = (await shop.rows(first[0]))[0]
    assert (row.status, row.attempts) == ("delivered", 4)


@shopping()
async def test_throttled_the_whole_esme_gets_a_pause(shop: Shop) -> None:
    throttled = [3]

    def script(pdu: DeliverSm | DataSm, earlier: int) -> int:
        throttled[0] -= 1
        return 0x58 if throttled[0] >= 0 else 0

    for number in range(6):
        await shop.delivered(to=f"+155512301{number:02d}")
    await shop.rest()
    bound = shop.bind(script=script)
    await shop.until(lambda: len(bound.got) == 9)
    assert len({*bound.at[:6]}) == 1, "all at once before it is known"
    assert bound.at[6] - bound.at[0] >= 1.0
    await shop.rest()
    assert await shop.waiting() == []


@shopping()
async def test_refused_for_good_it_is_given_up_at_the_third_and_what_follows_goes(shop: Shop) -> None:
    def script(pdu: DeliverSm | DataSm, earlier: int) -> int:
        return 0x66 if receipt.parse(user_data.split(pdu)[1]).message_id == bad else 0

    bound = shop.bind(script=script)
    messages = await shop.submitted(2)
    bad = shown(messages)[0]
    await shop.end(*messages)
    await shop.until(lambda: len(bound.got) == 4)
    await shop.rest()
    assert bound.ids == [bad, bad, bad, shown(messages)[1]]
    dead = await shop.waiting("dead")
    assert [(one.message_id, one.attempts, one.answer, one.reason) for one in dead] == [
        (messages[0].id, 3, 0x66, "refused")
    ]


@shopping(esme(queue_most=3))
async def test_a_full_queue_keeps_the_oldest_and_gives_up_the_newest(shop: Shop) -> None:
    messages = await shop.delivered(3)
    await shop.rest()
    more = await shop.delivered(2)
    await shop.rest()
    assert [one.message_id for one in await shop.waiting()] == [one.id for one in messages]
    dead = await shop.waiting("dead")
    assert [(one.message_id, one.reason) for one in dead] == [(one.id, "queue_full") for one in more]


@shopping()
async def test_registered_delivery_is_honoured(shop: Shop) -> None:
    bound = shop.bind()
    wanted: list[str] = []
    for asked, status, told in (
        (0, "delivered", False), (1, "undelivered", True), (2, "delivered", False), (2, "expired", True),
        (3, "delivered", True), (3, "undelivered", False), (0x10, "delivered", False),
    ):  # fmt: skip
        messages = await shop.submitted(registered_delivery=asked)
        await shop.end(*messages, status=status)
        wanted += shown(messages) if told or asked & 0x10 else []
    await shop.until(lambda: len(bound.got) == len(wanted))
    await shop.rest(1)
    assert sorted(bound.ids) == sorted(wanted)
    assert [one.esm_class for one in bound.got if one.esm_class == pdus.ESM_INTERMEDIATE] == [pdus.ESM_INTERMEDIATE]


@shopping(esme(), esme(71, inbound=("*",)))
async def test_a_text_goes_to_the_esme_that_names_the_number_else_to_the_one_that_wants_all(shop: Shop) -> None:
    one, two = shop.bind(esme_id=SHOP), shop.bind(esme_id=71)
    await shop.text("for the shop")
    await shop.text("for all others", to="54321")
    await shop.until(lambda: len(one.got) + len(two.got) == 2)
    assert user_data.split(one.got[0])[1] == b"for the shop"
    assert user_data.split(two.got[0])[1] == b"for all others"
    assert (one.got[0].source_addr, one.got[0].destination_addr) == ("15551230100", NUMBER)


@shopping(esme(queue_hours=1))
async def test_what_waits_too_long_is_given_up_and_can_be_let_out_again(shop: Shop) -> None:
    messages = await shop.delivered(2)
    await shop.rest(3_700)
    assert [(one.reason, one.attempts) for one in await shop.waiting("dead")] == [("too_old", 0)] * 2
    bound = shop.bind()
    await shop.rest(5)
    assert bound.got == []
    assert await deliver.replay_some(shop.house, shop.esmes[0]) == 2
    await shop.until(lambda: len(bound.got) == 2)
    assert bound.ids == shown(messages)
    await shop.rest()
    assert (await shop.waiting(), shop.deliverer._line(SHOP).waiting) == ([], 0)


@shopping()
async def test_what_is_let_out_again_waits_for_a_bind_like_all_else(shop: Shop) -> None:
    bad = shop.bind(script=lambda pdu, earlier: 0x65)
    messages = await shop.delivered(1)
    await shop.until(lambda: len(bad.got) == 3)
    bad.drop()
    await shop.rest()
    assert await deliver.replay_some(shop.house, shop.esmes[0]) == 1
    await shop.rest(60)
    good = shop.bind("two")
    await shop.until(lambda: len(good.got) == 1)
    assert good.ids == shown(messages)


@shopping()
async def test_nothing_waits_for_an_esme_that_is_closed(shop: Shop) -> None:
    message = (await shop.delivered())[0]
    later = (await shop.submitted())[0]
    await shop.rest()
    closed = esme(closed_at=9)
    await shop.do(lambda tx: tx.esmes.change(closed))
    shop.house.roster.know(closed)
    await shop.end(later)
    await shop.rest(120)
    assert [one.status for one in await shop.rows(message)] == ["canceled"]
    assert await shop.rows(later) == []


@shopping(esme(concatenation="udh"))
async def test_a_long_text_comes_part_after_part_and_what_was_refused_comes_again_first(shop: Shop) -> None:
    def script(pdu: DeliverSm | DataSm, earlier: int) -> int:
        return 0x64 if user_data.split(pdu)[0][-1] == 2 and earlier == 0 else 0

    bound = shop.bind(script=script)
    message = await shop.text("ж" * 60 + "щ" * 70 + "ю" * 20)
    await shop.until(lambda: len(bound.got) == 4)
    assert [user_data.split(pdu)[0][-1] for pdu in bound.got] == [1, 2, 2, 3]
    await shop.rest()
    assert [(one.part, one.status) for one in await shop.rows(message)] == [(n, "delivered") for n in (1, 2, 3)]


def test_after_a_restart_what_was_not_acknowledged_goes_again_and_nothing_else(tmp_path: Path) -> None:
    clock = HandClock()

    async def main() -> None:
        shop = Shop(tmp_path, (esme(),))
        async with shop.up():
            bound = shop.bind(script=lambda pdu, earlier: None if pdu.source_addr.endswith("101") else 0)
            done, waits = await shop.delivered(3), await shop.delivered(2, to="+15551230101")
            await shop.until(lambda: len(bound.got) == 4)
            await shop.rest()
        async with shop.up():
            again = shop.bind()
            await shop.until(lambda: len(again.got) == 2)
            await shop.rest(5)
            assert again.ids == shown(waits)
            assert [(await shop.rows(one))[0].status for one in (*done, *waits)] == ["delivered"] * 5

    with asyncio.Runner(loop_factory=lambda: JumpingLoop(clock)) as runner:
        runner.run(main())
