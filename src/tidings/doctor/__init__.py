"""Diagnosis: from the figures of a moment, or the story of a message, to plain words about what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from tidings.core.carrier import BindState, CarrierState
from tidings.core.health import EsmeState, Snapshot
from tidings.core.message import Message, MessageError, Millis
from tidings.core.questions import Attempt, ReceiptRow
from tidings.doctor import database
from tidings.doctor.advice import Advice
from tidings.errors import MESSAGE_ERRORS

__all__ = ["Advice", "advise", "decided_by", "explain"]

SLOW_QUEUE_S = 60.0
STUCK_QUEUE_S = 600.0
BEHIND_S = 3 * 86_400.0
"""So long past their retention messages may be before it is told: what is left over is looked through once a day."""
SLOW_COMMIT_MS = 500.0
_NEARLY_FULL = 0.9
ENOUGH_ANSWERS = 20
"""Below this many answers a share says nothing."""


_RANK = {"error": 0, "warning": 1, "note": 2}


def advise(snapshot: Snapshot) -> list[Advice]:
    """What the figures say, worst first; empty when all is well."""
    found = [
        *_store(snapshot),
        *(database.advise(snapshot.database, snapshot.kept_days) if snapshot.database is not None else ()),
        *_carriers(snapshot),
        *_queue(snapshot),
        *_receipts(snapshot),
        *_retention(snapshot),
        *_esmes(snapshot),
        *_door(snapshot),
    ]
    return sorted(found, key=lambda advice: _RANK[advice.severity])


def _store(snapshot: Snapshot) -> Iterator[Advice]:
    if snapshot.store_fault:
        yield Advice(
            "error",
            f"The store cannot commit: {snapshot.store_fault}. No message is accepted until it can.",
            "See whether the database server runs and can be reached; tidings connects again by itself."
            if snapshot.store.startswith("PostgreSQL")
            else "Check free space, permissions and health of the disk under the data folder.",
        )
    free, needed = snapshot.disk_free_mb, snapshot.disk_needed_mb
    if free is not None and free < needed:
        yield Advice(
            "error",
            f"Only {free} MB are free where the data lies; below {needed} MB no message is accepted.",
            "Free space on this disk, or move the data folder (--data) to a larger one.",
        )
    elif free is not None and free < 5 * needed:
        yield Advice(
            "warning",
            f"{free} MB are free where the data lies; below {needed} MB no message is accepted.",
            "Free space on this disk soon.",
        )
    if snapshot.commit_lag_ms > SLOW_COMMIT_MS:
        yield Advice(
            "warning",
            f"The last commit took {snapshot.commit_lag_ms:.0f} ms.",
            "Look for other programs that write to this disk, or move the data folder to a faster one.",
        )


def _carriers(snapshot: Snapshot) -> Iterator[Advice]:
    if not snapshot.carriers:
        yield Advice(
            "error",
            "No carrier is configured, so no message can leave.",
            "Add a [[carriers]] table to tidings.toml, or set `enabled = true` under [simulator].",
        )
    for carrier in snapshot.carriers:
        if carrier.state == "unattended":
            yield _unattended(carrier)
            continue
        yield from _binds(carrier)
        yield from _answers(carrier)


def _unattended(carrier: CarrierState) -> Advice:
    what = f"No engine has the binds of carrier {carrier.name}, so nothing leaves by it."
    return Advice(
        "error", what,
        "Start one with `tidings up --role engine`. One that ended without a word is replaced after about 6 s.",
    )  # fmt: skip


def _binds(carrier: CarrierState) -> Iterator[Advice]:
    if carrier.state == "paused":
        yield _paused(carrier)
    flapping = [bind for bind in carrier.binds if bind.state == "flapping"]
    if flapping:
        yield _flapping(carrier, flapping)
    if carrier.binds_up >= carrier.binds_total:
        return
    down = [bind for bind in carrier.binds if bind.state in ("connecting", "down")]
    if carrier.binds_up and flapping and not down:
        return  # told as flapping
    if carrier.binds_up:
        what = (
            f"Carrier {carrier.name}: {carrier.binds_up} of {carrier.binds_total} binds are up.{_each(carrier, down)}"
        )
        yield Advice("warning", what, "Set its `binds` in tidings.toml to what the carrier grants.")
        return
    waits = f" {carrier.waiting} messages wait for it." if carrier.waiting else ""
    what = f"Carrier {carrier.name} ({carrier.type}, {carrier.address}) is down.{_each(carrier, down)}{waits}"
    if carrier.permanent:
        do = "Trying again will not help: correct its table in tidings.toml (system_id, password, bind) and restart."
    else:
        do = f"It is tried again by itself. Check that {carrier.address} can be reached from here."
    yield Advice("error", what, do)


def _each(carrier: CarrierState, binds: Sequence[BindState]) -> str:
    """What is wrong with each bind; those with the same trouble together."""
    if not binds:
        return f" {_sentence(carrier.down_reason)}" if carrier.down_reason else ""
    names: dict[str, list[BindState]] = {}
    for bind in binds:
        names.setdefault(bind.error or "It is connecting.", []).append(bind)
    told = []
    for error, those in names.items():
        listed = ", ".join(bind.name for bind in those)
        told.append(f" {listed}, since {min(bind.since for bind in those)}: {_sentence(error)}")
    return "".join(told)


def _paused(carrier: CarrierState) -> Advice:
    since = f" since {carrier.paused_at}" if carrier.paused_at else ""
    what = f"Carrier {carrier.name} is paused{since}; {carrier.waiting} messages wait for it, within their validity."
    return Advice("warning", what, f"Go on with `tidings carriers resume {carrier.name}` when it may.")


def _flapping(carrier: CarrierState, binds: Sequence[BindState]) -> Advice:
    names = ", ".join(bind.name for bind in binds)
    drops = sum(bind.traffic.drops for bind in binds)
    last = next((f" The last time: {_sentence(bind.error)}" for bind in binds if bind.error), "")
    what = (
        f"Carrier {carrier.name}: {names} came up and fell again, {drops} times by now, and is tried less often.{last}"
    )
    do = (
        "See whether another program binds with the same system_id, whether `binds` or `window` is above what the "
        "carrier grants, and ask the carrier why it ends the sessions."
    )
    return Advice("warning", what, do)


def _answers(carrier: CarrierState) -> Iterator[Advice]:
    answers = carrier.answers
    total = sum(answers.values())
    refused = answers.get("config", 0) + answers.get("bind", 0)
    if refused:
        yield Advice(
            "error",
            f"Carrier {carrier.name} refused {refused} of the last {total} segments because of our bind or settings.",
            f"Compare the settings of {carrier.name} in tidings.toml with what the carrier granted; "
            "`tidings trace ID` of a failed message shows its code.",
        )
    if total < ENOUGH_ANSWERS:
        return
    for kind, least, what, do in _SHARES:
        count = answers.get(kind, 0)
        if count > least * total:
            yield Advice("warning", f"Carrier {carrier.name} {what.format(count=count, total=total)}", do)


_SHARES = (
    (
        "throttled",
        0.1,
        "throttled {count} of the last {total} segments.",
        "Set its `rate` in tidings.toml to what the carrier grants, or ask the carrier for more.",
    ),
    (
        "permanent",
        0.2,
        "refused {count} of the last {total} segments for good.",
        "Look at a few with `tidings trace ID`; dead numbers and unregistered senders are the usual reasons.",
    ),
    (
        "temporary",
        0.2,
        "had temporary errors for {count} of the last {total} segments.",
        "They are tried again by themselves; ask the carrier if it lasts.",
    ),
    (
        "in_doubt",
        0.01,
        "left {count} of the last {total} segments without an answer.",
        "The link breaks or the carrier answers late: raise `response_timeout`, lower `window`, or ask the carrier.",
    ),
)


def _queue(snapshot: Snapshot) -> Iterator[Advice]:
    if not snapshot.queued or snapshot.oldest_s <= SLOW_QUEUE_S:
        return
    up = [carrier for carrier in snapshot.carriers if carrier.binds_up]
    if not up:
        do = "They leave when a carrier is up again."
    elif all(carrier.state == "paused" for carrier in up):
        do = "They leave when the carrier is resumed."
    else:
        do = "More is accepted than the carriers take: raise their `rate` or `window` if they grant it, or send less."
    yield Advice(
        "error" if snapshot.oldest_s > STUCK_QUEUE_S else "warning",
        f"{snapshot.queued} messages wait; the oldest fell due {_span(snapshot.oldest_s)} ago.",
        do,
    )


def _receipts(snapshot: Snapshot) -> Iterator[Advice]:
    if snapshot.orphans:
        yield Advice(
            "note",
            f"{snapshot.orphans} receipts match no message.",
            "`tidings orphans list` shows them with the reason. Usual causes: another system sends with the same "
            "carrier account, or the carrier writes its ids in receipts in a way that nobody told: see `receipt_id` "
            "and `receipt_id_from` of the carrier's profile.",
        )


def _retention(snapshot: Snapshot) -> Iterator[Advice]:
    if snapshot.retention_behind_s > BEHIND_S:
        yield Advice(
            "warning",
            f"Messages are kept {snapshot.messages_kept_days} days after their end, and there are some that ended "
            f"{_span(snapshot.retention_behind_s)} before that.",
            "Nothing, if that was shortened lately or much was brought in: it gets less by itself, see "
            "`tidings_retention_behind_seconds`. If it does not: something still waits of them (a webhook that is to "
            "hear of them, an ESME), or the log tells why the sweeper cannot do its work.",
        )


def _door(snapshot: Snapshot) -> Iterator[Advice]:
    door = snapshot.door
    if door is None:
        return
    at = " and ".join(door.addresses)
    if not door.esmes:
        yield Advice(
            "note",
            f"The SMPP door is open at {at}, and nobody may bind there.",
            "Enrol an ESME with `tidings esmes create`.",
        )
    if door.turned_away:
        yield Advice(
            "warning",
            f"{door.turned_away} connections found no room at the SMPP door ({at}); {door.connections} stand.",
            "The log names them; raise `smpp.connections` or `smpp.connections_per_address` if they are yours.",
        )
    if door.refused:
        told = ", ".join(f"{count} with {name}" for name, count in sorted(door.refused.items()))
        yield Advice(
            "note",
            f"Binds were refused at the SMPP door since the start: {told}.",
            "The log names each with its reason; `tidings esmes show ID` tells what an ESME may.",
        )


def _esmes(snapshot: Snapshot) -> Iterator[Advice]:
    for one in snapshot.esmes:
        if one.waiting >= _NEARLY_FULL * one.most or (one.waiting and one.oldest_s > STUCK_QUEUE_S):
            yield _undelivered(one)
        if one.dead:
            yield Advice(
                "note",
                f"ESME {one.system_id}: {one.dead} receipts and texts were given up.",
                f"GET /v1/esmes/{one.id}/deliveries?status=dead says why; POST /v1/esmes/{one.id}/replay lets them go "
                "out again.",
            )


def _undelivered(one: EsmeState) -> Advice:
    what = f"ESME {one.system_id}: {one.waiting} receipts and texts wait, the oldest for {_span(one.oldest_s)}."
    full = one.waiting >= _NEARLY_FULL * one.most
    if full:
        what += f" Beyond {one.most} what comes is given up."
    if not one.receivers:
        do = "No bind of it receives: the customer has to bind as receiver or transceiver."
    elif one.failures:
        do = "It refuses them for now or does not answer: the customer has to answer deliver_sm with deliver_sm_resp."
    else:
        do = "The customer takes them more slowly than they come: more binds, or a larger `smpp.window`, may help."
    return Advice("error" if full else "warning", what, do)


def explain(message: Message, attempts: Sequence[Attempt], receipts: Sequence[ReceiptRow], now: Millis) -> str:
    """What the state of a message means, who decided it and what to do, in a few plain sentences."""
    means, decider = _means(message, attempts, receipts, now), decided_by(message)
    if decider is None:
        return means
    who = {"tidings": "tidings", "caller": "the caller"}.get(decider, f"the carrier {message.carrier or ''}".rstrip())
    return f"{means} Decided by {who}."


def decided_by(message: Message) -> Literal["tidings", "carrier", "caller"] | None:
    """Who decided how a message ended; None before that, and of texts from handsets."""
    match message.status:
        case "delivered" | "undelivered":
            return "carrier"
        case "canceled":
            return "caller"
        case "failed" | "rejected" | "expired" | "unknown":
            return "carrier" if message.error is not None and message.error.decided_by == "carrier" else "tidings"
    return None


def _means(message: Message, attempts: Sequence[Attempt], receipts: Sequence[ReceiptRow], now: Millis) -> str:
    match message.status:
        case "accepted" | "queued":
            return _waiting(attempts)
        case "scheduled":
            return "It is stored and waits for its time; it can be canceled until it is handed to a carrier."
        case "sent":
            return _awaited(message, now)
        case "delivered":
            return f"The carrier {message.carrier or ''} reports that the handset has it.".replace("  ", " ")
        case "received":
            return "A handset sent this to us."
        case "canceled":
            return "It was canceled before any part of it was handed to a carrier."
        case "unknown":
            return f"Nobody knows whether it arrived. {_unknown(message.error, attempts)}"
        case "expired":
            return f"Its validity ended before it was delivered. {_late(receipts)}"
        case _:
            return _cause(message.error) or "It ended without a reason being kept."


def _unknown(error: MessageError | None, attempts: Sequence[Attempt]) -> str:
    """A second text would perhaps be one too many: first ask who may know."""
    why = _reason(error) if error is not None else "No reason was kept."
    ids = [attempt.carrier_id for attempt in attempts if attempt.carrier_id]
    ask = f"Ask the carrier about its id {ids[-1]}" if ids else "Ask the recipient"
    return f"{why} {ask} before you send it again: it may arrive twice."


def _waiting(attempts: Sequence[Attempt]) -> str:
    last = _last(attempts)
    if last is None:
        return "It waits for a carrier; if that lasts, `tidings doctor` says why."
    if last.outcome is None:
        return f"Part {last.part} was handed to {last.carrier}, which has not answered yet."
    code = f", code {last.carrier_code}" if last.carrier_code else ""
    outcome = last.outcome.replace("_", " ")
    return f"The last try, with {last.carrier}, ended as {outcome}{code}; it is tried again while it is valid."


def _awaited(message: Message, now: Millis) -> str:
    since = "" if message.sent_at is None else f" {_span((now - message.sent_at) / 1000)} ago"
    return (
        f"{message.carrier or 'The carrier'} took it{since}; its delivery receipt has not come. "
        "A handset that is off or out of coverage is the usual reason."
    )


def _late(receipts: Sequence[ReceiptRow]) -> str:
    if receipts:
        return (
            "The carrier had it and could not deliver it in time; the handset was probably off. "
            "It may be sent again later."
        )
    return (
        "It was never handed over in time: see `tidings doctor` for carriers that are down or slow, then send it again."
    )


def _cause(error: MessageError | None) -> str:
    if error is None:
        return ""
    known = MESSAGE_ERRORS.get(error.code, MESSAGE_ERRORS["unknown"])
    return f"{_reason(error)} {known.advice}"


def _reason(error: MessageError) -> str:
    known = MESSAGE_ERRORS.get(error.code, MESSAGE_ERRORS["unknown"])
    code = f" (carrier's code {error.carrier_code})" if error.carrier_code else ""
    detail = f" {_sentence(error.detail)}" if error.detail and error.detail not in known.sentence else ""
    return f"{known.sentence.rstrip('.')}{code}.{detail}"


def _last(attempts: Sequence[Attempt]) -> Attempt | None:
    return max(attempts, key=lambda attempt: attempt.id, default=None)


def _sentence(text: str | None) -> str:
    text = (text or "").strip()
    return text if not text or text[-1] in ".!?" else text + "."


def _span(seconds: float) -> str:
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{max(0.0, seconds):.0f} s"
