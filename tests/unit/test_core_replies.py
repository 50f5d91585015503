"""What the answers of endpoints ask to send back, in every form; and that nothing makes the reading fail."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.core.replies import MOST, Reply, Unreadable, asked
from tidings.core.sender import REPLY_FORMS

JSON, TEXT, XML = "application/json", "text/plain; charset=utf-8", "application/xml"

ANSWERS: list[tuple[str, str, str, str, list[str]]] = [
    # what comes, the form that is asked for, its media type, the body, the texts
    ("nothing", "json", JSON, "", []),
    ("an answer that asks for nothing", "json", JSON, '{"ok": true}', []),
    ("no JSON", "json", JSON, "OK", []),
    ("broken JSON", "json", JSON, '{"reply": ', []),
    ("one reply", "json", JSON, '{"reply": {"text": "Nine."}}', ["Nine."]),
    ("JSON of another name", "json", "text/html", '{"reply": {"text": "Nine."}}', ["Nine."]),
    ("several", "json", JSON, '{"replies": [{"text": "a"}, {"text": "b"}], "more": 1}', ["a", "b"]),
    ("both", "json", JSON, '{"reply": {"text": "a"}, "replies": [{"text": "b"}]}', ["a", "b"]),
    ("plain text that nobody asked for", "json", TEXT, "OK", []),
    ("plain text", "text", TEXT, " Nine.\n", ["Nine."]),
    ("blanks", "text", TEXT, " \n", []),
    ("plain text behind a byte order mark", "text", TEXT, "\ufeffNine.", ["Nine."]),
    ("blanks of other scripts", "text", TEXT, "\u3000\u00a0", []),
    ("JSON beside plain text", "text", JSON, '{"reply": {"text": "a"}}', ["a"]),
    ("a page where plain text is asked for", "text", "text/html", "<p>OK", []),
    ("XML that nobody asked for", "text", XML, "<Response><Message>a</Message></Response>", []),
    ("XML", "twiml", XML, "<Response><Message>a &amp; b</Message></Response>", ["a & b"]),
    ("XML with bodies", "twiml", "text/xml", "<Response><Message><Body>a</Body></Message></Response>", ["a"]),
    ("XML with a head", "twiml", XML, '\ufeff<?xml version="1.0"?><Response/>', []),
    ("XML of several", "twiml", XML, "<Response><Message>a</Message><Message/><Message>c</Message></Response>",
     ["a", "c"]),
    ("JSON beside XML", "twiml", JSON, '{"reply": {"text": "a"}}', ["a"]),
    ("none is wanted", "none", JSON, '{"reply": {"text": "a"}}', []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("form", "kind", "body", "texts"), [case[1:] for case in ANSWERS], ids=[case[0] for case in ANSWERS]
)
def test_what_an_answer_asks_for(form: str, kind: str, body: str, texts: list[str]) -> None:
    found = asked(form, kind, body.encode())
    assert not isinstance(found, Unreadable)
    assert [one.text for one in found] == texts
    assert {one.category for one in found} <= {"conversation"}


def test_a_reply_may_name_its_category() -> None:
    body = b'{"reply": {"text": "a", "category": "transactional"}}'
    assert asked("json", JSON, body) == (Reply("a", "transactional"),)


MANY = "<Response>" + "<Message>a</Message>" * (MOST + 1) + "</Response>"
REFUSED = [
    ("an unknown field", "json", JSON, b'{"reply": {"text": "a", "to": "+1"}}', "unknown field `to`"),
    ("no text", "json", JSON, b'{"reply": {"text": 7}}', "Expected `str`"),
    ("the category of our own answers", "json", JSON, b'{"reply": {"text": "a", "category": "system"}}', "system"),
    ("too many", "twiml", XML, MANY.encode(), "it holds 11 replies; 10 at the most are sent"),
    ("another root", "twiml", XML, b"<html/>", "its root is not <Response>"),
    ("another verb", "twiml", XML, b"<Response><Dial/></Response>", "<Dial> is not understood"),
    ("another number", "twiml", XML, b'<Response><Message to="+15551230199">a</Message></Response>', "attribute to"),
    (
        "a picture",
        "twiml",
        XML,
        b"<Response><Message><Body>a</Body><Media>u</Media></Message></Response>",
        "one <Body>",
    ),
    ("words among tags", "twiml", XML, b"<Response><Message>a <b>b</b> c</Message></Response>", "one <Body>"),
    ("two bodies", "twiml", XML, b"<Response><Message><Body>a</Body><Body>b</Body></Message></Response>", "one <Body>"),
    ("a text outside", "twiml", XML, b"<Response>a</Response>", "put it in <Message>"),
    ("no XML", "twiml", XML, b"<Response>", "no well-formed XML"),
    ("entities that grow", "twiml", XML, b'<!DOCTYPE x [<!ENTITY a "b">]><Response/>', "document type"),
    ("octets that are no text", "twiml", XML, b"\xff\xfe", "not UTF-8"),
    ("octets that are no plain text", "text", TEXT, b"\xff", "not UTF-8"),
]


@pytest.mark.parametrize(
    ("form", "kind", "body", "why"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_cannot_be_understood_is_told(form: str, kind: str, body: bytes, why: str) -> None:
    found = asked(form, kind, body)
    assert isinstance(found, Unreadable)
    assert why in found.why


@given(st.sampled_from(REPLY_FORMS), st.sampled_from([JSON, TEXT, XML, "text/xml", ""]), st.binary(max_size=200))
def test_reading_never_fails(form: str, kind: str, body: bytes) -> None:
    found = asked(form, kind, body)
    assert isinstance(found, Unreadable) or all(one.text for one in found)


@given(st.sampled_from(REPLY_FORMS), st.text(max_size=200))
def test_reading_never_fails_inside_xml(form: str, inner: str) -> None:
    found = asked(form, XML, f"<Response>{inner}</Response>".encode("utf-8", "surrogatepass"))
    assert isinstance(found, Unreadable) or all(one.text for one in found)
