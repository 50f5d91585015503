"""What a door asks of accept, and what it gets back: one shape for REST, batches and our own replies."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tidings.config import SmartEncoding
from tidings.core.esme import Submission
from tidings.core.message import Message, Prepared

Text = Annotated[str, Meta(max_length=40_000)]
Short = Annotated[str, Meta(min_length=1, max_length=64)]
Moment = Annotated[dt.datetime, Meta(tz=True)]
PublicCategory = Literal["otp", "transactional", "conversation", "marketing"]


class Request(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"sender": "from"}, gc=False
):
    """One message as posted. Fields whose work has not begun are named here to be refused, never ignored."""

    to: Annotated[
        str, Meta(max_length=32, description="E.164 number (+15551230100), as people write it, or short code")
    ]
    text: Text | None = None
    sender: Annotated[str, Meta(max_length=32, description="number, short code or alphanumeric sender")] | None = None
    category: PublicCategory = "transactional"
    send_at: Moment | None = None
    expires_at: Moment | None = None
    client_ref: Annotated[str, Meta(max_length=128)] | None = None
    tags: Annotated[tuple[Short, ...], Meta(max_length=20)] = ()
    metadata: Annotated[dict[str, Any], Meta(max_length=50)] | None = None
    max_segments: Annotated[int, Meta(ge=1, le=255)] | None = None
    encoding: Literal["auto", "gsm7", "ucs2"] = "auto"
    html: Annotated[str, Meta(description="made readable text and sent as that, in place of `text`")] | None = None
    template: Any = None
    values: Any = None
    media: Any = None
    callback_url: (
        Annotated[str, Meta(max_length=2_000, description="called with the final status; http or https")] | None
    ) = None
    callback_events: (
        Annotated[tuple[Short, ...], Meta(max_length=20, description="types or patterns beside the final statuses")]
        | None
    ) = None
    replace_sender: (
        Annotated[
            bool, Meta(description="let a number of the account stand in for a name that the destination does not take")
        ]
        | None
    ) = None
    smart_encoding: (
        Annotated[
            SmartEncoding,
            Meta(
                description="look-alikes for what GSM-7 lacks, where all then fits; `transliterate`: other scripts too"
            ),
        ]
        | None
    ) = None


class Submitted(Request, frozen=True, kw_only=True, gc=False):
    """A message that came by SMPP."""

    prepared: Prepared | None = None
    """In place of a text to be cut: `text` is then what it says, or None where it says nothing."""
    submission: Submission
    """Without its ids, which are known once it is a message."""
    too_long: dt.datetime | None = None
    """When it was to expire, where that is later than the longest validity allows; `expires_at` is the latest then."""


NOT_BUILT = ("template", "values", "media")


class Fault(msgspec.Struct, frozen=True):
    """One field that cannot be used: a JSON pointer and what to do about it."""

    pointer: str
    detail: str


class Verdict(msgspec.Struct, frozen=True):
    """What one rule said of a message, with its reason."""

    rule: str
    allowed: bool
    detail: str


class Invalid(msgspec.Struct, frozen=True):
    """The request was not valid: nothing is stored."""

    errors: tuple[Fault, ...]


class Refused(msgspec.Struct, frozen=True):
    """The request may be fine, but cannot be taken now: nothing is stored. `code` is in `errors.PROBLEMS`."""

    code: str
    detail: str
    retry_after_s: int = 1


class Stored(msgspec.Struct, frozen=True, gc=False):
    """The message is on disk: accepted or scheduled, or rejected with the verdicts that say why."""

    message: Message
    verdicts: tuple[Verdict, ...] = ()


Result = Invalid | Refused | Stored


class Idempotency(msgspec.Struct, frozen=True):
    """The caller's key for one request and a digest of its path and body."""

    key: str
    digest: bytes
    earlier: str | None = None
    """A key under which the same request may have been answered before."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Those under which an answer is looked for."""
        return (self.key,) if self.earlier is None else (self.earlier, self.key)


MISMATCH = Refused("idempotency_mismatch", "This Idempotency-Key belongs to another request.")


class Answer(msgspec.Struct, frozen=True):
    """The outcome of one call of accept: a result a request, in order; `replayed` when it is an earlier answer."""

    results: tuple[Result, ...]
    replayed: bool = False
