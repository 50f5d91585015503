"""What a phone shows of the parts it was sent, and the parts of a text it sends; pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tidings.core.message import Millis
from tidings.simulator.fates import fate_of
from tidings.simulator.records import Submission
from tidings.text import data_coding, segments
from tidings.text.udh import shifts

SHOWN_SUBMISSIONS = 2_000
"""A phone looks back over so many of the parts it was sent."""
UCS2 = 0x08


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A text on the phone's screen, once all its parts are there."""

    sender: str
    text: str
    parts: int
    received_at: Millis
    """When the last part came."""
    message_ids: tuple[str, ...]
    """The network's id of each part, in order."""
    encoding: str


class Screen(msgspec.Struct, frozen=True):
    """All a phone shows: whole texts in the order they were completed, and how many lack parts."""

    messages: tuple[Received, ...]
    incomplete: int


def screen(submissions: Iterable[Submission]) -> Screen:
    """What the phone makes of its submissions, oldest first. Those that never reached it are passed over."""
    whole: list[Received] = []
    open_: dict[object, dict[int, Submission]] = {}
    for submission in submissions:
        if submission.status == 0 and fate_of(submission.to.digits).reaches_handset:
            message = _arrive(open_, submission)
            if message is not None:
                whole.append(message)
    return Screen(tuple(whole), len(open_))


def completed(submissions: Iterable[Submission]) -> Received | None:
    """The text that the last of these submissions, oldest first, made whole."""
    last: Submission | None = None
    messages: list[Received] = []
    submissions = list(submissions)
    if submissions:
        last = submissions[-1]
        messages = [m for m in screen(submissions).messages if last.message_id in m.message_ids]
    return messages[-1] if messages else None


def outgoing(text: str, reference: int) -> list[tuple[int, bytes, bytes]]:
    """data_coding, header and payload of each part of a text the phone sends; raises what `segments.split` raises."""
    cut = segments.split(text, segments.AUTO, reference)
    coding = UCS2 if cut.encoding == segments.UCS2 else 0
    return [(coding, part.udh, part.payload) for part in cut.segments]


def _arrive(open_: dict[object, dict[int, Submission]], submission: Submission) -> Received | None:
    concat = submission.concat
    if concat is None or concat.parts == 1:
        return _show([submission])
    key = (submission.source, concat.reference, concat.wide, concat.parts)
    parts = open_.setdefault(key, {})
    known = parts.get(concat.part)
    if known is not None and known.payload != submission.payload:
        parts.clear()  # the reference is in use again, for another text
    parts.setdefault(concat.part, submission)
    if len(parts) < concat.parts:
        return None
    del open_[key]
    return _show([parts[number] for number in sorted(parts)])


def _show(parts: list[Submission]) -> Received:
    first = parts[0]
    # A surrogate pair or an escape pair cut by a careless sender comes whole again where all parts have one alphabet.
    alike = len({(part.data_coding, shifts(part.udh)) for part in parts}) == 1
    joined = data_coding.decode(b"".join(part.payload for part in parts), first.data_coding, first.udh)
    return Received(
        sender=first.source.shown,
        text=joined if alike else "".join(part.text for part in parts),
        parts=len(parts),
        received_at=max(part.at for part in parts),
        message_ids=tuple(part.message_id for part in parts),
        encoding=_encoding(first),
    )


def _encoding(part: Submission) -> str:
    """With the national tables in use, where there are any."""
    name = data_coding.encoding(part.data_coding)
    return data_coding.alphabet(part.udh).name if name == "gsm7" else name
