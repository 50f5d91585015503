"""Erase a person: numbers, texts and octets go from every table; counts and digests for evidence stay."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tidings.core.account import DEFAULT_ACCOUNT
from tidings.core.erasure import Erased, Person
from tidings.core.message import Millis
from tidings.core.ports import stage
from tidings.core.questions import Scan, Tx
from tidings.core.request import Refused
from tidings.pipeline.cancel import withdraw_one
from tidings.pipeline.contacts import drop_contacts
from tidings.pipeline.house import House

PAGE = 500
"""Messages in one commit."""
PAGES = 20
"""Commits in one call; whoever called calls again."""


LOOK = 5_000
"""Receipts that match no message, looked through in one reading."""


class Waiting(msgspec.Struct, frozen=True):
    """Messages to a person that have not ended, behind one."""

    person: Person
    after: int = 0


class Canceled(msgspec.Struct, frozen=True):
    """So many could not be; the last that was looked at, None where there are no more."""

    left: int
    last: int | None


@stage(order=15)
async def cancel_page(tx: Tx, pages: Sequence[Waiting], now: Millis) -> list[Canceled]:
    """Cancel what still can be."""
    return [await _cancel(tx, page, now) for page in pages]


async def _cancel(tx: Tx, page: Waiting, now: Millis) -> Canceled:
    found = await tx.erasures.open(page.person, page.after, PAGE)
    outcomes = [await withdraw_one(tx, page.person.account_id, message_id, now) for message_id in found]
    left = sum(isinstance(outcome, Refused) for outcome in outcomes)
    return Canceled(left, found[-1] if len(found) == PAGE else None)


@stage(order=82)
async def erase_page(tx: Tx, persons: Sequence[Person], now: Millis) -> list[Erased]:
    """Erase some of what has ended of each; the evidence when that was all."""
    return [await _erase(tx, person, now) for person in persons]


async def _erase(tx: Tx, person: Person, now: Millis) -> Erased:
    ended, received = await tx.erasures.ended(person, PAGE), await tx.erasures.received(person, PAGE)
    await tx.erasures.messages(person, [*ended, *received])
    await tx.words.forget([*ended, *received])
    strays = await tx.erasures.strays(person, PAGE)
    complete = max(len(ended), len(received), strays) < PAGE
    evidence = 0
    if complete:
        evidence = await tx.erasures.evidence(person)
        await _drop_contact(tx, person, now)
    return Erased(len(ended) + len(received), strays, evidence, complete=complete)


@stage(order=82)
async def erase_orphans(tx: Tx, receipts: Sequence[int], now: Millis) -> list[None]:
    """Blank receipts of a person that match no message."""
    await tx.erasures.blank_orphans(receipts)
    return [None] * len(receipts)


async def _erase_orphans(house: House, number: str) -> int:
    """All of them, looked for outside the writer; how many."""
    count, after = 0, 0
    while True:

        async def look(tx: Tx, start: int = after) -> Scan:
            return await tx.erasures.orphans(number, start, LOOK)

        seen = await house.store.read(look)
        for at in range(0, len(seen.ids), PAGE):
            count += len(await house.store.write(erase_orphans, seen.ids[at : at + PAGE]))
        if seen.cursor is None:
            return count
        after = seen.cursor


async def _drop_contact(tx: Tx, person: Person, now: Millis) -> None:
    """Name, fields, notes and conversations are the person's, under whichever of their numbers."""
    found = await tx.contacts.of_numbers([(person.account_id, person.number)])
    pairs = [(person.account_id, contact_id) for contact_id in found.values()]
    await tx.erasures.events(person, [one.id for one in await tx.conversations.of_contacts(pairs)])
    await drop_contacts.run(tx, pairs, now)


async def erase(house: House, account_id: int, number: str) -> Erased:
    """Erase a person from an account, and for the default account from all. Raises StoreUnavailable.

    What waits to be sent to them is canceled. In bounded commits, and so many of them; not complete: call again.
    """
    accounts = [account_id]
    if account_id == DEFAULT_ACCOUNT:
        accounts = await house.store.read(lambda tx: tx.erasures.accounts())
    total, pages = Erased(), PAGES
    if account_id == DEFAULT_ACCOUNT:  # such receipts are no account's: another may not decide over them
        total = Erased(receipts=await _erase_orphans(house, number))
    for account in accounts:
        person = Person(account, number)
        total = msgspec.structs.replace(total, left=total.left + await _cancel_all(house, person))
        done = Erased(complete=False)
        while not done.complete:
            if not pages:
                return msgspec.structs.replace(total, complete=False)
            done = (await house.store.write(erase_page, [person]))[0]
            total = msgspec.structs.replace(
                total, messages=total.messages + done.messages, receipts=total.receipts + done.receipts,
                evidence=total.evidence + done.evidence,
            )  # fmt: skip
            pages -= done.messages > 0
    return total


async def _cancel_all(house: House, person: Person) -> int:
    left, after = 0, 0
    while True:
        done = (await house.store.write(cancel_page, [Waiting(person, after)]))[0]
        left += done.left
        if done.last is None:
            return left
        after = done.last
