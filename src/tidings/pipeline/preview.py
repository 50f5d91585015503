"""What accept would do with a message, and what would follow, up to the point of no return and without any effect."""

from __future__ import annotations

import msgspec

from tidings.core.account import Caller
from tidings.core.consent import opted_out
from tidings.core.limits import Owner, Quota, quotas
from tidings.core.message import SECOND, Category, Message, Millis
from tidings.core.questions import Tx
from tidings.core.request import Invalid, Refused, Request, Verdict
from tidings.core.status import REJECTED
from tidings.pipeline import quota, route, senders, validate
from tidings.pipeline.house import House
from tidings.pipeline.pages import read as read_pages
from tidings.text.html import Readable
from tidings.text.segments import AUTO, UCS2, Segmented, split, unfit, units
from tidings.text.smart import Smart

SHOWN_MOST = 100
"""Characters outside GSM-7 that are told one by one."""


class Cut(msgspec.Struct, frozen=True):
    """One segment as it would go out."""

    part: int
    text: str
    units: int
    """Septets (`gsm7`) or UTF-16 units (`ucs2`) of its text."""
    room: int
    """Units it could hold."""


class Forcing(msgspec.Struct, frozen=True):
    """A character that GSM-7 (or the carrier's alphabet in its place) lacks, so that the whole text goes as UCS-2."""

    at: int
    """Position in the text, in Unicode characters from 0."""
    character: str
    codepoint: str


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What would happen to a request."""

    message: Message
    cuts: tuple[Cut, ...]
    forcing: tuple[Forcing, ...]
    """The first `SHOWN_MOST` of them."""
    forcing_count: int
    swapped: Smart | None
    """What smart encoding replaces; None where it leaves the text alone."""
    route: route.Choice
    verdicts: tuple[Verdict, ...]
    goes_at: Millis | None
    """When it would be due; None when it would not go."""
    page: Readable | None
    """What became of its HTML; None where it brought a text."""
    eta: Millis | None
    """When a carrier would have it, by what waits and the carrier's rate; None where that cannot be known."""


async def preview(
    house: House, account_id: int, request: Request | Invalid, caller: Caller | None = None
) -> Preview | Invalid | Refused:
    """What accepting this request now would lead to; Invalid or Refused where accept would answer that."""
    if caller is not None and house.keyring.binding:
        request = house.keyring.bound(caller, (request,), house.settings.default_region)[0]
    if isinstance(request, Invalid):
        return request
    now = house.clock.now()
    carrier = route.choose(house.carriers)
    terms = house.terms_of(carrier)
    account = house.keyring.account(account_id)
    pages = await read_pages(house, (request,))
    swapped: dict[int, Smart] = {}
    message = validate.message(request, account_id, 0, now, house.settings, terms, account, pages, swapped)
    if isinstance(message, Invalid):
        return message
    otp = message.category == Category.OTP
    if refused := house.backlog.refuse(account_id, 1, otp, house.free_disk_mb()):
        return refused
    suppressed, spent = await _standing(house, message, quotas(_owners(house, account_id, caller), now))
    if spent is not None:
        return spent
    verdict = opted_out(message.category, suppressed)
    verdicts = [verdict or Verdict("suppression", True, "The number has not opted out.")]
    if judged := senders.judge(house, message, carrier, request.replace_sender, caller):
        message = judged.message
        verdicts.append(judged.verdict)
        verdict = verdict or (None if judged.verdict.allowed else judged.verdict)
    if carrier in house.sender_rules:
        verdicts += senders.remarks(message)
    chosen = route.explain(house.carriers)
    goes_at = None if verdict or chosen.carrier is None else message.send_at or now
    forcing = unfit(message.text or "", terms) if request.encoding == AUTO and message.encoding == UCS2 else []
    return Preview(
        message=msgspec.structs.replace(message, status=REJECTED) if verdict else message,
        cuts=cuts_of(split(message.text or "", message.encoding, max(message.reference, 0))),
        forcing=tuple(Forcing(at, one, f"U+{ord(one):04X}") for at, one in forcing[:SHOWN_MOST]),
        forcing_count=len(forcing), page=None if request.html is None else pages[request.html],
        swapped=swapped.get(0), route=chosen, verdicts=tuple(verdicts), goes_at=goes_at,
        eta=None if goes_at is None or chosen.carrier is None else _eta(house, chosen.carrier, goes_at, now),
    )  # fmt: skip


def _owners(house: House, account_id: int, caller: Caller | None) -> tuple[Owner | None, ...]:
    return () if caller is None else (caller, house.keyring.account(account_id))


async def _standing(house: House, message: Message, allowed: tuple[Quota, ...]) -> tuple[bool, Refused | None]:
    """Whether the number opted out, and the quota that leaves no room."""
    pair = (message.account_id, message.to)

    async def ask(tx: Tx) -> tuple[bool, quota.Used]:
        return pair in await tx.suppressions.among([pair]), await quota.used(tx, allowed)

    suppressed, used = await house.store.read(ask)
    house.meter.count(allowed, quota.spent(allowed, used))
    return suppressed, quota.refusals(used, [(allowed, 1)], house.clock.now())[0]


def cuts_of(cut: Segmented) -> tuple[Cut, ...]:
    """The segments as they are shown."""
    return tuple(
        Cut(number, one.text, units(cut.encoding, one.payload), cut.room) for number, one in enumerate(cut.segments, 1)
    )


def _eta(house: House, carrier: str, goes_at: Millis, now: Millis) -> Millis | None:
    """All that waits goes first at worst; without a rate only an empty queue tells anything."""
    waiting, rate = house.backlog.total, house.carriers[carrier]
    if not waiting:
        return goes_at
    if rate <= 0:
        return None
    return max(goes_at, now + int(waiting / rate * SECOND))
