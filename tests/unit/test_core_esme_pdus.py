"""The PDUs that ESMEs are handed: receipts with addresses as they wrote them, texts in octets that they read."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.core import esme_pdus
from tidings.core.esme import Esme, Submission
from tidings.core.message import Message
from tidings.core.owed import NOTICE, OCTETS, RECEIPT, TEXT, Owed
from tidings.core.questions import Event, InboundRow
from tidings.smpp import pdus, receipt, user_data
from tidings.smpp.codec import decode, encode
from tidings.smpp.pdus import DataSm, DeliverSm
from tidings.text import data_coding
from tidings.text.packing import fill_bits, unpack
from tidings.text.udh import concat

AT = 1_790_000_000_000
NUMBER = 0x1A2B3C4D


def message(**changes: Any) -> Message:
    fields: dict[str, Any] = {
        "id": NUMBER, "account_id": 1, "direction": "mt", "status": "unknown", "category": "transactional",
        "to": "+15551230100", "sender": "SHOP", "text": "Hello", "encoding": "gsm7", "segments": 1, "reference": 0,
        "created_at": AT, "expires_at": AT,
    }  # fmt: skip
    return Message(**{**fields, **changes})


def arrived(text: str | None, **changes: Any) -> Message:
    return message(direction="mo", to="12345", sender="+15551230100", text=text, status="received", **changes)


def submission(response_id: str = f"{NUMBER:X}", **changes: Any) -> Submission:
    fields: dict[str, Any] = {
        "message_id": NUMBER, "account_id": 1, "esme_id": 7, "response_id": response_id, "service_type": "WAP",
        "source_addr_ton": 5, "source_addr_npi": 0, "source_addr": "SHOP", "dest_addr_ton": 2, "dest_addr_npi": 1,
        "destination_addr": "05551230100", "registered_delivery": 1, "data_coding": 0,
    }  # fmt: skip
    return Submission(**{**fields, **changes})


def esme(**changes: Any) -> Esme:
    return Esme(id=7, account_id=1, name="shop", system_id="shop", password=b"", created_at=0, **changes)


def owed(kind: str, part: int = 1, parts: int = 1, form: str = "") -> Owed:
    return Owed(
        id=1, account_id=1, esme_id=7, kind=kind, message_id=NUMBER, sequence=4, part=part, parts=parts, form=form,
        lane=0, status="waiting", attempts=0, created_at=0, began_at=0, next_at=0,
    )  # fmt: skip


ENDS = [
    ("delivered", None, "DELIVRD", "000"),
    ("undelivered", {"code": "unreachable"}, "UNDELIV", "003"),
    ("failed", {"code": "invalid_destination"}, "UNDELIV", "001"),
    ("expired", {"code": "expired"}, "EXPIRED", "040"),
    ("rejected", {"code": "opted_out"}, "REJECTD", "005"),
    ("canceled", None, "DELETED", "041"),
    ("unknown", {"code": "no_receipt"}, "UNKNOWN", "037"),
]


@pytest.mark.parametrize(("status", "error", "word", "number"), ENDS, ids=[case[0] for case in ENDS])
def test_every_end_is_told_as_it_happened(status: str, error: dict[str, str] | None, word: str, number: str) -> None:
    event = Event(NUMBER, 1, 4, f"message.{status}", AT + 60_000, {"error": error} if error else None)
    made = esme_pdus.receipt(owed(RECEIPT), event, message(), submission(), esme())
    assert isinstance(made, DeliverSm)
    report = receipt.parse(made.short_message)
    assert (report.message_id, report.state, report.error_code) == (f"{NUMBER:X}", word, number)
    assert b" submit date:2609211413 done date:2609211414 " in made.short_message
    assert (made.source_addr_ton, made.source_addr_npi, made.source_addr) == (2, 1, "05551230100")
    assert (made.dest_addr_ton, made.destination_addr, made.service_type) == (5, "SHOP", "WAP")
    assert made.esm_class == pdus.ESM_RECEIPT


def test_a_receipt_says_what_the_esme_wants_of_it() -> None:
    event = Event(NUMBER, 1, 3, "message.sent", AT)
    wants = esme(receipt_format="text", receipt_pdu="data_sm", receipt_seconds=True, receipt_text=False)
    left_to_us = submission(source_addr="", source_addr_ton=0, user_message_reference=9)
    made = esme_pdus.receipt(owed(NOTICE), event, message(sender="+15550001111"), left_to_us, wants)
    assert isinstance(made, DataSm)
    assert user_data.split(made)[1].endswith(
        b"submit date:260921141320 done date:260921141320 stat:ENROUTE err:000 text:"
    )
    assert (made.esm_class, made.dest_addr_ton, made.destination_addr) == (pdus.ESM_INTERMEDIATE, 1, "15550001111")
    assert pdus.tlv(made.tlvs, pdus.USER_MESSAGE_REFERENCE) == b"\x00\x09"
    assert pdus.tlv(made.tlvs, pdus.MESSAGE_STATE) is None


FORMS = [
    ("as the answer gave it", None, f"{NUMBER:X}", f"{NUMBER:X}"),
    ("hexadecimal, awaited in decimal", "decimal", f"{NUMBER:X}", str(NUMBER)),
    ("decimal, awaited in hexadecimal", "hexadecimal", str(NUMBER), f"{NUMBER:X}"),
    ("decimal, awaited so", "decimal", str(NUMBER), str(NUMBER)),
    ("eight digits, awaited in decimal", "decimal", "00000010", "16"),
    ("ours, awaited in decimal", "decimal", "msg_0000000d2nf2d", str(NUMBER)),
    ("hexadecimal, awaited as ours", "ours", f"{NUMBER:X}", None),
]


@pytest.mark.parametrize(("wanted", "given_id", "shown"), [case[1:] for case in FORMS], ids=[case[0] for case in FORMS])
def test_the_id_is_written_as_it_is_awaited(wanted: str | None, given_id: str, shown: str | None) -> None:
    ours = esme_pdus.show("msg", NUMBER)
    given_id = ours if given_id.startswith("msg_") else given_id
    told = esme_pdus.receipt_id(submission(given_id), esme(receipt_id_form=wanted))
    assert told == (ours if shown is None else shown)


def parts_of(words: str | None, form: str, rows: list[InboundRow] | None = None) -> list[DeliverSm]:
    """All parts of a text, each through the codec."""
    text = arrived(words)
    used, count = esme_pdus.text_parts(text, form, rows)
    made = [esme_pdus.text(owed(TEXT, part, count, used), text, rows or ()) for part in range(1, count + 1)]
    through = [decode(encode(pdu)) for pdu in made]
    assert through == made
    return [pdu for pdu in made if isinstance(pdu, DeliverSm)]


SHORT = [
    ("GSM-7 as it is", "gsm7", "a@£", b"a\x00\x01", 0),
    ("packed", "gsm7_packed", "hi", b"\xe8\x34", 0),
    ("Latin-1", "latin1", "a@£", b"a@\xa3", 0),
    ("beyond Latin-1", "latin1", "a€", "a€".encode("utf-16-be"), 8),
    ("ASCII", "ascii", "a@", b"a@", 0),
    ("beyond ASCII", "ascii", "é", "é".encode("utf-16-be"), 8),
    ("beyond GSM-7", "gsm7", "Привет", "Привет".encode("utf-16-be"), 8),
]


@pytest.mark.parametrize(("alphabet", "words", "octets", "coding"), [c[1:] for c in SHORT], ids=[c[0] for c in SHORT])
def test_a_short_text_comes_in_the_alphabet_of_the_esme(alphabet: str, words: str, octets: bytes, coding: int) -> None:
    (pdu,) = parts_of(words, f"udh {alphabet}")
    assert (pdu.short_message, pdu.data_coding, pdu.esm_class, pdu.tlvs) == (octets, coding, 0, ())
    assert (pdu.source_addr_ton, pdu.source_addr, pdu.dest_addr_ton, pdu.destination_addr) == (
        1, "15551230100", 3, "12345",
    )  # fmt: skip


def test_a_long_text_comes_as_the_esme_wants_it() -> None:
    words = "x" * 200
    udh = parts_of(words, "udh gsm7")
    assert [pdu.esm_class for pdu in udh] == [pdus.ESM_UDHI] * 2
    assert [pdu.short_message[:3] for pdu in udh] == [b"\x05\x00\x03"] * 2
    sar = parts_of(words, "sar gsm7")
    assert [(pdu.esm_class, pdu.short_message) for pdu in sar] == [(0, b"x" * 153), (0, b"x" * 47)]
    assert [pdus.tlv(pdu.tlvs, pdus.SAR_SEGMENT_SEQNUM) for pdu in sar] == [b"\x01", b"\x02"]
    (whole,) = parts_of("y" * 300, "payload gsm7")
    assert (whole.short_message, pdus.tlv(whole.tlvs, pdus.MESSAGE_PAYLOAD)) == (b"", b"y" * 300)
    (fits,) = parts_of(words, "payload gsm7")
    assert (fits.short_message, fits.tlvs) == (b"x" * 200, ())


@given(
    words=st.text(st.characters(codec="utf-16"), max_size=700) | st.text("ab€[]é@\n", max_size=700),
    concatenation=st.sampled_from(("udh", "sar", "payload")),
    alphabet=st.sampled_from(("gsm7", "gsm7_packed", "latin1", "ascii")),
)
def test_whatever_was_texted_can_be_read_again(words: str, concatenation: str, alphabet: str) -> None:
    joined: list[str] = []
    made = parts_of(words, f"{concatenation} {alphabet}")
    for at, pdu in enumerate(made, 1):
        udh, octets = user_data.split(pdu)
        if len(made) > 1:
            header = concat(udh)
            assert header is not None
            assert (header.part, header.parts) == (at, len(made))
        if pdu.data_coding == 0x08:
            joined.append(octets.decode("utf-16-be"))
        elif alphabet == "gsm7_packed":
            count = len(esme_pdus._split(arrived(words), f"{concatenation} {alphabet}").segments[at - 1].payload)
            own = udh if concatenation == "udh" else b""
            joined.append(data_coding.decode(unpack(octets, fill_bits(own), count), 0))
        elif alphabet == "gsm7":
            joined.append(data_coding.decode(octets, 0))
        else:
            joined.append(octets.decode({"latin1": "latin-1", "ascii": "ascii"}[alphabet]))
    assert "".join(joined) == words


def row(part: int, octets: bytes, udh: bytes = b"") -> InboundRow:
    return InboundRow(
        id=part, account_id=1, message_id=NUMBER, carrier="c", bind="b", session="s", sender="+15551230100", to="12345",
        digest="", octets=octets, udh=udh, data_coding=0xF5, text="", encoding="binary", reference=0, part=part,
        parts=2, received_at=0,
    )  # fmt: skip


def test_what_came_as_binary_goes_as_it_came() -> None:
    rows = [row(2, b"\xff", b"\x05\x00\x03\x01\x02\x02"), row(1, b"\x00\x80", b"\x05\x00\x03\x01\x02\x01")]
    first, second = parts_of("ff", "udh gsm7", rows)
    assert (first.short_message, first.data_coding) == (b"\x05\x00\x03\x01\x02\x01\x00\x80", 0xF5)
    assert (second.short_message, second.esm_class) == (b"\x05\x00\x03\x01\x02\x02\xff", pdus.ESM_UDHI)


def test_what_was_blanked_cannot_be_made() -> None:
    with pytest.raises(LookupError):
        esme_pdus.text(owed(TEXT, form="udh gsm7"), arrived(None), ())
    with pytest.raises(LookupError):
        esme_pdus.text(owed(TEXT, form=OCTETS), arrived(None), ())
    with pytest.raises(LookupError):
        esme_pdus.text(owed(TEXT, form=OCTETS), arrived(None), [msgspec.structs.replace(row(1, b""), octets=b"")])
