"""3  Hand over to a carrier: commit the attempt, then write; settle every answer; pace, repeat or give up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from tidings.config import Delivery
from tidings.core.consent import opted_out, opted_out_error
from tidings.core.message import AS_SUBMITTED, CATEGORY_RULES, Message, Millis, Part, Prepared
from tidings.core.ports import SendError, Sent, stage
from tidings.core.questions import Attempt, Queued, State, Tx
from tidings.core.retry import Again, GiveUp, decide
from tidings.core.status import EXPIRED, FAILED, QUEUED, REJECTED, SENT, UNKNOWN, Fold, fold
from tidings.pipeline import expire, track
from tidings.pipeline.lease import of_carrier
from tidings.text.segments import split


class Claim(msgspec.Struct, frozen=True, gc=False):
    """A message about to be handed over on one bind, part by part; its attempts' ids are reserved."""

    message: Message
    parts: tuple[int, ...]
    attempt_ids: tuple[int, ...]
    carrier: str
    bind: str
    fence: int


@stage(order=40)
async def claim(tx: Tx, claims: Sequence[Claim], now: Millis) -> list[bool]:
    """The point of no return: the queue row goes and the attempts come, or the message does not go at all.

    False for a message that was canceled, has expired, was suppressed, or whose bind another process holds by now.
    One whose earlier hand-over is in doubt does not expire and is not rejected: it may have arrived.
    """
    taken = await _taken(tx, claims)
    ours = [one for one in claims if one.message.id in taken]
    suppressed = await tx.suppressions.among((one.message.account_id, one.message.to) for one in ours)
    stops = {one.message.id: move for one in ours if (move := _stop(one.message, suppressed, now))}
    if stops:
        stops |= await expire.in_doubt(tx, list(stops))
        await track.advance(tx, list(stops.values()), now)
    going = taken - stops.keys()
    await tx.attempts.open([attempt for one in ours if one.message.id in going for attempt in _attempts(one, now)])
    return [one.message.id in going for one in claims]


async def _taken(tx: Tx, claims: Sequence[Claim]) -> set[int]:
    """Messages of claims under the fences that count; they wait no longer."""
    wanted: dict[tuple[str, int], list[int]] = {}
    for one in claims:
        wanted.setdefault((of_carrier(one.carrier), one.fence), []).append(one.message.id)
    taken: set[int] = set()
    for (name, fence), message_ids in wanted.items():
        taken |= await tx.queue.claim(name, fence, message_ids)
    return taken


def _stop(message: Message, suppressed: set[tuple[int, str]], now: Millis) -> track.Move | None:
    """Why a message must not go after all."""
    if now >= message.expires_at:
        return track.Move(message_id=message.id, status=EXPIRED, error=track.our_error("expired"))
    verdict = opted_out(message.category, (message.account_id, message.to) in suppressed)
    if verdict is not None:
        return track.Move(
            message_id=message.id, status=REJECTED, error=opted_out_error(verdict), data={"gate": "claim"}
        )
    return None


def _attempts(one: Claim, now: Millis) -> Iterable[Attempt]:
    message = one.message
    for attempt_id, part in zip(one.attempt_ids, one.parts, strict=True):
        yield Attempt(
            id=attempt_id, message_id=message.id, account_id=message.account_id, part=part, carrier=one.carrier,
            bind=one.bind, fence=one.fence, started_at=now,
        )  # fmt: skip


def parts(one: Claim, now: Millis) -> list[Part]:
    """The segments of a claim as a carrier takes them: the same octets at every attempt."""
    message = one.message
    if message.reference == AS_SUBMITTED:
        return [_as_submitted(one, now)]
    cut = split(message.text or "", message.encoding, message.reference).segments
    validity = max(1, (message.expires_at - now) // 1000)
    return [
        Part(
            attempt_id=attempt_id, message_id=message.id, part=part, parts=len(cut), bind=one.bind,
            sender=message.sender, to=message.to, encoding=message.encoding, payload=cut[part - 1].payload,
            udh=cut[part - 1].udh, validity_s=validity,
        )
        for attempt_id, part in zip(one.attempt_ids, one.parts, strict=True)
    ]  # fmt: skip


def _as_submitted(one: Claim, now: Millis) -> Part:
    """The one segment of a message that came as octets."""
    message = one.message
    made = message.prepared or Prepared(message.encoding, b"")
    return Part(
        attempt_id=one.attempt_ids[0], message_id=message.id, part=1, parts=1, bind=one.bind, sender=message.sender,
        to=message.to, encoding=made.encoding, payload=made.octets, udh=made.udh,
        validity_s=max(1, (message.expires_at - now) // 1000), data_coding=made.data_coding,
        protocol_id=made.protocol_id, reply_path=made.reply_path, as_submitted=True,
    )  # fmt: skip


class Settle(msgspec.Struct, frozen=True, gc=False):
    """A carrier's answer to one attempt, with the chance (0 to 1) that spreads retries."""

    answer: Sent | SendError
    jitter: float
    patience: Delivery
    in_doubt: str = "category"
    """What becomes of a part without an answer, as in `core.ports.Manners`."""


class Settled(msgspec.Struct, frozen=True, gc=False):
    """What the answer means for its message."""

    message_id: int
    done: bool
    """The hand-over has ended: taken, failed, or waiting in the queue again."""
    again: Again | None = None
    parts: tuple[int, ...] = ()
    """Parts still to be handed over, when `again`."""


@stage(order=50, patient=True)
async def settle(tx: Tx, items: Sequence[Settle], now: Millis) -> list[Settled]:
    """Record answers and draw the consequence: sent, again, failed, or unknown."""
    histories = await tx.attempts.with_siblings(item.answer.attempt_id for item in items)
    attempts = {attempt.id: attempt for history in histories.values() for attempt in history}
    answered = {a.id: a for item in items if (a := _answered(attempts.get(item.answer.attempt_id), item.answer, now))}
    touched = list(histories)
    histories = {m: [answered.get(attempt.id, attempt) for attempt in history] for m, history in histories.items()}
    states = await tx.messages.states(touched)
    await tx.attempts.answer(list(answered.values()))
    spread = {attempts[i.answer.attempt_id].message_id: i for i in items if i.answer.attempt_id in attempts}
    outcomes = {
        message_id: _conclude(states[message_id], histories.get(message_id, []), spread[message_id], now)
        for message_id in touched
    }
    doubted = {a.message_id for a in answered.values() if attempts[a.id].outcome is not None}
    await _carry_out(tx, states, outcomes, doubted, now)
    return [_result(attempts.get(item.answer.attempt_id), outcomes) for item in items]


class _Outcome(msgspec.Struct, frozen=True):
    settled: Settled
    moves: tuple[track.Move, ...] = ()


def _result(attempt: Attempt | None, outcomes: dict[int, _Outcome]) -> Settled:
    return outcomes[attempt.message_id].settled if attempt else Settled(0, True)


def _answered(attempt: Attempt | None, answer: Sent | SendError, now: Millis) -> Attempt | None:
    """The attempt with its answer, or None when it has a better one. A late yes lifts a doubt."""
    if attempt is None:
        return None
    if isinstance(answer, Sent):
        if attempt.outcome not in (None, "in_doubt"):
            return None
        return msgspec.structs.replace(
            attempt, outcome="sent", carrier_id=answer.carrier_id or None, answered_at=now, bind=answer.bind
        )
    if attempt.outcome is not None:
        return None
    return msgspec.structs.replace(
        attempt, outcome=answer.kind, carrier_code=answer.carrier_code or None, answered_at=now,
        detail=f"{answer.code}: {answer.detail}", bind=answer.bind or attempt.bind,
    )  # fmt: skip


def _conclude(state: State, history: Sequence[Attempt], item: Settle, now: Millis) -> _Outcome:
    folded = fold(state.segments, history)
    if not folded.missing:
        sent = track.Move(message_id=state.id, status=SENT, carrier=history[-1].carrier)
        moves = (sent, *track.receipts_moves(msgspec.structs.replace(state, status=SENT), folded, None))
        return _Outcome(Settled(state.id, True), moves)
    if state.status != QUEUED:
        return _Outcome(Settled(state.id, True))
    verdicts = [v for part in folded.missing if (v := _verdict(state, history, part, item, now))]
    gave_up = next((verdict for verdict in verdicts if isinstance(verdict[0], GiveUp)), None)
    if gave_up is not None and isinstance(gave_up[0], GiveUp):
        return _Outcome(Settled(state.id, True), (_give_up(state, folded, gave_up[0], gave_up[1]),))
    if folded.open:
        return _Outcome(Settled(state.id, False))
    # Without a verdict the missing parts have not gone yet: the window had no room for them.
    waits = [verdict for verdict, _ in verdicts if isinstance(verdict, Again)] or [Again(0)]
    again = Again(max(one.wait for one in waits), any(one.pause_carrier for one in waits))
    return _Outcome(Settled(state.id, True, again, folded.missing))


def _verdict(
    state: State, history: Sequence[Attempt], part: int, item: Settle, now: Millis
) -> tuple[Again | GiveUp, Attempt] | None:
    """What the last answer about a part asks for; None while it waits for its answer or has not gone yet."""
    tries = [attempt for attempt in history if attempt.part == part]
    if not tries or tries[-1].outcome is None:
        return None
    last = tries[-1]
    earlier = sum(1 for attempt in tries[:-1] if attempt.outcome == last.outcome)
    code = (last.detail or "unknown").partition(":")[0]
    verdict = decide(last.outcome or "", code, earlier, state.category, item.jitter, item.patience, item.in_doubt)
    if last.outcome == "in_doubt" and isinstance(verdict, Again) and now >= state.expires_at:
        return GiveUp(UNKNOWN, "outcome_lost"), last
    return verdict, last


def _give_up(state: State, folded: Fold, verdict: GiveUp, last: Attempt) -> track.Move:
    by = "carrier" if verdict.status == FAILED and last.outcome in ("permanent", "config") else "tidings"
    detail = (last.detail or "").partition(": ")[2] if verdict.status == FAILED else ""
    error = track.our_error(verdict.code, detail, last.carrier_code, by)
    return track.Move(message_id=state.id, status=verdict.status, error=error, delivered=folded.delivered)


async def _carry_out(
    tx: Tx, states: dict[int, State], outcomes: dict[int, _Outcome], doubted: set[int], now: Millis
) -> None:
    """`doubted`: messages a late answer was for; their repeat must not leave the queue."""
    late = [message_id for message_id in doubted if outcomes[message_id].moves]
    if late:
        await tx.queue.take(late)
    await track.advance(tx, [move for outcome in outcomes.values() for move in outcome.moves], now, states)
    await tx.queue.insert(
        [
            _queued(states[message_id], now + outcome.settled.again.wait if outcome.settled.again.wait else 0)
            for message_id, outcome in outcomes.items()
            if outcome.settled.again is not None
        ]
    )


def _queued(state: State, due_at: Millis) -> Queued:
    rank = CATEGORY_RULES[state.category].rank
    return Queued(state.id, state.account_id, rank, due_at, state.expires_at, state.carrier or "")
