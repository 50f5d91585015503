"""Which segment a receipt speaks of, by an id that its carrier may have changed since the response; pure.

Carriers tell in decimal what they told in hexadecimal or the other way about, drop or pad zeros, change letters' case.
What a carrier does is learned from receipts that leave no doubt. A receipt that might be meant for two is for neither.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from tidings.core.message import Millis
from tidings.core.questions import Attempt, Habit

SAME = "same"
HEX_TO_DEC = "hex_to_dec"
DEC_TO_HEX = "dec_to_hex"
FORMS = (SAME, HEX_TO_DEC, DEC_TO_HEX)
"""What a carrier makes of the id of its response in its receipts."""
ENOUGH = 3
"""Receipts in a row, each beyond doubt, that make a form the carrier's."""

_DIGITS = re.compile(r"[0-9]{1,20}")
_HEX = re.compile(r"[0-9a-f]{1,16}")


class Wanted(msgspec.Struct, frozen=True, gc=False):
    """What a receipt tells of the segment it speaks of."""

    ids: tuple[str, ...]
    """Its ids, the likelier first."""
    at: Millis
    """When it came: a segment that went out later is none of its."""


class Found(msgspec.Struct, frozen=True, gc=False):
    """The segment, and the form of its id where that tells something about the carrier."""

    attempt: Attempt
    form: str = ""


def key(carrier_id: str) -> str:
    """An id without what carriers change of it by the way: blanks around it, letters' case, leading zeros.

    The index of attempts is made the same way, in SQL.
    """
    bare = carrier_id.strip(" ")
    return (bare.lower() if bare.isascii() else bare.encode().lower().decode()).lstrip("0")


def keys(told: str) -> dict[str, str]:
    """By form, the key that the response's id had if the receipt's is `told`; without forms that it rules out."""
    found = {form: key_as(told, form) for form in FORMS}
    return {form: one for form, one in found.items() if one is not None}


def key_as(told: str, form: str) -> str | None:
    """The key that the response's id had if the receipt's is `told` and the form this one; None where it cannot be."""
    same = key(told)
    if form == SAME:
        return same
    if form == HEX_TO_DEC:
        return f"{int(same):x}" if _DIGITS.fullmatch(same) else None
    return str(int(same, 16)) if _HEX.fullmatch(same) else None


def by_habit(wanted: Wanted, habit: Habit, fitting: Mapping[str, Sequence[Attempt]], taken: set[int]) -> Found | None:
    """The segment by the form that the carrier is known to use.

    `fitting`: attempts by the key of their id, newest first, which the receipt's other facts speak for;
    `taken`: those that other receipts of the same batch have ended.
    """
    if not habit.form:
        return None
    for told in wanted.ids:
        if told and (name := key_as(told, habit.form)) is not None and (hits := fitting.get(name)):
            one = _pick(told, habit.form, habit.loose, hits, taken)
            if one is None:
                return None
            return Found(one, "" if settled(habit) else _telling(told, habit.form))
    return None


def by_exclusion(
    wanted: Wanted, habit: Habit, fitting: Mapping[str, Sequence[Attempt]], taken: set[int],
    unanswered: Sequence[Attempt],
) -> Found | None:  # fmt: skip
    """The segment where nothing but one can be meant, whatever form the carrier uses.

    `unanswered`: attempts that the receipt may as well be for, because their ids are not known.
    """
    if habit.fixed:
        return None
    for told in wanted.ids:
        if not told:
            continue
        forms = keys(told)
        names = set(forms.values())
        hits = [name for name in names if fitting.get(name)]
        if len(hits) > 1:
            return None
        if hits:
            form = next(one for one, name in forms.items() if name == hits[0])
            one = _pick(told, form, habit.loose, fitting[hits[0]], taken)
            if one is None or (len(names) > 1 and _may_be_another(one, wanted, unanswered)):
                return None
            return Found(one, _telling(told, form))
    return None


def settled(habit: Habit) -> bool:
    """Whether a receipt in the carrier's form teaches nothing more."""
    return habit.fixed or (habit.leaning == habit.form and habit.votes == ENOUGH)


def learn(habit: Habit, form: str) -> Habit:
    """The habit after a receipt that spoke for `form` beyond doubt."""
    if habit.fixed or not form:
        return habit
    if form == habit.form:
        return habit if settled(habit) else msgspec.structs.replace(habit, leaning=form, votes=ENOUGH)
    votes = habit.votes + 1 if habit.leaning == form else 1
    if votes >= ENOUGH:
        return msgspec.structs.replace(habit, form=form, leaning=form, votes=ENOUGH)
    return msgspec.structs.replace(habit, leaning=form, votes=votes)


def _telling(told: str, form: str) -> str:
    """The form, where another one would have led elsewhere."""
    forms = keys(told)
    return form if len(forms) > 1 and list(forms.values()).count(forms[form]) == 1 else ""


def _pick(told: str, form: str, loose: bool, hits: Sequence[Attempt], taken: set[int]) -> Attempt | None:
    """Of attempts under one key: those with the very id if there are any; None where it may be this id or that."""
    exact = [one for one in hits if one.carrier_id == told] if form == SAME else []
    if exact or (form == SAME and not loose):
        return _newest_unresolved(exact, taken)
    if len({one.carrier_id for one in hits}) > 1:
        return None
    return _newest_unresolved(hits, taken)


def _newest_unresolved(hits: Sequence[Attempt], taken: set[int]) -> Attempt | None:
    """The newest without a final receipt; else the newest: then this one is a duplicate and changes nothing."""
    for attempt in hits:
        if attempt.receipt is None and attempt.id not in taken:
            return attempt
    return hits[0] if hits else None


def _may_be_another(one: Attempt, wanted: Wanted, unanswered: Sequence[Attempt]) -> bool:
    return any(
        (other.message_id, other.part) != (one.message_id, one.part) and other.started_at <= wanted.at
        for other in unanswered
    )
