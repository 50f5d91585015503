"""1  Request → checked, gated, segmented, stored, queued. Every door ends here; there is no second way to send."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec

from tidings.core.account import Caller
from tidings.core.consent import opted_out, opted_out_error
from tidings.core.esme import Submission
from tidings.core.ids import show
from tidings.core.limits import Draw, Quota, quotas
from tidings.core.message import CATEGORY_RULES, DAY, Category, Message, Millis
from tidings.core.people import kind_of
from tidings.core.ports import stage
from tidings.core.questions import Queued, Remembered, Tx
from tidings.core.request import (
    MISMATCH,
    Answer,
    Fault,
    Idempotency,
    Invalid,
    Refused,
    Request,
    Result,
    Stored,
    Submitted,
    Verdict,
)
from tidings.core.status import ACCEPTED, QUEUED, REJECTED, SCHEDULED
from tidings.core.webhook import Callback
from tidings.pipeline import converse, quota, rates, route, senders, swaps, track, validate
from tidings.pipeline.house import House
from tidings.pipeline.pages import Pages
from tidings.pipeline.pages import read as read_pages
from tidings.text.smart import Smart


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One call of accept on its way into the store: valid messages, and where the invalid items stood."""

    account_id: int
    messages: tuple[Message, ...]
    invalid: tuple[tuple[int, Invalid], ...] = ()
    idempotency: Idempotency | None = None
    atomic: bool = False
    quotas: tuple[Quota, ...] = ()
    origin: dict[str, Any] | None = None
    """What the first event of its messages tells of the door and the key they came by."""
    callbacks: tuple[Callback, ...] = ()
    carrier: str | None = None
    """Where those that are due at once go; None leaves it to the route stage."""
    notes: dict[int, dict[str, Any]] | None = None
    """What the first events of some of its messages tell besides, by message."""
    refusals: dict[int, Verdict] | None = None
    """What stands against the senders of some of its messages, by message."""
    submissions: tuple[Submission, ...] = ()
    """What is kept besides of messages that came by SMPP."""
    draws: tuple[Draw, ...] = ()
    """What it draws from rates that hold over several processes."""


class Entered(msgspec.Struct, frozen=True, gc=False):
    """What became of an entry. `stored` in the order of its messages; empty when refused or replayed."""

    stored: tuple[Stored, ...]
    answer: Answer | Refused | None = None
    """An earlier answer, or a refusal, in place of `stored`."""
    spent: tuple[int, ...] = ()
    """Messages counted against each quota of the entry, these included."""
    carrier: str | None = None
    """The carrier that those due at once are queued for by now."""
    full: tuple[int, ...] = ()
    """When the bucket of each draw of the entry is full, in microseconds since 1970."""


async def accept(
    house: House,
    account_id: int,
    requests: Sequence[Request | Invalid],
    *,
    idempotency: Idempotency | None = None,
    atomic: bool = False,
    caller: Caller | None = None,
    door: str = "",
    carrier: str | None = None,
) -> Answer | Refused:
    """Take messages in: returns once they are on disk, with one result a request, in order.

    `atomic`: all or nothing. `caller`: the key that asks, whose bounds, limits and quotas hold; None for what the
    house itself sends. `door`: where it came in, kept in the first event. `carrier`: by which they go; None leaves it
    to the route. Refused concerns the whole call.
    Raises StoreUnavailable; nothing is stored then.
    """
    if caller is not None and house.keyring.binding:
        requests = house.keyring.bound(
            caller, requests, house.settings.default_region, answering=door == "conversation"
        )
    claim = (account_id, idempotency.key) if idempotency else None
    if claim is None:
        return await _accept(house, account_id, requests, idempotency, atomic, caller, door, carrier)
    if claim in house.in_flight:
        return Refused("idempotency_in_flight", "A request with this Idempotency-Key is being worked on.", 1)
    house.in_flight.add(claim)
    try:
        return await _accept(house, account_id, requests, idempotency, atomic, caller, door, carrier)
    finally:
        house.in_flight.discard(claim)


async def _accept(
    house: House,
    account_id: int,
    requests: Sequence[Request | Invalid],
    idempotency: Idempotency | None,
    atomic: bool,
    caller: Caller | None,
    door: str,
    carrier: str | None,
) -> Answer | Refused:
    carrier = carrier or route.choose(house.carriers)
    began = house.clock.monotonic()
    pages = await read_pages(house, requests)
    messages, invalid, callbacks, notes, refusals = prepare(house, account_id, requests, pages, caller, carrier)
    if not messages or (atomic and invalid):
        # What was valid when it first came may no longer be: its `send_at` has passed.
        if idempotency and (earlier := await _answered(house, account_id, idempotency)):
            return earlier
        return Answer(merge(len(requests), invalid, [_atomic_fault()] * len(messages)))
    otp = all(message.category == Category.OTP for message in messages)
    if refused := house.backlog.refuse(account_id, len(messages), otp, house.free_disk_mb()):
        return refused
    metered = caller if house.keyring.metered or house.meter.by_default else None
    if metered and (refused := _meter(house, metered, len(messages))):
        return refused
    account = house.keyring.account(account_id)
    allowed = quotas((metered, account), house.clock.now()) if metered else ()
    draws = house.meter.draws(metered, account, len(messages)) if metered else ()
    origin = told(door, None if caller is None else (kind_of(caller), caller.id))
    entry = Entry(
        account_id, tuple(messages), tuple(invalid), idempotency, atomic, allowed, origin, tuple(callbacks), carrier,
        notes or None, refusals or None, draws=draws,
    )  # fmt: skip
    if callbacks:
        house.listening = True
    try:
        entered = (await house.store.write(store_entries, [entry]))[0]
    except BaseException:
        if metered:
            _meter(house, metered, -len(messages))
        raise
    house.metrics.accept.observe(house.clock.monotonic() - began)
    if metered and entered.answer is not None:
        _meter(house, metered, -len(messages))
    house.meter.count(allowed, entered.spent)
    if draws:
        house.meter.told(draws, entered.full, house.clock.monotonic(), house.clock.now())
    return entered.answer or Answer(merge(len(requests), invalid, entered.stored))


def _meter(house: House, caller: Caller, messages: int) -> Refused | None:
    """Draw messages from the buckets of a key and its account; a negative number goes back."""
    account, now = house.keyring.account(caller.account_id), house.clock.monotonic()
    if messages < 0:
        house.meter.give_back(caller, account, -messages, now)
        return None
    return house.meter.take(caller, account, messages, now)


@lru_cache(maxsize=4096)
def told(door: str, caller: tuple[str, int] | None) -> dict[str, Any] | None:
    """An origin as the first event keeps it: one value for all messages of a caller, never changed.

    `caller`: its kind, `key` or `esme`, and its id.
    """
    if not door:
        return None
    return {"door": door} if caller is None else {"door": door, caller[0]: show(*caller)}


def prepare(
    house: House,
    account_id: int,
    requests: Sequence[Request | Invalid],
    pages: Pages,
    caller: Caller | None,
    carrier: str | None,
) -> tuple[list[Message], list[tuple[int, Invalid]], list[Callback], dict[int, dict[str, Any]], dict[int, Verdict]]:
    messages: list[Message] = []
    callbacks: list[Callback] = []
    invalid: list[tuple[int, Invalid]] = []
    now, settings, next_id = house.clock.now(), house.settings, house.ids.next
    terms, rules = house.terms_of(carrier), house.sender_rules
    refusals: dict[int, Verdict] = {}
    further: dict[int, dict[str, Any]] = {}
    account = house.keyring.account(account_id)
    swapped: dict[int, Smart] = {}
    for index, request in enumerate(requests):
        made = (
            request
            if isinstance(request, Invalid)
            else validate.message(request, account_id, next_id(now), now, settings, terms, account, pages, swapped)
        )
        if isinstance(made, Invalid):
            invalid.append((index, made))
        else:
            if rules and isinstance(request, Request):
                judged = senders.judge(house, made, carrier, request.replace_sender, caller)
                if judged is not None and judged.verdict.allowed:
                    further[made.id] = {"sender": {"from": made.sender, "detail": judged.verdict.detail}}
                    made = judged.message
                elif judged is not None:
                    refusals[made.id] = judged.verdict
            if isinstance(request, Submitted) and request.too_long is not None:
                further.setdefault(made.id, {})["expires_at"] = {
                    "asked": request.too_long.isoformat(timespec="seconds").replace("+00:00", "Z"),
                    "detail": "It was to expire later than the longest validity allows.",
                }
            messages.append(made)
            if isinstance(request, Request) and request.callback_url is not None:
                callbacks.append(Callback(made.id, account_id, request.callback_url, request.callback_events or ()))
    notes = (
        {made.id: swaps.note(swapped[made.id], made.category) for made in messages if made.id in swapped}
        if swapped
        else {}
    )
    for message_id, told in further.items():
        notes[message_id] = {**notes.get(message_id, {}), **told}
    return messages, invalid, callbacks, notes, refusals


def merge(length: int, invalid: Sequence[tuple[int, Invalid]], rest: Sequence[Result]) -> tuple[Result, ...]:
    """Results in the order of the requests."""
    if not invalid:
        return tuple(rest)
    bad = dict(invalid)
    others = iter(rest)
    return tuple(bad[index] if index in bad else next(others) for index in range(length))


def _atomic_fault() -> Invalid:
    return Invalid((Fault("", "not stored: another message of this atomic batch was refused"),))


def _weigh(entries: Sequence[Entry]) -> int:
    return sum(len(entry.messages) for entry in entries)


def _beside(entries: Sequence[Entry]) -> bool:
    """An opt-out that comes meanwhile is seen when a message is claimed, and an Idempotency-Key is stored only once;
    two keys of one request are not. Rates and quotas are counted; what is known of callbacks and conversations changes.
    """
    return not any(
        entry.draws
        or entry.quotas
        or entry.callbacks
        or (entry.idempotency is not None and entry.idempotency.earlier is not None)
        or any(message.category == Category.CONVERSATION for message in entry.messages)
        for entry in entries
    )


@stage(order=10, refusable=True, weigh=_weigh, beside=_beside)
async def store_entries(tx: Tx, entries: Sequence[Entry], now: Millis) -> list[Entered]:
    """Store and queue the messages of many calls; an Idempotency-Key seen before gets its first answer."""
    results: dict[int, Entered] = {}
    fresh: list[tuple[int, Entry]] = []
    keys: set[tuple[int, str]] = set()
    for at, entry in enumerate(entries):
        earlier = await _earlier(tx, entry, keys)
        if earlier is None:
            fresh.append((at, entry))
        else:
            results[at] = earlier
    rated = [(at, entry) for at, entry in fresh if entry.draws]
    full = await rates.full(tx, [entry.draws for _, entry in rated]) if rated else None
    if full is not None:
        fresh = _within_rates(full, fresh, results, now)
    limited = any(entry.quotas for _, entry in fresh)
    used = await quota.used(tx, [one for _, entry in fresh for one in entry.quotas]) if limited else None
    if used is not None:
        fresh = _within_quotas(used, fresh, results, now)
    for (at, _), entered in zip(fresh, await enter(tx, [entry for _, entry in fresh], now), strict=True):
        results[at] = entered
    if used is not None:
        used += await quota.count(tx, [(entry.quotas, _going(results[at])) for at, entry in fresh])
        for at, entry in enumerate(entries):
            results[at] = msgspec.structs.replace(results[at], spent=quota.spent(entry.quotas, used))
    if full is not None:
        await _keep_rates(tx, full, rated, results)
    return [results[at] for at in range(len(entries))]


def _within_rates(
    full: rates.Full, fresh: Sequence[tuple[int, Entry]], results: dict[int, Entered], now: Millis
) -> list[tuple[int, Entry]]:
    """The entries that their rates leave room for now; the others are refused whole."""
    refusals = rates.refusals(full, [entry.draws for _, entry in fresh], now)
    for (at, _), refused in zip(fresh, refusals, strict=True):
        if refused is not None:
            results[at] = Entered((), refused)
    return [one for one, refused in zip(fresh, refusals, strict=True) if refused is None]


async def _keep_rates(
    tx: Tx, full: rates.Full, rated: Sequence[tuple[int, Entry]], results: dict[int, Entered]
) -> None:
    for at, entry in rated:
        answer = results[at].answer
        if answer is not None and not (isinstance(answer, Refused) and answer.code == "rate_limited"):
            rates.give_back(full, entry.draws)  # a quota was in the way, or one message of an atomic batch
    await rates.keep(tx, full, [entry.draws for _, entry in rated])
    for at, entry in rated:
        results[at] = msgspec.structs.replace(results[at], full=rates.told(full, entry.draws))


def _within_quotas(
    used: quota.Used, fresh: Sequence[tuple[int, Entry]], results: dict[int, Entered], now: Millis
) -> list[tuple[int, Entry]]:
    """The entries that their quotas leave room for; the others are refused whole."""
    refusals = quota.refusals(used, [(entry.quotas, len(entry.messages)) for _, entry in fresh], now)
    for (at, _), refused in zip(fresh, refusals, strict=True):
        if refused is not None:
            results[at] = Entered((), refused)
    return [one for one, refused in zip(fresh, refusals, strict=True) if refused is None]


def _going(entered: Entered) -> int:
    return sum(one.message.status != REJECTED for one in entered.stored)


async def enter(tx: Tx, entries: Sequence[Entry], now: Millis) -> list[Entered]:
    """Gate, store and queue; also called by receive, so that a reply shares the commit of what it answers."""
    suppressed = await tx.suppressions.among((m.account_id, m.to) for entry in entries for m in entry.messages)
    results = [_gate(entry, suppressed, now) for entry in entries]
    stored = [one.message for entered in results for one in entered.stored]
    callbacks = [callback for entry in entries for callback in entry.callbacks]
    if callbacks:
        await listen(tx, callbacks, {message.id for message in stored})
    origins = [
        entry.origin if entry.notes is None else {**(entry.origin or {}), **entry.notes.get(one.message.id, {})}
        for entry, entered in zip(entries, results, strict=True)
        for one in entered.stored
    ]
    rows = [_routed(one.message, entered.carrier) for entered in results for one in entered.stored]
    await track.begin(tx, rows, [_history(row) for row in rows], origins)
    talk = [row for row in rows if row.category == Category.CONVERSATION and row.status != REJECTED]
    if talk:
        await converse.said(tx, talk, now)
    submitted = [one for entry in entries for one in entry.submissions]
    if submitted:
        going = {message.id for message in stored if message.status != REJECTED}
        await tx.esmes.submit([one for one in submitted if one.message_id in going])
    await tx.queue.insert([_queued(row) for row in rows if row.status != REJECTED])
    await tx.idempotencies.insert(
        [
            _remember(entry, entered, now)
            for entry, entered in zip(entries, results, strict=True)
            if entry.idempotency and entered.stored
        ]
    )
    return results


async def listen(tx: Tx, callbacks: Sequence[Callback], stored: set[int]) -> None:
    """Remember who is to be called, before there is anything to tell."""
    some, widened = await tx.webhooks.has_callbacks()
    if not some or (not widened and any(one.events for one in callbacks)):
        await tx.webhooks.changed()
    await tx.webhooks.insert_callbacks([callback for callback in callbacks if callback.message_id in stored])


def _gate(entry: Entry, suppressed: set[tuple[int, str]], now: Millis) -> Entered:
    if not suppressed and entry.refusals is None:
        return Entered(tuple([Stored(message) for message in entry.messages]), carrier=entry.carrier)
    refusals = entry.refusals or {}
    stored = tuple(
        _judged(message, (message.account_id, message.to) in suppressed, refusals.get(message.id), now)
        for message in entry.messages
    )
    if entry.atomic and any(one.message.status == REJECTED for one in stored):
        faults = [Invalid((_as_fault(one.verdicts[0]),)) if one.verdicts else _atomic_fault() for one in stored]
        return Entered((), Answer(tuple(faults)))
    return Entered(stored, carrier=entry.carrier)


def _routed(message: Message, carrier: str | None) -> Message:
    """The message as it is stored: queued where its route is known already, which saves a commit of its own."""
    if carrier is None or message.status != ACCEPTED:
        return message
    return msgspec.structs.replace(message, status=QUEUED, carrier=carrier, event_count=2)


def _as_fault(verdict: Verdict) -> Fault:
    return Fault("/from" if verdict.rule == "sender" else "/to", verdict.detail)


def _judged(message: Message, suppressed: bool, refusal: Verdict | None, now: Millis) -> Stored:
    verdict = opted_out(message.category, suppressed) or refusal
    if verdict is None:
        return Stored(message)
    error = senders.refused(verdict) if verdict is refusal else opted_out_error(verdict)
    otp = message.category == Category.OTP
    refused = msgspec.structs.replace(
        message, status=REJECTED, error=error, finished_at=now, event_count=1, text=None if otp else message.text,
        prepared=None if otp else message.prepared,
    )  # fmt: skip
    return Stored(refused, (verdict,))


def _history(message: Message) -> tuple[str, ...]:
    return _BEGINNINGS.get(message.status) or (message.status,)


_BEGINNINGS = {SCHEDULED: (ACCEPTED, SCHEDULED), QUEUED: (ACCEPTED, QUEUED)}


def _queued(message: Message) -> Queued:
    rank = CATEGORY_RULES[message.category].rank
    carrier = (message.carrier or "") if message.status == QUEUED else ""
    return Queued(message.id, message.account_id, rank, message.send_at or 0, message.expires_at, carrier)


class _Kept(msgspec.Struct, array_like=True):
    """One item of a remembered answer: a message with its first status, or the faults of an invalid item."""

    id: int
    status: str
    faults: tuple[tuple[str, str], ...] = ()


_kept_encode = msgspec.json.Encoder().encode
_kept_decode = msgspec.json.Decoder(list[_Kept]).decode


def _remember(entry: Entry, entered: Entered, now: Millis) -> Remembered:
    if entry.idempotency is None:
        raise ValueError("an entry without a key is not remembered")
    length = len(entry.messages) + len(entry.invalid)
    kept = [_keep(result) for result in merge(length, entry.invalid, entered.stored)]
    last = max((message.send_at or now for message in entry.messages), default=now)
    return Remembered(
        entry.account_id, entry.idempotency.key, entry.idempotency.digest, _kept_encode(kept), max(now, last) + DAY
    )


def _keep(result: Result) -> _Kept:
    if isinstance(result, Stored):
        return _Kept(result.message.id, result.message.status)
    if isinstance(result, Invalid):
        return _Kept(0, "", tuple((fault.pointer, fault.detail) for fault in result.errors))
    raise ValueError("a refused call is not remembered")


async def _earlier(tx: Tx, entry: Entry, keys: set[tuple[int, str]]) -> Entered | None:
    """The first answer to this key, a mismatch, or None when the key is new."""
    if entry.idempotency is None:
        return None
    claims = {(entry.account_id, key) for key in entry.idempotency.keys}
    if not keys.isdisjoint(claims):
        return Entered((), Refused("idempotency_in_flight", "A request with this Idempotency-Key is being worked on."))
    keys |= claims
    answer = await _first(tx, entry.account_id, entry.idempotency)
    return None if answer is None else Entered((), answer)


async def _answered(house: House, account_id: int, idempotency: Idempotency) -> Answer | Refused | None:
    async def ask(tx: Tx) -> Answer | Refused | None:
        return await _first(tx, account_id, idempotency)

    return await house.store.read(ask)


async def _first(tx: Tx, account_id: int, idempotency: Idempotency) -> Answer | Refused | None:
    found = None
    for key in idempotency.keys:
        found = found or await tx.idempotencies.find(account_id, key)
    if found is None:
        return None
    if found.digest != idempotency.digest:
        return MISMATCH
    return Answer(await _replay(tx, _kept_decode(found.answer)), replayed=True)


async def _replay(tx: Tx, kept: Sequence[_Kept]) -> tuple[Result, ...]:
    messages = await tx.messages.by_id(one.id for one in kept if one.id)
    return tuple(_again(one, messages.get(one.id)) for one in kept)


_DROPPED = (
    "The message that was stored under this Idempotency-Key ended long ago and is kept no longer "
    "(`retention.messages`); nothing was sent again. Use a new key to send anew."
)


def _again(kept: _Kept, message: Message | None) -> Result:
    if message is None and kept.id:
        return Refused("message_dropped", _DROPPED)
    if message is None:
        return Invalid(tuple(Fault(pointer, detail) for pointer, detail in kept.faults))
    if kept.status == REJECTED and message.error is not None:
        rule = "sender" if message.error.code == "invalid_sender" else "suppression"
        return Stored(message, (Verdict(rule, False, message.error.detail),))
    first = msgspec.structs.replace(
        message, status=kept.status, carrier=None, error=None, segments_delivered=0, sent_at=None, finished_at=None
    )
    return Stored(first)
