"""Preview: what sending a message would lead to, without sending it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tidings.api import views
from tidings.api.call import Call, Reply
from tidings.api.messages import fit, limited
from tidings.api.moments import Time, show, show_or_none
from tidings.api.problems import problem, refusal
from tidings.core.request import Invalid, Refused, Verdict
from tidings.pipeline.preview import SHOWN_MOST, Cut, Forcing, Preview, preview
from tidings.pipeline.route import Choice
from tidings.text.html import LeftOut, Picture, Readable
from tidings.text.segments import is_gsm7
from tidings.text.smart import Replaced, Smart


class SmartView(msgspec.Struct, frozen=True):
    """What smart encoding replaces in a text."""

    count: Annotated[int, Meta(description="replacements in all")]
    transliterated: Annotated[bool, Meta(description="letters of other scripts are written in Latin ones")]
    replaced: Annotated[
        tuple[Replaced, ...], Meta(description="the first 100, with their positions in the text as posted, from 0")
    ]


class PageView(msgspec.Struct, frozen=True):
    """What a text could not take over of HTML."""

    left_out: Annotated[tuple[LeftOut, ...], Meta(description="kinds of things that are gone, and how many of each")]
    images: Annotated[tuple[Picture, ...], Meta(description="the first 50 images, none of which is sent")]


class PreviewView(msgspec.Struct, frozen=True, kw_only=True, rename={"sender": "from"}):
    """What would happen to a message."""

    status: Annotated[
        Literal["accepted", "scheduled", "rejected"], Meta(description="the status it would be answered with")
    ]
    to: str
    sender: str
    category: str
    text: Annotated[str, Meta(description="as it would be sent")]
    encoding: str
    unit: Annotated[Literal["septet", "utf16"], Meta(description="what `units` and `room` of a part count")]
    segments: int
    parts: tuple[Cut, ...]
    html: Annotated[PageView | None, Meta(description="what became of `html`; null where the message brought `text`")]
    forces_ucs2: Annotated[
        tuple[Forcing, ...], Meta(description="the first 100 characters that GSM-7 lacks; empty when GSM-7 will do")
    ]
    forces_ucs2_count: Annotated[int, Meta(description="how many there are in all")]
    smart_encoding: Annotated[SmartView | None, Meta(description="null where the text goes as it was posted")]
    route: Choice
    verdicts: tuple[Verdict, ...]
    goes_at: Annotated[Time | None, Meta(description="when it would be due; null when it would not go")]
    expires_at: Time
    eta: Annotated[
        Time | None, Meta(description="when a carrier would have it at the latest; null where that cannot be known")
    ]


async def post(call: Call) -> Reply:
    """What sending this would lead to; refuses what sending would refuse as invalid."""
    return limited(call, _reply(await preview(call.house, call.account_id, fit(call.body), call.key)))


def page_view(page: Readable | None) -> PageView | None:
    """What is told of HTML, where there was any."""
    return None if page is None else PageView(page.left_out, page.images)


def _reply(told: Preview | Invalid | Refused) -> Reply:
    if isinstance(told, Invalid):
        return problem("validation_failed", errors=told.errors)
    if isinstance(told, Refused):
        return refusal(told)
    return Reply(200, views.encode(_view(told)))


def _view(told: Preview) -> PreviewView:
    message = told.message
    status: Literal["accepted", "scheduled", "rejected"] = (
        "rejected" if message.status == "rejected" else "scheduled" if message.send_at else "accepted"
    )
    return PreviewView(
        status=status, to=message.to, sender=message.sender, category=message.category, text=message.text or "",
        encoding=message.encoding, unit="septet" if is_gsm7(message.encoding) else "utf16",
        segments=len(told.cuts), parts=told.cuts, html=page_view(told.page),
        smart_encoding=_smart(told.swapped), forces_ucs2=told.forcing, forces_ucs2_count=told.forcing_count,
        route=told.route, verdicts=told.verdicts, goes_at=show_or_none(told.goes_at),
        expires_at=show(message.expires_at), eta=show_or_none(told.eta),
    )  # fmt: skip


def _smart(found: Smart | None) -> SmartView | None:
    if found is None:
        return None
    return SmartView(len(found.replaced), found.transliterated, found.replaced[:SHOWN_MOST])
