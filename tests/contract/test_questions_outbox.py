"""Questions about what is owed to customers' ESMEs, with what they mean."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from contract_kit import ONE, Desk, event
from tidings.core.esme import Esme
from tidings.core.owed import Backlog, Listener, Owed, Tried
from tidings.core.questions import Scan
from tidings.pipeline import deliver, lease

SHOP, OTHER = 70, 71


def esme(number: int, **changes: Any) -> Esme:
    fields: dict[str, Any] = {
        "id": number, "account_id": ONE, "name": "shop", "system_id": f"shop{number}", "password": b"x",
        "created_at": 5,
    }  # fmt: skip
    return Esme(**{**fields, **changes})


def owed(number: int, **changes: Any) -> Owed:
    fields: dict[str, Any] = {
        "id": number, "account_id": ONE, "esme_id": SHOP, "kind": "text", "message_id": 100 + number, "sequence": 4,
        "part": 2, "parts": 3, "form": "udh gsm7", "lane": (1 << 32) - 1, "status": "waiting", "attempts": 0,
        "created_at": number * 10, "began_at": number * 10, "next_at": number * 10,
    }  # fmt: skip
    return Owed(**{**fields, **changes})


def dead(number: int, **changes: Any) -> Owed:
    return owed(number, **{"status": "dead", "next_at": None, "finished_at": 9, "reason": "refused", **changes})


def ids(rows: Any) -> list[int]:
    return [row.id for row in rows]


async def kept(desk: Desk, *rows: Owed) -> None:
    await desk.do(lambda tx: tx.outbox.insert(rows))


async def test_a_row_comes_back_as_it_was_kept_and_as_it_was_settled(desk: Desk) -> None:
    assert await desk.see(lambda tx: tx.outbox.last()) == 0
    await kept(desk, owed(1), owed(2, esme_id=OTHER, bind="b", answer=0x66, reason="refused"))
    assert await desk.see(lambda tx: tx.outbox.last()) == 2
    found = await desk.see(lambda tx: tx.outbox.some([1, 2, 3]))
    assert found == {1: owed(1), 2: owed(2, esme_id=OTHER, bind="b", answer=0x66, reason="refused")}
    given_up = dead(1, attempts=3, bind="shop (192.0.2.1:4)", answer=0x65)
    await desk.do(lambda tx: tx.outbox.settle([given_up]))
    assert (await desk.see(lambda tx: tx.outbox.some([1])))[1] == given_up
    assert await desk.see(lambda tx: tx.outbox.ended([1, 2, 9])) == [1]


LATE = [
    ("its fence is current: it waits for another attempt", "unanswered", 1, "waiting", 1),
    ("nobody else could have it", "unanswered", None, "waiting", 1),
    ("another process has it by now, and counts its own attempts", "unanswered", 0, "waiting", 0),
    ("so it does where none was held", "refused", -1, "waiting", 0),
    ("but what the ESME took, it took", "delivered", 0, "delivered", 1),
]


@pytest.mark.parametrize(("why", "outcome", "fence", "status", "attempts"), LATE, ids=[case[0] for case in LATE])
async def test_what_an_earlier_holder_tells_late(
    desk: Desk, why: str, outcome: str, fence: int | None, status: str, attempts: int
) -> None:
    await kept(desk, owed(1))
    await desk.do(lambda tx: tx.leases.take(lease.of_esme(SHOP), 7, 60_000))
    (told,) = await desk.store.write(deliver.settle, [Tried(owed(1), outcome, "shop/1", 0x14, 0, fence)])
    row = (await desk.see(lambda tx: tx.outbox.some([1])))[1]
    assert (row.status, row.attempts) == (status, attempts), why
    assert (told is None) == (attempts == 0)


async def test_what_waits_is_read_in_pages_and_by_lane_oldest_first(desk: Desk) -> None:
    await kept(desk, owed(1, lane=7), owed(2, lane=8), owed(3, lane=7), owed(4, esme_id=OTHER, lane=7), dead(5, lane=7))
    assert ids(await desk.see(lambda tx: tx.outbox.behind(SHOP, 0, 2))) == [1, 2]
    assert ids(await desk.see(lambda tx: tx.outbox.behind(SHOP, 2, 9))) == [3]
    assert ids(await desk.see(lambda tx: tx.outbox.of_lane(SHOP, 7, 9, 9))) == [1, 3]
    assert ids(await desk.see(lambda tx: tx.outbox.of_lane(SHOP, 7, 2, 9))) == [1]
    assert ids(await desk.see(lambda tx: tx.outbox.of_lane(SHOP, 7, 9, 1))) == [1]
    assert sorted(await desk.see(lambda tx: tx.outbox.lanes(SHOP, 5, 9))) == [7, 8]
    assert await desk.see(lambda tx: tx.outbox.lanes(SHOP, 1, 9)) == [7]


async def test_what_waits_and_what_was_given_up_newest_first(desk: Desk) -> None:
    await kept(desk, owed(1), dead(2), owed(3), dead(4), owed(5, status="delivered", next_at=None))

    async def page(status: str, before: int | None = None, limit: int = 9) -> list[int]:
        return ids(await desk.see(lambda tx: tx.outbox.page(SHOP, status, before, limit)))

    assert await page("waiting") == [3, 1]
    assert await page("waiting", before=3) == [1]
    assert await page("dead") == [4, 2]
    assert await page("dead", limit=1) == [4]
    assert ids(await desk.see(lambda tx: tx.outbox.of_message(104, 9))) == [4]


async def test_how_much_waits_for_whom_since_when(desk: Desk) -> None:
    for number, closed in ((SHOP, None), (OTHER, None), (72, 9)):
        await desk.do(lambda tx, n=number, at=closed: tx.esmes.insert(esme(n, closed_at=at)))  # type: ignore[misc]
    await kept(desk, owed(1), owed(2), dead(3), owed(4, esme_id=72))
    found = await desk.see(lambda tx: tx.outbox.backlogs())
    assert sorted(found, key=lambda one: one.esme_id) == [Backlog(SHOP, 2, 10, 1), Backlog(OTHER, 0, None, 0)]
    assert await desk.see(lambda tx: tx.outbox.closed(9)) == [72]


async def test_what_was_given_up_waits_again(desk: Desk) -> None:
    await kept(desk, dead(1), dead(2), dead(3), dead(4, esme_id=OTHER), owed(5))
    assert ids(await desk.see(lambda tx: tx.outbox.dead(SHOP, 0, 9, 2))) == [1, 2]
    assert ids(await desk.see(lambda tx: tx.outbox.dead(SHOP, 1, 2, 9))) == [2]
    await desk.do(lambda tx: tx.outbox.replay([2], 77))
    expected = msgspec.structs.replace(
        dead(2), status="waiting", began_at=77, next_at=77, finished_at=None, reason=None
    )
    assert (await desk.see(lambda tx: tx.outbox.some([2])))[2] == expected


async def test_what_is_too_old_is_given_up_and_what_nobody_takes_withdrawn(desk: Desk) -> None:
    await kept(desk, owed(1), owed(2), owed(3, began_at=500), owed(4, esme_id=OTHER))
    assert await desk.do(lambda tx: tx.outbox.too_old(SHOP, 20, 1, 88)) == [1]
    assert await desk.do(lambda tx: tx.outbox.too_old(SHOP, 20, 9, 88)) == [2]
    assert await desk.do(lambda tx: tx.outbox.too_old(SHOP, 20, 9, 88)) == []
    assert (await desk.see(lambda tx: tx.outbox.some([1])))[1] == dead(1, finished_at=88, reason="too_old")
    assert await desk.do(lambda tx: tx.outbox.withdraw(SHOP, 9, 99)) == 1
    row = (await desk.see(lambda tx: tx.outbox.some([3])))[3]
    assert (row.status, row.next_at, row.finished_at) == ("canceled", None, 99)


async def test_what_has_ended_is_dropped_by_age_and_by_number(desk: Desk) -> None:
    await kept(
        desk, dead(1), owed(2), dead(3, finished_at=50), owed(4, status="delivered", next_at=None, finished_at=5)
    )
    assert await desk.see(lambda tx: tx.outbox.surplus(SHOP, 1, 9)) == [1]
    assert await desk.see(lambda tx: tx.outbox.surplus(SHOP, 2, 9)) == []
    assert await desk.see(lambda tx: tx.outbox.aged(0, 9, 9)) == Scan((1, 4), None)
    assert await desk.see(lambda tx: tx.outbox.aged(0, 9, 2)) == Scan((1,), 2)
    await kept(desk, owed(5))
    await desk.do(lambda tx: tx.outbox.forget([1, 4]))
    assert await desk.see(lambda tx: tx.outbox.aged(0, 99, 9)) == Scan((3,), None)


async def test_the_newest_is_kept_so_that_no_number_is_given_twice(desk: Desk) -> None:
    await kept(desk, dead(1), dead(2))
    await desk.do(lambda tx: tx.outbox.forget([1, 2]))
    assert await desk.see(lambda tx: tx.outbox.last()) == 2
    await kept(desk, owed(3))
    await desk.do(lambda tx: tx.outbox.forget([2]))
    assert await desk.see(lambda tx: tx.outbox.some([1, 2, 3])) == {3: owed(3)}


async def test_the_tail_stands_still_until_there_is_an_esme(desk: Desk) -> None:
    assert await desk.see(lambda tx: tx.outbox.anybody()) is False
    await desk.do(lambda tx: tx.events.append([event(1, 1), event(1, 2)]))
    await desk.do(lambda tx: tx.outbox.skip())
    newest = await desk.see(lambda tx: tx.events.newest())
    assert await desk.see(lambda tx: tx.outbox.cursor()) == newest
    await desk.do(lambda tx: tx.esmes.insert(esme(SHOP)))
    assert await desk.see(lambda tx: tx.outbox.anybody()) is True
    await desk.do(lambda tx: tx.events.append([event(1, 3)]))
    await desk.do(lambda tx: tx.outbox.skip())
    assert await desk.see(lambda tx: tx.outbox.cursor()) == newest
    await desk.do(lambda tx: tx.outbox.advance(newest + 1))
    assert await desk.see(lambda tx: tx.outbox.cursor()) == newest + 1


async def test_who_is_there_and_who_wants_texts(desk: Desk) -> None:
    rows = [
        esme(SHOP, inbound=("12345", "*"), alphabet="latin1", concatenation="sar"), esme(OTHER),
        esme(72, inbound=("1",), closed_at=9),
    ]  # fmt: skip
    for row in rows:
        await desk.do(lambda tx, row=row: tx.esmes.insert(row))  # type: ignore[misc]
    assert await desk.see(lambda tx: tx.outbox.open_among([SHOP, OTHER, 72, 99])) == {SHOP, OTHER}
    assert await desk.see(lambda tx: tx.outbox.listeners()) == [Listener(SHOP, ONE, 5, ("12345", "*"), "latin1", "sar")]
