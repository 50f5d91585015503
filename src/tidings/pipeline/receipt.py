"""4  A delivery receipt → the segment it speaks of. Stored before acknowledged; parked while it matches nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from tidings.core.message import Millis
from tidings.core.ports import Receipt, stage
from tidings.core.questions import Attempt, ReceiptRow, State, Tx
from tidings.core.retry import receipt_retry
from tidings.core.status import DELIVERED, UNKNOWN, fold
from tidings.pipeline import track
from tidings.smpp.receipt import id_forms, without_text

FINAL = frozenset({"delivered", "undelivered", "expired", "unknown"})


class Arrived(msgspec.Struct, frozen=True, gc=False):
    """A receipt with the id its row shall have."""

    id: int
    receipt: Receipt


@stage(order=60, patient=True)
async def take_receipts(tx: Tx, items: Sequence[Arrived], now: Millis) -> list[bool]:
    """Store receipts, match them, and move their messages; True where one matched."""
    rows = [_row(item, now) for item in items]
    states: dict[int, State] = {}
    matched = await _match(tx, rows, states)
    settled = [_settled(row, matched.get(row.id), now) for row in rows]
    await tx.receipts.insert(settled)
    await _apply(tx, settled, matched, states, now)
    return [row.attempt_id is not None for row in settled]


@stage(order=61)
async def rematch(tx: Tx, rows: Sequence[ReceiptRow], now: Millis) -> list[bool]:
    """Try parked receipts again; what still matches nothing waits longer and is at last an orphan."""
    states: dict[int, State] = {}
    matched = await _match(tx, rows, states)
    settled = [_settled(row, matched.get(row.id), now) for row in rows]
    await tx.receipts.settle(settled)
    await _apply(tx, settled, matched, states, now)
    return [row.attempt_id is not None for row in settled]


def _row(item: Arrived, now: Millis) -> ReceiptRow:
    r = item.receipt
    return ReceiptRow(
        id=item.id, carrier=r.carrier, bind=r.bind, carrier_id=r.carrier_id, sender=r.sender, state=r.state,
        status=r.status, error_code=r.error_code, raw=without_text(r.raw), received_at=now, attempt_id=None,
        message_id=None, tries=0, retry_at=now,
    )  # fmt: skip


def _settled(row: ReceiptRow, attempt: Attempt | None, now: Millis) -> ReceiptRow:
    tries = row.tries + 1
    if attempt is not None:
        return msgspec.structs.replace(
            row, attempt_id=attempt.id, message_id=attempt.message_id, tries=tries, retry_at=None
        )
    wait = receipt_retry(tries)
    return msgspec.structs.replace(row, tries=tries, retry_at=None if wait is None else now + wait)


async def _match(tx: Tx, rows: Sequence[ReceiptRow], states: dict[int, State]) -> dict[int, Attempt]:
    """Row id → its attempt: first by the id as it came, then by the other forms carriers write it in.

    Fills `states` with the messages looked at.
    """
    found = await _match_by(tx, [(row, (row.carrier_id,)) for row in rows], states)
    rest = [(row, id_forms(row.carrier_id)) for row in rows if row.id not in found]
    return found | await _match_by(tx, rest, states) if rest else found


async def _match_by(
    tx: Tx, wanted: Sequence[tuple[ReceiptRow, Sequence[str]]], states: dict[int, State]
) -> dict[int, Attempt]:
    carriers = {row.carrier for row, _ in wanted}
    known: dict[tuple[str, str], list[Attempt]] = {}
    for carrier in carriers:
        ids = [form for row, forms in wanted if row.carrier == carrier for form in forms if form]
        for carrier_id, attempts in (await tx.attempts.by_carrier_id(carrier, ids)).items():
            known[carrier, carrier_id] = attempts
    if not known:
        return {}
    states |= await tx.messages.states(a.message_id for attempts in known.values() for a in attempts)
    taken: set[int] = set()
    matched: dict[int, Attempt] = {}
    for row, forms in wanted:
        candidates = [a for form in forms for a in known.get((row.carrier, form), ()) if _fits(row, states, a)]
        best = _newest_unresolved(candidates, taken)
        if best is not None:
            matched[row.id] = best
            if row.status in FINAL:
                taken.add(best.id)
    return matched


def _newest_unresolved(candidates: Sequence[Attempt], taken: set[int]) -> Attempt | None:
    """The newest without a final receipt; else the newest: then this one is a duplicate and changes nothing."""
    for attempt in candidates:
        if attempt.receipt is None and attempt.id not in taken:
            return attempt
    return candidates[0] if candidates else None


def _fits(row: ReceiptRow, states: dict[int, State], attempt: Attempt) -> bool:
    """Carrier ids repeat, so the handset's number must agree where the receipt names one."""
    state = states.get(attempt.message_id)
    number = row.sender.lstrip("+")
    return state is not None and (not number or state.to.lstrip("+").endswith(number.lstrip("0")))


async def _apply(
    tx: Tx, rows: Sequence[ReceiptRow], matched: dict[int, Attempt], states: dict[int, State], now: Millis
) -> None:
    news = list(_news(rows, matched))
    if not news:
        return
    await tx.attempts.receive(news)
    # One delivered segment that is the whole message needs no look at its siblings.
    whole = {a.message_id: [a] for a in news if a.receipt == DELIVERED and states[a.message_id].segments == 1}
    others = dict.fromkeys(attempt.message_id for attempt in news if attempt.message_id not in whole)
    histories = whole | (await tx.attempts.of(others) if others else {})
    moves: list[track.Move] = []
    counts: dict[int, int] = {}
    for message_id, history in histories.items():
        folded = fold(states[message_id].segments, history)
        counts[message_id] = folded.delivered
        moves += track.receipts_moves(states[message_id], folded, history[-1].carrier)
    states = states | await track.advance(tx, moves, now, states)
    await track.recount(tx, states, counts)


def _news(rows: Iterable[ReceiptRow], matched: dict[int, Attempt]) -> Iterable[Attempt]:
    """Attempts that learn their outcome from these receipts. An `unknown` may still become something better."""
    best: dict[int, Attempt] = {}
    for row in rows:
        attempt = matched.get(row.id)
        if attempt is None or row.status not in FINAL:
            continue
        known = best.get(attempt.id, attempt)
        if known.receipt is None or (known.receipt == UNKNOWN and row.status != UNKNOWN):
            best[attempt.id] = msgspec.structs.replace(known, receipt=row.status, receipt_code=_code(row))
    return best.values()


def _code(row: ReceiptRow) -> str:
    return f"{row.state} {row.error_code}".strip()
