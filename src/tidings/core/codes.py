"""Codes: what an incoming text in a given form means, and what is done about it. The nouns, as users define them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tidings.core.message import Millis
from tidings.core.parameters import Parameter, Value

Phrase = Annotated[str, Meta(min_length=1, max_length=64)]
Template = Annotated[str, Meta(min_length=1, max_length=2_000)]
Moment = Annotated[dt.datetime, Meta(tz=True)]
Clock = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", description="like 09:00")]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Number = Annotated[str, Meta(min_length=1, max_length=32, description="number or short code")]
Person = Annotated[str, Meta(min_length=1, max_length=254, description="number, short code or e-mail address")]
SUBJECT = "Text from {{ from }}"
Tag = Annotated[str, Meta(min_length=1, max_length=64)]


class Hours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """When in the week a code holds, by the clock of its `time_zone`; a time that ends before it begins is a night."""

    days: Annotated[tuple[Day, ...], Meta(min_length=1, max_length=7)] = DAYS
    since: Clock
    to: Annotated[str, Meta(pattern="^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", description="like 17:00; 24:00 too")]


class Reply(msgspec.Struct, frozen=True, tag="reply", forbid_unknown_fields=True):
    """Send a text back."""

    text: Annotated[Template, Meta(description="a Liquid template")]


class TagIt(msgspec.Struct, frozen=True, tag="tag", forbid_unknown_fields=True):
    """Put tags on the incoming message, or on the contact that it comes from."""

    tags: Annotated[tuple[Tag, ...], Meta(min_length=1, max_length=10)]
    on: Literal["message", "contact"] = "message"


class SetField(msgspec.Struct, frozen=True, tag="field", forbid_unknown_fields=True):
    """Set a field of the contact that the text comes from: to a parameter as it is, or to a text."""

    name: Annotated[str, Meta(min_length=1, max_length=64, description="of the field")]
    parameter: Annotated[str, Meta(max_length=32, description="whose value it gets: numbers stay numbers")] | None = (
        None
    )
    text: Annotated[Template, Meta(description="a Liquid template, in place of `parameter`")] | None = None


class OptIn(msgspec.Struct, frozen=True, tag="opt_in", forbid_unknown_fields=True):
    """The person may be texted again: an earlier opt-out ends."""


class OptOut(msgspec.Struct, frozen=True, tag="opt_out", forbid_unknown_fields=True):
    """The person is not texted any more."""


class CallWebhook(msgspec.Struct, frozen=True, tag="webhook", forbid_unknown_fields=True):
    """Call an address with what was said, and send what it answers."""

    url: Annotated[str, Meta(min_length=1, max_length=2_000)]
    replies: Annotated[
        Literal["json", "text", "twiml", "none"],
        Meta(
            description="how its answer may ask for texts to be sent back: JSON alone, or plain text or XML beside it"
        ),
    ] = "json"


class Forward(msgspec.Struct, frozen=True, tag="forward", forbid_unknown_fields=True):
    """Send the text on to people, by text or e-mail."""

    to: Annotated[tuple[Person, ...], Meta(min_length=1, max_length=5)]
    text: Annotated[Template, Meta(description="a Liquid template")] = "{{ from }}: {{ text }}"
    subject: Annotated[str, Meta(min_length=1, max_length=500, description="of e-mails; a Liquid template")] = SUBJECT


class Inbox(msgspec.Struct, frozen=True, tag="inbox", forbid_unknown_fields=True):
    """Leave the text to people: it is marked for the inbox."""


class AddToList(msgspec.Struct, frozen=True, tag="list"):
    """Not built yet: refused."""


class StartWorkflow(msgspec.Struct, frozen=True, tag="workflow"):
    """Not built yet: refused."""


Action = Reply | TagIt | SetField | OptIn | OptOut | CallWebhook | Forward | Inbox | AddToList | StartWorkflow
NOT_BUILT = (AddToList, StartWorkflow)
"""Actions that are to come: named here to be refused, never ignored."""
DEFAULT_PRIORITY = 100


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A code as users write it, in the API and in files. It has keywords, or a regex, or is a default."""

    name: Annotated[str, Meta(min_length=1, max_length=64, description="unique in the account")]
    keywords: Annotated[
        tuple[Phrase, ...], Meta(max_length=50, description="the first words of a text, each a word or several")
    ] = ()
    translations: Annotated[
        dict[
            Annotated[str, Meta(pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$")],
            Annotated[tuple[Phrase, ...], Meta(max_length=50)],
        ],
        Meta(max_length=30, description="keywords of other languages; templates are told the `language`"),
    ] = {}
    fuzzy: Annotated[bool, Meta(description="a keyword with a slip of the finger counts too")] = False
    regex: (
        Annotated[
            str,
            Meta(min_length=1, max_length=500, description="RE2; in place of keywords. Named groups are parameters"),
        ]
        | None
    ) = None
    default: Annotated[bool, Meta(description="for what no other code is for")] = False
    parameters: Annotated[tuple[Parameter, ...], Meta(max_length=20)] = ()
    senders: Annotated[
        tuple[Number, ...], Meta(max_length=100, description="our numbers it holds on; none: all of the account")
    ] = ()
    priority: Annotated[
        int, Meta(ge=1, le=1_000, description="where several are for a text, the lowest goes first")
    ] = DEFAULT_PRIORITY
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    hours: Hours | None = None
    time_zone: Annotated[str, Meta(max_length=64, description="of `hours` and dates, like Europe/Berlin")] = "UTC"
    help: Annotated[
        str, Meta(max_length=2_000, description="a Liquid template: the answer where a parameter is wrong")
    ] = ""
    actions: Annotated[tuple[Action, ...], Meta(min_length=1, max_length=10)]
    enabled: bool = True


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as stored."""

    id: int
    account_id: int
    rule: Rule
    created_at: Millis
    changed_at: Millis


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The code that a text is for, and what the text says; or what is wrong with it."""

    code: Code
    how: str
    """`keyword`, `fuzzy`, `regex` or `default`."""
    keyword: str = ""
    """As the code has it."""
    language: str = ""
    values: dict[str, Value] = {}
    trouble: Any = None
    """A `parameters.Trouble` where a parameter is wrong."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook that a code calls because of a text, or an e-mail that it sends: a row, done or given up in the end."""

    id: int
    account_id: int
    message_id: int
    code_id: int
    url: str
    """Of an e-mail, `mailto:` and its address."""
    replies: str
    """How its answer may ask for texts, one of `core.sender.REPLY_FORMS`."""
    status: str
    """`waiting`, `answered` (an e-mail: taken by the mail server) or `dead` (given up)."""
    attempts: int
    created_at: Millis
    next_at: Millis | None
    said: str | None
    """What was understood, or the e-mail's subject and text, as JSON; None once it is answered or given up."""
    finished_at: Millis | None = None
    note: str = ""
    """What came of the last attempt, in a sentence."""


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How many texts codes sent of late between two numbers, and what the last one said (a digest)."""

    account_id: int
    number: str
    sender: str
    minute_at: Millis
    minute: int
    day_at: Millis
    day: int
    said: str = ""
