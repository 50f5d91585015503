"""The one-URL door: key, number, sender and text as a form or in the address itself, for whatever can open a URL."""

from __future__ import annotations

import hashlib
import re
from typing import Annotated
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta

from tidings.api import body, views
from tidings.api.auth import authorize
from tidings.api.call import TEXT, Call, Headers, Reply
from tidings.api.faults import faults, fields, nearest
from tidings.api.loopback import local
from tidings.api.messages import idempotency_key, is_key, limited, replayed
from tidings.api.problems import Abort, ProblemDetails, problem, refusal
from tidings.core.message import Millis
from tidings.core.ports import StoreUnavailable
from tidings.core.request import Fault, Idempotency, Invalid, Refused, Request, Result
from tidings.errors import PROBLEMS
from tidings.pipeline.accept import accept


class OneUrl(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"sender": "from"}):
    """What may stand in the form or in the address."""

    to: Annotated[str, Meta(max_length=32, description="as in `POST /v1/messages`; likewise all but `key`")]
    text: Annotated[str, Meta(min_length=1, max_length=40_000)]
    sender: Annotated[str, Meta(max_length=32)] | None = None
    client_ref: Annotated[str, Meta(max_length=128)] | None = None
    idempotency_key: (
        Annotated[str, Meta(max_length=255, description="the header of that name, for who cannot set headers")] | None
    ) = None
    key: Annotated[str, Meta(description="the API key, unless it comes as `Authorization` or `X-API-Key`")] | None = (
        None
    )


_MOST = 20
_FORM_BYTES = 512 * 1024
"""The longest text that can be taken, every octet of it percent-encoded, with room to spare: read before the key is."""
_AHEAD = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")
_LOOKS = re.compile(
    rb"bot\b|bot[/-]|crawler|spider|preview|linkexpanding|facebookexternalhit|whatsapp|skypeuri|embedly|slurp",
    re.IGNORECASE,
)
"""Programs that open every address they see in a chat, a mail or a page, by what they call themselves."""
MINUTE: Millis = 60_000
_FORM = b"application/x-www-form-urlencoded"
_PLUS = re.compile(r"^ (\d{3,15})$")
"""A `+` that was not encoded arrives as a blank; before a number it can have been nothing else."""


async def post(call: Call) -> Reply:
    """Send what the form, the query string or both say."""
    return await _answered(call)


async def get(call: Call) -> Reply:
    """Send what the address says; where addresses end in logs, only as far as the operator allows."""
    return await _answered(call)


async def _answered(call: Call) -> Reply:
    """Every refusal in the form that the caller reads: a line of text, or problem details."""
    try:
        reply = limited(call, await _send(call))
    except Abort as abort:
        reply = abort.reply()
    except StoreUnavailable:
        reply = problem("unavailable")
    if reply.status < 400 or _wants_json(call.headers):
        return reply
    return Reply(reply.status, as_lines(reply.body), TEXT, reply.headers)


async def _send(call: Call) -> Reply:
    if call.endpoint.method == "GET":
        _refuse_guess(call.headers)
    values = await _values(call)
    _authorize(call, values.pop("key", None))
    found = faults(OneUrl, values)
    if found:
        raise Abort("validation_failed", errors=[_named(fault) for fault in found])
    given = _idempotency_key(call, values.pop("idempotency_key", None))
    request = msgspec.convert(values, Request)
    digest = _digest(values)
    asked = Idempotency(given, digest) if given else None
    if asked is None and call.endpoint.method == "GET":
        asked = _opened_again(call, digest)
    answer = await accept(call.house, call.account_id, (request,), idempotency=asked, caller=call.key, door="one_url")
    if isinstance(answer, Refused):
        return refusal(answer)
    reply = _told(answer.results[0], _wants_json(call.headers))
    reply.headers += replayed(answer.replayed)
    return reply


def _idempotency_key(call: Call, given: str | None) -> str | None:
    header = idempotency_key(call)
    if given is None:
        return header
    if header is not None:
        raise Abort("bad_request", "Give the idempotency key once: as a parameter or as a header.")
    if not is_key(given):
        fault = Fault("?idempotency_key", "must be 1 to 255 printable ASCII characters")
        raise Abort("validation_failed", errors=[fault])
    return given


def _opened_again(call: Call, digest: bytes) -> Idempotency:
    """Addresses are reloaded and looked at by others: the same one, opened again within a minute, is one message.

    The keys have a control character in front, which no caller can give.
    """
    wish = hashlib.sha256(digest + b"%d" % (call.key.id if call.key else 0)).hexdigest()
    minute = call.house.clock.now() // MINUTE
    before, now = (f"\x01{wish} {at}" for at in (minute - 1, minute))
    return Idempotency(now, digest, before)


def _told(result: Result, as_json: bool) -> Reply:
    if isinstance(result, Invalid):
        return problem("validation_failed", errors=[_named(fault) for fault in result.errors])
    if isinstance(result, Refused):
        return refusal(result)
    shown = views.message(result.message)
    if shown.status == "rejected":
        why = " ".join(verdict.detail for verdict in result.verdicts if not verdict.allowed)
        return problem("rejected", why, message_id=shown.id, verdicts=result.verdicts)
    place: Headers = [(b"location", f"/v1/messages/{shown.id}".encode())]
    if as_json:
        return Reply(202, views.encode(shown), headers=place)
    return Reply(202, f"{shown.id}\n".encode(), TEXT, place)


# who


def _refuse_guess(headers: dict[bytes, bytes]) -> None:
    """Browsers fetch ahead what somebody is still typing, and chats look at what is pasted: that is no wish to send."""
    ahead = b" ".join(headers.get(name, b"") for name in _AHEAD).lower()
    if b"prefetch" in ahead or b"prerender" in ahead or b"preview" in ahead:
        raise Abort("forbidden", "This was fetched ahead, not asked for: nothing was sent.")
    if _LOOKS.search(headers.get(b"user-agent", b"")):
        raise Abort("forbidden", "This comes from a program that looks at links, not from a person: nothing was sent.")


def _authorize(call: Call, given: str | None) -> None:
    header, other = call.headers.get(b"authorization"), call.headers.get(b"x-api-key")
    if (given is not None) + (header is not None) + (other is not None) > 1:
        raise Abort("bad_request", "Give the key once: as `key`, as Authorization or as X-API-Key.")
    if given is not None:
        header = b"Bearer " + given.encode("utf-8", "replace")
    elif other is not None:
        header = b"Bearer " + other
    here = call.endpoint.method != "GET" or local(call.scope, call.headers, call.house.settings.host)
    if not here and not call.house.settings.one_url.get:
        raise Abort("forbidden", "GET works on this machine only: addresses end in logs. Use POST, or set one_url.get.")
    call.key = authorize(call.house, header, "send", call.scope)
    if not here and call.key.scope != "send":
        detail = "From afar GET takes only keys of scope `send`: addresses end in logs. This one can do other things."
        raise Abort("forbidden", detail)


# what


async def _values(call: Call) -> dict[str, str]:
    """All parameters by name; aborts when they cannot be read, are given twice, or are unknown."""
    pairs = _pairs(call.scope["query_string"], "query string")
    if call.endpoint.method == "POST":
        octets = await body.read(call.receive, call.headers, min(_FORM_BYTES, call.house.settings.limits.body_bytes))
        if octets:
            _check_form(call.headers)
            pairs += _pairs(octets, "form")
    known = fields(OneUrl)
    values: dict[str, str] = {}
    found: list[Fault] = []
    for name, value in pairs:
        if name not in known:
            hint = "; write & for &amp; between parameters" if name.startswith("amp;") else nearest(name, known)
            found.append(Fault(f"?{name[:64]}", "unknown parameter" + hint))
        elif name in values:
            found.append(Fault(f"?{name}", "given more than once"))
        else:
            values[name] = _PLUS.sub(r"+\1", value) if name in ("to", "from") else value
    if found:
        raise Abort("validation_failed", errors=found)
    return values


def _check_form(headers: dict[bytes, bytes]) -> None:
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise Abort("unsupported_media_type", "Compressed forms are not taken.")
    media, *parameters = (piece.strip().lower() for piece in headers.get(b"content-type", _FORM).split(b";"))
    if media != _FORM:
        hint = "; curl takes -d for that, not -F" if media == b"multipart/form-data" else ""
        detail = f"Send a form ({_FORM.decode()}{hint}), or POST JSON to /v1/messages."
        raise Abort("unsupported_media_type", detail)
    for parameter in parameters:
        if parameter.startswith(b"charset=") and parameter[8:].strip(b'"') not in (b"utf-8", b"utf8"):
            raise Abort("unsupported_media_type", "Forms are UTF-8; other charsets are not taken.")


def _pairs(octets: bytes, what: str) -> list[tuple[str, str]]:
    if not octets:
        return []
    try:
        return parse_qsl(octets.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=_MOST)
    except UnicodeDecodeError:
        raise Abort("bad_request", f"The {what} is not UTF-8: é, for instance, is %C3%A9, not %E9.") from None
    except ValueError:
        raise Abort("bad_request", f"The {what} has more than {_MOST} parameters.") from None


def _named(fault: Fault) -> Fault:
    """A field of the message by the parameter it came as."""
    return Fault("?" + fault.pointer.removeprefix("/"), fault.detail)


def _digest(values: dict[str, str]) -> bytes:
    """Of what is asked for: however it was written, and whoever's key came with it."""
    return hashlib.sha256(b"POST /send\n" + msgspec.json.encode(sorted(values.items()))).digest()


# how it is told


def _wants_json(headers: dict[bytes, bytes]) -> bool:
    """Whether JSON is asked for by name and not liked less than plain text."""
    likes = {b"json": 0.0, b"plain": 0.0}
    for choice in headers.get(b"accept", b"").lower().split(b","):
        media, *parameters = (piece.strip() for piece in choice.split(b";"))
        if media in (b"application/json", b"application/problem+json"):
            likes[b"json"] = max(likes[b"json"], _quality(parameters))
        elif media == b"text/plain":
            likes[b"plain"] = _quality(parameters)
    return likes[b"json"] > 0 and likes[b"json"] >= likes[b"plain"]


def _quality(parameters: list[bytes]) -> float:
    for parameter in parameters:
        if parameter.startswith(b"q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0


def as_lines(octets: bytes) -> bytes:
    """Problem details as lines: code and sentence, then each parameter at fault."""
    told = msgspec.json.decode(octets, type=ProblemDetails)
    lines = [f"{told.code}: {told.detail if told.errors is None else PROBLEMS[told.code].title}"]
    lines += [f"{fault.pointer.removeprefix('?')}: {fault.detail}" for fault in told.errors or ()]
    lines += [f"id: {told.message_id}"] if told.message_id else []
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
