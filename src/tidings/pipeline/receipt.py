"""4  A delivery receipt → the segment it speaks of. Stored before acknowledged; parked while it matches nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from tidings.core import id_form
from tidings.core.message import Millis
from tidings.core.ports import Receipt, stage
from tidings.core.questions import Attempt, Habit, ReceiptRow, State, Tx
from tidings.core.retry import receipt_retry
from tidings.core.status import DELIVERED, UNKNOWN, fold
from tidings.pipeline import track
from tidings.smpp.receipt import without_text

FINAL = frozenset({"delivered", "undelivered", "expired", "unknown"})
UNANSWERED_MOST = 10_000
"""Attempts without an answer that are looked through; where there are more, nothing is matched by exclusion."""


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


@stage(order=61)
async def match_again(tx: Tx, ids: Sequence[int], now: Millis) -> list[bool]:
    """Try receipts that match nothing once more, out of turn; those that still do not are left as they are."""
    rows = await tx.receipts.unmatched_among(ids)
    states: dict[int, State] = {}
    matched = await _match(tx, rows, states)
    settled = [_settled(row, matched[row.id], now) for row in rows if row.id in matched]
    await tx.receipts.settle(settled)
    await _apply(tx, settled, matched, states, now)
    return [number in matched for number in ids]


@stage(order=62)
async def drop(tx: Tx, ids: Sequence[int], now: Millis) -> list[bool]:
    """Drop receipts that match nothing; False for those that match by now, or are gone."""
    gone = await tx.receipts.drop_unmatched(ids)
    return [number in gone for number in ids]


class Told(msgspec.Struct, frozen=True, gc=False):
    """What a carrier's profile says of its ids; `form` "" leaves it to be learned."""

    carrier: str
    form: str
    loose: bool
    anew: bool = False
    """What was learned before is of another SMSC, and would mislead."""


@stage(order=59)
async def keep_told(tx: Tx, items: Sequence[Told], now: Millis) -> list[None]:
    """Keep what the profiles say; what was learned of a carrier stays while its profile leaves it open."""
    known = await tx.receipts.habits()
    habits = [_told(one, known.get(one.carrier)) for one in items]
    await tx.receipts.keep_habits([habit for habit in habits if known.get(habit.carrier) != habit])
    return [None] * len(items)


def _told(one: Told, before: Habit | None) -> Habit:
    if one.form:
        return Habit(one.carrier, one.form, fixed=True, loose=one.loose)
    if before is None or before.fixed or one.anew:
        return Habit(one.carrier, loose=one.loose)
    return msgspec.structs.replace(before, loose=one.loose)


def _row(item: Arrived, now: Millis) -> ReceiptRow:
    r = item.receipt
    return ReceiptRow(
        id=item.id, carrier=r.carrier, bind=r.bind, carrier_id=r.carrier_id, sender=r.sender, state=r.state,
        status=r.status, error_code=r.error_code, raw=without_text(r.raw), received_at=now, attempt_id=None,
        message_id=None, tries=0, retry_at=now, other_id=r.other_id, error=r.code, form=r.form,
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
    """Row id → its attempt: by the form of ids that the carrier is known to use, else where only one can be meant.

    Fills `states` with the messages looked at, and keeps what the receipts teach about their carriers.
    """
    matching = await _sought(tx, rows, states)
    if changed := matching.learned():
        await tx.receipts.keep_habits(changed)
    return matching.matched


async def _sought(tx: Tx, rows: Sequence[ReceiptRow], states: dict[int, State]) -> _Matching:
    matching = _Matching(await tx.receipts.habits(), states)
    await matching.look_up(tx, rows, known_forms=True)
    rest = [row for row in rows if not matching.by_habit(row)]
    if rest:
        await matching.look_up(tx, rest, known_forms=False)
        await matching.ask_for_unanswered(tx, rest)
        for row in rest:
            matching.by_exclusion(row)
    return matching


async def reasons(tx: Tx, rows: Sequence[ReceiptRow]) -> dict[int, str]:
    """Row id → why it matches nothing as things are: a key of `core.orphan.REASONS`. Changes nothing."""
    matching = await _sought(tx, rows, {})
    return {row.id: matching.reason(row) for row in rows}


class _Matching:
    """Finds the attempts of one batch of receipts."""

    def __init__(self, habits: Mapping[str, Habit], states: dict[int, State]) -> None:
        self.matched: dict[int, Attempt] = {}
        self._before = habits
        self._habits = dict(habits)
        self._states = states
        self._known: dict[tuple[str, str], list[Attempt]] = {}
        self._only: dict[int, str] = {}
        """By receipt, the key of its id in the form of its carrier, where there is one alone."""
        self._taken: set[int] = set()
        self._unanswered: dict[str, list[Attempt]] = {}

    async def look_up(self, tx: Tx, rows: Sequence[ReceiptRow], *, known_forms: bool) -> None:
        """Read the attempts under the ids of these receipts, in the forms their carriers are known to use or in all."""
        wanted: dict[str, set[str]] = {}
        for row in rows:
            habit = self._habit(row.carrier)
            if not known_forms and habit.fixed:
                continue
            own = _keys(row, habit.form if known_forms else "")
            wanted.setdefault(row.carrier, set()).update(own)
            if len(own) == 1 and known_forms:
                self._only[row.id] = own[0]
        for carrier, keys in wanted.items():
            missing = [key for key in keys if (carrier, key) not in self._known]
            if not missing:
                continue
            found = await tx.attempts.by_carrier_key(carrier, missing)
            for key in missing:
                self._known[carrier, key] = found.get(key, [])
            await self._look_at(tx, [attempt for attempts in found.values() for attempt in attempts])

    async def ask_for_unanswered(self, tx: Tx, rows: Sequence[ReceiptRow]) -> None:
        """Where a receipt may match by exclusion, read what else it may be for."""
        for carrier in {row.carrier for row in rows if self._fitting(row)}:
            self._unanswered[carrier] = await tx.attempts.unanswered(carrier, UNANSWERED_MOST)
            await self._look_at(tx, self._unanswered[carrier])

    async def _look_at(self, tx: Tx, attempts: Iterable[Attempt]) -> None:
        unknown = {attempt.message_id for attempt in attempts} - self._states.keys()
        if unknown:
            self._states |= await tx.messages.states(unknown)

    def by_habit(self, row: ReceiptRow) -> bool:
        """Match a receipt by its carrier's known form; whether it did."""
        habit = self._habit(row.carrier)
        if not habit.form:
            return False
        if not row.other_id and id_form.settled(habit) and self._take_only(row, habit.form):
            return True
        fitting = self._fitting(row, habit.form)
        return self._take(row, id_form.by_habit(_wanted(row), habit, fitting, self._taken))

    def _take_only(self, row: ReceiptRow, form: str) -> bool:
        """The way of nearly all: one attempt has the very id, or the one that the carrier makes of it."""
        attempts = self._known.get((row.carrier, self._only[row.id])) if row.id in self._only else None
        if not attempts or len(attempts) > 1:
            return False
        attempt = attempts[0]
        if (form == id_form.SAME and attempt.carrier_id != row.carrier_id) or not _fits(row, self._states, attempt):
            return False
        self.matched[row.id] = attempt
        if row.status in FINAL:
            self._taken.add(attempt.id)
        return True

    def by_exclusion(self, row: ReceiptRow) -> bool:
        """Match a receipt where only one segment can be meant; whether it did."""
        fitting = self._fitting(row)
        unanswered = self._unanswered.get(row.carrier, [])
        if not fitting or len(unanswered) >= UNANSWERED_MOST:
            return False
        others = [one for one in unanswered if _fits(row, self._states, one)]
        habit = self._habit(row.carrier)
        return self._take(row, id_form.by_exclusion(_wanted(row), habit, fitting, self._taken, others))

    def reason(self, row: ReceiptRow) -> str:
        """Why a receipt matches nothing, or that it does."""
        if row.id in self.matched:
            return "matches"
        if not any(_ids(row)):
            return "no_id"
        if not any(self._known.get((row.carrier, key)) for key in _keys(row, "")):
            return "unknown_id"
        return "unsure" if self._fitting(row) else "other_number"

    def learned(self) -> list[Habit]:
        """What this batch taught about carriers."""
        return [habit for name, habit in self._habits.items() if habit != self._before.get(name)]

    def _habit(self, carrier: str) -> Habit:
        return self._habits.get(carrier) or Habit(carrier)

    def _fitting(self, row: ReceiptRow, form: str = "") -> dict[str, list[Attempt]]:
        found = {}
        for key in _keys(row, form):
            fits = [one for one in self._known.get((row.carrier, key), ()) if _fits(row, self._states, one)]
            if fits:
                found[key] = fits
        return found

    def _take(self, row: ReceiptRow, found: id_form.Found | None) -> bool:
        if found is None:
            return False
        self.matched[row.id] = found.attempt
        if row.status in FINAL:
            self._taken.add(found.attempt.id)
        habit = self._habit(row.carrier)
        learned = id_form.learn(habit, found.form)
        if learned is not habit:
            self._habits[row.carrier] = learned
        return True


def _keys(row: ReceiptRow, form: str) -> Sequence[str]:
    """The keys to look up for a receipt: of one form, or of all where `form` is ""."""
    if form and not row.other_id:
        one = id_form.key_as(row.carrier_id, form) if row.carrier_id else None
        return () if one is None else (one,)
    found = (key for told in _ids(row) if told for name, key in id_form.keys(told).items() if form in ("", name))
    return tuple(dict.fromkeys(found))


def _wanted(row: ReceiptRow) -> id_form.Wanted:
    return id_form.Wanted(_ids(row), row.received_at)


def _ids(row: ReceiptRow) -> tuple[str, ...]:
    return (row.carrier_id, row.other_id) if row.other_id else (row.carrier_id,)


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
            best[attempt.id] = msgspec.structs.replace(
                known, receipt=row.status, receipt_code=_code(row), receipt_error=row.error or None
            )
    return best.values()


def _code(row: ReceiptRow) -> str:
    return f"{row.state} {row.error_code}".strip()
