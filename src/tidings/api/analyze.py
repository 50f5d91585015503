"""What a text costs: its segments, what makes it dear, and what would make it cheaper. Nothing is sent or stored."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tidings.api import views
from tidings.api.call import Call, Reply
from tidings.api.preview import PageView, page_view
from tidings.api.problems import problem
from tidings.core.request import Invalid
from tidings.pipeline.analyze import MOST_CHARACTERS, Analysis, Driver, Drivers, Smarter, analyze, room
from tidings.pipeline.preview import Cut
from tidings.text.segments import is_gsm7
from tidings.text.smart import Replaced


class TextQuestion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text, or HTML, to be looked at."""

    text: Annotated[str, Meta(min_length=1, max_length=MOST_CHARACTERS)] | None = None
    html: Annotated[str, Meta(min_length=1, description="looked at as the text it would become")] | None = None
    encoding: Literal["auto", "gsm7", "ucs2"] = "auto"
    to: Annotated[str, Meta(max_length=32, description="where it would go: national alphabets depend on it")] | None = (
        None
    )
    transliterate: Annotated[bool, Meta(description="let smart encoding write other scripts in Latin letters too")] = (
        False
    )


class DriverView(msgspec.Struct, frozen=True):
    """A character that makes a text dear."""

    character: str
    codepoint: str
    count: int
    at: Annotated[int, Meta(description="position of the first, in Unicode characters from 0")]
    instead: Annotated[
        str | None, Meta(description="a look-alike in GSM-7; empty: it may simply go; null: there is none")
    ]


class DriversView(msgspec.Struct, frozen=True):
    """Characters that make a text dear for one reason."""

    characters: Annotated[tuple[DriverView, ...], Meta(description="the 100 most frequent, most frequent first")]
    distinct: int
    count: Annotated[int, Meta(description="all of them, repetitions included")]
    extra_segments: Annotated[
        int | None, Meta(description="segments that they add together; null where the text cannot be sent")
    ]


class SmarterView(msgspec.Struct, frozen=True):
    """A text as smart encoding would send it."""

    text: str
    encoding: str
    segments: int
    saves: Annotated[int | None, Meta(description="segments fewer; null where the text as it is cannot be sent")]
    replaced: Annotated[tuple[Replaced, ...], Meta(description="the first 100 replacements")]
    replaced_count: int
    transliterated: Annotated[bool, Meta(description="whether other scripts were written in Latin letters")]


class AnalysisView(msgspec.Struct, frozen=True, kw_only=True):
    """What a text costs, and why."""

    text: Annotated[str, Meta(description="as it would be sent without smart encoding")]
    characters: Annotated[int, Meta(description="Unicode characters")]
    sendable: bool
    why_not: Annotated[str | None, Meta(description="why it cannot be sent; null where it can")]
    encoding: str | None
    unit: Annotated[Literal["septet", "utf16"] | None, Meta(description="what `units` and `room` count")]
    segments: int | None
    units: int
    room_left: Annotated[int, Meta(description="units that the last segment has room for")]
    parts: tuple[Cut, ...]
    forces_ucs2: Annotated[DriversView, Meta(description="what GSM-7 lacks")]
    takes_two: Annotated[DriversView, Meta(description="what takes two septets in GSM-7")]
    smart_encoding: Annotated[SmarterView | None, Meta(description="null where it would change nothing")]
    html: Annotated[PageView | None, Meta(description="what became of `html`; null where `text` was given")]


async def post(call: Call) -> Reply:
    """The text looked at."""
    asked: TextQuestion = call.body
    told = analyze(
        call.house, asked.text, asked.html, encoding=asked.encoding, to=asked.to, transliterate=asked.transliterate
    )
    if isinstance(told, Invalid):
        return problem("validation_failed", errors=told.errors)
    return Reply(200, views.encode(_view(told)))


def _view(told: Analysis) -> AnalysisView:
    units, left = room(told.cuts)
    encoding = told.encoding
    return AnalysisView(
        text=told.text, characters=len(told.text), sendable=encoding is not None, why_not=told.why_not,
        encoding=encoding, unit=None if encoding is None else "septet" if is_gsm7(encoding) else "utf16",
        segments=None if encoding is None else len(told.cuts), units=units, room_left=left, parts=told.cuts,
        forces_ucs2=_drivers(told.forcing), takes_two=_drivers(told.doubled), html=page_view(told.page),
        smart_encoding=None if told.smarter is None else _smarter(told.smarter, len(told.cuts)),
    )  # fmt: skip


def _drivers(found: Drivers) -> DriversView:
    return DriversView(tuple(map(_driver, found.characters)), found.distinct, found.count, found.extra_segments)


def _driver(one: Driver) -> DriverView:
    return DriverView(one.character, one.codepoint, one.count, one.at, one.instead)


def _smarter(found: Smarter, segments: int) -> SmarterView:
    return SmarterView(
        text=found.text, encoding=found.encoding, segments=found.segments,
        saves=segments - found.segments if segments else None,
        replaced=found.replaced, replaced_count=found.replaced_count, transliterated=found.transliterated,
    )  # fmt: skip
