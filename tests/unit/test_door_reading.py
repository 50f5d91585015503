"""From a submitted PDU to a request: what becomes text, what is carried as it came, what is refused and how."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidings.core.esme import Esme
from tidings.core.message import Prepared
from tidings.core.request import Submitted
from tidings.door import reading
from tidings.door.statuses import Refusal
from tidings.smpp import pdus, times
from tidings.smpp.codec import decode, encode
from tidings.smpp.pdus import DataSm, SubmitSm
from tidings.text import gsm7

NOW = 1_790_000_000_000
ESME = Esme(id=70, account_id=1, name="shop", system_id="shop", password=b"", created_at=0)
PART_1 = bytes((5, 0, 3, 9, 2, 1))
SAR = ((pdus.SAR_MSG_REF_NUM, b"\x01\x02"), (pdus.SAR_TOTAL_SEGMENTS, b"\x02"), (pdus.SAR_SEGMENT_SEQNUM, b"\x01"))
SAR_UDH = bytes((6, 8, 4, 1, 2, 2, 1))
PORTS = bytes((5, 4)) + b"\x15\x81\x00\x00"


def pdu(**fields: Any) -> SubmitSm:
    values: dict[str, Any] = {"destination_addr": "15551230100", "dest_addr_ton": 1, "short_message": b"Hello"}
    return SubmitSm(**{**values, **fields})


def read(one: SubmitSm | DataSm, **esme: Any) -> Submitted | Refusal:
    return reading.read(one, msgspec.structs.replace(ESME, **esme), NOW)


def payload(octets: bytes) -> tuple[tuple[int, bytes], ...]:
    return ((pdus.MESSAGE_PAYLOAD, octets),)


TEXTS: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("GSM 7-bit by default", {"short_message": b"\x00 10 \x02"}, {}, "@ 10 $"),
    ("with its extension table", {"short_message": b"5 \x1b\x65"}, {}, "5 €"),
    ("packed, where the ESME packs", {"short_message": b"\xc8\x32\x9b\xfd\x06"}, {"alphabet": "gsm7_packed"}, "Hello"),
    ("Latin-1, where the ESME means that", {"short_message": b"Gr\xfc\xdfe"}, {"alphabet": "latin1"}, "Grüße"),
    ("ASCII, where the ESME means that", {"short_message": b"$1"}, {"alphabet": "ascii"}, "$1"),
    ("GSM 7-bit that is marked as ASCII", {"short_message": b"\x00 \x1b\x65", "data_coding": 1}, {}, "@ €"),
    ("ASCII by data_coding", {"short_message": b"$@", "data_coding": 1}, {}, "$@"),
    ("Latin-1 by data_coding", {"short_message": b"\xa31", "data_coding": 3}, {}, "£1"),
    ("UCS-2", {"short_message": "Привет".encode("utf-16-be"), "data_coding": 8}, {}, "Привет"),
    ("UCS-2 beyond its plane", {"short_message": "🙂".encode("utf-16-be"), "data_coding": 8}, {}, "🙂"),
    ("Cyrillic in one octet", {"short_message": "Да".encode("iso8859_5"), "data_coding": 6}, {}, "Да"),
    ("Hebrew in one octet", {"short_message": "שלום".encode("iso8859_8"), "data_coding": 7}, {}, "שלום"),
    ("long, in message_payload", {"short_message": b"", "tlvs": payload(b"x" * 500)}, {}, "x" * 500),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "esme", "text"), [one[1:] for one in TEXTS], ids=[one[0] for one in TEXTS])
def test_a_text_becomes_text(fields: dict[str, Any], esme: dict[str, Any], text: str) -> None:
    found = read(pdu(**fields), **esme)
    assert isinstance(found, Submitted), found
    assert (found.text, found.prepared) == (text, None)


UCS2 = "Ω".encode("utf-16-be")
AS_IT_CAME: list[tuple[str, dict[str, Any], dict[str, Any], Prepared, str | None]] = [
    ("a part by its header", {"short_message": PART_1 + b"Hi", "esm_class": 0x40}, {},
     Prepared("gsm7", b"Hi", PART_1), "Hi"),
    ("a part by its TLVs", {"tlvs": SAR}, {}, Prepared("gsm7", b"Hello", SAR_UDH), "Hello"),
    ("a part in UCS-2", {"short_message": PART_1 + UCS2, "esm_class": 0x40, "data_coding": 8}, {},
     Prepared("ucs2", UCS2, PART_1), "Ω"),
    ("half a surrogate pair at the end of a part",
     {"short_message": PART_1 + b"\xd8\x3d", "esm_class": 0x40, "data_coding": 8}, {},
     Prepared("ucs2", b"\xd8\x3d", PART_1), "\ufffd"),
    ("a part in Latin-1 becomes septets", {"short_message": PART_1 + b"\xfc", "esm_class": 0x40},
     {"alphabet": "latin1"},
     Prepared("gsm7", b"\x7e", PART_1), "ü"),
    ("a part in Latin-1 that GSM-7 lacks", {"short_message": PART_1 + b"\xbd", "esm_class": 0x40},
     {"alphabet": "latin1"},
     Prepared("ucs2", b"\x00\xbd", PART_1), "½"),
    ("a national table", {"short_message": b"\x03\x24\x01\x01" + b"\x1b\x47", "esm_class": 0x40}, {},
     Prepared("gsm7+single-tr", b"\x1b\x47", b"\x03\x24\x01\x01"), "Ğ"),
    ("a flash text", {"data_coding": 0x10}, {}, Prepared("gsm7", b"Hello", b"", 0x10), "Hello"),
    ("a flash text in UCS-2", {"short_message": UCS2, "data_coding": 0x18}, {}, Prepared("ucs2", UCS2, b"", 0x18), "Ω"),
    ("a message class of old", {"data_coding": 0xF1}, {}, Prepared("gsm7", b"Hello", b"", 0xF1), "Hello"),
    ("binary", {"short_message": b"\x00\xff", "data_coding": 4}, {}, Prepared("binary", b"\x00\xff", b"", 4), None),
    ("binary for a SIM", {"short_message": b"\x00\xff", "data_coding": 0xF6, "protocol_id": 0x7F}, {},
     Prepared("binary", b"\x00\xff", b"", 0xF6, 0x7F), None),
    ("an alphabet that nobody knows", {"data_coding": 0x0E}, {}, Prepared("binary", b"Hello", b"", 0x0E), None),
    ("ports by TLV", {"short_message": b"\x01", "data_coding": 4,
                      "tlvs": ((0x020B, b"\x15\x81"), (0x020A, b"\x00\x00"))}, {},
     Prepared("binary", b"\x01", b"\x06\x05\x04\x15\x81\x00\x00", 4), None),
    ("ports by TLV beside a header", {"short_message": PART_1 + b"\x01", "esm_class": 0x40, "data_coding": 4,
                                      "tlvs": ((0x020B, b"\x15\x81"),)}, {},
     Prepared("binary", b"\x01", b"\x0b\x05" + PORTS[1:] + PART_1[1:], 4), None),
    ("a text that replaces another on the handset", {"protocol_id": 0x41}, {},
     Prepared("gsm7", b"Hello", b"", None, 0x41), "Hello"),
    ("a text with a reply path", {"esm_class": 0x80}, {}, Prepared("gsm7", b"Hello", b"", None, None, True), "Hello"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "esme", "prepared", "text"), [one[1:] for one in AS_IT_CAME], ids=[one[0] for one in AS_IT_CAME]
)
def test_what_says_more_than_words_is_carried_as_it_came(
    fields: dict[str, Any], esme: dict[str, Any], prepared: Prepared, text: str | None
) -> None:
    found = read(pdu(**fields), **esme)
    assert isinstance(found, Submitted), found
    assert (found.prepared, found.text) == (prepared, text)


REFUSED: list[tuple[str, dict[str, Any], int, str]] = [
    ("an octet that is no septet", {"short_message": b"caf\xe9"}, 0x104, "octet 0xE9 at 3"),
    ("an octet that is no ASCII", {"short_message": b"\xe9", "data_coding": 1}, 0x104, "ascii"),
    ("half a UCS-2 unit", {"short_message": b"\x00", "data_coding": 8}, 0x01, "even"),
    ("a header longer than the text", {"short_message": b"\x09\x00", "esm_class": 0x40}, 0x01, "header"),
    ("a header of nothing", {"short_message": b"", "esm_class": 0x40}, 0x01, "header"),
    ("a text at both places", {"tlvs": payload(b"x")}, 0xC1, "both"),
    ("a flash text of two segments", {"short_message": b"x" * 161, "data_coding": 0x10}, 0x01, "one segment"),
    ("a part that is too long", {"short_message": PART_1 + b"x" * 154, "esm_class": 0x40}, 0x01, "one segment"),
    ("binary that is too long", {"short_message": b"x" * 141, "data_coding": 4}, 0x01, "one segment"),
    ("binary of nothing", {"short_message": b"", "data_coding": 4}, 0x01, "empty"),
    ("transaction mode", {"esm_class": 0x02}, 0x43, "transaction"),
    ("a port of three octets", {"tlvs": ((0x020B, b"\x00\x00\x01"),)}, 0xC4, "two octets"),
    ("part 3 of 2", {"tlvs": (*SAR[:2], (pdus.SAR_SEGMENT_SEQNUM, b"\x03"))}, 0xC4, "sar_segment_seqnum 3 is none"),
    ("part 0 of 2", {"tlvs": (*SAR[:2], (pdus.SAR_SEGMENT_SEQNUM, b"\0"))}, 0xC4, "sar_segment_seqnum 0 is none"),
    ("a reference of one octet", {"tlvs": ((pdus.USER_MESSAGE_REFERENCE, b"\x01"),)}, 0xC4, "two octets"),
    ("a priority that is none", {"priority_flag": 5}, 0x06, "priority_flag"),
    ("a time of no calendar", {"schedule_delivery_time": "261332000000000+"}, 0x61, "calendar"),
    ("a validity of no calendar", {"validity_period": "260230000000000+"}, 0x62, "calendar"),
]


@pytest.mark.parametrize(("fields", "status", "words"), [one[1:] for one in REFUSED], ids=[one[0] for one in REFUSED])
def test_what_cannot_be_carried_exactly_is_refused_with_its_reason(
    fields: dict[str, Any], status: int, words: str
) -> None:
    found = read(pdu(**fields))
    assert isinstance(found, Refusal), found
    assert found.status == status
    assert words in found.reason


FULL: list[tuple[str, bytes, int]] = [
    ("160 septets", b"x" * 160, 0x10),
    ("153 septets behind a header", PART_1 + b"x" * 153, 0),
    ("140 octets", b"x" * 140, 4),
    ("134 octets behind a header", PART_1 + b"x" * 134, 4),
]


@pytest.mark.parametrize(("octets", "coding"), [one[1:] for one in FULL], ids=[one[0] for one in FULL])
def test_a_segment_may_be_full(octets: bytes, coding: int) -> None:
    found = read(pdu(short_message=octets, data_coding=coding, esm_class=0x40 if octets[0] == 5 else 0))
    assert isinstance(found, Submitted)


ADDRESSES: list[tuple[str, int, str, str]] = [
    ("international", 1, "15551230100", "+15551230100"),
    ("international with its plus", 1, "+15551230100", "+15551230100"),
    ("international with noughts", 1, "0015551230100", "+15551230100"),
    ("of a type unknown", 0, "15551230100", "+15551230100"),
    ("national", 2, "01512345", "01512345"),
    ("a short code", 3, "12345", "12345"),
    ("a short code that is called international", 1, "12345", "12345"),
    ("a short code of a type unknown", 0, "12345", "12345"),
    ("a name", 5, "ACME", "ACME"),
    ("a name of digits", 5, "123456789", "123456789"),
    ("a name that is called international", 1, "ACME", "ACME"),
]


@pytest.mark.parametrize(("ton", "written", "ours"), [one[1:] for one in ADDRESSES], ids=[one[0] for one in ADDRESSES])
def test_an_address_is_written_as_ours(ton: int, written: str, ours: str) -> None:
    assert reading.address(ton, written) == ours


HOUR = 3_600_000


def test_times_are_read_back_as_they_are_written() -> None:
    for moment in (NOW, NOW + 123_400, NOW + 400 * 24 * HOUR):
        assert times.read(times.absolute(moment), 0) == moment // 100 * 100
    for seconds in (0, 1, 59, 3_600, 86_400, 40 * 86_400, 500 * 86_400):
        assert times.read(times.relative(seconds), NOW) == NOW + seconds * 1000


def test_a_local_time_is_so_many_quarters_of_an_hour_from_utc() -> None:
    utc = times.read("260921120000000+", 0)
    assert utc is not None
    assert times.read("260921140000008+", 0) == utc
    assert times.read("260921070000020-", 0) == utc
    assert times.read("260921120000300+", 0) == utc + 300
    with pytest.raises(ValueError, match="further"):
        times.read("260921120000049+", 0)
    for odd in ("26092112000000", "tomorrow", "260921120000000 ", "২60921120000000+"):
        with pytest.raises(ValueError, match="YYMMDDhhmmsstnnp"):
            times.read(odd, 0)


def when(found: Submitted | Refusal) -> tuple[int | None, int | None]:
    assert isinstance(found, Submitted), found
    return tuple(  # type: ignore[return-value]
        None if one is None else round(one.timestamp() * 1000) for one in (found.send_at, found.expires_at)
    )


def test_when_it_is_due_and_ends() -> None:
    assert when(read(pdu())) == (None, None)
    assert when(read(pdu(validity_period="000000010000000R"))) == (None, NOW + HOUR)
    scheduled = read(pdu(schedule_delivery_time="000001000000000R", validity_period="000002000000000R"))
    assert when(scheduled) == (NOW + 24 * HOUR, NOW + 48 * HOUR)
    assert when(read(pdu(schedule_delivery_time="000000000000000R"))) == (None, None)


def test_a_validity_beyond_the_longest_is_cut_to_it() -> None:
    assert when(read(pdu(validity_period="000100000000000R"))) == (None, NOW + 7 * 24 * HOUR)
    scheduled = read(pdu(schedule_delivery_time="000001000000000R", validity_period="000100000000000R"))
    assert when(scheduled) == (NOW + 24 * HOUR, NOW + 8 * 24 * HOUR)
    data = DataSm(destination_addr="15551230100", tlvs=(*payload(b"Hi"), (0x0017, b"\xff\xff\xff\xff")))
    assert when(read(data)) == (None, NOW + 7 * 24 * HOUR)


# the validity asked for, in hours; what is kept of it, as the message is cut
ASKED = [("up to the longest nothing is", "000007000000000R", None), ("beyond it", "000008000000000R", 8 * 24)]


@pytest.mark.parametrize(("validity", "hours"), [one[1:] for one in ASKED], ids=[one[0] for one in ASKED])
def test_what_a_validity_that_is_cut_was_is_kept(validity: str, hours: int | None) -> None:
    found = read(pdu(validity_period=validity))
    assert isinstance(found, Submitted)
    assert found.too_long == (None if hours is None else reading.moment(NOW + hours * HOUR))


def test_what_the_receipt_will_say_again_is_kept() -> None:
    found = read(pdu(
        service_type="WAP", source_addr_ton=5, source_addr_npi=9, source_addr="ACME", dest_addr_npi=1,
        registered_delivery=0x11, data_coding=3, tlvs=((pdus.USER_MESSAGE_REFERENCE, b"\x01\x02"),),
    ))  # fmt: skip
    assert isinstance(found, Submitted)
    s = found.submission
    assert (s.service_type, s.source_addr_ton, s.source_addr_npi, s.source_addr) == ("WAP", 5, 9, "ACME")
    assert (s.dest_addr_ton, s.dest_addr_npi, s.destination_addr) == (1, 1, "15551230100")
    assert (s.registered_delivery, s.data_coding, s.user_message_reference) == (0x11, 3, 0x102)
    assert (s.account_id, s.esme_id, found.sender, found.to) == (1, 70, "ACME", "+15551230100")
    assert read(pdu(source_addr="")).sender is None  # type: ignore[union-attr]


@settings(max_examples=300)
@given(
    st.binary(max_size=254), st.integers(0, 255), st.integers(0, 255), st.integers(0, 255),
    st.lists(st.tuples(st.sampled_from([0x20A, 0x20B, 0x20C, 0x20E, 0x20F, 0x424, 0x204]), st.binary(max_size=6))),
)  # fmt: skip
def test_nothing_that_decodes_breaks_it_and_nothing_is_carried_by_half(
    octets: bytes, coding: int, esm_class: int, protocol: int, tlvs: list[tuple[int, bytes]]
) -> None:
    one = decode(encode(pdu(
        short_message=octets, data_coding=coding, esm_class=esm_class, protocol_id=protocol, tlvs=tuple(tlvs)
    )))  # fmt: skip
    assert isinstance(one, SubmitSm)
    for alphabet in ("gsm7", "gsm7_packed", "latin1", "ascii"):
        found = read(one, alphabet=alphabet)
        if isinstance(found, Submitted) and found.prepared is not None:
            made = found.prepared
            assert len(made.udh) + (len(made.octets) if not made.encoding.startswith("gsm7") else 0) <= 140
            assert made.encoding in ("binary", "ucs2") or gsm7.named(made.encoding) is not None
            assert found.text is None or "\0" not in found.text
