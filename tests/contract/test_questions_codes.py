"""Questions about codes: versions, names, how often they answered, and the webhooks they call."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from codes_kit import NOW, code
from contract_kit import ONE, TWO, Desk
from tidings.core.codes import Call, Pace
from tidings.core.message import DAY


async def test_codes_are_kept_by_account_as_they_were_written(desk: Desk) -> None:
    first = code(
        1, "price", keywords=["Préis"], translations={"ru": ["цена"]}, parameters=[{"name": "item", "type": "integer"}],
        starts_at="2026-01-01T00:00:00Z", hours={"from": "09:00", "to": "17:00"}, senders=["12345"],
        actions=[{"type": "tag", "tags": ["asked"]},
                 {"type": "webhook", "url": "https://example.com/", "replies": "text"}],
    )  # fmt: skip
    second = code(2, "else", default=True)
    other = msgspec.structs.replace(code(3, "price"), account_id=TWO)
    for one in (first, second, other):
        await desk.do(lambda tx, c=one: tx.codes.insert(c))
    assert await desk.see(lambda tx: tx.codes.all(ONE)) == [first, second]
    assert await desk.see(lambda tx: tx.codes.page(ONE, None, 1)) == [second]
    assert await desk.see(lambda tx: tx.codes.page(ONE, 2, 9)) == [first]
    assert await desk.see(lambda tx: tx.codes.count(ONE)) == 2
    assert await desk.see(lambda tx: tx.codes.one(ONE, 1)) == first
    assert await desk.see(lambda tx: tx.codes.one(ONE, 3)) is None, "of another account"
    assert await desk.see(lambda tx: tx.codes.named(TWO, "price")) == other
    renamed = msgspec.structs.replace(first, rule=msgspec.structs.replace(first.rule, name="cost"), changed_at=NOW + 1)
    await desk.do(lambda tx: tx.codes.change(renamed))
    assert await desk.see(lambda tx: tx.codes.named(ONE, "price")) is None
    assert await desk.see(lambda tx: tx.codes.named(ONE, "cost")) == renamed
    assert await desk.do(lambda tx: tx.codes.delete(TWO, 1)) is False, "of another account"
    assert await desk.do(lambda tx: tx.codes.delete(ONE, 1)) is True
    assert await desk.see(lambda tx: tx.codes.all(ONE)) == [second]


async def test_a_name_is_one_code_s_alone(desk: Desk) -> None:
    await desk.do(lambda tx: tx.codes.insert(code(1, "price")))
    with pytest.raises(Exception, match=r"(?i)unique"):
        await desk.do(lambda tx: tx.codes.insert(code(2, "price")))


async def test_each_change_is_another_version_of_its_account(desk: Desk) -> None:
    assert await desk.see(lambda tx: tx.codes.version(ONE)) == 0
    for version in (1, 2):
        await desk.do(lambda tx: tx.codes.changed(ONE))
        assert await desk.see(lambda tx: tx.codes.version(ONE)) == version
    assert await desk.see(lambda tx: tx.codes.version(TWO)) == 0


def pace(number: str, day_at: int, **more: Any) -> Pace:
    plain = {"account_id": ONE, "sender": "12345", "minute_at": NOW, "minute": 1, "day": 2, "said": "x"}
    return Pace(**(plain | more), number=number, day_at=day_at)


async def test_paces_are_found_by_account_number_and_sender(desk: Desk) -> None:
    rows = [pace("+1", NOW), pace("+2", NOW - DAY), pace("+1", NOW, sender="54321"), pace("+1", NOW, account_id=TWO)]
    await desk.do(lambda tx: tx.codes.keep_paces(rows))
    asked = [(ONE, "+1", "12345"), (ONE, "+2", "12345"), (TWO, "+2", "54321")]
    found = await desk.see(lambda tx: tx.codes.paces(asked))
    assert found == {asked[0]: rows[0], asked[1]: rows[1]}, "no other pairing of what was asked"
    more = msgspec.structs.replace(rows[0], minute=5, said="y")
    await desk.do(lambda tx: tx.codes.keep_paces([more]))
    assert (await desk.see(lambda tx: tx.codes.paces(asked)))[asked[0]] == more
    assert await desk.do(lambda tx: tx.codes.forget_paces(NOW, 10)) == 1
    assert await desk.see(lambda tx: tx.codes.paces(asked)) == {asked[0]: more}


def call(number: int, next_at: int, **more: Any) -> Call:
    plain: dict[str, Any] = {
        "account_id": ONE, "message_id": 7, "code_id": 1, "url": "https://a.example/x", "replies": "json",
        "status": "waiting", "attempts": 0, "created_at": NOW, "said": "{}",
    }  # fmt: skip
    return Call(id=number, next_at=next_at, **(plain | more))


async def test_calls_wait_by_endpoint_until_they_are_settled(desk: Desk) -> None:
    rows = [
        call(1, NOW), call(2, NOW - 5, url="https://a.example/y"), call(3, NOW + 9),
        call(4, NOW - 1, url="https://b.example/", message_id=8), call(5, NOW - 9, account_id=TWO),
    ]  # fmt: skip
    await desk.do(lambda tx: tx.codes.insert_calls(rows))
    ends = await desk.see(lambda tx: tx.codes.endpoints_due(10))
    first, second, third = f"{TWO} https://a.example", f"{ONE} https://a.example", f"{ONE} https://b.example"
    assert ends == [(first, NOW - 9), (second, NOW - 5), (third, NOW - 1)]
    assert await desk.see(lambda tx: tx.codes.endpoints_due(1)) == ends[:1]
    assert await desk.see(lambda tx: tx.codes.due(second, NOW, 10)) == [rows[1], rows[0]], "the soonest first"
    assert await desk.see(lambda tx: tx.codes.due(second, NOW, 1)) == [rows[1]]
    done = msgspec.structs.replace(
        rows[1], status="answered", attempts=1, next_at=None, said=None, finished_at=NOW + 3, note="done"
    )
    again = msgspec.structs.replace(rows[0], attempts=1, next_at=NOW + 5_000, note="timeout")
    await desk.do(lambda tx: tx.codes.settle_calls([done, again]))
    assert await desk.see(lambda tx: tx.codes.due(second, NOW + 5_000, 10)) == [rows[2], again]
    assert await desk.see(lambda tx: tx.codes.calls_of(7)) == [again, done, rows[2], rows[4]]
    assert await desk.do(lambda tx: tx.codes.forget_calls(NOW + 3, 10)) == 0
    assert await desk.do(lambda tx: tx.codes.forget_calls(NOW + 4, 10)) == 1
    assert await desk.see(lambda tx: tx.codes.calls_of(7)) == [again, rows[2], rows[4]]


async def test_emails_are_counted_by_account_and_day(desk: Desk) -> None:
    assert await desk.see(lambda tx: tx.codes.mails_of(ONE, 20)) == 0
    await desk.do(lambda tx: tx.codes.count_mails([(ONE, 2), (TWO, 5)], 20))
    await desk.do(lambda tx: tx.codes.count_mails([(ONE, 3)], 20))
    assert await desk.see(lambda tx: tx.codes.mails_of(ONE, 20)) == 5
    await desk.do(lambda tx: tx.codes.count_mails([(ONE, 1)], 21))
    assert await desk.see(lambda tx: tx.codes.mails_of(ONE, 21)) == 1, "a new day begins at nothing"
    assert await desk.see(lambda tx: tx.codes.mails_of(ONE, 20)) == 0, "only the last day is kept"
    assert await desk.see(lambda tx: tx.codes.mails_of(TWO, 20)) == 5
