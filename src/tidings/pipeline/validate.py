"""Turn a request into a message, or name every field that stands in the way."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Mapping
from operator import attrgetter

import msgspec

from tidings.config import Settings, SmartEncoding
from tidings.core.account import Account
from tidings.core.events import EVENT_TYPES, types_of
from tidings.core.message import AS_SUBMITTED, CATEGORY_RULES, DAY, Message, Millis
from tidings.core.request import NOT_BUILT, Fault, Invalid, Request, Submitted
from tidings.core.status import ACCEPTED, SCHEDULED
from tidings.core.webhook import url_fault
from tidings.text.html import Readable
from tidings.text.number import normal, sender_of
from tidings.text.segments import UCS2, WHOLE, DoesNotFitError, TooManyPartsError, count
from tidings.text.smart import Smart, smart
from tidings.text.terms import PLAIN, Terms

MOST_AHEAD: Millis = 365 * DAY
LONGEST_VALIDITY: Millis = 7 * DAY
MOST_METADATA = 4_096

_encode = msgspec.json.Encoder().encode
_NO_PAGES: Mapping[str, Readable] = {}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def message(
    request: Request,
    account_id: int,
    message_id: int,
    now: Millis,
    settings: Settings,
    terms: Terms = PLAIN,
    account: Account | None = None,
    pages: Mapping[str, Readable] = _NO_PAGES,
    swapped: dict[int, Smart] | None = None,
) -> Message | Invalid:
    """The message a request asks for, accepted or scheduled; or Invalid with every fault found.

    `terms`: of the carrier it would go to now. They settle the octets of what is due at once; for what goes later, by
    a carrier not known yet, they hold only as far as every carrier would do. `account`: whose choices go before the
    settings. `pages`: what HTML says; what is missing there was too long to be read. `swapped`: takes, by message, what
    smart encoding replaced in its text; without it nothing is replaced.
    """
    faults: list[Fault] = _not_built(request)
    region = region_of(account, settings)
    to = _to(request.to, region, faults)
    sender = settings.default_sender if request.sender is None else _sender(request.sender, region, faults)
    faults += _labels(request)
    if request.callback_url is not None or request.callback_events:
        faults += _callback(request)
    send_at, expires_at = _times(request, now, faults)
    scheduled = send_at is not None
    prepared = request.prepared if isinstance(request, Submitted) else None
    if prepared is not None:
        text, encoding, segments, reference = request.text, prepared.encoding, 1, AS_SUBMITTED
    else:
        text, encoding, segments, reference = _words(
            request, sender, to, scheduled, message_id, settings, terms, account, pages, swapped, faults
        )
    if faults:
        return Invalid(tuple(faults))
    return Message(
        id=message_id, account_id=account_id, direction="mt", status=SCHEDULED if scheduled else ACCEPTED,
        category=request.category, to=to, sender=sender, text=text,
        encoding=encoding, segments=1 if reference == WHOLE else segments, reference=reference, created_at=now,
        expires_at=expires_at, send_at=send_at, client_ref=request.client_ref, tags=request.tags,
        metadata=request.metadata, event_count=2 if scheduled else 1, prepared=prepared,
    )  # fmt: skip


def _words(
    request: Request, sender: str, to: str, scheduled: bool, message_id: int, settings: Settings, terms: Terms,
    account: Account | None, pages: Mapping[str, Readable], swapped: dict[int, Smart] | None, faults: list[Fault],
) -> tuple[str | None, str, int, int]:  # fmt: skip
    """The text as it will be sent, its encoding, number of segments and reference."""
    if terms is not PLAIN:
        terms = terms.later() if scheduled else terms.towards(to)
    reference = terms.reference(message_id)
    text = request.text if request.html is None else _page(request, request.html, settings, faults, pages)
    text = _given(request, text, faults)
    measured = ("", 0) if text is None else _count(request, text, reference, terms)
    if text and swapped is not None and (isinstance(measured, Fault) or measured[0] == UCS2):
        mode = request.encoding != UCS2 and smart_mode(request, sender, account, settings)
        found = smart(text, transliterate=mode == "transliterate", terms=terms) if mode else None
        if found is not None and found.replaced:
            swapped[message_id], text = found, found.text
            measured = _count(request, text, reference, terms)
    return text, *_within(request, measured, faults), reference


def _not_built(request: Request) -> list[Fault]:
    if _asked(request) == _NOTHING:
        return []
    return [
        Fault(f"/{name}", "is not supported yet; send `text` instead" if name in ("template", "media")
              else "is not supported yet; leave it out")
        for name in NOT_BUILT
        if getattr(request, name) is not None
    ]  # fmt: skip


_asked = attrgetter(*NOT_BUILT)
_NOTHING = (None,) * len(NOT_BUILT)


def region_of(account: Account | None, settings: Settings) -> str:
    """Where national numbers are at home: as the account has it, else as the settings do; "": nowhere."""
    return (account.default_region if account is not None else None) or settings.default_region


def smart_mode(request: Request, sender: str, account: Account | None, settings: Settings) -> SmartEncoding:
    """Whether look-alikes may stand: as the request says, else its sender, else the account, else the settings."""
    if request.smart_encoding is not None:
        return request.smart_encoding
    if account is not None:
        own = account.sender_smart_encoding.get(sender, account.smart_encoding)
        if own is not None:
            return own
    return settings.smart_encoding


def _to(written: str, region: str, faults: list[Fault]) -> str:
    number = normal(written, region)
    if isinstance(number, str):
        return number
    faults.append(Fault("/to", number.why))
    return ""


def _sender(written: str, region: str, faults: list[Fault]) -> str:
    sender = sender_of(written, region)
    if isinstance(sender, str):
        return sender
    faults.append(Fault("/from", "must be E.164, a short code, or up to 11 letters, digits and blanks with one letter"))
    return ""


def _callback(request: Request) -> list[Fault]:
    if request.callback_url is None:
        return [Fault("/callback_events", "needs a `callback_url` to be sent to")]
    why = url_fault(request.callback_url)
    faults = [Fault("/callback_url", why)] if why else []
    events = enumerate(request.callback_events or ())
    return faults + [Fault(f"/callback_events/{at}", bad) for at, one in events if (bad := pattern_fault(one))]


def pattern_fault(pattern: str) -> str | None:
    """Why this is no type of event, nor the beginning of some with a `*` behind; None when it is."""
    if types_of([pattern]):
        return None
    near = difflib.get_close_matches(pattern, EVENT_TYPES, n=1)
    return "is no type of event" + (
        f"; did you mean `{near[0]}`?" if near else ", like `message.delivered` or `message.*`"
    )


def _labels(request: Request) -> list[Fault]:
    faults = []
    if request.client_ref is not None and not _clean(request.client_ref):
        faults.append(Fault("/client_ref", "must not contain NUL or lone surrogates"))
    if request.tags:
        fault = "must not contain NUL or lone surrogates"
        faults += [Fault(f"/tags/{at}", fault) for at, tag in enumerate(request.tags) if not _clean(tag)]
    if request.metadata is not None:
        faults += _metadata(request.metadata)
    return faults


def _metadata(metadata: dict[str, object]) -> list[Fault]:
    try:
        size = len(_encode(metadata))
    except (UnicodeEncodeError, OverflowError, RecursionError):
        return [Fault("/metadata", "holds a value that cannot be stored")]
    return [Fault("/metadata", f"must be at most {MOST_METADATA} octets as JSON")] if size > MOST_METADATA else []


def _clean(text: str) -> bool:
    """No NUL, which text columns cannot hold, and nothing that is not Unicode."""
    if "\0" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _times(request: Request, now: Millis, faults: list[Fault]) -> tuple[Millis | None, Millis]:
    send_at = _moment(request.send_at, "/send_at", now, faults)
    begin = send_at or now
    if request.expires_at is None:
        return send_at, begin + CATEGORY_RULES[request.category].validity
    expires_at = _millis(request.expires_at)
    if expires_at <= begin:
        faults.append(Fault("/expires_at", "must be later than now and than `send_at`"))
    elif expires_at > begin + LONGEST_VALIDITY:
        faults.append(Fault("/expires_at", "must be at most 7 days after the message is due"))
    return send_at, expires_at


def _moment(moment: dt.datetime | None, pointer: str, now: Millis, faults: list[Fault]) -> Millis | None:
    if moment is None:
        return None
    at = _millis(moment)
    if at <= now:
        faults.append(Fault(pointer, "must be in the future"))
    elif at > now + MOST_AHEAD:
        faults.append(Fault(pointer, "must be within the next 365 days"))
    return at


def _millis(moment: dt.datetime) -> Millis:
    return (moment - _EPOCH) // dt.timedelta(milliseconds=1)


def _page(
    request: Request, html: str, settings: Settings, faults: list[Fault], pages: Mapping[str, Readable]
) -> str | None:
    """What the HTML says; None with a fault where it cannot be sent."""
    page = pages.get(html)
    if request.text is not None:
        faults.append(Fault("/html", "stands in place of `text`; give one of the two"))
    elif page is None:
        faults.append(Fault("/html", f"must have at most {settings.limits.html_characters} characters"))
    elif not page.text:
        faults.append(Fault("/html", "holds no text that would be shown"))
    else:
        return page.text
    return None


def _given(request: Request, text: str | None, faults: list[Fault]) -> str | None:
    """The text, or None with faults where there is nothing to send."""
    if text is None or text == "":
        if all(getattr(request, name) is None for name in ("html", "template", "media")):
            faults.append(Fault("/text", "is required and must not be empty"))
        return None
    if not _clean(text):
        at = next(at for at, one in enumerate(text) if one == "\0" or "\ud800" <= one <= "\udfff")
        faults.append(
            Fault(_pointer(request), f"must not contain NUL or lone surrogates: U+{ord(text[at]):04X} at position {at}")
        )
        return None
    return text


def _count(request: Request, text: str, reference: int, terms: Terms) -> tuple[str, int] | Fault:
    try:
        return count(text, request.encoding, reference, terms)
    except DoesNotFitError as fault:
        alphabet = f"GSM-7 as the carrier takes it ({terms.repertoire})" if terms.repertoire else "GSM-7"
        return Fault(_pointer(request), f"does not fit {alphabet}: {fault}")
    except TooManyPartsError as fault:
        return Fault(_pointer(request), str(fault))


def _within(request: Request, measured: tuple[str, int] | Fault, faults: list[Fault]) -> tuple[str, int]:
    if isinstance(measured, Fault):
        faults.append(measured)
        return "", 0
    most = request.max_segments
    if most is not None and measured[1] > most:
        faults.append(Fault(_pointer(request), f"takes {measured[1]} segments; `max_segments` allows {most}"))
    return measured


def _pointer(request: Request) -> str:
    """Where the text came from."""
    return "/text" if request.html is None else "/html"
