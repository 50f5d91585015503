"""A text from a handset: store, put parts together, honour STOP, START and HELP, answer once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from tidings.config import Settings
from tidings.core.account import DEFAULT_ACCOUNT
from tidings.core.consent import Keyword, keyword
from tidings.core.message import CATEGORY_RULES, HOUR, MINUTE, Category, Message, Millis
from tidings.core.ports import Inbound, stage
from tidings.core.questions import InboundRow, Tx
from tidings.core.sender import CATCH_ALL, Sender
from tidings.core.status import ACCEPTED, RECEIVED
from tidings.core.webhook import Callback
from tidings.pipeline import accept, assemble, converse, track
from tidings.pipeline.answer import Answers, Handled, Kit
from tidings.text.segments import count

PART_WAIT: Millis = 60 * MINUTE
"""How long parts wait for their siblings before what is there becomes a message."""
REDELIVERY: Millis = 10 * MINUTE
"""How long the same octets on a later session are taken for a redelivery."""
REFERRED_LOOK = 50
"""Newest messages to a handset among which the one that a carrier refers to is looked for."""


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """An inbound part with the ids that its row, its message and a reply shall have."""

    row_id: int
    message_id: int
    reply_id: int
    inbound: Inbound
    settings: Settings
    live: frozenset[str] = frozenset()
    """Sessions that stand: what came on one of them was acknowledged there, and does not come again elsewhere."""
    codes: Kit | None = None


class Lone(msgspec.Struct, frozen=True, gc=False):
    """A part whose siblings stayed away, with the ids its message and a reply shall have."""

    message_id: int
    reply_id: int
    row: InboundRow
    settings: Settings
    codes: Kit | None = None


class Received(msgspec.Struct, frozen=True, gc=False):
    """What became of it: nothing yet (a part), a message, and perhaps texts that now wait in the queue."""

    message: Message | None = None
    replies: tuple[Message, ...] = ()
    calls: bool = False
    """Whether a code's webhook waits to be called because of it."""
    duplicate: bool = False


@stage(order=30)
async def take_inbound(tx: Tx, arrivals: Sequence[Arrival], now: Millis) -> list[Received]:
    """Store texts and act on them in their order: a START may follow a STOP in the same batch."""
    owners = await _owners(tx, [assemble.address(arrival.inbound.to) for arrival in arrivals])
    rows = [_row(arrival, owners, now) for arrival in arrivals]
    told = await _told_before(tx, rows, now)
    asked: dict[tuple[int, str], str] = {}
    results: list[Received] = [Received()] * len(arrivals)
    texts: dict[int, _Text] = {}
    for at, (arrival, row) in enumerate(zip(arrivals, rows, strict=True)):
        session = told.get((row.carrier, row.digest))
        if _came_again(arrival, session) and not await _would_stop(tx, row, asked):
            results[at] = Received(duplicate=True)
            continue
        told[row.carrier, row.digest] = row.session
        if row.parts <= 1:
            texts[at] = _Text(arrival, (row,), msgspec.structs.replace(row, message_id=arrival.message_id))
        else:
            taken = await _take_part(tx, arrival, row, now)
            if isinstance(taken, Received):
                results[at] = taken
            else:
                texts[at] = taken
        if at in texts and (word := keyword(assemble.text(texts[at].rows))):
            asked[row.account_id, row.sender] = word.asks
    for at, received in zip(texts, await _complete(tx, list(texts.values()), owners, now), strict=True):
        results[at] = received
    return results


class _Text(msgspec.Struct, frozen=True, gc=False):
    """A text that becomes a message: its parts, and its row where that is not stored yet."""

    arrival: Arrival | Lone
    rows: tuple[InboundRow, ...]
    unstored: InboundRow | None = None


async def _told_before(tx: Tx, rows: Sequence[InboundRow], now: Millis) -> dict[tuple[str, str], str]:
    """By carrier and digest, the session on which the same octets came a short while ago."""
    by_carrier: dict[str, list[str]] = {}
    for row in rows:
        by_carrier.setdefault(row.carrier, []).append(row.digest)
    return {
        (carrier, digest): session
        for carrier, digests in by_carrier.items()
        for digest, session in (await tx.inbounds.twins(carrier, digests, now - REDELIVERY)).items()
    }


async def _take_part(tx: Tx, arrival: Arrival, row: InboundRow, now: Millis) -> _Text | Received:
    """One part of a long text: it waits, makes the text whole, or completes one that was told without it."""
    siblings = await tx.inbounds.siblings(row)
    if any(sibling.digest == row.digest for sibling in siblings):
        return Received(duplicate=True)
    told = [] if siblings else await tx.inbounds.joined(row)
    there = {one.part for one in told}
    if told and row.part not in there:
        return await _mend(tx, told, row, now)
    if len(there) < row.parts and any(one.digest == row.digest for one in told):
        return Received(duplicate=True)  # as a text of its own it would keep what is still missing from the first
    await tx.inbounds.insert([row])
    whole = assemble.whole([*siblings, row])
    return Received() if whole is None else _Text(arrival, tuple(whole))


async def _mend(tx: Tx, told: Sequence[InboundRow], row: InboundRow, now: Millis) -> Received:
    """A part that came after all. What the text asked for was done when it was told first."""
    message_id = told[0].message_id or 0
    await tx.inbounds.insert([msgspec.structs.replace(row, message_id=message_id)])
    message = (await tx.messages.by_id([message_id]))[message_id]
    if message.text is None:  # blanked meanwhile
        return Received()
    rows = sorted([*told, row], key=lambda one: one.part)
    text = assemble.text(rows)
    mended = msgspec.structs.replace(
        message, text=text, encoding=rows[0].encoding, segments=len(rows), error=assemble.fault(rows, text),
        event_count=message.event_count + 1,
    )  # fmt: skip
    await track.complete(tx, [mended], now)
    await tx.words.forget([mended.id])
    await tx.words.insert([mended])
    return Received(mended)


def _came_again(arrival: Arrival, session: str | None) -> bool:
    """Whether a text that came on `session` comes again because that one broke before it was acknowledged."""
    return session not in (None, arrival.inbound.session) and session not in arrival.live


async def _would_stop(tx: Tx, row: InboundRow, asked: Mapping[tuple[int, str], str]) -> bool:
    """A STOP after a START counts, however much it looks like the STOP before: doubt is for who wants no texts.

    `asked`: what texts of the same batch ask for, by account and handset.
    """
    word = keyword(row.text) if row.parts <= 1 else None
    if word is None or word.asks != "stop":
        return False
    before = asked.get((row.account_id, row.sender))
    if before in ("start", "stop"):
        return before == "start"
    return not await tx.suppressions.among([(row.account_id, row.sender)])


@stage(order=31)
async def complete_lone(tx: Tx, lones: Sequence[Lone], now: Millis) -> list[Received]:
    """Make messages of texts that will not become whole: what has come is better than nothing."""
    results: list[Received] = []
    for lone in lones:
        rows = _first_of_each(await tx.inbounds.siblings(lone.row))
        if not rows:
            results.append(Received())
        elif (told := await _told_already(tx, rows)) is not None:
            await tx.inbounds.join([row.id for row in rows], told)
            results.append(Received(duplicate=True))
        else:
            results += await _complete(tx, [_Text(lone, rows)], await _owners(tx, [lone.row.to]), now)
    return results


def _first_of_each(siblings: Sequence[InboundRow]) -> tuple[InboundRow, ...]:
    """Each part once, in order. What came as the same part later belongs to another text, which waits for its turn."""
    by_part: dict[int, InboundRow] = {}
    for row in sorted(siblings, key=lambda one: one.id):
        by_part.setdefault(row.part, row)
    return tuple([by_part[part] for part in sorted(by_part)])


async def _told_already(tx: Tx, rows: Sequence[InboundRow]) -> int | None:
    """The message that has all of these parts: some carriers bring them again after it is whole.

    They wait all the same, because a whole text that comes again may have been sent again.
    """
    told = await tx.inbounds.joined(rows[0])
    return told[0].message_id if {row.digest for row in rows} <= {row.digest for row in told} else None


async def _complete(
    tx: Tx, texts: Sequence[_Text], owners: Mapping[str, Sender], now: Millis
) -> list[Received]:  # fmt: skip
    """All parts are there (or all that will come): the texts become messages, and what they ask for is done."""
    if not texts:
        return []
    messages = [assemble.message(one.rows, one.arrival.message_id, now) for one in texts]
    answered = await _answered(tx, texts, messages, now)
    messages = [msgspec.structs.replace(m, in_reply_to=answered[m.id]) if m.id in answered else m for m in messages]
    answers = Answers(tx, now)
    handled = [
        await answers.handle(message, one.arrival.codes, _unknown_reply(owners, message))
        for one, message in zip(texts, messages, strict=True)
    ]
    await answers.close()
    messages = [one.message for one in handled]
    await _call_inboxes(tx, messages, owners)  # before there is anything to tell
    await track.begin(tx, messages, [(RECEIVED,)] * len(messages), [one.trace for one in handled])
    await tx.inbounds.insert([one.unstored for one in texts if one.unstored is not None])
    for one in texts:
        if one.unstored is None:
            await tx.inbounds.join([row.id for row in one.rows], one.arrival.message_id)
    await converse.heard(tx, [(m, one.rows[0].id) for m, one in zip(messages, texts, strict=True)], now)
    await answers.note()
    replies = await _act(tx, texts, handled, now)
    return [
        Received(one.message, replies.get(one.message.id, ()), calls=bool(one.calls)) for one in handled
    ]  # fmt: skip


async def _call_inboxes(tx: Tx, messages: Sequence[Message], owners: Mapping[str, Sender]) -> None:
    """Have whoever owns an address called with the texts that come to it."""
    callbacks = [
        Callback(message.id, message.account_id, owner.inbox_url)
        for message in messages
        if (owner := _owner(owners, message.to)) is not None and owner.inbox_url is not None
        and owner.account_id == message.account_id
    ]  # fmt: skip
    if callbacks:
        await accept.listen(tx, callbacks, {one.message_id for one in callbacks})


async def _answered(
    tx: Tx, texts: Sequence[_Text], messages: Sequence[Message], now: Millis
) -> dict[int, int]:  # fmt: skip
    """By message, the MT that it answers: the one the carrier refers to, else the newest that the handset got from
    the number it writes to, within `inbound.reply_window`."""
    since = now - round(texts[0].arrival.settings.inbound.reply_window * HOUR)
    newest = await tx.messages.answered([(m.account_id, m.sender, m.to) for m in messages], since)
    found = {m.id: mt for m in messages if (mt := newest.get((m.account_id, m.sender, m.to))) is not None}
    for one, message in zip(texts, messages, strict=True):
        reference = one.arrival.inbound.reference if isinstance(one.arrival, Arrival) else None
        if reference is not None and message.id in found:
            sent = await tx.messages.sent_to(message.account_id, message.sender, message.to, since, REFERRED_LOOK)
            attempts = await tx.attempts.of(sent)
            found[message.id] = next(
                (mt for mt in sent if any(one.id & 0xFFFF == reference for one in attempts.get(mt, ()))),
                found[message.id],
            )
    return found


async def _act(
    tx: Tx, texts: Sequence[_Text], handled: Sequence[Handled], now: Millis
) -> dict[int, tuple[Message, ...]]:  # fmt: skip
    """Do what the texts ask for; by message, what is sent back."""
    entries: list[accept.Entry] = []
    told: list[int] = []
    for one, done in zip(texts, handled, strict=True):
        message = done.message
        await done.agree(tx, now)
        if done.texts:
            entries.append(accept.Entry(message.account_id, done.texts, origin={"door": "code"}))
            told.append(message.id)
        asked = keyword(message.text or "")
        text = await _obey(tx, message, asked, one.arrival.settings, now) if asked else None
        if text is not None:
            reply = _reply(message, text, one.arrival.reply_id, now)
            entries.append(accept.Entry(message.account_id, (reply,), origin={"door": "reply"}))
            told.append(message.id)
    if not entries:
        return {}
    replies: dict[int, tuple[Message, ...]] = {}
    for message_id, entered in zip(told, await accept.enter(tx, entries, now), strict=True):
        replies[message_id] = (*replies.get(message_id, ()), *(stored.message for stored in entered.stored))
    return replies


async def _obey(tx: Tx, message: Message, asked: Keyword, settings: Settings, now: Millis) -> str | None:
    """Do what the keyword asks; the answer to give. A STOP said twice is answered once."""
    account_id, number, reason = message.account_id, message.sender, f"keyword {asked.word}"
    if asked.asks == "stop":
        return settings.stop_reply or None if await tx.suppressions.add(account_id, number, reason, now) else None
    if asked.asks == "start":
        return settings.start_reply or None if await tx.suppressions.lift(account_id, number, reason, now) else None
    return settings.help_reply or None


async def _owners(tx: Tx, numbers: Sequence[str]) -> dict[str, Sender]:
    return await tx.senders.of([*numbers, CATCH_ALL])


def _owner(owners: Mapping[str, Sender], number: str) -> Sender | None:
    """Whose a number is: the owner's, or the catch-all's; None leaves it to the default account."""
    return owners.get(number) or owners.get(CATCH_ALL)


def _row(arrival: Arrival, owners: Mapping[str, Sender], now: Millis) -> InboundRow:
    to = assemble.address(arrival.inbound.to)
    owner = _owner(owners, to)
    account_id = DEFAULT_ACCOUNT if owner is None else owner.account_id
    return assemble.row(arrival.inbound, arrival.row_id, account_id, to, now)


def _unknown_reply(owners: Mapping[str, Sender], message: Message) -> str | None:
    owner = _owner(owners, message.to)
    return owner.unknown_reply if owner is not None and owner.account_id == message.account_id else None


def _reply(message: Message, text: str, reply_id: int, now: Millis) -> Message:
    encoding, segments = count(text)
    return Message(
        id=reply_id, account_id=message.account_id, direction="mt", status=ACCEPTED, category=Category.SYSTEM,
        to=message.sender, sender=message.to, text=text, encoding=encoding, segments=segments,
        reference=(reply_id >> 21 ^ reply_id) & 0xFF, created_at=now,
        expires_at=now + CATEGORY_RULES[Category.SYSTEM].validity, event_count=1,
    )  # fmt: skip
