"""Receipts that customers get: by form, and what our own reader finds in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.smpp import pdus, receipt, user_data
from tidings.smpp.codec import decode, encode
from tidings.smpp.pdus import DataSm, DeliverSm
from tidings.smpp.receipt_form import FORMATS, PDUS, Form, Outcome, compose, octets, tlvs

AT = 1_790_000_000_000  # 2026-09-21 14:13:20 UTC
FAILED = Outcome("5A17", "UNDELIV", 3, AT, AT + 61_000, "Hello, this is a longer text")
ARRIVED = Outcome("5A17", "DELIVRD", 0, AT, AT + 61_000, "Hi", user_message_reference=0x1234)
SHOWN = "id:5A17 sub:001 dlvrd:00{n} submit date:{sent} done date:{done} stat:{stat} err:{err} text:{text}"
STATE, RECEIPTED = (pdus.MESSAGE_STATE, b"\x05"), (pdus.RECEIPTED_MESSAGE_ID, b"5A17\0")
REFERENCE = (pdus.USER_MESSAGE_REFERENCE, b"\x12\x34")

CASES = [
    (
        "by the book, the text cut at twenty characters",
        FAILED,
        Form(),
        {"n": 0, "sent": "2609211413", "done": "2609211414", "stat": "UNDELIV", "err": "003"},
        "Hello, this is a lon",
        (RECEIPTED, STATE, (pdus.NETWORK_ERROR_CODE, b"\x03\x00\x03")),
    ),
    (
        "dates with seconds, no TLVs, no words of the message",
        FAILED,
        Form(format="text", seconds=True, text=False),
        {"n": 0, "sent": "260921141320", "done": "260921141421", "stat": "UNDELIV", "err": "003"},
        "",
        (),
    ),
    (
        "delivered: no error to tell, and the customer's own reference",
        ARRIVED,
        Form(),
        {"n": 1, "sent": "2609211413", "done": "2609211414", "stat": "DELIVRD", "err": "000"},
        "Hi",
        (RECEIPTED, (pdus.MESSAGE_STATE, b"\x02"), REFERENCE),
    ),
    ("TLVs alone", ARRIVED, Form(format="tlvs"), None, "", (RECEIPTED, (pdus.MESSAGE_STATE, b"\x02"), REFERENCE)),
    (
        "the reference goes back also where the text tells the rest",
        ARRIVED,
        Form(format="text"),
        {"n": 1, "sent": "2609211413", "done": "2609211414", "stat": "DELIVRD", "err": "000"},
        "Hi",
        (REFERENCE,),
    ),
]


@pytest.mark.parametrize(
    ("outcome", "form", "fields", "text", "optional"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_a_form_gives_these_octets(
    outcome: Outcome, form: Form, fields: dict[str, object] | None, text: str, optional: pdus.Tlvs
) -> None:
    expected = SHOWN.format(**fields, text=text) if fields else ""
    assert octets(outcome, form) == expected.encode()
    assert tlvs(outcome, form) == optional


def test_letters_outside_ascii_and_line_ends_do_not_reach_a_receipt() -> None:
    said = octets(Outcome("1", "DELIVRD", 0, AT, AT, "Grüße\r\nid:9\0 stat:x"), Form())
    assert said.endswith(b"text:Gr??e id:9? stat:x")


def test_data_sm_carries_the_text_as_payload_and_deliver_sm_as_short_message() -> None:
    source, destination = (1, 1, "15551230100"), (5, 0, "TIDINGS")
    for pdu in PDUS:
        made = compose(FAILED, Form(pdu=pdu), source, destination, "CMT")
        assert isinstance(made, DataSm if pdu == "data_sm" else DeliverSm)
        assert user_data.split(made) == (b"", octets(FAILED, Form()))
        assert (made.esm_class, made.source_addr, made.destination_addr) == (0x04, "15551230100", "TIDINGS")
        assert (made.source_addr_ton, made.dest_addr_ton, made.service_type) == (1, 5, "CMT")
        assert decode(encode(made)) == made
    notice = Outcome("1", "ENROUTE", 0, AT, AT, intermediate=True)
    assert compose(notice, Form(), source, destination).esm_class == 0x20


OUTCOMES = st.builds(
    Outcome,
    message_id=st.text("0123456789abcdefABCDEF_msg", min_size=1, max_size=64),
    state=st.sampled_from(sorted(receipt.STATES.values())),
    error=st.integers(0, 999),
    submitted_ms=st.integers(0, 4_000_000_000_000),
    done_ms=st.integers(0, 4_000_000_000_000),
    text=st.text(max_size=40),
    intermediate=st.booleans(),
    user_message_reference=st.none() | st.integers(0, 0xFFFF),
)
FORMS = st.builds(
    Form, format=st.sampled_from(FORMATS), pdu=st.sampled_from(PDUS), seconds=st.booleans(), text=st.booleans()
)


@given(outcome=OUTCOMES, form=FORMS)
def test_our_own_reader_finds_in_a_receipt_what_was_written(outcome: Outcome, form: Form) -> None:
    made = compose(outcome, form, (1, 1, "1"), (1, 1, "2"))
    came = decode(encode(made))
    assert isinstance(came, DataSm | DeliverSm)
    report = receipt.parse(user_data.split(came)[1], came.tlvs)
    assert (report.message_id, report.state) == (outcome.message_id, outcome.state)
    assert report.status == receipt.status_of(outcome.state)
    assert int(report.error_code or "0") == outcome.error
