"""Take in what an ESME submits: each message stands alone, and all that came together share one write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from tidings.core.esme import Esme, Submission
from tidings.core.limits import Draw, Quota, quotas
from tidings.core.message import Category, Message
from tidings.core.request import Invalid, Refused, Request, Result, Stored, Submitted
from tidings.pipeline import route
from tidings.pipeline.accept import Entered, Entry, merge, prepare, store_entries, told
from tidings.pipeline.house import House

DOOR = "smpp"


async def submit(
    house: House, esme: Esme, requests: Sequence[Submitted | Invalid], shown: Callable[[int], str]
) -> list[tuple[Result, str]]:
    """Accept the messages of one ESME: returns once they are on disk, with one result a request, in order.

    Beside each result stands the id that the ESME is told, as `shown` makes it of ours. What a limit leaves no room
    for is Refused, alone. Raises StoreUnavailable; nothing is stored then.
    """
    began = house.clock.monotonic()
    entries, outcomes, invalid = _sort(house, esme, requests, shown)
    stored: Iterator[Result] = iter(())
    if entries:
        written = await _write(house, esme, entries)
        house.metrics.accept.observe(house.clock.monotonic() - began)
        stored = _results(house, esme, entries, written)
    results = merge(len(requests), invalid, [next(stored) if outcome is None else outcome for outcome in outcomes])
    ids = {one.message_id: one.response_id for entry in entries for one in entry.submissions}
    return [(one, ids[one.message.id] if isinstance(one, Stored) else "") for one in results]


def _sort(
    house: House, esme: Esme, requests: Sequence[Submitted | Invalid], shown: Callable[[int], str]
) -> tuple[list[Entry], list[Refused | None], list[tuple[int, Invalid]]]:
    """What is to be stored; for each valid message why it is not, or None; and what is not valid, by place."""
    asked = with_senders(house, esme, requests)
    carrier = route.choose(house.carriers)
    messages, invalid, _, notes, refusals = prepare(house, esme.account_id, asked, {}, esme, carrier)
    outcomes = _admit(house, esme, messages)
    bad = {at for at, _ in invalid}
    valid = [one for at, one in enumerate(asked) if at not in bad and isinstance(one, Submitted)]
    going = [
        (message, msgspec.structs.replace(one.submission, message_id=message.id, response_id=shown(message.id)))
        for message, one, outcome in zip(messages, valid, outcomes, strict=True)
        if outcome is None
    ]
    allowed = _quotas(house, esme)
    origin = told(DOOR, ("esme", esme.id))
    # Quotas and shared rates refuse an entry as a whole: where there are any, each message is an entry of its own.
    apart = bool(allowed or _draws(house, esme, 1, 1))
    groups: Sequence[Sequence[tuple[Message, Submission]]] = [[one] for one in going] if apart else [going]
    entries = [
        Entry(
            esme.account_id, tuple([message for message, _ in group]), quotas=allowed, origin=origin, carrier=carrier,
            notes=notes or None, refusals=refusals or None, submissions=tuple([kept for _, kept in group]),
            draws=_draws(house, esme, len(group), sum(message.segments for message, _ in group)),
        )
        for group in groups if group
    ]  # fmt: skip
    return entries, outcomes, invalid


def with_senders(house: House, esme: Esme, requests: Sequence[Submitted | Invalid]) -> Sequence[Request | Invalid]:
    """The requests with the sender that this ESME gives them; those it may not send from as Invalid."""
    if house.keyring.binding or esme.senders:
        return house.keyring.bound(esme, requests, house.settings.default_region)
    return requests


async def _write(house: House, esme: Esme, entries: Sequence[Entry]) -> list[Entered]:
    try:
        return await house.store.write(store_entries, entries)
    except BaseException:
        _give_back(house, esme, [message for entry in entries for message in entry.messages])
        raise


def _results(house: House, esme: Esme, entries: Sequence[Entry], entered: Sequence[Entered]) -> Iterator[Result]:
    for entry, one in zip(entries, entered, strict=True):
        house.meter.count(entry.quotas, one.spent)
        if entry.draws:
            house.meter.told(entry.draws, one.full, house.clock.monotonic(), house.clock.now())
        if isinstance(one.answer, Refused):
            _give_back(house, esme, entry.messages)
            yield from [one.answer] * len(entry.messages)
        else:
            yield from one.stored


def _metered(house: House, esme: Esme) -> bool:
    limited = bool(esme.rate) or esme.daily_quota is not None or esme.monthly_quota is not None
    return limited or house.keyring.metered or house.meter.by_default


def _quotas(house: House, esme: Esme) -> tuple[Quota, ...]:
    if not _metered(house, esme):
        return ()
    return quotas((esme, house.keyring.account(esme.account_id)), house.clock.now())


def _draws(house: House, esme: Esme, messages: int, segments: int) -> tuple[Draw, ...]:
    if not _metered(house, esme):
        return ()
    return house.meter.draws(esme, house.keyring.account(esme.account_id), messages, segments)


def _admit(house: House, esme: Esme, messages: Sequence[Message]) -> list[Refused | None]:
    """For each message why there is no room for it, or None; those before it count."""
    metered, free = _metered(house, esme), house.free_disk_mb()
    account, now = house.keyring.account(esme.account_id), house.clock.monotonic()
    outcomes: list[Refused | None] = []
    going = 0
    for message in messages:
        otp = message.category == Category.OTP
        refused = house.backlog.refuse(esme.account_id, going + 1, otp, free)
        if refused is None and metered:
            refused = house.meter.take(esme, account, 1, now, message.segments)
        going += refused is None
        outcomes.append(refused)
    return outcomes


def _give_back(house: House, esme: Esme, messages: Sequence[Message]) -> None:
    """What was drawn for messages that were not stored."""
    if _metered(house, esme):
        account, now = house.keyring.account(esme.account_id), house.clock.monotonic()
        segments = sum(message.segments for message in messages)
        house.meter.give_back(esme, account, len(messages), now, segments)
