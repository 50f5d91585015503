"""What a text goes as, from profile to handset: the same octets at each attempt, and read as they were written."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from spine_kit import Rig, inbound, refused, rigged
from tidings.config import CarrierSettings
from tidings.core.message import Part
from tidings.core.ports import Inbound
from tidings.core.questions import Attempt
from tidings.core.request import Invalid, Request
from tidings.drivers.smpp_messages import Translator
from tidings.drivers.smpp_profile import read
from tidings.pipeline import explain, validate
from tidings.pipeline.preview import Preview, preview
from tidings.simulator.handsets import screen
from tidings.simulator.records import Address, Submission
from tidings.smpp import pdus, user_data
from tidings.smpp.codec import EncodeError
from tidings.text.terms import Terms

TURKEY = "+905321234567"
TURKISH = "Sayın müşterimiz, şifreniz değiştirildi. Lütfen bizi arayın. İyi günler. " * 4
HINDI = "आपका ऑर्डर भेज दिया गया है और कल तक पहुँच जाएगा। " * 5
INDIA = "+919812345678"
EMOJI = "👩‍👩‍👧 🎉 привет " * 20

PROFILES: list[tuple[str, dict[str, Any], str, str, tuple[str, int]]] = [
    ("a carrier that takes only what all take", {}, TURKEY, TURKISH, ("ucs2", 5)),
    ("national tables", {"national_languages": ["tr"]}, TURKEY, TURKISH, ("gsm7+locking-tr", 2)),
    ("… in another country", {"national_languages": ["tr"]}, INDIA, TURKISH, ("ucs2", 5)),
    ("… packed", {"national_languages": ["tr"], "mt_alphabet": "gsm7_packed"}, TURKEY, TURKISH, ("gsm7+locking-tr", 2)),
    ("… beside sar TLVs", {"national_languages": ["tr"], "concatenation": "sar"}, TURKEY, TURKISH,
     ("gsm7+locking-tr", 2)),
    ("… uncut", {"national_languages": ["tr"], "concatenation": "payload"}, TURKEY, TURKISH, ("gsm7+locking-tr", 1)),
    ("two tables", {"national_languages": ["hi"]}, INDIA, HINDI, ("gsm7+locking-hi+single-hi", 2)),
    ("… and a wide reference", {"national_languages": ["hi"], "reference_bits": 16}, INDIA, HINDI,
     ("gsm7+locking-hi+single-hi", 2)),
    ("a wide reference", {"reference_bits": 16}, TURKEY, "a" * 305, ("gsm7", 3)),
    ("sar TLVs", {"concatenation": "sar"}, TURKEY, "a" * 305, ("gsm7", 2)),
    ("packed", {"mt_alphabet": "gsm7_packed"}, TURKEY, "{a}" * 100, ("gsm7", 4)),
    ("uncut", {"concatenation": "payload"}, TURKEY, EMOJI, ("ucs2", 1)),
    ("what Latin-1 lacks", {"mt_alphabet": "latin1"}, TURKEY, "10 €", ("ucs2", 1)),
    ("what Latin-1 has", {"mt_alphabet": "latin1"}, TURKEY, "£ é à ß", ("gsm7", 1)),
    ("emoji", {"national_languages": ["tr", "hi"]}, TURKEY, EMOJI, ("ucs2", 6)),
]  # fmt: skip


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rigged(tmp_path) as found:
        yield found


def set_up(rig: Rig, **profile: Any) -> Translator:
    """Give the house one carrier of this profile."""
    told = read("north", profile)
    rig.house.carriers = {"north": 0.0}
    rig.house.terms = {"north": told.terms()}
    return Translator("north", told, rig.clock.now)


@pytest.mark.parametrize(("profile", "to", "text", "expected"), [p[1:] for p in PROFILES], ids=[p[0] for p in PROFILES])
async def test_octets_are_settled_by_accepting_and_read_as_written(
    rig: Rig, profile: dict[str, Any], to: str, text: str, expected: tuple[str, int]
) -> None:
    translator = set_up(rig, **profile)
    message = await rig.send(to=to, text=text)
    assert (message.encoding, message.segments) == expected
    # From here on the profile may change: a repeat must fit what has arrived.
    rig.house.terms = {"north": Terms(wide=True, whole=True)}
    first = await rig.claim(message)
    await rig.settle(*(refused(part, "temporary") for part in first))
    second = await rig.claim(message)
    assert len(first) == expected[1]
    assert [(one.payload, one.udh) for one in first] == [(one.payload, one.udh) for one in second]
    assert _shown([translator.submit(part) for part in first], profile) == text


def _shown(sent: list[pdus.SubmitSm], profile: dict[str, Any]) -> str:
    """On a phone, whose network reads data_coding 0 as the profile says."""
    back = {"mo_alphabet": profile["mt_alphabet"]} if "mt_alphabet" in profile else {}
    phone = Translator("north", read("north", back), lambda: 0)
    texts = []
    for pdu in sent:
        came = pdus.DeliverSm(
            esm_class=pdu.esm_class, data_coding=pdu.data_coding, short_message=pdu.short_message, tlvs=pdu.tlvs
        )
        told = phone.incoming(came, "b", "s", None)
        assert isinstance(told, Inbound)
        texts.append(told.text)
    return "".join(texts)


REFUSED = [
    ("tables it does not list", {"national_languages": ["tr"]}, {}, TURKISH, "national_languages do not allow"),
    ("… nor all of them", {"national_languages": ["hi"]}, {"national_languages": ["tr"]}, HINDI, "do not allow gsm7"),
    ("… in an alphabet of its own", {"national_languages": ["tr"]}, {"mt_alphabet": "latin1"}, TURKISH, "do not allow"),
    ("a letter its alphabet lacks", {}, {"mt_alphabet": "latin1"}, "10 €", "lacks U+20AC at 3"),
    ("an uncut text", {"concatenation": "payload"}, {}, "a" * 200, "was not cut"),
    ("a longer one", {"concatenation": "payload"}, {"concatenation": "sar"}, EMOJI, "was not cut"),
]


@pytest.mark.parametrize(("before", "now", "text", "why"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
async def test_octets_that_would_be_misread_never_leave(
    rig: Rig, before: dict[str, Any], now: dict[str, Any], text: str, why: str
) -> None:
    set_up(rig, **before)
    parts = await rig.claim(await rig.send(to=INDIA if text is HINDI else TURKEY, text=text))
    other = Translator("north", read("north", now), rig.clock.now)
    with pytest.raises(EncodeError, match=re.escape(why)):
        other.submit(parts[0])


def test_octets_of_a_customers_own_making_are_not_judged(rig: Rig) -> None:
    """An ESME that shifts to a table says so in the header; the carrier passes it on."""
    header = b"\x03\x24\x01\x01"
    part = Part(
        attempt_id=1, message_id=1, part=1, parts=1, bind="b", sender="1", to=TURKEY, encoding="gsm7+single-tr",
        payload=b"\x1b\x67", udh=header, as_submitted=True,
    )  # fmt: skip
    sent = Translator("north", read("north", {}), rig.clock.now).submit(part)
    assert (sent.short_message, sent.esm_class) == (header + b"\x1b\x67", pdus.ESM_UDHI)


async def test_the_simulated_phone_shows_what_was_typed(rig: Rig) -> None:
    for number, (profile, to, text) in enumerate(
        [
            ({"national_languages": ["tr"]}, TURKEY, TURKISH),
            ({"national_languages": ["hi"]}, INDIA, HINDI),
            ({}, TURKEY, EMOJI),
        ]
    ):
        translator = set_up(rig, **profile)
        parts = await rig.claim(await rig.send(to=to, text=text))
        received = screen([_submission(number * 100 + one.part, translator, one) for one in parts]).messages
        assert [one.text for one in received] == [text]
        assert received[0].encoding == parts[0].encoding


def _submission(number: int, translator: Translator, part: Part) -> Submission:
    pdu = translator.submit(part)
    header, payload = user_data.split(pdu)
    return Submission(
        id=number, at=0, system_id="t", source=Address(5, 0, "T"), to=Address(1, 1, part.to.removeprefix("+")),
        data_coding=pdu.data_coding, registered_delivery=1, udh=header, payload=payload, status=0,
    )  # fmt: skip


async def test_uncut_texts_leave_as_one_payload(rig: Rig) -> None:
    translator = set_up(rig, concatenation="payload")
    short = (await rig.claim(await rig.send(text="a" * 160)))[0]
    assert translator.submit(short).short_message == b"a" * 160
    long = (await rig.claim(await rig.send(text="a" * 161)))[0]
    pdu = translator.submit(long)
    assert (pdu.short_message, pdu.esm_class) == (b"", 0)
    assert pdus.tlv(pdu.tlvs, pdus.MESSAGE_PAYLOAD) == b"a" * 161


async def test_what_goes_later_is_cut_as_every_carrier_takes_it(rig: Rig) -> None:
    set_up(rig, national_languages=["tr"], reference_bits=16)
    later = dt.datetime.fromtimestamp(rig.clock.now() / 1000 + 3600, dt.UTC)
    message = await rig.send(to=TURKEY, text=TURKISH, send_at=later)
    assert (message.encoding, message.reference >> 8) == ("ucs2", 0)


@pytest.mark.parametrize(
    "profile", [{}, {"national_languages": ["tr"]}, {"reference_bits": 16}, {"concatenation": "payload"}]
)
async def test_preview_and_limits_go_by_the_same_profile(rig: Rig, profile: dict[str, Any]) -> None:
    set_up(rig, **profile)
    told = await preview(rig.house, 1, Request(to=TURKEY, text=TURKISH))
    assert isinstance(told, Preview)
    assert "".join(one.text for one in told.cuts) == TURKISH
    assert all(one.units <= one.room for one in told.cuts)
    segments = 2 if profile.get("national_languages") else 5
    assert len(told.cuts) == segments
    limited = Request(to=TURKEY, text=TURKISH, max_segments=segments - 1)
    assert isinstance(await preview(rig.house, 1, limited), Invalid)


@pytest.mark.parametrize(
    ("profile", "text", "forcing"),
    [
        ({}, "çok ğüzel", [(0, "ç"), (4, "ğ")]),
        ({"national_languages": ["tr"]}, TURKISH, []),
        ({"mt_alphabet": "latin1"}, "10 € é", [(3, "€")]),
    ],
)
async def test_preview_names_what_forces_ucs2_at_this_carrier(
    rig: Rig, profile: dict[str, Any], text: str, forcing: list[tuple[int, str]]
) -> None:
    set_up(rig, **profile)
    told = await preview(rig.house, 1, Request(to=TURKEY, text=text))
    assert isinstance(told, Preview)
    assert [(one.at, one.character) for one in told.forcing] == forcing
    assert (told.message.encoding == "ucs2") == bool(forcing)


async def test_the_header_is_told_when_the_text_is_gone(rig: Rig) -> None:
    set_up(rig, national_languages=["hi"], reference_bits=16)
    message = await rig.send(to=INDIA, text=HINDI)
    parts = await rig.claim(message)
    attempt = Attempt(
        id=1, message_id=message.id, account_id=1, part=2, carrier="north", bind="north/1", fence=1, started_at=0
    )
    gone, whole = explain.handed(msgspec.structs.replace(message, text=None), attempt)
    assert not whole
    assert gone.udh == parts[1].udh


@pytest.mark.parametrize(("text", "told"), [("ab\0", "U+0000 at position 2"), ("\ud83dx", "U+D83D at position 0")])
def test_what_cannot_be_stored_is_named_with_its_place(rig: Rig, text: str, told: str) -> None:
    made = validate.message(Request(to=TURKEY, text=text), 1, 1, rig.clock.now(), rig.house.settings)
    assert isinstance(made, Invalid)
    assert told in made.errors[0].detail


async def test_an_escape_pair_cut_by_a_handset_is_read_once_it_is_whole(rig: Rig) -> None:
    header = b"\x08\x00\x03\x07\x02%c\x24\x01\x01"
    parts = [(b"fiyat 5 \x1b", header % 1), (b"\x65 i\x1b\x67in", header % 2)]
    texts = [inbound(_read(octets, udh), octets=octets, udh=udh, encoding="gsm7+single-tr") for octets, udh in parts]
    received = await rig.receive(*texts)
    assert received[1].message is not None
    assert received[1].message.text == "fiyat 5 € iğin"


def _read(octets: bytes, udh: bytes) -> str:
    came = pdus.DeliverSm(esm_class=pdus.ESM_UDHI, short_message=udh + octets)
    told = Translator("north", read("north", {}), lambda: 0).incoming(came, "b", "s", None)
    assert isinstance(told, Inbound)
    return told.text


@pytest.mark.one_engine("no store is asked")
def test_settings_of_a_carrier_take_the_profile() -> None:
    settings = CarrierSettings(name="north", host="h", profile={"national_languages": ["tr"], "reference_bits": 16})
    assert read("north", settings.profile).terms() == Terms(languages=("tr",), wide=True)


def test_forced_gsm7_says_whose_alphabet_lacks_what(rig: Rig) -> None:
    asked = Request(to=TURKEY, text="10 €", encoding="gsm7")
    made = validate.message(asked, 1, 1, rig.clock.now(), rig.house.settings, Terms(repertoire="latin-1"))
    assert isinstance(made, Invalid)
    assert made.errors[0].detail.startswith("does not fit GSM-7 as the carrier takes it (latin-1): ")
    assert "U+20AC at 3" in made.errors[0].detail
