"""A request becomes a message, or every field that stands in the way is named."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.config import Settings
from tidings.core.account import Account
from tidings.core.message import CATEGORY_RULES, Message
from tidings.core.request import NOT_BUILT, Invalid, Request
from tidings.pipeline import validate
from tidings.text.segments import count
from tidings.text.smart import Smart

NOW = 1_790_000_000_000
ZERO = dt.datetime.fromtimestamp(NOW / 1000, dt.UTC)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
MOMENT = dt.timedelta(milliseconds=1)
GOOD: dict[str, Any] = {"to": "+15551230100", "text": "Hello"}


def judged(**fields: Any) -> Message | Invalid:
    return validate.message(Request(**{**GOOD, **fields}), 7, 99, NOW, Settings(default_sender="TIDINGS"))


def good(**fields: Any) -> Message:
    message = judged(**fields)
    assert isinstance(message, Message), message
    return message


BAD: list[tuple[str, dict[str, Any], list[str]]] = [
    ("no plus", {"to": "15551230100"}, ["/to"]),
    ("no number", {"to": ""}, ["/to"]),
    ("too short for E.164", {"to": "+123456"}, ["/to"]),
    ("too long for E.164", {"to": "+1234567890123456"}, ["/to"]),
    ("a country cannot begin with nought", {"to": "+05551230100"}, ["/to"]),
    ("letters", {"to": "+1555CALLNOW"}, ["/to"]),
    ("no country code", {"to": "(555) 123-0100"}, ["/to"]),
    ("a line end behind it", {"to": "+15551230100\n"}, ["/to"]),
    ("foreign digits", {"to": "+١٥٥٥١٢٣٠١٠٠"}, ["/to"]),
    ("a short code that is too short", {"to": "12"}, ["/to"]),
    ("a short code that is too long", {"to": "123456789"}, ["/to"]),
    ("an empty sender", {"sender": ""}, ["/from"]),
    ("a sender of twelve letters", {"sender": "ABCDEFGHIJKL"}, ["/from"]),
    ("a sender of digits beyond a short code", {"sender": "1234567890"}, ["/from"]),
    ("a sender that begins with a blank", {"sender": " ACME"}, ["/from"]),
    ("a sender with foreign letters", {"sender": "Ümlaut"}, ["/from"]),
    ("no text", {"text": None}, ["/text"]),
    ("an empty text", {"text": ""}, ["/text"]),
    ("NUL in the text", {"text": "a\0b"}, ["/text"]),
    ("half a surrogate pair", {"text": "a\ud83d"}, ["/text"]),
    ("what GSM-7 cannot say", {"text": "ж", "encoding": "gsm7"}, ["/text"]),
    ("more segments than it may take", {"text": "x" * 161, "max_segments": 1}, ["/text"]),
    ("more segments than there are", {"text": "x" * (153 * 255 + 1)}, ["/text"]),
    ("NUL in a reference", {"client_ref": "a\0"}, ["/client_ref"]),
    ("half a pair in a reference", {"client_ref": "\udc00"}, ["/client_ref"]),
    ("NUL in a tag", {"tags": ("ok", "\0")}, ["/tags/1"]),
    ("too much metadata", {"metadata": {"a": "x" * 4_096}}, ["/metadata"]),
    ("metadata that is no JSON", {"metadata": {"a": "\ud800"}}, ["/metadata"]),
    ("sent now", {"send_at": ZERO}, ["/send_at"]),
    ("sent in the past", {"send_at": ZERO - HOUR}, ["/send_at"]),
    ("sent in a year and a day", {"send_at": ZERO + 365 * DAY + MOMENT}, ["/send_at"]),
    ("expired now", {"expires_at": ZERO}, ["/expires_at"]),
    ("expired before it is due", {"send_at": ZERO + HOUR, "expires_at": ZERO + HOUR}, ["/expires_at"]),
    ("valid for more than a week", {"expires_at": ZERO + 7 * DAY + MOMENT}, ["/expires_at"]),
    *((f"{name} is not built", {name: "x"}, [f"/{name}"]) for name in NOT_BUILT),
    ("a callback to a folder", {"callback_url": "file:///etc"}, ["/callback_url"]),
    ("a callback with a password", {"callback_url": "https://a:b@example.com/"}, ["/callback_url"]),
    ("events without a callback", {"callback_events": ("message.sent",)}, ["/callback_events"]),
    (
        "an event there is not",
        {"callback_url": "https://example.com/", "callback_events": ("message.sent", "message.send")},
        ["/callback_events/1"],
    ),
    ("media alone asks for no text", {"text": None, "media": ["x"]}, ["/media"]),
    (
        "everything at once",
        {
            "to": "x", "sender": "", "text": "", "client_ref": "\0", "tags": ("\0",), "metadata": {"a": "\ud800"},
            "send_at": ZERO, "expires_at": ZERO, "callback_url": "x",
        },
        ["/to", "/from", "/client_ref", "/tags/0", "/metadata", "/callback_url", "/send_at", "/expires_at", "/text"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "pointers"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_every_fault_is_named(fields: dict[str, Any], pointers: list[str]) -> None:
    found = judged(**fields)
    assert isinstance(found, Invalid)
    assert [fault.pointer for fault in found.errors] == pointers
    assert all(fault.detail for fault in found.errors)


FINE: list[tuple[str, dict[str, Any]]] = [
    ("the shortest number", {"to": "+1234567"}),
    ("the longest number", {"to": "+123456789012345"}),
    ("a short code", {"to": "12345"}),
    ("a number as sender", {"sender": "+15550001111"}),
    ("a short code as sender", {"sender": "777"}),
    ("the longest short code", {"to": "12345678"}),
    ("eleven letters as sender", {"sender": "ACME & Co.-1"[:11]}),
    ("a digit and a letter as sender", {"sender": "3M"}),
    ("all segments there are", {"text": "x" * (153 * 255)}),
    ("as many segments as allowed", {"text": "x" * 161, "max_segments": 2}),
    ("foreign labels", {"client_ref": "заказ 17", "tags": ("été", "🙂"), "metadata": {"ключ": [1, None, {"a": "é"}]}}),
    ("as much metadata as allowed", {"metadata": {"a": "x" * (4_096 - 8)}}),
    ("in a millisecond", {"send_at": ZERO + MOMENT}),
    ("in a year", {"send_at": ZERO + 365 * DAY}),
    ("valid for a millisecond", {"expires_at": ZERO + MOMENT}),
    ("valid for a week from when it is due", {"send_at": ZERO + DAY, "expires_at": ZERO + 8 * DAY}),
]


@pytest.mark.parametrize("fields", [case[1] for case in FINE], ids=[case[0] for case in FINE])
def test_what_is_just_right(fields: dict[str, Any]) -> None:
    message = good(**fields)
    for name in ("to", "text", "client_ref", "tags", "metadata"):
        if name in fields:
            assert getattr(message, name) == fields[name]
    assert message.sender == fields.get("sender", "TIDINGS")


WRITTEN: list[tuple[str, str | None, str, str]] = [
    ("+1 (555) 123-0100", None, "", "+15551230100"),
    ("(415) 555-0100", None, "US", "+14155550100"),
    ("(415) 555-0100", "US", "GB", "+14155550100"),
    ("020 7946 0123", "GB", "", "+442079460123"),
    ("741-741", None, "", "741741"),
]


@pytest.mark.parametrize(("written", "own", "set_", "number"), WRITTEN)
def test_numbers_are_stored_as_e164(written: str, own: str | None, set_: str, number: str) -> None:
    settings, account = Settings(default_region=set_), Account(id=7, name="a", created_at=0, default_region=own)
    made = validate.message(Request(to=written, sender=written, text="x"), 7, 1, NOW, settings, account=account)
    assert isinstance(made, Message)
    assert (made.to, made.sender) == (number, number)


CURLY = "It’s"
BERLIN = Account(
    id=7, name="a", created_at=0, smart_encoding=False, sender_smart_encoding={"ACME": True, "SHOP": "transliterate"}
)
ACME = {"text": CURLY, "sender": "ACME"}
MODES: list[tuple[str, dict[str, Any], Account | None, Any, str]] = [
    ("off by default", {}, None, False, "It’s ж"),
    ("the settings", {"text": CURLY}, None, True, "It's"),
    ("the account goes before the settings", {"text": CURLY}, BERLIN, True, CURLY),
    ("the sender goes before the account", ACME, BERLIN, False, "It's"),
    ("the request goes before the sender", {**ACME, "smart_encoding": False}, BERLIN, True, CURLY),
    ("the request goes before the account", {"text": CURLY, "smart_encoding": True}, BERLIN, False, "It's"),
    ("transliterated by its sender", {"sender": "SHOP"}, BERLIN, False, "It's zh"),
    ("look-alikes alone do not do", {"smart_encoding": True}, None, False, "It’s ж"),
    ("UCS-2 asked for", {"text": CURLY, "encoding": "ucs2", "smart_encoding": True}, None, False, CURLY),
    ("GSM-7 asked for", {"text": CURLY, "encoding": "gsm7", "smart_encoding": True}, None, False, "It's"),
    ("few segments", {"text": CURLY * 30, "max_segments": 1, "smart_encoding": True}, None, False, "It's" * 30),
]


@pytest.mark.parametrize(("fields", "account", "set_", "sent"), [m[1:] for m in MODES], ids=[m[0] for m in MODES])
def test_smart_encoding_is_set_in_many_places(
    fields: dict[str, Any], account: Account | None, set_: Any, sent: str
) -> None:
    swapped: dict[int, Smart] = {}
    request = Request(**{"to": "+15551230100", "text": "It’s ж", **fields})
    made = validate.message(request, 7, 99, NOW, Settings(smart_encoding=set_), account=account, swapped=swapped)
    assert isinstance(made, Message)
    assert made.text == sent
    assert (made.encoding, made.segments) == count(sent, request.encoding)
    assert bool(swapped) == (sent != request.text)


def test_what_still_does_not_fit_is_refused_as_it_was_posted() -> None:
    request = Request(to="+15551230100", text="“漢”", encoding="gsm7", smart_encoding=True)
    found = validate.message(request, 7, 99, NOW, Settings(), swapped={})
    assert isinstance(found, Invalid)
    assert "U+201C at 0" in found.errors[0].detail


def test_a_plain_message() -> None:
    assert good() == Message(
        id=99, account_id=7, direction="mt", status="accepted", category="transactional", to="+15551230100",
        sender="TIDINGS", text="Hello", encoding="gsm7", segments=1, reference=99, created_at=NOW,
        expires_at=NOW + 24 * 3_600_000, event_count=1,
    )  # fmt: skip


def test_a_scheduled_message_is_valid_from_when_it_is_due() -> None:
    message = good(send_at=ZERO + HOUR, category="otp")
    assert (message.status, message.event_count) == ("scheduled", 2)
    assert message.send_at == NOW + 3_600_000
    assert message.expires_at == NOW + 3_600_000 + 600_000


@pytest.mark.parametrize("category", ["otp", "transactional", "conversation", "marketing"])
def test_a_category_grants_its_validity(category: str) -> None:
    message = good(category=category)
    assert (message.category, message.expires_at - NOW) == (category, CATEGORY_RULES[category].validity)


def test_times_are_moments_whatever_their_offset() -> None:
    there = (ZERO + HOUR).astimezone(dt.timezone(dt.timedelta(hours=-5)))
    assert good(send_at=there).send_at == NOW + 3_600_000
    assert good(expires_at=there).expires_at == NOW + 3_600_000


MEASURES = [
    ("Hello", "auto", "gsm7", 1),
    ("x" * 160, "auto", "gsm7", 1),
    ("x" * 161, "auto", "gsm7", 2),
    ("€" * 80, "auto", "gsm7", 1),
    ("€" * 81, "auto", "gsm7", 2),
    ("ж" * 70, "auto", "ucs2", 1),
    ("ж" * 71, "auto", "ucs2", 2),
    ("Hello", "ucs2", "ucs2", 1),
    ("🙂" * 36, "auto", "ucs2", 2),
]


@pytest.mark.parametrize(("text", "asked", "encoding", "segments"), MEASURES)
def test_a_text_is_measured(text: str, asked: Any, encoding: str, segments: int) -> None:
    message = good(text=text, encoding=asked)
    assert (message.encoding, message.segments) == (encoding, segments)


@given(st.text(max_size=200), st.text(max_size=20), st.sampled_from(["auto", "gsm7", "ucs2"]))
def test_nothing_that_is_posted_breaks_it(text: str, to: str, encoding: Any) -> None:
    found = judged(text=text, to=to, client_ref=to or None, sender=to or None, encoding=encoding)
    if isinstance(found, Invalid):
        assert {fault.pointer for fault in found.errors} <= {"/text", "/to", "/from", "/client_ref"}
    else:
        assert found.text == text
        assert found.segments >= 1
        text.encode()
