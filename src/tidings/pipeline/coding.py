"""Codes as their owners manage them: save, change and drop them, take many at once, and try a text on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from tidings.core import code_faults
from tidings.core.code_faults import Report
from tidings.core.codebook import Book, Explained, compiled, phrases
from tidings.core.codes import CallWebhook, Code, Forward, Reply, Rule
from tidings.core.fold import keywords
from tidings.core.message import Millis
from tidings.core.ports import stage
from tidings.core.questions import Tx
from tidings.core.request import Fault, Invalid, Refused
from tidings.pipeline.answer import THINGS_MOST
from tidings.pipeline.house import House

REGEXES_MOST = 100
"""Codes of an account that have a regex: each is tried on every text."""
REGEX_SIZES_MOST = 20_000
"""Instructions of all of them: a text of ten segments takes a quarter of a second at the worst."""
SAME_MOST = 200
"""Codes with the same keyword, or that are defaults: each may be tried on one text."""
FUZZY_MOST = 1_000
"""Keywords of an account that may be written with a slip."""
OCTETS_MOST = 5_000_000
"""All codes of an account, as JSON: so much of them is in memory while its texts come."""


class Save(msgspec.Struct, frozen=True):
    """Codes to be stored, all or none of them: new ones, or in place of those of the same name or id."""

    account_id: int
    rules: tuple[Rule, ...]
    ids: tuple[int, ...]
    """For those that are new."""
    most: int
    replace: bool = False
    """Whether a code of the same name is changed; else it is refused."""
    code_id: int | None = None
    """The one that is changed, of a single rule."""


class Saved(msgspec.Struct, frozen=True):
    """What became of them, with all codes of the account as they are now."""

    codes: tuple[Code, ...]
    all: tuple[Code, ...]


@stage(order=5)
async def save_codes(tx: Tx, saves: Sequence[Save], now: Millis) -> list[Saved | Refused]:
    """Store codes; every one of the account hears of it with the next text."""
    return [await _save(tx, one, now) for one in saves]


@stage(order=5)
async def drop_codes(tx: Tx, wanted: Sequence[tuple[int, int]], now: Millis) -> list[bool]:
    """Drop codes; False where there is none. What they called is still called."""
    gone = []
    for account_id, code_id in wanted:
        gone.append(await tx.codes.delete(account_id, code_id))
        if gone[-1]:
            await tx.codes.changed(account_id)
    return gone


async def _save(tx: Tx, save: Save, now: Millis) -> Saved | Refused:
    known = {code.rule.name: code for code in await tx.codes.all(save.account_id)}
    by_id = {code.id: code for code in known.values()}
    done: list[Code] = []
    for rule, new_id in zip(save.rules, save.ids, strict=True):
        before = known.get(rule.name)
        if save.code_id is not None:
            if save.code_id not in by_id:
                return Refused("not_found", "There is no code with this id.")
            if before is not None and before.id != save.code_id:
                return _taken(rule)
            before = by_id[save.code_id]
        elif before is not None and not save.replace:
            return _taken(rule)
        done.append(_code(save.account_id, rule, new_id, before, now))
    after = by_id | {code.id: code for code in done}
    if refused := _too_many([one.rule for one in after.values()], save):
        return refused
    for code in done:
        await (tx.codes.change(code) if code.id in by_id else tx.codes.insert(code))
    await tx.codes.changed(save.account_id)
    return Saved(tuple(done), tuple(after[number] for number in sorted(after)))


def _code(account_id: int, rule: Rule, new_id: int, before: Code | None, now: Millis) -> Code:
    if before is not None:
        return msgspec.structs.replace(before, rule=rule, changed_at=now)
    return Code(id=new_id, account_id=account_id, rule=rule, created_at=now, changed_at=now)


def _taken(rule: Rule) -> Refused:
    return Refused("code_exists", f"There is a code named {rule.name} already; change that one, or give another name.")


def _too_many(rules: Sequence[Rule], save: Save) -> Refused | None:
    """What codes cost every text of the account has bounds, so that no account holds up the others."""
    regexes = [one.regex for one in rules if one.regex is not None]
    named = Counter(words for one in rules for phrase in phrases(one) if (words := keywords(phrase)))
    same, many = max(named.items(), key=lambda one: one[1], default=((), 0))
    bounds = (
        (len(rules), save.most, "codes (codes.per_account)"),
        (len(regexes), REGEXES_MOST, "codes with a regex"),
        (sum(one.default for one in rules), SAME_MOST, "codes that are the default"),
        (many, SAME_MOST, f"codes with the keyword {' '.join(same)}"),
        (sum(len(phrases(one)) for one in rules if one.fuzzy), FUZZY_MOST, "keywords of codes that are fuzzy"),
        (sum(len(_encode(one)) for one in rules), OCTETS_MOST, "octets of codes"),
        (sum(compiled(one).programsize for one in regexes), REGEX_SIZES_MOST, "instructions of RE2 in all regexes"),
    )
    for has, most, what in bounds:
        if has > most:
            return Refused("too_many_codes", f"An account may have {most} {what}; these would be {has}.")
    return None


_encode = msgspec.json.Encoder().encode


Outcome = tuple[Saved, list[Report]]


async def save(
    house: House, account_id: int, rules: Sequence[Rule], *, replace: bool = False, code_id: int | None = None,
    dry: bool = False,
) -> Outcome | Refused | Invalid:  # fmt: skip
    """Store codes, all or none; returns them with what they do to others. `dry`: only say what would come of it.

    Raises StoreUnavailable.
    """
    now = house.clock.now()
    region = _region(house, account_id)
    settled = tuple([code_faults.settled(rule, region) for rule in rules])
    faults = [fault for at, rule in enumerate(settled) for fault in _faults(house, rule, at if replace else None, now)]
    faults += _twice(settled)
    if faults:
        return Invalid(tuple(faults))
    ids = tuple([house.ids.next(now) for _ in settled])
    item = Save(account_id, settled, ids, house.settings.codes.per_account, replace, code_id)
    saved = await _rehearse(house, item) if dry else (await house.store.write(save_codes, [item]))[0]
    if isinstance(saved, Refused):
        return saved
    mine = {code.id for code in saved.codes}
    only = next(iter(mine)) if len(mine) == 1 else None
    found = await house.aside(lambda: code_faults.reports(saved.all, now, only))
    return saved, [one for one in found if one.code.id in mine or (one.other is not None and one.other.id in mine)]


async def _rehearse(house: House, item: Save) -> Saved | Refused:
    codes = await house.store.read(lambda tx: tx.codes.all(item.account_id))
    now = house.clock.now()
    known = {code.rule.name: code for code in codes}
    done = tuple(
        _code(item.account_id, rule, new_id, known.get(rule.name), now)
        for rule, new_id in zip(item.rules, item.ids, strict=True)
    )
    after = {code.id: code for code in (*codes, *done)}
    refused = _too_many([one.rule for one in after.values()], item)
    return refused or Saved(done, tuple(after[number] for number in sorted(after)))


def _faults(house: House, rule: Rule, at: int | None, now: Millis) -> list[Fault]:
    """What is wrong with one rule, where several came with its place among them."""
    found = code_faults.faults(rule, now, bool(house.settings.email.host))
    things = sum(
        len(one.to) if isinstance(one, Forward) else isinstance(one, Reply | CallWebhook) for one in rule.actions
    )
    if things > THINGS_MOST:
        found.append(Fault("/actions", f"send and call {things} times; {THINGS_MOST} at the most for one text"))
    return found if at is None else [Fault(f"/codes/{at}{one.pointer}", one.detail) for one in found]


def _twice(rules: Sequence[Rule]) -> list[Fault]:
    seen: set[str] = set()
    found = []
    for at, rule in enumerate(rules):
        if rule.name in seen:
            found.append(Fault(f"/codes/{at}/name", "is the name of an earlier one"))
        seen.add(rule.name)
    return found


def _region(house: House, account_id: int) -> str:
    account = house.keyring.account(account_id)
    own = account.default_region if account is not None else None
    return house.settings.default_region if own is None else own


async def report(house: House, account_id: int) -> list[Report]:
    """What all codes of an account do to each other. Raises StoreUnavailable."""
    codes = await house.store.read(lambda tx: tx.codes.all(account_id))
    now = house.clock.now()
    return await house.aside(lambda: code_faults.reports(codes, now))


async def rehearse(
    house: House, account_id: int, text: str, to: str, at: Millis, extra: Rule | None = None
) -> Explained | Invalid:
    """What a text to one of the account's numbers would meet with; `extra` is a code that is not stored.

    Raises StoreUnavailable.
    """
    codes = await house.store.read(lambda tx: tx.codes.all(account_id))
    if extra is not None:
        settled = code_faults.settled(extra, _region(house, account_id))
        faults = [Fault(f"/code{one.pointer}", one.detail) for one in _faults(house, settled, None, at)]
        if faults:
            return Invalid(tuple(faults))
        codes = [code for code in codes if code.rule.name != extra.name]
        codes.append(_code(account_id, settled, house.new_id(), None, at))
    return await house.aside(lambda: Book(codes).explain(text, to, at))
