"""Texts that an endpoint's answer asks to send back to a handset: JSON, plain text, or XML in the manner of TwiML."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Annotated

import msgspec
from msgspec import Meta

from tidings.core.request import PublicCategory, Text

MOST = 10
"""Replies that one answer may ask for."""
_NOT_TO_BE_READ = ("<!DOCTYPE", "<!ENTITY")
"""Entities could grow beyond all bounds, or reach into files."""


class Reply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text to be sent back."""

    text: Annotated[Text, Meta(min_length=1)]
    category: PublicCategory = "conversation"


class Unreadable(msgspec.Struct, frozen=True):
    """The answer asks for something that cannot be understood: a sentence that says what."""

    why: str


class _Answer(msgspec.Struct, frozen=True):
    """What JSON may hold; whatever else is in it is nobody's business here."""

    reply: Reply | None = None
    replies: tuple[Reply, ...] = ()


_json = msgspec.json.Decoder(_Answer).decode


def asked(form: str, kind: str, body: bytes) -> tuple[Reply, ...] | Unreadable:
    """The replies in an answer of a media type. `form`: one of `core.sender.REPLY_FORMS`, what may be in it.

    JSON is understood beside plain text and XML; those only where they are asked for, because many an endpoint says
    "OK" to everything.
    """
    kind = kind.partition(";")[0].strip().lower()
    if form == "none" or not body.strip():
        return ()
    if form == "text" and kind == "text/plain":
        found: tuple[Reply, ...] | Unreadable = _plain(body)
    elif form == "twiml" and kind in ("application/xml", "text/xml"):
        found = _xml(body)
    else:
        found = _of_json(body)
    if not isinstance(found, Unreadable) and len(found) > MOST:
        return Unreadable(f"it holds {len(found)} replies; {MOST} at the most are sent")
    return found


def may_ask(form: str, body: bytes) -> bool:
    """Whether an answer of which only the beginning was read may ask for replies."""
    return form != "none" and (form != "json" or _NAMES_REPLIES in body)


_NAMES_REPLIES = b'"repl'
"""What every JSON holds that asks for replies."""


def _plain(body: bytes) -> tuple[Reply, ...] | Unreadable:
    try:
        text = body.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        return Unreadable("it is not UTF-8")
    return (Reply(text),) if text else ()


def _of_json(body: bytes) -> tuple[Reply, ...] | Unreadable:
    if _NAMES_REPLIES not in body:
        return ()
    try:
        answer = _json(body)
    except msgspec.ValidationError as fault:
        return Unreadable(str(fault))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ()  # no JSON: it asks for nothing
    return answer.replies if answer.reply is None else (answer.reply, *answer.replies)


def _xml(body: bytes) -> tuple[Reply, ...] | Unreadable:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Unreadable("it is not UTF-8")
    if any(mark in text for mark in _NOT_TO_BE_READ):
        return Unreadable("XML with a document type is not read")
    try:
        root = ET.fromstring(text)  # noqa: S314 - without a document type there are no entities to grow
    except (ET.ParseError, ValueError):
        return Unreadable("it is no well-formed XML")
    if root.tag != "Response":
        return Unreadable("its root is not <Response>")
    if root.text and root.text.strip():
        return Unreadable("a text stands in <Response> itself; put it in <Message>")
    texts = []
    for child in root:
        if odd := _odd(child):
            return Unreadable(odd)
        said = "".join([child.text or "", *(f"{one.text or ''}{one.tail or ''}" for one in child)]).strip()
        texts += [said] if said else []
    return tuple([Reply(one) for one in texts])


def _odd(message: ET.Element) -> str | None:
    """Why an element of <Response> is no text to be sent back. What another number or a picture was meant for must not
    become a text to this one."""
    if message.tag != "Message":
        return f"<{message.tag[:32]}> is not understood; only <Message> is"
    if message.attrib:
        return f"<Message> has the attribute {next(iter(message.attrib))[:32]}, which is not understood"
    inner = [one.tag for one in message]
    if inner not in ([], ["Body"]) or any(len(one) or one.attrib for one in message):
        return "<Message> may hold a text, or one <Body> with a text, and nothing else"
    return None
