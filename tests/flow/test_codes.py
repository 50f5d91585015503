"""Codes at work on texts from handsets: answered in the commit that stores the text, guarded, and told in the trace."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from codes_kit import rule
from spine_kit import Rig, inbound, rigged
from tidings.core.codes import Code
from tidings.core.conversation import Contact
from tidings.core.message import Message
from tidings.core.sender import Sender
from tidings.pipeline import coding, receive

ME, OURS = "+15551230100", "12345"
ITEM = {"name": "item", "type": "integer"}


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rigged(tmp_path) as one:
        yield one


async def has(rig: Rig, *rules: Any, account: int = 1) -> list[Code]:
    made = await coding.save(rig.house, account, [rule(**one) for one in rules], replace=True)
    assert isinstance(made, tuple), made
    return list(made[0].codes)


def said(text: str, sender: str = ME, to: str = OURS) -> Any:
    return inbound(text, sender=sender.lstrip("+"), to=to)


async def heard(rig: Rig, *texts: str, **more: Any) -> list[receive.Received]:
    return await rig.receive(*[said(text, **more) for text in texts])


async def trace(rig: Rig, message: Message | None) -> Any:
    assert message is not None
    events = await rig.store.read(lambda tx: tx.events.of(message.id))
    return (events[0].data or {}).get("code")


async def test_a_text_is_understood_answered_tagged_and_forwarded_at_once(rig: Rig) -> None:
    (made,) = await has(
        rig, {"name": "price", "keywords": ["price"], "translations": {"fr": ["prix"]}, "parameters": [ITEM],
              "actions": [{"type": "reply", "text": "{{ item }} costs 5{% if language == 'fr' %} euros{% endif %}."},
                          {"type": "tag", "tags": ["asked"]}, {"type": "inbox"},
                          {"type": "forward", "to": ["+15551230177"]}]},
    )  # fmt: skip
    (got,) = await heard(rig, "Prix: 4711")
    assert got.message is not None
    assert got.message.tags == ("asked",)
    answer, forwarded = got.replies
    assert (answer.to, answer.sender, answer.text) == (ME, OURS, "4711 costs 5 euros.")
    assert (answer.category, answer.status) == ("conversation", "accepted")
    assert (forwarded.to, forwarded.text) == ("+15551230177", f"{ME}: Prix: 4711")
    told = await trace(rig, got.message)
    assert (told["name"], told["how"], told["keyword"], told["language"]) == ("price", "keyword", "prix", "fr")
    assert [one["action"] for one in told["done"]] == ["reply", "tag", "inbox", "forward"]
    assert told["guard"]["allowed"] is True
    assert "4711" not in msgspec.json.encode(told).decode(), "a trace holds no word of the text"
    assert (await rig.story(answer)).events[0].data == {"door": "code"}
    assert made.rule.name == "price"


async def person(rig: Rig, number: str = ME) -> Contact:
    owner = (await rig.do(lambda tx: tx.contacts.of_numbers([(1, number)])))[1, number]
    return (await rig.do(lambda tx: tx.contacts.some(1, [owner])))[owner]


SAID: list[tuple[str, dict[str, Any], Any]] = [
    ("integer", {"parameter": "v"}, ("7", 7)), ("decimal", {"parameter": "v"}, ("1.5", 1.5)),
    ("date", {"parameter": "v"}, ("24.12.2030", "2030-12-24")), ("time", {"parameter": "v"}, ("2:30 pm", "14:30")),
    ("money", {"parameter": "v"}, ("EUR 12.50", "12.50 EUR")), ("word", {"parameter": "v"}, ("Large", "Large")),
    ("word", {"text": "{{ v | downcase }}, {{ from }}"}, ("Large", f"large, {ME}")),
]  # fmt: skip
"""The type of a parameter, what a field becomes of it, what is said and what is kept."""


@pytest.mark.parametrize(("kind", "becomes", "kept"), SAID)
async def test_what_is_said_becomes_a_field_of_the_contact(
    rig: Rig, kind: str, becomes: dict[str, Any], kept: tuple[str, Any]
) -> None:
    await has(rig, {"name": "size", "parameters": [{"name": "v", "type": kind}],
                    "actions": [{"type": "field", "name": "it", **becomes}]})  # fmt: skip
    await heard(rig, f"size {kept[0]}")
    assert (await person(rig)).fields == {"it": kept[1]}


async def test_people_are_tagged_and_noted_in_the_order_of_their_texts_beside_what_is_known_of_them(rig: Rig) -> None:
    size = {"name": "v", "type": "word", "optional": True}
    await has(rig, {"name": "size", "parameters": [size],
                    "actions": [{"type": "field", "name": "size", "parameter": "v"},
                                {"type": "tag", "tags": ["sized", "sized"], "on": "contact"}]},
              {"name": "join", "actions": [{"type": "tag", "tags": ["member"], "on": "contact"},
                                           {"type": "tag", "tags": ["joined"]}]})  # fmt: skip
    (joined, *_) = await heard(rig, "join", "size M", "size L")
    assert joined.message is not None
    assert joined.message.tags == ("joined",)
    one = await person(rig)
    assert (one.tags, one.fields) == (("member", "sized"), {"size": "L"})
    full = msgspec.structs.replace(
        one, name="Ada", fields={"size": "S", **{f"f{at}": at for at in range(49)}}, tags=tuple(map(str, range(49)))
    )
    await rig.do(lambda tx: tx.contacts.change(full))
    await has(rig, {"name": "colour", "parameters": [size],
                    "actions": [{"type": "field", "name": "colour", "parameter": "v"}]})  # fmt: skip
    got = await heard(rig, "size", "size XL", "colour red", f"colour {'x' * 1001}")
    notes = [(await trace(rig, each.message))["done"][0].get("note") for each in got]
    assert notes == [
        "not set: the text says nothing of v", None, "not set: the contact has 50 fields, all it may",
        "not set: longer than 1000 characters",
    ]  # fmt: skip
    kept = await person(rig)
    assert (kept.name, kept.fields) == ("Ada", {**full.fields, "size": "XL"})
    assert kept.tags == (*full.tags, "sized")
    await heard(rig, "join")
    assert (await person(rig)).tags == kept.tags
    await rig.do(lambda tx: tx.contacts.change(msgspec.structs.replace(kept, numbers=(ME, "+15551230199"))))
    await rig.receive(said("size S"), said("size M", sender="+15551230199"), said("size L"))
    assert (await person(rig)).fields["size"] == "L", "one person with two numbers"
    others = await heard(rig, "join!", sender="+15551230188")
    assert others[0].message is not None
    assert (await person(rig, "+15551230188")).tags == ("member",)


async def test_a_wrong_parameter_gets_the_help_of_its_code(rig: Rig) -> None:
    await has(rig, {"parameters": [ITEM], "help": "{{ detail }}. Send {{ keyword }} 4711."})
    (got,) = await heard(rig, "PRICE abc")
    assert [one.text for one in got.replies] == ["item must be a whole number, not “abc”. Send price 4711."]
    assert (await trace(rig, got.message))["trouble"] == {"name": "no_integer", "parameter": "item"}


async def test_what_no_code_knows_gets_the_default_or_what_the_number_says(rig: Rig) -> None:
    await rig.do(lambda tx: tx.senders.insert(Sender(account_id=1, address=OURS, unknown_reply="Text {{MENU}}.")))
    (got,) = await heard(rig, "what?")
    assert [one.text for one in got.replies] == ["Text {{MENU}}."], "not a template"
    assert (await trace(rig, got.message))["how"] == "unknown"
    await has(rig, {"name": "else", "default": True})
    (got,) = await heard(rig, "what??")
    assert [one.text for one in got.replies] == ["done"]


async def test_stop_start_and_help_go_before_all_codes(rig: Rig) -> None:
    await has(rig, {"name": "else", "default": True})
    for word in ("STOP", "START", "HELP"):
        (got,) = await heard(rig, word)
        assert [one.category for one in got.replies] == ["system"], word
        assert await trace(rig, got.message) is None


async def suppressed(rig: Rig) -> bool:
    return bool(await rig.do(lambda tx: tx.suppressions.among([(1, ME)])))


@pytest.mark.parametrize(
    ("texts", "out"),
    [(["LEAVE"], True), (["LEAVE", "JOIN"], False), (["JOIN", "LEAVE"], True), (["START", "LEAVE"], True),
     (["LEAVE", "START"], False), (["STOP", "JOIN"], False), (["JOIN", "STOP"], True)],
)  # fmt: skip
async def test_who_joins_and_leaves_in_one_batch_stays_as_said_last(rig: Rig, texts: list[str], out: bool) -> None:
    await has(rig, {"name": "join", "actions": [{"type": "opt_in"}]},
              {"name": "leave", "actions": [{"type": "opt_out"}]})  # fmt: skip
    await heard(rig, *texts)
    assert await suppressed(rig) == out


async def test_who_opted_out_gets_no_answer_and_the_trace_says_so(rig: Rig) -> None:
    await has(rig, {})
    await rig.suppress(ME)
    (got,) = await heard(rig, "price")
    (answer,) = got.replies
    assert (answer.status, answer.error and answer.error.code) == ("rejected", "opted_out")


async def test_a_thousand_texts_in_a_minute_get_what_the_guard_allows(rig: Rig) -> None:
    await has(rig, {})
    sent, traces = 0, []
    for page in range(10):
        got = await heard(rig, *[f"price{' ' * at}" for at in range(page, 1000, 10)])
        sent += sum(len(one.replies) for one in got)
        traces += [await trace(rig, one.message) for one in got[:2]]
    assert sent == 10
    assert traces[0]["guard"]["allowed"] is True
    assert traces[-1]["guard"] == {
        "rule": "reply_pace", "allowed": False, "detail": "10 answers in this minute; there may be 10.",
    }  # fmt: skip
    assert traces[-1]["done"][0]["note"].startswith("not sent: ")
    (other,) = await heard(rig, "price", sender="+15551230101")
    assert len(other.replies) == 1, "others are answered all the while"
    rig.clock.move(61.0)
    (later,) = await heard(rig, "price")
    assert len(later.replies) == 1


async def test_a_code_that_sends_much_gets_no_more_than_the_guard_allows(rig: Rig) -> None:
    replies = [{"type": "reply", "text": f"answer {at}"} for at in range(4)]
    await has(rig, {"actions": replies})
    sent = [len(one.replies) for one in await heard(rig, "price", "price!", "price!!", "price?")]
    assert sent == [4, 4, 2, 0]
    rig.clock.move(61.0)
    (got,) = await heard(rig, "price")
    assert len(got.replies) == 4


async def test_machines_are_not_answered(rig: Rig) -> None:
    await has(rig, {"name": "else", "default": True, "actions": [{"type": "reply", "text": "We are closed."}]})
    for text, rule_ in (("Out of office: back on Monday", "auto_reply"), ("hello", "reply_pace"),
                        ("We are closed.", "echo")):  # fmt: skip
        (got,) = await heard(rig, text)
        told = await trace(rig, got.message)
        assert (told["guard"]["rule"], len(got.replies)) == (rule_, int(rule_ == "reply_pace"))


async def test_codes_hold_from_the_next_text_on_and_for_their_account_alone(rig: Rig) -> None:
    (made,) = await has(rig, {})
    await has(rig, {"name": "price", "actions": [{"type": "reply", "text": "other"}]}, account=2)
    assert len((await heard(rig, "price"))[0].replies) == 1
    await has(rig, {"name": "price", "keywords": ["cost"]})
    assert [len(one.replies) for one in await heard(rig, "price!", "cost")] == [0, 1]
    assert (await rig.store.write(coding.drop_codes, [(1, made.id), (1, made.id)])) == [True, False]
    assert (await heard(rig, "cost!"))[0].replies == ()


async def test_what_cannot_be_filled_in_is_told_and_the_text_is_kept(rig: Rig) -> None:
    broken = "{% assign a = item %}{{ 10 | divided_by: a }}"
    await has(rig, {"parameters": [ITEM], "actions": [{"type": "reply", "text": broken}]})
    (got,) = await heard(rig, "price 0")
    assert got.message is not None
    assert got.replies == ()
    note = (await trace(rig, got.message))["done"][0]["note"]
    assert note == "not sent: divided_by: can't divide by 0 (line 1, character 30)"


async def test_a_text_with_parts_missing_is_taken_for_nothing(rig: Rig) -> None:
    await has(rig, {"name": "else", "default": True})
    part = msgspec.structs.replace(said("first half"), udh=bytes.fromhex("050003070201"))
    assert (await rig.receive(part))[0].message is None
    rig.clock.move(receive.PART_WAIT / 1000 + 1)
    (row,) = await rig.store.read(lambda tx: tx.inbounds.stale(rig.clock.now() - receive.PART_WAIT, 9))
    lone = receive.Lone(rig.house.new_id(), rig.house.new_id(), row, rig.house.settings, rig.house.kit())
    (got,) = await rig.store.write(receive.complete_lone, [lone])
    assert got.message is not None
    assert got.message.error is not None
    assert got.replies == ()
